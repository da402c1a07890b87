"""Calls over Vonage on a real server: the vendor is a stand-in on loopback that signs, asks and streams as its pages say."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.acceptance.test_doors import BOOKED
from tests.stream_place import OURS, THEIRS, Place, refused, stream_place
from tests.vonage_vendor import KEYS, Phone, VonageVendor, signed, vonage_vendor
from tests.waiting import until

from callwright.ports.leg import TransferFailedError
from callwright.telephony.vonage import PLUGINS


@pytest.fixture
async def vendor() -> AsyncIterator[VonageVendor]:
    async with vonage_vendor(VonageVendor()) as served:
        yield served


@pytest.fixture
async def place(dsn: str, tmp_path: Path, vendor: VonageVendor) -> AsyncIterator[Place]:
    keys = {**KEYS, "VONAGE_PHONE_NUMBER": OURS, "VONAGE_API_URL": vendor.url}
    async with stream_place(dsn, tmp_path, PLUGINS, keys) as made:
        vendor.far_end, vendor.events = made.far_end, f"{made.url}/lines/vonage/events"
        yield made


async def called(place: Place, vendor: VonageVendor) -> Phone:
    await place.call()
    await until(lambda: bool(vendor.phones), 10)
    return vendor.phones[0]


@pytest.mark.real_time
async def test_a_call_is_placed_heard_and_hung_up(place: Place, vendor: VonageVendor) -> None:
    phone = await called(place, vendor)
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    line = row["callwright"]["line"]
    assert (line["codec"], line["late_frames"] <= line["frames_out"]) == ("l16", True)
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("vonage", "outbound", phone.uuid)
    assert (row["status"], told["hangup_by"]) == ("completed", "API Request")
    assert (f"+{phone.number}", f"+{phone.sender}") == (THEIRS, OURS)
    assert (row["agent_number"], row["user_number"]) == (OURS, THEIRS)
    await until(lambda: phone.actions == ["hangup"], 10)
    assert "mark" in phone.talks[0].kinds
    # Its stream can be opened once.
    assert await refused(phone.streams[0]) == 403


@pytest.mark.real_time
async def test_a_call_to_a_number_reaches_its_agent(place: Place, vendor: VonageVendor) -> None:
    incoming = f"{place.url}/lines/vonage/incoming"
    phone = await vendor.call(incoming, OURS.removeprefix("+"))
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("vonage", "inbound", phone.uuid)
    assert (row["user_number"], told["to_number"]) == ("+15550123", OURS)
    # Asked again, word for word: nobody gets a second stream.
    assert (await vendor.tell(phone, incoming)).status_code == 403


@pytest.mark.parametrize(
    ("outcome", "status", "by"),
    [("busy", "busy", "Carrier"), ("timeout", "no-answer", "Carrier"), ("failed", "failed", "Error")],
)
async def test_a_call_that_is_not_taken_ends_so(
    place: Place, vendor: VonageVendor, outcome: str, status: str, by: str
) -> None:
    vendor.outcomes[THEIRS.removeprefix("+")] = outcome
    await called(place, vendor)
    row = await place.row()
    assert (row["status"], row["telephony_data"]["hangup_by"]) == (status, by)


async def test_a_number_that_the_vendor_does_not_take_fails_with_its_words(place: Place) -> None:
    await place.call("+15550000")
    row = await place.row()
    assert row["status"] == "failed"
    assert "not valid" in row["telephony_data"]["hangup_reason"]


async def test_webhooks_without_a_good_signature_are_refused(place: Place, vendor: VonageVendor) -> None:
    vendor.outcomes[THEIRS.removeprefix("+")] = "rings"
    phone = await called(place, vendor)
    await until(lambda: len(phone.answers) > 1, 10)
    assert [answer.status_code for answer in phone.answers] == [204, 204]
    status, instructions = phone.order["event_url"][0], phone.order["answer_url"][0]
    body = json.dumps({"uuid": phone.uuid, "conversation_uuid": "CON-1", "status": "busy", "to": "15550100"}).encode()
    incoming = f"{place.url}/lines/vonage/incoming"
    async with httpx.AsyncClient() as client:
        for url in (status, instructions, incoming):
            for headers in (
                {}, signed(body, secret="another"), signed(body + b" "), signed(body, time.time() - 301),
            ):  # fmt: skip
                assert (await client.post(url, content=body, headers=headers)).status_code == 403
        # Signed well, for another call, or to an address without its token.
        for url in (status.replace(".1&", ".2&"), status.partition("&")[0]):
            assert (await client.post(url, content=body, headers=signed(body))).status_code == 403
        assert (await place.row("ringing"))["status"] == "ringing"
        for _ in range(2):
            assert (await client.post(status, content=body, headers=signed(body))).status_code == 204
    assert (await place.row())["status"] == "busy"
    phone.over.set()


@pytest.mark.real_time
@pytest.mark.long
@pytest.mark.parametrize("outcome", ["completed", "busy"])
async def test_a_call_is_transferred_or_comes_back(place: Place, vendor: VonageVendor, outcome: str) -> None:
    vendor.outcomes["15550155"] = outcome
    carrier = place.platform.foundation.plugins("carrier", "vonage")
    phone = await called(place, vendor)
    await until(lambda: bool(phone.talks) and phone.talks[0].frames > 5, 20)
    known = next(iter(carrier.legs))
    if outcome == "busy":
        with pytest.raises(TransferFailedError) as failed:
            await known.transfer("+15550155")
        assert failed.value.outcome == "busy"
        row = await place.row()
        assert (row["status"], row["telephony_data"]["hangup_by"]) == ("completed", "API Request")
        assert (phone.actions, len(phone.streams)) == (["transfer", "hangup"], 2)
    else:
        await known.transfer("+15550155")
        row = await place.row()
        assert (row["status"], row["telephony_data"]["hangup_reason"]) == ("completed", "Call completed")
        assert phone.actions == ["transfer"]
