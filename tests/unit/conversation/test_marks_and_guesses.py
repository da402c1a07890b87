"""What was heard of a reply whose marks or lengths are missing or early."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev


def test_of_a_clause_whose_length_was_not_told_the_letters_are_a_guess() -> None:
    call = Call(incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3.")
    call.give(ev.VoiceReady, call.clauses()[0].generation, 0)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    call.wait(450)
    call.ends()
    assert call.last(fx.AgentSaid).text == "a1 a2"


def test_what_was_over_when_it_was_first_told_that_anything_sounds_is_not_waited_for() -> None:
    """The beginning of the playout is told to nobody, nor is the last mark."""
    call = Call(incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5? a6")
    call.voice_speaks(1_260)
    call.wait(1_000)
    number = call.last(fx.Release).generation
    call.wait(5 * 1_260)
    call.give(ev.MarkPlayed, number, 0)
    call.wait(12_000)
    assert "mark_missing" in call.notes()


def test_a_mark_that_comes_before_what_it_marks_can_be_over_says_nothing_of_what_still_plays() -> None:
    call = Call(incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5? a6 a7 a8 a9. a10.")
    call.voice_speaks(2_000)
    call.wait(1_000)
    number = call.last(fx.Release).generation
    call.give(ev.PlayoutStarted, number)
    call.wait(1_000)
    call.give(ev.MarkPlayed, number, len(call.clauses()) - 2)
    call.wait(12_000)
    assert "mark_missing" in call.notes()
