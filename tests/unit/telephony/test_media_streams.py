"""Calls over media websockets, without a socket: a listener, a vendor and a websocket of the test."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import random
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.errors import BadInputError
from callwright.ops.timers import SharedTimer
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import TalkRecording
from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME, LegClosed, TakesTogether
from callwright.telephony.media_streams.call_book import take_target
from callwright.telephony.media_streams.framing import BadStreamError
from callwright.telephony.media_streams.leg import LOOK_SECONDS, StreamLeg
from callwright.telephony.media_streams.transfer import CallTransfer
from callwright.telephony.media_streams.vendor import Callback, Handover, Order, VendorAccount
from callwright.telephony.plivo import vendor as plivo
from callwright.telephony.plivo.vendor import PlivoCalls
from callwright.telephony.twilio.vendor import FRAMING, TwilioCalls, signature
from callwright.telephony.vobiz import VOBIZ

SID = "AC" + "0123456789abcdef" * 2
CALL = "CA" + "0" * 32
TOKEN = "12345"
ACCESS = Access({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN})
STATUS = "https://calls.example/lines/twilio/status?call=e.1"


class NoNetwork:
    """The client of a test that asks nobody."""

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Any:
        raise AssertionError(f"{method} {url}")


TWILIO = TwilioCalls(NoNetwork())
ACCOUNT = TWILIO.account(ACCESS)


def request(url: str = STATUS, *, signed: str | None = None, **form: str) -> DoorRequest:
    told = signature(TOKEN, url, {name: [value] for name, value in form.items()}) if signed is None else signed
    return DoorRequest("POST", url, {"x-twilio-signature": told}, urlencode(form).encode())


def status(word: str, **more: str) -> Callback:
    return TWILIO.read(request(CallSid=CALL, CallStatus=word, **more))


def target(word: str) -> Callback:
    return TWILIO.read_target(request(CallSid=CALL, CallStatus="in-progress", DialCallStatus=word))


@dataclass
class Report:
    """A listener."""

    events: list[str] = field(default_factory=list)
    end: LegClosed | None = None
    frames: list[bytes] = field(default_factory=list)
    facts: list[Mapping[str, Any]] = field(default_factory=list)

    def ringing(self) -> None:
        self.events.append("ringing")

    def early_media(self) -> None:
        self.events.append("early_media")

    def answered(self) -> None:
        self.events.append("answered")

    def audio(self, frame: bytes) -> None:
        self.frames.append(frame)

    def key(self, key: str) -> None:
        self.events.append(f"key {key}")

    def machine(self, kind: str) -> None:
        self.events.append(kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        assert self.end is None
        self.facts.append(values)

    def closed(self, closed: LegClosed) -> None:
        self.events.append("closed")
        self.end = closed


@dataclass
class Socket:
    """A websocket whose far end is the test."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    far_code: int = 0
    take: Callable[[str | bytes], None] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    coming: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def listen(self, on_message: Callable[[str | bytes], None]) -> None:
        self.take = on_message

    async def receive(self) -> str | bytes | None:
        if self.take is None:
            return await self.coming.get()
        await self.over.wait()
        return None

    def send(self, *messages: str | bytes) -> None:
        self.sent += [json.loads(message) for message in messages]

    def end(self, code: int = 1000) -> None:
        self.over.set()

    async def close(self, code: int = 1000) -> None:
        self.over.set()

    def tell(self, event: str, **more: Any) -> None:
        assert self.take is not None
        self.take(json.dumps({"event": event, "streamSid": "MZ", **more}))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [told for told in self.sent if told["event"] == event]


class Vendor(TwilioCalls):
    """The vendor, whose requests are kept. ``refuses``: it does not hand over."""

    def __init__(self) -> None:
        super().__init__(NoNetwork())
        self.hung_up: list[str] = []
        self.handed: list[Handover] = []
        self.refuses = False

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        self.hung_up.append(call_id)

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        if self.refuses:
            raise ProviderError(FailureKind.BAD_REQUEST, "twilio", "no")
        self.handed.append(handover)


def order(target: str, number: int) -> Handover:
    """A handover, as a call book makes it."""
    return Handover(target, "+15550100", 60, "https://a/h", "https://a/t", "https://a/r", number=number)


