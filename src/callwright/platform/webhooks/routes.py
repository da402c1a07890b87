"""Routes of webhooks (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import wire_time
from callwright.platform.webhooks import actions as webhooks
from callwright.platform.webhooks.rules.deliveries import FailingEndpoint
from callwright.platform.webhooks.schemas import (
    RANGE_EXAMPLE,
    RESUME_EXAMPLE,
    EndpointsView,
    ReplayBody,
    ReplayedView,
    ReplayView,
    ResumeBody,
)

router = APIRouter(prefix="/v1/callwright/webhooks", tags=["webhooks"])


@router.get(
    "/endpoints",
    summary="List webhook endpoints that fail",
    responses={200: shown("Longest failing first.", EndpointsView), **errors()},
)
async def endpoints(request: Request) -> Response:
    """An endpoint is paused when every try at it failed for 12 hours, at least 5 of them, or when it answers 410. Its webhooks wait,
    and are in `GET /v1/callwright/events` all the same. Every 15 minutes it gets one webhook; when it accepts that, all are sent. One that
    answered 410 is not asked again before it is resumed."""
    found = await webhooks.list_endpoints(services_of(request).actions, principal_of(request))
    return answer({"data": [_view(one) for one in found]})


@router.post(
    "/endpoints/resume",
    summary="Resume a paused webhook endpoint",
    responses={200: shown("Resumed.", Acknowledged), **errors(400, 404)},
)
async def resume(request: Request, body: Annotated[ResumeBody, json_body(ResumeBody, RESUME_EXAMPLE)]) -> Response:
    """Its webhooks are sent now, in order for each execution."""
    await webhooks.resume_endpoint(services_of(request).actions, principal_of(request), body.endpoint)
    return answer({"message": "success", "state": "resumed"})


@router.post(
    "/replay", summary="Send webhooks of a range again", responses={200: shown("Done.", ReplayView), **errors(400, 404)}
)
async def replay(request: Request, body: Annotated[ReplayBody, json_body(ReplayBody, RANGE_EXAMPLE)]) -> Response:
    """Webhooks that were delivered or given up are sent again with the same id and body, and with the header `x-callwright-replay`. Those
    of one execution go in order."""
    principal = principal_of(request)
    done = await webhooks.replay(
        services_of(request).actions, principal, body.wanted(principal.tenant_id), dry_run=body.dry_run
    )
    return answer({"matched": done.matched, "replayed": done.replayed, "dry_run": body.dry_run})


@router.post(
    "/{webhook_id}/replay",
    summary="Send a webhook again",
    responses={200: shown("It is sent now.", ReplayedView), **errors(400, 404)},
)
async def replay_one(request: Request, webhook_id: str) -> Response:
    """With the same id and body, whether it was delivered, given up or waits for its next try."""
    found = await webhooks.replay_one(services_of(request).actions, principal_of(request), webhook_id)
    return answer({"id": found.id, "status": found.status, "state": "due"})


def _view(one: FailingEndpoint) -> dict[str, Any]:
    return {
        "endpoint": one.endpoint,
        "state": one.state,
        "failures": one.failures,
        "failing_since": wire_time(one.failing_since),
        "last_failed_at": wire_time(one.failed_at),
        "last_reason": one.reason,
        "paused_at": wire_time(one.paused_at),
        "next_probe_at": wire_time(one.probe_at),
        "waiting": one.waiting,
    }
