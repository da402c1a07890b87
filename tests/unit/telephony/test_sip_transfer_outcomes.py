"""Transfers over SIP: how long a target may ring, what is told when it does not answer, and when it answers later still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from tests.unit.telephony.test_browser_leg import passed, virtually

from callwright.conversation.bounds import TRANSFER_WAIT_MS
from callwright.domain.limits import SIP_REFER_SECONDS, SIP_TRANSFER_SECONDS
from callwright.ports.leg import LegClosed, LegListener, TransferFailedError
from callwright.telephony.sip.call_facts import CallFacts
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.exchange import Exchange
from callwright.telephony.sip.leg import TRANSFER_WAIT_SECONDS, LegOwner, SipLeg
from callwright.telephony.sip.stack import TRANSFERRED, LineEvent, StackCall, StackError, UnansweredError
from callwright.telephony.sip.transfer import Transfers

TARGET = "sip:desk@127.0.0.1"


class Line:
    """A call of the stack. ``refused``: what comes of a REFER; without it the far end goes on trying."""

    call_id = "c1"

    def __init__(self, refused: StackError | None = None) -> None:
        self.refused = refused
        self.told: Callable[[LineEvent], None] = lambda event: None
        self.next = self
        self.hung_up = False

    def listen(self, listener: Callable[[LineEvent], None]) -> None:
        self.told = listener

    def read(self) -> bytes:
        return b""

    async def refer(self, target: str, seconds: float) -> None:
        if self.refused is not None:
            raise self.refused
        await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=seconds)
        raise UnansweredError("too late")

    async def accept_refer(self) -> StackCall:
        return cast(StackCall, self.next)

    async def hang_up(self) -> None:
        self.hung_up = True


class Call:
    """A call of the gateway, its gateway, and the stack."""

    def __init__(self, line: Line) -> None:
        self.number, self.user, self.traced = 1, "callwright", None
        self.line: StackCall | None = cast(StackCall, line)
        self.facts = CallFacts(answered=True)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.second = Line()
        self.stack = self.trace = self
        self.sent: list[dict[str, Any]] = []
        self.transfers = Transfers(cast(Exchange, self), self)

    def send(self, kind: str, **values: Any) -> None:
        self.sent.append({"type": kind, **values})

    def move(self, line: StackCall) -> None:
        self.line = line

    def read_messages(self) -> None:
        """The stack has said nothing."""

    def call(self, call_id: str) -> None:
        """No message of any call was seen."""

    def start(self, work: Any) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    async def dial(self, *_: object) -> StackCall:
        return cast(StackCall, self.second)

    def ask(self, *, attended: bool = False) -> None:
        self.transfers.ask({"request": 7, "target": TARGET, "attended": attended, "seconds": 20})

    @property
    def outcomes(self) -> list[tuple[Any, ...]]:
        """What was told of transfers: the request, whether it succeeded, the status, whether our time for it is over."""
        told = [one for one in self.sent if one["type"] == "transferred"]
        return [(one["request"], one["ok"], one["sip_status"], one["unanswered"]) for one in told]


@pytest.mark.parametrize("attended", [False, True])
@virtually
async def test_a_target_that_nobody_answers_in_our_time_is_told_as_such(attended: bool) -> None:
    call = Call(Line())
    call.ask(attended=attended)
    await passed(19)
    assert call.outcomes == []
    await passed(2)
    assert call.outcomes == [(7, False, 0, True)]
    assert (call.facts.transferred, call.second.hung_up) == (False, attended)


@virtually
async def test_what_the_far_end_says_of_a_target_is_told_as_it_says_it() -> None:
    call = Call(Line(StackError("Request Timeout", 408)))
    call.ask()
    await passed(0.1)
    assert call.outcomes == [(7, False, 408, False)]


@virtually
async def test_a_target_that_answers_when_it_was_given_up_has_taken_the_call() -> None:
    call = Call(Line())
    call.ask()
    await passed(21)
    call.transfers.closed(TRANSFERRED)
    assert call.outcomes == [(7, False, 0, True), (7, True, 200, False)]
    assert call.facts.ending(None) == ("us", 0, "transferred")


@virtually
async def test_a_target_that_answers_in_the_moment_it_is_given_up_has_taken_the_call() -> None:
    call = Call(Line())
    call.ask()
    await passed(10)
    call.transfers.closed(TRANSFERRED)
    await passed(11)
    assert call.outcomes == [(7, True, 200, False)]


@virtually
async def test_another_end_is_no_transfer() -> None:
    call = Call(Line())
    call.transfers.closed("Connection reset by peer")
    assert (call.outcomes, call.facts.transferred) == ([], False)


@virtually
async def test_the_end_of_a_line_whose_far_end_sent_us_elsewhere_is_no_transfer_of_ours() -> None:
    line = Line()
    line.next = Line()
    call = Call(line)
    call.transfers.asked(TARGET)
    call.transfers.decide({"accept": True})
    await passed(0.1)
    call.transfers.closed(TRANSFERRED)
    line.next.told(LineEvent("answered"))
    assert (call.outcomes, call.facts.transferred) == ([], False)
    assert call.sent[-1] == {"type": "moved", "target": TARGET}
    await passed(5)


class Server:
    """A leg, its gateway, who owns it and who listens to it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.news: list[tuple[str, Any]] = []
        self.end: LegClosed | None = None
        self.leg = SipLeg(1, self, cast(LegOwner, self), SipSettings(), inbound=False)
        self.leg.story.answered = True
        self.leg.attach(cast(LegListener, self))

    def send(self, call: int, kind: str, **values: Any) -> None:
        self.sent.append({"type": kind, **values})

    def write(self, call: int, frame: bytes) -> None:
        raise NotImplementedError

    def over(self, leg: SipLeg, *, cut_off: bool) -> None:
        assert not cut_off

    def noted(self, what: str, values: Any) -> None:
        self.news.append((what, values))

    def closed(self, closed: LegClosed) -> None:
        self.end = closed

    async def failure(self, *, attended: bool = False, **told: Any) -> TransferFailedError:
        """Ask for a transfer that does not come about: the gateway answers so."""
        transfer = asyncio.create_task(self.leg.transfer(TARGET, attended=attended))
        await asyncio.sleep(0)
        self.leg.control({"type": "transferred", "request": self.sent[-1]["request"], "ok": False, **told})
        (failed,) = await asyncio.gather(transfer, return_exceptions=True)
        assert isinstance(failed, TransferFailedError)
        return failed


