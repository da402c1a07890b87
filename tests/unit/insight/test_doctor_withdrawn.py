"""The call doctor on callers who wait, speak again, and are answered late or never; and on those who only pause."""

import pytest
from tests.unit.insight.doctor_call import DoctorCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.doctor_finding import Finding
from callwright.insight.doctor_rules import CHANGE, CHECK, LOWER

MODEL = ("tools_config.llm_agent.llm_config.model", CHANGE)
FILLERS = ("task_config.use_fillers", CHANGE)


def withdrawn(call: DoctorCall, at_ms: int, reason: str = "caller_continued") -> DoctorCall:
    """The newest reply is given up, of the turn that is about to be taken."""
    return call.at(at_ms).write(fx.Withdrawn(call.generation, call.turn + 1, reason))


def prompts(call: DoctorCall, text: str, from_ms: int, to_ms: int, asked_ms: int = 0) -> DoctorCall:
    """The caller speaks, which withdraws the reply that was being made, and the model is asked anew."""
    withdrawn(call, from_ms + 200)
    return call.says(text, from_ms, to_ms).asks(asked_ms or to_ms + 300)


def asks_the_price(**plan: object) -> DoctorCall:
    """The caller asks from 4.5 to 5.5 s, and the model is asked at 5.8 s."""
    return DoctorCall(**plan).welcomed().says("How much is a cleaning?", 4_500, 5_500).asks(5_800)


def never_answered(**plan: object) -> DoctorCall:
    """Two prompts behind the question, each after 2.5 s, and nothing is heard; at 13.5 s the caller speaks once more and leaves."""
    call = prompts(asks_the_price(**plan), "Hello?", 8_000, 8_500)
    prompts(call, "Are you there?", 11_000, 11_500)
    return withdrawn(call.says("I hang up now.", 13_800, 14_800), 14_000).at(14_900).leg_ended()


def settings_of(finding: Finding) -> list[tuple[str, str]]:
    return [(advice.setting, advice.direction) for advice in finding.advice]


class TestACallerWhoIsNeverAnswered:
    def test_is_found_although_each_pause_is_short(self):
        finding = never_answered().found("withdrawn_reply")
        assert finding.what == (
            "The caller waited for an answer at 00:04.5 for 2,500 ms, at 00:07.5 for 2,500 ms, at 00:10.5 for 2,300 ms, and went on with"
            ' "Hello?", "Are you there?", "I hang up now.", which withdrew 3 replies that were being made; no answer had been heard when'
            " the call ended 9,400 ms after the first of these moments. 6,400 ms of the waiting was for the model's first words."
        )
        assert (finding.severity, finding.at_us, finding.lasted_us, finding.turn) == ("bad", 5_500_000, 9_400_000, 1)

    def test_names_the_model(self):
        call = prompts(asks_the_price(), "Hello?", 8_000, 8_500).connected("model", "acme", "acme-large")
        finding = call.at(10_400).leg_ended().found("withdrawn_reply")
        assert "withdrew the reply that was being made by acme-large (acme); no answer" in finding.what

    def test_is_helped_by_a_faster_model_and_by_fillers(self):
        assert settings_of(never_answered().found("withdrawn_reply")) == [MODEL, FILLERS]

    def test_is_not_advised_the_fillers_they_had(self):
        assert settings_of(never_answered(fillers=True).found("withdrawn_reply")) == [MODEL]

    def test_is_not_answered_by_a_filler(self):
        call = asks_the_price(fillers=True).at(6_800).write(fx.PlayAsset("filler", "One moment."))
        prompts(call, "Hello?", 8_000, 8_500).at(9_500).write(fx.PlayAsset("filler", "Just a second."))
        finding = prompts(call, "Are you there?", 11_000, 11_500).at(13_000).leg_ended().found("withdrawn_reply")
        assert (finding.severity, finding.lasted_us) == ("bad", 7_500_000)

    def test_who_hangs_up_in_silence_waited_to_the_end(self):
        call = prompts(asks_the_price(), "Hello?", 8_000, 8_500).at(10_400).leg_ended()
        finding = call.found("withdrawn_reply")
        assert (finding.severity, finding.lasted_us) == ("bad", 4_900_000)
        assert "at 00:07.5 for 1,900 ms" in finding.what

    def test_whose_call_still_goes_on_is_told_so(self):
        call = prompts(asks_the_price(), "Hello?", 8_000, 8_500).at(11_000).fact("core", "vad_track")
        assert "no answer had been heard 5,500 ms after the first of these moments, where the log ends" in (
            call.found("withdrawn_reply").what
        )

    def test_is_told_with_the_first_moments_and_how_many_more(self):
        call, at_ms = asks_the_price(), 5_500
        for _ in range(5):
            prompts(call, "Hello?", at_ms + 2_000, at_ms + 2_500)
            at_ms += 2_500
        finding = call.at(at_ms + 500).leg_ended()
        (withdrawn_reply,) = (one for one in finding.findings() if one.rule == "withdrawn_reply")
        assert "and 2 times more" in withdrawn_reply.what

    def test_may_have_pressed_keys(self):
        call = withdrawn(asks_the_price(), 8_000, "caller_pressed_keys").event(ev.KeyPressed, "1").asks(8_100)
        finding = call.at(10_000).leg_ended().found("withdrawn_reply")
        assert "at 00:07.0 for 2,000 ms, and went on, which withdrew the reply that was being made" in finding.what


