"""The account of silence."""

from tests.proof.accounts.audited_call import AuditedCall

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import TRANSFER_WAIT_MS
from callwright.conversation.plan import TransferTool
from callwright.ports.model import Tool

SERVICE = TransferTool("transfer_call_desk", "", message="One moment.", own_message=True, by_request=True)
ASKS_MS, HANGS_UP_MS = 3_000, 5_000


def wanted(asks: bool = True, late_ms: int = 0) -> AuditedCall:
    """A service is asked for a transfer. ``late_ms``: how much later than it was spoken the caller's audio is told of."""
    call = AuditedCall(
        transfers=(SERVICE,),
        tools=(Tool(SERVICE.name, "To the desk", "{}"),),
        incremental_delay_ms=0,
        check_if_user_online=asks,
        user_online_after_ms=ASKS_MS,
        hangup_after_silence_ms=HANGS_UP_MS,
        hangup_message="",
    )
    call.answered_ms += late_ms
    call.wait(late_ms)
    call.caller_says("w1 w2")
    call.model_calls(SERVICE.name)
    call.model_ends()
    call.plays()
    return call


def rung(asks: bool = True) -> AuditedCall:
    """A service has taken the transfer on and rings somebody."""
    call = wanted(asks)
    taken_on(call)
    return call


def taken_on(call: AuditedCall) -> None:
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "ok")


def does(call: AuditedCall, *effects: fx.Effect) -> str:
    """The rule that is broken if this is done now."""
    call.steps.append((ev.DeadlineReached(call.now_ms * 1000), effects))
    return call.audit()


def asked(call: AuditedCall) -> fx.Speak:
    newest = call.last(fx.Speak)
    return fx.Speak(newest.generation + 1, 0, 1, "silence", "Hey, are you still there?")


def test_who_is_rung_for_is_asked_and_hung_up_on_behind_the_wait() -> None:
    call = rung()
    call.wait(TRANSFER_WAIT_MS + ASKS_MS)
    call.plays()
    call.wait(HANGS_UP_MS)
    assert call.hung_up() == "inactivity_timeout"
    assert not call.audit()


def test_the_question_comes_neither_in_the_wait_nor_too_soon_or_too_late_behind_it() -> None:
    for wait_ms in (ASKS_MS + 1_000, TRANSFER_WAIT_MS + ASKS_MS - 1_000):
        early = rung()
        early.wait(wait_ms)
        assert does(early, asked(early)).startswith("the caller is asked after the silence that was set")
    late = rung()
    late.now_ms += TRANSFER_WAIT_MS + ASKS_MS + 2_500
    assert does(late, asked(late)).startswith("the caller is asked when it is time")


def test_the_call_is_hung_up_neither_in_the_wait_nor_too_late_behind_it() -> None:
    early = rung(asks=False)
    early.wait(HANGS_UP_MS + 1_000)
    hang_up = fx.HangUp("Agent", "inactivity_timeout")
    assert does(early, hang_up).startswith("a call is hung up after the silence that was set")
    late = rung(asks=False)
    late.now_ms += TRANSFER_WAIT_MS + HANGS_UP_MS + 2_500
    assert does(late, hang_up).startswith("nothing is waited for longer than its bound")


def test_who_has_said_something_meanwhile_is_waited_for_as_ever() -> None:
    call = rung()
    call.wait(10_000)
    call.caller_says("w3")
    call.agent_replies("a1.")
    call.wait(ASKS_MS)
    assert call.last(fx.Speak).purpose == "silence"
    assert not call.audit()
    late = rung()
    late.caller_says("w3")
    late.agent_replies("a1.")
    late.now_ms += ASKS_MS + 2_500
    assert does(late, asked(late)).startswith("the caller is asked when it is time")


def test_what_was_said_as_the_service_answered_may_be_from_before_it_or_after() -> None:
    call = wanted(late_ms=40)
    call.begins()
    call.wait(380)
    taken_on(call)
    call.wait(20)
    call.pauses()
    call.finishes("w3")
    call.judges()
    call.agent_replies("a1.")
    call.wait(ASKS_MS)
    assert call.last(fx.Speak).purpose == "silence"
    assert not call.audit()


def test_what_was_said_before_the_service_answered_ends_no_wait() -> None:
    call = wanted(late_ms=40)
    call.caller_says("w3")
    call.wait(50)
    taken_on(call)
    call.agent_replies("a1.")
    call.wait(ASKS_MS)
    assert call.last(fx.Speak).purpose == "reply"
    assert does(call, asked(call)).startswith("the caller is asked after the silence that was set")
