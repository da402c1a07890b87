"""The runner under a virtual clock: order, time, deadlines, and what happens when the core breaks."""

from __future__ import annotations

import pytest
from tests.unit.call.world import Bench

from callwright.conversation.core import Conversation
from callwright.conversation.effects import Clear, Effect, HangUp, Note, StartRecording
from callwright.conversation.events import (
    ActivityBegan,
    Answered,
    Cleared,
    DeadlineReached,
    Event,
    KeyPressed,
    LegEnded,
    Ringing,
    Started,
    StopRequested,
    TranscriptFinal,
    TranscriptPartial,
    UsageReported,
)
from callwright.conversation.plan import CallPlan
from callwright.domain.errors import BrokenInvariantError


def test_an_event_posted_while_performing_is_taken_right_after_in_one_order() -> None:
    bench = Bench()
    bench.core.answers = {ActivityBegan: (Clear(1), Note("after", ""))}
    performed: list[str] = []

    def clear(effect: Effect) -> None:
        bench.runner.post(Cleared(bench.runner.now_us(), 1, 500))
        performed.append("clear")

    bench.runner.performers = {Clear: clear, Note: lambda _: performed.append("note")}

    bench.runner.post(ActivityBegan(bench.runner.now_us(), 40))

    assert performed == ["clear", "note"]
    assert bench.core.types() == ["ActivityBegan", "Cleared"]
    assert bench.logged() == [("in", "ActivityBegan"), ("out", "Clear"), ("out", "Note"), ("in", "Cleared")]


def test_half_a_character_from_a_plugin_is_replaced_before_the_core_hears_it() -> None:
    bench = Bench()
    bench.runner.post(StopRequested(bench.runner.now_us(), "API Request", "half \ud83d"))
    whole = StopRequested(bench.runner.now_us(), "API Request", "whole")
    bench.runner.post(whole)
    assert [event.reason for event in bench.core.of(StopRequested)] == ["half \ufffd", "whole"]
    assert bench.core.seen[1] is whole


def test_time_never_goes_back() -> None:
    bench = Bench()
    bench.clock.advance(10)
    bench.runner.post(Ringing(bench.runner.now_us()))
    bench.runner.post(Answered(3))

    assert [event.at_us for event in bench.core.seen] == [10_000, 10_000]


@pytest.mark.parametrize(
    "heard",
    [TranscriptPartial(0, 400, 1, "a table"), TranscriptFinal(0, 900, 1, "a table for two"), KeyPressed(0, "5")],
    ids=lambda heard: type(heard).__name__,
)
def test_what_the_caller_says_survives_the_process_at_once_and_waits_for_no_disk(heard: Event) -> None:
    bench = Bench()
    bench.runner.post(Ringing(bench.runner.now_us()))
    bench.runner.post(heard)
    assert [entry["type"] for entry in bench.paper.entries()] == ["Ringing", type(heard).__name__]
    assert not bench.paper.syncs


def test_the_log_is_flushed_before_an_effect_touches_the_world() -> None:
    bench = Bench()
    bench.core.answers = {StopRequested: (HangUp("API Request", "stopped"),)}
    on_disk: list[list[str]] = []
    bench.runner.performers = {HangUp: lambda _: on_disk.append([e["type"] for e in bench.paper.entries()])}

    bench.runner.post(Ringing(bench.runner.now_us()))
    assert not bench.paper.data, "nothing is written at once without a reason"
    bench.runner.post(StopRequested(bench.runner.now_us(), "API Request", "stopped"))

    assert on_disk == [["Ringing", "StopRequested", "HangUp"]]


def test_a_deadline_is_reached_at_its_time_and_not_before() -> None:
    bench = Bench()
    bench.core.deadline_us = 50_000
    bench.runner.post(Ringing(bench.runner.now_us()))

    bench.clock.advance(49)
    assert bench.core.types() == ["Ringing"]
    bench.core.deadline_us = None
    bench.clock.advance(1)

    assert [type(e) for e in bench.core.seen] == [Ringing, DeadlineReached]
    assert bench.core.seen[-1].at_us == 50_000


