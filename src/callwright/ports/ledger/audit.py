"""Port of storage: who changed what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callwright.domain.audit import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the audit trail are wanted: those with an id below ``before``; None means any."""

    before: int
    object_type: str | None = None
    object_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audit(Protocol):
    """Who changed what. Only ever added to; use cases write with ``actions.audit.audit``."""

    async def page(self, tenant_id: str, narrow: AuditFilter, size: int) -> list[AuditEntry]:
        """Up to ``size`` entries of the tenant, newest first."""
        ...

    async def add(self, entry: AuditEntry) -> None:
        """Write the entry in the same unit as the change it tells of."""
