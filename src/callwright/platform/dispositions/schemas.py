"""Shapes of dispositions for the API description. Every one may carry further keys, which are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from callwright.api.reading import MOMENT, Asked, reads
from callwright.api.schemas import Open, Timestamp, declared, example
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_TRANSCRIPT_CHARACTERS
from callwright.domain.settings.setting import Kind, declared_in
from callwright.platform.dispositions.rules import AGENTS, CHANGES, SEVERAL, Disposition


class DispositionBody(Open):
    """A new disposition. At least one of `is_subjective` and `is_objective` must be true."""

    model_config = declared((*declared_in(Disposition), *AGENTS))


class DispositionBulk(Open):
    """Several new dispositions of one agent."""

    model_config = declared(SEVERAL)


class DispositionUpdate(Open):
    """The keys to change."""

    model_config = declared(CHANGES)


class DispositionView(Open):
    """A disposition as read."""

    model_config = declared(
        declared_in(Disposition),
        answer={
            "id": "1ba50e6b-16c7-46ff-ad8c-ae7b4562f297",
            "system_prompt": None,
            "category": "General",
            "model": "gpt-4.1-mini",
            "is_subjective": False,
            "is_objective": True,
            "subjective_type": "text",
            "subjective_type_config": None,
            "objective_options": [
                {"value": "yes", "condition": "The callee agreed"},
                {"value": "no", "condition": "The callee refused"},
            ],
            "name": "Confirmed",
            "question": "Did {customer_name} confirm the appointment?",
            "agent_ids": ["7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10"],
            "created_by": "771d1ccd-8e6b-40cd-910d-5c401902bd23",
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
        },
    )

    id: str
    agent_ids: list[str]
    created_by: str
    created_at: Timestamp
    updated_at: Timestamp


class DispositionAck(Open):
    """The answer to a change."""

    model_config = example(
        {"message": "Disposition updated successfully", "id": "1ba50e6b-16c7-46ff-ad8c-ae7b4562f297"}
    )

    message: str
    id: str


class DispositionBulkAck(Open):
    """The answer to several new dispositions: their ids in the order in which they came."""

    model_config = example(
        {
            "message": "Dispositions created successfully",
            "ids": ["1ba50e6b-16c7-46ff-ad8c-ae7b4562f297", "008e70e6-f0e7-44c5-b609-611ca6067431"],
        }
    )

    message: str
    ids: list[str]


def _transcript(given: Fields, name: str) -> str:
    return given.text(name, longest=MAX_TRANSCRIPT_CHARACTERS).strip()


def _call_date(given: Fields, name: str) -> datetime | None:
    """With its own offset: days are counted from it."""
    text = given.text(name).strip()
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise given.wrong(name, "an ISO 8601 time such as 2026-09-14T10:00:00+05:30") from None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


_TRANSCRIPT = Kind("a text", {"type": "string", "maxLength": MAX_TRANSCRIPT_CHARACTERS}, _transcript)


class DispositionTest(Asked):
    """A transcript to try dispositions on."""

    model_config = ConfigDict(json_schema_extra={"required": ["transcript"]})

    transcript: Annotated[str, reads(_TRANSCRIPT)] = ""
    call_date: Annotated[datetime | None, reads(Kind(MOMENT.words, MOMENT.schema, _call_date))] = Field(
        default=None, description="ISO 8601: when the call was, with its offset."
    )


class Validation(Open):
    """Whether an answer is of its type."""

    is_valid: bool
    expected_type: str


class DispositionResult(Open):
    """What came of one question."""

    subjective: str | None = Field(
        description='`""`: nothing was said about it; `"null"`: it does not apply; null: not subjective.'
    )
    objective: str | None = Field(description="The chosen value; within sub options the path to it, with ` > `.")
    confidence: float = Field(ge=0, le=1)
    confidence_label: str = Field(description="High from 0.8, Medium from 0.5, Low.")
    reasoning_subjective: str | None
    reasoning_objective: str | None
    validation: Validation | None
    objective_path: list[str] | None = Field(description="Our own: the values on the way to the chosen one.")
    evidence: str | None = Field(description="Our own: words of the transcript that show it.")
    second_choice: str | None = Field(
        description="Our own: what a small model chose when the options were turned round, if it differs."
    )
    answered: bool = Field(description="Our own: false when there is no answer, and `error` says why.")
    error: str | None


class DispositionTestResult(Open):
    """What dispositions found in a transcript."""

    model_config = example(
        {
            "extracted_data": {
                "General": {
                    "Confirmed": {
                        "subjective": None,
                        "objective": "yes",
                        "confidence": 0.9,
                        "confidence_label": "High",
                        "reasoning_subjective": None,
                        "reasoning_objective": "The callee agreed to Friday.",
                        "validation": None,
                        "objective_path": ["yes"],
                        "evidence": "Yes please.",
                        "second_choice": None,
                        "answered": True,
                        "error": None,
                    }
                }
            },
            "callwright": {"cost": 0, "usage": [], "failures": []},
        }
    )

    extracted_data: dict[str, dict[str, DispositionResult]] = Field(description="By category and name.")


TEST_EXAMPLE: dict[str, Any] = {
    "transcript": "assistant: May I confirm Friday?\nuser: Yes please.",
    "call_date": "2026-09-14T10:00:00+05:30",
}
EXAMPLE: dict[str, Any] = {
    "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "name": "Confirmed",
    "question": "Did {customer_name} confirm the appointment?",
    "is_objective": True,
    "objective_options": [
        {"value": "yes", "condition": "The callee agreed"},
        {"value": "no", "condition": "The callee refused"},
    ],
}
BULK_EXAMPLE: dict[str, Any] = {
    "agent_id": EXAMPLE["agent_id"],
    "dispositions": [{name: value for name, value in EXAMPLE.items() if name != "agent_id"}],
}
UPDATE_EXAMPLE: dict[str, Any] = {"agent_id": EXAMPLE["agent_id"], "question": "Was the appointment confirmed?"}
