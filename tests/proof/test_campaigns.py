"""Simulated campaigns and hours in every zone: nothing is dialled against a rule, and the judges notice what is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from proof.__main__ import main as prove
from proof.calling_hours import DAYS, MINUTES, compare, sample
from proof.campaigns import FINAL, run

from callwright.platform.dialling.rules import Decision, Question, Rules, Verdict, decide
from callwright.platform.dialling.rules.opening import Hours
from callwright.platform.executions.rules import retry
from callwright.platform.executions.rules.retry import RetryPolicy
from callwright.platform.pace.rules.choice import Queue, choose
from callwright.platform.pace.rules.policy import NO_LIMIT
from proof import calling_hours, campaign_pace, campaigns


def test_a_few_campaigns_break_no_rule() -> None:
    report = run(150, 1)
    assert not report.broken, "\n".join(report.lines())
    assert report.contacts == sum(report.ends[name] for name in FINAL)
    assert min(report.decisions[verdict] for verdict in ("dial", "wait", "never")) > 100
    assert report.ends["answered"] > 100
    assert report.held_back > 100
    assert report.spaced > 20


@pytest.mark.long
def test_ten_thousand_campaigns_break_no_rule() -> None:
    report = run(10_000, 1, jobs=2)
    assert not report.broken, "\n".join(report.lines())
    assert report.campaigns == 10_000


def _always(question: Question, rules: Rules) -> Decision:
    return replace(decide(question, rules), verdict=Verdict.DIAL)


def _without_suppression(question: Question, rules: Rules) -> Decision:
    return decide(replace(question, suppressed=False), rules)


def _one_attempt_more(question: Question, rules: Rules) -> Decision:
    return decide(replace(question, attempts=question.attempts[1:]), rules)


def _in_the_first_zone(question: Question, rules: Rules) -> Decision:
    return decide(replace(question, number=replace(question.number, zones=question.number.zones[:1])), rules)


def _by_the_zone_that_is_given(question: Question, rules: Rules) -> Decision:
    given = question.user_data.get("timezone")
    here = replace(question.number, zones=(given,)) if given and question.number.is_phone else question.number
    return decide(replace(question, number=here), rules)


def _an_hour_late(question: Question, rules: Rules) -> Decision:
    decision = decide(question, rules)
    return decision if decision.until is None else replace(decision, until=decision.until + timedelta(hours=1))


def _bypassing(question: Question, rules: Rules) -> Decision:
    return decide(replace(question, agent_hours=None), rules)


def _refusing(question: Question, rules: Rules) -> Decision:
    decision = decide(question, rules)
    waits = decision.verdict is Verdict.WAIT
    return replace(decision, verdict=Verdict.NEVER, rule="no_opening", until=None) if waits else decision


@pytest.mark.parametrize(
    "wrong",
    [
        _always,
        _without_suppression,
        _one_attempt_more,
        _in_the_first_zone,
        _by_the_zone_that_is_given,
        _an_hour_late,
        _bypassing,
        _refusing,
    ],
)
def test_a_wrong_decision_is_noticed(
    wrong: Callable[[Question, Rules], Decision], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "decide", wrong)
    assert run(60, 1).broken


@pytest.mark.parametrize(
    "wrong",
    [
        lambda policy: replace(policy, max_retries=policy.max_retries + 1),
        lambda policy: replace(policy, intervals=policy.intervals[:1]),
        lambda policy: replace(policy, on_voicemail=True),
        lambda policy: replace(policy, statuses=policy.statuses | {"error"}),
    ],
)
def test_a_wrong_retry_is_noticed(wrong: Callable[[RetryPolicy], RetryPolicy], monkeypatch: pytest.MonkeyPatch) -> None:
    def policy_of(config: Mapping[str, Any] | None) -> RetryPolicy | None:
        policy = retry.policy_of(config)
        return None if policy is None else wrong(policy)

    monkeypatch.setattr(campaigns, "policy_of", policy_of)
    assert run(40, 1).broken


def _without(queue: Queue, **changes: Any) -> Queue:
    return replace(queue, organisations=[replace(one, **changes) for one in queue.organisations])


def _of_policy(**changes: Any) -> Callable[[Queue], Queue]:
    return lambda queue: _without(queue, policy=replace(queue.organisations[0].policy, **changes))


@pytest.mark.parametrize(
    "wrong",
    [
        _of_policy(account=NO_LIMIT),
        _of_policy(carriers={}),
        _of_policy(each_number=NO_LIMIT),
        _of_policy(kept_for_inbound=0),
        _of_policy(kept_for_retries=0),
        lambda queue: replace(queue, batches={}),
        lambda queue: replace(queue, accounts=[replace(one, most=None) for one in queue.accounts]),
        lambda queue: _without(queue, held=0),
        lambda queue: replace(_without(queue, free=queue.free + 1), free=queue.free + 1),
        lambda queue: replace(queue, busy=[]),
    ],
)
def test_an_admission_over_a_limit_is_noticed(wrong: Callable[[Queue], Queue], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_pace, "choose", lambda queue: choose(wrong(queue)))
    assert run(150, 1).broken


def test_a_dial_too_soon_after_another_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_pace, "slots", lambda keys, policy, of_batch: [])
    assert run(60, 1).broken


def test_every_minute_of_awkward_days_is_judged_as_the_c_library_does() -> None:
    report = compare(sample(24))
    assert report.wrong == []
    assert report.instants == 24 * len(DAYS) * MINUTES
    assert report.openings > 2_000


@pytest.mark.long
def test_every_minute_in_every_zone() -> None:
    report = compare(sample(None))
    assert report.wrong_count == 0, report.wrong
    assert report.zones > 590


def test_a_minute_that_is_judged_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    week = calling_hours.WEEK
    # Open in the minute of midnight on every day: whatever days are compared, some are judged otherwise.
    off = Hours("here", tuple(((0, 1), *day) for day in week[:3]) + tuple(((1, 30), *day[1:]) for day in week[3:]))
    monkeypatch.setattr(calling_hours, "Hours", lambda rule, week: off)
    assert compare(["Europe/Berlin"]).wrong_count > 0


def test_the_commands_tell_what_they_found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert prove(["campaigns", "--count", "3"]) == 0
    assert "3 campaigns of 30 days" in capsys.readouterr().out
    assert prove(["hours", "--zones", "1"]) == 0
    assert "0 wrong" in capsys.readouterr().out
    monkeypatch.setattr(campaigns, "decide", _always)
    assert prove(["campaigns", "--count", "10"]) == 1
    assert "seed " in capsys.readouterr().out
