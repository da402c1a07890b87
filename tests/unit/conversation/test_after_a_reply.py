"""What follows a reply: apologies, and the question whether the call is over."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import SPECULATIONS_MOST


def guesses(call: Call, count: int) -> None:
    """So many guesses at what the caller is going to say, each taken back by the next word."""
    call.begins()
    call.segment += 1
    for number in range(count):
        call.hears(" ".join(f"w{word}" for word in range(number + 2)))
        call.give(ev.RecogniserEager, call.audio_ms)
        call.wait(100)


def test_a_turn_whose_words_were_none_is_guessed_at_no_more() -> None:
    call = Call(speculate=True)
    guesses(call, SPECULATIONS_MOST)
    call.pauses()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment, "")
    call.wait(500)
    assert len(call.all(fx.Speculative)) == SPECULATIONS_MOST


def silent_behind_a_reply(breaks_off: bool) -> Call:
    """A reply is heard to its end while the caller makes a sound without words; then nobody says anything any more."""
    call = Call(hangup_by_prompt=True, check_if_user_online=False)
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


def test_a_reply_that_is_heard_is_followed_by_the_question_whether_the_call_is_over() -> None:
    call = silent_behind_a_reply(breaks_off=False)
    assert call.all(fx.AskClassifier)


def test_a_reply_that_the_model_broke_off_is_gone_on_with_and_asks_nothing() -> None:
    call = silent_behind_a_reply(breaks_off=True)
    assert not call.all(fx.AskClassifier)
    assert call.said()[-1].endswith("Could you say it again?")
