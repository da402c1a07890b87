"""The doors and the timing of a carrier over a media websocket, without a socket: the vendor's requests are signed by the test."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import vonage_vendor
from tests.handed_calls import Handed
from tests.unit.telephony.test_media_streams import CALL, SID, TOKEN, NoNetwork, Report, Socket, streaming
from tests.unit.telephony.test_telnyx import NOW, Clock

from callwright.domain.errors import CallwrightError, NotAllowedError
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorAnswer, DoorRequest, HttpDoor, Signed
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import SILENCE_FRAME, DialRequest, InboundOffer, LastWords, Leg
from callwright.ports.registry import PluginContext
from callwright.telephony.media_streams.carrier import StreamCarrier
from callwright.telephony.media_streams.leg import StreamLeg
from callwright.telephony.media_streams.vendor import Handover, Order, VendorAccount
from callwright.telephony.plivo import vendor as plivo
from callwright.telephony.plivo.vendor import PLIVO, Dialect, PlivoCalls
from callwright.telephony.twilio.vendor import TwilioCalls, signature
from callwright.telephony.vobiz import VOBIZ
from callwright.telephony.vonage.vendor import VonageCalls

OURS, THEIRS, TARGET = "+15550100", "+15550199", "+15550155"
HANDOVER_DOORS = ("/handover", "/target", "/transferred")
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

    access: Access
    asked: list[str] = field(default_factory=list)

    async def of_number(self, carrier: str, number: str) -> Access | None:
        self.asked.append(number)
        return self.access if number == OURS else None


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


class Orders:
    """A vendor that takes every order."""

    hung_up: list[tuple[str, str]]
    handed: list[Handover]
    asked: list[str]
    """The conferences about which it was asked whether two are in it."""
    bridged = False
    failures: Sequence[FailureKind] = ()
    """What becomes of the first requests to hang up."""

    async def place(self, account: VendorAccount, order: Order) -> str:
        return CALL

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        self.hung_up.append((call_id, order_id))
        if len(self.hung_up) <= len(self.failures):
            raise ProviderError(self.failures[len(self.hung_up) - 1], "vendor", "not now")

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        self.handed.append(handover)

    async def bridge(self, account: VendorAccount, call_id: str, handover: Handover) -> bool:
        self.handed.append(handover)
        return True

    async def is_bridged(self, account: VendorAccount, handover: Handover) -> bool:
        self.asked.append(handover.conference)
        return self.bridged


class TwilioOrders(Orders, TwilioCalls):
    def __init__(self) -> None:
        TwilioCalls.__init__(self, NoNetwork())
        self.hung_up, self.handed, self.asked = [], [], []


class PlivoOrders(Orders, PlivoCalls):
    def __init__(self, dialect: Dialect = PLIVO) -> None:
        PlivoCalls.__init__(self, NoNetwork(), dialect)
        self.hung_up, self.handed, self.asked = [], [], []


class VonageOrders(Orders, VonageCalls):
    def __init__(self) -> None:
        VonageCalls.__init__(self, NoNetwork(), Clock(), RandomIds())
        self.hung_up, self.handed, self.asked = [], [], []


Signs = Callable[[str, dict[str, str], str, int], dict[str, str]]


def twilio_signs(url: str, form: dict[str, str], token: str, number: int) -> dict[str, str]:
    return {"x-twilio-signature": signature(token, url, {name: [value] for name, value in form.items()})}


def plivo_signs(url: str, form: dict[str, str], token: str, number: int) -> dict[str, str]:
    name, nonce = PLIVO.signature_header, str(number)
    whole = plivo.signature(token, url, {field: [value] for field, value in form.items()}, nonce)
    return {name: whole, f"{name}-nonce": nonce}


def vobiz_signs(url: str, form: dict[str, str], token: str, number: int) -> dict[str, str]:
    name, nonce = VOBIZ.signature_header, str(number)
    return {name: plivo.address_signature(token, url, nonce), f"{name}-nonce": nonce}


def vonage_signs(url: str, form: dict[str, str], token: str, number: int) -> dict[str, str]:
    return vonage_vendor.signed(vonage_body(form), NOW)


def vonage_body(form: Mapping[str, str]) -> bytes:
    return json.dumps(form).encode()


@dataclass(frozen=True)
class Side:
    """A vendor as the test plays it. ``id`` is the field with the call's id; ``ends``: last statuses, with the keys of their causes;
    ``written``: a request's fields as its body."""

    name: str
    vendor: Callable[[], TwilioOrders | PlivoOrders | VonageOrders]
    signs: Signs
    access: Access
    id: str
    ends: Mapping[str, str]
    written: Callable[[Mapping[str, str]], bytes] = lambda form: urlencode(form).encode()


