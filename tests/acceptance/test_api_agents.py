"""Agents through the public API, on a real database (contract 3.1 and chapter 4)."""

from __future__ import annotations

import asyncio
import copy
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from tests.agent_of_settings import agent_of, another_value, is_within
from tests.api_world import AGENT, ApiWorld, create, place
from tests.database import fetch, run_sql
from tests.rows import THEN, admit, claim, end_locked, execution_row, move

from callwright.call.live.endings import refused
from callwright.domain.errors import NotFoundError
from callwright.domain.limits import MAX_AGENT_BYTES
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.actions.end import PIECE, PIECES_AT_ONCE, PURGE_AGENT_JOB, AgentPurge
from callwright.platform.agents.rows.agents import AgentRows
from callwright.platform.agents.rules.credentials import shown_body
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase


async def test_an_agent_is_created_and_read_back_with_its_unknown_keys(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await client.post("/v2/agent", json=AGENT)
        assert answer.status_code == 201
        body = answer.json()
        assert {**body, "callwright": {}} == {
            "agent_id": body["agent_id"],
            "state": "created",
            "status": "created",
            "callwright": {},
        }
        read = (await client.get(f"/v2/agent/{answer.json()['agent_id']}")).json()
    assert read["agent_name"] == "Clinic reminder"
    assert read["colour"] == {"of": "the caller's choice"}
    assert is_within(AGENT["agent_config"]["tasks"], read["tasks"])
    assert read["tasks"][0]["toolchain"]["execution"] == "parallel", "what was not sent has its documented default"
    assert read["tasks"][0]["task_config"]["incremental_delay"] == 400
    assert read["agent_prompts"] == AGENT["agent_prompts"]
    assert read["agent_type"] == "other"
    assert read["agent_status"] == "processed"
    assert read["ingest_source_config"] is None
    assert len(read["created_at"]) == len("2025-11-19T08:48:27.193399+00:00")


async def test_settings_that_are_only_kept_are_read_back_as_they_came(world: ApiWorld) -> None:
    kept = {row.key: another_value(row) for row in SETTINGS if row.kept}
    body = agent_of(kept)
    async with world.client() as client:
        config = {name: value for name, value in body.items() if name != "agent_prompts"}
        answer = await client.post("/v2/agent", json={"agent_config": config, "agent_prompts": None})
        assert answer.status_code == 201, answer.text
        read = (await client.get(f"/v2/agent/{answer.json()['agent_id']}")).json()
    assert is_within(body["tasks"], read["tasks"])
    assert {name: read[name] for name in config if name != "tasks"} == {n: v for n, v in config.items() if n != "tasks"}
    assert len(kept) > 40


async def test_both_forms_of_a_path_answer_without_a_redirect(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        assert (await client.get(f"/v2/agent/{agent_id}/")).status_code == 200
        assert (await client.get("/v2/agent/all/")).json()[0]["id"] == agent_id
        assert (await client.post("/v2/agent/", json=AGENT)).status_code == 201


async def test_agents_are_listed_newest_first_as_a_bare_array(world: ApiWorld) -> None:
    async with world.client() as client:
        first = await create(client, agent_name="first")
        second = await create(client, agent_name="second")
        listed = (await client.get("/v2/agent/all")).json()
    assert [agent["id"] for agent in listed] == [second, first]


async def test_a_read_agent_can_be_put_back_as_it_is(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        bodies = (read, {"agent_config": read, "agent_prompts": read["agent_prompts"]})
        for revision, body in enumerate(bodies, 2):
            answer = await client.put(f"/v2/agent/{agent_id}", json=body)
            assert answer.status_code == 200
            saved = {"agent_id": agent_id, "state": "updated", "status": "updated"}
            ours = {"revision": revision, "warnings": read["callwright"]["warnings"]}
            assert answer.json() == {**saved, "callwright": ours}
        again = (await client.get(f"/v2/agent/{agent_id}")).json()
    changing = {"updated_at", "callwright"}
    assert {k: v for k, v in again.items() if k not in changing} == {k: v for k, v in read.items() if k not in changing}
    assert again["callwright"]["revision"] == 3


async def test_a_replaced_agent_loses_what_the_new_body_does_not_name(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        body = {"agent_config": {"agent_name": "Bare", "tasks": [{"task_type": "conversation"}]}}
        await client.put(f"/v2/agent/{agent_id}", json=body)
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
    assert read["agent_name"] == "Bare"
    assert "colour" not in read
    assert read["webhook_url"] is None


async def test_a_patch_changes_only_what_it_may(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, telephony_provider="twilio")
        answer = await client.patch(
            f"/v2/agent/{agent_id}",
            json={
                "agent_config": {
                    "agent_name": "Renamed",
                    "webhook_url": None,
                    "telephony_provider": "sip-trunk",
                    "synthesizer": {"provider": "acme", "provider_config": {"voice": "Ada"}},
                    "tasks": [],
                    "colour": "ignored",
                },
                "agent_prompts": {"task_2": {"system_prompt": "Summarise."}},
            },
        )
        assert answer.json()["callwright"]["ignored"] == ["agent_config.colour"]
        assert {**answer.json(), "callwright": {}} == {
            "message": "success",
            "state": "updated",
            "status": "success",
            "callwright": {},
        }
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
    assert read["agent_name"] == "Renamed"
    assert read["webhook_url"] is None
    assert read["colour"] == {"of": "the caller's choice"}
    assert set(read["agent_prompts"]) == {"task_1", "task_2"}
    tools = read["tasks"][0]["tools_config"]
    assert tools["synthesizer"]["provider"] == "acme"
    assert tools["input"] == tools["output"] == {"provider": "sip-trunk", "format": "ulaw"}


async def test_an_agent_without_prompts_or_a_name_in_the_body_can_be_put_back(world: ApiWorld) -> None:
    bare = {"agent_config": {"agent_name": "Bare", "tasks": [{"tools_config": {"api_tools": []}}]}}
    async with world.client() as client:
        agent_id = (await client.post("/v2/agent", json=bare)).json()["agent_id"]
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        assert read["agent_prompts"] == {}
        prompts = {"task_1": {"system_prompt": "Be kind."}}
        for body in (
            read,
            {"agent_config": {"tasks": read["tasks"]}, "agent_prompts": prompts},
            {"tasks": read["tasks"], "agent_prompts": prompts, "agent_name": None},
        ):
            answer = await client.put(f"/v2/agent/{agent_id}", json=body)
            assert answer.status_code == 200, answer.text
        again = (await client.get(f"/v2/agent/{agent_id}")).json()
    assert (again["agent_name"], again["agent_prompts"], again["tasks"]) == ("Bare", prompts, read["tasks"])


TOOL = {"name": "book", "key": "custom_task", "description": "Books.", "parameters": {"type": "object"}}
CALL = {"method": "POST", "url": "https://api.example/", "param": '{"id": %(id)d}'}


@pytest.mark.parametrize(
    "config",
    [
        {"calling_guardrails": "null"},
        {"calling_guardrails": '{"call_start_hour": 9, "call_end_hour": 17}'},
        {"ingest_source_config": '{"source_type": "csv", "source_name": "customers"}'},
        {"ingest_source_config": {"source_type": "api", "source_url": "https://crm.example", "source_auth_token": "Bearer x"}},
        {"tasks": [{"tools_config": {"synthesizer": {"provider": "elevenlabs", "voice": "Nila", "voice_id": "V9", "model": "m"}}}]},
        {"tasks": [{"tools_config": {"api_tools": [{**TOOL, "value": CALL}]}}]},
        {"tasks": [{"tools_config": {"api_tools": {"tools": [TOOL], "tools_params": {"book": CALL}}}}]},
    ],
)  # fmt: skip
async def test_forms_of_the_field_are_saved_and_read_as_they_came(world: ApiWorld, config: dict[str, Any]) -> None:
    body = {"agent_name": "Ada", "tasks": [{}], **config}
    async with world.client() as client:
        made = await client.post("/v2/agent", json={"agent_config": body})
        assert made.status_code == 201, made.text
        agent_id = made.json()["agent_id"]
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        put = await client.put(f"/v2/agent/{agent_id}", json=read)
        again = (await client.get(f"/v2/agent/{agent_id}")).json()
    assert is_within(shown_body(body), read)
    assert put.status_code == 200, put.text
    changing = {"updated_at", "callwright"}
    assert {k: v for k, v in again.items() if k not in changing} == {k: v for k, v in read.items() if k not in changing}


async def test_a_patch_of_tasks_is_applied_task_by_task_unless_strict(world: ApiWorld) -> None:
    change = {"agent_config": {"tasks": [{"task_config": {"hangup_after_silence": None, "voicemail": True}}]}}
    async with world.client() as client, world.client(strict=True) as hosted:
        agent_id = await create(client)
        ignored = await hosted.patch(f"/v2/agent/{agent_id}", json=change)
        assert ignored.json()["callwright"]["ignored"] == ["agent_config.tasks"]
        assert (await client.get(f"/v2/agent/{agent_id}")).json()["callwright"]["revision"] == 1
        applied = await client.patch(f"/v2/agent/{agent_id}", json=change)
        assert (applied.status_code, applied.json()["state"]) == (200, "updated")
        assert "ignored" not in applied.json()["callwright"]
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        assert (await client.put(f"/v2/agent/{agent_id}", json=read)).status_code == 200
        wrong = {"agent_config": {"tasks": [{"task_config": {"call_terminate": "soon"}}]}}
        refused = await client.patch(f"/v2/agent/{agent_id}", json=wrong)
    assert read["callwright"]["revision"] == 2
    config = read["tasks"][0]["task_config"]
    assert (config["call_terminate"], config["hangup_after_silence"], config["voicemail"]) == ("300", 10, True)
    assert (refused.status_code, refused.json()["field"]) == (400, "agent_config.tasks[0].task_config.call_terminate")


async def test_two_patches_at_once_both_take_effect(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        changes: list[dict[str, Any]] = [
            {"agent_config": {"agent_name": "Renamed"}},
            {"agent_config": {"agent_welcome_message": "Good day."}},
            {"agent_prompts": {"task_2": {"system_prompt": "x"}}},
        ]
        answers = await asyncio.gather(*(client.patch(f"/v2/agent/{agent_id}", json=change) for change in changes))
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
    assert (read["agent_name"], read["agent_welcome_message"]) == ("Renamed", "Good day.")
    assert "task_2" in read["agent_prompts"]


async def test_a_patch_that_makes_the_agent_wrong_changes_nothing(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        answer = await client.patch(
            f"/v2/agent/{agent_id}", json={"agent_config": {"synthesizer": {"provider": "nobody"}}}
        )
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Invalid value for provider:'nobody' provided. Supported values: [")
        assert answer.json()["field"] == "agent_config.tasks[0].tools_config.synthesizer.provider"
        assert (await client.get(f"/v2/agent/{agent_id}")).json()["callwright"]["revision"] == 1


async def test_an_agent_saved_before_with_a_tools_name_that_is_refused_now_can_be_changed(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        body = {name: value for name, value in AGENT["agent_config"].items() if name != "tasks"}
        tasks = copy.deepcopy(AGENT["agent_config"]["tasks"])
        task = next(one for one in tasks if one["task_type"] == "conversation")
        task.setdefault("tools_config", {})["api_tools"] = {"tools": [{"name": "end_call now", "key": "end_call"}]}
        body |= {"tasks": tasks, "agent_prompts": AGENT["agent_prompts"]}
        refused = await client.put(f"/v2/agent/{agent_id}", json={"agent_config": body})
        assert refused.status_code == 400
        async with world.ledger.unit() as unit:
            await unit.agents.update(DEFAULT_TENANT_ID, agent_id, "Clinic reminder", body)
        change = {"agent_config": {"agent_welcome_message": "Good day."}}
        assert (await client.patch(f"/v2/agent/{agent_id}", json=change)).status_code == 200
        assert (await client.put(f"/v2/agent/{agent_id}", json={"agent_config": body})).status_code == 200


async def test_deleting_an_agent_takes_its_executions_and_recordings_along(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        execution_id = await place(client, agent_id)
        world.recordings.write(execution_id, "call.wav", b"RIFF")
        answer = await client.delete(f"/v2/agent/{agent_id}")
        assert answer.json() == {"message": "success", "state": "deleted", "status": "success"}
        assert (await client.get(f"/v2/agent/{agent_id}")).status_code == 404
        assert (await client.get(f"/executions/{execution_id}")).status_code == 404
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 404
    assert world.recordings.path(execution_id, "call.wav") is None


async def test_what_waiting_calls_recorded_goes_only_after_the_agent_is_deleted(world: ApiWorld) -> None:
    await run_sql(
        world.dsn,
        "create function refused() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$",
        "create constraint trigger refused after insert on audit deferrable initially deferred"
        " for each row when (new.action = 'agent.deleted') execute function refused()",
    )
    async with world.client() as client:
        agent_id = await create(client)
        waits = await place(client, agent_id)
        world.recordings.write(waits, "call.wav", b"RIFF")
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 500
        assert (await client.get(f"/executions/{waits}")).status_code == 200
        assert world.recordings.path(waits, "call.wav") is not None
        await run_sql(world.dsn, "drop trigger refused on audit")
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 200
    assert world.recordings.path(waits, "call.wav") is None
    # A process that dies before it deletes the files leaves them to the job, which knows them without their rows.
    world.recordings.write(waits, "call.wav", b"RIFF")
    (row,) = await fetch(world.dsn, f"select payload from pgqueuer where entrypoint = '{PURGE_AGENT_JOB}'")
    await AgentPurge(world.ledger, world.recordings).run(bytes(row["payload"]))
    assert world.recordings.path(waits, "call.wav") is None


async def test_of_an_agent_with_very_many_calls_the_rest_is_deleted_after_the_answer(world: ApiWorld) -> None:
    count = PIECES_AT_ONCE * PIECE + 3
    async with world.client() as client:
        agent_id = await create(client)
        waits = await place(client, agent_id)
        assert (await client.put("/v1/callwright/extensions/desk", json={"agent_id": agent_id})).status_code == 201
        contacts = {"file": ("l.csv", b"contact_number\nloopback:x\n")}
        batch_id = (await client.post("/batches", data={"agent_id": agent_id}, files=contacts)).json()["batch_id"]
        await ended_calls(world.dsn, agent_id, count)
        world.recordings.write("ended-1", "call.wav", b"RIFF")
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 200
        assert [row["n"] for row in await fetch(world.dsn, "select count(*) as n from execution")] == [3]

        for path in (f"/v2/agent/{agent_id}", f"/batches/{batch_id}", f"/executions/{waits}"):
            assert (await client.get(path)).status_code == 404, path
        assert (await client.get("/v2/agent/all")).json() == []
        assert (await client.get("/v1/callwright/extensions")).json() == []
        for method, path in (("DELETE", ""), ("POST", "/stop"), ("PATCH", "")):
            body = {"agent_config": {"agent_name": "x"}} if method == "PATCH" else None
            answer = await client.request(method, f"/v2/agent/{agent_id}{path}", json=body)
            assert answer.status_code == 404, (method, path)
        with pytest.raises(NotFoundError):
            async with world.ledger.unit() as unit:
                await unit.executions.insert(execution_row("late", agent_id=agent_id))
    job = AgentPurge(world.ledger, world.recordings)
    for row in await fetch(world.dsn, f"select payload from pgqueuer where entrypoint = '{PURGE_AGENT_JOB}'"):
        await job.run(bytes(row["payload"]))
        await job.run(bytes(row["payload"]))
    left = "select id from execution union all select id from agent union all select id from batch"
    assert await fetch(world.dsn, left) == []
    assert world.recordings.path("ended-1", "call.wav") is None
    (told,) = await fetch(world.dsn, "select before from audit where action = 'agent.deleted'")
    assert json.loads(told["before"])["executions"] == count + 1


async def ended_calls(dsn: str, agent_id: str, count: int) -> None:
    """That many calls of an agent that have ended."""
    await run_sql(
        dsn,
        "insert into execution (id, tenant_id, agent_id, status, phase, detail, direction, carrier, to_number, from_number, created_at,"
        " updated_at, user_data, options, agent, record)"
        f" select 'ended-' || n, '{DEFAULT_TENANT_ID}', '{agent_id}', 'queued', 'waiting', 'queued', 'outbound', 'loopback', '+15550123',"
        f" '+15550100', now(), now(), '{{}}', '{{}}', '{{}}', '{{}}' from generate_series(1, {count}) n",
        "update execution set status = 'stopped', phase = 'done', detail = 'stopped' where id like 'ended-%'",
    )


async def test_an_agent_with_a_live_call_is_not_deleted(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        execution_id = await place(client, agent_id)
        await admit(world.ledger)
        await claim(world.ledger)
        answer = await client.delete(f"/v2/agent/{agent_id}")
        assert answer.status_code == 409
        assert (await client.get(f"/executions/{execution_id}")).status_code == 200


async def test_a_call_placed_while_its_agent_is_deleted_goes_with_it(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        async with world.ledger.unit() as unit:
            await unit.executions.insert(execution_row("call-1", agent_id=agent_id))
            deleting = asyncio.create_task(client.delete(f"/v2/agent/{agent_id}"))
            done, _ = await asyncio.wait({deleting}, timeout=0.3)
            assert not done, "it waits to see whether the call is placed"
        assert (await deleting).status_code == 200
    assert await fetch(world.dsn, "select id from execution union all select id from agent") == []


@pytest.mark.parametrize("row", ["execution", "batch"])
async def test_an_agent_is_deleted_while_a_call_that_ends_or_a_batch_makes_another_one(
    world: ApiWorld, row: str
) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        contacts = {"file": ("l.csv", b"contact_number\nloopback:x\n")}
        made = await client.post("/batches", data={"agent_id": agent_id}, files=contacts)
        await place(client, agent_id)
        async with world.ledger.unit() as unit:
            if row == "batch":
                assert await unit.batches.lock(DEFAULT_TENANT_ID, made.json()["batch_id"])
            else:
                (held,) = await fetch(world.dsn, "select id from execution")
                assert await unit.executions.lock(held["id"])
            deleting = asyncio.create_task(client.delete(f"/v2/agent/{agent_id}"))
            done, _ = await asyncio.wait({deleting}, timeout=0.3)
            assert not done
            # As a call back is written, or a contact released: each has its row and now needs the agent's.
            await unit.executions.insert(execution_row("call-2", agent_id=agent_id))
        assert (await deleting).status_code == 200
    assert await fetch(world.dsn, "select id from execution union all select id from batch") == []


async def test_a_stop_and_a_deletion_at_once_wait_for_each_other(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        async with world.ledger.unit() as unit:
            for number in range(1, 6):
                at = THEN + timedelta(seconds=number)
                await unit.executions.insert(
                    execution_row(f"call-{number}", agent_id=agent_id, created_at=at, updated_at=at)
                )
        async with world.ledger.unit() as unit:
            assert await unit.executions.lock("call-3")
            stopping = asyncio.create_task(client.post(f"/v2/agent/{agent_id}/stop"))
            assert not (await asyncio.wait({stopping}, timeout=0.3))[0]
            deleting = asyncio.create_task(client.delete(f"/v2/agent/{agent_id}"))
            assert not (await asyncio.wait({stopping, deleting}, timeout=0.3))[0]
        assert [(await one).status_code for one in (stopping, deleting)] == [200, 200]
    assert await fetch(world.dsn, "select id from execution union all select id from agent") == []


async def test_two_deletions_and_a_stop_at_once_see_one_after_the_other_what_is_placed_meanwhile(
    world: ApiWorld,
) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        async with world.ledger.unit() as unit:
            await unit.executions.insert(execution_row("call-2", agent_id=agent_id))
        async with world.ledger.unit() as unit:
            await unit.executions.insert(execution_row("call-1", agent_id=agent_id))
            first = asyncio.create_task(client.delete(f"/v2/agent/{agent_id}"))
            assert not (await asyncio.wait({first}, timeout=0.3))[0], "it waits for the call that is being placed"
            others = [
                asyncio.create_task(client.delete(f"/v2/agent/{agent_id}")),
                asyncio.create_task(client.post(f"/v2/agent/{agent_id}/stop")),
            ]
            assert not (await asyncio.wait(others, timeout=0.3))[0]
        assert (await first).status_code == 200
        assert [(await one).status_code for one in others] == [404, 404]


async def test_retention_and_the_deletion_of_an_agent_wait_for_each_other(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        ids = [f"call-{number}" for number in range(1, 6)]
        async with world.ledger.unit() as unit:
            for execution_id in reversed(ids):
                await unit.executions.insert(execution_row(execution_id, agent_id=agent_id))

        async def forget() -> None:
            async with world.ledger.unit() as unit:
                await unit.executions.delete(ids)

        async with world.ledger.unit() as unit:
            assert await unit.executions.lock("call-3")
            forgetting = asyncio.create_task(forget())
            deleting = asyncio.create_task(client.delete(f"/v2/agent/{agent_id}"))
            done, _ = await asyncio.wait({forgetting, deleting}, timeout=0.5)
            assert not done
        await forgetting
        assert (await deleting).status_code == 200


async def test_stopping_an_agent_stops_waiting_calls_and_leaves_live_ones(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        live, taken = await place(client, agent_id), await place(client, agent_id)
        await admit(world.ledger)
        await claim(world.ledger)
        await move(world.ledger, live, Phase.DIALLING, "initiated", owner="node-a", attempt=1)
        queued = [await place(client, agent_id) for _ in range(3)]
        tomorrow = (world.clock.now() + timedelta(days=1)).isoformat()
        scheduled = await place(client, agent_id, scheduled_at=tomorrow)
        answer = await client.post(f"/v2/agent/{agent_id}/stop")
        assert set(answer.json()["stopped_executions"]) == {*queued, scheduled, taken}
        assert (await client.post(f"/v2/agent/{agent_id}/stop")).json()["stopped_executions"] == []
        async with world.ledger.unit() as unit:
            row = await unit.executions.get_any(taken)
            assert row is not None
            # Its process gives up, for whatever reason.
            await end_locked(
                unit, row, refused("no", world.clock.now()), world.services.actions.publisher, world.clock.now()
            )
        statuses = {
            row["id"]: row["status"] for row in (await client.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
        }
        body = (await client.get(f"/executions/{taken}")).json()
    assert statuses.pop(live) == "initiated"
    assert set(statuses.values()) == {"stopped"}
    told = [body["telephony_data"][f"hangup_{name}"] for name in ("by", "reason", "provider_code")]
    assert (*told, body["error_message"]) == ("API Request", "stopped_by_api", 4000, None)
    assert (body["callwright"]["decision"]["rule"], body["callwright"]["ended_by"]) == ("stopped", "platform")


async def test_stopping_an_agent_stops_a_call_that_comes_to_wait_for_its_retry_meanwhile(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = AgentRows.unfinished
    retry = {"enabled": True, "retry_intervals_minutes": [45]}

    async def then_ends(rows: AgentRows, tenant_id: str, agent_id: str, waiting: int) -> list[str]:
        found = await read(rows, tenant_id, agent_id, waiting)
        async with world.ledger.unit() as unit:
            row = await unit.executions.get_any(live)
            assert row is not None
            await end_locked(
                unit, row, Change(Phase.DONE, "no-answer"), world.services.actions.publisher, world.clock.now()
            )
        return found

    async with world.client() as client:
        agent_id = await create(client)
        live = await place(client, agent_id, retry_config=retry)
        await admit(world.ledger)
        await claim(world.ledger)
        await move(world.ledger, live, Phase.DIALLING, "initiated", owner="node-a", attempt=1)
        monkeypatch.setattr(AgentRows, "unfinished", then_ends)
        answer = await client.post(f"/v2/agent/{agent_id}/stop")
        assert answer.json()["stopped_executions"] == [live]
        body = (await client.get(f"/executions/{live}")).json()
    assert (body["status"], body["retry_count"]) == ("stopped", 1)


WRONG_AGENTS: list[tuple[dict[str, Any], str]] = [
    ({}, "agent_config is required"),
    ({"agent_config": {"agent_name": "x"}}, "tasks is required"),
    ({"agent_config": {"tasks": [{}]}}, "agent_name is required"),
    (
        {"agent_config": {"agent_name": "x", "tasks": [{"toolchain": {"pipelines": ["llm"]}}]}},
        "toolchain.pipelines must be array of arrays",
    ),
]


async def test_wrong_agents_are_refused_in_the_hosted_words(world: ApiWorld) -> None:
    async with world.client() as client:
        for body, message in WRONG_AGENTS:
            answer = await client.post("/v2/agent", json=body)
            assert answer.status_code == 400
            assert answer.json()["error"] == 400
            assert answer.json()["message"] == answer.json()["detail"] == message
        assert (await client.get("/v2/agent/all")).json() == []


async def test_an_agent_over_the_limit_is_too_large(world: ApiWorld) -> None:
    async with world.client() as client:
        body = {**AGENT, "agent_config": {**AGENT["agent_config"], "notes": "n" * MAX_AGENT_BYTES}}
        answer = await client.post("/v2/agent", json=body)
    assert answer.status_code == 413
    assert "at most 524288" in answer.json()["message"]


async def test_an_unknown_agent_is_not_found(world: ApiWorld) -> None:
    async with world.client() as client:
        for agent_id in ("nonsense", str(uuid.uuid4()), "0" * 500):
            for method, body in (("GET", None), ("PUT", AGENT), ("PATCH", {}), ("DELETE", None)):
                answer = await client.request(method, f"/v2/agent/{agent_id}", json=body)
                assert answer.status_code == 404, (method, answer.text)
                assert answer.json()["message"] == "there is no such agent"
