"""Shapes of orders to ask past calls again, for the API description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from callwright.api.reading import MOMENT, Asked, reads
from callwright.api.schemas import Open, example
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_EXTRACTIONS_AT_ONCE
from callwright.domain.settings.kinds import SWITCH, whole
from callwright.domain.settings.setting import Kind
from callwright.platform.executions.actions.schedule import moment


def _moment(given: Fields, name: str) -> Any:
    return moment(given.raw(name), name) if given.raw(name) != "" else None


_MOMENT = Kind(MOMENT.words, MOMENT.schema, _moment)


class AskAgainBody(Asked):
    """How one call is asked again."""

    force: Annotated[bool, reads(SWITCH)] = Field(
        default=False, description="Also when exactly the same was asked before and answered."
    )


class AskAllAgainBody(AskAgainBody):
    """Which calls of an agent are asked again."""

    dry_run: Annotated[bool, reads(SWITCH)] = Field(default=False, description="Only say which calls that would be.")
    limit: Annotated[int, reads(whole(1, MAX_EXTRACTIONS_AT_ONCE))] = Field(
        default=MAX_EXTRACTIONS_AT_ONCE, description="At most so many calls, the newest."
    )
    since: Annotated[datetime, reads(_MOMENT)] = Field(alias="from", description="ISO 8601; created from then on.")
    until: Annotated[datetime, reads(_MOMENT)] = Field(alias="to", description="ISO 8601; created until then.")


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
