"""Who asks whether somebody is there while a reply is made: what it answers, when it is heard, what the recogniser is told."""

from collections.abc import Iterable

import pytest
from proof.accounts.presence import answers_all, only_asks
from tests.proof.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.ports.model import Tool

ENDS = "the recogniser is told of the end of a turn"
LATE = "a reply that is ready is heard"


def doubted(words: str) -> AuditedCall:
    """A reply is ready, and before it is heard there is a long sound, with ``words``."""
    call = AuditedCall(incremental_delay_ms=0)
    call.caller_says("w1 w2 w3")
    call.begins()
    call.model_says("a1 a2.")
    call.voice_speaks()
    call.wait(700)
    call.pauses()
    call.wait(100)
    call.finishes(words)
    call.judges()
    call.wait(1)
    assert call.last(fx.Release).generation == 1
    return call


def told_the_end(_event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
    return (fx.CloseUtterance(effect.to_ms), effect) if isinstance(effect, fx.UserSaid) else (effect,)


def delayed(call: AuditedCall, ms: int) -> str:
    """The rule that is broken if the reply is heard so much later."""
    place = next(n for n, (_, effects) in enumerate(call.steps) if any(isinstance(one, fx.Release) for one in effects))
    event, effects = call.steps[place]
    call.steps[place:] = [(event, ()), (ev.DeadlineReached(event.at_us + ms * 1000), effects)]
    return call.audit()


@pytest.mark.parametrize("text", ["hello?", "oh, hello?", "um hello are you there", "Hello? I see."])
def test_a_call_for_presence_beside_murmurs_says_nothing(text: str) -> None:
    assert only_asks(text, "en")
    assert answers_all("w1", f"w1 {text}", "en")


@pytest.mark.parametrize(
    "text", ["hello? yes", "yes please, hello?", "no, hello?", "right, hello?", "hello? w2", "okay"]
)
def test_an_answer_beside_it_is_something(text: str) -> None:
    assert not only_asks(text, "en", perhaps=True)
    assert not answers_all("w1", f"w1 {text}", "en")


@pytest.mark.parametrize("text", ["sure, hello?", "okay, hello?", "mhm hello are you there"])
def test_what_sentences_open_with_is_judged_neither_way(text: str) -> None:
    assert only_asks(text, "en", perhaps=True)
    assert not only_asks(text, "en")


def test_a_reply_that_is_performed_answers_all_words_of_its_turn() -> None:
    call = doubted("hello?")
    assert not call.audit_with(told_the_end)

    def says_more(event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
        if isinstance(effect, fx.UserSaid):
            effect = fx.UserSaid(effect.turn, f"{effect.text} yes", effect.from_ms, effect.to_ms)
        return told_the_end(event, effect)

    assert call.audit_with(says_more).startswith("a reply answers all that was said")


def test_the_recogniser_is_told_of_the_words_behind_those_of_the_reply() -> None:
    call = doubted("hello?")
    assert not call.audit_with(told_the_end)
    first = call.all(fx.CloseUtterance)[0]
    once = call.audit_with(
        lambda _, effect: () if isinstance(effect, fx.CloseUtterance) and effect != first else (effect,)
    )
    assert once.startswith(ENDS)


def test_a_doubted_reply_is_heard_as_soon_as_it_is_known_to_be_the_answer() -> None:
    assert not doubted("").audit()
    assert not delayed(doubted(""), 50)
    assert delayed(doubted(""), 1_500).startswith(LATE)


def test_a_guess_is_committed_only_when_nothing_was_said_behind_it() -> None:
    call = AuditedCall(speculate=True)
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("w1 w2")
    assert call.all(fx.Speculative)
    call.steps.append((ev.TranscriptPartial(call.now_ms * 1000, call.audio_ms, call.segment + 1, "hello?"), ()))
    call.judges()
    assert call.all(fx.Committed)
    assert call.audit().startswith("a guess answers all that was said")


@pytest.mark.parametrize(("asks", "goes_on"), [(True, "um"), (True, "hello?"), (False, "hello?")])
def test_the_reply_to_a_tools_answer_answers_the_call_for_presence_that_it_has_heard_out(
    asks: bool, goes_on: str
) -> None:
    call = AuditedCall(tools=(Tool("book", "Book a table", "{}"),), hangup_after_silence_ms=0)
    call.caller_says("w1 w2")
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    one = call.last(fx.AskModel)
    if asks:
        call.caller_says("are you there?")
        call.wait(900)
    call.begins()
    call.wait(900)
    call.finishes(goes_on)
    taken = any(isinstance(effect, fx.Withdrawn) for effect in call.steps[-1][1])
    assert taken == (goes_on == "um"), "what is no call for presence is something to answer"
    assert not call.audit()
    if not taken:
        event, effects = call.steps[-1]
        withdrawn = (fx.CancelModel(one.request), fx.Withdrawn(one.generation, one.turn, "caller_continued"))
        call.steps[-1] = event, (*effects, *withdrawn)
        assert call.audit().startswith("who asks whether somebody is there gets the answer")


def test_any_word_takes_such_a_reply_back_of_which_nobody_has_heard_anything() -> None:
    call = AuditedCall(tools=(Tool("book", "Book a table", "{}"),), words_to_interrupt=3, incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_calls("book")
    call.model_ends()
    call.wait(1_000)
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "done")
    call.caller_says("are you there?")
    call.model_says("a1 a2.")
    call.voice_speaks()
    call.wait(900)
    assert call.last(fx.Release).turn == 2
    call.begins()
    call.wait(200)
    call.tells("w5")
    assert call.all(fx.Clear)
    assert not call.audit()


def test_a_short_sound_cuts_no_filler() -> None:
    call = AuditedCall(fillers=True, hangup_after_silence_ms=0)
    call.caller_says("w1 w2 w3")
    call.wait(2_000)
    assert call.all(fx.PlayAsset)
    call.begins()
    call.wait(200)
    call.pauses()
    assert not call.audit()
    event, effects = call.steps[-1]
    call.steps[-1] = event, (*effects, fx.StopAsset(call.last(fx.PlayAsset).lane))
    assert call.audit().startswith("a filler is said to its end")
