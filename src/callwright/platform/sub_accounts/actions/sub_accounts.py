"""Sub-accounts of an organisation: making, listing, changing and deleting them (contract 3.13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from callwright.domain.errors import ConflictError, NothingToChangeError
from callwright.domain.limits import MAX_SUB_ACCOUNTS
from callwright.platform.accounts.rules import ApiKey, Principal, Tenant
from callwright.platform.audit.actions.record import audit
from callwright.platform.idempotency.actions import OnceKey, once
from callwright.platform.keys.actions.keys import NEWS_SECONDS, KeyWish, derived_key, insert_key
from callwright.platform.keys.actions.organisation import first_answer
from callwright.platform.services import Services, missing, object_id
from callwright.platform.sub_accounts.actions.end import end_calls, put_purge
from callwright.platform.sub_accounts.rules import Places, check_places
from callwright.platform.unit import Unit

ROUTE = "/sub-accounts/create"
NO_FIELDS = "No valid fields provided"


@dataclass(frozen=True, slots=True)
class SubAccount:
    """A sub-account with its newest key that is still good. ``secret`` is that key in clear, where it may be shown."""

    tenant: Tenant
    key: ApiKey | None
    secret: str | None = None


async def create_sub_account(
    services: Services, principal: Principal, name: str, places: Places, asked: OnceKey | None
) -> SubAccount:
    """Make a sub-account with its key. Raises BadInputError, in the contract's words for places that do not fit, or ConflictError for more
    than MAX_SUB_ACCOUNTS. Where it was ``asked`` for under an ``Idempotency-Key`` the same request gives the same answer again within 24
    hours."""
    derived = services.show_sub_account_keys or asked is not None
    made: list[SubAccount] = []

    async def work(joined: Services) -> bytes:
        async with joined.ledger.unit() as unit:
            others = await _others(unit, principal)
            if len(others) >= MAX_SUB_ACCOUNTS:
                raise ConflictError(f"there are {MAX_SUB_ACCOUNTS} sub-accounts already; delete one that is not needed")
            check_places(await _organisation(unit, principal), [one.places for one in others], places)
            tenant = _new_tenant(services, principal, name, places)
            await unit.accounts.insert(tenant)
            await audit(unit, principal, "sub_account.created", tenant.id, after={"name": name, **_shown(places)})
            wish = KeyWish(tenant.id, name, of_sub_account=True, derived=derived)
            key = await insert_key(services, unit, principal, wish)
        made.append(SubAccount(tenant, key.stored, key.secret))
        return f"{tenant.id} {key.stored.id}".encode()

    if asked is None:
        await work(services)
        return made[0]
    _, kept = await once(services, principal, asked, 200, work)
    if made:
        return made[0]
    async with services.ledger.unit() as unit:
        return await _as_made(services, unit, principal, kept.decode())


def _new_tenant(services: Services, principal: Principal, name: str, places: Places) -> Tenant:
    now = services.clock.now()
    return Tenant(
        id=services.ids.uuid(),
        name=name,
        email="",
        max_concurrency=places.most,
        created_at=now,
        parent_id=principal.organisation_id,
        min_concurrency=places.least,
        updated_at=now,
    )


async def _as_made(services: Services, unit: Unit, principal: Principal, stored: str) -> SubAccount:
    tenant_id, _, key_id = stored.partition(" ")
    tenant = await unit.accounts.sub_account(principal.organisation_id, tenant_id)
    key = await unit.keys.one_of_organisation(principal.organisation_id, key_id)
    if tenant is None or key is None:
        raise missing("sub-account")
    shown = first_answer(services, key)
    return SubAccount(tenant, shown.stored, shown.secret)


async def list_sub_accounts(services: Services, principal: Principal) -> list[SubAccount]:
    """The organisation's sub-accounts, newest first. Their keys come in clear only with the setting for it, and only those that were made
    while it was on."""
    async with services.ledger.unit() as unit:
        tenants = await unit.accounts.sub_accounts(principal.organisation_id)
        newest = await unit.keys.newest_of_sub_accounts(principal.organisation_id, services.clock.now())
    return [_listed(services, tenant, newest.get(tenant.id)) for tenant in tenants]


def _listed(services: Services, tenant: Tenant, key: ApiKey | None) -> SubAccount:
    if key is None or not (key.derived and services.show_sub_account_keys):
        return SubAccount(tenant, key)
    return SubAccount(tenant, key, derived_key(services, key))


async def change_sub_account(
    services: Services, principal: Principal, account_id: str, changes: Mapping[str, Any]
) -> Tenant:
    """Change ``name``, ``min_concurrency`` and ``max_concurrency``; what is absent stays. Raises NotFoundError, NothingToChangeError, or
    BadInputError in the contract's words for places that do not fit. Calls that are live are not ended by a lower maximum."""
    account_id = object_id(account_id, "sub-account")
    async with services.ledger.unit() as unit:
        others = await _others(unit, principal)
        before = next((one for one in others if one.id == account_id), None)
        if before is None:
            raise missing("sub-account")
        if not changes:
            raise NothingToChangeError(NO_FIELDS)
        after = replace(before, **changes)
        check_places(
            await _organisation(unit, principal), [one.places for one in others if one is not before], after.places
        )
        await unit.accounts.update(after)
        old, new = ({"name": one.name, **_shown(one.places)} for one in (before, after))
        await audit(unit, principal, "sub_account.changed", account_id, before=old, after=new)
    return after


async def delete_sub_account(services: Services, principal: Principal, account_id: str) -> None:
    """Delete a sub-account: from now on its keys are refused and it gets no calls; its waiting calls are stopped and its live ones asked to
    hang up. Everything it had is deleted when they have ended, and what its requests wrote that were under way an hour later. Raises
    NotFoundError."""
    account_id = object_id(account_id, "sub-account")
    async with services.ledger.unit() as unit:
        before = next((one for one in await _others(unit, principal) if one.id == account_id), None)
        if before is None:
            raise missing("sub-account")
        await unit.accounts.delete(account_id)
        await unit.keys.revoke_all(account_id)
        await put_purge(unit, account_id)
        gone = {"name": before.name, **_shown(before.places)}
        await audit(unit, principal, "sub_account.deleted", account_id, before=gone)
    await end_calls(services, account_id)
    await services.clock.sleep(NEWS_SECONDS)


async def _others(unit: Unit, principal: Principal) -> list[Tenant]:
    """The organisation's sub-accounts; nobody else changes their places until the unit ends, or two changes together would exceed what each
    alone keeps to."""
    if await unit.accounts.lock_organisation(principal.organisation_id) is None:
        raise missing("account")
    return await unit.accounts.sub_accounts(principal.organisation_id)


async def _organisation(unit: Unit, principal: Principal) -> Places:
    found = await unit.accounts.tenant(principal.organisation_id)
    if found is None:
        raise missing("account")
    return found.places


def _shown(places: Places) -> dict[str, int | None]:
    return {"min_concurrency": places.least, "max_concurrency": places.most}
