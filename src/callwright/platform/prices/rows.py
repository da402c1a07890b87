"""Rows of the price book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callwright.platform.prices.rules import Price, PriceRow

_COLUMNS = "id, kind, provider, model, nano_cents, per, increment, valid_from, source"


class PostgresPriceRows:
    """Rows of the price book that the operator entered by the API. They are no organisation's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def all(self) -> Sequence[PriceRow]:
        """All rows, the oldest first."""
        return [
            _row(one) for one in await self._connection.fetch(f"select {_COLUMNS} from price order by valid_from, id")
        ]

    async def state(self) -> str:
        """A text that changes when rows do."""
        return str(
            await self._connection.fetchval("select count(*) || '/' || coalesce(max(created_at)::text, '') from price")
        )

    async def insert(self, row: PriceRow) -> bool:
        """Add a row with an id and a time. False where its key has a price from that time on already."""
        price = row.price
        values = (row.id, *row.key, price.nano_cents, price.per, price.increment, row.valid_from, row.source)
        added = await self._connection.fetchval(
            f"insert into price ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " on conflict on constraint price_once do nothing returning id",
            *values,
        )
        return added is not None

    async def delete(self, price_id: str) -> PriceRow | None:
        """Delete a row and return it; None where there is none."""
        found = await self._connection.fetchrow(f"delete from price where id = $1 returning {_COLUMNS}", price_id)
        return None if found is None else _row(found)


def _row(found: Any) -> PriceRow:
    price = Price(found["nano_cents"], found["per"], found["increment"])
    return PriceRow(
        found["kind"], found["provider"], found["model"], price, found["valid_from"], found["source"], found["id"]
    )
