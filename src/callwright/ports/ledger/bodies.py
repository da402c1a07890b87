"""Port of storage: the bodies of agents wherever they are kept, to seal what earlier versions stored in clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class BodyKind(StrEnum):
    """Where a body is kept: with its agent, as a version of it, as the copy of an execution that is over or not, or its headers alone with
    a webhook."""

    AGENT = "agent"
    VERSION = "version"
    UNFINISHED = "unfinished"
    FINISHED = "finished"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A body with the id of the agent, execution or webhook that keeps it."""

    id: str
    tenant_id: str
    body: Mapping[str, Any] = field(repr=False)


class Bodies(Protocol):
    """Bodies of agents, of all tenants: for the platform's own work, never for a request."""

    async def after(self, kind: BodyKind, after: str, count: int) -> list[StoredBody]:
        """The bodies behind an id, in the order of ids, locked until the unit ends."""
        ...

    async def put(self, kind: BodyKind, row_id: str, body: Mapping[str, Any]) -> None:
        """Replace a body. The agent's revision stays."""

    async def are_sealed(self) -> bool:
        """Whether :meth:`note_sealed` was called on this database."""
        ...

    async def note_sealed(self) -> None:
        """Note that no agent, and no execution that is not over, has a body with credentials in clear."""
