"""Shapes of extraction templates for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, Timestamp, declared, example
from callwright.domain.settings.setting import changes
from callwright.platform.extraction_templates.actions import TEMPLATE

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

    model_config = declared(TEMPLATE)


class TemplateUpdate(Open):
    """The keys to change."""

    model_config = declared(changes(TEMPLATE))


class TemplateView(Open):
    """A template as read."""

    model_config = declared(TEMPLATE, answer=_TEMPLATE)

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
