"""What carriers send over media websockets and to their doors: a small corpus for each vendor, signed as the vendor signs.

Everything is about one call to one number. ``Ask`` is a request before it is signed: its fields can be changed under a good signature.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests import exotel_vendor, telnyx_vendor, vonage_vendor
from tests.number_vendors import AUTH_ID, SID, TOKEN

from callwright.media.g711 import pcm_of_mulaw
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.registry import HttpClient, Plugin
from callwright.telephony.exotel import PLUGINS as EXOTEL
from callwright.telephony.exotel.vendor import ExotelCalls
from callwright.telephony.media_streams.vendor import VendorCalls
from callwright.telephony.plivo import PLUGINS as PLIVO
from callwright.telephony.plivo.vendor import PlivoCalls, address_signature
from callwright.telephony.plivo.vendor import signature as plivo_signature
from callwright.telephony.telnyx import PLUGINS as TELNYX
from callwright.telephony.telnyx.vendor import TelnyxCalls
from callwright.telephony.twilio import PLUGINS as TWILIO
from callwright.telephony.twilio.vendor import TwilioCalls
from callwright.telephony.twilio.vendor import signature as twilio_signature
from callwright.telephony.vobiz import PLUGINS as VOBIZ_PLUGINS
from callwright.telephony.vobiz import VOBIZ
from callwright.telephony.vonage import PLUGINS as VONAGE
from callwright.telephony.vonage.vendor import VonageCalls

CALLER = "+15550123"
SOUND = bytes(range(40, 80)) * 4
"""What the callers of this corpus say: 20 ms (mu-law) that no other call has."""
_PCM = pcm_of_mulaw(SOUND)
_FORM = "application/x-www-form-urlencoded"

Message = dict[str, Any] | bytes
"""A message of a stream: JSON, or binary."""


@dataclass
class Ask:
    """A request to a door. ``path`` is below the carrier's, ``fields`` its form or its JSON, or its query for a GET."""

    path: str
    fields: dict[str, Any]
    query: dict[str, str] = field(default_factory=dict)
    method: str = "POST"

    def written(self, side: Side, base: str) -> tuple[str, bytes]:
        """Its address below ``base``, the address of the server, and its body."""
        asked = {**self.query, **(self.fields if self.method == "GET" else {})}
        url = f"{base}/lines/{side.name}{self.path}" + (f"?{urlencode(asked)}" if asked else "")
        if self.method == "GET":
            return url, b""
        return url, json.dumps(self.fields).encode() if side.json else urlencode(self.fields, doseq=True).encode()


@dataclass(frozen=True)
class Side:
    """A vendor as the proof plays it. ``signs``: the headers of a request, from its address, body and form, and how many were signed
    before; ``stream``: the messages of a call with this id, the start first; ``asks``: its requests about a call (with the query of its
    addresses) to ``number``; ``signs_body``: whether a signature is over the body, so that nobody can change which call it is about."""

    name: str
    plugins: tuple[Plugin, ...]
    keys: Mapping[str, str]
    number: str
    number_key: str
    api_key: str
    vendor: Callable[[HttpClient], VendorCalls]
    call_id: Callable[[int], str]
    signs: Callable[[str, bytes, Mapping[str, list[str]], int], dict[str, str]]
    stream: Callable[[str], Sequence[Message]]
    asks: Callable[[str, Mapping[str, str]], Sequence[Ask]]
    json: bool = False
    signs_body: bool = True

    def access(self, api: str) -> Access:
        """Its keys, with the address of its API."""
        return Access({**self.keys, self.number_key: self.number, self.api_key: api})


def _b64(sound: bytes) -> str:
    return base64.b64encode(sound).decode()


# -- streams -------------------------------------------------------------------------------------------------------------------


