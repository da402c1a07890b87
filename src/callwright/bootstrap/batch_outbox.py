"""Webhooks of batches, as the delivery of webhooks sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.platform.webhooks.rows.endpoints import EndpointRows
from callwright.platform.webhooks.rows.outbox import OutboxRows


@dataclass(frozen=True, slots=True)
class BatchOutboxUnit:
    """A unit whose outbox is that of batches."""

    outbox: OutboxRows
    endpoints: EndpointRows


class BatchOutboxLedger:
    """``outbox.deliver.OutboxLedger`` over the outbox of batches. Nothing tells of a new entry: they are few, and looked for."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def unit(self) -> AbstractAsyncContextManager[BatchOutboxUnit]:
        """A transaction."""
        return _of_batches(self._ledger.unit())

    def reading(self) -> AbstractAsyncContextManager[BatchOutboxUnit]:
        """For a single statement."""
        return _of_batches(self._ledger.reading())

    async def wait_for_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until one may wait, or the time is over."""
        return await self._ledger.wait_for_batch_outbox(timeout_seconds, at_rest_seconds)


@asynccontextmanager
async def _of_batches(opened: AbstractAsyncContextManager[Unit]) -> AsyncIterator[BatchOutboxUnit]:
    async with opened as unit:
        yield BatchOutboxUnit(unit.batches.outbox, unit.endpoints)
