"""A batch's pace over the API: limits of its own, pausing and resuming."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.acceptance.test_api_batches import (
    HOOK,
    LIST,
    batch_id_of,
    begin,
    own_numbers,
    read,
    release_of,
    rows,
    upload,
)
from tests.api_world import ApiWorld, create
from tests.database import fetch

from callwright.campaigns.breaker import BatchBreaker
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase

ROUTE = "/v1/callwright/batches"
RATE = "calls_per_second must be a number from 0.01 to 1000"
LONG = LIST + "loopback:demo,x,y\n" * 30


async def waiting_rows(world: ApiWorld) -> int:
    """Calls that may be admitted now."""
    async with world.ledger.unit() as unit:
        return len(await unit.executions.candidates(100))


async def admit(world: ApiWorld) -> int:
    async with world.ledger.unit() as unit:
        found = await unit.executions.candidates(100)
        return len(await unit.executions.admit([one.id for one in found]))


async def told_of(world: ApiWorld, batch_id: str) -> list[dict[str, Any]]:
    """The bodies of the batch's webhooks."""
    async with world.ledger.unit() as unit:
        return [json.loads(one.body) for one in await unit.batches.outbox.of_execution(DEFAULT_TENANT_ID, batch_id)]


async def test_a_batch_is_created_with_limits_which_a_request_changes(world: ApiWorld) -> None:
    async with world.client() as client:
        fields = {"max_concurrency": "3", "calls_per_second": "0.5", "breaker": '{"min_calls": 5}'}
        batch_id = await batch_id_of(client, await create(client), **fields)
        shown = (await read(client, batch_id))["callwright"]
        breaker = {"enabled": True, "failure_share": 0.5, "min_calls": 5, "window_seconds": 600}
        assert (shown["max_concurrency"], shown["calls_per_second"], shown["breaker"]) == (3, 0.5, breaker)
        answer = await client.patch(f"{ROUTE}/{batch_id}", json={"max_concurrency": 7, "calls_per_second": None})
        assert answer.status_code == 200, answer.text
        changed = answer.json()["callwright"]
        assert (changed["max_concurrency"], changed["calls_per_second"], changed["breaker"]) == (7, None, breaker)
        assert (await read(client, batch_id))["callwright"] == {**changed, "decisions": {}}
    (entry,) = await fetch(world.dsn, "select before, after from audit where action = 'batch.updated'")
    assert json.loads(entry["before"])["pace"]["max_concurrency"] == 3
    assert json.loads(entry["after"])["pace"]["max_concurrency"] == 7


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"max_concurrency": "0"}, "max_concurrency", 'max_concurrency must be a whole number from 1 to 100000, not "0"'),
        ({"calls_per_second": "0"}, "calls_per_second", f'{RATE}, not "0"'),
        ({"calls_per_second": "x"}, "calls_per_second", f"{RATE}, not a string of 1 characters"),
        ({"breaker": '{"failure_share": 2}'}, "breaker.failure_share", "breaker.failure_share must be a number from 0.01 to 1, not 2"),
        ({"breaker": '{"min_call": 2}'}, "breaker.min_call", "breaker.min_call is unknown; did you mean min_calls?"),
        ({"breaker": "on"}, "breaker", "breaker must be an object or its JSON text, not a string of 2 characters"),
    ],
)  # fmt: skip
async def test_a_limit_that_is_none_is_refused(
    world: ApiWorld, fields: dict[str, str], field: str, message: str
) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        refused = await upload(client, agent_id, **fields)
        assert (refused.status_code, refused.json()["field"], refused.json()["message"]) == (400, field, message)
        batch_id = await batch_id_of(client, agent_id)
        name, value = next(iter(fields.items()))
        changed = await client.patch(f"{ROUTE}/{batch_id}", json={name: value})
        assert (changed.status_code, changed.json()["field"]) == (400, field)
        unknown = await client.patch(f"{ROUTE}/{batch_id}", json={"max_concurency": 3})
        assert unknown.json()["message"] == "max_concurency is unknown; did you mean max_concurrency?"


