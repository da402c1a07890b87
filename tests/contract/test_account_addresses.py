"""Where the keys of an account are sent: calls and numbers of a carrier ask at the same address, which is stored with the keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests import exotel_vendor, telnyx_vendor, vonage_vendor
from tests.number_vendors import AUTH_ID, SID, TOKEN
from tests.unit.telephony.test_telnyx import Answer

from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import ProviderError
from callwright.ports.registry import HttpClient
from callwright.telephony.exotel.numbers import ExotelNumbers
from callwright.telephony.exotel.vendor import ExotelCalls
from callwright.telephony.number_markets.plivo import PlivoMarket
from callwright.telephony.number_markets.twilio import TwilioMarket
from callwright.telephony.number_markets.vobiz import VobizNumbers
from callwright.telephony.plivo.vendor import PlivoCalls
from callwright.telephony.telnyx.numbers import TelnyxNumbers
from callwright.telephony.telnyx.vendor import TelnyxCalls
from callwright.telephony.twilio.vendor import TwilioCalls
from callwright.telephony.vobiz import VOBIZ
from callwright.telephony.vonage.numbers import VonageNumbers
from callwright.telephony.vonage.vendor import VonageCalls

NUMBER, ELSEWHERE = "+14155550101", "https://carrier.example/base"


@dataclass
class Api:
    """An API that answers everything with nothing, and keeps where it was asked."""

    urls: list[str] = field(default_factory=list)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        self.urls.append(url)
        return Answer(200, b"{}")


@dataclass(frozen=True)
class Carrier:
    """The two sides of a carrier, the keys of an account there, and where its numbers are unless the keys say otherwise."""

    calls: Callable[[HttpClient], Any]
    market: Callable[[HttpClient], Any]
    keys: Mapping[str, str]
    numbers_at: str


CARRIERS = {
    "TWILIO": Carrier(
        TwilioCalls, TwilioMarket, {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN}, "https://api.twilio.com/"
    ),
    "PLIVO": Carrier(
        PlivoCalls, PlivoMarket, {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN}, "https://api.plivo.com/"
    ),
    "VOBIZ": Carrier(
        lambda client: PlivoCalls(client, VOBIZ),
        VobizNumbers,
        {"VOBIZ_AUTH_ID": "MA_0123ABCD", "VOBIZ_AUTH_TOKEN": TOKEN},
        "https://api.vobiz.ai/api/",
    ),
    "TELNYX": Carrier(
        lambda client: TelnyxCalls(client, SystemClock()), TelnyxNumbers, telnyx_vendor.KEYS, "https://api.telnyx.com/"
    ),
    "EXOTEL": Carrier(ExotelCalls, ExotelNumbers, exotel_vendor.KEYS, "https://api.exotel.com/"),
    "VONAGE": Carrier(
        lambda client: VonageCalls(client, SystemClock(), RandomIds()),
        VonageNumbers,
        {**vonage_vendor.KEYS, "VONAGE_API_KEY": "a1b2c3d4", "VONAGE_API_SECRET": TOKEN},
        "https://rest.nexmo.com/",
    ),
}


async def numbers_asked_at(name: str, **more: str) -> str:
    """Where the market of a carrier looks for a number."""
    api = Api()
    with suppress(ProviderError):
        await CARRIERS[name].market(api).find(Access({**CARRIERS[name].keys, **more}), NUMBER)
    return api.urls[0]


@pytest.mark.parametrize("name", CARRIERS)
async def test_calls_and_numbers_of_an_account_are_at_the_address_that_is_stored_with_its_keys(name: str) -> None:
    stored = {f"{name}_API_URL": f"{ELSEWHERE}/"}
    account = CARRIERS[name].calls(Api()).account(Access({**CARRIERS[name].keys, **stored}))
    assert account.api == ELSEWHERE
    assert (await numbers_asked_at(name, **stored)).startswith(f"{ELSEWHERE}/")
    assert (await numbers_asked_at(name)).startswith(CARRIERS[name].numbers_at)


@pytest.mark.parametrize(
    ("stored", "asked_at"),
    [
        ("https://api.dublin.ie1.twilio.com", "https://pricing.dublin.ie1.twilio.com/v1/"),
        ("https://api.proxy.example", "https://api.proxy.example/v1/"),
        ("", "https://pricing.twilio.com/v1/"),
    ],
)
async def test_twilio_is_asked_for_prices_where_its_account_is(stored: str, asked_at: str) -> None:
    api = Api()
    with suppress(ProviderError):
        access = Access({**CARRIERS["TWILIO"].keys, "TWILIO_API_URL": stored})
        await TwilioMarket(api).price_cents(access, "US", NUMBER)
    assert api.urls[0].startswith(asked_at)


@pytest.mark.parametrize("domain", ["api.in.exotel.com", "@api.in.exotel.com", "https://api.in.exotel.com/"])
async def test_the_domain_of_an_account_at_exotel_is_its_region(domain: str) -> None:
    access = Access({**exotel_vendor.KEYS, "EXOTEL_DOMAIN": domain})
    assert ExotelCalls(Api()).account(access).api == "https://api.in.exotel.com"
    assert (await numbers_asked_at("EXOTEL", EXOTEL_DOMAIN=domain)).startswith("https://api.in.exotel.com/v2_beta/")
    stronger = {"EXOTEL_DOMAIN": domain, "EXOTEL_API_URL": ELSEWHERE}
    assert (await numbers_asked_at("EXOTEL", **stronger)).startswith(f"{ELSEWHERE}/")


@pytest.mark.parametrize("domain", ["mumbai", "api.exotel.com@evil.example", "evil.example/api.exotel.com", "a b.com"])
def test_a_domain_that_is_no_host_gets_no_keys(domain: str) -> None:
    access = Access({**exotel_vendor.KEYS, "EXOTEL_DOMAIN": domain})
    with pytest.raises(ProviderError, match=r"EXOTEL_DOMAIN is no host name, as api\.in\.exotel\.com"):
        ExotelCalls(Api()).account(access)


async def test_a_region_of_vonage_carries_calls_and_has_no_numbers() -> None:
    assert (await numbers_asked_at("VONAGE", VONAGE_API_URL="https://api-eu-3.vonage.com")).startswith(
        "https://rest.nexmo.com/"
    )
