"""Settling what a dead process left: a terminal status with a reason, and the record built from the log that survived.

A live call of a dead process is never redialled here: whether the person was reached is unknown, and only a retry policy may decide.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callwright.actions.transition import Publisher, transition
from callwright.call.livefiles import LiveFiles
from callwright.call.postcall import RECORDING
from callwright.conversation.log import LogFormatError, entry_line
from callwright.domain.errors import WrongStateError
from callwright.domain.execution import Execution, Phase
from callwright.domain.pricing import PriceBook
from callwright.insight.record import build
from callwright.insight.view import view_of
from callwright.media.mixdown import mix_down
from callwright.ports.ledger import Change, Ledger, LogChunk
from callwright.ports.world import Clock, Recordings

_LOG = logging.getLogger(__name__)

NODE_LOST = "node_lost"
MESSAGE = "the process that ran this call ended without finishing it; what its log holds is the record"
_CODE = 5010


@dataclass(frozen=True, slots=True)
class SettlementDeps:
    """What settling needs. ``files(execution_id, attempt)`` gives the live files of this machine."""

    ledger: Ledger
    clock: Clock
    publisher: Publisher
    recordings: Recordings
    book: PriceBook
    files: Callable[[str, int], LiveFiles]


class Settlement:
    """Ends the executions of dead processes."""

    def __init__(self, deps: SettlementDeps) -> None:
        self._deps = deps

    async def settle(self, incarnation: str) -> int:
        """End everything ``incarnation`` still owns. Its own writes are refused from the first step on. Returns how many there were."""
        async with self._deps.ledger.unit() as unit:
            await unit.nodes.forget(incarnation)
            owned = await unit.executions.owned_by(incarnation)
        for execution in owned:
            await self._end(execution)
        return len(owned)

    async def _end(self, execution: Execution) -> None:
        deps = self._deps
        files = deps.files(execution.id, execution.attempt)
        shipped, live = await self._log_of(execution, files)
        post = ""
        columns: dict[str, Any] = {}
        record: dict[str, Any] = {}
        if live:
            try:
                post = await self._post_section(execution, files, live)
                built = build(live + post, deps.book, execution.carrier)
                columns, record = built.columns, built.record
            except LogFormatError as error:
                _LOG.warning("the log of %s cannot be read: %s", execution.id, error)
        chunks = _chunks(execution, live.encode(), shipped, post.encode())
        columns |= {
            "hangup_by": "Error",
            "hangup_reason": NODE_LOST,
            "hangup_code": _CODE,
            "error_message": MESSAGE,
            "ended_at": columns.get("ended_at") or deps.clock.now(),
            "completed_at": deps.clock.now(),
        }
        try:
            async with deps.ledger.unit() as unit:
                for chunk in chunks:
                    await unit.logs.append(chunk)
                change = Change(phase=Phase.DONE, detail="error", columns=columns, record=record)
                await transition(unit, execution.id, change, deps.publisher)
        except WrongStateError:
            _LOG.info("execution %s was settled by another process", execution.id)
            return
        await asyncio.to_thread(files.remove)
        _LOG.warning("execution %s ended as %s: its process is gone", execution.id, NODE_LOST)

    async def _log_of(self, execution: Execution, files: LiveFiles) -> tuple[int, str]:
        """How many bytes of the log the ledger has, and the log as far as it survived."""
        local = await asyncio.to_thread(files.read_log)
        async with self._deps.ledger.unit() as unit:
            shipped = await unit.logs.read(execution.id, execution.attempt)
        data = local if len(local) >= len(shipped) else shipped
        return len(shipped), data.decode()

    async def _post_section(self, execution: Execution, files: LiveFiles, live: str) -> str:
        view = view_of(live)
        seq = (view.entries[-1].seq if view.entries else 0) + 1
        tracks = await asyncio.to_thread(files.read_audio)
        if tracks is None:
            values: dict[str, Any] = {"what": "recording", "reason": "no audio was found on this machine"}
            return entry_line(seq, view.ended_us, "post", "fact", "post_failed", values)
        wav = await asyncio.to_thread(mix_down, *tracks)
        await asyncio.to_thread(self._deps.recordings.write, execution.id, RECORDING, wav)
        duration_ms = max(len(track) for track in tracks) // 8
        values = {"name": RECORDING, "duration_ms": duration_ms, "size_bytes": len(wav)}
        return entry_line(seq, view.ended_us, "post", "fact", "recording_ready", values)


def _chunks(execution: Execution, live: bytes, shipped: int, post: bytes) -> list[LogChunk]:
    """What the ledger does not have yet. Chunks are numbered by their position, so the rest follows what was shipped."""
    chunks = []
    if len(live) > shipped:
        chunks.append(LogChunk(execution.id, execution.attempt, "live", shipped, live[shipped:]))
    if post:
        chunks.append(LogChunk(execution.id, execution.attempt, "post", 0, post))
    return chunks
