"""``Idempotency-Key``: what creates is done once for the same key and body (contract 1.1 has none; ours)."""

from __future__ import annotations

import asyncio

from tests.api_world import AGENT, ApiWorld

KEY = {"Idempotency-Key": "create once"}


async def test_sent_at_once_under_one_key_an_agent_is_created_once(world: ApiWorld) -> None:
    async with world.client() as client:
        answers = await asyncio.gather(*(client.post("/v2/agent", json=AGENT, headers=KEY) for _ in range(20)))
        listed = (await client.get("/v2/agent/all")).json()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [one["id"] for one in listed] == [answers[0].json()["agent_id"]]


async def test_another_body_or_another_route_under_the_key_is_refused(world: ApiWorld) -> None:
    async with world.client() as client:
        await client.post("/v2/agent", json=AGENT, headers=KEY)
        other = {**AGENT, "agent_prompts": {"task_1": {"system_prompt": "Something else."}}}
        for path, body in (("/v2/agent", other), ("/agent", AGENT)):
            answer = await client.post(path, json=body, headers=KEY)
            assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert len((await client.get("/v2/agent/all")).json()) == 1


async def test_what_was_refused_is_not_kept(world: ApiWorld) -> None:
    async with world.client() as client:
        assert (await client.post("/v2/agent", json={}, headers=KEY)).status_code == 400
        assert (await client.post("/v2/agent", json=AGENT, headers=KEY)).status_code == 201


async def test_keys_of_organisations_are_their_own(world: ApiWorld) -> None:
    async with world.client() as ours, world.client(world.other_key) as theirs:
        first = (await ours.post("/v2/agent", json=AGENT, headers=KEY)).json()["agent_id"]
        second = (await theirs.post("/v2/agent", json=AGENT, headers=KEY)).json()["agent_id"]
    assert first != second
