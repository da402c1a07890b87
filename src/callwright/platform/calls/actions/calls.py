"""Placing and stopping calls (contract 3.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from callwright.domain.errors import BadInputError, InvalidNumberError, TooLargeError, WrongStateError
from callwright.domain.fields import Fields, named
from callwright.domain.limits import MAX_USER_DATA_BYTES
from callwright.domain.national_number import without_national_prefix
from callwright.domain.number import E164, LOOPBACK, SIP, Destination, parse_destination
from callwright.domain.settings.kinds import ANY_OBJECT, SWITCH, child, described
from callwright.domain.settings.setting import IS_REQUIRED, Kind, Setting, read_all, wire_of
from callwright.domain.sip_headers import custom_headers
from callwright.ops.crash_points import point
from callwright.platform.accounts.rules import Principal
from callwright.platform.agent_settings.rules.agent import TELEPHONY_PROVIDER
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.agents.rules.availability import Line, Provision
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.audit.actions.record import audit
from callwright.platform.batches.actions.stop import end_undialled, stop_contact
from callwright.platform.executions.actions.schedule import due_time
from callwright.platform.executions.actions.transition import insert, transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, status_of
from callwright.platform.executions.rules.retry import (
    STOP_REASON,
    STOP_REQUESTED,
    STOPPED_BY,
    RetryConfig,
    awaits_retry,
)
from callwright.platform.idempotency.actions import once, once_key
from callwright.platform.phone_numbers.actions.numbers import look_for_numbers, sender_number
from callwright.platform.services import Services, missing, object_id
from callwright.platform.suppressions.actions import refuse_suppressed
from callwright.platform.unit import Unit

_MOST_CALLERS_LISTED = 20
_OWNED = frozenset({Phase.CLAIMED, Phase.DIALLING, Phase.LIVE})


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A checked request to place a call."""

    agent_id: str
    destination: Destination
    from_number: str | None
    scheduled_at: datetime | None
    user_data: dict[str, Any]
    options: dict[str, Any]


def _agent_id(given: Fields, name: str) -> str | None:
    found = given.raw(name)
    return found.strip() or None if isinstance(found, str) else None


def _recipient(given: Fields, name: str) -> Destination | None:
    found = given.raw(name)
    return None if found == "" else parse_destination(found)


def _sender(given: Fields, name: str) -> str | None:
    found = given.raw(name)
    return parse_destination(found, what=name).value if found else None


def refuse_version(given: Fields, name: str) -> None:
    """Raises BadInputError for any ``agent_version_id`` but null and blank: calls are made with the agent as it is, which would be
    another version than was asked for."""
    version = given.raw(name)
    if version is not None and (not isinstance(version, str) or version.strip()):
        raise BadInputError(
            f"{name} names a version, and calls are made with the agent as it is; leave it out, or restore the version before",
            field=name,
        )


def _user_data(given: Fields, name: str) -> dict[str, Any]:
    found = given.raw(name)
    if not isinstance(found, Mapping):
        raise BadInputError(f"{name} must be an object", field=name)
    size = len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_USER_DATA_BYTES:
        raise TooLargeError(f"{name} is {size} bytes of JSON, at most {MAX_USER_DATA_BYTES} are allowed", field=name)
    return dict(found)


def _agent_data(given: Fields, name: str) -> dict[str, Any] | None:
    data = given.child(name)
    if data is None or not data.value:
        return None
    return {"voice_id": data.text("voice_id")} if data.raw("voice_id") else {}


USER_DATA = Kind("an object", ANY_OBJECT, _user_data)
"""``user_data`` of a call, at most MAX_USER_DATA_BYTES."""

_TEXT = {"type": "string"}
_FOR_AGENT = {**ANY_OBJECT, "properties": {"voice_id": _TEXT}}
CALL = (
    Setting("call.agent_id", Kind("an agent's id", _TEXT, _agent_id), None, "", required=IS_REQUIRED),
    Setting(
        "call.recipient_phone_number",
        Kind("an address", _TEXT, _recipient),
        None,
        "E.164, a `sip:` URI, or `loopback:<name>` for a synthetic caller.",
        required=IS_REQUIRED,
    ),
    Setting(
        "call.agent_version_id",
        Kind("nothing", {**_TEXT, "maxLength": 0}, refuse_version),
        None,
        "Calls are made with the agent as it is: any version is refused.",
    ),
    Setting("call.from_phone_number", Kind("a number", _TEXT, _sender), None, ""),
    Setting(
        "call.scheduled_at",
        described("a time", _TEXT),
        None,
        "ISO 8601; a time without an offset (`+05:30`) is in UTC. Default: now.",
    ),
    Setting("call.user_data", USER_DATA, {}, "Variables of prompts; at most 25 KB of JSON."),
    Setting("call.bypass_call_guardrails", SWITCH, False, ""),
    Setting(
        "call.sip_headers",
        described("headers", {"type": "object", "additionalProperties": _TEXT}),
        None,
        "Custom headers (X-...) of the call's INVITE; our own key.",
    ),
    Setting(
        "call.agent_data",
        Kind("an object", _FOR_AGENT, _agent_data),
        None,
        "`voice_id`: another voice of the same provider.",
    ),
    Setting("call.retry_config", child(RetryConfig), None, ""),
)
"""The body of ``POST /call``. The time and the operator's settings decide about ``scheduled_at`` and ``sip_headers``."""


