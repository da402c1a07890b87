"""Vonage's API for calls, its instructions (NCCO), webhooks and websockets, as its pages and its Python client say (read in 2026):

- https://developer.vonage.com/en/api/voice: placing, transferring and ending a call
- https://developer.vonage.com/en/voice/voice-api/ncco-reference: the instructions
- https://developer.vonage.com/en/voice/voice-api/webhook-reference: what webhooks hold
- https://developer.vonage.com/en/voice/voice-api/concepts/advanced-machine-detection: who has answered
- https://developer.vonage.com/en/voice/voice-api/guides/websockets: the messages of a websocket
- https://developer.vonage.com/en/getting-started/concepts/webhooks: signed webhooks

Vonage writes numbers without their plus. A signature covers the body and a time, and not the address. So the addresses of a call hold a
token that only this call has. Sound is linear PCM with the low byte first, in binary messages of one frame.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from callwright.domain.errors import BadInputError
from callwright.domain.limits import WEBHOOK_AGE_SECONDS
from callwright.domain.number import E164, kind_of_address
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.ports.failures import FailureKind
from callwright.ports.handover import RemoteFile, TalkEnd, TalkRecording
from callwright.ports.registry import HttpClient
from callwright.ports.world import Clock, Ids
from callwright.telephony.media_streams.framing import Codec, Framing
from callwright.telephony.media_streams.vendor import (
    LONGEST_CALL_SECONDS,
    Callback,
    Handover,
    Order,
    Route,
    VendorAccount,
    is_proven,
    token_of,
    whole_number,
)
from callwright.telephony.number_markets.rest import Account, CarrierApi, phone_number, stored_address
from callwright.telephony.vonage.account import API, API_URL, NAME, REGIONS, VonageRoutes
from callwright.telephony.vonage.account import KEYS as ACCOUNT_KEYS

_APPLICATION, _PRIVATE_KEY = "VONAGE_APPLICATION_ID", "VONAGE_PRIVATE_KEY"
_SECRET, _OWN_NUMBER = "VONAGE_SIGNATURE_SECRET", "VONAGE_PHONE_NUMBER"
NEEDED_KEYS = (_APPLICATION, _PRIVATE_KEY, _SECRET)
KEYS = (*NEEDED_KEYS, _OWN_NUMBER, API_URL, *ACCOUNT_KEYS)

_ID = "[0-9a-fA-F-]{36}"
_CALL = re.compile("[0-9A-Za-z-]{1,64}")
_JWT_SECONDS = 300
_LONGEST_URL = 2_000
_KEYS_HELD = 100
"""Private keys that are read and kept."""
_LONGEST_RING = 120
"""Seconds that ``ringing_timer`` may have."""
_LONGEST_CALL = 7_200
"""Seconds that ``length_timer`` may have."""
_SOUND = "audio/l16;rate=8000"
_SIP_HEADER = "SipHeader_"

_PROGRESS = {"started": "dialled", "ringing": "ringing", "answered": "answered"}
_ENDS: Mapping[str, str] = {
    "completed": "normal_clearing",
    "busy": "user_busy",
    "timeout": "no_answer",
    "unanswered": "no_answer",
    "rejected": "call_rejected",
    "cancelled": "originator_cancel",
    "failed": "temporary_failure",
}
"""``status`` at the end of a call, and the cause."""
_ANSWERED_BY = frozenset({"human", "machine"})
"""``status`` of an event that tells who has answered."""
_ASYNCHRONOUS = {"behavior": "continue", "mode": "default"}
"""The call goes on while the vendor listens, whatever it finds."""

FRAMING = Framing(
    # The name of the header that the instruction gives the websocket.
    stream_id=("call_uuid",),
    call_id=("call_uuid",),
    parameters=("parameters",),
    mark_name=("payload", "mark"),
    start_event="websocket:connected",
    mark_event="websocket:notify",
    key_event="websocket:dtmf",
    digit=("digit",),
    codec=Codec.L16,
    binary=True,
    most_frames=1,
    media=lambda _, payload: {"payload": payload},
    mark=lambda _, name: {"action": "notify", "payload": {"mark": name}},
    clear=lambda *_: {"action": "clear"},
)


class VonageCalls:
    """``media_streams.vendor.Vendor``."""

    name = NAME
    framing = FRAMING
    signature_header = "authorization"
    incoming_method = "POST"
    keeps_stream = False
    keeps_recording = True
    streams_at_once = False

    def __init__(self, sender: HttpClient, clock: Clock, ids: Ids) -> None:
        self._rest = CarrierApi(
            sender, NAME, (_APPLICATION, _PRIVATE_KEY), _ID, stored_address(API_URL, API), self._credentials
        )
        self._routes = VonageRoutes(sender)
        self._clock = clock
        self._ids = ids

    def account(self, access: Access) -> VendorAccount:
        """By its application, private key and signature secret; at the address that is stored with them, where there is one."""
        account = self._rest.account(access)
        if not access.keys.get(_SECRET):
            why = f"the provider key {_SECRET} is not stored; store it with POST /providers"
            raise self._rest.error(FailureKind.REFUSED, why)
        return VendorAccount(account.id, account.api, access)

    def own_number(self, access: Access) -> str:
        """VONAGE_PHONE_NUMBER."""
        return access.keys.get(_OWN_NUMBER, "")

    def proof(self, account: VendorAccount, key: str, handover: int = 0) -> Mapping[str, str]:
        """A token, made with the signature secret."""
        return token_of(account.access.keys[_SECRET], key, handover)

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """It has a JWT (HS256) that holds the hash of the body and a time, which is now within WEBHOOK_AGE_SECONDS, and the token of its
        call where it is about one."""
        if not is_proven(self, account, request.url):
            return False
        scheme, _, token = request.headers.get(self.signature_header, "").partition(" ")
        claims = _claims(token, account.access.keys[_SECRET]) if scheme.lower() == "bearer" else {}
        issued = claims.get("iat")
        if not isinstance(issued, int | float) or abs(self._clock.now().timestamp() - issued) > WEBHOOK_AGE_SECONDS:
            return False
        told = claims.get("payload_hash")
        hashed = hashlib.sha256(request.body).hexdigest()
        is_whole = isinstance(told, str) and hmac.compare_digest(told.lower().encode(), hashed.encode())
        return is_whole and claims.get("application_id", account.id) == account.id

    def read(self, request: DoorRequest) -> Callback:
        """An event, or the question what to do with a call, in JSON. Raises BadInputError for what names no call."""
        body = _body(request)
        callback = _callback(body)
        if callback.cause is None or callback.cause.outcome != "answered":
            return callback
        # Of a target. "platform": the far end may have hung up, or the call has reached its greatest length.
        cause = "normal_clearing" if _text(body, "disconnected_by") == "user" else ""
        return replace(callback, talk=TalkEnd(callback.call_id, whole_number(_text(body, "duration")), cause=cause))

    def read_target(self, request: DoorRequest) -> Callback:
        """The target is a call of its own and reports as one. ``recording_url`` of the recording."""
        body = _body(request)
        if "recording_url" in body:
            return Callback("", recording=TalkRecording(_text(body, "recording_url")[:_LONGEST_URL]))
        return self.read(request)

    def read_machine(self, request: DoorRequest) -> str:
        """Who has answered is told by an event."""
        return self.read(request).machine or "unknown"

    async def place(self, account: VendorAccount, order: Order) -> str:
        """POST to the list of calls."""
        asked: dict[str, Any] = {
            "to": [{"type": "phone", "number": order.to_number.removeprefix("+")}],
            "from": {"type": "phone", "number": order.from_number.removeprefix("+")},
            "answer_url": [order.instructions],
            "answer_method": "POST",
            "event_url": [order.status],
            "event_method": "POST",
            "ringing_timer": min(max(order.ring_seconds, 1), _LONGEST_RING),
            "length_timer": min(LONGEST_CALL_SECONDS, _LONGEST_CALL),
        }
        if order.machine:
            asked["advanced_machine_detection"] = _ASYNCHRONOUS
        found = (await self._ask(account, "POST", "", asked)).get("uuid")
        if not isinstance(found, str) or not _CALL.fullmatch(found):
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the call")
        return found

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        """Also ends a call that still rings."""
        await self._ask(account, "PUT", f"/{call_id}", {"action": "hangup"}, missing=True)

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        """The call gets other instructions, which end its websocket."""
        await self._instruct(account, call_id, _dialled(handover))

    async def bridge(self, account: VendorAccount, call_id: str, handover: Handover) -> bool:
        """Both get the instruction to join a conversation, of which nothing is reported: so the target is looked at once more."""
        for one in (handover.target, call_id):
            joins = {"action": "conversation", "name": handover.conference, "endOnExit": True}
            await self._instruct(account, one, [joins])
        if not await self.is_bridged(account, handover):
            raise self._rest.error(FailureKind.UNAVAILABLE, "the target has hung up")
        return False

    async def is_bridged(self, account: VendorAccount, handover: Handover) -> bool:
        """Whether the target's call goes on: a conversation does not say who is in it."""
        return await self.has_answered(account, handover.target)

    async def has_answered(self, account: VendorAccount, call_id: str) -> bool:
        """Its status."""
        return (await self._ask(account, "GET", f"/{call_id}")).get("status") == "answered"

    async def recording(self, account: VendorAccount, name: str) -> RemoteFile:
        """At the address that was told, in the region of the call."""
        return self._rest.file(account.access, name, *REGIONS)

    async def route_number(self, account: VendorAccount, number: str, address: str, events: str) -> Route:
        """The application asks and reports here, and has the number. Needs VONAGE_API_KEY and VONAGE_API_SECRET too."""
        return await self._routes.route(account.access, account.id, number, address, events)

    def connect(self, stream: str, call_id: str) -> DoorAnswer:
        """Connect with a websocket, which is told the call."""
        endpoint = {"type": "websocket", "uri": stream, "content-type": _SOUND, "headers": {"call_uuid": call_id}}
        return _ncco([{"action": "connect", "endpoint": [endpoint]}])

    def dial(self, handover: Handover) -> DoorAnswer:
        """Connect with the target."""
        return _ncco(_dialled(handover))

    def refuse(self, code: int) -> DoorAnswer:
        """Nothing to do: the call ends."""
        return _ncco([])

    def end_call(self) -> DoorAnswer:
        """Nothing to do: the call ends."""
        return _ncco([])

    async def _instruct(self, account: VendorAccount, call_id: str, ncco: list[dict[str, Any]]) -> None:
        destination = {"type": "ncco", "ncco": ncco}
        await self._ask(account, "PUT", f"/{call_id}", {"action": "transfer", "destination": destination})

    async def _ask(
        self,
        account: VendorAccount,
        method: str,
        resource: str,
        asked: Mapping[str, Any] | None = None,
        *,
        missing: bool = False,
    ) -> Mapping[str, Any]:
        keys, url = self._rest.account(account.access), f"{account.api}/v1/calls{resource}"
        return await self._rest.ask(keys, method, url, json=asked, missing=missing) or {}

    def _credentials(self, account: Account) -> dict[str, str]:
        """A JWT of the application. Raises ProviderError."""
        now = int(self._clock.now().timestamp())
        claims = {"application_id": account.id, "iat": now, "exp": now + _JWT_SECONDS, "jti": self._ids.uuid()}
        signed = b".".join(_b64(msgspec.json.encode(part)) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        key = _private_key(account.token)
        if key is None:
            raise self._rest.error(FailureKind.REFUSED, f"the provider key {_PRIVATE_KEY} is no private RSA key (PEM)")
        return {"authorization": f"Bearer {(signed + b'.' + _b64(key.sign(signed, PKCS1v15(), SHA256()))).decode()}"}


@lru_cache(maxsize=_KEYS_HELD)
def _private_key(text: str) -> RSAPrivateKey | None:
    """The private key in PEM; None where it is no such key. To read one takes a tenth of a second of the event loop, because it is checked:
    that is done once."""
    try:
        key = load_pem_private_key(text.replace("\\n", "\n").encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def _dialled(handover: Handover) -> list[dict[str, Any]]:
    target, is_number = handover.target, kind_of_address(handover.target) == E164
    phone = {"type": "phone", "number": target.removeprefix("+")}
    connect = {
        "action": "connect",
        "from": handover.from_number.removeprefix("+"),
        "timeout": handover.ring_seconds,
        # The answer to an event says how to go on when the target does not take the call.
        "eventType": "synchronous",
        "eventUrl": [handover.result],
        "eventMethod": "POST",
        "endpoint": [phone if is_number else {"type": "sip", "uri": target}],
    }
    record = {
        "action": "record",
        "format": "wav",
        # The caller left, the target right.
        "split": "conversation",
        "channels": 2,
        "eventUrl": [handover.answered],
        "eventMethod": "POST",
    }
    return [record, connect]


def _callback(found: Mapping[str, Any]) -> Callback:
    call_id = _text(found, "uuid") or _text(found, "call_uuid")
    if not _CALL.fullmatch(call_id):
        raise BadInputError("uuid is missing, or is none")
    called, caller, status = _text(found, "to"), _text(found, "from"), _text(found, "status")
    if "://" in called or "://" in caller:
        # The websocket is a call of its own, and reports as one.
        status = "websocket"
    ends = _ENDS.get(status)
    offered = "" if status or "conversation_uuid" not in found else "offered"
    return Callback(
        call_id,
        called=_number(called),
        caller=_number(caller),
        progress=_PROGRESS.get(status, offered) if ends is None else "ended",
        cause=None if ends is None else CAUSES[ends],
        words=_text(found, "detail") or status,
        machine=status if status in _ANSWERED_BY else "",
        headers={name[len(_SIP_HEADER) :]: _text(found, name) for name in found if name.startswith(_SIP_HEADER)},
    )


def _body(request: DoorRequest) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInputError("a request is not JSON") from None
    if not isinstance(found, dict):
        raise BadInputError("a request is no JSON object")
    return found


def _claims(token: str, secret: str) -> Mapping[str, Any]:
    """What a JWT says, nothing where it is not signed with the secret."""
    signed, _, signature = token.rpartition(".")
    head, _, claims = signed.partition(".")
    try:
        made = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
        is_signed = hmac.compare_digest(made, _unb64(signature))
        algorithm, found = msgspec.json.decode(_unb64(head)), msgspec.json.decode(_unb64(claims))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}
    is_hs256 = isinstance(algorithm, dict) and algorithm.get("alg") == "HS256"
    return found if is_signed and is_hs256 and isinstance(found, dict) else {}


def _ncco(actions: list[dict[str, Any]]) -> DoorAnswer:
    return DoorAnswer(msgspec.json.encode(actions))


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _number(text: str) -> str:
    """As E.164; anything else as it is."""
    return phone_number(text, plus=text.startswith("+")) or text


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unb64(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
