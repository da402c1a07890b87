"""Telnyx's signature, webhooks, commands and messages, without a socket."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.telnyx_vendor import CONNECTION, KEYS, PUBLIC_KEY, SECRET, signed

from callwright.domain.errors import BadInputError
from callwright.domain.limits import WEBHOOK_AGE_SECONDS
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import TalkRecording
from callwright.telephony.media_streams.vendor import Handover, Order
from callwright.telephony.telnyx.vendor import TelnyxCalls

NOW = 1_790_000_000
EVENTS = "https://calls.example/lines/telnyx/events"


class Clock:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW, UTC)

    def monotonic_us(self) -> int:
        raise AssertionError

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


@dataclass
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Api:
    """The vendor's API: answers the next request so, and keeps it."""

    answer: Answer = field(default_factory=lambda: Answer(200, b'{"data": {"result": "ok"}}'))
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        assert headers["authorization"] == f"Bearer {KEYS['TELNYX_API_KEY']}"
        self.asked.append((method, url, json.loads(body)))
        return self.answer


API = Api()
TELNYX = TelnyxCalls(API, Clock())
ACCOUNT = TELNYX.account(Access(KEYS))


def event(kind: str, **payload: Any) -> bytes:
    return json.dumps({"data": {"event_type": kind, "payload": {"call_control_id": "v3:c", **payload}}}).encode()


def request(body: bytes, **headers: str) -> DoorRequest:
    return DoorRequest("POST", EVENTS, headers or signed(body, NOW), body)


def state(key: str, handover: int = 0) -> str:
    return base64.b64encode(json.dumps([key, handover]).encode()).decode()


def test_a_signature_is_good_for_its_body_its_time_and_its_account_only():
    body = event("call.hangup", hangup_cause="user_busy")
    assert TELNYX.is_genuine(request(body), ACCOUNT)
    good = signed(body, NOW)
    assert not TELNYX.is_genuine(request(event("call.answered"), **good), ACCOUNT)
    assert not TELNYX.is_genuine(request(body, **{**good, "telnyx-timestamp": str(NOW + 1)}), ACCOUNT)
    forged = signed(body, NOW, Ed25519PrivateKey.from_private_bytes(b"8" * 32))
    assert not TELNYX.is_genuine(request(body, **forged), ACCOUNT)
    for missing in good:
        assert TELNYX.is_genuine(request(body, **{**good, missing: ""}), ACCOUNT) == (missing == "content-type")
    other = TELNYX.account(Access({**KEYS, "TELNYX_PUBLIC_KEY": base64.b64encode(b"9" * 32).decode()}))
    assert not TELNYX.is_genuine(request(body), other)


@pytest.mark.parametrize("age", [-WEBHOOK_AGE_SECONDS - 1, WEBHOOK_AGE_SECONDS + 1])
def test_a_webhook_of_another_time_is_refused(age: int):
    body = event("call.answered")
    assert not TELNYX.is_genuine(request(body, **signed(body, NOW - age)), ACCOUNT)
    nearly = age - 1 if age > 0 else age + 1
    assert TELNYX.is_genuine(request(body, **signed(body, NOW - nearly)), ACCOUNT)


@pytest.mark.parametrize("told", ["", "x", "-1", "1.5", "9" * 40, "١٢"])
def test_a_time_that_is_none_is_refused(told: str):
    body = event("call.answered")
    signature = base64.b64encode(SECRET.sign(f"{told}|".encode() + body)).decode()
    headers = {"telnyx-timestamp": told, "telnyx-signature-ed25519": signature}
    assert not TELNYX.is_genuine(request(body, **headers), ACCOUNT)


@pytest.mark.parametrize("key", ["", "nonsense", base64.b64encode(b"short").decode(), "é"])
def test_a_public_key_that_is_none_proves_nothing(key: str):
    access = Access({**KEYS, "TELNYX_PUBLIC_KEY": key})
    if key:
        assert not TELNYX.is_genuine(request(event("call.answered")), TELNYX.account(access))
    else:
        with pytest.raises(ProviderError, match="TELNYX_PUBLIC_KEY"):
            TELNYX.account(access)


