"""Routes of API keys (our own)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, record_change, services_of
from callwright.insight.wire import wire_time
from callwright.platform.accounts.rules import KEY_PREFIX, SUB_ACCOUNT_PREFIX, ApiKey
from callwright.platform.idempotency.actions import once_key
from callwright.platform.keys.actions import organisation as organisation_keys
from callwright.platform.keys.actions.keys import KeyWish
from callwright.platform.keys.schemas import EXAMPLE, KeyBody, KeyView, NewKeyView

router = APIRouter(prefix="/v1/callwright/keys", tags=["keys"])


@router.get("", summary="List keys", responses={200: shown("Keys, newest first.", list[KeyView]), **errors()})
async def list_all(request: Request) -> Response:
    """A bare array, newest first, never the keys themselves. An administrator sees those of the organisation and of its sub-accounts, a
    member one's own."""
    services = services_of(request).actions
    found = await organisation_keys.list_visible(services, principal_of(request))
    return answer([view(key, services.clock.now()) for key in found])


@router.post(
    "",
    summary="Make a key",
    responses={201: shown("The key, shown this once.", NewKeyView), **errors(400, 404, 409, 413)},
)
async def create(
    request: Request,
    body: Annotated[KeyBody, json_body(KeyBody, EXAMPLE)],
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body within 24 hours give the same API key again.")
    ] = None,
) -> Response:
    """It works at once. A member makes keys for oneself only, with the role `member`."""
    services, principal = services_of(request).actions, principal_of(request)
    wish = organisation_keys.wish_of(
        principal,
        KeyWish(
            tenant_id=body.sub_account_id or "",
            name=body.name,
            scope=body.scope,
            role=body.role or principal.role,
            holder=body.member or "",
            expires_at=body.expires_at,
            derived=idempotency_key is not None,
        ),
    )
    asked = None if idempotency_key is None else once_key(idempotency_key, organisation_keys.ROUTE, body.wire)
    made = await organisation_keys.create_visible(services, principal, wish, asked)
    stored = made.stored
    record_change(request, "new_key", f"key {stored.id} of account {stored.tenant_id} ({stored.scope}, {stored.role})")
    return answer({"key": made.secret, **view(made.stored, made.stored.created_at)}, 201)


@router.get("/{key_id}", summary="Read a key", responses={200: shown("The key.", KeyView), **errors(404)})
async def read(request: Request, key_id: str) -> Response:
    """What it may do, since when and until when, and when it was last used."""
    services = services_of(request).actions
    found = await organisation_keys.get_visible(services, principal_of(request), key_id)
    return answer(view(found, services.clock.now()))


@router.delete("/{key_id}", summary="Revoke a key", responses={200: shown("Revoked.", Acknowledged), **errors(404)})
async def revoke(request: Request, key_id: str) -> Response:
    """The next request that comes with it is refused, by every process. It stays in the list as revoked."""
    await organisation_keys.revoke_visible(services_of(request).actions, principal_of(request), key_id)
    record_change(request, "changed_right", f"key {key_id} revoked")
    return answer({"message": "success", "state": "revoked"})


def view(key: ApiKey, now: datetime) -> dict[str, Any]:
    """A key as the API shows it."""
    expired = key.expires_at is not None and key.expires_at <= now
    prefix = KEY_PREFIX if key.parent_id is None else SUB_ACCOUNT_PREFIX
    return {
        "id": key.id,
        "name": key.name,
        "masked": f"{prefix}…{key.last4}",
        "scope": organisation_keys.scope_name(key.scope),
        "role": key.role,
        "member": key.holder or None,
        "sub_account_id": key.tenant_id if key.parent_id is not None else None,
        "state": "revoked" if key.revoked_at is not None else "expired" if expired else "active",
        "created_at": wire_time(key.created_at),
        "expires_at": wire_time(key.expires_at),
        "revoked_at": wire_time(key.revoked_at),
        "last_used_at": wire_time(key.used_at),
    }
