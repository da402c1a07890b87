"""A gateway process and the smallest server that can speak with it, for tests of the gateway alone."""

from __future__ import annotations

import asyncio
import math
import os
import random
import signal
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, cast

import pytest
from tests.waiting import until

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.telephony.sip.wire import GATEWAY, Reader, audio, control

HOST = "127.0.0.1"
FRAME = 160
HEARD_WHOLE = 3_200
_WORKERS = 25
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_PORTS = random.Random(os.getpid())
needs_stack = [
    pytest.mark.phone,
    pytest.mark.skipif(find_spec("baresip") is None, reason="the SIP stack is missing: pip install 'callwright[sip]'"),
]
"""Marks of every test that needs the stack; in CI a skip of them is a failure."""


async def established(caller: Server, callee: Server, **values: Any) -> tuple[int, int]:
    """A call between two gateways that was answered: its numbers on either side."""
    before = len(callee.of(None, "incoming"))
    there = caller.dial(f"sip:4711@{callee.listen}", **values)
    here, _ = await callee.wait(None, "incoming", count=before + 1)
    callee.send(here, "answer")
    await caller.wait(there, "answered")
    await callee.wait(here, "answered")
    return there, here


def free_port() -> int:
    """Returns an even port that is free for UDP and TCP, and whose next, the one of TLS, is free for TCP.

    It lies below those of the phone suite and those of the kernel. Each worker has ports of its own: no other takes it before it is bound.
    """
    first = 10_000 + _WORKER * 200
    for _ in range(200):
        port = _PORTS.randrange(first, first + 200, 2)
        try:
            for kind, used in ((socket.SOCK_DGRAM, port), (socket.SOCK_STREAM, port), (socket.SOCK_STREAM, port + 1)):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((HOST, used))
        except OSError:
            continue
        return port
    raise AssertionError("no free port")


def tone(hz: float, seconds: float, level: int = 8_000) -> bytes:
    """Mu-law of a sine."""
    count = int(seconds * 8_000)
    pcm = b"".join(struct.pack("<h", int(level * math.sin(2 * math.pi * hz * n / 8_000))) for n in range(count))
    return mulaw_of(pcm)


def share_of(mulaw: bytes, hz: float) -> float:
    """How much of the sound's energy is at ``hz`` (Goertzel): about 1 for a pure tone, about 0 for none of it."""
    pcm = pcm_of_mulaw(mulaw)
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    energy = sum(value * value for value in samples)
    if not energy:
        return 0.0
    shares = []
    for at in range(0, len(samples) - 799, 800):
        block = samples[at : at + 800]
        power = sum(value * value for value in block)
        real = sum(value * math.cos(2 * math.pi * hz * n / 8_000) for n, value in enumerate(block))
        imaginary = sum(value * math.sin(2 * math.pi * hz * n / 8_000) for n, value in enumerate(block))
        shares.append((real * real + imaginary * imaginary) * 2 / 800)
        shares[-1] = min(shares[-1], power)
    return sum(shares) / energy if shares else 0.0


