"""A call over a real server is handed over, and its carrier reports later how the target's talk ended, and where its recording is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from proof.server_process import ServerProcess
from tests.acceptance.test_line_crash import CALLERS, OURS, TARGET, agent, customer, speak
from tests.acceptance.test_transfers import transferring
from tests.number_vendors import SID, TALK_SECONDS, TALK_WAV, TOKEN
from tests.twilio_vendor import TwilioVendor, twilio_vendor
from tests.waiting import until
from websockets.asyncio.client import ClientConnection

PRICES = [{"kind": "carrier", "provider": "twilio", "cents": 2, "per": 60_000, "increment": 60_000}]
KEYS = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_PHONE_NUMBER": OURS}


class Twilio(TwilioVendor):
    """Its caller asks for the target. ``reports``: where the end of the talk and its recording are reported, and the reports."""

    reports: tuple[tuple[str, dict[str, str]], ...] = ()

    async def _speak(self, socket: ClientConnection, far_end: Any) -> None:
        await speak(socket, {"event": "media", "streamSid": "MZ1"})

    async def tell(self, phone: Any, url: str, *, token: str = "", **more: str) -> httpx.Response:
        if "DialCallDuration" in more or "RecordingSid" in more:
            self.reports += ((url, more),)
        while True:
            try:
                return await super().tell(phone, url, token=token, **more)
            except httpx.TransportError:
                # The server is down. It tries again.
                await asyncio.sleep(0.5)


@pytest.mark.real_time
@pytest.mark.parametrize(
    "killed",
    [
        "before the report",
        *(
            pytest.param(when, marks=pytest.mark.long)
            for when in ("never", "while it is written", "while the recording is fetched")
        ),
    ],
)
async def test_the_record_has_the_talk_after_a_transfer_once(killed: str, dsn: str, tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({"prices": PRICES}))
    server = ServerProcess(tmp_path, dsn, CALLERS, {"CALLWRIGHT_PRICE_BOOK": str(prices)})
    key = await server.key()
    await server.command("wallet", "top-up", "1000")
    await server.command("wallet", "on")
    # The first settlement is that of the call's end, the second that of the report.
    dies = ["proof.killed_server", str(tmp_path / "hits"), "wallet.settling", "2"]
    await server.start(dies if killed == "while it is written" else ("callwright",))
    hangs_up, asked, goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    if killed != "while the recording is fetched":
        goes_on.set()

    async def sends() -> None:
        asked.set()
        await goes_on.wait()

    try:
        assert await server.ready()
        vendor = Twilio(target_talks=hangs_up.wait, sends=sends)
        async with twilio_vendor(vendor), customer(server, key) as client:
            for name, value in {**KEYS, "TWILIO_API_URL": vendor.url}.items():
                stored = await client.post("/providers", json={"provider_name": name, "provider_value": value})
                assert stored.status_code in (200, 201), stored.text
            agent_id = await agent(client, "twilio", transferring(TARGET, hangup_after_silence=0))
            placed = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "+15550177"})
            execution_id = placed.raise_for_status().json()["execution_id"]

            async def shown() -> dict[str, Any]:
                return dict((await client.get(f"/executions/{execution_id}")).raise_for_status().json())

            async def has(status: str) -> bool:
                found = await shown()
                return (found["status"], (found["transfer_call_data"] or {}).get("status")) == ("completed", status)

            async def is_recorded() -> bool:
                return bool((await shown())["transfer_call_data"]["recording_url"])

            async def told(count: int) -> bool:
                """Whether the account was told so often that the call is complete, the last time with the talk."""
                events = await client.get("/v1/callwright/events", params={"types": "execution.completed"})
                bodies = [event["data"] for event in events.raise_for_status().json()["data"]]
                return len(bodies) == count and bool(bodies[-1] == await shown())

            await until(lambda: has("in-progress"), 90)
            await until(lambda: told(1), 20)
            first = await shown()
            assert (first["transfer_call_data"]["duration"], first["transfer_call_data"]["hangup_by"]) == (None, None)
            assert (first["billing_settled"], first["cost_breakdown"]["transfer_cost"]) == (False, 0)
            if killed == "before the report":
                await server.kill()
                await server.start()
                assert await server.ready()
            await asyncio.sleep(TALK_SECONDS)
            hangs_up.set()
            if killed == "while it is written":
                assert await server.wait(30)
                await server.start()
                assert await server.ready()
            await until(lambda: has("completed"), 60)
            if killed == "while the recording is fetched":
                await asyncio.wait_for(asked.wait(), 60)
                await server.kill()
                goes_on.set()
                await server.start()
                assert await server.ready()
            await until(is_recorded, 90)
            last = await shown()
            assert last["transfer_call_data"] == {
                "provider_call_id": f"CA{7_000:032x}",
                "status": "completed",
                "duration": str(TALK_SECONDS),
                "cost": 2,
                "to_number": TARGET,
                "from_number": OURS,
                "recording_url": f"{server.url}/recordings/transfer/{execution_id}",
                "hangup_by": "Callee",
                "hangup_reason": "Call recipient hung up",
                "hangup_provider_code": 4000,
            }
            costs = last["cost_breakdown"]
            assert (last["total_cost"], costs["transfer_cost"]) == (first["total_cost"] + 2, 2)
            assert costs["network"] == first["cost_breakdown"]["network"] + 2
            assert last["billing_settled"]
            assert last["updated_at"] > first["updated_at"]
            heard = await client.get(f"/recordings/transfer/{execution_id}", follow_redirects=True)
            assert (heard.headers["content-type"], heard.content) == ("audio/wav", TALK_WAV)
            # Once more, and by somebody else: nothing changes.
            phone = vendor.phones[0]
            assert len(vendor.reports) == 2
            for url, report in list(vendor.reports):
                assert (await vendor.tell(phone, url, **report)).status_code in (200, 204)
                forged = {**report, "DialCallDuration": "600", "RecordingSid": f"RE{9:032x}"}
                assert (await vendor.tell(phone, url, token="another", **forged)).status_code == 403
            await until(lambda: told(3), 20)
            assert await told(3)
            assert await shown() == last
            # Either fails where something is wrong.
            await server.command("wallet", "check")
            await server.command("replay", execution_id)
            assert "Traceback" not in server.tail()
            assert TOKEN not in server.log.read_text()
    finally:
        await server.stop()
