"""Shapes of the audit trail for the API description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import MOMENT, AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_PAGE_SIZE
from callwright.domain.settings.kinds import text, whole
from callwright.platform.audit.rules import AuditFilter

_LARGEST = 2**62
_NAME = text(MAX_NAME_CHARACTERS)


class AuditQuery(AskedQuery):
    """Which entries."""

    page_size: Annotated[int, reads(whole(1, _LARGEST))] = Field(default=20, description="Larger than 50 is 50.")
    before: Annotated[int, reads(whole(1, _LARGEST))] = Field(
        default=_LARGEST, description="Entries with an id below this one: `next_before` of a page."
    )
    object_type: Annotated[str | None, reads(_NAME)] = Field(
        default=None, description="Such as `agent`, `execution`, `key`."
    )
    object_id: Annotated[str | None, reads(_NAME)] = Field(default=None, description="Changes of one object.")
    actor: Annotated[str | None, reads(_NAME)] = Field(default=None, description="Id of a key: what was done with it.")
    since: Annotated[datetime | None, reads(MOMENT)] = Field(default=None, alias="from", description="ISO 8601.")
    until: Annotated[datetime | None, reads(MOMENT)] = Field(default=None, alias="to", description="ISO 8601.")

    @property
    def size(self) -> int:
        """How many entries a page has."""
        return min(MAX_PAGE_SIZE, self.page_size)

    def narrow(self) -> AuditFilter:
        """Which of the entries."""
        return AuditFilter(self.before, self.object_type, self.object_id, self.actor, self.since, self.until)


class AuditView(Open):
    """One change."""

    id: int
    at: Timestamp | None
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
                    "at": "2026-11-24T16:31:07.193399+00:00",
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
