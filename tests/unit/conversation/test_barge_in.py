"""The caller speaks over the agent."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev

REPLY = "We have tables at six, at seven and at eight. Which one suits you?"


def speaking(**plan: Any) -> Call:
    call = Call(**plan)
    call.caller_says("a table please")
    call.model_says(REPLY)
    call.starts_playing()
    assert call.core.state == "speaking"
    return call


@pytest.mark.proves("task_config.number_of_words_for_interruption")
def test_more_words_than_the_setting_interrupt_the_agent() -> None:
    call = speaking(words_to_interrupt=3)
    call.begins()
    call.wait(1_000)
    call.segment += 1
    call.hears("at seven please")
    assert not call.all(fx.Clear)
    call.hears("at seven please then")
    assert [type(effect) for effect in call.effects[-2:]] == [fx.Clear, fx.CancelVoice]
    assert call.core.state == "clearing"
    call.clears(1_050)
    said = call.last(fx.AgentSaid)
    assert (said.text, said.cut, said.estimated, said.heard_ms) == ("We have tables at six,", True, False, 1_050)


def test_history_holds_what_was_heard_and_the_interruption_is_the_next_turn() -> None:
    call = speaking()
    call.begins()
    call.wait(900)
    call.segment += 1
    call.hears("at seven please")
    call.clears(620)
    call.segment -= 1
    call.finishes("at seven please")
    call.pauses()
    call.judges()
    assert call.told() == ["user: a table please", "assistant: We have tables", "user: at seven please"]


def test_words_of_different_stretches_do_not_add_up() -> None:
    call = speaking(words_to_interrupt=2)
    for word in ("yes", "right", "okay"):
        call.begins()
        call.wait(200)
        call.finishes(word)
        call.pauses()
        call.wait(1_300)
    assert not call.all(fx.Clear)


def test_too_few_words_wait_for_the_agent_to_finish() -> None:
    call = speaking(words_to_interrupt=2)
    call.caller_says("seven")
    assert not call.all(fx.Clear)
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert call.told()[-2:] == [f"assistant: {REPLY}", "user: seven"]


def test_with_zero_words_partials_never_interrupt() -> None:
    call = speaking(words_to_interrupt=0)
    call.begins()
    call.segment += 1
    call.hears("stop")
    call.hears("stop I said stop talking to me")
    call.segment -= 1
    call.finishes("I would rather have eight")
    assert not call.all(fx.Clear)


@pytest.mark.proves("task_config.number_of_words_for_interruption")
def test_with_zero_words_a_final_stop_phrase_still_stops() -> None:
    call = speaking(words_to_interrupt=0)
    call.begins()
    call.finishes("Stop!")
    assert call.all(fx.Clear)


def test_a_stop_is_heard_also_when_words_behind_it_are_known_before_its_final() -> None:
    call = speaking(words_to_interrupt=0)
    call.begins()
    call.give(ev.TranscriptPartial, call.audio_ms, 7, "stop")
    call.give(ev.TranscriptPartial, call.audio_ms, 8, "I meant")
    call.give(ev.TranscriptFinal, call.audio_ms, 8, "I meant Tuesday")
    assert not call.all(fx.Clear)
    call.give(ev.TranscriptFinal, call.audio_ms, 7, "Stop.")
    assert call.all(fx.Clear)


def test_a_stop_behind_other_words_is_part_of_them() -> None:
    call = speaking(words_to_interrupt=0)
    call.begins()
    call.give(ev.TranscriptFinal, call.audio_ms, 7, "the bus")
    call.give(ev.TranscriptFinal, call.audio_ms, 8, "stop")
    assert not call.all(fx.Clear)


@pytest.mark.proves("task_config.number_of_words_for_interruption")
def test_a_stop_phrase_interrupts_below_the_count() -> None:
    call = speaking(words_to_interrupt=5)
    call.begins()
    call.segment += 1
    call.hears("Wait...")
    assert call.all(fx.Clear)


@pytest.mark.proves("transcriber.language", "synthesizer.language")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Okay, wait!"),
        ("hi", "रुकिए।"),
        ("hi-IN", "ruk jaiye"),
        ("es", "¡Espere!"),
        ("fr", "Arrêtez"),
        ("de", "Moment mal"),
    ],
)
def test_a_stop_phrase_of_the_calls_language_interrupts(language: str, words: str) -> None:
    call = speaking(words_to_interrupt=9, language=language)
    call.begins()
    call.segment += 1
    call.hears(words)
    assert call.all(fx.Clear)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "mhm yeah, right, okay I see"),
        ("hi", "हाँ हाँ ठीक है अच्छा"),
        ("hi", "haan haan theek hai"),
        ("es", "sí, sí, claro, vale"),
    ],
)
def test_back_channels_do_not_interrupt_however_many(language: str, words: str) -> None:
    call = speaking(words_to_interrupt=1, language=language)
    call.begins()
    call.wait(300)
    call.finishes(words)
    assert not call.all(fx.Clear)


@pytest.mark.parametrize(("first", "whole"), [("o", "okay"), ("that makes", "that makes sense")])
def test_half_a_back_channel_before_another_waits_for_the_rest_of_it(first: str, whole: str) -> None:
    call = speaking(words_to_interrupt=1)
    call.begins()
    call.give(ev.TranscriptPartial, 500, 2, "oh,")
    call.give(ev.TranscriptPartial, 300, 1, first)
    assert not call.all(fx.Clear)
    call.give(ev.TranscriptFinal, 350, 1, whole)
    assert not call.all(fx.Clear)
    call.give(ev.TranscriptPartial, 600, 2, "oh, but")
    assert call.all(fx.Clear)


def test_the_end_of_a_back_channel_leaves_the_beginning_of_the_next_time() -> None:
    call = speaking(words_to_interrupt=1)
    call.begins()
    call.give(ev.TranscriptPartial, 300, 1, "okay")
    call.give(ev.TranscriptPartial, 500, 2, "I")
    call.give(ev.TranscriptFinal, 520, 1, "yes okay")
    assert not call.all(fx.Clear)
    call.give(ev.TranscriptPartial, 600, 2, "I want")
    assert call.all(fx.Clear)


def test_words_after_back_channels_interrupt() -> None:
    call = speaking(words_to_interrupt=2)
    call.begins()
    call.segment += 1
    call.hears("yeah okay")
    assert not call.all(fx.Clear)
    call.hears("yeah okay but")
    assert call.all(fx.Clear)


def test_a_long_stretch_is_no_back_channel_whatever_its_words() -> None:
    call = speaking(words_to_interrupt=2)
    call.begins()
    call.finishes("yeah " * 13)
    assert call.all(fx.Clear)


def test_the_model_is_stopped_when_it_is_still_answering() -> None:
    call = Call()
    call.caller_says("tell me a story")
    call.model_says("Once upon a time there was. And then ", ended=False)
    call.starts_playing()
    call.begins()
    call.segment += 1
    call.hears("not that one")
    assert call.last(fx.CancelModel).request == call.last(fx.AskModel).request
    call.clears(400)
    assert call.last(fx.AgentSaid).text == "Once upon"


def test_an_interruption_before_the_first_word_leaves_nothing_said() -> None:
    call = speaking()
    call.begins()
    call.segment += 1
    call.hears("no I meant tomorrow")
    call.clears(0)
    assert call.last(fx.Withdrawn).reason == "unheard"
    assert call.said() == ["caller: a table please"]


def test_marks_after_a_clear_are_void() -> None:
    call = speaking()
    call.begins()
    call.segment += 1
    call.hears("no I meant tomorrow")
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.clears(450)
    assert call.last(fx.AgentSaid).text == "We have"


def test_an_interruption_after_the_last_word_cuts_nothing() -> None:
    call = speaking()
    call.begins()
    call.segment += 1
    call.hears("at seven please thanks")
    call.clears(10_000)
    said = call.last(fx.AgentSaid)
    assert (said.text, said.cut) == (REPLY, False)


def test_a_missing_answer_to_clear_is_estimated_from_time() -> None:
    call = speaking()
    call.begins()
    call.wait(650)
    call.segment += 1
    call.hears("at seven please")
    call.wait(500)
    said = call.last(fx.AgentSaid)
    assert (said.text, said.estimated) == ("We have tables", True)
    assert "cleared_missing" in call.notes()
    assert not call.clears(300)  # too late


def test_without_word_times_what_was_heard_is_a_proportion() -> None:
    call = Call()
    call.caller_says("hello")
    call.model_says("One two three four.")
    generation = call.last(fx.Speak).generation
    call.give(ev.VoiceReady, generation, 0)
    call.give(ev.VoiceFinished, generation, 0, 1_000)
    call.wait(1_000)
    call.give(ev.PlayoutStarted, generation)
    call.begins()
    call.segment += 1
    call.hears("five six seven eight")
    call.clears(600)
    said = call.last(fx.AgentSaid)
    assert (said.text, said.cut, said.estimated) == ("One two", True, True)


def test_whatever_somebody_writes_interrupts_the_agent() -> None:
    call = speaking(written=True, words_to_interrupt=0)
    call.begins()
    call.pauses()
    call.finishes("hm")
    assert call.all(fx.Clear)
    call = speaking(written=True)
    call.finishes("")
    call.hears("something that may change")
    assert not call.all(fx.Clear)


def test_a_written_line_is_a_turn_at_once() -> None:
    call = Call(written=True, turn_model=False, incremental_delay_ms=0)
    call.begins()
    call.pauses()
    call.finishes("a table please")
    call.give(ev.RecogniserEnd, call.audio_ms)
    assert call.last(fx.AskModel).messages[-1].content == "a table please"


@pytest.mark.parametrize("late", ["well", "", "well well now"])
def test_words_of_an_earlier_stretch_that_are_read_late_count_off_none_of_the_present_one(late: str) -> None:
    call = speaking(words_to_interrupt=2)
    call.begins()
    call.give(ev.TranscriptPartial, call.audio_ms, 11, "well now")
    call.wait(200)
    call.pauses()
    call.wait(1_200)
    call.begins()
    call.wait(200)
    call.give(ev.TranscriptPartial, call.audio_ms, 12, "not")
    call.give(ev.TranscriptFinal, call.audio_ms - 1_300, 11, late)
    call.give(ev.TranscriptPartial, call.audio_ms, 12, "not on")
    assert not call.all(fx.Clear)
    call.give(ev.TranscriptPartial, call.audio_ms, 12, "not on monday")
    assert call.all(fx.Clear)


def test_words_of_two_stretches_that_turn_out_to_be_none_count_off_nothing() -> None:
    call = speaking(words_to_interrupt=2)
    for text in ("well now", "well now then"):
        call.begins()
        call.wait(200)
        call.give(ev.TranscriptPartial, call.audio_ms, 11, text)
        call.pauses()
        call.wait(1_200)
    call.give(ev.ActivityBegan, call.audio_ms - 1_000)
    call.give(ev.TranscriptFinal, call.audio_ms - 1_200, 11, "")
    call.give(ev.TranscriptPartial, call.audio_ms, 12, "not on")
    assert not call.all(fx.Clear)
    call.give(ev.TranscriptPartial, call.audio_ms, 12, "not on monday")
    assert call.all(fx.Clear)
