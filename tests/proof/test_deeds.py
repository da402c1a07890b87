"""The audit of what a simulated call did to the world."""

from __future__ import annotations

from collections import Counter

import pytest
from proof.deeds import ANSWERED as ANSWER_OVER
from proof.deeds import HANG_UP, TOOL, TRANSFER, TRANSFERRED, Deeds, Work, audit_deeds

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.trace import Trace

NOW_US = 5_000_000
TOOL_CALL = fx.CallTool(7, 1, "c1", "book", "{}")
ANSWERED = ev.ToolResult(NOW_US, 7, True, "ok")
USED = ev.UsageReported(NOW_US, "model", "m", "m", "reply", 1, 3, 10)


def of(*steps: tuple[ev.Event, tuple[fx.Effect, ...]]) -> Trace:
    """A trace of these steps."""
    return Trace(steps=list(steps))


def tick(*effects: fx.Effect, at_us: int = NOW_US) -> tuple[ev.Event, tuple[fx.Effect, ...]]:
    """Something happens, with these effects."""
    return ev.DeadlineReached(at_us), effects


def done(*deeds: tuple[str, str], log: bytes = b"") -> Deeds:
    """What the world was asked, with the log as it was then."""
    account = Deeds()
    for effect, what in deeds:
        account.ask(effect, what, log)
    return account


def test_a_tool_that_was_decided_logged_done_and_answered_is_right() -> None:
    deeds = done((TOOL, "book"), log=b'{"type":"CallTool"}')
    assert audit_deeds(deeds, of(tick(TOOL_CALL), (ANSWERED, ()))) == ""


@pytest.mark.parametrize(
    ("deeds", "steps", "rule"),
    [
        (done((TOOL, "book")), [tick(TOOL_CALL), (ANSWERED, ())], "what touches the world is in the log first: CallTool book"),
        (
            done((TOOL, "book"), (TOOL, "book"), log=b'"type":"CallTool" "type":"CallTool"'),
            [tick(TOOL_CALL), (ANSWERED, ())],
            "what is done was decided",
        ),
        (done((TRANSFER, "+1"), log=b'"type":"Transfer"'), [tick()], "what is done was decided"),
        (Deeds(), [tick(TOOL_CALL), (ANSWERED, ())], "what is decided is done"),
        (done((TOOL, "book"), log=b'"type":"CallTool"'), [tick(TOOL_CALL)], "a tool is answered, known or not: request 7"),
        (done((HANG_UP, "end")), [tick(fx.HangUp("Agent", "end"))], "what touches the world is in the log first: HangUp end"),
    ],
)  # fmt: skip
def test_deeds_that_break_a_rule(deeds: Deeds, steps: list[tuple[ev.Event, tuple[fx.Effect, ...]]], rule: str) -> None:
    assert audit_deeds(deeds, of(*steps)).startswith(rule)


def test_who_ends_a_call_by_force_need_not_ask_the_conversation() -> None:
    assert audit_deeds(done((HANG_UP, "node_lost")), of(tick())) == ""


def test_a_failure_must_be_told_where_somebody_waits() -> None:
    deeds = Deeds()
    deeds.failures[""] = 3
    assert audit_deeds(deeds, of(tick())) == ""
    deeds.failures["model"] = 1
    assert audit_deeds(deeds, of(tick())) == "a failure is told: the model failed"
    told = ev.ProviderFailed(NOW_US, "model", "m", "unavailable", "")
    assert audit_deeds(deeds, of((told, ()))) == ""


def test_what_gave_text_or_sound_is_billed() -> None:
    text = ev.ReplyText(NOW_US, 1, 3, "Hello")
    assert audit_deeds(Deeds(), of((text, ()))).startswith("what was used is billed: the answer to request 3")
    assert audit_deeds(Deeds(), of((text, ()), (USED, ()))) == ""
    sound = ev.VoiceReady(NOW_US, 1, 0)
    assert audit_deeds(Deeds(), of((sound, ()))).startswith("what was used is billed: the voice of generation 1")


