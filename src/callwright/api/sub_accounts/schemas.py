"""Shapes of sub-accounts for the API description (contract 3.13)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from callwright.actions.schedule import moment
from callwright.actions.usage import TOO_LATE, Period, read_period
from callwright.api.reading import MOMENT, AskedQuery, reads
from callwright.api.schemas import Open, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.settings.setting import Kind

_USAGE: dict[str, Any] = {
    "from": "2026-11-01T00:00:00.000000",
    "to": "2026-11-25T00:00:00.000000",
    "total_records": 3,
    "total_duration": 94.5,
    "total_cost": 4.19,
    "total_platform_cost": 4,
    "total_telephony_cost": 0,
    "status_map": {"completed": 2, "scheduled": 1},
    "synthesizer_cost_map": {"local": {"piper": {"characters": 940, "cost": 0}}},
    "transcriber_cost_map": {"local": {"unknown": {"duration": 94.5, "cost": 0}}},
    "llm_cost_map": {"cost": 0.19, "tokens": {"gpt-4.1-mini": {"input": 2140, "output": 310}}},
}


def _end(given: Fields, name: str) -> datetime:
    """A date, however ISO 8601 writes it (``2026-11-27``, ``20261127``, ``2026-W48-5``), means its end."""
    text = given.text(name)
    found = moment(text, name)
    try:
        date.fromisoformat(text)
    except ValueError:
        return found
    try:
        return found + timedelta(days=1)
    except OverflowError:
        raise BadInputError(f"{name} {TOO_LATE}", field=name) from None


class UsageQuery(AskedQuery):
    """Of which period."""

    since: Annotated[datetime | None, reads(MOMENT)] = Field(
        default=None, alias="from", description="ISO 8601; by default the first of this month, UTC."
    )
    until: Annotated[datetime | None, reads(Kind(MOMENT.words, MOMENT.schema, _end))] = Field(
        default=None, alias="to", description="ISO 8601; by default the end of today, UTC; a date means its end."
    )

    def period(self, now: datetime) -> Period:
        """The period. Raises BadInputError."""
        return read_period(self.since, self.until, now)


class SubAccountBody(Open):
    """A sub-account to make. `min_concurrency` or `max_concurrency` is required, or the older `allow_concurrent_calls`."""

    name: str
    min_concurrency: int | None = Field(
        default=None, ge=0, description="Calls at once that are guaranteed to it; 0 without."
    )
    max_concurrency: int | None = Field(
        default=None,
        ge=0,
        description="Calls at once it may have; null: as many as the organisation has room for; 0: paused.",
    )
    allow_concurrent_calls: int | None = Field(default=None, deprecated=True, description="Older name of the maximum.")
    multi_tenant: bool = Field(default=False, description="Only false: databases of their own are not possible.")


class SubAccountPatch(Open):
    """What to change; what is absent stays."""

    name: str | None = None
    min_concurrency: int | None = Field(default=None, ge=0)
    max_concurrency: int | None = Field(default=None, ge=0, description="null: elastic; 0: paused.")
    allow_concurrent_calls: int | None = Field(default=None, deprecated=True)


class SubAccountView(Open):
    """A sub-account."""

    model_config = example(
        {
            "id": "159a1ffa-45a6-4a8f-a893-e1a2195ada29",
            "name": "Branch",
            "user_id": "159a1ffa-45a6-4a8f-a893-e1a2195ada29",
            "organization_id": "00000000-0000-4000-8000-000000000001",
            "api_key": "sa-0000000000000000000000000000d833",
            "api_key_masked": True,
            "min_concurrency": 0,
            "max_concurrency": 1,
            "allow_concurrent_calls": 1,
            "multi_tenant": False,
            "db_host": None,
            "db_name": None,
            "db_port": None,
            "db_user": None,
            "db_password": None,
            "created_at": "2026-11-24T16:31:07.193399",
            "updated_at": "2026-11-24T16:31:07.193399",
        }
    )

    id: str
    name: str
    user_id: str
    organization_id: str
    api_key: str | None = Field(
        description="In clear when it was just made. In lists masked: `sa-`, zeros and its last four characters."
    )
    api_key_masked: bool = Field(description="Whether `api_key` is not the key itself.")
    min_concurrency: int
    max_concurrency: int | None
    allow_concurrent_calls: int | None
    multi_tenant: bool
    created_at: str
    updated_at: str | None


class UsageView(Open):
    """What an account used in a period. Costs are exact cents: `total_cost` is the sum of all parts."""

    model_config = example(_USAGE)

    start: str = Field(
        alias="from", description="Naive UTC; the period that was asked for, widened to quarters of an hour."
    )
    end: str = Field(alias="to")
    total_records: int
    total_duration: float = Field(description="Seconds of conversation.")
    total_cost: float
    total_platform_cost: float
    total_telephony_cost: float
    status_map: dict[str, int]
    synthesizer_cost_map: dict[str, dict[str, Any]] = Field(description="`{provider: {model: {characters, cost}}}`.")
    transcriber_cost_map: dict[str, dict[str, Any]] = Field(description="`{provider: {model: {duration, cost}}}`.")
    llm_cost_map: dict[str, Any] = Field(description="`{cost, tokens: {model: {input, output}}}`.")


class SubAccountState(Open):
    """What is ours of a sub-account's usage."""

    deleted_at: str | None = Field(description="When the sub-account was deleted; null while it exists.")


class SubAccountUsageView(UsageView):
    """The same of a sub-account."""

    model_config = example(
        {
            "sub_account_id": "159a1ffa-45a6-4a8f-a893-e1a2195ada29",
            "sub_account_name": "Branch",
            **_USAGE,
            "callwright": {"deleted_at": None},
        }
    )

    sub_account_id: str
    sub_account_name: str
    callwright: SubAccountState


EXAMPLE: dict[str, Any] = {"name": "north-branch", "min_concurrency": 2, "max_concurrency": 6}
PATCH_EXAMPLE: dict[str, Any] = {"name": "north-branch", "max_concurrency": 8}
