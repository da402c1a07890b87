"""Plivo's API for calls, its instructions and callbacks, as its pages say (read in 2026):

- https://www.plivo.com/docs/voice/api/call: placing, ending and transferring a call
- https://www.plivo.com/docs/voice/api/call/machine-detection: who has answered
- https://www.plivo.com/docs/voice/xml/request: what callbacks hold
- https://www.plivo.com/docs/account/api/application and .../numbers/api/account-phone-number: where calls to a number are asked about
- https://www.plivo.com/docs/voice/xml/stream, .../dial and .../conference: the instructions, and the messages of a stream
- https://www.plivo.com/docs/voice/troubleshooting/hangup-causes: who has hung up
- https://www.plivo.com/docs/voice/xml/record and .../voice/api/recording: the recording of a talk after a transfer
- https://www.plivo.com/docs/voice/concepts/signature-validation: the signature, version 3

Plivo writes numbers without their plus. A stream ends without a message: its websocket is closed. Other vendors speak this API too: what
differs is a :class:`Dialect`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit
from xml.sax.saxutils import escape, quoteattr

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_CALLS_REMEMBERED, MAX_NAME_CHARACTERS
from callwright.domain.number import E164, kind_of_address
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import RemoteFile, TalkEnd, TalkRecording
from callwright.ports.registry import HttpClient
from callwright.telephony.media_streams.framing import Framing
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
from callwright.telephony.media_streams.xml_vendor import (
    VendorKeys,
    XmlVendor,
    fields_of,
    form_of,
    reason_of,
    response,
    spellings_of,
)
from callwright.telephony.number_markets.rest import (
    Account,
    CarrierApi,
    basic_credentials,
    phone_number,
    stored_address,
)

_APPLICATION = re.compile("/v1/Account/([A-Za-z0-9_-]+)/Application/([0-9]+)/")
_ID = re.compile("[A-Za-z0-9_-]{1,64}")
_PAGE, _MOST_APPLICATIONS = 20, 400
_SOUND = {"contentType": "audio/x-mulaw", "sampleRate": 8000}

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
_HUNG_UP_BY = {"callee": "normal_clearing", "call recipient": "normal_clearing", "caller": "caller_hung_up"}
_END_OF_INSTRUCTIONS = "4010"
"""HangupCauseCode of a call that has nothing more to do."""
_MACHINE = {"true": "machine", "false": "human"}
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


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a vendor differs from the others that speak this API.

    ``api``: the address below which its accounts are; ``account_form``: what an account's id looks like. ``signature_header``: in small
    letters; its nonce is in the header of that name with ``-nonce``. ``signs_address``: the signature is over the address and the nonce
    alone. ``cancels_orders``: a call that waits is a resource of its own. ``attaches_numbers``: a number does not say which application it
    has, and gets another one by a resource of its own.
    """

    name: str
    keys: VendorKeys
    api: str
    account_form: str
    signature_header: str
    framing: Framing = FRAMING
    credentials: Callable[[Account], Mapping[str, str]] = basic_credentials
    signs_address: bool = False
    cancels_orders: bool = True
    attaches_numbers: bool = False


PLIVO = Dialect(
    "plivo",
    VendorKeys("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN", "PLIVO_PHONE_NUMBER", "PLIVO_API_URL"),
    "https://api.plivo.com",
    "(MA|SA)[A-Z0-9]{18}",
    "x-plivo-signature-v3",
)


