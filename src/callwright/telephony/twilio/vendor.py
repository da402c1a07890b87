"""Twilio's API for calls, its instructions and callbacks, as its pages say (read in 2026):

- https://www.twilio.com/docs/voice/api/call-resource: placing, ending and redirecting a call; status callbacks
- https://www.twilio.com/docs/voice/media-streams/websocket-messages: the messages of a stream
- https://www.twilio.com/docs/voice/twiml/stream and .../dial: the instructions
- https://www.twilio.com/docs/usage/security: the signature
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit
from xml.sax.saxutils import escape, quoteattr

from callwright.domain.causes import CAUSES, Cause, cause_of_sip
from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.domain.number import E164, kind_of_address
from callwright.domain.provider_access import Access
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import HttpClient, PluginContext
from callwright.telephony.media_streams.carrier import StreamCarrier
from callwright.telephony.media_streams.framing import Framing
from callwright.telephony.media_streams.vendor import Callback, Handover, Order, VendorAccount
from callwright.telephony.number_markets.rest import CarrierApi

NAME = "twilio"
_OWN_NUMBER, _API_URL = "TWILIO_PHONE_NUMBER", "TWILIO_API_URL"
NEEDED_KEYS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
KEYS = (*NEEDED_KEYS, _OWN_NUMBER, _API_URL)
API = "https://api.twilio.com"

_ACCOUNT = "AC[0-9a-fA-F]{32}"
_CALL = re.compile("CA[0-9a-fA-F]{32}")
_XML = "text/xml"
_SIP_HEADER = "SipHeader_"
_BUSY = (486, 600, 603)
_PORTS = {"http": 80, "https": 443}
_EVENTS = ("initiated", "ringing", "answered", "completed")

_PROGRESS = {"initiated": "dialled", "ringing": "ringing", "in-progress": "answered"}
_ENDS: Mapping[str, str] = {
    "completed": "normal_clearing",
    "busy": "user_busy",
    "no-answer": "no_answer",
    "canceled": "originator_cancel",
    "failed": "temporary_failure",
}
"""CallStatus and DialCallStatus at the end of a call, and the cause."""

FRAMING = Framing(
    stream_id=("start", "streamSid"),
    call_id=("start", "callSid"),
    parameters=("start", "customParameters"),
    mark_name=("mark", "name"),
    media=lambda stream, payload: {"event": "media", "streamSid": stream, "media": {"payload": payload}},
    mark=lambda stream, name: {"event": "mark", "streamSid": stream, "mark": {"name": name}},
    clear=lambda stream, _: {"event": "clear", "streamSid": stream},
)


class TwilioCalls:
    """``media_streams.vendor.Vendor``."""

    name = NAME
    framing = FRAMING
    signature_header = "x-twilio-signature"

    def __init__(self, sender: HttpClient) -> None:
        self._rest = CarrierApi(sender, NAME, NEEDED_KEYS, _ACCOUNT)

    def account(self, access: Access) -> VendorAccount:
        """By its id and token; at the address that is stored with them, where there is one."""
        api = (access.keys.get(_API_URL) or API).rstrip("/")
        return VendorAccount(self._rest.account(access).id, api, access)

    def own_number(self, access: Access) -> str:
        """TWILIO_PHONE_NUMBER."""
        return access.keys.get(_OWN_NUMBER, "")

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """Its signature is over the address, with or without the port, and the fields of the form in order."""
        given = request.headers.get(self.signature_header, "").encode()
        token, form = account.access.keys[NEEDED_KEYS[1]], _form(request)
        if form is None:
            return False
        return any(hmac.compare_digest(signature(token, url, form).encode(), given) for url in _spellings(request.url))

    def read(self, request: DoorRequest) -> Callback:
        """A form. Raises BadInputError for one that names no call."""
        form = _fields(request)
        return _callback(form, form.get("CallStatus", ""))

    def read_target(self, request: DoorRequest) -> Callback:
        """DialCallStatus at the end; before, the target is a call of its own and reports as one."""
        form = _fields(request)
        ended = form.get("DialCallStatus", "")
        return _callback(form, "completed" if ended == "answered" else ended or form.get("CallStatus", ""))

    async def place(self, account: VendorAccount, order: Order) -> str:
        """POST to the list of calls."""
        form = [
            ("To", order.to_number),
            ("From", order.from_number),
            ("Url", order.instructions),
            ("Timeout", str(order.ring_seconds)),
            ("StatusCallback", order.status),
            *(("StatusCallbackEvent", event) for event in _EVENTS),
        ]
        answer = await self._ask(account, "Calls.json", form)
        sid = answer.get("sid")
        if not isinstance(sid, str) or not _CALL.fullmatch(sid):
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the call")
        return sid

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        """Also ends a call that still rings."""
        try:
            await self._ask(account, f"Calls/{call_id}.json", [("Status", "completed")])
        except ProviderError as error:
            if error.kind is not FailureKind.BAD_REQUEST:
                raise

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        """The call gets other instructions, which end its stream."""
        noun = "Number" if kind_of_address(handover.target) == E164 else "Sip"
        dial = (
            f"<Dial callerId={quoteattr(handover.from_number)} timeout={quoteattr(str(handover.ring_seconds))}"
            f" action={quoteattr(handover.result)}><{noun} statusCallback={quoteattr(handover.answered)}"
            f' statusCallbackEvent="answered">{escape(handover.target)}</{noun}></Dial>'
        )
        await self._ask(account, f"Calls/{call_id}.json", [("Twiml", f"<Response>{dial}</Response>")])

    def connect(self, stream: str) -> DoorAnswer:
        """Connect and Stream: both ways."""
        return _response(f"<Connect><Stream url={quoteattr(stream)}/></Connect>")

    def refuse(self, code: int) -> DoorAnswer:
        """Reject: as busy, or as not in service."""
        return _response(f'<Reject reason="{"busy" if code in _BUSY else "rejected"}"/>')

    def leave(self) -> DoorAnswer:
        """Hangup."""
        return _response("<Hangup/>")

    async def _ask(self, account: VendorAccount, resource: str, form: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
        url = f"{account.api}/2010-04-01/Accounts/{account.id}/{resource}"
        return await self._rest.ask(self._rest.account(account.access), "POST", url, list(form)) or {}


def carrier(context: PluginContext) -> StreamCarrier:
    """The carrier. Raises ConfigurationError where a process has no client."""
    if context.http is None:
        raise ConfigurationError("calls are carried only by a running server: start `callwright serve`")
    return StreamCarrier(TwilioCalls(context.http), context)


def signature(token: str, url: str, form: Mapping[str, Iterable[str]]) -> str:
    """What Twilio signs an address and a form with: HMAC-SHA1 over the address and each name with its values, in order."""
    signed = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _spellings(url: str) -> tuple[str, ...]:
    """An address as it is, and with or without the port of its scheme: vendors sign either."""
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    if parts.port is None:
        return url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{port}"))
    return (url, urlunsplit(parts._replace(netloc=parts.netloc.removesuffix(f":{parts.port}"))))


def _form(request: DoorRequest) -> dict[str, list[str]] | None:
    try:
        return parse_qs(request.body.decode(), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        return None


def _fields(request: DoorRequest) -> dict[str, str]:
    return {name: values[0] for name, values in (_form(request) or {}).items()}


def _callback(form: Mapping[str, str], status: str) -> Callback:
    """What a form says of the call that has this status. Raises BadInputError."""
    call_id = form.get("CallSid", "")
    if not _CALL.fullmatch(call_id):
        raise BadInputError("CallSid is missing, or is none")
    code = form.get("SipResponseCode", "")
    headers = {name.removeprefix(_SIP_HEADER): value for name, value in form.items() if name.startswith(_SIP_HEADER)}
    return Callback(
        call_id,
        called=form.get("To", ""),
        caller=form.get("From", ""),
        progress="ended" if status in _ENDS else _PROGRESS.get(status, ""),
        cause=_cause(status, code) if status in _ENDS else None,
        words=code or status,
        headers=headers,
    )


def _cause(status: str, sip: str) -> Cause:
    told = int(sip) if sip.isascii() and sip.isdigit() and len(sip) == len("486") else 0
    by_status = CAUSES[_ENDS[status]]
    by_sip = cause_of_sip(told)
    # What was answered or given up was not refused.
    return by_sip if status in ("busy", "no-answer", "failed") and by_sip.key != "unknown" else by_status


def _response(xml: str) -> DoorAnswer:
    return DoorAnswer(f'<?xml version="1.0" encoding="UTF-8"?><Response>{xml}</Response>'.encode(), content_type=_XML)
