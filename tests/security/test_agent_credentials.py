"""Credentials inside agents: a whole platform uses every one of them, and none is to be found anywhere but with its receiver. Nor are
secrets of another kind: keys, passwords and the server's own."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.test_api_providers import everything_in
from tests.acceptance.test_callers import SILENT
from tests.acceptance.test_tools import SCENARIO, asking
from tests.database import fetch, run_sql
from tests.http_server import Exchange, serving
from tests.telephone import PLUGINS as TELEPHONE
from tests.telephone import Telephone
from tests.waiting import until

from callwright.bootstrap.platform import Platform, open_platform
from callwright.cli.serving import bind, http_server, url_of
from callwright.conversation.replay import replay
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.credentials import credentials_of
from callwright.platform.keys.actions.keys import create_key
from callwright.platform.webhooks.actions import rotate_webhook_secret
from callwright.ports.registry import Registry
from callwright.providers.openai_compatible import PLUGINS as ENDPOINTS
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.storage.backup import backup, run_client
from callwright.telephony.loopback import PLUGINS as LOOPBACK

pytestmark = pytest.mark.real_time

CANARY = "canary-5e41"
CONTROL = "control-5e41"
"""The agent's name, which is no secret: whoever looks for canaries finds it."""
TOKEN, HEADER, PARAM, TOLD, HOOK, SOURCE, OPTION = (
    f"{CANARY}-{place}-x9" for place in ("token", "header", "param", "told", "hook", "source", "option")
)
PROVIDER, TRUNK, PHONE, MODEL = (f"{CANARY}-{kind}-x9" for kind in ("provider", "trunk", "phone", "model"))
SIGNS = "whsec_" + base64.b64encode(f"{CANARY}-signs-x9".encode()).decode()
SECRET_FILES = ("secret", "master-key")


@dataclass(frozen=True, slots=True)
class World:
    """A platform with a receiver of everything it sends."""

    platform: Platform
    admin: httpx.AsyncClient
    reader: httpx.AsyncClient
    receiver: str
    telephone: Telephone
    dsn: str
    folder: Path
    seen: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    """Secrets that are made up here and hold no canary."""

    def agent(self) -> dict[str, Any]:
        """An agent with a canary in each place for a credential."""
        body = asking(
            self.receiver,
            api_token=f"Bearer {TOKEN}",
            headers={"X-Api-Key": HEADER, "Accept-Language": "en"},
            param={"day": "%(day)s", "api_key": PARAM},
            pre_call_webhook_param={"secret": TOLD, "day": "%(day)s"},
            pre_call_webhook_url=f"{self.receiver}/told",
        )
        body["tasks"][0]["tools_config"]["llm_agent"]["llm_key"] = OPTION
        prompts = body.pop("agent_prompts")
        body |= {
            "agent_name": CONTROL,
            "webhook_url": f"{self.receiver}/hook",
            "webhook_headers": {"Authorization": f"Bearer {HOOK}"},
            "ingest_source_config": {
                "source_type": "api",
                "source_url": f"{self.receiver}/who",
                "source_auth_token": f"Bearer {SOURCE}",
            },
        }
        return {"agent_config": body, "agent_prompts": prompts}

    async def saved(self) -> str:
        answer = await self.admin.post("/v2/agent", json=self.agent())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["agent_id"])

    async def ended(self, execution_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                body = dict((await self.reader.get(f"/executions/{execution_id}")).json())
                if body["status"] in ("completed", "error", "failed"):
                    return body
                await asyncio.sleep(0.1)


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    async with opened(dsn, tmp_path) as found:
        yield found


@asynccontextmanager
async def opened(dsn: str, folder: Path) -> AsyncIterator[World]:
    seen: dict[str, list[Mapping[str, Any]]] = {"/slots": [], "/told": [], "/hook": [], "/who": []}

    async def receive(exchange: Exchange) -> None:
        request = exchange.request
        seen[request.target.partition("?")[0]].append({**request.headers, "body": request.body.decode()})
        await exchange.answer(200, b'{"slot": "nine"}', content_type="application/json")

    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO))
    registry = Registry([*SCRIPTED, *ENDPOINTS, *LOOPBACK, *TELEPHONE])
    listener = bind("127.0.0.1", 0)
    settings = Settings(
        data=folder, database_url=dsn, sip_listen="", vad="energy", turn="none", scenario=scenario, allow_private_urls=True,
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
        webhook_secret=SIGNS, model_api_key=MODEL, sip_user="phone", sip_password=PHONE,
    )  # fmt: skip
    async with (
        serving(receive) as server,
        open_platform(settings, url_of(listener), registry) as platform,
        http_server(platform.app, listener),
    ):
        keys = [
            await create_key(platform.services, DEFAULT_TENANT_ID, scope, scope=scope) for scope in ("full", "read")
        ]
        clients = [
            httpx.AsyncClient(
                base_url=url_of(listener),
                headers={"Authorization": f"Bearer {key.secret}"},
                timeout=30,
                trust_env=False,
            )
            for key in keys
        ]
        async with clients[0] as admin, clients[1] as reader:
            telephone = platform.foundation.plugins("carrier", "telephone")
            yield World(platform, admin, reader, server.url, telephone, dsn, folder, seen, [key.secret for key in keys])


