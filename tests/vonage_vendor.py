"""A stand-in of Vonage on loopback: takes calls over its API, signs what it asks and tells, and is a synthetic caller on the websocket."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.http_server import Exchange, serving
from tests.number_vendors import TALK_SECONDS, TALK_WAV, at_once, say, send_recording
from tests.stream_talk import Talk
from websockets.asyncio.client import ClientConnection, connect

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.telephony.loopback.far_end import FarEnd

APPLICATION, SECRET = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "s" * 32
_KEY = generate_private_key(65_537, 2_048)
PEM = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
KEYS = {"VONAGE_APPLICATION_ID": APPLICATION, "VONAGE_PRIVATE_KEY": PEM, "VONAGE_SIGNATURE_SECRET": SECRET}
API_KEY, API_SECRET = "abcd1234", "a" * 16
ACCOUNT_KEYS = {"VONAGE_API_KEY": API_KEY, "VONAGE_API_SECRET": API_SECRET}
FRAME_BYTES = 320


def signed(body: bytes, at: float | None = None, secret: str = SECRET, **claims: Any) -> dict[str, str]:
    """The headers of a webhook."""
    told = {
        "iat": int(time.time() if at is None else at), "jti": "j", "iss": "Vonage", "api_key": "abcd1234",
        "application_id": APPLICATION, "payload_hash": hashlib.sha256(body).hexdigest(), **claims,
    }  # fmt: skip
    parts = [_b64(json.dumps(part).encode()) for part in ({"alg": claims.pop("alg", "HS256"), "typ": "JWT"}, told)]
    made = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return {"authorization": f"Bearer {'.'.join([*parts, _b64(made)])}", "content-type": "application/json"}


def claims_of(headers: Mapping[str, str]) -> dict[str, Any]:
    """What the platform's JWT says. Raises InvalidSignature."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    body, _, signature = token.rpartition(".")
    if scheme != "Bearer" or json.loads(_unb64(body.partition(".")[0])) != {"alg": "RS256", "typ": "JWT"}:
        raise InvalidSignature
    _KEY.public_key().verify(_unb64(signature), body.encode(), PKCS1v15(), SHA256())
    return dict(json.loads(_unb64(body.partition(".")[2])))


class VonageWire:
    """Its messages, as its page has them."""

    def sound(self, mulaw: bytes, number: int) -> bytes:
        return pcm_of_mulaw(mulaw)

    def played(self, name: str) -> str:
        return json.dumps({"event": "websocket:notify", "payload": json.loads(name)})

    def read(self, message: str | bytes) -> tuple[str, Any]:
        if isinstance(message, bytes):
            assert len(message) == FRAME_BYTES
            return "sound", mulaw_of(message)
        told = json.loads(message)
        if told["action"] == "notify":
            return "mark", json.dumps(told["payload"])
        assert told == {"action": "clear"}
        return "clear", None


@dataclass
class Phone:
    """A call at the vendor. ``order`` is what it was asked for with."""

    uuid: str
    order: dict[str, Any]
    number: str
    sender: str
    direction: str = "outbound"
    over: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[httpx.Response] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    socket: ClientConnection | None = None
    transferred: bool = False
    conference: str = ""


