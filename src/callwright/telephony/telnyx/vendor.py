"""Telnyx's API for calls, its webhooks and the messages of its streams, as its pages and its Python client say (read in 2026):

- https://developers.telnyx.com/api-reference/call-commands: dial, answer, reject, hangup, transfer, bridge, streaming_start
- https://developers.telnyx.com/docs/voice/programmable-voice/voice-api-webhooks: the events of a call
- https://developers.telnyx.com/api-reference/callbacks/call-recording-saved and .../call-recordings: the recording of a talk
- https://developers.telnyx.com/docs/development/api-fundamentals/webhooks: the signature
- https://developers.telnyx.com/api-reference/call-control-applications and .../phone-number-configurations: where calls are reported
- https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket: the messages of a stream

Calls are driven by commands: a webhook is only acknowledged. A signature covers the body and a time, and not the address. So every call
gets a ``client_state`` that says which one it is, and webhooks are told apart by it. There is no event for ringing: a call rings, for
all we know, once it is initiated. A stream goes on while the call is transferred.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.domain.limits import WEBHOOK_AGE_SECONDS
from callwright.ops.clock import SystemClock
from callwright.platform.executions.rules.causes import CAUSES, Cause, cause_of_sip
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorRequest
from callwright.ports.failures import FailureKind
from callwright.ports.handover import RemoteFile, TalkEnd, TalkRecording
from callwright.ports.registry import HttpClient, PluginContext
from callwright.ports.world import Clock
from callwright.telephony.media_streams.command_carrier import CommandCarrier
from callwright.telephony.media_streams.framing import Framing
from callwright.telephony.media_streams.vendor import (
    LONGEST_CALL_SECONDS,
    Callback,
    Handover,
    Order,
    Route,
    VendorAccount,
)
from callwright.telephony.number_markets.rest import Account, CarrierApi, stored_address

NAME = "telnyx"
_API_KEY, _CONNECTION, _PUBLIC_KEY = "TELNYX_API_KEY", "TELNYX_CONNECTION_ID", "TELNYX_PUBLIC_KEY"
_OWN_NUMBER, API_URL = "TELNYX_PHONE_NUMBER", "TELNYX_API_URL"
NEEDED_KEYS = (_CONNECTION, _API_KEY, _PUBLIC_KEY)
KEYS = (*NEEDED_KEYS, _OWN_NUMBER, API_URL)
API = "https://api.telnyx.com"

ID_FORM = "[A-Za-z0-9-]{1,64}"
_CALL = re.compile(r"[A-Za-z0-9:._=-]{1,200}")
_GONE = "90018"
"""The code of a command to a call that is over."""
_SHORTEST_RING, _LONGEST_RING = 5, 600
"""Seconds that ``timeout_secs`` may have."""
_SOUND = {
    "stream_track": "inbound_track",
    "stream_codec": "PCMU",
    "stream_bidirectional_mode": "rtp",
    "stream_bidirectional_codec": "PCMU",
}
_EVENTS = {"call.answered": "answered", "call.bridged": "answered", "call.hangup": "ended"}
_HUNG_UP_BY = {"callee": "normal_clearing", "caller": "caller_hung_up"}
"""``hangup_source`` of a target's call, and the cause."""
_DETECTED = "call.machine.detection.ended"
_ANSWERED_BY = {"human": "human", "machine": "machine"}
"""``result``, and who has answered."""
_RECORDED = ("call.recording.saved", "call.recording.error")
_RECORD = {"record": "record-from-answer", "record_channels": "dual", "record_format": "wav"}
"""Two sides: the first leg of the call is on channel A."""
_ENDS: Mapping[str, str] = {
    "normal_clearing": "normal_clearing",
    "time_limit": "normal_clearing",
    "user_busy": "user_busy",
    "timeout": "no_answer",
    "no_answer": "no_answer",
    "call_rejected": "call_rejected",
    "originator_cancel": "originator_cancel",
    "not_found": "unallocated_number",
}
"""``hangup_cause``, and the cause; any other one is a failure of the network."""
_NO_PROFILE = (
    "in Telnyx's portal, give the Voice API application an outbound voice profile: without one no call can be placed"
)
_REJECTIONS = {404: "NOT_FOUND", 480: "TEMPORARILY_UNAVAILABLE", 486: "USER_BUSY", 503: "TEMPORARILY_UNAVAILABLE"}