class PlivoCalls(XmlVendor):
    """``media_streams.vendor.Vendor``."""

    def __init__(self, sender: HttpClient, dialect: Dialect = PLIVO) -> None:
        keys = dialect.keys
        address = stored_address(keys.api, dialect.api)
        super().__init__(
            keys, CarrierApi(sender, dialect.name, keys.needed, dialect.account_form, address, dialect.credentials)
        )
        self.name = dialect.name
        self.framing = dialect.framing
        self.signature_header = dialect.signature_header
        self._dialect = dialect
        self._nonces: dict[str, bytes] = {}

    def proof(self, account: VendorAccount, key: str, handover: int = 0) -> Mapping[str, str]:
        """A token, where the signature leaves the query of an address out."""
        return token_of(self._token(account), key, handover) if self._dialect.signs_address else {}

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """Its signature is over the address, the fields of the form and a nonce. There may be several, one for each token. A dialect that
        signs the address alone also needs the token of the call where it is about one."""
        if not is_proven(self, account, request.url):
            return False
        form, token = form_of(request), self._token(account)
        nonce = request.headers.get(f"{self.signature_header}-nonce", "")
        given = request.headers.get(self.signature_header, "").encode().split(b",")
        if form is None or not nonce:
            return False
        urls = spellings_of(request.url)
        wanted = [signature(token, url, form, nonce) for url in urls]
        if not _is_among(given, wanted):
            by_address = [address_signature(token, url, nonce) for url in urls]
            return self._dialect.signs_address and _is_among(given, by_address) and self._is_new(nonce, request)
        return True

    def _is_new(self, nonce: str, request: DoorRequest) -> bool:
        """Whether a nonce comes with what it came with before. Without that, whoever saw one signature could send any form with it."""
        content = hashlib.sha256(b"\0".join((request.url.encode(), request.body))).digest()
        before = self._nonces.setdefault(nonce, content)
        while len(self._nonces) > MAX_CALLS_REMEMBERED:
            self._nonces.pop(next(iter(self._nonces)))
        return hmac.compare_digest(before, content)

    def read(self, request: DoorRequest) -> Callback:
        """A form. Raises BadInputError for one that names no call."""
        form = fields_of(request)
        status = form.get("CallStatus", "")
        callback = _callback(form, _PROGRESS.get(status, ""), _ENDS.get(status))
        if status != "completed":
            return callback
        # Of a target that was in a conference: it runs out of instructions when the other one has left.
        has_left = form.get("HangupCauseCode") != _END_OF_INSTRUCTIONS
        cause = _HUNG_UP_BY.get(form.get("HangupSource", "").lower(), "") if has_left else "caller_hung_up"
        return replace(callback, talk=TalkEnd(callback.call_id, whole_number(form.get("Duration", "")), cause=cause))

    def read_target(self, request: DoorRequest) -> Callback:
        """DialAction while a target is called, and DialStatus at the end; or ConferenceAction. RecordingID of the recording, from its
        beginning on."""
        form = fields_of(request)
        if "ConferenceAction" in form:
            first, size = form.get("ConferenceFirstMember"), whole_number(form.get("ConferenceCurrentSize", "")) or 0
            is_second = first == "false" or (first is None and size > 1)
            return _callback(form, "answered" if is_second and form["ConferenceAction"] == "enter" else "", None)
        if "RecordingID" in form:
            return Callback(form.get("CallUUID", ""), recording=TalkRecording(_recording(form["RecordingID"])))
        form["CallUUID"] = form.get("DialBLegUUID") or form.get("CallUUID", "")
        action, ended = form.get("DialAction"), form.get("DialStatus", "")
        callback = _callback(form, "answered" if action in _TAKEN else "", _ENDS.get(ended))
        if ended != "completed" and action != "hangup":
            return callback
        seconds, source = whole_number(form.get("DialBLegDuration", "")), form.get("DialBLegHangupSource", "")
        talk = TalkEnd(form.get("DialBLegUUID", ""), seconds, cause=_HUNG_UP_BY.get(source.lower(), ""))
        return replace(callback, talk=talk)

    def read_machine(self, request: DoorRequest) -> str:
        """Machine."""
        return _MACHINE.get(fields_of(request).get("Machine", "").lower(), "unknown")

    async def place(self, account: VendorAccount, order: Order) -> str:
        """POST to the list of calls."""
        asked: dict[str, Any] = {
            "from": _written(order.from_number),
            "to": _written(order.to_number),
            "answer_url": order.instructions,
            "answer_method": "POST",
            "ring_url": order.status,
            "ring_method": "POST",
            "hangup_url": order.status,
            "hangup_method": "POST",
            "ring_timeout": order.ring_seconds,
            "time_limit": LONGEST_CALL_SECONDS,
        }
        if order.machine:
            # In the background, where there is an address: the person who has answered hears the agent meanwhile.
            detection = {"machine_detection": "true", "machine_detection_url": order.machine}
            asked |= {**detection, "machine_detection_method": "POST"}
        answer = await self._ask(account, "POST", "Call/", asked)
        found = answer.get("request_uuid")
        if not isinstance(found, str) or not found:
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the call")
        return found

    async def hang_up(self, account: VendorAccount, call_id: str, order_id: str = "") -> None:
        """DELETE of the order, while the call waits or rings, then of the call: it may have left the queue in between."""
        if order_id and self._dialect.cancels_orders:
            # Whether it waits any more is not known. Where the vendor cannot be asked, the second request says so.
            with suppress(ProviderError):
                await self._ask(account, "DELETE", f"Request/{order_id}/")
        await self._ask(account, "DELETE", f"Call/{call_id}/")

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        """The call gets other instructions, which end its stream: the vendor asks for them, and gets :meth:`dial`."""
        asked = {"legs": "aleg", "aleg_url": handover.instructions, "aleg_method": "POST"}
        await self._ask(account, "POST", f"Call/{call_id}/", asked)

    async def bridge(self, account: VendorAccount, call_id: str, handover: Handover) -> bool:
        """Both ask for instructions."""
        for one in (handover.target, call_id):
            await self.hand_over(account, one, handover)
        return True

    async def is_bridged(self, account: VendorAccount, handover: Handover) -> bool:
        """Whether the conference has two members."""
        found = await self._ask(account, "GET", f"Conference/{handover.conference}/", missing=True)
        return bool(found) and len(self._rest.objects(found, "members")) > 1

    def dial(self, handover: Handover) -> DoorAnswer:
        """Dial of a number or a SIP user, or a conference."""
        if handover.conference:
            return response(
                f'<Conference endConferenceOnExit="true" callbackUrl={quoteattr(handover.answered)}'
                f' callbackMethod="POST">{handover.conference}</Conference>'
            )
        is_number = kind_of_address(handover.target) == E164
        noun, target = ("Number", _written(handover.target)) if is_number else ("User", handover.target)
        attributes = {
            "callerId": _written(handover.from_number),
            "timeout": str(handover.ring_seconds),
            "action": handover.result,
            "method": "POST",
            "redirect": "true",
            "callbackUrl": handover.answered,
            "callbackMethod": "POST",
        }
        record = {
            "startOnDialAnswer": "true",
            "redirect": "false",
            "fileFormat": "wav",
            "recordChannelType": "stereo",
            "maxLength": str(LONGEST_CALL_SECONDS),
            # Some vendors report at one of the two alone.
            "action": handover.answered,
            "method": "POST",
            "callbackUrl": handover.answered,
            "callbackMethod": "POST",
        }
        dialled = f"<Dial {_attributes(attributes)}><{noun}>{escape(target)}</{noun}></Dial>"
        return response(f"<Record {_attributes(record)}/>{dialled}")

    async def recording(self, account: VendorAccount, name: str) -> RemoteFile:
        """At the address that the resource of the recording has."""
        found = await self._ask(account, "GET", f"Recording/{name}/", missing=True)
        url = found.get("recording_url")
        if not isinstance(url, str) or not url:
            raise self._rest.error(FailureKind.UNAVAILABLE, "it does not have the recording yet")
        domain = ".".join((urlsplit(self._dialect.api).hostname or "").split(".")[1:])
        return self._rest.file(account.access, url, f".{domain}")

    async def route_number(self, account: VendorAccount, number: str, address: str, events: str) -> Route:
        """A number asks where its application says. One that asks here already is used again."""
        before = "" if self._dialect.attaches_numbers else await self._asked_at(account, number)
        if before == address:
            return Route(before)
        application_id = await self._application(account, address)
        if application_id is None:
            digest = hashlib.sha256(address.encode()).hexdigest()
            asked = {"app_name": f"callwright-{digest[:12]}", "answer_url": address, "answer_method": "POST"}
            # Callers who give up before the answer are reported there.
            asked |= {"hangup_url": address, "hangup_method": "POST"}
            application_id = (await self._ask(account, "POST", "Application/", asked)).get("app_id")
        if not isinstance(application_id, str) or not _ID.fullmatch(application_id):
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the application")
        if self._dialect.attaches_numbers:
            await self._attach(account, number, application_id)
        else:
            await self._ask(account, "POST", _resource_of(number), {"app_id": application_id})
        return Route(before, changed=True)

    def connect(self, stream: str, call_id: str) -> DoorAnswer:
        """Stream: both ways, and the call goes on as long as it does."""
        kind = f"{_SOUND['contentType']};rate={_SOUND['sampleRate']}"
        return response(
            f'<Stream bidirectional="true" keepCallAlive="true" contentType="{kind}">{escape(stream)}</Stream>'
        )

    def refuse(self, code: int) -> DoorAnswer:
        """Hangup with a reason, before the call is answered."""
        return response(f'<Hangup reason="{reason_of(code)}"/>')

    async def _asked_at(self, account: VendorAccount, number: str) -> str:
        """The answer URL of the application that a number has, empty for none. Raises ProviderError where the account lacks the number."""
        found = await self._ask(account, "GET", _resource_of(number), missing=True)
        if not found:
            raise self._lacks(number)
        application = found.get("application")
        own = _APPLICATION.fullmatch(application) if isinstance(application, str) else None
        if own is None or own[1] != account.id:
            return ""
        told = await self._ask(account, "GET", f"Application/{own[2]}/", missing=True)
        return str((told or {}).get("answer_url") or "")

    async def _attach(self, account: VendorAccount, number: str, application_id: str) -> None:
        # Its resources of numbers are below a path in small letters.
        url = f"{account.api}/v1/account/{account.id}/numbers/{quote(number, safe='')}/application"
        asked, keys = {"application_id": application_id}, self._rest.account(account.access)
        if await self._rest.ask(keys, "POST", url, json=asked, missing=True) is None:
            raise self._lacks(number)

    def _lacks(self, number: str) -> ProviderError:
        return self._rest.error(FailureKind.BAD_REQUEST, f"the account does not have the number {number}")

    async def _application(self, account: VendorAccount, address: str) -> Any:
        """The id of an application that asks at ``address``, None where there is none among the first _MOST_APPLICATIONS."""
        for offset in range(0, _MOST_APPLICATIONS, _PAGE):
            listed = await self._ask(account, "GET", f"Application/?limit={_PAGE}&offset={offset}")
            applications = self._rest.objects(listed, "objects")
            for one in applications:
                if one.get("answer_url") == address and one.get("answer_method", "POST") == "POST":
                    return one.get("app_id")
            if len(applications) < _PAGE:
                break
        return None

    async def _ask(
        self,
        account: VendorAccount,
        method: str,
        resource: str,
        asked: Mapping[str, Any] | None = None,
        *,
        missing: bool = False,
    ) -> Mapping[str, Any]:
        url = f"{account.api}/v1/Account/{account.id}/{resource}"
        keys = self._rest.account(account.access)
        return await self._rest.ask(keys, method, url, json=asked, missing=missing or method == "DELETE") or {}


