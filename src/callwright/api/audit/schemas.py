"""Shapes of the audit trail for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open


class AuditView(Open):
    """One change."""

    id: int
    at: str | None
    actor: str = Field(description="Id of the key, or `cli` or `system`.")
    action: str = Field(examples=["agent.changed"])
    object_type: str
    object_id: str
    before: dict[str, Any] | None = Field(description="What it was, as far as it changed; without secrets.")
    after: dict[str, Any] | None


class AuditPageView(Open):
    """One page of the trail, newest first."""

    data: list[AuditView]
    has_more: bool
    next_before: int | None = Field(description="`before` of the next page.")
