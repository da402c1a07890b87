"""Which organisation a phone number belongs to, by the operator's word: calls to it reach that organisation only."""

from __future__ import annotations

from callwright.domain.errors import ConflictError, NotFoundError
from callwright.domain.number import parse_e164
from callwright.platform.accounts.rules import operator
from callwright.platform.audit.actions.record import audit
from callwright.platform.phone_numbers.rules import OwnedNumber
from callwright.platform.services import Services, missing


async def prove_number(services: Services, tenant_id: str, number: str) -> OwnedNumber:
    """Note that a number belongs to an organisation. Raises BadInputError, NotFoundError for no organisation, ConflictError for a number
    that belongs to another one."""
    owned = OwnedNumber(tenant_id, parse_e164(number, what="number"), services.clock.now())
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.tenant(tenant_id)
        if tenant is None or tenant.parent_id is not None:
            raise missing("organisation")
        owner = await unit.numbers.own(owned)
        if owner != tenant_id:
            raise ConflictError(f"{owned.number} belongs to {owner}; release it first", field="number")
        after = {"phone_number": owned.number}
        await audit(unit, operator(tenant_id), "phone_number.proved", owned.number, after=after)
    return owned


async def release_number(services: Services, number: str) -> None:
    """Forget whom a number belongs to. Raises BadInputError, or NotFoundError where it belongs to nobody."""
    number = parse_e164(number, what="number")
    async with services.ledger.unit() as unit:
        owner = await unit.numbers.disown(number)
        if owner is None:
            raise NotFoundError(f"{number} belongs to no organisation")
        await audit(unit, operator(owner), "phone_number.released", number, before={"phone_number": number})


async def list_owned_numbers(services: Services) -> list[OwnedNumber]:
    """Every number that belongs to an organisation, in their order."""
    async with services.ledger.unit() as unit:
        return await unit.numbers.owned()
