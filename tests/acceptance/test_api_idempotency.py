"""``Idempotency-Key``: what creates is done once for the same key and body (contract 1.1 has none; ours)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.api_world import AGENT, ApiWorld, create, place
from tests.database import fetch, run_sql
from tests.waiting import until

from callwright.api.app import build_app
from callwright.domain.errors import RateLimitedError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key, revoke_key
from callwright.ports.questions import Examination, Examined

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


async def test_a_used_key_is_refused_before_a_body_that_is_invalid(world: ApiWorld) -> None:
    unknown = "00000000-0000-4000-8000-000000000001"
    async with world.client() as client:
        agent_id = await create(client)
        execution_id = await place(client, agent_id)
        await client.post("/v1/callwright/suppressions", json={"number": "+15550123"}, headers=KEY)
        for path, body, alone in (
            ("/v1/callwright/suppressions", {}, 400),
            ("/providers", {"provider_name": "OPENAI"}, 400),
            ("/user/model/custom", {"custom_model_name": ""}, 400),
            ("/phone-numbers/buy", {"country": "XX"}, 400),
            (f"/v1/callwright/agents/{agent_id}/chats", {"pace": "slow"}, 400),
            (f"/v1/callwright/agents/{unknown}/chats", {"pace": "slow"}, 404),
            (f"/v1/callwright/chats/{execution_id}/messages", {}, 400),
            (f"/v1/callwright/executions/{execution_id}/extraction", {"force": 5}, 400),
            (f"/v1/callwright/agents/{agent_id}/extraction", {"limit": 0}, 400),
            (f"/v2/agent/{agent_id}/dispositions/test", {"transcript": 5}, 422),
            (f"/v1/call/{execution_id}/events", {}, 400),
        ):
            used = await client.post(path, json=body, headers=KEY)
            assert (used.status_code, used.json()["field"]) == (409, "Idempotency-Key"), path
            free = await client.post(path, json=body, headers={"Idempotency-Key": "another"})
            assert free.status_code == alone, (path, free.text)
        form = await client.post("/knowledgebase", files={"url": (None, "no address")}, headers=KEY)
        assert (form.status_code, form.json()["field"]) == (409, "Idempotency-Key")
        wrong = await client.post("/providers", json={}, headers={"Idempotency-Key": "k" * 1_000})
        assert (wrong.status_code, wrong.json()["field"]) == (400, "Idempotency-Key")


async def test_a_body_of_a_key_or_a_sub_account_is_judged_before_its_idempotency_key(world: ApiWorld) -> None:
    async with world.client() as client:
        await client.post("/v2/agent", json=AGENT, headers=KEY)
        for path in ("/v1/callwright/keys", "/sub-accounts/create"):
            answer = await client.post(path, json={}, headers=KEY)
            assert (answer.status_code, answer.json()["field"]) == (400, "name")


async def test_what_was_refused_is_not_kept(world: ApiWorld) -> None:
    async with world.client() as client:
        assert (await client.post("/v2/agent", json={}, headers=KEY)).status_code == 400
        assert (await client.post("/v2/agent", json=AGENT, headers=KEY)).status_code == 201


async def test_keys_of_organisations_are_their_own(world: ApiWorld) -> None:
    async with world.client() as ours, world.client(world.other_key) as theirs:
        first = (await ours.post("/v2/agent", json=AGENT, headers=KEY)).json()["agent_id"]
        second = (await theirs.post("/v2/agent", json=AGENT, headers=KEY)).json()["agent_id"]
    assert first != second


async def test_a_number_is_suppressed_once_and_answered_the_same_again(world: ApiWorld) -> None:
    body, url = {"number": "+15550123"}, "/v1/callwright/suppressions"
    async with world.client() as client:
        answers = await asyncio.gather(*(client.post(url, json=body, headers=KEY) for _ in range(10)))
        assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
        assert (await client.post(url, json=body)).status_code == 200
        other = await client.post(url, json={"number": "+15550124"}, headers=KEY)
        assert (other.status_code, other.json()["code"]) == (409, "conflict")


async def test_a_trial_of_dispositions_asks_the_models_once(world: ApiWorld) -> None:
    asking = AskingSlowly()
    services = replace(world.services, actions=replace(world.services.actions, questions=asking))
    slow = replace(world, services=services)
    async with slow.client() as client:
        agent_id = await create(client)
        url, body = f"/v2/agent/{agent_id}/dispositions/test", {"transcript": "user: yes"}
        first = [asyncio.create_task(client.post(url, json=body, headers=KEY)) for _ in range(20)]
        await until(lambda: asking.asked == 1)
        other = await client.post(url, json={"transcript": "user: no"}, headers=KEY)
        assert (other.status_code, other.json()["code"]) == (409, "conflict")
        # A route whose work is one transaction does not wait for it either.
        elsewhere = await client.post("/v2/agent", json=AGENT, headers=KEY)
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "conflict")
        # Who works and one who waits for that; the others are told to ask again.
        await until(lambda: sum(one.done() for one in first) == 18)
        refused = [one.result() for one in first if one.done()]
        assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "conflict")}
        assert "ask again" in refused[0].json()["message"]
        asking.go.set()
        answers = await asyncio.gather(*first)
        served = [answer for answer in answers if answer.status_code == 200]
        assert len(served) == 2
        assert served[0].content == served[1].content
        assert served[0].json()["callwright"]["cost"] == 0.007
        assert (await client.post(url, json=body, headers=KEY)).content == served[0].content
        assert asking.asked == 1
        rows = await fetch(world.dsn, "select from audit where action = 'agent.dispositions_tested'")
        assert len(rows) == 1


async def test_a_trial_that_failed_is_not_kept_and_one_whose_process_died_is_free_after_its_time(
    world: ApiWorld,
) -> None:
    asking = AskingSlowly()
    services = replace(world.services, actions=replace(world.services.actions, questions=asking))
    async with replace(world, services=services).client() as client:
        agent_id = await create(client)
        url, body = f"/v2/agent/{agent_id}/dispositions/test", {"transcript": "user: yes"}
        asking.fail = True
        asking.go.set()
        assert (await client.post(url, json=body, headers=KEY)).status_code == 429
        asking.fail = False
        # As a process leaves it that is killed between taking the key and the answer.
        await run_sql(
            world.dsn,
            "insert into idempotency (tenant_id, key, request_digest, held_until)"
            " select id, 'left behind', 'digest', now() + interval '1 hour' from tenant where parent_id is null",
        )
        left = {"Idempotency-Key": "left behind"}
        assert (await client.post(url, json=body, headers=left)).status_code == 409, "another request holds it"
        await run_sql(world.dsn, "update idempotency set held_until = now() where key = 'left behind'")
        assert (await client.post(url, json=body, headers=left)).status_code == 200
        assert (await client.post(url, json=body, headers=KEY)).status_code == 200
        assert asking.asked == 3


async def test_who_waits_under_a_key_and_is_revoked_meanwhile_does_not_begin_when_the_key_is_free(
    world: ApiWorld,
) -> None:
    asking = AskingSlowly()
    asking.fail = True
    actions = replace(world.services.actions, questions=asking)
    other = await create_key(actions, DEFAULT_TENANT_ID, "leaving")
    async with replace(world, services=replace(world.services, actions=actions)).client() as client:
        agent_id = await create(client)
        url, body = f"/v2/agent/{agent_id}/dispositions/test", {"transcript": "user: yes"}
        first = asyncio.create_task(client.post(url, json=body, headers=KEY))
        await until(lambda: asking.asked == 1)
        leaving = {**KEY, "Authorization": f"Bearer {other.secret}"}
        second = asyncio.create_task(client.post(url, json=body, headers=leaving))
        await until(lambda: bool(actions.key_waiters))
        await revoke_key(actions, DEFAULT_TENANT_ID, other.stored.id)
        assert (await second).status_code == 401
        assert actions.key_waiters, "it waits still, and has been answered"
        asking.go.set()
        assert (await first).status_code == 429
        await until(lambda: not actions.key_waiters)
        # Whoever may ask gets the key, which the one that was refused has let go.
        asking.fail = False

        async def done() -> bool:
            return (await client.post(url, json=body, headers=KEY)).status_code == 200

        await until(done)
        assert asking.asked == 2


class AskingSlowly:
    """Models that answer when the test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.fail = False
        self.go = asyncio.Event()

    async def examine(self, asked: Examination) -> Examined:
        self.asked += 1
        await self.go.wait()
        if self.fail:
            raise RateLimitedError("too many tests at once")
        return Examined({}, [{"amount": 1}], 7_000_000)


