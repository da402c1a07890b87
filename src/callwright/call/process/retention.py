"""Retention: ended calls, their logs, their recordings and ended batches are deleted after the days the settings say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.files import delete_files
from callwright.domain.errors import UnavailableError
from callwright.ops.rounds import round_boundary
from callwright.platform.executions.rules.execution import Execution, Phase

_LOG = logging.getLogger(__name__)

ROUND_SECONDS = 3_600.0
BATCH = 100


async def retain_forever(deps: RuntimeDeps) -> None:
    """Delete what is past its time every hour, until cancelled. Not for a platform that keeps everything (0 days)."""
    while True:
        with round_boundary("retention"):
            try:
                await delete_expired(deps)
            except UnavailableError as error:
                _LOG.warning("retention waits for the database: %s", error)
        await deps.clock.sleep(ROUND_SECONDS)


async def delete_expired(deps: RuntimeDeps) -> int:
    """Delete every terminal execution older than ``retention_days``, its files before the commit: a row without files is honest,
    files without a row would be forgotten. One whose files cannot be deleted stays, and is tried again in the next round. Returns how
    many."""
    before = deps.clock.now() - timedelta(days=deps.settings.retention_days)
    deleted = 0
    kept: list[str] = []
    while True:
        async with deps.ledger.unit() as unit:
            expired = await unit.executions.older_than(before, BATCH, kept)
        if not expired or len(kept) >= BATCH:
            await _delete_batches(deps, before)
            await _write_contacts(deps, before)
            if deleted:
                _LOG.info("deleted %d executions older than %d days", deleted, deps.settings.retention_days)
            return deleted
        execution_id = ""
        try:
            async with deps.ledger.unit() as unit:
                await unit.executions.delete(expired)
                # Before the commit, behind the lock of the rows: nobody adds a file in between.
                for execution_id in expired:
                    await asyncio.to_thread(delete_files, deps.recordings, deps.live_folder, execution_id)
        except OSError as error:
            _LOG.error("execution %s is kept: its files cannot be deleted: %s", execution_id, error)
            kept.append(execution_id)
        else:
            deleted += len(expired)


async def _delete_batches(deps: RuntimeDeps, before: datetime) -> None:
    """Batches that ended so long ago, and whose contacts are all written."""
    deleted = BATCH
    while deleted == BATCH:
        async with deps.ledger.unit() as unit:
            deleted = await unit.batches.delete_ended(before, BATCH)


async def _write_contacts(deps: RuntimeDeps, before: datetime) -> None:
    """Write what was stopped so long ago and never written, because its job was lost or failed: who waited in a stopped batch has a record
    and a webhook like everybody else, and the batch goes in the next round."""
    if deps.write_contacts is None:
        return
    batch_id = ""
    while True:
        # From behind the last one on: those that fail keep nobody else's from being written.
        async with deps.ledger.unit() as unit:
            batches = await unit.batches.unwritten(before, BATCH, batch_id)
        failed: list[str] = []
        for tenant_id, batch_id in batches:
            with round_boundary(f"writing the contacts of the stopped batch {batch_id}") as writing:
                await deps.write_contacts(tenant_id, batch_id)
            # What passes by itself says nothing about the contacts: they are tried again for as long as it lasts.
            if writing.error is not None and not isinstance(writing.error, UnavailableError):
                failed.append(batch_id)
        if failed:
            await _give_up(deps, failed, before)
        if len(batches) < BATCH:
            return


async def _give_up(deps: RuntimeDeps, failed: Sequence[str], before: datetime) -> None:
    """Of the batches that a defect kept from being written just now, delete those that it kept from it for as long as calls are kept:
    people's data does not outlive its time for ever because of a defect. Their records and webhooks never come, so it is said."""
    # The time counts from the first try that failed, not from the stop: perhaps nobody tried before, or only while the database was away.
    async with deps.ledger.unit() as unit:
        await unit.batches.note_failed(failed, deps.clock.now())
        given_up = await unit.batches.forget_failed(failed, before)
    for tenant_id, batch_id, contacts in given_up:
        _LOG.error(
            "the stopped batch %s of the account %s is deleted with %d contacts that could not be written: they have no record and no"
            " webhook",
            batch_id,
            tenant_id,
            contacts,
        )


async def delete_leftovers(deps: RuntimeDeps) -> int:
    """Delete files of live calls whose attempts are over: a process that died after an end was written had no time to. Returns how many."""
    deleted = 0
    for path in await asyncio.to_thread(lambda: sorted(deps.live_folder.iterdir())):
        execution_id, attempt, *_ = path.name.split(".")
        async with deps.ledger.unit() as unit:
            row = await unit.executions.get_any(execution_id)
        if row is None or _is_over(row, int(attempt)):
            await asyncio.to_thread(path.unlink, missing_ok=True)
            deleted += 1
    return deleted


def _is_over(row: Execution, attempt: int) -> bool:
    """Whether nothing is to be read any more of what an attempt left: it has ended, and so has its post-call work."""
    if row.attempt != attempt:
        return row.attempt > attempt
    # What waits again is not yet in its next attempt.
    return row.phase in (Phase.WAITING, Phase.ADMITTED, Phase.DONE)
