"""A stand-in of Twilio on loopback: takes calls over its API, signs what it asks and tells, and holds a synthetic caller to the stream."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import httpx
from tests.http_server import Exchange, serving
from tests.number_vendors import SID, TALK_SECONDS, TALK_WAV, TOKEN, at_once, say, send_recording
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from callwright.ports.leg import SILENCE_FRAME
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.twilio.vendor import signature

Form = dict[str, str]
RECORDING = f"RE{8_000:032x}"
TARGET = 7_000
"""The call to the target of a transfer."""


@dataclass
class Phone:
    """A call at the vendor. ``heard`` are the messages of its streams."""

    sid: str
    order: list[tuple[str, str]]
    heard: list[dict[str, Any]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[httpx.Response] = field(default_factory=list)
    socket: ClientConnection | None = None
    redirected: str = ""
    conference: str = ""

    def asked(self, name: str) -> str:
        return dict(self.order)[name]


@dataclass
class TwilioVendor:
    """``recording``: that of each talk after a transfer, and ``sends`` is awaited in the middle of the file.

    ``outcomes``: what becomes of a call to a number, ``completed`` unless it says otherwise. ``far_end`` makes the caller,
    or ``talk`` is all of it."""

    far_end: Callable[[], Awaitable[FarEnd]] | None = None
    talk: Callable[[Phone, str], Awaitable[None]] | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    dial_status: str = "completed"
    target_talks: Callable[[], Awaitable[object]] = at_once
    recording: bytes = TALK_WAV
    sends: Callable[[], Awaitable[object]] = at_once
    token: str = TOKEN
    url: str = ""
    phones: list[Phone] = field(default_factory=list)
    requests: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    numbers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Numbers of the account: how calls to them are routed, as the resource has it."""
    bridging: list[str] = field(default_factory=list)
    """What becomes of the requests to move a call into a conference, in order: refused, or lost, which is done and then fails."""
    conferences: dict[str, list[Phone]] = field(default_factory=dict)
    meeting_reports: dict[str, str] = field(default_factory=dict)
    """The address to which a conference reports: its first participant's."""
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def answer(self, exchange: Exchange) -> None:
        """One request of the platform."""
        request = exchange.request
        good = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        form = parse_qsl(request.body.decode(), keep_blank_values=True)
        path = request.target.removeprefix(f"/2010-04-01/Accounts/{SID}/")
        self.requests.append((path, form))
        if request.headers.get("authorization") != good:
            await say(exchange, 401, {"code": 20003, "message": "Authenticate", "status": 401})
        elif path.startswith("IncomingPhoneNumbers"):
            await self._number(exchange, path, dict(form))
        elif path.startswith("Recordings/"):
            assert path.endswith(f"/{RECORDING}.wav?RequestedChannels=2"), path
            await send_recording(exchange, self.recording, self.sends)
        elif path == "Calls.json" and dict(form)["To"] == "+15550000":
            await say(exchange, 400, {"code": 21211, "message": "The 'To' number is not valid", "status": 400})
        elif path == "Calls.json":
            phone = Phone(f"CA{len(self.phones):032x}", form)
            self.phones.append(phone)
            self.start(self.placed(phone))
            await say(exchange, 201, {"sid": phone.sid, "status": "queued"})
        else:
            phone = next(one for one in self.phones if path == f"Calls/{one.sid}.json")
            asked = dict(form)
            if "<Conference" in asked.get("Twiml", "") and not phone.over.is_set():
                outcome = self.bridging.pop(0) if self.bridging else ""
                if outcome != "refused":
                    await self._confer(phone, asked["Twiml"])
                if outcome:
                    await say(exchange, 503, {"code": 20503, "message": "not now", "status": 503})
                    return
            elif "Twiml" in asked and not phone.over.is_set():
                phone.redirected = asked["Twiml"]
                self.start(self._redirected(phone))
            elif not phone.over.is_set():
                await self.hang_up(phone)
            await say(exchange, 200, {"sid": phone.sid})

    async def hang_up(self, phone: Phone) -> None:
        """A call ends, and with it its conference and the other call in that."""
        phone.over.set()
        if phone.socket is not None:
            await phone.socket.close()
        others = self.conferences.pop(phone.conference, [])
        if phone.conference:
            self.start(self._conference_over(phone, others))

    async def _conference_over(self, phone: Phone, participants: list[Phone]) -> None:
        url = self.meeting_reports[phone.conference]
        if len(participants) > 1:
            about = {"StatusCallbackEvent": "conference-end", "CallSidEndingConference": phone.sid}
            await self.report(url, about | {"Timestamp": format_datetime(datetime.now(UTC))})
        for one in participants:
            one.over.set()
            await self.tell(one, one.asked("StatusCallback"), CallStatus="completed", CallDuration=str(TALK_SECONDS))

    async def _confer(self, phone: Phone, instructions: str) -> None:
        """The call leaves its stream for a conference."""
        conference = ET.fromstring(instructions).find("Dial/Conference")
        assert conference is not None
        assert phone.socket is not None
        phone.redirected, phone.conference = instructions, conference.text or ""
        inside = self.conferences.setdefault(phone.conference, [])
        inside.append(phone)
        await phone.socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": phone.sid}}))
        if len(inside) == 1:
            self.meeting_reports[phone.conference] = conference.attrib["statusCallback"]
        else:
            self.start(self.report(self.meeting_reports[phone.conference], {"StatusCallbackEvent": "conference-start"}))

    async def _number(self, exchange: Exchange, path: str, form: Form) -> None:
        resource, _, query = path.partition("?")
        sids = {f"PN{place:032x}": number for place, number in enumerate(self.numbers)}
        if exchange.request.method == "POST":
            number = sids[resource.removeprefix("IncomingPhoneNumbers/").removesuffix(".json")]
            names = {"VoiceUrl": "voice_url", "VoiceApplicationSid": "voice_application_sid", "TrunkSid": "trunk_sid"}
            assert form.pop("VoiceMethod") == "POST"
            self.numbers[number].update({names[name]: value for name, value in form.items()})
            await say(exchange, 200, {"phone_number": number})
            return
        wanted = dict(parse_qsl(query)).get("PhoneNumber")
        found = [{"sid": sid, "phone_number": one, **self.numbers[one]} for sid, one in sids.items() if one == wanted]
        await say(exchange, 200, {"incoming_phone_numbers": found})

    def start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def tell(self, phone: Phone, url: str, *, token: str = "", **more: str) -> httpx.Response:
        """A signed request to the platform."""
        answer = await self.report(url, {"CallSid": phone.sid, **more}, token)
        phone.answers.append(answer)
        return answer

    async def report(self, url: str, form: Form, token: str = "") -> httpx.Response:
        """A signed request to the platform, about no call in particular."""
        form = {"AccountSid": SID, **form}
        signed = signature(token or self.token, url, {name: [value] for name, value in form.items()})
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(url, data=form, headers={"X-Twilio-Signature": signed})

    async def placed(self, phone: Phone) -> None:
        outcome, status = self.outcomes.get(phone.asked("To"), "completed"), phone.asked("StatusCallback")
        await self.tell(phone, status, CallStatus="ringing", To=phone.asked("To"))
        if outcome == "rings":
            await phone.over.wait()
            await self.tell(phone, status, CallStatus="canceled", To=phone.asked("To"))
        elif outcome != "completed":
            await self.tell(phone, status, CallStatus=outcome, To=phone.asked("To"))
        else:
            await self.tell(phone, status, CallStatus="in-progress", To=phone.asked("To"))
            told = await self.tell(phone, phone.asked("Url"), CallStatus="in-progress", To=phone.asked("To"))
            await self.follow(phone, told)
            if not phone.redirected:
                await self.tell(phone, status, CallStatus="completed", To=phone.asked("To"))

    async def call(self, url: str, to: str, sender: str = "+15550123", **more: str) -> Phone:
        """A call to a number of the account, to its end."""
        phone = Phone(f"CA{len(self.phones):032x}", [("To", to)])
        self.phones.append(phone)
        told = await self.tell(phone, url, CallStatus="ringing", To=to, From=sender, **more)
        await self.follow(phone, told)
        return phone

    async def follow(self, phone: Phone, told: httpx.Response) -> None:
        """Do what an instruction says."""
        if told.status_code != 200:
            return
        stream = ET.fromstring(told.text).find("Connect/Stream")
        if stream is not None and not phone.over.is_set():
            await (self.talk or self._talk)(phone, stream.attrib["url"])

    async def _redirected(self, phone: Phone) -> None:
        dial = ET.fromstring(phone.redirected).find("Dial")
        assert dial is not None
        assert phone.socket is not None
        await phone.socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": phone.sid}}))
        target = dial[0]
        result = {"CallStatus": "in-progress", "DialCallStatus": self.dial_status}
        if self.dial_status == "completed":
            await self.tell(phone, target.attrib["statusCallback"], CallStatus="in-progress", To=target.text or "")
            await self.target_talks()
            result |= {"DialCallSid": f"CA{TARGET:032x}", "DialCallDuration": str(TALK_SECONDS)}
        told = await self.tell(phone, dial.attrib["action"], **result)
        await self.follow(phone, told)
        await self.tell(phone, phone.asked("StatusCallback"), CallStatus="completed", To=phone.asked("To"))
        if self.dial_status == "completed":
            await self.recorded(phone, dial)

    async def recorded(self, phone: Phone, dial: ET.Element) -> httpx.Response:
        """What it reports of the recording that the instruction asks for."""
        assert (dial.attrib["record"], dial.attrib["trim"]) == ("record-from-answer-dual", "do-not-trim")
        status = "completed" if self.recording else "absent"
        assert status in dial.attrib["recordingStatusCallbackEvent"].split()
        about = {"RecordingSid": RECORDING, "RecordingStatus": status, "RecordingDuration": str(TALK_SECONDS)}
        return await self.tell(phone, dial.attrib["recordingStatusCallback"], **about)

    async def _talk(self, phone: Phone, address: str) -> None:
        """Be the caller until the stream is over."""
        far_end = await self.far_end() if self.far_end is not None else None
        async with connect(address) as socket:
            phone.socket = socket
            await socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
            media_format = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
            start = {"streamSid": "MZ1", "callSid": phone.sid, "accountSid": SID, "mediaFormat": media_format}
            await socket.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}))
            if far_end is not None:
                far_end.answered()
            speaking = asyncio.create_task(self._speak(socket, far_end))
            marks: dict[str, asyncio.Task[None]] = {}
            try:
                async for message in socket:
                    told = json.loads(message)
                    phone.heard.append(told)
                    if told["event"] == "media" and far_end is not None:
                        sound = base64.b64decode(told["media"]["payload"])
                        for at in range(0, len(sound), 160):
                            far_end.earpiece.write(sound[at : at + 160])
                    elif told["event"] == "clear":
                        if far_end is not None:
                            far_end.earpiece.clear()
                        for mark in marks.values():
                            mark.cancel()
                        for name in marks:
                            await socket.send(json.dumps(_mark(name)))
                        marks.clear()
                    elif told["event"] == "mark":
                        name = told["mark"]["name"]
                        wait_s = far_end.earpiece.waiting_ms / 1000 if far_end is not None else 0.0
                        marks[name] = asyncio.create_task(_played(socket, name, wait_s, marks))
            finally:
                speaking.cancel()
                for mark in marks.values():
                    mark.cancel()
                if far_end is not None:
                    await far_end.aclose()

    async def _speak(self, socket: ClientConnection, far_end: FarEnd | None) -> None:
        next_s = asyncio.get_running_loop().time()
        while True:
            frame = far_end.tick()[0] if far_end is not None else None
            payload = base64.b64encode(frame or SILENCE_FRAME).decode()
            await socket.send(json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": payload}}))
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))


def _mark(name: str) -> dict[str, Any]:
    return {"event": "mark", "streamSid": "MZ1", "mark": {"name": name}}


async def _played(socket: ClientConnection, name: str, wait_s: float, marks: dict[str, Any]) -> None:
    await asyncio.sleep(wait_s)
    marks.pop(name, None)
    try:
        await socket.send(json.dumps(_mark(name)))
    except ConnectionClosed:
        return


def stream_of(answer: httpx.Response) -> str:
    """The address of the stream in an instruction, empty where there is none."""
    found = re.search(r'<Stream url="([^"]+)"', answer.text)
    return found[1] if found else ""


@asynccontextmanager
async def twilio_vendor(vendor: TwilioVendor) -> AsyncIterator[TwilioVendor]:
    """The stand-in, served."""
    async with serving(vendor.answer) as server:
        vendor.url = server.url
        try:
            yield vendor
        finally:
            for task in list(vendor.tasks):
                task.cancel()
            await asyncio.gather(*vendor.tasks, return_exceptions=True)
