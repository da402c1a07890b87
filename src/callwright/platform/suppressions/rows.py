"""Numbers that are not called any more. Which spellings of an address are the same one is the database's to say (``address_keys``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from callwright.platform.suppressions.rules import Suppression

_COLUMNS = "number, tenant_id, reason, created_at, execution_id, said, note"
_OLD_COLUMNS = ", ".join(f"old.{name}" for name in _COLUMNS.split(", "))
# Rows that share a key with $2. The SIP addresses at which a number is the user lie in one range of the table's own key ('A' follows
# '@'), so that a long list is not read through; whether they do share it, address_keys decides. $3: the number; $4: it without its
# national prefix.
_OF_ONE_ADDRESS = (
    "tenant_id = $1 and (number = any($2::text[]) or (number >= 'sip:' || $3::text || '@'"
    " and number < 'sip:' || $3::text || 'A' and address_keys(number) && $2::text[])"
    " or (number >= 'sip:' || $4::text || '@' and number < 'sip:' || $4::text || 'A' and address_keys(number) && $2::text[]))"
)


class SuppressionRows:
    """Numbers that a tenant does not call any more. That none of them is dialled is a rule of the storage: a new outbound execution to
    one, and the step to ``dialling``, raise SuppressedError. An address is found however it is spelt (``domain.dialled``). Each tenant has
    a list of its own; an organisation's binds its sub-accounts too."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def add(self, suppression: Suppression) -> tuple[Suppression, bool]:
        """Put a number on the list; the one that is there stays as it is, also where this is another spelling of it. Returns it, and
        whether it is new. Waits for calls to it that are about to be dialled."""
        keys = await self._keys(suppression.number)
        # In the order in which whoever dials takes them; two who list one address at once do so one after the other.
        await self._connection.execute(
            "select pg_advisory_xact_lock(suppression_lock($1, key)) from (select unnest($2::text[]) key order by 1) keys",
            suppression.tenant_id,
            keys,
        )
        # The last key binds every spelling of the address: with it there, nothing is missing.
        there = await self.get(suppression.tenant_id, keys[-1])
        if there is not None:
            return await self.get(suppression.tenant_id, keys[0]) or there, False
        rows = await self._connection.fetch(
            f"insert into suppression ({_COLUMNS}) select key, $2, $3, $4, $5, $6, $7 from unnest($1::text[]) key"
            " on conflict do nothing returning number",
            keys,
            suppression.tenant_id,
            suppression.reason,
            suppression.created_at,
            suppression.execution_id,
            suppression.said,
            suppression.note,
        )
        found = await self.get(suppression.tenant_id, keys[0])
        return found or replace(suppression, number=keys[0]), bool(rows)

    async def get(self, tenant_id: str, number: str) -> Suppression | None:
        """The number's entry in the tenant's own list, or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from suppression where tenant_id = $1 and number = any(address_keys($2))"
            " order by number desc limit 1",
            tenant_id,
            number,
        )
        return Suppression(**row) if row else None

    async def binding(self, tenant_id: str, number: str) -> Suppression | None:
        """The entry that forbids the tenant to call the number: its own, else its organisation's; or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from suppression where tenant_id in (select suppression_lists($1)) and number = any(address_keys($2))"
            " order by tenant_id = $1 desc, number desc limit 1",
            tenant_id,
            number,
        )
        return Suppression(**row) if row else None

    async def among(self, tenant_id: str, numbers: Sequence[str]) -> set[str]:
        """Those of ``numbers`` that the tenant may not call, as they were given."""
        rows = await self._connection.fetch(
            "select n from unnest($2::text[]) n where exists ("
            "select from suppression s where s.tenant_id = any(array(select suppression_lists($1))) and s.number = any(address_keys(n)))",
            tenant_id,
            list(numbers),
        )
        return {str(row["n"]) for row in rows}

    async def page(self, tenant_id: str, number: int, size: int) -> tuple[list[Suppression], int]:
        """Page ``number`` (from 1) of the tenant's list, newest first, and how many there are."""
        total = await self._connection.fetchval("select count(*) from suppression where tenant_id = $1", tenant_id)
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from suppression where tenant_id = $1 order by created_at desc, number limit $2 offset $3",
            tenant_id,
            size,
            (number - 1) * size,
        )
        return [Suppression(**row) for row in rows], int(total)

    async def annotate(self, tenant_id: str, number: str, note: str) -> list[Suppression]:
        """Give every row of the number's address another note: a SIP address is one with the number that is its user. Returns the rows
        that had another one, as they were."""
        keys = await self._keys(number)
        rows = await self._connection.fetch(
            f"with old as (select {_COLUMNS} from suppression where {_OF_ONE_ADDRESS} and note is distinct from $5"
            " order by number for update) update suppression s set note = $5 from old"
            f" where s.tenant_id = $1 and s.number = old.number returning {_OLD_COLUMNS}",
            tenant_id,
            keys,
            *_phones_of(keys),
            note,
        )
        return _in_order(rows)

    async def delete(self, tenant_id: str, number: str) -> list[Suppression]:
        """Take a number off the list, every row of its address. Returns the rows that are gone; none when it is not there."""
        keys = await self._keys(number)
        rows = await self._connection.fetch(
            f"delete from suppression where {_OF_ONE_ADDRESS} returning {_COLUMNS}", tenant_id, keys, *_phones_of(keys)
        )
        return _in_order(rows)

    async def _keys(self, number: str) -> list[str]:
        return list(await self._connection.fetchval("select address_keys($1)", number))


def _phones_of(keys: Sequence[str]) -> tuple[str | None, str | None]:
    phones = [key for key in keys if key.startswith("+")]
    return (phones[0], phones[-1]) if phones else (None, None)


def _in_order(rows: Sequence[Any]) -> list[Suppression]:
    return sorted((Suppression(**row) for row in rows), key=lambda one: one.number)