def _is_among(given: Iterable[bytes], wanted: Iterable[str]) -> bool:
    return any(hmac.compare_digest(one.encode(), other) for one in wanted for other in given)


def _attributes(given: Mapping[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in given.items())


def _recording(name: str) -> str:
    """The id of a recording. Raises BadInputError."""
    if not _ID.fullmatch(name):
        raise BadInputError("RecordingID is none")
    return name


def _written(number: str) -> str:
    """A number as Plivo writes it."""
    return number.removeprefix("+")


def _resource_of(number: str) -> str:
    return f"Number/{_written(number)}/"


def signature(token: str, url: str, form: Mapping[str, Iterable[str]], nonce: str) -> str:
    """What Plivo signs a POST with: HMAC-SHA256 over the address with its query in order, the fields in order, and the nonce."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    signed = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    asked = "&".join(f"{name}={value}" for name in sorted(query) for value in sorted(query[name]))
    if asked or form:
        signed += f"?{asked}" + ("." if asked and form else "")
    signed += "".join(name + value for name in sorted(form) for value in sorted(form[name])) + f".{nonce}"
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha256).digest()).decode()


def address_signature(token: str, url: str, nonce: str) -> str:
    """What a dialect signs with that leaves out query and form: HMAC-SHA256 over the address, a dot and the nonce."""
    parts = urlsplit(url)
    signed = f"{urlunsplit((parts.scheme, parts.netloc, parts.path, '', ''))}.{nonce}"
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha256).digest()).decode()


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
