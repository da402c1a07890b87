"""Routes of replays, what-ifs and scenarios of a call (our own)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.places import Places
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.platform.call_logs.actions import CallLog
from callwright.platform.executions.schemas import AttemptQuery
from callwright.platform.replays import actions as replays
from callwright.platform.replays.schemas import (
    CallReplayRequest,
    CallReplayView,
    ScenarioView,
    WhatIfRequest,
    WhatIfView,
)

router = APIRouter(prefix="/v1/callwright/executions/{execution_id}", tags=["executions"])

_WHAT_IF = {"from_turn": 1, "settings": {"task_config.incremental_delay": 1800}}


@router.post(
    "/replay",
    summary="Replay a call",
    responses={200: shown("Whether it is the same.", CallReplayView), **errors(400, 404)},
)
async def replay(
    request: Request,
    execution_id: str,
    asked: Annotated[CallReplayRequest, json_body(CallReplayRequest, {"attempt": 1}, required=False)],
) -> Response:
    """Feeds the events of the call to today's core and compares what it does. One is computed at a time for each organisation."""
    call = await _call(request, execution_id, asked.attempt)
    services = services_of(request).actions
    return answer(await _computed(request, call, lambda: replays.replay(services, call)))


@router.post(
    "/what-if",
    summary="Continue a call with a changed agent",
    responses={200: shown("Both conversations side by side.", WhatIfView), **errors(400, 404)},
)
async def what_if(
    request: Request, execution_id: str, asked: Annotated[WhatIfRequest, json_body(WhatIfRequest, _WHAT_IF)]
) -> Response:
    """The recorded call up to a turn, and then with other settings. Nothing of it happens: nobody is called, no tool runs, nothing is
    written. It takes seconds. One is computed at a time for each organisation."""
    call = await _call(request, execution_id, asked.attempt)
    wish = replays.WhatIfRequest(asked.from_turn, asked.settings, asked.model, asked.keep_going)
    services, principal = services_of(request).actions, principal_of(request)
    body = await _computed(request, call, lambda: replays.what_if(services, principal, call, wish))
    return answer({**body, "model": asked.model, "settings": asked.settings})


@router.get(
    "/scenario",
    summary="Make a scenario file from a call",
    responses={200: shown("A scenario and what it may expect.", ScenarioView), **errors(400, 404)},
)
async def scenario(request: Request, execution_id: str, query: Annotated[AttemptQuery, Query()]) -> Response:
    """A scenario for `callwright simulate`: the caller's lines as rules, the answers of tools, and assertions to choose from."""
    call = await _call(request, execution_id, query.attempt)
    body = await replays.scenario(services_of(request).actions, call)
    return answer({**_named(call), "name": f"call-{call.execution.id.partition('-')[0]}", **body})


async def _call(request: Request, execution_id: str, attempt: int | None) -> CallLog:
    return await replays.finished_call(services_of(request).actions, principal_of(request), execution_id, attempt)


async def _computed(
    request: Request, call: CallLog, work: Callable[[], Awaitable[Mapping[str, Any]]]
) -> dict[str, Any]:
    """What the work comes to, in the organisation's place, with how long it took."""
    clock = services_of(request).actions.clock
    began_us = clock.monotonic_us()
    with _place(request):
        body = await work()
    return {**_named(call), **body, "computed_ms": (clock.monotonic_us() - began_us) / 1000}


def _named(call: CallLog) -> dict[str, Any]:
    return {"execution_id": call.execution.id, "attempt": call.attempt}


@contextmanager
def _place(request: Request) -> Iterator[None]:
    organisation_id, places = principal_of(request).organisation_id, request.app.state.replays
    assert isinstance(places, Places)
    places.enter(organisation_id)
    try:
        yield
    finally:
        places.leave(organisation_id)
