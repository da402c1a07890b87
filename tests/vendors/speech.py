"""Vendors of speech on loopback: servers that speak the vendors' protocols, as their public documentation has them.

They hear text carried in two-tone audio and speak it, so that a call through them has real words. The key decides how they behave.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from callwright.media.tonetext import ToneTextDecoder, spoken, word_times

GOOD = "canary-vendor-key-1a2b3c4d"
REFUSED = "canary-vendor-refused-401"
LIMITED = "canary-vendor-limited-429"
FAILING = "canary-vendor-failing-500"
BREAKING = "canary-vendor-breaks-off"
SILENT = "canary-vendor-says-nothing"
HANGING = "canary-vendor-never-accepts"
GARBLED = "canary-vendor-sends-garbage"

_QUIET = logging.getLogger("tests.vendors")
_QUIET.setLevel(logging.CRITICAL)
"""A server that logs what it gets would show the key that the tests look for in our own log."""

_STATUSES = {
    REFUSED: HTTPStatus.UNAUTHORIZED,
    LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    FAILING: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_BYTES_PER_S = 16_000
_PIECE_BYTES = 3_200
_PAUSE_S = 0.25


@dataclass
class Visit:
    """One connection of a client: what it asked for and what it sent."""

    path: str
    query: dict[str, list[str]]
    key: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    audio_bytes: int = 0
    closed: bool = False

    @property
    def texts(self) -> list[str]:
        """What it wanted to be said, without blanks."""
        said = (str(one.get("text", "")) or str(one.get("transcript", "")) for one in self.messages)
        return [text.strip() for text in said if text.strip()]


@dataclass
class SpeechVendors:
    """The servers. ``origin`` is where they are; ``visits`` everybody who came."""

    origin: str = ""
    visits: list[Visit] = field(default_factory=list)
    _connections: list[ServerConnection] = field(default_factory=list)

    def hang_up(self) -> None:
        """Every connection is lost, as when a vendor restarts."""
        for connection in self._connections:
            connection.transport.abort()

    def taken(self, connection: ServerConnection) -> None:
        """Another client came in."""
        self._connections.append(connection)

    def addresses(self, *names: str) -> str:
        """The setting with which clients of these vendors come here."""
        return ",".join(f"{name}={self.origin}" for name in names)

    def open_visits(self) -> int:
        """Connections that are open."""
        return sum(not visit.closed for visit in self.visits)


@asynccontextmanager
async def speech_vendors() -> AsyncIterator[SpeechVendors]:
    """All vendors at one address."""
    place = SpeechVendors()

    async def at_the_door(connection: ServerConnection, request: Request) -> Response | None:
        key = _key(request)
        if key == HANGING:
            await asyncio.sleep(3_600)
        status = _STATUSES.get(key)
        return None if status is None else connection.respond(status, "")

    async def inside(connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None, "it came with one"
        address = urlsplit(request.path)
        visit = Visit(address.path, parse_qs(address.query), _key(request))
        place.visits.append(visit)
        place.taken(connection)
        try:
            await _serve(connection, visit)
        except ConnectionClosed:
            pass
        finally:
            visit.closed = True

    async with serve(inside, "127.0.0.1", 0, process_request=at_the_door, max_size=None, logger=_QUIET) as server:
        place.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield place


def _key(request: Request) -> str:
    headers = request.headers
    found = headers.get("xi-api-key") or headers.get("X-API-Key") or headers.get("api-subscription-key")
    found = found or headers.get("Authorization", "")
    return found.rpartition(" ")[2]


async def _serve(connection: ServerConnection, visit: Visit) -> None:
    if visit.key == GARBLED:
        for message in ("no json", "[]", "{}", '{"type":"Unheard"}', b"\x00\x01"):
            await connection.send(message)
    handlers: tuple[tuple[str, Callable[[ServerConnection, Visit], Awaitable[None]]], ...] = (
        ("/v1/listen", _deepgram_nova),
        ("/v2/listen", _deepgram_flux),
        ("/v3/ws", _assembly),
        ("/transcribe-websocket", _soniox),
        ("/text-to-speech/ws", _sarvam),
        ("/tts/websocket", _cartesia),
        ("/v1/text-to-speech/", _elevenlabs),
    )
    for beginning, handler in handlers:
        if visit.path.startswith(beginning):
            await handler(connection, visit)
            return
    await connection.close(1008, "no such address")


class _Ear:
    """Hears the audio of a client: text so far, the times of its words, and pauses."""

    def __init__(self) -> None:
        self._decoder = ToneTextDecoder()
        self.text = ""
        self.at_s = 0.0
        self.began_s = self.ended_s = 0.0

    def feed(self, pcm: bytes) -> bool:
        """The next audio; whether a word ended in it."""
        self.at_s += len(pcm) / _BYTES_PER_S
        word = False
        for heard in self._decoder.feed(pcm):
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


async def _deepgram_nova(connection: ServerConnection, visit: Visit) -> None:
    ear = _Ear()

    async def results(final: bool, finalized: bool = False) -> None:
        alternative = {"transcript": ear.text.strip(), "confidence": 0.99, "words": ear.words()}
        await connection.send(
            json.dumps(
                {
                    "type": "Results",
                    "channel_index": [0, 1],
                    "start": ear.began_s,
                    "duration": ear.at_s - ear.began_s,
                    "is_final": final,
                    "speech_final": final and not finalized,
                    "from_finalize": finalized,
                    "channel": {"alternatives": [alternative]},
                    "metadata": {"request_id": "r-1", "model_uuid": "m-1"},
                }
            )
        )
        if final:
            ear.take()

    async for message in connection:
        if isinstance(message, str):
            visit.messages.append(json.loads(message))
            kind = visit.messages[-1].get("type")
            if kind == "Finalize" and ear.text.strip():
                await results(True, finalized=True)
            if kind == "CloseStream":
                await connection.send(json.dumps({"type": "Metadata", "request_id": "r-1", "duration": ear.at_s}))
                return
            continue
        visit.audio_bytes += len(message)
        if visit.key == SILENT:
            continue
        word = ear.feed(message)
        if word and visit.key == BREAKING:
            await connection.close(1011, "something broke")
            return
        if word:
            await results(False)
        elif ear.paused:
            await results(True)


async def _deepgram_flux(connection: ServerConnection, visit: Visit) -> None:
    ear, turn = _Ear(), 0

    async def tell(event: str) -> None:
        await connection.send(
            json.dumps(
                {
                    "type": "TurnInfo",
                    "request_id": "r-1",
                    "sequence_id": 0,
                    "event": event,
                    "turn_index": turn,
                    "audio_window_start": ear.began_s,
                    "audio_window_end": ear.at_s,
                    "transcript": ear.text.strip(),
                    "words": ear.words(),
                    "end_of_turn_confidence": 0.9,
                }
            )
        )

    await connection.send(json.dumps({"type": "Connected", "request_id": "r-1", "sequence_id": 0}))
    began = False
    async for message in connection:
        if isinstance(message, str):
            visit.messages.append(json.loads(message))
            if visit.messages[-1].get("type") == "CloseStream":
                return
            continue
        visit.audio_bytes += len(message)
        if ear.feed(message):
            await tell("Update" if began else "StartOfTurn")
            began = True
        elif ear.paused:
            if "eager_eot_threshold" in visit.query:
                await tell("EagerEndOfTurn")
            await tell("EndOfTurn")
            ear.take()
            turn, began = turn + 1, False


async def _assembly(connection: ServerConnection, visit: Visit) -> None:
    ear, turn = _Ear(), 0

    async def tell(ended: bool) -> None:
        words = [
            {
                "text": one["word"],
                "start": round(one["start"] * 1000),
                "end": round(one["end"] * 1000),
                "confidence": 0.99,
                "word_is_final": True,
            }
            for one in ear.words()
        ]
        await connection.send(
            json.dumps(
                {
                    "type": "Turn",
                    "turn_order": turn,
                    "turn_is_formatted": ended,
                    "end_of_turn": ended,
                    "end_of_turn_confidence": 0.9 if ended else 0.1,
                    "transcript": ear.text.strip(),
                    "utterance": ear.text.strip() if ended else "",
                    "words": words,
                }
            )
        )

    await connection.send(json.dumps({"type": "Begin", "id": "s-1", "expires_at": 4_000_000_000}))
    async for message in connection:
        if isinstance(message, str):
            visit.messages.append(json.loads(message))
            if visit.messages[-1].get("type") == "Terminate":
                await connection.send(json.dumps({"type": "Termination", "audio_duration_seconds": ear.at_s}))
                return
            continue
        visit.audio_bytes += len(message)
        if ear.feed(message):
            await tell(False)
        elif ear.paused:
            await tell(True)
            ear.take()
            turn += 1


async def _soniox(connection: ServerConnection, visit: Visit) -> None:
    ear = _Ear()

    async def tell(ended: bool) -> None:
        tokens: list[dict[str, Any]] = [
            {
                "text": f"{one['word']} ",
                "start_ms": round(one["start"] * 1000),
                "end_ms": round(one["end"] * 1000),
                "confidence": 0.99,
                "is_final": ended,
                "language": "en",
            }
            for one in ear.words()
        ]
        if ended:
            tokens.append({"text": "<end>", "is_final": True})
        at_ms = round(ear.at_s * 1000)
        told = {"tokens": tokens, "final_audio_proc_ms": at_ms if ended else 0, "total_audio_proc_ms": at_ms}
        await connection.send(json.dumps(told))

    async for message in connection:
        if isinstance(message, str):
            if not message:
                await connection.send(json.dumps({"tokens": [], "finished": True}))
                return
            visit.messages.append(json.loads(message))
            continue
        visit.audio_bytes += len(message)
        if ear.feed(message):
            await tell(False)
        elif ear.paused:
            await tell(True)
            ear.take()


async def _sarvam(connection: ServerConnection, visit: Visit) -> None:
    text = ""
    async for message in connection:
        asked = json.loads(message)
        visit.messages.append({**asked, **asked.get("data", {})} if isinstance(asked.get("data"), dict) else asked)
        if asked["type"] == "text":
            text += asked["data"]["text"]
        if asked["type"] != "flush" or not text.strip() or visit.key == SILENT:
            continue
        audio = spoken(text.strip())
        text = ""
        for number, at in enumerate(range(0, len(audio), _PIECE_BYTES)):
            if number == 2 and visit.key == BREAKING:
                await connection.close(1011, "something broke")
                return
            piece = base64.b64encode(audio[at : at + _PIECE_BYTES]).decode()
            data = {"request_id": "r-1", "content_type": "audio/pcm", "audio": piece}
            await connection.send(json.dumps({"type": "audio", "data": data}))
        await connection.send(json.dumps({"type": "event", "data": {"event_type": "final"}}))


async def _elevenlabs(connection: ServerConnection, visit: Visit) -> None:
    pending: dict[str, str] = {}
    async for message in connection:
        asked = json.loads(message)
        visit.messages.append(asked)
        context = str(asked.get("context_id", ""))
        if asked.get("close_context") or asked.get("close_socket"):
            await connection.send(json.dumps({"contextId": context, "isFinal": True}))
            continue
        pending[context] = pending.get(context, "") + asked.get("text", "")
        if not (asked.get("flush") and pending[context].strip()):
            continue
        text = pending.pop(context).strip()
        if visit.key == SILENT:
            continue
        audio = spoken(text)
        for number, at in enumerate(range(0, len(audio), _PIECE_BYTES)):
            if number == 2 and visit.key == BREAKING:
                await connection.close(1011, "something broke")
                return
            answer: dict[str, Any] = {
                "contextId": context,
                "audio": base64.b64encode(audio[at : at + _PIECE_BYTES]).decode(),
                "isFinal": False,
            }
            if not number:
                answer["normalizedAlignment"] = {
                    "chars": [*text, " "],
                    "charStartTimesMs": [60 * place for place in range(len(text) + 1)],
                    "charDurationsMs": [60] * (len(text) + 1),
                }
            await connection.send(json.dumps(answer))


async def _cartesia(connection: ServerConnection, visit: Visit) -> None:
    async for message in connection:
        asked = json.loads(message)
        visit.messages.append(asked)
        context, text = asked.get("context_id"), str(asked.get("transcript", "")).strip()
        if asked.get("cancel"):
            continue
        if text and visit.key != SILENT:
            await _cartesia_speaks(connection, visit, str(context), text)
        if not asked.get("continue") and visit.key != SILENT:
            await connection.send(json.dumps({"type": "done", "context_id": context, "done": True, "status_code": 200}))


async def _cartesia_speaks(connection: ServerConnection, visit: Visit, context: str, text: str) -> None:
    times = word_times(text)
    stamps = {
        "words": [word for word, _, _ in times],
        "start": [start / 1000 for _, start, _ in times],
        "end": [end / 1000 for _, _, end in times],
    }
    await connection.send(
        json.dumps({"type": "timestamps", "context_id": context, "done": False, "word_timestamps": stamps})
    )
    audio = spoken(text)
    for number, at in enumerate(range(0, len(audio), _PIECE_BYTES)):
        if number == 2 and visit.key == BREAKING:
            await connection.close(1011, "something broke")
            return
        data = base64.b64encode(audio[at : at + _PIECE_BYTES]).decode()
        await connection.send(
            json.dumps({"type": "chunk", "context_id": context, "done": False, "status_code": 206, "data": data})
        )
