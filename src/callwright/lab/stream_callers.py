"""Callers in real time over a media websocket shaped as Twilio's: they speak, listen, interrupt, and time what comes back.

A caller speaks for about 1.2 s, waits for a reply, hears it to its end and speaks again; every third reply is interrupted after about a
second. Any server that speaks Twilio's messages and answers with the sounds of ``callwright.lab.load_providers`` can be measured.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

import msgspec

from callwright.media.g711 import mulaw_of
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds

FRAME_S = 0.02
LEVELS = 8
SCRIPTED_FINAL_MS, SCRIPTED_INTERRUPTION_MS = 100.0, 180.0
LATE_MS = 60.0
"""A frame that comes later after the first one than this and its place in the reply would be heard as a gap."""
ANSWER_SECONDS = 5.0
INTERRUPT_EVERY, INTERRUPT_AFTER_S = 3, 1.0
PAUSE_S = 0.5

_SILENCE = base64.b64encode(b"\xff" * 160).decode()
_decode = msgspec.json.Decoder().decode


def _reply_of() -> dict[int, int]:
    """The first byte of a reply's sound, and the number of the reply, modulo LEVELS."""
    levels = (2_000 + 2_000 * number for number in range(LEVELS))
    return {mulaw_of(level.to_bytes(2, "little", signed=True))[0]: number for number, level in enumerate(levels)}


def _speech() -> list[str]:
    """A second of sound like speech, in frames: noise that swells and falls, never quiet."""
    random, frames = Random(7), []
    for number in range(50):
        loud = 4_000 + 3_000 * (number % 10) // 10
        samples = b"".join(int(random.gauss(0, loud / 3)).to_bytes(2, "little", signed=True) for _ in range(160))
        frames.append(base64.b64encode(mulaw_of(samples)).decode())
    return frames


REPLY_OF, SPEECH = _reply_of(), _speech()


def _now_s() -> float:
    return SystemClock().monotonic_us() / 1e6


@dataclass
class Figures:
    """What all callers saw while ``measuring``. Milliseconds; ``added`` and ``interruption`` less what is scripted."""

    measuring: bool = False
    added: list[float] = field(default_factory=list)
    interruption: list[float] = field(default_factory=list)
    replies: int = 0
    late_replies: int = 0
    missed: int = 0
    not_cleared: int = 0
    stale_frames: int = 0
    broken: int = 0
    sent: int = 0
    send_late: list[float] = field(default_factory=list)


class _Socket(asyncio.Protocol):
    """The least of a websocket client: whole text messages both ways. The mask is zero, which costs nothing to apply."""

    def __init__(self, request: bytes, on_message: Callable[[bytes], None]) -> None:
        self._request = request
        self._on_message = on_message
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            self.open = b" 101 " in head.partition(b"\r\n")[0]
            self._buffer = bytearray(rest)
            if not self.opened.done():
                self.opened.set_result(self.open)
        while (size := self._frame()) is not None:
            self._buffer = self._buffer[size:]

    def _frame(self) -> int | None:
        """Take the first message. Returns how long it was, None while it is not whole."""
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        length, at = buffer[1] & 0x7F, 2
        if length == 126:
            length, at = int.from_bytes(buffer[2:4]), 4
        elif length == 127:
            if len(buffer) < 10:
                return None
            length, at = int.from_bytes(buffer[2:10]), 10
        if len(buffer) < at + length:
            return None
        kind, payload = buffer[0] & 0x0F, bytes(buffer[at : at + length])
        if kind == 1:
            self._on_message(payload)
        elif kind == 8:
            self.end()
        elif kind == 9:
            self._write(0x8A, payload)
        return at + length

    def send(self, text: str) -> None:
        self._write(0x81, text.encode())

    def _write(self, kind: int, payload: bytes) -> None:
        if self._transport is None or not self.open:
            return
        size = len(payload)
        head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0x80 | 126)) + size.to_bytes(2)
        self._transport.write(head + b"\0\0\0\0" + payload)

    def end(self) -> None:
        if self.open:
            self._write(0x88, (1000).to_bytes(2))
        self.open = False
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if not self.opened.done():
            self.opened.set_result(False)


