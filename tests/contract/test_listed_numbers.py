"""The carriers whose numbers are only listed, through the real guarded client, against stand-ins of their vendors on loopback.

That of Vobiz is with the markets that rent (test_number_markets.py).
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.http_server import Exchange, serving
from tests.number_vendors import say

from callwright.net.client import GuardedClient
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.market import HeldNumber
from callwright.ports.registry import HttpClient
from callwright.telephony.exotel.numbers import ExotelNumbers
from callwright.telephony.number_markets.listed import ListedNumbers
from callwright.telephony.telnyx.numbers import TelnyxNumbers
from callwright.telephony.vonage.numbers import VonageNumbers

TOKEN = "t0ken-of-the-carrier-account"
NUMBER = "+15550100"


def basic(name: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{TOKEN}".encode()).decode()


def telnyx(numbers: list[str], total: int, asked: Mapping[str, str]) -> dict[str, Any]:
    at, size = int(asked["page[number]"]) - 1, int(asked["page[size]"])
    shown = [{"id": f"id-{one}", "phone_number": one, "customer_reference": "main"} for one in numbers]
    return {"data": shown[at * size : (at + 1) * size], "meta": {"total_results": total}}


def exotel(numbers: list[str], total: int, asked: Mapping[str, str]) -> dict[str, Any]:
    shown = [{"sid": f"id-{one}", "phone_number": one, "friendly_name": "main"} for one in numbers]
    return {"incoming_phone_numbers": shown[:50]}


def vonage(numbers: list[str], total: int, asked: Mapping[str, str]) -> dict[str, Any]:
    at, size = int(asked["index"]) - 1, int(asked["size"])
    shown = [{"country": "US", "msisdn": one.removeprefix("+"), "type": "mobile-lvn"} for one in numbers]
    return {"count": total, "numbers": shown[at * size : (at + 1) * size]}


@dataclass(frozen=True)
class Listing:
    """A vendor's list: what it takes and answers."""

    market: Callable[[HttpClient, str], ListedNumbers]
    keys: Mapping[str, str]
    path: str
    credentials: str
    answer: Callable[[list[str], int, Mapping[str, str]], dict[str, Any]]
    held: HeldNumber

    @asynccontextmanager
    async def opened(self, numbers: list[str], total: int | None = None) -> AsyncIterator[ListedNumbers]:
        """A stand-in whose account has these numbers; it counts ``total``."""

        async def handler(exchange: Exchange) -> None:
            parts = urlsplit(exchange.request.target)
            if (parts.path, exchange.request.headers.get("authorization")) != (self.path, self.credentials):
                await say(exchange, 401, {"error": "unauthorized"})
                return
            asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
            await say(exchange, 200, self.answer(numbers, len(numbers) if total is None else total, asked))

        async with serving(handler) as server, GuardedClient(allow_private=True) as client:
            yield self.market(client, server.url)


LISTINGS = {
    "telnyx": Listing(
        TelnyxNumbers, {"TELNYX_CONNECTION_ID": "1494404757140276705", "TELNYX_API_KEY": TOKEN},
        "/v2/phone_numbers", f"Bearer {TOKEN}", telnyx, HeldNumber(NUMBER, f"id-{NUMBER}", name="main"),
    ),
    "exotel": Listing(
        ExotelNumbers, {"EXOTEL_ACCOUNT_SID": "acme1", "EXOTEL_API_KEY": "key", "EXOTEL_API_TOKEN": TOKEN},
        "/v2_beta/Accounts/acme1/IncomingPhoneNumbers", basic("key"), exotel,
        HeldNumber(NUMBER, f"id-{NUMBER}", name="main"),
    ),
    "vonage": Listing(
        VonageNumbers, {"VONAGE_API_KEY": "a1b2c3d4", "VONAGE_API_SECRET": TOKEN},
        "/account/numbers", basic("a1b2c3d4"), vonage, HeldNumber(NUMBER, NUMBER.removeprefix("+")),
    ),
}  # fmt: skip
ALL = pytest.mark.parametrize("name", LISTINGS)


async def failure(work: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await work
    assert TOKEN not in str(caught.value)
    return caught.value


async def listed(market: ListedNumbers, access: Access) -> list[str]:
    return [one.phone_number async for page in market.held(access) for one in page]


@pytest.mark.parametrize("count", [0, 1, 100, 250, 501])
@pytest.mark.parametrize("name", ["telnyx", "vonage"])
async def test_all_pages_are_listed(name: str, count: int) -> None:
    numbers = [f"+1555020{at:04}" for at in range(count)]
    async with LISTINGS[name].opened(numbers) as market:
        assert await listed(market, Access(LISTINGS[name].keys)) == numbers


@pytest.mark.parametrize("name", ["telnyx", "vonage"])
async def test_a_list_that_is_not_whole_is_an_error(name: str) -> None:
    async with LISTINGS[name].opened([NUMBER], total=2) as market:
        with pytest.raises(ProviderError, match="not whole"):
            await listed(market, Access(LISTINGS[name].keys))


async def test_exotel_gives_no_second_page_and_says_so() -> None:
    access = Access(LISTINGS["exotel"].keys)
    numbers = [f"+918041234{at:03}" for at in range(50)]
    async with LISTINGS["exotel"].opened(numbers[:49]) as market:
        assert await listed(market, access) == numbers[:49]
    async with LISTINGS["exotel"].opened(numbers) as market:
        with pytest.raises(ProviderError, match="first of its numbers"):
            await listed(market, access)


@ALL
async def test_a_number_is_found_with_its_name(name: str) -> None:
    access = Access(LISTINGS[name].keys)
    async with LISTINGS[name].opened(["+15550199", NUMBER]) as market:
        assert await market.find(access, NUMBER) == LISTINGS[name].held
        assert await market.find(access, "+15550155") is None


@ALL
async def test_what_is_rented_at_the_vendor_is_not_rented_here_and_wrong_keys_are_refused(name: str) -> None:
    access = Access(LISTINGS[name].keys)
    async with LISTINGS[name].opened([]) as market:
        for work in (
            market.search(access, "US", ""),
            market.price_cents(access, "US", NUMBER),
            market.rent(access, NUMBER),
            market.give_back(access, "id"),
        ):
            error = await failure(work)
            assert (error.kind, "console" in error.message) == (FailureKind.BAD_REQUEST, True)
        for key in LISTINGS[name].keys:
            without = Access({other: value for other, value in access.keys.items() if other != key})
            error = await failure(market.find(without, NUMBER))
            assert (error.kind, key in error.message) == (FailureKind.REFUSED, True)
        other = Access({**access.keys, [*access.keys][-1]: "another"})
        assert (await failure(market.find(other, NUMBER))).kind is FailureKind.REFUSED
