"""A stand-in of Plivo on loopback, or of a vendor that speaks its API: takes calls, signs what it asks and tells, and streams."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree as ET

import httpx
from tests.http_server import Exchange, serving
from tests.number_vendors import AUTH_ID, TALK_SECONDS, TALK_WAV, TOKEN, at_once, say, send_recording
from websockets.asyncio.client import ClientConnection, connect

from callwright.ports.leg import SILENCE_FRAME
from callwright.telephony.plivo.vendor import address_signature, signature

RECORDING = "rec-1"


@dataclass
class Phone:
    """A call at the vendor. ``heard`` are the messages of its stream."""

    uuid: str
    order: dict[str, Any]
    heard: list[dict[str, Any]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    socket: ClientConnection | None = None
    answered: bool = False
    redirected: str = ""
    dialled: list[tuple[str, str]] = field(default_factory=list)
    conference: str = ""


@dataclass
class PlivoVendor:
    """``outcomes``: what becomes of a call to a number, ``completed`` unless it says otherwise; ``dial_status``: of the target of a
    transfer. ``signs_address``: its signature is over the address alone."""

    outcomes: dict[str, str] = field(default_factory=dict)
    dial_status: str = "completed"
    target_talks: Callable[[], Awaitable[object]] = at_once
    recording: bytes = TALK_WAV
    account: str = AUTH_ID
    credentials: dict[str, str] = field(
        default_factory=lambda: {"authorization": "Basic " + base64.b64encode(f"{AUTH_ID}:{TOKEN}".encode()).decode()}
    )
    header: str = "X-Plivo-Signature-V3"
    signs_address: bool = False
    cancels_orders: bool = True
    url: str = ""
    told: int = 0
    phones: list[Phone] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    numbers: dict[str, str] = field(default_factory=dict)
    """Numbers of the account, and the id of each one's application."""
    applications: dict[str, dict[str, str]] = field(default_factory=dict)
    bridging: list[str] = field(default_factory=list)
    """What becomes of the requests to move a call, in order: refused, or lost, which is done and then fails."""
    conferences: dict[str, list[Phone]] = field(default_factory=dict)

    async def answer(self, exchange: Exchange) -> None:
        """One request of the platform."""
        request = exchange.request
        kind, _, name = request.target.removeprefix(f"/v1/Account/{self.account}/").strip("/").partition("/")
        if any(request.headers.get(header) != value for header, value in self.credentials.items()):
            await say(exchange, 401, {"error": "could not verify your access level"})
        elif request.target.startswith(below := f"/v1/account/{self.account}/numbers"):
            await self._attached(exchange, request.target.removeprefix(below))
        elif kind == "Recording":
            told = {"recording_id": name.strip("/"), "recording_url": f"{self.url}/media/{name.strip('/')}.wav"}
            await say(exchange, 200 if self.recording else 404, told if self.recording else None)
        elif request.target == f"/media/{RECORDING}.wav":
            await send_recording(exchange, self.recording)
        elif kind in ("Number", "Application"):
            await self._number(exchange, request.target.removeprefix(f"/v1/Account/{self.account}/"))
        elif request.method == "POST" and not name:
            await self._order(exchange, request.json())
        else:
            # A call that was not answered is ended by its order where orders can be, and one that was by itself.
            by_order = self.cancels_orders and kind == "Request"
            there = [one for one in self.phones if one.uuid == name and not one.over.is_set()]
            found = next((one for one in there if not self.cancels_orders or by_order != one.answered), None)
            outcome = self.bridging.pop(0) if self.bridging and request.method == "POST" else ""
            if outcome == "refused":
                await say(exchange, 503, {"error": "not now"})
                return
            if found is not None and request.method == "POST":
                found.redirected = request.json()["aleg_url"]
                self.start(self._redirected(found))
            elif found is not None:
                await self.hang_up(found)
            if outcome:
                await say(exchange, 503, {"error": "not now"})
                return
            good, body = (202, {"message": "call transferred"}) if request.method == "POST" else (204, None)
            await say(exchange, good if found is not None else 404, body if found is not None else None)

    async def hang_up(self, phone: Phone) -> None:
        """A call ends, and with it its conference and the other call in that."""
        phone.over.set()
        if phone.socket is not None:
            await phone.socket.close()
        for one in self.conferences.pop(phone.conference, []):
            one.over.set()
            by = {"HangupSource": "Callee", "HangupCauseCode": "4000"}
            why = by if one is phone else {"HangupSource": "Plivo", "HangupCauseCode": "4010"}
            over = {"CallStatus": "completed", "Event": "Hangup", "Duration": str(TALK_SECONDS), **why}
            self.start(self._say_over(one, over))

    async def _say_over(self, phone: Phone, over: dict[str, str]) -> None:
        await self.tell(phone, phone.order["hangup_url"], **over)

    async def _confer(self, phone: Phone, conference: ET.Element) -> None:
        assert conference.attrib["endConferenceOnExit"] == "true"
        phone.conference = conference.text or ""
        inside = self.conferences.setdefault(phone.conference, [])
        inside.append(phone)
        first = {"ConferenceFirstMember": "true" if len(inside) == 1 else "false"}
        about = {"ConferenceAction": "enter", "Event": "ConferenceEnter", "CallStatus": "in-progress", **first}
        await self.tell(phone, conference.attrib["callbackUrl"], **about)

    async def _order(self, exchange: Exchange, order: dict[str, Any]) -> None:
        if order["to"] == "15550000":
            await say(exchange, 400, {"error": "invalid destination number"})
            return
        phone = Phone(f"00000000-0000-4000-8000-{len(self.phones):012}", order)
        self.phones.append(phone)
        self.start(self.placed(phone))
        await say(exchange, 201, {"message": "call fired", "request_uuid": phone.uuid, "api_id": "a"})

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    async def _attached(self, exchange: Exchange, path: str) -> None:
        """Numbers of a vendor that attaches them to applications: the list, and the resource by which one is attached."""
        if exchange.request.method == "GET":
            await say(
                exchange, 200, {"items": [{"e164": f"+{one}"} for one in self.numbers], "total": len(self.numbers)}
            )
            return
        digits = path.removeprefix("/%2B").removesuffix("/application")
        application = exchange.request.json()["application_id"]
        if digits not in self.numbers or application not in self.applications:
            await say(exchange, 404, {"error": "not found"})
            return
        self.numbers[digits] = application
        await say(exchange, 200, {"number": f"+{digits}", "application": {"app_id": application}})

    async def _number(self, exchange: Exchange, path: str) -> None:
        kind, _, rest = path.partition("/")
        key, posts = rest.removesuffix("/"), exchange.request.method == "POST"
        shown = [{"app_id": one, **told} for one, told in self.applications.items()]
        if kind == "Application" and posts:
            made = f"10000000000{len(self.applications)}"
            self.applications[made] = exchange.request.json()
            assert re.fullmatch("[A-Za-z0-9_-]+", self.applications[made]["app_name"])
            await say(exchange, 201, {"app_id": made, "message": "created"})
        elif kind == "Application" and rest.startswith("?"):
            asked = dict(parse_qsl(rest.removeprefix("?")))
            first = int(asked["offset"])
            await say(exchange, 200, {"objects": shown[first : first + int(asked["limit"])]})
        elif kind == "Application":
            found = next((one for one in shown if one["app_id"] == key), None)
            await say(exchange, 200 if found else 404, found)
        elif key not in self.numbers:
            await say(exchange, 404, None)
        elif posts:
            self.numbers[key] = exchange.request.json()["app_id"]
            await say(exchange, 202, {"message": "changed"})
        else:
            application = self.numbers[key] and f"/v1/Account/{self.account}/Application/{self.numbers[key]}/"
            await say(exchange, 200, {"number": key, "application": application or None})

    async def tell(self, phone: Phone, url: str, **more: str) -> httpx.Response:
        """A signed request to the platform."""
        form = {"CallUUID": phone.uuid, "RequestUUID": phone.uuid, "To": phone.order["to"], **more}
        self.told += 1
        nonce = f"{self.told:020}"
        whole = signature(TOKEN, url, {name: [value] for name, value in form.items()}, nonce)
        headers = {
            self.header: address_signature(TOKEN, url, nonce) if self.signs_address else whole,
            f"{self.header}-Nonce": nonce,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(url, content=urlencode(form).encode(), headers=headers)

    async def placed(self, phone: Phone) -> None:
        outcome = self.outcomes.get(phone.order["to"], "completed")
        await self.tell(phone, phone.order["ring_url"], CallStatus="ringing", Event="Ring")
        if outcome == "rings":
            await phone.over.wait()
            outcome = "cancel"
        elif outcome == "completed":
            phone.answered = True
            told = await self.tell(phone, phone.order["answer_url"], CallStatus="in-progress", Event="StartApp")
            await self._follow(phone, told)
        if not phone.redirected:
            await self.tell(phone, phone.order["hangup_url"], CallStatus=outcome, Event="Hangup")

    async def _follow(self, phone: Phone, told: httpx.Response) -> None:
        """Do what an instruction says."""
        stream = ET.fromstring(told.text).find("Stream") if told.status_code == 200 else None
        if stream is not None and not phone.over.is_set():
            await self._talk(phone, stream.text or "")

    async def _redirected(self, phone: Phone) -> None:
        """Take the call out of its stream and ask whom to connect it with."""
        if phone.socket is not None:
            await phone.socket.close()
        told = await self.tell(phone, phone.redirected, CallStatus="in-progress", Event="Transfer")
        instructions = ET.fromstring(told.text) if told.status_code == 200 else None
        conference = None if instructions is None else instructions.find("Conference")
        if phone.over.is_set() or instructions is None:
            return
        if conference is not None:
            await self._confer(phone, conference)
            return
        record, dial = instructions
        assert (record.tag, dial.tag) == ("Record", "Dial")
        phone.dialled = [(one.tag, one.text or "") for one in dial]
        talk: dict[str, str] = {}
        if self.dial_status == "completed":
            answered = {"Event": "DialAnswer", "DialAction": "answer", "DialBLegStatus": "answer"}
            await self.tell(phone, dial.attrib["callbackUrl"], CallStatus="in-progress", **answered)
            recorded = {"RecordingID": RECORDING, "RecordUrl": "", "RecordingDuration": "-1"}
            await self.tell(phone, record.attrib["action"], CallStatus="in-progress", **recorded)
            await self.target_talks()
            talk = {"DialBLegUUID": "b-leg", "DialBLegDuration": str(TALK_SECONDS)}
            over = {"Event": "DialHangup", "DialAction": "hangup", "DialBLegHangupSource": "Callee", **talk}
            await self.tell(phone, dial.attrib["callbackUrl"], CallStatus="in-progress", **over)
        result = {"Event": "Redirect", "DialStatus": self.dial_status, "DialALegUUID": phone.uuid, **talk}
        told = await self.tell(phone, dial.attrib["action"], CallStatus="in-progress", **result)
        await self._follow(phone, told)
        await self.tell(phone, phone.order["hangup_url"], CallStatus="completed", Event="Hangup")
        if self.dial_status == "completed":
            asked = {name: record.attrib[name] for name in ("startOnDialAnswer", "redirect", "fileFormat")}
            assert asked == {"startOnDialAnswer": "true", "redirect": "false", "fileFormat": "wav"}
            done = {"RecordingID": RECORDING, "RecordingDuration": str(TALK_SECONDS)}
            await self.tell(phone, record.attrib["callbackUrl"], **done)

    async def _talk(self, phone: Phone, address: str) -> None:
        async with connect(address) as socket:
            phone.socket = socket
            sound = {"encoding": "audio/x-mulaw", "sampleRate": 8000}
            start = {
                "callId": phone.uuid,
                "streamId": "s1",
                "accountId": AUTH_ID,
                "tracks": ["inbound"],
                "mediaFormat": sound,
            }
            await socket.send(
                json.dumps({"event": "start", "sequenceNumber": 0, "start": start, "extra_headers": "{}"})
            )
            speaking = asyncio.create_task(self._speak(socket))
            try:
                async for message in socket:
                    told = json.loads(message)
                    phone.heard.append(told)
                    if told["event"] == "checkpoint":
                        await socket.send(json.dumps({"event": "playedStream", "streamId": "s1", "name": told["name"]}))
                    elif told["event"] == "clearAudio":
                        await socket.send(json.dumps({"event": "clearedAudio", "streamId": "s1"}))
            finally:
                speaking.cancel()

    async def _speak(self, socket: ClientConnection) -> None:
        next_s = asyncio.get_running_loop().time()
        payload = base64.b64encode(SILENCE_FRAME).decode()
        while True:
            await socket.send(json.dumps({"event": "media", "streamId": "s1", "media": {"payload": payload}}))
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))


@asynccontextmanager
async def plivo_vendor(vendor: PlivoVendor) -> AsyncIterator[PlivoVendor]:
    """The stand-in, served."""
    async with serving(vendor.answer) as server:
        vendor.url = server.url
        try:
            yield vendor
        finally:
            for task in vendor.tasks:
                task.cancel()
            await asyncio.gather(*vendor.tasks, return_exceptions=True)
