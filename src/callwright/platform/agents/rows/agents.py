"""Agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import ConflictError
from callwright.platform.agents.rows.agent_versions import AgentVersionRows
from callwright.platform.agents.rows.bodies import BodyRows
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.jobs.rows import IS_SEEDING

_COLUMNS = "id, tenant_id, name, body, revision, created_at, updated_at"
_AS_READ = (
    f"select {_COLUMNS}, (select json_agg(json_build_object('id', d.id, 'name', d.body->>'name',"
    " 'category', coalesce(d.body->>'category', 'General')) order by l.number)"
    " from agent_disposition l join disposition d on d.id = l.disposition_id where l.agent_id = agent.id) as dispositions,"
    " (select n.number from phone_number n where n.agent_id = agent.id"
    " order by n.kind = 'extension', n.updated_at, n.id limit 1) as inbound_phone_number,"
    f" {IS_SEEDING} as seeding from agent"
)

_IS_THERE = "agent.deleted_at is null"
"""An agent that is deleted is hidden from everybody until its executions are gone."""

_UNFINISHED = """
with unfinished as materialized (
  select id, created_at, phase in ('waiting', 'admitted') as waits from execution
  where tenant_id = $1 and agent_id = $2 and phase <> 'done'
)
(select id from unfinished where waits order by created_at desc, id desc limit $3)
union all select id from unfinished where not waits
"""


class AgentRows:
    """Agents."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.bodies = BodyRows(connection)
        self.versions = AgentVersionRows(connection)

    async def insert(self, agent: StoredAgent) -> None:
        """A new agent."""
        await self._connection.execute(
            f"insert into agent ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)",
            agent.id,
            agent.tenant_id,
            agent.name,
            dict(agent.body),
            agent.revision,
            agent.created_at,
            agent.updated_at,
        )

    async def get(self, tenant_id: str, agent_id: str) -> StoredAgent | None:
        """One agent of the tenant, or None."""
        row = await self._connection.fetchrow(
            f"{_AS_READ} where tenant_id = $1 and id = $2 and {_IS_THERE}", tenant_id, agent_id
        )
        return StoredAgent(**row) if row else None

    async def get_any(self, agent_id: str) -> StoredAgent | None:
        """One agent whoever it belongs to: for calls that come in, never for a request."""
        row = await self._connection.fetchrow(f"select {_COLUMNS} from agent where id = $1 and {_IS_THERE}", agent_id)
        return StoredAgent(**row) if row else None

    async def all(self, tenant_id: str) -> list[StoredAgent]:
        """All agents of the tenant, newest first."""
        rows = await self._connection.fetch(
            f"{_AS_READ} where tenant_id = $1 and {_IS_THERE} order by created_at desc, id desc", tenant_id
        )
        return [StoredAgent(**row) for row in rows]

    async def listed(self, tenant_id: str) -> list[StoredAgent]:
        """All agents of the tenant with empty bodies, the last saved first."""
        columns = _COLUMNS.replace(" body", " '{}'::json as body")
        rows = await self._connection.fetch(
            f"select {columns} from agent where tenant_id = $1 and {_IS_THERE} order by updated_at desc, id desc",
            tenant_id,
        )
        return [StoredAgent(**row) for row in rows]

    async def newest(self, count: int) -> list[StoredAgent]:
        """The agents last saved, of all tenants: to prepare for their calls, never for a request."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from agent where {_IS_THERE} order by updated_at desc, id desc limit $1", count
        )
        return [StoredAgent(**row) for row in rows]

    async def update(self, tenant_id: str, agent_id: str, name: str, body: Mapping[str, Any]) -> StoredAgent | None:
        """Replace the body; revision + 1. None when there is no such agent."""
        row = await self._connection.fetchrow(
            "update agent set name = $3, body = $4, revision = revision + 1, updated_at = greatest(now(), created_at)"
            f" where tenant_id = $1 and id = $2 and {_IS_THERE} returning {_COLUMNS}",
            tenant_id,
            agent_id,
            name,
            dict(body),
        )
        return StoredAgent(**row) if row else None

    async def lock(self, tenant_id: str, agent_id: str) -> bool:
        """Lock an agent until the unit ends: it is not changed, stopped or deleted meanwhile, but called as before. False when there is
        none."""
        return await self._locked(tenant_id, agent_id, "no key update")

    async def lock_whole(self, tenant_id: str, agent_id: str) -> bool:
        """Lock an agent with its batches and its executions that have not ended until the unit ends: nothing of it is released, placed or
        claimed meanwhile. False when there is none."""
        # One stop or deletion at a time: what is placed meanwhile is seen by one of them and not by the other.
        if not await self.lock(tenant_id, agent_id):
            return False
        # Then in the order of everybody else, or there are deadlocks: who releases or stops contacts has the batch, and who closes a call
        # its execution, when a new one needs the agent's key; and who deletes executions needs those of their batches, which stay free.
        for table, strength in (("batch where", "no key update"), ("execution where phase <> 'done' and", "update")):
            await self._connection.fetchval(
                f"select count(*) from (select from {table} tenant_id = $1 and agent_id = $2 order by id for {strength}) locked",
                tenant_id,
                agent_id,
            )
        return await self._locked(tenant_id, agent_id, "update")

    async def _locked(self, tenant_id: str, agent_id: str, strength: str) -> bool:
        return bool(
            await self._connection.fetchval(
                f"select true from agent where tenant_id = $1 and id = $2 and {_IS_THERE} for {strength}",
                tenant_id,
                agent_id,
            )
        )

    async def mark_deleted(self, tenant_id: str, agent_id: str) -> None:
        """Hide an agent with its batches, and take its numbers and extensions from it. Nothing can be added to it any more. Lock it before
        with :meth:`lock_whole`."""
        for statement in (
            "update agent set deleted_at = now() where tenant_id = $1 and id = $2",
            "update batch set deleted_at = coalesce(deleted_at, now()) where tenant_id = $1 and agent_id = $2",
            "delete from phone_number where kind = 'extension' and agent_tenant_id = $1 and agent_id = $2",
            "update phone_number set agent_tenant_id = null, agent_id = null where agent_tenant_id = $1 and agent_id = $2",
        ):
            await self._connection.execute(statement, tenant_id, agent_id)

    async def some_executions(self, tenant_id: str, agent_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions of the agent."""
        rows = await self._connection.fetch(
            "select id from execution where tenant_id = $1 and agent_id = $2 limit $3", tenant_id, agent_id, count
        )
        return [str(row["id"]) for row in rows]

    async def unfinished(self, tenant_id: str, agent_id: str, waiting: int) -> list[str]:
        """Ids of an agent's executions that have not ended, at one moment. Of those that wait the newest ``waiting``."""
        rows = await self._connection.fetch(_UNFINISHED, tenant_id, agent_id, waiting)
        return [str(row["id"]) for row in rows]

    async def delete(self, tenant_id: str, agent_id: str) -> bool:
        """Delete the agent with its batches, one that is marked as deleted too. False when there was none. ConflictError while it has
        executions, live ones above all."""
        # Locked first, so that no call of it can be placed between the look and the deletion.
        there = await self._connection.fetchval(
            "select true from agent where tenant_id = $1 and id = $2 for update", tenant_id, agent_id
        )
        if not there:
            return False
        left = await self._connection.fetchrow(
            "select count(*) as executions, count(*) filter (where phase in ('admitted', 'claimed', 'dialling', 'live')) as live"
            " from execution where tenant_id = $1 and agent_id = $2",
            tenant_id,
            agent_id,
        )
        if left["live"]:
            raise ConflictError(f"agent {agent_id} has {left['live']} live calls; stop them or wait for their end")
        if left["executions"]:
            raise ConflictError(f"agent {agent_id} still has {left['executions']} executions; delete them first")
        await self._connection.execute("delete from agent where id = $1", agent_id)
        return True
