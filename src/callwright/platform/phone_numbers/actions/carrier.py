"""Numbers of the carriers at which an organisation has an account of its own: searched, rented and given back with its provider keys, and
those it has there already (contract 3.5).

An order is written down before the carrier is asked, so that no number is paid for that nobody knows of. What came of an order that was
cut off, by a dead process or a silent carrier, is learnt from the carrier's own list: by whoever orders the number again, and by the next
look at the list.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from callwright.domain.errors import (
    BadInputError,
    CallwrightError,
    CarrierUnavailableError,
    ConflictError,
    VaultLockedError,
)
from callwright.domain.fields import word, wrong
from callwright.domain.limits import (
    CARRIER_LIST_AGE_SECONDS,
    CARRIER_LIST_SECONDS,
    MAX_CARRIER_NUMBERS,
    ORDER_FORGOTTEN_SECONDS,
    ORDER_SECONDS,
)
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.phone_numbers.rules import (
    CARRIER,
    COUNTRY_CODES,
    ORDER,
    UNDER_WAY,
    UNKNOWN,
    PhoneNumber,
    dialled_form,
)
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.provider_keys.rules.provider_key import ProviderKey
from callwright.platform.provider_keys.rules.sealing import WrappedKey
from callwright.platform.services import CarrierLook, Services
from callwright.platform.unit import Unit
from callwright.ports.failures import RETRYABLE, FailureKind, ProviderError
from callwright.ports.market import HeldNumber, NumberMarket, OfferedNumber

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Carrier:
    """A carrier, and what opens the organisation's account there."""

    name: str
    market: NumberMarket
    access: Access = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """An organisation's provider keys, sealed."""

    keys: Mapping[str, ProviderKey]
    data_key: WrappedKey | None

    def missing(self, market: NumberMarket) -> list[str]:
        """The keys of a carrier that are not stored."""
        return [name for name in market.keys if name not in self.keys or self.data_key is None]

    def ages(self, market: NumberMarket) -> tuple[datetime | None, ...]:
        """When the keys of a carrier were stored, None for those that are not."""
        names = (*market.keys, *market.address_keys)
        return tuple(self.keys[name].updated_at if name in self.keys else None for name in names)

    def account(self, services: Services, market: NumberMarket) -> Access:
        """The account at a carrier. Raises VaultLockedError."""
        return self.opened(services, (*market.keys, *market.address_keys))

    def opened(self, services: Services, names: Iterable[str]) -> Access:
        """Those of these keys that are stored. Raises VaultLockedError."""
        data_key = self.data_key
        if data_key is None:
            return Access({})
        return Access(
            {name: services.vault.open(data_key, name, self.keys[name].sealed) for name in names if name in self.keys}
        )


async def search_numbers(
    services: Services, principal: Principal, country: str, pattern: str, provider: str
) -> list[OfferedNumber]:
    """Numbers of a country that can be rented and begin with the digits ``pattern``. An empty ``provider``: of any carrier.

    Raises BadInputError when the account has no keys of a carrier that rents numbers, and CarrierUnavailableError.
    """
    carrier = await _carrier(services, principal, provider, country)
    try:
        return await carrier.market.search(carrier.access, country, pattern)
    except ProviderError as error:
        raise carrier_refusal(error) from error


async def buy_number(services: Services, principal: Principal, country: str, wanted: str, provider: str) -> PhoneNumber:
    """Rent a number from a carrier, once: a request that repeats another finds the number rented, or rents it if nothing came of that.
    Raises BadInputError as ``search_numbers``, ConflictError for a number the account has otherwise, CarrierUnavailableError.

    The services' units must be transactions of their own: the order is to be committed before the carrier is asked.
    """
    if not wanted.startswith(COUNTRY_CODES[country]):
        expected = f"a number of {country}, which begins with {COUNTRY_CODES[country]}"
        raise wrong("phone_number", expected, wanted, BadInputError)
    carrier = await _carrier(services, principal, provider, country)
    order = await _already_there(services, principal, carrier, wanted)
    if order is not None and ORDER not in order.details:
        return order
    try:
        held = None if order is None else await carrier.market.find(carrier.access, wanted)
        if order is None or held is None:
            cents = await carrier.market.price_cents(carrier.access, country, wanted)
            before, order = order, await _write_order(services, principal, carrier, order, wanted, cents)
            sid = await _rent(services, carrier, order, again=before is not None)
        else:
            sid = held.sid
    except ProviderError as error:
        raise carrier_refusal(error) from error
    async with services.ledger.unit() as unit:
        return await _rented(services, unit, principal, order, sid)


