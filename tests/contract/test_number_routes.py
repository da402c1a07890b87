"""Telling a carrier where to ask about calls to a number, through the real guarded client, against stand-ins of the vendors."""

from __future__ import annotations

import pytest
from tests.number_vendors import AUTH_ID, SID, TOKEN
from tests.plivo_vendor import PlivoVendor, plivo_vendor
from tests.twilio_vendor import TwilioVendor, twilio_vendor

from callwright.domain.provider_access import Access
from callwright.net.client import GuardedClient
from callwright.ports.failures import FailureKind, ProviderError
from callwright.telephony.plivo.vendor import PlivoCalls
from callwright.telephony.twilio.vendor import TwilioCalls

NUMBER = "+14155550101"
HERE, ELSEWHERE = "https://calls.example.com/lines/x/incoming", "https://other.example.com/answer"


def twilio_access(vendor: TwilioVendor) -> Access:
    return Access({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": vendor.url})


def plivo_access(vendor: PlivoVendor) -> Access:
    return Access({"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN, "PLIVO_API_URL": vendor.url})


@pytest.mark.parametrize(
    ("route", "before"),
    [
        ({}, ""),
        ({"voice_url": ELSEWHERE}, ELSEWHERE),
        ({"voice_url": HERE, "voice_application_sid": "AP1"}, "AP1"),
        ({"voice_url": HERE, "trunk_sid": "TK1", "voice_application_sid": "AP1"}, "TK1"),
    ],
)
async def test_twilio_asks_here_whatever_it_asked_before(route: dict[str, str], before: str):
    vendor = TwilioVendor(numbers={"+14155550199": {"voice_url": ELSEWHERE}, NUMBER: dict(route)})
    async with twilio_vendor(vendor), GuardedClient(allow_private=True) as client:
        calls = TwilioCalls(client)
        account = calls.account(twilio_access(vendor))
        assert await calls.route_number(account, NUMBER, HERE) == before
        taken_off = {"voice_application_sid": "", "trunk_sid": ""}
        assert {**taken_off, **vendor.numbers[NUMBER]} == {"voice_url": HERE, **taken_off}
        assert vendor.numbers["+14155550199"] == {"voice_url": ELSEWHERE}
        asked = len(vendor.requests)
        assert await calls.route_number(account, NUMBER, HERE) == HERE
        assert len(vendor.requests) == asked + 1, "what is so already was changed"


@pytest.mark.parametrize("application", ["", "7"])
async def test_plivo_gives_the_number_an_application_of_ours(application: str):
    others = {str(one): {"app_name": str(one), "answer_url": f"{ELSEWHERE}/{one}"} for one in range(25)}
    vendor = PlivoVendor(numbers={NUMBER[1:]: application}, applications=others)
    async with plivo_vendor(vendor), GuardedClient(allow_private=True) as client:
        calls = PlivoCalls(client)
        account = calls.account(plivo_access(vendor))
        assert await calls.route_number(account, NUMBER, HERE) == (f"{ELSEWHERE}/7" if application else "")
        made = vendor.applications[vendor.numbers[NUMBER[1:]]]
        assert made["answer_url"] == HERE
        assert made["answer_method"] == "POST"
        assert await calls.route_number(account, NUMBER, HERE) == HERE
        # Another number gets the same one.
        vendor.numbers["14155550102"] = ""
        await calls.route_number(account, "+14155550102", HERE)
        assert vendor.numbers["14155550102"] == vendor.numbers[NUMBER[1:]]
        assert len(vendor.applications) == 26


async def test_a_number_that_the_account_lacks_is_named():
    twilio, plivo = TwilioVendor(numbers={}), PlivoVendor(numbers={})
    async with twilio_vendor(twilio), plivo_vendor(plivo), GuardedClient(allow_private=True) as client:
        for calls, access in ((TwilioCalls(client), twilio_access(twilio)), (PlivoCalls(client), plivo_access(plivo))):
            with pytest.raises(ProviderError, match=r"does not have the number \+14155550101") as caught:
                await calls.route_number(calls.account(access), NUMBER, HERE)
            assert caught.value.kind is FailureKind.BAD_REQUEST
