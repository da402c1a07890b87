"""Port of storage: short names under which agents are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Extension:
    """A short name under which an agent is called (``domain.extension`` says which names there may be). ``agent_id`` is None where
    nobody answers it."""

    name: str
    tenant_id: str
    agent_id: str | None
    created_at: datetime


class Extensions(Protocol):
    """Short names under which agents are called. One name belongs to one tenant of the whole platform, as a phone number would."""

    async def put(self, extension: Extension) -> bool:
        """Point a name at an agent, whether it is new or pointed elsewhere. True when it is new. ConflictError when it is another
        tenant's, NotFoundError when the agent is not one of the tenant."""
        ...

    async def get(self, tenant_id: str, name: str) -> Extension | None:
        """One name of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[Extension]:
        """All names of the tenant in their order."""
        ...

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a name. False when there was none."""
        ...
