"""Calls over Plivo, and over Vobiz, which speaks its API, on a real server: the vendor is a stand-in on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.call_world import agent_body
from tests.number_vendors import AUTH_ID, TOKEN
from tests.plivo_vendor import Phone, PlivoVendor, plivo_vendor
from tests.waiting import until

from callwright.bootstrap.platform import open_platform
from callwright.cli.serving import bind, http_server, url_of
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key
from callwright.ports.registry import Registry
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK
from callwright.telephony.plivo import PLUGINS as PLIVO
from callwright.telephony.vobiz import PLUGINS as VOBIZ

OURS, THEIRS = "+15550111", "+15550199"
VOBIZ_ID = "MA_0123ABCD"


@dataclass
class Place:
    """A server with an account at the vendor ``name``."""

    name: str
    client: httpx.AsyncClient
    vendor: PlivoVendor
    agent_id: str = ""

    async def call(self) -> Phone:
        body = {"agent_id": self.agent_id, "recipient_phone_number": THEIRS}
        placed = await self.client.post("/call", json=body)
        assert placed.status_code == 200, placed.text
        await until(lambda: bool(self.vendor.phones), 10)
        return self.vendor.phones[-1]

    async def row(self, *statuses: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                rows = (await self.client.get(f"/v2/agent/{self.agent_id}/executions")).json()["data"]
                if rows and rows[0]["status"] in statuses:
                    return dict(rows[0])
                await asyncio.sleep(0.1)


def stand_in(name: str) -> PlivoVendor:
    if name == "plivo":
        return PlivoVendor()
    credentials = {"x-auth-id": VOBIZ_ID, "x-auth-token": TOKEN}
    signed = {"header": "X-Vobiz-Signature-V3", "signs_address": True, "cancels_orders": False}
    return PlivoVendor(account=VOBIZ_ID, credentials=credentials, **signed)  # type: ignore[arg-type]


@pytest.fixture(params=["plivo", "vobiz"])
async def place(request: pytest.FixtureRequest, dsn: str, tmp_path: Path) -> AsyncIterator[Place]:
    name = str(request.param)
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    settings = Settings(
        data=tmp_path, database_url=dsn, sip_listen="", vad="energy", turn="none", allow_private_urls=True,
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
    )  # fmt: skip
    registry = Registry([*SCRIPTED, *LOOPBACK, *PLIVO, *VOBIZ])
    async with (
        open_platform(settings, url, registry) as platform,
        http_server(platform.app, listener),
        plivo_vendor(stand_in(name)) as vendor,
    ):
        key = (await create_key(platform.services, DEFAULT_TENANT_ID, "calls")).secret
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            place = Place(name, client, vendor)
            place.agent_id = await agent(client, name)
            yield place


async def store(place: Place, *names: str) -> None:
    """Provider keys of the account, by the ends of their names."""
    account = AUTH_ID if place.name == "plivo" else VOBIZ_ID
    values = {"AUTH_ID": account, "AUTH_TOKEN": TOKEN, "PHONE_NUMBER": OURS, "API_URL": place.vendor.url}
    for name in names:
        body = {"provider_name": f"{place.name.upper()}_{name}", "provider_value": values[name]}
        assert (await place.client.post("/providers", json=body)).status_code == 200


async def agent(client: httpx.AsyncClient, name: str) -> str:
    body = agent_body()
    prompts = body.pop("agent_prompts")
    body["tasks"][0]["tools_config"]["input"] = {"provider": name, "format": "wav"}
    body.pop("webhook_url")
    made = await client.post("/v2/agent", json={"agent_config": body, "agent_prompts": prompts})
    assert made.status_code == 201, made.text
    return str(made.json()["agent_id"])


@pytest.mark.real_time
async def test_a_call_is_placed_greeted_and_stopped(place: Place) -> None:
    await store(place, "AUTH_ID", "AUTH_TOKEN", "PHONE_NUMBER", "API_URL")
    phone = await place.call()
    assert (phone.order["from"], phone.order["to"]) == (OURS[1:], THEIRS[1:])
    await until(lambda: any(one["event"] == "playAudio" for one in phone.heard), 20)
    row = await place.row("in-progress")
    assert (await place.client.post(f"/call/{row['id']}/stop")).status_code == 200
    row = await place.row("completed")
    line = row["callwright"]["line"]
    assert (line["codec"], line["late_frames"] <= line["frames_out"]) == ("pcmu", True)
    told = row["telephony_data"]
    assert (told["provider"], told["call_type"], told["provider_call_id"]) == (place.name, "outbound", phone.uuid)
    assert (row["agent_number"], row["user_number"]) == (OURS, THEIRS)
    assert told["hangup_by"] == "API Request"
    await until(phone.over.is_set, 10)


async def test_an_account_with_one_of_two_keys_rings_nobody_and_says_which_is_missing(place: Place) -> None:
    await store(place, "AUTH_ID", "PHONE_NUMBER", "API_URL")
    answer = await place.client.get(f"/v2/agent/{place.agent_id}")
    missing = f"{place.name.upper()}_AUTH_TOKEN"
    messages = [one["message"] for one in answer.json()["callwright"]["warnings"]]
    assert f"The carrier '{place.name}' lacks {missing}." in messages
    body = {"agent_id": place.agent_id, "recipient_phone_number": THEIRS, "user_data": {"persona": "hangup"}}
    placed = await place.client.post("/call", json=body)
    assert placed.status_code == 200, placed.text
    row = await place.row("completed")
    assert row["callwright"]["sandbox"] is True
    assert place.vendor.phones == []
