"""Extraction templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.platform.extraction_templates.rules import StoredTemplate

_COLUMNS = "id, tenant_id, body, created_at, updated_at"
_SELECT_ONE = f"select {_COLUMNS} from extraction_template where tenant_id = $1 and id = $2"


class TemplateRows:
    """Extraction templates."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def insert(self, template: StoredTemplate) -> None:
        """A new template."""
        await self._connection.execute(
            f"insert into extraction_template ({_COLUMNS}) values ($1, $2, $3, $4, $5)",
            template.id,
            template.tenant_id,
            dict(template.body),
            template.created_at,
            template.updated_at,
        )

    async def get(self, tenant_id: str, template_id: str) -> StoredTemplate | None:
        """One template of the tenant, or None."""
        row = await self._connection.fetchrow(_SELECT_ONE, tenant_id, template_id)
        return StoredTemplate(**row) if row else None

    async def lock(self, tenant_id: str, template_id: str) -> StoredTemplate | None:
        """One template, locked until the unit ends, so that what is written anew is what was read; or None."""
        row = await self._connection.fetchrow(f"{_SELECT_ONE} for update", tenant_id, template_id)
        return StoredTemplate(**row) if row else None

    async def all(self, tenant_id: str) -> list[StoredTemplate]:
        """All templates of the tenant, oldest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from extraction_template where tenant_id = $1 order by created_at, number", tenant_id
        )
        return [StoredTemplate(**row) for row in rows]

    async def update(self, tenant_id: str, template_id: str, body: Mapping[str, Any]) -> StoredTemplate | None:
        """Replace the body. None when there is no such template."""
        row = await self._connection.fetchrow(
            "update extraction_template set body = $3, updated_at = greatest(now(), created_at)"
            f" where tenant_id = $1 and id = $2 returning {_COLUMNS}",
            tenant_id,
            template_id,
            dict(body),
        )
        return StoredTemplate(**row) if row else None

    async def delete(self, tenant_id: str, template_id: str) -> bool:
        """Delete it. False when there was none."""
        done = await self._connection.fetchval(
            "delete from extraction_template where tenant_id = $1 and id = $2 returning true", tenant_id, template_id
        )
        return bool(done)
