"""A real server whose organisation has an account at the stand-in of a vendor, and an agent behind one of its numbers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.test_doors import PATIENT
from tests.call_world import agent_body
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from callwright.bootstrap.platform import Platform, open_platform
from callwright.cli.serving import bind, http_server, url_of
from callwright.domain.limits import INBOUND_CALLS_A_SECOND
from callwright.lab.caller_scenario import scenario_of
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key
from callwright.platform.phone_numbers.rules import CARRIER, PhoneNumber
from callwright.ports.registry import Plugin, Registry
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.loopback.mouth import Mouth, SpokenLines

OURS, THEIRS = "+15550111", "+15550199"
_ENDS = ("completed", "error", "busy", "no-answer", "failed", "canceled")


@dataclass
class Place:
    """A server with an account at the vendor."""

    carrier: str
    platform: Platform
    url: str
    client: httpx.AsyncClient
    agent_id: str = field(default="")

    async def call(self, to: str = THEIRS) -> None:
        placed = await self.client.post("/call", json={"agent_id": self.agent_id, "recipient_phone_number": to})
        assert placed.status_code == 200, placed.text

    async def rows(self) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/v2/agent/{self.agent_id}/executions")
        return list(answer.json()["data"])

    async def row(self, *statuses: str) -> dict[str, Any]:
        """The call at its end, or once it has one of ``statuses``."""
        async with asyncio.timeout(60):
            while True:
                rows = await self.rows()
                if rows and rows[0]["status"] in {*_ENDS, *statuses}:
                    return rows[0]
                await asyncio.sleep(0.1)

    async def far_end(self) -> FarEnd:
        """A caller who books, and speaks and hears by scripted plugins."""
        plugins = self.platform.foundation.plugins
        caller = scenario_of({"default": "caller", "personas": {"caller": PATIENT}}).persona("", "caller")
        made = FarEnd(caller, Mouth(SpokenLines(), plugins("voice", "scripted"), VoiceSettings()), lambda *_: None)
        made.attach(await plugins("transcriber", "scripted").open(TranscriberSettings(), made))
        return made


@asynccontextmanager
async def stream_place(
    dsn: str,
    folder: Path,
    plugins: tuple[Plugin, ...],
    keys: Mapping[str, str],
    public_url: str = "",
    inbound_per_second: int = INBOUND_CALLS_A_SECOND,
) -> AsyncIterator[Place]:
    """The server, with the provider keys ``keys`` and the number ``OURS``. ``public_url``: where the vendor reaches it, if elsewhere."""
    listener = bind("127.0.0.1", 0)
    url, carrier = url_of(listener), plugins[0].name
    settings = Settings(
        data=folder, database_url=dsn, sip_listen="", vad="energy", turn="none", allow_private_urls=True,
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
        inbound_per_second=inbound_per_second,
    )  # fmt: skip
    async with (
        open_platform(settings, public_url or url, Registry([*SCRIPTED, *LOOPBACK, *plugins])) as platform,
        http_server(platform.app, listener),
    ):
        secret = (await create_key(platform.services, DEFAULT_TENANT_ID, "calls")).secret
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            for name, value in keys.items():
                stored = await client.post("/providers", json={"provider_name": name, "provider_value": value})
                assert stored.status_code in (200, 201), stored.text
            place = Place(carrier, platform, url, client)
            place.agent_id = await _agent(client, carrier)
            await _has_number(place)
            yield place


async def _agent(client: httpx.AsyncClient, carrier: str) -> str:
    body = agent_body()
    prompts = body.pop("agent_prompts")
    body["tasks"][0]["tools_config"]["input"] = {"provider": carrier, "format": "wav"}
    body.pop("webhook_url")
    made = await client.post("/v2/agent", json={"agent_config": body, "agent_prompts": prompts})
    assert made.status_code == 201, made.text
    return str(made.json()["agent_id"])


async def _has_number(place: Place) -> None:
    foundation = place.platform.foundation
    now = foundation.clock.now()
    row = PhoneNumber(
        foundation.ids.uuid(), DEFAULT_TENANT_ID, OURS, CARRIER, place.carrier, now, now,
        agent_tenant_id=DEFAULT_TENANT_ID, agent_id=place.agent_id,
    )  # fmt: skip
    async with foundation.ledger.unit() as unit:
        await unit.numbers.add(row)


async def set_up(platform: Platform, client: httpx.AsyncClient, agent_id: str) -> str:
    """Let the agent answer the only number; the address that its carrier is to be given."""
    async with platform.foundation.ledger.unit() as unit:
        (number,) = await unit.numbers.all(DEFAULT_TENANT_ID)
    answer = await client.post("/inbound/setup", json={"agent_id": agent_id, "phone_number_id": number.id})
    return str(answer.json()["url"])


async def refused(address: str) -> int:
    """How a websocket is refused."""
    with pytest.raises(InvalidStatus) as error:
        async with connect(address):
            pass
    return error.value.response.status_code