FRAMING = Framing(
    stream_id=("stream_id",),
    call_id=("start", "call_control_id"),
    parameters=("start", "custom_parameters"),
    mark_name=("mark", "name"),
    number=("media", "chunk"),
    media=lambda stream, payload: {"event": "media", "stream_id": stream, "media": {"payload": payload}},
    mark=lambda stream, name: {"event": "mark", "stream_id": stream, "mark": {"name": name}},
    clear=lambda stream, _: {"event": "clear", "stream_id": stream},
)


class TelnyxCalls:
    """``media_streams.vendor.CommandVendor``."""

    name = NAME
    framing = FRAMING
    signature_header = "telnyx-signature-ed25519"
    incoming_method = "POST"
    keeps_stream = True
    keeps_recording = False

    def __init__(self, sender: HttpClient, clock: Clock) -> None:
        self._rest = CarrierApi(sender, NAME, (_CONNECTION, _API_KEY), ID_FORM, stored_address(API_URL, API), bearer)
        self._clock = clock

    def account(self, access: Access) -> VendorAccount:
        """By its connection, API key and public key; at the address that is stored with them, where there is one."""
        account = self._rest.account(access)
        if not access.keys.get(_PUBLIC_KEY):
            raise self._rest.error(
                FailureKind.REFUSED, f"the provider key {_PUBLIC_KEY} is not stored; store it with POST /providers"
            )
        return VendorAccount(account.id, account.api, access)

    def own_number(self, access: Access) -> str:
        """TELNYX_PHONE_NUMBER."""
        return access.keys.get(_OWN_NUMBER, "")

    def proof(self, account: VendorAccount, key: str, handover: int = 0) -> Mapping[str, str]:
        """Nothing: the call is named in what is signed."""
        return {}

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """Its signature is over the time and the body. The time is now, within WEBHOOK_AGE_SECONDS."""
        told = request.headers.get("telnyx-timestamp", "")
        if not (told.isascii() and told.isdigit() and len(told) < len("10000000000000")):
            return False
        if abs(self._clock.now().timestamp() - int(told)) > WEBHOOK_AGE_SECONDS:
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(_decoded(account.access.keys[_PUBLIC_KEY]))
            key.verify(_decoded(request.headers.get(self.signature_header, "")), f"{told}|".encode() + request.body)
        except (InvalidSignature, ValueError):
            return False
        return True

    def read(self, request: DoorRequest) -> Callback:
        """An event of a call in JSON. Raises BadInputError for what names no call."""
        payload, kind, occurred_at = _event(request)
        key, handover = _stated(_text(payload, "client_state"))
        if kind in _RECORDED and handover:
            return Callback("", key=key, handover=handover, recording=_recording(payload, kind))
        call_id = _text(payload, "call_control_id")
        if not _CALL.fullmatch(call_id):
            raise BadInputError("call_control_id is missing, or is none")
        progress = _EVENTS.get(kind, "")
        if kind == "call.initiated":
            progress = "offered" if _text(payload, "direction") == "incoming" else "ringing"
        hangup, sip = _text(payload, "hangup_cause"), _text(payload, "sip_hangup_cause")
        cause = _cause(hangup, sip) if progress == "ended" else None
        hung_up_by = _HUNG_UP_BY.get(_text(payload, "hangup_source"), "")
        is_talk = handover and cause is not None and cause.outcome == "answered"
        return Callback(
            call_id,
            called=_text(payload, "to"),
            caller=_text(payload, "from"),
            progress=progress,
            cause=cause,
            words=sip if sip.isdigit() else hangup,
            headers=_headers(payload.get("custom_headers")),
            key=key,
            handover=handover,
            machine=_ANSWERED_BY.get(_text(payload, "result"), "unknown") if kind == _DETECTED else "",
            talk=TalkEnd(call_id, ended_at=occurred_at, cause=hung_up_by) if is_talk else None,
        )

    async def place(self, account: VendorAccount, order: Order) -> str:
        """POST to the list of calls."""
        asked: dict[str, Any] = {
            "connection_id": account.id,
            "to": order.to_number,
            "from": order.from_number,
            "timeout_secs": _ring_seconds(order.ring_seconds),
            "time_limit_secs": LONGEST_CALL_SECONDS,
            "client_state": _state(order.key),
            "webhook_url": order.status,
            "webhook_url_method": "POST",
            "stream_url": order.stream,
            **_SOUND,
        }
        if order.machine:
            asked["answering_machine_detection"] = "detect"
        answer = await self._ask(account, "calls", asked)
        told = answer.get("data")
        call_id = _text(told, "call_control_id") if isinstance(told, Mapping) else ""
        if not _CALL.fullmatch(call_id):
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the call")
        return call_id

    async def answer(self, account: VendorAccount, call_id: str, *, key: str, stream: str, status: str) -> None:
        """The action of that name, with a stream."""
        asked = {"client_state": _state(key), "webhook_url": status, "webhook_url_method": "POST", "stream_url": stream}
        await self._command(account, call_id, "answer", {**asked, **_SOUND}, over=True)

    async def stream(self, account: VendorAccount, call_id: str, stream: str) -> None:
        """The action streaming_start."""
        await self._command(account, call_id, "streaming_start", {"stream_url": stream, **_SOUND})

    async def reject(self, account: VendorAccount, call_id: str, code: int) -> None:
        """The action of that name, by the cause that is nearest."""
        await self._command(account, call_id, "reject", {"cause": _REJECTIONS.get(code, "CALL_REJECTED")}, over=True)

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        """Also ends a call that still rings."""
        await self._command(account, call_id, "hangup", {}, over=True)

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        """The target is called, and connected once it answers. The call stays with us until then."""
        asked = {
            "to": handover.target,
            "from": handover.from_number,
            "timeout_secs": _ring_seconds(handover.ring_seconds),
            "target_leg_client_state": _state(handover.key, handover.number),
        }
        await self._command(account, call_id, "transfer", {**asked, **_RECORD})

    async def recording(self, account: VendorAccount, name: str) -> RemoteFile:
        """The first one listed of the target's leg. The address is good for some minutes, so it is asked for when it is needed."""
        listed = await self._ask(account, f"recordings?{urlencode({'filter[call_leg_id]': name})}", method="GET")
        urls = [one.get("download_urls") for one in self._rest.objects(listed, "data")]
        found = [_text(one, "wav") for one in urls if isinstance(one, Mapping) and _text(one, "wav")]
        if not found:
            raise self._rest.error(FailureKind.UNAVAILABLE, "it does not have the recording yet")
        return self._rest.file(account.access, found[0], ".telnyx.com")

    async def bridge(self, account: VendorAccount, call_id: str, handover: Handover) -> bool:
        """One command moves both. From now on the target reports as that of a transfer does."""
        asked = {"call_control_id": call_id, "client_state": _state(handover.key, handover.number)}
        await self._command(account, handover.target, "bridge", asked)
        return True

    async def is_bridged(self, account: VendorAccount, handover: Handover) -> bool:
        """False: its resource of a call does not say with which other one it is connected."""
        return False

    async def has_answered(self, account: VendorAccount, call_id: str) -> bool:
        """Whether it is alive: its resource does not say whether it rings."""
        told = (await self._ask(account, f"calls/{call_id}", method="GET", missing=True)).get("data")
        return isinstance(told, Mapping) and told.get("is_alive") is True

    async def route_number(self, account: VendorAccount, number: str, address: str, events: str) -> Route:
        """The application of TELNYX_CONNECTION_ID reports here, and gets the number."""
        # It finds a number by its digits alone.
        query = urlencode({"filter[phone_number]": number.removeprefix("+")})
        listed = await self._ask(account, f"phone_numbers?{query}", method="GET")
        found = [one for one in self._rest.objects(listed, "data") if one.get("phone_number") == number]
        number_id = _text(found[0], "id") if found else ""
        if not re.fullmatch(ID_FORM, number_id):
            raise self._rest.error(FailureKind.BAD_REQUEST, f"the account does not have the number {number}")
        told = await self._ask(account, f"call_control_applications/{account.id}", method="GET", missing=True)
        application = told.get("data")
        if not isinstance(application, Mapping):
            why = f"{_CONNECTION} is the id of no Voice API application of the account; make one in the portal and store its id"
            raise self._rest.error(FailureKind.BAD_REQUEST, why)
        webhook, connection = _text(application, "webhook_event_url"), str(found[0].get("connection_id") or "")
        replaced = []
        if (webhook, application.get("webhook_api_version")) != (address, "2"):
            asked = {"webhook_event_url": address, "webhook_api_version": "2"}
            asked["application_name"] = _text(application, "application_name") or NAME
            await self._ask(account, f"call_control_applications/{account.id}", asked, method="PATCH")
            replaced.append(webhook)
        if connection != account.id:
            await self._ask(account, f"phone_numbers/{number_id}", {"connection_id": account.id}, method="PATCH")
            replaced.append(connection)
        outbound = application.get("outbound")
        has_profile = isinstance(outbound, Mapping) and bool(outbound.get("outbound_voice_profile_id"))
        by_hand = "" if has_profile else _NO_PROFILE
        return Route.replacing(replaced, by_hand) if replaced else Route(address, by_hand=by_hand)

    async def _command(
        self, account: VendorAccount, call_id: str, action: str, asked: Mapping[str, Any], *, over: bool = False
    ) -> None:
        """``over``: a call that is over is no failure."""
        await self._ask(account, f"calls/{call_id}/actions/{action}", asked, gone=_GONE if over else "")

    async def _ask(
        self,
        account: VendorAccount,
        resource: str,
        asked: Mapping[str, Any] | None = None,
        *,
        method: str = "POST",
        missing: bool = False,
        gone: str = "",
    ) -> Mapping[str, Any]:
        keys, url = self._rest.account(account.access), f"{account.api}/v2/{resource}"
        return await self._rest.ask(keys, method, url, json=asked, missing=missing, gone=gone) or {}


