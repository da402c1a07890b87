"""Port of storage: processes that run calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as the reaper sees it."""

    incarnation: str
    name: str
    counter: int
    stopped: bool


class Nodes(Protocol):
    """Processes that run calls, and whether they still move."""

    async def beat(self, incarnation: str, name: str, late_ms: int = 0) -> None:
        """Register or advance the counter of this incarnation, whose live audio is ``late_ms`` late."""

    async def stopped(self, incarnation: str) -> None:
        """This incarnation ended in order."""

    async def all(self) -> list[NodeView]:
        """Every node that has not stopped or still owns executions."""

    async def forget(self, incarnation: str) -> None:
        """Mark as dead: its writes are refused from now on (owned rows are settled by the caller)."""