class TestACallerWhoIsAnsweredLate:
    def test_is_found_with_how_long_it_took(self):
        call = prompts(asks_the_price(), "Hello?", 8_000, 8_500, 8_700)
        call.at(9_800).model_wrote(call.generation, "Ninety.").takes_turn("Hello?", 4_500, 8_500, 9_850)
        finding = call.speaks_from("Ninety.", 10_000, 11_000).at(12_000).leg_ended()
        late, slow = sorted(finding.findings(), key=lambda one: one.rule, reverse=True)
        assert (late.rule, late.severity, late.lasted_us) == ("withdrawn_reply", "warning", 4_500_000)
        assert "an answer was heard only 4,500 ms after the first of these moments" in late.what
        assert (slow.rule, slow.lasted_us) == ("slow_reply", 1_500_000)

    def test_in_six_seconds_of_waiting_is_bad(self):
        call = prompts(prompts(asks_the_price(), "Hello?", 8_000, 8_500), "Are you there?", 11_000, 11_500)
        call.takes_turn("Are you there?", 4_500, 11_500, 12_300).speaks_from("Ninety.", 12_500, 13_000)
        finding = call.at(14_000).leg_ended().found("withdrawn_reply")
        assert (finding.severity, finding.lasted_us) == ("bad", 7_000_000)

    def test_soon_after_one_prompt_is_not(self):
        call = prompts(asks_the_price(), "Hello?", 8_000, 8_500).takes_turn("Hello?", 4_500, 8_500, 8_900)
        assert call.speaks_from("Ninety.", 9_000, 10_000).at(11_000).leg_ended().findings() == []

    def test_is_not_answered_by_the_goodbye_of_a_call_that_is_given_up(self):
        call = prompts(asks_the_price(), "Hello?", 8_000, 8_500)
        call.speaks_from("Goodbye.", 10_400, 11_000, purpose="goodbye").hangs_up(11_100, "llm_error")
        finding = call.found("withdrawn_reply")
        assert (finding.severity, finding.lasted_us) == ("bad", 4_900_000)


