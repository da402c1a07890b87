"""The audit trail: who changed what, what it was before and after. It is only ever added to (a trigger refuses the rest)."""

from __future__ import annotations

from typing import Any

from callwright.platform.audit.rules import AuditEntry, AuditFilter


class AuditTrail:
    """Who changed what. Only ever added to; use cases write with ``platform.audit.actions.record.audit``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def page(self, tenant_id: str, narrow: AuditFilter, size: int) -> list[AuditEntry]:
        """Up to ``size`` entries of the tenant, newest first."""
        rows = await self._connection.fetch(
            "select tenant_id, actor, action, object_type, object_id, before, after, id, at from audit"
            " where tenant_id = $1 and id < $2 and object_type = coalesce($3, object_type)"
            " and object_id = coalesce($4, object_id) and actor = coalesce($5, actor)"
            " and at >= coalesce($6::timestamptz, '-infinity') and at <= coalesce($7::timestamptz, 'infinity') order by id desc limit $8",
            tenant_id,
            narrow.before,
            narrow.object_type,
            narrow.object_id,
            narrow.actor,
            narrow.since,
            narrow.until,
            size,
        )
        return [AuditEntry(**row) for row in rows]

    async def add(self, entry: AuditEntry) -> None:
        """Write the entry in the same unit as the change it tells of."""
        await self._connection.execute(
            "insert into audit (tenant_id, actor, action, object_type, object_id, before, after)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            entry.tenant_id,
            entry.actor,
            entry.action,
            entry.object_type,
            entry.object_id,
            dict(entry.before) if entry.before is not None else None,
            dict(entry.after) if entry.after is not None else None,
        )
