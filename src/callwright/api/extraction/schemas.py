"""Shapes of orders to ask past calls again, for the API description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, example


class AskAgainBody(Open):
    """How one call is asked again."""

    force: bool = Field(default=False, description="Also when exactly the same was asked before and answered.")


class AskAllAgainBody(AskAgainBody):
    """Which calls of an agent are asked again."""

    since: str | None = Field(default=None, alias="from", description="ISO 8601; created from then on. Required.")
    until: str | None = Field(default=None, alias="to", description="ISO 8601; created until then. Required.")
    limit: int = Field(default=200, description="At most so many calls, the newest; at most 200.")
    dry_run: bool = Field(default=False, description="Only say which calls that would be.")


class AskedAgain(Open):
    """The order."""

    model_config = example(
        {
            "message": "queued",
            "run": "91233b6f-91bb-4335-805a-1ddf02303953",
            "execution_ids": ["0c62bce5-0900-4ba2-8d9b-fe63144a5017"],
            "left_out": 0,
        }
    )

    message: str = Field(examples=["queued"])
    run: str | None = Field(
        description="Its id: the name of what it finds in `callwright.extraction.runs` of each call."
    )
    execution_ids: list[str]
    left_out: int = Field(
        description="Calls of the period that are not asked: beyond the limit, not completed, or waiting already."
    )


ONE_EXAMPLE: dict[str, Any] = {"force": False}
ALL_EXAMPLE: dict[str, Any] = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-08T00:00:00Z", "limit": 100}