@dataclass
class VonageVendor:
    """``outcomes``: the status of a call to a number at its end, ``completed`` unless it says otherwise; ``rings``: nobody answers."""

    far_end: Callable[[], Awaitable[FarEnd]] | None = None
    target_talks: Callable[[], Awaitable[object]] = at_once
    recording: bytes = TALK_WAV
    outcomes: dict[str, str] = field(default_factory=dict)
    url: str = ""
    events: str = ""
    numbers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Numbers of the account without their plus, and what is set of each."""
    application: dict[str, Any] = field(default_factory=lambda: {"name": "calls", "keys": {"public_key": "PEM"}})
    """That of APPLICATION; none where it is empty."""
    keeps_forwarding: bool = False
    changes: list[str] = field(default_factory=list)
    bridging: list[str] = field(default_factory=list)
    """What becomes of the requests to move a call, in order: refused, or lost, which is done and then fails."""
    phones: list[Phone] = field(default_factory=list)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def answer(self, exchange: Exchange) -> None:
        """One request of the platform."""
        request = exchange.request
        if not request.target.startswith("/v1/"):
            await self._configure(exchange)
            return
        try:
            claims = claims_of(request.headers)
        except InvalidSignature:
            await say(exchange, 401, {"type": "UNAUTHORIZED", "error_title": "Unauthorized"})
            return
        assert claims["application_id"] == APPLICATION
        assert claims["exp"] > time.time()
        if request.target.startswith("/v1/files/"):
            await send_recording(exchange, self.recording)
            return
        asked = request.json() if request.method != "GET" else {}
        if request.method == "POST" and asked["to"][0]["number"] == "15550000":
            await say(exchange, 400, {"title": "Bad Request", "detail": "The number is not valid"})
        elif request.method == "POST":
            phone = self._phone(asked, asked["to"][0]["number"], asked["from"]["number"])
            self.start(self._placed(phone))
            told = {"uuid": phone.uuid, "status": "started", "direction": "outbound", "conversation_uuid": "CON-1"}
            await say(exchange, 201, told)
        else:
            phone = next(one for one in self.phones if request.target == f"/v1/calls/{one.uuid}")
            if phone.over.is_set():
                await say(exchange, 404, {"title": "Not Found", "detail": "No such call"})
                return
            if request.method == "GET":
                await say(exchange, 200, {"uuid": phone.uuid, "status": "answered"})
                return
            phone.actions.append(asked["action"])
            outcome = self.bridging.pop(0) if self.bridging and asked["action"] == "transfer" else ""
            if outcome != "refused":
                await self._do(phone, asked)
            await say(exchange, *((503, {"title": "not now"}) if outcome else (204, None)))

    async def _do(self, phone: Phone, asked: dict[str, Any]) -> None:
        if asked["action"] == "hangup":
            await self.hang_up(phone)
            return
        phone.transferred = True
        *before, action = asked["destination"]["ncco"]
        if action["action"] == "conversation":
            assert action == {"action": "conversation", "name": action["name"], "endOnExit": True}
            phone.conference = action["name"]
        else:
            self.start(self._transferred(phone, [*before, action]))
        if phone.socket is not None:
            await phone.socket.close()

    async def hang_up(self, phone: Phone) -> None:
        """A call ends, and with it its conversation and the other call in that."""
        phone.over.set()
        if phone.socket is not None:
            await phone.socket.close()
        if not phone.conference:
            return
        for one in [one for one in self.phones if one.conference == phone.conference]:
            one.over.set()
            by = "user" if one is phone else "platform"
            url, talked = one.order["event_url"][0], str(TALK_SECONDS)
            self.start(self.tell(one, url, status="completed", duration=talked, disconnected_by=by))

    async def _configure(self, exchange: Exchange) -> None:
        """Numbers and the application: looked at and changed, as a whole."""
        request = exchange.request
        path, _, query = request.target.partition("?")
        good = "Basic " + base64.b64encode(f"{API_KEY}:{API_SECRET}".encode()).decode()
        if request.method != "GET":
            self.changes.append(f"{request.method} {path}")
        if request.headers.get("authorization") != good:
            await say(exchange, 401, {"error-code": "401", "error-code-label": "authentication failed"})
        elif path == "/account/numbers":
            begins = dict(parse_qsl(query)).get("pattern", "")
            shown = [
                {"country": "US", "msisdn": one, **its} for one, its in self.numbers.items() if one.startswith(begins)
            ]
            await say(exchange, 200, {"count": len(shown), "numbers": shown} if shown else {})
        elif path == "/number/update":
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            assert form.pop("country") == "US"
            msisdn = form.pop("msisdn")
            self.numbers[msisdn] = {**(self.numbers[msisdn] if self.keeps_forwarding else {}), **form}
            await say(exchange, 200, {"error-code": "200", "error-code-label": "success"})
        elif path == f"/v2/applications/{APPLICATION}" and self.application:
            if request.method == "PUT":
                self.application = request.json()
            await say(exchange, 200, {"id": APPLICATION, "_links": {}, **self.application})
        else:
            await say(exchange, 404, {"title": "Not Found", "detail": "no such application"})

    def start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _phone(self, order: dict[str, Any], number: str, sender: str, direction: str = "outbound") -> Phone:
        uuid = f"00000000-0000-4000-8000-{len(self.phones):012}"
        self.phones.append(Phone(uuid, order, number, sender, direction))
        return self.phones[-1]

    async def tell(self, phone: Phone, url: str, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
        """A signed request to the platform."""
        told = {
            "uuid": phone.uuid, "conversation_uuid": "CON-1", "to": phone.number, "from": phone.sender, **more,
        }  # fmt: skip
        body = json.dumps(told).encode()
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(url, content=body, headers=headers or signed(body))
        phone.answers.append(answer)
        return answer

    async def _placed(self, phone: Phone) -> None:
        outcome, status = self.outcomes.get(phone.number, "completed"), phone.order["event_url"][0]
        for word in ("started", "ringing"):
            await self.tell(phone, status, status=word, direction="outbound")
        if outcome == "rings":
            await phone.over.wait()
            outcome = "cancelled"
        elif outcome == "completed":
            await self.tell(phone, status, status="answered", direction="outbound")
            told = await self.tell(phone, phone.order["answer_url"][0])
            await self.follow(phone, told, status)
            if phone.transferred:
                return
        phone.over.set()
        await self.tell(phone, status, status=outcome, direction="outbound")

    async def call(self, url: str, number: str, sender: str = "15550123") -> Phone:
        """A call to a number of the application, to its end."""
        phone = self._phone({}, number, sender, "inbound")
        told = await self.tell(phone, url)
        for word in ("started", "ringing", "answered"):
            await self.tell(phone, self.events, status=word, direction="inbound")
        await self.follow(phone, told, self.events)
        phone.over.set()
        await self.tell(phone, self.events, status="completed", direction="inbound")
        return phone

    async def follow(self, phone: Phone, told: httpx.Response, events: str) -> None:
        """Do what an instruction says."""
        actions = told.json() if told.status_code == 200 else []
        for action in actions:
            (endpoint,) = action["endpoint"]
            assert (action["action"], endpoint["type"]) == ("connect", "websocket")
            assert endpoint["content-type"] == "audio/l16;rate=8000"
            if not phone.over.is_set():
                # The websocket is a call of its own.
                about = {"uuid": "00000000-0000-4000-8000-00000000ffff", "to": endpoint["uri"]}
                for word in ("started", "answered"):
                    await self.tell(phone, events, status=word, direction="outbound", **about)
                await self._talk(phone, endpoint)
                await self.tell(phone, events, status="completed", direction="outbound", **about)

    async def _transferred(self, phone: Phone, ncco: list[dict[str, Any]]) -> None:
        record, action = ncco
        told_at = record.pop("eventUrl")[0]
        assert record == {
            "action": "record", "format": "wav", "split": "conversation", "channels": 2, "eventMethod": "POST"
        }  # fmt: skip
        (endpoint,), (events,) = action["endpoint"], action["eventUrl"]
        assert (action["action"], action["eventType"], endpoint["type"]) == ("connect", "synchronous", "phone")
        target = self._phone({}, endpoint["number"], action["from"])
        for word in ("started", "ringing"):
            assert (await self.tell(target, events, status=word)).status_code == 204
        outcome = self.outcomes.get(target.number, "completed")
        if outcome == "completed":
            await self.tell(target, events, status="answered")
            await self.target_talks()
            talked = str(TALK_SECONDS)
            await self.tell(target, events, status="completed", duration=talked, disconnected_by="user")
            # It names no call.
            body = json.dumps({"recording_url": f"{self.url}/v1/files/f-1", "conversation_uuid": "CON-1"}).encode()
            async with httpx.AsyncClient(timeout=30) as client:
                await client.post(told_at, content=body, headers=signed(body))
            return
        told = await self.tell(target, events, status=outcome)
        await self.follow(phone, told, phone.order["event_url"][0])
        phone.over.set()
        await self.tell(phone, phone.order["event_url"][0], status="completed", direction="outbound")

    async def _talk(self, phone: Phone, endpoint: dict[str, Any]) -> None:
        phone.streams.append(endpoint["uri"])
        async with connect(endpoint["uri"]) as socket:
            phone.socket = socket
            first = {"event": "websocket:connected", "content-type": endpoint["content-type"], **endpoint["headers"]}
            await socket.send(json.dumps(first))
            far_end = await self.far_end() if self.far_end is not None else None
            phone.talks.append(Talk(VonageWire(), socket, far_end))
            await phone.talks[-1].run()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@asynccontextmanager
async def vonage_vendor(vendor: VonageVendor) -> AsyncIterator[VonageVendor]:
    """The stand-in, served."""
    async with serving(vendor.answer) as server:
        vendor.url = server.url
        try:
            yield vendor
        finally:
            for task in list(vendor.tasks):
                task.cancel()
            await asyncio.gather(*vendor.tasks, return_exceptions=True)
