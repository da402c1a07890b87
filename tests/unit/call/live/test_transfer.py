"""Transfers and holds on their way between the conversation and the leg."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.call.live.test_session import Call, Handset
from tests.unit.call.world import settle

from callwright.call.live.transfer import transfer
from callwright.conversation.effects import Transfer
from callwright.conversation.plan import TransferTool
from callwright.platform.dialling.actions import transfer_decision
from callwright.platform.dialling.rules import Rules
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LegClosed, TransferFailedError
from callwright.ports.model import Tool
from callwright.providers.scripted.model import DEFAULT_REPLY

DESK = "sip:desk@127.0.0.1"
THEN = datetime(2027, 1, 12, tzinfo=UTC)
PLAN: dict[str, Any] = {
    "tools": (Tool("transfer_call_desk", "To the desk", "{}"),),
    "transfers": (TransferTool("transfer_call_desk", DESK, attended=True),),
    "incremental_delay_ms": 0,
    "check_if_user_online": False,
}
ASKS = {"when": "desk", "tool": {"name": "transfer_call_desk", "arguments": {}}}


class Switchboard(Handset):
    """A leg that transfers, or fails to with ``error``; it ``waits`` until the target has ``taken`` the call."""

    def __init__(
        self, session: Any, error: Exception | None = None, *, closes_first: bool = False, waits: bool = False
    ) -> None:
        super().__init__(session)
        self.taken = asyncio.Event()
        if not waits:
            self.taken.set()
        self.error = error
        self.closes_first = closes_first
        self.transfers: list[tuple[str, bool]] = []

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        self.transfers.append((target, attended))
        await self.taken.wait()
        if self.error is not None:
            raise self.error
        if self.closes_first:
            self.session.closed(LegClosed("answered", "API Request", "Call completed", 4000))


async def asking(
    error: Exception | None = None, *, closes_first: bool = False, target: str = DESK
) -> tuple[Call, Switchboard]:
    """The caller asked for the desk, which is at ``target``."""
    call = Call([ASKS, {"say": "Fine."}])
    call.leg = leg = Switchboard(call.session, error, closes_first=closes_first)
    transfers = (TransferTool("transfer_call_desk", target, attended=True),)
    await call.begin("Hello.", **{**PLAN, "transfers": transfers})
    await call.listen(1_500)
    await call.listen(2_500, "the desk please")
    await settle(20)
    return call, leg


def ending(call: Call) -> bool:
    """Whether the conversation has decided to hang up."""
    return call.session.hang_up_wanted is not None


async def test_the_leg_is_asked_once_and_its_end_ends_the_call() -> None:
    call, leg = await asking()
    assert leg.transfers == [(DESK, True)]
    assert [values["state"] for values in call.logged("TransferProgress")] == ["completed"]
    call.session.closed(LegClosed("answered", "API Request", "Call completed", 4000))
    await call.session.aclose()
    assert [values["transferred"] for values in call.logged("TransferSettled")] == [True]
    assert call.stages[-1] == "ended answered"


async def test_what_a_leg_tells_of_the_target_is_news_of_the_transfer_that_is_under_way() -> None:
    call = Call([ASKS, {"say": "Fine."}])
    call.session.noted("transfer", {"state": "ringing"})
    call.leg = leg = Switchboard(call.session, waits=True)
    await call.begin("Hello.", **PLAN)
    await call.listen(1_500)
    await call.listen(2_500, "the desk please")
    await settle(20)
    call.session.noted("transfer", {"state": "ringing"})
    await call.listen(1_000)
    call.session.noted("transfer", {"state": "answered"})
    leg.taken.set()
    await settle(20)
    news = [(values["state"], values["request"]) for values in call.logged("TransferProgress")]
    assert [state for state, _ in news] == ["ringing", "answered", "completed"]
    assert len({request for _, request in news}) == 1
    (heard,) = call.logged("AssetPlayed")
    assert (heard["lane"], heard["played_ms"]) == ("ringing", 1_000)
    call.session.closed(LegClosed("answered", "API Request", "Call completed", 4000))
    await call.session.aclose()


async def test_a_leg_that_closes_before_it_says_so_was_transferred_all_the_same() -> None:
    call, _ = await asking(closes_first=True)
    await call.session.aclose()
    assert [values["transferred"] for values in call.logged("TransferSettled")] == [False, True]


async def test_a_target_that_does_not_take_the_call_is_told_with_its_outcome() -> None:
    call, _ = await asking(TransferFailedError("handset", "engaged", "busy", 3010))
    (news,) = call.logged("TransferProgress")
    assert (news["state"], news["detail"], news["outcome"], news["code"]) == (
        "failed",
        "engaged",
        "busy",
        3010,
    )
    await call.listen(2_500)
    assert call.logged("AgentSaid")[-1]["text"] == DEFAULT_REPLY
    await call.session.aclose()


async def test_a_carrier_that_cannot_or_breaks_leaves_the_caller_with_us() -> None:
    for error in (ProviderError(FailureKind.BAD_REQUEST, "handset", "cannot"), RuntimeError("a defect")):
        call, _ = await asking(error)
        assert [values["state"] for values in call.logged("TransferProgress")] == ["failed"]
        assert call.session.end is None
        await call.session.aclose()


async def test_without_a_line_there_is_nothing_to_transfer() -> None:
    call = Call()
    await transfer(call.bench.runner, None, Transfer(1, DESK), transfer_decision(DESK, THEN, Rules()))
    (news,) = call.logged("TransferProgress")
    assert (news["state"], news["detail"]) == ("failed", "there is no line to transfer")


@pytest.mark.parametrize("target", ["+19002345678", "sip:+19002345678@gateway.example", "+881612345678"])
async def test_a_target_that_the_policy_refuses_is_never_asked(target: str) -> None:
    call, leg = await asking(target=target)
    (news,) = call.logged("TransferProgress")
    assert news["state"] == "failed"
    assert "the calling policy refuses" in news["detail"]
    assert leg.transfers == []
    assert call.session.end is None
    await call.session.aclose()


async def test_a_hold_of_the_far_end_reaches_the_conversation_and_the_log() -> None:
    call = Call()
    await call.begin("Hello.", hangup_after_silence_ms=4_000, check_if_user_online=False)
    await call.listen(1_500)
    call.session.noted("held", {"on": True})
    await call.listen(8_000)
    assert not ending(call)
    call.session.noted("held", {"on": False})
    await call.listen(4_100)
    assert ending(call)
    assert [values["on"] for values in call.logged("LineHeld")] == [True, False]
    assert [values["on"] for values in call.logged("held")] == [True, False]
    await call.session.aclose()
