"""Port of storage: rows of the price book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from callwright.domain.pricing import PriceRow


class PriceRows(Protocol):
    """Rows of the price book that the operator entered by the API. They are no organisation's."""

    async def all(self) -> Sequence[PriceRow]:
        """All rows, the oldest first."""
        ...

    async def state(self) -> str:
        """A text that changes when rows do."""
        ...

    async def insert(self, row: PriceRow) -> bool:
        """Add a row with an id and a time. False where its key has a price from that time on already."""
        ...

    async def delete(self, price_id: str) -> PriceRow | None:
        """Delete a row and return it; None where there is none."""
        ...
