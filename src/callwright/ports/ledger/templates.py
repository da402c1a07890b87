"""Port of storage: extraction templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """An extraction template as stored: the contract's keys and unknown ones as they came."""

    id: str
    tenant_id: str
    body: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


class Templates(Protocol):
    """Extraction templates."""

    async def insert(self, template: StoredTemplate) -> None:
        """A new template."""

    async def get(self, tenant_id: str, template_id: str) -> StoredTemplate | None:
        """One template of the tenant, or None."""

    async def lock(self, tenant_id: str, template_id: str) -> StoredTemplate | None:
        """One template, locked until the unit ends, or None."""

    async def all(self, tenant_id: str) -> list[StoredTemplate]:
        """All templates of the tenant, oldest first."""
        ...

    async def update(self, tenant_id: str, template_id: str, body: Mapping[str, Any]) -> StoredTemplate | None:
        """Replace the body. None when there is no such template."""

    async def delete(self, tenant_id: str, template_id: str) -> bool:
        """Delete it. False when there was none."""
        ...
