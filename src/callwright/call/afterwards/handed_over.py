"""What a carrier reports of a call after it has handed it over: found by the ledger, kept as a job, and added to the finished record.

A report changes the transfer of the record and what follows from it, in one unit with its fact in the log. So the same report twice, or a
process that dies at any moment, changes nothing more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from callwright.call.afterwards.late_work import section_of
from callwright.call.afterwards.post_log import PostLog, live_part
from callwright.call.live.access import Accesses
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.endings import RECORDING_JOB, TALK_JOB
from callwright.call.live.logfile import POST
from callwright.insight.cost import cost_of
from callwright.insight.extra_cost import with_target
from callwright.insight.record import execution_body
from callwright.insight.target_calls import TARGET, TargetCall, target_calls
from callwright.insight.transfers import completed_target, transfers
from callwright.insight.view import CallView, view_of
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.actions.transition import amend, transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import PHASES, Execution, Phase
from callwright.platform.ledger import Ledger
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.unit import Unit
from callwright.ports.handover import CarrierCall, TalkEnd, TalkRecording

AGAIN_SECONDS = 5
"""A report of a call that is not done yet waits so long, again and again."""
_LONGEST_MS = 24 * 3_600_000
"""No carrier lets a call last longer."""


class HandedOver:
    """``ports.handover.HandedCalls`` over the ledger."""

    def __init__(self, ledger: Ledger, access: Accesses) -> None:
        self._ledger = ledger
        self._access = access

    async def access(self, carrier: str, call: CarrierCall) -> Access | None:
        """See the protocol."""
        _, access = await self._find(carrier, call)
        return access

    async def talk_ended(self, carrier: str, call: CarrierCall, proven: Access, handover: int, end: TalkEnd) -> None:
        """See the protocol."""
        told = {"handover": handover, "request": call.request, "end": asdict(end)}
        await self._keep(TALK_JOB, carrier, call, proven, told, ("duration_ms", "hangup_by"))

    async def talk_recorded(
        self, carrier: str, call: CarrierCall, proven: Access, handover: int, recording: TalkRecording
    ) -> None:
        """See the protocol."""
        told = {"handover": handover, **asdict(recording)}
        await self._keep(RECORDING_JOB, carrier, call, proven, told, ("recording_ms",))

    async def _keep(
        self,
        job: str,
        carrier: str,
        call: CarrierCall,
        proven: Access,
        told: Mapping[str, Any],
        adds: tuple[str, ...],
    ) -> None:
        """Keep a report as a job, unless the target's call has all that it ``adds``."""
        row, access = await self._find(carrier, call)
        if row is None or access is None or _of_account(access) != _of_account(proven):
            return
        target = completed_target(row.record)
        is_told = target is None or None not in [target.get(name) for name in adds]
        if row.phase is not Phase.DONE or not is_told:
            plain = {"execution_id": row.id, "attempt": row.attempt, **told}
            async with self._ledger.unit() as unit:
                await unit.jobs.put(job, json.dumps(plain).encode(), row.tenant_id)

    async def _find(self, carrier: str, call: CarrierCall) -> tuple[Execution, Access] | tuple[None, None]:
        """The call and its organisation's keys."""
        async with self._ledger.reading() as unit:
            rows = await _rows(unit, carrier, call)
        for row in rows:
            access = await self._access.of_carrier(row.tenant_id, carrier)
            # The carrier's ids of calls are unique within an account only.
            if not call.account or call.account in access.keys.values():
                return row, access
        return None, None


def _of_account(access: Access) -> tuple[Mapping[str, str], str]:
    """What tells whose account it is. The number that it calls from may be another one by the time of a report."""
    return {name: value for name, value in access.keys.items() if not name.endswith("_PHONE_NUMBER")}, access.base_url


async def _rows(unit: Unit, carrier: str, call: CarrierCall) -> list[Execution]:
    if not call.callback_id:
        return await unit.executions.came_in(carrier, call.provider_call_id)
    execution_id, _, attempt = call.callback_id.rpartition(".")
    row = await unit.executions.get_any(execution_id)
    return [row] if row is not None and (row.carrier, str(row.attempt)) == (carrier, attempt) else []


