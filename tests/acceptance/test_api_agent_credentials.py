"""Credentials inside agents through the API: stored sealed, read masked, kept where a mask is put back, and sent to no other host."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from tests.acceptance.test_api_providers import everything_in
from tests.api_world import AGENT, ApiWorld, place
from tests.database import fetch, run_sql

from callwright.call.live.access import TenantAccess
from callwright.ops.clock import SystemClock
from callwright.ops.master_key import MASTER_KEY_FILE
from callwright.platform.agents.actions.credentials import seal_at_start, seal_stored
from callwright.platform.agents.rules.stored import BodyKind

TOKEN, HOOK = "Bearer canary-token-t1", "Bearer canary-hook-h1"
TOOL = {"name": "book", "description": "Books.", "parameters": {"type": "object", "properties": {}}}


def config(**more: Any) -> dict[str, Any]:
    """``agent_config`` of an agent with two credentials."""
    found = copy.deepcopy(AGENT["agent_config"])
    params = {"book": {"method": "POST", "url": "https://crm.example/book", "api_token": TOKEN}}
    found["tasks"][0]["tools_config"] = {"api_tools": {"tools": [TOOL], "tools_params": params}}
    return {**found, "webhook_url": "https://hooks.example/a", "webhook_headers": {"Authorization": HOOK}, **more}


async def made(client: httpx.AsyncClient) -> str:
    answer = await client.post("/v2/agent", json={"agent_config": config()})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["agent_id"])


async def read(client: httpx.AsyncClient, agent_id: str) -> dict[str, Any]:
    return dict((await client.get(f"/v2/agent/{agent_id}")).json())


def call_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the tool."""
    return dict(body["tasks"][0]["tools_config"]["api_tools"]["tools_params"]["book"])


async def opened(world: ApiWorld, agent_id: str) -> tuple[str, str]:
    """The token and the header as a call gets them."""
    async with world.ledger.unit() as unit:
        agent = await unit.agents.get_any(agent_id)
    assert agent is not None
    access = TenantAccess(world.ledger, world.services.actions.vault, SystemClock(), lambda kind, name: None)
    body = await access.opened(agent.tenant_id, agent.body)
    return call_of(body)["api_token"], body["webhook_headers"]["Authorization"]


async def test_credentials_are_stored_sealed_and_masked_for_every_reader(world: ApiWorld) -> None:
    async with world.client() as admin:
        agent_id = await made(admin)
        await place(admin, agent_id)
    stored = await everything_in(world.dsn)
    assert "canary" not in stored
    assert b"canary".hex() not in stored
    for key in (world.key, world.member_key, world.read_key):
        async with world.client(key) as client:
            for answer in (await client.get(f"/v2/agent/{agent_id}"), await client.get("/v2/agent/all")):
                assert "canary" not in answer.text
                assert "callwright-sealed" not in answer.text
            body = await read(client, agent_id)
            assert (call_of(body)["api_token"], body["webhook_headers"]) == (
                "xxxxxxxt1",
                {"Authorization": "xxxxxxxh1"},
            )
    assert await opened(world, agent_id) == (TOKEN, HOOK)


