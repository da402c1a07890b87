"""The account of what is due: guesses, apologies, prompt replies."""

from dataclasses import replace

from tests.unit.simulation.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import FAILURES_IN_A_ROW, SPECULATIONS_MOST


def guesses(call: AuditedCall, count: int) -> None:
    """So many guesses at what the caller is going to say, each taken back by the next word."""
    call.begins()
    call.segment += 1
    for number in range(count):
        call.hears(" ".join(f"w{word}" for word in range(number + 2)))
        call.give(ev.RecogniserEager, call.audio_ms)
        call.wait(100)


def test_an_apology_is_the_end_of_a_turn_whose_words_were_none() -> None:
    call = AuditedCall(speculate=True)
    guesses(call, SPECULATIONS_MOST)
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "")
    assert len(call.all(fx.Speculative)) == SPECULATIONS_MOST
    call.wait(500)
    call.steps.append((ev.DeadlineReached(call.now_ms * 1000), (fx.Speak(90, 0, 0, "apology", "Sorry."),)))
    guessed = (fx.Speculative(91, call.last(fx.Speculative).turn),)
    call.steps.append((ev.DeadlineReached(call.now_ms * 1000), guessed))
    assert not call.audit().startswith("a turn has so many guesses")


def test_guesses_without_an_end_are_a_fault() -> None:
    call = AuditedCall(speculate=True)
    guesses(call, SPECULATIONS_MOST)
    call.steps.append((ev.DeadlineReached(call.now_ms * 1000), (fx.Speculative(91, call.last(fx.Speculative).turn),)))
    assert call.audit().startswith("a turn has so many guesses")


def failing(call: AuditedCall, times: int) -> None:
    """The model fails so often at one turn, and says nothing in between."""
    for _ in range(times):
        number = 900 + len(call.steps)
        ask = replace(call.last(fx.AskModel), request=number, generation=number)
        lost = fx.Withdrawn(number, ask.turn, "model_failed")
        for effects in ((ask,), (fx.CancelModel(number), lost)):
            call.steps.append((ev.DeadlineReached(call.now_ms * 1000), effects))


def test_a_model_that_always_fails_ends_the_call_when_nothing_is_being_said() -> None:
    call = AuditedCall()
    call.caller_says("well")
    failing(call, FAILURES_IN_A_ROW)
    assert not call.audit()
    failing(call, 1)
    assert call.audit().startswith("a model that always fails ends the call")


def test_what_is_being_said_is_heard_to_its_end_though_the_model_fails_behind_it() -> None:
    call = AuditedCall()
    call.caller_says("well")
    call.model_says("a1 a2 a3.")
    call.starts_playing()
    failing(call, FAILURES_IN_A_ROW + 2)
    assert not call.audit()
