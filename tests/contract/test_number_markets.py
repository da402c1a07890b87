"""The markets of numbers, through the real guarded client, against stand-ins of their vendors on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.http_server import Exchange, serving
from tests.number_vendors import AUTH_ID, SID, TOKEN, Vendor, plivo, say, twilio

from callwright.bootstrap.plugins import PluginInstances
from callwright.domain.limits import MAX_WEB_ANSWER_BYTES
from callwright.net.client import GuardedClient
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.market import HeldNumber, NumberMarket
from callwright.ports.registry import PluginContext, Registry
from callwright.telephony.number_markets import PLUGINS
from callwright.telephony.number_markets.plivo import PlivoMarket
from callwright.telephony.number_markets.twilio import TwilioMarket
from callwright.telephony.number_markets.vobiz import VobizNumbers

US, US_OTHER, TOLL_FREE = "+14155550101", "+12125550102", "+18885550103"
INDIAN = "+918041234567"
KEYS_OF_TWILIO = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
KEYS_OF_PLIVO = ("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN")
KEYS = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN}
ACCESS = Access(KEYS)


@asynccontextmanager
async def at_twilio(vendor: Vendor) -> AsyncIterator[NumberMarket]:
    async with twilio(vendor), GuardedClient(allow_private=True) as client:
        yield TwilioMarket(client, vendor.url)


@asynccontextmanager
async def at_plivo(vendor: Vendor) -> AsyncIterator[NumberMarket]:
    async with plivo(vendor), GuardedClient(allow_private=True) as client:
        yield PlivoMarket(client, vendor.url)


Opened = Callable[[Vendor], AbstractAsyncContextManager[NumberMarket]]
BOTH = pytest.mark.parametrize("opened", [at_twilio, at_plivo], ids=["twilio", "plivo"])


async def all_held(market: NumberMarket) -> list[HeldNumber]:
    return [one async for page in market.held(ACCESS) for one in page]


async def failure(work: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await work
    assert TOKEN not in str(caught.value)
    assert SID not in str(caught.value)
    assert AUTH_ID not in str(caught.value)
    return caught.value


async def test_twilio_offers_local_numbers_with_the_price_of_their_kind() -> None:
    vendor = Vendor(stock=[US, US_OTHER, TOLL_FREE])
    async with at_twilio(vendor) as market:
        (found,) = await market.search(ACCESS, "US", "415")
        assert (found.phone_number, found.provider, found.price_cents) == (US, "twilio", 115)
        assert (found.friendly_name, found.region, found.locality) == ("(415)", "CA", "Oakland")
        assert [one.phone_number for one in await market.search(ACCESS, "US", "2")] == [US_OTHER]
        assert len(await market.search(ACCESS, "US", "")) == 3
        assert await market.price_cents(ACCESS, "US", TOLL_FREE) == 215
    searches = [target for target in vendor.asked("GET") if "Available" in target]
    path = f"/2010-04-01/Accounts/{SID}/AvailablePhoneNumbers/US/Local.json"
    assert searches == [
        f"{path}?VoiceEnabled=true&PageSize=30&AreaCode=415",
        f"{path}?VoiceEnabled=true&PageSize=30&Contains=%2B12",
        f"{path}?VoiceEnabled=true&PageSize=30",
    ]


async def test_plivo_offers_numbers_with_their_own_price() -> None:
    vendor = Vendor(stock=[INDIAN, "+912241234567"])
    async with at_plivo(vendor) as market:
        (found,) = await market.search(ACCESS, "IN", "80")
        assert (found.phone_number, found.provider, found.price_cents) == (INDIAN, "plivo", 81)
        assert (found.friendly_name, found.region, found.locality) == (INDIAN, "Karnataka", "BENGALURU")
        assert await market.price_cents(ACCESS, "IN", INDIAN) == 81
        assert "does not offer" in (await failure(market.price_cents(ACCESS, "IN", "+918000000000"))).message


async def test_twilio_lists_all_pages_and_leaves_out_what_takes_no_calls() -> None:
    numbers = [f"+1415555{at:04}" for at in range(1, 12)]
    async with at_twilio(Vendor(held={number: f"PN{at:032x}" for at, number in enumerate(numbers)})) as market:
        assert [one.phone_number for one in await all_held(market)] == [n for n in numbers if not n.endswith("0")]


async def test_a_number_of_twilio_that_takes_no_calls_is_rented_and_found_all_the_same() -> None:
    silent = "+14155550100"
    async with at_twilio(Vendor(stock=[silent])) as market:
        sid = await market.rent(ACCESS, silent)
        assert await market.find(ACCESS, silent) == HeldNumber(silent, sid, name=silent)
        assert await all_held(market) == []


async def test_plivo_lists_all_pages_with_prices() -> None:
    numbers = {f"+91804123{at:04}": "" for at in range(45)}
    async with at_plivo(Vendor(held=numbers)) as market:
        found = await all_held(market)
    assert [one.phone_number for one in found] == list(numbers)
    assert {one.price_cents for one in found} == {80}


async def test_a_list_of_plivo_that_changes_while_it_is_read_is_not_whole() -> None:
    numbers = [f"+91804123{at:04}" for at in range(45)]
    async with at_plivo(Vendor(held=dict.fromkeys(numbers, ""), goes=[numbers[0]])) as market:
        assert "changed while it was read" in (await failure(all_held(market))).message


async def test_a_number_that_waits_for_papers_is_not_rented() -> None:
    async with at_plivo(Vendor(stock=[INDIAN], fail={"status": "pending"})) as market:
        error = await failure(market.rent(ACCESS, INDIAN))
    assert (error.kind, "waits for papers" in error.message) == (FailureKind.BAD_REQUEST, True)


@BOTH
@pytest.mark.parametrize(
    ("fails", "kind"),
    [
        (400, FailureKind.BAD_REQUEST),
        (401, FailureKind.REFUSED),
        (403, FailureKind.REFUSED),
        (302, FailureKind.UNAVAILABLE),
        (429, FailureKind.LIMIT),
        (500, FailureKind.UNAVAILABLE),
        (503, FailureKind.UNAVAILABLE),
        ("lose", FailureKind.UNAVAILABLE),
    ],
)
async def test_what_goes_wrong_has_a_kind_and_no_secret(opened: Opened, fails: Any, kind: FailureKind) -> None:
    async with opened(Vendor(stock=[US], fail={"POST": fails})) as market:
        error = await failure(market.rent(ACCESS, US))
    assert error.kind is kind
    if kind is FailureKind.REFUSED:
        assert all(name in error.message for name in market.keys)


@BOTH
async def test_wrong_and_missing_keys_are_named(opened: Opened) -> None:
    vendor = Vendor()
    async with opened(vendor) as market:
        name, token = market.keys
        wrong = await failure(market.search(Access({**KEYS, token: "other"}), "US", ""))
        assert (wrong.kind, name in wrong.message) == (FailureKind.REFUSED, True)
        before = len(vendor.asked("GET"))
        assert token in (await failure(market.search(Access({name: KEYS[name]}), "US", ""))).message
        for bad in ("x", "AC/../../x", KEYS[name] + "/"):
            error = await failure(market.search(Access({**KEYS, name: bad}), "US", ""))
            assert (error.kind, name in error.message) == (FailureKind.REFUSED, True)
        assert len(vendor.asked("GET")) == before


@BOTH
async def test_an_id_of_something_else_is_not_put_in_a_path(opened: Opened) -> None:
    vendor = Vendor()
    async with opened(vendor) as market:
        assert (await failure(market.give_back(ACCESS, "../x"))).kind is FailureKind.BAD_REQUEST
    assert vendor.asked("DELETE") == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"price_unit": "USD", "phone_number_prices": [{"number_type": "local", "current_price": "NaN"}], "objects": [1]}',
        b'{"x": "' + b"x" * MAX_WEB_ANSWER_BYTES + b'"}',
    ],
    ids=["html", "array", "nothing", "no price", "too large"],
)
async def test_nonsense_is_a_failure(body: bytes) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(200, body)

    async with serving(handler) as server, GuardedClient(allow_private=True) as client:
        for market in (TwilioMarket(client, server.url), PlivoMarket(client, server.url)):
            error = await failure(market.price_cents(ACCESS, "US", US))
            assert error.kind in (FailureKind.UNAVAILABLE, FailureKind.BAD_REQUEST)
            assert (await failure(market.rent(ACCESS, US))).kind is FailureKind.UNAVAILABLE


async def test_a_next_page_somewhere_else_is_not_followed() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(200, b'{"incoming_phone_numbers": [], "next_page_uri": "//evil.example/x"}')

    async with serving(handler) as server, GuardedClient(allow_private=True) as client:
        error = await failure(all_held(TwilioMarket(client, server.url)))
    assert "somewhere else" in error.message


async def test_the_guard_holds_for_the_vendors_as_well() -> None:
    vendor = Vendor()
    async with twilio(vendor), GuardedClient(allow_private=False) as client:
        error = await failure(TwilioMarket(client, vendor.url).search(ACCESS, "US", ""))
    assert "private or reserved" in error.message
    assert vendor.asked("GET") == []


async def test_they_are_plugins_that_name_their_keys(tmp_path: Path) -> None:
    plugins = PluginInstances(Registry(PLUGINS))
    async with GuardedClient(allow_private=False) as client:
        plugins.use(PluginContext({}, tmp_path, http=client))
        for name, keys in (("twilio", KEYS_OF_TWILIO), ("plivo", KEYS_OF_PLIVO)):
            market = plugins("market", name)
            assert keys == tuple(market.keys)
            assert plugins.key_names_of("market", name) == (*keys, *market.address_keys)


VOBIZ_ID = "MA_0123ABCD"
AT_VOBIZ = Access({"VOBIZ_AUTH_ID": VOBIZ_ID, "VOBIZ_AUTH_TOKEN": TOKEN})


@asynccontextmanager
async def at_vobiz(numbers: list[str], total: int | None = None) -> AsyncIterator[VobizNumbers]:
    """A stand-in of Vobiz whose account has these numbers; it counts ``total``."""

    async def handler(exchange: Exchange) -> None:
        parts = urlsplit(exchange.request.target)
        asked = {name: int(value) for name, value in parse_qsl(parts.query) if value.isdigit()}
        who = (exchange.request.headers.get("x-auth-id"), exchange.request.headers.get("x-auth-token"))
        if (parts.path, who) != (f"/v1/account/{VOBIZ_ID}/numbers", (VOBIZ_ID, TOKEN)):
            await say(exchange, 401, {"error": "unauthorized"})
            return
        at = (asked["page"] - 1) * asked["per_page"]
        shown = [{"e164": one, "region": "Karnataka"} for one in numbers[at : at + asked["per_page"]]]
        await say(exchange, 200, {"items": shown, **asked, "total": len(numbers) if total is None else total})

    async with serving(handler) as server, GuardedClient(allow_private=True) as client:
        yield VobizNumbers(client, server.url)


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
async def test_vobiz_lists_all_pages(count: int) -> None:
    numbers = [f"+91804123{at:04}" for at in range(count)]
    async with at_vobiz(numbers) as market:
        found = [one async for page in market.held(AT_VOBIZ) for one in page]
        assert [one.phone_number for one in found] == numbers
        if numbers:
            assert await market.find(AT_VOBIZ, numbers[-1]) == HeldNumber(numbers[-1], numbers[-1], name="Karnataka")
        assert await market.find(AT_VOBIZ, US) is None


async def test_a_list_of_vobiz_that_is_not_whole_is_an_error() -> None:
    async with at_vobiz([INDIAN], total=2) as market:
        with pytest.raises(ProviderError, match="not whole"):
            assert [page async for page in market.held(AT_VOBIZ)]


async def test_vobiz_says_where_its_numbers_are_rented_and_refuses_wrong_keys() -> None:
    async with at_vobiz([]) as market:
        for work in (
            market.search(AT_VOBIZ, "IN", ""),
            market.price_cents(AT_VOBIZ, "IN", INDIAN),
            market.rent(AT_VOBIZ, INDIAN),
            market.give_back(AT_VOBIZ, INDIAN),
        ):
            error = await failure(work)
            assert (error.kind, "console" in error.message) == (FailureKind.BAD_REQUEST, True)
        other = Access({**AT_VOBIZ.keys, "VOBIZ_AUTH_TOKEN": "another"})
        assert (await failure(market.find(other, INDIAN))).kind is FailureKind.REFUSED
