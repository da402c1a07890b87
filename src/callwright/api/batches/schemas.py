"""Shapes of batches for the API description (contract 10)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, UploadedFile, example


class BatchForm(Open):
    """A list of contacts to call."""

    agent_id: str
    file: UploadedFile = Field(
        description="CSV in UTF-8 with a header; `contact_number` (E.164, a `sip:` URI or `loopback:<name>`) and any other columns."
    )
    from_phone_numbers: list[str] | None = Field(default=None, description="Repeat the field; used in turn.")
    from_phone_number: str | None = Field(default=None, description="The older form, for one number.")
    retry_config: str | None = Field(default=None, description="JSON text of a RetryConfig.")
    webhook_url: str | None = Field(
        default=None, description="Is told of every status of the batch; ignored when it is no URL."
    )


class BatchCreated(Open):
    """The list was read and is staged."""

    model_config = example({"batch_id": "5c96ca94b56440e0b0e02845e311ce97", "state": "created"})

    batch_id: str
    state: str


class RefusedRowView(Open):
    """A row that cannot be called."""

    line: int
    reason: str


class BatchSums(Open):
    """What the hosted service does not tell."""

    waiting: int = Field(
        description="Contacts that wait in the batch; the others are executions in the queue, under way or over."
    )
    answered: int
    conversation_duration: float = Field(description="Seconds from answer to end, of all calls together, to a tenth.")
    total_cost: float = Field(description="Cents, of all calls together.")
    refused_contacts: int
    refused_rows: list[RefusedRowView] = Field(description="The first of them.")


class BatchView(Open):
    """A batch and how far it is."""

    model_config = example(
        {
            "batch_id": "5c96ca94b56440e0b0e02845e311ce97",
            "humanized_created_at": "1 minute ago",
            "created_at": "2026-11-24T16:31:07.193399",
            "updated_at": "2026-11-24T16:31:10.768001",
            "status": "running",
            "scheduled_at": "2026-11-24T16:31:09+00:00",
            "from_phone_number": None,
            "from_phone_numbers": ["+15550100"],
            "file_name": "list.csv",
            "valid_contacts": 2,
            "total_contacts": 3,
            "execution_status": {"completed": 1, "ringing": 1},
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "webhook_url": None,
            "retry_config": {
                "enabled": True,
                "max_retries": 3,
                "retry_on_statuses": ["no-answer", "busy", "failed"],
                "retry_on_voicemail": False,
                "retry_intervals_minutes": [30, 60, 120],
            },
            "bypass_call_guardrails": False,
            "callwright": {
                "waiting": 0,
                "answered": 1,
                "conversation_duration": 3.4,
                "total_cost": 2,
                "refused_contacts": 1,
                "refused_rows": [
                    {
                        "line": 4,
                        "reason": "contact_number is not a valid phone number: '12'; use "
                        "E.164, a + followed by 7 to 15 digits, such as "
                        "+15550100123",
                    }
                ],
            },
        }
    )

    batch_id: str
    humanized_created_at: str
    created_at: str
    updated_at: str
    status: str = Field(description="created, processed, scheduled, queued, running, completed, stopped or failed.")
    scheduled_at: str | None
    from_phone_number: str | None
    from_phone_numbers: list[str]
    file_name: str
    valid_contacts: int
    total_contacts: int
    execution_status: dict[str, int]
    agent_id: str
    callwright: BatchSums


class ScheduleForm(Open):
    """When a batch starts."""

    scheduled_at: str = Field(description="ISO 8601 with an offset (`+05:30`, or `+00:00` for UTC).")
    bypass_call_guardrails: bool = False


CREATE_EXAMPLE: dict[str, Any] = {
    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "file": "contact_number,customer_name\nloopback:demo,Ada\n",
    "from_phone_numbers": ["+15550100"],
}
SCHEDULE_EXAMPLE: dict[str, Any] = {"scheduled_at": "2027-01-15T09:30:00+00:00"}