def leg_of(vendor: Vendor, report: Report, *, inbound: bool = False) -> StreamLeg:
    transfers = CallTransfer(vendor, order)
    leg = StreamLeg(vendor, ACCOUNT, transfers, lambda _: None, SharedTimer(LOOK_SECONDS), inbound=inbound)
    leg.provider_call_id, leg.call_id, leg.listener = CALL, CALL, report
    leg.dialled.set()
    return leg


async def streaming(leg: StreamLeg, call_id: str = CALL) -> tuple[Socket, asyncio.Task[None]]:
    socket = Socket()
    carried = asyncio.create_task(leg.carry(socket))
    await socket.coming.put(json.dumps({"event": "connected"}))
    while socket.take is None:  # noqa: ASYNC110 - the leg is asked, it does not tell
        await asyncio.sleep(0)
    socket.tell("start", start={"streamSid": "MZ", "callSid": call_id, "customParameters": {}})
    return socket, carried


def payload(sound: bytes) -> dict[str, Any]:
    return {"media": {"payload": base64.b64encode(sound).decode()}}


_RING, _UP = ("initiated", "ringing", "in-progress"), ("completed", "busy", "no-answer", "failed", "canceled")


@given(st.sampled_from(_UP), st.randoms(use_true_random=False), st.booleans())
def test_status_callbacks_in_any_order_and_twice_make_one_state(
    end: str, chance: random.Random, streamed: bool
) -> None:
    """Whatever comes after the end changes nothing, nothing is reported twice, and the order of the port holds."""

    async def told() -> tuple[list[str], LegClosed | None]:
        report = Report()
        leg = leg_of(Vendor(), report)
        leg.expect_ringing(60)
        words = [*_RING, end] * 2
        chance.shuffle(words)
        if streamed:
            _, carried = await streaming(leg)
        for word in words:
            leg.take_status(status(word))
        if streamed:
            await carried
        return report.events, report.end

    events, closed = asyncio.run(told())
    assert closed is not None
    order = [name for name in ("ringing", "answered", "closed") if name in events]
    assert events == order
    assert ("answered" in events) == (streamed or end == "completed")
    assert closed.outcome == {"completed": "answered", "no-answer": "no-answer", "busy": "busy"}.get(end, end)


async def test_sound_in_pieces_of_any_length_becomes_frames():
    report = Report()
    leg = leg_of(Vendor(), report)
    socket, _ = await streaming(leg)
    sound = bytes(range(256)) * 5
    for at in range(0, len(sound), 100):
        socket.tell("media", **payload(sound[at : at + 100]))
    assert b"".join(report.frames) == sound[: len(report.frames) * LEG_FRAME_BYTES]
    assert (len(report.frames), {len(frame) for frame in report.frames}) == (8, {LEG_FRAME_BYTES})
    leg.finish(CAUSES["normal_clearing"])
    assert report.events == ["answered", "closed"]


async def test_frames_of_one_moment_are_one_message_and_marks_count_them():
    leg = leg_of(Vendor(), Report())
    socket, _ = await streaming(leg)
    for _ in range(10):
        leg.write(SILENCE_FRAME)
    await asyncio.sleep(0)
    (media,) = socket.of("media")
    assert base64.b64decode(media["media"]["payload"]) == SILENCE_FRAME * 10
    assert socket.of("mark") == [{"event": "mark", "streamSid": "MZ", "mark": {"name": "10"}}]
    leg.finish(CAUSES["normal_clearing"])


async def test_frames_that_are_written_together_are_one_message_at_once():
    leg = leg_of(Vendor(), Report())
    socket, _ = await streaming(leg)
    assert isinstance(leg, TakesTogether)
    leg.write_together([SILENCE_FRAME] * 10)
    (media,) = socket.of("media")
    assert base64.b64decode(media["media"]["payload"]) == SILENCE_FRAME * 10
    assert [mark["mark"]["name"] for mark in socket.of("mark")] == ["10"]
    leg.finish(CAUSES["normal_clearing"])


async def test_a_call_that_is_over_is_not_held_by_its_leg():
    """The carrier knows the leg for minutes yet, because the vendor may call back."""
    report = Report()
    leg = leg_of(Vendor(), report)
    socket, carried = await streaming(leg)
    socket.tell("stop")
    await carried
    assert report.events == ["answered", "closed"]
    held = weakref.ref(report)
    del report
    gc.collect()
    assert held() is None
    # What the vendor says of it afterwards is taken, and changes nothing.
    leg.take_status(status("completed"))
    take_target(leg, target("completed"))
    leg.take_status(replace(status("in-progress"), machine="human"))
    socket.tell("media", **payload(SILENCE_FRAME))


