"""Telling a call in progress that something happened outside (contract 3.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import ConflictError, NotFoundError, TooLargeError
from callwright.domain.limits import MAX_CALL_EVENTS, MAX_EVENT_BYTES
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.services import Services, locked_execution
from callwright.platform.unit import Unit

#: The hosted service's words for a call that is not there, not ours, or over.
NO_CALL = "No active call found for this run_id"

_ACTIVE = frozenset({Phase.CLAIMED, Phase.DIALLING, Phase.LIVE})


async def send_event(
    services: Services, principal: Principal, run_id: str, name: str, properties: Mapping[str, Any]
) -> str:
    """Send an event into a call that is being dialled or spoken on; returns its name. It is in the row when this returns, and so in the
    call's record; the process that runs the call writes it to the call's log, within about a second.

    Raises NotFoundError when there is no such call or it is not active, TooLargeError, and ConflictError when it has had
    MAX_CALL_EVENTS: trying again later does not help.
    """
    text = _text(properties)
    async with services.ledger.unit() as unit:
        row = await _active(unit, principal, run_id)
        events = [*(row.options.get("events") or [])]
        if len(events) >= MAX_CALL_EVENTS:
            raise ConflictError(f"this call has had {MAX_CALL_EVENTS} events; it takes no more")
        at = services.clock.now().isoformat()
        events.append({"name": name, "properties": text, "at": at, "attempt": row.attempt})
        change = Change(columns={"options": {**row.options, "events": events}})
        await transition(unit, row.id, change, services.publisher)
        # The properties stand in the record; the trail says who sent it.
        await audit(unit, principal, "execution.event_sent", row.id, after={"event": name})
    await services.control.deliver_events(row.id, events)
    return name


async def _active(unit: Unit, principal: Principal, run_id: str) -> Execution:
    try:
        row = await locked_execution(unit, principal, run_id)
    except NotFoundError:
        raise NotFoundError(NO_CALL) from None
    if row.phase not in _ACTIVE:
        raise NotFoundError(NO_CALL)
    return row


def _text(properties: Mapping[str, Any]) -> str:
    text = json.dumps(properties, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_EVENT_BYTES:
        raise TooLargeError(
            f"properties is more than {MAX_EVENT_BYTES} bytes of JSON; send what the call needs", field="properties"
        )
    return text
