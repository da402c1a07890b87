"""Asking for the packets of a call."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.platform.captures import actions as captures
from callwright.platform.captures.schemas import CaptureAccepted, CaptureBody

router = APIRouter(prefix="/v1/callwright/executions/{execution_id}", tags=["executions"])


@router.post(
    "/capture",
    summary="Capture the packets of a call",
    status_code=202,
    responses={202: shown("They are written from now on.", CaptureAccepted), **errors(400, 403, 404, 409)},
)
async def capture(
    request: Request,
    execution_id: str,
    body: Annotated[CaptureBody, json_body(CaptureBody, {"seconds": 60}, required=False)],
) -> Response:
    """A call over SIP that is being dialled or spoken on, once: its SIP messages so far and its SIP and RTP from now on become a pcap file.
    RTP needs the capability CAP_NET_RAW. What came of it is the fact `capture` of the call's log."""
    services = services_of(request)
    row = await captures.ask_capture(
        services.actions, principal_of(request), execution_id, body.seconds, keep_secrets=body.keep_secrets
    )
    return answer(
        {
            "execution_id": row.id,
            "seconds": body.seconds,
            "keep_secrets": body.keep_secrets,
            "capture_url": f"{services.public_url}/recordings/capture/{row.id}",
        },
        202,
    )
