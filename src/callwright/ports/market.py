"""Port of a carrier that rents phone numbers to whoever has an account with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from callwright.platform.provider_keys.rules.access import Access


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
class HeldNumber:
    """A number an account has at the carrier. ``sid`` is the carrier's own id of it; ``price_cents`` a month, None where it does not
    say."""

    phone_number: str
    sid: str
    price_cents: int | None = None
    name: str | None = None


class NumberMarket(Protocol):
    """The numbers of one carrier, for the account whose keys ``access`` holds. All raise ProviderError: UNAVAILABLE where it is not known
    what came of it, any other kind where nothing did."""

    @property
    def keys(self) -> Sequence[str]:
        """The provider keys it needs, all of them."""
        ...

    @property
    def address_keys(self) -> Sequence[str]:
        """The provider keys that say where its API is for the account. None of them is needed."""
        ...

    @property
    def countries(self) -> Sequence[str]:
        """Countries (US, IN) for which it is asked first when a request names no carrier; none where it rents no numbers."""
        ...

    async def search(self, access: Access, country: str, pattern: str) -> list[OfferedNumber]:
        """Numbers of a country that begin with ``pattern`` after the country's code."""
        ...

    async def price_cents(self, access: Access, country: str, phone_number: str) -> int:
        """What a number of that country costs a month. Nothing is rented by asking."""
        ...

    async def rent(self, access: Access, phone_number: str) -> str:
        """Rent a number; returns the carrier's id of it."""
        ...

    async def find(self, access: Access, phone_number: str) -> HeldNumber | None:
        """The number, if the account has it."""
        ...

    def held(self, access: Access) -> AsyncIterator[Sequence[HeldNumber]]:
        """All numbers the account has, however it came by them, page by page."""
        ...

    async def give_back(self, access: Access, sid: str) -> None:
        """End the rent. One that is given back already is no error."""
