"""A stand-in of Exotel on loopback: takes calls over its API, asks for the streams of others, and is a synthetic caller on the stream."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from tests.http_server import Exchange, serving
from tests.number_vendors import say
from tests.stream_talk import Talk
from tests.waiting import until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.telephony.loopback.far_end import FarEnd

SID, API_KEY, API_TOKEN, WEBHOOK_TOKEN = "example1", "k" * 24, "t" * 24, "w" * 24
KEYS = {
    "EXOTEL_ACCOUNT_SID": SID,
    "EXOTEL_API_KEY": API_KEY,
    "EXOTEL_API_TOKEN": API_TOKEN,
    "EXOTEL_WEBHOOK_TOKEN": WEBHOOK_TOKEN,
}
LEAST_BYTES, MOST_BYTES, STEP_BYTES = 1_600, 100_000, 320


class ExotelWire:
    """Its messages, as its page has them. The caller's sound comes in pieces of 100 ms."""

    def __init__(self) -> None:
        self._sound = b""

    def sound(self, mulaw: bytes, number: int) -> str | None:
        self._sound += pcm_of_mulaw(mulaw)
        if len(self._sound) < LEAST_BYTES:
            return None
        payload, self._sound = base64.b64encode(self._sound).decode(), b""
        media = {"chunk": str(number), "timestamp": str(number * 20), "payload": payload}
        return json.dumps({"event": "media", "sequence_number": str(number), "stream_sid": "MZ1", "media": media})

    def played(self, name: str) -> str:
        return json.dumps({"event": "mark", "sequence_number": "9", "stream_sid": "MZ1", "mark": {"name": name}})

    def read(self, message: str | bytes) -> tuple[str, Any]:
        told = json.loads(message)
        assert told["stream_sid"] == "MZ1"
        if told["event"] == "media":
            sound = base64.b64decode(told["media"]["payload"], validate=True)
            assert LEAST_BYTES <= len(sound) <= MOST_BYTES
            assert len(sound) % STEP_BYTES == 0
            return "sound", mulaw_of(sound)
        if told["event"] == "mark":
            return "mark", told["mark"]["name"]
        assert told == {"event": "clear", "stream_sid": "MZ1"}
        return "clear", None


@dataclass
class Phone:
    """A call at the vendor. ``order`` is what it was asked for with."""

    sid: str
    order: dict[str, str]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[httpx.Response] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    refused: int = 0
    socket: ClientConnection | None = None


@dataclass
class ExotelVendor:
    """``outcomes``: the status of a call to a number at its end, ``completed`` unless it says otherwise; ``rings``: nobody answers.
    ``hangs_up``: the far end hangs up once the agent has said something."""

    far_end: Callable[[], Awaitable[FarEnd]] | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    url: str = ""
    numbers: list[str] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def answer(self, exchange: Exchange) -> None:
        """One request of the platform."""
        request = exchange.request
        good = "Basic " + base64.b64encode(f"{API_KEY}:{API_TOKEN}".encode()).decode()
        asked = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if request.headers.get("authorization") != good:
            await say(exchange, 401, {"RestException": {"Status": 401, "Message": "Unauthorized"}})
        elif request.target == f"/v2_beta/Accounts/{SID}/IncomingPhoneNumbers" and request.method == "GET":
            shown = [{"sid": f"id{at}", "phone_number": number} for at, number in enumerate(self.numbers)]
            await say(exchange, 200, {"incoming_phone_numbers": shown})
        elif request.target != f"/v1/Accounts/{SID}/Calls/connect.json":
            await say(exchange, 404, {"RestException": {"Status": 404, "Message": "Not found"}})
        elif asked["From"] == "+15550000":
            await say(exchange, 400, {"RestException": {"Status": 400, "Message": "From is not a valid number"}})
        else:
            assert asked["StreamType"] == "bidirectional"
            assert len(asked["StreamUrl"]) < 600
            phone = Phone(f"c{len(self.phones):031x}", asked)
            self.phones.append(phone)
            self.start(self._placed(phone))
            await say(exchange, 200, {"Call": {"Sid": phone.sid, "Status": "in-progress", "From": asked["From"]}})

    def start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def tell(self, phone: Phone, url: str, **more: str) -> httpx.Response:
        """A status callback, as JSON."""
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(url, json={"CallSid": phone.sid, "DateUpdated": "2026-01-01 00:00:00", **more})
        phone.answers.append(answer)
        return answer

    async def _placed(self, phone: Phone) -> None:
        outcome, status = self.outcomes.get(phone.order["From"], "completed"), phone.order["StatusCallback"]
        await self.tell(phone, status, EventType="ringing", Status="ringing")
        if outcome == "rings":
            await phone.over.wait()
            return
        if outcome == "completed":
            await self.tell(phone, status, EventType="answered", Status="in-progress")
            await self.talk(phone, phone.order["StreamUrl"], phone.order["From"], phone.order["CallerId"])
        await self.tell(phone, status, EventType="terminal", Status=outcome)

    async def call(self, url: str, number: str, sender: str = "+15550123", headers: Any = None) -> Phone:
        """A call to a number of the account, whose flow has the applet, to its end."""
        phone = Phone(f"i{len(self.phones):031x}", {})
        self.phones.append(phone)
        query = urlencode({"CallSid": phone.sid, "CallFrom": sender, "CallTo": number, "Direction": "incoming"})
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.get(f"{url}{'&' if '?' in url else '?'}{query}", headers=headers)
        phone.answers.append(answer)
        if answer.status_code == 200:
            await self.talk(phone, answer.json()["url"], sender, number)
        return phone

    async def talk(self, phone: Phone, address: str, sender: str, number: str) -> None:
        """Be the caller until the stream is over."""
        try:
            async with connect(address) as socket:
                phone.socket = socket
                await socket.send(json.dumps({"event": "connected"}))
                sound = {"encoding": "audio/x-raw", "sample_rate": "8000", "bit_rate": "16"}
                told = {
                    "stream_sid": "MZ1", "call_sid": phone.sid, "account_sid": SID, "from": sender, "to": number,
                    "custom_parameters": {}, "media_format": sound,
                }  # fmt: skip
                start = {"event": "start", "sequence_number": "1", "stream_sid": "MZ1", "start": told}
                await socket.send(json.dumps(start))
                far_end = await self.far_end() if self.far_end is not None else None
                phone.talks.append(Talk(ExotelWire(), socket, far_end))
                if self.hangs_up:
                    self.start(self._hang_up(phone))
                await phone.talks[-1].run()
        except InvalidStatus as error:
            phone.refused = error.response.status_code
        phone.over.set()

    async def _hang_up(self, phone: Phone) -> None:
        await until(lambda: phone.talks[-1].frames > 0)
        assert phone.socket is not None
        stop = {"call_sid": phone.sid, "account_sid": SID, "reason": "callended"}
        await phone.socket.send(json.dumps({"event": "stop", "stream_sid": "MZ1", "stop": stop}))


@asynccontextmanager
async def exotel_vendor(vendor: ExotelVendor) -> AsyncIterator[ExotelVendor]:
    """The stand-in, served."""
    async with serving(vendor.answer) as server:
        vendor.url = server.url
        try:
            yield vendor
        finally:
            for task in list(vendor.tasks):
                task.cancel()
            await asyncio.gather(*vendor.tasks, return_exceptions=True)
