"""Routes of executions (contract 3.3) and the live event stream of a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from callwright.api.answers import answer, answer_encoded
from callwright.api.description import operation_id
from callwright.api.places import Places
from callwright.api.query_names import check_names
from callwright.api.reading import validated
from callwright.api.schemas import errors, shown
from callwright.api.services import ApiServices, principal_of, public_url_of, services_of
from callwright.api.standing import closed_event
from callwright.domain.limits import LIVE_HEARTBEAT_SECONDS
from callwright.insight.doctor import examined
from callwright.insight.provision import shown_provision
from callwright.insight.rawlog import raw_log
from callwright.insight.record import execution_body
from callwright.insight.view import view_of
from callwright.platform.dialling.actions import decision_wire
from callwright.platform.dialling.rules.facts import DialDecision
from callwright.platform.executions.actions import executions
from callwright.platform.executions.routes.live import LiveResponse, framed
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.executions.schemas import (
    AttemptQuery,
    DecisionsAnswer,
    DoctorAnswer,
    ExecutionPage,
    ExecutionQuery,
    ExecutionView,
    LogAnswer,
    PeriodQuery,
)


class _PlainRoute(APIRoute):
    """A route that calls its endpoint without FastAPI's dependencies, which cost more than the read itself; described like any other."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the router has matched path and method."""
        if self.methods and scope["method"] not in self.methods:
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive)
        await check_names(request)
        response = await self.endpoint(request, **scope["path_params"])
        await response(scope, receive, send)


router = APIRouter(tags=["executions"])
polled = APIRouter(tags=["executions"], route_class=_PlainRoute, generate_unique_id_function=operation_id)
"""Its routes go to the application itself, before all others: routes are tried one after the other."""

_SSE = {
    "content": {"text/event-stream": {}},
    "description": "`event:` and `data:` lines until `event: end` or `event: closed`.",
}


async def _check_period(request: Request) -> None:
    """Judges the period before the rest of the query."""
    query = validated(PeriodQuery, dict(request.query_params))
    query.check(strict=services_of(request).actions.policy.strict)


@router.get(
    "/v2/agent/{agent_id}/executions",
    summary="List an agent's executions",
    responses={200: shown("One page, newest first.", ExecutionPage), **errors(400, 404)},
    dependencies=[Depends(_check_period)],
)
async def list_of_agent(request: Request, agent_id: str, query: Annotated[ExecutionQuery, Query()]) -> Response:
    """Parameters that are empty or missing mean any."""
    services = services_of(request)
    wanted = query.page_request
    page = await executions.page_of_agent(services.actions, principal_of(request), agent_id, wanted)
    rows = page.rows[: wanted.size]
    more = wanted.number * wanted.size < page.total if wanted.after is None else len(page.rows) > wanted.size
    body: dict[str, Any] = {
        "page_number": wanted.number,
        "page_size": wanted.size,
        "total": page.total,
        "has_more": more,
        "next_cursor": executions.cursor_of(rows[-1]) if more and rows else None,
        "data": [execution_body(row, public_url=public_url_of(request)) for row in rows],
        "filters": {},
        "sorts": [],
    }
    return answer(body)


@polled.get(
    "/executions/{execution_id}",
    summary="Read an execution",
    responses={200: shown("The execution.", ExecutionView), **errors(404)},
)
async def read(request: Request, execution_id: str) -> Response:
    """The same object that webhooks carry."""
    services = services_of(request).actions
    found = await executions.read_execution(services, principal_of(request), execution_id, public_url_of(request))
    return answer_encoded(found)


@router.get(
    "/executions/{execution_id}/log",
    summary="Read the raw log of an execution",
    responses={200: shown("Requests and answers by component, in order.", LogAnswer), **errors(400, 404)},
)
async def read_log(request: Request, execution_id: str, query: Annotated[AttemptQuery, Query()]) -> Response:
    """Empty until the call was dialled; grows while it lives."""
    log = await executions.get_log(services_of(request).actions, principal_of(request), execution_id, query.attempt)
    # In a thread: reading the log of a long call takes long enough to disturb the calls this process may be holding.
    entries = await asyncio.to_thread(_entries, log)
    return answer({"status": "success", "data": entries})


