"""Events with a cursor at the API: what a program without a public address reads."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from tests.api_world import PUBLIC_URL, ApiWorld, create, place
from tests.database import fetch, run_sql
from tests.waiting import until

from callwright.api.app import build_app
from callwright.domain.limits import MAX_EVENT_WAITS_OF_ONE, MAX_EVENTS_LISTED
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase

EVENTS = "/v1/callwright/events"


async def order(world: ApiWorld) -> None:
    async with world.ledger.unit() as unit:
        await unit.events.order(1_000)


async def cancel(world: ApiWorld, execution_id: str) -> None:
    async with world.ledger.unit() as unit:
        await transition(unit, execution_id, Change(Phase.DONE, "canceled"), world.services.actions.publisher)


async def read(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answered = await client.get(EVENTS, params=query)
    assert answered.status_code == 200, answered.text
    body: dict[str, Any] = answered.json()
    return body


def shown(page: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(event["type"], event["execution_id"]) for event in page["data"]]


async def test_every_change_is_read_once_with_or_without_a_webhook(world: ApiWorld) -> None:
    async with world.client() as client:
        told = await place(client, await create(client))
        silent = await place(client, await create(client, webhook_url=None))
        picky = await place(client, await create(client, webhook_config={"statuses": ["completed"]}))
        await order(world)
        first = await read(client, limit=2)
        assert shown(first) == [("execution.queued", told), ("execution.queued", silent)]
        assert (first["has_more"], first["data"][0]["batch_id"]) == (True, None)
        rest = await read(client, after=first["next_cursor"])
        assert (shown(rest), rest["has_more"]) == ([("execution.queued", picky)], False)
        for execution_id in (told, silent):
            await cancel(world, execution_id)
        assert shown(await read(client, after=rest["next_cursor"])) == [], "committed, and not in order yet"
        await order(world)
        ended = await read(client, after=rest["next_cursor"])
        assert shown(ended) == [("execution.canceled", told), ("execution.canceled", silent)]
        hooks = await fetch(world.dsn, "select id, body, status from outbox order by created_at")
        assert [row["id"] for row in hooks] == [first["data"][0]["id"], ended["data"][0]["id"]], "the id of the webhook"
        assert httpx.Response(200, content=hooks[0]["body"]).json() == first["data"][0]["data"], "its body, frozen"
        assert ended["data"][1]["data"]["status"] == "canceled"
        assert shown(await read(client, types="execution.canceled, batch")) == shown(ended)
        assert shown(await read(client, types="batch")) == []
        assert len((await read(client, limit=MAX_EVENTS_LISTED + 1))["data"]) == 5


async def test_a_batch_without_a_webhook_has_events_too(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        files = {"file": ("list.csv", "contact_number\nloopback:demo\n")}
        made = (await client.post("/batches", data={"agent_id": agent_id}, files=files)).json()
        await order(world)
        page = await read(client, types="batch")
        assert {(event["type"], event["batch_id"], event["execution_id"]) for event in page["data"]} <= {
            ("batch.created", made["batch_id"], None),
            ("batch.processed", made["batch_id"], None),
        }
        assert page["data"][-1]["data"]["batch_id"] == made["batch_id"]


async def test_others_read_nothing_of_ours_and_cannot_use_our_cursor(world: ApiWorld) -> None:
    async with world.client() as client:
        await place(client, await create(client))
        await order(world)
        ours = await read(client)
    for key in (world.other_key, world.sub_key, world.other_sub_key):
        async with world.client(key) as client:
            assert (await read(client))["data"] == []
            refused = await client.get(EVENTS, params={"after": ours["next_cursor"]})
            assert (refused.status_code, refused.json()["field"]) == (400, "after")
    async with world.client(world.read_key) as client:
        assert len((await read(client))["data"]) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "x"}, "after"),
        ({"after": "NDcuOGYxYjBjM2Q0ZTVh"}, "after"),
        ({"limit": 0}, "limit"),
        ({"wait": 31}, "wait"),
        ({"wait": -1}, "wait"),
        ({"types": "execution.lost"}, "types"),
        ({"types": "completed"}, "types"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(world: ApiWorld, query: dict[str, Any], field: str) -> None:
    async with world.client() as client:
        refused = await client.get(EVENTS, params=query)
        assert (refused.status_code, refused.json()["field"]) == (400, field), refused.text


async def test_a_cursor_after_which_events_were_deleted_says_what_to_do(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        calls = [await place(client, agent_id) for _ in range(3)]
        await order(world)
        first, second = await read(client, limit=1), await read(client, limit=2)
        async with world.ledger.unit() as unit:
            await unit.connection.execute("update event_head set pruned = 2")
            await unit.connection.execute("delete from event where position <= 2")
        assert shown(await read(client, after=second["next_cursor"])) == [("execution.queued", calls[2])]
        refused = await client.get(EVENTS, params={"after": first["next_cursor"]})
        assert (refused.status_code, refused.json()["code"]) == (410, "cursor_expired")
        assert "CALLWRIGHT_EVENT_DAYS" in refused.json()["message"]
        assert "without `after`" in refused.json()["hint"]
        assert shown(await read(client)) == [("execution.queued", calls[2])]
        await run_sql(world.dsn, "update event_head set last = 2")
        ahead = await read(client)
        await run_sql(world.dsn, "update event_head set last = 1, pruned = 0")
        refused = await client.get(EVENTS, params={"after": ahead["next_cursor"]})
        assert (refused.status_code, refused.json()["code"]) == (410, "cursor_expired")
        assert "backup" in refused.json()["message"]


async def test_a_request_that_waits_is_answered_when_there_is_an_event(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await order(world)
        start = await read(client)
        waiting = asyncio.ensure_future(read(client, after=start["next_cursor"], wait=20))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        execution_id = await place(client, agent_id)
        await order(world)
        async with asyncio.timeout(5):
            assert shown(await waiting) == [("execution.queued", execution_id)]
        began = asyncio.get_running_loop().time()
        assert (await read(client, after=(await read(client))["next_cursor"], wait=1))["data"] == []
        assert 0.9 <= asyncio.get_running_loop().time() - began < 5


async def test_an_organisation_has_so_many_places_to_wait_and_gives_them_back(world: ApiWorld) -> None:
    # One application serves both: its places are counted in it.
    transport = httpx.ASGITransport(build_app(world.services))
    async with client_of(transport, world.key) as client, client_of(transport, world.other_key) as others:
        agent_id = await create(client)
        waiting = [asyncio.ensure_future(read(client, wait=20)) for _ in range(MAX_EVENT_WAITS_OF_ONE)]
        # Long enough for all of them to begin to wait, also where the tests in real time take most of the processor.
        await asyncio.sleep(2)
        refused = await client.get(EVENTS, params={"wait": 20})
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert (await read(client))["data"] == [], "a request that does not wait needs no place"
        assert (await read(others, wait=1))["data"] == [], "another organisation has its own"
        await place(client, agent_id)
        await order(world)
        async with asyncio.timeout(10):
            assert all(page["data"] for page in await asyncio.gather(*waiting))
        await until(lambda: _waits(client), 5)


def client_of(transport: httpx.ASGITransport, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport, base_url=PUBLIC_URL, headers={"Authorization": f"Bearer {key}"}, timeout=None
    )


async def _waits(client: httpx.AsyncClient) -> bool:
    end = (await read(client))["next_cursor"]
    return (await client.get(EVENTS, params={"after": end, "wait": 1})).status_code == 200
