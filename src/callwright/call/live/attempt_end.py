"""The end of an attempt in the ledger: its outcome, and the wait for the next attempt where one follows. Both are in one unit, so that
nobody reads an outcome as final that is not, and no death of a process comes between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from callwright.actions.transition import Publisher, transition
from callwright.domain.attempts import earlier_cost
from callwright.domain.batch import ENDED
from callwright.domain.execution import Execution, Phase, Status
from callwright.domain.retry import RETRY_AT, is_stopped, policy_of, wait_before_retry
from callwright.insight.provision import known_provision
from callwright.ops.crash_points import point
from callwright.ports.ledger import Change, Unit

_COST = "total_cost_nano"
_OUTCOME = "attempt_outcome"


@dataclass(frozen=True, slots=True)
class Fence:
    """Who may write: only ``owner`` in ``attempt``; without an owner whoever holds the row's lock."""

    owner: str | None = None
    attempt: int | None = None


ANYBODY = Fence()


async def lock_ending(unit: Unit, execution: Execution) -> Execution | None:
    """The row of an execution whose attempt is about to end without its owner, locked until the unit ends. Where another attempt may
    follow its batch is locked first, in the order in which whoever stops a batch locks them."""
    if execution.batch_id is not None and policy_of(execution.options.get("retry_config")) is not None:
        await unit.batches.lock_shared(execution.batch_id)
    return await unit.executions.lock(execution.id)


async def end_attempt(
    unit: Unit,
    execution: Execution,
    change: Change,
    publisher: Publisher,
    now: datetime,
    fence: Fence = ANYBODY,
) -> Execution:
    """Apply ``change``, which ends the present attempt of ``execution`` (``total_cost_nano`` in it is the attempt's own cost), and return
    the row after it: waiting for the next attempt where ``retry_config`` wants one and nothing forbids it. Raises as
    ``actions.transition.transition``.

    The outcome is published, then ``scheduled``; ``completed`` is not, because nothing may follow it. ``execution`` is the row as its
    owner knows it, or as this unit has locked it.
    """
    change = _with_earlier_cost(execution, change)
    at = _retry_at(execution, change, now)
    if at is None or not await _is_permitted(unit, execution):
        return await transition(unit, execution.id, change, publisher, owner=fence.owner, attempt=fence.attempt)
    if change.detail == Status.COMPLETED:
        facts = Change(columns=_without(change, "completed_at"), record=change.record)
    else:
        facts = replace(change, record={**change.record, RETRY_AT: at.isoformat()})
    ended = await transition(unit, execution.id, facts, publisher, owner=fence.owner, attempt=fence.attempt)
    columns = {"scheduled_at": at, "retry_count": ended.retry_count + 1, _OUTCOME: change.detail}
    again = Change(Phase.WAITING, "scheduled", columns=columns, record=known_provision(ended.record))
    waiting = await transition(unit, execution.id, again, publisher)
    point("retry.writing")
    return waiting


def _with_earlier_cost(execution: Execution, change: Change) -> Change:
    if _COST not in change.columns:
        return change
    whole = int(change.columns[_COST]) + earlier_cost(execution.record)
    return replace(change, columns={**change.columns, _COST: whole})


def _retry_at(execution: Execution, change: Change, now: datetime) -> datetime | None:
    if change.phase is not Phase.DONE or change.detail is None:
        return None
    wait = wait_before_retry(execution, change.detail, {**execution.record, **change.record})
    return None if wait is None else now + wait


async def _is_permitted(unit: Unit, execution: Execution) -> bool:
    """Whether nothing forbids another attempt that came during this one: a stop, the end of its batch or account, the do-not-call list."""
    if execution.batch_id is not None:
        # The batch before the execution, as whoever stops a batch locks them. A stop that came first is seen here; one that comes later
        # waits for this unit and finds the call waiting.
        batch = await unit.batches.lock_shared(execution.batch_id)
        if batch is None or batch.deleted_at is not None or batch.status in ENDED:
            return False
    row = await unit.executions.lock(execution.id)
    if row is None or is_stopped(row):
        return False
    tenant = await unit.accounts.tenant(row.tenant_id)
    if tenant is None or tenant.deleted_at is not None:
        return False
    return await unit.suppressions.binding(row.tenant_id, row.to_number) is None


def _without(change: Change, name: str) -> dict[str, object]:
    return {key: value for key, value in change.columns.items() if key != name}
