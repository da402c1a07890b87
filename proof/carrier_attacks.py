"""Attacks on a carrier with a media websocket, in virtual time and without a network: real doors, the real carrier and its legs.

A round has bystanders, which are calls that nobody attacks, and so many mutants: messages on the streams of other calls, and requests to
all doors. What must hold is in :func:`attacked`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from callwright.api.doors import Doors
from callwright.domain.errors import CallwrightError
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_DOOR_SOCKET_MESSAGE_BYTES
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.net.client import Answer
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.leg import DialRequest, InboundOffer, Leg, LegClosed
from callwright.ports.registry import PluginContext
from callwright.ports.world import Clock
from callwright.telephony.media_streams.call_book import CallBook
from callwright.telephony.media_streams.leg import StreamLeg
from proof.carrier_messages import SOUND, Ask, Message, Side
from proof.carrier_mutants import Wire, broken, changed, spoilt

BASE = "http://calls.example"
ROUND = 60
"""Mutants of a round."""
STREAM = re.compile(r"wss?://[^\s\"<&]+/stream/[0-9a-f]+")
_SERVER_ERROR = 500


@dataclass
class Breach:
    """A rule that did not hold, and what was done just before."""

    rule: str
    after: str


@dataclass
class Outcome:
    """What a run showed. ``answers``: HTTP status, or ``stream`` for messages -> how many mutants."""

    mutants: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    broken: list[Breach] = field(default_factory=list)


class Listener:
    """Whoever holds a leg here."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.spoken = 0

    def ringing(self) -> None:
        """See the port."""
        self.told.append("ringing")

    def early_media(self) -> None:
        """See the port."""
        self.told.append("early")

    def answered(self) -> None:
        """See the port."""
        self.told.append("answered")

    def audio(self, frame: bytes) -> None:
        """See the port."""
        self.spoken += frame == SOUND

    def key(self, key: str) -> None:
        """See the port."""
        self.told.append(f"key {key}")

    def machine(self, kind: str) -> None:
        """See the port."""
        self.told.append(kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """See the port."""

    def closed(self, closed: LegClosed) -> None:
        """See the port."""
        self.told.append(f"closed: {closed.reason}")


class Websocket:
    """The vendor's end of a websocket, by ASGI."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.coming.put_nowait({"type": "websocket.connect"})
        self.sent = 0
        self.closed = False

    async def send(self, message: Any) -> None:
        """Take what the server sends."""
        self.sent += message["type"] == "websocket.send"
        self.closed = self.closed or message["type"] == "websocket.close"

    def say(self, message: Wire) -> None:
        """Send a message; one that is larger than the server's own websockets let through breaks the connection off, as there."""
        if self.closed:
            return
        if len(message) > MAX_DOOR_SOCKET_MESSAGE_BYTES:
            self.leave()
            return
        self.coming.put_nowait({"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message})

    def leave(self, code: int = 1006) -> None:
        """Close, or with 1006 break off."""
        self.closed = True
        self.coming.put_nowait({"type": "websocket.disconnect", "code": code})


@dataclass
class Call:
    """A call with a stream, or without one yet. ``query`` is that of the addresses which the vendor was given for it."""

    id: str
    key: str
    query: dict[str, str]
    listener: Listener
    socket: Socket | None = None


class Line:
    """A carrier behind its doors, its vendor's API, and a desk that answers every call."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.base = BASE
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.clock = VirtualClock(loop)
        self.access = side.access(BASE)
        self._doors = Doors(BASE, RandomIds(), self.clock)
        context = PluginContext({}, Path(), http=self, doors=self._doors, accounts=self)
        carrier = side.plugins[0].factory(context)
        assert isinstance(carrier, CallBook)
        self.carrier: CallBook[Any] = carrier
        self._doors.mount(side.name, self.carrier.doors())  # type: ignore[attr-defined]
        self.vendor = side.vendor(self)
        self.calls = 0
        self.asked = 0
        self.placed: list[str] = []
        self._offered: list[Listener] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.failed: list[str] = []
        loop.set_exception_handler(lambda _, told: self.failed.append(str(told.get("exception") or told["message"])))

    # -- what the carrier is given ---------------------------------------------------------------------------------------------

    async def of_number(self, carrier: str, number: str) -> Access | None:
        """See ``ports.registry.CarrierAccounts``."""
        return self.access if number == self.side.number else None

    async def send(self, method: str, url: str, *, headers: Any, body: bytes, timeout_s: float) -> Answer:
        """The vendor's API: it takes everything."""
        self.placed += STREAM.findall(body.decode()) + [
            stream for values in parse_qs(body.decode()).values() for stream in STREAM.findall(values[0])
        ]
        made = self.side.call_id(self.calls)
        told = (
            f'{{"sid":"{made}","request_uuid":"{made}","uuid":"{made}","Call":{{"Sid":"{made}"}},'
            f'"data":{{"call_control_id":"{made}","result":"ok"}}}}'
        )
        return Answer(200, {}, told.encode())

    def offered(self, offer: InboundOffer, leg: Leg) -> Listener:
        """See ``ports.leg.InboundDesk``."""
        self._offered.append(Listener())
        self.start(leg.answer())
        return self._offered[-1]

    def start(self, work: Any) -> asyncio.Task[Any]:
        """Do something beside."""
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- the vendor ------------------------------------------------------------------------------------------------------------

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """A request over ASGI: status and body. Raises what the doors raise, but for what is answered."""
        parts, coming = urlsplit(url), [{"type": "http.request", "body": body, "more_body": False}]
        scope = {
            "type": "http", "method": method, "path": parts.path, "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "client": ("192.0.2.1", 1),
        }  # fmt: skip
        told: list[Any] = []

        async def receive() -> Any:
            return coming.pop() if coming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            told.append(message)

        try:
            await self._doors(scope, receive, send)
        except CallwrightError as error:
            return error.http_status, b""
        return told[0]["status"], b"".join(part.get("body", b"") for part in told)

    async def ask(self, ask: Ask, *, spoil: Random | None = None, wrongly: bool = False) -> tuple[int, bytes]:
        """A signed request. ``spoil``: its body is broken, before it is signed, or after that where it is ``wrongly`` signed."""
        url, body = ask.written(self.side, BASE)
        signed = body
        if spoil is not None:
            body = broken(body, spoil)
            signed = signed if wrongly else body
        return await self.request(ask.method, url, self.signature(url, signed), body)

    def signature(self, url: str, body: bytes) -> dict[str, str]:
        """The headers of a request."""
        self.asked += 1
        form = {} if self.side.json else parse_qs(body.decode("latin-1"), keep_blank_values=True)
        return self.side.signs(url, body, form, self.asked)

    def open(self, address: str) -> Websocket:
        """Connect to the address of a stream."""
        socket = Websocket()
        scope = {
            "type": "websocket",
            "path": urlsplit(address).path,
            "query_string": b"",
            "headers": [],
            "client": ("192.0.2.1", 1),
        }
        self.start(self._serve(scope, socket))
        return socket

    async def _serve(self, scope: Any, socket: Websocket) -> None:
        try:
            await self._doors(scope, socket.coming.get, socket.send)
        except CallwrightError as error:
            socket.closed = True
            if error.http_status >= _SERVER_ERROR:
                self.failed.append(f"a websocket is refused with {error.http_status}")

    async def dialled(self) -> tuple[Call, str]:
        """A call that we place, and the address of its stream."""
        self.calls += 1
        key, listener = f"e{self.calls}.1", Listener()
        leg = await self.carrier.dial(DialRequest(key, "+15550199", "", 60, access=self.access), listener)
        await self.settle()
        call = self.call(leg.provider_call_id, key, listener)
        at_once = self.placed.pop() if self.placed else ""
        return call, at_once or await self.instructed(call)

    def call(self, call_id: str, key: str, listener: Listener) -> Call:
        """A call, with the query of its addresses."""
        account = self.vendor.account(self.access)
        return Call(call_id, key, {"call": key, **self.vendor.proof(account, key)}, listener)

    async def instructed(self, call: Call) -> str:
        """Ask what to do with a call that was answered."""
        asks = self.side.asks(call.id, call.query)
        ask = next((one for one in asks if one.path == "/instructions"), None)
        _, body = await self.ask(ask) if ask is not None else (0, b"")
        return stream_in(body)

    async def came_in(self) -> tuple[Call, str]:
        """A call to the number, and the address of its stream."""
        self.calls += 1
        call_id = self.side.call_id(self.calls)
        before = len(self._offered)
        _, body = await self.ask(self.side.asks(call_id, {})[0])
        await self.settle()
        assert len(self._offered) == before + 1, "a call that comes in is offered"
        key = f"in.{self.vendor.account(self.access).id}.{call_id}"
        stream = self.placed.pop() if self.placed else stream_in(body)
        return self.call(call_id, key, self._offered[-1]), stream

    async def streaming(self, call: Call, stream: str) -> Call:
        """Start the stream of a call."""
        call.socket = self.open(stream)
        start = self.side.stream(call.id)[0]
        assert not isinstance(start, bytes)
        call.socket.say(_text(start))
        await self.settle()
        return call

    async def settle(self) -> None:
        """Let a moment pass."""
        await self.clock.sleep(0.001)

    async def aclose(self) -> None:
        """End what goes on."""
        await self.carrier.aclose()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Socket(Protocol):
    """An end of a websocket. ``closed``: by either side; ``sent``: how many messages the platform has sent."""

    closed: bool
    sent: int

    def say(self, message: Wire) -> None:
        """Send a message."""

    def leave(self, code: int = 1006) -> None:
        """Close, or with 1006 break off."""


class Target(Protocol):
    """What is attacked: the doors of one vendor's carrier. Its calls are new ones."""

    side: Side
    base: str

    @property
    def clock(self) -> Clock:
        """What signatures are dated by."""
        ...

    async def dialled(self) -> tuple[Call, str]:
        """A call that was placed here, and the address of its stream."""
        ...

    async def came_in(self) -> tuple[Call, str]:
        """A call to the number, and the address of its stream."""
        ...

    async def streaming(self, call: Call, stream: str) -> Call:
        """Start the stream of a call."""
        ...

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """A request: status and body."""
        ...

    def signature(self, url: str, body: bytes) -> dict[str, str]:
        """The headers of a request."""
        ...

    def open(self, address: str) -> Socket:
        """Connect to the address of a stream."""
        ...

    async def settle(self) -> None:
        """Let a moment pass."""


class Attack:
    """Mutants on a target, one after another."""

    def __init__(self, line: Target, chance: Random, outcome: Outcome, others: tuple[str, ...]) -> None:
        self._line = line
        self._chance = chance
        self._outcome = outcome
        self._others = others
        self._seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self._call: Call | None = None
        self._stream = ""
        self.last = ""

    async def step(self) -> None:
        """One mutant."""
        self._outcome.mutants += 1
        chance = self._chance
        if self._call is None or (self._call.socket is not None and self._call.socket.closed):
            await self._begin()
        kind = chance.random()
        if kind < 0.5:
            await self._say()
        elif kind < 0.95:
            await self._ask()
        elif kind < 0.97:
            await self._knock()
        else:
            await self._linger()
        await self._line.clock.sleep(chance.choice((0, 0.001, 0.02)))

    async def _begin(self) -> None:
        """Another call to be attacked."""
        self._call, self._stream = await (self._line.dialled if self._chance.random() < 0.4 else self._line.came_in)()
        if self._chance.random() < 0.7 and self._stream:
            await self._line.streaming(self._call, self._stream)

    async def _say(self) -> None:
        """Messages on the stream, as the first or later."""
        call, chance = self._call, self._chance
        assert call is not None
        if call.socket is None:
            call.socket = self._line.open(self._stream)
        message: Message = chance.choice(self._line.side.stream(call.id))
        wires = spoilt(message, chance, self._others) if chance.random() < 0.8 else [_text(message)]
        self.last = f"on the stream: {[wire[:300] for wire in wires]!r}"
        for wire in wires:
            call.socket.say(wire)
        self._outcome.answers["stream"] += 1
        if chance.random() < 0.03:
            call.socket.leave(chance.choice((1000, 1001, 1006, 4000)))

    async def _ask(self) -> None:
        """A request: signed well and changed before, changed afterwards, signed by nobody, or sent again."""
        call, chance, line = self._call, self._chance, self._line
        assert call is not None
        ask = chance.choice(line.side.asks(call.id, call.query))
        kind = chance.randrange(6)
        if kind == 0 and self._seen:
            method, url, headers, body = chance.choice(self._seen)
            if chance.random() < 0.5:
                body = broken(body, chance)
            if chance.random() < 0.3:
                url = url.replace(call.key, chance.choice(self._others))
        else:
            if kind in (1, 2, 3):
                # Signed well, it may not be about a bystander where the vendor names the call in the body alone.
                ask = changed(ask, chance, self._others if ask.query.get("call") and kind != 1 else ())
            method, (url, body) = ask.method, ask.written(line.side, line.base)
            if kind == 4:
                body = broken(body, chance)
            headers = line.signature(url, body)
            self._seen = [*self._seen[-40:], (method, url, headers, body)]
            if kind == 5:
                at = chance.choice(("body", "none", "header", "query", "id"))
                body = broken(body, chance) if at == "body" else body
                headers = {} if at == "none" else headers
                if at == "header":
                    headers = {
                        name: chance.choice(("", "é", "x" * 4_000, value[:-1])) for name, value in headers.items()
                    }
                url = f"{url}{chance.choice(('&call=', '?call=', '%00', '&x=%FF'))}" if at == "query" else url
                if at == "id":
                    url = url.replace(call.key, chance.choice(self._others))
                if at == "id" and (line.side.signs_body or ask.query.get("call")):
                    body = body.replace(call.id.encode(), chance.choice(self._others).encode())
        self.last = f"{method} {url[:300]} {headers!r} {body[:300]!r}"
        status, _ = await line.request(method, url, headers, body)
        self._outcome.answers[str(status)] += 1
        if status >= _SERVER_ERROR:
            self.breach(f"a request is answered with {status}")

    async def _knock(self) -> None:
        """An address of a stream that nobody was given, or that was used."""
        guess = f"ws{self._line.base.removeprefix('http')}/lines/{self._line.side.name}/stream/{self._chance.randbytes(32).hex()}"
        self.last = "a guessed address"
        socket = self._line.open(self._chance.choice((guess, self._stream or guess)))
        await self._line.settle()
        if not socket.closed and self._call is not None and self._call.socket is None:
            self._call.socket = socket
        self._outcome.answers["stream"] += 1

    async def _linger(self) -> None:
        """A drip, or a flood."""
        call, chance = self._call, self._chance
        assert call is not None
        self.last = "a drip or a flood"
        socket = call.socket or self._line.open(self._stream)
        call.socket = socket
        if chance.random() < 0.5:
            await self._line.clock.sleep(2.0)
        else:
            for _ in range(chance.choice((100, 499, 600))):
                socket.say(_text(chance.choice(self._line.side.stream(call.id)[1:-1])))
        self._outcome.answers["stream"] += 1

    def breach(self, rule: str) -> None:
        """A rule does not hold."""
        self._outcome.broken.append(Breach(rule, self.last))


class _Errors(logging.Handler):
    """Defects that were logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One of them."""
        error = record.exc_info[1] if record.exc_info else None
        self.found.append(f"{record.getMessage()}: {error!r}")


async def _round(side: Side, chance: Random, outcome: Outcome, mutants: int) -> None:
    line = Line(side)
    await line.carrier.open(line)
    streaming = [await line.streaming(*await line.dialled()), await line.streaming(*await line.came_in())]
    waiting = (await line.dialled())[0]
    bystanders = [*streaming, waiting]
    before = [(list(one.listener.told), one.socket.sent if one.socket else 0) for one in bystanders]
    for one in streaming:
        assert one.listener.told[-1] == "answered", one
    attack = Attack(line, chance, outcome, tuple(name for one in bystanders for name in (one.id, one.key)))
    errors, log = _Errors(), logging.getLogger()
    log.addHandler(errors)
    try:
        for _ in range(mutants):
            known = len(outcome.broken)
            try:
                await attack.step()
            # Boundary to what is attacked: whatever comes out of it is what this looks for.
            except Exception as error:  # noqa: BLE001
                attack.breach(f"{type(error).__name__}: {error}")
            for told in (*errors.found, *line.failed):
                attack.breach(f"a defect is logged: {told[:500]}")
            errors.found.clear()
            line.failed.clear()
            after = [(list(one.listener.told), one.socket.sent if one.socket else 0) for one in bystanders]
            if after != before or any(one.listener.spoken or (one.socket and one.socket.closed) for one in bystanders):
                attack.breach(f"another call was changed: {after}")
                before = after
            if len(outcome.broken) > known:
                break
        outcome.ends.update("open" for _ in line.carrier.legs)
        await line.aclose()
        await line.clock.sleep(MAX_CALL_SECONDS + 1)
    finally:
        log.removeHandler(errors)
    gc.collect()
    held = sum(isinstance(one, StreamLeg) for one in gc.get_objects())
    if held:
        attack.breach(f"{held} calls are held when all are over")


def attacked(side: Side, mutants: int, seed: int) -> Outcome:
    """``mutants`` mutants on a vendor's carrier, in rounds of ROUND, each by its own seed.

    Nothing raises or logs an error, no answer is 5xx, the bystanders notice nothing, and when all calls are over none is held.
    """
    outcome = Outcome()
    for number in range(-(-mutants // ROUND)):
        chance = Random(f"{side.name} {seed} {number}")
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(_round(side, chance, outcome, min(ROUND, mutants - number * ROUND)))
    return outcome


def stream_in(body: bytes) -> str:
    """The address of a stream in an answer, empty where there is none."""
    found = STREAM.search(body.decode(errors="replace"))
    return found[0] if found else ""


def _text(message: Message) -> Wire:
    return message if isinstance(message, bytes) else json_of(message)


def json_of(message: Mapping[str, Any]) -> str:
    """As a vendor writes it."""
    return json.dumps(message)
