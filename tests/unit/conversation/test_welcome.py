"""The beginning of a call."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import ACTIVITY_STALE_MS, STILL_READ_MS, WELCOME_YIELDS_MS


@pytest.mark.proves("agent.agent_welcome_message")
def test_the_welcome_is_spoken_at_the_answer_with_the_calls_variables() -> None:
    call = Call(welcome_message="Hello {name}, how can I help?")
    assert call.all(fx.StartRecording)
    call.plays()
    assert call.said() == ["agent: Hello Ada, how can I help?"]
    said = call.last(fx.AgentSaid)
    assert (said.purpose, said.turn, said.cut, said.estimated) == ("welcome", 0, False, False)
    assert said.heard_ms == 6 * 200


@pytest.mark.proves("task_config.welcome_message_delay")
def test_the_welcome_waits_for_its_delay() -> None:
    call = Call(welcome_message="Hello!", welcome_delay_ms=700)
    assert call.core.state == "greeting"
    assert not call.wait(699)
    assert [type(effect) for effect in call.wait(1)] == [fx.Speak, fx.EndSpeech, fx.Release]
    assert call.core.state == "welcoming"


def test_a_welcome_that_is_due_waits_for_the_pause_of_a_caller_who_speaks() -> None:
    call = Call(welcome_message="Hello!", welcome_delay_ms=700)
    call.wait(500)
    call.begins()
    call.wait(1_500)
    call.hears("this is the office of Ann Lee")
    assert not call.all(fx.Speak)
    call.pauses()
    assert len(call.all(fx.Release)) == 1
    call.plays()
    call.finishes("this is the office of Ann Lee")
    call.wait(3_000)
    assert call.told() == ["assistant: Hello!", "user: this is the office of Ann Lee"]


def test_a_voice_that_goes_on_keeps_the_welcome_back_for_so_long_and_no_longer() -> None:
    call = Call(welcome_message="Hello!", welcome_delay_ms=700)
    call.wait(500)
    call.begins()
    for word in range(200 + WELCOME_YIELDS_MS - 1, 0, -500):
        call.wait(min(word, 500))
        call.hears("and so on")
    assert not call.all(fx.Speak)
    call.wait(1)
    assert len(call.all(fx.Release)) == 1


def test_a_welcome_that_is_due_at_the_answer_waits_for_no_earlier_sound() -> None:
    assert Call(welcome_message="Hello!").all(fx.Release)


@pytest.mark.proves("agent.agent_welcome_message")
def test_without_a_welcome_the_agent_waits_for_the_caller() -> None:
    call = Call()
    assert call.core.state == "listening"
    call.caller_says("is anybody there")
    assert call.told() == ["user: is anybody there"]


def test_words_over_the_welcome_are_answered_after_it() -> None:
    call = Call(welcome_message="Welcome to the shop.", words_to_interrupt=2)
    call.starts_playing()
    call.caller_says("hello")
    assert not call.all(fx.AskModel)
    call.give(ev.MarkPlayed, 1, 0)
    assert call.told() == ["assistant: Welcome to the shop.", "user: hello"]


@pytest.mark.proves("task_config.discard_pre_welcome_utterance")
def test_words_over_the_welcome_can_be_discarded() -> None:
    call = Call(welcome_message="Welcome to the shop.", discard_pre_welcome=True)
    call.starts_playing()
    call.caller_says("hello")
    call.give(ev.MarkPlayed, 1, 0)
    assert not call.all(fx.AskModel)
    assert call.last(fx.Note) == fx.Note("discarded_words", "hello")
    call.ends()
    assert call.said() == ["agent: Welcome to the shop."]


@pytest.mark.parametrize("text", ["Hello? Please stop calling me.", "take me off your list"])
def test_who_asks_over_the_welcome_not_to_be_called_is_heard_though_words_over_it_are_discarded(text: str) -> None:
    call = Call(welcome_message="Welcome to the shop.", discard_pre_welcome=True, words_to_interrupt=9)
    call.starts_playing()
    call.caller_says(text)
    call.give(ev.MarkPlayed, 1, 0)
    assert call.all(fx.OptedOut)
    assert "discarded_words" not in call.notes()


def test_an_agent_that_heeds_no_such_wish_discards_it_with_the_rest() -> None:
    call = Call(welcome_message="Welcome to the shop.", discard_pre_welcome=True, words_to_interrupt=9, opt_out=False)
    call.starts_playing()
    call.caller_says("take me off your list")
    call.give(ev.MarkPlayed, 1, 0)
    assert "discarded_words" in call.notes()


def over_the_end_of_the_welcome(**plan: Any) -> Call:
    call = Call(welcome_message="Welcome to the shop.", discard_pre_welcome=True, words_to_interrupt=9, **plan)
    call.starts_playing()
    call.begins()
    call.wait(400)
    call.hears("please don't")
    return call


def test_a_sentence_over_the_end_of_the_welcome_is_kept_whole() -> None:
    call = over_the_end_of_the_welcome()
    call.finishes("please don't")
    call.give(ev.MarkPlayed, 1, 0)
    call.wait(400)
    call.pauses()
    call.finishes("cancel it")
    call.judges()
    call.wait(2_000)
    assert "discarded_words" not in call.notes()
    assert call.told()[-1] == "user: please don't cancel it"


def test_a_sentence_that_is_still_read_when_the_welcome_ends_is_kept_whole() -> None:
    call = over_the_end_of_the_welcome()
    call.pauses()
    call.give(ev.MarkPlayed, 1, 0)
    call.finishes("please don't cancel it")
    call.judges()
    call.wait(2_000)
    assert "discarded_words" not in call.notes()
    assert call.told()[-1] == "user: please don't cancel it"


def test_a_hello_that_is_over_is_discarded_though_its_last_text_is_missing() -> None:
    call = over_the_end_of_the_welcome()
    call.pauses()
    call.wait(STILL_READ_MS)
    call.give(ev.MarkPlayed, 1, 0)
    assert "discarded_words" in call.notes()


def test_an_entry_over_the_end_of_the_welcome_is_kept_whole() -> None:
    call = over_the_end_of_the_welcome(keys=True, keys_interrupt=False)
    call.pauses()
    call.finishes("it is")
    call.types("47")
    call.give(ev.MarkPlayed, 1, 0)
    call.types("11#")
    call.wait(2_000)
    assert "discarded_words" not in call.notes()
    assert call.told()[-1] == "user: it is dtmf_number: 4711"


def test_a_sound_that_goes_on_over_the_end_of_the_welcome_keeps_the_words_for_a_bounded_time() -> None:
    call = over_the_end_of_the_welcome()
    call.finishes("hello")
    call.give(ev.MarkPlayed, 1, 0)
    assert call.answered_in(ACTIVITY_STALE_MS)
    assert call.told()[-1] == "user: hello"


def test_the_welcome_can_be_interrupted() -> None:
    call = Call(welcome_message="Welcome to the shop. We are open all day.")
    call.starts_playing()
    call.begins()
    call.wait(500)
    call.hears("I need a")
    call.clears(500)
    assert call.said() == ["agent: Welcome to"]
    assert call.last(fx.AgentSaid).cut


def test_ringing_is_waited_for_but_not_for_ever() -> None:
    call = Call(answered=False)
    call.give(ev.Ringing)
    assert call.core.state == "dialling"
    call.wait(90_000)
    assert call.hung_up() == "not_answered"
    call.wait(10_000)
    assert call.core.ended
    assert "leg_unconfirmed" in call.notes()


def test_a_leg_that_ends_unanswered_ends_the_conversation() -> None:
    call = Call(answered=False)
    call.give(ev.LegEnded, "busy", "Callee", "Call recipient was busy", 3010)
    assert call.core.ended
    assert call.core.next_deadline() is None


def test_words_before_the_answer_are_not_the_callers() -> None:
    call = Call(answered=False)
    call.give(ev.TranscriptFinal, 0, 1, "please hold the line")
    call.give(ev.TranscriptFinal, 0, 2, "")
    assert call.all(fx.Note) == [fx.Note("words_before_answer", "please hold the line")]


def test_a_recogniser_that_fails_before_the_answer_ends_the_attempt() -> None:
    call = Call(answered=False)
    call.give(ev.ProviderFailed, "model", "x", "unavailable", "no")
    assert not call.hung_up()
    call.give(ev.ProviderFailed, "transcriber", "x", "unavailable", "no")
    assert call.hung_up() == "transcriber_error"
