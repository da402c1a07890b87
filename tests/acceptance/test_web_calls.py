"""Calls from a page in a browser on a real server: whole calls, what was heard of an interrupted sentence, breaks, and who may not call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.call_world import agent_body
from tests.web_page import Page, page
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from callwright.actions.keys import create_key
from callwright.bootstrap.platform import Platform, open_platform
from callwright.cli.serving import bind, http_server, url_of
from callwright.domain.tenant import DEFAULT_TENANT_ID
from callwright.ops.settings import Settings
from callwright.ports.registry import Registry
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.browser import PLUGINS as BROWSER
from callwright.telephony.loopback import PLUGINS as LOOPBACK

pytestmark = pytest.mark.real_time

PATIENT: dict[str, Any] = {
    "think_ms": 200,
    "rules": [{"say": "I want to book a dentist."}, {"say": "On Monday please."}, {"say": "My name is Ann."}],
}
BOOKED = [
    "assistant: Hello, this is reception.",
    "user: I want to book a dentist.",
    "assistant: Of course. Which day suits you?",
    "user: On Monday please.",
    "assistant: Monday at nine is free. What is your name?",
    "user: My name is Ann.",
    "assistant: Thank you. You are booked.",
]


@dataclass
class Site:
    """A platform that serves on loopback."""

    platform: Platform
    url: str
    key: str

    def client(self, key: str = "") -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {key or self.key}"}, timeout=30)

    async def page(self, persona: dict[str, Any]) -> Page:
        return await page(self.platform.foundation.plugins, persona)

    async def agent(self, **changes: Any) -> str:
        body = agent_body(**changes)
        prompts = body.pop("agent_prompts")
        body.pop("webhook_url")
        async with self.client() as client:
            made = await client.post("/v2/agent", json={"agent_config": body, "agent_prompts": prompts})
        assert made.status_code == 201, made.text
        return str(made.json()["agent_id"])

    async def session(self, agent_id: str, status: int = 200, **more: Any) -> dict[str, Any]:
        async with self.client() as client:
            made = await client.post("/v1/web-call/session", json={"agent_id": agent_id, **more})
        assert made.status_code == status, made.text
        return dict(made.json())

    async def completed(self, execution_id: str) -> dict[str, Any]:
        """The execution, once it has ended."""
        async with asyncio.timeout(60), self.client() as client:
            while True:
                found = await client.get(f"/executions/{execution_id}")
                if found.status_code == 200 and found.json()["status"] in ("completed", "error", "failed", "canceled"):
                    return dict(found.json())
                await asyncio.sleep(0.1)


@pytest.fixture
async def site(dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    settings = Settings(
        data=tmp_path, database_url=dsn, sip_listen="", vad="energy", turn="none",
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
    )  # fmt: skip
    registry = Registry([*SCRIPTED, *LOOPBACK, *BROWSER])
    async with open_platform(settings, url, registry) as platform, http_server(platform.app, listener):
        key = (await create_key(platform.services, DEFAULT_TENANT_ID, "pages")).secret
        yield Site(platform, url, key)


async def test_a_page_holds_a_whole_call_and_its_record_is_like_any_other(site: Site) -> None:
    agent_id = await site.agent()
    session = await site.session(agent_id, user_data={"customer": "Ann"})
    caller = await site.page(PATIENT)

    await caller.call(session["url"])

    body = await site.completed(session["execution_id"])
    assert body["transcript"].splitlines() == BOOKED
    assert body["status"] == "completed"
    telephony = body["telephony_data"]
    assert (telephony["provider"], telephony["call_type"]) == ("web-call", "inbound")
    assert (telephony["to_number"], telephony["from_number"]) == (None, None)
    assert body["context_details"]["recipient_data"]["customer"] == "Ann"
    assert body["cost_breakdown"]["network"] == 0
    assert caller.messages("ready")[0]["execution_id"] == session["execution_id"]
    ended = caller.messages("ended")
    assert (len(ended), ended[0]["cause"]) == (1, "hung_up_by_us")
    assert caller.close_code == 1000


@pytest.mark.proves("task_config.web_call_origins")
async def test_pages_of_an_allowed_origin_call_without_a_session_and_others_do_not(site: Site) -> None:
    agent_id = await site.agent(web_call_origins=["https://shop.example.org"])
    url = f"{site.url.replace('http', 'ws')}/v1/web-call/agents/{agent_id}"
    caller = await site.page({**PATIENT, "rules": [{"say": "Bye.", "hang_up": True}]})

    await caller.call(url, origin="https://shop.example.org", start={"user_data": {"page": "basket"}})

    body = await site.completed(caller.messages("ready")[0]["execution_id"])
    assert body["context_details"]["recipient_data"]["page"] == "basket"
    assert (body["telephony_data"]["hangup_by"], caller.messages("ended")[0]["by"]) == ("Caller", "Caller")
    for origin in ("https://shop.example.org.evil.example", "http://shop.example.org", "null", None):
        assert await refused(url, origin) == 404, origin
    assert await refused(url.replace(agent_id, DEFAULT_TENANT_ID), "https://shop.example.org") == 404
    other = await site.agent()
    assert await refused(url.replace(agent_id, other), "https://shop.example.org") == 404


async def refused(url: str, origin: str | None = None) -> int:
    """With which status a websocket is refused."""
    with pytest.raises(InvalidStatus) as error:
        async with connect(url, additional_headers={} if origin is None else {"Origin": origin}):
            pass
    return error.value.response.status_code
