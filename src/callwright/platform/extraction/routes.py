"""Routes that ask past calls again (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of
from callwright.platform.agents.routes.subject import agent_before
from callwright.platform.extraction import actions as extraction
from callwright.platform.extraction.actions import PastCalls
from callwright.platform.extraction.schemas import ALL_EXAMPLE, ONE_EXAMPLE, AskAgainBody, AskAllAgainBody, AskedAgain
from callwright.platform.services import Services

router = APIRouter(prefix="/v1/callwright", tags=["extraction"])


@router.post(
    "/executions/{execution_id}/extraction",
    summary="Ask a past call again",
    status_code=202,
    responses={202: shown("It waits for its turn.", AskedAgain), **errors(400, 404, 409, 413)},
)
async def again(
    request: Request,
    execution_id: str,
    body: Annotated[AskAgainBody, json_body(AskAgainBody, ONE_EXAMPLE, required=False, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Asks the agent's present tasks and dispositions of the stored transcript. `callwright.extraction` of the execution says how that
    stands; what was known before stays there. It costs what its questions cost, and nothing where exactly the same was asked before.
    Ordered twice while it waits, it is asked once."""

    async def work(services: Services) -> dict[str, Any]:
        return _body(await extraction.ask_again(services, principal_of(request), execution_id, force=body.force))

    return await answer_once(request, idempotency_key, body.wire, work, 202)


@router.post(
    "/agents/{agent_id}/extraction",
    summary="Ask an agent's past calls again",
    status_code=202,
    responses={202: shown("They wait for their turn, one after the other.", AskedAgain), **errors(400, 404, 409, 413)},
)
async def all_again(
    request: Request,
    agent_id: str,
    body: Annotated[
        AskAllAgainBody,
        json_body(AskAllAgainBody, ALL_EXAMPLE, required=False, subject=agent_before("from", "to"), once=True),
    ],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The completed calls of a period, the newest first and at most `limit`, as one call is asked again. `dry_run` only names them."""
    wanted = PastCalls(body.since, body.until, body.limit, body.force, body.dry_run)

    async def work(services: Services) -> dict[str, Any]:
        return _body(await extraction.ask_all_again(services, principal_of(request), agent_id, wanted))

    return await answer_once(request, idempotency_key, body.wire, work, 202)


def _body(ordered: extraction.Ordered) -> dict[str, Any]:
    message = "waits already" if ordered.waiting else "queued" if ordered.run else "nothing is queued"
    return {
        "message": message,
        "run": ordered.run or None,
        "execution_ids": ordered.execution_ids,
        "left_out": ordered.left_out,
    }