def read_request(
    wire: Mapping[str, Any], now: datetime, *, strict: bool, sip_headers: Collection[str] = ()
) -> CallRequest:
    """Check the body of ``POST /call``. ``sip_headers``: those that may be set beside X-...

    Raises BadInputError, InvalidNumberError or TooLargeError naming the field.
    """
    given = read_all(CALL, Fields(wire, "", BadInputError))
    retry = given["retry_config"]
    options = {
        "bypass_call_guardrails": given["bypass_call_guardrails"] or None,
        "sip_headers": custom_headers(wire.get("sip_headers"), sip_headers) or None,
        "agent_data": given["agent_data"],
        "retry_config": None if retry is None else wire_of(retry),
    }
    return CallRequest(
        agent_id=given["agent_id"],
        destination=without_national_prefix(given["recipient_phone_number"]),
        from_number=given["from_phone_number"],
        scheduled_at=due_time(wire.get("scheduled_at"), now, strict=strict),
        user_data=dict(given["user_data"]),
        options={name: value for name, value in options.items() if value is not None},
    )


async def provided(
    services: Services, unit: Unit, tenant_id: str, spec: AgentSpec, destination: Destination
) -> Provision:
    """What a call of the agent to that address runs with.

    Raises BadInputError when no installed carrier can reach the address, LackingError when the agent lacks something.
    """
    found = await services.availability.provide(unit, tenant_id, spec, Line(destination))
    carrier = services.policy.carrier if found.carrier == TELEPHONY_PROVIDER.default else found.carrier
    if carrier not in services.names("carrier"):
        raise BadInputError(
            f"recipient_phone_number needs the carrier {carrier!r}, which is not installed here",
            field="recipient_phone_number",
        )
    if carrier == SIP and destination.kind == E164:
        raise BadInputError(
            "recipient_phone_number: a phone number is called through a SIP trunk; give the agent telephony_provider sip-trunk, or use a"
            " sip: address",
            field="recipient_phone_number",
        )
    return replace(found, carrier=carrier)


