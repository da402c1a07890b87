"""Each judge can fail: a trace that breaks its rule is caught, by that rule, and the same trace without the fault is not."""

from __future__ import annotations

from typing import Any

import pytest
from proof.audit import audit

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.lab.trace import Step, Trace
from callwright.ports.model import Message, ToolCall

ENDED = ev.LegEnded(90_000_000, "answered", "Callee", "hung up", 4000)
CLEARED = (fx.Clear(1), fx.CancelVoice(1))
BOOKED = Message("tool", "booked", tool_call_id="c1")
BOOKING = Message("assistant", "", (ToolCall("c1", "book", "{}"),))


def tick(at_ms: int, *effects: fx.Effect) -> Step:
    return ev.DeadlineReached(at_ms * 1000), effects


def final(at_ms: int, text: str, *effects: fx.Effect, segment: int = 1) -> Step:
    return ev.TranscriptFinal(at_ms * 1000, at_ms, segment, text), effects


def partial(at_ms: int, text: str, *effects: fx.Effect, segment: int = 1) -> Step:
    return ev.TranscriptPartial(at_ms * 1000, at_ms, segment, text), effects


def said(text: str, turn: int = 1) -> fx.UserSaid:
    return fx.UserSaid(turn, text, 0, 1)


def heard(text: str, generation: int = 1, cut: bool = False, purpose: str = "reply") -> fx.AgentSaid:
    return fx.AgentSaid(1, generation, purpose, text, cut, False, 9)


def speak(text: str, generation: int = 1, purpose: str = "reply") -> tuple[fx.Effect, ...]:
    return fx.Speak(generation, 0, 1, purpose, text), fx.EndSpeech(generation, 1), fx.Release(generation, 1)


def ask(*messages: Message, request: int = 1, generation: int = 1, turn: int = 1) -> fx.AskModel:
    return fx.AskModel(request, generation, turn, "reply", messages)


def verdict(*steps: Step, heard: dict[int, frozenset[str]] | None = None, ended: bool = True, **plan: Any) -> str:
    """What the judges find in a call that was answered after a second."""
    settings = {"call_terminate_ms": 60_000, "hangup_after_silence_ms": 0, "opt_out": False, **plan}
    begun: list[Step] = [(ev.Started(0, CallPlan(**settings), (), 0), ()), (ev.Answered(1_000_000), ())]
    over = [] if any(isinstance(event, ev.LegEnded) for event, _ in steps) else [(ENDED, ())]
    return audit(Trace(steps=[*begun, *steps, *over], heard=heard or {}, ended=ended))


PLAYING = (ev.PlayoutStarted(2_100_000, 1), ())
AUDIBLE: tuple[Step, ...] = (tick(2_000, *speak("a1 a2 a3.")), PLAYING)
HELD = (ev.LineHeld(3_000_000, True), ())
OVER = tick(4_000, fx.Note("voicemail_found", "greeting"))
RUNNING = tick(3_000, fx.CallTool(2, 1, "c1", "book", "{}"))
WANTED = (ev.ReplyTool(2_000_000, 1, 1, "c1", "book", "{}"), ())
DONE = (ev.ToolResult(4_000_000, 2, True, "booked"), ())
TRANSFER = fx.Transfer(2, "+1", False, 1, "c1", "transfer", "{}")
REFUSED = "stop calling me, and never again."


