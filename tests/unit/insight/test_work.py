"""What worked for a call."""

from tests.unit.insight.doctor_call import DoctorCall, healthy

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.doctor_case import Case
from callwright.insight.marks import marks
from callwright.insight.work import work_of


def of(call, kind):
    return [one for one in work_of(call.view) if one.kind == kind]


class TestModels:
    def test_are_named_by_what_they_used(self):
        call = healthy().connected("model", "acme", "small")
        call.event(ev.UsageReported, "model", "acme", "large", "reply", 2, call.request, 120, 9, 40)
        asked = of(call, "model")[-1]
        assert (asked.provider, asked.name, asked.tokens) == ("acme", "large", (120, 9, 40))
        assert (asked.status, asked.result, asked.turn) == ("stop", "Done, see you tonight.", 2)

    def test_of_a_withdrawn_reply_are_named_too(self):
        call = DoctorCall().connected("model", "acme", "small").welcomed()
        call.says("Hello", 4_500, 5_000).at(5_100).write(fx.Speculative(2, 1)).asks(5_100).gives_up(
            1, 2, "caller_continued"
        )
        (asked,) = of(call, "model")
        assert (asked.provider, asked.name, asked.withdrawn, asked.speculative) == ("acme", "small", True, True)
        assert asked.to_us is None

    def test_that_fail_say_why(self):
        call = DoctorCall().welcomed().asks(4_500)
        call.at(5_000).event(
            ev.ProviderFailed, "model", "acme", "timeout", "no answer in 10 s", call.generation, call.request
        )
        (asked,) = of(call, "model")
        assert (asked.status, asked.error, asked.to_us) == ("error", "no answer in 10 s", 5_000_000)


class TestTools:
    def test_have_what_was_asked_and_answered(self):
        call = healthy().tool("book_visit", 9_000, 11_000)
        (tool,) = of(call, "tool")
        assert (tool.name, tool.from_us, tool.to_us, tool.status) == ("book_visit", 9_000_000, 11_000_000, "answered")

    def test_that_never_answered_have_no_end(self):
        (tool,) = of(healthy().tool("book_visit", 9_000), "tool")
        assert (tool.to_us, tool.status) == (None, "unanswered")


class TestVoices:
    def test_have_first_audio_and_words(self):
        clauses = of(healthy().connected("voice", "acme", voice="warm"), "voice")
        assert [one.result for one in clauses][:2] == ["Hello, this is Maya.", "For when shall it be?"]
        assert clauses[0].first_us == 1_140_000
        assert (clauses[0].provider, clauses[0].name) == ("acme", "warm")


class TestTurnModels:
    def test_tell_how_sure_they_were(self):
        call = healthy().at(13_000).write(fx.AskTurnModel(77, 11_000, 12_000))
        call.at(13_040).event(ev.TurnVerdict, 77, 934_000)
        (asked,) = of(call, "turn_model")
        assert (asked.from_us, asked.to_us, asked.status) == (13_000_000, 13_040_000, "0.93")


class TestMarks:
    def test_are_moments_and_stretches_in_order(self):
        call = healthy().at(13_000).event(ev.KeyPressed, "5").event(ev.LineHeld, True)
        call.at(15_000).event(ev.LineHeld, False).event(ev.AssetPlayed, "Hmm.", "filler", 400, True)
        call.hangs_up(16_000, "end_call_tool")
        found = [
            (one.kind, one.at_us // 1000, one.to_us and one.to_us // 1000, one.text) for one in marks(Case(call.view))
        ]
        assert found == [
            ("answered", 1_000, None, ""),
            ("key", 13_000, None, "5"),
            ("hold", 13_000, 15_000, ""),
            ("filler", 14_600, 15_000, "Hmm."),
            ("hang_up", 16_000, None, "Agent: end_call_tool"),
            ("ended", 16_050, None, "Agent: end_call_tool"),
        ]

    def test_tell_where_the_caller_silenced_the_agent(self):
        call = DoctorCall().picked_up()
        call.generation = 1
        call.gives("Hello, this is Maya.", 1_100, "welcome").at(1_200).released(0, 1).audible(1)
        call.sounds(1_500, 2_200).at(1_900).event(ev.TranscriptPartial, 800, 1, "wait a moment")
        call.interrupted(1_900).agent_said(0, 1, "Hello,", "welcome", True).hangs_up(3_000, "stopped")
        assert [one.at_us for one in marks(Case(call.view)) if one.kind == "interruption"] == [1_900_000]