def test_a_target_rings_no_longer_than_the_conversation_waits() -> None:
    assert SIP_TRANSFER_SECONDS < SIP_REFER_SECONDS < TRANSFER_WAIT_SECONDS
    assert TRANSFER_WAIT_SECONDS * 1000 < TRANSFER_WAIT_MS


@pytest.mark.parametrize(("attended", "seconds"), [(False, SIP_REFER_SECONDS), (True, SIP_TRANSFER_SECONDS)])
async def test_a_target_that_does_not_answer_in_time_is_no_answer(attended: bool, seconds: int) -> None:
    server = Server()
    failed = await server.failure(attended=attended, sip_status=0, reason="too late", unanswered=True)
    assert (failed.outcome, failed.code) == ("no-answer", 3000)
    assert server.sent[-1]["seconds"] == seconds


async def test_a_far_end_that_reports_a_timeout_has_a_failure() -> None:
    failed = await Server().failure(sip_status=408, reason="Request Timeout", unanswered=False)
    assert (failed.outcome, failed.code) == ("failed", 3070)


async def test_a_transfer_that_succeeds_after_it_was_given_up_ends_the_leg_as_transferred() -> None:
    server = Server()
    await server.failure(sip_status=0, reason="too late", unanswered=True)
    server.leg.control({"type": "transferred", "request": 1, "ok": True, "sip_status": 200})
    assert server.news == [("transfer", {"state": "completed"})]
    server.leg.control({"type": "closed", "by": "us", "sip_status": 200, "q850": None, "reason": "transferred"})
    assert server.end is not None
    assert server.end.cause == "transferred"


async def test_a_late_success_is_not_told_of_a_transfer_that_was_tried_after_it() -> None:
    server = Server()
    await server.failure(sip_status=0, reason="too late", unanswered=True)
    await server.failure(attended=True, sip_status=486, reason="Busy Here", unanswered=False)
    server.leg.control({"type": "transferred", "request": 1, "ok": True, "sip_status": 200})
    assert server.news == []
    assert server.leg.story.transferred


async def test_the_stack_is_given_up_before_its_own_timeout() -> None:
    stack = pytest.importorskip("callwright.telephony.sip.baresip_stack", reason="the SIP stack is missing")

    class Native:
        def on_transfer_request(self, listener: object) -> None:
            """None comes."""

        async def transfer(self, target: str, timeout: float) -> None:
            await asyncio.wait_for(asyncio.get_running_loop().create_future(), timeout)

    with pytest.raises(UnansweredError):
        await stack.BaresipCall(None, Native()).refer(TARGET, 0.01)
