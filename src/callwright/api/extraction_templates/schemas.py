"""Shapes of extraction templates for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.provider_table import DISPOSITION_MODEL

_TEMPLATE: dict[str, Any] = {
    "id": "7d819f66-a40c-4577-8a69-a9e9d04b2935",
    "instructions": "Fill in the agreed day.",
    "model": "gpt-4.1-mini",
    "inputs": None,
    "keys": None,
    "display": True,
    "supports_custom_questions": False,
    "name": "Appointment",
    "json_schema": {"type": "object", "properties": {"day": {"type": "string"}}},
    "created_at": "2026-11-24T16:31:07.193399+00:00",
    "updated_at": "2026-11-24T16:31:07.193399+00:00",
}


class TemplateBody(Open):
    """A template as the hosted service's older tools send it."""

    name: str
    json_schema: dict[str, Any]
    instructions: str | None = None
    model: str = DISPOSITION_MODEL
    inputs: dict[str, Any] | None = None
    keys: dict[str, Any] | None = None
    display: bool = True
    supports_custom_questions: bool = False


class TemplateUpdate(Open):
    """The keys to change."""

    name: str | None = None
    json_schema: dict[str, Any] | None = None


class TemplateView(TemplateBody):
    """A template as read."""

    id: str
    created_at: Timestamp
    updated_at: Timestamp


class OneTemplate(Open):
    """A template in its wrapping."""

    model_config = example({"data": _TEMPLATE})

    data: TemplateView


class AllTemplates(Open):
    """Templates in their wrapping."""

    model_config = example({"data": [_TEMPLATE]})

    data: list[TemplateView]


class TemplateDeleted(Open):
    """It is gone."""

    model_config = example({"message": "Template deleted successfully"})

    message: str = Field(examples=["Template deleted successfully"])


EXAMPLE: dict[str, Any] = {
    "name": "Appointment",
    "json_schema": {"type": "object", "properties": {"day": {"type": "string"}}},
    "instructions": "Fill in the agreed day.",
}
UPDATE_EXAMPLE: dict[str, Any] = {"name": "Appointments"}
