"""kill -9 of a server with calls over media websockets in every state, or the vendor breaks off: every call ends with a reason."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from proof.server_process import ServerProcess
from tests import plivo_vendor, twilio_vendor
from tests.acceptance.test_transfers import transferring
from tests.call_world import agent_body
from tests.number_vendors import AUTH_ID, SID, TOKEN
from tests.waiting import until
from websockets.asyncio.client import ClientConnection

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


@dataclass(frozen=True)
class Vendor:
    """A stand-in. ``keys``: the provider keys; ``status``: where a call that was ordered is reported."""

    name: str
    serve: Callable[[], AbstractAsyncContextManager[Any]]
    keys: dict[str, str]
    api: str
    to: Callable[[Any], str]
    status: Callable[[Any], str]
    word: str


VENDORS = (
    Vendor(
        "twilio",
        lambda: twilio_vendor.twilio_vendor(Twilio(outcomes={RINGING: "rings"})),
        {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_PHONE_NUMBER": OURS},
        "TWILIO_API_URL",
        lambda phone: str(phone.asked("To")),
        lambda phone: str(phone.asked("StatusCallback")),
        "completed",
    ),
    Vendor(
        "plivo",
        lambda: plivo_vendor.plivo_vendor(Plivo(outcomes={RINGING.removeprefix("+"): "rings"})),
        {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN, "PLIVO_PHONE_NUMBER": OURS},
        "PLIVO_API_URL",
        lambda phone: f"+{phone.order['to']}",
        lambda phone: str(phone.order["hangup_url"]),
        "completed",
    ),
)


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


@pytest.mark.long
@pytest.mark.real_time
@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
async def test_a_call_in_any_state_ends_with_a_reason_when_its_server_is_killed(
    vendor: Vendor, dsn: str, tmp_path: Path
) -> None:
    server = ServerProcess(tmp_path, dsn, CALLERS)
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

            async def row(number: str) -> dict[str, Any]:
                return dict((await client.get(f"/executions/{ids[number]}")).raise_for_status().json())

            def phone(number: str) -> Any:
                return next((one for one in served.phones if vendor.to(one) == number), None)

            async def is_over(number: str) -> bool:
                return (await row(number))["status"] in ("completed", "error", "failed", "canceled")

            await until(lambda: all(map(phone, STATES)), 60)
            await until(lambda: bool(phone(CUT).heard and phone(STREAMING).heard), 60)
            # The vendor's side of one breaks off, and nothing is reported.
            phone(CUT).socket.transport.abort()
            await until(lambda: is_over(CUT), 60)
            ended = (await row(CUT))["telephony_data"]
            assert ended["hangup_reason"], ended
            await until(lambda: bool(phone(TRANSFERRED).redirected), 90)
            left = {number: (await row(number))["status"] for number in STATES if number != CUT}
            assert left.pop(RINGING) == "ringing"
            assert left.pop(ORDERED) in ("initiated", "queued", "scheduled", "ringing")
            assert set(left.values()) == {"in-progress"}
            await server.kill()
            await server.start()
            assert await server.ready()
            for number in STATES:
                await until(lambda number=number: is_over(number), 90)  # type: ignore[misc]
            reasons = {
                number: (await row(number))["telephony_data"]["hangup_reason"] for number in STATES if number != CUT
            }
            assert set(reasons.values()) == {"node_lost"}
            # What the vendor reports to the new process of a call that it does not have is refused, and is no error.
            for number in (ORDERED, RINGING):
                await served.tell(phone(number), vendor.status(phone(number)), CallStatus=vendor.word)
            assert "Traceback" not in server.tail()
    finally:
        await server.stop()
