"""Port of storage: what agents were before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """An agent as it was saved once. ``body`` is sealed as the agent's is. ``saved_by`` is the id of the key that saved it, and
    ``saved_by_name`` the key's name then; both are empty for what was there before versions were kept."""

    agent_id: str
    tenant_id: str
    revision: int
    name: str
    body: Mapping[str, Any] = field(repr=False)
    saved_at: datetime
    saved_by: str = ""
    saved_by_name: str = ""


class AgentVersions(Protocol):
    """Versions of agents."""

    async def insert(self, version: AgentVersion) -> None:
        """A new version; the oldest ones of its agent beyond MAX_AGENT_VERSIONS are deleted."""

    async def of_agent(self, tenant_id: str, agent_id: str) -> list[AgentVersion]:
        """The versions of an agent of the tenant, newest first, with empty bodies."""
        ...

    async def get(self, tenant_id: str, agent_id: str, revision: int) -> AgentVersion | None:
        """One version of an agent of the tenant, or None."""
