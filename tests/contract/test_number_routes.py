"""Telling a carrier where to ask about calls to a number, through the real guarded client, against stand-ins of the vendors."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tests import exotel_vendor, telnyx_vendor, vonage_vendor
from tests.exotel_vendor import ExotelVendor
from tests.number_vendors import AUTH_ID, SID, TOKEN
from tests.plivo_vendor import PlivoVendor, plivo_vendor
from tests.telnyx_vendor import TelnyxVendor
from tests.twilio_vendor import TwilioVendor, twilio_vendor
from tests.vonage_vendor import VonageVendor

from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.telephony.exotel.vendor import ExotelCalls
from callwright.telephony.media_streams.vendor import Route, VendorCalls
from callwright.telephony.plivo.vendor import PlivoCalls
from callwright.telephony.telnyx.vendor import TelnyxCalls
from callwright.telephony.twilio.vendor import TwilioCalls
from callwright.telephony.vobiz import VOBIZ
from callwright.telephony.vonage.vendor import VonageCalls

NUMBER = "+14155550101"
HERE, ELSEWHERE = "https://calls.example.com/lines/x/incoming", "https://other.example.com/answer"
EVENTS = "https://calls.example.com/lines/x/events"
VOBIZ_ID = "MA_0123ABCD"


def twilio_access(vendor: TwilioVendor) -> Access:
    return Access({"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": vendor.url})


def plivo_access(vendor: PlivoVendor) -> Access:
    return Access({"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN, "PLIVO_API_URL": vendor.url})


def vobiz_vendor(**has: Any) -> AbstractAsyncContextManager[PlivoVendor]:
    credentials = {"x-auth-id": VOBIZ_ID, "x-auth-token": TOKEN}
    return plivo_vendor(PlivoVendor(account=VOBIZ_ID, credentials=credentials, **has))


def vobiz_access(vendor: PlivoVendor) -> Access:
    return Access({"VOBIZ_AUTH_ID": VOBIZ_ID, "VOBIZ_AUTH_TOKEN": TOKEN, "VOBIZ_API_URL": vendor.url})


def telnyx_access(vendor: TelnyxVendor) -> Access:
    return Access({**telnyx_vendor.KEYS, "TELNYX_API_URL": vendor.url})


def exotel_access(vendor: ExotelVendor) -> Access:
    return Access({**exotel_vendor.KEYS, "EXOTEL_API_URL": vendor.url})


def vonage_access(vendor: VonageVendor) -> Access:
    return Access({**vonage_vendor.KEYS, **vonage_vendor.ACCOUNT_KEYS, "VONAGE_API_URL": vendor.url})


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
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(before, changed=True)
        taken_off = {"voice_application_sid": "", "trunk_sid": ""}
        assert {**taken_off, **vendor.numbers[NUMBER]} == {"voice_url": HERE, **taken_off}
        assert vendor.numbers["+14155550199"] == {"voice_url": ELSEWHERE}
        asked = len(vendor.requests)
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(HERE)
        assert len(vendor.requests) == asked + 1, "what is so already was changed"


@pytest.mark.parametrize("application", ["", "7"])
async def test_plivo_gives_the_number_an_application_of_ours(application: str):
    others = {str(one): {"app_name": str(one), "answer_url": f"{ELSEWHERE}/{one}"} for one in range(25)}
    vendor = PlivoVendor(numbers={NUMBER[1:]: application}, applications=others)
    async with plivo_vendor(vendor), GuardedClient(allow_private=True) as client:
        calls = PlivoCalls(client)
        account = calls.account(plivo_access(vendor))
        before = f"{ELSEWHERE}/7" if application else ""
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(before, changed=True)
        made = vendor.applications[vendor.numbers[NUMBER[1:]]]
        assert made["answer_url"] == HERE
        assert made["answer_method"] == "POST"
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(HERE)
        # Another number gets the same one.
        vendor.numbers["14155550102"] = ""
        await calls.route_number(account, "+14155550102", HERE, EVENTS)
        assert vendor.numbers["14155550102"] == vendor.numbers[NUMBER[1:]]
        assert len(vendor.applications) == 26


async def test_vobiz_attaches_the_number_to_an_application_of_ours():
    async with vobiz_vendor(numbers={NUMBER[1:]: ""}) as vendor, GuardedClient(allow_private=True) as client:
        calls = PlivoCalls(client, VOBIZ)
        account = calls.account(vobiz_access(vendor))
        for _ in range(2):
            # Which one it had, the vendor does not say.
            assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(changed=True)
        (made,) = vendor.applications.values()
        assert {made[name] for name in ("answer_url", "hangup_url")} == {HERE}
        assert {made[name] for name in ("answer_method", "hangup_method")} == {"POST"}
        assert [*vendor.applications] == [*vendor.numbers.values()]


async def test_telnyx_reports_here_and_gives_the_number_to_its_application():
    vendor = TelnyxVendor(numbers={"+141555501019": "1", NUMBER: "7"})
    async with telnyx_vendor.telnyx_vendor(vendor), GuardedClient(allow_private=True) as client:
        calls = TelnyxCalls(client, SystemClock())
        account = calls.account(telnyx_access(vendor))
        routed = await calls.route_number(account, NUMBER, HERE, EVENTS)
        assert (routed.before, routed.changed) == ("7", True)
        assert "outbound voice profile" in routed.by_hand
        assert vendor.application == {
            "application_name": "calls", "webhook_event_url": HERE, "webhook_api_version": "2",
        }  # fmt: skip
        assert vendor.numbers == {"+141555501019": "1", NUMBER: telnyx_vendor.CONNECTION}
        vendor.application |= {"webhook_event_url": ELSEWHERE, "outbound": {"outbound_voice_profile_id": "5"}}
        vendor.numbers[NUMBER] = "8"
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(f"{ELSEWHERE}, 8", changed=True)
        changes = len(vendor.changes)
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(HERE)
        assert len(vendor.changes) == changes
        vendor.application = {}
        with pytest.raises(ProviderError, match="TELNYX_CONNECTION_ID is the id of no Voice API application"):
            await calls.route_number(account, NUMBER, HERE, EVENTS)


@pytest.mark.parametrize(
    ("number", "before"),
    [
        ({}, ELSEWHERE),
        ({"app_id": "bbbb"}, f"{ELSEWHERE}, bbbb"),
        (
            {"voiceCallbackType": "tel", "voiceCallbackValue": "15550199", "moHttpUrl": ELSEWHERE},
            f"{ELSEWHERE}, 15550199",
        ),
        ({"app_id": vonage_vendor.APPLICATION}, ELSEWHERE),
    ],
)
async def test_vonage_asks_here_and_keeps_what_else_is_set(number: dict[str, str], before: str):
    voice = {
        "webhooks": {"answer_url": {"address": ELSEWHERE, "http_method": "GET", "socket_timeout": 5000}},
        "region": "eu-west",
    }
    others = {"verify": {"version": "v2", "webhooks": {}}, "rtc": {"webhooks": {}}}
    application = {
        "name": "calls", "keys": {"public_key": "PEM"}, "privacy": {"improve_ai": False},
        "capabilities": {**others, "voice": voice},
    }  # fmt: skip
    vendor = VonageVendor(numbers={"141555501019": {}, NUMBER[1:]: dict(number)}, application=dict(application))
    async with vonage_vendor.vonage_vendor(vendor), GuardedClient(allow_private=True) as client:
        calls = VonageCalls(client, SystemClock(), RandomIds())
        account = calls.account(vonage_access(vendor))
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(before, changed=True)
        linked = vendor.numbers[NUMBER[1:]]
        assert (linked.get("app_id"), linked.get("moHttpUrl")) == (vonage_vendor.APPLICATION, number.get("moHttpUrl"))
        assert "voiceCallbackType" not in linked
        answer, events = (
            vendor.application["capabilities"]["voice"]["webhooks"][n] for n in ("answer_url", "event_url")
        )
        assert answer == {"address": HERE, "http_method": "POST", "socket_timeout": 5000}
        assert events == {"address": EVENTS, "http_method": "POST"}
        assert vendor.application["capabilities"]["voice"] | {"webhooks": {}} == {
            "region": "eu-west", "signed_callbacks": True, "webhooks": {},
        }  # fmt: skip
        assert {**vendor.application, "capabilities": {}} == {**application, "capabilities": {}}
        assert vendor.application["capabilities"]["verify"] == {"webhooks": {}}
        changes = len(vendor.changes)
        assert await calls.route_number(account, NUMBER, HERE, EVENTS) == Route(HERE)
        assert len(vendor.changes) == changes


async def test_a_forwarding_that_vonage_keeps_is_told():
    vendor = VonageVendor(numbers={NUMBER[1:]: {"voiceCallbackType": "sip", "voiceCallbackValue": "sip:a@b.example"}})
    vendor.keeps_forwarding = True
    async with vonage_vendor.vonage_vendor(vendor), GuardedClient(allow_private=True) as client:
        calls = VonageCalls(client, SystemClock(), RandomIds())
        routed = await calls.route_number(calls.account(vonage_access(vendor)), NUMBER, HERE, EVENTS)
        assert f"remove the forwarding of {NUMBER} to sip:a@b.example" in routed.by_hand


async def test_exotel_says_what_is_to_be_entered_where():
    vendor = ExotelVendor(numbers=[NUMBER])
    async with exotel_vendor.exotel_vendor(vendor), GuardedClient(allow_private=True) as client:
        calls = ExotelCalls(client)
        access = exotel_access(vendor)
        routed = await calls.route_number(calls.account(access), NUMBER, HERE, EVENTS)
        assert (routed.before, routed.changed) == ("", False)
        assert f"{HERE}?token=" in routed.by_hand
        assert NUMBER in routed.by_hand
        assert exotel_vendor.WEBHOOK_TOKEN not in routed.by_hand
        # A number of India as it is dialled there.
        vendor.numbers = ["08041234567"]
        assert (await calls.route_number(calls.account(access), "+918041234567", HERE, EVENTS)).by_hand
        for token in ("", "short"):
            without = calls.account(Access({**access.keys, "EXOTEL_WEBHOOK_TOKEN": token}))
            with pytest.raises(ProviderError, match="store them as EXOTEL_WEBHOOK_TOKEN"):
                await calls.route_number(without, NUMBER, HERE, EVENTS)


async def test_a_number_that_the_account_lacks_is_named():
    twilio, plivo, telnyx = TwilioVendor(numbers={}), PlivoVendor(numbers={}), TelnyxVendor()
    exotel, vonage = ExotelVendor(), VonageVendor(numbers={})
    async with (
        twilio_vendor(twilio),
        plivo_vendor(plivo),
        vobiz_vendor() as vobiz,
        telnyx_vendor.telnyx_vendor(telnyx),
        exotel_vendor.exotel_vendor(exotel),
        vonage_vendor.vonage_vendor(vonage),
        GuardedClient(allow_private=True) as client,
    ):
        accounts: list[tuple[VendorCalls, Access]] = [
            (TwilioCalls(client), twilio_access(twilio)),
            (PlivoCalls(client), plivo_access(plivo)),
            (PlivoCalls(client, VOBIZ), vobiz_access(vobiz)),
            (TelnyxCalls(client, SystemClock()), telnyx_access(telnyx)),
            (ExotelCalls(client), exotel_access(exotel)),
            (VonageCalls(client, SystemClock(), RandomIds()), vonage_access(vonage)),
        ]
        for calls, access in accounts:
            with pytest.raises(ProviderError, match=r"does not have the number \+14155550101") as caught:
                await calls.route_number(calls.account(access), NUMBER, HERE, EVENTS)
            assert caught.value.kind is FailureKind.BAD_REQUEST
