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
