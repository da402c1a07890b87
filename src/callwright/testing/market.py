"""The contract of a market of phone numbers (``ports.market.NumberMarket``)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from callwright.platform.phone_numbers.rules import COUNTRY_CODES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind
from callwright.ports.market import HeldNumber, NumberMarket, OfferedNumber
from callwright.testing.contract import PluginContract, failure_of, left_out, must, with_plugin

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class MarketContract(PluginContract):
    """What a market owes: numbers in E.164 form with whole prices, a rent that can be found and given back, keys that stay secret."""

    kind = "market"
    access: Access
    """The account's keys."""
    wrong_access: Access | None = None
    """Keys the carrier refuses. None: that is not tested."""
    country = "US"
    """Where numbers are searched; there is at least one."""
    rents = False
    """Whether the suite may rent a number, which costs money at a real carrier, and give it back."""

    async def _offered(self, market: NumberMarket) -> list[OfferedNumber]:
        return await market.search(self.access, self.country, "")

    async def _held(self, market: NumberMarket) -> list[HeldNumber]:
        return [one async for page in market.held(self.access) for one in page]

    @with_plugin
    async def test_it_names_its_keys_and_countries(self, market: NumberMarket) -> None:
        """The keys are those of the descriptor, and the countries are known."""
        named, asked = (*market.keys, *market.address_keys), tuple(market.keys)
        must(
            (named, asked) == (self.plugin.keys, self.plugin.needed_keys),
            f"the market asks for the keys {named} and needs {asked}; its plugin names {self.plugin.keys} and {self.plugin.needed_keys}",
        )
        unknown = [country for country in market.countries if country not in COUNTRY_CODES]
        must(not unknown, f"countries are written as US or IN; these are not known: {unknown}")

    @with_plugin
    async def test_numbers_are_offered_with_a_price(self, market: NumberMarket) -> None:
        """Every number is of the country, in E.164 form, and has a price in whole cents."""
        found = await self._offered(market)
        must(found, f"no number of {self.country} is offered")
        code = COUNTRY_CODES[self.country]
        for one in found:
            must(_E164.fullmatch(one.phone_number), f"{one.phone_number!r} is not in E.164 form")
            must(one.phone_number.startswith(code), f"{one.phone_number} is no number of {self.country} ({code})")
            must(one.provider == self.plugin.name, f"the offer is of {one.provider!r}, not of {self.plugin.name!r}")
            must(
                isinstance(one.price_cents, int) and one.price_cents >= 0,
                f"{one.phone_number} costs {one.price_cents!r}; a price is in whole cents",
            )
        price = await market.price_cents(self.access, self.country, found[0].phone_number)
        must(
            isinstance(price, int) and price >= 0, f"{found[0].phone_number} costs {price!r}; a price is in whole cents"
        )

    @with_plugin
    async def test_a_search_narrows_by_the_beginning(self, market: NumberMarket) -> None:
        """Numbers found for a pattern begin with it after the country's code."""
        code = COUNTRY_CODES[self.country]
        pattern = (await self._offered(market))[0].phone_number.removeprefix(code)[:3]
        found = await market.search(self.access, self.country, pattern)
        must(found, f"a search for {pattern!r} does not find the number it was taken from")
        for one in found:
            must(one.phone_number.startswith(code + pattern), f"{one.phone_number} does not begin with {code}{pattern}")

    @with_plugin
    async def test_a_number_is_rented_found_listed_and_given_back_twice(self, market: NumberMarket) -> None:
        """What is rented is found by its id and listed; given back, also twice, it is neither."""
        if not self.rents:
            raise left_out("rents")
        number = (await self._offered(market))[0].phone_number
        must(await market.find(self.access, number) is None, f"{number} is found before it was rented")
        sid = await market.rent(self.access, number)
        try:
            found = await market.find(self.access, number)
            must(found is not None, f"{number} was rented and is not found")
            assert found is not None
            must((found.phone_number, found.sid) == (number, sid), f"rented {number} as {sid!r}, found {found}")
            listed = {one.phone_number: one.sid for one in await self._held(market)}
            must(listed.get(number) == sid, f"{number} was rented as {sid!r}; the list has {listed.get(number)!r}")
        finally:
            await market.give_back(self.access, sid)
        await market.give_back(self.access, sid)
        must(await market.find(self.access, number) is None, f"{number} was given back and is still found")
        must(number not in [one.phone_number for one in await self._held(market)], f"{number} is still listed")

    @with_plugin
    async def test_wrong_keys_are_refused_and_never_shown(self, market: NumberMarket) -> None:
        """The failure is REFUSED, and its message holds no key."""
        if self.wrong_access is None:
            raise left_out("wrong_access")
        access = self.wrong_access
        number = COUNTRY_CODES[self.country] + "0000000"
        works: dict[str, Callable[[], Awaitable[Any]]] = {
            "searching with wrong keys": lambda: market.search(access, self.country, ""),
            "finding with wrong keys": lambda: market.find(access, number),
        }
        for what, work in works.items():
            error = await failure_of(work(), what)
            must(error.kind is FailureKind.REFUSED, f"{what} is {error.kind.value!r}, not refused")
            shown = [name for name, key in access.keys.items() if key in str(error)]
            must(not shown, f"{what}: the message shows the keys {shown}")
