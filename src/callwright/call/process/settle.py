"""Calls that nobody runs any more: those of processes that died, and those that a living one has lost. They end in a terminal state with a
reason, and the record of what their log still holds. A call that was placed and not dialled waits again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from callwright.call.afterwards.opted_out import suppress
from callwright.call.live.attempt_end import end_attempt, lock_ending
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.endings import (
    FINISH_JOB,
    INTERNAL_ERROR,
    NODE_LOST,
    before_post_work,
    cut_off,
    given_back,
    job_payload,
    last_sign_line,
    record_of,
)
from callwright.call.live.files import LiveFiles, live_files
from callwright.call.live.logfile import LIVE
from callwright.call.process.open_legs import open_legs
from callwright.domain.errors import CallwrightError
from callwright.domain.limits import LOG_CHUNK_BYTES
from callwright.insight.record import BuiltRecord
from callwright.ops.crash_points import point
from callwright.ops.rounds import round_boundary
from callwright.platform.agents.rules.transfers import target_carrier
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.actions.transition import transitions
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.unit import Unit
from callwright.ports.leg import LastWords

_LOG = logging.getLogger(__name__)

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Fate:
    """Why nobody runs the call, and whether this process itself owns the row. ``beat_at``: the last heartbeat of the one that did."""

    reason: str
    message: str
    own: bool
    beat_at: datetime | None = None


_DIED = _Fate(NODE_LOST, "the process that ran this call died; the record holds what its log had", own=False)
_STRAYED = _Fate(INTERNAL_ERROR, "nobody ran this call any more; the record holds what its log had", own=True)


async def settle_node(deps: RuntimeDeps, incarnation: str) -> int:
    """Mark an incarnation as dead and settle everything it owned. Returns how many executions that were. May be run twice.

    From the first moment on its own writes are refused, so that a process that was only slow hangs up instead of going on.
    """
    async with deps.ledger.unit() as unit:
        died = replace(_DIED, beat_at=await unit.nodes.forget(incarnation))
        owned = await unit.executions.owned_by(incarnation)
    if owned:
        point("settle.before")
    for execution in owned:
        with round_boundary(f"settling execution {execution.id}"):
            await _settle(deps, execution, died)
    if owned:
        _LOG.warning("settled %d executions of a process that died (%s)", len(owned), incarnation)
    return len(owned)


async def settle_orphaned(deps: RuntimeDeps, execution: Execution) -> None:
    """Settle an execution that this process owns and does not run."""
    _LOG.error("execution %s was %s here and nobody ran it", execution.id, execution.phase.value)
    await _settle(deps, execution, _STRAYED)


async def _settle(deps: RuntimeDeps, execution: Execution, fate: _Fate) -> None:
    files = live_files(deps.live_folder, execution.id, execution.attempt)
    async with deps.ledger.unit() as unit:
        row = await lock_ending(unit, execution)
        if row is None or row.owner != execution.owner or row.attempt != execution.attempt:
            return
        if fate.own:
            # Another process may have declared this one dead.
            await unit.executions.lock_owned(execution)
        again = given_back(row, deps.clock.now(), died=not fate.own)
        if again is None:
            log, was_live = await _end(unit, deps, row, fate, files)
        else:
            await transitions(unit, row, [again], deps.publisher)
            log, was_live = b"", False
        point("settle.writing")
    point("settle.written")
    if not was_live:
        await asyncio.to_thread(files.delete)
    await _say_last_words(deps, execution, log)


async def _end(unit: Unit, deps: RuntimeDeps, row: Execution, fate: _Fate, files: LiveFiles) -> tuple[bytes, bool]:
    """End the call. Returns its log, and whether it was answered."""
    local = _whole_lines(await asyncio.to_thread(files.read_log))
    audio_ms = await asyncio.to_thread(files.audio_ms)
    log = await _complete_log(unit, row, local, audio_ms, fate.beat_at)
    built = await asyncio.to_thread(record_of, log, deps.book, row.carrier)
    before = _unwritten_answer(row, built)
    was_live = bool(before) or row.phase is Phase.LIVE
    change = cut_off(built, fate.reason, fate.message, deps.clock.now())
    change = replace(change, columns={**change.columns, "attempt_outcome": UNKNOWN})
    if was_live:
        change = before_post_work(change)
    await end_attempt(unit, row, change, deps.publisher, deps.clock.now(), before)
    await suppress(unit, row, built, deps.clock.now())
    if was_live:
        await unit.jobs.put(FINISH_JOB, job_payload(row.id, row.attempt), row.tenant_id)
    return log, was_live


def _unwritten_answer(row: Execution, built: BuiltRecord) -> list[Change]:
    """The change that says that somebody answered, where the log has it and the row has not: rows are written beside their calls."""
    answered_at = built.columns.get("answered_at")
    if row.phase is not Phase.DIALLING or answered_at is None:
        return []
    return [Change(Phase.LIVE, columns={"answered_at": answered_at})]


async def _say_last_words(deps: RuntimeDeps, execution: Execution, log: bytes) -> None:
    """Whoever was on the line when the process died may be there still, also the target of a transfer."""
    for leg in open_legs(log):
        name = target_carrier(leg.target, execution.carrier)
        carrier = deps.plugin("carrier", name)
        if isinstance(carrier, LastWords):
            try:
                access = await deps.access.of_carrier(execution.tenant_id, name)
            except CallwrightError as error:
                _LOG.warning("a leg of execution %s may go on at %s: %s", execution.id, name, error.message)
            else:
                carrier.say_last_words(leg.dialog, access)


async def _complete_log(
    unit: Unit, execution: Execution, local: bytes, audio_ms: int, beat_at: datetime | None
) -> bytes:
    """The log as far as anybody has it, to the last sign of its call; what the ledger has not is sent there."""
    shipped = await unit.logs.read(execution.id, execution.attempt)
    log = max(shipped, local, key=len)
    log += last_sign_line(log, audio_ms, beat_at)
    for at in range(len(shipped), len(log), LOG_CHUNK_BYTES):
        piece = log[at : at + LOG_CHUNK_BYTES]
        await unit.logs.append(LogChunk(execution.id, execution.attempt, LIVE, at, piece))
    return log


def _whole_lines(data: bytes) -> bytes:
    """Without the line at which the process died, so that later sections begin on a line of their own."""
    return data[: data.rfind(b"\n") + 1]
