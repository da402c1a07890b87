"""The doors and the timing of a carrier over a media websocket, without a socket: the vendor's requests are signed by the test."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.unit.telephony.test_media_streams import CALL, SID, TOKEN, NoNetwork, Report, Socket, streaming

from callwright.domain.errors import NotAllowedError
from callwright.domain.provider_access import Access
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ports.door import DoorAnswer, DoorRequest, HttpDoor, Signed
from callwright.ports.leg import SILENCE_FRAME, DialRequest, InboundOffer, Leg
from callwright.ports.registry import PluginContext
from callwright.telephony.media_streams.carrier import StreamCarrier
from callwright.telephony.media_streams.leg import StreamLeg
from callwright.telephony.media_streams.vendor import Handover, Order, VendorAccount
from callwright.telephony.twilio.vendor import TwilioCalls, signature

OURS, THEIRS, TARGET = "+15550100", "+15550199", "+15550155"
ACCESS = Access({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_PHONE_NUMBER": OURS})


class Doorkeeper:
    """Gives addresses that nobody serves."""

    def __init__(self) -> None:
        self.issued: list[str] = []

    def address(self, carrier: str, path: str) -> str:
        return f"https://calls.example/lines/{carrier}{path}"

    def issue(self, carrier: str, path: str, bound_to: str, seconds: float, uses: int = 1) -> str:
        self.issued.append(f"wss://calls.example/lines/{carrier}{path}/{len(self.issued)}")
        return self.issued[-1]

    def revoke(self, address: str) -> None:
        self.issued.remove(address)


@dataclass
class Accounts:
    """Whose numbers are whose, and how often somebody asked."""

    asked: list[str] = field(default_factory=list)

    async def of_number(self, carrier: str, number: str) -> Access | None:
        self.asked.append(number)
        return ACCESS if number == OURS else None


@dataclass
class Desk:
    """Answers every call that comes in."""

    offers: list[InboundOffer] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def offered(self, offer: InboundOffer, leg: Leg) -> Report:
        self.offers.append(offer)
        self.tasks.append(asyncio.get_running_loop().create_task(leg.answer()))
        return self.report


class Orders(TwilioCalls):
    """The vendor, which takes every order."""

    def __init__(self) -> None:
        super().__init__(NoNetwork())
        self.hung_up: list[tuple[str, str]] = []
        self.handed: list[Handover] = []

    async def place(self, account: VendorAccount, order: Order) -> str:
        return CALL

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        self.hung_up.append((call_id, order_id))

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        self.handed.append(handover)


@dataclass
class Line:
    """A carrier at work."""

    vendor: Orders = field(default_factory=Orders)
    accounts: Accounts = field(default_factory=Accounts)
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper)
    desk: Desk = field(default_factory=Desk)
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        context = PluginContext({}, Path(), doors=self.doorkeeper, accounts=self.accounts)
        self.carrier = StreamCarrier(self.vendor, context)

    async def dial(self, ring_seconds: int = 60) -> StreamLeg:
        request = DialRequest("e.1", THEIRS, "", ring_seconds, access=ACCESS)
        leg = await self.carrier.dial(request, self.report)
        assert isinstance(leg, StreamLeg)
        await leg.dialled.wait()
        return leg

    async def tell(self, path: str, *, call: str = "e.1", token: str = TOKEN, **form: str) -> DoorAnswer:
        """A request of the vendor at a door, as the platform serves it. Raises NotAllowedError."""
        door = next(one for one in self.carrier.doors() if isinstance(one, HttpDoor) and one.path == path)
        url = self.doorkeeper.address("twilio", path) + (f"?call={call}" if call else "")
        form = {"CallSid": CALL, **form}
        signed = signature(token, url, {name: [value] for name, value in form.items()})
        asked = DoorRequest("POST", url, {"x-twilio-signature": signed}, urlencode(form).encode())
        assert isinstance(door.proof, Signed)
        proven = await door.proof.check(asked)
        if not proven:
            raise NotAllowedError("not signed")
        return await door.answer(replace(asked, proven=proven))


async def passed(seconds: float) -> None:
    """Let virtual time pass."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    await VirtualClock(loop).sleep(seconds)