async def test_a_hang_up_waits_for_the_mark_of_the_last_word():
    report = Report()
    leg = leg_of(Vendor(), report)
    socket, _ = await streaming(leg)
    leg.write(SILENCE_FRAME)
    leaving = asyncio.create_task(leg.hang_up("llm_prompted_hangup"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (socket.of("mark")[0]["mark"]["name"], report.end) == ("1", None)
    socket.tell("mark", mark={"name": "1"})
    await leaving
    assert report.end is not None
    assert (report.end.reason, report.end.by, leg.goes_on) == ("llm_prompted_hangup", "API Request", True)


async def test_marks_of_what_was_cleared_say_nothing():
    leg = leg_of(Vendor(), Report())
    socket, _ = await streaming(leg)
    for _ in range(10):
        leg.write(SILENCE_FRAME)
    await asyncio.sleep(0)
    leg.clear()
    assert socket.sent[-1] == {"event": "clear", "streamSid": "MZ"}
    before = leg.delay_ms
    for name in ("10", "99", "-1", "nonsense", "9" * 40):
        socket.tell("mark", mark={"name": name})
    assert (leg.delay_ms, leg.ended) == (before, False)
    leg.finish(CAUSES["normal_clearing"])


async def test_a_stream_of_another_call_ends_the_leg():
    report = Report()
    leg = leg_of(Vendor(), report)
    socket, carried = await streaming(leg, "CA" + "1" * 32)
    await carried
    assert (report.events, socket.over.is_set()) == (["closed"], True)


@pytest.mark.parametrize(
    "message",
    ["", "[]", "nonsense", "{", '{"event":"media"}', '{"event":"media","media":{"payload":"%"}}', '{"event":"start"}',
     '{"event":"dtmf","dtmf":{"digit":"x"}}', '{"event":"mark"}', "[" * 100_000],
)  # fmt: skip
async def test_what_the_vendor_does_not_send_is_refused(message: str):
    with pytest.raises(BadStreamError):
        FRAMING.take(message, leg_of(Vendor(), Report()))


async def test_kinds_that_are_not_known_are_passed_over():
    leg = leg_of(Vendor(), Report())
    FRAMING.take('{"event":"new"}', leg)
    assert not leg.ended


async def test_keys_come_and_go():
    report = Report()
    leg = leg_of(Vendor(), report)
    socket, _ = await streaming(leg)
    socket.tell("dtmf", dtmf={"track": "inbound_track", "digit": "#"})
    assert report.events == ["answered", "key #"]
    await leg.send_keys("1")
    await asyncio.sleep(0)
    assert len(base64.b64decode(socket.of("media")[0]["media"]["payload"])) == 10 * LEG_FRAME_BYTES
    with pytest.raises(ProviderError):
        await leg.send_keys("x")
    leg.finish(CAUSES["normal_clearing"])


async def test_a_transfer_that_is_answered_ends_the_leg():
    vendor, report = Vendor(), Report()
    leg = leg_of(vendor, report)
    socket, _ = await streaming(leg)
    handing = asyncio.create_task(leg.transfer("+15550155"))
    await asyncio.sleep(0)
    socket.tell("stop", stop={"callSid": CALL})
    await asyncio.sleep(0)
    assert (vendor.handed[0].target, report.end) == ("+15550155", None)
    leg.transfers.target_answered()
    await handing
    assert report.end is not None
    assert (report.end.cause, leg.goes_on) == ("transferred", False)


async def test_a_transfer_that_is_not_answered_gives_the_caller_back():
    vendor, report = Vendor(), Report()
    leg = leg_of(vendor, report)
    socket, first = await streaming(leg)
    handing = asyncio.create_task(leg.transfer("+15550155", attended=True))
    await asyncio.sleep(0)
    socket.tell("stop", stop={"callSid": CALL})
    await first
    cause = target("busy").cause
    assert cause is not None
    leg.transfers.target_lost(cause)
    await asyncio.sleep(0)
    assert not handing.done()
    again, _ = await streaming(leg)
    with pytest.raises(ProviderError) as failed:
        await handing
    assert getattr(failed.value, "outcome", "") == "busy"
    leg.write(SILENCE_FRAME)
    await asyncio.sleep(0)
    assert (len(again.of("media")), report.events) == (1, ["answered"])
    leg.finish(CAUSES["normal_clearing"])


async def test_the_old_stream_may_end_after_the_caller_is_back():
    vendor, report = Vendor(), Report()
    leg = leg_of(vendor, report)
    old, first = await streaming(leg)
    handing = asyncio.create_task(leg.transfer("+15550155"))
    await asyncio.sleep(0)
    cause = target("no-answer").cause
    assert cause is not None
    leg.transfers.target_lost(cause)
    new, _ = await streaming(leg)
    with pytest.raises(ProviderError):
        await handing
    old.tell("stop", stop={"callSid": CALL})
    await first
    assert (report.end, leg.streams) == (None, True)
    new.tell("stop", stop={"callSid": CALL})
    assert report.events == ["answered", "closed"]


async def test_a_transfer_that_the_vendor_refuses_changes_nothing():
    vendor, report = Vendor(), Report()
    vendor.refuses = True
    leg = leg_of(vendor, report)
    await streaming(leg)
    with pytest.raises(ProviderError):
        await leg.transfer("+15550155")
    assert (leg.streams, leg.ended, leg.transfers.under_way) == (True, False, False)
    leg.finish(CAUSES["normal_clearing"])


def test_a_signature_is_good_for_its_address_its_form_and_its_account_only():
    good = request(CallSid=CALL, CallStatus="busy", To="+15550100", Empty="")
    assert TWILIO.is_genuine(good, ACCOUNT)
    known = good.headers["x-twilio-signature"]
    assert not TWILIO.is_genuine(request(signed=known, CallSid=CALL, CallStatus="completed"), ACCOUNT)
    assert not TWILIO.is_genuine(request(STATUS + "1", signed=known, CallSid=CALL, CallStatus="busy"), ACCOUNT)
    assert not TWILIO.is_genuine(request(signed="", CallSid=CALL), ACCOUNT)
    assert not TWILIO.is_genuine(request(signed="\xff", CallSid=CALL), ACCOUNT)
    other = TWILIO.account(Access({**ACCESS.keys, "TWILIO_AUTH_TOKEN": "another"}))
    assert not TWILIO.is_genuine(good, other)
    assert not TWILIO.is_genuine(DoorRequest("POST", STATUS, {}, b"\xff=\xff"), ACCOUNT)


def test_a_signature_as_the_vendor_publishes_it():
    """The example that the vendor's own libraries are tested with."""
    caller = "+14158675309"
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": caller, "Digits": "1234", "From": caller, "To": "+18005551212"}
    form = {name: [value] for name, value in fields.items()}
    assert signature(TOKEN, "https://mycompany.com/myapp.php?foo=1&bar=2", form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    signed = signature(TOKEN, "https://calls.example:443/lines/twilio/status?call=e.1", {"CallSid": [CALL]})
    assert TWILIO.is_genuine(request(signed=signed, CallSid=CALL), ACCOUNT)


def test_a_callback_says_how_a_call_ends():
    assert status("failed", SipResponseCode="404").cause is not None
    ends = {word: getattr(status(word).cause, "key", "") for word in (*_RING, *_UP)}
    assert ends == {
        "initiated": "", "ringing": "", "in-progress": "", "completed": "normal_clearing", "busy": "user_busy",
        "no-answer": "no_answer", "failed": "temporary_failure", "canceled": "originator_cancel",
    }  # fmt: skip
    assert getattr(status("busy", SipResponseCode="603").cause, "key", "") == "call_rejected"
    for wrong in ({}, {"CallSid": "x"}):
        with pytest.raises(BadInputError):
            TWILIO.read(request(**wrong))


def test_instructions_are_well_formed_whatever_they_hold():
    assert b'<Stream url="wss://a/b?x=1&amp;y=&lt;"/>' in TWILIO.connect("wss://a/b?x=1&y=<", CALL).body
    assert b'reason="busy"' in TWILIO.refuse(486).body
    assert b'reason="rejected"' in TWILIO.refuse(404).body
    assert b"<Hangup/>" in TWILIO.end_call().body


PLIVO = plivo.PlivoCalls(NoNetwork())
PLIVO_ACCOUNT = PLIVO.account(Access({"PLIVO_AUTH_ID": "MA" + "0" * 18, "PLIVO_AUTH_TOKEN": TOKEN}))
PLIVO_STATUS = STATUS.replace("twilio", "plivo")


def plivo_request(url: str = PLIVO_STATUS, nonce: str = "n", given: str = "", **form: str) -> DoorRequest:
    headers = {
        "x-plivo-signature-v3": given
        or plivo.signature(TOKEN, url, {name: [value] for name, value in form.items()}, nonce),
        "x-plivo-signature-v3-nonce": nonce,
    }
    return DoorRequest("POST", url, headers, urlencode(form).encode())


def test_a_plivo_signature_is_good_for_its_address_its_form_and_its_nonce_only():
    good = plivo_request(CallUUID="u", CallStatus="busy", Empty="")
    known = good.headers["x-plivo-signature-v3"]
    assert PLIVO.is_genuine(good, PLIVO_ACCOUNT)
    assert PLIVO.is_genuine(
        plivo_request(given=f"other,{known}", CallUUID="u", CallStatus="busy", Empty=""), PLIVO_ACCOUNT
    )
    assert not PLIVO.is_genuine(plivo_request(given=known, CallUUID="u", CallStatus="completed"), PLIVO_ACCOUNT)
    assert not PLIVO.is_genuine(
        plivo_request(nonce="m", given=known, CallUUID="u", CallStatus="busy", Empty=""), PLIVO_ACCOUNT
    )
    assert not PLIVO.is_genuine(plivo_request(nonce="", CallUUID="u"), PLIVO_ACCOUNT)
    assert not PLIVO.is_genuine(DoorRequest("POST", PLIVO_STATUS, {}, b"\xff"), PLIVO_ACCOUNT)


def test_a_plivo_callback_says_how_a_call_ends():
    told = PLIVO.read(
        plivo_request(CallUUID="u", To="15550100", From="15550123", CallStatus="failed", HangupCauseCode="3020")
    )
    assert (told.called, told.caller, getattr(told.cause, "key", "")) == ("+15550100", "+15550123", "call_rejected")
    ends = {
        word: PLIVO.read(plivo_request(CallUUID="u", CallStatus=word)).cause
        for word in ("ringing", "timeout", "completed")
    }
    assert {word: getattr(cause, "key", "") for word, cause in ends.items()} == {
        "ringing": "", "timeout": "no_answer", "completed": "normal_clearing",
    }  # fmt: skip
    for wrong in ({}, {"CallUUID": "x" * 10_000}, {"CallUUID": "a\n"}):
        with pytest.raises(BadInputError):
            PLIVO.read(plivo_request(**wrong))


async def test_a_stream_that_is_only_closed_is_a_call_that_was_hung_up():
    for far_code, cause in ((1000, "normal_clearing"), (0, "media_timeout")):
        report = Report()
        leg = leg_of(Vendor(), report)
        socket, carried = await streaming(leg)
        socket.far_code = far_code
        socket.over.set()
        await carried
        assert report.end is not None
        assert report.end.cause == cause


class Answers:
    """A client whose far end answers every request with one status, and keeps them."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.given: Mapping[str, str] = {}
        self.status, self.body, self.headers = status, body, dict[str, str]()

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Any:
        self.asked.append((method, url, body))
        self.given = headers
        return self


async def test_an_answer_of_the_vendor_that_is_nested_too_deep_is_a_failure_of_the_vendor():
    with pytest.raises(ProviderError, match="cannot be read"):
        await TwilioCalls(Answers(201, b"[" * 100_000)).place(ACCOUNT, ORDER)


@pytest.mark.parametrize("status", [204, 404])
async def test_a_plivo_call_that_rings_is_ended_by_its_order_and_then_by_itself(status: int):
    """It may be answered, or leave the queue, between the two."""
    answers = Answers(status)
    vendor = plivo.PlivoCalls(answers)
    await vendor.hang_up(PLIVO_ACCOUNT, "call", "order")
    await vendor.hang_up(PLIVO_ACCOUNT, "call")
    base = f"https://api.plivo.com/v1/Account/{PLIVO_ACCOUNT.id}"
    deleted = [f"{base}/Request/order/", f"{base}/Call/call/", f"{base}/Call/call/"]
    assert [(method, url) for method, url, _ in answers.asked] == [("DELETE", url) for url in deleted]


async def test_a_vobiz_account_says_who_it_is_in_its_own_headers_and_ends_a_ringing_call_by_itself():
    answers = Answers(204)
    vendor = PlivoCalls(answers, VOBIZ)
    account = vendor.account(Access({"VOBIZ_AUTH_ID": "MA_0123ABCD", "VOBIZ_AUTH_TOKEN": TOKEN}))
    await vendor.hang_up(account, "call", "order")
    ((method, url, _),) = answers.asked
    assert (method, url) == ("DELETE", "https://api.vobiz.ai/api/v1/Account/MA_0123ABCD/Call/call/")
    assert (answers.given["x-auth-id"], answers.given["x-auth-token"]) == ("MA_0123ABCD", TOKEN)
    assert "authorization" not in answers.given


ORDER = Order("+15550199", "+15550100", 60, "https://a/i", "https://a/s")


@pytest.mark.parametrize("machine", ["", "https://a/m"])
async def test_the_vendor_looks_for_machines_only_when_it_is_asked_to(machine: str):
    twilio = Answers(201, json.dumps({"sid": CALL}).encode())
    await TwilioCalls(twilio).place(ACCOUNT, replace(ORDER, machine=machine))
    form = dict(parse_qsl(twilio.asked[0][2].decode()))
    wanted = {"MachineDetection": "Enable", "AsyncAmd": "true", "AsyncAmdStatusCallback": machine} if machine else {}
    assert {name: value for name, value in form.items() if "Amd" in name or "Machine" in name} == wanted
    plivos = Answers(201, json.dumps({"request_uuid": "u"}).encode())
    await PlivoCalls(plivos).place(PLIVO_ACCOUNT, replace(ORDER, machine=machine))
    asked = json.loads(plivos.asked[0][2])
    wanted = {"machine_detection": "true", "machine_detection_url": machine, "machine_detection_method": "POST"}
    assert {name: value for name, value in asked.items() if "machine" in name} == (wanted if machine else {})


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("human", "human"),
        ("machine_start", "machine"),
        ("machine_end_beep", "machine"),
        ("fax", "machine"),
        ("unknown", "unknown"),
        ("", "unknown"),
    ],
)
def test_who_answered_as_twilio_says_it(told: str, kind: str):
    assert TWILIO.read_machine(request(CallSid=CALL, AnsweredBy=told)) == kind


@pytest.mark.parametrize(
    ("told", "kind"), [("true", "machine"), ("True", "machine"), ("false", "human"), ("", "unknown")]
)
def test_who_answered_as_plivo_says_it(told: str, kind: str):
    assert PLIVO.read_machine(plivo_request(CallUUID="u", Event="MachineDetection", Machine=told)) == kind


def test_what_twilio_says_of_a_recording():
    name = "RE" + "0" * 32

    def told(status: str, sid: str = name) -> TalkRecording | None:
        return TWILIO.read_target(request(CallSid=CALL, RecordingSid=sid, RecordingStatus=status)).recording

    assert told("completed") == TalkRecording(name)
    assert told("absent", "") == TalkRecording(lost="the carrier has no recording: absent")
    assert told("in-progress") is None
    with pytest.raises(BadInputError):
        told("completed", "../Calls")


async def test_a_twilio_recording_is_a_file_of_the_account():
    file = await TWILIO.recording(ACCOUNT, "RE1")
    assert file.url == f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Recordings/RE1.wav?RequestedChannels=2"
    assert file.headers["authorization"].startswith("Basic ")
    assert file.headers["authorization"] not in repr(file)


def test_what_plivo_says_of_a_recording():
    told = plivo_request(RecordingID="0f-1_a", RecordingDuration="-1")
    assert PLIVO.read_target(told).recording == TalkRecording("0f-1_a")
    for name in ("", "../Number"):
        with pytest.raises(BadInputError):
            PLIVO.read_target(plivo_request(RecordingID=name))


@pytest.mark.parametrize(
    ("url", "says_who"),
    [
        ("https://aps1.media.plivo.com/r.wav", True),
        ("https://store.example/r.wav", False),
        ("http://media.plivo.com/r.wav", False),
        ("https://media.notplivo.com/r.wav", False),
    ],
)
async def test_a_plivo_recording_is_where_its_resource_says(url: str, says_who: bool):
    answers = Answers(200, json.dumps({"recording_url": url}).encode())
    file = await plivo.PlivoCalls(answers).recording(PLIVO_ACCOUNT, "r-1")
    assert answers.asked[0][1] == f"https://api.plivo.com/v1/Account/{PLIVO_ACCOUNT.id}/Recording/r-1/"
    assert (file.url, bool(file.headers)) == (url, says_who)
    with pytest.raises(ProviderError) as failed:
        await plivo.PlivoCalls(Answers(404)).recording(PLIVO_ACCOUNT, "r-1")
    assert failed.value.kind is FailureKind.UNAVAILABLE
