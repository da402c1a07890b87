"""The values that the call doctor names: each would have helped in the call that it was computed from."""

from typing import Any

import pytest
from tests.unit.insight.doctor_call import DoctorCall, healthy

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.doctor import as_text, examined
from callwright.insight.doctor_finding import Finding
from callwright.platform.agent_settings.rules.table import SETTINGS

RANGES = {row.key: (row.least, row.most) for row in SETTINGS}


def values_of(finding: Finding) -> dict[str, Any]:
    """The value of each setting by its name."""
    changes = finding.as_record(0)["change"]
    for one in changes:
        if one["value"] is not None:
            least, most = RANGES[one["setting"].removeprefix("tools_config.")]
            assert least <= one["value"] <= most
    return {one["setting"].rpartition(".")[2]: one["value"] for one in changes}


def first(call: DoctorCall, rule: str) -> Finding:
    """The first finding of a rule, among those of others."""
    return next(one for one in call.findings() if one.rule == rule)


def cut_early(pause_ms: int, **plan: Any) -> DoctorCall:
    """The caller pauses after 5.5 s and goes on; the agent begins 200 ms before."""
    begins_ms, goes_on_ms = 5_300 + pause_ms, 5_500 + pause_ms
    call = DoctorCall(**plan).welcomed().says("My number is", 4_500, 5_500).asks(begins_ms - 200)
    call.takes_turn("My number is", 4_500, 5_500, begins_ms - 150)
    call.speaks_from("Thank you", begins_ms, begins_ms + 900, cut=True)
    call.says("four seven one one", goes_on_ms, goes_on_ms + 1_500).at(begins_ms + 900).interrupted(begins_ms + 900)
    return call.at(12_000).leg_ended()


class TestAnEarlyCut:
    @pytest.mark.parametrize(("pause_ms", "value"), [(800, 900), (1_010, 1_100), (1_700, 1_800)])
    def test_needs_a_delay_until_the_caller_is_known_to_go_on(self, pause_ms, value):
        # The detector tells a sound 80 ms late.
        assert values_of(first(cut_early(pause_ms), "early_cut"))["incremental_delay"] == value

    def test_is_told_with_the_value(self):
        lines = as_text(examined(cut_early(1_700).view))
        assert "  raise task_config.incremental_delay to 1,800: the agent then waits longer" in "\n".join(lines)

    def test_needs_patience_for_the_whole_pause(self):
        # The turn was taken after 1,300 ms of a pause of which 1,780 ms had to be waited for.
        assert values_of(first(cut_early(1_700), "early_cut"))["patience"] == 1_500
        by_silence = cut_early(1_700, turn_model=False, endpointing_ms=1_200, patience_ms=5_000)
        assert values_of(first(by_silence, "early_cut"))["endpointing"] == 1_800


def answered_at(ready_ms: int, heard_ms: int, **plan: Any) -> DoctorCall:
    """The caller spoke until 5.5 s; the answer is ready and heard at these times."""
    call = DoctorCall(**plan).welcomed().says("A table.", 4_500, 5_500).at(5_300).write(fx.Clear(1)).asks(5_700)
    call.takes_turn("A table.", 4_500, 5_500, 5_800).gives("For when?", ready_ms).at(heard_ms)
    call.released(1, call.generation).audible(call.generation).ends("For when?", heard_ms + 1_000)
    return call.at(12_000).leg_ended()


