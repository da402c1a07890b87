"""Numbers of carriers that are rented at the carrier alone: here they are listed, so that agents can answer them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from typing import Any

from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.market import HeldNumber, OfferedNumber
from callwright.telephony.number_markets.rest import CarrierApi, phone_number, short


class ListedNumbers(ABC):
    """``ports.market.NumberMarket`` of a carrier whose numbers are only listed."""

    keys: Sequence[str]
    address_keys: Sequence[str]
    countries: Sequence[str] = ()

    def __init__(self, rest: CarrierApi) -> None:
        self._rest = rest

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
        """The pages of the list. Raises ProviderError at its end where they are not as many as the vendor counts."""
        account = self._rest.account(access)
        listed = 0
        for page in count(1):
            answer = await self._rest.ask(account, "GET", account.api + self._page(access, page)) or {}
            items = self._rest.objects(answer, self._list_name)
            yield [one for one in map(self._held, items) if one is not None]
            listed += len(items)
            total = self._total(answer)
            if len(items) < self._page_size or total == listed:
                break
        if isinstance(total, int) and total != listed:
            raise self._rest.error(FailureKind.UNAVAILABLE, "its list changed while it was read, or is not whole")

    _list_name: str
    """Where the list is in an answer."""
    _page_size: int

    @abstractmethod
    def _page(self, access: Access, page: int) -> str:
        """Path and query of a page, from 1. Raises ProviderError where it cannot be had."""

    @abstractmethod
    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        """A number of the list; None for what is none."""

    def _total(self, answer: Mapping[str, Any]) -> Any:
        """How many numbers there are, where the vendor says so."""
        return None

    def _only_there(self) -> ProviderError:
        why = "its numbers are rented and given back in its console; then they are listed here"
        return self._rest.error(FailureKind.BAD_REQUEST, why)


def held_number(number: Any, sid: Any, name: Any) -> HeldNumber | None:
    """A number of a list; None for what is none."""
    found, known = phone_number(number), short(sid)
    return None if found is None or known is None else HeldNumber(found, known, name=short(name))
