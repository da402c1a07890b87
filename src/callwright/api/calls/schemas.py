"""Shapes of placing and stopping a call for the API description (contract 3.2)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.settings.setting import Kind


class RetryConfig(Open):
    """Whether and when an unanswered call is tried again."""

    enabled: bool = False
    max_retries: int = Field(default=3, ge=1, le=3)
    retry_on_statuses: list[str] = Field(default=["no-answer", "busy", "failed"])
    retry_on_voicemail: bool = False
    retry_intervals_minutes: list[int] = Field(default=[30, 60, 120])


class CallBody(Open):
    """A call to place."""

    agent_id: str
    recipient_phone_number: str = Field(description="E.164, a `sip:` URI, or `loopback:<name>` for a synthetic caller.")
    from_phone_number: str | None = None
    agent_version_id: str | None = Field(
        default=None, description="Calls are made with the agent as it is: any value but null is refused."
    )
    scheduled_at: str | None = Field(
        default=None, description="ISO 8601; a time without an offset (`+05:30`) is in UTC. Default: now."
    )
    user_data: dict[str, Any] | None = Field(default=None, description="Variables of prompts; at most 25 KB of JSON.")
    agent_data: dict[str, Any] | None = Field(
        default=None, description="`voice_id`: another voice of the same provider."
    )
    sip_headers: dict[str, str] | None = Field(
        default=None, description="Custom headers (X-...) of the call's INVITE; our own key."
    )
    retry_config: RetryConfig | None = None
    bypass_call_guardrails: bool = False


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
