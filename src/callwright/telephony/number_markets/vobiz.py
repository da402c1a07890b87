"""Numbers of an account at Vobiz, over its REST API (v1), as its page says (read in 2026):
https://docs.vobiz.ai/account-phone-number/list-account-phone-numbers.

Vobiz has prices in several currencies. So numbers are rented in its console, and only those that the account has are listed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from typing import Any, NoReturn
from urllib.parse import urlencode

from callwright.domain.provider_access import Access
from callwright.ports.failures import FailureKind
from callwright.ports.market import HeldNumber, OfferedNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.number_markets.rest import CarrierApi, auth_headers, phone_number, short

NAME = "vobiz"
KEYS = ("VOBIZ_AUTH_ID", "VOBIZ_AUTH_TOKEN")
API = "https://api.vobiz.ai/api"
ACCOUNT = "(MA|SA)[A-Za-z0-9_-]{2,60}"
"""What an account's id looks like."""

_PAGE = 100


class VobizNumbers:
    """``ports.market.NumberMarket`` that only lists. ``api`` is where the vendor is: tests put a stand-in there."""

    keys = KEYS
    countries = ()

    def __init__(self, sender: HttpClient, api: str = API) -> None:
        self._rest = CarrierApi(sender, NAME, KEYS, ACCOUNT, auth_headers)
        self._api = api

    async def search(self, access: Access, country: str, pattern: str) -> list[OfferedNumber]:
        """Raises ProviderError."""
        self._refuse()

    async def price_cents(self, access: Access, country: str, phone_number: str) -> int:
        """Raises ProviderError."""
        self._refuse()

    async def rent(self, access: Access, phone_number: str) -> str:
        """Raises ProviderError."""
        self._refuse()

    async def give_back(self, access: Access, sid: str) -> None:
        """Raises ProviderError."""
        self._refuse()

    async def find(self, access: Access, phone_number: str) -> HeldNumber | None:
        """From the list."""
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
            asked = {"page": str(page), "per_page": str(_PAGE), "include_subaccounts": "false"}
            url = f"{self._api}/v1/account/{account.id}/numbers?{urlencode(asked)}"
            answer = await self._rest.ask(account, "GET", url) or {}
            items = self._rest.objects(answer, "items")
            yield [one for one in map(_held, items) if one is not None]
            listed += len(items)
            total = answer.get("total")
            if len(items) < _PAGE or total == listed:
                break
        if isinstance(total, int) and total != listed:
            raise self._rest.error(FailureKind.UNAVAILABLE, "its list changed while it was read, or is not whole")

    def _refuse(self) -> NoReturn:
        why = "its numbers are rented and given back in its console; then they are listed here"
        raise self._rest.error(FailureKind.BAD_REQUEST, why)


def _held(one: Mapping[str, Any]) -> HeldNumber | None:
    number = phone_number(one.get("e164"))
    return None if number is None else HeldNumber(number, number, name=short(one.get("region")))