def carrier(context: PluginContext) -> CommandCarrier:
    """The carrier. Raises ConfigurationError where a process has no client."""
    if context.http is None:
        raise ConfigurationError("calls are carried only by a running server: start `callwright serve`")
    return CommandCarrier(TelnyxCalls(context.http, SystemClock()), context)


def bearer(account: Account) -> dict[str, str]:
    """The header that says who asks."""
    return {"authorization": f"Bearer {account.token}"}


def _event(request: DoorRequest) -> tuple[Mapping[str, Any], str, str]:
    """What an event is about, its kind and its time."""
    try:
        found = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInputError("an event is not JSON") from None
    data = found.get("data") if isinstance(found, Mapping) else None
    payload = data.get("payload") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(payload, Mapping):
        raise BadInputError("an event has no payload")
    return payload, _text(data, "event_type"), _text(data, "occurred_at")


def _recording(payload: Mapping[str, Any], kind: str) -> TalkRecording:
    """What an event says of a recording. Raises BadInputError."""
    if kind != _RECORDED[0]:
        return TalkRecording(lost="the carrier could not record")
    leg = _text(payload, "call_leg_id")
    if not re.fullmatch(ID_FORM, leg):
        raise BadInputError("call_leg_id is missing, or is none")
    return TalkRecording(leg)


