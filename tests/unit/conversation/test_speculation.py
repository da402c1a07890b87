"""The model is asked before it is certain that the caller has finished; nothing of it shows before that."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import SPECULATIONS_MOST
from callwright.conversation.invariants import Watch
from callwright.domain.errors import BrokenInvariantError
from callwright.ports.model import Message, Tool

BOOK = Tool("book", "Book a table", "{}")


def pausing(text: str = "I want a pizza", probability_ppm: int = 100_000, **plan: Any) -> Call:
    """The caller pauses after ``text``, and the turn model doubts that this was all."""
    call = Call(speculate=True, incremental_delay_ms=0, **plan)
    speak(call, text)
    call.judges(probability_ppm)
    return call


def speak(call: Call, text: str) -> None:
    call.begins()
    call.wait(len(text.split()) * 300)
    call.pauses()
    call.wait(50)
    call.finishes(text)


def test_the_model_is_asked_while_the_turn_is_in_doubt() -> None:
    call = pausing()
    assert call.told() == ["user: I want a pizza"]
    assert call.all(fx.Speculative) == [fx.Speculative(1, 1)]
    assert not call.all(fx.CloseUtterance)
    assert call.core.state == "thinking"


def test_without_the_setting_it_waits_for_certainty() -> None:
    call = Call(speculate=False)
    speak(call, "I want a pizza")
    call.judges(100_000)
    assert not call.all(fx.AskModel)
    call.wait(1_000)
    assert call.told() == ["user: I want a pizza"]
    assert not call.all(fx.Speculative)


def test_a_turn_that_is_certain_at_once_is_no_speculation() -> None:
    call = Call(speculate=True)
    call.begins()
    call.wait(900)
    call.pauses()
    call.judges()
    call.finishes("I want a pizza")
    assert len(call.all(fx.AskModel)) == 1
    assert not call.all(fx.Speculative)


def test_nothing_is_heard_before_the_caller_has_finished_and_then_at_once() -> None:
    call = pausing()
    call.model_says("Sure, which size? We have three.")
    call.voice_speaks()
    call.wait(700)
    assert not call.all(fx.Release)
    assert not call.all(fx.UserSaid)
    call.wait(300)
    assert call.all(fx.Committed) == [fx.Committed(1, 1)]
    assert call.last(fx.Release) == fx.Release(1, 1)
    assert len(call.all(fx.AskModel)) == 1
    names = [type(effect).__name__ for effect in call.effects]
    assert names.index("CloseUtterance") < names.index("Committed") < names.index("UserSaid") < names.index("Release")


def test_the_voice_gets_a_few_words_and_the_rest_when_it_is_certain() -> None:
    call = pausing()
    call.model_says("Sure, which size do you want? We have three.")
    assert [speak.text for speak in call.clauses()] == ["Sure,", "which size do you want?"]
    assert not call.all(fx.EndSpeech)
    call.wait(1_000)
    assert [speak.text for speak in call.clauses()] == ["Sure,", "which size do you want?", "We have three."]
    assert call.last(fx.EndSpeech) == fx.EndSpeech(1, 3)
    call.plays()
    assert call.said() == ["caller: I want a pizza", "agent: Sure, which size do you want? We have three."]


def test_a_commit_before_the_model_has_ended_lets_the_rest_through_as_it_comes() -> None:
    call = pausing()
    call.model_says("Sure, which size do you want? We have ", ended=False)
    call.wait(1_000)
    assert [speak.text for speak in call.clauses()] == ["Sure,", "which size do you want?"]
    assert not call.all(fx.EndSpeech)
    call.model_says("three. Or four.")
    call.plays()
    assert call.said()[-1] == "agent: Sure, which size do you want? We have three. Or four."


def test_a_verdict_commits_it() -> None:
    call = Call(speculate=True, incremental_delay_ms=0)
    speak(call, "I want a pizza")
    assert call.all(fx.Speculative)
    call.judges()
    assert call.all(fx.Committed)
    call.agent_replies("Which size?")
    assert call.said() == ["caller: I want a pizza", "agent: Which size?"]


def test_a_caller_who_goes_on_withdraws_it_at_once() -> None:
    call = pausing()
    call.model_says("Sure, which size?")
    call.begins()
    assert call.last(fx.Withdrawn) == fx.Withdrawn(1, 1, "caller_continued")
    assert call.all(fx.CancelVoice) == [fx.CancelVoice(1)]
    assert not call.all(fx.UserSaid)
    call.wait(400)
    call.pauses()
    call.finishes("with ham")
    assert call.told() == ["user: I want a pizza with ham"]
    call.judges()
    call.agent_replies("With ham then.")
    assert call.said() == ["caller: I want a pizza with ham", "agent: With ham then."]


def test_the_model_is_told_to_stop_when_it_still_answers() -> None:
    call = pausing()
    request = call.last(fx.AskModel).request
    call.begins()
    assert call.all(fx.CancelModel) == [fx.CancelModel(request)]


def test_a_transcript_that_changes_withdraws_it_and_asks_anew() -> None:
    call = pausing()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a visa")
    assert call.last(fx.Withdrawn).generation == 1
    assert call.told() == ["user: I want a visa"]
    assert call.all(fx.Speculative)[-1].generation == 2


def test_a_transcript_that_changes_its_commas_keeps_it() -> None:
    call = pausing()
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a pizza.")
    call.agent_replies("Which size?")
    assert len(call.all(fx.AskModel)) == 1
    assert call.said()[0] == "caller: I want a pizza."


def test_words_that_change_too_often_wait_for_certainty() -> None:
    call = pausing()
    for number in range(SPECULATIONS_MOST + 2):
        call.give(ev.TranscriptFinal, call.audio_ms, 1, f"I want a pizza {number}")
    assert len(call.all(fx.Speculative)) == SPECULATIONS_MOST
    call.wait(1_000)
    assert call.told() == [f"user: I want a pizza {SPECULATIONS_MOST + 1}"]
    call.agent_replies("Which size?")
    speak(call, "large")
    assert len(call.all(fx.Speculative)) == SPECULATIONS_MOST + 1, "the next turn may be guessed again"


def test_tools_of_a_speculative_reply_wait_for_the_commit() -> None:
    call = pausing(tools=(BOOK,))
    call.model_calls("book")
    call.model_ends("tool")
    call.wait(700)
    assert not call.all(fx.CallTool)
    call.wait(300)
    assert [tool.name for tool in call.all(fx.CallTool)] == ["book"]
    assert call.said() == ["caller: I want a pizza"]


def test_tools_of_a_withdrawn_reply_are_never_called() -> None:
    call = pausing(tools=(BOOK,))
    call.model_calls("book")
    call.model_ends("tool")
    call.begins()
    call.wait(5_000)
    assert not call.all(fx.CallTool)


def test_an_agent_that_wants_to_hang_up_waits_for_the_caller_to_finish() -> None:
    call = pausing("that is all", end_call_tool=True)
    call.model_calls("end_call")
    call.model_ends("tool")
    call.wait(700)
    assert not call.hung_up()
    call.wait(300)
    assert call.hung_up() == "end_call_tool"


@pytest.mark.parametrize("fault", ["fails", "empty", "late"])
def test_a_speculation_that_fails_blames_nobody_and_is_asked_again_when_it_is_certain(fault: str) -> None:
    call = pausing(reply_timeout_ms=500)
    if fault == "fails":
        call.model_fails()
    elif fault == "empty":
        call.model_ends()
    call.wait(600)
    assert call.all(fx.Withdrawn)
    assert len(call.all(fx.AskModel)) == 1
    call.wait(400)
    assert len(call.all(fx.AskModel)) == 2
    call.agent_replies("Which size?")
    assert call.said() == ["caller: I want a pizza", "agent: Which size?"]


def test_a_recogniser_that_guesses_the_end_has_it_asked_while_sound_is_still_known() -> None:
    call = Call(speculate=True, incremental_delay_ms=0)
    call.begins()
    call.wait(900)
    call.hears("I want a pizza")
    assert not call.all(fx.AskModel)
    call.give(ev.RecogniserEager, call.audio_ms)
    assert call.told() == ["user: I want a pizza"]
    call.model_says("Which size?")
    call.voice_speaks()
    assert not call.all(fx.Release)
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "I want a pizza.")
    call.give(ev.RecogniserEnd, call.audio_ms)
    assert call.all(fx.Committed)
    assert call.last(fx.Release).generation == 1


def test_a_recogniser_that_takes_its_guess_back_withdraws_it() -> None:
    call = Call(speculate=True)
    call.begins()
    call.wait(900)
    call.hears("I want a pizza")
    call.give(ev.RecogniserEager, call.audio_ms)
    call.give(ev.RecogniserResumed, call.audio_ms)
    assert call.last(fx.Withdrawn).reason == "caller_continued"
    assert len(call.all(fx.AskModel)) == 1


def test_a_guess_about_words_long_past_or_without_words_is_none() -> None:
    call = Call(speculate=True)
    call.begins()
    call.give(ev.RecogniserEager, call.audio_ms)
    call.wait(900)
    call.hears("I want a pizza")
    call.pauses()
    call.wait(300)
    call.begins()
    call.give(ev.RecogniserEager, 500)
    assert not call.all(fx.AskModel)


def test_a_speculation_open_at_the_end_of_the_call_is_withdrawn_and_the_words_are_kept() -> None:
    call = pausing()
    call.model_says("Sure, which size?")
    call.ends()
    assert call.last(fx.Withdrawn) == fx.Withdrawn(1, 1, "call_ended")
    assert call.said() == ["caller: I want a pizza"]


def test_a_key_pressed_meanwhile_takes_it_back() -> None:
    call = pausing(keys=True)
    call.give(ev.KeyPressed, "4")
    assert call.last(fx.Withdrawn).reason == "caller_pressed_keys"


ASK = fx.AskModel(1, 1, 1, "reply", (Message("user", "hi"),))


@pytest.mark.parametrize(
    ("effects", "rule"),
    [
        ((fx.Speculative(1, 1), ASK, fx.Speak(1, 0, 1, "reply", "a"), fx.Release(1, 1)), "nothing audible"),
        ((fx.Speculative(1, 1), ASK, fx.CallTool(2, 1, "c", "book", "{}")), "before the caller has finished"),
        ((fx.Speculative(1, 1), ASK, fx.Transfer(2, "sip:a@b", False, 1, "c", "t")), "before the caller has finished"),
        ((fx.Speculative(1, 1), ASK, fx.UserSaid(1, "hi", 0, 1)), "before the caller has finished"),
        ((fx.Speculative(1, 1), fx.Speculative(2, 1)), "one reply is speculative at a time"),
        ((ASK, fx.Speculative(1, 1)), "what was asked is certain"),
        ((fx.Committed(1, 1),), "what is committed was speculative"),
        ((fx.Speculative(1, 1), ASK, fx.Committed(1, 2)), "what is committed was speculative"),
    ],
)
def test_the_rules_of_speculation_are_watched(effects: tuple[fx.Effect, ...], rule: str) -> None:
    watch = Watch()
    for effect in effects[:-1]:
        watch.check(effect)
    with pytest.raises(BrokenInvariantError, match=rule):
        watch.check(effects[-1])
