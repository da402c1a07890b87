"""Numbers of Plivo, over its REST API (v1), as its pages say (read in 2026):

- https://www.plivo.com/docs/numbers/phone-numbers: what can be rented, and renting
- https://www.plivo.com/docs/numbers/account-phone-numbers: listing and giving back
- https://www.plivo.com/docs/numbers/api/response: statuses

Plivo writes numbers without their plus, and a number is its own id.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from typing import Any
from urllib.parse import urlencode

from callwright.platform.phone_numbers.rules import COUNTRY_CODES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind
from callwright.ports.market import HeldNumber, OfferedNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.number_markets.rest import Account, CarrierApi, phone_number, short, stored_address

NAME = "plivo"
KEYS = ("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN")
API_URL = "PLIVO_API_URL"
API = "https://api.plivo.com"

_ACCOUNT = "(MA|SA)[A-Z0-9]{18}"
_SID = re.compile("[0-9]{7,15}")
_PAGE = 20
"""The most the API gives at once."""


class PlivoMarket:
    """``ports.market.NumberMarket``. ``api`` is where the vendor is, unless the account's keys name another address."""

    keys = KEYS
    address_keys = (API_URL,)
    countries = ("IN",)

    def __init__(self, sender: HttpClient, api: str = API) -> None:
        self._rest = CarrierApi(sender, NAME, KEYS, _ACCOUNT, stored_address(API_URL, api))

    async def search(self, access: Access, country: str, pattern: str) -> list[OfferedNumber]:
        """``pattern`` is what stands behind the country's code, as here."""
        account = self._rest.account(access)
        asked = {"country_iso": country, "services": "voice", "limit": str(_PAGE)}
        if pattern:
            asked["pattern"] = pattern
        answer = await self._rest.ask(account, "GET", self._url(account, "PhoneNumber/", asked))
        offered = []
        for one in self._rest.objects(answer, "objects"):
            number = phone_number(one.get("number"), plus=False)
            if number is not None and number.startswith(COUNTRY_CODES[country] + pattern):
                cents = self._rest.cents(one.get("monthly_rental_rate"))
                region, city = short(one.get("region")), short(one.get("city"))
                offered.append(OfferedNumber(number, NAME, cents, number, region, city))
        return offered

    async def price_cents(self, access: Access, country: str, phone_number: str) -> int:
        """A search for this number alone."""
        found = await self.search(access, country, phone_number.removeprefix(COUNTRY_CODES[country]))
        for one in found:
            if one.phone_number == phone_number:
                return one.price_cents
        raise self._rest.error(FailureKind.BAD_REQUEST, f"it does not offer {phone_number}")

    async def rent(self, access: Access, phone_number: str) -> str:
        """POST to the number. One that wants papers first is ordered and not had yet: that is an error that says so."""
        account = self._rest.account(access)
        sid = phone_number.removeprefix("+")
        answer = await self._rest.ask(account, "POST", self._url(account, f"PhoneNumber/{sid}/"), {})
        states = [str(one.get("status")) for one in self._rest.objects(answer, "numbers") if one.get("number") == sid]
        if any(state.lower() == "success" for state in states):
            return sid
        if any(state.lower() == "pending" for state in states):
            why = "the number is ordered and waits for papers that the carrier asks for; it is listed once the carrier has granted it"
            raise self._rest.error(FailureKind.BAD_REQUEST, why)
        raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the number")

    async def find(self, access: Access, phone_number: str) -> HeldNumber | None:
        """GET of the number's resource."""
        account = self._rest.account(access)
        url = self._url(account, f"Number/{phone_number.removeprefix('+')}/")
        answer = await self._rest.ask(account, "GET", url, missing=True)
        return None if answer is None else self._held(answer)

    async def held(self, access: Access) -> AsyncIterator[Sequence[HeldNumber]]:
        """The pages of the list. Raises ProviderError at its end where they are not what the vendor counts: a number that goes while the
        list is read moves the others to pages that were read already."""
        account = self._rest.account(access)
        seen: set[str] = set()
        counts: set[int] = set()
        for offset in count(0, _PAGE):
            asked = {"limit": str(_PAGE), "offset": str(offset), "services": "voice"}
            answer = await self._rest.ask(account, "GET", self._url(account, "Number/", asked))
            listed = self._rest.objects(answer, "objects")
            yield [one for one in map(self._held, listed) if one is not None]
            meta = (answer or {}).get("meta")
            told = meta if isinstance(meta, dict) else {}
            seen.update(str(one.get("number")) for one in listed)
            if isinstance(told.get("total_count"), int):
                counts.add(told["total_count"])
            if len(listed) < _PAGE or not told.get("next"):
                break
        if counts - {len(seen)}:
            raise self._rest.error(FailureKind.UNAVAILABLE, "its list changed while it was read, or is not whole")

    async def give_back(self, access: Access, sid: str) -> None:
        """DELETE of the number's resource."""
        account = self._rest.account(access)
        if not _SID.fullmatch(sid):
            raise self._rest.error(FailureKind.BAD_REQUEST, "the id kept with the number is none of this carrier's")
        await self._rest.ask(account, "DELETE", self._url(account, f"Number/{sid}/"), missing=True)

    def _url(self, account: Account, resource: str, asked: Mapping[str, str] | None = None) -> str:
        query = f"?{urlencode(asked)}" if asked else ""
        return f"{account.api}/v1/Account/{account.id}/{resource}{query}"

    def _held(self, one: Mapping[str, Any]) -> HeldNumber | None:
        number = phone_number(one.get("number"), plus=False)
        if number is None:
            return None
        rate = one.get("monthly_rental_rate")
        cents = None if rate is None else self._rest.cents(rate)
        return HeldNumber(number, number.removeprefix("+"), cents, short(one.get("alias")))
