"""Calls that go on, and the changes of all calls as they come."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.acceptance.test_api_call_page import live_call
from tests.api_world import ApiWorld, create, place
from tests.database import run_sql
from tests.unit.insight.doctor_call import DoctorCall, healthy

from callwright.domain.limits import STANDING_SECONDS
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.keys.actions.keys import create_key

PATH = "/v1/callwright/live"


async def test_calls_that_go_on_are_listed_with_what_was_said_last(world: ApiWorld) -> None:
    execution_id = await live_call(world, healthy())
    async with world.ledger.unit() as unit:
        for change in (
            Change(Phase.DIALLING, "initiated", {"initiated_at": world.clock.now()}),
            Change(Phase.LIVE, "", {"answered_at": world.clock.now()}),
        ):
            await unit.executions.change(execution_id, change, owner="node-a", attempt=1)
    async with world.client() as client:
        waiting = await place(client, await create(client))
        body = (await client.get(PATH)).json()
    (call,) = body["items"]
    assert (call["id"], call["status"], call["agent_name"]) == (execution_id, "in-progress", "Clinic reminder")
    assert [(line["who"], line["text"]) for line in call["lines"]] == [
        ("caller", "A table for two please."),
        ("agent", "For when shall it be?"),
        ("caller", "Tonight at eight."),
        ("agent", "Done, see you tonight."),
    ]
    assert (call["turns"], call["wait_last_ms"], call["wait_max_ms"], call["findings"]) == (2, 600, 600, [])
    assert body["places"] == {"used": 1, "most": 100, "waiting": 1}
    assert body["left_out"] == 0
    assert waiting != execution_id
    async with world.client(world.other_key) as client:
        assert (await client.get(PATH)).json()["items"] == []


async def test_a_call_that_was_just_dialled_has_said_nothing(world: ApiWorld) -> None:
    execution_id = await live_call(world, DoctorCall())
    async with world.ledger.unit() as unit:
        change = Change(Phase.DIALLING, "initiated", {"initiated_at": world.clock.now()})
        await unit.executions.change(execution_id, change, owner="node-a", attempt=1)
    await run_sql(world.dsn, "delete from call_log")
    async with world.client() as client:
        (call,) = (await client.get(PATH)).json()["items"]
    assert (call["status"], call["lines"], call["turns"], call["wait_max_ms"]) == ("initiated", [], 0, None)


async def order(world: ApiWorld) -> None:
    async with world.ledger.unit() as unit:
        await unit.events.order(1_000)


def told(text: str) -> list[dict[str, Any]]:
    """The events of a stream: name, id and data."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


async def test_changes_of_all_calls_come_in_one_stream(world: ApiWorld) -> None:
    made = await create_key(world.services.actions, DEFAULT_TENANT_ID, "watching")
    async with world.client() as client, world.client(made.secret) as watcher:
        agent_id = await create(client)
        before = await place(client, agent_id)
        await order(world)
        cursor = (await client.get("/v1/callwright/events")).json()["next_cursor"]
        between = await place(client, agent_id)
        await order(world)
        watching = asyncio.create_task(watcher.get(f"{PATH}/changes", headers={"Last-Event-ID": cursor}))
        await asyncio.sleep(STANDING_SECONDS)
        later = await place(client, agent_id)
        await order(world)
        await asyncio.sleep(STANDING_SECONDS)
        await run_sql(world.dsn, "update api_key set revoked_at = now() where name = 'watching'")
        ready, *changes, closed = told((await asyncio.wait_for(watching, 10)).text)
        assert (ready["event"], closed["event"]) == ("ready", "closed")
        assert [(one["data"]["id"], one["data"]["type"]) for one in changes] == [
            (between, "execution.queued"),
            (later, "execution.queued"),
        ]
        assert changes[0]["data"]["agent_id"] == agent_id
        # Each change is a cursor: behind the first comes the second.
        page = (await client.get("/v1/callwright/events", params={"after": changes[0]["id"]})).json()
        assert [one["execution_id"] for one in page["data"]] == [later]
        assert before not in json.dumps(changes)


async def test_a_stream_of_changes_begins_now_and_refuses_a_cursor_that_is_none(world: ApiWorld) -> None:
    made = await create_key(world.services.actions, DEFAULT_TENANT_ID, "watching")
    async with world.client() as client, world.client(made.secret) as watcher:
        await place(client, await create(client))
        await order(world)
        assert (await client.get(f"{PATH}/changes", params={"after": "x"})).status_code == 400
        watching = asyncio.create_task(watcher.get(f"{PATH}/changes"))
        await asyncio.sleep(STANDING_SECONDS)
        await run_sql(world.dsn, "update api_key set revoked_at = now() where name = 'watching'")
        assert [one["event"] for one in told((await asyncio.wait_for(watching, 10)).text)] == ["ready", "closed"]