def test_a_deadline_that_moves_is_reached_once_at_its_new_time() -> None:
    bench = Bench()
    bench.core.deadline_us = 50_000
    bench.runner.post(Ringing(bench.runner.now_us()))
    bench.core.deadline_us = 80_000
    bench.runner.post(Answered(bench.runner.now_us()))
    bench.clock.advance(60)
    assert len(bench.core.of(DeadlineReached)) == 0
    bench.core.deadline_us = None

    bench.clock.advance(40)

    assert [e.at_us for e in bench.core.of(DeadlineReached)] == [80_000]


def test_no_deadline_is_reached_after_closing() -> None:
    bench = Bench()
    bench.core.deadline_us = 50_000
    bench.runner.post(Ringing(bench.runner.now_us()))

    bench.runner.close()
    bench.clock.advance(100)

    assert bench.core.types() == ["Ringing"]


def test_a_broken_rule_hangs_up_and_the_core_is_not_asked_again() -> None:
    bench = Bench()
    bench.core.failure = BrokenInvariantError("two generations speak")
    hung_up: list[HangUp] = []
    bench.runner.performers = {HangUp: hung_up.append}

    bench.runner.post(Answered(bench.runner.now_us()))
    bench.runner.post(LegEnded(bench.runner.now_us(), "answered", "API Request", "broken_invariant", 4000))

    assert hung_up == [HangUp("Error", "broken_invariant")]
    assert bench.runner.broken == "two generations speak"
    assert bench.core.types() == ["Answered"]
    assert bench.logged() == [
        ("in", "Answered"),
        ("fact", "broken_invariant"),
        ("out", "HangUp"),
        ("in", "LegEnded"),
    ]


def test_a_defect_of_the_core_hangs_up_too_and_is_told_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.core.failure = OverflowError("int too large to convert to float")
    hung_up: list[HangUp] = []
    bench.runner.performers = {HangUp: hung_up.append}

    bench.runner.post(Answered(bench.runner.now_us()))
    bench.core.deadline_us = 50_000
    bench.runner.post(KeyPressed(bench.runner.now_us(), "5"))
    bench.clock.advance(100)

    assert hung_up == [HangUp("Error", "broken_invariant")]
    assert bench.runner.broken == "OverflowError: int too large to convert to float"
    assert bench.core.types() == ["Answered"]
    assert bench.paper.entries()[1]["v"] == {"message": "OverflowError: int too large to convert to float"}
    assert caplog.records[0].exc_info is not None


def test_the_real_core_greets_and_ends_a_silent_call_by_its_own_deadlines() -> None:
    bench = Bench(core=Conversation())
    done: list[Effect] = []
    runner = bench.runner

    def hang_up(effect: HangUp) -> None:
        done.append(effect)
        runner.post(LegEnded(runner.now_us(), "answered", "API Request", effect.reason, 4000))

    runner.performers = {StartRecording: done.append, HangUp: hang_up}
    plan = CallPlan(hangup_after_silence_ms=3_000, check_if_user_online=False)
    runner.post(Started(runner.now_us(), plan, (), 1))
    runner.post(Answered(runner.now_us()))

    for _ in range(1_000):
        bench.clock.advance(20)

    assert done == [StartRecording(), HangUp("Agent", "inactivity_timeout")]
    assert runner.ended
    late: Event = UsageReported(runner.now_us(), "voice", "p", "m", "reply", 0, 0, 5)
    runner.post(late)
    assert bench.logged()[-1] == ("in", "UsageReported"), "what comes after the end is still written down"


def test_times_of_the_process_become_times_of_the_call() -> None:
    bench = Bench()
    bench.clock.advance(5)
    assert bench.runner.call_us(bench.clock.monotonic_us()) == 5_000
    bench.runner.fact("leg", "dialled", {"carrier": "loopback"})
    bench.runner.flush()
    assert bench.paper.entries() == [
        {"at": 5_000, "dir": "fact", "sec": "leg", "seq": 1, "type": "dialled", "v": {"carrier": "loopback"}}
    ]


def test_a_closed_runner_performs_nothing_and_lets_go_of_its_parts() -> None:
    bench = Bench()
    performed: list[object] = []
    bench.core.answers = {KeyPressed: (Note("seen", ""),)}
    bench.runner.performers = {Note: performed.append}
    bench.runner.close()

    bench.runner.post(KeyPressed(0, "1"))

    assert bench.core.closed
    assert not performed
    assert not bench.core.seen
    assert ("in", "KeyPressed") in bench.logged()
