"""Shapes of sub-accounts for the API description (contract 3.13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from callwright.api.reading import MOMENT, Asked, AskedQuery, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_CONCURRENCY, MAX_NAME_CHARACTERS
from callwright.domain.settings.kinds import SWITCH, whole
from callwright.domain.settings.setting import Kind
from callwright.platform.executions.actions.schedule import moment
from callwright.platform.sub_accounts.rules import Places
from callwright.platform.usage.actions import TOO_LATE, Period, read_period

_USAGE: dict[str, Any] = {
    "from": "2026-11-01T00:00:00.000000+00:00",
    "to": "2026-11-25T00:00:00.000000+00:00",
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


def _name(given: Fields, name: str) -> str:
    found = given.text(name, longest=MAX_NAME_CHARACTERS).strip()
    if not found or not found.isprintable():
        raise BadInputError(f"{name} is required: 1 to {MAX_NAME_CHARACTERS} printable characters", field=name)
    return found


_NAME = Kind("a name", {"type": "string", "maxLength": MAX_NAME_CHARACTERS}, _name)
_Calls = Annotated[int, reads(whole(0, MAX_CONCURRENCY))] | None
_MAXIMUM = {"max_concurrency", "allow_concurrent_calls"}
_OWN_DATABASE = ("db_host", "db_name", "db_port", "db_user", "db_password")


class SubAccountPatch(Asked):
    """What to change; what is absent stays."""

    name: Annotated[str | None, reads(_NAME)] = None
    min_concurrency: _Calls = Field(default=None, description="Calls at once that are guaranteed to it.")
    max_concurrency: _Calls = Field(
        default=None,
        description="Calls at once it may have; null: as many as the organisation has room for; 0: paused.",
    )
    allow_concurrent_calls: _Calls = Field(
        default=None, description="Older name of the maximum.", json_schema_extra={"deprecated": True}
    )

    @model_validator(mode="before")
    @classmethod
    def _with_one_maximum(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The older name is ignored beside the newer one, also where that is null."""
        older = {"allow_concurrent_calls"} if "max_concurrency" in given else ()
        return {name: one for name, one in given.items() if name not in older}

    @property
    def most(self) -> int | None:
        """The maximum. None also where the body names none."""
        return self.allow_concurrent_calls if self.max_concurrency is None else self.max_concurrency

    @property
    def changes(self) -> dict[str, Any]:
        """What it names."""
        named = self.model_dump(include={"name", "min_concurrency"}, exclude_unset=True)
        return {**named, "max_concurrency": self.most} if self.wire.keys() & _MAXIMUM else named


class SubAccountBody(SubAccountPatch):
    """A sub-account to make. `min_concurrency` or `max_concurrency` is required, or the older `allow_concurrent_calls`."""

    model_config = ConfigDict(json_schema_extra={"required": ["name"]})

    name: Annotated[str, reads(_NAME)] = Field(default="", validate_default=True)
    multi_tenant: Annotated[bool, reads(SWITCH)] = Field(
        default=False, description="Only false: databases of their own are not possible."
    )

    @property
    def places(self) -> Places:
        """Its places. Raises BadInputError where the body names none, or a database."""
        if not self.wire.keys() & {"min_concurrency", *_MAXIMUM}:
            raise BadInputError(
                "Bad request. Please provide min_concurrency and/or max_concurrency.", field="min_concurrency"
            )
        if self.multi_tenant or any(self.wire.get(field) not in (None, "") for field in _OWN_DATABASE):
            raise BadInputError(
                "databases of their own are not possible for sub-accounts here; leave out multi_tenant and db_*,"
                " their data is apart anyway",
                field="multi_tenant",
            )
        return Places(self.min_concurrency or 0, self.most)


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
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
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
    created_at: Timestamp
    updated_at: Timestamp | None


class UsageView(Open):
    """What an account used in a period. Costs are exact cents: `total_cost` is the sum of all parts."""

    model_config = example(_USAGE)

    start: Timestamp = Field(alias="from", description="The period that was asked for, widened to quarters of an hour.")
    end: Timestamp = Field(alias="to")
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

    deleted_at: Timestamp | None = Field(description="When the sub-account was deleted; null while it exists.")


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
