"""What calls add to the usage of their account: counts, durations, amounts and costs, in lines that are summed by quarters of an hour.

A line's key says what it counts: a call by its status, a leg of the cost, or the work of one recogniser, voice or model. All lines of one
kind of an account over a period, summed, are its usage of that kind (contract 3.13). A quarter of an hour is the finest time at which every
time zone's midnight falls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.platform.executions.rules.attempts import earlier_attempts
from callwright.platform.executions.rules.execution import Execution, Phase

QUARTER = timedelta(minutes=15)

CALLS = "calls"
"""Calls of one status (in ``model``): their number, duration and whole cost."""
PLATFORM, NETWORK = "platform", "network"
"""Costs of these legs."""
TRANSCRIBER, SYNTHESIZER, LLM = "transcriber", "synthesizer", "llm"
"""Work of one provider's model and its cost: milliseconds heard, characters said, tokens read and written."""


@dataclass(frozen=True, slots=True)
class UsageKey:
    """What a line counts."""

    kind: str
    provider: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """How much: ``amount`` by the kind of the line, ``amount_output`` tokens written, ``cost_nano`` nano-cents."""

    records: int = 0
    amount: int = 0
    amount_output: int = 0
    cost_nano: int = 0

    def plus(self, other: Used, times: int = 1) -> Used:
        """The sum."""
        return Used(
            self.records + times * other.records,
            self.amount + times * other.amount,
            self.amount_output + times * other.amount_output,
            self.cost_nano + times * other.cost_nano,
        )


NONE = Used()


def quarter_of(moment: datetime) -> datetime:
    """The beginning of the quarter of an hour in which ``moment`` (aware) lies, in UTC."""
    at = moment.astimezone(UTC)
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def quarter_after(moment: datetime) -> datetime:
    """The first beginning of a quarter of an hour that is not before ``moment``."""
    began = quarter_of(moment)
    return began if began == moment.astimezone(UTC) else began + QUARTER


def contribution(execution: Execution) -> dict[UsageKey, Used]:
    """What an execution adds to the usage of its account, all its attempts together: nothing until it is done."""
    if execution.phase is not Phase.DONE:
        return {}
    spent = spent_by(execution)
    calls = UsageKey(CALLS, model=execution.status.value)
    found = {calls: Used(records=1, amount=spent["conversation_ms"], cost_nano=spent["cost"])}
    for leg in (PLATFORM, NETWORK):
        _add(found, UsageKey(leg), Used(cost_nano=spent[leg]))
    for line in spent["lines"]:
        key = UsageKey(line["leg"], line["provider"], line["model"])
        _add(found, key, Used(0, int(line["amount"]), int(line["amount_output"]), int(line["cost"])))
    return found


def spent_by(execution: Execution) -> dict[str, Any]:
    """What all attempts of an execution have used so far: ``conversation_ms``, ``cost``, ``platform`` and ``network`` in nano-cents, and
    ``lines`` like ``usage_lines`` of a record."""
    spent: dict[str, Any] = {
        "conversation_ms": 0,
        "cost": execution.total_cost_nano,
        PLATFORM: 0,
        NETWORK: 0,
        "lines": [],
    }
    for record in (*earlier_attempts(execution.record), execution.record):
        legs: Mapping[str, Any] = (record.get("cost_nano") or {}).get("legs") or {}
        spent["conversation_ms"] += int(record.get("conversation_ms") or 0)
        for leg in (PLATFORM, NETWORK):
            spent[leg] += int(legs.get(leg) or 0)
        spent["lines"] += usage_lines(record)
    return spent


def usage_lines(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Who did how much in a call and what it cost."""
    return record.get("usage_lines") or ()


def _add(found: dict[UsageKey, Used], key: UsageKey, used: Used) -> None:
    if used != NONE:
        found[key] = found.get(key, NONE).plus(used)


def change_of_usage(before: Execution, after: Execution) -> dict[UsageKey, Used]:
    """What a change of an execution adds to the usage, and takes from it: a call tried again, or with a record written anew, is not
    counted twice. In the order of the keys; empty for nearly every change."""
    if before.phase is not Phase.DONE and after.phase is not Phase.DONE:
        return {}
    changed = contribution(after)
    for key, used in contribution(before).items():
        changed[key] = changed.get(key, NONE).plus(used, -1)
    return {key: used for key, used in changed.items() if used != NONE}