class TestWhatWasWaitedFor:
    def cause(self, call: DoctorCall) -> tuple[str, str]:
        return settings_of(call.at(12_000).leg_ended().found("withdrawn_reply"))[0]

    def test_a_clause_the_voice(self):
        call = asks_the_price()
        call.at(5_900).model_wrote(call.generation, "Ninety.").speaks(1, call.generation, "Ninety.")
        prompts(call, "Hello?", 8_000, 8_500).at(8_900).model_wrote(call.generation, "Ninety.")
        call.speaks(1, call.generation, "Ninety.")
        assert self.cause(prompts(call, "Hello?", 11_000, 11_500)) == ("tools_config.synthesizer", CHANGE)

    def test_the_end_of_a_clause(self):
        call = asks_the_price().at(5_900)
        call.model_wrote(call.generation, "A cleaning is")
        prompts(call, "Hello?", 8_000, 8_500).at(8_900).model_wrote(call.generation, "A cleaning is")
        wanted = ("agent_prompts.task_1.system_prompt", CHANGE)
        assert self.cause(prompts(call, "Hello?", 11_000, 11_500)) == wanted

    def test_an_answer_that_was_held_back(self):
        call = asks_the_price(incremental_delay_ms=3_000).at(5_900)
        call.model_wrote(call.generation, "Ninety.").gives("Ninety.", 5_950)
        prompts(call, "Hello?", 8_000, 8_500).at(8_900)
        call.model_wrote(call.generation, "Ninety.").gives("Ninety.", 8_950)
        wanted = ("task_config.incremental_delay", LOWER)
        assert self.cause(prompts(call, "Hello?", 11_000, 11_500)) == wanted

    def test_a_noise_into_which_the_answer_was_not_said(self):
        call = asks_the_price().at(5_900)
        call.model_wrote(call.generation, "Ninety.").gives("Ninety.", 5_950).sounds(6_000, 6_900)
        prompts(call, "Hello?", 8_000, 8_500).at(8_900)
        call.model_wrote(call.generation, "Ninety.").gives("Ninety.", 8_950).sounds(9_000, 9_900)
        finding = prompts(call, "Hello?", 11_000, 11_500).at(12_000).leg_ended().found("withdrawn_reply")
        assert settings_of(finding)[0] == ("the caller", CHECK)
        assert "3,300 ms of the waiting was held back for what the caller did meanwhile." in finding.what

    def test_a_tool(self):
        call = asks_the_price().tool("price", 5_900, 8_000)
        call = prompts(call, "Hello?", 8_100, 8_500).tool("price", 8_900, 10_800)
        found = prompts(call, "Hello?", 11_000, 11_500).at(11_900).leg_ended().findings()
        (finding,) = (one for one in found if one.rule == "withdrawn_reply")
        assert settings_of(finding)[0] == ("tools_config.api_tools: pre_call_message", CHANGE)

    @pytest.mark.parametrize(
        ("likely_ppm", "at_ms", "wanted"),
        [
            (100_000, 100, ("task_config.patience", LOWER)),
            (900_000, 1_900, ("CALLWRIGHT_TURN", CHECK)),
        ],
    )
    def test_the_end_of_the_turn(self, likely_ppm, at_ms, wanted):
        call = DoctorCall().welcomed().says("How much is", 4_500, 5_500)
        call.at(5_550).write(fx.AskTurnModel(1, 3_500, 4_500)).at(5_600 + at_ms).event(ev.TurnVerdict, 1, likely_ppm)
        call.asks(7_600)
        withdrawn(call, 8_100).says("Hello?", 7_900, 8_400)
        call.at(8_450).write(fx.AskTurnModel(2, 7_000, 7_500)).at(8_500 + at_ms).event(ev.TurnVerdict, 2, likely_ppm)
        call.asks(10_500)
        assert self.cause(withdrawn(call, 11_000).says("Hello?", 10_900, 11_400)) == wanted

    def test_the_recognisers_own_end(self):
        call = DoctorCall(turn_model=False).welcomed().says("How much is", 4_500, 5_500)
        call.at(7_500).event(ev.RecogniserEnd, 4_500).asks(7_600)
        withdrawn(call, 8_100).says("Hello?", 7_900, 8_400).at(10_400).event(ev.RecogniserEnd, 7_400).asks(10_500)
        call = withdrawn(call, 11_000).says("Hello?", 10_900, 11_400)
        assert self.cause(call) == ("tools_config.transcriber.endpointing", LOWER)

    def test_of_replies_that_failed_one_after_the_other_each_is_counted(self):
        call = prompts(asks_the_price(), "Hello?", 8_000, 8_500)
        for at_ms in (8_900, 10_400):
            call.at(at_ms).model_wrote(call.generation, "Ninety.").speaks(1, call.generation, "Ninety.")
            if at_ms < 10_000:
                withdrawn(call, 10_300, "voice_failed").asks(10_300)
        assert call.at(11_900).leg_ended().found("withdrawn_reply").causes == ("voice", "fillers")