@pytest.mark.parametrize(
    ("rule", "steps", "more"),
    [
        ("a caller's words are never lost", (final(2_000, "w1 w2", said("w1")),), {}),
        ("a caller's words are in one turn", (final(2_000, "w1", said("w1")), tick(3_000, said("well w1", 2))), {}),
        ("a turn has words that were said", (final(2_000, "w1", said("w1 w2")),), {}),
        ("a caller's keys are never lost", ((ev.KeyPressed(2_000_000, "4"), ()),), {}),
        (
            "nobody is said to have heard what never sounded",
            (*AUDIBLE, tick(4_000, heard("a1 a2"))),
            {"heard": {1: frozenset({"a1"})}},
        ),
        ("what was heard is in the record", AUDIBLE, {"heard": {1: frozenset({"a1", "a2"})}}),
        ("what was broken off is recorded as cut", (*AUDIBLE, tick(4_000, *CLEARED, heard("a1"))), {}),
        (
            "what is resumed is what was not heard",
            (
                *AUDIBLE,
                tick(4_000, *CLEARED, heard("a1", cut=True)),
                tick(5_000, fx.Speak(2, 0, 1, "reply", "a1 a2 a3."), fx.EndSpeech(2, 1), fx.Release(2, 1, 1)),
            ),
            {},
        ),
        (
            "the agent says what the model said, in its order",
            (tick(2_000, ask()), (ev.ReplyText(2_100_000, 1, 1, "a1 a2. "), speak("a2 a1."))),
            {},
        ),
        (
            "a reply that is not cut is said to its last word",
            (
                tick(2_000, ask()),
                (ev.ReplyText(2_100_000, 1, 1, "a1 a2. "), speak("a1")),
                (ev.ReplyEnded(2_200_000, 1, 1, "stop"), ()),
                tick(4_000, heard("a1")),
            ),
            {},
        ),
        ("history never holds unheard words", (tick(2_000, ask(Message("assistant", "a1"))),), {}),
        ("history holds all that was heard", (*AUDIBLE, tick(4_000, heard("a1 a2 a3.")), tick(5_000, ask())), {}),
        (
            "the model knows what the caller said",
            (final(2_000, "w1", said("w1")), tick(3_000, ask(Message("user", "w2")))),
            {},
        ),
        ("a tool is called once", (WANTED, RUNNING, WANTED, RUNNING, DONE), {}),
        ("only what the model wanted is called", (RUNNING, DONE), {}),
        ("a tool's answer is told to the model", (WANTED, RUNNING, DONE, tick(5_000, ask(request=3))), {}),
        ("a tool's answer follows its call", (WANTED, RUNNING, DONE, tick(5_000, ask(BOOKED, request=3))), {}),
        ("every call of a tool has its answer", (tick(5_000, ask(BOOKING, request=3)),), {}),
        (
            "a transfer's outcome is never dropped",
            (tick(2_000, TRANSFER), (ev.TransferProgress(3_000_000, 2, "completed"), ())),
            {},
        ),
        ("what nobody will hear is not made", (*AUDIBLE, tick(4_000, fx.Clear(1), heard("a1 a2", cut=True))), {}),
        ("a call ends", (), {"ended": False}),
        ("a call ends within its maximum", (tick(200_000), (ev.LegEnded(200_000_000, "", "", "", 0), ())), {}),
        ("a call never stalls", (tick(40_000),), {"hangup_after_silence_ms": 10_000}),
        ("after the end nothing but facts", ((ENDED, (fx.HangUp("x", "y"),)),), {}),
        ("a call that is stopped is hung up at once", ((ev.StopRequested(2_000_000, "API", "stopped"), ()),), {}),
        ("nothing is begun after the maximum", (tick(62_000, ask()),), {}),
        ("a call has its whole duration", (tick(50_000, fx.HangUp("Agent", "max_duration_reached")),), {}),
        (
            "a call is hung up after the silence that was set",
            (final(20_000, "w1", said("w1")), tick(25_000, fx.HangUp("Agent", "inactivity_timeout"))),
            {"hangup_after_silence_ms": 10_000},
        ),
        ("a caller who has finished is answered", (final(2_000, "w1"), tick(38_000), tick(39_000, said("w1"))), {}),
        (
            "a reply answers what was said",
            (
                final(2_000, "w1 w2"),
                tick(3_000, ask(Message("user", "w1"))),
                (ev.ReplyText(3_500_000, 1, 1, "a1"), ()),
                tick(4_000, said("w1 w2"), *speak("a1")),
            ),
            {},
        ),
        (
            "nobody is talked over",
            (
                (ev.ActivityBegan(2_000_000, 1_000), ()),
                partial(3_400, "w1 w2"),
                tick(3_500, said("w1 w2"), *speak("a1")),
            ),
            {},
        ),
        (
            "a caller who interrupts is let in at once",
            (*AUDIBLE, partial(2_500, "w1 w2 w3"), tick(3_000, said("w1 w2 w3"))),
            {},
        ),
        (
            "a caller who interrupts is let in at once",
            (*AUDIBLE, final(2_500, "w1"), tick(3_000, said("w1"))),
            {"written": True},
        ),
        (
            "a noise does not silence the agent",
            (*AUDIBLE, (ev.ActivityBegan(2_500_000, 1_500), (*CLEARED, heard("a1", cut=True)))),
            {},
        ),
        ("a caller on hold is waited for", (HELD, tick(20_000, *speak("Are you there?", purpose="silence"))), {}),
        ("a machine hears no reply", (OVER, tick(5_000, *speak("Hello."))), {}),
        ("a machine is hung up on as one", (OVER, tick(5_000, fx.HangUp("Agent", "inactivity_timeout"))), {}),
        ("an opt-out is noticed once", (final(2_000, REFUSED, said(REFUSED), fx.OptedOut(1, REFUSED)),), {}),
        (
            "after an opt-out the call ends",
            (final(2_000, REFUSED, said(REFUSED), fx.OptedOut(1, REFUSED)), tick(3_000, ask(Message("user", REFUSED)))),
            {"opt_out": True},
        ),
        (
            "an opt-out is not answered by the model",
            (final(2_000, REFUSED, said(REFUSED), *speak("a1")),),
            {"opt_out": True},
        ),
        (
            "the caller is asked after the silence that was set",
            (final(2_000, "w1", said("w1")), tick(5_000, *speak("Are you there?", purpose="silence"))),
            {},
        ),
        (
            "the caller is asked only where the agent should",
            (tick(20_000, *speak("Are you there?", purpose="silence")),),
            {"check_if_user_online": False},
        ),
        (
            "the welcome has its delay",
            (tick(1_100, *speak("Hi.", purpose="welcome")),),
            {"welcome_delay_ms": 500},
        ),
    ],
)
def test_a_broken_rule_is_caught(rule: str, steps: tuple[Step, ...], more: dict[str, Any]) -> None:
    assert verdict(*steps, **more).startswith(rule)


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        ((final(2_000, "w1 w2", said("w1 w2")),), {}),
        (((ev.KeyPressed(2_000_000, "4"), (fx.Note("key", "4"),)),), {}),
        ((*AUDIBLE, tick(4_000, heard("a1 a2 a3."))), {"heard": {1: frozenset({"a1", "a2", "a3."})}}),
        ((*AUDIBLE, tick(4_000, *CLEARED, heard("a1", cut=True))), {}),
        ((WANTED, RUNNING, DONE, tick(5_000, ask(BOOKING, BOOKED, request=3))), {}),
        ((*AUDIBLE, partial(2_500, "w1 w2 w3", *CLEARED, heard("a1", cut=True)), tick(3_000, said("w1 w2 w3"))), {}),
        ((*AUDIBLE, partial(2_500, "w1 w2"), tick(3_000, said("w1 w2"))), {}),
        ((*AUDIBLE, partial(2_500, "w1"), tick(3_000, said("w1"))), {"written": True}),
        ((tick(20_000, *speak("Are you there?", purpose="silence")),), {}),
        ((OVER, tick(5_000, fx.HangUp("Agent", "voicemail_detected"))), {}),
        ((final(2_000, REFUSED, said(REFUSED), fx.OptedOut(1, REFUSED)),), {"opt_out": True}),
        (((ev.StopRequested(2_000_000, "API", "stopped"), (fx.HangUp("API", "stopped"),)),), {}),
    ],
)
def test_what_is_right_is_found_right(steps: tuple[Step, ...], more: dict[str, Any]) -> None:
    assert verdict(*steps, **more) == ""


def test_a_broken_invariant_is_what_is_told() -> None:
    assert audit(Trace(steps=[(ev.Started(0, CallPlan(), (), 0), ())], broken="some rule: 1")) == "some rule: 1"


def test_a_call_that_was_never_answered_ends_with_its_ring() -> None:
    started = (ev.Started(0, CallPlan(), (), 0), ())
    assert audit(Trace(steps=[started, tick(3_000_000)], ended=True)).startswith("a call ends within its maximum")


def test_words_that_were_taken_before_their_final_may_have_other_marks() -> None:
    nodded = partial(1_500, "mhm, of course,", fx.Note("back_channel", "mhm,"))
    assert verdict(nodded, final(2_000, "mhm")) == ""
    assert verdict(nodded, final(2_000, "mhm yes")).startswith("a caller's words are never lost")
