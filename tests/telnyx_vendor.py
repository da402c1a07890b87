"""A stand-in of Telnyx on loopback: takes commands over its API, signs its webhooks, and holds a synthetic caller to the stream."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.http_server import Exchange, serving
from tests.number_vendors import TALK_WAV, at_once, say, send_recording
from tests.stream_talk import Talk
from websockets.asyncio.client import ClientConnection, connect

from callwright.telephony.loopback.far_end import FarEnd

API_KEY, CONNECTION = "KEY0123456789", "7267000000000000000"
SECRET = Ed25519PrivateKey.from_private_bytes(b"7" * 32)
PUBLIC_KEY = base64.b64encode(SECRET.public_key().public_bytes_raw()).decode()
KEYS = {"TELNYX_API_KEY": API_KEY, "TELNYX_CONNECTION_ID": CONNECTION, "TELNYX_PUBLIC_KEY": PUBLIC_KEY}
_STREAM = {"stream_track": "inbound_track", "stream_bidirectional_mode": "rtp", "stream_bidirectional_codec": "PCMU"}


def signed(body: bytes, at: float | None = None, secret: Ed25519PrivateKey = SECRET) -> dict[str, str]:
    """The headers of a webhook."""
    told = str(int(time.time() if at is None else at))
    signature = base64.b64encode(secret.sign(f"{told}|".encode() + body)).decode()
    return {"telnyx-timestamp": told, "telnyx-signature-ed25519": signature, "content-type": "application/json"}


class TelnyxWire:
    """Its messages, as its page has them."""

    def sound(self, mulaw: bytes, number: int) -> str:
        media = {"track": "inbound", "chunk": str(number), "timestamp": str(number * 20), "payload": _b64(mulaw)}
        return json.dumps({"event": "media", "sequence_number": str(number), "stream_id": "S-1", "media": media})

    def played(self, name: str) -> str:
        return json.dumps({"event": "mark", "sequence_number": "9", "stream_id": "S-1", "mark": {"name": name}})

    def read(self, message: str | bytes) -> tuple[str, Any]:
        told = json.loads(message)
        assert told["stream_id"] == "S-1"
        if told["event"] == "media":
            return "sound", base64.b64decode(told["media"]["payload"], validate=True)
        if told["event"] == "mark":
            return "mark", told["mark"]["name"]
        assert told == {"event": "clear", "stream_id": "S-1"}
        return "clear", None


@dataclass
class Phone:
    """A call at the vendor, or the target of a transfer. ``order`` is what it was asked for with."""

    id: str
    order: dict[str, Any]
    number: str
    sender: str
    direction: str = "outgoing"
    state: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[httpx.Response] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    socket: ClientConnection | None = None
    events: str = ""
    bridged: Phone | None = None


@dataclass
class TelnyxVendor:
    """``outcomes``: the ``hangup_cause`` of a call to a number, which is answered unless it has one; ``rings``: nobody answers. The
    stream of a call ends with its transfer where ``stream_ends``."""

    far_end: Callable[[], Awaitable[FarEnd]] | None = None
    target_talks: Callable[[], Awaitable[object]] = at_once
    recording: bytes = TALK_WAV
    outcomes: dict[str, str] = field(default_factory=dict)
    stream_ends: bool = False
    bridging: list[str] = field(default_factory=list)
    """What becomes of the requests to connect two calls, in order: refused, or lost, which is done and then fails."""
    url: str = ""
    incoming: str = ""
    phones: list[Phone] = field(default_factory=list)
    commands: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    """Numbers of the account, and the id of each one's connection."""
    application: dict[str, Any] = field(
        default_factory=lambda: {"application_name": "calls", "webhook_api_version": "1"}
    )
    """That of CONNECTION; none where it is empty."""
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def answer(self, exchange: Exchange) -> None:
        """One command of the platform."""
        request = exchange.request
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            await say(exchange, 401, {"errors": [{"code": "10009", "title": "Authentication failed"}]})
            return
        path = request.target.removeprefix("/v2/")
        if path.startswith("recordings?"):
            leg = dict(parse_qsl(path.partition("?")[2]))["filter[call_leg_id]"]
            found = [{"id": "r-1", "call_leg_id": leg, "download_urls": {"wav": f"{self.url}/media/{leg}"}}]
            await say(exchange, 200, {"data": found if self.recording else []})
            return
        if path.startswith("/media/"):
            await send_recording(exchange, self.recording)
            return
        if not path.startswith("calls"):
            await self._configure(exchange, path)
            return
        asked = request.json()
        if path == "calls" and asked["to"] == "+15550000":
            await say(exchange, 422, {"errors": [{"code": "10016", "title": "Phone number is not valid"}]})
        elif path == "calls":
            assert asked["connection_id"] == CONNECTION
            phone = self._phone(asked, asked["to"], asked["from"])
            self.start(self.placed(phone))
            await say(exchange, 200, {"data": {"call_control_id": phone.id, "is_alive": False, "record_type": "call"}})
        else:
            _, call_id, _, action = path.split("/")
            self.commands.append((call_id, action, asked))
            phone = next(one for one in self.phones if one.id == call_id)
            if phone.over.is_set():
                error = {"code": "90018", "title": "Call has already ended"}
                await say(exchange, 422, {"errors": [error]})
            elif action == "bridge" and self.bridging[:1] == ["refused"]:
                await say(exchange, 503, {"errors": [{"code": "10016", "title": "not now"}]})
            else:
                if action == "bridge":
                    self._bridge(phone, asked)
                if action == "bridge" and self.bridging:
                    await say(exchange, 503, {"errors": [{"code": "10016", "title": "not now"}]})
                    return
                self.start(self._do(phone, action, asked))
                await say(exchange, 200, {"data": {"result": "ok"}})

    async def _configure(self, exchange: Exchange, path: str) -> None:
        """Numbers and the application: looked at and changed."""
        resource, _, query = path.partition("?")
        ids = {f"id{at}": number for at, number in enumerate(self.numbers)}
        of_number = resource.removeprefix("phone_numbers/")
        changes = exchange.request.json() if exchange.request.method == "PATCH" else {}
        if changes:
            self.changes.append((resource, changes))
        if resource == "phone_numbers":
            asked = dict(parse_qsl(query))
            # A filter with anything but digits finds nothing.
            wanted = asked.get("filter[phone_number]", "")
            shown = [
                {"id": one, "phone_number": number, "connection_id": self.numbers[number] or None}
                for one, number in ids.items()
                if (not wanted or wanted.isdigit()) and wanted in number
            ]
            await say(exchange, 200, {"data": shown, "meta": {"total_results": len(shown)}})
        elif resource == f"call_control_applications/{CONNECTION}" and self.application:
            self.application.update(changes)
            await say(exchange, 200, {"data": {"id": CONNECTION, "outbound": {}, **self.application}})
        elif of_number in ids:
            self.numbers[ids[of_number]] = changes["connection_id"]
            await say(exchange, 200, {"data": {"id": of_number}})
        else:
            await say(exchange, 404, {"errors": [{"code": "10005", "title": "Resource not found"}]})

    def start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def done(self, phone: Phone) -> list[str]:
        """The commands to a call."""
        return [action for call_id, action, _ in self.commands if call_id == phone.id]

    def _phone(self, order: dict[str, Any], number: str, sender: str, direction: str = "outgoing") -> Phone:
        phone = Phone(f"v3:call-{len(self.phones)}_x", order, number, sender, direction, order.get("client_state", ""))
        phone.events = order.get("webhook_url") or self.incoming
        self.phones.append(phone)
        return phone

    async def tell(self, phone: Phone, kind: str, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
        """A webhook."""
        payload = {
            "call_control_id": phone.id, "connection_id": CONNECTION, "from": phone.sender, "to": phone.number,
            "client_state": phone.state or None, "direction": phone.direction, **more,
        }  # fmt: skip
        now = datetime.now(UTC).isoformat()
        event = {"record_type": "event", "event_type": kind, "id": "e", "occurred_at": now, "payload": payload}
        body = json.dumps({"data": event, "meta": {"attempt": 1}}).encode()
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(phone.events, content=body, headers=headers or signed(body))
        phone.answers.append(answer)
        return answer

    async def placed(self, phone: Phone) -> None:
        assert {name: phone.order[name] for name in _STREAM} == _STREAM
        outcome = self.outcomes.get(phone.number, "")
        await self.tell(phone, "call.initiated", state="bridging")
        if outcome == "rings":
            await phone.over.wait()
            outcome = "originator_cancel"
        elif not outcome:
            await self.tell(phone, "call.answered")
            await self.talk(phone, phone.order["stream_url"])
            if self.stream_ends or phone.bridged is not None:
                await phone.over.wait()
            outcome = "normal_clearing"
        if phone.bridged is None:
            await self.hung_up(phone, outcome)

    async def call(self, number: str, sender: str = "+15550123", **more: Any) -> Phone:
        """A call to a number of the account, to its end."""
        phone = self._phone({}, number, sender, "incoming")
        await self.tell(phone, "call.initiated", state="parked", **more)
        await phone.over.wait()
        return phone

    async def hung_up(self, phone: Phone, cause: str, source: str = "unknown") -> None:
        phone.over.set()
        await self.tell(phone, "call.hangup", hangup_cause=cause, hangup_source=source, sip_hangup_cause="unspecified")

    def _bridge(self, phone: Phone, asked: dict[str, Any]) -> None:
        other = next(one for one in self.phones if one.id == asked["call_control_id"])
        assert not other.over.is_set()
        phone.bridged, other.bridged, phone.state = other, phone, asked["client_state"]

    async def hang_up(self, phone: Phone) -> None:
        """A call ends, and with it the one that it is connected with. Their streams were closed before."""
        phone.over.set()
        if phone.socket is not None:
            await phone.socket.close()
        other = phone.bridged
        if other is not None and not other.over.is_set():
            for one, source in ((phone, "callee"), (other, "caller")):
                await self.hung_up(one, "normal_clearing", source)

    async def _do(self, phone: Phone, action: str, asked: dict[str, Any]) -> None:
        if action == "bridge":
            for one in (phone, phone.bridged):
                assert one is not None
                await self.tell(one, "call.bridged")
        elif action in ("hangup", "reject"):
            streams = phone.socket is not None
            await self.hang_up(phone)
            if phone.direction == "incoming" and not streams:
                await self.hung_up(phone, "call_rejected")
        elif action == "answer":
            phone.state, phone.events = asked["client_state"], asked["webhook_url"]
            await self.tell(phone, "call.answered")
            await self.talk(phone, asked["stream_url"])
            await self.hung_up(phone, "normal_clearing")
        elif action == "streaming_start":
            assert {name: asked[name] for name in _STREAM} == _STREAM
            await self.talk(phone, asked["stream_url"])
        else:
            await self._transferred(phone, asked)

    async def _transferred(self, phone: Phone, asked: dict[str, Any]) -> None:
        target = self._phone({}, asked["to"], asked["from"])
        target.state, target.events = asked["target_leg_client_state"], phone.events
        await self.tell(target, "call.initiated", state="bridging")
        if self.stream_ends and phone.socket is not None:
            stop = {"event": "stop", "stream_id": "S-1", "stop": {"call_control_id": phone.id}}
            await phone.socket.send(json.dumps(stop))
        outcome = self.outcomes.get(target.number, "")
        if outcome:
            await self.hung_up(target, outcome)
        else:
            await self.tell(target, "call.answered")
            await self.tell(phone, "call.bridged")
            await self.target_talks()
            await self.hung_up(target, "normal_clearing", "callee")
            record = {name: value for name, value in asked.items() if name.startswith("record")}
            assert record == {"record": "record-from-answer", "record_channels": "dual", "record_format": "wav"}
            await self.tell(target, "call.recording.saved", call_leg_id="leg-7", channels="dual")

    async def talk(self, phone: Phone, address: str) -> None:
        """Be the caller until the stream is over."""
        phone.streams.append(address)
        async with connect(address) as socket:
            phone.socket = socket
            await socket.send(json.dumps({"event": "connected", "version": "1.0.0"}))
            told = {
                "call_control_id": phone.id, "from": phone.sender, "to": phone.number, "custom_parameters": {},
                "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
            }  # fmt: skip
            start = {"event": "start", "sequence_number": "1", "stream_id": "S-1", "start": told}
            await socket.send(json.dumps(start))
            far_end = await self.far_end() if self.far_end is not None else None
            phone.talks.append(Talk(TelnyxWire(), socket, far_end))
            await phone.talks[-1].run()
        phone.socket = None


def _b64(sound: bytes) -> str:
    return base64.b64encode(sound).decode()


@asynccontextmanager
async def telnyx_vendor(vendor: TelnyxVendor) -> AsyncIterator[TelnyxVendor]:
    """The stand-in, served."""
    async with serving(vendor.answer) as server:
        vendor.url = server.url
        try:
            yield vendor
        finally:
            for task in list(vendor.tasks):
                task.cancel()
            await asyncio.gather(*vendor.tasks, return_exceptions=True)
