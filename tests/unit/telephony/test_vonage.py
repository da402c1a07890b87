"""Vonage's signed webhooks, its JWT, instructions and messages, without a socket."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.telephony.test_media_streams import Report, order
from tests.unit.telephony.test_telnyx import NOW, Answer, Clock
from tests.vonage_vendor import APPLICATION, KEYS, PEM, claims_of, signed

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_RING_SECONDS, WEBHOOK_AGE_SECONDS
from callwright.ops.ids import RandomIds
from callwright.ops.timers import SharedTimer
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import TalkRecording
from callwright.telephony.media_streams.leg import LOOK_SECONDS, StreamLeg
from callwright.telephony.media_streams.transfer import CallTransfer
from callwright.telephony.media_streams.vendor import Handover, Order
from callwright.telephony.vonage.vendor import FRAMING, VonageCalls

CALL = "00000000-0000-4000-8000-000000000001"
STATUS, EVENTS = "https://calls.example/lines/vonage/status", "https://calls.example/lines/vonage/events"
HANDOVER = Handover("+15550155", "+15550100", MAX_RING_SECONDS, "https://a/h", "https://a/t", "https://a/r")


@dataclass
class Api:
    """The vendor's API: answers so, and keeps what it is asked."""

    answer: Answer = field(default_factory=lambda: Answer(201, json.dumps({"uuid": CALL}).encode()))
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        self.asked.append((method, url, json.loads(body)))
        self.headers.append(headers)
        return self.answer


API = Api()
VONAGE = VonageCalls(API, Clock(), RandomIds())
ACCOUNT = VONAGE.account(Access(KEYS))
TOKEN = VONAGE.proof(ACCOUNT, "e.1")["token"]


def event(status: str = "", **more: str) -> bytes:
    return json.dumps(
        {"uuid": CALL, "conversation_uuid": "CON-1", **({"status": status} if status else {}), **more}
    ).encode()


def request(body: bytes, headers: Mapping[str, str] | None = None, url: str = EVENTS, **query: str) -> DoorRequest:
    address = f"{url}?{urlencode(query)}" if query else url
    return DoorRequest("POST", address, signed(body, NOW) if headers is None else headers, body)


def test_a_signature_is_good_for_its_body_its_time_its_account_and_its_call_only():
    body = event("busy")
    assert VONAGE.is_genuine(request(body), ACCOUNT)
    assert VONAGE.is_genuine(request(body, url=STATUS, call="e.1", token=TOKEN), ACCOUNT)
    for call, token in (("e.1", ""), ("e.2", TOKEN), ("e.1", "é")):
        assert not VONAGE.is_genuine(request(body, url=STATUS, call=call, token=token), ACCOUNT), call
    assert not VONAGE.is_genuine(request(body, url=f"{STATUS}?call=e.1"), ACCOUNT)
    assert not VONAGE.is_genuine(request(event("completed"), signed(body, NOW)), ACCOUNT)
    for headers in (
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer a.b.c"},
        {"authorization": "Bearer ..", "x": ""},
        {"authorization": signed(body, NOW)["authorization"].replace("Bearer", "Basic")},
        signed(body, NOW, "another secret"),
        signed(body, NOW, alg="none"),
        signed(body, NOW, application_id="another"),
        signed(body, NOW, payload_hash="0" * 64),
        signed(body, NOW, payload_hash=None),
        signed(body, NOW, iat="now"),
        signed(body, NOW, iat=None),
    ):
        assert not VONAGE.is_genuine(request(body, headers), ACCOUNT), headers


@pytest.mark.parametrize("age", [-WEBHOOK_AGE_SECONDS - 1, WEBHOOK_AGE_SECONDS + 1])
def test_a_webhook_of_another_time_is_refused(age: int):
    body = event("busy")
    assert not VONAGE.is_genuine(request(body, signed(body, NOW - age)), ACCOUNT)
    nearly = age - 1 if age > 0 else age + 1
    assert VONAGE.is_genuine(request(body, signed(body, NOW - nearly)), ACCOUNT)


