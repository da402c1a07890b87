"""Webhooks of batches, as the delivery of webhooks sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from callwright.ports.ledger import Endpoints, Ledger, Outbox
from callwright.ports.world import Clock


@dataclass(frozen=True, slots=True)
class BatchOutboxUnit:
    """A unit whose outbox is that of batches."""

    outbox: Outbox
    endpoints: Endpoints


class BatchOutboxLedger:
    """``outbox.deliver.OutboxLedger`` over the outbox of batches. Nothing tells of a new entry: they are few, and looked for by time."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def unit(self) -> AbstractAsyncContextManager[BatchOutboxUnit]:
        """A transaction."""
        return self._unit()

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[BatchOutboxUnit]:
        async with self._ledger.unit() as unit:
            yield BatchOutboxUnit(unit.batches.outbox, unit.endpoints)

    async def wait_for_outbox(self, timeout_seconds: float) -> bool:
        """Let the time pass."""
        await self._clock.sleep(timeout_seconds)
        return False