def run(work: Coroutine[Any, Any, None]) -> None:
    """On a loop whose time jumps."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


@pytest.mark.parametrize(
    ("told", "ends_s", "cause"),
    [
        ([], 75, "request_timeout"),
        ([(70, "initiated")], 145, "request_timeout"),
        ([(60, "initiated"), (70, "ringing")], 145, "no_answer"),
        ([(5, "ringing"), (70, "initiated"), (79, "ringing")], 80, "no_answer"),
    ],
)
def test_a_queued_call_waits_and_rings_as_long_as_one_that_was_dialled_at_once(
    told: Sequence[tuple[int, str]], ends_s: int, cause: str
) -> None:
    """Whatever the vendor repeats later moves nothing."""

    async def called() -> None:
        line = Line()
        leg = await line.dial(ring_seconds=60)
        loop = asyncio.get_running_loop()
        for at_s, word in told:
            await passed(at_s - loop.time())
            await line.tell("/status", CallStatus=word)
        await passed(ends_s - 0.5 - loop.time())
        assert not leg.ended
        await passed(1)
        assert line.report.end is not None
        assert line.report.end.cause == cause
        # Whoever still has it is told to end it, by the order's id too: nobody answered.
        assert line.vendor.hung_up == [(CALL, CALL)]

    run(called())


async def test_the_owner_of_a_number_is_looked_up_once_for_a_call() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    answer = await line.tell("/incoming", call="", CallStatus="ringing", To=OURS, From=THEIRS)
    assert b"<Stream" in answer.body
    assert (line.accounts.asked, len(line.desk.offers)) == ([OURS], 1)
    await line.carrier.aclose()


async def test_a_stranger_and_a_wrong_key_look_nothing_up_or_get_nowhere() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    for form in ({"To": OURS, "token": "another"}, {"To": "+15559999"}, {"To": "no number"}):
        with pytest.raises(NotAllowedError):
            await line.tell("/incoming", call="", CallStatus="ringing", **form)
    assert line.desk.offers == []


async def test_a_late_report_of_a_call_that_is_over_starts_none() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    answer = await line.tell("/incoming", call="", CallStatus="completed", To=OURS, From=THEIRS)
    assert b"<Hangup/>" in answer.body
    assert (line.desk.offers, line.carrier.legs) == ([], [])


async def test_a_number_that_reports_hang_ups_to_the_same_address_ends_the_call() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    await line.tell("/incoming", call="", CallStatus="ringing", To=OURS, From=THEIRS)
    for _ in range(2):
        answer = await line.tell("/incoming", call="", CallStatus="completed", To=OURS, From=THEIRS)
        assert b"<Hangup/>" in answer.body
    assert line.desk.report.end is not None
    assert (line.desk.report.end.cause, len(line.desk.offers)) == ("originator_cancel", 1)


async def handed_over(line: Line) -> tuple[StreamLeg, Socket, asyncio.Task[None]]:
    """A call whose caller hears the target of a transfer ring."""
    leg = await line.dial()
    await line.tell("/instructions", CallStatus="in-progress")
    socket, _ = await streaming(leg)
    handing = asyncio.create_task(leg.transfer(TARGET))
    await asyncio.sleep(0)
    assert line.vendor.handed[0].target == TARGET
    return leg, socket, handing


@pytest.mark.parametrize("dialled", ["canceled", "no-answer"])
async def test_somebody_who_hangs_up_while_the_target_rings_has_hung_up(dialled: str) -> None:
    line = Line()
    _, _, handing = await handed_over(line)
    answer = await line.tell("/transferred", CallStatus="completed", DialCallStatus=dialled)
    assert b"<Hangup/>" in answer.body
    assert line.report.end is not None
    assert (line.report.end.cause, line.report.end.by) == ("normal_clearing", "Callee")
    failed = (await asyncio.gather(handing, return_exceptions=True))[0]
    assert getattr(failed, "outcome", "") == "canceled"
    assert line.vendor.hung_up == []


@pytest.mark.parametrize(
    ("dialled", "outcome"), [("busy", "busy"), ("no-answer", "no-answer"), ("canceled", "canceled")]
)
async def test_a_target_that_does_not_answer_gives_the_far_end_back(dialled: str, outcome: str) -> None:
    line = Line()
    leg, _, handing = await handed_over(line)
    answer = await line.tell("/transferred", CallStatus="in-progress", DialCallStatus=dialled)
    assert b"<Stream" in answer.body
    failed = (await asyncio.gather(handing, return_exceptions=True))[0]
    assert (getattr(failed, "outcome", ""), leg.ended) == (outcome, False)
    leg.abandon()


@pytest.mark.parametrize("dialled", ["completed", "answered"])
async def test_a_target_that_answered_ends_the_leg_however_the_call_goes_on(dialled: str) -> None:
    line = Line()
    _, _, handing = await handed_over(line)
    await line.tell("/transferred", CallStatus="completed", DialCallStatus=dialled)
    await handing
    assert line.report.end is not None
    assert line.report.end.cause == "transferred"


async def test_the_target_reports_as_a_call_of_its_own() -> None:
    line = Line()
    _, _, handing = await handed_over(line)
    await line.tell("/target", CallSid="CA" + "7" * 32, CallStatus="ringing")
    assert not handing.done()
    await line.tell("/target", CallSid="CA" + "7" * 32, CallStatus="in-progress")
    await handing
    assert line.report.end is not None


def test_how_late_the_far_end_plays_is_known_after_a_transfer_and_at_the_end() -> None:
    async def called() -> None:
        line = Line()
        leg = await line.dial()
        await line.tell("/instructions", CallStatus="in-progress")
        socket, _ = await streaming(leg)
        for _ in range(10):
            leg.write(SILENCE_FRAME)
        await passed(0.5)
        socket.tell("mark", mark={"name": "10"})
        assert leg.delay_ms == 300
        handing = asyncio.create_task(leg.transfer(TARGET))
        await asyncio.sleep(0)
        await line.tell("/transferred", CallStatus="in-progress", DialCallStatus="busy")
        await asyncio.gather(handing, return_exceptions=True)
        again, _ = await streaming(leg)
        assert leg.delay_ms == 300
        again.tell("stop")
        assert line.report.facts[-1]["final"]
        assert line.report.facts[-1]["rtt_ms"] == 300

    run(called())