#: What is asked for again does nothing more: these need no key.
_REPEATABLE = {
    "/v2/agent/{agent_id}/stop",
    "/batches/{batch_id}/stop",
    "/call/{execution_id}/stop",
    # A second capture of a call is refused.
    "/v1/callwright/executions/{execution_id}/capture",
    "/inbound/setup",
    "/inbound/unlink",
    "/v1/callwright/carriers/{carrier}/connect",
    "/v1/callwright/batches/{batch_id}/pause",
    "/v1/callwright/batches/{batch_id}/resume",
    "/v1/callwright/webhooks/endpoints/resume",
    # Sends the same events with the same ids again: receivers drop what they have.
    "/v1/callwright/webhooks/{webhook_id}/replay",
    "/v1/callwright/webhooks/replay",
    # These answer a question and keep nothing.
    "/v1/callwright/agents/validate",
    "/v1/callwright/executions/{execution_id}/replay",
    "/v1/callwright/executions/{execution_id}/what-if",
    # What was made is gone by itself when nobody comes: a session, or a call of the editor.
    "/v1/callwright/session",
    "/v1/web-call/session",
    "/web-call/freeswitch-session",
    "/v1/callwright/agents/{agent_id}/drafts/calls",
    "/v1/callwright/agents/{agent_id}/drafts/chats",
    "/v1/callwright/agents/{agent_id}/drafts/web-calls",
    # Somebody tries a tool by hand, as often as they press the button.
    "/v1/callwright/agents/{agent_id}/drafts/tool-calls",
    # Another version is made, of the same content.
    "/v1/callwright/agents/{agent_id}/versions/{revision}/restore",
}


async def test_every_request_that_creates_or_spends_takes_a_key(world: ApiWorld) -> None:
    description = build_app(world.services).openapi()
    posts = {path: operations["post"] for path, operations in description["paths"].items() if "post" in operations}
    # The one PUT that may make something under a new id.
    posts["/dispositions/{disposition_id}"] = description["paths"]["/dispositions/{disposition_id}"]["put"]
    without = {
        path
        for path, operation in posts.items()
        if "idempotency-key" not in [parameter["name"].lower() for parameter in operation.get("parameters", ())]
    }
    assert without == _REPEATABLE
    assert all("409" in posts[path]["responses"] for path in posts if path not in without)