def test_a_webhook_says_how_a_call_goes():
    told = TELNYX.read(request(event("call.initiated", direction="incoming", to="+15550100", **{"from": "+15550123"})))
    assert (told.progress, told.called, told.caller) == ("offered", "+15550100", "+15550123")
    told = TELNYX.read(request(event("call.initiated", direction="outgoing", client_state=state("e.1"))))
    assert (told.progress, told.key, told.handover) == ("ringing", "e.1", 0)
    told = TELNYX.read(request(event("call.answered", client_state=state("e.1", 2))))
    assert (told.progress, told.key, told.handover) == ("answered", "e.1", 2)
    for result, kind in (("machine", "machine"), ("human", "human"), ("not_sure", "unknown"), (None, "unknown")):
        assert TELNYX.read(request(event("call.machine.detection.ended", result=result))).machine == kind
    told = TELNYX.read(request(event("call.speak.ended", client_state="Zm9yZWlnbg==")))
    assert (told.progress, told.key) == ("", "")


@pytest.mark.parametrize(
    ("hangup", "sip", "cause"),
    [
        ("normal_clearing", "200", "normal_clearing"),
        ("user_busy", "486", "user_busy"),
        ("timeout", "487", "no_answer"),
        ("no_answer", "unspecified", "no_answer"),
        ("originator_cancel", "487", "originator_cancel"),
        ("call_rejected", "603", "call_rejected"),
        ("call_rejected", "403", "forbidden"),
        ("not_found", "404", "unallocated_number"),
        ("unspecified", "503", "congestion"),
        ("unspecified", "unspecified", "temporary_failure"),
        ("new", "0486", "temporary_failure"),
    ],
)
def test_the_end_of_a_call_has_its_cause(hangup: str, sip: str, cause: str):
    told = TELNYX.read(request(event("call.hangup", hangup_cause=hangup, sip_hangup_cause=sip)))
    assert told.progress == "ended"
    assert told.cause is not None
    assert told.cause.key == cause


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"{}", b'{"data": {}}', b'{"data": {"payload": []}}', event("x", call_control_id="a/b"),
     event("x", call_control_id=None), event("x", call_control_id="v" * 300), b"[" * 50_000],
)  # fmt: skip
def test_what_the_vendor_does_not_send_is_refused(body: bytes):
    with pytest.raises(BadInputError):
        TELNYX.read(request(body))


async def test_a_call_is_placed_with_its_stream():
    API.answer = Answer(200, b'{"data": {"call_control_id": "v3:c", "is_alive": false}}')
    order = Order("+15550199", "+15550100", 3, "", EVENTS, stream="wss://calls.example/s", key="e.1")
    assert await TELNYX.place(ACCOUNT, order) == "v3:c"
    method, url, asked = API.asked[-1]
    assert (method, url) == ("POST", "https://api.telnyx.com/v2/calls")
    assert json.loads(base64.b64decode(asked.pop("client_state"))) == ["e.1", 0]
    assert asked == {
        "connection_id": CONNECTION, "to": "+15550199", "from": "+15550100", "timeout_secs": 5,
        "time_limit_secs": 4_800,
        "webhook_url": EVENTS, "webhook_url_method": "POST", "stream_url": "wss://calls.example/s",
        "stream_track": "inbound_track", "stream_codec": "PCMU",
        "stream_bidirectional_mode": "rtp", "stream_bidirectional_codec": "PCMU",
    }  # fmt: skip
    await TELNYX.place(ACCOUNT, replace(order, machine=EVENTS))
    assert API.asked[-1][2]["answering_machine_detection"] == "detect"
    for answer in (b"{}", b'{"data": {}}', b'{"data": {"call_control_id": "a/../b"}}'):
        API.answer = Answer(200, answer)
        with pytest.raises(ProviderError) as failed:
            await TELNYX.place(ACCOUNT, order)
        assert failed.value.kind is FailureKind.UNAVAILABLE


async def test_a_hang_up_of_a_call_that_is_over_is_no_failure():
    API.answer = Answer(422, b'{"errors": [{"code": "90018", "title": "Call has already ended"}]}')
    await TELNYX.hang_up(ACCOUNT, "v3:c")
    await TELNYX.reject(ACCOUNT, "v3:c", 486)
    assert API.asked[-1] == ("POST", "https://api.telnyx.com/v2/calls/v3:c/actions/reject", {"cause": "USER_BUSY"})
    API.answer = Answer(422, b'{"errors": [{"code": "90015", "detail": "Invalid call control id"}]}')
    with pytest.raises(ProviderError, match="Invalid call control id") as failed:
        await TELNYX.hang_up(ACCOUNT, "v3:c")
    assert failed.value.kind is FailureKind.BAD_REQUEST


