"""Numbers that are not called any more. Which spellings of an address are the same one is the database's to say (``address_keys``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from callwright.domain.suppression import Suppression

_COLUMNS = "number, tenant_id, reason, created_at, execution_id, said, note"


class SuppressionRows:
    """``ports.ledger.Suppressions``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def add(self, suppression: Suppression) -> tuple[Suppression, bool]:
        """Put a number on the list; the one that is there stays as it is. Returns it, and whether it is new."""
        keys = await self._keys(suppression.number)
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
        """The number's entry, however it is spelt, or None."""
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

    async def annotate(self, tenant_id: str, number: str, note: str) -> None:
        """Give the number's entry another note."""
        await self._connection.execute(
            "update suppression set note = $3 where tenant_id = $1 and number = any(address_keys($2))",
            tenant_id,
            number,
            note,
        )

    async def delete(self, tenant_id: str, number: str) -> bool:
        """Take a number off the list. False when it is not there."""
        gone = await self._connection.fetch(
            "delete from suppression where tenant_id = $1 and number = any(address_keys($2)) returning number",
            tenant_id,
            number,
        )
        return bool(gone)

    async def _keys(self, number: str) -> list[str]:
        return list(await self._connection.fetchval("select address_keys($1)", number))
