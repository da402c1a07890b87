"""Routes of the price book (our own)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.money import cents_from_nano
from callwright.insight.wire import wire_time
from callwright.platform.accounts.rules import OPERATOR
from callwright.platform.prices.actions import add_price, delete_price, list_prices
from callwright.platform.prices.rules import PriceRow
from callwright.platform.prices.schemas import EXAMPLE, PriceBody, PricesView, PriceView
from callwright.platform.services import Services

router = APIRouter(prefix="/v1/callwright/prices", tags=["prices"])


@router.get("", summary="Read the price book", responses={200: shown("All prices.", PricesView), **errors()})
async def list_all(request: Request) -> Response:
    """The rows of the file, then those that were added by the API. Saved as they come, they are a file for CALLWRIGHT_PRICE_BOOK. Only the
    operator sees where the prices are from."""
    rows = await list_prices(services_of(request).actions)
    if principal_of(request).scope != OPERATOR:
        rows = [replace(row, source="") for row in rows]
    return answer({"prices": [_view(row) for row in rows]})


@router.post(
    "",
    summary="Add a price",
    responses={201: shown("The row.", PriceView), **errors(400, 409)},
)
async def add(
    request: Request,
    body: Annotated[PriceBody, json_body(PriceBody, EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """For the operator of the platform alone: needs a key of the scope `operator`, which `callwright keys create` makes. A price changes by
    another row that is valid from a later time. Calls that are over keep their cost."""
    principal = principal_of(request)
    given = {name: value for name, value in body.wire.items() if value is not None}

    async def work(services: Services) -> dict[str, Any]:
        return _view(await add_price(services, principal, given))

    return await answer_once(request, idempotency_key, body.wire, work, 201)


@router.delete("/{price_id}", summary="Delete a price", responses={200: shown("Deleted.", Acknowledged), **errors(404)})
async def delete(request: Request, price_id: str) -> Response:
    """For the operator of the platform alone. The row before it is valid again, for calls that end from now on."""
    await delete_price(services_of(request).actions, principal_of(request), price_id)
    return answer({"message": "success", "state": "deleted"})


def _view(row: PriceRow) -> dict[str, Any]:
    return {
        "id": row.id or None,
        "kind": row.kind,
        "provider": row.provider,
        "model": row.model,
        "cents": cents_from_nano(row.price.nano_cents),
        "per": row.price.per,
        "increment": row.price.increment,
        "valid_from": wire_time(row.valid_from),
        "source": row.source,
        "origin": "api" if row.id else "file",
    }
