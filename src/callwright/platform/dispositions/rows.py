"""Dispositions, and whose calls they are asked of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callwright.platform.dispositions.rules import StoredDisposition
from callwright.platform.extraction_templates.rows import TemplateRows

_COLUMNS = "d.id, d.tenant_id, d.body, d.created_by, d.created_at, d.updated_at"
_SELECT = (
    f"select {_COLUMNS}, array(select a.agent_id from agent_disposition a where a.disposition_id = d.id order by a.number)"
    " as agent_ids from disposition d"
)


class DispositionRows:
    """Questions asked after a call, and whose calls they are asked of."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.templates = TemplateRows(connection)

    async def insert(self, disposition: StoredDisposition) -> None:
        """A new disposition with its links. NotFoundError when one of its agents does not exist."""
        await self._connection.execute(
            "insert into disposition (id, tenant_id, body, created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $6)",
            disposition.id,
            disposition.tenant_id,
            dict(disposition.body),
            disposition.created_by,
            disposition.created_at,
            disposition.updated_at,
        )
        for agent_id in disposition.agent_ids:
            await self.link(disposition.tenant_id, disposition.id, agent_id)

    async def get(self, tenant_id: str, disposition_id: str) -> StoredDisposition | None:
        """One disposition of the tenant, or None."""
        row = await self._connection.fetchrow(
            f"{_SELECT} where d.tenant_id = $1 and d.id = $2", tenant_id, disposition_id
        )
        return _stored(row) if row else None

    async def lock(self, tenant_id: str, disposition_id: str) -> StoredDisposition | None:
        """One disposition, locked until the unit ends, so that whether it is shared cannot change meanwhile; or None."""
        await self._connection.execute(
            "select 1 from disposition where tenant_id = $1 and id = $2 for update", tenant_id, disposition_id
        )
        return await self.get(tenant_id, disposition_id)

    async def of_tenant(self, tenant_id: str) -> list[StoredDisposition]:
        """All dispositions of the tenant, oldest first."""
        rows = await self._connection.fetch(
            f"{_SELECT} where d.tenant_id = $1 order by d.created_at, d.number", tenant_id
        )
        return [_stored(row) for row in rows]

    async def of_agent(self, tenant_id: str, agent_id: str) -> list[StoredDisposition]:
        """The dispositions that are asked of the agent's calls, in the order in which they are asked."""
        rows = await self._connection.fetch(
            f"{_SELECT} join agent_disposition own on own.disposition_id = d.id"
            " where d.tenant_id = $1 and own.tenant_id = $1 and own.agent_id = $2 order by own.number",
            tenant_id,
            agent_id,
        )
        return [_stored(row) for row in rows]

    async def count(self, tenant_id: str) -> int:
        """How many dispositions the tenant has."""
        return int(await self._connection.fetchval("select count(*) from disposition where tenant_id = $1", tenant_id))

    async def update(self, tenant_id: str, disposition_id: str, body: Mapping[str, Any]) -> StoredDisposition | None:
        """Replace the body. None when there is no such disposition."""
        done = await self._connection.fetchval(
            "update disposition set body = $3, updated_at = greatest(now(), created_at)"
            " where tenant_id = $1 and id = $2 returning true",
            tenant_id,
            disposition_id,
            dict(body),
        )
        return await self.get(tenant_id, disposition_id) if done else None

    async def link(self, tenant_id: str, disposition_id: str, agent_id: str) -> None:
        """Ask it of the agent's calls from now on. NotFoundError when the tenant has no such agent or disposition."""
        # With a lock on the disposition: who changes it waits until it is known whether it is shared.
        await self._connection.execute(
            "select 1 from disposition where tenant_id = $1 and id = $2 for share", tenant_id, disposition_id
        )
        await self._connection.execute(
            "insert into agent_disposition (tenant_id, agent_id, disposition_id) values ($1, $2, $3) on conflict do nothing",
            tenant_id,
            agent_id,
            disposition_id,
        )

    async def unlink(self, tenant_id: str, disposition_id: str, agent_id: str) -> bool:
        """Ask it of the agent's calls no more. False when it was not."""
        done = await self._connection.fetchval(
            "delete from agent_disposition where tenant_id = $1 and agent_id = $2 and disposition_id = $3 returning true",
            tenant_id,
            agent_id,
            disposition_id,
        )
        return bool(done)

    async def put_in_place(self, tenant_id: str, old_id: str, new_id: str, agent_id: str) -> bool:
        """Ask ``new_id`` of the agent's calls where ``old_id`` was asked, at its place among the questions. False when it was not."""
        done = await self._connection.fetchval(
            "update agent_disposition set disposition_id = $4"
            " where tenant_id = $1 and agent_id = $2 and disposition_id = $3 returning true",
            tenant_id,
            agent_id,
            old_id,
            new_id,
        )
        return bool(done)

    async def delete(self, tenant_id: str, disposition_id: str) -> bool:
        """Delete it with its links. False when there was none. What it found in earlier calls stays."""
        done = await self._connection.fetchval(
            "delete from disposition where tenant_id = $1 and id = $2 returning true", tenant_id, disposition_id
        )
        return bool(done)


def _stored(row: Mapping[str, Any]) -> StoredDisposition:
    values = dict(row)
    agents: Sequence[str] = values.pop("agent_ids")
    return StoredDisposition(**values, agent_ids=tuple(agents))
