"""Listing executions over all agents of an account."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from callwright.domain.errors import BadInputError, NotFoundError
from callwright.platform.accounts.rules import Principal
from callwright.platform.execution_list.rules import (
    COST,
    NEWEST,
    OLDEST,
    TALK,
    WAIT,
    ExecutionSummary,
    SummaryFilter,
    SummaryPage,
    SummaryTotals,
    order_value,
)
from callwright.platform.executions.actions.schedule import moment
from callwright.platform.services import Services, object_id

ORDERS = (NEWEST, OLDEST, WAIT, TALK, COST)
_PAGE = 500
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class ListRequest:
    """Which executions, in which order, behind which cursor, and how many."""

    narrow: SummaryFilter
    order: str = NEWEST
    cursor: str | None = None
    size: int = 50
    with_totals: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of executions, the cursor behind it, the totals of all that match, and the names of the page's agents."""

    rows: Sequence[ExecutionSummary]
    next_cursor: str | None
    totals: SummaryTotals | None
    agents: Mapping[str, str]


async def list_executions(services: Services, principal: Principal, asked: ListRequest) -> Listed:
    """A page of the account's executions. Raises BadInputError for a cursor that is none of this order."""
    after = None if asked.cursor is None else _read_cursor(asked.cursor, asked.order)
    wanted = SummaryPage(principal.tenant_id, asked.narrow, asked.order, after, asked.size + 1)
    async with services.ledger.reading() as unit:
        found = await unit.executions.summaries.page(wanted)
        totals = (
            await unit.executions.summaries.totals(principal.tenant_id, asked.narrow) if asked.with_totals else None
        )
        rows = found[: asked.size]
        agents = await unit.executions.summaries.names(principal.tenant_id, sorted({row.agent_id for row in rows}))
    more = len(found) > asked.size
    return Listed(rows, _cursor(rows[-1], asked.order) if more else None, totals, agents)


async def all_executions(services: Services, principal: Principal, asked: ListRequest) -> AsyncIterator[Listed]:
    """Everything that matches, page by page, without totals."""
    asked = replace(asked, size=_PAGE, with_totals=False)
    while True:
        page = await list_executions(services, principal, asked)
        yield page
        if page.next_cursor is None:
            return
        asked = replace(asked, cursor=page.next_cursor)


def _cursor(row: ExecutionSummary, order: str) -> str:
    value = order_value(row, order)
    shown = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
    return base64.urlsafe_b64encode(f"{order}|{shown}|{row.execution_id}".encode()).decode().rstrip("=")


def _read_cursor(text: str, order: str) -> tuple[datetime | int, str]:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        of, value, execution_id = base64.b64decode(padded, b"-_", validate=True).decode().split("|")
        if of != order:
            raise BadInputError("cursor is of a list in another order", field="cursor")
        is_number = order not in (NEWEST, OLDEST) and value.isdigit()
        return _number(value) if is_number else moment(value, "cursor"), object_id(execution_id, "cursor")
    except (ValueError, BadInputError, NotFoundError):
        raise BadInputError(
            "cursor must be a next_cursor of an earlier answer in the same order", field="cursor"
        ) from None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise ValueError(text)
    return int(text)
