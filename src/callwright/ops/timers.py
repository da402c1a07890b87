"""Timers of the event loop by name: one of each name at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class NamedTimers:
    """Timers of the running event loop. A new one replaces the one that has its name."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def later(self, name: str, seconds: float, work: Callable[[], None]) -> None:
        """Call ``work`` after ``seconds``."""
        self.cancel(name)
        self._timers[name] = self._loop.call_later(seconds, work)

    def cancel(self, name: str) -> None:
        """Cancel a timer. Safe where there is none."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def cancel_all(self) -> None:
        """Cancel every timer."""
        for name in list(self._timers):
            self.cancel(name)


class SharedTimer:
    """One timer of the event loop that calls many works every ``seconds``, in one pass.

    A timer for each would wake the process as often as there are works. It runs while it has any. Each work is called by the loop: its
    defect goes to the loop's exception handler, and the others are called.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._works: dict[Callable[[], None], None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, work: Callable[[], None]) -> None:
        """Call ``work`` from the next round on, which may be less than ``seconds`` away."""
        self._works[work] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._round)

    def discard(self, work: Callable[[], None]) -> None:
        """Stop calling ``work``. One more call comes when its round has begun. Safe to call twice."""
        self._works.pop(work, None)

    def _round(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._round) if self._works else None
        for work in self._works:
            loop.call_soon(work)