async def test_a_transfer_names_its_call_and_its_number():
    API.answer = Answer(200, b'{"data": {"result": "ok"}}')
    handover = Handover("+15550155", "+15550100", 60, "", "", "", "e.1", 2)
    await TELNYX.hand_over(ACCOUNT, "v3:c", handover)
    method, url, asked = API.asked[-1]
    assert (method, url) == ("POST", "https://api.telnyx.com/v2/calls/v3:c/actions/transfer")
    assert json.loads(base64.b64decode(asked.pop("target_leg_client_state"))) == ["e.1", 2]
    record = {"record": "record-from-answer", "record_channels": "dual", "record_format": "wav"}
    assert asked == {"to": "+15550155", "from": "+15550100", "timeout_secs": 60, **record}


async def test_two_calls_are_connected_by_one_command_and_the_target_reports_as_that_of_a_transfer():
    API.answer = Answer(200, b'{"data": {"result": "ok"}}')
    handover = Handover("v3:t", "+15550100", 0, "", "", "", "e.1", 2, "name")
    assert await TELNYX.bridge(ACCOUNT, "v3:c", handover)
    method, url, asked = API.asked[-1]
    assert (method, url) == ("POST", "https://api.telnyx.com/v2/calls/v3:t/actions/bridge")
    assert json.loads(base64.b64decode(asked.pop("client_state"))) == ["e.1", 2]
    assert asked == {"call_control_id": "v3:c"}


async def test_a_secret_is_in_no_message():
    API.answer = Answer(422, json.dumps({"errors": [{"detail": f"bad {KEYS['TELNYX_API_KEY']}"}]}).encode())
    with pytest.raises(ProviderError) as failed:
        await TELNYX.hand_over(ACCOUNT, "v3:c", Handover("+15550155", "+15550100", 60, "", "", ""))
    assert KEYS["TELNYX_API_KEY"] not in str(failed.value)
    assert PUBLIC_KEY not in repr(ACCOUNT)


def test_an_event_of_a_recording_of_a_handover_names_the_leg_of_its_target():
    ours = state("e.1", 2)
    saved = TELNYX.read(request(event("call.recording.saved", client_state=ours, call_leg_id="leg-7")))
    assert (saved.key, saved.handover, saved.recording) == ("e.1", 2, TalkRecording("leg-7"))
    failed = TELNYX.read(request(event("call.recording.error", client_state=ours)))
    assert failed.recording == TalkRecording(lost="the carrier could not record")
    # A recording that somebody else wanted: of the call itself, or of another application's call.
    for other in (state("e.1"), ""):
        assert TELNYX.read(request(event("call.recording.saved", client_state=other))).recording is None
    for leg in ("", "../phone_numbers"):
        with pytest.raises(BadInputError):
            TELNYX.read(request(event("call.recording.saved", client_state=ours, call_leg_id=leg)))


@pytest.mark.parametrize(
    ("url", "says_who"),
    [
        ("https://store.example/r.wav?signature=s", False),
        ("https://api.telnyx.com/v2/recordings/r/wav", True),
        ("http://files.telnyx.com/r.wav", False),
        ("https://telnyx.com.example/r.wav", False),
    ],
)
async def test_a_recording_is_where_the_api_says_and_who_asks_is_said_to_the_vendor_alone(url: str, says_who: bool):
    listed = [{"id": "r"}, {"id": "s", "download_urls": {"wav": url}}]
    api = Listing(Answer(200, json.dumps({"data": listed}).encode()))
    file = await TelnyxCalls(api, Clock()).recording(ACCOUNT, "leg-7")
    assert api.asked == ["https://api.telnyx.com/v2/recordings?filter%5Bcall_leg_id%5D=leg-7"]
    assert (file.url, bool(file.headers)) == (url, says_who)
    assert KEYS["TELNYX_API_KEY"] not in repr(file)


async def test_a_recording_that_is_not_listed_yet_is_asked_for_again():
    with pytest.raises(ProviderError) as failed:
        await TelnyxCalls(Listing(Answer(200, b'{"data": []}')), Clock()).recording(ACCOUNT, "leg-7")
    assert failed.value.kind is FailureKind.UNAVAILABLE


@dataclass
class Listing:
    """An API that is only read."""

    answer: Answer
    asked: list[str] = field(default_factory=list)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        assert (method, body) == ("GET", b"")
        self.asked.append(url)
        return self.answer
