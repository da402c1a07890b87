"""Numbers: everything under which agents are called."""

from __future__ import annotations

from typing import Any

from callwright.platform.phone_numbers.rules import OwnedNumber, PhoneNumber, dialled_form

_COLUMNS = (
    "id, tenant_id, number, kind, provider, created_at, updated_at, name, agent_tenant_id, agent_id, details, trunk_id"
)
_HAD = "details ->> 'order' is null"
"""Leaves out what is only ordered (``rules.ORDER``)."""
_INSERT = (
    f"insert into phone_number ({_COLUMNS}, dialled) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
)
_OF_NUMBER = ", ".join(f"n.{name}" for name in _COLUMNS.split(", "))


class NumberRows:
    """Everything under which agents are called, extensions included: what a call that comes in is looked up in. A number of a trunk or a
    carrier is there once for a tenant. One that is only ordered at a carrier (``rules.ORDER``) is no number yet: only
    ``of_carriers`` and ``find`` know it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def add(self, number: PhoneNumber) -> None:
        """A new number. ConflictError when the tenant has it already."""
        await self._connection.execute(_INSERT, *_values(number))

    async def move(self, before: PhoneNumber, after: PhoneNumber) -> bool:
        """Let a trunk take over a number of a carrier, or the other way round; who answers it stays. False when ``before`` is not, or not
        any more, what the ledger has."""
        changed = await self._connection.fetchval(
            "update phone_number set number = $3, kind = $4, provider = $5, name = $6, trunk_id = $7, details = $8, created_at = $9,"
            f" updated_at = $10 where tenant_id = $1 and id = $2 and updated_at = $11 and kind = $12 and {_HAD} returning true",
            before.tenant_id,
            before.id,
            after.number,
            after.kind,
            after.provider,
            after.name,
            after.trunk_id,
            dict(after.details),
            after.created_at,
            after.updated_at,
            before.updated_at,
            before.kind,
        )
        return bool(changed)

    async def add_seen(self, number: PhoneNumber) -> bool:
        """A number that was seen at a carrier. False when the tenant has it already."""
        added = await self._connection.fetchval(
            f"{_INSERT} on conflict (tenant_id, dialled) where kind <> 'extension' do nothing returning true",
            *_values(number),
        )
        return bool(added)

    async def get(self, tenant_id: str, number_id: str) -> PhoneNumber | None:
        """One number of the tenant, or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from phone_number where tenant_id = $1 and id = $2 and {_HAD}", tenant_id, number_id
        )
        return PhoneNumber(**row) if row else None

    async def of_carriers(self, tenant_id: str) -> list[PhoneNumber]:
        """All numbers of carriers of the tenant, those that are only ordered as well."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from phone_number where tenant_id = $1 and kind = 'carrier'", tenant_id
        )
        return [PhoneNumber(**row) for row in rows]

    async def find(self, tenant_id: str, dialled: str) -> PhoneNumber | None:
        """The tenant's number of a trunk or carrier that is found by ``dialled``, also one that is only ordered."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from phone_number where tenant_id = $1 and dialled = $2 and kind <> 'extension'",
            tenant_id,
            dialled,
        )
        return PhoneNumber(**row) if row else None

    async def order(self, before: PhoneNumber, after: PhoneNumber) -> bool:
        """Write the details of a number that is only ordered. False when it is not any more, or was written after ``before`` was read."""
        changed = await self._connection.fetchval(
            f"update phone_number set details = $3, updated_at = $4"
            f" where tenant_id = $1 and id = $2 and updated_at = $5 and not ({_HAD}) returning true",
            before.tenant_id,
            before.id,
            dict(after.details),
            after.updated_at,
            before.updated_at,
        )
        return bool(changed)

    async def settle(self, number: PhoneNumber) -> bool:
        """Write the details of a number that was only ordered and is had now, whoever wrote the order last. False when it is not only
        ordered, or not any more."""
        changed = await self._connection.fetchval(
            f"update phone_number set details = $3, updated_at = $4"
            f" where tenant_id = $1 and id = $2 and not ({_HAD}) returning true",
            number.tenant_id,
            number.id,
            dict(number.details),
            number.updated_at,
        )
        return bool(changed)

    async def drop_order(self, order: PhoneNumber) -> bool:
        """Forget a number that is only ordered. False when it is not any more, or was written after ``order`` was read."""
        gone = await self._connection.fetchval(
            f"delete from phone_number where tenant_id = $1 and id = $2 and updated_at = $3 and not ({_HAD}) returning true",
            order.tenant_id,
            order.id,
            order.updated_at,
        )
        return bool(gone)

    async def all(self, tenant_id: str) -> list[PhoneNumber]:
        """All numbers of the tenant, newest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from phone_number where tenant_id = $1 and {_HAD} order by created_at desc, id",
            tenant_id,
        )
        return [PhoneNumber(**row) for row in rows]

    async def has(self, tenant_id: str, dialled: str) -> bool:
        """Whether the tenant has a number that is found by ``dialled`` (``platform.phone_numbers.rules.dialled_form``)."""
        found = await self._connection.fetchval(
            f"select exists (select from phone_number where tenant_id = $1 and dialled = $2 and {_HAD})",
            tenant_id,
            dialled,
        )
        return bool(found)

    async def link(self, number: PhoneNumber) -> bool:
        """Write who answers a number and its details. False when the tenant has no such number of that kind, NotFoundError without such
        an agent."""
        changed = await self._connection.fetchval(
            "update phone_number set agent_tenant_id = $3, agent_id = $4, details = $5, updated_at = $6"
            " where tenant_id = $1 and id = $2 and kind = $7 returning true",
            number.tenant_id,
            number.id,
            number.agent_tenant_id,
            number.agent_id,
            dict(number.details),
            number.updated_at,
            number.kind,
        )
        return bool(changed)

    async def delete(self, tenant_id: str, number_id: str) -> bool:
        """Forget a number. False when there is none."""
        gone = await self._connection.fetchval(
            "delete from phone_number where tenant_id = $1 and id = $2 returning true", tenant_id, number_id
        )
        return bool(gone)

    async def called(self, dialled: str, source: str = "") -> PhoneNumber | None:
        """What is called so from the IP address ``source`` (empty: it is not known): a number of an active trunk whose calls come from
        there, of its owner where it has one, else an extension. For calls that come in, never for a request."""
        if source:
            # A number without an owner: of two trunks with it the older entry counts, so nobody takes another's calls by coming later.
            row = await self._connection.fetchrow(
                f"select {_OF_NUMBER} from phone_number n join sip_trunk t on t.tenant_id = n.tenant_id and t.id = n.trunk_id"
                " where n.dialled = $1 and t.is_active and t.inbound and $2::text::inet <<= any (t.networks)"
                " and not exists (select from number_owner o where o.dialled = n.dialled and o.tenant_id <> n.tenant_id)"
                " order by n.created_at, n.id limit 1",
                dialled,
                source,
            )
            if row:
                return PhoneNumber(**row)
        row = await self._connection.fetchrow(
            # An extension of digits is no way to another organisation's number.
            f"select {_OF_NUMBER} from phone_number n join tenant a on a.id = n.tenant_id where n.kind = 'extension' and n.dialled = $1"
            " and not exists (select from number_owner o where o.dialled = $1 and o.tenant_id <> coalesce(a.parent_id, a.id))",
            dialled,
        )
        return PhoneNumber(**row) if row else None

    async def called_over(self, trunk_id: str, dialled: str) -> PhoneNumber | None:
        """The number of an active trunk for incoming calls that is called so over its registration. A trunk with one number is called there
        whatever was dialled: some carriers name the account only. For calls that come in, never for a request."""
        row = await self._connection.fetchrow(
            f"select {_OF_NUMBER} from phone_number n join sip_trunk t on t.tenant_id = n.tenant_id and t.id = n.trunk_id"
            " where t.id = $1 and t.is_active and t.inbound and (n.dialled = $2 or not exists ("
            "select from phone_number o where o.tenant_id = t.tenant_id and o.trunk_id = t.id and o.id <> n.id))",
            trunk_id,
            dialled,
        )
        return PhoneNumber(**row) if row else None

    async def called_at(self, carrier: str, dialled: str) -> PhoneNumber | None:
        """The number of a carrier that is called so, of its owner where it has one, else the older entry. For calls that come in, never for
        a request."""
        row = await self._connection.fetchrow(
            f"select {_OF_NUMBER} from phone_number n where n.kind = 'carrier' and n.provider = $1 and n.dialled = $2 and {_HAD}"
            " and not exists (select from number_owner o where o.dialled = n.dialled and o.tenant_id <> n.tenant_id)"
            " order by n.created_at, n.id limit 1",
            carrier,
            dialled,
        )
        return PhoneNumber(**row) if row else None

    async def owner(self, dialled: str) -> str | None:
        """The organisation to which a number belongs, None for nobody."""
        found = await self._connection.fetchval("select tenant_id from number_owner where dialled = $1", dialled)
        return None if found is None else str(found)

    async def own(self, number: OwnedNumber) -> str:
        """Let a number belong to an organisation, unless it belongs to one already; returns to which it belongs."""
        dialled = dialled_form(number.number)
        await self._connection.execute(
            "insert into number_owner (dialled, tenant_id, number, proved_at) values ($1, $2, $3, $4) on conflict do nothing",
            dialled,
            number.tenant_id,
            number.number,
            number.proved_at,
        )
        return str(await self.owner(dialled))

    async def disown(self, number: str) -> str | None:
        """Let a number belong to nobody; returns to whom it belonged, None for nobody."""
        found = await self._connection.fetchval(
            "delete from number_owner where dialled = $1 returning tenant_id", dialled_form(number)
        )
        return None if found is None else str(found)

    async def owned(self) -> list[OwnedNumber]:
        """Every number that belongs to somebody, of all organisations: for the operator, never for a request."""
        rows = await self._connection.fetch("select tenant_id, number, proved_at from number_owner order by dialled")
        return [OwnedNumber(**row) for row in rows]


def _values(number: PhoneNumber) -> tuple[Any, ...]:
    return (
        number.id,
        number.tenant_id,
        number.number,
        number.kind,
        number.provider,
        number.created_at,
        number.updated_at,
        number.name,
        number.agent_tenant_id,
        number.agent_id,
        dict(number.details),
        number.trunk_id,
        number.dialled,
    )
