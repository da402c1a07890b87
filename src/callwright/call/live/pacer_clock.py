"""The clock that paces the agent's audio on all calls of a process: one timer, every 20 ms, without drift.

Calls that have nothing to say are not on it, and with no call on it the timer sleeps. How late each tick came is kept, because a late
clock is heard by the caller.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from callwright.ops.rounds import round_boundary
from callwright.ports.world import Clock

TICK_US = 20_000
RECENT = 5
"""Looks of :meth:`PacerClock.measure` over which the present lateness is taken: seconds, as the heartbeat looks."""
LEAST_TICKS = 50
"""Fewer ticks, a second of audio, say nothing of the machine."""
MOST_BEHIND_US = 200_000
"""A clock this far behind (the process was stopped) starts anew instead of catching up tick by tick."""


class Lateness:
    """A histogram of delays in whole milliseconds, the last bin open."""

    BINS = 256

    def __init__(self) -> None:
        self._counts = [0] * self.BINS
        self.total = 0

    def add(self, late_us: int) -> None:
        """One delay; negative ones (early) count as none."""
        self._counts[min(self.BINS - 1, max(0, late_us) // 1000)] += 1
        self.total += 1

    def include(self, other: Lateness) -> None:
        """Add the delays of another histogram."""
        self._counts = [own + its for own, its in zip(self._counts, other._counts, strict=True)]
        self.total += other.total

    def percentile_ms(self, per_thousand: int) -> int:
        """The delay that ``per_thousand`` of 1,000 do not exceed, rounded up to a whole millisecond; 0 without any."""
        wanted = -(-self.total * per_thousand // 1000)
        seen = 0
        for late_ms, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return late_ms + 1
        return 0


_TICK = round_boundary("playing a call's audio")


class Paced(Protocol):
    """What the clock drives."""

    @property
    def quiet_until_us(self) -> int:
        """Ticks before then have nothing to do: they are left out."""
        ...

    def tick(self, now_us: int, late_us: int) -> bool:
        """20 ms passed; ``late_us``: how late the tick came. False to be taken off the clock."""
        ...


class PacerClock:
    """Ticks everything that is on it. ``run`` is one task for the whole process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paced: dict[Paced, None] = {}
        self._wanted = asyncio.Event()
        self._recent: deque[Lateness] = deque([Lateness()], maxlen=RECENT)
        self.lateness = Lateness()
        self.late_ms = 0
        """How late the audio was lately (p99), as :meth:`measure` found it. 0 without live calls."""

    def add(self, paced: Paced) -> None:
        """Tick ``paced`` from now on. Nothing happens when it is on the clock already."""
        self._paced[paced] = None
        self._wanted.set()

    def discard(self, paced: Paced) -> None:
        """Tick it no more."""
        self._paced.pop(paced, None)

    async def run(self) -> None:
        """Tick until cancelled."""
        next_us = self._clock.monotonic_us()
        while True:
            if not self._paced:
                self._wanted.clear()
                await self._wanted.wait()
                next_us = self._clock.monotonic_us()
            next_us += TICK_US
            await self._clock.sleep(max(0, next_us - self._clock.monotonic_us()) / 1_000_000)
            now_us = self._clock.monotonic_us()
            self.tick(now_us, now_us - next_us)
            if now_us - next_us > MOST_BEHIND_US:
                next_us = now_us

    def take_lateness(self) -> Lateness:
        """How late the ticks were since this was asked last."""
        taken, self.lateness = self.lateness, Lateness()
        return taken

    def measure(self) -> int:
        """Look at the ticks of the last RECENT looks; returns ``late_ms``."""
        together = Lateness()
        for each in self._recent:
            together.include(each)
        self._recent.append(Lateness())
        self.late_ms = together.percentile_ms(990) if together.total >= LEAST_TICKS else 0
        return self.late_ms

    def tick(self, now_us: int, late_us: int) -> None:
        """One tick of everything on the clock. What has a defect is taken off it: the others must go on, and its call notices that nothing
        is played any more."""
        self.lateness.add(late_us)
        self._recent[-1].add(late_us)
        for paced in [one for one in self._paced if one.quiet_until_us <= now_us]:
            with _TICK:
                if paced.tick(now_us, late_us):
                    continue
            self._paced.pop(paced, None)
