"""Port of storage: processes that run calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as the others see it."""

    incarnation: str
    name: str
    counter: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """What a node learns at its heartbeat: whether it owns executions, and every other node that has not stopped or still owns some."""

    owns: bool
    others: tuple[NodeView, ...]


class Nodes(Protocol):
    """Processes that run calls, and whether they still move."""

    async def beat(self, incarnation: str, name: str, late_ms: int = 0) -> Beat:
        """Register or advance the counter of this incarnation, whose live audio is ``late_ms`` late."""

    async def stopped(self, incarnation: str) -> None:
        """This incarnation ended in order."""

    async def forget(self, incarnation: str) -> datetime | None:
        """Mark as dead: its writes are refused from now on (owned rows are settled by the caller). Returns when it beat last by the clock
        of the database, None for one that never did."""
