"""Shapes of sub-accounts for the API description (contract 3.13)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open


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

    sub_account_id: str
    sub_account_name: str
    callwright: SubAccountState


EXAMPLE: dict[str, Any] = {"name": "north-branch", "min_concurrency": 2, "max_concurrency": 6}
PATCH_EXAMPLE: dict[str, Any] = {"max_concurrency": None}
