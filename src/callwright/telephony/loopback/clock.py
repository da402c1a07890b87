"""One 20 ms clock for all loopback calls: it never drifts, and it runs only while there are calls."""

from __future__ import annotations

import asyncio
from typing import Protocol

from callwright.media.framing import FRAME_MS

FRAME_S = FRAME_MS / 1000


class Ticking(Protocol):
    """Something that does a frame's work at each tick."""

    def tick(self) -> None:
        """The next 20 ms have passed. What it raises goes to the loop's exception handler."""


class FrameClock:
    """Calls every member once per 20 ms. When the process was held up, the ticks that were missed follow at once: no frame is lost.

    A member may still get a tick that was on its way when it left.
    """

    def __init__(self) -> None:
        self._members: dict[int, Ticking] = {}
        self._handle: asyncio.TimerHandle | None = None
        self._next_s = 0.0

    @property
    def members(self) -> int:
        """How many there are."""
        return len(self._members)

    def join(self, member: Ticking) -> None:
        """Tick ``member`` from now on. Ticks that were missed before are those of the members that were there."""
        loop = asyncio.get_running_loop()
        if self._handle is not None:
            self._tick_until(loop.time())
        self._members[id(member)] = member
        if self._handle is None:
            self._next_s = loop.time() + FRAME_S
            self._handle = loop.call_at(self._next_s, self._run)

    def leave(self, member: Ticking) -> None:
        """Tick ``member`` no more. Safe to call twice."""
        self._members.pop(id(member), None)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._tick_until(loop.time())
        if not self._members:
            self._handle = None
            return
        self._handle = loop.call_at(self._next_s, self._run)

    def _tick_until(self, now_s: float) -> None:
        loop = asyncio.get_running_loop()
        while self._next_s <= now_s:
            self._next_s += FRAME_S
            for member in self._members.values():
                # Each on its own, so that the loop reports one call's defect and the others do not feel it.
                loop.call_soon(member.tick)