async def _connect(address: str, on_message: Callable[[bytes], None]) -> _Socket:
    parts = urlsplit(address)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    key = base64.b64encode(bytes.fromhex(RandomIds().token(16))).decode()
    request = (
        f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    host, port = parts.hostname or "", parts.port or 80
    _, socket = await loop.create_connection(lambda: _Socket(request.encode(), on_message), host, port)
    if not await socket.opened:
        raise ConnectionError("the stream was refused")
    return socket


class Caller:
    """One call. ``address`` gives where its stream is."""

    def __init__(self, number: int, address: Callable[[str], Awaitable[str]], figures: Figures) -> None:
        self.call_id = f"CA{number:08x}{RandomIds().token(12)}"
        self._address = address
        self._figures = figures
        self._random = Random(number)
        self._socket: _Socket | None = None
        self._frames = 0
        # Speaking: frames that are left to say. Waiting: since when for a reply, 0 when not. Interrupting: since when, 0 when not.
        self._to_say = self._said = self._turns = 0
        self._waiting_s = self._interrupting_s = self._speak_s = 0.0
        self._reply = self._dropped = -1
        self._first_s = self._heard_s = self._end_s = 0.0
        self._late_ms = 0.0
        self._cut = False
        self._until_s = 0.0

    def count_in(self, figures: Figures) -> None:
        """From now on what is seen goes into ``figures``."""
        self._figures = figures

    def leave(self) -> None:
        """End the call with the next frame."""
        self._until_s = 0.0

    async def call(self, seconds: float) -> None:
        """Be on the line for so long, or until :meth:`leave`."""
        self._until_s = _now_s() + seconds
        try:
            address = await self._address(self.call_id)
            self._socket = await _connect(address, self._told)
        except (OSError, RuntimeError):
            self._figures.broken += 1
            return
        start = f'"streamSid":"MZ{self.call_id[2:]}","callSid":"{self.call_id}","accountSid":"AC0"'
        self._socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        self._socket.send(
            f'{{"event":"start","sequenceNumber":"1","streamSid":"MZ{self.call_id[2:]}","start":{{{start},"tracks":["inbound"],'
            '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{}}}'
        )
        self._speak_s = _now_s() + self._random.uniform(1.0, 3.0)
        due_s = _now_s() + self._random.uniform(0, FRAME_S)
        while self._socket.open and due_s < self._until_s:
            await asyncio.sleep(max(0.0, due_s - _now_s()))
            if self._figures.measuring:
                self._figures.send_late.append(1_000 * (_now_s() - due_s))
            self._tick(_now_s())
            due_s += FRAME_S
        if not self._socket.open:
            self._figures.broken += 1
            return
        self._socket.send(
            f'{{"event":"stop","streamSid":"MZ{self.call_id[2:]}","stop":{{"callSid":"{self.call_id}","accountSid":"AC0"}}}}'
        )
        await asyncio.sleep(0.1)
        self._socket.end()

    def _tick(self, now_s: float) -> None:
        """Send a frame, and decide what the next one will be."""
        payload = _SILENCE
        if self._to_say:
            payload = SPEECH[self._said % len(SPEECH)]
            if self._interrupting_s < 0:
                self._interrupting_s = now_s
            self._said += 1
            self._to_say -= 1
            if not self._to_say:
                self._waiting_s = now_s
        elif self._waiting_s:
            if now_s - self._waiting_s > ANSWER_SECONDS:
                self._waiting_s = 0.0
                self._figures.missed += self._figures.measuring
                self._speak_s = now_s + PAUSE_S
        elif self._speak_s and now_s >= self._speak_s:
            self._speak(now_s < self._end_s)
        elif not self._speak_s and now_s > self._end_s + PAUSE_S:
            self._over()
            self._speak_s = now_s + self._random.uniform(0.2, 0.8)
        self._frames += 1
        self._figures.sent += self._figures.measuring
        self._send_media(payload)

    def _send_media(self, payload: str) -> None:
        assert self._socket is not None
        self._socket.send(
            f'{{"event":"media","sequenceNumber":"{self._frames + 1}","media":{{"track":"inbound","chunk":"{self._frames}",'
            f'"timestamp":"{20 * self._frames}","payload":"{payload}"}},"streamSid":"MZ{self.call_id[2:]}"}}'
        )

    def _speak(self, interrupting: bool) -> None:
        self._turns += 1
        self._speak_s = 0.0
        self._to_say = int(self._random.uniform(1.2, 1.45) / FRAME_S)
        self._interrupting_s = -1.0 if interrupting else 0.0

    def _told(self, message: bytes) -> None:
        told, now_s = _decode(message), _now_s()
        if told["event"] == "media":
            payload = told["media"]["payload"]
            self._heard(REPLY_OF.get(base64.b64decode(payload[:4])[0], -1), len(payload) * 3 // 4 // 160, now_s)
        elif told["event"] == "clear":
            self._cleared(now_s)
        elif told["event"] == "mark":
            wait_s, name = max(0.0, self._end_s - now_s), told["mark"]["name"]
            asyncio.get_running_loop().call_later(wait_s, self._played, name)

    def _played(self, name: str) -> None:
        if self._socket is not None:
            self._socket.send(
                f'{{"event":"mark","streamSid":"MZ{self.call_id[2:]}","mark":{{"name":"{name}"}},"sequenceNumber":"0"}}'
            )

    def _heard(self, reply: int, frames: int, now_s: float) -> None:
        figures = self._figures
        if reply < 0:
            return
        if reply == self._dropped:
            figures.stale_frames += frames * figures.measuring
            return
        if reply != self._reply:
            self._over()
            self._reply, self._dropped, self._cut = reply, -1, False
            self._first_s = self._end_s = now_s
            self._heard_s = self._late_ms = 0.0
            if self._waiting_s:
                if figures.measuring:
                    figures.added.append(1_000 * (now_s - self._waiting_s) - SCRIPTED_FINAL_MS)
                self._waiting_s = 0.0
            self._speak_s = 0.0
            if self._turns % INTERRUPT_EVERY == INTERRUPT_EVERY - 1:
                self._speak_s = now_s + INTERRUPT_AFTER_S + self._random.uniform(0, 0.25)
        self._late_ms = max(self._late_ms, 1_000 * (now_s - self._first_s - self._heard_s))
        self._heard_s += frames * FRAME_S
        self._end_s = max(self._end_s, now_s) + frames * FRAME_S

    def _cleared(self, now_s: float) -> None:
        if self._interrupting_s > 0:
            if self._figures.measuring:
                self._figures.interruption.append(1_000 * (now_s - self._interrupting_s) - SCRIPTED_INTERRUPTION_MS)
            self._interrupting_s = 0.0
        self._cut = True
        self._dropped, self._end_s = self._reply, now_s

    def _over(self) -> None:
        """A reply was heard to its end."""
        figures = self._figures
        if self._interrupting_s > 0:
            figures.not_cleared += figures.measuring
            self._interrupting_s = 0.0
        if self._reply >= 0 and not self._cut and figures.measuring:
            figures.replies += 1
            figures.late_replies += self._late_ms > LATE_MS
        self._cut = True
