"""SIP trunks and their numbers (contract 3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from callwright.domain.errors import BadInputError, ConflictError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_TRUNK_NUMBERS, MAX_TRUNKS
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.phone_numbers.actions.carrier import shown
from callwright.platform.phone_numbers.actions.numbers import seen_by
from callwright.platform.phone_numbers.rules import CARRIER, ORDER, TRUNK, PhoneNumber
from callwright.platform.provider_keys.actions.keys import data_key_of
from callwright.platform.services import Services, missing, object_id
from callwright.platform.sip_trunks.rules import (
    IS_ACTIVE,
    NUMBERS,
    PASSWORD,
    PROVIDER,
    USERPASS,
    SipTrunk,
    TrunkNumber,
    TrunkSettings,
    check_networks,
    read_trunk,
    read_trunk_number,
    secret_name,
)
from callwright.platform.unit import Unit
from callwright.ports.trunk_lines import TrunkState

#: What the platform writes into a trunk's answer, or keeps elsewhere; a client that sends a read body back sends it too.
_NOT_KEPT = frozenset({"id", "auth_password", "phone_numbers", "is_active", "created_at", "updated_at", "callwright"})


@dataclass(frozen=True, slots=True)
class TrunkWithNumbers:
    """A trunk, the numbers it has, and how this process finds it."""

    trunk: SipTrunk
    numbers: tuple[PhoneNumber, ...]
    state: TrunkState = field(default_factory=TrunkState)


async def create_trunk(services: Services, principal: Principal, wire: Mapping[str, Any]) -> TrunkWithNumbers:
    """A new trunk with its numbers. Raises BadInputError, UnprocessableError, ConflictError for a name or number there is already or one
    too many; nothing is made then."""
    body, settings = read_trunk(_kept(wire))
    check_networks(settings.networks, services.policy.trunk_networks)
    fields = Fields(wire, "", BadInputError)
    password = PASSWORD.of(fields)
    _check_proof(settings, has_password=password is not None)
    is_active = IS_ACTIVE.of(fields)
    numbers = NUMBERS.of(fields)
    now, trunk_id = services.clock.now(), services.ids.uuid()
    async with services.ledger.unit() as unit:
        if len(await unit.trunks.all(principal.organisation_id)) >= MAX_TRUNKS:
            raise ConflictError(f"there are {MAX_TRUNKS} SIP trunks already; delete one that is not needed")
        sealed = None if password is None else await _sealed(services, unit, principal, trunk_id, password)
        trunk = SipTrunk(trunk_id, principal.organisation_id, body, is_active, now, now, sealed)
        await _named_once(unit, trunk)
        await unit.trunks.add(trunk)
        await audit(unit, principal, "sip_trunk.created", trunk.id, after=_shown(trunk))
        for number in numbers:
            await _add_number(services, unit, principal, trunk, number)
        made = _with(trunk, await unit.numbers.all(principal.organisation_id))
    services.trunks.changed()
    return made


async def list_trunks(services: Services, principal: Principal, wanted: bool | None) -> list[TrunkWithNumbers]:
    """All trunks, newest first; those that are active, or not, where that is ``wanted``."""
    async with services.ledger.unit() as unit:
        trunks = await unit.trunks.all(principal.organisation_id)
        numbers = await _numbers_of(unit, principal)
    found = [_with(trunk, numbers) for trunk in trunks if wanted is None or trunk.is_active is wanted]
    return [replace(one, state=services.trunks.state(one.trunk.id)) for one in found]


async def get_trunk(services: Services, principal: Principal, trunk_id: str) -> TrunkWithNumbers:
    """One trunk. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        trunk = await _trunk_of(unit, principal, trunk_id)
        found = _with(trunk, await _numbers_of(unit, principal))
    return replace(found, state=services.trunks.state(trunk.id))


