"""The call doctor: a healthy call has no findings, and each rule finds the fault that was planted for it and nothing else."""

import json

import pytest
from tests.unit.insight.call_log import CallLog, two_turns
from tests.unit.insight.doctor_call import DoctorCall, healthy

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_DOCTOR_FINDINGS
from callwright.insight.cost import LEGS, CallCost
from callwright.insight.doctor import as_text, diagnose, examined
from callwright.insight.doctor_rules import CHANGE, CHECK, LOWER, RAISE, RULES
from callwright.insight.doctor_turns import PARTS_IN_WORDS
from callwright.insight.waterfall import PARTS
from callwright.platform.agent_settings.rules.table import SETTINGS

INTERRUPT = "task_config.number_of_words_for_interruption"


def settings_of(finding):
    return [(advice.setting, advice.direction) for advice in finding.advice]


def transferring(answered_ms: int = 13_700) -> DoctorCall:
    """A healthy call, then a warm transfer whose target has answered."""
    call = healthy().at(12_700).write(fx.Transfer(9, "loopback:sales", True))
    return call.at(answered_ms).fact("leg", "target", request=9, event="answered")


class TestAHealthyCall:
    def test_has_no_findings(self):
        assert healthy().at(13_500).leg_ended().findings() == []
        assert two_turns().view.entries
        assert diagnose(two_turns().view).findings == ()

    def test_may_be_left_by_its_caller_in_the_last_words(self):
        call = healthy().says("Bye.", 13_000, 13_400).at(14_000).leg_ended()
        assert call.takes_turn("Bye.", 13_000, 13_400, 14_000).findings() == []

    def test_may_be_interrupted(self):
        call = DoctorCall().welcomed().exchange("A table for two.", "For when shall it be?", 4_500)
        call.says("Wait.", 9_000, 9_600).asks(9_900).takes_turn("Wait.", 9_000, 9_600, 10_100)
        call.speaks_from("Yes, I am", 10_200, 11_800, cut=True)
        call.says("No, for three of us.", 11_000, 12_500).at(11_800).interrupted(11_800)
        call.asks(12_800).takes_turn("No, for three of us.", 11_000, 12_500, 13_000)
        assert call.speaks_from("For three.", 13_100, 14_000).at(15_000).leg_ended().findings() == []

    def test_may_be_on_hold_for_long(self):
        call = healthy().at(12_700).event(ev.LineHeld, True).at(60_000).event(ev.LineHeld, False)
        assert call.at(61_000).leg_ended().findings() == []

    def test_may_be_written_with_long_pauses(self):
        call = DoctorCall(written=True).picked_up().takes_turn("A table.", 60_000, 60_000, 60_000)
        call.tool("book", 60_100, 63_000)
        assert call.at(900_000).leg_ended().found("slow_tool").what == "The tool book took 2,900 ms."

    def test_a_call_nobody_answered_has_none_and_no_sounds(self):
        assert DoctorCall().at(30_000).leg_ended("Carrier", "no answer").findings() == []

    def test_a_log_that_breaks_off_is_examined_as_far_as_it_goes(self):
        assert DoctorCall().welcomed().findings() == []
        assert diagnose(CallLog().view).findings == ()


