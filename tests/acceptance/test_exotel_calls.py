"""Calls over Exotel on a real server: the vendor is a stand-in on loopback that asks, reports and streams as its pages say."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from tests.acceptance.test_doors import BOOKED
from tests.exotel_vendor import KEYS, WEBHOOK_TOKEN, ExotelVendor, Phone, exotel_vendor
from tests.stream_place import OURS, THEIRS, Place, refused, set_up, stream_place
from tests.waiting import until

from callwright.telephony.exotel import PLUGINS


@pytest.fixture
async def vendor() -> AsyncIterator[ExotelVendor]:
    async with exotel_vendor(ExotelVendor()) as served:
        yield served


@pytest.fixture
async def place(dsn: str, tmp_path: Path, vendor: ExotelVendor) -> AsyncIterator[Place]:
    keys = {**KEYS, "EXOTEL_PHONE_NUMBER": OURS, "EXOTEL_API_URL": vendor.url}
    async with stream_place(dsn, tmp_path, PLUGINS, keys) as made:
        vendor.far_end = made.far_end
        yield made


def incoming(place: Place, **query: str) -> str:
    return f"{place.url}/lines/exotel/incoming" + (f"?{urlencode(query)}" if query else "")


async def called(place: Place, vendor: ExotelVendor) -> Phone:
    await place.call()
    await until(lambda: bool(vendor.phones), 10)
    return vendor.phones[0]


@pytest.mark.real_time
async def test_a_call_is_placed_heard_and_hung_up(place: Place, vendor: ExotelVendor) -> None:
    phone = await called(place, vendor)
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    line = row["callwright"]["line"]
    assert (line["codec"], line["late_frames"] <= line["frames_out"]) == ("l16", True)
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("exotel", "outbound", phone.sid)
    assert (row["status"], told["hangup_by"]) == ("completed", "API Request")
    assert (phone.order["From"], phone.order["CallerId"]) == (THEIRS, OURS)
    assert (row["agent_number"], row["user_number"]) == (OURS, THEIRS)
    # The stream is closed, which ends the call, and can be opened once.
    await until(phone.over.is_set, 10)
    assert "mark" in phone.talks[0].kinds
    assert await refused(phone.order["StreamUrl"]) == 403


@pytest.mark.real_time
@pytest.mark.parametrize("basic", [pytest.param(False, marks=pytest.mark.long), True])
async def test_a_call_to_a_number_reaches_its_agent(place: Place, vendor: ExotelVendor, basic: bool) -> None:
    credentials = base64.b64encode(f"any:{WEBHOOK_TOKEN}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}"} if basic else None
    as_set_up = await set_up(place.platform, place.client, place.agent_id)
    url = incoming(place) if basic else f"{as_set_up}&token={WEBHOOK_TOKEN}"
    phone = await vendor.call(url, OURS, headers=headers)
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("exotel", "inbound", phone.sid)
    assert (row["user_number"], told["to_number"]) == ("+15550123", OURS)
    # Asked again, word for word: nobody gets a second stream.
    query = {"CallSid": phone.sid, "CallFrom": "+15550123", "CallTo": OURS, "token": WEBHOOK_TOKEN}
    async with httpx.AsyncClient() as client:
        assert (await client.get(incoming(place, **query))).status_code == 403
        assert (await client.get(as_set_up, params=query)).status_code == 403


@pytest.mark.real_time
@pytest.mark.long
async def test_a_far_end_that_hangs_up_ends_the_call(place: Place, vendor: ExotelVendor) -> None:
    vendor.hangs_up = True
    await called(place, vendor)
    row = await place.row()
    assert (row["status"], row["telephony_data"]["hangup_by"]) == ("completed", "Callee")


@pytest.mark.parametrize(
    ("outcome", "status", "by"),
    [("busy", "busy", "Carrier"), ("no-answer", "no-answer", "Carrier"), ("failed", "failed", "Error")],
)
async def test_a_call_that_is_not_taken_ends_so(
    place: Place, vendor: ExotelVendor, outcome: str, status: str, by: str
) -> None:
    vendor.outcomes[THEIRS] = outcome
    await called(place, vendor)
    row = await place.row()
    assert (row["status"], row["telephony_data"]["hangup_by"]) == (status, by)


async def test_a_number_that_the_vendor_does_not_take_fails_with_its_words(place: Place) -> None:
    await place.call("+15550000")
    row = await place.row()
    assert row["status"] == "failed"
    assert "not a valid number" in row["telephony_data"]["hangup_reason"]


async def test_requests_without_a_good_token_are_refused(place: Place, vendor: ExotelVendor) -> None:
    vendor.outcomes[THEIRS] = "rings"
    phone = await called(place, vendor)
    await until(lambda: bool(phone.answers), 10)
    assert phone.answers[0].status_code == 204
    status = phone.order["StatusCallback"]
    busy = {"CallSid": phone.sid, "EventType": "terminal", "Status": "busy"}
    query = {"CallSid": "1", "CallFrom": THEIRS, "CallTo": OURS}
    async with httpx.AsyncClient() as client:
        for wrong in (status[:-1], status.replace(".1&", ".2&"), status.partition("&")[0]):
            assert (await client.post(wrong, json=busy)).status_code == 403
        for token in ("", "another", status.rpartition("token=")[2]):
            assert (await client.get(incoming(place, **query, token=token))).status_code == 403
        assert (await client.get(incoming(place, **query))).status_code == 403
    assert (await place.row("ringing"))["status"] == "ringing"
    for _ in range(2):
        await vendor.tell(phone, status, EventType="terminal", Status="busy")
    assert (await place.row())["status"] == "busy"
    phone.over.set()


async def test_a_call_that_was_given_up_while_it_rang_gets_no_stream(place: Place, vendor: ExotelVendor) -> None:
    vendor.outcomes[THEIRS] = "rings"
    phone = await called(place, vendor)
    await until(lambda: bool(phone.answers), 10)
    carrier = place.platform.foundation.plugins("carrier", "exotel")
    await next(iter(carrier.legs)).hang_up("the test is over")
    assert (await place.row())["status"] == "canceled"
    await vendor.talk(phone, phone.order["StreamUrl"], THEIRS, OURS)
    assert phone.refused == 403