class TestACallerWhoOnlyPauses:
    @pytest.mark.parametrize("pause_ms", [1_000, 1_300])
    def test_while_they_dictate(self, pause_ms):
        call, at_ms = DoctorCall().welcomed(), 4_500
        for digits in ("four seven", "one one", "eight two", "six zero", "three", "nine", "five five"):
            call.says(digits, at_ms, at_ms + 900).asks(at_ms + 1_800)
            at_ms += 900 + pause_ms
            withdrawn(call, at_ms + 100)
        call.says("seven.", at_ms, at_ms + 500).asks(at_ms + 800).takes_turn("...", 4_500, at_ms + 500, at_ms + 900)
        assert call.speaks_from("Noted.", at_ms + 1_000, at_ms + 2_000).at(at_ms + 3_000).leg_ended().findings() == []

    def test_while_they_tell_something_long(self):
        call, at_ms = DoctorCall().welcomed(), 4_500
        for _ in range(4):
            call.says("and then my tooth began to hurt again in the night", at_ms, at_ms + 4_000).asks(at_ms + 4_900)
            at_ms += 6_100
            withdrawn(call, at_ms + 100)
        call.says("Can you help?", at_ms, at_ms + 900).asks(at_ms + 1_200)
        call.takes_turn("...", 4_500, at_ms + 900, at_ms + 1_300).speaks_from("Yes.", at_ms + 1_500, at_ms + 2_000)
        assert call.at(at_ms + 3_000).leg_ended().findings() == []

    def test_in_which_the_model_was_asked_only_in_case_they_had_finished(self):
        call, at_ms = DoctorCall(speculate=True).welcomed(), 4_500
        for _ in range(4):
            call.says("and then", at_ms, at_ms + 600)
            call.write(fx.Speculative(call.generation + 1, 1)).asks(at_ms + 1_000)
            at_ms += 2_900
            withdrawn(call, at_ms + 100)
        assert call.says("well", at_ms, at_ms + 600).at(at_ms + 700).leg_ended().findings() == []

    def test_unless_the_guess_was_taken_for_the_answer(self):
        call = DoctorCall(speculate=True).welcomed().says("How much is it?", 4_500, 5_500)
        call.write(fx.Speculative(2, 1)).asks(5_700).at(6_000).write(fx.Committed(2, 1))
        prompts(call, "Hello?", 8_000, 8_500)
        prompts(call, "Hello?", 11_000, 11_500).at(12_000).leg_ended()
        assert call.found("withdrawn_reply").lasted_us == 6_500_000

    def test_while_the_line_is_on_hold(self):
        call = asks_the_price().at(6_000).event(ev.LineHeld, True).at(8_000).event(ev.LineHeld, False)
        prompts(call, "Hello?", 8_100, 8_500).at(8_600).event(ev.LineHeld, True).at(10_900).event(ev.LineHeld, False)
        prompts(call, "Hello?", 11_000, 11_500).at(11_900)
        assert [one.rule for one in call.leg_ended().findings()] == []

    def test_while_the_agent_itself_was_still_heard(self):
        call = DoctorCall().picked_up().says("Hello?", 2_000, 2_500).asks(2_800)
        call.generation -= 1
        call.speaks_from("Hello, this is Maya.", 1_200, 7_000, purpose="welcome")
        withdrawn(call, 7_200).says("How much is it?", 7_100, 8_000).asks(8_300)
        call.takes_turn("How much is it?", 2_000, 8_000, 8_500).speaks_from("Ninety.", 8_800, 9_500)
        assert call.at(10_000).leg_ended().findings() == []
