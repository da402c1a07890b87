"""Connecting an organisation's account at a carrier with this server: its vendor is told to offer calls to a number here."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.domain.errors import BadInputError, NotFoundError
from callwright.domain.number import E164, kind_of_address
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.phone_numbers.actions.carrier import carrier_refusal, look_at_carriers, stored_keys
from callwright.platform.phone_numbers.rules import dialled_form
from callwright.platform.services import Services
from callwright.ports.failures import ProviderError
from callwright.ports.leg import RoutedNumber


@dataclass(frozen=True, slots=True)
class Connection:
    """A number whose calls come here, once what is left ``by_hand`` is done. ``agent_id``: who answers them, None for nobody."""

    carrier: str
    phone_number: str
    route: RoutedNumber
    agent_id: str | None


async def connect_number(services: Services, principal: Principal, carrier: str, wanted: str) -> Connection:
    """Have the vendor offer calls to a number here, by default to the one that is stored with the keys. Safe to repeat.

    Raises NotFoundError for a carrier that is not there, BadInputError where keys are missing or refused or the account does not have
    the number, and CarrierUnavailableError.
    """
    routes = services.number_routes.get(carrier)
    if routes is None:
        known = ", ".join(sorted(services.number_routes)) or "none is installed"
        raise NotFoundError(f"there is no carrier {carrier!r} that can be connected here ({known})")
    organisation_id = principal.organisation_id
    plugins = [one for one in services.plugins() if one.kind == "carrier" and one.name == carrier]
    async with services.ledger.unit() as unit:
        stored = await stored_keys(unit, organisation_id)
    access = stored.opened(services, [name for plugin in plugins for name in plugin.keys])
    lacking = [name for plugin in plugins for name in plugin.missing_keys(access.keys)]
    if lacking:
        keys = f"keys {', '.join(lacking)} are" if len(lacking) > 1 else f"key {lacking[0]} is"
        raise BadInputError(f"{carrier} was not asked: the provider {keys} not stored; store them with POST /providers")
    try:
        number = wanted or routes.own_number(access)
    except ProviderError as error:
        raise carrier_refusal(error) from error
    if kind_of_address(number) != E164:
        raise BadInputError(
            f"no number is stored with the keys of {carrier}; store it with POST /providers, or name one"
            if not number
            else "phone_number must be a number in E.164, as +15550100",
            field="phone_number",
        )
    # A number that is in use must not be sent to where its vendor finds nobody.
    if not (services.allow_private_urls or services.public_url.startswith("https://")):
        raise BadInputError(
            f"{carrier} cannot ask at {services.public_url}: set CALLWRIGHT_PUBLIC_URL to the https:// address at which this server is"
            " reached from the internet"
        )
    try:
        routed = await routes.route_number(access, number)
    except ProviderError as error:
        raise carrier_refusal(error) from error
    await look_at_carriers(services, principal)
    async with services.ledger.unit() as unit:
        held = await unit.numbers.find(organisation_id, dialled_form(number))
        if routed.changed:
            now, then = {"asks_at": routed.asks_at}, {"asks_at": routed.before}
            await audit(unit, principal, "phone_number.routed", number, before=then, after=now)
    agent_id = held.agent_id if held is not None else None
    return Connection(carrier, number, routed, agent_id)