def _entries(log: bytes) -> list[dict[str, Any]]:
    return raw_log(view_of(log.decode())) if log else []


@router.get(
    "/v1/callwright/executions/{execution_id}/doctor",
    summary="Say what went wrong in a call",
    responses={200: shown("Findings in the order of the call.", DoctorAnswer), **errors(400, 404)},
)
async def examine(request: Request, execution_id: str, query: Annotated[AttemptQuery, Query()]) -> Response:
    """What went wrong in a call, when, and which setting to change: `callwright.doctor` of the execution, during the call as far as its
    log goes. No findings before it was dialled."""
    services, principal = services_of(request).actions, principal_of(request)
    execution = await executions.get_execution(services, principal, execution_id)
    found = execution.record.get("doctor") if query.attempt in (None, execution.attempt) else None
    if found is None:
        log = await executions.get_log(services, principal, execution_id, query.attempt)
        found = await asyncio.to_thread(_examined, log)
    return answer(found)


def _examined(log: bytes) -> dict[str, Any]:
    return examined(view_of(log.decode())) if log else {"findings": [], "left_out": 0}


@router.get(
    "/v1/callwright/executions/{execution_id}/decisions",
    summary="List the dial decisions of an execution",
    responses={200: shown("The newest 200 decisions, oldest first.", DecisionsAnswer), **errors(404)},
)
async def list_decisions(request: Request, execution_id: str) -> Response:
    """Why it was dialled, waits or is never dialled: at its admission, at its dialling and at each transfer."""
    rows = await executions.decisions_of(services_of(request).actions, principal_of(request), execution_id)
    return answer({"execution_id": execution_id, "data": [_decision(row) for row in rows]})


def _decision(row: DialDecision) -> dict[str, Any]:
    return {
        **decision_wire(row.decision, row.at),
        "step": row.step,
        "attempt": row.attempt,
        "inputs": dict(row.decision.inputs),
        "version": row.decision.version,
    }


@router.get(
    "/v1/callwright/executions/{execution_id}/events",
    summary="Follow a call live",
    responses={200: _SSE, **errors(404, 429)},
)
async def follow(request: Request, execution_id: str) -> Response:
    """Server-sent events: first `execution` with the present status and what stands in, then what happens in the call, a comment at least
    every 15 seconds, and `end` when the call has ended. `Last-Event-ID` continues where a broken stream stopped, as far as events are still
    known. When the key is revoked, expires or may do something else meanwhile, the last event is `closed` and says so (`code`, `message`,
    `hint`)."""
    services = services_of(request)
    principal = principal_of(request)
    execution = await executions.get_execution(services.actions, principal, execution_id)
    streams = request.app.state.live_streams
    assert isinstance(streams, Places)
    streams.enter(principal.organisation_id)
    return LiveResponse(_stream(services, execution, request), streams, principal.organisation_id)


async def _stream(services: ApiServices, execution: Execution, request: Request) -> AsyncGenerator[bytes]:
    # What stands in is told here too: its own event came with the first of the call, before most clients can follow.
    data = {"id": execution.id, "status": execution.status.value, "callwright": shown_provision(execution.record)}
    first = {"event": "execution", "data": data}
    over = execution.phase is Phase.DONE
    after = request.headers.get("last-event-id")
    events = _nothing() if over else aiter(services.live.subscribe(execution.id, after))
    frames = framed(events, first, LIVE_HEARTBEAT_SECONDS, lambda: closed_event(request))
    try:
        async for one in frames:
            yield one
    finally:
        await frames.aclose()


async def _nothing() -> AsyncGenerator[dict[str, Any]]:
    nothing: tuple[dict[str, Any], ...] = ()
    for event in nothing:
        yield event
