"""The numbers of an organisation: listing and removing them (contract 3.5; those of carriers: ``carrier_numbers``), and who answers them
(contract 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from callwright.domain.errors import BadInputError, ConflictError, NotFoundError, VaultLockedError
from callwright.domain.provider_table import IVR_CARRIER
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.audit.actions.record import audit
from callwright.platform.inbound.rules.ivr import agents_in
from callwright.platform.phone_numbers.actions.carrier import give_back, look_at_carriers, shown, stored_keys
from callwright.platform.phone_numbers.rules import CARRIER, EXTENSION, TRUNK, PhoneNumber, dialled_form
from callwright.platform.services import Services, missing, object_id
from callwright.platform.sip_trunks.rules import PROVIDER
from callwright.platform.unit import Unit
from callwright.ports.failures import ProviderError


@dataclass(frozen=True, slots=True)
class Setup:
    """What came of ``/inbound/setup``. ``ivr_only``: the agent answered the number already and only its menu is another one; ``has_ivr``:
    an enabled menu is kept with it."""

    number: PhoneNumber
    ivr_only: bool
    has_ivr: bool


async def list_numbers(services: Services, principal: Principal) -> list[PhoneNumber]:
    """All numbers of the organisation, newest first. A sub-account sees its own extensions beside the numbers it shares, and of these not
    which agents of others answer them. What the organisation has at its carriers is among them, as far as they tell."""
    await look_at_carriers(services, principal)
    async with services.ledger.unit() as unit:
        found = await unit.numbers.all(principal.organisation_id)
        if principal.tenant_id != principal.organisation_id:
            shared = [seen_by(principal, number) for number in found if number.kind != EXTENSION]
            found = [*await unit.numbers.all(principal.tenant_id), *shared]
    return found


def seen_by(principal: Principal, number: PhoneNumber) -> PhoneNumber:
    """The number as a sub-account sees it: without an agent that is another account's, and its menu."""
    if principal.parent_id is None or number.agent_tenant_id in (None, principal.tenant_id):
        return number
    details = {name: value for name, value in number.details.items() if name != "ivr_config"}
    return replace(number, agent_tenant_id=None, agent_id=None, details=details)


def _refuse_others(principal: Principal, number: PhoneNumber) -> None:
    """A sub-account takes no number from another account that has an agent at it. Raises ConflictError."""
    if principal.parent_id is not None and number.agent_tenant_id not in (None, principal.tenant_id):
        raise ConflictError(
            "an agent of another account of the organization answers this phone number; ask an organization admin to unlink it",
            field="phone_number_id",
        )


async def number_of(unit: Unit, principal: Principal, number_id: str) -> PhoneNumber:
    """One number of the organisation within a unit. Raises NotFoundError."""
    number_id = object_id(number_id, "phone number")
    number = await unit.numbers.get(principal.tenant_id, number_id)
    if number is None and principal.tenant_id != principal.organisation_id:
        number = await unit.numbers.get(principal.organisation_id, number_id)
        if number is not None and number.kind == EXTENSION:
            number = None
    if number is None:
        raise missing("phone number")
    return number


async def look_for_numbers(services: Services, principal: Principal, numbers: Sequence[str]) -> None:
    """See what the organisation has at its carriers if one of the numbers is not known here: nobody may have listed them yet."""
    async with services.ledger.unit() as unit:
        known = [await _is_known(services, unit, principal, number) for number in numbers]
    if not all(known):
        await look_at_carriers(services, principal)


async def sender_number(
    services: Services, unit: Unit, principal: Principal, agent_id: str, carrier: str, given: str | None, what: str
) -> str:
    """The number from which a call over ``carrier`` is made: the given one, else one of the SIP trunk, the one stored with the carrier's
    keys, or the platform's own. Raises BadInputError naming ``what`` for one that is not the account's."""
    if carrier == PROVIDER:
        return await trunk_number(unit, principal, agent_id, given)
    own = await _stored_number(services, unit, principal, carrier)
    if given is None or given == services.policy.from_number:
        return own or services.policy.from_number
    if dialled_form(given) != dialled_form(own) and not await _is_known(services, unit, principal, given):
        raise BadInputError(f"{what} must be a number of the account; GET /phone-numbers/all lists them", field=what)
    return given


async def _is_known(services: Services, unit: Unit, principal: Principal, number: str) -> bool:
    """Whether a number is one of the account's, or the platform's own."""
    if number == services.policy.from_number:
        return True
    dialled = dialled_form(number)
    tenants = dict.fromkeys((principal.organisation_id, principal.tenant_id))
    return any([await unit.numbers.has(tenant_id, dialled) for tenant_id in tenants])


