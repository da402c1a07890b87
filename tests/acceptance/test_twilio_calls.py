"""Calls over Twilio on a real server: the vendor is a stand-in on loopback that signs, asks and streams as its pages say."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from streamdouble.protocol import StreamIdentity
from streamdouble.session import Session, SessionConfig
from tests.acceptance.test_doors import BOOKED, PATIENT
from tests.call_world import agent_body
from tests.number_vendors import SID, TOKEN
from tests.stream_place import set_up
from tests.twilio_vendor import Phone, TwilioVendor, stream_of, twilio_vendor
from tests.waiting import until
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from callwright.api.doors import LimitedSocket
from callwright.bootstrap.platform import Platform, open_platform
from callwright.call.live.session import CallSession
from callwright.call.process.attempt import Attempt
from callwright.cli import main
from callwright.cli.serving import bind, http_server, url_of
from callwright.conversation.core import Conversation
from callwright.domain.errors import BadInputError
from callwright.lab.caller_scenario import scenario_of
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, operator
from callwright.platform.carriers.actions import connect_number
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.keys.actions.keys import create_key
from callwright.platform.phone_numbers.rules import CARRIER, PhoneNumber
from callwright.ports.leg import SILENCE_FRAME, TransferFailedError
from callwright.ports.registry import Registry
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.loopback.mouth import Mouth, SpokenLines
from callwright.telephony.twilio import PLUGINS as TWILIO

OURS, THEIRS = "+15550111", "+15550199"


@dataclass
class Place:
    """A server with an account at the vendor."""

    platform: Platform
    url: str
    client: httpx.AsyncClient
    vendor: TwilioVendor
    agent_id: str = field(default="")

    @property
    def incoming(self) -> str:
        return f"{self.url}/lines/twilio/incoming"

    async def call(self, to: str = THEIRS) -> Phone:
        before = len(self.vendor.phones)
        placed = await self.client.post("/call", json={"agent_id": self.agent_id, "recipient_phone_number": to})
        assert placed.status_code == 200, placed.text
        await until(lambda: len(self.vendor.phones) > before, 10)
        return self.vendor.phones[-1]

    async def row(self) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                rows = (await self.client.get(f"/v2/agent/{self.agent_id}/executions")).json()["data"]
                if rows and rows[0]["status"] in ("completed", "error", "busy", "no-answer", "failed", "canceled"):
                    return dict(rows[0])
                await asyncio.sleep(0.1)


@asynccontextmanager
async def life(dsn: str, folder: Path, port: int = 0) -> AsyncIterator[tuple[Platform, str]]:
    """A server from its start to its end, and its address."""
    listener = bind("127.0.0.1", port)
    url = url_of(listener)
    settings = Settings(
        data=folder, database_url=dsn, sip_listen="", vad="energy", turn="none", allow_private_urls=True,
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
    )  # fmt: skip
    registry = Registry([*SCRIPTED, *LOOPBACK, *TWILIO])
    async with open_platform(settings, url, registry) as platform, http_server(platform.app, listener):
        yield platform, url


@asynccontextmanager
async def moved_in(platform: Platform, url: str, vendor: TwilioVendor) -> AsyncIterator[Place]:
    """The account, an agent and its number are on the server."""
    key = (await create_key(platform.services, DEFAULT_TENANT_ID, "calls")).secret
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        keys = {
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_PHONE_NUMBER": OURS,
            "TWILIO_API_URL": vendor.url,
        }
        for name, value in keys.items():
            stored = await client.post("/providers", json={"provider_name": name, "provider_value": value})
            assert stored.status_code in (200, 201), stored.text
        place = Place(platform, url, client, vendor)
        place.agent_id = await agent(client)
        await has_number(place)
        yield place


@pytest.fixture
async def place(dsn: str, tmp_path: Path) -> AsyncIterator[Place]:
    vendor = TwilioVendor()
    async with life(dsn, tmp_path) as (platform, url), twilio_vendor(vendor):
        plugins = platform.foundation.plugins

        async def far_end() -> FarEnd:
            caller = scenario_of({"default": "caller", "personas": {"caller": PATIENT}}).persona("", "caller")
            made = FarEnd(caller, Mouth(SpokenLines(), plugins("voice", "scripted"), VoiceSettings()), lambda *_: None)
            made.attach(await plugins("transcriber", "scripted").open(TranscriberSettings(), made))
            return made

        vendor.far_end = far_end
        async with moved_in(platform, url, vendor) as place:
            yield place


async def agent(client: httpx.AsyncClient, **changes: Any) -> str:
    body = agent_body(**changes)
    prompts = body.pop("agent_prompts")
    body["tasks"][0]["tools_config"]["input"] = {"provider": "twilio", "format": "wav"}
    body.pop("webhook_url")
    made = await client.post("/v2/agent", json={"agent_config": body, "agent_prompts": prompts})
    assert made.status_code == 201, made.text
    return str(made.json()["agent_id"])


async def has_number(place: Place) -> None:
    """The number is one of the organisation's at the vendor, and the agent answers it."""
    foundation = place.platform.foundation
    now = foundation.clock.now()
    row = PhoneNumber(
        foundation.ids.uuid(), DEFAULT_TENANT_ID, OURS, CARRIER, "twilio", now, now,
        agent_tenant_id=DEFAULT_TENANT_ID, agent_id=place.agent_id,
    )  # fmt: skip
    async with foundation.ledger.unit() as unit:
        await unit.numbers.add(row)


