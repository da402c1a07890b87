"""Twilio's API for calls, its instructions and callbacks, as its pages say (read in 2026):

- https://www.twilio.com/docs/voice/api/call-resource: placing, ending and redirecting a call; status callbacks
- https://www.twilio.com/docs/voice/media-streams/websocket-messages: the messages of a stream
- https://www.twilio.com/docs/voice/twiml/stream, .../dial and .../conference: the instructions
- https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource: where calls to a number are asked about
- https://www.twilio.com/docs/voice/api/conference-resource: whether a conference has started
- https://www.twilio.com/docs/voice/answering-machine-detection: who has answered
- https://www.twilio.com/docs/voice/twiml/dial#record and .../voice/api/recording: the recording of a talk after a transfer
- https://www.twilio.com/docs/usage/security: the signature
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.sax.saxutils import escape, quoteattr

from callwright.domain.errors import BadInputError
from callwright.domain.number import E164, kind_of_address
from callwright.platform.executions.rules.causes import CAUSES, Cause, cause_of_sip
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
from callwright.telephony.number_markets.rest import CarrierApi, stored_address

NAME = "twilio"
KEYS = VendorKeys("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "TWILIO_API_URL")
API = "https://api.twilio.com"

_ACCOUNT = "AC[0-9a-fA-F]{32}"
_CALL = re.compile("CA[0-9a-fA-F]{32}")
_NUMBER = re.compile("PN[0-9a-fA-F]{32}")
_RECORDING = re.compile("RE[0-9a-fA-F]{32}")
_ROUTES = ("trunk_sid", "voice_application_sid", "voice_url")
"""What decides where a call to a number goes, the strongest first."""
_TAKEN_OFF = {"VoiceApplicationSid": "voice_application_sid", "TrunkSid": "trunk_sid"}
_SIP_HEADER = "SipHeader_"
_CONFERENCE = "conference-"
_TARGET = "target"
"""In the query of the address to which a conference reports: the call to the target."""
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

_RECORD = 'record="record-from-answer-dual" trim="do-not-trim" recordingStatusCallbackEvent="completed absent"'
"""Attributes of Dial: two sides, whole, in time with each other."""

FRAMING = Framing(
    stream_id=("start", "streamSid"),
    call_id=("start", "callSid"),
    parameters=("start", "customParameters"),
    mark_name=("mark", "name"),
    media=lambda stream, payload: {"event": "media", "streamSid": stream, "media": {"payload": payload}},
    mark=lambda stream, name: {"event": "mark", "streamSid": stream, "mark": {"name": name}},
    clear=lambda stream, _: {"event": "clear", "streamSid": stream},
)


class TwilioCalls(XmlVendor):
    """``media_streams.vendor.Vendor``."""

    name = NAME
    framing = FRAMING
    signature_header = "x-twilio-signature"

    def __init__(self, sender: HttpClient) -> None:
        super().__init__(KEYS, CarrierApi(sender, NAME, KEYS.needed, _ACCOUNT, stored_address(KEYS.api, API)))

    def is_genuine(self, request: DoorRequest, account: VendorAccount) -> bool:
        """Its signature is over the address, with or without the port, and the fields of the form in order."""
        given = request.headers.get(self.signature_header, "").encode()
        token, form = self._token(account), form_of(request)
        if form is None:
            return False
        wanted = [signature(token, url, form).encode() for url in spellings_of(request.url)]
        return any(hmac.compare_digest(one, given) for one in wanted)

    def read(self, request: DoorRequest) -> Callback:
        """A form. Raises BadInputError for one that names no call."""
        form = fields_of(request)
        status = form.get("CallStatus", "")
        callback = _callback(form, status)
        if status != "completed":
            return callback
        # Of a target that was in a conference, whose own report may be lost, and says who has hung up.
        return replace(callback, talk=TalkEnd(callback.call_id, whole_number(form.get("CallDuration", ""))))

    def read_target(self, request: DoorRequest) -> Callback:
        """DialCallStatus at the end; before, the target is a call of its own and reports as one. Else a conference reports, or
        RecordingStatus of the recording."""
        form = fields_of(request)
        event = form.get("StatusCallbackEvent", "")
        if event.startswith(_CONFERENCE):
            return _of_conference(form, event, dict(parse_qsl(urlsplit(request.url).query)).get(_TARGET, ""))
        if "RecordingStatus" in form:
            return Callback(form.get("CallSid", ""), recording=_recording(form))
        ended = form.get("DialCallStatus", "")
        own = form.get("CallStatus", "")
        form["CallSid"] = form.get("DialCallSid") or form.get("CallSid", "")
        callback = _callback(form, "completed" if ended == "answered" else ended or own)
        if ended not in ("completed", "answered"):
            return callback
        # Our far end is still there unless it has hung up itself.
        cause = {"in-progress": "normal_clearing", "completed": "caller_hung_up"}.get(own, "")
        talk = TalkEnd(form.get("DialCallSid", ""), whole_number(form.get("DialCallDuration", "")), cause=cause)
        return replace(callback, talk=talk)

    def read_machine(self, request: DoorRequest) -> str:
        """AnsweredBy. A fax is no person either."""
        answered_by = fields_of(request).get("AnsweredBy", "")
        is_machine = answered_by.startswith("machine") or answered_by == "fax"
        return "machine" if is_machine else "human" if answered_by == "human" else "unknown"

    async def place(self, account: VendorAccount, order: Order) -> str:
        """POST to the list of calls."""
        form = [
            ("To", order.to_number),
            ("From", order.from_number),
            ("Url", order.instructions),
            ("Timeout", str(order.ring_seconds)),
            ("TimeLimit", str(LONGEST_CALL_SECONDS)),
            ("StatusCallback", order.status),
            *(("StatusCallbackEvent", event) for event in _EVENTS),
        ]
        if order.machine:
            # In the background: the person who has answered hears the agent meanwhile.
            form += [("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", order.machine)]
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
        await self._ask(account, f"Calls/{call_id}.json", [("Twiml", self.dial(handover).body.decode())])

    async def bridge(self, account: VendorAccount, call_id: str, handover: Handover) -> bool:
        """Both get instructions to dial a conference. It reports to the address of its first participant alone."""
        told = f"{handover.answered}&{urlencode({_TARGET: handover.target})}"
        conference = response(
            '<Dial><Conference beep="false" waitUrl="" endConferenceOnExit="true"'
            f' statusCallback={quoteattr(told)} statusCallbackEvent="start end">{handover.conference}</Conference></Dial>'
        )
        for one in (handover.target, call_id):
            await self._ask(account, f"Calls/{one}.json", [("Twiml", conference.body.decode())])
        return True

    async def is_bridged(self, account: VendorAccount, handover: Handover) -> bool:
        """Whether the conference is in progress: it starts with its second participant."""
        query = urlencode({"FriendlyName": handover.conference, "Status": "in-progress"})
        return bool(self._rest.objects(await self._get(account, f"Conferences.json?{query}"), "conferences"))

    def dial(self, handover: Handover) -> DoorAnswer:
        """Dial of a number or a SIP address."""
        noun = "Number" if kind_of_address(handover.target) == E164 else "Sip"
        return response(
            f"<Dial callerId={quoteattr(handover.from_number)} timeout={quoteattr(str(handover.ring_seconds))}"
            f" action={quoteattr(handover.result)} {_RECORD} recordingStatusCallback={quoteattr(handover.answered)}"
            f"><{noun} statusCallback={quoteattr(handover.answered)}"
            f' statusCallbackEvent="answered">{escape(handover.target)}</{noun}></Dial>'
        )

    async def recording(self, account: VendorAccount, name: str) -> RemoteFile:
        """The resource of the recording, as a file."""
        url = f"{account.api}/2010-04-01/Accounts/{account.id}/Recordings/{name}.wav?RequestedChannels=2"
        return self._rest.file(account.access, url)

    async def route_number(self, account: VendorAccount, number: str, address: str, events: str) -> Route:
        """The number's own webhook. What would take its place, an application or a trunk, is taken off it."""
        listed = await self._get(account, f"IncomingPhoneNumbers.json?{urlencode({'PhoneNumber': number})}")
        found = [
            one for one in self._rest.objects(listed, "incoming_phone_numbers") if one.get("phone_number") == number
        ]
        sid = found[0].get("sid") if found else None
        if not isinstance(sid, str) or not _NUMBER.fullmatch(sid):
            raise self._rest.error(FailureKind.BAD_REQUEST, f"the account does not have the number {number}")
        before = next((str(found[0][name]) for name in _ROUTES if found[0].get(name)), "")
        # An empty id takes an application or a trunk off the number.
        taken_off = [(name, "") for name, field in _TAKEN_OFF.items() if found[0].get(field)]
        form = [("VoiceUrl", address), ("VoiceMethod", "POST"), *taken_off]
        if before != address:
            await self._ask(account, f"IncomingPhoneNumbers/{sid}.json", form)
        return Route(before, changed=before != address)

    def connect(self, stream: str, call_id: str) -> DoorAnswer:
        """Connect and Stream: both ways."""
        return response(f"<Connect><Stream url={quoteattr(stream)}/></Connect>")

    def refuse(self, code: int) -> DoorAnswer:
        """Reject, which is not billed."""
        return response(f'<Reject reason="{reason_of(code)}"/>')

    async def _get(self, account: VendorAccount, resource: str) -> Mapping[str, Any]:
        url = f"{account.api}/2010-04-01/Accounts/{account.id}/{resource}"
        return await self._rest.ask(self._rest.account(account.access), "GET", url) or {}

    async def _ask(self, account: VendorAccount, resource: str, form: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
        url = f"{account.api}/2010-04-01/Accounts/{account.id}/{resource}"
        return await self._rest.ask(self._rest.account(account.access), "POST", url, list(form)) or {}


def signature(token: str, url: str, form: Mapping[str, Iterable[str]]) -> str:
    """What Twilio signs an address and a form with: HMAC-SHA1 over the address and each name with its values, in order."""
    signed = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _of_conference(form: Mapping[str, str], event: str, target: str) -> Callback:
    """What a conference with the call ``target`` says: both are there, or one of them has ended it."""
    if event != f"{_CONFERENCE}end":
        return Callback(target, progress="answered" if event == f"{_CONFERENCE}start" else "")
    try:
        ended_at = parsedate_to_datetime(form.get("Timestamp", "")).isoformat()
    except ValueError:
        ended_at = ""
    ended_by = form.get("CallSidEndingConference", "")
    cause = "" if not ended_by else "normal_clearing" if ended_by == target else "caller_hung_up"
    return Callback(target, talk=TalkEnd(target, ended_at=ended_at, cause=cause))


def _recording(form: Mapping[str, str]) -> TalkRecording | None:
    """What a form says of a recording. Raises BadInputError."""
    name, status = form.get("RecordingSid", ""), form["RecordingStatus"]
    if status in ("absent", "failed"):
        return TalkRecording(lost=f"the carrier has no recording: {status}")
    if not _RECORDING.fullmatch(name):
        raise BadInputError("RecordingSid is missing, or is none")
    return TalkRecording(name) if status == "completed" else None


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