async def test_no_call_of_a_paused_batch_begins_until_it_is_resumed(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), LONG, webhook_url=HOOK)
        await begin(world, client, batch_id)
        assert await admit(world) > 0
        paused = await client.post(f"{ROUTE}/{batch_id}/pause", json={"reason": "the carrier changes"})
        assert paused.status_code == 200, paused.text
        found = await read(client, batch_id)
        assert found["status"] == "running"
        assert found["callwright"]["paused"].pop("since")
        assert found["callwright"]["paused"] == {"by": "request", "reason": "the carrier changes"}
        before = len(await fetch(world.dsn, "select id from execution"))
        await release_of(world).round()
        assert len(await fetch(world.dsn, "select id from execution")) == before, "no contact is released"
        assert not await fetch(world.dsn, "select id from execution where phase <> 'waiting'"), (
            "not taken yet: waits again"
        )
        assert not await waiting_rows(world)
        assert {row["status"] for row in await rows(client, batch_id)} == {"queued"}
        again = await client.post(f"{ROUTE}/{batch_id}/pause")
        assert again.json()["callwright"]["paused"]["reason"] == "the carrier changes"

        resumed = await client.post(f"{ROUTE}/{batch_id}/resume")
        assert resumed.json()["callwright"]["paused"] is None
        assert (await client.post(f"{ROUTE}/{batch_id}/resume")).json()["status"] == "running"
        assert await admit(world) == before
    told = await told_of(world, batch_id)
    assert [(body["status"], (body["callwright"]["paused"] or {}).get("reason")) for body in told][-2:] == [
        ("running", "the carrier changes"),
        ("running", None),
    ]
    actions = [row["action"] for row in await fetch(world.dsn, "select action from audit order by id")]
    assert [action for action in actions if action.startswith("batch.")][-2:] == ["batch.paused", "batch.resumed"]


async def test_calls_under_way_go_on_when_their_batch_pauses(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), LONG)
        await begin(world, client, batch_id)
        await admit(world)
        async with world.ledger.unit() as unit:
            taken = await unit.executions.claim("node-a", 2)
        await client.post(f"{ROUTE}/{batch_id}/pause")
    found = await fetch(world.dsn, "select id from execution where phase = 'claimed'")
    assert {row["id"] for row in found} == {one.id for one in taken}


async def test_a_paused_batch_takes_no_turn_from_another_one(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        first, second = await batch_id_of(client, agent_id, LONG), await batch_id_of(client, agent_id, LONG)
        await begin(world, client, first)
        await client.post(f"{ROUTE}/{first}/pause")
        await begin(world, client, second)
        await admit(world)
    found = await fetch(world.dsn, "select distinct batch_id from execution where phase = 'admitted'")
    assert [row["batch_id"] for row in found] == [second]


async def test_a_batch_is_paused_before_its_start_and_stopped_while_it_is_paused(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))
        refused = await client.post(f"{ROUTE}/{batch_id}/pause")
        assert (refused.status_code, refused.json()["code"]) == (400, "wrong_state")
        await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": "2027-01-15T09:30:00+00:00"})
        assert (await client.post(f"{ROUTE}/{batch_id}/pause")).json()["callwright"]["paused"]
        await begin(world, client, batch_id)
        assert (await read(client, batch_id))["status"] == "queued"
        assert (await client.post(f"/batches/{batch_id}/stop")).json() == {"message": "success", "state": "stopped"}
        for method, path in (("POST", "/pause"), ("POST", "/resume"), ("PATCH", "")):
            refused = await client.request(method, f"{ROUTE}/{batch_id}{path}", json={})
            assert (refused.status_code, refused.json()["code"]) == (400, "wrong_state"), path


async def test_a_batch_that_is_not_there_has_no_pace(world: ApiWorld) -> None:
    async def missing(client: httpx.AsyncClient, method: str, path: str) -> bool:
        return (await client.request(method, f"{ROUTE}/{'0' * 32}{path}", json={})).status_code == 404

    async with world.client() as client:
        assert [await missing(client, *each) for each in (("POST", "/pause"), ("POST", "/resume"), ("PATCH", ""))] == [
            True
        ] * 3


async def fail_calls(world: ApiWorld, outcome: str, code: int, count: int = 100) -> int:
    """Admit, claim and end calls of batches."""
    await admit(world)
    async with world.ledger.unit() as unit:
        claimed = await unit.executions.claim("node-a", count)
        for row in claimed:
            dialled = Change(Phase.DIALLING, "initiated", columns={"initiated_at": world.clock.now()})
            await unit.executions.change(row.id, dialled, owner="node-a", attempt=1)
            ended = Change(Phase.DONE, outcome, columns={"hangup_code": code})
            await unit.executions.change(row.id, ended, owner="node-a", attempt=1)
    await release_of(world).round()
    return len(claimed)


