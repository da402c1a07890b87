"""The end of an attempt in the ledger: its outcome, and the wait for the next attempt where one follows. Both are in one unit, so that
nobody reads an outcome as final that is not, and no death of a process comes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from callwright.call.live.endings import RECORDING_JOB, TALK_JOB, job_payload
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.insight.provision import known_provision
from callwright.insight.transfers import talk_goes_on
from callwright.ops.crash_points import point
from callwright.platform.batches.rules.batch import ENDED
from callwright.platform.dialling.actions import DECISION, decision_wire, stopped_row
from callwright.platform.dialling.rules import STOPPED_RULE, Verdict
from callwright.platform.executions.actions.transition import Publisher, transitions
from callwright.platform.executions.rules.attempts import earlier_cost
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.executions.rules.retry import (
    BATCH_STOP_REASON,
    RETRY_AT,
    STOP_REQUESTED,
    STOPPED_BY,
    policy_of,
    wait_before_retry,
)
from callwright.platform.unit import Unit

_COST = "total_cost_nano"
_OUTCOME = "attempt_outcome"


async def lock_ending(unit: Unit, execution: Execution, *, owned: bool = False) -> Execution | None:
    """Locks the row of an execution whose attempt is about to end, until the unit ends. ``owned``: for its owner, who knows it as
    ``execution``; raises StaleOwnerError when it is not the owner's any more. Where another attempt may follow, the batch is locked first,
    in the order in which a stop of the batch locks them."""
    if execution.batch_id is not None and policy_of(execution.options.get("retry_config")) is not None:
        await unit.batches.lock_shared(execution.batch_id)
    return await (unit.executions.lock_owned(execution) if owned else unit.executions.lock(execution.id))


async def end_attempt(
    unit: Unit,
    locked: Execution,
    change: Change,
    publisher: Publisher,
    now: datetime,
    before: Sequence[Change] = (),
) -> Execution:
    """Apply ``before``, and then ``change``, which ends the present attempt (``total_cost_nano`` in it is the attempt's own cost). Return
    the row after it: waiting for the next attempt where ``retry_config`` wants one and nothing forbids it. ``locked`` is what
    :func:`lock_ending` returned in this unit. Raises as ``platform.executions.actions.transition.transitions``.

    The outcome is published, then ``scheduled``; ``completed`` is not, because nothing may follow it.
    """
    change, before = _with_earlier_cost(locked, change), [_with_earlier_cost(locked, one) for one in before]
    change = await _with_stop(unit, locked, change, now)
    at = _retry_at(locked, change, now)
    if change.phase is Phase.DONE and talk_goes_on(change.record):
        # What the carrier does not report by then it never will.
        for job in (TALK_JOB, RECORDING_JOB):
            await unit.jobs.put(job, job_payload(locked.id, locked.attempt), locked.tenant_id, 2 * MAX_CALL_SECONDS)
    asked = any(one.record.get("opt_out") for one in (*before, change))
    if at is None or asked or not await _is_permitted(unit, locked):
        return await transitions(unit, locked, [*before, change], publisher)
    if change.detail == Status.COMPLETED:
        facts = Change(columns=_without(change, "completed_at"), record=change.record)
    else:
        facts = replace(change, record={**change.record, RETRY_AT: at.isoformat()})
    ended = await transitions(unit, locked, [*before, facts], publisher)
    columns = {"scheduled_at": at, "retry_count": ended.retry_count + 1, _OUTCOME: change.detail}
    again = Change(Phase.WAITING, "scheduled", columns=columns, record=known_provision(ended.record))
    waiting = await transitions(unit, ended, [again], publisher)
    point("retry.writing")
    return waiting


def _with_earlier_cost(execution: Execution, change: Change) -> Change:
    if _COST not in change.columns:
        return change
    whole = int(change.columns[_COST]) + earlier_cost(execution.record)
    return replace(change, columns={**change.columns, _COST: whole})


async def _with_stop(unit: Unit, locked: Execution, change: Change, now: datetime) -> Change:
    """``change``, or that of a stop where one kept the call from being dialled. Such a call is ``stopped``, however its attempt ended.
    It has the decision, unless the unit that decides had come to one."""
    decided = locked.record.get(DECISION) or {}
    wish = locked.options.get(STOP_REQUESTED)
    if wish is None and decided.get("rule") == STOPPED_RULE:
        wish = {"by": STOPPED_BY, "reason": BATCH_STOP_REASON}
    if locked.phase is not Phase.CLAIMED or wish is None:
        return change
    columns = {name: value for name, value in change.columns.items() if name not in ("error_message", _OUTCOME)}
    told = {"hangup_by": wish["by"], "hangup_reason": wish["reason"], "hangup_code": CAUSES["hung_up_by_us"].code}
    record = {**change.record, "ended_by": "platform"}
    if decided.get("verdict") != Verdict.NEVER:
        stopped = stopped_row(locked, now)
        await unit.dial_decisions.add([stopped])
        record[DECISION] = decision_wire(stopped.decision, now)
    return replace(change, detail=Status.STOPPED.value, columns={**columns, **told}, record=record)


def _retry_at(execution: Execution, change: Change, now: datetime) -> datetime | None:
    if change.phase is not Phase.DONE or change.detail is None:
        return None
    wait = wait_before_retry(execution, change.detail, {**execution.record, **change.record})
    return None if wait is None else now + wait


async def _is_permitted(unit: Unit, locked: Execution) -> bool:
    """Whether nothing forbids another attempt that came during this one: a stop, the end of its batch or account, the do-not-call list."""
    if locked.batch_id is not None:
        # The batch is locked since before the execution. A stop that came first is seen here; one that comes later waits for this unit and
        # finds the call waiting.
        batch = await unit.batches.lock_shared(locked.batch_id)
        if batch is None or batch.deleted_at is not None or batch.status in ENDED:
            return False
    tenant = await unit.accounts.tenant(locked.tenant_id)
    if tenant is None or tenant.deleted_at is not None:
        return False
    return await unit.suppressions.binding(locked.tenant_id, locked.to_number) is None


def _without(change: Change, name: str) -> dict[str, object]:
    return {key: value for key, value in change.columns.items() if key != name}
