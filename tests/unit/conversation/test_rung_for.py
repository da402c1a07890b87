"""Silence while a service of the agent rings for somebody."""

from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import TRANSFER_WAIT_MS
from callwright.conversation.plan import TransferTool
from callwright.ports.model import Tool

SERVICE = TransferTool("transfer_call_desk", "", message="One moment.", own_message=True, by_request=True)
ASKS_MS, HANGS_UP_MS = 3_000, 5_000


def wanted(asks: bool = True, late_ms: int = 0) -> Call:
    """A service is asked for a transfer. ``late_ms``: how much later than it was spoken the caller's audio is told of."""
    call = Call(
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


def rung(asks: bool = True) -> Call:
    """A service has taken the transfer on and rings somebody."""
    call = wanted(asks)
    taken_on(call)
    return call


def taken_on(call: Call) -> None:
    call.give(ev.ToolResult, call.last(fx.CallTool).request, True, "ok")


def test_who_is_rung_for_is_asked_and_hung_up_on_behind_the_wait() -> None:
    call = rung()
    call.wait(TRANSFER_WAIT_MS + ASKS_MS)
    call.plays()
    call.wait(HANGS_UP_MS)
    assert call.hung_up() == "inactivity_timeout"


def test_who_has_said_something_meanwhile_is_waited_for_as_ever() -> None:
    call = rung()
    call.wait(10_000)
    call.caller_says("w3")
    call.agent_replies("a1.")
    call.wait(ASKS_MS)
    assert call.last(fx.Speak).purpose == "silence"


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


def test_what_was_said_before_the_service_answered_ends_no_wait() -> None:
    call = wanted(late_ms=40)
    call.caller_says("w3")
    call.wait(50)
    taken_on(call)
    call.agent_replies("a1.")
    call.wait(ASKS_MS)
    assert call.last(fx.Speak).purpose == "reply"
