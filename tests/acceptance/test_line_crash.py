"""kill -9 of a server with calls over media websockets in every state, or the vendor breaks off: every call ends with a reason, and at the
vendor too. Kills are numbered: ``pytest -k kill-3`` repeats one."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from proof.server_process import ServerProcess
from tests import plivo_vendor, telnyx_vendor, twilio_vendor
from tests.acceptance.test_transfers import transferring
from tests.call_world import agent_body
from tests.number_vendors import AUTH_ID, SID, TOKEN
from tests.stream_talk import Talk
from tests.waiting import until
from websockets.asyncio.client import ClientConnection, connect

from callwright.media.g711 import mulaw_of
from callwright.media.tonetext import spoken
from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME

OURS, ORDERED, RINGING, STREAMING, CUT, TRANSFERRED = (f"+1555010{number}" for number in range(6))
TARGET = "+15550155"
STATES = (ORDERED, RINGING, STREAMING, CUT, TRANSFERRED)
CALLERS = {"default": "x", "personas": {"x": {}}}


def frames() -> list[bytes]:
    """A caller who hears the agent out and then speaks of an invoice."""
    said = mulaw_of(spoken("About an invoice please."))
    whole = [said[at : at + LEG_FRAME_BYTES] for at in range(0, len(said) - LEG_FRAME_BYTES + 1, LEG_FRAME_BYTES)]
    return [SILENCE_FRAME] * 200 + whole


async def speak(socket: ClientConnection, event: dict[str, Any]) -> None:
    """The caller's sound, then silence without an end."""
    loop, said = asyncio.get_running_loop(), frames()
    next_s = loop.time()
    while True:
        payload = base64.b64encode(said.pop(0) if said else SILENCE_FRAME).decode()
        await socket.send(json.dumps({**event, "media": {"payload": payload}}))
        next_s += 0.02
        await asyncio.sleep(max(0.0, next_s - loop.time()))


class Twilio(twilio_vendor.TwilioVendor):
    """Says nothing of an order, and lets the target of a transfer ring."""

    async def placed(self, phone: twilio_vendor.Phone) -> None:
        if phone.asked("To") != ORDERED:
            await super().placed(phone)

    async def _redirected(self, phone: twilio_vendor.Phone) -> None:
        assert phone.socket is not None
        await phone.socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": phone.sid}}))

    async def _speak(self, socket: ClientConnection, far_end: Any) -> None:
        await speak(socket, {"event": "media", "streamSid": "MZ1"})


class Plivo(plivo_vendor.PlivoVendor):
    """Says nothing of an order, and lets the target of a transfer ring."""

    async def placed(self, phone: plivo_vendor.Phone) -> None:
        if phone.order["to"] != ORDERED.removeprefix("+"):
            await super().placed(phone)

    async def _redirected(self, phone: plivo_vendor.Phone) -> None:
        assert phone.socket is not None
        await phone.socket.close()
        await self.tell(phone, phone.redirected, CallStatus="in-progress", Event="Transfer")

    async def _speak(self, socket: ClientConnection) -> None:
        await speak(socket, {"event": "media", "streamId": "s1"})


class Telnyx(telnyx_vendor.TelnyxVendor):
    """Says nothing of an order, and lets the target of a transfer ring. A call goes on without its stream."""

    async def placed(self, phone: telnyx_vendor.Phone) -> None:
        if phone.number != ORDERED:
            await super().placed(phone)

    async def _transferred(self, phone: telnyx_vendor.Phone, asked: dict[str, Any]) -> None:
        """Nobody answers."""

    async def talk(self, phone: telnyx_vendor.Phone, address: str) -> None:
        async with connect(address) as socket:
            phone.socket = socket
            await socket.send(json.dumps({"event": "connected", "version": "1.0.0"}))
            told = {"call_control_id": phone.id, "custom_parameters": {}}
            await socket.send(json.dumps({"event": "start", "stream_id": "S-1", "start": told}))
            phone.talks.append(Talking(telnyx_vendor.TelnyxWire(), socket))
            await phone.talks[-1].run()


