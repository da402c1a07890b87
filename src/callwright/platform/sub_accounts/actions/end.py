"""The end of a sub-account: its calls end, then everything it had is deleted, by a job that goes on until nothing is left."""

from __future__ import annotations

from datetime import timedelta

from callwright.platform.agents.actions.end import PIECE, delete_files
from callwright.platform.batches.actions.stop import end_undialled
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.executions.rules.retry import STOP_REASON, STOPPED_BY
from callwright.platform.services import Services
from callwright.platform.unit import Unit

PURGE_JOB = "purge_account"
LOOK_AGAIN_SECONDS = 3
"""Between two looks at whether the account's calls have ended."""
PURGE_AGAIN_SECONDS = 3_600
"""After the deletion of an account, what requests wrote that were under way then is deleted too (the contacts of a batch being staged)."""


async def put_purge(unit: Unit, account_id: str, after_seconds: int = LOOK_AGAIN_SECONDS) -> None:
    """Have the account's rows deleted when its calls have ended."""
    await unit.jobs.put(PURGE_JOB, account_id.encode(), account_id, after_seconds)


async def end_calls(services: Services, account_id: str) -> bool:
    """Stop what waits and ask what is live to hang up; whether nothing was left to end."""
    while True:
        asked, stopped = await _end_some(services, account_id)
        for execution_id in asked:
            await services.control.request_stop(execution_id, STOPPED_BY, STOP_REASON)
        if not stopped:
            async with services.ledger.unit() as unit:
                return not await unit.accounts.unfinished(account_id, 1)


async def _end_some(services: Services, account_id: str) -> tuple[list[str], int]:
    """Ids of live calls that were asked, and how many waiting ones were stopped."""
    asked: list[str] = []
    stopped = 0
    async with services.ledger.unit() as unit:
        for execution_id in sorted(await unit.accounts.unfinished(account_id, PIECE)):
            row = await unit.executions.lock(execution_id)
            if row is None:
                continue
            if row.phase in (Phase.WAITING, Phase.ADMITTED):
                await end_undialled(unit, services.publisher, row, services.clock.now())
                stopped += 1
            elif row.phase in (Phase.CLAIMED, Phase.DIALLING, Phase.LIVE) and "stop_requested" not in row.options:
                wish = {"by": STOPPED_BY, "reason": STOP_REASON}
                change = Change(columns={"options": {**row.options, "stop_requested": wish}})
                await transition(unit, row.id, change, services.publisher)
                asked.append(row.id)
    return asked, stopped


class AccountPurge:
    """The job ``PURGE_JOB``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self, payload: bytes) -> None:
        """End what is not ended; when all is, delete everything of the account, and once more when no request of it can be under way any
        longer. May run twice: what is gone is gone."""
        account_id = payload.decode()
        services = self._services
        async with services.ledger.unit() as unit:
            tenant = await unit.accounts.tenant(account_id)
        if tenant is None or tenant.deleted_at is None:
            return
        if not await end_calls(services, account_id):
            async with services.ledger.unit() as unit:
                await put_purge(unit, account_id)
            return
        while await self._delete_some(account_id):
            pass
        async with services.ledger.unit() as unit:
            await unit.accounts.purge(account_id)
            if services.clock.now() < tenant.deleted_at + timedelta(seconds=PURGE_AGAIN_SECONDS):
                await put_purge(unit, account_id, PURGE_AGAIN_SECONDS)

    async def _delete_some(self, account_id: str) -> bool:
        async with self._services.ledger.unit() as unit:
            ids = await unit.accounts.some_executions(account_id, PIECE)
            await unit.executions.delete(ids)
            await delete_files(self._services.recordings, ids)
        return bool(ids)
