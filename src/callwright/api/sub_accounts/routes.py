"""Routes of sub-accounts (contract 3.13)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from callwright.actions import sub_accounts
from callwright.api.answers import answer
from callwright.api.bodies import read_object
from callwright.api.schemas import Acknowledged, errors, json_body, shown
from callwright.api.services import principal_of, services_of
from callwright.api.sub_accounts.mapping import record
from callwright.api.sub_accounts.schemas import EXAMPLE, PATCH_EXAMPLE, SubAccountView

router = APIRouter(prefix="/sub-accounts", tags=["sub-accounts"])


@router.post(
    "/create",
    summary="Make a sub-account",
    responses={200: shown("The sub-account with its key.", SubAccountView), **errors(400, 409, 413)},
    openapi_extra=json_body("SubAccountBody", EXAMPLE),
)
async def create(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body within 24 hours give the same sub-account again.")
    ] = None,
) -> Response:
    """Its key is shown in this answer. Guaranteed places must fit into the organisation's minimum, maximums into its maximum."""
    wire = await read_object(request)
    services = services_of(request).actions
    return answer(record(await sub_accounts.create_sub_account(services, principal_of(request), wire, idempotency_key)))


@router.get(
    "/all",
    summary="List sub-accounts",
    responses={200: shown("All of them, newest first.", list[SubAccountView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged. Keys are masked unless `CALLWRIGHT_SHOW_SUB_ACCOUNT_KEYS` is set."""
    found = await sub_accounts.list_sub_accounts(services_of(request).actions, principal_of(request))
    return answer([record(one) for one in found])


@router.patch(
    "/{sub_account_id}",
    summary="Change a sub-account",
    responses={200: shown("Changed.", Acknowledged), **errors(400, 404, 413)},
    openapi_extra=json_body("SubAccountPatch", PATCH_EXAMPLE),
)
async def change(request: Request, sub_account_id: str) -> Response:
    """Its name and places; what is absent stays. `max_concurrency` null is elastic, 0 is paused. Live calls are not ended."""
    wire = await read_object(request)
    await sub_accounts.change_sub_account(services_of(request).actions, principal_of(request), sub_account_id, wire)
    return answer({"message": "success", "state": "updated"})


@router.delete(
    "/{sub_account_id}", summary="Delete a sub-account", responses={200: shown("Deleted.", Acknowledged), **errors(404)}
)
async def delete(request: Request, sub_account_id: str) -> Response:
    """Its keys are refused from now on, its waiting calls are stopped and its live ones end. Agents, executions, logs and recordings are
    deleted as soon as its last call has been completed; its usage stays."""
    await sub_accounts.delete_sub_account(services_of(request).actions, principal_of(request), sub_account_id)
    return answer({"message": "success", "state": "deleted"})
