"""Events from outside in calls that are going on: they stand in the call's log, whichever process runs it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.call_world import CallWorld, call_world

from callwright.conversation.log import read_log
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change

pytestmark = pytest.mark.real_time


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path) as started:
        yield started


async def send(world: CallWorld, execution_id: str, *names: str) -> list[dict[str, Any]]:
    """Write events into the call's row, as the API of another process does."""
    row = await world.row(execution_id)
    events = [
        {
            "name": name,
            "properties": json.dumps({"of": name}),
            "at": world.clock.now().isoformat(),
            "attempt": row.attempt,
        }
        for name in names
    ]
    change = Change(columns={"options": {**row.options, "events": events}})
    async with world.ledger.unit() as unit:
        await transition(unit, execution_id, change, world.publisher)
    return events


async def test_each_event_is_in_the_log_once_whether_told_at_once_or_read_from_the_row(world: CallWorld) -> None:
    execution_id = await world.place(persona="waiting")
    await world.until(execution_id, "in-progress")

    events = await send(world, execution_id, "paid", "shipped")
    await world.runtime.control.deliver_events(execution_id, events[:1])
    await world.until_logged(execution_id, "shipped")
    await world.runtime.control.request_stop(execution_id, "API Request", "stopped_by_api")
    row = await world.until(execution_id, "completed")

    _, entries = read_log(await world.log(execution_id))
    taken = [entry.values for entry in entries if entry.type == "ExternalEvent"]
    assert taken == [
        {"name": "paid", "properties": '{"of": "paid"}'},
        {"name": "shipped", "properties": '{"of": "shipped"}'},
    ]
    assert [one["event"] for one in world.body(row)["callwright"]["events"]] == ["paid", "shipped"]


async def test_events_of_an_earlier_attempt_are_not_told_again(world: CallWorld) -> None:
    execution_id = await world.place(persona="waiting")
    await world.until(execution_id, "in-progress")
    events = await send(world, execution_id, "paid")
    await world.runtime.control.deliver_events(execution_id, [{**events[0], "attempt": 7, "name": "of another"}])
    await world.until_logged(execution_id, "paid")
    assert "of another" not in await world.log(execution_id)
