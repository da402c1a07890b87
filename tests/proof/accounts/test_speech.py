"""The account of the agent's words: what the record says was heard against what left the loudspeaker."""

import pytest
from proof.accounts.reading import contradiction
from tests.proof.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev


def hung_up_on(*position: int) -> AuditedCall:
    """The agent says two sentences, and the caller hangs up 450 ms into the first."""
    call = AuditedCall(incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5 a6. a7 a8 a9.")
    call.starts_playing()
    call.wait(450)
    call.ends(*((call.last(fx.Release).generation, *position) if position else ()))
    return call


def judged(call: AuditedCall, *heard: str) -> str:
    """The rule that is broken when ``heard`` left the loudspeaker."""
    return contradiction(call.steps, {call.last(fx.AgentSaid).generation: frozenset(heard)}, True)


def test_an_estimate_within_what_was_played_is_no_contradiction() -> None:
    assert not judged(hung_up_on(), "a1", "a2")
    assert not judged(hung_up_on(), "a1", "a2", "a3")


def test_an_estimate_beyond_what_was_played_is_one() -> None:
    assert judged(hung_up_on(), "a1").startswith("a guess of what was heard is no more than was played: ['a2']")


def test_what_is_told_with_the_end_is_what_the_record_has_no_more_and_no_less() -> None:
    assert not judged(hung_up_on(450), "a1", "a2")
    assert judged(hung_up_on(450), "a1", "a2", "a3").startswith("what was heard is in the record: ['a3']")


def test_of_a_clause_whose_length_was_not_told_the_letters_are_a_guess() -> None:
    call = AuditedCall(incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3.")
    call.give(ev.VoiceReady, call.clauses()[0].generation, 0)
    call.give(ev.PlayoutStarted, call.last(fx.Release).generation)
    call.wait(450)
    call.ends()
    assert call.last(fx.AgentSaid).text == "a1 a2"
    assert not judged(call, "a1")


def test_what_was_over_when_it_was_first_told_that_anything_sounds_is_not_waited_for() -> None:
    """The beginning of the playout is told to nobody, nor is the last mark."""
    call = AuditedCall(incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5? a6")
    call.voice_speaks(1_260)
    call.wait(1_000)
    number = call.last(fx.Release).generation
    call.wait(5 * 1_260)
    call.give(ev.MarkPlayed, number, 0)
    call.wait(12_000)
    assert "mark_missing" in call.notes()
    assert not call.audit()


@pytest.mark.parametrize("stray", [True, False])
def test_a_mark_that_comes_before_what_it_marks_can_be_over_says_nothing_of_what_still_plays(stray: bool) -> None:
    call = AuditedCall(incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says("a1 a2 a3 a4 a5? a6 a7 a8 a9. a10.")
    call.voice_speaks(2_000)
    call.wait(1_000)
    number = call.last(fx.Release).generation
    call.give(ev.PlayoutStarted, number)
    call.wait(1_000)
    if stray:
        call.give(ev.MarkPlayed, number, len(call.clauses()) - 2)
        call.wait(12_000)
        assert "mark_missing" in call.notes()
        assert not call.audit()
        return
    call.steps.append((ev.DeadlineReached(call.now_ms * 1000), (fx.Note("mark_missing", f"generation {number}"),)))
    assert call.audit().startswith("what is still playing is waited for")
