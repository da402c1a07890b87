"""Port of a carrier that rents phone numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OfferedNumber:
    """A number that can be rented. ``price_cents`` a month; ``region`` and ``locality`` as the carrier names them."""

    phone_number: str
    provider: str
    price_cents: int
    friendly_name: str | None = None
    region: str | None = None
    locality: str | None = None


@dataclass(frozen=True, slots=True)
class RentedNumber:
    """A number that was rented. ``sid`` is the carrier's own id of it."""

    phone_number: str
    price_cents: int
    sid: str


class NumberMarket(Protocol):
    """The numbers of one carrier. All raise ProviderError."""

    async def search(self, country: str, pattern: str) -> list[OfferedNumber]:
        """Numbers of a country (US, IN) that begin with ``pattern`` after the country's code."""
        ...

    async def rent(self, country: str, phone_number: str) -> RentedNumber:
        """Rent a number."""
        ...

    async def give_back(self, sid: str) -> None:
        """End the rent."""
