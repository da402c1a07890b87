"""Routes of suppressions (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, Made, answer_once
from callwright.api.reading import PageQuery, json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import wire_time
from callwright.platform.services import Services
from callwright.platform.suppressions import actions as suppressions
from callwright.platform.suppressions.rules import Suppression
from callwright.platform.suppressions.schemas import EXAMPLE, SuppressionBody, SuppressionPageView, SuppressionView

router = APIRouter(prefix="/v1/callwright/suppressions", tags=["suppressions"])


@router.get("", summary="List suppressions", responses={200: shown("One page.", SuppressionPageView), **errors(400)})
async def list_page(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Numbers that are not called any more, newest first."""
    services, principal = services_of(request).actions, principal_of(request)
    page = await suppressions.list_suppressions(services, principal, query.page_number, query.size)
    return answer(
        {
            "page_number": page.number,
            "page_size": page.size,
            "total": page.total,
            "has_more": page.number * page.size < page.total,
            "data": [_view(row) for row in page.rows],
        }
    )


@router.post(
    "",
    summary="Suppress a number",
    responses={
        200: shown("It is on the list already; a new note replaces the old one.", SuppressionView),
        201: shown("It is new.", SuppressionView),
        **errors(400, 409),
    },
)
async def add(
    request: Request,
    body: Annotated[SuppressionBody, json_body(SuppressionBody, EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """From now on `POST /call` refuses it, and calls to it that wait or are scheduled are not dialled but end as `canceled`."""
    principal = principal_of(request)

    async def work(services: Services) -> Made:
        found, is_new = await suppressions.add_suppression(services, principal, body.number, body.note)
        return Made(_view(found), 201 if is_new else 200)

    return await answer_once(request, idempotency_key, body.wire, work)


@router.get(
    "/{number}",
    summary="Read a suppression",
    responses={200: shown("The entry.", SuppressionView), **errors(404)},
)
async def read(request: Request, number: str) -> Response:
    """Why and since when it is not called."""
    return answer(
        _view(await suppressions.get_suppression(services_of(request).actions, principal_of(request), number))
    )


@router.delete(
    "/{number}", summary="Delete a suppression", responses={200: shown("Deleted.", Acknowledged), **errors(404)}
)
async def delete(request: Request, number: str) -> Response:
    """It may be called again. What its calls recorded stays."""
    await suppressions.delete_suppression(services_of(request).actions, principal_of(request), number)
    return answer({"message": "success", "state": "deleted"})


def _view(suppression: Suppression) -> dict[str, Any]:
    return {
        "number": suppression.number,
        "reason": suppression.reason,
        "said": suppression.said,
        "execution_id": suppression.execution_id,
        "note": suppression.note,
        "created_at": wire_time(suppression.created_at),
    }
