"""Organisations, for the operator of the platform: no route of the API makes or changes one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_CONCURRENCY, MAX_NAME_CHARACTERS
from callwright.platform.accounts.rules import DEFAULT_CONCURRENCY, Tenant, operator
from callwright.platform.audit.actions.record import audit
from callwright.platform.services import Services, missing, object_id
from callwright.platform.sub_accounts.rules import check_organisation

_ADDRESS = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)*")


@dataclass(frozen=True, slots=True)
class OrganisationWish:
    """What an organisation is to be; None leaves what is there."""

    name: str | None = None
    email: str | None = None
    max_concurrency: int | None = None
    min_concurrency: int | None = None


async def list_organisations(services: Services) -> list[tuple[Tenant, list[Tenant]]]:
    """Every organisation with its sub-accounts, oldest first."""
    async with services.ledger.unit() as unit:
        return [(one, await unit.accounts.sub_accounts(one.id)) for one in await unit.accounts.organisations()]


async def create_organisation(services: Services, wish: OrganisationWish) -> Tenant:
    """A new organisation; it has no key yet. Raises BadInputError."""
    now = services.clock.now()
    tenant = _wished(Tenant(services.ids.uuid(), "", "", DEFAULT_CONCURRENCY, now, updated_at=now), wish)
    check_organisation(tenant.places, [])
    async with services.ledger.unit() as unit:
        await unit.accounts.insert(tenant)
        await audit(unit, operator(tenant.id), "organisation.created", tenant.id, after=_shown(tenant))
    return tenant


async def change_organisation(services: Services, tenant_id: str, wish: OrganisationWish) -> Tenant:
    """Change an organisation. Raises NotFoundError, or BadInputError when its numbers do not hold what its sub-accounts were promised."""
    tenant_id = object_id(tenant_id, "organisation")
    async with services.ledger.unit() as unit:
        before = await unit.accounts.lock_organisation(tenant_id)
        if before is None:
            raise missing("organisation")
        after = _wished(before, wish)
        check_organisation(after.places, [one.places for one in await unit.accounts.sub_accounts(tenant_id)])
        await unit.accounts.update(after)
        await audit(
            unit, operator(tenant_id), "organisation.changed", tenant_id, before=_shown(before), after=_shown(after)
        )
    return after


def _wished(tenant: Tenant, wish: OrganisationWish) -> Tenant:
    name = tenant.name if wish.name is None else wish.name.strip()
    email = tenant.email if wish.email is None else wish.email.strip()
    for field, text in (("name", name), ("email", email)):
        if len(text) > MAX_NAME_CHARACTERS or not text.isprintable() or (field == "name" and not text):
            raise BadInputError(f"{field} must be at most {MAX_NAME_CHARACTERS} printable characters", field=field)
    if email and not _ADDRESS.fullmatch(email):
        raise BadInputError("email must be an address such as you@example.org, or empty", field="email")
    most = tenant.max_concurrency if wish.max_concurrency is None else wish.max_concurrency
    least = tenant.min_concurrency if wish.min_concurrency is None else wish.min_concurrency
    for field, number in (("max_concurrency", most), ("min_concurrency", least)):
        if number is not None and not 0 <= number <= MAX_CONCURRENCY:
            raise BadInputError(f"{field} must be a whole number from 0 to {MAX_CONCURRENCY}", field=field)
    return replace(tenant, name=name, email=email, max_concurrency=most, min_concurrency=least)


def _shown(tenant: Tenant) -> dict[str, str | int | None]:
    places = tenant.places
    return {"name": tenant.name, "min_concurrency": places.least, "max_concurrency": places.most}
