"""Routes of the list of executions over all agents (our own)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.schemas import STREAMED, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.standing import StandingStream
from callwright.domain.money import cents_from_nano
from callwright.insight.csv_table import BYTE_ORDER_MARK, csv_bytes
from callwright.insight.wire import wire_time
from callwright.platform.batch_reports.routes import ReportQuery
from callwright.platform.execution_list.actions import Listed, ListRequest, all_executions, list_executions
from callwright.platform.execution_list.rules import ExecutionSummary, SummaryTotals
from callwright.platform.execution_list.schemas import ExecutionFilterQuery, ExecutionListQuery, ExecutionListView
from callwright.platform.executions.rules.execution import CHAT, LIVE

router = APIRouter(prefix="/v1/callwright", tags=["executions"])

_LIVE = frozenset(status.value for status in LIVE)
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "The table.", "content": {"text/csv": {"schema": {"type": "string"}}}},
    **errors(400),
}


class ExecutionCsvQuery(ExecutionFilterQuery, ReportQuery):
    """Which executions, and how the table is written."""


@router.get(
    "/executions",
    summary="List executions over all agents",
    responses={200: shown("One page, with the totals of all that match.", ExecutionListView), **errors(400)},
)
async def list_all(request: Request, query: Annotated[ExecutionListQuery, Query()]) -> Response:
    """Calls and chats of the account. A sub-account lists its own."""
    query.check(strict=False)
    found = await list_executions(services_of(request).actions, principal_of(request), query.request)
    return answer(
        {
            "items": [_row(row, found.agents) for row in found.rows],
            "next_cursor": found.next_cursor,
            "totals": None if found.totals is None else _totals(found.totals),
        }
    )


@router.get(
    "/executions.csv",
    summary="Read the list of executions as CSV",
    response_class=Response,
    responses=_CSV,
    openapi_extra={STREAMED: True},
)
async def list_as_csv(request: Request, query: Annotated[ExecutionCsvQuery, Query()]) -> Response:
    """Every execution that the filter lets through, newest first, as a table. A cell that a spreadsheet would take for a formula has an
    apostrophe in front."""
    query.check(strict=False)
    services, principal, style = services_of(request).actions, principal_of(request), query.style
    # A filter that is wrong is refused before the table begins.
    wanted = ListRequest(query.narrow)

    async def pieces() -> AsyncIterator[bytes]:
        if style.spreadsheet:
            yield BYTE_ORDER_MARK
        yield csv_bytes([_HEADER], style)
        async for page in all_executions(services, principal, wanted):
            yield await asyncio.to_thread(csv_bytes, _cells(page), style)

    headers = {"Content-Disposition": 'attachment; filename="executions.csv"'}
    return StandingStream(request, pieces(), "text/csv; charset=utf-8", headers)


def _row(row: ExecutionSummary, agents: Any) -> dict[str, Any]:
    return {
        "id": row.execution_id,
        "created_at": wire_time(row.created_at),
        "number": row.number or None,
        "direction": row.direction,
        "channel": CHAT if row.carrier == CHAT else "voice",
        "provider": row.carrier,
        "agent_id": row.agent_id,
        "agent_name": agents.get(row.agent_id, ""),
        "status": row.status,
        "smart_status": row.status,
        "live": row.status in _LIVE,
        "answered": row.answered,
        "talk_ms": row.talk_ms,
        "turns": row.turns,
        "interruptions": row.interruptions,
        "waits_ms": row.waits_ms,
        "wait_p50_ms": row.wait_p50_ms,
        "wait_max_ms": row.wait_max_ms,
        "cost": cents_from_nano(row.cost_nano),
        "findings": [
            {"rule": rule, "severity": severity} for rule, severity in zip(row.rules, row.severities, strict=True)
        ],
        "summary": row.summary,
        "dispositions": row.answers,
        "ended_by": row.ended_by,
        "ended_reason": row.ended_reason,
        "batch_id": row.batch_id,
        "sandbox": row.sandbox,
        "recorded": row.recorded,
    }


def _totals(found: SummaryTotals) -> dict[str, Any]:
    return {
        "calls": found.calls,
        "answered": found.answered,
        "talk_ms": found.talk_ms,
        "wait_p50_ms": found.wait_p50_ms,
        "wait_p95_ms": found.wait_p95_ms,
        "cost": cents_from_nano(found.cost_nano),
        "with_findings": found.with_findings,
        "by_status": found.by_status,
        "exact": found.exact,
        "complete": found.complete,
    }


_HEADER = (
    *(
        "id",
        "created_at",
        "direction",
        "number",
        "agent_id",
        "agent_name",
        "status",
        "talk_seconds",
        "turns",
        "interruptions",
    ),
    *(
        "wait_p50_ms",
        "wait_max_ms",
        "cost_cents",
        "findings",
        "ended_by",
        "ended_reason",
        "batch_id",
        "summary",
        "dispositions",
    ),
)


def _cells(page: Listed) -> Iterable[Iterable[Any]]:
    for row in page.rows:
        yield (
            row.execution_id,
            wire_time(row.created_at),
            row.direction,
            row.number,
            row.agent_id,
            page.agents.get(row.agent_id, ""),
            row.status,
            None if row.talk_ms is None else row.talk_ms / 1000,
            row.turns,
            row.interruptions,
            row.wait_p50_ms,
            row.wait_max_ms,
            cents_from_nano(row.cost_nano),
            " ".join(row.rules),
            row.ended_by,
            row.ended_reason,
            row.batch_id,
            row.summary,
            "; ".join(f"{name}: {value}" for name, value in row.answers.items()),
        )