PLIVO_ENDS = {
    "completed": "normal_clearing", "busy": "user_busy", "no-answer": "no_answer", "timeout": "no_answer",
    "cancel": "originator_cancel", "failed": "temporary_failure",
}  # fmt: skip
TWILIO = Side("twilio", TwilioOrders, twilio_signs, ACCESS, "CallSid", {
    "completed": "normal_clearing", "busy": "user_busy", "no-answer": "no_answer", "canceled": "originator_cancel",
    "failed": "temporary_failure",
})  # fmt: skip
PLIVO_SIDE = Side("plivo", PlivoOrders, plivo_signs, Access({
    "PLIVO_AUTH_ID": "MA" + "0" * 18, "PLIVO_AUTH_TOKEN": TOKEN, "PLIVO_PHONE_NUMBER": OURS,
}), "CallUUID", PLIVO_ENDS)  # fmt: skip
VOBIZ_SIDE = Side("vobiz", lambda: PlivoOrders(VOBIZ), vobiz_signs, Access({
    "VOBIZ_AUTH_ID": "MA_0123ABCD", "VOBIZ_AUTH_TOKEN": TOKEN, "VOBIZ_PHONE_NUMBER": OURS,
}), "CallUUID", PLIVO_ENDS)  # fmt: skip
VONAGE_SIDE = Side("vonage", VonageOrders, vonage_signs, Access({
    **vonage_vendor.KEYS, "VONAGE_PHONE_NUMBER": OURS,
}), "uuid", {}, vonage_body)  # fmt: skip
SIDES = (TWILIO, PLIVO_SIDE, VOBIZ_SIDE)
EVERY_SIDE = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)


@dataclass
class Line:
    """A carrier at work."""

    side: Side = TWILIO
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper)
    desk: Desk = field(default_factory=Desk)
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        self.handed = Handed(self.side.access.keys)
        self.vendor = self.side.vendor()
        self.told = 0
        self.accounts = Accounts(self.side.access)
        context = PluginContext({}, Path(), doors=self.doorkeeper, accounts=self.accounts, handed=self.handed)
        self.carrier = StreamCarrier(self.vendor, context)

    async def dial(self, ring_seconds: int = 60) -> StreamLeg:
        request = DialRequest("e.1", THEIRS, "", ring_seconds, access=self.side.access)
        leg = await self.carrier.dial(request, self.report)
        assert isinstance(leg, StreamLeg)
        await leg.dialled.wait()
        return leg

    async def tell(
        self,
        path: str,
        *,
        call: str = "e.1",
        token: str = TOKEN,
        proven_call: str = "",
        handover: str = "1",
        proven_handover: str = "",
        added: str = "",
        **form: str,
    ) -> DoorAnswer:
        """A request of the vendor at a door, as the platform serves it. ``handover``: which one it is about, at a door for them.
        ``proven_call`` and ``proven_handover``: whose address it was, where that was changed on the way. ``added``: the query that the
        account or the vendor has added to the address. Raises NotAllowedError."""
        door = next(one for one in self.carrier.doors() if isinstance(one, HttpDoor) and one.path == path)
        number = handover if path in HANDOVER_DOORS else ""
        account = self.vendor.account(self.side.access)
        proof = self.vendor.proof(account, proven_call or call, int(proven_handover or number or 0))
        about = {"call": call, "handover": number} if number else {"call": call}
        query = "&".join(filter(None, (urlencode({**about, **proof}) if call else "", added)))
        url = self.doorkeeper.address(self.side.name, path) + (f"?{query}" if query else "")
        form = {self.side.id: CALL, **form}
        self.told += 1
        signed = self.side.signs(url, form, token, self.told)
        request = DoorRequest("POST", url, signed, self.side.written(form))
        assert isinstance(door.proof, Signed)
        proven = await door.proof.check(request)
        if not proven:
            raise NotAllowedError("not signed")
        return await door.answer(replace(request, proven=proven))


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