def test_a_webhook_says_how_a_call_goes():
    told = VONAGE.read(request(event(to="15550100", **{"from": "15550123", "SipHeader_X-Order": "7"})))
    assert (told.progress, told.called, told.caller, told.headers) == (
        "offered", "+15550100", "+15550123", {"X-Order": "7"},
    )  # fmt: skip
    ends = {
        "completed": "normal_clearing", "busy": "user_busy", "timeout": "no_answer", "unanswered": "no_answer",
        "rejected": "call_rejected", "cancelled": "originator_cancel", "failed": "temporary_failure",
    }  # fmt: skip
    for word, cause in ends.items():
        told = VONAGE.read(request(event(word)))
        assert told.cause is not None
        assert (told.progress, told.cause.key) == ("ended", cause)
        # The websocket is a call of its own: its end is none of the call.
        assert VONAGE.read(request(event(word, to="wss://calls.example/s"))).progress == ""
    words = ("started", "ringing", "answered", "machine", "human", "disconnected")
    news = [VONAGE.read(request(event(word))) for word in words]
    assert [one.progress for one in news] == ["dialled", "ringing", "answered", "", "", ""]
    assert [one.machine for one in news] == ["", "", "", "machine", "human", ""]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}", b'{"uuid": 1}', b'{"uuid": "../x"}', b"[" * 50_000])
def test_what_the_vendor_does_not_send_is_refused(body: bytes):
    with pytest.raises(BadInputError):
        VONAGE.read(request(body))


async def test_a_call_is_placed_with_a_token_of_the_application():
    API.answer = Answer(201, json.dumps({"uuid": CALL, "status": "started"}).encode())
    order = Order("+15550199", "+15550100", 200, "https://a/i", "https://a/s", key="e.1")
    assert await VONAGE.place(ACCOUNT, order) == CALL
    assert API.asked[-1] == (
        "POST",
        "https://api.nexmo.com/v1/calls",
        {
            "to": [{"type": "phone", "number": "15550199"}], "from": {"type": "phone", "number": "15550100"},
            "answer_url": ["https://a/i"], "answer_method": "POST", "event_url": ["https://a/s"],
            "event_method": "POST", "ringing_timer": 120, "length_timer": 4_800,
        },
    )  # fmt: skip
    await VONAGE.place(ACCOUNT, replace(order, machine="https://a/m"))
    asked = API.asked[-1][2]
    assert asked.pop("advanced_machine_detection") == {"behavior": "continue", "mode": "default"}
    assert asked == API.asked[-2][2], "nobody is asked who has answered unless it is wanted"
    claims = claims_of(API.headers[-1])
    assert (claims["application_id"], claims["iat"], claims["exp"] > NOW) == (APPLICATION, NOW, True)
    await VONAGE.place(ACCOUNT, order)
    assert claims_of(API.headers[-1])["jti"] != claims["jti"]
    with pytest.raises(InvalidSignature):
        claims_of({"authorization": API.headers[-1]["authorization"][:-4] + "AAAA"})


@pytest.mark.parametrize(
    "key", ["nonsense", PEM.replace("A", "B"), "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"]
)
async def test_a_private_key_that_is_none_is_named_and_not_shown(key: str):
    access = Access({**KEYS, "VONAGE_PRIVATE_KEY": key})
    with pytest.raises(ProviderError, match="VONAGE_PRIVATE_KEY") as failed:
        await VONAGE.hang_up(VONAGE.account(access), CALL)
    assert failed.value.kind is FailureKind.REFUSED
    assert key not in str(failed.value)


async def test_a_private_key_may_be_written_in_one_line():
    API.answer = Answer(204, b"")
    await VONAGE.hang_up(VONAGE.account(Access({**KEYS, "VONAGE_PRIVATE_KEY": PEM.replace("\n", "\\n")})), CALL)
    assert claims_of(API.headers[-1])["application_id"] == APPLICATION


async def test_a_private_key_is_read_once_and_not_for_every_request(monkeypatch: pytest.MonkeyPatch):
    """To read and check one takes a tenth of a second, in which no call hears anything."""
    read: list[bytes] = []

    def counted(data: bytes, password: None) -> Any:
        read.append(data)
        return load_pem_private_key(data, password)

    monkeypatch.setattr("callwright.telephony.vonage.vendor.load_pem_private_key", counted)
    account = VONAGE.account(Access({**KEYS, "VONAGE_PRIVATE_KEY": f"\n{PEM}"}))
    for _ in range(3):
        await VONAGE.hang_up(account, CALL)
    assert len(read) == 1


async def test_a_hang_up_of_a_call_that_is_over_is_no_failure():
    API.answer = Answer(404, b'{"title": "Not Found"}')
    await VONAGE.hang_up(ACCOUNT, CALL)
    assert API.asked[-1] == ("PUT", f"https://api.nexmo.com/v1/calls/{CALL}", {"action": "hangup"})


async def test_a_transfer_connects_the_target_and_asks_how_to_go_on():
    API.answer = Answer(204, b"")
    await VONAGE.hand_over(ACCOUNT, CALL, HANDOVER)
    method, url, asked = API.asked[-1]
    assert (method, url, asked["action"]) == ("PUT", f"https://api.nexmo.com/v1/calls/{CALL}", "transfer")
    connect = {
        "action": "connect", "from": "15550100", "timeout": MAX_RING_SECONDS, "eventType": "synchronous",
        "eventUrl": ["https://a/r"], "eventMethod": "POST", "endpoint": [{"type": "phone", "number": "15550155"}],
    }  # fmt: skip
    record = {
        "action": "record", "format": "wav", "split": "conversation", "channels": 2, "eventUrl": ["https://a/t"],
        "eventMethod": "POST",
    }  # fmt: skip
    assert asked["destination"] == {"type": "ncco", "ncco": [record, connect]}
    assert json.loads(VONAGE.dial(HANDOVER).body) == [record, connect]
    API.answer = Answer(400, b'{"title": "Bad Request", "detail": "No such state"}')
    with pytest.raises(ProviderError, match="No such state"):
        await VONAGE.hand_over(ACCOUNT, CALL, HANDOVER)


def test_an_instruction_names_its_call_to_the_websocket():
    (action,) = json.loads(VONAGE.connect("wss://calls.example/s", CALL).body)
    (endpoint,) = action["endpoint"]
    assert endpoint == {
        "type": "websocket", "uri": "wss://calls.example/s", "content-type": "audio/l16;rate=8000",
        "headers": {"call_uuid": CALL},
    }  # fmt: skip
    assert json.loads(VONAGE.refuse(486).body) == json.loads(VONAGE.end_call().body) == []


def test_messages_are_named_as_the_vendor_names_them():
    assert json.loads(FRAMING.mark_of("s", "10")) == {"action": "notify", "payload": {"mark": "10"}}
    assert json.loads(FRAMING.clear_of("s")) == {"action": "clear"}
    assert [len(message) for message in FRAMING.sound_of("s", [b"\xff" * 160] * 3)] == [320, 320, 320]


@pytest.mark.parametrize("missing", ["VONAGE_APPLICATION_ID", "VONAGE_PRIVATE_KEY", "VONAGE_SIGNATURE_SECRET"])
def test_a_key_that_is_missing_is_named(missing: str):
    with pytest.raises(ProviderError, match=missing):
        VONAGE.account(Access({name: value for name, value in KEYS.items() if name != missing}))


_ENDS = {"completed": "answered", "busy": "busy", "timeout": "no-answer", "failed": "failed", "cancelled": "canceled"}


@given(st.sampled_from(sorted(_ENDS)), st.randoms(use_true_random=False))
def test_webhooks_in_any_order_and_twice_make_one_state(end: str, chance: random.Random) -> None:
    async def told() -> tuple[list[str], Any]:
        report = Report()
        leg = StreamLeg(VONAGE, ACCOUNT, CallTransfer(VONAGE, order), lambda _: None, SharedTimer(LOOK_SECONDS))
        leg.listener, leg.call_id = report, CALL
        leg.expect_ringing(30)
        words = ["started", "ringing", "answered", end] * 2
        chance.shuffle(words)
        for word in words:
            leg.take_status(VONAGE.read(request(event(word))))
        return report.events, report.end

    events, closed = asyncio.run(told())
    assert events == [name for name in ("ringing", "answered", "closed") if name in events]
    assert closed.outcome == _ENDS[end]


def test_a_report_of_a_recording_names_no_call_but_its_address():
    url = "https://api-eu.nexmo.com/v1/files/f"
    told = json.dumps({"recording_url": url, "recording_uuid": "r", "conversation_uuid": "CON-1"}).encode()
    assert VONAGE.read_target(request(told)).recording == TalkRecording(url)
    with pytest.raises(BadInputError):
        VONAGE.read_target(request(b'{"conversation_uuid": "CON-1"}'))


@pytest.mark.parametrize(
    ("url", "says_who"),
    [
        ("https://api-eu.nexmo.com/v1/files/f", True),
        ("https://api-eu-3.vonage.com/v1/files/f", True),
        ("http://api-eu.nexmo.com/v1/files/f", False),
        ("https://nexmo.com.example/v1/files/f", False),
    ],
)
async def test_who_asks_for_a_recording_is_said_to_the_vendors_regions_alone(url: str, says_who: bool):
    file = await VONAGE.recording(ACCOUNT, url)
    with pytest.raises(ProviderError, match="address"):
        await VONAGE.recording(ACCOUNT, url.replace("://", "://["))
    assert (file.url, bool(file.headers)) == (url, says_who)
