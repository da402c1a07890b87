"""Calls over Telnyx on a real server: the vendor is a stand-in on loopback that takes commands, signs and streams as its pages say."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.acceptance.test_doors import BOOKED
from tests.stream_place import OURS, THEIRS, Place, refused, set_up, stream_place
from tests.telnyx_vendor import KEYS, Phone, TelnyxVendor, signed, telnyx_vendor
from tests.waiting import until

from callwright.ports.leg import TransferFailedError
from callwright.telephony.telnyx import PLUGINS


@pytest.fixture
async def vendor() -> AsyncIterator[TelnyxVendor]:
    async with telnyx_vendor(TelnyxVendor()) as served:
        yield served


@pytest.fixture
async def place(dsn: str, tmp_path: Path, vendor: TelnyxVendor) -> AsyncIterator[Place]:
    keys = {**KEYS, "TELNYX_PHONE_NUMBER": OURS, "TELNYX_API_URL": vendor.url}
    async with stream_place(dsn, tmp_path, PLUGINS, keys) as made:
        vendor.far_end, vendor.incoming = made.far_end, f"{made.url}/lines/telnyx/events"
        yield made


async def called(place: Place, vendor: TelnyxVendor) -> Phone:
    await place.call()
    await until(lambda: bool(vendor.phones), 10)
    return vendor.phones[0]


@pytest.mark.real_time
async def test_a_call_is_placed_heard_and_hung_up(place: Place, vendor: TelnyxVendor) -> None:
    phone = await called(place, vendor)
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    line = row["callwright"]["line"]
    assert (line["codec"], line["late_frames"] <= line["frames_out"]) == ("pcmu", True)
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("telnyx", "outbound", phone.id)
    assert (row["status"], told["hangup_by"]) == ("completed", "API Request")
    assert (phone.number, phone.sender) == (THEIRS, OURS)
    assert (row["agent_number"], row["user_number"]) == (OURS, THEIRS)
    await until(lambda: vendor.done(phone) == ["hangup"], 10)
    assert "mark" in phone.talks[0].kinds
    # Its stream can be opened once.
    assert await refused(phone.streams[0]) == 403


@pytest.mark.real_time
async def test_a_call_to_a_number_reaches_its_agent(place: Place, vendor: TelnyxVendor) -> None:
    vendor.incoming = await set_up(place.platform, place.client, place.agent_id)
    phone = await vendor.call(OURS, custom_headers=[{"name": "X-Order", "value": "7"}])
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("telnyx", "inbound", phone.id)
    assert (row["user_number"], told["to_number"]) == ("+15550123", OURS)
    assert vendor.done(phone)[0] == "answer"
    # Offered again, word for word: nothing follows.
    phone.state, phone.events = "", vendor.incoming
    assert (await vendor.tell(phone, "call.initiated", direction="incoming")).status_code == 200
    assert len(await place.rows()) == 1
    assert vendor.done(phone).count("answer") == 1


@pytest.mark.parametrize(
    ("outcome", "status", "by"),
    [("user_busy", "busy", "Carrier"), ("timeout", "no-answer", "Carrier"), ("unspecified", "failed", "Error")],
)
async def test_a_call_that_is_not_taken_ends_so(
    place: Place, vendor: TelnyxVendor, outcome: str, status: str, by: str
) -> None:
    vendor.outcomes[THEIRS] = outcome
    await called(place, vendor)
    row = await place.row()
    assert (row["status"], row["telephony_data"]["hangup_by"]) == (status, by)


async def test_a_number_that_the_vendor_does_not_take_fails_with_its_words(place: Place) -> None:
    await place.call("+15550000")
    row = await place.row()
    assert row["status"] == "failed"
    assert "not valid" in row["telephony_data"]["hangup_reason"]


async def test_webhooks_without_a_good_signature_are_refused(place: Place, vendor: TelnyxVendor) -> None:
    vendor.outcomes[THEIRS] = "rings"
    phone = await called(place, vendor)
    await until(lambda: bool(phone.answers), 10)
    assert phone.answers[0].status_code == 200
    forged = Ed25519PrivateKey.from_private_bytes(b"8" * 32)
    payload = {"call_control_id": phone.id, "client_state": phone.state, "to": OURS, "hangup_cause": "user_busy"}
    body = json.dumps({"data": {"event_type": "call.hangup", "payload": payload}}).encode()
    other = body.replace(b"user_busy", b"no_answer")
    async with httpx.AsyncClient() as client:
        for headers in (signed(body, secret=forged), signed(other), signed(body, time.time() - 301), {}):
            assert (await client.post(vendor.incoming, content=body, headers=headers)).status_code == 403
        # Signed well, for a call that is not there.
        stranger = body.replace(phone.state.encode(), b"bm9uZQ==").replace(OURS.encode(), THEIRS.encode())
        assert (await client.post(vendor.incoming, content=stranger, headers=signed(stranger))).status_code == 403
        # Signed well, for another call of the account.
        foreign = body.replace(phone.id.encode(), b"v3:other")
        assert (await client.post(vendor.incoming, content=foreign, headers=signed(foreign))).status_code == 200
        assert (await place.row("ringing"))["status"] == "ringing"
        for _ in range(2):
            assert (await client.post(vendor.incoming, content=body, headers=signed(body))).status_code == 200
    assert (await place.row())["status"] == "busy"
    phone.over.set()


@pytest.mark.real_time
@pytest.mark.long
@pytest.mark.parametrize(("outcome", "stream_ends"), [("", False), ("user_busy", False), ("user_busy", True)])
async def test_a_call_is_transferred_or_comes_back(
    place: Place, vendor: TelnyxVendor, outcome: str, stream_ends: bool
) -> None:
    vendor.outcomes["+15550155"], vendor.stream_ends = outcome, stream_ends
    carrier = place.platform.foundation.plugins("carrier", "telnyx")
    phone = await called(place, vendor)
    await until(lambda: bool(phone.talks) and phone.talks[0].frames > 5, 20)
    known = next(iter(carrier.legs))
    if outcome:
        with pytest.raises(TransferFailedError) as failed:
            await known.transfer("+15550155")
        assert failed.value.outcome == "busy"
        row = await place.row()
        assert (row["status"], row["telephony_data"]["hangup_by"]) == ("completed", "API Request")
        assert vendor.done(phone) == ["transfer", *["streaming_start"] * stream_ends, "hangup"]
    else:
        await known.transfer("+15550155")
        row = await place.row()
        assert (row["status"], row["telephony_data"]["hangup_reason"]) == ("completed", "Call completed")
        assert vendor.done(phone) == ["transfer"]
