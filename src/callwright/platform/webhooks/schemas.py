"""Shapes of webhooks for the API description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from callwright.api.reading import MOMENT, Asked, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import not_among
from callwright.domain.limits import MAX_NAME_CHARACTERS, MAX_URL_CHARACTERS, MAX_WEBHOOKS_REPLAYED
from callwright.domain.settings.kinds import text
from callwright.platform.batches.rules.batch import batch_id_in
from callwright.platform.events.actions import TYPES
from callwright.platform.services import object_id
from callwright.platform.webhooks.rules.deliveries import WantedReplay

_NAME = text(MAX_NAME_CHARACTERS)
_STATUSES = tuple(sorted({one.partition(".")[2] for one in TYPES}))
RANGE_EXAMPLE: dict[str, Any] = {
    "from": "2026-11-24T00:00:00+00:00",
    "to": "2026-11-25T00:00:00+00:00",
    "statuses": ["completed"],
    "dry_run": True,
}
RESUME_EXAMPLE: dict[str, Any] = {"endpoint": "https://hooks.example.com/~3f9a1c2b"}


class ReplayBody(Asked):
    """Which webhooks. At least one of `from`, `execution_id` and `batch_id` is needed."""

    since: Annotated[datetime | None, reads(MOMENT)] = Field(
        default=None, alias="from", description="ISO 8601: changes from then on."
    )
    until: Annotated[datetime | None, reads(MOMENT)] = Field(
        default=None, alias="to", description="ISO 8601: changes before then."
    )
    execution_id: Annotated[str | None, reads(_NAME)] = None
    batch_id: Annotated[str | None, reads(_NAME)] = Field(default=None, description="The batch and its executions.")
    statuses: list[str] | None = Field(default=None, description="Only these.")
    states: list[Literal["delivered", "given_up"]] | None = Field(default=None, description="Only these; else both.")
    dry_run: bool = Field(default=False, description="Only count.")

    def wanted(self, tenant_id: str) -> WantedReplay:
        """The range. Raises BadInputError, or NotFoundError for an id that is none."""
        if self.since is None and self.execution_id is None and self.batch_id is None:
            raise BadInputError("name a range: from, execution_id or batch_id", field="from")
        for status in self.statuses or ():
            if status not in _STATUSES:
                raise not_among("statuses", _STATUSES, status, BadInputError)
        return WantedReplay(
            tenant_id,
            self.since,
            self.until,
            "" if self.execution_id is None else object_id(self.execution_id, "execution"),
            "" if self.batch_id is None else batch_id_in(self.batch_id) or self.batch_id,
            self.statuses,
            self.states or ("delivered", "given_up"),
        )


class ReplayView(Open):
    """How many webhooks a range has, and how many of them are sent again."""

    model_config = example({"matched": 412, "replayed": 0, "dry_run": True})

    matched: int = Field(description=f"More than {MAX_WEBHOOKS_REPLAYED} are refused.")
    replayed: int = Field(description="Fewer than `matched` where one is being sent just now.")
    dry_run: bool


class ReplayedView(Open):
    """A webhook that is sent again."""

    model_config = example({"id": "0b3c5a52-6f86-4d53-8f67-b0ad0e4a5a0e", "status": "completed", "state": "due"})

    id: str
    status: str
    state: str = Field(examples=["due"])


class ResumeBody(Asked):
    """A paused endpoint."""

    endpoint: Annotated[str, reads(text(MAX_URL_CHARACTERS))] = Field(
        description="`endpoint` as `GET /v1/callwright/webhooks/endpoints` shows it."
    )


class EndpointView(Open):
    """A webhook endpoint at which every try has failed since a time."""

    endpoint: str = Field(
        description="Scheme, host and port, and a digest of the rest of `webhook_url`, which may be secret."
    )
    state: str = Field(
        description="`failing`: each webhook is tried by its schedule; `paused`; `gone`: it answered 410."
    )
    failures: int = Field(description="Failed tries since `failing_since`.")
    failing_since: Timestamp
    last_failed_at: Timestamp
    last_reason: str
    paused_at: Timestamp | None
    next_probe_at: Timestamp | None = Field(
        description="When a paused one gets the next webhook, to see whether it answers."
    )
    waiting: int = Field(
        description="Webhooks that wait for it, without those that wait for an earlier one of their execution."
    )


class EndpointsView(Open):
    """Endpoints that fail. One that answers is not in the list."""

    model_config = example(
        {
            "data": [
                {
                    "endpoint": "https://hooks.example.com/~3f9a1c2b",
                    "state": "paused",
                    "failures": 214,
                    "failing_since": "2026-11-23T20:11:09.120000+00:00",
                    "last_failed_at": "2026-11-24T08:11:10.480000+00:00",
                    "last_reason": "HTTP 503",
                    "paused_at": "2026-11-24T08:11:10.480000+00:00",
                    "next_probe_at": "2026-11-24T08:26:10.480000+00:00",
                    "waiting": 118,
                }
            ]
        }
    )

    data: list[EndpointView]
