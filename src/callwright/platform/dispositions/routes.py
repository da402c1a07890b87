"""Routes of dispositions (contract 3.12), and our own that link them to further agents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, Made, answer_once, answer_once_outside
from callwright.api.reading import json_body, kept_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.standing import while_standing
from callwright.domain.errors import UnprocessableError
from callwright.domain.money import cents_from_nano
from callwright.platform.agents.routes.subject import agent_before
from callwright.platform.dispositions import actions as dispositions
from callwright.platform.dispositions.mapping import disposition_view
from callwright.platform.dispositions.schemas import (
    BULK_EXAMPLE,
    EXAMPLE,
    TEST_EXAMPLE,
    UPDATE_EXAMPLE,
    DispositionAck,
    DispositionBody,
    DispositionBulk,
    DispositionBulkAck,
    DispositionTest,
    DispositionTestResult,
    DispositionUpdate,
    DispositionView,
)
from callwright.platform.extraction.actions import try_dispositions
from callwright.platform.services import Services

router = APIRouter(tags=["dispositions"])

# Read by the domain: unknown keys are kept, and changes are judged with the stored disposition.
_New = Annotated[dict[str, Any], kept_body(DispositionBody, EXAMPLE)]
_Several = Annotated[dict[str, Any], kept_body(DispositionBulk, BULK_EXAMPLE)]
_Changes = Annotated[dict[str, Any], kept_body(DispositionUpdate, UPDATE_EXAMPLE)]
_OfAgent = Annotated[str, Query(description="An agent's id.")]


@router.get(
    "/dispositions",
    summary="List dispositions",
    responses={200: shown("A bare array, never paged.", list[DispositionView]), **errors()},
)
async def list_all(request: Request, agent_id: _OfAgent = "") -> Response:
    """All of the organisation, oldest first; with `agent_id` those that are asked of its calls, in the order of the questions."""
    found = await dispositions.list_dispositions(services_of(request).actions, principal_of(request), agent_id)
    return answer([disposition_view(one) for one in found])


@router.post(
    "/dispositions",
    summary="Create a disposition",
    responses={201: shown("Created.", DispositionAck), **errors(400, 409, 413, 422)},
)
async def create(request: Request, wire: _New, idempotency_key: IdempotencyKey = None) -> Response:
    """From now on it is asked after every call of the agents of `agent_id` and `agent_ids`. Without both it is asked of none. Unknown keys
    are kept."""

    async def work(services: Services) -> dict[str, Any]:
        made = await dispositions.create_disposition(services, principal_of(request), wire)
        return {"message": "Disposition created successfully", "id": made.id}

    return await answer_once(request, idempotency_key, wire, work, 201)


@router.post(
    "/dispositions/bulk",
    summary="Create several dispositions",
    responses={201: shown("All created.", DispositionBulkAck), **errors(400, 409, 413, 422)},
)
async def create_several(request: Request, wire: _Several, idempotency_key: IdempotencyKey = None) -> Response:
    """All or none; `ids` come in the order of `dispositions`."""

    async def work(services: Services) -> dict[str, Any]:
        made = await dispositions.create_dispositions(services, principal_of(request), wire)
        return {"message": "Dispositions created successfully", "ids": [one.id for one in made]}

    return await answer_once(request, idempotency_key, wire, work, 201)


@router.get(
    "/dispositions/{disposition_id}",
    summary="Read a disposition",
    responses={200: shown("The disposition.", DispositionView), **errors(404)},
)
async def read(request: Request, disposition_id: str, agent_id: _OfAgent = "") -> Response:
    """With `agent_id` only when it is asked of that agent's calls."""
    services, principal = services_of(request).actions, principal_of(request)
    return answer(disposition_view(await dispositions.get_disposition(services, principal, disposition_id, agent_id)))


@router.put(
    "/dispositions/{disposition_id}",
    summary="Change a disposition",
    responses={
        200: shown("Changed for all its agents.", DispositionAck),
        201: shown("Others share it: the agent got a copy of its own, with a new id.", DispositionAck),
        **errors(400, 404, 409, 413, 422),
    },
)
async def change(
    request: Request, disposition_id: str, wire: _Changes, idempotency_key: IdempotencyKey = None
) -> Response:
    """Changes the keys that are named; `null` makes one its default. With `agent_id`, a disposition that other agents share stays for
    them as it is. Results of earlier calls stay as they are."""

    async def work(services: Services) -> Made:
        changed, copied = await dispositions.change_disposition(services, principal_of(request), disposition_id, wire)
        message = "Disposition copy created and linked to agent" if copied else "Disposition updated successfully"
        return Made({"message": message, "id": changed.id}, 201 if copied else 200)

    return await answer_once(request, idempotency_key, wire, work)


@router.delete(
    "/dispositions/{disposition_id}",
    summary="Delete a disposition",
    responses={200: shown("Deleted.", DispositionAck), **errors(404)},
)
async def delete(request: Request, disposition_id: str) -> Response:
    """It is asked no more, of no agent. Results of earlier calls stay."""
    gone = await dispositions.delete_disposition(services_of(request).actions, principal_of(request), disposition_id)
    return answer({"message": "Disposition deleted successfully", "id": gone})


@router.put(
    "/v1/callwright/dispositions/{disposition_id}/agents/{agent_id}",
    summary="Share a disposition with an agent",
    responses={200: shown("It is asked of the agent's calls.", DispositionView), **errors(404, 422)},
)
async def link(request: Request, disposition_id: str, agent_id: str) -> Response:
    """One disposition may be asked of the calls of many agents; changed without `agent_id`, it changes for all of them."""
    services, principal = services_of(request).actions, principal_of(request)
    return answer(disposition_view(await dispositions.link_disposition(services, principal, disposition_id, agent_id)))


@router.delete(
    "/v1/callwright/dispositions/{disposition_id}/agents/{agent_id}",
    summary="Share a disposition with an agent no more",
    responses={200: shown("It is not asked of the agent's calls any more.", Acknowledged), **errors(404)},
)
async def unlink(request: Request, disposition_id: str, agent_id: str) -> Response:
    """The disposition itself stays, also when no agent is left."""
    services, principal = services_of(request).actions, principal_of(request)
    await dispositions.unlink_disposition(services, principal, disposition_id, agent_id)
    return answer({"message": "success", "state": "deleted"})


@router.post(
    "/v2/agent/{agent_id}/dispositions/test",
    summary="Try an agent's dispositions on a transcript",
    responses={200: shown("What they would have found.", DispositionTestResult), **errors(400, 404, 409, 413, 422)},
)
async def try_out(
    request: Request,
    agent_id: str,
    body: Annotated[
        DispositionTest,
        json_body(
            DispositionTest, TEST_EXAMPLE, failure=UnprocessableError, subject=agent_before("call_date"), once=True
        ),
    ],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Asks the models, and stores no result: `callwright` says what that used and cost, which is in the audit trail too. Days are counted
    from `call_date`, now without one; `{variables}` have no values. A test lasts
    45 s at most; a question that is not answered by then has an `error`. One test of an account runs at a time, and two of all accounts
    in a process. More are refused with 429 and `Retry-After`."""
    services, principal = services_of(request).actions, principal_of(request)

    async def work() -> dict[str, Any]:
        found = await try_dispositions(services, principal, agent_id, body.transcript, body.call_date)
        spent = {"cost": cents_from_nano(found.cost_nano), "usage": found.usage, "failures": found.failures}
        return {"extracted_data": found.extracted_data, "callwright": spent}

    return await while_standing(request, answer_once_outside(request, idempotency_key, body.wire, work))