async def change_trunk(
    services: Services, principal: Principal, trunk_id: str, wire: Mapping[str, Any]
) -> TrunkWithNumbers:
    """Change what is named: lists are replaced, ``null`` makes a setting its default; ``phone_numbers`` have routes of their own. Raises as
    :func:`create_trunk`, NotFoundError."""
    given = Fields(wire, "", BadInputError)
    password = PASSWORD.of(given)
    async with services.ledger.unit() as unit:
        before = await _locked_trunk(unit, principal, trunk_id)
        body, settings = read_trunk({**before.body, **_kept(wire)})
        if settings.networks != before.settings.networks:
            check_networks(settings.networks, services.policy.trunk_networks)
        _check_proof(settings, has_password=password is not None or before.sealed is not None)
        is_active = replace(IS_ACTIVE, default=before.is_active).of(given)
        sealed = before.sealed
        if password is not None:
            sealed = await _sealed(services, unit, principal, before.id, password)
        after = replace(before, body=body, is_active=is_active, sealed=sealed, updated_at=services.clock.now())
        await _named_once(unit, after)
        if not await unit.trunks.change(after):
            raise missing("SIP trunk")
        await audit(
            unit,
            principal,
            "sip_trunk.changed",
            after.id,
            before=_shown(before),
            after={**_shown(after), **({"password_replaced": True} if password is not None else {})},
        )
        changed = _with(after, await unit.numbers.all(principal.organisation_id))
    services.trunks.changed()
    return replace(changed, state=services.trunks.state(after.id))


async def delete_trunk(services: Services, principal: Principal, trunk_id: str) -> int:
    """Forget a trunk with its numbers; how many those were. Those that are a carrier's become numbers there again. Calls under way go on.
    Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        trunk = await _locked_trunk(unit, principal, trunk_id)
        of_carriers = [
            number
            for number in await unit.numbers.all(principal.organisation_id)
            if number.trunk_id == trunk.id and CARRIER in number.details
        ]
        for number in of_carriers:
            await _return(services, unit, principal, number)
        others = await unit.trunks.delete(principal.organisation_id, trunk.id)
        if others is None:
            raise missing("SIP trunk")
        count = len(of_carriers) + others
        await audit(unit, principal, "sip_trunk.deleted", trunk.id, before={**_shown(trunk), "numbers": count})
    services.trunks.changed()
    return count


async def add_number(services: Services, principal: Principal, trunk_id: str, wire: Mapping[str, Any]) -> PhoneNumber:
    """Give a trunk one more number. Raises NotFoundError, BadInputError, ConflictError for one there is already or one too many."""
    async with services.ledger.unit() as unit:
        trunk = await _trunk_of(unit, principal, trunk_id)
        return await _add_number(services, unit, principal, trunk, read_trunk_number(wire))


async def list_trunk_numbers(services: Services, principal: Principal, trunk_id: str) -> tuple[PhoneNumber, ...]:
    """The numbers of a trunk, newest first. Raises NotFoundError."""
    return (await get_trunk(services, principal, trunk_id)).numbers


async def remove_trunk_number(services: Services, principal: Principal, trunk_id: str, number_id: str) -> None:
    """Take a number from a trunk. One that is a carrier's becomes a number there again: it is not given back. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        trunk = await _trunk_of(unit, principal, trunk_id)
        number = await unit.numbers.get(principal.organisation_id, object_id(number_id, "phone number"))
        if number is None or number.trunk_id != trunk.id:
            raise missing("phone number")
        if CARRIER in number.details:
            await _return(services, unit, principal, number)
            return
        if not await unit.numbers.delete(number.tenant_id, number.id):
            raise missing("phone number")
        await audit(unit, principal, "phone_number.deleted", number.id, before={"phone_number": number.number})


async def _numbers_of(unit: Unit, principal: Principal) -> list[PhoneNumber]:
    return [seen_by(principal, number) for number in await unit.numbers.all(principal.organisation_id)]


async def _trunk_of(unit: Unit, principal: Principal, trunk_id: str) -> SipTrunk:
    return _there(await unit.trunks.get(principal.organisation_id, object_id(trunk_id, "SIP trunk")))


async def _locked_trunk(unit: Unit, principal: Principal, trunk_id: str) -> SipTrunk:
    return _there(await unit.trunks.lock(principal.organisation_id, object_id(trunk_id, "SIP trunk")))


def _there(trunk: SipTrunk | None) -> SipTrunk:
    if trunk is None:
        raise missing("SIP trunk")
    return trunk


async def _named_once(unit: Unit, trunk: SipTrunk) -> None:
    name = trunk.settings.name
    if any(other.settings.name == name and other.id != trunk.id for other in await unit.trunks.all(trunk.tenant_id)):
        raise ConflictError(f"there is a SIP trunk named {name!r} already; choose another name", field="name")


