"""What agents were before."""

from __future__ import annotations

from typing import Any

from callwright.domain.limits import MAX_AGENT_VERSIONS
from callwright.platform.agents.rules.versions import AgentVersion

_COLUMNS = "agent_id, tenant_id, revision, name, body, saved_at, saved_by, saved_by_name"


class AgentVersionRows:
    """Versions of agents."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def insert(self, version: AgentVersion) -> None:
        """A new version; the oldest ones of its agent beyond MAX_AGENT_VERSIONS are deleted."""
        await self._connection.execute(
            f"insert into agent_version (id, {_COLUMNS}) values ($1 || '.' || $3::integer, $1, $2, $3, $4, $5, $6, $7, $8)",
            version.agent_id,
            version.tenant_id,
            version.revision,
            version.name,
            dict(version.body),
            version.saved_at,
            version.saved_by,
            version.saved_by_name,
        )
        await self._connection.execute(
            "delete from agent_version where agent_id = $1 and revision <= $2",
            version.agent_id,
            version.revision - MAX_AGENT_VERSIONS,
        )

    async def of_agent(self, tenant_id: str, agent_id: str) -> list[AgentVersion]:
        """The versions of an agent of the tenant, newest first, with empty bodies."""
        columns = _COLUMNS.replace(" body", " '{}'::json as body")
        rows = await self._connection.fetch(
            f"select {columns} from agent_version where tenant_id = $1 and agent_id = $2 order by revision desc",
            tenant_id,
            agent_id,
        )
        return [AgentVersion(**row) for row in rows]

    async def get(self, tenant_id: str, agent_id: str, revision: int) -> AgentVersion | None:
        """One version of an agent of the tenant, or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from agent_version where tenant_id = $1 and agent_id = $2 and revision = $3",
            tenant_id,
            agent_id,
            revision,
        )
        return AgentVersion(**row) if row else None
