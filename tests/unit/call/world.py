"""A virtual clock, and real but silent surroundings for the parts of a call."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.call.live.logfile import LogWriter
from callwright.call.live.runner import CallRunner, Core
from callwright.conversation.effects import Effect
from callwright.conversation.events import Event

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class _Due:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """Time that moves only by hand: ``ports.world.Clock`` and ``call.live.timers.Timers``."""

    def __init__(self) -> None:
        self.us = 1_000_000
        self._due: list[tuple[int, int, _Due]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return BEGAN + timedelta(microseconds=self.us)

    def monotonic_us(self) -> int:
        return self.us

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self.after_us(round(seconds * 1_000_000), woken.set)
        await woken.wait()

    def after_us(self, delay_us: int, callback: Callable[[], None]) -> _Due:
        due = _Due(callback)
        heapq.heappush(self._due, (self.us + max(0, delay_us), next(self._order), due))
        return due

    def advance(self, ms: float) -> None:
        """Let time pass and fire what becomes due, in order."""
        end_us = self.us + round(ms * 1000)
        while self._due and self._due[0][0] <= end_us:
            at_us, _, due = heapq.heappop(self._due)
            self.us = max(self.us, at_us)
            if due.callback is not None:
                due.callback()
        self.us = end_us


class Paper:
    """A log's bytes in memory; ``full`` refuses more."""

    def __init__(self) -> None:
        self.data = b""
        self.syncs = 0
        self.full = False
        self.closed = False

    def append(self, data: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.data += data

    def sync(self) -> None:
        self.syncs += 1

    def close(self) -> None:
        self.closed = True

    def entries(self) -> list[dict[str, Any]]:
        """The entries flushed so far."""
        return [entry for line in self.data.decode().splitlines() if "seq" in (entry := json.loads(line))]


class RecordingCore:
    """A core that answers as told: ``answers`` maps an event's type to effects, and a deadline can be set."""

    def __init__(self, answers: dict[type, tuple[Effect, ...]] | None = None) -> None:
        self.answers = answers or {}
        self.seen: list[Event] = []
        self.deadline_us: int | None = None
        self.failure: Exception | None = None
        self.closed = False

    def step(self, event: Event) -> tuple[Effect, ...]:
        self.seen.append(event)
        if self.failure is not None:
            raise self.failure
        return self.answers.get(type(event), ())

    def next_deadline(self) -> int | None:
        return self.deadline_us

    @property
    def ended(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    def types(self) -> list[str]:
        """The names of the events seen, in order."""
        return [type(event).__name__ for event in self.seen]

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one type."""
        return [event for event in self.seen if isinstance(event, kind)]


class Bench:
    """A runner over a core, a virtual clock and a log in memory."""

    def __init__(self, core: Core | None = None) -> None:
        self.clock = VirtualClock()
        self.core = RecordingCore()
        self.paper = Paper()
        self.log = LogWriter(self.paper)
        self.runner = CallRunner(core or self.core, self.log, self.clock, self.clock)

    def logged(self) -> list[tuple[str, str]]:
        """Direction and type of everything logged."""
        self.log.flush()
        return [(entry["dir"], entry["type"]) for entry in self.paper.entries()]


async def settle(passes: int = 30) -> None:
    """Let the tasks that can go on do so."""
    for _ in range(passes):
        await asyncio.sleep(0)
