"""A stand-in of Plivo on loopback: takes calls over its API, signs what it asks and tells, and speaks its side of the stream."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
from tests.http_server import Exchange, serving
from tests.number_vendors import AUTH_ID, TOKEN, say
from websockets.asyncio.client import ClientConnection, connect

from callwright.ports.leg import SILENCE_FRAME
from callwright.telephony.plivo.vendor import signature


@dataclass
class Phone:
    """A call at the vendor. ``heard`` are the messages of its stream."""

    uuid: str
    order: dict[str, Any]
    heard: list[dict[str, Any]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    socket: ClientConnection | None = None


@dataclass
class PlivoVendor:
    """``outcomes``: what becomes of a call to a number, ``completed`` unless it says otherwise."""

    outcomes: dict[str, str] = field(default_factory=dict)
    url: str = ""
    phones: list[Phone] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def answer(self, exchange: Exchange) -> None:
        """One request of the platform."""
        request = exchange.request
        good = "Basic " + base64.b64encode(f"{AUTH_ID}:{TOKEN}".encode()).decode()
        path = request.target.removeprefix(f"/v1/Account/{AUTH_ID}/Call/")
        if request.headers.get("authorization") != good:
            await say(exchange, 401, {"error": "could not verify your access level"})
        elif request.method == "POST" and request.json()["to"] == "15550000":
            await say(exchange, 400, {"error": "invalid destination number"})
        elif request.method == "POST":
            phone = Phone(f"00000000-0000-4000-8000-{len(self.phones):012}", request.json())
            self.phones.append(phone)
            task = asyncio.create_task(self._placed(phone))
            self.tasks.add(task)
            await say(exchange, 201, {"message": "call fired", "request_uuid": phone.uuid, "api_id": "a"})
        else:
            # A call that was not answered is ended by its order, and one that was by itself.
            name, _, _ = path.removeprefix(f"/v1/Account/{AUTH_ID}/Request/").partition("/")
            of_order = "/Request/" in path
            there = [one for one in self.phones if one.uuid == name and not one.over.is_set()]
            found = next((one for one in there if of_order == (one.socket is None)), None)
            if found is not None:
                found.over.set()
                if found.socket is not None:
                    await found.socket.close()
            await say(exchange, 204 if found is not None else 404, None)

    async def tell(self, phone: Phone, url: str, **more: str) -> httpx.Response:
        """A signed request to the platform."""
        form = {"CallUUID": phone.uuid, "RequestUUID": phone.uuid, "To": phone.order["to"], **more}
        nonce = str(len(self.phones))
        headers = {
            "X-Plivo-Signature-V3": signature(TOKEN, url, {name: [value] for name, value in form.items()}, nonce),
            "X-Plivo-Signature-V3-Nonce": nonce,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(url, content=urlencode(form).encode(), headers=headers)

    async def _placed(self, phone: Phone) -> None:
        outcome = self.outcomes.get(phone.order["to"], "completed")
        await self.tell(phone, phone.order["ring_url"], CallStatus="ringing", Event="Ring")
        if outcome == "rings":
            await phone.over.wait()
            outcome = "cancel"
        elif outcome == "completed":
            told = await self.tell(phone, phone.order["answer_url"], CallStatus="in-progress", Event="StartApp")
            stream = ET.fromstring(told.text).find("Stream") if told.status_code == 200 else None
            if stream is not None:
                await self._talk(phone, stream.text or "")
        await self.tell(phone, phone.order["hangup_url"], CallStatus=outcome, Event="Hangup")

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
