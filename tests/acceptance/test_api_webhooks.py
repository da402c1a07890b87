"""Webhooks after the fact at the API: sending again, and endpoints that fail."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.api_world import AGENT, ApiWorld, create, place
from tests.database import fetch

from callwright.domain.limits import MAX_WEBHOOKS_REPLAYED
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.webhooks.rules.address import endpoint_of
from callwright.platform.webhooks.rules.outbox import Answered

WEBHOOKS = "/v1/callwright/webhooks"
ENDPOINT = endpoint_of(AGENT["agent_config"]["webhook_url"])


async def deliver(world: ApiWorld) -> list[str]:
    async with world.ledger.unit() as unit:
        entries = await unit.outbox.lease("w", 25, 50, 180)
        for entry in entries:
            await unit.outbox.delivered("w", Answered(entry.id, 200, "ok"))
    return [entry.id for entry in entries]


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answered = await client.post(f"{WEBHOOKS}/{path}", json=body)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def test_a_delivered_webhook_is_sent_again(world: ApiWorld) -> None:
    async with world.client() as client:
        await place(client, await create(client))
        (webhook_id,) = await deliver(world)
        assert await post(client, f"{webhook_id}/replay") == {"id": webhook_id, "status": "queued", "state": "due"}
        assert await deliver(world) == [webhook_id]
        (entry,) = await fetch(world.dsn, "select actor, object_id from audit where action = 'webhook.resent'")
        assert entry["object_id"] == webhook_id
        assert entry["actor"] != "cli"
        async with world.ledger.unit() as unit:
            await unit.outbox.lease("w", 25, 50, 180)
        await post(client, f"{webhook_id}/replay")
        async with world.ledger.unit() as unit:
            assert [one.id for one in await unit.outbox.lease("w", 25, 50, 180)] == [webhook_id]
        refused = await client.post(f"{WEBHOOKS}/{webhook_id}/replay")
        assert (refused.status_code, refused.json()["code"]) == (400, "wrong_state")
        assert (await client.post(f"{WEBHOOKS}/nothing/replay")).status_code == 404


async def test_a_range_is_counted_before_it_is_sent_again(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        calls = [await place(client, agent_id) for _ in range(3)]
        webhooks = await deliver(world)
        everything: dict[str, Any] = {"from": "2020-01-01"}
        assert await post(client, "replay", {**everything, "dry_run": True}) == {
            "matched": 3,
            "replayed": 0,
            "dry_run": True,
        }
        assert await deliver(world) == []
        assert (await post(client, "replay", {**everything, "statuses": ["completed"]}))["matched"] == 0
        assert (await post(client, "replay", {**everything, "to": "2020-01-02"}))["matched"] == 0
        assert (await post(client, "replay", {**everything, "states": ["given_up"]}))["matched"] == 0
        assert (await post(client, "replay", {"execution_id": calls[0]}))["replayed"] == 1
        assert (await post(client, "replay", everything))["replayed"] == 2, "one waits already"
        assert sorted(await deliver(world)) == sorted(webhooks)
    async with world.client(world.other_key) as others:
        assert (await post(others, "replay", {"execution_id": calls[0]}))["matched"] == 0
        assert (await post(others, "replay", everything))["matched"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "from"),
        ({"to": "2026-01-01"}, "from"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-01", "statuses": ["lost"]}, "statuses"),
        ({"from": "2026-01-01", "states": ["waiting"]}, "states[0]"),
    ],
)
async def test_a_range_that_is_none_is_refused(world: ApiWorld, body: dict[str, Any], field: str) -> None:
    async with world.client() as client:
        refused = await client.post(f"{WEBHOOKS}/replay", json=body)
        assert (refused.status_code, refused.json()["field"]) == (400, field), refused.text


async def test_a_range_has_a_bound(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        async with world.ledger.unit() as unit:
            await unit.connection.execute("alter table outbox disable trigger user")
            await unit.connection.execute(
                "insert into outbox (id, tenant_id, execution_id, sequence, status, url, headers, body, created_at, state, settled_at)"
                f" select 'm' || n, '{DEFAULT_TENANT_ID}', '{execution_id}', n + 1, 's', 'u', '{{}}', '', now(), 'delivered', now()"
                f" from generate_series(1, {MAX_WEBHOOKS_REPLAYED}) n"
            )
            await unit.connection.execute("alter table outbox enable trigger user")
        assert (await post(client, "replay", {"from": "2020-01-01", "dry_run": True}))[
            "matched"
        ] == MAX_WEBHOOKS_REPLAYED
        await deliver(world)
        refused = await client.post(f"{WEBHOOKS}/replay", json={"from": "2020-01-01"})
        assert (refused.status_code, str(MAX_WEBHOOKS_REPLAYED) in refused.json()["message"]) == (400, True)


async def test_a_paused_endpoint_is_shown_and_resumed(world: ApiWorld) -> None:
    async with world.client() as client:
        await place(client, await create(client))
        assert (await client.get(f"{WEBHOOKS}/endpoints")).json() == {"data": []}
        async with world.ledger.unit() as unit:
            await unit.endpoints.failed(DEFAULT_TENANT_ID, ENDPOINT, "HTTP 410", is_gone=True)
        assert await deliver(world) == []
        (shown,) = (await client.get(f"{WEBHOOKS}/endpoints")).json()["data"]
        assert (shown["endpoint"], shown["state"], shown["last_reason"]) == (ENDPOINT, "gone", "HTTP 410")
        assert (shown["waiting"], shown["next_probe_at"]) == (1, None)
        for key in (world.sub_key, world.other_key):
            async with world.client(key) as others:
                assert (await others.get(f"{WEBHOOKS}/endpoints")).json() == {"data": []}
        async with world.client(world.sub_key) as sub:
            assert (await sub.post(f"{WEBHOOKS}/endpoints/resume", json={"endpoint": ENDPOINT})).status_code == 403
        assert await post(client, "endpoints/resume", {"endpoint": ENDPOINT}) == {
            "message": "success",
            "state": "resumed",
        }
        assert len(await deliver(world)) == 1
        assert (await client.post(f"{WEBHOOKS}/endpoints/resume", json={"endpoint": ENDPOINT})).status_code == 404
