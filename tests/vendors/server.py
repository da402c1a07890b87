"""What the vendors on loopback share: one address for all, websockets and HTTP, who came, and how the key decides what they do.

A vendor's module has its ``ROUTES``. It hears text carried in two-tone audio and speaks it, so that a call through it has real words.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import importlib.util
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from callwright.media.tonetext import ToneTextDecoder, spoken, word_times

web: Any = importlib.import_module("aiohttp.web") if importlib.util.find_spec("aiohttp") else None
"""There where the vendors' clients are; tests that need neither import this module too."""

GOOD = "canary-vendor-key-1a2b3c4d"
REFUSED = "canary-vendor-refused-401"
LIMITED = "canary-vendor-limited-429"
FAILING = "canary-vendor-failing-500"
BREAKING = "canary-vendor-breaks-off"
RESETTING = "canary-vendor-resets"
CLOSING = "canary-vendor-accepts-and-closes"
TRICKLING = "canary-vendor-trickles"
SILENT = "canary-vendor-says-nothing"
HANGING = "canary-vendor-never-accepts"
GARBLED = "canary-vendor-sends-garbage"

GARBAGE: tuple[str | bytes, ...] = ("no json", "[]", "{}", '{"type":"Unheard"}', b"\x00\x01")
PAGE = "<!doctype html><html><body>Welcome to the hotel's network.</body></html>"

_STATUSES = {REFUSED: 401, LIMITED: 429, FAILING: 500}
_KEY_HEADERS = (
    "xi-api-key",
    "X-API-Key",
    "api-subscription-key",
    "X-Gladia-Key",
    "Ocp-Apim-Subscription-Key",
    "X-Pixa-Key",
    "x-goog-api-key",
    "Authorization",
)
_PIECE_BYTES = 3_200
_PAUSE_S = 0.25
_TRICKLE_S = 0.4
_LONGEST_S = 3_600


class EndsHereError(Exception):
    """The behaviour that the key asks for ends the connection here."""


@dataclass
class Visit:
    """One connection or request of a client: what it asked for and what it sent."""

    path: str
    query: dict[str, list[str]]
    key: str
    headers: Mapping[str, str] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    audio_bytes: int = 0
    closed: bool = False

    @property
    def texts(self) -> list[str]:
        """What it wanted to be said, without blanks."""
        said = (str(one.get("text", "")) or str(one.get("transcript", "")) for one in self.messages)
        return [text.strip() for text in said if text.strip()]


class Line:
    """A client's websocket, or its request and the answer to it, with the behaviour that its key asks for."""

    def __init__(self, request: Any, visit: Visit, socket: Any) -> None:
        self.request = request
        self.visit = visit
        self._socket = socket
        self.place: SpeechVendors | None = None

    async def send(self, message: str | bytes | dict[str, Any]) -> None:
        """Send a text, bytes, or an object as JSON."""
        if isinstance(message, bytes):
            await self._socket.send_bytes(message)
        else:
            await self._socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def close(self, code: int, reason: str = "") -> None:
        """Close the websocket."""
        await self._socket.close(code=code, message=reason.encode())

    def abort(self) -> None:
        """The connection is reset."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def ends(self) -> None:
        """What breaks off does so here. Raises EndsHereError."""
        if self.visit.key == RESETTING:
            self.abort()
            raise EndsHereError
        if self.visit.key == BREAKING:
            if self._socket is None:
                self.abort()
            else:
                await self.close(1011, "something broke")
            raise EndsHereError

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        async for message in self._socket:
            if message.type.name in ("TEXT", "BINARY"):
                yield message.data

    async def objects(self) -> AsyncIterator[dict[str, Any]]:
        """The client's messages as objects, each kept."""
        async for message in self:
            asked: dict[str, Any] = json.loads(message)
            self.visit.messages.append(asked)
            yield asked

    async def pieces(self, text: str, rate_hz: int = 8_000) -> AsyncIterator[bytes]:
        """The spoken text in pieces, as the key wants them: broken off, slower than they can be played, or none."""
        if self.visit.key == SILENT:
            await asyncio.sleep(_LONGEST_S)
        audio = at_rate(spoken(text), rate_hz)
        piece_bytes = _PIECE_BYTES * rate_hz // 8_000
        if self.visit.key == TRICKLING:
            piece_bytes = piece_bytes // 20
        for number, at in enumerate(range(0, len(audio), piece_bytes)):
            if number == 2:
                await self.ends()
            if number and self.visit.key == TRICKLING:
                await asyncio.sleep(_TRICKLE_S)
            yield audio[at : at + piece_bytes]

    async def encoded_pieces(self, text: str, rate_hz: int = 8_000) -> AsyncIterator[str]:
        """The same in Base64."""
        async for piece in self.pieces(text, rate_hz):
            yield base64.b64encode(piece).decode()

    async def stream(self, pieces: AsyncIterator[bytes], content_type: str) -> Any:
        """Answer a request with what is made meanwhile."""
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(self.request)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
        return response

    async def words(self, pcm: bytes, answer_of: Callable[[str], Any]) -> Any:
        """Answer a request with the words of its audio, as JSON: broken off, too slowly, or not at all, as the key wants it."""
        ear = Ear()
        ear.feed(pcm)
        self.visit.audio_bytes += len(pcm)
        await self.ends()
        if self.visit.key in (SILENT, TRICKLING):
            await asyncio.sleep(_LONGEST_S)
        return web.json_response(answer_of(ear.text.strip()))