class TalkReports:
    """Adds reports to records."""

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps

    async def take(self, payload: bytes) -> None:
        """The job TALK_JOB. Without an ``end`` nothing was reported in time. Raises UnavailableError when the database is away: the job
        runner tries again."""
        plain = json.loads(payload)
        async with self._deps.ledger.unit() as unit:
            row = await unit.executions.lock(str(plain["execution_id"]))
            if row is None or row.attempt != plain["attempt"]:
                return
            if row.phase is Phase.DONE:
                end = plain.get("end")

                async def fact(view: CallView, call: TargetCall) -> dict[str, Any] | None:
                    return None if end is None and call.is_over else _told(view, call, TalkEnd(**(end or {})))

                await add_report(self._deps, unit, row, plain, fact)
            elif is_to_come(row):
                await unit.jobs.put(TALK_JOB, payload, row.tenant_id, AGAIN_SECONDS)


def is_to_come(row: Execution) -> bool:
    """Whether the record of a call is not complete yet, and will be."""
    return PHASES[row.phase][1] or row.phase is Phase.FINISHING


async def add_report(
    deps: RuntimeDeps,
    unit: Unit,
    row: Execution,
    about: Mapping[str, Any],
    fact: Callable[[CallView, TargetCall], Awaitable[dict[str, Any] | None]],
) -> None:
    """Add what ``fact`` returns of a target's call to the log and the record of ``row``, which this unit has locked. It is the call of the
    ``request``, or after the ``handover``, that a job is ``about``, else the last one. Nothing changes where it returns None, or what is
    known already."""
    if completed_target(row.record) is None:
        return
    live = live_part(await unit.logs.read(row.id, row.attempt)).decode(errors="replace")
    section = await section_of(unit, row)
    before = await asyncio.to_thread(view_of, live + section.decode(errors="replace"))
    calls = target_calls(before)
    handover = about.get("handover")
    found = [
        request
        for request, call in calls.items()
        if call.handover and (handover in (None, call.handover) or request == about.get("request"))
    ]
    told = await fact(before, calls[found[-1]]) if found else None
    if told is None:
        return
    request = found[-1]
    post = PostLog(view_of(live), section, deps.clock.now, over=True)
    post.fact(TARGET, {"request": request, **told})
    after = await asyncio.to_thread(view_of, live + post.text)
    if target_calls(after)[request] == calls[request]:
        return
    await unit.logs.append(LogChunk(row.id, row.attempt, POST, 0, post.text.encode()))
    change = _change(deps, row, before, after, request)
    # The log may tell more than the record, which keeps what it had of an earlier transfer that failed.
    tell = amend if _is_shown(row, change) else transition
    await tell(unit, row.id, change, deps.publisher)


def _is_shown(row: Execution, change: Change) -> bool:
    """Whether the execution looks otherwise after the change, to those who are told of it."""
    changed = replace(row, record={**row.record, **change.record}, **change.columns)
    return execution_body(changed, public_url="") != execution_body(row, public_url="")


def _change(deps: RuntimeDeps, row: Execution, before: CallView, after: CallView, request: int) -> Change:
    costs = [cost_of(view, deps.book, row.carrier).targets for view in (before, after)]
    extra = costs[1].get(request, 0) - costs[0].get(request, 0)
    rows = [
        new if new["status"] == "completed" else old
        for old, new in zip(row.record["transfers"], transfers(after, costs[1]), strict=True)
    ]
    record = {**with_target(row.record, after, extra), "transfers": rows}
    return Change(columns={"total_cost_nano": row.total_cost_nano + extra}, record=record)


def _told(view: CallView, call: TargetCall, end: TalkEnd) -> dict[str, Any]:
    """The report as the log keeps it."""
    talk_ms = None if end.seconds is None else end.seconds * 1000
    if talk_ms is None and end.ended_at and call.answered_us is not None:
        try:
            passed = datetime.fromisoformat(end.ended_at) - datetime.fromisoformat(view.header.started_at)
        except (ValueError, TypeError):
            pass
        else:
            talk_ms = max(0, round(passed.total_seconds() * 1000) - call.answered_us // 1000)
    is_credible = talk_ms is not None and talk_ms <= _LONGEST_MS
    talk = {"provider_call_id": end.call_id, "talk_ms": talk_ms if is_credible else None, "cause": end.cause}
    return {"event": "reported", **talk}
