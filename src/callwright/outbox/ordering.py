"""The order of events: committed ones get their positions, and those past their time are deleted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from callwright.domain.errors import UnavailableError
from callwright.domain.limits import AT_REST_SECONDS, MAX_EVENTS_ORDERED
from callwright.ops.rounds import round_boundary
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

_IDLE_S = 1.0
_PRUNE_US = 5_000_000
_GATHER_S = 0.2
"""Changes come in groups, and cost less together."""


class Events(Protocol):
    """Published changes (``platform.events.rows.EventRows``)."""

    async def order(self, count: int) -> int:
        """Give positions to up to ``count`` committed events. Returns how many got one."""
        ...

    async def prune(self, before: datetime, count: int) -> int:
        """Delete up to ``count`` events older than ``before``. Returns how many."""
        ...


class EventUnit(Protocol):
    """What ordering needs of a unit (``platform.unit.Unit``)."""

    @property
    def events(self) -> Events:
        """Published changes."""
        ...


class EventLedger(Protocol):
    """What ordering needs of the ledger."""

    def unit(self) -> AbstractAsyncContextManager[EventUnit]:
        """A transaction."""
        ...

    async def wait_for_events(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until an event was added or the time is over, ``at_rest_seconds`` while there is none."""
        ...


async def order_forever(ledger: EventLedger, clock: Clock, kept_after: Callable[[], datetime]) -> None:
    """Give positions to committed events as they come, and delete those older than ``kept_after``, until cancelled. Every process does so;
    one at a time."""
    pruned_us = clock.monotonic_us()
    while True:
        with round_boundary("ordering events"):
            try:
                async with ledger.unit() as unit:
                    ordered = await unit.events.order(MAX_EVENTS_ORDERED)
                if clock.monotonic_us() - pruned_us >= _PRUNE_US:
                    pruned_us = clock.monotonic_us()
                    async with ledger.unit() as unit:
                        await unit.events.prune(kept_after(), MAX_EVENTS_ORDERED)
                if ordered < MAX_EVENTS_ORDERED and await ledger.wait_for_events(_IDLE_S, AT_REST_SECONDS):
                    await clock.sleep(_GATHER_S)
                continue
            except UnavailableError as error:
                _LOG.warning("events wait for the database: %s", error.message)
        await clock.sleep(_IDLE_S)