async def carried(speaking: Coroutine[Any, Any, object], heard: Callable[[], bytes], hz: float) -> None:
    """Let a tone be spoken until 0.4 s of it have been heard whole.

    A machine that stands still for a moment tears the tone of whoever speaks in real time on it, and no line did that: what is heard later
    is as good. A line that carries another tone, or none, never comes to it.
    """
    task = asyncio.ensure_future(speaking)
    try:
        await until(lambda: share_of(heard()[-HEARD_WHOLE:], hz) > 0.9, 15)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Server(asyncio.Protocol):
    """The server's end of the socket."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, Mapping[str, Any]]] = []
        self.audio: dict[int, list[bytes]] = {}
        self.audio_at: dict[int, list[float]] = {}
        self.lost = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None
        self.listen = ""
        self._reader = Reader()
        self._changed = asyncio.Event()
        self._next = 1
        self._transport: asyncio.Transport | None = None

    @property
    def pid(self) -> int:
        """The gateway process."""
        assert self.process is not None
        return self.process.pid

    async def ended(self, seconds: float) -> int:
        """The exit status of the gateway process, which ends within so many seconds."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), seconds)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ours."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Everything is kept."""
        now = asyncio.get_running_loop().time()
        for call, message in self._reader.feed(data):
            if isinstance(message, bytes):
                self.audio.setdefault(call, []).append(message)
                self.audio_at.setdefault(call, []).append(now)
            else:
                self.messages.append((call, message))
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.lost.set()

    def send(self, call: int, kind: str, **values: Any) -> None:
        """A control message."""
        assert self._transport is not None
        self._transport.write(control(call, kind, **values))

    def write(self, call: int, frames: bytes) -> None:
        """Audio."""
        assert self._transport is not None
        self._transport.write(audio(call, frames))

    def write_raw(self, data: bytes) -> None:
        """Whatever bytes."""
        assert self._transport is not None
        self._transport.write(data)

    def hang_up_socket(self) -> None:
        """As if the server had died."""
        assert self._transport is not None
        self._transport.abort()

    def of(self, call: int | None, kind: str) -> list[Mapping[str, Any]]:
        """The messages of a call (of any) of one kind."""
        return [message for one, message in self.messages if call in (None, one) and message["type"] == kind]

    async def wait(
        self, call: int | None, kind: str, seconds: float = 8.0, count: int = 1
    ) -> tuple[int, Mapping[str, Any]]:
        """The ``count``-th message of a kind, come or to come."""
        return await self.wait_any(call, (kind,), seconds, count)

    async def wait_any(
        self, call: int | None, kinds: tuple[str, ...], seconds: float = 8.0, count: int = 1
    ) -> tuple[int, Mapping[str, Any]]:
        """The ``count``-th message of some kinds, come or to come."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = [one for one in self.messages if call in (None, one[0]) and one[1]["type"] in kinds]
                    if len(found) >= count:
                        return found[count - 1]
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {kinds} of call {call} within {seconds} s; there was {self.messages}") from None

    def dial(self, to: str, **values: Any) -> int:
        """Place a call; returns its number."""
        number, self._next = self._next, self._next + 2
        given = {"from_user": "agent", "display_name": "", "headers": {}, "ring_seconds": 30, **values}
        self.send(number, "dial", to=to, **given)
        return number

    async def speak(self, call: int, mulaw: bytes) -> None:
        """Write audio as the server's pacer does: 20 ms every 20 ms, 60 ms ahead."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for index in range(len(mulaw) // FRAME):
            await asyncio.sleep(max(0.0, start + 0.02 * (index - 3) - loop.time()))
            self.write(call, mulaw[index * FRAME : (index + 1) * FRAME])

    def heard(self, call: int) -> bytes:
        """All audio of a caller."""
        return b"".join(self.audio.get(call, []))


@asynccontextmanager
async def gateway(**settings: Any) -> AsyncIterator[Server]:
    """A gateway process that listens."""
    server = await start(**settings)
    assert server.of(GATEWAY, "ready"), server.messages
    try:
        yield server
    finally:
        await stop(server)


async def start(*, command: tuple[str, ...] = ("-m", "callwright.telephony.sip.gateway"), **settings: Any) -> Server:
    """Start a gateway and wait until it listens (or refuses). ``command``: what Python is told to run."""
    ours, theirs = socket.socketpair()
    port = free_port()
    first = 16_000 + (port // 2 % 20) * 200
    server = Server()
    await asyncio.get_running_loop().create_unix_connection(lambda: server, sock=ours)
    server.process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        "--fd",
        str(theirs.fileno()),
        pass_fds=(theirs.fileno(),),
        start_new_session=True,
    )
    theirs.close()
    given: dict[str, Any] = {
        "listen": f"{HOST}:{port}",
        "rtp_ports": f"{first}-{first + 199}",
        "max_calls": 50,
        "max_unacknowledged": 20,
        "allow": [],
        "user": "",
        "password": "",
        "codecs": ["pcmu", "pcma"],
        "headers": ["X-Campaign"],
        "log_level": "info",
        "log_format": "text",
        **settings,
    }
    server.listen = str(given["listen"])
    server.send(GATEWAY, "settings", **given)
    await server.wait_any(GATEWAY, ("ready", "refused"), 15)
    return server


async def stop(server: Server) -> int:
    """End a gateway; returns its exit status."""
    process = server.process
    assert process is not None
    if not server.lost.is_set():
        server.send(GATEWAY, "stop")
    try:
        return await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        os.kill(process.pid, signal.SIGKILL)
        return await process.wait()
