"""A call over a real server whose caller and target the carrier connects, after the agent has briefed the target."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from proof.server_process import ServerProcess
from tests.acceptance.test_line_crash import CALLERS, OURS, TARGET, agent, customer, speak
from tests.acceptance.test_transferred_talk import KEYS, PRICES
from tests.acceptance.test_transfers import transferring
from tests.number_vendors import TALK_SECONDS, TOKEN
from tests.twilio_vendor import TwilioVendor, twilio_vendor
from tests.waiting import until
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

HOW = {"transfer_mode": "warm", "briefing": "A caller asks about an invoice.", "bridge": True}


class Twilio(TwilioVendor):
    """Its caller asks for the target. ``end``: where the end of the talk is reported, and the report."""

    end: tuple[str, dict[str, str]] = ("", {})

    async def _speak(self, socket: ClientConnection, far_end: Any) -> None:
        await speak(socket, {"event": "media", "streamSid": "MZ1"})

    async def report(self, url: str, form: dict[str, str], token: str = "") -> httpx.Response:
        if "CallSidEndingConference" in form:
            self.end = (url, form)
        return await super().report(url, form, token)


@dataclass
class Call:
    """A call whose caller is handed over."""

    client: httpx.AsyncClient
    id: str

    async def shown(self) -> dict[str, Any]:
        return dict((await self.client.get(f"/executions/{self.id}")).raise_for_status().json())

    async def has(self, status: str) -> bool:
        """Whether it is complete, and the talk has this status."""
        found = await self.shown()
        return (found["status"], (found["transfer_call_data"] or {}).get("status")) == ("completed", status)

    async def told(self, count: int) -> bool:
        """Whether the account was told so often that the call is complete, the last time with the talk."""
        events = await self.client.get("/v1/callwright/events", params={"types": "execution.completed"})
        bodies = [event["data"] for event in events.raise_for_status().json()["data"]]
        return len(bodies) == count and bool(bodies[-1] == await self.shown())


@asynccontextmanager
async def handing(server: ServerProcess, vendor: Twilio) -> AsyncIterator[Call]:
    """A server whose organisation has a wallet and prices, and a call of it."""
    key = await server.key()
    await server.command("wallet", "top-up", "1000")
    await server.command("wallet", "on")
    await server.start()
    try:
        assert await server.ready()
        async with twilio_vendor(vendor), customer(server, key) as client:
            for name, value in {**KEYS, "TWILIO_API_URL": vendor.url}.items():
                stored = await client.post("/providers", json={"provider_name": name, "provider_value": value})
                assert stored.status_code in (200, 201), stored.text
            body = transferring(TARGET, hangup_after_silence=0)
            body["tasks"][0]["tools_config"]["api_tools"]["tools_params"]["transfer_call_billing"] |= HOW
            agent_id = await agent(client, "twilio", body)
            placed = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "+15550177"})
            yield Call(client, placed.raise_for_status().json()["execution_id"])
    finally:
        await server.stop()


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("killed", "leaves", "by"),
    [(True, "target", "Callee"), pytest.param(False, "caller", "Caller", marks=pytest.mark.long)],
)
async def test_two_whom_the_carrier_has_connected_talk_on_without_the_server(
    killed: bool, leaves: str, by: str, dsn: str, tmp_path: Path
) -> None:
    """When one hangs up the other's call ends, and the record has once how long the target was called and what that cost."""
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({"prices": PRICES}))
    server, vendor = ServerProcess(tmp_path, dsn, CALLERS, {"CALLWRIGHT_PRICE_BOOK": str(prices)}), Twilio()
    async with handing(server, vendor) as call:
        await until(lambda: call.has("in-progress"), 90)
        await until(lambda: call.told(1), 20)
        first = await call.shown()
        assert (first["transfer_call_data"]["duration"], first["transfer_call_data"]["hangup_by"]) == (None, None)
        assert (first["billing_settled"], first["cost_breakdown"]["transfer_cost"]) == (False, 0)
        phones = caller, target = vendor.phones
        assert caller.conference == target.conference != ""
        assert all(phone.socket is not None and phone.socket.state is State.CLOSED for phone in phones)
        if killed:
            await server.kill()
            await server.start()
            assert await server.ready()
        # A successor that ended the calls of its dead predecessor would have done so by now.
        await asyncio.sleep(TALK_SECONDS)
        assert not any(phone.over.is_set() for phone in phones)
        await vendor.hang_up(target if leaves == "target" else caller)
        await until(lambda: all(phone.over.is_set() for phone in phones), 10)
        await until(lambda: call.has("completed"), 60)
        last = await call.shown()
        data, costs = last["transfer_call_data"], last["cost_breakdown"]
        assert (data["provider_call_id"], data["to_number"], data["from_number"]) == (target.sid, TARGET, OURS)
        assert (data["hangup_by"], data["cost"], data["recording_url"]) == (by, 2, None)
        assert TALK_SECONDS <= int(data["duration"]) < 60
        (row,) = last["callwright"]["transfers"]
        assert (row["mode"], row["status"]) == ("warm", "completed")
        assert row["target"]["briefing"].endswith("A caller asks about an invoice.")
        assert (last["total_cost"], costs["transfer_cost"]) == (first["total_cost"] + 2, 2)
        assert last["billing_settled"]
        # Once more, and by somebody else: nothing changes, and nobody is told.
        url, report = vendor.end
        assert (await vendor.report(url, report)).is_success
        assert (await vendor.report(url, report, token="another")).status_code == 403
        await until(lambda: call.told(2), 20)
        assert await call.shown() == last
        # Either fails where something is wrong.
        await server.command("wallet", "check")
        await server.command("replay", call.id)
        assert "Traceback" not in server.tail()
        assert TOKEN not in server.log.read_text()