async def give_back(services: Services, principal: Principal, number: PhoneNumber) -> None:
    """End the rent of a number at its carrier. Raises BadInputError for one that was not rented here while its carrier's list would show
    it again, and as ``search_numbers``."""
    if not number.rented:
        market = services.markets.get(number.provider)
        async with services.ledger.unit() as unit:
            stored = await stored_keys(unit, principal.organisation_id)
        if market is not None and not stored.missing(market):
            raise BadInputError(
                f"the number was not rented here and is not given back here: end its rent at {number.provider}, or delete the provider"
                f" key {market.keys[0]} if the account's numbers there are not to be listed",
                field="phone_number_id",
            )
        return
    carrier = await _carrier(services, principal, number.carrier, "")
    try:
        await carrier.market.give_back(carrier.access, str(number.details.get("telephony_sid", "")))
    except ProviderError as error:
        raise carrier_refusal(error) from error


async def look_at_carriers(services: Services, principal: Principal) -> None:
    """See what the organisation has at its carriers, at most once in CARRIER_LIST_AGE_SECONDS: numbers it has there become its numbers
    here, orders are settled, and what was only seen there and is gone goes. A carrier that does not answer changes nothing."""
    if not services.markets:
        return
    tenant_id, now = principal.organisation_id, services.clock.now()
    async with services.ledger.unit() as unit:
        stored = await stored_keys(unit, tenant_id)
    due: list[_Carrier] = []
    for name, market in services.markets.items():
        if stored.missing(market):
            continue
        look, last = CarrierLook(now, stored.ages(market)), services.carrier_looks.get((tenant_id, name))
        if last and last.keys_of == look.keys_of and now - last.at < timedelta(seconds=CARRIER_LIST_AGE_SECONDS):
            continue
        services.carrier_looks[(tenant_id, name)] = look
        try:
            due.append(_Carrier(name, market, stored.account(services, market)))
        except VaultLockedError as error:
            _LOG.warning("the numbers at %s are not looked at: %s", name, error.message)
    for carrier, (held, whole) in zip(due, await asyncio.gather(*map(_held, due)), strict=True):
        gone: dict[str, datetime] = {}
        if whole:
            found, gone = await _looked_for(
                services, tenant_id, carrier, {dialled_form(one.phone_number) for one in held}
            )
            held += found
        if held or whole:
            await _take_in(services, principal, carrier, held, gone)


def shown(number: PhoneNumber) -> dict[str, Any]:
    """A number as the audit trail shows it."""
    return {
        "phone_number": number.number,
        "kind": number.kind,
        "provider": number.provider,
        "agent_id": number.agent_id,
        **number.details,
    }


async def _already_there(
    services: Services, principal: Principal, carrier: _Carrier, wanted: str
) -> PhoneNumber | None:
    """The number, rented here already or ordered, of which it is not known what came, or None. Raises ConflictError where nothing may be
    ordered."""
    async with services.ledger.unit() as unit:
        found = await unit.numbers.find(principal.organisation_id, dialled_form(wanted))
    if found is None:
        return None
    if ORDER not in found.details:
        if found.rented and found.carrier == carrier.name:
            return found
        raise ConflictError("the account has this number already", field="phone_number")
    if found.provider != carrier.name:
        raise ConflictError(
            f"the number was ordered at {found.provider}, and it is not known yet what came of that", field="provider"
        )
    age = services.clock.now() - found.updated_at
    if found.details[ORDER] == UNDER_WAY and age < timedelta(seconds=ORDER_SECONDS):
        raise ConflictError("another request is ordering this number; ask again in a minute", field="phone_number")
    return found