def _state(key: str, handover: int = 0) -> str:
    """What a call, or the target of its transfer of that number, is given to repeat."""
    return base64.b64encode(msgspec.json.encode([key, handover])).decode()


def _stated(state: str) -> tuple[str, int]:
    """What a call repeats; of a foreign state, nothing."""
    try:
        key, handover = msgspec.json.decode(_decoded(state), type=tuple[str, int])
    except (msgspec.DecodeError, ValueError):
        return "", 0
    return key, handover


def _cause(hangup: str, sip: str) -> Cause:
    by_word = CAUSES[_ENDS.get(hangup, "temporary_failure")]
    by_sip = cause_of_sip(int(sip) if sip.isascii() and sip.isdigit() and len(sip) == len("486") else 0)
    # What was answered or given up was not refused.
    known = by_sip.key != "unknown" and by_word.outcome not in ("answered", "canceled", "no-answer")
    return by_sip if known else by_word


def _ring_seconds(seconds: int) -> int:
    return min(max(seconds, _SHORTEST_RING), _LONGEST_RING)


def _headers(given: Any) -> Mapping[str, str]:
    listed = given if isinstance(given, list) else []
    found = {_text(one, "name"): _text(one, "value") for one in listed if isinstance(one, Mapping)}
    return {name: value for name, value in found.items() if name}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _decoded(text: str) -> bytes:
    """Base64. Raises ValueError."""
    try:
        return base64.b64decode(text.encode(), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
