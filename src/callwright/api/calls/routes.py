"""Routes of calls (contract 3.2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from callwright.actions import calls
from callwright.api.answers import answer, answer_bytes
from callwright.api.bodies import read_object
from callwright.api.calls.schemas import EXAMPLE, CallAccepted
from callwright.api.schemas import errors, json_body, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.execution import Execution
from callwright.insight.wire import encode

router = APIRouter(prefix="/call", tags=["calls"])


@router.post(
    "",
    summary="Place a call",
    responses={200: shown("The call waits for its turn.", CallAccepted), **errors(400, 404, 409, 413)},
    openapi_extra=json_body("CallBody", EXAMPLE),
)
async def place(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(description="The same key and body within 24 hours give the first answer again, and one call."),
    ] = None,
) -> Response:
    """Checks the agent and the number, writes the execution, and answers. The call is dialled as soon as there is room for it."""
    wire = await read_object(request)
    actions = services_of(request).actions
    return answer_bytes(await calls.place_call(actions, principal_of(request), wire, _accepted, idempotency_key))


def _accepted(execution: Execution) -> bytes:
    return encode(_body(execution, execution.status.value))


def _body(execution: Execution, status: str) -> dict[str, Any]:
    return {"message": "done", "status": status, "execution_id": execution.id, "run_id": execution.id}


@router.post(
    "/{execution_id}/stop",
    summary="Stop a call",
    responses={200: shown("Stopped, or asked to hang up.", CallAccepted), **errors(400, 404)},
)
async def stop(request: Request, execution_id: str) -> Response:
    """A waiting call becomes `stopped`. A live one is hung up by the process that runs it and ends as any call does, with `hangup_by`
    `API Request`; with the strict setting it is refused with 400, as the hosted service does."""
    stopped = await calls.stop_call(services_of(request).actions, principal_of(request), execution_id)
    return answer(_body(stopped, "stopped"))
