"""The one way to change the status of a batch: the change and the webhook that tells of it are written in the same unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from callwright.platform.batches.rules.batch import Batch, BatchProgress, BatchStatus
from callwright.platform.executions.actions.transition import Publisher, insert, transitions
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, status_of
from callwright.platform.unit import Unit
from callwright.platform.webhooks.rules.outbox import OutboxEntry


class BatchPublisher(Protocol):
    """Turns a batch that has just changed its status into its event (``outbox.publication`` implements it)."""

    def batch_entry(self, batch: Batch, progress: BatchProgress) -> OutboxEntry | None:
        """The entry with its body frozen, or None when nothing is published."""
        ...


class NoBatchWebhooks:
    """A :class:`BatchPublisher` that publishes nothing."""

    def batch_entry(self, batch: Batch, progress: BatchProgress) -> OutboxEntry | None:
        """None."""
        return None


async def move_batch(unit: Unit, batch: Batch, status: BatchStatus, publisher: BatchPublisher, **columns: Any) -> Batch:
    """Give a batch its next status, other columns with it, and tell of it. WrongStateError when the table does not allow it.

    The row stays locked until the unit ends, so the webhooks of one batch are numbered in the order of its changes.
    """
    after = await unit.batches.change(batch.id, status, **columns)
    if after.status is not batch.status:
        await tell_of_batch(unit, after, publisher)
    return after


async def tell_of_batch(unit: Unit, batch: Batch, publisher: BatchPublisher) -> None:
    """Write the event of a batch's present status, and its webhook where it has an address for one."""
    progress = await unit.batches.progress([batch])
    entry = publisher.batch_entry(batch, progress[batch.id])
    if entry is not None:
        await unit.batches.outbox.add(entry)


async def pause(unit: Unit, batch: Batch, by: str, reason: str, at: datetime, publisher: BatchPublisher) -> Batch:
    """Pause a batch whose row this unit has locked, after ``unit.pace.hold_admission``, and tell of it. ``by`` is one of
    ``platform.batches.rules.batch.PAUSED_BY``. Calls that were admitted and that no process has taken yet wait again."""
    await unit.pace.withdraw(batch.id)
    after = await unit.batches.change(batch.id, paused_at=at, paused_by=by, paused_reason=reason)
    await tell_of_batch(unit, after, publisher)
    return after


async def record_contact(unit: Unit, execution: Execution, change: Change, publisher: Publisher) -> Execution:
    """Write the execution of a contact that is not called, and the change that ends it. It is never in the queue."""
    prepared = replace(execution, phase=Phase.WAITING, detail="prepared", status=status_of(Phase.WAITING, "prepared"))
    await insert(unit, prepared, publisher)
    return await transitions(unit, prepared, [change], publisher)
