"""The call back that a caller asked for (``auto_reschedule``, contract 4.7 and 11.3): a new execution, scheduled for the time that was
said, written in the unit that completes the first."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.domain.errors import InvalidNumberError
from callwright.domain.limits import MAX_CALLBACK_LATE_SECONDS, MAX_CALLBACKS_IN_A_ROW
from callwright.domain.number import E164, LOOPBACK, SIP, parse_destination
from callwright.insight.callback import Callback, callback
from callwright.insight.machine import is_suspected
from callwright.insight.provision import known_provision
from callwright.insight.transcript import lines
from callwright.insight.view import CallView
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.calls.rules import local_time
from callwright.platform.executions.actions.transition import Publisher, insert
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase, status_of
from callwright.platform.suppressions.rules import far_number
from callwright.platform.unit import Unit

FIRST_CALL = "rescheduled_from"
"""Key of the second execution's options: the id of the first."""
IN_A_ROW = "rescheduled_in_a_row"
"""Key of its options: how many call backs led to it, each asked for in the one before, itself included."""

_NAMESPACE = uuid.UUID("6f1b7f0a-5a1e-4a51-9a2b-0c1f6d1f4c11")
_CARRIED_OPTIONS = ("sip_headers", "agent_data", "retry_config", "bypass_call_guardrails")


def wanted(execution: Execution, spec: AgentSpec, view: CallView) -> Callback | None:
    """What the caller asked for, as said in the call and with the time at its end; None when nothing was, or the agent is not to. A machine
    that says "please call back tomorrow at nine" says so to every call back as well: it is told, and nobody is called."""
    if not spec.settings.extra.get("auto_reschedule") or view.answered_us is None:
        return None
    ended = datetime.fromisoformat(view.header.started_at) + timedelta(microseconds=view.ended_us)
    zone_name = view.header.variables.get("timezone", "")
    wish = callback(lines(view), local_time(ended, zone_name), spec.calling_hours)
    if wish is not None and is_suspected(view):
        return replace(wish, due_at=None, reason="a machine may have answered")
    return wish


async def schedule(
    unit: Unit, execution: Execution, wish: Callback, publisher: Publisher, now: datetime
) -> dict[str, Any]:
    """Write the second execution and return what the first one's record says of it. The same call again writes nothing new: its id follows
    from the first's id and attempt."""
    told: dict[str, Any] = {
        "said": wish.said,
        "due_at": None,
        "local_time": None,
        "execution_id": None,
        "reason": wish.reason,
    }
    if wish.due_at is None:
        return told
    told.update(due_at=wish.due_at.astimezone(UTC).isoformat(), local_time=wish.due_at.isoformat())
    agent = await unit.agents.get(execution.tenant_id, execution.agent_id)
    reason = hindrance(execution) or ("the agent was deleted" if agent is None else "")
    if not reason and await unit.suppressions.binding(execution.tenant_id, far_number(execution)) is not None:
        reason = "the number is not to be called any more"
    if reason or agent is None:
        return {**told, "reason": reason}
    second_id = str(uuid.uuid5(_NAMESPACE, f"{execution.id}.{execution.attempt}"))
    if await unit.executions.get(execution.tenant_id, second_id) is None:
        reason = too_late(wish, now)
        if reason:
            return {**told, "reason": reason}
        await insert(unit, _second(execution, second_id, dict(agent.body), wish.due_at, now), publisher)
    return {**told, "execution_id": second_id}


def too_late(wish: Callback, now: datetime) -> str:
    """Why a call back is not made at ``now`` any more, in words; empty when it is to come, or may be made at once: its first call was
    settled late, but within MAX_CALLBACK_LATE_SECONDS and the hours of calls."""
    late = now - wish.due_at if wish.due_at is not None else timedelta(0)
    if wish.due_at is None or late <= timedelta(0):
        return ""
    minutes = int(late.total_seconds() // 60)
    if late > timedelta(seconds=MAX_CALLBACK_LATE_SECONDS):
        return f"the call was settled {minutes} minutes after that time"
    begin, end = wish.hours
    if not begin <= now.astimezone(wish.due_at.tzinfo).hour < end:
        return f"the call was settled after that time, and outside the hours of calls ({begin} to {end} o'clock)"
    return ""


def hindrance(execution: Execution) -> str:
    """Why whoever is at the other end of this call cannot be called back, in words; empty when they can. Known before the call is made."""
    number = far_number(execution)
    if _in_a_row(execution) >= MAX_CALLBACKS_IN_A_ROW:
        return f"it was the call back number {MAX_CALLBACKS_IN_A_ROW} in a row"
    if execution.carrier == CHAT or not number:
        return "there is no number to call"
    try:
        kind = parse_destination(number).kind
    except InvalidNumberError as error:
        return error.message
    if (kind in (SIP, LOOPBACK) and kind != execution.carrier) or (kind == E164 and execution.carrier == SIP):
        return f"{number} cannot be called over {execution.carrier}"
    return ""


def _in_a_row(execution: Execution) -> int:
    """How many call backs led to this call. One that was written before they were counted is the first."""
    return int(execution.options.get(IN_A_ROW, FIRST_CALL in execution.options))


def _second(first: Execution, second_id: str, body: dict[str, Any], due_at: datetime, now: datetime) -> Execution:
    options = {name: first.options[name] for name in _CARRIED_OPTIONS if name in first.options}
    return Execution(
        id=second_id,
        tenant_id=first.tenant_id,
        agent_id=first.agent_id,
        status=status_of(Phase.WAITING, "scheduled"),
        phase=Phase.WAITING,
        detail="scheduled",
        attempt=0,
        direction="outbound",
        carrier=first.carrier,
        to_number=parse_destination(far_number(first)).value,
        from_number=first.from_number if first.direction == "outbound" else first.to_number,
        created_at=now,
        updated_at=now,
        scheduled_at=max(due_at.astimezone(UTC), now),
        user_data=dict(first.user_data),
        options={**options, FIRST_CALL: first.id, IN_A_ROW: _in_a_row(first) + 1},
        agent=body,
        record=known_provision(first.record),
    )
