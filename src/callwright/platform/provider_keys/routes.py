"""Routes of provider keys (contract 3.9)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.platform.provider_keys.actions import keys as provider_keys
from callwright.platform.provider_keys.actions.keys import NamedSecret
from callwright.platform.provider_keys.mapping import key_view
from callwright.platform.provider_keys.schemas import EXAMPLE, ProviderKeyBody, ProviderKeyState, ProviderKeyView
from callwright.platform.services import Services

router = APIRouter(prefix="/providers", tags=["providers"])


@router.post(
    "",
    summary="Store a provider key",
    responses={200: shown("Stored, or replaced under its name.", ProviderKeyState), **errors(400, 409, 413)},
)
async def add(
    request: Request,
    body: Annotated[ProviderKeyBody, json_body(ProviderKeyBody, EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Calls that begin from now on use it; those under way go on with the one before. It is sealed at rest and never shown again."""
    secret = NamedSecret(body.provider_name, body.provider_value)

    async def work(services: Services) -> dict[str, Any]:
        await provider_keys.put_provider_key(services, principal_of(request), secret)
        warning = provider_keys.name_warning(services, secret.name)
        return {
            "message": "successful",
            "status": "added",
            **({"callwright": {"warnings": [{"path": "provider_name", "message": warning}]}} if warning else {}),
        }

    asked = provider_keys.comparable(services_of(request).actions, body.wire)
    return await answer_once(request, idempotency_key, asked, work)


@router.get(
    "",
    summary="List provider keys",
    responses={200: shown("All keys, newest first.", list[ProviderKeyView]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array, never paged, with masked values."""
    services = services_of(request).actions
    now = services.clock.now()
    found = await provider_keys.list_provider_keys(services, principal_of(request))
    return answer([key_view(key, now) for key in found])


@router.delete(
    "/{provider_key_name}",
    summary="Delete a provider key",
    responses={200: shown("Forgotten.", ProviderKeyState), **errors(404)},
)
async def delete(request: Request, provider_key_name: str) -> Response:
    """By its name, not its id; capitals do not matter. Calls under way go on with it."""
    await provider_keys.delete_provider_key(services_of(request).actions, principal_of(request), provider_key_name)
    return answer({"message": "successful", "status": "removed"})