@EVERY_SIDE
def test_what_ends_a_call_is_noted_as_soon_as_the_vendor_has_it_and_whenever_it_has_another_name(side: Side) -> None:
    """With that and the keys another process ends the call, once this one is dead."""

    async def called() -> None:
        line = Line(side)
        await line.carrier.open(line.desk)
        await line.dial()
        assert line.report.facts == [{"call_id": CALL, "order_id": CALL}]
        other = {side.id: "CA" + "8" * 32}
        await line.tell("/status", CallStatus="ringing", **other)
        await line.tell("/instructions", CallStatus="in-progress", **other)
        assert line.report.facts[1:] == [{"call_id": other[side.id], "order_id": CALL}]
        await line.tell("/incoming", call="", CallStatus="ringing", To=OURS, From=THEIRS)
        assert line.desk.report.facts == [{"call_id": CALL, "order_id": CALL}]
        await line.carrier.aclose()

    run(called())


@pytest.mark.parametrize(
    ("failures", "asked"),
    [
        ((), 1),
        ((FailureKind.UNAVAILABLE, FailureKind.LIMIT), 3),
        ((FailureKind.REFUSED,), 1),
        ((FailureKind.UNAVAILABLE,) * 9, 4),
    ],
)
def test_a_call_that_a_dead_process_has_left_is_ended_at_the_vendor(
    failures: Sequence[FailureKind], asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Again where that may help, and not for ever."""

    async def ended() -> None:
        line = Line()
        line.vendor.failures = failures
        assert isinstance(line.carrier, LastWords)
        line.carrier.say_last_words({"call_id": "C", "order_id": "O"}, ACCESS)
        began_s = asyncio.get_running_loop().time()
        await line.carrier.aclose()
        assert line.vendor.hung_up == [("C", "O")] * asked
        assert asyncio.get_running_loop().time() - began_s <= 30

    with caplog.at_level("INFO", "callwright"):
        run(ended())
    assert ("was asked to end call C" in caplog.text) == (asked > len(failures))
    assert TOKEN not in caplog.text


def test_a_vendor_that_does_not_answer_is_not_waited_for_and_keys_that_are_gone_are_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Silent(TwilioOrders):
        async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
            await asyncio.get_running_loop().create_future()

    async def ended() -> None:
        line = Line(replace(TWILIO, vendor=Silent))
        line.carrier.say_last_words({"call_id": "C", "order_id": "O"}, ACCESS)
        line.carrier.say_last_words({"call_id": "D", "order_id": "O"}, Access())
        await line.carrier.aclose()
        assert asyncio.get_running_loop().time() <= 31

    run(ended())
    assert "end call C: it does not answer in time" in caplog.text
    assert "end call D: the provider key TWILIO_ACCOUNT_SID" in caplog.text.replace("twilio: ", "")


async def test_the_owner_of_a_number_is_looked_up_once_for_a_call() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    answer = await line.tell("/incoming", call="", CallStatus="ringing", To=OURS, From=THEIRS)
    assert b"<Stream" in answer.body
    assert (line.accounts.asked, len(line.desk.offers)) == ([OURS], 1)
    assert line.desk.offers[0].counted_as == f"twilio {SID}"
    await line.carrier.aclose()


@pytest.mark.parametrize("side", [TWILIO, PLIVO_SIDE, VOBIZ_SIDE], ids=lambda side: side.name)
async def test_what_the_account_adds_to_the_address_comes_with_the_call(side: Side) -> None:
    line = Line(side)
    await line.carrier.open(line.desk)
    added = "Branch=North+Side&token=secret"
    await line.tell("/incoming", call="", added=added, CallStatus="ringing", To=OURS, From=THEIRS)
    (offer,) = line.desk.offers
    assert offer.others == {"branch": "North Side"}
    await line.carrier.aclose()


async def test_a_stranger_and_a_wrong_key_look_nothing_up_or_get_nowhere() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    for form in ({"To": OURS, "token": "another"}, {"To": "+15559999"}, {"To": "no number"}):
        with pytest.raises(NotAllowedError):
            await line.tell("/incoming", call="", CallStatus="ringing", **form)
    assert line.desk.offers == []


async def test_a_call_to_a_number_of_an_account_without_its_token_is_refused() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    line.accounts.access = Access({"TWILIO_ACCOUNT_SID": SID})
    with pytest.raises(NotAllowedError):
        await line.tell("/incoming", call="", CallStatus="ringing", To=OURS, From=THEIRS)
    assert line.desk.offers == []


async def test_a_late_report_of_a_call_that_is_over_starts_none() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    answer = await line.tell("/incoming", call="", CallStatus="completed", To=OURS, From=THEIRS)
    assert b"<Hangup/>" in answer.body
    assert (line.desk.offers, line.carrier.legs) == ([], [])


@pytest.mark.parametrize("status", ["completed", "no-answer"])
async def test_a_number_that_reports_hang_ups_to_the_same_address_ends_the_call(status: str) -> None:
    line = Line()
    await line.carrier.open(line.desk)
    await line.tell("/incoming", call="", CallStatus="ringing", To=OURS, From=THEIRS)
    for _ in range(2):
        answer = await line.tell("/incoming", call="", CallStatus=status, To=OURS, From=THEIRS)
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
    # What is said until the far end hears again would be lost.
    await asyncio.sleep(0)
    assert not handing.done()
    await streaming(leg)
    failed = (await asyncio.gather(handing, return_exceptions=True))[0]
    assert (getattr(failed, "outcome", ""), leg.ended) == (outcome, False)
    leg.abandon()


async def test_a_report_in_the_targets_own_name_is_none_of_the_call() -> None:
    line = Line()
    leg, _, handing = await handed_over(line)
    target = {line.side.id: f"CA{'9' * 32}"}
    assert b"<Stream" in (await line.tell("/transferred", CallStatus="busy", DialCallStatus="busy", **target)).body
    await streaming(leg)
    failed = (await asyncio.gather(handing, return_exceptions=True))[0]
    assert (getattr(failed, "outcome", ""), leg.ended) == ("busy", False)
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
    for _ in range(2):
        await line.tell("/target", CallSid="CA" + "7" * 32, CallStatus="in-progress")
    await handing
    assert line.report.end is not None
    # The record of the transfer names the call to the target.
    assert [one for one in line.report.facts if "state" in one] == [{"state": "answered", "call_id": "CA" + "7" * 32}]


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
        again, _ = await streaming(leg)
        await asyncio.gather(handing, return_exceptions=True)
        assert leg.delay_ms == 300
        again.tell("stop")
        assert line.report.facts[-1]["final"]
        assert line.report.facts[-1]["rtt_ms"] == 300

    run(called())


@given(st.sampled_from(SIDES), st.randoms(use_true_random=False), st.data())
def test_callbacks_shuffled_and_doubled_make_one_end_with_its_cause(
    side: Side, chance: random.Random, data: st.DataObject
) -> None:
    """Of a call that is not answered here: whatever comes after its end, or is repeated, changes nothing."""
    end = data.draw(st.sampled_from(sorted(side.ends)))

    async def called() -> None:
        line = Line(side)
        await line.dial()
        words = ["initiated", "ringing", "in-progress", end] * 2
        chance.shuffle(words)
        for word in words:
            await line.tell("/status", CallStatus=word)
        events, closed = line.report.events, line.report.end
        assert closed is not None
        assert closed.cause == side.ends[end]
        assert events == [name for name in ("ringing", "answered", "closed") if name in events]
        assert ("answered" in events) == (end == "completed")
        assert line.vendor.hung_up == []

    asyncio.run(called())


@EVERY_SIDE
async def test_a_signature_is_good_once_and_for_one_account(side: Side) -> None:
    line = Line(side)
    await line.dial()
    with pytest.raises(NotAllowedError):
        await line.tell("/status", token="another", CallStatus="busy")
    assert line.report.end is None
    await line.tell("/status", CallStatus="busy")
    assert line.report.end is not None


@EVERY_SIDE
async def test_the_address_of_one_call_cannot_be_made_that_of_another(side: Side) -> None:
    """Also where the signature leaves the query out, in which the call is."""
    line = Line(side)
    await line.dial()
    signs, theirs = side.signs, f"{line.doorkeeper.address(side.name, '/status')}?call=e.2"
    object.__setattr__(
        line, "side", replace(side, signs=lambda url, form, token, number: signs(theirs, form, token, number))
    )
    with pytest.raises(NotAllowedError):
        await line.tell("/status", proven_call="e.2", CallStatus="busy")
    assert line.report.end is None


async def test_a_signature_over_the_address_alone_is_good_for_the_form_that_it_came_with() -> None:
    """Somebody who saw one can repeat what was said, and cannot say anything else with it."""
    line = Line(VOBIZ_SIDE)
    await line.dial()
    for status in ("ringing", "ringing"):
        line.told = 0
        await line.tell("/status", CallStatus=status)
    for path, call, status in (
        ("/status", "e.1", "busy"),
        ("/status", "e.2", "ringing"),
        ("/transferred", "e.1", "ringing"),
    ):
        line.told = 0
        with pytest.raises(NotAllowedError):
            await line.tell(path, call=call, CallStatus=status)
    assert line.report.events == ["ringing"]
    plain = Line(PLIVO_SIDE)
    await plain.dial()
    object.__setattr__(plain, "side", replace(PLIVO_SIDE, signs=lambda url, form, token, number: {
        PLIVO.signature_header: plivo.address_signature(token, url, str(number)),
        f"{PLIVO.signature_header}-nonce": str(number),
    }))  # fmt: skip
    with pytest.raises(NotAllowedError):
        await plain.tell("/status", CallStatus="ringing")


@pytest.mark.parametrize("side", [PLIVO_SIDE, VOBIZ_SIDE], ids=lambda side: side.name)
@pytest.mark.parametrize(
    ("target", "noun"),
    [(TARGET, "<Number>15550155</Number>"), ("sip:a&amp;b@example.com", "<User>sip:a&amp;amp;b@example.com</User>")],
)
async def test_a_vendor_that_asks_whom_to_call_is_told_while_the_transfer_is_under_way(
    side: Side, target: str, noun: str
) -> None:
    line = Line(side)
    leg = await line.dial()
    await line.tell("/instructions", CallStatus="in-progress")
    start = {"streamId": "s", "callId": CALL}
    socket = Socket()
    carried = asyncio.create_task(leg.carry(socket))
    await socket.coming.put(json.dumps({"event": "start", "start": start}))
    while socket.take is None:  # noqa: ASYNC110 - the leg is asked, it does not tell
        await asyncio.sleep(0)
    assert not (await line.tell("/handover", CallStatus="in-progress")).body
    handing = asyncio.create_task(leg.transfer(target))
    await asyncio.sleep(0)
    for _ in range(2):
        # It asks again when our answer is lost.
        dial = (await line.tell("/handover", CallStatus="in-progress", Event="Transfer")).body.decode()
        assert noun in dial
        lines = f"https://calls.example/lines/{side.name}"
        query = escape(urlencode({"call": "e.1", "handover": 1, **line.vendor.proof(leg.account, "e.1", 1)}))
        assert f'callerId="{OURS.removeprefix("+")}" timeout="30" action="{lines}/transferred?{query}"' in dial
        assert f'callbackUrl="{lines}/target?{query}"' in dial
    await line.tell("/target", CallStatus="in-progress", DialAction="hangup", DialBLegStatus="hangup")
    assert not handing.done()
    await line.tell("/target", CallStatus="in-progress", DialAction="answer", DialBLegUUID="b-leg")
    assert {"state": "answered", "call_id": "b-leg"} in line.report.facts
    await handing
    await carried
    assert b"<Hangup/>" in (await line.tell("/handover", CallStatus="in-progress")).body
    assert b"<Hangup/>" in (await line.tell("/transferred", CallStatus="in-progress", DialStatus="completed")).body


@EVERY_SIDE
@pytest.mark.parametrize("early", [True, False])
async def test_who_answered_is_reported_once_and_after_the_answer(side: Side, *, early: bool) -> None:
    line = Line(side)
    leg = await line.dial()
    await line.tell("/instructions", CallStatus="in-progress")
    if early:
        await line.tell("/machine", AnsweredBy="machine_start", Machine="true")
        assert line.report.events == []
    socket = Socket()
    carried = asyncio.create_task(leg.carry(socket))
    start = {"streamSid": "s", "callSid": CALL, "streamId": "s", "callId": CALL}
    await socket.coming.put(json.dumps({"event": "start", "start": start}))
    while socket.take is None:  # noqa: ASYNC110 - the leg is asked, it does not tell
        await asyncio.sleep(0)
    for answered_by, machine in (("machine_start", "true"), ("human", "false")):
        await line.tell("/machine", AnsweredBy=answered_by, Machine=machine)
    assert line.report.events == ["answered", "machine"]
    await line.carrier.aclose()
    await carried


DOORS = ("/status", "/instructions", "/machine", "/handover", "/target", "/transferred", "/incoming")
FIELDS = {
    "CallSid": [CALL], "CallUUID": [CALL], "DialCallSid": [CALL], "DialBLegUUID": ["b"], "To": [OURS, OURS[1:]],
    "CallStatus": ["initiated", "ringing", "in-progress", "completed", "busy", "answered"], "From": [THEIRS],
    "DialCallStatus": ["completed", "busy", "answered"], "DialStatus": ["completed", "busy", "timeout"],
    "DialAction": ["answer", "connected", "hangup"], "AnsweredBy": ["human", "fax"], "Machine": ["true"],
    "SipResponseCode": ["486", "603", "0"], "HangupCauseCode": ["3010", "4000"], "SipHeader_X-Order": ["7"],
}  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(SIDES), st.data())
def test_mutated_callbacks_are_refused_or_mean_something_and_one_end_is_reported(
    side: Side, data: st.DataObject
) -> None:
    """Signed well, and otherwise anything: what the vendor never sends is an error of a named kind, never a defect."""

    async def called() -> None:
        line = Line(side)
        await line.carrier.open(line.desk)
        await line.dial()
        for _ in range(data.draw(st.integers(1, 6))):
            names = data.draw(st.lists(st.sampled_from(sorted(FIELDS)), unique=True))
            form = {name: data.draw(st.sampled_from(FIELDS[name]) | st.text(max_size=20)) for name in names}
            try:
                await line.tell(data.draw(st.sampled_from(DOORS)), **form)
            except CallwrightError:
                continue
        for report in (line.report, line.desk.report):
            assert report.events.count("closed") <= 1
            assert report.end is None or report.events[-1] == "closed"
        await line.carrier.aclose()
        assert line.report.end is not None

    asyncio.run(called())


MESSAGES: Sequence[dict[str, Any]] = (
    {"event": "start", "start": {"streamSid": "s", "callSid": CALL, "streamId": "s", "callId": CALL}},
    {"event": "media", "media": {"payload": "/////w=="}},
    {"event": "dtmf", "dtmf": {"digit": "1"}},
    {"event": "mark", "mark": {"name": "1"}},
    {"event": "playedStream", "name": "1"},
    {"event": "stop"},
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def mutated(message: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """The message with one of its values, at any depth, in place of which anything stands."""
    name = data.draw(st.sampled_from(sorted(message)))
    deeper = isinstance(message[name], dict) and data.draw(st.booleans())
    return {**message, name: mutated(message[name], data) if deeper else data.draw(ANYTHING)}


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(SIDES), st.data())
def test_mutated_messages_of_a_stream_end_it_or_mean_nothing(side: Side, data: st.DataObject) -> None:
    """A call never ends as a defect of ours, whatever comes by its websocket."""

    async def called() -> None:
        line = Line(side)
        leg = await line.dial()
        socket = Socket()
        carried = asyncio.create_task(leg.carry(socket))
        await socket.coming.put(json.dumps(MESSAGES[0]))
        while socket.take is None:  # noqa: ASYNC110 - the leg is asked, it does not tell
            await asyncio.sleep(0)
        for _ in range(data.draw(st.integers(1, 6))):
            message = mutated(data.draw(st.sampled_from(MESSAGES)), data)
            socket.take(json.dumps(message))
            leg.write(SILENCE_FRAME)
        await line.carrier.aclose()
        await carried
        assert line.report.end is not None
        assert line.report.end.cause in ("protocol_error", "normal_clearing", "hung_up_by_us")

    asyncio.run(called())
