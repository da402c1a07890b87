"""Reading the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.rules import AuditEntry, AuditFilter
from callwright.platform.services import Services


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Entries, newest first. ``next_before`` continues below the last one; None when there is nothing more."""

    rows: list[AuditEntry]
    next_before: int | None


async def read_trail(services: Services, principal: Principal, narrow: AuditFilter, size: int) -> TrailPage:
    """A page of the tenant's trail, which begins below the id ``narrow.before``."""
    async with services.ledger.unit() as unit:
        rows = await unit.audit.page(principal.tenant_id, narrow, size + 1)
    return TrailPage(rows[:size], rows[size - 1].id if len(rows) > size else None)
