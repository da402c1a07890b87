"""A platform that serves web calls on loopback, with scripted speech."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.call_world import agent_body
from tests.web_page import Page, page

from callwright.bootstrap.platform import Platform, open_platform
from callwright.cli.serving import bind, http_server, url_of
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key
from callwright.ports.registry import Registry
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.browser import PLUGINS as BROWSER
from callwright.telephony.loopback import PLUGINS as LOOPBACK


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

    async def change(self, agent_id: str, **values: Any) -> None:
        async with self.client() as client:
            changed = await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": values})
        assert changed.status_code == 200, changed.text

    async def session(self, agent_id: str, status: int = 200, **more: Any) -> dict[str, Any]:
        async with self.client() as client:
            made = await client.post("/v1/web-call/session", json={"agent_id": agent_id, **more})
        assert made.status_code == status, made.text
        return dict(made.json())

    async def sip_session(self, agent_id: str, status: int = 200, **more: Any) -> dict[str, Any]:
        async with self.client() as client:
            made = await client.post("/web-call/freeswitch-session", json={"agent_id": agent_id, **more})
        assert made.status_code == status, made.text
        return dict(made.json())

    async def goes_on(self, execution_id: str) -> None:
        """Wait until the call is under way."""
        async with asyncio.timeout(15), self.client() as client:
            while True:
                if (await client.get(f"/executions/{execution_id}")).json().get("status") == "in-progress":
                    return
                await asyncio.sleep(0.05)

    async def completed(self, execution_id: str) -> dict[str, Any]:
        """The execution, once it has ended."""
        async with asyncio.timeout(60), self.client() as client:
            while True:
                found = await client.get(f"/executions/{execution_id}")
                if found.status_code == 200 and found.json()["status"] in ("completed", "error", "failed", "canceled"):
                    return dict(found.json())
                await asyncio.sleep(0.1)


@asynccontextmanager
async def web_site(dsn: str, folder: Path, **more: Any) -> AsyncIterator[Site]:
    """A site on a database. ``more``: its settings."""
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    settings = Settings(
        data=folder, database_url=dsn, sip_listen="", vad="energy", turn="none",
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
        **more,
    )  # fmt: skip
    registry = Registry([*SCRIPTED, *LOOPBACK, *BROWSER])
    async with open_platform(settings, url, registry) as platform, http_server(platform.app, listener):
        key = (await create_key(platform.services, DEFAULT_TENANT_ID, "pages")).secret
        yield Site(platform, url, key)
