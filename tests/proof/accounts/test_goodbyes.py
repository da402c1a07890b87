"""The account of how long an ending takes."""

from collections.abc import Iterable

from tests.proof.accounts.audited_call import AuditedCall
from tests.unit.conversation.call_builder import WORD_MS

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import PLAYOUT_SLACK_MS, SLOW_MS_PER_CHARACTER

GOODBYE = "Thank you for calling us today. Goodbye."


def ends_with(text: str) -> AuditedCall:
    """A call that the model ends with ``text``, of which the caller hears the beginning."""
    call = AuditedCall(end_call_tool=True, call_terminate_ms=0, incremental_delay_ms=0)
    call.caller_says("w1 w2")
    call.model_says(text, ended=False)
    call.model_calls("end_call")
    call.model_ends()
    call.starts_playing()
    return call


def silent() -> AuditedCall:
    """A caller to whom the agent says goodbye because of a silence."""
    call = AuditedCall(
        check_if_user_online=False, hangup_after_silence_ms=3_000, hangup_message=GOODBYE, call_terminate_ms=0
    )
    call.wait(3_000)
    return call


def cut_by_us(call: AuditedCall, *notes: fx.Note) -> str:
    """What is found when the agent hangs up now."""
    generation = call.last(fx.Release).generation
    hangs_up: tuple[fx.Effect, ...] = (
        *notes,
        fx.Clear(generation),
        fx.CancelVoice(generation),
        fx.HangUp("Agent", "end_call_tool"),
    )
    call.steps.append((ev.DeadlineReached(call.now_ms * 1000), hangs_up))
    return call.audit()


def test_last_words_that_are_heard_to_their_end_are_right() -> None:
    call = ends_with("a1 " * 150)
    for speak in call.clauses():
        call.wait(len(speak.text.split()) * WORD_MS)
        call.give(ev.MarkPlayed, speak.generation, speak.index)
    assert call.hung_up()
    assert not call.audit()


def test_last_words_are_not_cut_by_the_clock() -> None:
    call = ends_with("a1 " * 150)
    call.wait(15_000)
    assert cut_by_us(call, fx.Note("goodbye_cut", "")).startswith("what ends a call is cut by its longest time alone")


def test_last_words_are_not_hung_up_on_without_a_word_of_it() -> None:
    call = ends_with("a1 " * 150)
    call.wait(15_000)
    assert cut_by_us(call).startswith("the last words of the model are heard to their end")


def given_up_after(call: AuditedCall, ms: int) -> str:
    """What is found when a goodbye whose voice has begun, and told no length, is given up after ``ms``."""
    generation = call.last(fx.Release).generation
    for speak in call.clauses():
        call.give(ev.VoiceReady, generation, speak.index)
    call.wait(ms)
    voice_failed = (fx.HangUp("Agent", "inactivity_timeout"), fx.Note("voice_failed", f"generation {generation}"))
    call.steps.append((ev.DeadlineReached(call.now_ms * 1000), voice_failed))
    return call.audit()


def test_a_voice_that_may_still_speak_is_not_given_up() -> None:
    letters = sum(len(speak.text) for speak in silent().clauses())
    found = given_up_after(silent(), letters * SLOW_MS_PER_CHARACTER)
    assert found.startswith("a voice that still speaks is not given up")
    assert not given_up_after(silent(), letters * SLOW_MS_PER_CHARACTER + PLAYOUT_SLACK_MS)


def test_a_goodbye_whose_voice_told_its_length_is_not_waited_for_for_ever() -> None:
    def never_hangs_up(_event: ev.Event, effect: fx.Effect) -> Iterable[fx.Effect]:
        if not isinstance(effect, fx.HangUp | fx.Note | fx.AgentSaid):
            yield effect

    call = silent()
    call.starts_playing()
    call.wait(len(GOODBYE.split()) * WORD_MS + PLAYOUT_SLACK_MS)
    assert not call.audit()
    call.give(ev.UsageReported, "voice", "scripted", "v", "silence", 0, 0, 10)
    call.wait(100)
    call.give(ev.UsageReported, "voice", "scripted", "v", "silence", 0, 0, 10)
    assert call.audit_with(never_hangs_up).startswith("an ending goes on")
