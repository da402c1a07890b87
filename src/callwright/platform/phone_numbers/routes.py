"""Routes of phone numbers (contract 3.5)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once_outside
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.platform.phone_numbers.actions import carrier as carrier_numbers
from callwright.platform.phone_numbers.actions import numbers
from callwright.platform.phone_numbers.mapping import listed, offered, rented
from callwright.platform.phone_numbers.schemas import (
    BUY_EXAMPLE,
    BuyNumber,
    NumberQuery,
    OfferedNumberView,
    PhoneNumberView,
    RentedNumberView,
)

router = APIRouter(prefix="/phone-numbers", tags=["phone numbers"])


@router.get(
    "/all",
    summary="List phone numbers",
    responses={200: shown("All of them, newest first.", list[PhoneNumberView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged: extensions, numbers of SIP trunks, and those the organisation has at the carriers whose provider keys it
    has stored, rented here or not. Carriers are asked at most once a minute; while one does not answer, its numbers are shown as they
    were."""
    actions = services_of(request).actions
    now = actions.clock.now()
    return answer([listed(number, now) for number in await numbers.list_numbers(actions, principal_of(request))])


@router.get(
    "/search",
    summary="Search numbers to rent",
    responses={200: shown("Numbers that can be rented.", list[OfferedNumberView]), **errors(400)},
)
async def search(request: Request, query: Annotated[NumberQuery, Query()]) -> Response:
    """Asks the carrier, with the organisation's provider keys. Refused with 400 where these are not stored, or are not accepted; 503 while
    the carrier does not answer."""
    services, principal = services_of(request).actions, principal_of(request)
    found = await carrier_numbers.search_numbers(services, principal, query.country, query.pattern, query.provider)
    return answer([offered(number) for number in found])


@router.post(
    "/buy",
    summary="Rent a number",
    responses={200: shown("Rented.", RentedNumberView), **errors(400, 409, 413)},
)
async def buy(
    request: Request,
    body: Annotated[BuyNumber, json_body(BuyNumber, BUY_EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Rents it from the carrier, with the organisation's provider keys and on its account there. Refused with 400 where these are not
    stored, or the carrier refuses; nothing is ever rented in appearance only. After a 503 it may have been rented: the same request finds
    that out, and rents the number if not."""

    async def work() -> dict[str, Any]:
        services, principal = services_of(request).actions, principal_of(request)
        wanted = body.country, body.phone_number, body.provider
        return rented(await carrier_numbers.buy_number(services, principal, *wanted))

    return await answer_once_outside(request, idempotency_key, body.wire, work)


@router.delete(
    "/{phone_number_id}",
    summary="Give a number up",
    responses={200: shown("It is gone.", Acknowledged), **errors(400, 404)},
)
async def delete(request: Request, phone_number_id: str) -> Response:
    """One that was rented here is given back to its carrier. Further calls to it are refused; calls under way go on. One that the
    organisation has at a carrier and did not rent here is refused with 400."""
    await numbers.remove_number(services_of(request).actions, principal_of(request), phone_number_id)
    return answer({"message": "The phone number has been removed from your account", "state": "deleted"})