async def _add_number(
    services: Services, unit: Unit, principal: Principal, trunk: SipTrunk, given: TrunkNumber
) -> PhoneNumber:
    text = given.number
    now = services.clock.now()
    number = PhoneNumber(
        id=services.ids.uuid(),
        tenant_id=trunk.tenant_id,
        number=text,
        kind=TRUNK,
        provider=PROVIDER,
        created_at=now,
        updated_at=now,
        name=given.name,
        trunk_id=trunk.id,
        details={"e164_check_enabled": given.checked},
    )
    before = await unit.numbers.find(trunk.tenant_id, number.dialled)
    if before is not None and before.kind == TRUNK:
        raise ConflictError(f"the number {text} is there already", field="phone_number")
    if await unit.numbers.owner(number.dialled) not in (None, trunk.tenant_id):
        raise ConflictError(f"the number {text} belongs to another account; ask the operator", field="phone_number")
    if before is not None and ORDER in before.details:
        raise ConflictError(
            f"the number was ordered at {before.provider}, and it is not known yet what came of that; order it again to find out",
            field="phone_number",
        )
    others = await unit.numbers.all(trunk.tenant_id)
    if sum(other.trunk_id == trunk.id for other in others) >= MAX_TRUNK_NUMBERS:
        raise ConflictError(f"the trunk has {MAX_TRUNK_NUMBERS} numbers already; remove one that is not needed")
    if before is not None:
        return await _take_over(unit, principal, before, number)
    await unit.numbers.add(number)
    await audit(unit, principal, "phone_number.created", number.id, after={"phone_number": text, "trunk_id": trunk.id})
    return number


async def _take_over(unit: Unit, principal: Principal, before: PhoneNumber, wanted: PhoneNumber) -> PhoneNumber:
    """The trunk's number ``wanted`` in place of the one at a carrier: still that one, with who answers it and what gives it back.

    It is as old as a trunk's new number: of two organisations the one whose trunk named it first has its calls, however long the other
    has rented it.
    """
    number = replace(
        wanted,
        id=before.id,
        name=before.name if wanted.name is None else wanted.name,
        agent_tenant_id=before.agent_tenant_id,
        agent_id=before.agent_id,
        details={**before.details, **wanted.details, CARRIER: before.provider},
    )
    await _move(unit, principal, before, number)
    return number


async def _return(services: Services, unit: Unit, principal: Principal, number: PhoneNumber) -> None:
    """A trunk's number becomes one of its carrier again."""
    freed = replace(
        number,
        number=f"+{number.dialled}",
        kind=CARRIER,
        provider=number.carrier,
        trunk_id=None,
        updated_at=services.clock.now(),
        details={name: value for name, value in number.details.items() if name not in (CARRIER, "e164_check_enabled")},
    )
    await _move(unit, principal, number, freed)


async def _move(unit: Unit, principal: Principal, before: PhoneNumber, after: PhoneNumber) -> None:
    if not await unit.numbers.move(before, after):
        raise ConflictError("another request is changing this number; ask again", field="phone_number")
    was, now = ({**shown(number), "trunk_id": number.trunk_id} for number in (before, after))
    about = {"phone_number": after.number}
    await audit(unit, principal, "phone_number.moved", after.id, before=was, after=now, about=about)


def _check_proof(settings: TrunkSettings, *, has_password: bool) -> None:
    if settings.auth_type == USERPASS and not has_password:
        raise BadInputError("auth_password is required with auth_type userpass", field="auth_password")


async def _sealed(services: Services, unit: Unit, principal: Principal, trunk_id: str, password: str) -> bytes:
    data_key = await data_key_of(services, unit, principal.organisation_id)
    return services.vault.seal(data_key, secret_name(trunk_id), password)


def _kept(wire: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wire.items() if name not in _NOT_KEPT}


def _with(trunk: SipTrunk, numbers: list[PhoneNumber]) -> TrunkWithNumbers:
    return TrunkWithNumbers(trunk, tuple(number for number in numbers if number.trunk_id == trunk.id))


def _shown(trunk: SipTrunk) -> dict[str, Any]:
    return {**trunk.body, "is_active": trunk.is_active, "has_password": trunk.sealed is not None}
