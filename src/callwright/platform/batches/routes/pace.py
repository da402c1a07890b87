"""Routes of a batch's pace (our own): pausing, resuming and limits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import json_body, kept_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.batch_record import batch_body
from callwright.platform.batches.actions import pace as batch_pace
from callwright.platform.batches.actions.batches import BatchView as Found
from callwright.platform.batches.schemas import PACE_EXAMPLE, PAUSE_EXAMPLE, BatchView, PaceBody, PauseBody

router = APIRouter(prefix="/v1/callwright/batches", tags=["batches"])


@router.post(
    "/{batch_id}/pause",
    summary="Pause a batch",
    responses={200: shown("The batch.", BatchView), **errors(400, 404)},
)
async def pause(
    request: Request, batch_id: str, body: Annotated[PauseBody, json_body(PauseBody, PAUSE_EXAMPLE, required=False)]
) -> Response:
    """No call of it begins until it is resumed; calls under way go on. Its status stays what it is, and `callwright.paused` says since when
    and why. A batch that is paused stays as it is. 400 for one that is not scheduled or has ended."""
    principal = principal_of(request)
    return _shown(request, await batch_pace.pause_batch(services_of(request).actions, principal, batch_id, body.reason))


@router.post(
    "/{batch_id}/resume",
    summary="Resume a batch",
    responses={200: shown("The batch.", BatchView), **errors(400, 404)},
)
async def resume(request: Request, batch_id: str) -> Response:
    """Its contacts are called again, and the breaker counts anew. A batch that is not paused stays as it is. 400 for one that has ended."""
    return _shown(request, await batch_pace.resume_batch(services_of(request).actions, principal_of(request), batch_id))


@router.patch(
    "/{batch_id}",
    summary="Change the limits of a batch",
    responses={200: shown("The batch.", BatchView), **errors(400, 404)},
)
async def change(
    request: Request, batch_id: str, body: Annotated[dict[str, Any], kept_body(PaceBody, PACE_EXAMPLE)]
) -> Response:
    """Fields that are not named stay; null removes a limit. Takes effect with the next admission; calls under way go on. 400 for a batch
    that has ended."""
    principal = principal_of(request)
    return _shown(request, await batch_pace.change_pace(services_of(request).actions, principal, batch_id, body))


def _shown(request: Request, found: Found) -> Response:
    batch, progress = found
    return answer(batch_body(batch, progress, services_of(request).actions.clock.now()))