class Talking(Talk):
    """A talk of somebody who hears the agent out and then speaks."""

    async def _speak(self) -> None:
        await speak(self.socket, {"event": "media", "stream_id": "S-1"})


@dataclass(frozen=True)
class Vendor:
    """A stand-in. ``keys``: the provider keys; ``hears``: whether a call has heard the agent; ``transfers``: whether a target rings;
    ``reports``: it reports that a call is over."""

    name: str
    serve: Callable[[], AbstractAsyncContextManager[Any]]
    keys: dict[str, str]
    api: str
    to: Callable[[Any], str]
    hears: Callable[[Any], bool]
    transfers: Callable[[Any, Any], bool]
    reports: Callable[[Any, Any], Awaitable[Any]]


VENDORS = (
    Vendor(
        "twilio",
        lambda: twilio_vendor.twilio_vendor(Twilio(outcomes={RINGING: "rings"})),
        {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_PHONE_NUMBER": OURS},
        "TWILIO_API_URL",
        lambda phone: str(phone.asked("To")),
        lambda phone: bool(phone.heard),
        lambda served, phone: bool(phone.redirected),
        lambda served, phone: served.tell(phone, phone.asked("StatusCallback"), CallStatus="completed"),
    ),
    Vendor(
        "plivo",
        lambda: plivo_vendor.plivo_vendor(Plivo(outcomes={RINGING.removeprefix("+"): "rings"})),
        {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN, "PLIVO_PHONE_NUMBER": OURS},
        "PLIVO_API_URL",
        lambda phone: f"+{phone.order['to']}",
        lambda phone: bool(phone.heard),
        lambda served, phone: bool(phone.redirected),
        lambda served, phone: served.tell(phone, phone.order["hangup_url"], CallStatus="completed"),
    ),
    Vendor(
        "telnyx",
        lambda: telnyx_vendor.telnyx_vendor(Telnyx(outcomes={RINGING: "rings"}, stream_ends=True)),
        {**telnyx_vendor.KEYS, "TELNYX_PHONE_NUMBER": OURS},
        "TELNYX_API_URL",
        lambda phone: str(phone.number),
        lambda phone: bool(phone.talks and phone.talks[-1].frames),
        lambda served, phone: "transfer" in served.done(phone),
        lambda served, phone: served.tell(phone, "call.hangup", hangup_cause="normal_clearing"),
    ),
)


@dataclass(frozen=True)
class Kill:
    """``of``: the server, or the vendor's side of all streams; ``after_s``: how long after the calls are in their states."""

    number: int
    vendor: Vendor
    of: str
    after_s: float

    def __str__(self) -> str:
        return f"kill-{self.number}-{self.vendor.name}-{self.of}"


def kill(number: int) -> Kill:
    """Vendors take turns, and of every three rounds the server dies in two."""
    of = "vendor" if number // len(VENDORS) % 3 == 1 else "server"
    return Kill(number, VENDORS[number % len(VENDORS)], of, random.Random(number).uniform(0, 3))


KILLS = [
    pytest.param(kill(number), marks=[pytest.mark.long] if number else [], id=str(kill(number))) for number in range(10)
]


@asynccontextmanager
async def customer(server: ServerProcess, key: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


async def agent(client: httpx.AsyncClient, carrier: str, body: dict[str, Any]) -> str:
    prompts = body.pop("agent_prompts")
    body["tasks"][0]["tools_config"]["input"] = {"provider": carrier, "format": "wav"}
    body.pop("webhook_url")
    made = await client.post("/v2/agent", json={"agent_config": body, "agent_prompts": prompts})
    assert made.status_code == 201, made.text
    return str(made.json()["agent_id"])


@dataclass
class Calls:
    """A call in each state."""

    vendor: Vendor
    served: Any
    client: httpx.AsyncClient
    ids: dict[str, str]

    async def row(self, number: str) -> dict[str, Any]:
        return dict((await self.client.get(f"/executions/{self.ids[number]}")).raise_for_status().json())

    def phone(self, number: str) -> Any:
        return next((one for one in self.served.phones if self.vendor.to(one) == number), None)

    async def end_with_a_reason(self, *numbers: str) -> set[str]:
        """Wait until they are over, here and at the vendor; the reasons."""
        for number in numbers:
            await until(lambda number=number: self.is_over(number), 90)  # type: ignore[misc]
            await until(self.phone(number).over.is_set, 60)
        return {str((await self.row(number))["telephony_data"]["hangup_reason"]) for number in numbers}

    async def is_over(self, number: str) -> bool:
        return (await self.row(number))["status"] in ("completed", "error", "failed", "canceled")

    async def in_their_states(self) -> None:
        await until(lambda: all(map(self.phone, STATES)), 60)
        await until(lambda: all(self.vendor.hears(self.phone(number)) for number in (CUT, STREAMING)), 60)
        await until(lambda: self.vendor.transfers(self.served, self.phone(TRANSFERRED)), 90)
        found = {number: (await self.row(number))["status"] for number in STATES}
        assert found.pop(RINGING) == "ringing"
        assert found.pop(ORDERED) in ("initiated", "queued", "scheduled", "ringing")
        assert set(found.values()) == {"in-progress"}


@asynccontextmanager
async def calls(vendor: Vendor, server: ServerProcess) -> AsyncIterator[Calls]:
    key = await server.key()
    await server.start()
    try:
        assert await server.ready()
        async with vendor.serve() as served, customer(server, key) as client:
            for name, value in {**vendor.keys, vendor.api: served.url}.items():
                stored = await client.post("/providers", json={"provider_name": name, "provider_value": value})
                assert stored.status_code in (200, 201), stored.text
            plain = await agent(client, vendor.name, agent_body(check_if_user_online=False, hangup_after_silence=0))
            hands_over = await agent(client, vendor.name, transferring(TARGET, hangup_after_silence=0))
            ids: dict[str, str] = {}
            for number in STATES:
                asked = {"agent_id": hands_over if number == TRANSFERRED else plain, "recipient_phone_number": number}
                placed = await client.post("/call", json=asked)
                ids[number] = str(placed.raise_for_status().json()["execution_id"])
            yield Calls(vendor, served, client, ids)
    finally:
        await server.stop()


@pytest.mark.real_time
@pytest.mark.parametrize("kill", KILLS)
async def test_a_call_in_any_state_ends_with_a_reason_and_at_the_vendor_too(
    kill: Kill, dsn: str, tmp_path: Path
) -> None:
    server = ServerProcess(tmp_path, dsn, CALLERS)
    async with calls(kill.vendor, server) as there:
        await there.in_their_states()
        await asyncio.sleep(kill.after_s)
        # The vendor's side of one stream breaks off, and nothing is reported; or that of all.
        for number in (CUT, STREAMING) if kill.of == "vendor" else (CUT,):
            there.phone(number).socket.transport.abort()
        if kill.of == "vendor":
            assert all(await there.end_with_a_reason(CUT, STREAMING))
            return
        await server.kill()
        await server.start()
        assert await server.ready()
        assert "node_lost" in await there.end_with_a_reason(*STATES)
        left = [number for number in STATES if number != CUT]
        assert await there.end_with_a_reason(*left) == {"node_lost"}
        # What the vendor reports to the new process of a call that it does not have is refused, and is no error.
        for number in (ORDERED, RINGING):
            await kill.vendor.reports(there.served, there.phone(number))
        assert "Traceback" not in server.tail()
        assert not any(secret in server.log.read_text() for secret in kill.vendor.keys.values() if secret != OURS)
