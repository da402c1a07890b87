"""What calls add to the usage of their account, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.rows import execution_row

from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.usage.rules import (
    CALLS,
    LLM,
    NETWORK,
    PLATFORM,
    SYNTHESIZER,
    TRANSCRIBER,
    UsageKey,
    Used,
    change_of_usage,
    contribution,
    quarter_after,
    quarter_of,
)

RECORD = {
    "conversation_ms": 61_500,
    "cost_nano": {"legs": {"transcriber": 1, "llm": 20, "synthesizer": 300, "network": 4_000, "platform": 0}},
    "usage_lines": [
        {"leg": "transcriber", "provider": "p", "model": "ears", "amount": 60_000, "amount_output": 0, "cost": 1},
        {"leg": "llm", "provider": "p", "model": "m", "amount": 500, "amount_output": 60, "cost": 20},
        {"leg": "synthesizer", "provider": "p", "model": "v", "amount": 80, "amount_output": 0, "cost": 200},
        {"leg": "synthesizer", "provider": "q", "model": "v", "amount": 20, "amount_output": 0, "cost": 100},
    ],
}


def done(**changes: Any) -> Execution:
    state: dict[str, Any] = {"phase": Phase.DONE, "detail": "completed", "status": Status.COMPLETED}
    return replace(execution_row(), **{**state, "total_cost_nano": 4_321, "record": RECORD, **changes})


def test_a_call_that_is_done_adds_what_it_used() -> None:
    assert contribution(done()) == {
        UsageKey(CALLS, model="completed"): Used(1, 61_500, 0, 4_321),
        UsageKey(NETWORK): Used(cost_nano=4_000),
        UsageKey(TRANSCRIBER, "p", "ears"): Used(0, 60_000, 0, 1),
        UsageKey(LLM, "p", "m"): Used(0, 500, 60, 20),
        UsageKey(SYNTHESIZER, "p", "v"): Used(0, 80, 0, 200),
        UsageKey(SYNTHESIZER, "q", "v"): Used(0, 20, 0, 100),
    }
    assert UsageKey(PLATFORM) not in contribution(done()), "what is nothing is not counted"


def test_a_call_that_was_never_dialled_is_counted_and_costs_nothing() -> None:
    stopped = done(detail="stopped", status=Status.STOPPED, total_cost_nano=0, record={})
    assert contribution(stopped) == {UsageKey(CALLS, model="stopped"): Used(records=1)}


def test_a_call_counts_when_it_is_done_and_not_before() -> None:
    finishing = done(phase=Phase.FINISHING, detail="", status=Status.CALL_DISCONNECTED)
    assert change_of_usage(execution_row(), finishing) == {}
    assert change_of_usage(finishing, done()) == contribution(done())


def test_a_call_that_is_tried_again_is_taken_back_and_counted_anew() -> None:
    missed = done(detail="no-answer", status=Status.NO_ANSWER, record={}, total_cost_nano=5)
    waiting = replace(execution_row(), detail="scheduled", status=Status.SCHEDULED)
    assert change_of_usage(missed, waiting) == {UsageKey(CALLS, model="no-answer"): Used(-1, 0, 0, -5)}


def test_a_record_that_is_written_anew_counts_by_what_changed() -> None:
    after = done(total_cost_nano=4_400, record={**RECORD, "conversation_ms": 61_000})
    assert change_of_usage(done(), after) == {UsageKey(CALLS, model="completed"): Used(0, -500, 0, 79)}
    assert change_of_usage(done(), done()) == {}


def test_quarters_of_an_hour_hold_every_midnight() -> None:
    at = datetime(2026, 3, 1, 12, 44, 59, 999_999, UTC)
    assert quarter_of(at) == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert quarter_after(at) == datetime(2026, 3, 1, 12, 45, tzinfo=UTC)
    for minutes in (0, 60, 330, 345, -570, 765):
        midnight = datetime(2026, 3, 1, tzinfo=timezone(timedelta(minutes=minutes)))
        assert quarter_of(midnight) == quarter_after(midnight) == midnight
