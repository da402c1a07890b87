"""Port of storage: questions asked after a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from callwright.domain.disposition import StoredDisposition
from callwright.ports.ledger.templates import Templates


class Dispositions(Protocol):
    """Questions asked after a call, and whose calls they are asked of."""

    @property
    def templates(self) -> Templates:
        """Extraction templates."""
        ...

    async def insert(self, disposition: StoredDisposition) -> None:
        """A new disposition with its links. NotFoundError when one of its agents does not exist."""

    async def get(self, tenant_id: str, disposition_id: str) -> StoredDisposition | None:
        """One disposition of the tenant, or None."""

    async def lock(self, tenant_id: str, disposition_id: str) -> StoredDisposition | None:
        """One disposition, locked until the unit ends, or None."""

    async def of_tenant(self, tenant_id: str) -> list[StoredDisposition]:
        """All dispositions of the tenant, oldest first."""
        ...

    async def of_agent(self, tenant_id: str, agent_id: str) -> list[StoredDisposition]:
        """The dispositions that are asked of the agent's calls, in the order in which they are asked."""
        ...

    async def count(self, tenant_id: str) -> int:
        """How many dispositions the tenant has."""
        ...

    async def update(self, tenant_id: str, disposition_id: str, body: Mapping[str, Any]) -> StoredDisposition | None:
        """Replace the body. None when there is no such disposition."""

    async def link(self, tenant_id: str, disposition_id: str, agent_id: str) -> None:
        """Ask it of the agent's calls from now on. NotFoundError when the tenant has no such agent or disposition."""

    async def unlink(self, tenant_id: str, disposition_id: str, agent_id: str) -> bool:
        """Ask it of the agent's calls no more. False when it was not."""
        ...

    async def put_in_place(self, tenant_id: str, old_id: str, new_id: str, agent_id: str) -> bool:
        """Ask ``new_id`` of the agent's calls where ``old_id`` was asked, at its place among the questions. False when it was not."""
        ...

    async def delete(self, tenant_id: str, disposition_id: str) -> bool:
        """Delete it with its links. False when there was none. What it found in earlier calls stays."""
        ...