async def refused(address: str) -> int:
    """How a websocket is refused."""
    with pytest.raises(InvalidStatus) as error:
        async with connect(address):
            pass
    return error.value.response.status_code


@pytest.mark.real_time
async def test_a_call_is_placed_heard_and_hung_up(place: Place) -> None:
    phone = await place.call()
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    line = row["callwright"]["line"]
    assert (line["codec"], line["late_frames"] <= line["frames_out"]) == ("pcmu", True)
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("twilio", "outbound", phone.sid)
    assert (row["status"], told["hangup_by"]) == ("completed", "API Request")
    assert (phone.asked("To"), phone.asked("From")) == (THEIRS, OURS)
    assert (row["agent_number"], told["from_number"], told["to_number"]) == (OURS, OURS, THEIRS)
    assert [value for name, value in phone.order if name == "StatusCallbackEvent"] == [
        "initiated", "ringing", "answered", "completed",
    ]  # fmt: skip
    await until(lambda: (f"Calls/{phone.sid}.json", [("Status", "completed")]) in place.vendor.requests, 10)
    # Its stream can be opened once, and the instruction is given once.
    stream = next(address for address in map(stream_of, phone.answers) if address)
    assert await refused(stream) == 403


@pytest.mark.real_time
@pytest.mark.parametrize("as_set_up", [pytest.param(False, marks=pytest.mark.long), True])
async def test_a_call_to_a_number_reaches_its_agent(place: Place, as_set_up: bool) -> None:
    incoming = await set_up(place.platform, place.client, place.agent_id) if as_set_up else place.incoming
    phone = await place.vendor.call(incoming, OURS, SipHeader_X_Order="7")
    row = await place.row()
    assert row["transcript"].splitlines() == BOOKED
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == ("twilio", "inbound", phone.sid)
    assert (row["user_number"], told["to_number"]) == ("+15550123", OURS)
    # Offered again, word for word: nobody gets a second stream.
    again = await place.vendor.tell(phone, incoming, CallStatus="ringing", To=OURS, From="+15550123")
    assert again.status_code == 403


@pytest.mark.real_time
@pytest.mark.long
async def test_calls_that_ended_are_free_without_the_garbage_collector(place: Place) -> None:
    def kept() -> int:
        # A leg is known for two minutes yet: not what it told of its end.
        return sum(isinstance(one, Attempt | CallSession | Conversation | LimitedSocket) for one in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        await place.vendor.call(place.incoming, OURS)
        await place.call()
        assert kept()
        await until(lambda: not kept(), 60)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("outcome", "status", "by"),
    [("busy", "busy", "Carrier"), ("no-answer", "no-answer", "Carrier"), ("failed", "failed", "Error")],
)
async def test_a_call_that_is_not_taken_ends_so(place: Place, outcome: str, status: str, by: str) -> None:
    place.vendor.outcomes[THEIRS] = outcome
    await place.call()
    row = await place.row()
    assert (row["status"], row["telephony_data"]["hangup_by"]) == (status, by)


async def test_a_list_without_numbers_is_called_from_the_one_stored_with_the_keys(place: Place) -> None:
    place.vendor.outcomes[THEIRS] = "busy"
    contacts = {"file": ("list.csv", f"contact_number\n{THEIRS}\n", "text/csv")}
    made = await place.client.post("/batches", data={"agent_id": place.agent_id}, files=contacts)
    batch = f"/batches/{made.json()['batch_id']}"
    assert (await place.client.get(batch)).json()["from_phone_numbers"] == [OURS]
    await place.client.post(f"{batch}/schedule", data={"scheduled_at": datetime.now(UTC).isoformat()})
    row = await place.row()
    assert (row["status"], row["agent_number"], place.vendor.phones[-1].asked("From")) == ("busy", OURS, OURS)