def check_caller(services: Services, destination: Destination, user_data: Mapping[str, Any]) -> None:
    """Raise InvalidNumberError for a ``loopback:`` address that names no synthetic caller, unless ``user_data`` names the persona."""
    known = services.policy.callers
    name = destination.value.removeprefix(f"{LOOPBACK}:")
    if destination.kind != LOOPBACK or not known or name in known or user_data.get("persona"):
        return
    near = get_close_matches(name, known, 1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    listed = sorted(known)
    more = ", ..." if len(listed) > _MOST_CALLERS_LISTED else ""
    raise InvalidNumberError(
        f"recipient_phone_number: there is no synthetic caller {named(name)!r}; {meant}known:"
        f" {', '.join(listed[:_MOST_CALLERS_LISTED])}{more}",
        field="recipient_phone_number",
        hint="Name a built-in caller, or one of the scenario file (CALLWRIGHT_SCENARIO).",
    )


async def place_call(
    services: Services,
    principal: Principal,
    wire: Mapping[str, Any],
    encode: Callable[[Execution], bytes],
    idempotency_key: str | None = None,
) -> bytes:
    """Place a call and return the answer's bytes, made by ``encode`` from the new row.

    One unit: the execution, its webhook if that status is published, and the answer under ``Idempotency-Key``. The same key with the
    same body returns the first answer again; with another body ConflictError. Raises NotFoundError for an unknown agent, and as
    :func:`read_request`.
    """

    async def work(joined: Services) -> bytes:
        # Read here, not before the key: ``scheduled_at`` of a repeated request may have passed since.
        policy = joined.policy
        request = read_request(wire, joined.clock.now(), strict=policy.strict, sip_headers=policy.sip_call_headers)
        async with joined.ledger.unit() as unit:
            return encode(await _place(joined, unit, principal, request))

    number = wire.get("from_phone_number")
    if isinstance(number, str):
        await look_for_numbers(services, principal, [number])
    if idempotency_key is None:
        body = await work(services)
    else:
        _, body = await once(services, principal, once_key(idempotency_key, dict(wire)), 200, work)
    point("call.written")
    return body


async def _place(services: Services, unit: Unit, principal: Principal, request: CallRequest) -> Execution:
    agent = await agent_of(unit, principal, request.agent_id)
    return await place_agent(services, unit, principal, agent, request)


async def place_agent(
    services: Services, unit: Unit, principal: Principal, agent: StoredAgent, request: CallRequest
) -> Execution:
    """Place a call of an agent of the tenant within a unit."""
    await refuse_suppressed(unit, principal.tenant_id, request.destination.value)
    check_caller(services, request.destination, request.user_data)
    execution = await _new_execution(services, unit, principal, agent, request)
    await insert(unit, execution, services.publisher)
    await audit(unit, principal, "execution.placed", execution.id, after=_placed(execution))
    point("call.writing")
    return execution


def _placed(execution: Execution) -> dict[str, Any]:
    """What the audit trail keeps of a call's placing. The rest, whom it called above all, is in the execution and goes with it."""
    at = execution.scheduled_at
    return {"agent_id": execution.agent_id, "scheduled_at": None if at is None else at.isoformat()}


async def _new_execution(
    services: Services, unit: Unit, principal: Principal, agent: StoredAgent, request: CallRequest
) -> Execution:
    now = services.clock.now()
    spec = parse_agent(agent.body, defaults=services.policy.defaults)
    provision = await provided(services, unit, principal.tenant_id, spec, request.destination)
    detail = "scheduled" if request.scheduled_at is not None else "queued"
    sender = await sender_number(
        services, unit, principal, agent.id, provision.carrier, request.from_number, "from_phone_number"
    )
    return Execution(
        id=services.ids.uuid(),
        tenant_id=principal.tenant_id,
        agent_id=agent.id,
        status=status_of(Phase.WAITING, detail),
        phase=Phase.WAITING,
        detail=detail,
        attempt=0,
        direction="outbound",
        carrier=provision.carrier,
        to_number=request.destination.value,
        from_number=sender,
        created_at=now,
        updated_at=now,
        scheduled_at=request.scheduled_at,
        user_data=request.user_data,
        options=request.options,
        agent=dict(agent.body),
        record=provision.as_wire(),
    )


async def stop_call(services: Services, principal: Principal, execution_id: str) -> Execution:
    """Stop a call: one that was not dialled becomes ``stopped``, a live one is hung up by the process that runs it (strict:
    WrongStateError, as the hosted service cannot). Neither is made again. WrongStateError for one that has ended, NotFoundError for one
    that does not exist."""
    execution_id = object_id(execution_id, "execution")
    async with services.ledger.unit() as unit:
        if await unit.executions.get(principal.tenant_id, execution_id) is None:
            unreleased = await stop_contact(unit, services, principal, execution_id)
            if unreleased is not None:
                return unreleased
            if await unit.executions.get(principal.tenant_id, execution_id) is None:
                raise missing("execution")
        row = await unit.executions.lock(execution_id)
        if row is None:
            raise missing("execution")
        if row.phase in (Phase.WAITING, Phase.ADMITTED):
            stopped = await end_undialled(unit, services.publisher, row, services.clock.now())
            was, now = ({"status": str(one.status)} for one in (row, stopped))
            await audit(unit, principal, "execution.stopped", row.id, before=was, after=now)
            point("call_stop.writing")
            return stopped
        if row.phase not in _OWNED and not awaits_retry(row):
            raise WrongStateError(f"the call cannot be stopped: it is {row.status.value}")
        # One that a process has taken is not dialled yet, and never is when it has the wish.
        if services.policy.strict and row.phase is not Phase.CLAIMED:
            raise WrongStateError(f"the call cannot be stopped: it is {row.status.value}, and only waiting calls can")
        wish = {"by": STOPPED_BY, "reason": STOP_REASON}
        change = Change(columns={"options": {**row.options, STOP_REQUESTED: wish}})
        # It ends when the process that runs it has hung up; what is changed here is the wish.
        was = {"status": str(row.status)}
        await audit(unit, principal, "execution.stopped", row.id, before=was, after={"stop_requested": wish})
        asked = await transition(unit, row.id, change, services.publisher)
    point("call_stop.asked")
    await services.control.request_stop(asked.id, STOPPED_BY, STOP_REASON)
    return asked
