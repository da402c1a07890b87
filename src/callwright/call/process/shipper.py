"""Logs on their way to the disk and to the ledger: one task for all calls of a process.

Every quarter of a second each log is flushed to its file. About once a second what is new in the file is sent to the ledger, never awaited
by a call. The end sends the rest; the whole log of a call of less than a second is sent by its end. The file is the truth: a piece is read
back from it by position, and its position is its number, so that a piece sent twice replaces itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from callwright.call.live.logfile import LIVE, LogWriter
from callwright.domain.errors import CallwrightError, UnavailableError
from callwright.domain.limits import LOG_CHUNK_BYTES
from callwright.ops.rounds import round_boundary
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
FLUSHES_PER_SHIPMENT = 4


@dataclass(slots=True, eq=False)
class Shipment:
    """One attempt's log and how much of it the ledger has.

    ``cut``: the file has less than was written to it, and the ledger gets no more of it. ``flushes``: how often it was flushed. ``whole``:
    the complete log, once it was read; then the file is not read again.
    """

    execution_id: str
    attempt: int
    path: Path
    log: LogWriter
    shipped_bytes: int = 0
    cut: bool = False
    flushes: int = 0
    whole: bytes | None = None

    def next_chunk(self, begin: int | None = None, most_bytes: int = LOG_CHUNK_BYTES) -> LogChunk | None:
        """The piece from ``begin`` on (what was shipped, without it), whole lines; None when nothing more was flushed, or the file was cut.
        Blocking while ``whole`` is not there. Raises OSError when it cannot be read."""
        at, written = self.shipped_bytes if begin is None else begin, self.log.size_bytes
        if self.cut or written <= at:
            return None
        size = min(written - at, most_bytes)
        if self.whole is not None:
            data: bytes | None = self.whole[at : at + size]
        else:
            data = _read_piece(self.path, at, size, written)
        if data is None:
            self.cut = True
            _LOG.error("the log of execution %s was cut or removed; the rest of it is lost", self.execution_id)
            return None
        if len(data) == most_bytes:
            # A piece of more than one chunk ends with a line; a single line never exceeds a chunk by the limits of a log entry and of
            # a plan, and if one did, the piece is cut inside it, which the next one mends.
            data = data[: data.rfind(b"\n") + 1] or data
        return LogChunk(self.execution_id, self.attempt, LIVE, at, data)

    async def chunk_from(self, begin: int) -> LogChunk | None:
        """:meth:`next_chunk`, waited for on the event loop."""
        if self.whole is not None:
            return self.next_chunk(begin)
        return await asyncio.to_thread(self.next_chunk, begin)


def _read_piece(path: Path, offset: int, size: int, written: int) -> bytes | None:
    """``size`` bytes of a file from ``offset`` on; None when it has fewer than ``written``. Blocking."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < written:
                return None
            file.seek(offset)
            return file.read(size)
    except FileNotFoundError:
        return None


def _next_chunks(shipments: Sequence[Shipment]) -> list[tuple[Shipment, LogChunk]]:
    """The next piece of each that has one. Blocking."""
    pieces: list[tuple[Shipment, LogChunk]] = []
    for shipment in shipments:
        try:
            chunk = shipment.next_chunk()
        except OSError as error:
            # The logs of the other calls must go on.
            _LOG.warning("the log of execution %s waits to be shipped: %s", shipment.execution_id, error.strerror)
            continue
        if chunk is not None:
            pieces.append((shipment, chunk))
    return pieces


class LogShipper:
    """Flushes and ships the logs of a process's calls."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._shipments: dict[Shipment, None] = {}
        self._wanted = asyncio.Event()

    def add(self, shipment: Shipment) -> None:
        """A log begins."""
        self._shipments[shipment] = None
        self._wanted.set()

    def remove(self, shipment: Shipment) -> None:
        """The log is complete; what was not shipped is sent by :meth:`rest`."""
        self._shipments.pop(shipment, None)

    async def run(self) -> None:
        """Flush and ship until cancelled."""
        turn = 0
        while True:
            if not self._shipments:
                self._wanted.clear()
                await self._wanted.wait()
            await self._clock.sleep(FLUSH_SECONDS)
            for shipment in tuple(self._shipments):
                shipment.log.flush()
                shipment.flushes += 1
            turn += 1
            if turn % FLUSHES_PER_SHIPMENT == 0:
                with round_boundary("shipping call logs"):
                    await self.ship(FLUSHES_PER_SHIPMENT)

    async def ship(self, least_flushes: int = 0) -> None:
        """Send what is new of every log that was flushed so often, one piece each in one unit. A database that is away gets it later."""
        due = [one for one in self._shipments if one.flushes >= least_flushes]
        # Together: to wake a thread costs more than to read a piece.
        pieces = await asyncio.to_thread(_next_chunks, due) if due else []
        if not pieces:
            return
        try:
            async with self._ledger.unit() as unit:
                await unit.logs.append(*(chunk for _, chunk in pieces))
        except UnavailableError as error:
            _LOG.warning("call logs wait for the database: %s", error)
            return
        except CallwrightError:
            # One execution was deleted meanwhile: the logs of the other calls must go on.
            await self._ship_alone(pieces)
            return
        for shipment, chunk in pieces:
            shipment.shipped_bytes = chunk.chunk + len(chunk.data)

    async def _ship_alone(self, pieces: list[tuple[Shipment, LogChunk]]) -> None:
        for shipment, chunk in pieces:
            with round_boundary(f"shipping the log of execution {shipment.execution_id}"):
                async with self._ledger.unit() as unit:
                    await unit.logs.append(chunk)
                shipment.shipped_bytes = chunk.chunk + len(chunk.data)

    @staticmethod
    async def rest(unit: Unit, shipment: Shipment, *more: LogChunk) -> None:
        """Send all that the ledger has not, and ``more``, within ``unit``. What counts as shipped does not move: the unit may fail and be
        tried again."""
        at = shipment.shipped_bytes
        while (chunk := await shipment.chunk_from(at)) is not None:
            at = chunk.chunk + len(chunk.data)
            if shipment.log.size_bytes <= at:
                more = (chunk, *more)
                break
            await unit.logs.append(chunk)
        if more:
            await unit.logs.append(*more)
