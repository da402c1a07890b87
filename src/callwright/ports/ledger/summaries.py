"""Port of storage: the narrow rows of executions that lists over all agents read, and their sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from callwright.domain.execution import Execution
from callwright.domain.execution_summary import AgentFigures, ExecutionSummary, SummaryFilter, SummaryTotals

NEWEST, OLDEST, WAIT, TALK, COST = "newest", "oldest", "wait", "talk", "cost"
"""Orders of a list. The last three have only executions that are done, the longest wait, the longest or the dearest first."""


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """Which rows of an account: those behind ``after`` (the value that the order goes by, and the id), at most ``size``."""

    tenant_id: str
    narrow: SummaryFilter
    order: str
    after: tuple[datetime | int, str] | None
    size: int


@dataclass(frozen=True, slots=True)
class LiveRows:
    """The newest executions that are dialled or spoken in, how many there are, and how many wait."""

    rows: Sequence[Execution]
    live: int
    waiting: int


class Summaries(Protocol):
    """Executions as lists show them."""

    async def page(self, wanted: SummaryPage) -> Sequence[ExecutionSummary]:
        """The rows in their order: those that are done from their narrow rows, the others as they are now."""
        ...

    async def totals(self, tenant_id: str, narrow: SummaryFilter) -> SummaryTotals:
        """Figures of all that match."""
        ...

    async def of_agents(self, tenant_id: str, since: date) -> Mapping[str, AgentFigures]:
        """Figures of executions that were created since the beginning of a day of UTC, by agent. One without any is left out."""
        ...

    async def is_complete(self) -> bool:
        """Whether all executions that are done have their narrow rows: after an upgrade they are written in the background."""
        ...

    async def live(self, tenant_id: str, most: int) -> LiveRows:
        """What goes on at the moment."""
        ...

    async def recent_records(self, count: int) -> Sequence[Mapping[str, Any]]:
        """The records of the ``count`` newest executions that are done, of all organisations: for the operator, never for a request."""
        ...

    async def names(self, tenant_id: str, agent_ids: Sequence[str]) -> Mapping[str, str]:
        """The present names of agents."""
        ...
