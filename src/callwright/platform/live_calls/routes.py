"""Routes of calls that go on (our own)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from callwright.api.answers import answer
from callwright.api.places import Places
from callwright.api.reading import AskedQuery, reads
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.standing import closed_event
from callwright.domain.limits import LIVE_HEARTBEAT_SECONDS, MAX_URL_CHARACTERS
from callwright.domain.settings.kinds import text
from callwright.insight.live_call import LiveFacts
from callwright.insight.wire import wire_time
from callwright.platform.accounts.rules import Principal
from callwright.platform.events.actions import ReadEvents, cursor_behind
from callwright.platform.events.rules import Event
from callwright.platform.executions.routes.live import LiveResponse, framed
from callwright.platform.executions.rules.execution import CHAT, Execution
from callwright.platform.live_calls.actions import follow_events, live_calls
from callwright.platform.live_calls.schemas import LiveView
from callwright.platform.suppressions.rules import far_number

router = APIRouter(prefix="/v1/callwright/live", tags=["executions"])

_SSE: dict[str, Any] = {
    "content": {"text/event-stream": {}},
    "description": "`id:`, `event:` and `data:` lines until the client leaves or `event: closed`.",
}


class ChangesQuery(AskedQuery):
    """Where the stream begins."""

    after: Annotated[str, reads(text(MAX_URL_CHARACTERS))] = Field(
        default="",
        description="The id of an event, or a `next_cursor` of `/v1/callwright/events`; from now on without it. `Last-Event-ID` has the"
        " same meaning and goes before.",
    )


@router.get("", summary="List the calls that go on", responses={200: shown("The newest first.", LiveView), **errors()})
async def list_live(request: Request) -> Response:
    """Calls of the account that are dialled, ring or are spoken in, with what was said last and how long the caller waited. A sub-account
    lists its own. The log of a call reaches this list about a second late."""
    services = services_of(request).actions
    found = await live_calls(services, principal_of(request))
    now = services.clock.now()
    return answer(
        {
            "items": [_call(one, facts, found.agents, now) for one, facts in found.calls],
            "places": {"used": found.places_used, "most": found.places, "waiting": found.waiting},
            "left_out": found.live - len(found.calls),
        }
    )


def _call(one: Execution, facts: LiveFacts, agents: Mapping[str, str], now: datetime) -> dict[str, Any]:
    since = one.answered_at or one.initiated_at or one.created_at
    return {
        "id": one.id,
        "agent_id": one.agent_id,
        "agent_name": agents.get(one.agent_id, ""),
        "number": far_number(one) or None,
        "direction": one.direction,
        "channel": CHAT if one.carrier == CHAT else "voice",
        "provider": one.carrier,
        "batch_id": one.batch_id,
        "status": one.status.value,
        "created_at": wire_time(one.created_at),
        "answered_at": wire_time(one.answered_at),
        "seconds": round(max(0.0, (now - since).total_seconds()), 1),
        "lines": [{"who": line.who, "text": line.text, "at": wire_time(line.at)} for line in facts.lines],
        "turns": facts.turns,
        "wait_last_ms": facts.wait_last_ms,
        "wait_max_ms": facts.wait_max_ms,
        "findings": [{"rule": rule, "severity": severity} for rule, severity in facts.findings],
    }


@router.get(
    "/changes",
    summary="Follow the changes of all calls",
    response_class=Response,
    responses={200: _SSE, **errors(400, 429)},
)
async def follow_all(request: Request, query: Annotated[ChangesQuery, Query()]) -> Response:
    """Server-sent events: first `ready`, then `execution` or `batch` for each published change of the account, in the order of
    `/v1/callwright/events`, each with its cursor as `id`, and a comment at least every 15 seconds. What changed is named, not told whole:
    read it. `Last-Event-ID` continues where a broken stream stopped; with one that is too old, or without, it begins now."""
    services, principal = services_of(request).actions, principal_of(request)
    streams = request.app.state.live_streams
    assert isinstance(streams, Places)
    streams.enter(principal.organisation_id)
    pages = follow_events(services, principal, request.headers.get("last-event-id") or query.after)
    try:
        # Before the answer begins: a cursor that is none is refused as in any other request.
        first = await anext(pages)
    except BaseException:
        streams.leave(principal.organisation_id)
        raise
    ready = {
        "id": first.next_cursor if not first.events else None,
        "event": "ready",
        "data": {"cursor": first.next_cursor},
    }
    changes = _changes(first, pages, principal)
    frames = framed(changes, ready, LIVE_HEARTBEAT_SECONDS, lambda: closed_event(request))
    return LiveResponse(frames, streams, principal.organisation_id)


async def _changes(
    first: ReadEvents, pages: AsyncGenerator[ReadEvents], principal: Principal
) -> AsyncGenerator[dict[str, Any]]:
    async with aclosing(pages):
        for event in first.events:
            yield _change(event, principal)
        async for page in pages:
            for event in page.events:
                yield _change(event, principal)


def _change(event: Event, principal: Principal) -> dict[str, Any]:
    body = msgspec.json.decode(event.body, type=_Told)
    data = {
        "type": f"{event.about}.{event.status}",
        "id": event.subject_id,
        "status": event.status,
        "agent_id": body.agent_id,
        "batch_id": body.batch_id,
        "at": wire_time(event.created_at),
    }
    return {"id": cursor_behind(event, principal), "event": event.about, "data": data}


class _Told(msgspec.Struct):
    """What is read of the body of an event."""

    agent_id: str | None = None
    batch_id: str | None = None
