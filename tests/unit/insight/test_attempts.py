"""What an execution tells of all its attempts together, and of each one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.insight.call_log import CallLog
from tests.unit.insight.test_record import THEN, URL, body_of, built, execution

from callwright.insight.attempts import usage
from callwright.insight.settled import is_settled
from callwright.insight.timeline_body import costs_of
from callwright.platform.executions.rules.attempts import EARLIER, ended_attempt, was_dialled
from callwright.platform.executions.rules.execution import Execution, Phase, Status

LEGS = ("transcriber", "llm", "synthesizer", "network", "platform")


def spoken(words: str, seconds: int) -> CallLog:
    """A call in which the caller said ``words``."""
    log = CallLog().at(700).answered().asked(1, 2).caller_said(1, words, 1_000, 2_000).audible(2)
    log.used("transcriber", 0, "hearing", 1_000 * seconds).used("model", 2, "reply", 100, 7).used(
        "voice", 2, "reply", 17
    )
    return log.at(1_000 * seconds).leg_ended()


def attempt(log: CallLog, earlier: Execution | None = None, **changes: Any) -> Execution:
    """A row after an attempt with that log, behind ``earlier``."""
    found = built(log)
    before = () if earlier is None else [*earlier.record.get(EARLIER, ()), ended_attempt(earlier, earlier.status.value)]
    cost = found.columns["total_cost_nano"] + (0 if earlier is None else earlier.total_cost_nano)
    number = 1 if earlier is None else earlier.attempt + 1
    record = {**found.record, **({EARLIER: before} if before else {})}
    return execution(attempt=number, record=record, total_cost_nano=cost, retry_count=number - 1, **changes)


def machine_then_person() -> Execution:
    first = attempt(spoken("Leave a message.", 20))
    return attempt(
        spoken("Hello, this is Ada.", 50), replace(first, record={**first.record, "answered_by_voice_mail": True})
    )


def test_each_part_of_an_earlier_attempt_costs_what_it_did() -> None:
    first = attempt(spoken("Leave a message.", 20))
    entry = ended_attempt(first, first.status.value)
    assert costs_of(entry) == costs_of(first.record)
    assert sum(sum(legs.values()) for legs in costs_of(entry).values()) == first.total_cost_nano > 0


def test_costs_and_usage_are_of_all_attempts_and_the_rest_of_the_last() -> None:
    row = machine_then_person()
    body = body_of(row)
    both = body["callwright"]["attempts"]
    assert [one["attempt"] for one in both] == [1, 2]
    assert (
        sum(one["total_cost"] for one in both) == body["total_cost"] == sum(body["cost_breakdown"][leg] for leg in LEGS)
    )
    for leg in LEGS:
        assert sum(one["cost_breakdown"][leg] for one in both) == body["cost_breakdown"][leg]
    assert body["usage_breakdown"]["transcriber_duration"] == 70
    assert body["usage_breakdown"]["llm_tokens"] == 214
    assert body["usage_breakdown"]["llmTokens"] == 214
    (model,) = body["usage_breakdown"]["llm_model"].values()
    assert model == {"input": 200, "output": 14}
    assert body["transcript"] == both[1]["transcript"] == "user: Hello, this is Ada.\n"
    assert both[0]["transcript"] == "user: Leave a message.\n"
    assert [one["answered_by_voice_mail"] for one in both] == [True, None]
    assert body["conversation_duration"] == both[1]["conversation_duration"] == Decimal("49.3")


def test_a_last_attempt_that_nobody_answered_shows_nothing_of_the_one_before() -> None:
    first = attempt(spoken("Leave a message.", 20))
    body = body_of(attempt(CallLog().at(9_000).leg_ended(), first, status=Status.NO_ANSWER, detail="no-answer"))
    assert (body["status"], body["transcript"], body["conversation_duration"]) == ("no-answer", None, 0)
    assert body["total_cost"] > 0
    assert body["callwright"]["attempts"][0]["transcript"] == "user: Leave a message.\n"


def test_a_call_that_was_not_made_again_has_no_list_of_attempts() -> None:
    body = body_of(attempt(spoken("Hello.", 20)))
    assert (body["callwright"]["attempts"], body["retry_history"], body["callwright"]["retry_at"]) == ([], [], None)


def test_between_two_attempts_only_those_that_were_made_are_listed() -> None:
    first = attempt(spoken("Leave a message.", 20))
    record = {EARLIER: [ended_attempt(first, "completed")]}
    waiting: dict[str, Any] = {"phase": Phase.WAITING, "detail": "scheduled", "status": Status.SCHEDULED}
    body = body_of(replace(first, record=record, retry_count=1, **waiting))
    assert [one["status"] for one in body["callwright"]["attempts"]] == ["completed"]
    assert body["retry_history"] == [{"attempt": 1, "status": "completed", "at": "2026-03-01T12:00:17.000000+00:00"}]
    assert (body["transcript"], body["total_cost"]) == (None, body["callwright"]["attempts"][0]["total_cost"])


def test_the_recording_of_an_attempt_is_asked_for_by_its_number() -> None:
    first = attempt(spoken("Leave a message.", 20))
    row = attempt(spoken("Hello.", 20), replace(first, record={**first.record, "recording": {"name": "call.wav"}}))
    urls = [one["recording_url"] for one in body_of(row)["callwright"]["attempts"]]
    assert urls == [f"{URL}/recordings/call/call-1?attempt=1", None]


@pytest.mark.parametrize(("newest", "shown"), [("v2", "v2"), ("", "v1")])
def test_the_voice_is_that_of_the_newest_attempt_that_had_one(newest: str, shown: str) -> None:
    record = {EARLIER: [{"usage_breakdown": {"voice_id": "v1"}}], "usage_breakdown": {"voice_id": newest}}
    assert usage(record)["voice_id"] == shown


def test_a_status_that_another_attempt_follows_is_not_settled() -> None:
    at = (THEN + timedelta(hours=1)).isoformat()
    assert not is_settled(execution(status=Status.BUSY, record={"retry_at": at}))
    assert is_settled(execution(status=Status.BUSY))


def test_an_attempt_keeps_its_decision_and_one_of_an_earlier_version_has_none() -> None:
    decision = {"verdict": "dial", "rule": "allowed"}
    first = attempt(spoken("Leave a message.", 20))
    kept = ended_attempt(replace(first, record={**first.record, "decision": decision}), "completed")
    old = {name: value for name, value in kept.items() if name != "decision"}
    for entry, shown in ((kept, decision), (old, None)):
        body = body_of(replace(first, record={EARLIER: [entry]}, retry_count=1))
        assert body["callwright"]["attempts"][0]["decision"] == shown


@pytest.mark.parametrize("initiated", [None, THEN])
def test_a_call_was_dialled_if_an_earlier_attempt_dialled(initiated: datetime | None) -> None:
    entry = ended_attempt(replace(attempt(spoken("Hello.", 20)), initiated_at=initiated), "error")
    assert was_dialled({EARLIER: [entry]}) is (initiated is not None)
    assert not was_dialled({})
