"""Routes of inbound routing (contract 3.6)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, public_url_of, services_of
from callwright.platform.inbound.mapping import number_view, setup_view
from callwright.platform.inbound.schemas import (
    SETUP_EXAMPLE,
    UNLINK_EXAMPLE,
    InboundResult,
    InboundSetup,
    InboundUnlink,
)
from callwright.platform.phone_numbers.actions import numbers

router = APIRouter(prefix="/inbound", tags=["inbound"])


@router.post(
    "/setup",
    summary="Let an agent answer a number",
    responses={200: shown("It answers from now on.", InboundResult), **errors(400, 404, 413)},
)
async def setup(request: Request, body: Annotated[InboundSetup, json_body(InboundSetup, SETUP_EXAMPLE)]) -> Response:
    """The number is an extension, a number of a SIP trunk or one rented from a carrier; another agent that answered it does no longer. The
    agent of a trunk's number must have `telephony_provider` `sip-trunk`."""
    services, principal = services_of(request).actions, principal_of(request)
    done = await numbers.set_up(services, principal, body.agent_id, body.phone_number_id, body.ivr_config)
    return answer(setup_view(done, public_url_of(request)))


@router.post(
    "/unlink",
    summary="Let nobody answer a number",
    responses={200: shown("Further calls to it are refused.", InboundResult), **errors(400, 404, 413)},
)
async def unlink(
    request: Request, body: Annotated[InboundUnlink, json_body(InboundUnlink, UNLINK_EXAMPLE)]
) -> Response:
    """The number stays; calls under way go on."""
    number = await numbers.unlink(services_of(request).actions, principal_of(request), body.phone_number_id)
    return answer(number_view(number, public_url_of(request)))
