"""Routes of calls (contract 3.2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer, answer_bytes
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import json_body, kept_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.provision import shown_provision
from callwright.insight.wire import encode
from callwright.platform.calls.actions import calls
from callwright.platform.calls.actions import events as call_events
from callwright.platform.calls.schemas import EVENT_EXAMPLE, EXAMPLE, CallAccepted, CallBody, CallEvent, EventAccepted
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.services import Services

router = APIRouter(tags=["calls"])

# Read by the domain: a stored answer for its Idempotency-Key comes before `scheduled_at`, which depends on the time.
_Call = Annotated[dict[str, Any], kept_body(CallBody, EXAMPLE)]


@router.post(
    "/call",
    summary="Place a call",
    responses={200: shown("The call waits for its turn.", CallAccepted), **errors(400, 404, 409, 413)},
)
async def place(request: Request, wire: _Call, idempotency_key: IdempotencyKey = None) -> Response:
    """Checks the agent and the number, writes the execution, and answers. The call is dialled as soon as there is room for it."""
    actions = services_of(request).actions
    return answer_bytes(await calls.place_call(actions, principal_of(request), wire, accepted, idempotency_key))


def accepted(execution: Execution) -> bytes:
    """The answer to a call that was placed."""
    return encode(
        {**_body(execution, execution.status.value), "callwright": shown_provision(execution.record)},
    )


def _body(execution: Execution, status: str) -> dict[str, Any]:
    return {"message": "done", "status": status, "execution_id": execution.id, "run_id": execution.id}


@router.post(
    "/call/{execution_id}/stop",
    summary="Stop a call",
    responses={200: shown("Stopped, or asked to hang up.", CallAccepted), **errors(400, 404)},
)
async def stop(request: Request, execution_id: str) -> Response:
    """A waiting call becomes `stopped`. A live one is hung up by the process that runs it and ends as any call does, with `hangup_by`
    `API Request`; with the strict setting it is refused with 400, as the hosted service does."""
    stopped = await calls.stop_call(services_of(request).actions, principal_of(request), execution_id)
    return answer(_body(stopped, "stopped"))


@router.post(
    "/v1/call/{run_id}/events",
    summary="Send an event into a call",
    status_code=202,
    responses={
        202: shown("It is in the call's record.", EventAccepted),
        **errors(400, 404, 409, 413),
    },
)
async def send_event(
    request: Request,
    run_id: str,
    body: Annotated[CallEvent, json_body(CallEvent, EVENT_EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Tells a call that is being dialled or spoken on what happened outside. `run_id` is the execution's id. What the call does with it is
    its agent's business; it stands in `callwright.events` of the execution and in the call's log either way."""

    async def work(services: Services) -> dict[str, Any]:
        event = await call_events.send_event(services, principal_of(request), run_id, body.event, body.properties)
        return {"status": "accepted", "event": event, "run_id": run_id}

    return await answer_once(request, idempotency_key, body.wire, work, 202)