async def _write_order(
    services: Services, principal: Principal, carrier: _Carrier, before: PhoneNumber | None, wanted: str, cents: int
) -> PhoneNumber:
    now = services.clock.now()
    async with services.ledger.unit() as unit:
        if before is not None:
            order = replace(before, updated_at=now, details={**before.details, "price_cents": cents, ORDER: UNDER_WAY})
            if not await unit.numbers.order(before, order):
                raise ConflictError("another request is ordering this number; ask again", field="phone_number")
            return order
        order = PhoneNumber(
            id=services.ids.uuid(),
            tenant_id=principal.organisation_id,
            number=wanted,
            kind=CARRIER,
            provider=carrier.name,
            created_at=now,
            updated_at=now,
            details={"price_cents": cents, "payment_uuid": services.ids.uuid(), ORDER: UNDER_WAY},
        )
        await unit.numbers.add(order)
    return order


async def _rent(services: Services, carrier: _Carrier, order: PhoneNumber, *, again: bool) -> str:
    """Ask the carrier, and note on the order when that came to nothing or nobody knows to what. What another request has written on it
    since stays. ``again``: it was asked before, and nobody knows to what that came."""
    try:
        return await carrier.market.rent(carrier.access, order.number)
    except ProviderError as error:
        known = error.kind not in (FailureKind.UNAVAILABLE, FailureKind.BROKEN_STREAM)
        if known and again:
            # It may be refused because the first try has come through by now.
            try:
                held = await carrier.market.find(carrier.access, order.number)
            except ProviderError:
                known = False
            else:
                if held is not None:
                    return held.sid
        # Whoever asked is told what the carrier said, whether or not that can be noted: a stale order is settled later.
        with suppress(CallwrightError):
            async with services.ledger.unit() as unit:
                if known:
                    await unit.numbers.drop_order(order)
                else:
                    await unit.numbers.order(order, replace(order, details={**order.details, ORDER: UNKNOWN}))
        raise


async def _rented(services: Services, unit: Unit, principal: Principal, order: PhoneNumber, sid: str) -> PhoneNumber:
    """The order has become a number. Where somebody else settled it, what they made of it."""
    details = {name: value for name, value in order.details.items() if name != ORDER}
    number = replace(order, updated_at=services.clock.now(), details={**details, "telephony_sid": sid})
    if not await unit.numbers.settle(number):
        found = await unit.numbers.find(order.tenant_id, order.dialled)
        if found is not None:
            return found
        await unit.numbers.add(number)
    await audit(unit, principal, "phone_number.rented", number.id, after=shown(number))
    return number


async def _held(carrier: _Carrier) -> tuple[list[HeldNumber], bool]:
    """What the account has at a carrier, as far as it can be seen in time, and whether that is all."""
    found: list[HeldNumber] = []
    try:
        async with asyncio.timeout(CARRIER_LIST_SECONDS):
            async for page in carrier.market.held(carrier.access):
                found += page
                if len(found) >= MAX_CARRIER_NUMBERS:
                    return found[:MAX_CARRIER_NUMBERS], False
    except TimeoutError:
        _LOG.warning("the carrier %s did not list all numbers within %d s", carrier.name, CARRIER_LIST_SECONDS)
    except ProviderError as error:
        _LOG.warning("the numbers at the carrier %s are not seen: %s", carrier.name, error.message)
    else:
        return found, True
    return found, False


async def _looked_for(
    services: Services, tenant_id: str, carrier: _Carrier, listed: Set[str]
) -> tuple[list[HeldNumber], dict[str, datetime]]:
    """What a whole list lacks (``listed``: the dialled forms in it): what the carrier has all the same, and the ids of the numbers that are
    gone, with when each was last written here.

    A list can leave out a number for once; where an agent or an order would go with it, the carrier is asked for the number itself. What
    it does not say in time stays as it is.
    """
    now = services.clock.now()
    async with services.ledger.unit() as unit:
        missed = [
            number
            for number in await unit.numbers.of_carriers(tenant_id)
            if number.provider == carrier.name and number.dialled not in listed
        ]
    seen = [number for number in missed if not number.rented]
    gone = {number.id: number.updated_at for number in seen if number.agent_id is None}
    forgotten = timedelta(seconds=ORDER_FORGOTTEN_SECONDS)
    orders = [number for number in missed if ORDER in number.details and now - number.updated_at > forgotten]
    found: list[HeldNumber] = []
    try:
        async with asyncio.timeout(CARRIER_LIST_SECONDS):
            for number in [*orders, *(number for number in seen if number.agent_id is not None)]:
                one = await carrier.market.find(carrier.access, number.number)
                if one is None:
                    gone[number.id] = number.updated_at
                else:
                    found.append(one)
    except (TimeoutError, ProviderError):
        _LOG.warning(
            "the carrier %s did not say of all numbers that its list lacks whether they are gone", carrier.name
        )
    return found, gone


