"""The end of an agent: it is hidden at once, and its executions, of which there may be very many, are deleted a piece at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from callwright.domain.errors import UnavailableError
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.audit.actions.record import audit
from callwright.platform.batches.actions.stop import stop_batches_of_agent
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.ledger import Ledger
from callwright.platform.services import Services, missing
from callwright.ports.world import Recordings

_LOG = logging.getLogger(__name__)

PURGE_AGENT_JOB = "purge_agent"
PIECE = 500
"""Executions deleted in one unit."""
PIECES_AT_ONCE = 4
"""Pieces that a request deletes before it is answered; the job deletes the others."""
FILES_OF_ONE_JOB = 5_000
"""Executions whose files a job deletes that names them, because their rows are gone."""
RESUMED_AFTER_SECONDS = 5
"""After which the job looks whether the request has left anything."""


async def delete_agent(services: Services, principal: Principal, agent_id: str) -> None:
    """Delete an agent with its batches, its executions, their logs and their recordings. From the commit on it is hidden and none of its
    calls is dialled; executions beyond PIECES_AT_ONCE pieces go later. Raises NotFoundError, and ConflictError, with nothing stopped, while
    one of its calls is live."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        if not await unit.agents.lock_whole(principal.tenant_id, agent.id):
            raise missing("agent")
        await stop_batches_of_agent(unit, services, principal, agent.id)
        every = await unit.executions.page(principal.tenant_id, agent.id, ExecutionFilter(), 1, 1)
        # What waits goes at once: nothing of a hidden agent may be dialled.
        unfinished = await unit.executions.delete_unfinished_of_agent(principal.tenant_id, agent.id)
        await unit.agents.mark_deleted(principal.tenant_id, agent.id)
        for at in range(0, max(len(unfinished), 1), FILES_OF_ONE_JOB):
            names = (principal.tenant_id, agent.id, *unfinished[at : at + FILES_OF_ONE_JOB])
            payload = " ".join(names).encode()
            await unit.jobs.put(PURGE_AGENT_JOB, payload, principal.tenant_id, RESUMED_AFTER_SECONDS)
        gone = {"agent_name": agent.name, "executions": every.total}
        await audit(unit, principal, "agent.deleted", agent.id, before=gone)
    # Not before the commit: if that fails, the agent is still there with all that its calls recorded.
    await delete_files(services.recordings, unfinished)
    purge = AgentPurge(services.ledger, services.recordings)
    # The agent is deleted: what fails here is left to the job.
    with contextlib.suppress(UnavailableError):
        for _ in range(PIECES_AT_ONCE):
            if not await purge.delete_piece(principal.tenant_id, agent.id):
                return


@dataclass(frozen=True, slots=True)
class AgentPurge:
    """The job ``PURGE_AGENT_JOB``: ids of the tenant, of the agent, and of executions whose rows are gone already."""

    ledger: Ledger
    recordings: Recordings

    async def run(self, payload: bytes) -> None:
        """Delete what is left of a deleted agent. May run twice, and beside the request: what is gone is gone."""
        tenant_id, agent_id, *unfinished = payload.decode().split()
        await delete_files(self.recordings, unfinished)
        while await self.delete_piece(tenant_id, agent_id):
            pass

    async def delete_piece(self, tenant_id: str, agent_id: str) -> bool:
        """Delete a piece of the executions, and with the last one the agent. Whether there may be more."""
        async with self.ledger.unit() as unit:
            ids = await unit.agents.some_executions(tenant_id, agent_id, PIECE)
            await unit.executions.delete(ids)
            await delete_files(self.recordings, ids)
            if len(ids) < PIECE:
                await unit.agents.delete(tenant_id, agent_id)
        return len(ids) == PIECE


async def delete_files(recordings: Recordings, execution_ids: Sequence[str]) -> None:
    """Delete the recordings of executions. Where no job names them, before the unit that deletes their rows commits: a row without files is
    honest, files without a row would be forgotten if the process died here. Who adds a file later locks the row, and finds none. Files
    that cannot be deleted are told to the operator: somebody wants the rest gone, and does not wait for them."""

    def delete() -> None:
        for execution_id in execution_ids:
            try:
                recordings.delete(execution_id)
            except OSError as error:
                _LOG.error("the recordings of the deleted execution %s cannot be deleted: %s", execution_id, error)

    await asyncio.to_thread(delete)
