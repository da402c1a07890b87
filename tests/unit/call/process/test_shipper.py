"""Logs on their way to the ledger: what a failed unit did not store is sent again, and one bad log stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.unit.call.world import VirtualClock

from callwright.call.live.logfile import AppendFile, LogWriter
from callwright.call.process.shipper import LogShipper, Shipment
from callwright.domain.errors import NotFoundError, UnavailableError
from callwright.domain.limits import LOG_CHUNK_BYTES
from callwright.platform.call_logs.rules import LogChunk


class Ledger:
    """Logs as committed. ``refuses`` commits fail after their work; a unit of an execution in ``gone`` is refused."""

    def __init__(self) -> None:
        self.committed: dict[str, dict[int, bytes]] = {}
        self.refuses = 0
        self.gone: set[str] = set()
        self.logs = self
        self._written: list[LogChunk] = []

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Any]:
        self._written = []
        yield self
        if self.refuses:
            self.refuses -= 1
            raise UnavailableError("the connection was lost in the commit")
        for chunk in self._written:
            self.committed.setdefault(chunk.execution_id, {})[chunk.chunk] = chunk.data

    async def append(self, *chunks: LogChunk) -> None:
        if any(chunk.execution_id in self.gone for chunk in chunks):
            raise NotFoundError("no such attempt")
        self._written += chunks

    def log(self, execution_id: str) -> bytes:
        return b"".join(data for _, data in sorted(self.committed.get(execution_id, {}).items()))


def _shipment(folder: Path, name: str = "call-1") -> Shipment:
    path = folder / f"{name}.log"
    return Shipment(name, 1, path, LogWriter(AppendFile(path)))


def _talk(shipment: Shipment, lines: int, text: str = "x") -> None:
    for _ in range(lines):
        shipment.log.fact(0, "core", "said", {"text": text})
    shipment.log.flush()


async def _end(ledger: Ledger, shipment: Shipment) -> None:
    async with ledger.unit() as unit:
        await LogShipper.rest(unit, shipment)


async def test_the_rest_is_sent_again_after_a_commit_that_failed(tmp_path: Path) -> None:
    ledger, shipment = Ledger(), _shipment(tmp_path)
    shipper = LogShipper(ledger, VirtualClock())  # type: ignore[arg-type]
    shipper.add(shipment)
    _talk(shipment, 20)
    await shipper.ship()
    shipped = shipment.shipped_bytes
    assert shipped == shipment.log.size_bytes

    _talk(shipment, 30)
    ledger.refuses = 1
    with pytest.raises(UnavailableError):
        await _end(ledger, shipment)
    assert ledger.log("call-1") == shipment.path.read_bytes()[:shipped], "nothing of the failed unit is stored"
    await _end(ledger, shipment)

    assert ledger.log("call-1") == shipment.path.read_bytes()


async def test_a_rest_of_more_than_one_piece_is_sent_whole(tmp_path: Path) -> None:
    ledger, shipment = Ledger(), _shipment(tmp_path)
    _talk(shipment, 3 * LOG_CHUNK_BYTES // 10_000, "y" * 10_000)
    ledger.refuses = 1
    with pytest.raises(UnavailableError):
        await _end(ledger, shipment)
    await _end(ledger, shipment)
    pieces = ledger.committed["call-1"]
    assert len(pieces) >= 3
    assert all(len(piece) <= LOG_CHUNK_BYTES and piece.endswith(b"\n") for piece in pieces.values())
    assert ledger.log("call-1") == shipment.path.read_bytes()


async def test_a_database_that_is_away_gets_the_same_piece_later(tmp_path: Path) -> None:
    ledger, shipment = Ledger(), _shipment(tmp_path)
    shipper = LogShipper(ledger, VirtualClock())  # type: ignore[arg-type]
    shipper.add(shipment)
    _talk(shipment, 5)
    ledger.refuses = 1
    await shipper.ship()
    assert (shipment.shipped_bytes, ledger.log("call-1")) == (0, b"")
    await shipper.ship()
    assert ledger.log("call-1") == shipment.path.read_bytes()


async def test_the_log_of_a_deleted_execution_stops_no_other(tmp_path: Path) -> None:
    ledger = Ledger()
    deleted, lives = _shipment(tmp_path, "deleted"), _shipment(tmp_path, "lives")
    shipper = LogShipper(ledger, VirtualClock())  # type: ignore[arg-type]
    for shipment in (deleted, lives):
        shipper.add(shipment)
        _talk(shipment, 5)
    ledger.gone = {"deleted"}
    await shipper.ship()
    assert ledger.log("lives") == lives.path.read_bytes()
    assert ledger.log("deleted") == b""


async def test_a_log_that_is_complete_is_not_shipped_any_more(tmp_path: Path) -> None:
    ledger, shipment = Ledger(), _shipment(tmp_path)
    shipper = LogShipper(ledger, VirtualClock())  # type: ignore[arg-type]
    shipper.add(shipment)
    shipper.remove(shipment)
    _talk(shipment, 5)
    await shipper.ship()
    assert ledger.log("call-1") == b""


async def test_a_log_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    ledger = Ledger()
    removed, unreadable, lives = (_shipment(tmp_path, name) for name in ("removed", "unreadable", "lives"))
    shipper = LogShipper(ledger, VirtualClock())  # type: ignore[arg-type]
    for shipment in (removed, unreadable, lives):
        shipper.add(shipment)
        _talk(shipment, 5)
    removed.path.unlink()
    unreadable.path.unlink()
    unreadable.path.mkdir()
    await shipper.ship()
    assert ledger.log("lives") == lives.path.read_bytes()
    assert (ledger.log("removed"), ledger.log("unreadable")) == (b"", b"")


@pytest.mark.parametrize("more", [0, 100])
async def test_of_a_log_that_was_cut_nothing_more_is_sent(tmp_path: Path, more: int) -> None:
    ledger, shipment = Ledger(), _shipment(tmp_path)
    shipper = LogShipper(ledger, VirtualClock())  # type: ignore[arg-type]
    shipper.add(shipment)
    _talk(shipment, 20)
    await shipper.ship()
    whole = shipment.path.read_bytes()
    with shipment.path.open("r+b") as file:
        file.truncate(0)
    _talk(shipment, 5 + more)
    await shipper.ship()
    await asyncio.wait_for(_end(ledger, shipment), 5)
    assert ledger.log("call-1") == whole
