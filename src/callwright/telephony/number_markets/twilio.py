"""Numbers of Twilio, over its REST API (2010-04-01) and its pricing API, as its pages say (read in 2026):

- https://www.twilio.com/docs/phone-numbers/api/availablephonenumberlocal-resource: what can be rented
- https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource: renting, listing and giving back
- https://www.twilio.com/docs/phone-numbers/pricing: what a number of a country costs a month
- https://www.twilio.com/docs/usage/twilios-response: errors and pages of lists
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from callwright.platform.phone_numbers.rules import COUNTRY_CODES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind
from callwright.ports.market import HeldNumber, OfferedNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.number_markets.rest import Account, CarrierApi, phone_number, short, stored_address

NAME = "twilio"
KEYS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
API_URL = "TWILIO_API_URL"
API = "https://api.twilio.com"

_ACCOUNT = "AC[0-9a-fA-F]{32}"
_NUMBER_SID = re.compile("PN[0-9a-fA-F]{32}")
_AREA_CODE_DIGITS = 3
_OFFERED = "30"
_PAGE = 200
"""Of up to 1000 numbers; one is about 2 KB, and an answer is read as far as MAX_WEB_ANSWER_BYTES."""
_TOLL_FREE = re.compile(r"\+18(00|33|44|55|66|77|88)[0-9]{7}")


class TwilioMarket:
    """``ports.market.NumberMarket``. ``api`` is where the vendor is, unless the account's keys name another address."""

    keys = KEYS
    address_keys = (API_URL,)
    countries = ("US",)

    def __init__(self, sender: HttpClient, api: str = API) -> None:
        self._rest = CarrierApi(sender, NAME, KEYS, _ACCOUNT, stored_address(API_URL, api))

    async def search(self, access: Access, country: str, pattern: str) -> list[OfferedNumber]:
        """Local numbers for calls. Their price is asked for first: one for all of a country's."""
        account = self._rest.account(access)
        prices = await self._prices(account, country)
        begin = COUNTRY_CODES[country] + pattern
        asked = {"VoiceEnabled": "true", "PageSize": _OFFERED}
        if country == "US" and len(pattern) == _AREA_CODE_DIGITS:
            asked["AreaCode"] = pattern
        elif pattern:
            # A leading plus makes it the beginning of the number.
            asked["Contains"] = begin
        answer = await self._rest.ask(
            account, "GET", self._url(account, f"AvailablePhoneNumbers/{country}/Local.json", asked)
        )
        offered = []
        for one in self._rest.objects(answer, "available_phone_numbers"):
            number = phone_number(one.get("phone_number"))
            if number is not None and number.startswith(begin):
                names = (short(one.get(name)) for name in ("friendly_name", "region", "locality"))
                offered.append(OfferedNumber(number, NAME, self._price(prices, number), *names))
        return offered

    async def price_cents(self, access: Access, country: str, phone_number: str) -> int:
        """By the country and whether the number is toll-free."""
        return self._price(await self._prices(self._rest.account(access), country), phone_number)

    async def rent(self, access: Access, phone_number: str) -> str:
        """POST to the list of the account's numbers."""
        account = self._rest.account(access)
        answer = await self._rest.ask(
            account, "POST", self._url(account, "IncomingPhoneNumbers.json"), {"PhoneNumber": phone_number}
        )
        held = _held(answer or {})
        if held is None or held.phone_number != phone_number:
            raise self._rest.error(FailureKind.UNAVAILABLE, "its answer does not name the number")
        return held.sid

    async def find(self, access: Access, phone_number: str) -> HeldNumber | None:
        """The list of the account's numbers, narrowed to one."""
        account = self._rest.account(access)
        asked = {"PhoneNumber": phone_number}
        answer = await self._rest.ask(account, "GET", self._url(account, "IncomingPhoneNumbers.json", asked))
        found = map(_held, self._rest.objects(answer, "incoming_phone_numbers"))
        return next((one for one in found if one is not None and one.phone_number == phone_number), None)

    async def held(self, access: Access) -> AsyncIterator[Sequence[HeldNumber]]:
        """The pages of the list, without numbers that take no calls."""
        account = self._rest.account(access)
        url = self._url(account, "IncomingPhoneNumbers.json", {"PageSize": str(_PAGE)})
        while True:
            answer = await self._rest.ask(account, "GET", url)
            listed = self._rest.objects(answer, "incoming_phone_numbers")
            yield [one for one in map(_held, filter(_takes_calls, listed)) if one is not None]
            following = (answer or {}).get("next_page_uri")
            if not following:
                return
            if not isinstance(following, str) or not following.startswith(self._path(account)):
                raise self._rest.error(FailureKind.UNAVAILABLE, "the next page of its list is somewhere else")
            url = account.api + following

    async def give_back(self, access: Access, sid: str) -> None:
        """DELETE of the number's resource."""
        account = self._rest.account(access)
        if not _NUMBER_SID.fullmatch(sid):
            raise self._rest.error(FailureKind.BAD_REQUEST, "the id kept with the number is none of this carrier's")
        await self._rest.ask(account, "DELETE", self._url(account, f"IncomingPhoneNumbers/{sid}.json"), missing=True)

    def _path(self, account: Account) -> str:
        return f"/2010-04-01/Accounts/{account.id}/"

    def _url(self, account: Account, resource: str, asked: Mapping[str, str] | None = None) -> str:
        query = f"?{urlencode(asked)}" if asked else ""
        return f"{account.api}{self._path(account)}{resource}{query}"

    async def _prices(self, account: Account, country: str) -> Mapping[str, Any]:
        """Prices of a country by type of number."""
        url = f"{_pricing_of(account.api)}/v1/PhoneNumbers/Countries/{country}"
        answer = await self._rest.ask(account, "GET", url)
        unit = str((answer or {}).get("price_unit") or "an unknown currency")
        if unit.upper() != "USD":
            raise self._rest.error(
                FailureKind.BAD_REQUEST, f"its prices are in {unit[:10]}, and are shown in US dollars"
            )
        prices = self._rest.objects(answer, "phone_number_prices")
        return {str(one.get("number_type")): one.get("current_price") for one in prices}

    def _price(self, prices: Mapping[str, Any], number: str) -> int:
        kind = "toll free" if _TOLL_FREE.fullmatch(number) else "local"
        if kind not in prices:
            raise self._rest.error(FailureKind.BAD_REQUEST, f"it has no {kind} numbers in this country")
        return self._rest.cents(prices[kind])


def _pricing_of(api: str) -> str:
    """The pricing API that belongs to ``api``, also to that of an edge location; an address that is not Twilio's answers for both."""
    host = urlsplit(api).hostname or ""
    is_twilio = host.startswith("api.") and host.endswith(".twilio.com")
    return api.replace("//api.", "//pricing.", 1) if is_twilio else api


def _held(one: Mapping[str, Any]) -> HeldNumber | None:
    """A number of the account; None for one that cannot be read."""
    number, sid = phone_number(one.get("phone_number")), one.get("sid")
    if number is None or not isinstance(sid, str) or not _NUMBER_SID.fullmatch(sid):
        return None
    return HeldNumber(number, sid, name=short(one.get("friendly_name")))


def _takes_calls(one: Mapping[str, Any]) -> bool:
    can = one.get("capabilities")
    return not isinstance(can, dict) or can.get("voice") is not False