async def store_other_secrets(world: World) -> None:
    """A secret of each kind that is none of an agent."""
    provider = {"provider_name": "OPENAI", "provider_value": PROVIDER}
    assert (await world.admin.post("/providers", json=provider)).is_success
    trunk: dict[str, Any] = {
        "name": "t",
        "provider": "custom",
        "auth_type": "userpass",
        "auth_username": "u",
        "auth_password": TRUNK,
    }
    trunk |= {"gateways": [{"gateway_address": "192.0.2.9"}]}
    made = await world.admin.post("/sip-trunks/trunks", json=trunk)
    assert made.is_success, made.text
    services = world.platform.services
    for _ in range(2):
        world.secrets.append(await rotate_webhook_secret(services, DEFAULT_TENANT_ID))
    operators = await create_key(services, DEFAULT_TENANT_ID, "operator", scope="operator")
    world.secrets.append(operators.secret)


def secrets_of_server(folder: Path) -> list[str]:
    """What is in the files of the server's own secrets."""
    return [word for name in SECRET_FILES for word in (folder / name).read_text().split() if len(word) > 30]


def has_canary(text: str, secrets: Iterable[str] = ()) -> bool:
    encoded = base64.b64encode(CANARY.encode()).decode()[:12]
    return any(word in text for word in (CANARY, CANARY.encode().hex(), encoded, *secrets))


def contents(folder: Path) -> dict[str, str]:
    """What is in every file of a folder, and in the arguments of every process."""
    found: dict[str, str] = {}
    for path in [*folder.rglob("*"), *Path("/proc").glob("[0-9]*/cmdline")]:
        # A process may end meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            if path.is_file() and path.name not in SECRET_FILES:
                found[str(path)] = path.read_bytes().decode("latin-1")
    return found


async def rotate_master(world: World) -> None:
    """Change the master key as an operator does, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "callwright", "keys", "rotate-master", "--data", str(world.folder),
        env={"DATABASE_URL": world.dsn, "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await process.communicate()
    assert b"1 data keys are wrapped" in told


READS = (
    "/v2/agent/{agent}", "/v2/agent/all", "/agent/{agent}", "/v2/agent/{agent}/executions", "/executions/{call}", "/executions/{call}/log",
    "/v1/callwright/executions/{call}/events", "/v1/callwright/executions/{call}/doctor", "/v1/callwright/audit", "/metrics", "/readyz",
    "/openapi.json",
)  # fmt: skip


async def test_a_canary_in_each_place_reaches_its_receiver_and_is_found_nowhere_else(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await store_other_secrets(world)
    world.secrets.extend(secrets_of_server(world.folder))
    agent_id = await world.saved()
    # Frozen before the master key is changed.
    later = (world.platform.foundation.clock.now() + timedelta(hours=1)).isoformat()
    order = {"agent_id": agent_id, "recipient_phone_number": "loopback:asking", "scheduled_at": later}
    placed = await world.admin.post("/call", json=order)
    assert placed.status_code == 200, placed.text
    execution_id = placed.json()["execution_id"]
    await rotate_master(world)
    await run_sql(world.dsn, f"update execution set due_at = now() where id = '{execution_id}'")
    await world.ended(execution_id)
    async with world.platform.foundation.ledger.unit() as unit:
        row = await unit.executions.get_any(execution_id)
        log = (await unit.logs.read(execution_id)).decode()
    assert row is not None
    assert (row.status, row.error_message) == ("completed", None)
    assert replay(log).exact

    await world.telephone.open(world.platform.runtime.desk)
    call = world.telephone.ring(agent_id, SILENT, caller="sip:+15550123@phone.example")
    await until(lambda: call.answered_at is not None, 20)
    call.put_down()
    await call.over(10)
    await until(lambda: world.platform.runtime.live_calls == 0, 20)

    async def delivered() -> bool:
        return not await fetch(world.dsn, "select from outbox where state = 'waiting'")

    await until(delivered, 30)

    (slot,), (told,), (who,) = world.seen["/slots"], world.seen["/told"], world.seen["/who"]
    assert (slot["authorization"], slot["x-api-key"], slot["accept-language"]) == (f"Bearer {TOKEN}", HEADER, "en")
    assert json.loads(slot["body"]) == {"day": "Monday", "api_key": PARAM}
    assert json.loads(told["body"])["secret"] == TOLD
    assert "authorization" not in told
    assert who["authorization"] == f"Bearer {SOURCE}"
    assert len(world.seen["/hook"]) >= 5
    assert {hook["authorization"] for hook in world.seen["/hook"]} == {f"Bearer {HOOK}"}
    assert not any(has_canary(hook["body"]) for hook in world.seen["/hook"])

    async with world.platform.foundation.ledger.unit() as unit:
        body = {**row.agent}
    assert len(credentials_of(body)) == len({one.text for one in credentials_of(body)}) == 7
    places = {
        f"answer {path}": (await world.reader.get(path.format(agent=agent_id, call=execution_id))).text
        for path in READS
    }
    places |= {"rows": await everything_in(world.dsn), "log": log, "server's log": caplog.text}
    places["dump"] = await asyncio.to_thread(run_client, "pg_dump", world.dsn, ["--format=plain"])
    archive = tmp_path / "callwright.tar"
    await asyncio.to_thread(backup, world.dsn, world.folder, archive, made_at="2026-11-24T16:00:00Z")
    places |= await asyncio.to_thread(contents, tmp_path)
    assert all(
        CONTROL in places[place]
        for place in ("rows", "dump", "log", "answer /v2/agent/all", "answer /v1/callwright/audit")
    )
    assert {str(archive), "answer /metrics"} <= set(places)
    world.secrets.extend(secrets_of_server(world.folder))
    # Keys of the API, webhook secrets and the secrets in files, before and after the master key was changed.
    assert len(set(world.secrets)) >= 8
    assert [place for place, text in places.items() if has_canary(text, world.secrets)] == []