class TestASlowReply:
    def test_that_was_held_back_is_held_back_for_less(self):
        assert values_of(answered_at(5_900, 7_400, incremental_delay_ms=1_900).found("slow_reply")) == {
            "incremental_delay": 1_400
        }
        assert values_of(answered_at(5_900, 7_800, backoff_ms=2_300).found("slow_reply")) == {
            "interruption_backoff_period": 1_400
        }

    def test_that_was_slow_elsewhere_too_has_no_value(self):
        # 1,200 ms were made before it was ready, and 1,300 ms it was held back: without the delay it comes after 1,200 ms.
        assert values_of(answered_at(6_700, 8_000, incremental_delay_ms=2_500).found("slow_reply")) == {
            "incremental_delay": 1_400
        }
        # Ready after 2,000 ms, it is late without any delay.
        assert values_of(answered_at(7_500, 9_700, incremental_delay_ms=4_200).found("slow_reply")) == {
            "incremental_delay": None
        }

    def test_that_waited_out_a_pause_needs_less_patience(self):
        call = DoctorCall(patience_ms=2_800).welcomed().says("A table.", 4_500, 5_500)
        call.at(5_710).write(fx.AskTurnModel(1, 3_500, 4_500)).at(5_800).event(ev.TurnVerdict, 1, 100_000)
        call.asks(8_300).takes_turn("A table.", 4_500, 5_500, 8_400)
        finding = call.speaks_from("For when?", 8_500, 9_500).at(10_500).leg_ended().found("slow_reply")
        assert values_of(finding) == {"patience": 1_200}, "of 3,000 ms 1,500 ms were too many"

    def test_after_keys_needs_a_shorter_pause_of_the_keys(self):
        call = DoctorCall().welcomed().at(5_500).event(ev.KeyPressed, "4").asks(8_500)
        call.takes_turn("dtmf_number: 4", 5_500, 5_500, 8_600)
        finding = call.speaks_from("Four.", 8_700, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert values_of(finding) == {"dtmf_timeout": 1.2}


def test_a_withdrawn_reply_that_was_ready_needs_less_delay():
    call = DoctorCall(incremental_delay_ms=6_000).welcomed().says("How much is it?", 4_500, 5_500).asks(5_700)
    call.at(5_800).model_wrote(call.generation, "Ten euros.").gives("Ten euros.", 5_900)
    for from_ms in (8_000, 11_000):
        call.at(from_ms + 200).write(fx.Withdrawn(call.generation, 1, "caller_continued"))
        call.says("Hello, how much?", from_ms, from_ms + 500).asks(from_ms + 700)
        call.at(from_ms + 800).model_wrote(call.generation, "Ten euros.").gives("Ten euros.", from_ms + 900)
    finding = call.at(14_500).leg_ended().found("withdrawn_reply")
    assert finding.causes[0] == "hold"
    assert values_of(finding)["incremental_delay"] == 2_200, "300 ms before the caller went on after 2,500 ms"


def test_a_late_welcome_needs_less_delay():
    call = DoctorCall(welcome_delay_ms=7_000).picked_up()
    finding = call.speaks_from("Hello.", 8_200, 9_000, purpose="welcome").at(10_000).leg_ended().found("dead_air")
    assert values_of(finding) == {"welcome_message_delay": 2_700}


def test_a_silence_of_the_caller_is_ended_before_it_is_dead_air():
    finding = healthy().at(29_000).leg_ended().found("dead_air")
    assert values_of(finding) == {"trigger_user_online_message_after": None}, "it was 10 s: the log does not tell more"
    call = DoctorCall(user_online_after_ms=30_000).welcomed().at(29_000).leg_ended()
    assert values_of(call.found("dead_air")) == {"trigger_user_online_message_after": 14}
    call = DoctorCall(hangup_after_silence_ms=20_000).welcomed()
    call.speaks_from("Are you still there?", 13_500, 15_000, purpose="silence")
    assert values_of(call.at(33_000).leg_ended().found("dead_air")) == {"hangup_after_silence": 14}


def test_an_agent_that_is_talked_over_is_interrupted_by_fewer_words_than_were_said():
    call = DoctorCall(words_to_interrupt=9).picked_up()
    call.speaks_from("Hello, this is Maya and I am here.", 1_200, 7_000, purpose="welcome")
    call.says("wait that is wrong", 3_000, 6_000).asks(7_050).takes_turn("wait that is wrong", 3_000, 6_000, 7_200)
    finding = call.speaks_from("Sorry.", 7_300, 8_000).at(9_000).leg_ended().found("talk_over")
    assert values_of(finding) == {"number_of_words_for_interruption": 3}


def test_an_agent_that_is_cut_for_nothing_needs_as_many_words_as_cut_it():
    call = DoctorCall().welcomed().exchange("A table.", "For when?", 4_500)
    call.says("Two at eight.", 8_500, 9_500).asks(9_800).takes_turn("Two at eight.", 8_500, 9_500, 10_000)
    call.speaks_from("So a table", 10_100, 12_000, cut=True)
    call.at(11_990).event(ev.TranscriptPartial, 0, 9, "uh huh uh huh").interrupted(12_000)
    assert values_of(call.at(18_000).leg_ended().found("false_interruption")) == {"number_of_words_for_interruption": 4}


def test_a_call_that_was_too_long_needs_room_for_one_more_turn():
    call = DoctorCall(call_terminate_ms=8_000).welcomed().says("A table.", 4_500, 5_500).asks(5_800)
    call.takes_turn("A table.", 4_500, 5_500, 6_000).gives("Our tables are made of wood", 6_050).at(6_100)
    call.released(1, 2).audible(2).at(9_000).event(ev.DeadlineReached).interrupted(9_000)
    call.agent_said(1, 2, "Our tables", cut=True)
    finding = call.hangs_up(9_100, "max_duration_reached").found("hung_up_mid_sentence")
    # 8.1 s, and 1.6 s to an answer of which 2.9 s said 10 of 27 characters.
    assert values_of(finding) == {"call_terminate": 20}


def test_what_no_value_helps_has_none():
    finding = healthy().tool("book", 12_600, 17_000).at(17_500).leg_ended().found("slow_tool")
    assert [one["value"] for one in finding.as_record(0)["change"]] == [None]
