"""Shapes of extraction templates for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open


class TemplateBody(Open):
    """A template as the hosted service's older tools send it."""

    name: str
    json_schema: dict[str, Any]
    instructions: str | None = None
    model: str = "gpt-4.1-mini"
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
    created_at: str
    updated_at: str


class OneTemplate(Open):
    """A template in its wrapping."""

    data: TemplateView


class AllTemplates(Open):
    """Templates in their wrapping."""

    data: list[TemplateView]


class TemplateDeleted(Open):
    """It is gone."""

    message: str = Field(examples=["Template deleted successfully"])


EXAMPLE: dict[str, Any] = {
    "name": "Appointment",
    "json_schema": {"type": "object", "properties": {"day": {"type": "string"}}},
    "instructions": "Fill in the agreed day.",
}
UPDATE_EXAMPLE: dict[str, Any] = {"name": "Appointments"}
