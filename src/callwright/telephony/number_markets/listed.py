"""Numbers of carriers that are rented at the carrier alone: here they are listed, so that agents can answer them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from typing import Any

from callwright.domain.provider_access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.market import HeldNumber, OfferedNumber
from callwright.telephony.number_markets.rest import CarrierApi, phone_number, short


class ListedNumbers(ABC):
    """``ports.market.NumberMarket`` of a carrier whose numbers are only listed. ``api`` is where the vendor is: tests put a stand-in
    there."""

    name: str
    keys: Sequence[str]
    countries: Sequence[str] = ()

    def __init__(self, rest: CarrierApi, api: str) -> None:
        self._rest = rest
        self._api = api

    async def search(self, access: Access, country: str, pattern: str) -> list[OfferedNumber]:
        """Raises ProviderError."""
        raise self._only_there()

    async def price_cents(self, access: Access, country: str, phone_number: str) -> int:
        """Raises ProviderError."""
        raise self._only_there()

    async def rent(self, access: Access, phone_number: str) -> str:
        """Raises ProviderError."""
        raise self._only_there()

    async def give_back(self, access: Access, sid: str) -> None:
        """Raises ProviderError."""
        raise self._only_there()

    async def find(self, access: Access, phone_number: str) -> HeldNumber | None:
        """The number in the list."""
        async for page in self.held(access):
            for one in page:
                if one.phone_number == phone_number:
                    return one
        return None

    async def held(self, access: Access) -> AsyncIterator[Sequence[HeldNumber]]:
        """The pages of the list. Raises ProviderError at the end where there are more than the carrier gives."""
        account = self._rest.account(access)
        for page in count():
            answer = await self._rest.ask(account, "GET", self._api + self._page(access, page))
            listed = self._rest.objects(answer, self._list_name)
            yield [one for one in map(self._held, listed) if one is not None]
            if not self._has_more(answer or {}, page, len(listed)):
                return

    _list_name: str
    """Where the list is in an answer."""

    @abstractmethod
    def _page(self, access: Access, page: int) -> str:
        """Path and query of a page, from 0."""

    @abstractmethod
    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        """A number of the list; None for what is none."""

    @abstractmethod
    def _has_more(self, answer: Mapping[str, Any], page: int, listed: int) -> bool:
        """Whether another page follows. Raises ProviderError where it cannot be had."""

    def _only_there(self) -> ProviderError:
        why = f"its numbers are rented at {self.name} itself; those that are there are listed here"
        return self._rest.error(FailureKind.BAD_REQUEST, why)


def held_number(number: Any, sid: Any, name: Any) -> HeldNumber | None:
    """A number of a list; None for what is none."""
    found, known = phone_number(number), short(sid)
    return None if found is None or known is None else HeldNumber(found, known, name=short(name))
