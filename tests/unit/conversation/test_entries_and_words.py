"""Entries by keys and late words: where they stand, and which are thrown away."""

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev


def typed_and_said(completes: str) -> Call:
    """An entry, complete by the finishing key or by a pause, and words behind it."""
    call = Call(keys=True, keys_pause_ms=500, keys_interrupt=False, welcome_message="Please type now.")
    call.starts_playing()
    call.caller_says("w1")
    call.types(f"42{completes}")
    call.wait(600)
    call.caller_says("w2 w3")
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    call.wait(3_000)
    call.agent_replies("a1.")
    return call


@pytest.mark.parametrize("completes", ["#", ""])
def test_an_entry_stands_between_what_was_said_before_and_behind_it(completes: str) -> None:
    call = typed_and_said(completes)
    assert call.said()[1] == "caller: w1 dtmf_number: 42 w2 w3"


def test_the_same_entry_in_the_last_turn_is_not_taken_for_the_one_before() -> None:
    call = Call(keys=True)
    call.types("5#")
    call.agent_replies("a1.")
    call.begins()
    call.wait(300)
    call.finishes("w1")
    call.types("5")
    call.ends()
    assert call.said()[-1] == "caller: w1 dtmf_number: 5"


def over_the_welcome() -> Call:
    call = Call(welcome_message="Hello there.", discard_pre_welcome=True, words_to_interrupt=9)
    call.starts_playing()
    call.begins()
    call.wait(300)
    call.tells("w1 w2")
    return call


def ends_welcome(call: Call) -> Call:
    call.give(ev.MarkPlayed, 1, 0)
    return call


def test_a_sentence_that_is_over_is_thrown_away() -> None:
    call = over_the_welcome()
    call.pauses()
    call.finishes("w1 w2")
    call.wait(300)
    ends_welcome(call)
    assert "discarded_words" in call.notes()


def test_words_that_came_too_late_for_a_turn_need_no_answer() -> None:
    call = Call(incremental_delay_ms=0, hangup_after_silence_ms=0, check_if_user_online=False)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5 a6.")
    call.starts_playing()
    call.caller_says("mhm")
    call.wait(1_000)
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "w3")
    for speak in call.clauses():
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    for _ in range(3):
        call.wait(20_000)
        call.give(ev.DeadlineReached)
    assert {"back_channel", "words_revised"} <= set(call.notes())


def goes_on_behind_an_echo(echo: str) -> Call:
    """The voice fails behind words of the agent's that come back over the line, and the rest of them is said."""
    call = Call(words_to_interrupt=9)
    call.caller_says("w1")
    call.model_says("where do you want it? we come to you.")
    call.starts_playing()
    call.wait(300)
    call.begins()
    call.wait(700)
    call.pauses()
    call.wait(50)
    call.finishes(echo)
    first, second = call.clauses()
    call.give(ev.ProviderFailed, "voice", "scripted", "broken_stream", "failed", second.generation, 0, second.index)
    call.give(ev.MarkPlayed, first.generation, first.index)
    call.wait(3_000)
    return call


def test_a_misread_word_of_an_echo_needs_no_answer() -> None:
    call = goes_on_behind_an_echo("do you w2")
    assert "echo" in call.notes()
    assert call.last(fx.Release).resumes


def typed_at_the_end(maximum_ms: int, pause_ms: int) -> Call:
    """A key, and then a step that comes late, in which the call's maximum has passed; words are read after it."""
    call = Call(keys=True, keys_pause_ms=500, call_terminate_ms=maximum_ms, hangup_message="")
    call.wait(10_000 - pause_ms)
    call.give(ev.KeyPressed, "4")
    call.now_ms += pause_ms + 2
    call.give(ev.DeadlineReached)
    call.give(ev.TranscriptFinal, call.audio_ms, 1, "w1")
    call.ends()
    return call


@pytest.mark.parametrize(
    ("maximum_ms", "said"), [(10_001, "dtmf_number: 4 w1"), (9_999, "w1 dtmf_number: 4")], ids=["after", "before"]
)
def test_an_entry_whose_pause_is_over_as_the_call_ends_may_stand_on_either_side_of_later_words(
    maximum_ms: int, said: str
) -> None:
    call = typed_at_the_end(maximum_ms, 500)
    assert call.said()[-1] == f"caller: {said}"


def test_an_entry_that_is_begun_as_the_call_ends_stands_behind_later_words() -> None:
    call = typed_at_the_end(10_001, 100)
    assert call.said()[-1] == "caller: w1 dtmf_number: 4"


@pytest.mark.parametrize("sounds", [True, False])
def test_words_that_may_still_change_are_waited_for_unless_sound_after_sound_had_none(sounds: bool) -> None:
    call = Call(hangup_after_silence_ms=0, call_terminate_ms=0)
    call.begins()
    call.wait(600)
    call.tells("w1 w2")
    call.pauses()
    call.judges(100_000)
    while not call.all(fx.AskModel):
        if sounds:
            call.begins()
            call.wait(600)
            call.pauses()
            if not call.all(fx.AskModel):
                call.judges(100_000)
        call.wait(700)
    assert call.last(fx.AskModel).messages[-1].content == "w1 w2"