class TestSlowReply:
    def test_names_the_part_of_the_wait_that_took_longest(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_800)
        call.at(7_900).model_wrote(call.generation, "For when?").takes_turn("A table.", 4_500, 5_500, 8_000)
        finding = call.speaks_from("For when?", 8_100, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert (finding.severity, finding.at_us, finding.lasted_us, finding.turn) == (
            "warning",
            5_500_000,
            2_600_000,
            1,
        )
        assert "waited 2,600 ms for an answer, 2,100 ms of it for the model's first words" in finding.what
        assert settings_of(finding) == [("tools_config.llm_agent.llm_config.model", CHANGE)]

    def test_of_a_model_that_let_the_caller_ask_who_is_there_is_the_whole_wait(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_800).says("Hello?", 8_000, 8_400)
        call.at(8_700).model_wrote(call.generation, "For when?").at(8_800).turn_taken()
        call.takes_turn("A table. Hello?", 4_500, 8_400, 8_800)
        finding = call.speaks_from("For when?", 8_900, 9_700).at(10_500).leg_ended().found("slow_reply")
        assert (finding.severity, finding.at_us, finding.lasted_us) == ("bad", 5_500_000, 3_400_000)
        assert settings_of(finding) == [("tools_config.llm_agent.llm_config.model", CHANGE)]

    def test_is_bad_from_three_seconds_on(self):
        call = (
            DoctorCall()
            .welcomed()
            .says("A table.", 4_500, 5_500)
            .asks(8_400)
            .takes_turn("A table.", 4_500, 5_500, 8_500)
        )
        finding = call.speaks_from("For when?", 8_600, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert (finding.severity, settings_of(finding)) == ("bad", [("task_config.patience", LOWER)])

    @pytest.mark.parametrize(
        ("plan", "heard", "setting"),
        [
            ({}, [(5_800, ev.TurnVerdict, 1, 900_000)], ("task_config.patience", LOWER)),
            ({}, [(5_800, ev.TurnVerdict, 1, 100_000)], ("task_config.patience", LOWER)),
            ({}, [(8_300, ev.TurnVerdict, 1, 900_000)], ("CALLWRIGHT_TURN", CHECK)),
            ({}, [(8_300, ev.TurnVerdict, 9, 900_000)], ("CALLWRIGHT_TURN", CHECK)),
            ({}, [], ("CALLWRIGHT_TURN", CHECK)),
            ({}, [(8_300, ev.RecogniserEnd, 4_500)], ("tools_config.transcriber.endpointing", LOWER)),
            (
                {"turn_model": False, "endpointing_ms": 2_700, "patience_ms": 5_000},
                [],
                ("tools_config.transcriber.endpointing", LOWER),
            ),
            ({"turn_model": False, "endpointing_ms": 2_900, "patience_ms": 2_700}, [], ("task_config.patience", LOWER)),
            ({"turn_model": False, "patience_ms": 2_700}, [], ("task_config.patience", LOWER)),
        ],
    )
    def test_names_only_what_ended_the_turn(self, plan, heard, setting):
        call = DoctorCall(**plan).welcomed().at(4_300).event(ev.RecogniserEnd, 3_000)  # of an earlier pause
        call.says("A table.", 4_500, 5_500)
        if plan.get("turn_model", True):
            call.at(5_710).write(fx.AskTurnModel(1, 3_500, 4_500))
        for at_ms, event, *values in heard:
            call.at(at_ms).event(event, *values)
        call.asks(8_400).takes_turn("A table.", 4_500, 5_500, 8_500)
        finding = call.speaks_from("For when?", 8_600, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert settings_of(finding) == [setting]

    def test_a_recogniser_that_was_told_to_wait_is_told_so_by_the_patience(self):
        call = DoctorCall().welcomed().at(4_600).write(fx.SetPatience(2_700)).says("It is four", 4_500, 5_500)
        call.at(8_300).event(ev.RecogniserEnd, 4_500).asks(8_400).takes_turn("It is four", 4_500, 5_500, 8_500)
        finding = call.speaks_from("And?", 8_600, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert settings_of(finding) == [("task_config.patience", LOWER)]

    @pytest.mark.parametrize(("plan", "cause"), [({}, "ask"), ({"speculate": True}, "again")])
    def test_a_model_that_is_asked_late_is_asked_sooner_only_where_it_is_not_already(self, plan, cause):
        call = DoctorCall(**plan).welcomed().says("A table.", 4_500, 5_500).at(5_800).turn_taken()
        call.generation += 1
        call.at(8_000).asked(1, call.generation).takes_turn("A table.", 4_500, 5_500, 8_100)
        finding = call.speaks_from("For when?", 8_200, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert finding.causes == (cause,)

    def test_a_model_that_is_asked_once_more_was_in_vain_before(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_800)
        call.generation += 1
        call.at(8_000).asked(1, call.generation).takes_turn("A table.", 4_500, 5_500, 8_100)
        finding = call.speaks_from("For when?", 8_200, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert finding.causes == ("again",)

    @pytest.mark.parametrize(
        ("written_ms", "spoken_ms", "audio_ms", "cause", "part"),
        [
            (7_300, 7_400, 7_500, "first_token", "1,500 ms"),
            (6_500, 7_400, 7_500, "first_clause", "900 ms"),
            (6_000, 6_100, 6_200, "end_of_turn", "900 ms"),
        ],
    )
    def test_a_pause_that_the_model_worked_through_is_blamed_for_no_more_than_it_held_up(
        self, written_ms, spoken_ms, audio_ms, cause, part
    ):
        call = DoctorCall(speculate=True).welcomed().says("A table.", 4_500, 5_500)
        call.generation += 1
        happens = {
            5_800: lambda: call.write(fx.Speculative(call.generation, 1)).asked(1, call.generation),
            written_ms: lambda: call.model_wrote(call.generation, "For when?"),
            spoken_ms: lambda: call.speaks(1, call.generation, "For when?"),
            audio_ms: lambda: call.event(ev.VoiceReady, call.generation, 0),
            6_800: lambda: call.turn_taken().write(fx.Committed(call.generation, 1)),
        }
        for at_ms in sorted(happens):
            call.at(at_ms)
            happens[at_ms]()
        begins_ms = max(audio_ms, 7_001)
        call.takes_turn("A table.", 4_500, 5_500, begins_ms).released(1, call.generation).audible(call.generation)
        finding = call.ends("For when?", 9_000).at(10_000).leg_ended().found("slow_reply")
        assert (finding.causes, f"{part} of it" in finding.what) == ((cause,), True), finding.what

    def test_blames_the_recogniser_when_the_turn_waited_for_its_words(self):
        call = DoctorCall().welcomed().sounds(4_500, 5_500).words("A table.", 5_500, at_ms=7_300).asks(7_350)
        call.takes_turn("A table.", 4_500, 5_500, 7_500)
        finding = call.speaks_from("For when?", 7_600, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert finding.causes == ("recogniser",)

    def test_blames_the_tool_the_answer_waited_for(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_700)
        call.takes_turn("A table.", 4_500, 5_500, 5_750).tool("book", 5_800, 7_700)
        finding = call.asks_again(7_700).speaks_from("Booked.", 7_900, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert finding.causes == ("tool",)

    def test_blames_the_tool_whose_first_message_came_late(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_700)
        call.takes_turn("A table.", 4_500, 5_500, 5_750).tool("book", 5_800)
        call.speaks_from("I am still looking.", 10_800, 11_500, purpose="tool")
        call.at(12_000).event(ev.ToolResult, call.request, True, "{}").asks_again(12_000)
        findings = call.speaks_from("Booked.", 12_300, 13_000).at(14_000).leg_ended().findings()
        (finding,) = [one for one in findings if one.rule == "slow_reply"]
        assert (finding.causes, finding.lasted_us, finding.turn) == (("tool",), 5_300_000, 1)
        assert "4,940 ms of it for a tool" in finding.what

    def test_blames_the_tool_that_what_was_said_meanwhile_waited_for(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_700)
        call.takes_turn("A table.", 4_500, 5_500, 5_750).tool("book", 5_800)
        call.speaks_from("One moment.", 5_900, 6_500, purpose="tool").says("And is parking free?", 7_000, 8_000)
        call.at(12_000).event(ev.ToolResult, call.request, True, "{}")
        call.asks(12_000).takes_turn("And is parking free?", 7_000, 8_000, 12_100)
        findings = call.speaks_from("It is.", 12_300, 13_000).at(14_000).leg_ended().findings()
        (finding,) = [one for one in findings if one.rule == "slow_reply"]
        assert (finding.causes, finding.lasted_us, finding.turn) == (("tool",), 4_300_000, 2)
        assert "3,000 ms of it for a tool" in finding.what

    def test_blames_the_pause_between_keys(self):
        call = DoctorCall().welcomed().at(5_500).event(ev.KeyPressed, "4").asks(8_500)
        call.takes_turn("dtmf_number: 4", 5_500, 5_500, 8_600)
        finding = call.speaks_from("Four.", 8_700, 9_000).at(10_000).leg_ended().found("slow_reply")
        assert settings_of(finding) == [("task_config.dtmf_timeout", LOWER)]

    def test_blames_what_held_the_answer_back(self):
        for backoff_ms, cause in ((0, "hold"), (2_000, "backoff")):
            call = (
                DoctorCall(incremental_delay_ms=1_900, backoff_ms=backoff_ms).welcomed().says("A table.", 4_500, 5_500)
            )
            call.at(5_300).write(fx.Clear(1)).asks(5_700)
            call.takes_turn("A table.", 4_500, 5_500, 5_800).gives("For when?", 5_900).at(7_400)
            call.released(1, call.generation).audible(call.generation).ends("For when?", 9_000)
            assert call.at(10_000).leg_ended().found("slow_reply").causes == (cause,)

    @pytest.mark.parametrize(
        ("reason", "setting"),
        [("model_failed", "tools_config.llm_agent"), ("voice_failed", "tools_config.synthesizer")],
    )
    def test_blames_the_provider_that_failed_until_the_model_was_asked_again(self, reason, setting):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_700)
        call.at(8_500).gives_up(1, call.generation, reason).asks(8_500).takes_turn("A table.", 4_500, 5_500, 8_900)
        findings = call.speaks_from("For when?", 9_000, 9_500).at(10_000).leg_ended().findings()
        (finding,) = [one for one in findings if one.rule == "slow_reply"]
        assert (finding.causes, settings_of(finding)) == ((reason,), [(setting, CHECK)])
        assert "3,500 ms for an answer, 2,800 ms of it until the model was asked again" in finding.what

    def test_blames_a_sound_into_which_the_ready_answer_was_not_said(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_700).gives("For when?", 5_900)
        call.sounds(6_000, 7_400).takes_turn("A table.", 4_500, 5_500, 7_850)
        call.at(7_900).released(1, call.generation).audible(call.generation).ends("For when?", 9_000)
        (finding,) = [one for one in call.at(10_000).leg_ended().findings() if one.rule == "slow_reply"]
        assert (finding.causes, settings_of(finding)) == (("caller",), [("the caller", CHECK)])
        assert "1,600 ms of it held back for what the caller did meanwhile" in finding.what

    def test_blames_the_delay_for_what_it_held_back_behind_that_sound(self):
        call = DoctorCall(incremental_delay_ms=1_900).welcomed().says("A table.", 4_500, 5_500).asks(5_700)
        call.gives("For when?", 5_900).sounds(6_000, 6_400).takes_turn("A table.", 4_500, 5_500, 8_250)
        call.at(8_300).released(1, call.generation).audible(call.generation).ends("For when?", 9_000)
        finding = call.at(10_000).leg_ended().found("slow_reply")
        assert finding.causes == ("hold",)
        assert "1,900 ms of it held back by incremental_delay" in finding.what

    def test_blames_what_the_caller_had_waited_for_when_they_asked_whether_somebody_is_there(self):
        call = DoctorCall(incremental_delay_ms=0).welcomed().says("A table.", 4_500, 5_500).asks(5_700)
        call.at(7_800).model_wrote(call.generation, "For when?").gives("For when?", 7_900)
        call.says("Hello, are you there?", 7_600, 9_800).takes_turn(
            "A table. Hello, are you there?", 4_500, 9_800, 10_300
        )
        call.at(10_400).released(1, call.generation).audible(call.generation).ends("For when?", 11_000)
        finding = call.at(12_000).leg_ended().found("slow_reply")
        assert finding.causes == ("first_token",)
        assert "4,900 ms for an answer, 1,900 ms of it for the model's first words" in finding.what

    def test_blames_the_machine_where_nobody_held_the_answer_back(self):
        call = DoctorCall(incremental_delay_ms=0).welcomed().says("A table.", 4_500, 5_500).asks(5_700)
        call.gives("For when?", 5_900).takes_turn("A table.", 4_500, 5_500, 7_850)
        call.at(7_900).released(1, call.generation).audible(call.generation).ends("For when?", 9_000)
        assert call.at(10_000).leg_ended().found("slow_reply").causes == ("send",)

    def test_does_not_count_while_the_agent_was_still_speaking(self):
        call = DoctorCall().picked_up().speaks_from("Hello, this is Maya.", 1_200, 7_000, purpose="welcome")
        call.says("Hi.", 5_000, 5_500).asks(7_050).takes_turn("Hi.", 5_000, 5_500, 7_500)
        assert call.speaks_from("How can I help?", 7_600, 9_000).at(10_000).leg_ended().findings() == []


class TestDeadAir:
    def test_after_the_answer_when_the_welcome_does_not_come(self):
        call = DoctorCall().picked_up().speaks_from("Hello.", 5_000, 6_000, purpose="welcome").at(7_000).leg_ended()
        finding = call.found("dead_air")
        assert (finding.at_us, finding.lasted_us, finding.severity) == (1_000_000, 4_000_000, "warning")
        assert settings_of(finding) == [("tools_config.synthesizer", CHANGE)]

    def test_after_the_answer_because_the_agent_wants_it_so(self):
        call = DoctorCall(welcome_delay_ms=7_000).picked_up()
        finding = call.speaks_from("Hello.", 8_200, 9_000, purpose="welcome").at(10_000).leg_ended().found("dead_air")
        assert (finding.severity, settings_of(finding)) == ("bad", [("task_config.welcome_message_delay", LOWER)])

    def test_after_the_answer_because_the_model_is_to_write_the_welcome(self):
        call = DoctorCall().picked_up().asked(0, 1, purpose="welcome")
        call.speaks_from("Hello.", 5_000, 6_000, purpose="welcome")
        assert call.at(7_000).leg_ended().found("dead_air").causes == ("asked",)

    def test_after_what_the_caller_said(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).at(9_900).event(ev.KeyPressed, "1")
        finding = call.at(10_500).leg_ended().found("dead_air")
        assert finding.what == 'Nobody spoke for 4,400 ms after the caller had said "A table.".'

    def test_in_the_middle_of_a_reply_is_the_voices_or_the_models(self):
        for given_ms, setting in (
            (6_500, "tools_config.synthesizer"),
            (8_900, "tools_config.llm_agent.llm_config.model"),
        ):
            call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_800)
            call.takes_turn("A table.", 4_500, 5_500, 5_900).gives("For", 6_000).at(6_100).released(1, 2).audible(2)
            call.at(given_ms if given_ms < 6_600 else 6_600).at(6_600).event(ev.MarkPlayed, 2, 0)
            call.at(given_ms).speaks(1, 2, "when?", "reply", 1).at(9_000).event(ev.VoiceReady, 2, 1)
            finding = call.ends("For when?", 9_600, index=1).at(10_000).leg_ended().found("dead_air")
            assert (finding.lasted_us, settings_of(finding)) == (2_400_000, [(setting, CHANGE)])

    def test_a_sign_of_listening_wants_no_answer(self):
        call = healthy().says("I see.", 12_800, 13_400).write(fx.Note("back_channel", "I see."))
        assert call.at(18_000).leg_ended().findings() == []

    def test_when_it_is_the_callers_turn_only_after_long(self):
        assert healthy().at(26_000).leg_ended().findings() == []
        finding = healthy().at(29_000).leg_ended().found("dead_air")
        assert (finding.severity, settings_of(finding)) == (
            "note",
            [("task_config.trigger_user_online_message_after", LOWER)],
        )

    def test_when_it_is_the_callers_turn_and_the_agent_never_asks(self):
        call = DoctorCall(check_if_user_online=False).welcomed().at(29_000).leg_ended()
        finding = call.found("dead_air")
        assert (finding.severity, settings_of(finding)) == ("note", [("task_config.check_if_user_online", CHANGE)])

    @pytest.mark.parametrize(("hangup_ms", "direction"), [(20_000, LOWER), (0, CHANGE)])
    def test_after_the_question_whether_the_caller_is_there_asking_sooner_is_no_help(self, hangup_ms, direction):
        call = DoctorCall(hangup_after_silence_ms=hangup_ms).welcomed()
        call.speaks_from("Are you still there?", 13_500, 15_000, purpose="silence")
        finding = call.at(33_000).leg_ended().found("dead_air")
        assert (finding.severity, finding.lasted_us) == ("note", 18_000_000)
        assert settings_of(finding) == [("task_config.hangup_after_silence", direction)]

    def test_in_the_next_turn_the_agent_may_ask_again(self):
        call = DoctorCall().welcomed().speaks_from("Are you still there?", 13_500, 15_000, purpose="silence")
        call.exchange("Yes I am.", "For when shall it be?", 16_000)
        finding = call.at(36_000).leg_ended().found("dead_air")
        assert settings_of(finding) == [("task_config.trigger_user_online_message_after", LOWER)]

    def test_while_the_answer_to_a_tool_is_on_its_way(self):
        finding = healthy().asks_again(12_700).at(17_000).leg_ended().found("dead_air")
        assert finding.causes == ("unanswered",)

    def test_a_reply_of_tools_alone_owes_nothing(self):
        call = healthy().asks_again(12_700)
        assert call.at(12_900).model_ended(call.generation).at(17_000).leg_ended().findings() == []

    def test_while_a_transfer_rings(self):
        call = healthy().at(12_700).write(fx.Transfer(9, "loopback:sales", True))
        call.at(25_000).write(fx.TransferSettled(9, True, "answered"))
        finding = call.at(25_100).leg_ended().found("dead_air")
        assert finding.what == "The caller heard nothing for 12,400 ms while the transfer rang."

    def test_while_the_target_of_a_warm_transfer_is_briefed(self):
        call = transferring().at(25_000).fact("leg", "target", request=9, event="joined")
        call.write(fx.TransferSettled(9, True, "joined"))
        finding = call.at(25_100).leg_ended().found("dead_air")
        assert finding.what == "The caller heard nothing for 12,400 ms while the target of the transfer was briefed."
        assert settings_of(finding) == [("tools_config.api_tools: briefing", CHANGE)]

    def test_while_the_target_of_a_warm_transfer_does_not_accept(self):
        call = transferring().at(25_000)
        call.write(fx.TransferSettled(9, False, "loopback:sales did not accept the call in time"))
        finding = call.at(25_100).leg_ended().found("dead_air")
        assert finding.what == (
            "The caller heard nothing for 12,500 ms after the target of the transfer had answered:"
            " loopback:sales did not accept the call in time."
        )
        assert settings_of(finding) == [("tools_config.api_tools: pre_call_message", CHANGE)]

    def test_a_briefing_of_usual_length_is_a_hold_that_is_wanted(self):
        call = transferring().at(21_000).write(fx.TransferSettled(9, True, "joined"))
        assert call.at(21_100).leg_ended().findings() == []

    def test_a_target_that_rings_for_longer_than_it_is_briefed(self):
        call = transferring(answered_ms=20_000).at(25_000).write(fx.TransferSettled(9, True, "joined"))
        finding = call.at(25_100).leg_ended().found("dead_air")
        assert finding.what == "The caller heard nothing for 12,400 ms while the transfer rang."

    def test_a_silence_that_a_slow_tool_explains_is_told_once(self):
        call = healthy().tool("book", 12_600, 17_000)
        assert call.at(17_500).leg_ended().found("slow_tool").lasted_us == 4_400_000

    def test_while_a_tool_runs_beyond_its_own_finding(self):
        call = healthy().tool("book", 13_900, 15_000)
        assert call.at(16_000).leg_ended().findings() == []
        finding = healthy().tool("book", 12_650, 14_600).at(16_200).leg_ended().found("dead_air")
        assert finding.what == "Nobody spoke for 3,600 ms while the tool book ran."


class TestSlowTool:
    def test_says_how_long_and_how_much_of_it_was_silent(self):
        call = healthy().tool("book", 10_800, 15_000).at(15_500).leg_ended()
        finding = call.found("slow_tool")
        assert finding.what == "The tool book took 4,200 ms; the caller heard nothing for 2,400 ms of it."
        assert finding.severity == "warning"

    def test_that_never_answers_is_bad_when_it_lasts(self):
        finding = healthy().tool("book", 12_600).at(20_000).leg_ended().found("slow_tool")
        assert "gave no answer in 7,400 ms" in finding.what
        assert (finding.severity, finding.causes) == ("bad", ("never",))


class TestFailedTool:
    def test_answers_with_an_error(self):
        call = healthy().tool("book", 12_650)
        for at_ms in (12_700, 12_750):
            call.at(at_ms).event(ev.ToolResult, call.request, False, "ERROR CALLING API: the API answered 500")
            call.tool("book", at_ms + 10)
        finding = call.at(12_800).event(ev.ToolResult, call.request, True, "{}").leg_ended().found("failed_tool")
        assert (
            finding.what == 'The tool book answered with an error 2 times: "ERROR CALLING API: the API answered 500".'
        )
        assert (finding.causes, finding.at_us, finding.turn) == (("error",), 12_700_000, 2)

    def test_that_failed_as_a_provider_or_too_late_is_told_of_once(self):
        call = healthy().tool("book", 12_650).at(12_700)
        call.event(ev.ProviderFailed, "tool", "book", "unavailable", "no route", 0, call.request)
        call.event(ev.ToolResult, call.request, False, "no route").leg_ended()
        assert (call.found("provider_failed").causes, call.found("provider_failed").turn) == (("tool",), 2)

    def test_that_ends_with_the_call_did_not_answer(self):
        call = healthy().tool("book", 12_650).at(13_000).leg_ended()
        assert call.event(ev.ToolResult, call.request, False, "unknown").findings() == []

    def test_that_was_blocked_was_never_asked_and_the_setting_is_named(self):
        call = healthy().at(13_000).write(fx.CallTool(7, 3, "c7", "book", "{}"))
        call.fact("core", "tool_request", request=7, tool="book", host="h", status=0, blocked=True)
        call.event(ev.ToolResult, 7, False, "Not called, blocked by the outbound policy").at(13_100).leg_ended()
        finding = call.found("failed_tool")
        assert finding.what == 'The tool book was never asked: "Not called, blocked by the outbound policy".'
        assert settings_of(finding) == [("CALLWRIGHT_ALLOW_PRIVATE_URLS", CHECK)]

    def test_is_called_again_and_again_with_what_does_not_fit(self):
        call = healthy().write(fx.Note("tool_refused", "book: n must be a whole number"))
        assert call.findings() == []
        finding = call.write(fx.Note("tool_refused", "book: n is missing")).at(13_000).leg_ended().found("failed_tool")
        assert finding.what == 'The model\'s calls of the tool book were refused 2 times: "n is missing".'
        assert (finding.causes, finding.turn) == (("refused",), 2)


class TestTurnTaking:
    def test_an_early_cut_is_a_reply_into_a_pause(self):
        call = DoctorCall().welcomed().says("My number is", 4_500, 5_500).asks(5_700)
        call.takes_turn("My number is", 4_500, 5_500, 5_900).speaks_from("Thank you", 6_100, 7_000, cut=True)
        call.says("four seven one one", 6_300, 8_000).at(7_000).interrupted(7_000)
        call.asks(8_300).takes_turn("four seven one one", 6_300, 8_000, 8_500)
        finding = call.speaks_from("Noted.", 8_600, 9_500).at(10_000).leg_ended().found("early_cut")
        assert 'paused for 800 ms and went on 200 ms after the agent began "Thank you"' in finding.what
        assert settings_of(finding) == [
            ("task_config.incremental_delay", RAISE),
            ("task_config.patience", RAISE),
        ]

    @pytest.mark.parametrize(
        ("plan", "likely_ppm", "settings"),
        [
            ({}, 900_000, []),
            ({}, 100_000, [("task_config.patience", RAISE)]),
            ({"turn_model": False}, None, [("tools_config.transcriber.endpointing", RAISE)]),
        ],
    )
    def test_an_early_cut_is_mended_by_what_ended_the_turn(self, plan, likely_ppm, settings):
        call = DoctorCall(**plan).welcomed().says("My number is", 4_500, 5_500)
        if likely_ppm is not None:
            call.at(5_650).write(fx.AskTurnModel(1, 3_500, 4_500)).at(5_690).event(ev.TurnVerdict, 1, likely_ppm)
        call.asks(5_700).takes_turn("My number is", 4_500, 5_500, 5_900)
        call.speaks_from("Thank you", 6_700, 7_600, cut=True)
        call.says("four seven one one", 6_900, 8_000).at(7_600).interrupted(7_600)
        call.asks(8_300).takes_turn("four seven one one", 6_900, 8_000, 8_500)
        finding = call.speaks_from("Noted.", 8_600, 9_500).at(10_000).leg_ended().found("early_cut")
        assert settings_of(finding) == [("task_config.incremental_delay", RAISE), *settings]

    def test_an_early_cut_is_none_by_a_noise_or_an_echo(self):
        for text in ("", "thank you"):
            call = DoctorCall().welcomed().says("My number is", 4_500, 5_500).asks(5_700)
            call.takes_turn("My number is", 4_500, 5_500, 5_900).says(text, 6_050, 7_200)
            assert call.speaks_from("Thank you", 6_100, 7_500).at(8_000).leg_ended().findings() == []

    def test_an_early_cut_may_be_noticed_before_a_word_of_the_reply_was_out(self):
        call = DoctorCall().welcomed().says("My number is", 4_500, 5_500).asks(5_700)
        call.takes_turn("My number is", 4_500, 5_500, 5_900).gives("Thank you", 6_000).at(6_100)
        call.released(1, 2).audible(2).at(6_150).write(fx.Withdrawn(2, 1, "unheard"))
        call.says("four seven one one", 6_050, 8_000).asks(8_300)
        call.takes_turn("four seven one one", 6_050, 8_000, 8_500)
        finding = call.speaks_from("Noted.", 8_600, 9_500).at(10_000).leg_ended().found("early_cut")
        assert 'before the agent began "Thank you"' in finding.what

    def test_a_talk_over_is_an_agent_that_goes_on(self):
        for words, cause in ((2, "words"), (1, "slow"), (0, "never")):
            call = DoctorCall(words_to_interrupt=words).picked_up()
            call.speaks_from("Hello, this is Maya and I am here.", 1_200, 7_000, purpose="welcome")
            call.says("wait that is wrong", 3_000, 6_000).asks(7_050)
            call.takes_turn("wait that is wrong", 3_000, 6_000, 7_200)
            finding = call.speaks_from("Sorry.", 7_300, 8_000).at(9_000).leg_ended().found("talk_over")
            assert 'Both spoke for 3,000 ms: the agent went on over "wait that is wrong" and did not' in finding.what
            assert finding.causes == (cause,)

    @pytest.mark.parametrize("from_ms", [1_000, 1_500, 1_800])
    def test_a_talk_over_may_begin_with_the_agent_or_before_it(self, from_ms):
        call = DoctorCall().picked_up()
        call.speaks_from("Hello, this is Maya and I am here.", 1_200, 7_000, purpose="welcome")
        call.says("wait that is wrong", from_ms, 5_200).asks(7_050)
        call.takes_turn("wait that is wrong", from_ms, 5_200, 7_200)
        finding = call.speaks_from("Sorry.", 7_300, 8_000).at(9_000).leg_ended().found("talk_over")
        assert finding.lasted_us == (5_200 - max(from_ms, 1_200)) * 1_000

    def test_a_talk_over_is_told_also_behind_a_pause_too_long_for_an_early_cut(self):
        for pause_ms, rule in ((1_800, "early_cut"), (2_400, "talk_over")):
            again_ms = 5_500 + pause_ms
            call = DoctorCall().welcomed().says("My number is", 4_500, 5_500).asks(5_700)
            call.takes_turn("My number is", 4_500, 5_500, 5_900)
            call.speaks_from("Thank you", again_ms - 600, again_ms + 2_500, cut=True)
            call.says("four seven one one", again_ms, again_ms + 3_000).interrupted(again_ms + 2_500)
            call.asks(again_ms + 3_300).takes_turn("four seven one one", again_ms, again_ms + 3_000, again_ms + 3_500)
            findings = call.speaks_from("Noted.", again_ms + 3_600, again_ms + 4_500).at(13_000).leg_ended().findings()
            assert [one.rule for one in findings if one.rule != "slow_reply"] == [rule]

    def test_a_talk_over_may_end_late(self):
        call = DoctorCall().picked_up().speaks_from("Hello, this is Maya", 1_200, 5_500, purpose="welcome", cut=True)
        call.says("wait that is wrong", 3_000, 6_000).interrupted(5_500).asks(6_100)
        call.takes_turn("wait that is wrong", 3_000, 6_000, 6_300)
        finding = call.speaks_from("Sorry.", 6_400, 7_000).at(8_000).leg_ended().found("talk_over")
        assert (finding.causes, finding.lasted_us) == (("slow",), 2_500_000)

    def test_a_goodbye_that_is_talked_over_is_too_long(self):
        call = healthy().speaks_from("Goodbye and all the best.", 13_000, 18_000, purpose="goodbye")
        call.says("no wait a minute please", 14_000, 16_500)
        finding = call.hangs_up(18_100, "inactivity_timeout").found("talk_over")
        assert finding.causes == ("fixed",)

    def test_a_sign_of_listening_and_an_echo_are_no_talk_over(self):
        call = (
            DoctorCall().picked_up().speaks_from("Hello, this is Maya of the bakery.", 1_200, 7_000, purpose="welcome")
        )
        call.says("mhm", 2_500, 5_000)
        assert call.at(8_000).leg_ended().findings() == []
        call = (
            DoctorCall().picked_up().speaks_from("Hello, this is Maya of the bakery.", 1_200, 7_000, purpose="welcome")
        )
        call.says("this is maya of the bakery", 2_500, 6_000)
        assert call.at(8_000).leg_ended().findings() == []

    @pytest.mark.parametrize(
        ("heard", "cause", "told"),
        [("mhm okay", "words", 'for "mhm okay"'), ("a table two eight", "echo", "for its own words")],
    )
    def test_a_false_interruption_is_a_cut_for_no_turn(self, heard, cause, told):
        call = DoctorCall().welcomed().exchange("A table.", "For when?", 4_500)
        call.says("Two at eight.", 8_500, 9_500).asks(9_800).takes_turn("Two at eight.", 8_500, 9_500, 10_000)
        call.speaks_from("So a table for two at eight", 10_100, 12_000, cut=True)
        call.says(heard, 11_200, 12_100).interrupted(12_000).asks(12_400)
        call.takes_turn(heard, 11_200, 12_100, 12_500)
        finding = call.speaks_from("Yes.", 12_600, 13_000).at(14_000).leg_ended().found("false_interruption")
        assert told in finding.what
        assert finding.causes == (cause,)

    @pytest.mark.parametrize(("words", "advised"), [(1, (INTERRUPT, RAISE)), (0, ("tools_config.transcriber", CHECK))])
    def test_a_false_interruption_by_nothing_at_all(self, words, advised):
        call = DoctorCall(words_to_interrupt=words).welcomed().exchange("A table.", "For when?", 4_500)
        call.says("Two.", 8_500, 9_500).asks(9_800).takes_turn("Two.", 8_500, 9_500, 10_000)
        call.speaks_from("So a table", 10_100, 12_000, cut=True).at(11_990).event(ev.TranscriptPartial, 0, 9, "")
        finding = call.interrupted(12_000).at(18_000).leg_ended().found("false_interruption")
        assert finding.what == "The agent broke off and the caller said nothing."
        assert settings_of(finding) == [advised]

    def test_a_false_interruption_after_which_the_agent_went_on_is_a_note(self):
        for kind, cause in (("noise", "words"), ("echo", "echo")):
            call = DoctorCall().welcomed().exchange("A table.", "For when?", 4_500)
            call.says("Two at eight.", 8_500, 9_500).asks(9_800).takes_turn("Two at eight.", 8_500, 9_500, 10_000)
            call.speaks_from("So a table", 10_100, 12_000, cut=True).interrupted(12_000)
            call.at(13_000).write(fx.Note(kind, "table")).generation += 1
            call.gives("for two at eight", 13_800).at(14_000).write(fx.Release(4, 2, 3)).audible(4)
            finding = call.ends("for two at eight", 15_000).at(16_000).leg_ended().found("false_interruption")
            assert finding.what == "The agent broke off for nothing and went on 2,000 ms later."
            assert (finding.severity, finding.causes) == ("note", (cause,))

    @pytest.mark.parametrize("failed_at_ms", [12_000, 11_000])
    def test_an_agent_that_goes_on_behind_a_failure_of_its_voice_was_not_interrupted(self, failed_at_ms):
        call = DoctorCall().welcomed().exchange("A table.", "For when?", 4_500)
        call.says("Two at eight.", 8_500, 9_500).asks(9_800).takes_turn("Two at eight.", 8_500, 9_500, 10_000)
        call.speaks_from("So a table", 10_100, failed_at_ms, cut=True).write(fx.Note("voice_failed", "generation 3"))
        call.interrupted(12_000).generation += 1
        call.gives("for two at eight", 12_000).write(fx.Release(4, 2, 3)).at(12_100).audible(4)
        found = call.ends("for two at eight", 15_000).at(16_000).leg_ended().findings()
        # What failed before was given up behind what had sounded; who is silenced then was interrupted.
        expected = ["provider_failed"] if failed_at_ms == 12_000 else ["provider_failed", "false_interruption"]
        assert [one.rule for one in found] == expected
        assert found[0].what == "The voice stopped in the middle of what it was asked to say."

    def test_an_echo_is_told_when_it_comes_again(self):
        call = (
            DoctorCall().picked_up().speaks_from("Hello, this is Maya of the bakery.", 1_200, 7_000, purpose="welcome")
        )
        call.says("hello maya", 2_500, 4_000).write(fx.Note("echo", "hello maya"))
        assert call.at(8_000).leg_ended().findings() == []
        call.write(fx.Note("echo", "bakery"))
        assert call.found("echo").what.endswith('came back over the line 2 times, first "hello maya".')

    def test_a_cut_of_what_nobody_heard_is_none(self):
        assert healthy().at(13_000).write(fx.Clear(99)).at(14_000).leg_ended().findings() == []

    def test_a_cut_by_a_failure_is_none(self):
        call = DoctorCall().welcomed().exchange("A table.", "For when?", 4_500)
        call.says("Two.", 8_500, 9_500).asks(9_800).takes_turn("Two.", 8_500, 9_500, 10_000)
        call.speaks_from("So a table", 10_100, 12_000, cut=True).at(11_990).event(ev.LineHeld, True)
        assert call.interrupted(12_000).at(18_000).event(ev.LineHeld, False).leg_ended().findings() == []


class TestLoops:
    def test_the_agent_says_the_same_again(self):
        call = DoctorCall().welcomed().exchange("A table.", "For when shall it be?", 4_500)
        call.exchange("Tonight.", "For when, shall it be?", 9_000)
        finding = call.at(13_000).leg_ended().found("loop")
        assert finding.what == 'The agent said "For when, shall it be?" twice running.'

    def test_the_agent_comes_back_to_the_same(self):
        call = DoctorCall().welcomed()
        replies = (
            "For when shall it be?",
            "Who is it?",
            "For when shall it be?",
            "I see you.",
            "For when shall it be?",
        )
        for turn, reply in enumerate(replies):
            call.exchange(f"number {turn}", reply, 4_500 + 4_500 * turn)
        assert "3 times" in call.at(27_000).leg_ended().found("loop").what

    def test_the_caller_has_to_say_it_again(self):
        call = DoctorCall().welcomed().exchange("Two tables, please.", "What is it?", 4_500)
        finding = call.exchange("two tables please", "I see you.", 9_000).at(13_000).leg_ended().found("loop")
        assert (finding.causes, finding.turn) == (("caller",), 2)

    def test_signs_of_listening_and_short_words_may_be_said_again(self):
        call = DoctorCall().welcomed().exchange("okay, yeah", "So it is.", 4_500).exchange("okay, yeah", "Good.", 9_000)
        assert call.at(13_000).leg_ended().findings() == []
        call = DoctorCall().welcomed().exchange("Yes.", "Good.", 4_500).exchange("Yes.", "Good.", 9_000)
        assert call.at(13_000).leg_ended().findings() == []


class TestMissedAnswers:
    def test_a_caller_who_waits_and_leaves(self):
        call = healthy().says("And my coat?", 13_000, 14_000).at(16_800).leg_ended()
        finding = call.takes_turn("And my coat?", 13_000, 14_000, 16_800).found("missed_answer")
        assert finding.what == 'The caller said "And my coat?", waited 2,800 ms for an answer and left.'
        assert (finding.severity, finding.turn) == ("bad", 3)

    @pytest.mark.parametrize(
        ("reason", "advised"),
        [
            ("max_duration_reached", ("task_config.call_terminate", RAISE)),
            ("inactivity_timeout", ("task_config.hangup_after_silence", RAISE)),
            ("llm_error", ("the log", CHECK)),
        ],
    )
    def test_a_call_that_is_ended_on_a_question(self, reason, advised):
        call = healthy().says("And my coat?", 13_000, 14_000).hangs_up(18_000, reason)
        finding = call.takes_turn("And my coat?", 13_000, 14_000, 18_050).found("missed_answer")
        assert settings_of(finding) == [advised]

    @pytest.mark.parametrize(
        ("by", "who"),
        [("Agent", "the agent ended the call"), ("API Request", "the platform ended it (stopped_by_api)")],
    )
    def test_says_who_ended_the_call_on_a_question(self, by, who):
        call = healthy().says("And my coat?", 13_000, 14_000).at(18_000).write(fx.HangUp(by, "stopped_by_api"))
        call.at(18_050).leg_ended(by, "stopped_by_api")
        finding = call.takes_turn("And my coat?", 13_000, 14_000, 18_050).found("missed_answer")
        assert finding.what == f'The caller said "And my coat?"; after 4,000 ms without an answer {who}.'

    def test_words_that_were_discarded(self):
        call = healthy().write(fx.Note("discarded_words", "hello hello")).at(13_000).leg_ended()
        assert settings_of(call.found("missed_answer")) == [("task_config.discard_pre_welcome_utterance", CHANGE)]

    def test_words_that_were_answered_while_more_came_are_none(self):
        call = healthy().says("Bye.", 13_000, 13_300).asks(13_500).takes_turn("Bye.", 13_000, 13_300, 13_600)
        call.speaks_from("Goodbye.", 13_700, 16_000).at(16_500).leg_ended()
        assert call.takes_turn("Bye.", 13_000, 13_300, 16_500).findings() == []


class TestHearing:
    def test_a_sound_without_words_is_a_drop_out(self):
        call = healthy().sounds(13_000, 15_500).at(16_000).leg_ended()
        finding = call.found("recogniser_drop_out")
        assert (finding.at_us, finding.lasted_us) == (13_000_000, 2_500_000)

    def test_words_said_later_do_not_account_for_a_sound_that_was_lost(self):
        call = DoctorCall().welcomed().sounds(4_500, 7_000).exchange("Hello?", "How can I help?", 8_000)
        assert call.at(12_000).leg_ended().found("recogniser_drop_out").at_us == 4_500_000

    def test_several_sounds_may_be_one_segment(self):
        call = DoctorCall().welcomed().sounds(4_500, 6_200).sounds(6_800, 8_500).sounds(9_000, 10_000)
        text = "my number is four seven one one four seven one one four seven one one four seven one one"
        call.words(text, 10_000).asks(10_300).takes_turn(text, 4_500, 10_000, 10_500)
        assert call.speaks_from("Noted.", 10_600, 11_500).at(12_000).leg_ended().findings() == []

    def test_a_call_of_which_little_was_understood(self):
        call = healthy()
        for from_ms in (13_000, 15_000, 17_000, 19_000):
            call.sounds(from_ms, from_ms + 1_400)
        finding = call.at(20_500).leg_ended().found("recogniser_drop_out")
        assert finding.what == "The recogniser gave words for 26 % of 7,600 ms of the caller's sound."

    def test_a_sound_over_the_agent_may_be_its_echo(self):
        call = DoctorCall().picked_up().speaks_from("Hello, this is Maya.", 1_200, 7_000, purpose="welcome")
        assert call.sounds(2_000, 6_000).at(8_000).leg_ended().findings() == []

    def test_a_noise_is_none(self):
        assert healthy().sounds(13_000, 13_700).at(14_500).leg_ended().findings() == []

    def test_without_a_detector_the_turns_are_all_that_is_known(self):
        call = DoctorCall().welcomed().takes_turn("A table.", 4_500, 5_500, 5_900)
        assert call.at(9_500).leg_ended().found("dead_air").at_us == 5_500_000


class TestTheEnd:
    @pytest.mark.parametrize(
        ("reason", "setting"),
        [
            ("inactivity_timeout", "task_config.hangup_after_silence"),
            ("max_duration_reached", "task_config.call_terminate"),
            ("llm_prompted_hangup", "task_config.call_cancellation_prompt"),
            ("end_call_tool", "agent_prompts.task_1.system_prompt"),
        ],
    )
    def test_we_hang_up_while_the_caller_speaks(self, reason, setting):
        call = healthy().at(13_080).event(ev.ActivityBegan, call_audio(13_000))
        call.at(13_900).event(ev.TranscriptPartial, call_audio(13_900), 9, "and then").hangs_up(14_200, reason)
        finding = call.found("hung_up_mid_sentence")
        assert 'had been speaking for 1,200 ms "and then"' in finding.what
        assert finding.advice[0].setting == setting

    @pytest.mark.parametrize("lasts_ms", [0, MAX_CALL_SECONDS * 1_000])
    def test_no_setting_makes_a_call_longer_than_the_platform_lets_it_be(self, lasts_ms):
        spoken = (
            DoctorCall(call_terminate_ms=lasts_ms).welcomed().at(13_080).event(ev.ActivityBegan, call_audio(13_000))
        )
        spoken.at(13_900).event(ev.TranscriptPartial, call_audio(13_900), 9, "and then")
        cut = DoctorCall(call_terminate_ms=lasts_ms).welcomed().says("A table.", 4_500, 5_500).asks(5_800)
        cut.takes_turn("A table.", 4_500, 5_500, 6_000).gives("Our tables", 6_050).at(6_100).released(1, 2).audible(2)
        cut.at(9_000).event(ev.DeadlineReached).interrupted(9_000).agent_said(1, 2, "Our", cut=True)
        for call in (spoken, cut):
            finding = call.hangs_up(14_200, "max_duration_reached").found("hung_up_mid_sentence")
            assert settings_of(finding) == [("the platform", CHECK)]

    def test_a_hang_up_that_was_asked_for_is_none(self):
        call = healthy().at(13_080).event(ev.ActivityBegan, call_audio(13_000))
        assert call.hangs_up(14_200, "call_stopped").findings() == []

    def test_the_caller_leaves_in_a_long_sentence(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_800)
        call.takes_turn("A table.", 4_500, 5_500, 6_000).gives("Our tables are made of wood", 6_050)
        call.at(6_100).released(1, 2).audible(2).at(12_000).leg_ended()
        finding = call.agent_said(1, 2, "Our tables are made", cut=True).found("hung_up_mid_sentence")
        assert finding.what == 'The caller left 5,900 ms into "Our tables are made".'
        assert finding.severity == "note"

    def test_the_longest_duration_cuts_the_agent(self):
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_800)
        call.takes_turn("A table.", 4_500, 5_500, 6_000).gives("Our tables", 6_050).at(6_100).released(1, 2).audible(2)
        call.at(9_000).event(ev.DeadlineReached).interrupted(9_000).agent_said(1, 2, "Our", cut=True)
        finding = call.hangs_up(9_100, "max_duration_reached").found("hung_up_mid_sentence")
        assert (finding.causes, finding.severity) == (("maximum",), "warning")

    def test_the_longest_duration_cuts_only_what_it_cuts(self):
        call = healthy().at(13_000).write(fx.Clear(3)).at(13_100)
        assert call.hangs_up(13_200, "max_duration_reached").findings() == []
        call = DoctorCall().welcomed().says("A table.", 4_500, 5_500).asks(5_800)
        call.takes_turn("A table.", 4_500, 5_500, 6_000).speaks_from("Our tables", 6_100, 9_000, cut=True)
        call.at(9_000).event(ev.LineHeld, True).event(ev.LineHeld, False).interrupted(9_000)
        assert call.hangs_up(9_100, "max_duration_reached").findings() == []


class TestServices:
    def test_a_provider_that_fails_is_named_once_with_how_often(self):
        call = healthy()
        for at_ms in (13_000, 13_500):
            call.at(at_ms).event(ev.ProviderFailed, "model", "acme", "limit_reached", "slow down")
        finding = call.at(14_000).leg_ended().found("provider_failed")
        assert finding.what == 'The model acme failed 2 times, limit reached: "slow down".'

    def test_a_recogniser_that_fails_is_bad_and_a_turn_model_is_not(self):
        for kind, severity in (("transcriber", "bad"), ("turn", "note"), ("retrieval", "warning")):
            call = healthy().at(13_000).event(ev.ProviderFailed, kind, "acme", "unavailable", "")
            assert call.at(14_000).leg_ended().found("provider_failed").severity == severity

    def test_a_failure_that_ended_the_call_is_bad(self):
        call = healthy().at(13_000).event(ev.ProviderFailed, "voice", "acme", "unavailable", "")
        assert call.hangs_up(13_100, "synthesizer_error").found("provider_failed").severity == "bad"

    def test_before_the_answer_only_failures_are_told(self):
        call = DoctorCall().at(200).event(ev.ProviderFailed, "transcriber", "acme", "refused_credentials", "no key")
        assert call.at(300).leg_ended("Error", "transcriber_error").found("provider_failed").at_us == 200_000

    def test_a_wait_that_was_given_up(self):
        call = healthy().write(fx.Note("reply_timeout", "generation 3")).write(fx.Note("reply_timeout", "generation 4"))
        call.at(13_000).leg_ended()
        what = call.found("provider_failed").what
        assert what == 'The model failed 2 times, no answer: "it gave nothing more until its time to answer was over".'
        assert settings_of(call.found("provider_failed")) == [("tools_config.llm_agent", CHECK)]
        call = healthy().write(fx.Note("mark_missing", "generation 3")).at(13_000).leg_ended()
        assert call.found("provider_failed").severity == "note"

    def test_more_tools_than_a_turn_may_have_are_no_failure_of_the_model(self):
        finding = healthy().write(fx.Note("tool_loops", "book")).at(13_000).leg_ended().found("provider_failed")
        assert finding.what == "The model asked for more tools than a turn may have."
        assert finding.turn == 2
        assert settings_of(finding) == [("agent_prompts.task_1.system_prompt", CHANGE)]

    def test_a_line_that_does_not_do_as_asked(self):
        call = (
            healthy()
            .fact("leg", "carrier_failed", kind="unavailable", message="cannot send keys")
            .at(13_000)
            .leg_ended()
        )
        assert call.found("provider_failed").causes == ("carrier",)

    def test_money_for_work_that_was_given_up(self):
        cost = costs(waste=400_000_000, whole=1_000_000_000)
        call = healthy().write(fx.Withdrawn(9, 3, "caller_continued")).at(13_000).leg_ended()
        finding = call.found("withdrawn_work", cost)
        assert (
            finding.what == "40 % of the cost of model and voice, 0.400 cents, went into 1 replies that were given up."
        )
        assert finding.causes == ("interruptions",)
        assert call.write(fx.Speculative(9, 3)).found("withdrawn_work", cost).causes == ("speculation",)

    def test_little_money_is_none(self):
        call = healthy().at(13_000).leg_ended()
        assert call.findings(costs(waste=90_000_000, whole=100_000_000)) == []
        assert call.findings(costs(waste=200_000_000, whole=1_000_000_000)) == []

    def test_a_defect_of_ours_is_owned(self):
        call = healthy().fact("core", "broken_invariant", message="silence has a limit").at(13_000).leg_ended()
        assert call.found("broken_rule").severity == "bad"

    def test_a_recording_that_the_disk_cut_is_told(self):
        call = healthy().at(13_000).leg_ended()
        assert call.fact("leg", "recording", lost="").findings() == []
        finding = call.fact("leg", "recording", lost="No space left on device").found("cut_recording")
        assert (finding.severity, finding.causes) == ("warning", ("disk",))
        assert finding.what.endswith("because it could not be written: No space left on device.")

    def test_a_log_with_a_hole_is_told_where_it_is(self):
        call = healthy().at(13_000).leg_ended()
        del call.lines[12:15]
        assert [one.rule for one in call.findings()].count("broken_log") == 1
        (finding,) = [one for one in call.findings() if one.rule == "broken_log"]
        assert (finding.severity, finding.causes) == ("warning", ("gap",))
        assert "entries 12 to 14 missing" in finding.what

    def test_a_log_without_an_end_is_a_note_where_nobody_knows_whether_the_call_goes_on(self):
        call = healthy()
        (finding,) = diagnose(call.view, over=None).findings
        assert (finding.rule, finding.severity, finding.causes) == ("broken_log", "note", ("no_end",))
        assert "11,600 ms after the answer, and no end of the call is in it" in finding.what
        assert "killed" not in finding.what
        assert diagnose(call.at(13_000).leg_ended().view, over=None).findings == ()

    def test_a_log_that_breaks_off_is_told_when_the_call_is_over(self):
        call = healthy()
        assert call.findings() == [], "a call that goes on has a log without an end"
        (finding,) = diagnose(call.view, over=True).findings
        assert (finding.rule, finding.causes, finding.at_us) == ("broken_log", ("breaks_off",), call.view.ended_us)
        assert "breaks off 11,600 ms after the answer" in finding.what
        assert diagnose(call.at(13_000).leg_ended().view, over=True).findings == ()

    def test_a_call_that_ended_without_a_word_of_its_line_has_an_end(self):
        call = healthy().hangs_up(12_700, "inactivity_timeout")
        unconfirmed = healthy().at(12_700).write(fx.HangUp("Agent", "x")).write(fx.Note("leg_unconfirmed", ""))
        for one in (call, unconfirmed):
            assert "broken_log" not in [finding.rule for finding in diagnose(one.view, over=True).findings]

    def test_a_call_nobody_answered_may_have_no_end(self):
        assert diagnose(DoctorCall().view, over=True).findings == ()


class TestTheLine:
    def test_one_way_audio(self):
        call = (
            healthy().at(12_000).fact("leg", "one_way", what="no_audio_from_caller", frames=500).at(13_000).leg_ended()
        )
        finding = call.found("one_way_audio")
        assert (finding.at_us, settings_of(finding)) == (12_000_000, [("the line", CHECK)])
        call = healthy().fact("leg", "quality", one_way="no_audio_to_caller").at(13_000).leg_ended()
        assert "could not hear the agent" in call.found("one_way_audio").what
        call = healthy().fact("leg", "quality", one_way="in its own words").at(13_000).leg_ended()
        assert call.found("one_way_audio").causes == ("no_audio_from_caller",)

    def test_clipped_audio_is_where_it_begins(self):
        call = healthy().at(13_000).leg_ended().line(voiced_frames=200, clipped_frames=40, clipped_from_ms=5_200)
        finding = call.found("clipped_audio")
        assert (finding.at_us, finding.lasted_us) == (6_200_000, 800_000)
        assert "(20 %)" in finding.what
        assert healthy().at(13_000).leg_ended().line(voiced_frames=900, clipped_frames=12).findings() == []

    def test_a_quiet_caller(self):
        levels = {"voiced_frames": 200, "unvoiced_frames": 300, "speech_db": -45, "noise_db": -70}
        assert healthy().at(13_000).leg_ended().line(**levels).found("quiet_caller").severity == "warning"
        assert healthy().at(13_000).leg_ended().line(**levels | {"voiced_frames": 20}).findings() == []

    def test_a_caller_whose_voice_was_never_taken_for_one(self):
        for noise_db, found in ((-48, ["quiet_caller"]), (-70, []), (-30, [])):
            call = (
                DoctorCall()
                .welcomed()
                .at(8_000)
                .leg_ended()
                .line(voiced_frames=0, unvoiced_frames=90, noise_db=noise_db)
            )
            assert [one.rule for one in call.findings()] == found

    def test_a_noisy_line(self):
        levels = {"frames_in": 550, "voiced_frames": 200, "unvoiced_frames": 300, "speech_db": -25, "noise_db": -33}
        assert (
            healthy().at(13_000).leg_ended().line(**levels | {"frames_in": 1_000, "voiced_frames": 320}).findings()
            == []
        )
        finding = healthy().at(13_000).leg_ended().line(**levels).found("noisy_line")
        assert finding.what == "The caller's voice (-25 dBFS) is only 8 dB above the noise (-33 dBFS)."
        assert healthy().at(13_000).leg_ended().line(**levels | {"noise_db": -45}).findings() == []
        assert healthy().at(13_000).leg_ended().line(**levels | {"unvoiced_frames": 3}).findings() == []

    def test_a_lossy_line_in_both_ways(self):
        quality = {"rx_packets": 950, "rx_lost": 50, "rx_jitter_ms": 80, "tx_packets": 1_000, "tx_lost": 1, "rtt_ms": 9}
        call = healthy().fact("leg", "quality", **quality).at(13_000).leg_ended()
        assert call.found("lossy_line").what == (
            "5.0 % of the caller's packets were lost; the caller's packets came with a jitter of 80 ms."
        )
        call = healthy().fact("leg", "quality", **quality | {"rx_lost": 1, "rx_jitter_ms": 5, "tx_lost": 90})
        assert "our packets were lost" in call.at(13_000).leg_ended().found("lossy_line").what

    def test_holes_in_the_agents_voice_are_where_a_clause_took_longest(self):
        call = healthy().event(ev.VoiceFinished, 3, 0, 1_500).at(13_000).leg_ended().line(starved_frames=25)
        finding = call.found("starved_playout")
        assert (finding.at_us, finding.causes, finding.severity) == (10_600_000, ("voice",), "warning")

    def test_holes_of_our_machine(self):
        finding = healthy().at(13_000).leg_ended().line(late_frames=60).found("starved_playout")
        assert (finding.causes, finding.severity, finding.at_us) == (("machine",), "bad", 1_000_000)
        finding = healthy().at(13_000).leg_ended().line(starved_frames=10).found("starved_playout")
        assert finding.at_us == 1_000_000


class TestTheRecord:
    def test_has_the_moment_in_the_call_and_in_the_recording(self):
        record = examined(healthy().tool("book", 12_600, 17_000).at(17_500).leg_ended().view)
        (finding,) = record["findings"]
        assert (finding["call_ms"], finding["recording_ms"], finding["lasted_ms"]) == (12_600, 11_600, 4_400)
        assert (finding["rule"], finding["severity"], finding["turn"]) == ("slow_tool", "warning", 2)
        assert set(finding["change"][0]) == {"setting", "path", "direction", "value", "why"}
        assert record["left_out"] == 0
        json.dumps(record)

    def test_a_moment_before_the_answer_is_in_no_recording(self):
        call = DoctorCall().at(200).event(ev.ProviderFailed, "turn", "acme", "unavailable", "").welcomed()
        (finding,) = examined(call.at(13_000).leg_ended().view)["findings"]
        assert (finding["call_ms"], finding["recording_ms"]) == (200, None)

    def test_keeps_the_worst_when_there_are_too_many(self):
        call = healthy()
        for number in range(MAX_DOCTOR_FINDINGS + 5):
            call.at(13_000 + number).event(ev.ProviderFailed, "turn", f"p{number}", "unavailable", "")
        call.at(14_000).event(ev.ProviderFailed, "transcriber", "acme", "unavailable", "").leg_ended()
        record = examined(call.view)
        assert (len(record["findings"]), record["left_out"]) == (MAX_DOCTOR_FINDINGS, 6)
        assert record["findings"][-1]["severity"] == "bad"
        assert as_text(record)[-1] == "and 6 more, none of them worse"

    def test_a_log_that_makes_no_sense_costs_its_findings_and_not_the_record(self):
        record = examined(DoctorCall().picked_up().fact("leg", "line", voiced_frames="many").view)
        assert record["findings"] == []
        assert record["failed"].startswith("ValueError")
        assert "could not be examined" in as_text(record)[0]

    def test_reads_well(self):
        record = examined(healthy().tool("book", 12_600, 17_000).at(17_500).leg_ended().view)
        assert as_text(record) == [
            "00:11.6  warning  Slow tool, turn 2",
            "  The tool book took 4,400 ms; the caller heard nothing for 4,400 ms of it.",
            "  change tools_config.api_tools: pre_call_message: say what is being done; and make the tool itself answer sooner",
        ]
        assert as_text(examined(healthy().at(13_000).leg_ended().view)) == ["nothing to complain about"]

    def test_shows_findings_of_a_rule_it_does_not_know(self):
        call = DoctorCall().at(200).event(ev.ProviderFailed, "turn", "acme", "unavailable", "").at(300)
        record = examined(call.leg_ended().view)
        record["findings"][0]["rule"] = "of_tomorrow"
        assert as_text(record)[0] == "call     0.2 s  note     of_tomorrow"


class TestTheTable:
    def test_every_part_of_a_slow_reply_has_something_to_change(self):
        assert set(PARTS) <= set(RULES["slow_reply"].advice)
        assert set(RULES["slow_reply"].advice) == set(PARTS_IN_WORDS)

    def test_every_rule_says_what_it_means_and_what_to_change(self):
        for name, rule in RULES.items():
            assert name == rule.name
            assert min(len(rule.title), len(rule.means), len(rule.advice)) > 0
            assert {advice.direction for advice in rule.advice.values()} <= {LOWER, RAISE, CHANGE, CHECK}

    @pytest.mark.parametrize(
        "advice", [advice for rule in RULES.values() for advice in rule.advice.values() if advice.direction != CHECK]
    )
    def test_every_setting_it_can_advise_is_one_that_does_something(self, advice):
        rows = [row for row in SETTINGS if is_row_of(advice.setting, row.key)]
        assert rows
        assert not any(row.kept for row in rows)

    def test_only_single_values_have_a_path_to_try(self):
        paths = {advice.setting: advice.path for rule in RULES.values() for advice in rule.advice.values()}
        assert paths["tools_config.transcriber.endpointing"] == "tools_config.transcriber.endpointing"
        assert paths["task_config.patience"] == "task_config.patience"
        whole = ("tools_config.transcriber", "tools_config.synthesizer", "tools_config.llm_agent", "the line")
        assert [paths[setting] for setting in whole] == [None] * 4

    def test_what_cannot_be_set_is_only_to_be_looked_at(self):
        advised = [advice for rule in RULES.values() for advice in rule.advice.values()]
        kept = [row.key for row in SETTINGS if row.kept]
        assert [advice for advice in advised if any(is_row_of(advice.setting, key) for key in kept)] == []
        assert not is_row_of("the line", "task_config.patience")


SECTIONS = {
    "tools_config.llm_agent": "llm_agent.provider",
    "tools_config.synthesizer": "synthesizer.provider",
    "tools_config.transcriber": "transcriber.provider",
    "tools_config.api_tools": "api_tools.tools",
    "tools_config.api_tools: briefing": "tool.briefing",
    "tools_config.api_tools: pre_call_message": "tool.pre_call_message",
    "agent_prompts.task_1.system_prompt": "agent.agent_prompts",
}


def is_row_of(setting: str, key: str) -> bool:
    """Whether the row ``key`` of the agent's settings is the one that an advice names."""
    name = setting.removeprefix("tools_config.").replace("llm_agent.llm_config.", "llm_agent.")
    return key == SECTIONS.get(setting, name)


def call_audio(at_ms: int) -> int:
    return at_ms - 1_000


def costs(waste: int, whole: int) -> CallCost:
    legs = dict.fromkeys(LEGS, 0)
    return CallCost({**legs, "llm": whole}, {"waste": {**legs, "llm": waste}}, {})
