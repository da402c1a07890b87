"""Routes of sub-accounts (contract 3.13)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import Subject, json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, record_change, services_of
from callwright.insight.wire import wire_time
from callwright.platform.accounts.rules import Tenant
from callwright.platform.idempotency.actions import once_key
from callwright.platform.sub_accounts.actions import sub_accounts
from callwright.platform.sub_accounts.mapping import record, usage_record
from callwright.platform.sub_accounts.schemas import (
    EXAMPLE,
    PATCH_EXAMPLE,
    SubAccountBody,
    SubAccountPatch,
    SubAccountUsageView,
    SubAccountView,
    UsageQuery,
    UsageView,
)
from callwright.platform.usage import actions as usage
from callwright.platform.usage.actions import AccountUsage

router = APIRouter(prefix="/sub-accounts", tags=["sub-accounts"])
own = APIRouter(prefix="/v1/callwright/usage", tags=["account"])

Usage = Annotated[UsageQuery, Query()]


async def _named(request: Request, sub_account_id: str) -> Tenant:
    return await usage.find_sub_account(services_of(request).actions, principal_of(request), sub_account_id)


Named = Annotated[Tenant, Depends(_named)]
"""The sub-account of the path. It is looked for before the query is read."""

_SUBJECT = Subject(
    lambda request: _named(request, request.path_params["sub_account_id"]), frozenset(SubAccountPatch.model_fields)
)


@router.post(
    "/create",
    summary="Make a sub-account",
    responses={200: shown("The sub-account with its key.", SubAccountView), **errors(400, 409, 413)},
)
async def create(
    request: Request,
    body: Annotated[SubAccountBody, json_body(SubAccountBody, EXAMPLE)],
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body within 24 hours give the same sub-account again.")
    ] = None,
) -> Response:
    """Its key is shown in this answer. Guaranteed places must fit into the organisation's minimum, maximums into its maximum."""
    services, principal = services_of(request).actions, principal_of(request)
    asked = None if idempotency_key is None else once_key(idempotency_key, sub_accounts.ROUTE, body.wire)
    made = await sub_accounts.create_sub_account(services, principal, body.name, body.places, asked)
    record_change(request, "new_key", f"the first key of sub-account {made.tenant.id}")
    return answer(record(made))


@router.get(
    "/all",
    summary="List sub-accounts",
    responses={200: shown("All of them, newest first.", list[SubAccountView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged. Keys are masked unless `CALLWRIGHT_SHOW_SUB_ACCOUNT_KEYS` is set."""
    found = await sub_accounts.list_sub_accounts(services_of(request).actions, principal_of(request))
    return answer([record(one) for one in found])


@router.get(
    "/all/usage",
    summary="Usage of all sub-accounts",
    responses={200: shown("One object for each, newest first.", list[SubAccountUsageView]), **errors(400)},
)
async def usage_of_all(request: Request, query: Usage) -> Response:
    """A bare array of what `/sub-accounts/{sub_account_id}/usage` tells of one. A deleted sub-account is in it for every period in which it
    used something."""
    services = services_of(request).actions
    found = await usage.usage_of_all(services, principal_of(request), query.period(services.clock.now()))
    return answer([_usage(one) for one in found])


@router.get(
    "/{sub_account_id}/usage",
    summary="Usage of a sub-account",
    responses={200: shown("What it used.", SubAccountUsageView), **errors(400, 404)},
)
async def usage_of_one(request: Request, account: Named, query: Usage) -> Response:
    """What its calls created in the period used and cost, counted when each is done; calls that are not done are in `total_records` and
    `status_map`. At most 32 days. For the organisation's administrators, also after it was deleted, and for the sub-account itself."""
    services = services_of(request).actions
    period = query.period(services.clock.now())
    return answer(_usage(await usage.usage_of_sub_account(services, account, period)))


def _usage(found: AccountUsage) -> dict[str, Any]:
    deleted_at = wire_time(found.tenant.deleted_at)
    named = {"sub_account_id": found.tenant.id, "sub_account_name": found.tenant.name}
    return {**named, **usage_record(found), "callwright": {"deleted_at": deleted_at}}


@own.get("", summary="Usage of the account", responses={200: shown("What it used.", UsageView), **errors(400)})
async def usage_of_own(request: Request, query: Usage) -> Response:
    """What the calls of the key's own account used and cost; those of an organisation's sub-accounts are not in it."""
    services = services_of(request).actions
    period = query.period(services.clock.now())
    return answer(usage_record(await usage.usage_of_own(services, principal_of(request), period)))


@router.patch(
    "/{sub_account_id}",
    summary="Change a sub-account",
    responses={200: shown("Changed.", Acknowledged), **errors(400, 404, 413)},
)
async def change(
    request: Request,
    sub_account_id: str,
    body: Annotated[SubAccountPatch, json_body(SubAccountPatch, PATCH_EXAMPLE, subject=_SUBJECT)],
) -> Response:
    """Its name and places; what is absent stays. `max_concurrency` null is elastic, 0 is paused. Live calls are not ended."""
    services, principal = services_of(request).actions, principal_of(request)
    await sub_accounts.change_sub_account(services, principal, sub_account_id, body.changes)
    return answer({"message": "success", "state": "updated"})


@router.delete(
    "/{sub_account_id}", summary="Delete a sub-account", responses={200: shown("Deleted.", Acknowledged), **errors(404)}
)
async def delete(request: Request, sub_account_id: str) -> Response:
    """Its keys are refused from now on, its waiting calls are stopped and its live ones end. Agents, executions, logs and recordings are
    deleted as soon as its last call has been completed. What it used and cost stays, in the usage of all sub-accounts and in its own."""
    await sub_accounts.delete_sub_account(services_of(request).actions, principal_of(request), sub_account_id)
    record_change(request, "changed_right", f"all keys of sub-account {sub_account_id} revoked")
    return answer({"message": "success", "state": "deleted"})
