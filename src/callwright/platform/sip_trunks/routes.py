"""Routes of SIP trunks (contract 3.7)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import kept_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.platform.provider_keys.actions.keys import comparable
from callwright.platform.services import Services
from callwright.platform.sip_trunks import actions as sip_trunks
from callwright.platform.sip_trunks.mapping import number_view, trunk_view
from callwright.platform.sip_trunks.schemas import (
    EXAMPLE,
    NUMBER_EXAMPLE,
    PATCH_EXAMPLE,
    SipNumberBody,
    SipNumberView,
    SipTrunkBody,
    SipTrunkPatch,
    SipTrunkQuery,
    SipTrunkView,
    Told,
)

router = APIRouter(prefix="/sip-trunks/trunks", tags=["SIP trunks"])

# Read by the domain: unknown keys are kept, and changes are judged with the stored trunk. A number is read as one of a trunk.
_Trunk = Annotated[dict[str, Any], kept_body(SipTrunkBody, EXAMPLE)]
_Changes = Annotated[dict[str, Any], kept_body(SipTrunkPatch, PATCH_EXAMPLE)]
_Number = Annotated[dict[str, Any], kept_body(SipNumberBody, NUMBER_EXAMPLE)]


@router.post(
    "",
    summary="Make a SIP trunk",
    status_code=201,
    responses={201: shown("Made.", SipTrunkView), **errors(400, 409, 413, 422)},
)
async def create(request: Request, wire: _Trunk, idempotency_key: IdempotencyKey = None) -> Response:
    """With its numbers, or without any. `callwright.undiallable` says why no call can be placed through it."""

    async def work(services: Services) -> dict[str, Any]:
        return trunk_view(await sip_trunks.create_trunk(services, principal_of(request), wire))

    # The body holds a password: only its keyed hash is compared.
    same = comparable(services_of(request).actions, wire)
    return await answer_once(request, idempotency_key, same, work, 201)


@router.get(
    "",
    summary="List SIP trunks",
    responses={200: shown("All of them, newest first.", list[SipTrunkView]), **errors(400)},
)
async def list_all(request: Request, query: Annotated[SipTrunkQuery, Query()]) -> Response:
    """A bare array, never paged."""
    found = await sip_trunks.list_trunks(services_of(request).actions, principal_of(request), query.is_active)
    return answer([trunk_view(trunk) for trunk in found])


@router.get(
    "/{trunk_id}", summary="Read a SIP trunk", responses={200: shown("The trunk.", SipTrunkView), **errors(404)}
)
async def read(request: Request, trunk_id: str) -> Response:
    """With its numbers, without its password. `callwright.registration` and `callwright.gateways` say how this process finds them now."""
    return answer(trunk_view(await sip_trunks.get_trunk(services_of(request).actions, principal_of(request), trunk_id)))


@router.patch(
    "/{trunk_id}",
    summary="Change a SIP trunk",
    responses={200: shown("The trunk as it is now.", SipTrunkView), **errors(400, 404, 409, 413, 422)},
)
async def change(request: Request, trunk_id: str, wire: _Changes) -> Response:
    """Changes what is named. `gateways` and `ip_identifiers` take the place of the old lists; `null` makes a setting its default. The next
    call uses it."""
    found = await sip_trunks.change_trunk(services_of(request).actions, principal_of(request), trunk_id, wire)
    return answer(trunk_view(found))


@router.delete(
    "/{trunk_id}",
    summary="Delete a SIP trunk",
    responses={200: shown("Deleted with its numbers.", Told), **errors(404)},
)
async def delete(request: Request, trunk_id: str) -> Response:
    """Its numbers go with it, those of a carrier are only the carrier's again; calls under way go on."""
    count = await sip_trunks.delete_trunk(services_of(request).actions, principal_of(request), trunk_id)
    return answer({"message": f"Trunk deleted successfully. {count} phone number(s) removed."})


@router.post(
    "/{trunk_id}/numbers",
    summary="Add a number to a SIP trunk",
    status_code=201,
    responses={201: shown("Added.", SipNumberView), **errors(400, 404, 409, 413)},
)
async def add_number(
    request: Request, trunk_id: str, wire: _Number, idempotency_key: IdempotencyKey = None
) -> Response:
    """2 to 15 digits, with or without a `+`; with `e164_check_enabled` only in E.164 form. `POST /inbound/setup` says who answers it."""

    async def work(services: Services) -> dict[str, Any]:
        return number_view(await sip_trunks.add_number(services, principal_of(request), trunk_id, wire))

    return await answer_once(request, idempotency_key, wire, work, 201)


@router.get(
    "/{trunk_id}/numbers",
    summary="List the numbers of a SIP trunk",
    responses={200: shown("All of them, newest first.", list[SipNumberView]), **errors(404)},
)
async def list_numbers(request: Request, trunk_id: str) -> Response:
    """A bare array, never paged."""
    found = await sip_trunks.list_trunk_numbers(services_of(request).actions, principal_of(request), trunk_id)
    return answer([number_view(number) for number in found])


@router.delete(
    "/{trunk_id}/numbers/{phone_number_id}",
    summary="Remove a number from a SIP trunk",
    responses={200: shown("Removed.", Told), **errors(404)},
)
async def remove_number(request: Request, trunk_id: str, phone_number_id: str) -> Response:
    """Further calls to it are refused; calls under way go on."""
    await sip_trunks.remove_trunk_number(services_of(request).actions, principal_of(request), trunk_id, phone_number_id)
    return answer({"message": "Phone number removed successfully"})
