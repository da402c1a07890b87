"""Exotel's API for calls, its callbacks and the messages of its streams, as its pages say (read in 2026):

- https://developer.exotel.com/docs/agentstream/connect-voice-ai and /api/make-a-call-api: placing a call
- https://developer.exotel.com/docs/agentstream/websocket-protocol: the messages of a stream
- https://developer.exotel.com/docs/agentstream/stream-voicebot-applet: the applet that asks for the stream of a call that comes in
- https://developer.exotel.com/docs/voice-v1/api-reference/status-callback: how a call goes

Exotel signs nothing. So the address of a callback holds a token: of a call that was placed, one that only this call has; of those that come
in, EXOTEL_WEBHOOK_TOKEN, which the user writes into the applet. There is no command to end a call: its stream ends it. Calls cannot be
transferred.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec

from callwright.domain.errors import BadInputError
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import RemoteFile
from callwright.ports.registry import HttpClient
from callwright.telephony.media_streams.framing import Codec, Framing
from callwright.telephony.media_streams.vendor import (
    CALL,
    LONGEST_CALL_SECONDS,
    TOKEN,
    Callback,
    Handover,
    Order,
    Route,
    VendorAccount,
    is_proven,
    token_of,
)
from callwright.telephony.number_markets.rest import CarrierApi, phone_number

NAME = "exotel"
_SID, _API_KEY, _API_TOKEN = "EXOTEL_ACCOUNT_SID", "EXOTEL_API_KEY", "EXOTEL_API_TOKEN"
_OWN_NUMBER, _WEBHOOK_TOKEN = "EXOTEL_PHONE_NUMBER", "EXOTEL_WEBHOOK_TOKEN"
_API_URL, _DOMAIN = ADDRESS_KEYS = ("EXOTEL_API_URL", "EXOTEL_DOMAIN")
NEEDED_KEYS = (_SID, _API_KEY, _API_TOKEN)
KEYS = (*NEEDED_KEYS, _OWN_NUMBER, *ADDRESS_KEYS, _WEBHOOK_TOKEN)
API = "https://api.exotel.com"

ID_FORM = "[A-Za-z0-9_-]{1,64}"
_CALL = re.compile("[A-Za-z0-9]{1,64}")
_INDIAN = re.compile("0[1-9][0-9]{9}")
"""A number of India as it is dialled there."""
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LEAST_TOKEN_CHARACTERS = 16
PAGE_SIZE = 50
"""How many numbers the vendor lists at once."""
_BY_HAND = (
    "in Exotel's console, make a flow whose last step is a Voicebot applet, enter the URL {address}?token= with your EXOTEL_WEBHOOK_TOKEN"
    " behind it, and assign the flow to the ExoPhone {number}"
)
_EVENTS = ("ringing", "answered", "terminal")
_ENDS: Mapping[str, str] = {
    "completed": "normal_clearing",
    "busy": "user_busy",
    "no-answer": "no_answer",
    "canceled": "originator_cancel",
    "failed": "temporary_failure",
}
"""Status at the end of a call, and the cause."""

FRAMING = Framing(
    stream_id=("start", "stream_sid"),
    call_id=("start", "call_sid"),
    parameters=("start", "custom_parameters"),
    mark_name=("mark", "name"),
    codec=Codec.L16,
    # 100 ms at least, and at most 100,000 bytes, in steps of 320 bytes: 20 ms.
    least_frames=5,
    most_frames=100_000 // 320,
    media=lambda stream, payload: {"event": "media", "stream_sid": stream, "media": {"payload": payload}},
    mark=lambda stream, name: {"event": "mark", "stream_sid": stream, "mark": {"name": name}},
    clear=lambda stream, _: {"event": "clear", "stream_sid": stream},
)


class ExotelCalls:
    """``media_streams.vendor.Vendor``."""

    name = NAME
    framing = FRAMING
    signature_header = ""
    incoming_method = "GET"
    keeps_stream = False
    streams_at_once = True

    def __init__(self, sender: HttpClient) -> None:
        self._rest = CarrierApi(sender, NAME, (_API_KEY, _API_TOKEN), ID_FORM, address_of)

    def account(self, access: Access) -> VendorAccount:
        """By its sid, key and token; at the address that is stored with them, where there is one."""
        return VendorAccount(sid_of(access), self._rest.account(access).api, access)

    def own_number(self, access: Access) -> str:
        """EXOTEL_PHONE_NUMBER."""
        return access.keys.get(_OWN_NUMBER, "")

    def proof(self, account: VendorAccount, key: str, handover: int = 0) -> Mapping[str, str]:
        """A token, made with the account's own."""
        return token_of(account.access.keys[_API_TOKEN], key, handover)

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """It has the token of its call, else EXOTEL_WEBHOOK_TOKEN in its address or as the password of basic authentication."""
        asked = _query(request)
        if CALL in asked:
            return is_proven(self, account, request.url)
        wanted, given = account.access.keys.get(_WEBHOOK_TOKEN, ""), asked.get(TOKEN) or _password(request)
        return len(wanted) >= _LEAST_TOKEN_CHARACTERS and hmac.compare_digest(wanted.encode(), given.encode())

    def read(self, request: DoorRequest) -> Callback:
        """The query of the applet's request, or the JSON of a status callback. Raises BadInputError for one that names no call."""
        found = _status(request) if request.method == "POST" else _query(request)
        call_id = found.get("CallSid", "")
        if not _CALL.fullmatch(call_id):
            raise BadInputError("CallSid is missing, or is none")
        event, status = found.get("EventType", ""), found.get("Status", "")
        ends = _ENDS.get(status) if event in ("", "terminal") else None
        return Callback(
            call_id,
            called=_number(found.get("CallTo", "")),
            caller=_number(found.get("CallFrom", "")),
            progress="ended" if ends is not None else event if event in ("ringing", "answered") else "",
            cause=None if ends is None else CAUSES[ends],
            words=status,
        )

    def read_target(self, request: DoorRequest) -> Callback:
        """There is no target: calls are not transferred."""
        return self.read(request)

    def read_machine(self, request: DoorRequest) -> str:
        """The vendor does not say."""
        return "unknown"

    async def place(self, account: VendorAccount, order: Order) -> str:
        """POST to connect, which calls ``From`` and connects it with the stream."""
        form = [
            ("From", order.to_number),
            ("CallerId", order.from_number),
            ("StreamUrl", order.stream),
            ("StreamType", "bidirectional"),
            ("TimeOut", str(order.ring_seconds)),
            ("TimeLimit", str(LONGEST_CALL_SECONDS)),
            ("StatusCallback", order.status),
            ("StatusCallbackContentType", "application/json"),
            *((f"StatusCallbackEvents[{at}]", event) for at, event in enumerate(_EVENTS)),
        ]
        url = f"{account.api}/v1/Accounts/{account.id}/Calls/connect.json"
        answer = await self._rest.ask(self._rest.account(account.access), "POST", url, form) or {}
        told = answer.get("Call")
        sid = told.get("Sid") if isinstance(told, Mapping) else None
        if not isinstance(sid, str) or not _CALL.fullmatch(sid):
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the call")
        return sid

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        """Nothing: the call ends with its stream. One that still rings is refused its stream once it is answered."""

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        """Raises ProviderError."""
        raise self._rest.error(FailureKind.BAD_REQUEST, "calls over this carrier cannot be transferred")

    async def recording(self, account: VendorAccount, name: str) -> RemoteFile:
        """Raises ProviderError."""
        raise self._rest.error(FailureKind.BAD_REQUEST, "this carrier records no talks")

    async def route_number(self, account: VendorAccount, number: str, address: str, events: str) -> Route:
        """Nothing is changed: its flows are made in its console. Raises ProviderError where a call that comes in could not be checked, or
        the account does not have the number."""
        if len(account.access.keys.get(_WEBHOOK_TOKEN, "")) < _LEAST_TOKEN_CHARACTERS:
            why = f"invent {_LEAST_TOKEN_CHARACTERS} letters and digits or more and store them as {_WEBHOOK_TOKEN} with POST /providers"
            raise self._rest.error(FailureKind.REFUSED, f"without it no call comes in: {why}")
        url = f"{account.api}/v2_beta/Accounts/{account.id}/IncomingPhoneNumbers"
        listed = await self._rest.ask(self._rest.account(account.access), "GET", url)
        numbers = self._rest.objects(listed, "incoming_phone_numbers")
        if len(numbers) < PAGE_SIZE and number not in [_number(str(one.get("phone_number"))) for one in numbers]:
            raise self._rest.error(FailureKind.BAD_REQUEST, f"the account does not have the number {number}")
        return Route(by_hand=_BY_HAND.format(number=number, address=address))

    def connect(self, stream: str, call_id: str) -> DoorAnswer:
        """The address of the stream."""
        return DoorAnswer(msgspec.json.encode({"url": stream}))

    def dial(self, handover: Handover) -> DoorAnswer:
        """No instruction: calls are not transferred."""
        return DoorAnswer(status=404)

    def refuse(self, code: int) -> DoorAnswer:
        """No stream: the flow goes on with its next applet, or ends."""
        return DoorAnswer(status=404)

    def end_call(self) -> DoorAnswer:
        """No stream."""
        return DoorAnswer(status=404)


