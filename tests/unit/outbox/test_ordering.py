"""The loop that orders events: at once when there are any, together, and on through an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from proof.webhooks import VirtualClock, let_run_until

from callwright.domain.errors import UnavailableError
from callwright.domain.limits import MAX_EVENTS_ORDERED
from callwright.outbox.ordering import order_forever
from callwright.platform.events.rules import EventPage, WantedEvents


@dataclass
class Waiting:
    """Events without a position; ``outages`` counts the units that will still fail."""

    clock: VirtualClock
    number: int = 0
    outages: int = 0
    rounds: list[tuple[float, int]] = field(default_factory=list)
    pruned: list[datetime] = field(default_factory=list)

    @property
    def events(self) -> Waiting:
        return self

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Waiting]:
        if self.outages:
            self.outages -= 1
            raise UnavailableError("the database cannot be reached")
        yield self

    async def wait_for_events(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        if not self.number:
            await self.clock.sleep(timeout_seconds)
        return bool(self.number)

    async def page(self, wanted: WantedEvents) -> EventPage:
        raise NotImplementedError

    async def order(self, count: int) -> int:
        taken = min(count, self.number)
        self.number -= taken
        self.rounds.append((self.clock.elapsed_s, taken))
        return taken

    async def prune(self, before: datetime, count: int) -> int:
        self.pruned.append(before)
        return 0


async def run_for(waiting: Waiting, seconds: float) -> None:
    end_s = waiting.clock.elapsed_s + seconds
    kept = timedelta(days=7)
    running = asyncio.ensure_future(order_forever(waiting, waiting.clock, lambda: waiting.clock.now() - kept))
    assert await let_run_until(lambda: waiting.clock.elapsed_s >= end_s)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_full_round_is_followed_by_the_next_at_once() -> None:
    waiting = Waiting(VirtualClock(), number=2 * MAX_EVENTS_ORDERED + 5)
    await run_for(waiting, 1)
    assert waiting.rounds[:3] == [(0.0, MAX_EVENTS_ORDERED), (0.0, MAX_EVENTS_ORDERED), (0.0, 5)]


async def test_old_events_are_deleted_every_few_seconds() -> None:
    waiting = Waiting(VirtualClock())
    await run_for(waiting, 60)
    assert 10 <= len(waiting.pruned) <= 12
    assert waiting.clock.now() - waiting.pruned[-1] <= timedelta(days=7, seconds=10)


async def test_the_loop_goes_on_through_an_outage() -> None:
    waiting = Waiting(VirtualClock(), number=3, outages=4)
    await run_for(waiting, 10)
    assert (waiting.number, waiting.outages) == (0, 0)
    assert waiting.rounds[0] == (4.0, 3)
