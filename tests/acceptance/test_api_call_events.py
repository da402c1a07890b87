"""Events sent into calls through the public API, on a real database (contract 3.2)."""

from __future__ import annotations

import asyncio

import pytest
from tests.api_world import ApiWorld, create, place
from tests.rows import admit, claim, move

from callwright.domain.limits import MAX_CALL_EVENTS, MAX_EVENT_BYTES, MAX_NAME_CHARACTERS
from callwright.platform.executions.rules.execution import Phase

NOBODY = "00000000-0000-4000-8000-00000000dead"


async def claimed(world: ApiWorld) -> str:
    """A call that some process is dialling."""
    async with world.client() as client:
        execution_id = await place(client, await create(client))
    await admit(world.ledger)
    await claim(world.ledger)
    return execution_id


async def test_an_event_is_accepted_stands_in_the_record_and_reaches_the_call(world: ApiWorld) -> None:
    run_id = await claimed(world)
    async with world.client() as client:
        first = await client.post(
            f"/v1/call/{run_id}/events", json={"event": "paid", "properties": {"ref": "T-77"}, "timestamp": 5}
        )
        await client.post(f"/v1/call/{run_id}/events", json={"event": "shipped"})
        read = (await client.get(f"/executions/{run_id}")).json()
    assert (first.status_code, first.json()) == (202, {"status": "accepted", "event": "paid", "run_id": run_id})
    events = read["callwright"]["events"]
    assert [(one["event"], one["properties"]) for one in events] == [("paid", {"ref": "T-77"}), ("shipped", {})]
    assert world.control.told == [(run_id, ["paid"]), (run_id, ["paid", "shipped"])]


async def test_a_call_that_is_not_active_is_not_found_in_the_words_of_the_contract(world: ApiWorld) -> None:
    async with world.client() as client:
        waiting = await place(client, await create(client))
        stopped = await place(client, await create(client))
        await client.post(f"/call/{stopped}/stop")
        bodies = []
        for run_id in (waiting, stopped, NOBODY, "x"):
            answer = await client.post(f"/v1/call/{run_id}/events", json={"event": "paid"})
            assert answer.status_code == 404
            body = answer.json()
            body.pop("request_id")
            bodies.append(body)
    assert bodies[0]["detail"] == "No active call found for this run_id"
    assert all(body == bodies[0] for body in bodies)


async def test_a_call_that_ended_takes_no_more(world: ApiWorld) -> None:
    run_id = await claimed(world)
    await move(world.ledger, run_id, Phase.DONE, "failed", owner="node-a", attempt=1)
    async with world.client() as client:
        assert (await client.post(f"/v1/call/{run_id}/events", json={"event": "paid"})).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "event"),
        ({"event": " "}, 400, "event"),
        ({"event": 5}, 400, "event"),
        ({"event": "x" * (MAX_NAME_CHARACTERS + 1)}, 400, "event"),
        ({"event": "a\nb"}, 400, "event"),
        ({"event": "paid", "properties": [1]}, 400, "properties"),
        ({"event": "paid", "properties": {"x": "y" * MAX_EVENT_BYTES}}, 413, "properties"),
    ],
)
async def test_a_wrong_event_is_named(world: ApiWorld, body: dict[str, object], status: int, field: str) -> None:
    run_id = await claimed(world)
    async with world.client() as client:
        answer = await client.post(f"/v1/call/{run_id}/events", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert world.control.told == []


async def test_events_sent_at_once_are_all_kept_up_to_the_limit(world: ApiWorld) -> None:
    run_id = await claimed(world)
    async with world.client() as client:
        sent = [
            client.post(f"/v1/call/{run_id}/events", json={"event": f"e{number}"})
            for number in range(MAX_CALL_EVENTS + 3)
        ]
        answers = sorted(await asyncio.gather(*sent), key=lambda answer: answer.status_code)
        read = (await client.get(f"/executions/{run_id}")).json()
    assert [answer.status_code for answer in answers] == [202] * MAX_CALL_EVENTS + [409] * 3
    assert "it takes no more" in answers[-1].json()["message"]
    assert "Retry-After" not in answers[-1].headers, "it will not take one later either"
    assert len(read["callwright"]["events"]) == MAX_CALL_EVENTS


async def test_an_event_repeated_under_its_key_is_one(world: ApiWorld) -> None:
    run_id = await claimed(world)
    async with world.client() as client:
        headers = {"Idempotency-Key": "once"}
        answers = [
            await client.post(f"/v1/call/{run_id}/events", json={"event": "paid"}, headers=headers) for _ in range(2)
        ]
        read = (await client.get(f"/executions/{run_id}")).json()
    assert answers[0].content == answers[1].content
    assert answers[1].status_code == 202
    assert [one["event"] for one in read["callwright"]["events"]] == ["paid"]
