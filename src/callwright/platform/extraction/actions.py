"""Questions about calls beside their own post-call work: tried out on a transcript, and asked of past calls again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callwright.domain.errors import BadInputError, ConflictError, UnprocessableError, WrongStateError
from callwright.domain.limits import (
    EXTRACTION_STALE_SECONDS,
    MAX_EXTRACTION_RUNS,
    MAX_EXTRACTIONS_AT_ONCE,
    MAX_PAGE_SIZE,
)
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.audit.actions.record import audit
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change, ExecutionFilter
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.services import Services, locked_execution
from callwright.platform.unit import Unit
from callwright.ports.questions import EXTRACTION_JOB, Examination, Examined

_STATE = "extraction_state"
_QUEUED = "queued"
_RUNS = "extraction_runs"


@dataclass(frozen=True, slots=True)
class Ordered:
    """Calls that will be asked again under one run. ``waiting``: those for which that was ordered before."""

    run: str
    execution_ids: list[str]
    waiting: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class PastCalls:
    """Which of an agent's calls are asked again: those of a period, at most ``most``. ``dry_run``: only say which."""

    begin: datetime
    end: datetime
    most: int = MAX_EXTRACTIONS_AT_ONCE
    force: bool = False
    dry_run: bool = False


async def try_dispositions(
    services: Services, principal: Principal, agent_id: str, transcript: str, called_at: datetime | None
) -> Examined:
    """The agent's dispositions asked of a transcript; nothing is stored but the audit trail's row of what it cost. ``called_at``: when the
    call was, now where it is not known. Raises NotFoundError, UnprocessableError, RateLimitedError."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        found = await unit.dispositions.of_agent(principal.tenant_id, agent.id)
    if not transcript:
        raise UnprocessableError("transcript is required", field="transcript")
    asked = Examination(
        principal.tenant_id, transcript, called_at or services.clock.now(), agent.body, [one.body for one in found]
    )
    examined = await services.questions.examine(asked)
    if examined.usage:
        spent = {"cost_nano_cents": examined.cost_nano, "requests": len(examined.usage)}
        async with services.ledger.unit() as unit:
            await audit(unit, principal, "agent.dispositions_tested", agent.id, after=spent)
    return examined


async def ask_again(services: Services, principal: Principal, execution_id: str, *, force: bool = False) -> Ordered:
    """Order that a past call is asked again. One for which that waits already is not ordered twice. With ``force`` it is asked also where
    exactly the same was asked before. Raises NotFoundError, WrongStateError (no completed call) or ConflictError (asked too often)."""
    async with services.ledger.unit() as unit:
        row = await locked_execution(unit, principal, execution_id)
        refusal = _refusal(row)
        if refusal is not None:
            raise refusal
        state = row.record.get(_STATE)
        if state is not None and _waits(row, services.clock.now()):
            return Ordered(str(state["run"]), [row.id], waiting=True)
        return await _order(services, unit, principal, [row], force)


async def ask_all_again(services: Services, principal: Principal, agent_id: str, wanted: PastCalls) -> Ordered:
    """Order that an agent's completed calls are asked again, the newest first. Raises NotFoundError or BadInputError."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        if wanted.end < wanted.begin:
            raise BadInputError("to must not be before from", field="to")
        narrow = ExecutionFilter(status=Status.COMPLETED.value, created_from=wanted.begin, created_to=wanted.end)
        rows, total = await _page(unit, principal, agent.id, narrow, wanted.most)
        now = services.clock.now()
        fit = [row for row in rows if _refusal(row) is None and not _waits(row, now)]
        if wanted.dry_run or not fit:
            return Ordered("", [row.id for row in fit], left_out=total - len(fit))
        # Another order may have come first while this one waited for a row, and even be over: what it left there is not asked again.
        locked = [
            row
            for one in fit
            if (row := await unit.executions.lock(one.id)) is not None
            and _refusal(row) is None
            and row.record.get(_STATE) == one.record.get(_STATE)
        ]
        if not locked:
            return Ordered("", [], left_out=total)
        made = await _order(services, unit, principal, locked, wanted.force)
        return Ordered(made.run, made.execution_ids, left_out=total - len(locked))


async def _page(
    unit: Unit, principal: Principal, agent_id: str, narrow: ExecutionFilter, most: int
) -> tuple[list[Execution], int]:
    found: list[Execution] = []
    for number in range(1, -(-most // MAX_PAGE_SIZE) + 1):
        page = await unit.executions.page(principal.tenant_id, agent_id, narrow, number, MAX_PAGE_SIZE)
        found.extend(page.rows)
        if number * MAX_PAGE_SIZE >= page.total:
            break
    return found[:most], page.total


def _refusal(row: Execution) -> WrongStateError | ConflictError | None:
    if row.phase is not Phase.DONE or row.status is not Status.COMPLETED:
        return WrongStateError(f"only a completed call can be asked again; this one is {row.status.value}")
    if len(row.record.get(_RUNS) or []) > MAX_EXTRACTION_RUNS:
        return ConflictError(f"this call was asked again {MAX_EXTRACTION_RUNS} times, which is the most")
    return None


def _waits(row: Execution, now: datetime) -> bool:
    state = row.record.get(_STATE) or {}
    if state.get("status") != _QUEUED:
        return False
    return now - datetime.fromisoformat(state["at"]) < timedelta(seconds=EXTRACTION_STALE_SECONDS)


async def _order(
    services: Services, unit: Unit, principal: Principal, rows: Sequence[Execution], force: bool
) -> Ordered:
    run, now = services.ids.uuid(), services.clock.now().isoformat()
    for row in rows:
        before = {"run": (row.record.get(_STATE) or {}).get("run")}
        state = {"run": run, "status": _QUEUED, "reason": None, "at": now}
        await transition(unit, row.id, Change(record={_STATE: state}), services.publisher)
        await audit(unit, principal, "execution.asked_again", row.id, before=before, after={"run": run, "force": force})
    ids = [row.id for row in rows]
    tenant_id = principal.tenant_id
    payload = {"ids": ids, "run": run, "by": principal.key_id, "force": force, "tenant_id": tenant_id}
    await unit.jobs.put(EXTRACTION_JOB, json.dumps(payload).encode(), tenant_id)
    return Ordered(run, ids)
