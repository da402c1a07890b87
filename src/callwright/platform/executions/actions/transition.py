"""The one way to change an execution: the change and its webhook are written in the same unit.

Nothing else may call ``unit.executions.change``, ``move`` or ``insert``: a status that changed elsewhere would be a
status nobody was told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from callwright.domain.errors import NotFoundError, StaleOwnerError
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.unit import Unit
from callwright.platform.webhooks.rules.outbox import OutboxEntry


class Publisher(Protocol):
    """Turns an execution that has just changed its status into its event (``outbox.publication`` implements it)."""

    def entry(self, execution: Execution) -> OutboxEntry | None:
        """The entry with its body frozen as of ``execution``, or None when this status is not published. With an empty ``url``
        there is no webhook, only the event that the account reads.

        ``sequence`` of the entry is ignored; the outbox assigns it.
        """
        ...


async def transition(
    unit: Unit,
    execution_id: str,
    change: Change,
    publisher: Publisher,
    *,
    owner: str | None = None,
    attempt: int | None = None,
) -> Execution:
    """Apply ``change`` and, when the published status became another one, add the webhook in the same unit.

    Returns the row after the change. With ``owner`` (and ``attempt``) only that incarnation's own attempt may be changed:
    StaleOwnerError otherwise, also when the execution is gone, because the call must then be hung up. Without an owner a
    missing execution is a NotFoundError. WrongStateError when the tables of ``rules.execution`` do not allow the change.
    The row stays locked until the unit ends, so the webhooks of one execution are numbered in the order of its changes.
    """
    before = await unit.executions.lock(execution_id)
    if before is None:
        if owner is not None:
            raise StaleOwnerError(f"execution {execution_id} no longer exists; hang up its call")
        raise NotFoundError(f"there is no execution {execution_id}")
    after = await unit.executions.change(execution_id, change, owner=owner, attempt=attempt)
    if after.status != before.status:
        await _publish(unit, after, publisher)
    return after


async def amend(unit: Unit, execution_id: str, change: Change, publisher: Publisher) -> None:
    """Apply ``change`` to a record that is final, and publish its status once more, with the body as it is now."""
    await _publish(unit, await unit.executions.change(execution_id, change), publisher)


async def transitions(unit: Unit, locked: Execution, changes: Sequence[Change], publisher: Publisher) -> Execution:
    """Apply changes, one after the other, to a row that this unit has locked and may change. Each new published status gets its webhook.
    Returns the row after the last. WrongStateError as for :func:`transition`, and then none of them is applied."""
    rows = await unit.executions.move(locked, *changes)
    told = [publisher.entry(after) for before, after in pairwise((locked, *rows)) if after.status != before.status]
    entries = [entry for entry in told if entry is not None]
    if entries:
        await unit.outbox.add(*entries)
    return rows[-1]


async def insert(unit: Unit, execution: Execution, publisher: Publisher) -> None:
    """Write a new execution and, where its first status is one that is published, its webhook in the same unit."""
    await insert_all(unit, [execution], publisher)


async def insert_all(unit: Unit, executions: Sequence[Execution], publisher: Publisher) -> None:
    """The same for several."""
    await unit.executions.insert(*executions)
    for execution in executions:
        await _publish(unit, execution, publisher)


async def insert_owned(
    unit: Unit, execution: Execution, publisher: Publisher, free: int, *, once: bool = False
) -> bool:
    """Write a new execution of a call that comes in, with its owner, a process with ``free`` places, and the webhook of its first status in
    the same unit. False, and nothing is written, when its tenant has no room for one more call.
    StaleOwnerError when the owner was declared dead. ``once``: ConflictError when the carrier's call came in before."""
    if not await unit.executions.insert_owned(execution, free, once=once):
        return False
    await _publish(unit, execution, publisher)
    return True


async def _publish(unit: Unit, execution: Execution, publisher: Publisher) -> None:
    entry = publisher.entry(execution)
    if entry is not None:
        await unit.outbox.add(entry)
