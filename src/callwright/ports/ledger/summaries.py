"""Port of storage: the narrow rows of executions that lists over all agents read, and their sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from callwright.domain.execution import TERMINAL, Execution
from callwright.domain.execution_summary import AgentFigures, ExecutionSummary, SummaryFilter, SummaryTotals

NEWEST, OLDEST, WAIT, TALK, COST = "newest", "oldest", "wait", "talk", "cost"
"""Orders of a list. In the last three the longest wait, the longest or the dearest is first, and those without such a value are last, the
newest of them first: also all that are not done."""


def order_value(row: ExecutionSummary, order: str) -> datetime | int:
    """What an order goes by in a row: its value, or when it was created."""
    if order in (NEWEST, OLDEST) or row.status not in TERMINAL:
        return row.created_at
    value = {WAIT: row.wait_max_ms, TALK: row.talk_ms, COST: row.cost_nano or None}[order]
    return row.created_at if value is None else value


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """Which rows of an account: those behind ``after`` (the :func:`order_value` of a row, and its id), at most ``size``."""

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