async def test_an_agent_that_is_read_changed_and_put_back_keeps_its_credentials(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await made(client)
        body = await read(client, agent_id)
        body |= {"agent_name": "Other", "webhook_url": "https://hooks.example/b"}
        assert (await client.put(f"/v2/agent/{agent_id}", json=body)).status_code == 200
        assert await opened(world, agent_id) == (TOKEN, HOOK)
        rows = await fetch(world.dsn, "select body::text from agent")
        body["webhook_headers"] = {"Authorization": HOOK}
        assert (await client.put(f"/v2/agent/{agent_id}", json=body)).status_code == 200
        assert await fetch(world.dsn, "select body::text from agent") == rows, "the same value is sealed as it was"
        body["webhook_headers"] = {"Authorization": "Bearer replaced"}
        assert (await client.put(f"/v2/agent/{agent_id}", json=body)).status_code == 200
        assert await opened(world, agent_id) == (TOKEN, "Bearer replaced")
        revision = (await read(client, agent_id))["callwright"]["revision"]
        patch = {"agent_config": {"webhook_headers": {"Authorization": "xxxxxxxed"}}}
        assert (await client.patch(f"/v2/agent/{agent_id}", json=patch)).status_code == 200
        assert (await read(client, agent_id))["callwright"]["revision"] == revision, "nothing was changed"
    told = await fetch(world.dsn, "select coalesce(before::text, '') || coalesce(after::text, '') as text from audit")
    assert not any("sealed" in row["text"] or "canary" in row["text"] for row in told)


async def test_a_copy_of_an_agent_has_its_credentials_and_one_of_another_tenants_agent_has_not(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await made(client)
        body = await read(client, agent_id)
        answer = await client.post("/v2/agent", json=body)
        assert answer.status_code == 201, answer.text
        assert await opened(world, answer.json()["agent_id"]) == (TOKEN, HOOK)
    async with world.client(world.other_key) as others:
        for foreign in (body, {**body, "id": None}, {**body, "id": "x"}):
            refused = await others.post("/v2/agent", json=foreign)
            assert (refused.status_code, "is a mask" in refused.json()["message"]) == (400, True)


@pytest.mark.parametrize("way", ["put", "patch", "patch of another part", "copy"])
async def test_whoever_may_change_an_agent_cannot_have_its_credentials_sent_to_themselves(
    world: ApiWorld, way: str
) -> None:
    async with world.client() as client:
        agent_id = await made(client)
        before = await read(client, agent_id)
        moved = copy.deepcopy(before)
        moved["tasks"][0]["tools_config"]["api_tools"]["tools_params"]["book"]["url"] = "https://evil.example/book"
        if way == "put":
            answer = await client.put(f"/v2/agent/{agent_id}", json=moved)
        elif way == "copy":
            answer = await client.post("/v2/agent", json=moved)
        elif way == "patch":
            answer = await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"tasks": moved["tasks"]}})
        else:
            answer = await client.patch(
                f"/v2/agent/{agent_id}", json={"agent_config": {"webhook_url": "https://evil.example/"}}
            )
        assert (answer.status_code, "another host" in answer.json()["message"]) == (400, True), answer.text
        assert await read(client, agent_id) == before
        again = {"webhook_url": "https://evil.example/", "webhook_headers": {"Authorization": "their own"}}
        assert (await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": again})).status_code == 200
    assert await opened(world, agent_id) == (TOKEN, "their own")


async def test_without_the_master_key_nothing_is_stored_in_clear_and_the_rest_can_be_changed(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await made(client)
        (world.recordings.folder / MASTER_KEY_FILE).unlink()
        refused = await client.post("/v2/agent", json={"agent_config": config()})
        assert (refused.status_code, "master-key" in refused.json()["message"]) == (503, True)
        changed = await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"agent_name": "Other"}})
        assert changed.status_code == 200, changed.text
        assert len((await client.get("/v2/agent/all")).json()) == 1


async def stored_in_clear(world: ApiWorld, client: httpx.AsyncClient) -> tuple[str, str]:
    """An agent as an earlier version stored it, with a call that waits; their ids."""
    agent_id = await made(client)
    execution_id = await place(client, agent_id)
    text = json.dumps(config()).replace("'", "''")
    await run_sql(world.dsn, f"update agent set body = '{text}'", f"update execution set agent = '{text}'")
    return agent_id, execution_id


async def test_what_an_earlier_version_stored_in_clear_is_masked_works_and_is_sealed_with_the_next_change(
    world: ApiWorld,
) -> None:
    async with world.client() as client:
        agent_id, _ = await stored_in_clear(world, client)
        body = await read(client, agent_id)
        assert "canary" not in json.dumps(body)
        assert await opened(world, agent_id) == (TOKEN, HOOK)
        assert (await client.put(f"/v2/agent/{agent_id}", json={**body, "agent_name": "Other"})).status_code == 200
    assert "canary" not in str(await fetch(world.dsn, "select body::text from agent"))
    assert await opened(world, agent_id) == (TOKEN, HOOK)


async def test_a_start_seals_agents_and_calls_that_are_not_over_and_the_command_the_others(world: ApiWorld) -> None:
    services = world.services.actions
    async with world.client() as client:
        agent_id, waiting = await stored_in_clear(world, client)
        over = await place(client, agent_id)
        await client.post(f"/call/{over}/stop")
    text = json.dumps(config()).replace("'", "''")
    await run_sql(world.dsn, f"update execution set agent = '{text}'")
    await seal_at_start(services)
    rows = await fetch(
        world.dsn, "select id, agent::text as body from execution union all select id, body::text from agent"
    )
    assert {row["id"]: "canary" in row["body"] for row in rows} == {agent_id: False, waiting: False, over: True}
    assert await opened(world, agent_id) == (TOKEN, HOOK)
    async with world.client() as client:
        assert (await read(client, agent_id))["callwright"]["revision"] == 1
    assert [await seal_stored(services, kind) for kind in BodyKind] == [0, 0, 0, 1, 2]
    assert "canary" not in await everything_in(world.dsn)
    # Once is enough: an agent in clear that appears later is the command's.
    await run_sql(world.dsn, f"update agent set body = '{text}'")
    await seal_at_start(services)
    assert "canary" in await everything_in(world.dsn)
