"""Shapes of placing and stopping a call for the API description (contract 3.2)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, declared, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.settings.setting import Kind
from callwright.platform.calls.actions.calls import CALL


class CallBody(Open):
    """A call to place."""

    model_config = declared(CALL)


class CallAccepted(Open):
    """The call is in the ledger."""

    model_config = example(
        {
            "message": "done",
            "status": "queued",
            "execution_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
            "run_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
        }
    )

    message: str
    status: str
    execution_id: str
    run_id: str
    callwright: dict[str, Any] | None = Field(
        default=None, description="Of a call that was placed: `sandbox` and `stand_ins`, as its execution has them."
    )


def _event(given: Fields, name: str) -> str:
    found = given.raw(name)
    if not isinstance(found, str) or not found.strip():
        raise BadInputError(f"{name} is required: the name of what happened", field=name)
    found = found.strip()
    if len(found) > MAX_NAME_CHARACTERS or not found.isprintable():
        raise BadInputError(f"{name} must be at most {MAX_NAME_CHARACTERS} printable characters", field=name)
    return found


def _properties(given: Fields, name: str) -> dict[str, Any]:
    if not isinstance(given.raw(name), dict):
        raise BadInputError(f"{name} must be an object", field=name)
    found: dict[str, Any] = given.raw(name)
    return found


class CallEvent(Asked):
    """Something that happened outside the call."""

    model_config = ConfigDict(json_schema_extra={"required": ["event"]})

    event: Annotated[str, reads(Kind("a name", {"type": "string", "maxLength": MAX_NAME_CHARACTERS}, _event))] = Field(
        default="", validate_default=True, description="Its name."
    )
    properties: Annotated[dict[str, Any], reads(Kind("an object", {"type": "object"}, _properties))] = Field(
        default_factory=dict, description="At most 25 KB of JSON."
    )


class EventAccepted(Open):
    """The event is in the call's record."""

    model_config = example(
        {"status": "accepted", "event": "payment_completed", "run_id": "0c62bce5-0900-4ba2-8d9b-fe63144a5017"}
    )

    status: str
    event: str
    run_id: str


EVENT_EXAMPLE: dict[str, Any] = {"event": "payment_completed", "properties": {"ref": "T-77"}}

EXAMPLE: dict[str, Any] = {
    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "recipient_phone_number": "loopback:demo",
    "user_data": {"customer_name": "Ada", "appointment_day": "Tuesday"},
}
