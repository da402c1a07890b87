"""Sub-accounts on the wire (contract 3.13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from callwright.domain.money import cents_from_nano
from callwright.insight.wire import wire_time
from callwright.platform.accounts.rules import SUB_ACCOUNT_PREFIX
from callwright.platform.sub_accounts.actions.sub_accounts import SubAccount
from callwright.platform.usage.actions import AccountUsage
from callwright.platform.usage.rules import (
    CALLS,
    LLM,
    NETWORK,
    NONE,
    PLATFORM,
    SYNTHESIZER,
    TRANSCRIBER,
    UsageKey,
    Used,
)

_MASKED_DIGITS = 28


def record(found: SubAccount) -> dict[str, Any]:
    """Every key of the hosted service's record. A key that is not shown has its form, so that clients that check it go on working."""
    tenant = found.tenant
    masked = found.secret is None
    last4 = "0000" if found.key is None else found.key.last4
    return {
        "id": tenant.id,
        "name": tenant.name,
        "user_id": tenant.id,
        "organization_id": tenant.parent_id,
        "api_key": f"{SUB_ACCOUNT_PREFIX}{'0' * _MASKED_DIGITS}{last4}" if masked else found.secret,
        "api_key_masked": masked,
        "min_concurrency": tenant.places.least,
        "max_concurrency": tenant.max_concurrency,
        "allow_concurrent_calls": tenant.max_concurrency,
        "multi_tenant": False,
        "db_host": None,
        "db_name": None,
        "db_port": None,
        "db_user": None,
        "db_password": None,
        "created_at": wire_time(tenant.created_at),
        "updated_at": wire_time(tenant.updated_at),
    }


def usage_record(found: AccountUsage) -> dict[str, Any]:
    """The usage of an account: seconds, characters, tokens, and cents that are exact, so that the parts sum to ``total_cost``."""
    lines = found.lines
    calls = {key: used for key, used in lines.items() if key.kind == CALLS}
    whole = _sum(calls.values())
    statuses = {key.model: used.records for key, used in calls.items() if used.records}
    for status, number in found.unfinished.items():
        statuses[status] = statuses.get(status, 0) + number
    llm = {key: used for key, used in lines.items() if key.kind == LLM}
    return {
        "from": wire_time(found.period.since),
        "to": wire_time(found.period.until),
        "total_records": sum(statuses.values()),
        "total_duration": Decimal(whole.amount).scaleb(-3),
        "total_cost": cents_from_nano(whole.cost_nano),
        "total_platform_cost": cents_from_nano(lines.get(UsageKey(PLATFORM), NONE).cost_nano),
        "total_telephony_cost": cents_from_nano(lines.get(UsageKey(NETWORK), NONE).cost_nano),
        "status_map": statuses,
        "synthesizer_cost_map": _by_model(found, SYNTHESIZER, "characters", 0),
        "transcriber_cost_map": _by_model(found, TRANSCRIBER, "duration", 3),
        "llm_cost_map": {"cost": cents_from_nano(_sum(llm.values()).cost_nano), "tokens": _tokens(llm)},
    }


def _sum(all_used: Iterable[Used]) -> Used:
    total = NONE
    for used in all_used:
        total = total.plus(used)
    return total


def _by_model(found: AccountUsage, kind: str, amount: str, decimals: int) -> dict[str, dict[str, Any]]:
    providers: dict[str, dict[str, Any]] = {}
    for key, used in found.lines.items():
        if key.kind == kind:
            shown = Decimal(used.amount).scaleb(-decimals) if decimals else used.amount
            row = {amount: shown, "cost": cents_from_nano(used.cost_nano)}
            providers.setdefault(key.provider or "unknown", {})[key.model or "unknown"] = row
    return providers


def _tokens(llm: Mapping[UsageKey, Used]) -> dict[str, dict[str, int]]:
    """By model, whoever runs it; a line without a model holds a cost alone."""
    models: dict[str, dict[str, int]] = {}
    for key, used in llm.items():
        if key.model:
            row = models.setdefault(key.model, {"input": 0, "output": 0})
            row["input"] += used.amount
            row["output"] += used.amount_output
    return models
