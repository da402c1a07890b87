"""Route of events (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from msgspec import Raw

from callwright.api.answers import answer
from callwright.api.places import Places
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.standing import while_standing
from callwright.insight.wire import wire_time
from callwright.platform.events.actions import EventRequest, ReadEvents, await_events, read_events
from callwright.platform.events.rules import Event
from callwright.platform.events.schemas import EventPageView, EventQuery

router = APIRouter(prefix="/v1/callwright/events", tags=["events"])


@router.get(
    "", summary="Read events with a cursor", responses={200: shown("One page.", EventPageView), **errors(400, 410)}
)
async def read(request: Request, query: Annotated[EventQuery, Query()]) -> Response:
    """Every published change of the account's executions and batches, also where no webhook is configured. Send `next_cursor` as `after` of
    the next request: no event is left out, and those of one execution are in order. With `wait` the answer comes as soon as there is an
    event. A sub-account reads its own. Events go with their execution when that is deleted, and after `CALLWRIGHT_EVENT_DAYS`. A cursor
    after which events were deleted for their age gets 410 `cursor_expired`."""
    services, principal, asked = services_of(request).actions, principal_of(request), query.request
    found = await read_events(services, principal, asked)
    if asked.wait_s and not (found.events or found.has_more):
        found = await while_standing(request, _await(request, asked))
    return answer(
        {
            "data": [_view(event) for event in found.events],
            "next_cursor": found.next_cursor,
            "has_more": found.has_more,
        }
    )


async def _await(request: Request, asked: EventRequest) -> ReadEvents:
    principal, waits = principal_of(request), request.app.state.event_waits
    assert isinstance(waits, Places)
    waits.enter(principal.organisation_id)
    try:
        return await await_events(services_of(request).actions, principal, asked, request.is_disconnected)
    finally:
        waits.leave(principal.organisation_id)


def _view(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": f"{event.about}.{event.status}",
        "execution_id": event.subject_id if event.about == "execution" else None,
        "batch_id": event.subject_id if event.about == "batch" else None,
        "created_at": wire_time(event.created_at),
        "data": Raw(event.body),
    }
