"""Exotel's tokens, callbacks and requests, without a socket."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exotel_vendor import API_KEY, API_TOKEN, KEYS, SID, WEBHOOK_TOKEN
from tests.unit.telephony.test_media_streams import Report, order
from tests.unit.telephony.test_telnyx import Answer

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_RING_SECONDS
from callwright.ops.timers import SharedTimer
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.telephony.exotel.vendor import ExotelCalls
from callwright.telephony.media_streams.leg import LOOK_SECONDS, StreamLeg
from callwright.telephony.media_streams.transfer import CallTransfer
from callwright.telephony.media_streams.vendor import Handover, Order

STATUS, INCOMING = "https://calls.example/lines/exotel/status", "https://calls.example/lines/exotel/incoming"
CALL = "c" * 32
HANDOVER = Handover("", "+15550100", MAX_RING_SECONDS, "", "", "")


@dataclass
class Api:
    """The vendor's API: answers so, and keeps what it is asked."""

    answer: Answer = field(default_factory=lambda: Answer(200, json.dumps({"Call": {"Sid": CALL}}).encode()))
    asked: list[tuple[str, str, list[tuple[str, str]]]] = field(default_factory=list)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        assert headers["authorization"] == "Basic " + base64.b64encode(f"{API_KEY}:{API_TOKEN}".encode()).decode()
        self.asked.append((method, url, parse_qsl(body.decode())))
        return self.answer


API = Api()
EXOTEL = ExotelCalls(API)
ACCOUNT = EXOTEL.account(Access(KEYS))
TOKEN = EXOTEL.proof(ACCOUNT, "e.1")["token"]


def status(query: Mapping[str, str], body: bytes = b"{}") -> DoorRequest:
    return DoorRequest("POST", f"{STATUS}?{urlencode(query)}", {}, body)


def incoming(headers: Mapping[str, str] | None = None, **query: str) -> DoorRequest:
    return DoorRequest("GET", f"{INCOMING}?{urlencode(query)}", headers or {})


def test_a_callback_is_good_for_its_call_and_its_account_only():
    assert EXOTEL.is_genuine(status({"call": "e.1", "token": TOKEN}), ACCOUNT)
    for wrong in (
        {"call": "e.2", "token": TOKEN},
        {"call": "e.1", "token": WEBHOOK_TOKEN},
        {"call": "e.1", "token": ""},
        {"call": "e.1"},
        {"call": "", "token": TOKEN},
        {"token": TOKEN},
        {"call": "e.1", "token": "é"},
    ):
        assert not EXOTEL.is_genuine(status(wrong), ACCOUNT), wrong
    other = EXOTEL.account(Access({**KEYS, "EXOTEL_API_TOKEN": "another"}))
    assert not EXOTEL.is_genuine(status({"call": "e.1", "token": TOKEN}), other)


def test_a_call_that_comes_in_needs_the_token_of_the_user():
    basic = base64.b64encode(f"any:{WEBHOOK_TOKEN}".encode()).decode()
    assert EXOTEL.is_genuine(incoming(token=WEBHOOK_TOKEN), ACCOUNT)
    assert EXOTEL.is_genuine(incoming({"authorization": f"Basic {basic}"}), ACCOUNT)
    for headers in ({}, {"authorization": f"Bearer {basic}"}, {"authorization": "Basic %"}, {"authorization": "Basic"}):
        assert not EXOTEL.is_genuine(incoming(headers), ACCOUNT)
    assert not EXOTEL.is_genuine(incoming(token="another"), ACCOUNT)
    # Without a token of the user, or with one that can be guessed, nobody comes in.
    for token in ("", "short"):
        open_to_all = EXOTEL.account(Access({**KEYS, "EXOTEL_WEBHOOK_TOKEN": token}))
        assert not EXOTEL.is_genuine(incoming(token=token), open_to_all)
        assert not EXOTEL.is_genuine(incoming(), open_to_all)


def test_a_callback_says_how_a_call_goes():
    def told(**fields: str) -> tuple[str, str]:
        found = EXOTEL.read(status({}, json.dumps({"CallSid": CALL, **fields}).encode()))
        return found.progress, found.cause.key if found.cause else ""

    assert told(EventType="ringing", Status="ringing") == ("ringing", "")
    assert told(EventType="answered", Status="in-progress") == ("answered", "")
    # The status of an event before the end is no end.
    assert told(EventType="answered", Status="completed") == ("answered", "")
    ends = {
        "completed": "normal_clearing",
        "busy": "user_busy",
        "no-answer": "no_answer",
        "failed": "temporary_failure",
    }
    for word, cause in ends.items():
        assert told(EventType="terminal", Status=word) == ("ended", cause)
        assert told(Status=word) == ("ended", cause)
    assert told(Status="new") == ("", "")
    form = EXOTEL.read(status({}, urlencode({"CallSid": CALL, "Status": "busy"}).encode()))
    assert form.cause is not None
    assert form.cause.key == "user_busy"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"CallSid": 1}', b'{"CallSid": "../x"}', b"\xff=\xff"])