def address_of(access: Access, otherwise: str = API) -> str:
    """Where the account's API is: at EXOTEL_API_URL, else at the host in EXOTEL_DOMAIN, which is the one of the account's region.
    Raises ProviderError."""
    named = access.keys.get(_DOMAIN, "").strip()
    if access.keys.get(_API_URL) or not named:
        return access.keys.get(_API_URL) or otherwise
    host = named.removeprefix("https://").removeprefix("@").removesuffix("/")
    if not _HOST.fullmatch(host):
        why = f"the provider key {_DOMAIN} is no host name, as api.in.exotel.com; store it again with POST /providers"
        raise ProviderError(FailureKind.REFUSED, NAME, why)
    return f"https://{host}"


def sid_of(access: Access) -> str:
    """The account's id. Raises ProviderError."""
    sid = access.keys.get(_SID, "")
    if not re.fullmatch(ID_FORM, sid):
        why = f"the provider key {_SID} is not stored, or is none; store it with POST /providers"
        raise ProviderError(FailureKind.REFUSED, NAME, why)
    return sid


def _query(request: DoorRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


def _status(request: DoorRequest) -> dict[str, str]:
    """The fields of a status callback: JSON, as asked for, or a form. Raises BadInputError."""
    try:
        found = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            form = parse_qs(request.body.decode(), keep_blank_values=True)
        except (UnicodeDecodeError, ValueError):
            raise BadInputError("a callback is neither JSON nor a form") from None
        return {name: values[0] for name, values in form.items()}
    if not isinstance(found, dict):
        raise BadInputError("a callback is no JSON object")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _password(request: DoorRequest) -> str:
    """The password of basic authentication, empty where there is none."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _number(text: str) -> str:
    """As E.164, also where India is meant; anything else as it is."""
    if _INDIAN.fullmatch(text):
        return f"+91{text[1:]}"
    return phone_number(text, plus=text.startswith("+")) or text