async def test_a_number_that_the_vendor_does_not_take_fails_with_its_words(place: Place) -> None:
    await place.client.post("/call", json={"agent_id": place.agent_id, "recipient_phone_number": "+15550000"})
    row = await place.row()
    assert row["status"] == "failed"
    assert "not valid" in row["telephony_data"]["hangup_reason"]


async def test_callbacks_without_a_good_signature_are_refused(place: Place) -> None:
    place.vendor.outcomes[THEIRS] = "rings"
    phone = await place.call()
    status, busy = phone.asked("StatusCallback"), {"CallStatus": "busy", "To": THEIRS}
    await until(lambda: bool(phone.answers), 10)
    assert phone.answers[0].status_code == 204
    for url in (status, phone.asked("Url"), place.incoming, await set_up(place.platform, place.client, place.agent_id)):
        assert (await place.vendor.tell(phone, url, token="another", To=OURS, CallStatus="busy")).status_code == 403
        async with httpx.AsyncClient() as client:
            assert (await client.post(url, data={"CallSid": phone.sid, "To": OURS})).status_code == 403
    # Signed well, for a call that is not there.
    assert (await place.vendor.tell(phone, status.removesuffix(".1") + ".2", **busy)).status_code == 403

    async def rings() -> bool:
        (row,) = (await place.client.get(f"/v2/agent/{place.agent_id}/executions")).json()["data"]
        return bool(row["status"] == "ringing")

    await until(rings, 10)
    await place.vendor.tell(phone, status, **busy)
    await place.vendor.tell(phone, status, **busy)
    assert (await place.row())["status"] == "busy"
    phone.over.set()


@pytest.mark.real_time
async def test_a_stream_of_foreign_software_finds_no_fault(place: Place) -> None:
    """streamdouble plays the vendor's side of the stream and checks every message of ours against the vendor's documentation."""
    results = []

    async def talk(phone: Phone, address: str) -> None:
        config = SessionConfig(custom_parameters={"a": "b"}, quiet_period_s=3.0)
        identity = StreamIdentity(call_sid=phone.sid)
        session = Session(address, [SILENCE_FRAME] * 250, config=config, identity=identity)
        results.append(await session.run())

    place.vendor.talk = talk
    await place.call()
    row = await place.row()
    (result,) = results
    assert (result.violations, result.unknown_events, result.warnings) == ([], [], [])
    assert result.media_frames_received > 0
    assert result.marks_received
    assert set(result.marks_echoed) <= set(result.marks_received)
    assert row["transcript"].startswith("assistant: Hello, this is reception.")


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("dial_status", "back"), [pytest.param("completed", False, marks=pytest.mark.long), ("busy", True)]
)
async def test_a_call_is_transferred_or_comes_back(place: Place, dial_status: str, back: bool) -> None:
    place.vendor.dial_status = dial_status
    carrier = place.platform.foundation.plugins("carrier", "twilio")
    phone = await place.call()
    await until(lambda: phone.socket is not None and len(phone.heard) > 5, 20)
    known = next(iter(carrier.legs))
    if back:
        with pytest.raises(TransferFailedError) as failed:
            await known.transfer("+15550155")
        assert failed.value.outcome == "busy"
        row = await place.row()
        assert (row["status"], row["telephony_data"]["hangup_by"]) == ("completed", "API Request")
    else:
        await known.transfer("+15550155")
        row = await place.row()
        assert (row["status"], row["telephony_data"]["hangup_reason"]) == ("completed", "Call completed")
    assert "<Number" in phone.redirected
    assert ">+15550155</Number>" in phone.redirected


