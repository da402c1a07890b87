"""The bodies of agents wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.platform.agents.rules.stored import BodyKind, StoredBody

#: Table, column, and which of its rows.
_PLACES = {
    BodyKind.AGENT: ("agent", "body", "true"),
    BodyKind.VERSION: ("agent_version", "body", "true"),
    BodyKind.UNFINISHED: ("execution", "agent", "phase <> 'done'"),
    BodyKind.FINISHED: ("execution", "agent", "phase = 'done'"),
    BodyKind.WEBHOOK: ("outbox", "json_build_object('webhook_headers', headers)", "true"),
}
_NOTE = "agent_credentials"


class BodyRows:
    """Bodies of agents, of all tenants: for the platform's own work, never for a request."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def after(self, kind: BodyKind, after: str, count: int) -> list[StoredBody]:
        """The bodies behind an id, in the order of ids, locked until the unit ends."""
        table, column, which = _PLACES[kind]
        rows = await self._connection.fetch(
            f"select id, tenant_id, {column} as body from {table} where id > $1 and {which} order by id limit $2 for no key update",
            after,
            count,
        )
        return [StoredBody(**row) for row in rows]

    async def put(self, kind: BodyKind, row_id: str, body: Mapping[str, Any]) -> None:
        """Replace a body. The agent's revision stays."""
        if kind is BodyKind.WEBHOOK:
            await self._put_headers(row_id, body["webhook_headers"])
            return
        table, column, _ = _PLACES[kind]
        await self._connection.execute(f"update {table} set {column} = $2 where id = $1", row_id, dict(body))

    async def _put_headers(self, row_id: str, headers: Mapping[str, Any]) -> None:
        # What was frozen stays frozen for everybody else: the lock of this lasts until the unit ends.
        await self._connection.execute("alter table outbox disable trigger outbox_guard")
        await self._connection.execute("update outbox set headers = $2 where id = $1", row_id, dict(headers))
        await self._connection.execute("alter table outbox enable trigger outbox_guard")

    async def are_sealed(self) -> bool:
        """Whether :meth:`note_sealed` was called on this database."""
        return bool(await self._connection.fetchval("select true from platform where name = $1", _NOTE))

    async def note_sealed(self) -> None:
        """Note that no agent, and no execution that is not over, has a body with credentials in clear."""
        await self._connection.execute(
            "insert into platform (name, value) values ($1, 'sealed') on conflict (name) do nothing", _NOTE
        )