def test_what_the_vendor_does_not_send_is_refused(body: bytes):
    with pytest.raises(BadInputError):
        EXOTEL.read(status({}, body))


@pytest.mark.parametrize(
    ("written", "number"),
    [("+15550100", "+15550100"), ("08047491899", "+918047491899"), ("918047491899", "+918047491899"), ("x", "x")],
)
def test_numbers_are_read_as_the_vendor_writes_them(written: str, number: str):
    assert EXOTEL.read(incoming(CallSid=CALL, CallTo=written, CallFrom="+15550123")).called == number


async def test_a_call_is_placed_with_its_stream():
    order = Order("+15550199", "+15550100", 30, "", f"{STATUS}?call=e.1", stream="wss://calls.example/s", key="e.1")
    assert await EXOTEL.place(ACCOUNT, order) == CALL
    method, url, form = API.asked[-1]
    assert (method, url) == ("POST", f"https://api.exotel.com/v1/Accounts/{SID}/Calls/connect.json")
    assert dict(form) == {
        "From": "+15550199", "CallerId": "+15550100", "StreamUrl": "wss://calls.example/s",
        "StreamType": "bidirectional", "TimeOut": "30", "TimeLimit": "4800", "StatusCallback": f"{STATUS}?call=e.1",
        "StatusCallbackContentType": "application/json", "StatusCallbackEvents[0]": "ringing",
        "StatusCallbackEvents[1]": "answered", "StatusCallbackEvents[2]": "terminal",
    }  # fmt: skip
    for answer in (b"{}", b'{"Call": {}}', b'{"Call": {"Sid": "a/b"}}'):
        API.answer = Answer(200, answer)
        with pytest.raises(ProviderError) as failed:
            await EXOTEL.place(ACCOUNT, order)
        assert failed.value.kind is FailureKind.UNAVAILABLE
    API.answer = Answer(400, b'{"RestException": {"Status": 400, "Message": "CallerId is not yours"}}')
    with pytest.raises(ProviderError, match="CallerId is not yours") as failed:
        await EXOTEL.place(ACCOUNT, order)
    assert failed.value.kind is FailureKind.BAD_REQUEST


async def test_a_transfer_is_refused_in_words():
    with pytest.raises(ProviderError, match="cannot be transferred"):
        await EXOTEL.hand_over(ACCOUNT, CALL, HANDOVER)


@pytest.mark.parametrize("missing", ["EXOTEL_ACCOUNT_SID", "EXOTEL_API_KEY", "EXOTEL_API_TOKEN"])
def test_a_key_that_is_missing_is_named(missing: str):
    with pytest.raises(ProviderError, match=missing):
        EXOTEL.account(Access({name: value for name, value in KEYS.items() if name != missing}))
    with pytest.raises(ProviderError, match="EXOTEL_ACCOUNT_SID"):
        EXOTEL.account(Access({**KEYS, "EXOTEL_ACCOUNT_SID": "a/b"}))


_ENDS = {"completed": "answered", "busy": "busy", "no-answer": "no-answer", "failed": "failed"}


@given(st.sampled_from(sorted(_ENDS)), st.randoms(use_true_random=False))
def test_callbacks_in_any_order_and_twice_make_one_state(end: str, chance: random.Random) -> None:
    async def told() -> tuple[list[str], Any]:
        report = Report()
        leg = StreamLeg(EXOTEL, ACCOUNT, CallTransfer(EXOTEL, order), lambda _: None, SharedTimer(LOOK_SECONDS))
        leg.listener, leg.call_id = report, CALL
        leg.expect_ringing(30)
        words = [("ringing", "ringing"), ("answered", "in-progress"), ("terminal", end)] * 2
        chance.shuffle(words)
        for event, word in words:
            body = json.dumps({"CallSid": CALL, "EventType": event, "Status": word}).encode()
            leg.take_status(EXOTEL.read(status({}, body)))
        return report.events, report.end

    events, closed = asyncio.run(told())
    assert events == [name for name in ("ringing", "answered", "closed") if name in events]
    assert closed.outcome == _ENDS[end]