async def _take_in(
    services: Services,
    principal: Principal,
    carrier: _Carrier,
    held: Sequence[HeldNumber],
    gone: Mapping[str, datetime],
) -> None:
    """Make the ledger agree with what the carrier has (``held``) and has not (``gone``, as ``_looked_for`` says)."""
    tenant_id, now = principal.organisation_id, services.clock.now()
    listed = {dialled_form(one.phone_number): one for one in held}
    async with services.ledger.unit() as unit:
        for number in await unit.numbers.of_carriers(tenant_id):
            if number.provider != carrier.name:
                continue
            found = listed.pop(number.dialled, None)
            # Only as it was when it was looked for: it may have got an agent, or been ordered again, since.
            missed = gone.get(number.id) == number.updated_at
            if ORDER not in number.details:
                if found is None and missed and await unit.numbers.delete(tenant_id, number.id):
                    await audit(unit, principal, "phone_number.gone", number.id, before=shown(number))
            elif found is not None:
                await _rented(services, unit, principal, number, found.sid)
            elif missed:
                await unit.numbers.drop_order(number)
        for one in listed.values():
            number = PhoneNumber(
                id=services.ids.uuid(),
                tenant_id=tenant_id,
                number=one.phone_number,
                kind=CARRIER,
                provider=carrier.name,
                created_at=now,
                updated_at=now,
                name=one.name,
                details={"price_cents": one.price_cents, "telephony_sid": one.sid},
            )
            if await unit.numbers.add_seen(number):
                await audit(unit, principal, "phone_number.seen", number.id, after=shown(number))


async def stored_keys(unit: Unit, tenant_id: str) -> StoredKeys:
    """The provider keys of an organisation."""
    keys = {key.name.upper(): key for key in await unit.provider_keys.all(tenant_id)}
    return StoredKeys(keys, await unit.provider_keys.data_key(tenant_id) if keys else None)


async def _carrier(services: Services, principal: Principal, provider: str, country: str) -> _Carrier:
    """The carrier that was asked for, else one of which the account has the keys, those of the country first. Raises BadInputError,
    VaultLockedError."""
    # One without countries rents nothing: it is asked only by its name, and says so.
    renting = services.markets if provider else {name: one for name, one in services.markets.items() if one.countries}
    named = [(name, market) for name, market in renting.items() if provider in ("", name)]
    if not named:
        asked = f" (asked for: {word(provider, services.markets, plain=True)})" if provider else ""
        raise BadInputError(
            f"no carrier with a number market is configured here{asked}; {_INSTEAD}", field=_named(provider)
        )
    async with services.ledger.unit() as unit:
        stored = await stored_keys(unit, principal.organisation_id)
    for name, market in sorted(named, key=lambda one: country not in one[1].countries):
        if not stored.missing(market):
            return _Carrier(name, market, stored.account(services, market))
    keys = "; or ".join(f"{name}: {', '.join(stored.missing(market))}" for name, market in named)
    raise BadInputError(
        f"the account has not stored the provider keys of a carrier that rents numbers ({keys}); store them with POST /providers. Else"
        f" {_INSTEAD}",
        field=_named(provider),
    )


_INSTEAD = (
    "numbers of a SIP trunk are added with POST /sip-trunks/trunks/{trunk_id}/numbers, short names with PUT"
    " /v1/callwright/extensions/{extension}"
)


def _named(provider: str) -> str | None:
    return "provider" if provider else None


def carrier_refusal(error: ProviderError) -> CallwrightError:
    """What a carrier's failure is for whoever asked."""
    if error.kind in RETRYABLE:
        return CarrierUnavailableError(f"the carrier {error.provider} could not be reached: {error.message}")
    return BadInputError(f"the carrier {error.provider} refused: {error.message}")