async def _stored_number(services: Services, unit: Unit, principal: Principal, carrier: str) -> str:
    """The number stored with the keys of a carrier, empty where there is none or they cannot be opened: then no call goes out."""
    routes = services.number_routes.get(carrier)
    if routes is None:
        return ""
    names = [name for one in services.plugins() if (one.kind, one.name) == ("carrier", carrier) for name in one.keys]
    stored = await stored_keys(unit, principal.organisation_id)
    try:
        return routes.own_number(stored.opened(services, names))
    except (ProviderError, VaultLockedError):
        return ""


async def trunk_number(unit: Unit, principal: Principal, agent_id: str, given: str | None) -> str:
    """The number from which a call through a SIP trunk is made: the given one, else one that the agent answers, else the first there is.
    Raises BadInputError where that is no number of an active trunk."""
    numbers = [number for number in await unit.numbers.all(principal.organisation_id) if number.kind == TRUNK]
    if given is not None:
        numbers = [number for number in numbers if number.dialled == dialled_form(given)]
    numbers.sort(key=lambda number: (number.agent_id != agent_id, number.created_at, number.id))
    for number in numbers:
        if await unit.trunks.of_number(number.tenant_id, number.dialled) is not None:
            return number.number
    if given is not None:
        raise BadInputError("from_phone_number must be a number of an active SIP trunk", field="from_phone_number")
    raise BadInputError(
        "there is no active SIP trunk with a number to call from; make one with POST /sip-trunks/trunks",
        field="recipient_phone_number",
    )


async def remove_number(services: Services, principal: Principal, number_id: str) -> None:
    """Give a number up; one that was rented is given back to its carrier first. Calls under way go on. Raises NotFoundError, BadInputError
    when the carrier does not take it back, CarrierUnavailableError: then the number stays."""
    async with services.ledger.unit() as unit:
        number = await number_of(unit, principal, number_id)
    if number.kind == CARRIER or number.rented:
        # In no transaction: the carrier takes its time, and takes back a number twice.
        await give_back(services, principal, number)
    async with services.ledger.unit() as unit:
        if not await unit.numbers.delete(number.tenant_id, number.id):
            raise missing("phone number")
        await audit(unit, principal, "phone_number.deleted", number.id, before=shown(number))


async def set_up(
    services: Services, principal: Principal, agent_id: str, number_id: str, ivr: Mapping[str, Any] | None
) -> Setup:
    """Let an agent answer a number, on which the menu ``ivr`` is kept. Raises BadInputError, NotFoundError for an agent or number one does
    not have."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        number = await number_of(unit, principal, number_id)
        _refuse_others(principal, number)
        for path, led_to in agents_in(ivr) if ivr is not None else ():
            await _check_agent(unit, principal, led_to, path)
        _check_fit(services, agent, number, ivr)
        details = dict(number.details)
        if ivr is not None:
            details["ivr_config"] = ivr
        linked = replace(
            number,
            agent_tenant_id=agent.tenant_id,
            agent_id=agent.id,
            details=details,
            updated_at=services.clock.now(),
        )
        await _link(unit, principal, number, linked)
    has_ivr = ivr is not None and bool(ivr["enabled"])
    return Setup(linked, ivr is not None and number.agent_id == agent.id, has_ivr)


async def _check_agent(unit: Unit, principal: Principal, agent_id: str, path: str) -> None:
    try:
        await agent_of(unit, principal, agent_id)
    except NotFoundError as error:
        raise NotFoundError(f"{path}: {error.message}", field=path) from None


def _check_fit(services: Services, agent: StoredAgent, number: PhoneNumber, ivr: Mapping[str, Any] | None) -> None:
    if number.kind == TRUNK and parse_agent(agent.body).telephony_provider != PROVIDER:
        raise BadInputError(
            f"the agent's telephony_provider must be {PROVIDER} before it answers a number of a SIP trunk; change it with"
            " PATCH /v2/agent/{agent_id}",
            field="agent_id",
        )
    if services.policy.strict and ivr is not None and ivr["enabled"] and number.provider != IVR_CARRIER:
        raise BadInputError(f"ivr_config is possible on numbers of {IVR_CARRIER} only", field="ivr_config")


async def unlink(services: Services, principal: Principal, number_id: str) -> PhoneNumber:
    """Let nobody answer a number; further calls to it are refused. Raises BadInputError or NotFoundError."""
    async with services.ledger.unit() as unit:
        number = await number_of(unit, principal, number_id)
        _refuse_others(principal, number)
        freed = replace(number, agent_tenant_id=None, agent_id=None, updated_at=services.clock.now())
        await _link(unit, principal, number, freed)
    return freed


async def _link(unit: Unit, principal: Principal, before: PhoneNumber, after: PhoneNumber) -> None:
    if not await unit.numbers.link(after):
        raise missing("phone number")
    about = {"phone_number": after.number}
    await audit(unit, principal, "phone_number.linked", after.id, before=shown(before), after=shown(after), about=about)
