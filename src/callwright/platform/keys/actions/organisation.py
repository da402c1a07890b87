"""Keys over the API: what an administrator sees and makes for the organisation, and a member for oneself."""

from __future__ import annotations

from dataclasses import replace

from callwright.domain.errors import BadInputError, ConflictError, NotAllowedError
from callwright.domain.limits import MAX_KEYS
from callwright.platform.accounts.rules import ADMIN, CALL, MEMBER, READ, ApiKey, Principal
from callwright.platform.idempotency.actions import OnceKey, once
from callwright.platform.keys.actions.keys import NEWS_SECONDS, KeyWish, NewKey, derived_key, insert_key, revoke_found
from callwright.platform.services import Services, missing, object_id
from callwright.platform.unit import Unit

ROUTE = "/v1/callwright/keys"

#: Other names of scopes that are understood.
SCOPE_NAMES = {"read-only": "read", "read_only": "read", "call-only": "call", "call_only": "call"}


def _may_see(principal: Principal, key: ApiKey) -> bool:
    """A member sees own keys; an administrator all of the organisation and its sub-accounts, or of one's sub-account."""
    return principal.role != MEMBER or (key.tenant_id == principal.tenant_id and key.holder == principal.holder)


async def list_visible(services: Services, principal: Principal) -> list[ApiKey]:
    """The keys one may see, newest first."""
    async with services.ledger.unit() as unit:
        keys = await unit.keys.of_organisation(principal.tenant_id)
    return [key for key in keys if _may_see(principal, key)]


async def get_visible(services: Services, principal: Principal, key_id: str) -> ApiKey:
    """One of them. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        return await _found(unit, principal, key_id)


async def _found(unit: Unit, principal: Principal, key_id: str) -> ApiKey:
    key = await unit.keys.one_of_organisation(principal.tenant_id, object_id(key_id, "key"))
    if key is None or not _may_see(principal, key):
        raise missing("key")
    return key


async def create_visible(services: Services, principal: Principal, wish: KeyWish, asked: OnceKey | None) -> NewKey:
    """Make a key. Where it was ``asked`` for under an ``Idempotency-Key`` the same request gives the same key again within 24 hours: it is
    derived then, and the database holds its id alone. Raises NotFoundError for a sub-account that is none, ConflictError for too many,
    NotAllowedError where the same key is good for longer than the one that asks."""
    made: list[NewKey] = []

    async def work(joined: Services) -> bytes:
        async with joined.ledger.unit() as unit:
            of_account = wish.tenant_id != principal.tenant_id
            if of_account and await unit.accounts.sub_account(principal.tenant_id, wish.tenant_id) is None:
                raise missing("sub-account")
            if await unit.keys.count(wish.tenant_id) >= MAX_KEYS:
                raise ConflictError(f"there are {MAX_KEYS} keys already; revoke those that are not needed")
            made.append(await insert_key(services, unit, principal, wish))
        return made[0].stored.id.encode()

    if asked is None:
        await work(services)
        return made[0]
    _, kept = await once(services, principal, asked, 201, work)
    if made:
        return made[0]
    async with services.ledger.unit() as unit:
        found = await _found(unit, principal, kept.decode())
    if principal.expires_at is not None and (found.expires_at is None or found.expires_at > principal.expires_at):
        raise NotAllowedError("the API key of this Idempotency-Key is good for longer than the key that asks for it")
    return first_answer(services, found)


def first_answer(services: Services, key: ApiKey) -> NewKey:
    """A derived key as it was when it was made. Raises ConflictError where the server's secret has changed since."""
    text = derived_key(services, key)
    if text is None:
        raise ConflictError("the API key of this Idempotency-Key cannot be shown again; make a new one")
    return NewKey(text, replace(key, used_at=None, revoked_at=None))


def wish_of(principal: Principal, asked: KeyWish) -> KeyWish:
    """The key that is made where ``asked`` is asked for. Its ``tenant_id`` is that of a sub-account, or empty.

    A member's keys are one's own, and nobody's key may do more than the one that makes it. Raises BadInputError, NotAllowedError,
    NotFoundError.
    """
    account, holder = asked.tenant_id, asked.holder
    if principal.role == MEMBER and (asked.role == ADMIN or account or holder not in ("", principal.holder)):
        raise NotAllowedError("Forbidden: only organization admins can make keys for others")
    if account and principal.parent_id is not None and account != principal.tenant_id:
        raise missing("sub-account")
    if holder and asked.role != MEMBER:
        raise BadInputError("member names whose key it is; give it together with role member", field="member")
    return replace(
        asked,
        tenant_id=object_id(account, "sub-account") if account else principal.tenant_id,
        holder=principal.holder if principal.role == MEMBER else holder,
        of_sub_account=principal.parent_id is not None or bool(account),
    )


async def revoke_visible(services: Services, principal: Principal, key_id: str) -> None:
    """Revoke a key: the next request that comes with it, to whichever process, is refused. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        await revoke_found(services, unit, principal, await _found(unit, principal, key_id))
    await services.clock.sleep(NEWS_SECONDS)


def scope_name(scope: str) -> str:
    """The name of a scope on the wire."""
    return {READ: "read-only", CALL: "call-only"}.get(scope, scope)
