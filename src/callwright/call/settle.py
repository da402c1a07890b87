"""Settling the calls of a process that died: a terminal state with a reason, and the record of what its log still holds."""

from __future__ import annotations

import asyncio
import logging

from callwright.actions.transition import transition
from callwright.call.attempt import FINISH_JOB, job_payload
from callwright.call.boundary import round_boundary
from callwright.call.deps import RuntimeDeps
from callwright.call.files import live_files
from callwright.call.logfile import LIVE
from callwright.call.parting import open_dialog
from callwright.conversation.log import LogFormatError
from callwright.domain.execution import Execution, Phase
from callwright.domain.limits import LOG_CHUNK_BYTES
from callwright.insight.record import BuiltRecord, build
from callwright.ports.ledger import Change, LogChunk, Unit
from callwright.ports.leg import LastWords

_LOG = logging.getLogger(__name__)

NODE_LOST = "node_lost"
LOST_CODE = 5010
UNKNOWN = "unknown"


async def settle_node(deps: RuntimeDeps, incarnation: str) -> int:
    """Mark an incarnation as dead and settle everything it owned. Returns how many executions that were. May be run twice.

    From the first moment on its own writes are refused, so that a process that was only slow hangs up instead of going on.
    """
    async with deps.ledger.unit() as unit:
        await unit.nodes.forget(incarnation)
        owned = await unit.executions.owned_by(incarnation)
    for execution in owned:
        with round_boundary(f"settling execution {execution.id}"):
            await _settle(deps, execution)
    if owned:
        _LOG.warning("settled %d executions of a process that died (%s)", len(owned), incarnation)
    return len(owned)


async def _settle(deps: RuntimeDeps, execution: Execution) -> None:
    files = live_files(deps.live_folder, execution.id, execution.attempt)
    local = _whole_lines(await asyncio.to_thread(files.read_log))
    async with deps.ledger.unit() as unit:
        row = await unit.executions.lock(execution.id)
        if row is None or row.owner != execution.owner or row.attempt != execution.attempt:
            return
        log = await _complete_log(unit, execution, local)
        built = await asyncio.to_thread(_built, log, deps, execution)
        was_live = execution.phase is Phase.LIVE
        await transition(unit, execution.id, _change(deps, built), deps.publisher)
        if was_live:
            await unit.jobs.put(FINISH_JOB, job_payload(execution.id, execution.attempt))
    if not was_live:
        await asyncio.to_thread(files.delete)
    _say_last_words(deps, execution, log)


def _say_last_words(deps: RuntimeDeps, execution: Execution, log: bytes) -> None:
    """Whoever was on the line when the process died may be there still."""
    dialog = open_dialog(log)
    if dialog is not None:
        carrier = deps.plugin("carrier", execution.carrier)
        if isinstance(carrier, LastWords):
            carrier.say_last_words(dialog)


async def _complete_log(unit: Unit, execution: Execution, local: bytes) -> bytes:
    """The log as far as anybody has it; what only the local file has is sent to the ledger."""
    shipped = await unit.logs.read(execution.id, execution.attempt)
    if len(local) <= len(shipped):
        return shipped
    for at in range(len(shipped), len(local), LOG_CHUNK_BYTES):
        piece = local[at : at + LOG_CHUNK_BYTES]
        await unit.logs.append(LogChunk(execution.id, execution.attempt, LIVE, at, piece))
    return local


def _whole_lines(data: bytes) -> bytes:
    """Without the line at which the process died, so that later sections begin on a line of their own."""
    return data[: data.rfind(b"\n") + 1]


def _built(log: bytes, deps: RuntimeDeps, execution: Execution) -> BuiltRecord:
    try:
        return build(log.decode(errors="replace"), deps.book, execution.carrier)
    except (LogFormatError, ValueError, TypeError, KeyError) as error:
        # It died before the header was written, or lines are damaged: there is nothing to tell but that.
        _LOG.warning("execution %s has no readable log: %s", execution.id, error)
        return BuiltRecord({}, {})


def _change(deps: RuntimeDeps, built: BuiltRecord) -> Change:
    now = deps.clock.now()
    columns = {name: value for name, value in built.columns.items() if value is not None}
    columns.setdefault("ended_at", now)
    columns.update(
        hangup_by="Error",
        hangup_reason=NODE_LOST,
        hangup_code=LOST_CODE,
        error_message="the process that ran this call died; the record holds what its log had",
        completed_at=now,
        attempt_outcome=UNKNOWN,
    )
    return Change(Phase.DONE, "error", columns=columns, record=built.record)
