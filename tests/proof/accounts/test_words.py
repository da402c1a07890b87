"""The accounts of the caller's words and keys."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from proof.accounts.book import Caller
from tests.proof.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import ACTIVITY_STALE_MS

ORDER = "an entry stands where it was typed"
CUT = "no sentence is cut in two by the welcome's end"

Change = Callable[[ev.Event, fx.Effect], Iterable[fx.Effect]]


def told_as(text: str) -> Change:
    """The turn has these words."""

    def change(_event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
        return (
            fx.UserSaid(effect.turn, text, effect.from_ms, effect.to_ms) if isinstance(effect, fx.UserSaid) else effect,
        )

    return change


def not_noted(kind: str) -> Change:
    """No note of this kind is made."""

    def change(_event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
        return () if isinstance(effect, fx.Note) and effect.kind == kind else (effect,)

    return change


def typed_and_said(completes: str) -> AuditedCall:
    """An entry, complete by the finishing key or by a pause, and words behind it."""
    call = AuditedCall(keys=True, keys_pause_ms=500, keys_interrupt=False, welcome_message="Please type now.")
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
    assert not call.audit()
    assert call.audit_with(told_as("w1 w2 w3 dtmf_number: 42")).startswith(ORDER)
    assert call.audit_with(told_as("dtmf_number: 42 w1 w2 w3")).startswith(ORDER)


def test_words_read_after_the_end_are_judged_by_the_same_order() -> None:
    call = AuditedCall(keys=True)
    call.types("42")
    call.begins()
    call.ends()
    call.give(ev.TranscriptFinal, call.audio_ms, call.segment + 1, "w1")
    assert not call.audit()
    event, (said,) = call.steps[-1]
    assert isinstance(said, fx.UserSaid)
    call.steps[-1] = (event, (fx.UserSaid(said.turn, "w1 dtmf_number: 42", said.from_ms, said.to_ms),))
    assert call.audit().startswith(ORDER)


def test_the_same_entry_in_the_last_turn_is_not_taken_for_the_one_before() -> None:
    call = AuditedCall(keys=True)
    call.types("5#")
    call.agent_replies("a1.")
    call.begins()
    call.wait(300)
    call.finishes("w1")
    call.types("5")
    call.ends()
    assert call.said()[-1] == "caller: w1 dtmf_number: 5"
    assert not call.audit()


@pytest.mark.parametrize("words", ["w1 w2 w3", "stop"])
def test_words_behind_an_entry_silence_the_agent(words: str) -> None:
    call = AuditedCall(keys=True, keys_interrupt=False, words_to_interrupt=2, welcome_message="Type a1 a2 a3 a4 a5 a6.")
    call.starts_playing()
    call.types("42#")
    call.begins()
    call.wait(300)
    call.tells(words)
    assert not call.audit()
    silenced = (fx.Clear, fx.CancelVoice, fx.CancelModel)
    found = call.audit_with(lambda _, effect: () if isinstance(effect, silenced) else (effect,))
    assert found.startswith("a caller who interrupts is let in at once")


def over_the_welcome() -> AuditedCall:
    call = AuditedCall(welcome_message="Hello there.", discard_pre_welcome=True, words_to_interrupt=9)
    call.starts_playing()
    call.begins()
    call.wait(300)
    call.tells("w1 w2")
    return call


def ends_welcome(call: AuditedCall) -> AuditedCall:
    call.give(ev.MarkPlayed, 1, 0)
    return call


def discards(text: str) -> Change:
    """The welcome's end throws these words away."""

    def change(_event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
        return (effect, fx.Note("discarded_words", text)) if isinstance(effect, fx.AgentSaid) else (effect,)

    return change


def test_a_sentence_that_goes_on_is_not_thrown_away() -> None:
    call = over_the_welcome()
    call.finishes("w1 w2")
    ends_welcome(call)
    assert not call.audit()
    assert call.audit_with(discards("w1 w2")).startswith(CUT)


def test_a_sentence_that_is_still_read_is_not_thrown_away() -> None:
    call = over_the_welcome()
    call.pauses()
    call.wait(100)
    ends_welcome(call)
    assert not call.audit()
    assert call.audit_with(discards("w1 w2")).startswith(CUT)


def test_an_entry_that_is_begun_is_not_thrown_away() -> None:
    call = AuditedCall(keys=True, keys_interrupt=False, welcome_message="Hello.", discard_pre_welcome=True)
    call.starts_playing()
    call.types("4")
    ends_welcome(call)
    assert not call.audit()
    assert call.audit_with(discards("dtmf_number: 4")).startswith("no entry is cut in two")


def test_a_sentence_that_is_over_is_thrown_away() -> None:
    call = over_the_welcome()
    call.pauses()
    call.finishes("w1 w2")
    call.wait(300)
    ends_welcome(call)
    assert "discarded_words" in call.notes()
    assert not call.audit()
    kept = call.audit_with(lambda _, effect: () if isinstance(effect, fx.Note) else (effect,))
    assert kept.startswith("words over the welcome are thrown away on request")


def test_a_sound_without_words_may_be_the_callers_again_when_it_is_told_to_begin_anew() -> None:
    """Nobody told the end of the one before it, which was taken for none by then."""
    caller, stale_us = Caller(), ACTIVITY_STALE_MS * 1000
    caller.began(ev.ActivityBegan(1_000, 1))
    assert caller.speaks(stale_us - 1_000)
    assert not caller.speaks(2 * stale_us)
    caller.began(ev.ActivityBegan(2 * stale_us, 20_000))
    assert caller.speaks(2 * stale_us + 1_000)
    assert not caller.speaks(4 * stale_us)


def test_words_that_came_too_late_for_a_turn_need_no_answer() -> None:
    call = AuditedCall(incremental_delay_ms=0, hangup_after_silence_ms=0, check_if_user_online=False)
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
    assert not call.audit()
    assert call.audit_with(not_noted("words_revised")).startswith("a caller who has finished is answered")


def goes_on_behind_an_echo(echo: str) -> AuditedCall:
    """The voice fails behind words of the agent's that come back over the line, and the rest of them is said."""
    call = AuditedCall(words_to_interrupt=9)
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
    assert not call.audit()
    assert call.audit_with(not_noted("echo")).startswith("an agent goes on only when the caller has said nothing")


def test_words_of_the_callers_are_no_echo() -> None:
    def noted(_event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
        return (fx.Note("echo", "do w2 w3") if effect == fx.Note("echo", "do you w2") else effect,)

    def read(event: ev.Event) -> ev.Event:
        return replace(event, text="do w2 w3") if isinstance(event, ev.TranscriptFinal) and event.segment > 1 else event

    call = goes_on_behind_an_echo("do you w2")
    call.steps = [(read(event), effects) for event, effects in call.steps]
    assert call.audit_with(noted).startswith("an agent goes on only when the caller has said nothing")


def typed_at_the_end(maximum_ms: int, pause_ms: int) -> AuditedCall:
    """A key, and then a step that comes late, in which the call's maximum has passed; words are read after it."""
    call = AuditedCall(keys=True, keys_pause_ms=500, call_terminate_ms=maximum_ms, hangup_message="")
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
    assert not call.audit()
    assert not call.audit_with(told_as("w1 dtmf_number: 4"))
    assert not call.audit_with(told_as("dtmf_number: 4 w1"))


def test_an_entry_that_is_begun_as_the_call_ends_stands_behind_later_words() -> None:
    call = typed_at_the_end(10_001, 100)
    assert call.said()[-1] == "caller: w1 dtmf_number: 4"
    assert not call.audit()
    assert call.audit_with(told_as("dtmf_number: 4 w1")).startswith(ORDER)


@pytest.mark.parametrize("sounds", [True, False])
def test_words_that_may_still_change_are_waited_for_unless_sound_after_sound_had_none(sounds: bool) -> None:
    call = AuditedCall(hangup_after_silence_ms=0, call_terminate_ms=0)
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
    assert not call.audit()
    if not sounds:
        event, effects = call.steps[-1]
        call.steps[-1] = ev.DeadlineReached(event.at_us - 1_000_000), effects
        assert call.audit().startswith("words that may still change are waited for")
