"""What an execution tells of all its attempts together, and of each one. Its other views tell of the newest attempt alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from callwright.domain.money import cents_from_nano, cents_of
from callwright.insight.cost import CATEGORIES, LEGS
from callwright.insight.usage import no_usage
from callwright.insight.wire import kept_time
from callwright.platform.executions.rules.attempts import earlier_attempts, ended_attempt, is_between_attempts
from callwright.platform.executions.rules.execution import Execution

_NO_USAGE = no_usage()
_TIMES = ("initiated_at", "ringing_at", "answered_at", "ended_at")


def cost_breakdown(record: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's ``cost_breakdown`` (chapter 7) of all attempts: its legs sum to ``total_cost``."""
    costs = [one.get("cost_nano") or {} for one in (*earlier_attempts(record), record)]
    body: dict[str, Any] = dict(_cents((cost.get("legs") or {} for cost in costs), LEGS))
    for leg, names in CATEGORIES.items():
        shares = ((cost.get("categories") or {}).get(leg) or {} for cost in costs)
        body[f"{leg}_breakdown"] = _cents(shares, names)
    # A part of the network leg: calls to the targets of warm transfers.
    body["transfer_cost"] = cents_from_nano(sum(int(cost.get("transfer") or 0) for cost in costs))
    return body


def _cents(amounts: Iterable[Mapping[str, int]], names: Iterable[str]) -> dict[str, Decimal]:
    summed: dict[str, int] = {}
    for one in amounts:
        for name, nano in one.items():
            summed[name] = summed.get(name, 0) + int(nano)
    return cents_of(summed, names)


def usage(record: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's ``usage_breakdown`` (5.1) of all attempts; models and voices are those of the newest attempt that had any."""
    newest = record.get("usage_breakdown") or {}
    found: dict[str, Any] = {}
    for one in earlier_attempts(record):
        found = _added(found, one["usage_breakdown"] or {})
    return {**_NO_USAGE, **(_added(found, newest) if found else newest)}


def _added(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers are added, objects are joined, and of two texts the second counts unless it is empty."""
    found = dict(first)
    for name, value in second.items():
        there = found.get(name)
        if isinstance(value, Mapping):
            found[name] = _added(there or {}, value)
        elif isinstance(value, int | float) and isinstance(there, int | float):
            found[name] = round(there + value, 3)
        else:
            found[name] = there if there and not value else value
    return found


def retry_history(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The contract's ``retry_history``: how each attempt ended after which the call was scheduled again."""
    return [
        {"attempt": one["attempt"], "status": one["status"], "at": kept_time(one["at"])}
        for one in earlier_attempts(record)
    ]


def attempts(execution: Execution, public_url: str) -> list[dict[str, Any]]:
    """Every attempt of an execution that is or was retried, oldest first; none of one that was not."""
    rows = [dict(one) for one in earlier_attempts(execution.record)]
    if rows and not is_between_attempts(execution):
        rows.append(ended_attempt(execution, execution.status.value))
    return [_shown(row, f"{public_url}/recordings/call/{execution.id}") for row in rows]


def _shown(row: Mapping[str, Any], recordings: str) -> dict[str, Any]:
    return {
        "attempt": row["attempt"],
        "status": row["status"],
        **{name: kept_time(row[name]) for name in _TIMES},
        "conversation_duration": round(int(row["conversation_ms"] or 0) / 1000, 1),
        "total_cost": cents_from_nano(int(row["cost"])),
        "cost_breakdown": cents_of((row["cost_nano"] or {}).get("legs") or {}, LEGS),
        "answered_by_voice_mail": row["answered_by_voice_mail"],
        "transcript": f"{row['transcript']}\n" if row["transcript"] else row["transcript"],
        "summary": row["summary"],
        "extracted_data": row["extracted_data"],
        "error_message": row["error_message"],
        # Attempts that were stored by earlier versions have none.
        "decision": row.get("decision"),
        "provider_call_id": row["provider_call_id"],
        "hangup_by": row["hangup_by"],
        "hangup_reason": row["hangup_reason"],
        "hangup_provider_code": row["hangup_code"],
        "recording_url": f"{recordings}?attempt={row['attempt']}" if row["recording"] else None,
    }
