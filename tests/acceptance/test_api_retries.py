"""Calls that are made again, over the API: what a request sees of them between two attempts, and how it ends them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
from tests.acceptance.test_api_batches import batch_id_of, begin, read, rows
from tests.api_world import ApiWorld, create, place
from tests.database import run_sql
from tests.rows import admit_candidates, end_locked
from tests.unit.insight.call_log import CallLog
from tests.unit.insight.doctor_call import healthy

from callwright.conversation.events import ProviderFailed
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.attempts import recording_name
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status

RETRY: dict[str, Any] = {"enabled": True, "retry_on_voicemail": True, "retry_intervals_minutes": [45]}
MISSED = Change(Phase.DONE, "no-answer")
MACHINE = Change(record={"answered_by_voice_mail": True})


async def claimed(world: ApiWorld) -> list[Execution]:
    """Every waiting call that is due, dialled by a process."""
    async with world.ledger.unit() as unit:
        await admit_candidates(unit, 100)
    async with world.ledger.unit() as unit:
        found = await unit.executions.claim("node-a", 100)
        for row in found:
            dialled = Change(Phase.DIALLING, "initiated")
            await unit.executions.change(row.id, dialled, owner="node-a", attempt=row.attempt)
    return found


async def end(world: ApiWorld, row: Execution, change: Change = MISSED) -> Execution:
    actions = world.services.actions
    async with world.ledger.unit() as unit:
        return await end_locked(unit, row, change, actions.publisher, world.clock.now())


async def missed(world: ApiWorld, client: httpx.AsyncClient, **more: Any) -> str:
    """A call that nobody answered and that is to be made again."""
    execution_id = await place(client, await create(client), retry_config=RETRY, **more)
    (row,) = await claimed(world)
    await end(world, row)
    return execution_id


async def shown(client: httpx.AsyncClient, execution_id: str) -> dict[str, Any]:
    return dict((await client.get(f"/executions/{execution_id}")).json())


async def _due_now(dsn: str, execution_id: str) -> None:
    """The time of the next attempt is now."""
    await run_sql(dsn, f"update execution set scheduled_at = now(), due_at = now() where id = '{execution_id}'")


async def test_between_two_attempts_a_call_is_scheduled(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await missed(world, client)
        body = await shown(client, execution_id)
        assert (body["status"], body["retry_count"]) == ("scheduled", 1)
        assert [(one["attempt"], one["status"]) for one in body["retry_history"]] == [(1, "no-answer")]
        waits = datetime.fromisoformat(body["scheduled_at"]) - datetime.fromisoformat(body["retry_history"][0]["at"])
        assert timedelta(minutes=44) < waits < timedelta(minutes=46)
        listed = (await client.get(f"/v2/agent/{body['agent_id']}/executions", params={"status": "scheduled"})).json()
        assert [one["id"] for one in listed["data"]] == [execution_id]
        over = (await client.get(f"/v2/agent/{body['agent_id']}/executions", params={"status": "no-answer"})).json()
        assert over["data"] == []


async def test_a_call_is_stopped_between_two_attempts(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await missed(world, client)
        assert (await client.post(f"/call/{execution_id}/stop")).status_code == 200
        body = await shown(client, execution_id)
        assert (body["status"], body["retry_count"], len(body["callwright"]["attempts"])) == ("stopped", 1, 1)


async def test_stopping_an_agent_stops_the_retries_that_wait(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await missed(world, client)
        agent_id = (await shown(client, execution_id))["agent_id"]
        assert (await client.post(f"/v2/agent/{agent_id}/stop")).json()["stopped_executions"] == [execution_id]
        await _due_now(world.dsn, execution_id)
        assert await claimed(world) == []
        body = await shown(client, execution_id)
        assert (body["status"], body["callwright"]["decision"]["rule"]) == ("stopped", "stopped")


async def test_no_call_is_made_again_for_an_agent_that_was_deleted(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await missed(world, client)
        agent_id = (await shown(client, execution_id))["agent_id"]
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 200
        await _due_now(world.dsn, execution_id)
        assert await claimed(world) == []
        assert (await client.get(f"/executions/{execution_id}")).status_code == 404


async def test_stopping_an_agent_stops_the_retries_of_its_live_calls(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        execution_id = await place(client, agent_id, retry_config=RETRY)
        (row,) = await claimed(world)
        stopped = (await client.post(f"/v2/agent/{agent_id}/stop")).json()
        assert stopped["stopped_executions"] == []
        assert (await end(world, row)).status is Status.NO_ANSWER
        assert (await shown(client, execution_id))["retry_count"] == 0


async def test_a_call_that_met_a_machine_can_be_stopped_before_it_is_made_again(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client), retry_config=RETRY)
        (row,) = await claimed(world)
        async with world.ledger.unit() as unit:
            await unit.executions.change(row.id, Change(Phase.LIVE), owner="node-a", attempt=1)
        finishing = await end(world, row, Change(Phase.FINISHING, record=MACHINE.record))
        assert (await client.post(f"/call/{execution_id}/stop")).status_code == 200
        after = await end(world, finishing, Change(Phase.DONE, "completed", record=MACHINE.record))
        assert after.status is Status.COMPLETED


async def test_a_call_whose_machine_ends_it_cannot_be_stopped_any_more(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        (row,) = await claimed(world)
        async with world.ledger.unit() as unit:
            await unit.executions.change(row.id, Change(Phase.LIVE), owner="node-a", attempt=1)
        await end(world, row, Change(Phase.FINISHING, record=MACHINE.record))
        assert (await client.post(f"/call/{execution_id}/stop")).status_code == 400


async def test_a_batch_counts_what_waits_for_a_retry_and_stops_it(world: ApiWorld) -> None:
    async with world.client() as client:
        config = '{"enabled": true, "retry_on_statuses": ["no-answer"]}'
        batch_id = await batch_id_of(client, await create(client), retry_config=config)
        await begin(world, client, batch_id)
        (first, *_) = await claimed(world)
        await end(world, first)
        batch = await read(client, batch_id)
        assert (batch["status"], batch["execution_status"]["scheduled"]) == ("running", 1)
        details = {one["id"]: one["batch_run_details"] for one in await rows(client, batch_id)}
        assert (details[first.id]["status"], details[first.id]["retried"]) == ("scheduled", 1)
        assert (await client.post(f"/batches/{batch_id}/stop")).status_code == 200
        assert (await shown(client, first.id))["status"] == "stopped"


async def test_each_attempt_has_its_log_its_findings_and_its_recording(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await missed(world, client)
        log = CallLog().at(700).answered().asked(1, 2).caller_said(1, "Well.", 1_000, 2_000).audible(2)
        log.at(9_000).event(ProviderFailed, "voice", "acme", "unavailable", "down").leg_ended()
        async with world.ledger.unit() as unit:
            await unit.logs.append(LogChunk(execution_id, 1, "live", 0, log.text.encode()))
        world.recordings.write(execution_id, recording_name(1), b"RIFF first")
        await _second_attempt(world, execution_id)
        for part in ("log", "doctor"):
            route = (
                f"/executions/{execution_id}/log"
                if part == "log"
                else f"/v1/callwright/executions/{execution_id}/doctor"
            )
            newest, first = [(await client.get(route, params=which)).json() for which in ({}, {"attempt": "1"})]
            assert newest != first, part
        assert (await client.get(f"/recordings/call/{execution_id}")).status_code == 404
        link = (await client.get(f"/recordings/call/{execution_id}", params={"attempt": "1"})).headers["location"]
        assert (await client.get(link)).content == b"RIFF first"
        world.recordings.write(execution_id, recording_name(2), b"RIFF second")
        link = (await client.get(f"/recordings/call/{execution_id}")).headers["location"]
        assert (await client.get(link)).content == b"RIFF second"


async def test_the_timeline_of_each_attempt_has_what_that_one_cost(world: ApiWorld) -> None:
    parts = {"welcome": {"platform": 1_000_000_000}, "turn:1": {"llm": 500_000_000}, "waste": {"llm": 250_000_000}}
    cost = {"legs": {"llm": 750_000_000, "platform": 1_000_000_000}, "parts": parts, "categories": {}}
    record = {**MACHINE.record, "cost_nano": cost, "recording": {"name": "call.wav", "duration_ms": 1_000}}
    async with world.client() as client:
        execution_id = await place(client, await create(client), retry_config=RETRY)
        (row,) = await claimed(world)
        async with world.ledger.unit() as unit:
            await unit.logs.append(LogChunk(execution_id, 1, "live", 0, healthy().text.encode()))
            await unit.executions.change(row.id, Change(Phase.LIVE), owner="node-a", attempt=1)
        ended = Change(Phase.FINISHING, columns={"total_cost_nano": 1_750_000_000}, record=record)
        await end(world, await end(world, row, ended), Change(Phase.DONE, "completed", record=record))
        path = f"/v1/callwright/executions/{execution_id}/timeline"
        assert (await shown(client, execution_id))["status"] == "scheduled"
        between = (await client.get(path)).json()
        assert between["recording"]["duration_ms"] == 1_000.0
        await _second_attempt(world, execution_id)
        newest, first = [(await client.get(path, params=which)).json() for which in ({}, {"attempt": "1"})]
        assert (newest["attempt"], newest["turns"]) == (2, [])
        for body in (between, first):
            spent = {(one["part"], one["turn"]): one["cost"]["total"] for one in body["turns"] if one["cost"]}
            assert spent == {("welcome", 0): 1, ("turn", 1): 0.5, ("waste", None): 0.25}
        (told, _) = (await shown(client, execution_id))["callwright"]["attempts"]
        assert told["total_cost"] == sum(spent.values())


async def test_attempts_that_were_given_back_hide_no_recording(world: ApiWorld) -> None:
    """One attempt that was given back and three retries need a fifth number."""
    async with world.client() as client:
        execution_id = await missed(world, client)
        await _make_due(world, execution_id)
        for attempt in (2, 3, 4):
            async with world.ledger.unit() as unit:
                await admit_candidates(unit, 1)
            async with world.ledger.unit() as unit:
                (row,) = await unit.executions.claim("node-a", 1)
                assert row.attempt == attempt
                await unit.executions.change(row.id, Change(Phase.WAITING, "queued"), owner="node-a", attempt=attempt)
        assert [row.attempt for row in await claimed(world)] == [5]
        world.recordings.write(execution_id, recording_name(5), b"RIFF fifth")
        for params in ({}, {"attempt": "5"}):
            link = (await client.get(f"/recordings/call/{execution_id}", params=params)).headers["location"]
            assert (await client.get(link)).content == b"RIFF fifth"


async def _make_due(world: ApiWorld, execution_id: str) -> None:
    async with world.ledger.unit() as unit:
        change = Change(columns={"scheduled_at": world.clock.now() - timedelta(seconds=1)})
        await unit.executions.change(execution_id, change)


async def _second_attempt(world: ApiWorld, execution_id: str) -> None:
    await _make_due(world, execution_id)
    (row,) = await claimed(world)
    assert (row.id, row.attempt) == (execution_id, 2)


async def test_there_are_no_more_attempts_than_a_call_can_have(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await missed(world, client)
        for attempt in ("0", "1001", "x"):
            answer = await client.get(f"/executions/{execution_id}/log", params={"attempt": attempt})
            assert answer.status_code == 400
            assert answer.json()["message"] == "attempt must be a whole number from 1 to 1000"
