"""A receiver of webhooks on loopback that fails, hangs and forgets, and keeps its own account of what reached it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from callwright.ops.clock import SystemClock

MOST_FAILURES = 3
"""Failed tries of one webhook: with ten it is given up, which is right and would look like a loss."""
_ANSWERS = {200: b"OK", 500: b"Internal Server Error", 503: b"Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Hostility:
    """Shares of the tries: those that fail (an error, or a connection that is cut before or after the body was taken), those that are never
    answered, and those that are acknowledged and then lost."""

    fails: float = 0.30
    hangs: float = 0.05
    loses: float = 0.05


@dataclass(frozen=True, slots=True)
class Arrival:
    """One try that reached the receiver. ``fate``: taken, lost (acknowledged and forgotten), failed, cut or hung. ``gap``: it says that one
    before it is still missing."""

    at: datetime
    event_id: str
    about: str
    sequence: int
    status: str
    fate: str
    gap: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether the sender was told that it arrived."""
        return self.fate in ("taken", "lost")


@dataclass(slots=True)
class HostileReceiver:
    """Takes POST requests at ``url``. ``arrivals`` is its account, in the order of arrival."""

    random: Random
    hostility: Hostility = field(default_factory=Hostility)
    arrivals: list[Arrival] = field(default_factory=list)
    url: str = ""
    _failures: Counter[str] = field(default_factory=Counter)
    _clock: SystemClock = field(default_factory=SystemClock)
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[HostileReceiver]:
        """Listen on a free port of loopback while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
        try:
            yield self
        finally:
            server.close()
            for connection in tuple(self._connections):
                connection.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it. A sender that was killed leaves in the middle of anything."""
        self._connections.add(writer)
        try:
            going_on = True
            while going_on:
                going_on = await self._exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request. Whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        fate, status = self._fate(fields.get("x-callwright-event-id", ""))
        self._note(fields, json.loads(body), fate)
        if fate == "hung":
            # Longer than any sender waits; it ends the connection.
            await reader.read(1)
            return False
        if fate == "cut":
            return False
        writer.write(f"HTTP/1.1 {status} ".encode() + _ANSWERS[status] + b"\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        return True

    def _fate(self, event_id: str) -> tuple[str, int]:
        drawn, hostility = self.random.random(), self.hostility
        if self._failures[event_id] < MOST_FAILURES:
            if drawn < hostility.fails:
                self._failures[event_id] += 1
                return self.random.choice((("failed", 500), ("failed", 500), ("failed", 503), ("cut", 0)))
            if drawn < hostility.fails + hostility.hangs:
                self._failures[event_id] += 1
                return "hung", 0
        return ("lost", 200) if drawn > 1 - hostility.loses else ("taken", 200)

    def _note(self, fields: dict[str, str], body: dict[str, Any], fate: str) -> None:
        about = str(body.get("id") or body.get("batch_id") or "")
        sequence = int(fields.get("x-callwright-sequence", "0"))
        event_id = fields.get("x-callwright-event-id", "")
        gap = fields.get("x-callwright-gap") == "1"
        self.arrivals.append(Arrival(self._clock.now(), event_id, about, sequence, str(body.get("status")), fate, gap))
