"""Port of storage: agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from callwright.ports.ledger.agent_versions import AgentVersions
from callwright.ports.ledger.bodies import Bodies


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """An agent as stored. ``body`` is the flat object of the contract (agent_config keys plus agent_prompts), unknown keys kept."""

    id: str
    tenant_id: str
    name: str
    body: Mapping[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime
    dispositions: Sequence[Mapping[str, Any]] | None = None
    """What is asked after its calls (``id``, ``name``, ``category``), None for nothing; only reads of a tenant's agents look for it."""
    inbound_phone_number: str | None = None
    """The number it answers, a phone number before an extension and the one it has had longest first; looked for by the same reads."""
    seeding: bool = False
    """Whether the speech of its fixed sentences is still to be rendered; looked for by the same reads."""


class Agents(Protocol):
    """Agents."""

    @property
    def bodies(self) -> Bodies:
        """Their bodies, wherever they are kept."""
        ...

    @property
    def versions(self) -> AgentVersions:
        """What they were before."""
        ...

    async def insert(self, agent: StoredAgent) -> None:
        """A new agent."""

    async def get(self, tenant_id: str, agent_id: str) -> StoredAgent | None:
        """One agent of the tenant, or None."""

    async def get_any(self, agent_id: str) -> StoredAgent | None:
        """One agent whoever it belongs to: for calls that come in, never for a request."""

    async def all(self, tenant_id: str) -> list[StoredAgent]:
        """All agents of the tenant, newest first."""

    async def listed(self, tenant_id: str) -> list[StoredAgent]:
        """All agents of the tenant with empty bodies, the last saved first."""
        ...

    async def newest(self, count: int) -> list[StoredAgent]:
        """The agents last saved, of all tenants: to prepare for their calls, never for a request."""

    async def update(self, tenant_id: str, agent_id: str, name: str, body: Mapping[str, Any]) -> StoredAgent | None:
        """Replace the body; revision + 1. None when there is no such agent."""

    async def lock(self, tenant_id: str, agent_id: str) -> bool:
        """Lock an agent until the unit ends: it is not changed, stopped or deleted meanwhile, but called as before. False when there is
        none."""
        ...

    async def lock_whole(self, tenant_id: str, agent_id: str) -> bool:
        """Lock an agent with its batches and its executions that have not ended until the unit ends: nothing of it is released, placed or
        claimed meanwhile. False when there is none."""
        ...

    async def mark_deleted(self, tenant_id: str, agent_id: str) -> None:
        """Hide an agent with its batches, and take its numbers and extensions from it. Nothing can be added to it any more. Lock it before
        with ``lock_whole``."""

    async def some_executions(self, tenant_id: str, agent_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions of the agent."""
        ...

    async def unfinished(self, tenant_id: str, agent_id: str, waiting: int) -> list[str]:
        """Ids of an agent's executions that have not ended, at one moment. Of those that wait the newest ``waiting``."""
        ...

    async def delete(self, tenant_id: str, agent_id: str) -> bool:
        """Delete the agent with its batches, one that is marked as deleted too. False when there was none. ConflictError while it has
        executions."""