async def test_a_carrier_is_connected_by_one_command(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    key = place.client.headers["Authorization"].removeprefix("Bearer ")
    where = ["--url", place.url, "--key", key]
    place.vendor.numbers[OURS] = {"voice_url": "https://other.example.com/voice"}
    test_call = ["--call", "+15550000", "--agent", place.agent_id]
    assert await asyncio.to_thread(main, ["connect", "twilio", *where, *test_call]) == 1
    told = capsys.readouterr().out
    assert place.vendor.numbers[OURS]["voice_url"] == place.incoming
    assert f"ok    twilio asks about calls to {OURS} at {place.incoming}" in told
    assert "until now it went by https://other.example.com/voice" in told
    assert "ok    this server answers at that address" in told
    assert f"ok    the agent {place.agent_id} answers {OURS}" in told
    assert "wrong the call ended as" in told
    assert "The 'To' number is not valid" in told
    # A number that the account has not, and one of nobody here.
    assert await asyncio.to_thread(main, ["connect", "twilio", *where, "--number", "+15550142"]) == 1
    assert "the account does not have the number +15550142" in capsys.readouterr().err
    place.vendor.numbers["+15550142"] = {}
    assert await asyncio.to_thread(main, ["connect", "twilio", *where, "--number", "+15550142"]) == 1
    assert "wrong no agent answers +15550142" in capsys.readouterr().out
    gone = await place.client.delete("/providers/TWILIO_AUTH_TOKEN")
    assert gone.status_code == 200, gone.text
    assert await asyncio.to_thread(main, ["connect", "twilio", *where]) == 1
    assert "twilio was not asked: the provider key TWILIO_AUTH_TOKEN is not stored" in capsys.readouterr().err
    assert (await place.client.delete("/providers/TWILIO_ACCOUNT_SID")).status_code == 200
    assert await asyncio.to_thread(main, ["connect", "twilio", *where]) == 1
    assert "the provider keys TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN are not stored" in capsys.readouterr().err
    assert await asyncio.to_thread(main, ["connect", "nobody", *where]) == 1
    assert "no carrier 'nobody'" in capsys.readouterr().err


async def test_a_number_is_not_sent_to_an_address_that_nobody_reaches(place: Place) -> None:
    services = replace(place.platform.services, allow_private_urls=False)
    principal = operator(DEFAULT_TENANT_ID)
    place.vendor.numbers[OURS] = {"voice_url": "https://other.example.com/voice"}
    with pytest.raises(BadInputError, match="set CALLWRIGHT_PUBLIC_URL"):
        await connect_number(services, principal, "twilio", OURS)
    assert place.vendor.numbers[OURS] == {"voice_url": "https://other.example.com/voice"}


@pytest.mark.real_time
@pytest.mark.long
async def test_a_machine_that_the_carrier_heard_is_hung_up_on_if_the_agent_asks_for_it(place: Place) -> None:
    """The person of the test never says a word of a machine: only the vendor says that it is one."""
    phone = await place.call()
    assert not any("Machine" in name or "Amd" in name for name, _ in phone.order)
    await place.row()
    place.agent_id = await agent(place.client, voicemail=True)
    phone = await place.call()
    await until(lambda: phone.socket is not None and len(phone.heard) > 2, 20)
    assert (phone.asked("MachineDetection"), phone.asked("AsyncAmd")) == ("Enable", "true")
    for _ in range(2):
        told = await place.vendor.tell(phone, phone.asked("AsyncAmdStatusCallback"), AnsweredBy="machine_start")
        assert told.status_code in (204, 403)
    row = await place.row()
    ended = (row["status"], row["telephony_data"]["hangup_reason"], row["answered_by_voice_mail"])
    assert ended == ("completed", "voicemail_detected", True)


async def test_a_request_that_is_sent_again_to_the_next_life_of_the_server_starts_no_call(
    dsn: str, tmp_path: Path
) -> None:
    """A signature of the vendor does not age: whoever has seen a request can send it again, as it was."""
    phone = Phone(f"CA{7:032x}", [("To", OURS)])
    asked = {"CallStatus": "ringing", "To": OURS, "From": "+15550123"}
    async with twilio_vendor(TwilioVendor()) as vendor:
        async with life(dsn, tmp_path) as (platform, url), moved_in(platform, url, vendor) as place:
            first, incoming = await vendor.tell(phone, place.incoming, **asked), place.incoming
            assert stream_of(first)
        async with life(dsn, tmp_path, urlsplit(incoming).port or 0) as (platform, url):
            again = await vendor.tell(phone, incoming, **asked)
            assert (again.status_code, stream_of(again)) == (200, "")
            assert '<Reject reason="rejected"/>' in again.text
            another = replace(phone, sid=f"CA{8:032x}")
            assert stream_of(await vendor.tell(another, incoming, **asked))
            async with platform.foundation.ledger.unit() as unit:
                page = await unit.executions.page(DEFAULT_TENANT_ID, place.agent_id, ExecutionFilter(), 1, 10)
            assert sorted(str(one.provider_call_id) for one in page.rows) == [phone.sid, another.sid]
