"""Plivo's API for calls, its instructions and callbacks, as its pages say (read in 2026):

- https://www.plivo.com/docs/voice/api/call: placing and ending a call
- https://www.plivo.com/docs/voice/xml/request: what callbacks hold
- https://www.plivo.com/docs/voice/xml/stream: the instruction and the messages of a stream
- https://www.plivo.com/docs/voice/concepts/signature-validation: the signature, version 3

Plivo writes numbers without their plus. A stream ends without a message: its websocket is closed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from callwright.domain.causes import CAUSES
from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.provider_access import Access
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.ports.failures import FailureKind
from callwright.ports.registry import HttpClient, PluginContext
from callwright.telephony.media_streams.carrier import StreamCarrier
from callwright.telephony.media_streams.framing import Framing
from callwright.telephony.media_streams.vendor import Callback, Handover, Order, VendorAccount
from callwright.telephony.number_markets.rest import CarrierApi, phone_number

NAME = "plivo"
_OWN_NUMBER, _API_URL = "PLIVO_PHONE_NUMBER", "PLIVO_API_URL"
NEEDED_KEYS = ("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN")
KEYS = (*NEEDED_KEYS, _OWN_NUMBER, _API_URL)
API = "https://api.plivo.com"

_ACCOUNT = "(MA|SA)[A-Z0-9]{18}"
_XML = "text/xml"
_SOUND = {"contentType": "audio/x-mulaw", "sampleRate": 8000}
_BUSY = (486, 600, 603)

_PROGRESS = {"ringing": "ringing", "in-progress": "answered"}
_ENDS: Mapping[str, str] = {
    "completed": "normal_clearing",
    "busy": "user_busy",
    "no-answer": "no_answer",
    "timeout": "no_answer",
    "cancel": "originator_cancel",
    "failed": "temporary_failure",
}
"""CallStatus and DialStatus at the end of a call, and the cause."""
_TAKEN = ("answer", "connected")
_CODES: Mapping[str, str] = {
    "2000": "invalid_number",
    "3000": "no_answer",
    "3010": "user_busy",
    "3020": "call_rejected",
    "3080": "carrier_error",
    "3090": "congestion",
}
"""HangupCauseCode of a call that was not answered; it says more than the status."""

FRAMING = Framing(
    stream_id=("start", "streamId"),
    call_id=("start", "callId"),
    parameters=("extra_headers",),
    mark_name=("name",),
    mark_event="playedStream",
    media=lambda _, payload: {"event": "playAudio", "media": {**_SOUND, "payload": payload}},
    mark=lambda stream, name: {"event": "checkpoint", "streamId": stream, "name": name},
    clear=lambda stream, _: {"event": "clearAudio", "streamId": stream},
)


class PlivoCalls:
    """``media_streams.vendor.Vendor``."""

    name = NAME
    framing = FRAMING
    signature_header = "x-plivo-signature-v3"

    def __init__(self, sender: HttpClient) -> None:
        self._rest = CarrierApi(sender, NAME, NEEDED_KEYS, _ACCOUNT)

    def account(self, access: Access) -> VendorAccount:
        """By its id and token; at the address that is stored with them, where there is one."""
        api = (access.keys.get(_API_URL) or API).rstrip("/")
        return VendorAccount(self._rest.account(access).id, api, access)

    def own_number(self, access: Access) -> str:
        """PLIVO_PHONE_NUMBER."""
        return access.keys.get(_OWN_NUMBER, "")

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """Its signature is over the address, the fields of the form and a nonce. There may be several, one for each token."""
        form, token = _form(request), account.access.keys[NEEDED_KEYS[1]]
        nonce = request.headers.get("x-plivo-signature-v3-nonce", "")
        given = request.headers.get(self.signature_header, "").encode().split(b",")
        if form is None or not nonce:
            return False
        wanted = signature(token, request.url, form, nonce).encode()
        return any(hmac.compare_digest(wanted, one) for one in given)

    def read(self, request: DoorRequest) -> Callback:
        """A form. Raises BadInputError for one that names no call."""
        form = _form(request) or {}
        status = form.get("CallStatus", "")
        return _callback(form, _PROGRESS.get(status, ""), _ENDS.get(status))

    def read_target(self, request: DoorRequest) -> Callback:
        """DialAction while a target is called, and DialStatus at the end."""
        form = _form(request) or {}
        progress = "answered" if form.get("DialAction") in _TAKEN else ""
        return _callback(form, progress, _ENDS.get(form.get("DialStatus", "")))

    async def place(self, account: VendorAccount, order: Order) -> str:
        """POST to the list of calls."""
        asked = {
            "from": order.from_number.removeprefix("+"),
            "to": order.to_number.removeprefix("+"),
            "answer_url": order.instructions,
            "answer_method": "POST",
            "ring_url": order.status,
            "ring_method": "POST",
            "hangup_url": order.status,
            "hangup_method": "POST",
            "ring_timeout": order.ring_seconds,
        }
        answer = await self._ask(account, "POST", "Call/", asked)
        found = answer.get("request_uuid")
        if not isinstance(found, str) or not found:
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the call")
        return found

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        """DELETE of the order, while the call waits or rings, then of the call: it may have left the queue in between."""
        if order_id:
            await self._ask(account, "DELETE", f"Request/{order_id}/")
        await self._ask(account, "DELETE", f"Call/{call_id}/")

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        """Raises ProviderError."""
        raise self._rest.error(FailureKind.BAD_REQUEST, "calls over this carrier cannot be transferred")

    def connect(self, stream: str) -> DoorAnswer:
        """Stream: both ways, and the call goes on as long as it does."""
        kind = f"{_SOUND['contentType']};rate={_SOUND['sampleRate']}"
        return _response(
            f'<Stream bidirectional="true" keepCallAlive="true" contentType="{kind}">{escape(stream)}</Stream>'
        )

    def refuse(self, code: int) -> DoorAnswer:
        """Hangup with a reason, before the call is answered."""
        return _response(f'<Hangup reason="{"busy" if code in _BUSY else "rejected"}"/>')

    def leave(self) -> DoorAnswer:
        """Hangup."""
        return _response("<Hangup/>")

    async def _ask(
        self, account: VendorAccount, method: str, resource: str, asked: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        url = f"{account.api}/v1/Account/{account.id}/{resource}"
        keys = self._rest.account(account.access)
        return await self._rest.ask(keys, method, url, json=asked, missing=method == "DELETE") or {}


def carrier(context: PluginContext) -> StreamCarrier:
    """The carrier. Raises ConfigurationError where a process has no client."""
    if context.http is None:
        raise ConfigurationError("calls are carried only by a running server: start `callwright serve`")
    return StreamCarrier(PlivoCalls(context.http), context)


def signature(token: str, url: str, form: Mapping[str, str], nonce: str) -> str:
    """What Plivo signs a POST with: HMAC-SHA256 over the address with its query in order, the fields in order, and the nonce."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    signed = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    asked = "&".join(f"{name}={value}" for name in sorted(query) for value in sorted(query[name]))
    if asked or form:
        signed += f"?{asked}" + ("." if asked and form else "")
    signed += "".join(name + form[name] for name in sorted(form)) + f".{nonce}"
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha256).digest()).decode()