Handler = Callable[[Line], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """One address of a vendor. ``socket``: it is a websocket; ``quiet``: it is no part of a call, such as a list of voices;
    ``header``: what tells this vendor's clients from those of another with the same address."""

    method: str
    path: str
    handler: Handler
    socket: bool = False
    quiet: bool = False
    header: str = ""


def socket(path: str, handler: Handler, header: str = "") -> Route:
    """A websocket."""
    return Route("GET", path, handler, socket=True, header=header)


@dataclass
class SpeechVendors:
    """The servers. ``origin`` is where they are; ``visits`` everybody who came. ``deaf`` takes connections and says nothing, for clients
    whose key comes after the connection."""

    origin: str = ""
    deaf: str = ""
    visits: list[Visit] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    """Token that a vendor gave out -> the key it was given for."""
    _lines: list[Line] = field(default_factory=list)

    def hang_up(self) -> None:
        """Every connection is lost, as when a vendor restarts."""
        for line in self._lines:
            line.abort()

    def addresses(self, *names: str) -> str:
        """The setting with which clients of these vendors come here."""
        return ",".join(f"{name}={self.origin}" for name in names)

    def open_visits(self) -> int:
        """Connections that are open."""
        return sum(not visit.closed for visit in self.visits)

    def handler(self, routes: Sequence[Route]) -> Callable[[Any], Awaitable[Any]]:
        """What the server calls for the routes of one address."""

        async def handle(request: Any) -> Any:
            route = next(one for one in routes if not one.header or one.header in request.headers)
            query = {name: request.query.getall(name) for name in request.query}
            key = self.tokens.get((query.get("token") or [""])[0]) or key_of(request.headers)
            if key == HANGING:
                await asyncio.sleep(_LONGEST_S)
            if key in _STATUSES:
                return web.Response(status=_STATUSES[key], text=f"no: {key}")
            visit = Visit(request.path, query, key, dict(request.headers))
            if not route.quiet:
                self.visits.append(visit)
            try:
                return await self._serve(route, request, visit)
            finally:
                visit.closed = True

        return handle

    async def _serve(self, route: Route, request: Any, visit: Visit) -> Any:
        if not route.socket:
            return await self._answer(route, request, visit)
        connection = web.WebSocketResponse(max_msg_size=0)
        await connection.prepare(request)
        line = Line(request, visit, connection)
        line.place = self
        self._lines.append(line)
        if visit.key == CLOSING:
            await connection.close(code=1011, message=b"not today")
            return connection
        try:
            for message in GARBAGE if visit.key == GARBLED else ():
                await line.send(message)
            await route.handler(line)
        except (EndsHereError, ConnectionResetError):
            pass
        finally:
            await connection.close()
        return connection

    async def _answer(self, route: Route, request: Any, visit: Visit) -> Any:
        line = Line(request, visit, None)
        line.place = self
        self._lines.append(line)
        if visit.key == CLOSING and not route.quiet:
            line.abort()
        if visit.key == GARBLED and not route.quiet:
            return web.Response(text=PAGE, content_type="text/html")
        try:
            return await route.handler(line)
        except (EndsHereError, ConnectionResetError):
            return web.Response()


def key_of(headers: Mapping[str, str]) -> str:
    """The key that a request came with."""
    found = next((headers[name] for name in _KEY_HEADERS if name in headers), "")
    if found.startswith("AWS4-HMAC-SHA256"):
        return found.partition("Credential=")[2].partition("/")[0]
    key = found.rpartition(" ")[2]
    return _issuer(key) if key.count(".") == 2 else key


def _issuer(token: str) -> str:
    """The name of the service account that signed the token."""
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"]).partition("@")[0]


def at_rate(pcm: bytes, rate_hz: int) -> bytes:
    """Audio at 8,000 Hz at a multiple of that, each sample repeated: its tones stay what they are."""
    return np.frombuffer(pcm, "<i2").repeat(rate_hz // 8_000).tobytes()


def at_8_000_hz(pcm: bytes, rate_hz: int) -> bytes:
    """Audio at a multiple of 8,000 Hz at that rate: every so many samples one."""
    return np.frombuffer(pcm, "<i2")[:: rate_hz // 8_000].tobytes()


class Ear:
    """Hears the audio of a client: text so far, the times of its words, and pauses."""

    def __init__(self, rate_hz: int = 8_000) -> None:
        self._decoder = ToneTextDecoder()
        self._rate_hz = rate_hz
        self.text = ""
        self.at_s = 0.0
        self.began_s = self.ended_s = 0.0

    def feed(self, pcm: bytes) -> bool:
        """The next audio; whether a word ended in it."""
        self.at_s += len(pcm) / (self._rate_hz * 2)
        word = False
        for heard in self._decoder.feed(pcm if self._rate_hz == 8_000 else at_8_000_hz(pcm, self._rate_hz)):
            if not self.text:
                self.began_s = max(0.0, heard.end_ms / 1000 - 0.06)
            self.text += heard.text
            self.ended_s = heard.end_ms / 1000
            word = word or heard.text == " "
        return word

    @property
    def paused(self) -> bool:
        """Whether the caller said something and has been silent since."""
        return bool(self.text.strip()) and self.at_s - self.ended_s >= _PAUSE_S

    def words(self) -> list[dict[str, Any]]:
        """The words with their times."""
        return [
            {
                "word": word.lower(),
                "punctuated_word": word,
                "start": self.began_s + start / 1000,
                "end": self.began_s + end / 1000,
                "confidence": 0.99,
            }
            for word, start, end in word_times(self.text)
        ]

    def take(self) -> None:
        """The text was told."""
        self.text = ""


class Hearing:
    """A recogniser's side of a websocket: tells ``report(final)`` of each word and of each pause, and what the key asks for besides."""

    def __init__(self, line: Line, report: Callable[[bool], Awaitable[None]], rate_hz: int = 8_000) -> None:
        self._line = line
        self._report = report
        self._words = 0
        self.ear = Ear(rate_hz)

    async def feed(self, pcm: bytes) -> None:
        """The next audio of the client."""
        key = self._line.visit.key
        self._line.visit.audio_bytes += len(pcm)
        if key == SILENT:
            return
        word = self.ear.feed(pcm)
        self._words += word
        if word:
            await self._line.ends()
        if key == TRICKLING and self._words > 1:
            return
        if word:
            await self._report(False)
        elif self.ear.paused:
            await self._report(True)
            self.ear.take()

    async def finish(self) -> None:
        """What is still unsaid is told, as the client asks for it."""
        if self.ear.text.strip():
            await self._report(True)
            self.ear.take()


@asynccontextmanager
async def serving(routes: Sequence[Route], tls: ssl.SSLContext | None = None) -> AsyncIterator[SpeechVendors]:
    """The vendors' routes at one address, with ``tls`` for clients that take no other."""
    place = SpeechVendors()
    app = web.Application(client_max_size=0)
    for method, path in dict.fromkeys((route.method, route.path) for route in routes):
        of_address = [route for route in routes if (route.method, route.path) == (method, path)]
        app.router.add_route(method, path, place.handler(sorted(of_address, key=lambda one: not one.header)))
    # Without a log of requests: it would show the keys that the tests look for in our own.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    place.origin = "{}://{}:{}".format("https" if tls else "http", *runner.addresses[0][:2])
    try:
        yield place
    finally:
        place.hang_up()
        await runner.cleanup()


def of_all(*modules: Any) -> Iterator[Route]:
    """The routes of the vendors' modules."""
    for module in modules:
        yield from module.ROUTES
