"""Shapes of the audit trail for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, example


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

    model_config = example(
        {
            "data": [
                {
                    "id": 47,
                    "at": "2026-11-24T16:31:07.193399",
                    "actor": "771d1ccd-8e6b-40cd-910d-5c401902bd23",
                    "action": "sub_account.changed",
                    "object_type": "sub_account",
                    "object_id": "159a1ffa-45a6-4a8f-a893-e1a2195ada29",
                    "before": {"name": "Branch", "min_concurrency": 0, "max_concurrency": 1},
                    "after": {"name": "Branch", "min_concurrency": 0, "max_concurrency": 4},
                }
            ],
            "has_more": True,
            "next_before": 47,
        }
    )

    data: list[AuditView]
    has_more: bool
    next_before: int | None = Field(description="`before` of the next page.")