def _form(request: DoorRequest) -> dict[str, str] | None:
    try:
        found = parse_qs(request.body.decode(), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        return None
    return {name: values[0] for name, values in found.items()}


def _callback(form: Mapping[str, str], progress: str, ends: str | None) -> Callback:
    """What a form says of a call in this state; ``ends`` is the key of the cause. Raises BadInputError."""
    call_id = form.get("CallUUID") or form.get("RequestUUID", "")
    if not 0 < len(call_id) <= MAX_NAME_CHARACTERS or not call_id.isprintable():
        raise BadInputError("CallUUID is missing, or is none")
    if ends is not None and ends != "normal_clearing":
        ends = _CODES.get(form.get("HangupCauseCode", ""), ends)
    return Callback(
        call_id,
        called=_number(form.get("To", "")),
        caller=_number(form.get("From", "")),
        progress=progress if ends is None else "ended",
        cause=None if ends is None else CAUSES[ends],
        words=form.get("HangupCauseName") or form.get("CallStatus", ""),
        headers={name: value for name, value in form.items() if name.startswith("X-PH-")},
    )


def _number(text: str) -> str:
    """As E.164; anything else as it is."""
    return phone_number(text, plus=text.startswith("+")) or text


def _response(xml: str) -> DoorAnswer:
    return DoorAnswer(f'<?xml version="1.0" encoding="UTF-8"?><Response>{xml}</Response>'.encode(), content_type=_XML)