def used(kind: str, amount: int, purpose: str = "", request: int = 0) -> tuple[ev.Event, tuple[fx.Effect, ...]]:
    return ev.UsageReported(NOW_US, kind, "p", "m", purpose, 0, request, amount), ()


def test_what_the_providers_did_is_billed_and_not_as_nothing() -> None:
    asked = Deeds(work=Work(asked=Counter({"hangup": 2, "warm": 0})))
    once, again = used("model", 30, "hangup", 1), used("model", 30, "hangup", 2)
    assert audit_deeds(asked, of(once, again)) == ""
    for unpaid in ((once,), (once, once), (once, used("model", 0, "hangup", 2)), (once, used("model", 9, "reply", 2))):
        assert audit_deeds(asked, of(*unpaid)).startswith("what was used is billed: 1 questions")
    said = Deeds(work=Work(texts_given=2, texts=2))
    assert audit_deeds(said, of(used("voice", 5), used("voice", 5))) == ""
    assert audit_deeds(said, of(used("voice", 5))).startswith("what was used is billed: 1 texts")
    heard = Deeds(work=Work(given_ms=2_000, heard_ms=2_000))
    assert audit_deeds(heard, of(used("transcriber", 1_500), used("transcriber", 500))) == ""
    assert audit_deeds(heard, of(used("transcriber", 1_980))) == "what was used is billed: 1980 ms of 2000 ms heard"


def test_what_is_billed_was_used() -> None:
    said = Deeds(work=Work(texts_given=2, texts=1))
    assert audit_deeds(said, of(used("voice", 5), used("voice", 5))) == "", "one is billed by an estimate"
    assert audit_deeds(said, of(*[used("voice", 5)] * 3)) == "what is billed was used: 3 texts of the voice of 2"
    heard = Deeds(work=Work(given_ms=2_000, heard_ms=1_500))
    assert audit_deeds(heard, of(used("transcriber", 2_000))) == "", "it had failed and not said so"
    assert audit_deeds(heard, of(used("transcriber", 2_020))).startswith("what is billed was used: 2020 ms of the 2000")


def test_what_is_opened_is_closed() -> None:
    assert audit_deeds(Deeds(work=Work(streams=1)), of(tick())).startswith("what is opened is closed")


def test_what_is_stopped_or_cancelled_is_over_at_once() -> None:
    begun, stopped = tick(fx.PlayAsset("Mhm.", "filler")), tick(fx.StopAsset("filler"))
    told = ev.AssetPlayed(NOW_US, "Mhm.", "filler", 100, False)
    assert audit_deeds(Deeds(), of(begun, stopped, (told, ()), tick(at_us=NOW_US + 1))) == ""
    assert audit_deeds(Deeds(), of(begun, stopped, tick(at_us=NOW_US + 1))).startswith("what is stopped is silent")
    late = ev.ReplyText(NOW_US + 1, 1, 3, "more")
    assert audit_deeds(Deeds(), of(tick(fx.CancelModel(3)), (late, ()), (USED, ()))).startswith(
        "what is cancelled is over"
    )


def test_a_clear_is_answered_at_once() -> None:
    answered = ev.Cleared(NOW_US, 4, 700)
    later = tick(at_us=NOW_US + 100_000)
    assert audit_deeds(Deeds(), of(tick(fx.Clear(4)), (answered, ()), later)) == ""
    assert audit_deeds(Deeds(), of(tick(fx.Clear(4)), later, (answered, ()))).startswith("a clear is answered at once")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (ANSWER_OVER, ev.ReplyEnded(NOW_US, 1, 3, "stop")),
        (TRANSFERRED, ev.TransferProgress(NOW_US, 3, "failed", "busy")),
    ],
)
def test_what_came_to_its_end_is_told(kind: str, told: ev.Event) -> None:
    deeds = Deeds()
    deeds.outcomes[kind] = 1
    rings = ev.TransferProgress(NOW_US, 3, "ringing")
    assert audit_deeds(deeds, of((rings, ()))).startswith("what came to its end is told")
    assert audit_deeds(deeds, of((rings, ()), (told, ()))) == ""