def _twilio_stream(call_id: str) -> Sequence[Message]:
    about = {"streamSid": "MZ1"}
    start = {
        "streamSid": "MZ1",
        "callSid": call_id,
        "accountSid": SID,
        "customParameters": {"a": "b"},
        "tracks": ["inbound"],
    }
    media = {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": _b64(SOUND)}
    return (
        {"event": "start", "sequenceNumber": "1", "start": start, **about},
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {"event": "media", "sequenceNumber": "3", "media": media, **about},
        {"event": "mark", "sequenceNumber": "4", "mark": {"name": "10"}, **about},
        {"event": "dtmf", "sequenceNumber": "5", "dtmf": {"track": "inbound_track", "digit": "1"}, **about},
        {"event": "stop", "sequenceNumber": "6", "stop": {"accountSid": SID, "callSid": call_id}, **about},
    )


def _plivo_stream(call_id: str) -> Sequence[Message]:
    start = {"callId": call_id, "streamId": "s1", "accountId": AUTH_ID, "tracks": ["inbound"]}
    media = {"track": "inbound", "timestamp": "1", "chunk": 2, "payload": _b64(SOUND)}
    return (
        {"event": "start", "sequenceNumber": 0, "start": start, "extra_headers": "{}"},
        {"event": "media", "sequenceNumber": 2, "streamId": "s1", "media": media, "extra_headers": "{}"},
        {"event": "playedStream", "streamId": "s1", "name": "10"},
        {"event": "clearedAudio", "streamId": "s1"},
        {"event": "dtmf", "streamId": "s1", "dtmf": {"track": "inbound", "digit": "#", "timestamp": "7"}},
        {"event": "stop", "streamId": "s1"},
    )


def _telnyx_stream(call_id: str) -> Sequence[Message]:
    start = {"call_control_id": call_id, "custom_parameters": {"a": "b"}, "media_format": {"encoding": "PCMU"}}
    media = {"track": "inbound", "chunk": "2", "timestamp": "40", "payload": _b64(SOUND)}
    about = {"stream_id": "S-1"}
    return (
        {"event": "start", "sequence_number": "1", "start": start, **about},
        {"event": "connected", "version": "1.0.0"},
        {"event": "media", "sequence_number": "4", "media": media, **about},
        {"event": "media", "sequence_number": "3", "media": {**media, "chunk": "1"}, **about},
        {"event": "mark", "sequence_number": "5", "mark": {"name": "10"}, **about},
        {"event": "dtmf", "dtmf": {"digit": "5"}, **about},
        {"event": "error", "payload": {"code": 100003, "title": "malformed_frame"}, **about},
        {"event": "stop", "stop": {"call_control_id": call_id}, **about},
    )


def _exotel_stream(call_id: str) -> Sequence[Message]:
    start = {
        "stream_sid": "MZ1",
        "call_sid": call_id,
        "account_sid": exotel_vendor.SID,
        "custom_parameters": {"a": "b"},
    }
    media = {"chunk": "2", "timestamp": "100", "payload": _b64(_PCM * 5)}
    about = {"stream_sid": "MZ1"}
    return (
        {"event": "start", "sequence_number": "1", "start": start, **about},
        {"event": "connected"},
        {"event": "media", "sequence_number": "3", "media": media, **about},
        {"event": "mark", "sequence_number": "4", "mark": {"name": "10"}, **about},
        {"event": "dtmf", "sequence_number": "5", "dtmf": {"digit": "*", "duration": "80"}, **about},
        {"event": "stop", "stop": {"call_sid": call_id, "reason": "callended"}, **about},
    )


def _vonage_stream(call_id: str) -> Sequence[Message]:
    return (
        {"event": "websocket:connected", "content-type": "audio/l16;rate=8000", "call_uuid": call_id},
        _PCM,
        {"event": "websocket:notify", "payload": {"mark": "10"}},
        {"event": "websocket:cleared"},
        {"event": "websocket:dtmf", "digit": "9", "duration": 260},
    )


# -- doors ---------------------------------------------------------------------------------------------------------------------


def _twilio_asks(call_id: str, query: Mapping[str, str]) -> Sequence[Ask]:
    form = {"CallSid": call_id, "AccountSid": SID, "To": "+15550101", "From": CALLER, "ApiVersion": "2010-04-01"}
    of_call = dict(query)
    return (
        Ask("/incoming", {**form, "CallStatus": "ringing", "SipHeader_X_Order": "7"}),
        Ask("/events", {**form, "CallStatus": "completed", "SipResponseCode": "200"}),
        Ask("/instructions", {**form, "CallStatus": "in-progress"}, of_call),
        Ask("/status", {**form, "CallStatus": "ringing", "SequenceNumber": "1"}, of_call),
        Ask("/status", {**form, "CallStatus": "completed", "CallDuration": "3"}, of_call),
        Ask("/machine", {**form, "AnsweredBy": "machine_start"}, of_call),
        Ask("/handover", {**form, "CallStatus": "in-progress"}, of_call),
        Ask("/target", {**form, "CallStatus": "in-progress", "ParentCallSid": call_id}, of_call),
        Ask("/transferred", {**form, "DialCallStatus": "busy", "DialCallSid": "CA" + "f" * 32}, of_call),
    )


def _plivo_asks(number: str) -> Callable[[str, Mapping[str, str]], Sequence[Ask]]:
    def asks(call_id: str, query: Mapping[str, str]) -> Sequence[Ask]:
        form = {
            "CallUUID": call_id,
            "To": number.removeprefix("+"),
            "From": CALLER.removeprefix("+"),
            "Direction": "inbound",
        }
        of_call = dict(query)
        return (
            Ask("/incoming", {**form, "CallStatus": "ringing", "Event": "StartApp", "X-PH-Order": "7"}),
            Ask("/events", {**form, "CallStatus": "completed", "HangupCauseName": "Normal Hangup"}),
            Ask("/instructions", {**form, "CallStatus": "in-progress", "Event": "StartApp"}, of_call),
            Ask("/status", {**form, "CallStatus": "ringing", "RequestUUID": call_id}, of_call),
            Ask("/status", {**form, "CallStatus": "busy", "HangupCauseCode": "3010"}, of_call),
            Ask("/machine", {**form, "Machine": "true"}, of_call),
            Ask("/handover", {**form, "CallStatus": "in-progress", "Event": "Transfer"}, of_call),
            Ask("/target", {**form, "DialAction": "answer", "DialBLegUUID": "t"}, of_call),
            Ask("/transferred", {**form, "DialStatus": "no-answer", "DialBLegUUID": "t"}, of_call),
        )

    return asks


def _exotel_asks(call_id: str, query: Mapping[str, str]) -> Sequence[Ask]:
    applet = {"CallSid": call_id, "CallFrom": CALLER, "CallTo": "+15550104", "Direction": "incoming"}
    status, of_call = {"CallSid": call_id, "DateUpdated": "2026-01-01 00:00:00"}, dict(query)
    return (
        Ask("/incoming", applet, {"token": exotel_vendor.WEBHOOK_TOKEN}, "GET"),
        Ask("/events", {**status, "CallTo": "+15550104", "EventType": "terminal", "Status": "completed"},
            {"token": exotel_vendor.WEBHOOK_TOKEN}),
        Ask("/status", {**status, "EventType": "ringing", "Status": "ringing"}, of_call),
        Ask("/status", {**status, "EventType": "terminal", "Status": "no-answer"}, of_call),
        Ask("/instructions", status, of_call),
        Ask("/transferred", status, of_call),
    )  # fmt: skip


def _vonage_asks(call_id: str, query: Mapping[str, str]) -> Sequence[Ask]:
    told = {"uuid": call_id, "to": "15550105", "from": "15550123", "conversation_uuid": "CON-1"}
    of_call = dict(query)
    return (
        Ask("/incoming", {**told, "region_url": "https://api-us.example.com", "SipHeader_X-Order": "7"}),
        Ask("/events", {**told, "status": "completed", "duration": "3"}),
        Ask("/instructions", told, of_call),
        Ask("/status", {**told, "status": "ringing"}, of_call),
        Ask("/status", {**told, "status": "rejected", "detail": "declined"}, of_call),
        Ask("/target", {**told, "status": "answered"}, of_call),
        Ask("/transferred", {**told, "status": "timeout"}, of_call),
    )


def _telnyx_asks(call_id: str, query: Mapping[str, str]) -> Sequence[Ask]:
    state = _b64(json.dumps([query.get("call", ""), 0]).encode())
    target = _b64(json.dumps([query.get("call", ""), 1]).encode())

    def event(kind: str, **more: Any) -> Ask:
        payload = {"call_control_id": call_id, "to": "+15550103", "from": CALLER, "client_state": state, **more}
        return Ask("/events", {"data": {"record_type": "event", "event_type": kind, "id": "e", "payload": payload}})

    headers = [{"name": "X-Order", "value": "7"}]
    return (
        event("call.initiated", direction="incoming", client_state=None, custom_headers=headers, state="parked"),
        event("call.answered"),
        event("call.initiated", direction="outgoing"),
        event("call.bridged"),
        event("call.hangup", hangup_cause="user_busy", sip_hangup_cause="486"),
        event("call.answered", client_state=target, call_control_id="v3:target"),
        event("call.hangup", client_state=target, call_control_id="v3:target", hangup_cause="timeout"),
        event("streaming.failed", failure_reason="connection_failed"),
    )


def _plivo_signs(url: str, body: bytes, form: Mapping[str, list[str]], number: int) -> dict[str, str]:
    header, nonce = "x-plivo-signature-v3", f"{number:020}"
    signed = plivo_signature(TOKEN, url, form, nonce)
    return {header: signed, f"{header}-nonce": nonce, "content-type": _FORM}


def _vobiz_signs(url: str, body: bytes, form: Mapping[str, list[str]], number: int) -> dict[str, str]:
    header, nonce = VOBIZ.signature_header, f"{number:020}"
    return {header: address_signature(TOKEN, url, nonce), f"{header}-nonce": nonce, "content-type": _FORM}


def _twilio_signs(url: str, body: bytes, form: Mapping[str, list[str]], number: int) -> dict[str, str]:
    return {"x-twilio-signature": twilio_signature(TOKEN, url, form), "content-type": _FORM}


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


SIDES = (
    Side(
        "twilio", TWILIO, {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN}, "+15550101", "TWILIO_PHONE_NUMBER",
        "TWILIO_API_URL", TwilioCalls, lambda number: f"CA{number:032x}", _twilio_signs, _twilio_stream, _twilio_asks,
    ),
    Side(
        "plivo", PLIVO, {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN}, "+15550102", "PLIVO_PHONE_NUMBER",
        "PLIVO_API_URL", PlivoCalls, _uuid, _plivo_signs, _plivo_stream, _plivo_asks("+15550102"),
    ),
    Side(
        "vobiz", VOBIZ_PLUGINS, {"VOBIZ_AUTH_ID": "MA_0123ABCD", "VOBIZ_AUTH_TOKEN": TOKEN}, "+15550106",
        "VOBIZ_PHONE_NUMBER", "VOBIZ_API_URL", lambda http: PlivoCalls(http, VOBIZ), _uuid, _vobiz_signs, _plivo_stream,
        _plivo_asks("+15550106"), signs_body=False,
    ),
    Side(
        "telnyx", TELNYX, telnyx_vendor.KEYS, "+15550103", "TELNYX_PHONE_NUMBER", "TELNYX_API_URL",
        lambda http: TelnyxCalls(http, SystemClock()), lambda number: f"v3:call-{number}",
        lambda url, body, form, number: telnyx_vendor.signed(body), _telnyx_stream, _telnyx_asks, json=True,
    ),
    Side(
        "exotel", EXOTEL, exotel_vendor.KEYS, "+15550104", "EXOTEL_PHONE_NUMBER", "EXOTEL_API_URL", ExotelCalls,
        lambda number: f"c{number:031x}", lambda url, body, form, number: {"content-type": "application/json"},
        _exotel_stream, _exotel_asks, json=True, signs_body=False,
    ),
    Side(
        "vonage", VONAGE, vonage_vendor.KEYS, "+15550105", "VONAGE_PHONE_NUMBER", "VONAGE_API_URL",
        lambda http: VonageCalls(http, SystemClock(), RandomIds()), _uuid,
        lambda url, body, form, number: vonage_vendor.signed(body), _vonage_stream, _vonage_asks, json=True,
    ),
)  # fmt: skip
"""Every vendor with a media websocket."""
