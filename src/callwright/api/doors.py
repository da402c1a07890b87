"""The doors of carriers (``ports.door``): where they are, how requests prove where they come from, and the limits of their websockets."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from callwright.api.bodies import read_bytes
from callwright.domain.errors import (
    BadInputError,
    ConfigurationError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    UnavailableError,
)
from callwright.domain.limits import (
    DOOR_ANSWER_SECONDS,
    DOOR_SOCKET_CLOSE_SECONDS,
    DOOR_SOCKET_FIRST_MESSAGE_SECONDS,
    MAX_DOOR_BODY_BYTES,
    MAX_DOOR_CAPABILITIES,
    MAX_DOOR_SOCKET_MESSAGES_A_SECOND,
    MAX_DOOR_SOCKET_WAITING,
    MAX_DOOR_SOCKETS,
    MAX_DOOR_SOCKETS_OF_CARRIER,
)
from callwright.ops.rounds import round_boundary
from callwright.ports.door import (
    INBOUND_CALL,
    LINES,
    Capability,
    Door,
    DoorRequest,
    HttpDoor,
    Proof,
    Signed,
    SocketDoor,
)
from callwright.ports.world import Clock, Ids

_LOG = logging.getLogger(__name__)

_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+")
_CARRIER = re.compile(r"[A-Za-z0-9._-]+")
_INCOMING = "Say what to do with a call that came in, whichever carrier asks"
_TOKEN_BYTES = 32
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WEBSOCKET = "(websocket)"
"""Stands where a route has its method. No request can name it: parentheses are not allowed in a method."""
_TOO_MANY, _DEFECT, _TOO_SLOW = 1008, 1011, 1013
"""How a websocket is closed (RFC 6455, 7.4.1): by a limit, by a defect of the carrier, because its far end does not read."""


@dataclass(frozen=True, slots=True)
class _Mounted:
    """A door with its place: ``path`` is public, without the token of a capability."""

    carrier: str
    path: str
    method: str
    door: Door

    @property
    def proof(self) -> Proof:
        return self.door.proof

    @property
    def place(self) -> tuple[str, str, bool]:
        return self.method, self.path, isinstance(self.proof, Capability)


@dataclass(frozen=True, slots=True)
class _Issued:
    path: str
    bound_to: str
    until_us: int
    uses: int = 1


class Doors:
    """The doors of this process: a ``ports.door.Doorkeeper``, and the ASGI application below ``/lines/`` and at ``/inbound_call``.

    ``public_url`` has no trailing slash.
    """

    def __init__(self, public_url: str, ids: Ids, clock: Clock) -> None:
        self._public_url = public_url
        self._ids = ids
        self._clock = clock
        self._mounted: dict[tuple[str, str, bool], _Mounted] = {}
        self._incoming: dict[str, list[_Mounted]] = {}
        self._issued: dict[bytes, _Issued] = {}
        self._sockets: Counter[str] = Counter()

    def mount(self, carrier: str, doors: Sequence[Door]) -> None:
        """Open the doors of a carrier. Raises ConfigurationError for one without a proof, with a wrong path, or in the place of another."""
        for door in doors:
            name = f"the door {door.path!r} of the carrier {carrier}"
            if not isinstance(door.proof, (Signed, Capability)):
                raise ConfigurationError(f"{name} asks for no proof of where a request comes from")
            if not _PATH.fullmatch(door.path) or not _CARRIER.fullmatch(carrier):
                raise ConfigurationError(f"{name} has a wrong path; use segments of letters, digits, '.', '_' and '-'")
            method = door.method if isinstance(door, HttpDoor) else _WEBSOCKET
            if isinstance(door, HttpDoor) and method not in _METHODS:
                raise ConfigurationError(f"{name} has the method {method!r}; use one of {', '.join(_METHODS)}")
            mounted = _Mounted(carrier, f"{LINES}{carrier}{door.path}", method, door)
            if mounted.place in self._mounted:
                raise ConfigurationError(f"{name} is there twice")
            self._mounted[mounted.place] = mounted
            if isinstance(door, HttpDoor) and door.takes_incoming:
                if not isinstance(door.proof, Signed):
                    raise ConfigurationError(f"{name} takes calls that come in and asks for no signature")
                self._incoming.setdefault(method, []).append(replace(mounted, path=INBOUND_CALL))

    def address(self, carrier: str, path: str) -> str:
        """See the port."""
        return self._address(f"{LINES}{carrier}{path}")

    def _address(self, path: str) -> str:
        is_socket = any(place[:2] == (_WEBSOCKET, path) for place in self._mounted)
        base = "ws" + self._public_url.removeprefix("http") if is_socket else self._public_url
        return base + path

    def issue(self, carrier: str, path: str, bound_to: str, seconds: float, uses: int = 1) -> str:
        """See the port."""
        now_us = self._clock.monotonic_us()
        if len(self._issued) >= MAX_DOOR_CAPABILITIES:
            self._issued = {digest: issued for digest, issued in self._issued.items() if issued.until_us > now_us}
            if len(self._issued) >= MAX_DOOR_CAPABILITIES:
                raise UnavailableError("too many calls wait for the far end of their carrier to connect")
        token = self._ids.token(_TOKEN_BYTES)
        until_us = now_us + int(seconds * 1_000_000)
        self._issued[_digest(token)] = _Issued(f"{LINES}{carrier}{path}", bound_to, until_us, uses)
        return f"{self.address(carrier, path)}/{token}"

    def revoke(self, address: str) -> None:
        """See the port."""
        self._issued.pop(_digest(address.rpartition("/")[2]), None)

    def has(self, scope: Scope) -> bool:
        """Whether a request is for a door, and so needs no API key: the door asks for its own proof."""
        return scope["path"].startswith((LINES, INBOUND_CALL)) and self._find(scope) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request for a door. Raises CallwrightError while nothing was answered."""
        found = self._find(scope)
        if found is None:
            raise NotFoundError(f"there is no {scope.get('method', 'GET')} {scope['path']}; see /openapi.json")
        mounted, token = found
        door = mounted[0].door
        if isinstance(door, SocketDoor):
            await self._serve(mounted[0], door, token, scope, receive, send)
        else:
            answer = await self._answer(mounted, token, Request(scope, receive))
            await answer(scope, receive, send)

    def described(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Path, method and operation of every door, for the description of the API. A websocket is a GET that is answered with 101."""
        for mounted in self._mounted.values():
            yield _described(mounted)
        for mounted, *_ in self._incoming.values():
            yield _described(replace(mounted, door=replace(mounted.door, summary=_INCOMING)))

    def _find(self, scope: Scope) -> tuple[Sequence[_Mounted], str] | None:
        """The door of a request and its token. Carriers share one address: there, all doors of which one may let it in."""
        method, path = scope.get("method", _WEBSOCKET), scope["path"]
        if path == INBOUND_CALL:
            incoming = self._incoming.get(method)
            return None if incoming is None else (incoming, "")
        signed = self._mounted.get((method, path, False))
        if signed is not None:
            return (signed,), ""
        place, _, token = path.rpartition("/")
        capable = self._mounted.get((method, place, True))
        return None if capable is None else ((capable,), token)

    async def _answer(self, mounted: Sequence[_Mounted], token: str, request: Request) -> Response:
        # A capability is in the address: without a good one not a byte of the body is read. A signature is over the body.
        bound_to = self._bound_to(mounted[0], token)
        asked = self._asked(mounted[0], token, request.scope, await read_bytes(request, MAX_DOOR_BODY_BYTES))
        with _within(mounted):
            async with asyncio.timeout(DOOR_ANSWER_SECONDS):
                door, proven = await _proven(mounted, asked)
                assert isinstance(door, HttpDoor)
                answer = await door.answer(replace(asked, bound_to=bound_to, proven=proven))
        return Response(answer.body, answer.status, media_type=answer.content_type)

    async def _serve(
        self, mounted: _Mounted, door: SocketDoor, token: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if door.subprotocol and door.subprotocol not in scope.get("subprotocols", ()):
            raise NotAllowedError(f"this websocket speaks {door.subprotocol}; offer it as a subprotocol")
        with self._counted(mounted.carrier):
            asked = replace(self._asked(mounted, token, scope, b""), bound_to=self._bound_to(mounted, token))
            with _within((mounted,)):
                async with asyncio.timeout(DOOR_ANSWER_SECONDS):
                    asked = replace(asked, proven=(await _proven((mounted,), asked))[1])
            await receive()
            spoken = {"subprotocol": door.subprotocol} if door.subprotocol else {}
            await send({"type": "websocket.accept", **spoken})
            socket = LimitedSocket(receive, send, self._clock, direct_of(scope), door.first_message_seconds)
            try:
                await door.serve(asked, socket)
            # Boundary to the carrier: a defect of it ends this websocket with a code that says so, never the connection without one.
            except Exception:  # noqa: BLE001
                _LOG.exception("the carrier %s failed while it served %s", mounted.carrier, mounted.path)
                await socket.close(_DEFECT)
            finally:
                await socket.close()

    def _asked(self, mounted: _Mounted, token: str, scope: Scope, body: bytes) -> DoorRequest:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        query = scope.get("query_string", b"").decode("latin-1")
        url = self._address(mounted.path) + (f"/{token}" if token else "") + (f"?{query}" if query else "")
        return DoorRequest(scope.get("method", "GET"), url, headers, body, source=_source(scope))

    def _bound_to(self, mounted: _Mounted, token: str) -> str:
        """What the capability of the address was issued for; empty where the door asks for a signature. Raises NotAllowedError."""
        if not isinstance(mounted.proof, Capability):
            return ""
        # Taken before it is looked at: whoever comes second finds nothing, however the first one ends.
        issued = self._issued.pop(_digest(token), None)
        if issued is None or issued.path != mounted.path or issued.until_us <= self._clock.monotonic_us():
            raise NotAllowedError("this address is not good, or not any more: it may be used once")
        if issued.uses > 1:
            self._issued[_digest(token)] = replace(issued, uses=issued.uses - 1)
        return issued.bound_to

    @contextmanager
    def _counted(self, carrier: str) -> Iterator[None]:
        if self._sockets.total() >= MAX_DOOR_SOCKETS or self._sockets[carrier] >= MAX_DOOR_SOCKETS_OF_CARRIER:
            raise RateLimitedError("too many websockets of carriers are open")
        self._sockets[carrier] += 1
        try:
            yield
        finally:
            self._sockets[carrier] -= 1


DIRECT = "callwright.direct"
"""The extension of a websocket's scope that holds its :class:`DirectSocket`."""
_TAKING = round_boundary("taking a message of a websocket")


class DirectSocket(Protocol):
    """A websocket of our own server, without the queue and the tasks of ASGI."""

    def listen(self, on_message: Callable[[str | bytes], None]) -> None:
        """Hand over every message from now on, those that wait first. Only its end still comes through ASGI."""

    def write(self, messages: Sequence[str | bytes]) -> bool:
        """Send at once, all or none. False when it cannot be: the far end does not read fast enough, or the socket is closing."""
        ...


def direct_of(scope: Scope) -> DirectSocket | None:
    """Takes the direct way of a websocket out of its scope, where its server has one.

    The socket holds its scope: left there, both would stay until the garbage collector looks.
    """
    found: DirectSocket | None = (scope.get("extensions") or {}).pop(DIRECT, None)
    return found


class LimitedSocket:
    """A websocket within its limits: a ``ports.door.DoorSocket``.

    Messages go straight from the server to the carrier, and from the carrier to a ``direct`` socket that takes them; a task for each socket
    sends the others.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        clock: Clock,
        direct: DirectSocket | None = None,
        first_message_seconds: float = DOOR_SOCKET_FIRST_MESSAGE_SECONDS,
    ) -> None:
        self.far_code = 0
        self._receive = receive
        self._send = send
        self._clock = clock
        self._direct = direct
        self._on_message: Callable[[str | bytes], None] | None = None
        self._waiting: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._code: int | None = None
        self._until = asyncio.timeout(first_message_seconds).when()
        self._reading: asyncio.Timeout | None = None
        self._second = 0
        self._messages = 0
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def listen(self, on_message: Callable[[str | bytes], None]) -> None:
        """See the port."""
        self._on_message = on_message
        if self._direct is not None:
            self._direct.listen(self._take)

    async def receive(self) -> str | bytes | None:
        """See the port. For one reader."""
        while (message := await self._next()) is not None:
            if self._on_message is None:
                return message if self._may_come() else None
            self._take(message)
        return None

    def send(self, *messages: str | bytes) -> None:
        """See the port."""
        if self._code is not None:
            return
        if self._direct is not None and not self._waiting and self._direct.write(messages):
            return
        for message in messages:
            if len(self._waiting) >= MAX_DOOR_SOCKET_WAITING:
                self._waiting.clear()
                self.end(_TOO_SLOW)
                return
            self._waiting.append({"type": "websocket.send", "text" if isinstance(message, str) else "bytes": message})
        self._wake.set()

    async def close(self, code: int = 1000) -> None:
        """See the port."""
        self.end(code)
        # Whoever listens holds this socket: together they would stay until the garbage collector looks.
        self._on_message = None
        _, late = await asyncio.wait({self._writer}, timeout=DOOR_SOCKET_CLOSE_SECONDS)
        for writer in late:
            writer.cancel()

    def end(self, code: int = 1000) -> None:
        """See the port. It is the end of both directions."""
        if self._code is None:
            self._code = code
            self._wake.set()
            if self._reading is not None and not self._reading.expired():
                # Wakes the reader, which waits for a message that may never come.
                self._reading.reschedule(0)

    async def _next(self) -> str | bytes | None:
        """What comes next through ASGI; None at the end."""
        if self._code is not None:
            return None
        try:
            async with asyncio.timeout_at(self._until) as self._reading:
                message = await self._receive()
        except TimeoutError:
            self.end(_TOO_MANY)
            return None
        finally:
            self._reading = None
        self._until = None
        if message["type"] != "websocket.receive":
            if self._code is None:
                self.far_code = int(message.get("code") or 0)
            self.end()
            return None
        text = message.get("text")
        return text if text is not None else bytes(message["bytes"])

    def _take(self, message: str | bytes) -> None:
        """Hand a message to whoever listens."""
        if self._on_message is None or not self._may_come():
            return
        taken = False
        with _TAKING:
            self._on_message(message)
            taken = True
        if not taken:
            self.end(_DEFECT)

    def _may_come(self) -> bool:
        """Count a message. False once the socket has closed, by its limit too."""
        second = self._clock.monotonic_us() // 1_000_000
        if second != self._second:
            self._second, self._messages = second, 0
        self._messages += 1
        if self._messages > MAX_DOOR_SOCKET_MESSAGES_A_SECOND:
            self.end(_TOO_MANY)
        return self._code is None

    async def _write(self) -> None:
        try:
            while True:
                while self._waiting:
                    await self._send(self._waiting.popleft())
                if self._code is not None:
                    await self._send({"type": "websocket.close", "code": self._code})
                    return
                self._wake.clear()
                await self._wake.wait()
        except (OSError, RuntimeError):
            # The far end is gone, or was the first to close: nothing is left to be said to it.
            self._waiting.clear()
            self.end()


async def _proven(mounted: Sequence[_Mounted], asked: DoorRequest) -> tuple[Door, object]:
    """The first door that lets a request in, and what the check of its signature found; None where it asks for none. Raises
    NotAllowedError."""
    for one in mounted:
        if not isinstance(one.proof, Signed):
            return one.door, None
        try:
            proven = await one.proof.check(asked)
        except BadInputError:
            # Another carrier may understand what this one does not.
            if len(mounted) == 1:
                raise
            continue
        if proven:
            return one.door, proven
    raise NotAllowedError("the request is not signed as its carrier signs")


@contextmanager
def _within(mounted: Sequence[_Mounted]) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        carriers = " or ".join(one.carrier for one in mounted)
        raise UnavailableError(f"the carrier {carriers} did not answer within {DOOR_ANSWER_SECONDS} s") from None


def _digest(token: str) -> bytes:
    # What is compared is not what came in, so that the time of a look-up says nothing about a token.
    return hashlib.sha256(token.encode()).digest()


def _source(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _described(mounted: _Mounted) -> tuple[str, str, dict[str, Any]]:
    capable = isinstance(mounted.proof, Capability)
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    is_socket = isinstance(mounted.door, SocketDoor)
    good = {"101": {"description": "A websocket."}} if is_socket else {"200": {"description": "The carrier's answer."}}
    refusals: Mapping[str, str] = {
        "403": "The request does not prove where it comes from.",
        "429": "Too many at once.",
        "503": "The carrier does not answer.",
        **({} if is_socket else {"413": f"The body is larger than {MAX_DOOR_BODY_BYTES} bytes."}),
    }
    method = "get" if is_socket else mounted.method.lower()
    operation: dict[str, Any] = {
        "tags": ["lines"],
        "summary": mounted.door.summary,
        "description": "Needs an address that was issued for one call and is good once."
        if capable
        else "Needs the carrier's signature.",
        "operationId": re.sub(r"\W", "_", f"{method}{mounted.path}"),
        "security": [],
        "responses": {**good, **{status: {"description": text, **error} for status, text in refusals.items()}},
    }
    if capable:
        token = {"name": "capability", "in": "path", "required": True, "schema": {"type": "string"}}
        operation["parameters"] = [token]
    if is_socket:
        operation["x-websocket"] = True
    return mounted.path + ("/{capability}" if capable else ""), method, operation
