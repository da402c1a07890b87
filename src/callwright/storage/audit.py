"""The audit trail: who changed what, what it was before and after. It is only ever added to (a trigger refuses the rest)."""

from __future__ import annotations

from typing import Any

from callwright.domain.audit import AuditEntry


class AuditTrail:
    """``ports.ledger.Audit``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

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