def breaker_of(world: ApiWorld) -> BatchBreaker:
    return BatchBreaker(world.ledger, world.clock, world.services.actions.batch_publisher)


async def test_a_batch_whose_calls_fail_pauses_and_says_why(world: ApiWorld, caplog: pytest.LogCaptureFixture) -> None:
    async with world.client() as client:
        fields = {"breaker": '{"min_calls": 4, "window_seconds": 300}', "webhook_url": HOOK}
        batch_id = await batch_id_of(client, await create(client), LONG, **fields)
        await begin(world, client, batch_id)
        ended = 0
        while ended < 4:
            ended += await fail_calls(world, "failed", 3090, 4 - ended)
        await breaker_of(world).look()
        why = "4 of 4 attempts failed within 300 seconds; the breaker allows less than 50%"
        found = await read(client, batch_id)
        assert (found["status"], found["callwright"]["paused"]["by"]) == ("running", "breaker")
        assert found["callwright"]["paused"]["reason"] == why
        assert f"batch {batch_id} is paused: {why}" in caplog.text
        assert (await told_of(world, batch_id))[-1]["callwright"]["paused"]["reason"] == why
        (entry,) = await fetch(world.dsn, "select actor from audit where action = 'batch.paused'")
        assert entry["actor"] == "system"
        assert not await waiting_rows(world)

        await client.post(f"{ROUTE}/{batch_id}/resume")
        await breaker_of(world).look()
        assert (await read(client, batch_id))["callwright"]["paused"] is None, (
            "what failed before the resume is forgiven"
        )


@pytest.mark.parametrize(
    ("outcome", "code", "breaker"),
    [
        ("no-answer", 3000, '{"min_calls": 2}'),
        ("failed", 2000, '{"min_calls": 2}'),
        ("failed", 3090, '{"min_calls": 2, "enabled": false}'),
        ("failed", 3090, '{"min_calls": 500}'),
    ],
)
async def test_a_batch_goes_on(world: ApiWorld, outcome: str, code: int, breaker: str) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), LONG, breaker=breaker)
        await begin(world, client, batch_id)
        assert await fail_calls(world, outcome, code) + await fail_calls(world, outcome, code) >= 2
        await breaker_of(world).look()
        assert (await read(client, batch_id))["callwright"]["paused"] is None


async def test_the_breaker_of_the_policy_binds_batches_without_one(world: ApiWorld) -> None:
    async with world.client() as client:
        policy = {"pace": {"breaker": {"min_calls": 2, "failure_share": 0.9}}}
        assert (await client.put("/v1/callwright/calling-policy", json=policy)).status_code == 200
        batch_id = await batch_id_of(client, await create(client), LONG)
        await begin(world, client, batch_id)
        await fail_calls(world, "error", 5010)
        await breaker_of(world).look()
        assert (await read(client, batch_id))["callwright"]["paused"]["by"] == "breaker"


async def test_a_number_that_nobody_answers_rests_and_the_batch_calls_from_another(
    world: ApiWorld, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.client() as client:
        await own_numbers(world, "+15550001", "+15550002")
        rest = {"min_calls": 1, "answer_share": 0.5, "minutes": 30}
        policy = {"pace": {"rotation": {"rest": rest}, "account": {"max_concurrency": 1}}}
        assert (await client.put("/v1/callwright/calling-policy", json=policy)).status_code == 200
        batch_id = await batch_id_of(client, await create(client), LONG, from_phone_numbers=["+15550001", "+15550002"])
        await begin(world, client, batch_id)
        assert await fail_calls(world, "no-answer", 3000) == 1
        ((tired,),) = await fetch(world.dsn, "select from_number from execution where phase = 'done'")
        await breaker_of(world).look()
        assert f"number {tired} rests until" in caplog.text
        async with world.ledger.unit() as unit:
            (chosen,) = await unit.executions.candidates(10)
        assert chosen.from_number != tired
        await breaker_of(world).look()
        assert caplog.text.count("rests until") == 1
