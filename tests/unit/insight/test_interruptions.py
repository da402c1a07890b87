"""Interruptions and speaking times of a call, as ``latency_data.interruption_stats`` tells them."""

from typing import Any

from tests.unit.insight.doctor_call import DoctorCall, healthy

from callwright.conversation import events as ev
from callwright.insight.interruptions import interruption_stats


def stats(call: DoctorCall) -> dict[str, Any]:
    return interruption_stats(call.view)


def interrupted() -> DoctorCall:
    """The second sentence is cut by words of the caller, who is answered then."""
    call = DoctorCall().welcomed().says("A table for two please.", 4_500, 5_500).asks(5_800)
    call.at(5_900).model_wrote(1 + 1, "We have many tables.").takes_turn("A table for two please.", 4_500, 5_500, 6_000)
    call.gives("We have many tables.", 6_040).at(6_100).released(1, 2).audible(2)
    call.sounds(7_000, 8_000).at(7_600).event(ev.TranscriptPartial, call.audio(7_600), 9, "No wait")
    call.interrupted(7_600).agent_said(1, 2, "We have", cut=True)
    call.words("No wait, for three.", 8_000).asks(8_400)
    call.at(8_500).model_wrote(3, "For three, then.").model_ended(3).takes_turn("No wait", 7_000, 8_000, 8_600)
    return call.speaks_from("For three, then.", 8_700, 10_700).at(12_000).leg_ended()


def test_a_quiet_call_has_times_and_no_events():
    found = stats(healthy().at(13_000).leg_ended())
    assert (found["total_interruptions"], found["interruption_events"], found["barge_in_recovery_rate"]) == (
        0,
        [],
        None,
    )
    assert (found["agent_speaking_ms"], found["user_speaking_ms"]) == (6_300, 2_000)
    assert (found["talk_to_listen_ratio"], found["longest_agent_monologue_ms"]) == (75.9, 2_300)


def test_an_interruption_is_told_with_the_callers_sound_and_whether_an_answer_was_heard_after_it():
    found = stats(interrupted())
    assert (found["user_interrupted_agent_count"], found["agent_interrupted_user_count"]) == (1, 0)
    assert (found["barge_in_recovery_count"], found["barge_in_recovery_rate"]) == (1, 100.0)
    assert found["interruption_events"] == [
        {
            "type": "user_interrupted_agent",
            "recovery_completed": True,
            "user_start_ms": 6_000,
            "user_end_ms": 7_000,
            "user_duration_ms": 1_000,
        }
    ]


def test_an_interruption_after_which_nothing_is_heard_to_its_end_is_not_recovered():
    call = DoctorCall().picked_up().gives("Hello, this is Maya.", 1_140, "welcome")
    call.at(1_200).released(0, 0).audible(0).sounds(2_000, 3_000)
    call.at(2_500).event(ev.TranscriptPartial, call.audio(2_500), 1, "Not now thanks").interrupted(2_500)
    found = stats(call.agent_said(0, 0, "Hello", "welcome", cut=True).at(3_500).leg_ended())
    assert (found["user_interrupted_agent_count"], found["barge_in_recovery_rate"]) == (1, 0.0)


def test_an_agent_that_begins_in_a_pause_interrupts_the_caller():
    call = DoctorCall().welcomed().says("My number is four five", 4_500, 5_500).asks(5_800)
    call.at(5_900).model_wrote(2, "Thank you.").takes_turn("My number is four five", 4_500, 5_500, 6_000)
    call.gives("Thank you.", 6_040).at(6_100).released(1, 2).audible(2)
    call.says("six seven eight.", 6_300, 7_300)
    found = stats(call.ends("Thank you.", 8_000).at(9_000).leg_ended())
    assert (found["user_interrupted_agent_count"], found["agent_interrupted_user_count"]) == (0, 1)
    assert found["interruption_events"][0]["user_start_ms"] == 5_300


def test_a_cut_that_was_not_the_callers_doing_is_no_interruption():
    call = DoctorCall().welcomed().says("A table for two please.", 4_500, 5_500).asks(5_800)
    call.at(5_900).model_wrote(2, "We have").takes_turn("A table for two please.", 4_500, 5_500, 6_000)
    call.gives("We have many tables.", 6_040).at(6_100).released(1, 2).audible(2)
    call.at(7_000).event(ev.DeadlineReached).interrupted(7_000).agent_said(1, 2, "We have", cut=True)
    assert stats(call.hangs_up(7_100, "max_duration_reached"))["total_interruptions"] == 0


def test_a_call_in_which_nobody_spoke_has_no_ratio():
    found = stats(DoctorCall().picked_up().at(5_000).leg_ended())
    assert (found["talk_to_listen_ratio"], found["agent_speaking_ms"], found["longest_agent_monologue_ms"]) == (
        None,
        0,
        0,
    )
