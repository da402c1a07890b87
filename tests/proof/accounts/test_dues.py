"""The account of what is due: guesses, apologies, prompt replies."""

from dataclasses import replace

from tests.proof.accounts.audited_call import AuditedCall

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


def silent_behind_a_reply(breaks_off: bool) -> AuditedCall:
    """A reply is heard to its end while the caller makes a sound without words; then nobody says anything any more."""
    call = AuditedCall(hangup_by_prompt=True, check_if_user_online=False)
    call.caller_says("well")
    call.model_says("a1 a2 a3. ", ended=not breaks_off)
    call.starts_playing()
    if breaks_off:
        call.model_fails()
    call.begins()
    call.give(ev.MarkPlayed, call.last(fx.Speak).generation, 0)
    call.pauses()
    call.finishes("")
    if breaks_off:
        call.wait(5_000)  # it is asked to go on when the sound turns out to be none, and has nothing to say
        call.model_ends()
        call.plays()
    call.wait(60_000)
    assert call.hung_up() == "inactivity_timeout"
    return call


def without_questions(_event: ev.Event, effect: fx.Effect) -> list[fx.Effect]:
    """No question whether the call is over."""
    return [] if isinstance(effect, fx.AskClassifier) else [effect]


def test_a_reply_that_is_heard_is_followed_by_the_question_whether_the_call_is_over() -> None:
    call = silent_behind_a_reply(breaks_off=False)
    assert call.all(fx.AskClassifier)
    assert not call.audit()
    assert call.audit_with(without_questions).startswith("after a reply it is asked whether the call is over")


def test_a_reply_that_the_model_broke_off_is_gone_on_with_and_asks_nothing() -> None:
    call = silent_behind_a_reply(breaks_off=True)
    assert not call.all(fx.AskClassifier)
    assert call.said()[-1].endswith("Could you say it again?")
    assert not call.audit()
