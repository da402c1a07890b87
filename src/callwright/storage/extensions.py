"""Extensions: short names under which agents are called."""

from __future__ import annotations

from typing import Any

from callwright.domain.errors import ConflictError
from callwright.ports.ledger import Extension

_COLUMNS = "name, tenant_id, agent_id, created_at"


class ExtensionRows:
    """``ports.ledger.Extensions``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, extension: Extension) -> bool:
        """Point a name at an agent. True when it is new. ConflictError when it is another tenant's, NotFoundError when the agent is not one
        of the tenant."""
        # The update finds no row of another tenant, and then nothing is returned. xmax is 0 for a row that was inserted.
        row = await self._connection.fetchrow(
            f"insert into extension ({_COLUMNS}) values ($1, $2, $3, $4) on conflict (name) do update"
            " set agent_id = excluded.agent_id where extension.tenant_id = excluded.tenant_id returning xmax = 0 as is_new",
            extension.name,
            extension.tenant_id,
            extension.agent_id,
            extension.created_at,
        )
        if row is None:
            raise ConflictError(f"the extension {extension.name!r} is taken; choose another name")
        return bool(row["is_new"])

    async def get(self, tenant_id: str, name: str) -> Extension | None:
        """One name of the tenant, or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from extension where tenant_id = $1 and name = $2", tenant_id, name
        )
        return Extension(**row) if row else None

    async def all(self, tenant_id: str) -> list[Extension]:
        """All names of the tenant in their order."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from extension where tenant_id = $1 order by name", tenant_id
        )
        return [Extension(**row) for row in rows]

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a name. False when there was none."""
        gone = await self._connection.fetchval(
            "delete from extension where tenant_id = $1 and name = $2 returning true", tenant_id, name
        )
        return bool(gone)

    async def find(self, name: str) -> Extension | None:
        """One name whoever it belongs to: for calls that come in, never for a request."""
        row = await self._connection.fetchrow(f"select {_COLUMNS} from extension where name = $1", name)
        return Extension(**row) if row else None
