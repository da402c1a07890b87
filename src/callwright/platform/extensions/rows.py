"""Extensions: short names under which agents are called. They are rows of the one table of numbers (``platform.phone_numbers.rows``)."""

from __future__ import annotations

from typing import Any

from callwright.domain.errors import ConflictError
from callwright.platform.extensions.rules import Extension

_COLUMNS = "number as name, tenant_id, agent_id, created_at"


class ExtensionRows:
    """Short names under which agents are called. One name belongs to one tenant of the whole platform, as a phone number would."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, extension: Extension) -> bool:
        """Point a name at an agent, whether it is new or pointed elsewhere. True when it is new. ConflictError when it is another
        tenant's, NotFoundError when the agent is not one of the tenant."""
        # The update finds no row of another tenant, and then nothing is returned. xmax is 0 for a row that was inserted.
        row = await self._connection.fetchrow(
            "insert into phone_number as n"
            " (id, tenant_id, number, dialled, kind, provider, agent_tenant_id, agent_id, created_at, updated_at)"
            " values (gen_random_uuid()::text, $2, $1, $1, 'extension', 'sip', $2, $3, $4, $4)"
            " on conflict (dialled) where kind = 'extension' do update set agent_tenant_id = excluded.agent_tenant_id,"
            " agent_id = excluded.agent_id, updated_at = greatest(now(), n.created_at)"
            " where n.tenant_id = excluded.tenant_id returning xmax = 0 as is_new",
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
            f"select {_COLUMNS} from phone_number where kind = 'extension' and tenant_id = $1 and dialled = $2",
            tenant_id,
            name,
        )
        return Extension(**row) if row else None

    async def all(self, tenant_id: str) -> list[Extension]:
        """All names of the tenant in their order."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from phone_number where kind = 'extension' and tenant_id = $1 order by dialled",
            tenant_id,
        )
        return [Extension(**row) for row in rows]

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a name. False when there was none."""
        gone = await self._connection.fetchval(
            "delete from phone_number where kind = 'extension' and tenant_id = $1 and dialled = $2 returning true",
            tenant_id,
            name,
        )
        return bool(gone)
