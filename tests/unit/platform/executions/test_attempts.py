"""What is kept of the attempts before the present one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.rows import execution_row, seconds_after

from callwright.platform.executions.rules.attempts import (
    EARLIER,
    attempt_cost,
    earlier_attempts,
    earlier_cost,
    ended_attempt,
    is_between_attempts,
    is_earlier,
    recording_name,
)
from callwright.platform.executions.rules.execution import Execution, Status


def after_one_attempt(**changes: Any) -> Execution:
    """A call whose first attempt cost 5 and was not answered."""
    first = replace(
        execution_row(),
        attempt=1,
        status=Status.NO_ANSWER,
        total_cost_nano=5,
        ended_at=seconds_after(40),
        hangup_reason="Call unanswered",
        record={"conversation_ms": 0, "line": {"large": "object"}},
    )
    return replace(first, record={EARLIER: [ended_attempt(first, "no-answer")]}, **changes)


def test_an_entry_tells_of_the_attempt_and_leaves_out_what_is_large() -> None:
    (entry,) = earlier_attempts(after_one_attempt().record)
    assert (entry["attempt"], entry["status"], entry["cost"]) == (1, "no-answer", 5)
    assert entry["at"] == entry["ended_at"] == seconds_after(40).isoformat()
    assert (entry["hangup_reason"], entry["answered_at"], entry["transcript"]) == ("Call unanswered", None, None)
    assert "line" not in entry


def test_an_attempt_that_never_began_ended_when_it_was_changed_last() -> None:
    assert ended_attempt(replace(execution_row(), attempt=1), "error")["at"] == execution_row().updated_at.isoformat()


def test_the_cost_of_an_attempt_is_the_whole_without_those_before_it() -> None:
    second = after_one_attempt(attempt=2, total_cost_nano=12)
    assert (earlier_cost(second.record), attempt_cost(second)) == (5, 7)
    assert ended_attempt(second, "busy")["cost"] == 7
    assert (earlier_cost({}), attempt_cost(execution_row())) == (0, 0)


def test_between_two_attempts_the_newest_is_an_earlier_one() -> None:
    waiting = after_one_attempt()
    assert (is_between_attempts(waiting), is_earlier(waiting, 1)) == (True, True)
    second = replace(waiting, attempt=2)
    assert (is_between_attempts(second), is_earlier(second, 1), is_earlier(second, 2)) == (False, True, False)
    assert not is_between_attempts(execution_row())


def test_each_attempt_has_a_recording_of_its_own() -> None:
    assert [recording_name(attempt) for attempt in (0, 1, 2, 4)] == ["call.wav", "call.wav", "call-2.wav", "call-4.wav"]
