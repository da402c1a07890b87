"""Routes of carriers (our own)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.platform.carriers.actions import connect_number
from callwright.platform.carriers.schemas import EXAMPLE, ConnectBody, ConnectionView

router = APIRouter(prefix="/v1/callwright/carriers", tags=["phone numbers"])


@router.post(
    "/{carrier}/connect",
    summary="Connect a number of a carrier",
    responses={
        200: shown("Its calls come here, once what is left by hand is done.", ConnectionView),
        **errors(400, 404, 413),
    },
)
async def connect(
    request: Request, carrier: str, body: Annotated[ConnectBody, json_body(ConnectBody, EXAMPLE)]
) -> Response:
    """Tells the carrier over its API, with the organisation's provider keys, to ask this server about calls to the number. What it asked
    before is replaced, and told in the answer. What the API does not take is told as ``by_hand``. Refused with 400 where keys are missing
    or not accepted, where the account does not have the number, or where CALLWRIGHT_PUBLIC_URL is no https:// address; 503 while the
    carrier does not answer. Safe to repeat."""
    made = await connect_number(services_of(request).actions, principal_of(request), carrier, body.phone_number)
    return answer(
        {
            "carrier": made.carrier,
            "phone_number": made.phone_number,
            "asks_at": made.route.asks_at,
            "asks_by": made.route.asks_by,
            "asked_before_at": made.route.before,
            "streams_at": made.route.streams_at,
            "by_hand": made.route.by_hand,
            "agent_id": made.agent_id,
        }
    )
