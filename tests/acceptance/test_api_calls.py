"""Placing and stopping calls through the public API, on a real database (contract 3.2)."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api_world import AGENT, ApiWorld, create, place
from tests.rows import admit, claim, end_locked, move

from callwright.call.live.endings import cut_off
from callwright.domain.limits import MAX_IDEMPOTENCY_KEY_CHARACTERS, MAX_USER_DATA_BYTES
from callwright.insight.record import BuiltRecord
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase


async def test_a_call_is_placed_and_waits(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        answer = await client.post(
            "/call",
            json={
                "agent_id": agent_id,
                "recipient_phone_number": "+1 (555) 010-0123",
                "user_data": {"name": "Ada"},
                "x": 1,
            },
        )
        body = answer.json()
        assert body == {
            "message": "done",
            "status": "queued",
            "execution_id": body["execution_id"],
            "run_id": body["execution_id"],
            "callwright": {"sandbox": False, "stand_ins": []},
        }
        read = (await client.get(f"/executions/{body['execution_id']}")).json()
    assert read["status"] == "queued"
    assert read["user_number"] == "+15550100123"
    assert read["context_details"]["recipient_data"] == {"name": "Ada"}
    assert read["provider"] == "loopback"
    assert read["telephony_data"]["from_number"] == "+15550100"


async def test_the_agent_of_a_call_is_the_one_of_the_moment_it_was_placed(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, agent_name="before")
        execution_id = await place(client, agent_id)
        await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"agent_name": "after"}})
    async with world.ledger.unit() as unit:
        row = await unit.executions.get_any(execution_id)
    assert row is not None
    assert row.agent["agent_name"] == "before"


async def test_a_scheduled_call_waits_for_its_time(world: ApiWorld) -> None:
    at = (world.clock.now() + timedelta(hours=3)).isoformat()
    async with world.client() as client:
        agent_id = await create(client)
        answer = await client.post(
            "/call", json={"agent_id": agent_id, "recipient_phone_number": "loopback:demo", "scheduled_at": at}
        )
        assert answer.json()["status"] == "scheduled"
        read = (await client.get(f"/executions/{answer.json()['execution_id']}")).json()
    assert read["status"] == "scheduled"
    assert read["scheduled_at"] == at
    assert await admit(world.ledger) == []


async def test_the_first_status_is_published_in_the_same_unit_when_wanted(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        await client.post(f"/call/{execution_id}/stop")
    async with world.ledger.unit() as unit:
        entries = await unit.outbox.of_execution(DEFAULT_TENANT_ID, execution_id)
    assert [(entry.sequence, entry.status) for entry in entries] == [(1, "queued"), (2, "stopped")]
    assert [json.loads(entry.body)["status"] for entry in entries] == ["queued", "stopped"]


WRONG_REQUESTS: list[tuple[dict[str, Any], int, str, str]] = [
    ({"agent_id": None}, 400, "agent_id is required", "agent_id"),
    ({"recipient_phone_number": ""}, 400, "recipient_phone_number is required", "recipient_phone_number"),
    ({"recipient_phone_number": "12345"}, 400, "is not a valid phone number", "recipient_phone_number"),
    ({"recipient_phone_number": 15550100123}, 400, "must be a string", "recipient_phone_number"),
    ({"recipient_phone_number": "911"}, 400, "emergency", "recipient_phone_number"),
    ({"recipient_phone_number": "sip:112@gateway.example"}, 400, "emergency", "recipient_phone_number"),
    ({"from_phone_number": "me"}, 400, "from_phone_number is not a valid", "from_phone_number"),
    ({"agent_version_id": "v2"}, 400, "calls are made with the agent as it is", "agent_version_id"),
    ({"agent_version_id": 2}, 400, "calls are made with the agent as it is", "agent_version_id"),
    ({"user_data": []}, 400, "user_data must be an object", "user_data"),
    ({"user_data": {"x": "y" * MAX_USER_DATA_BYTES}}, 413, "at most 25600", "user_data"),
    ({"scheduled_at": "tomorrow"}, 400, "ISO 8601", "scheduled_at"),
    ({"scheduled_at": ""}, 400, "ISO 8601", "scheduled_at"),
    ({"scheduled_at": "2099-01-01T00:00:00"}, 400, "days ahead", "scheduled_at"),
    ({"scheduled_at": "2020-01-01T00:00:00Z"}, 400, "in the past", "scheduled_at"),
    ({"scheduled_at": "2099-01-01T00:00:00Z"}, 400, "days ahead", "scheduled_at"),
    ({"retry_config": {"max_retries": 4}}, 400, "from 1 to 3", "retry_config.max_retries"),
    ({"retry_config": {"retry_on_statuses": ["completed"]}}, 400, "no-answer", "retry_config.retry_on_statuses[0]"),
    ({"agent_data": "voice"}, 400, "agent_data must be an object", "agent_data"),
    ({"bypass_call_guardrails": "perhaps"}, 400, "true or false", "bypass_call_guardrails"),
]


async def test_wrong_requests_are_refused_and_nothing_is_placed(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for change, status, message, field in WRONG_REQUESTS:
            body = {"agent_id": agent_id, "recipient_phone_number": "loopback:demo", **change}
            answer = await client.post("/call", json=body)
            assert (answer.status_code, answer.json()["field"]) == (status, field)
            assert message in answer.json()["message"]
        assert (await client.get(f"/v2/agent/{agent_id}/executions")).json()["total"] == 0


async def test_user_data_at_the_limit_is_accepted(world: ApiWorld) -> None:
    async with world.client() as client:
        await place(client, await create(client), user_data={"x": "y" * (MAX_USER_DATA_BYTES - len('{"x":""}'))})


async def test_a_loopback_address_must_name_a_synthetic_caller(world: ApiWorld) -> None:
    async with world.client(callers=frozenset({"demo", "elena", "15550101"})) as client:
        agent_id = await create(client)
        body = {"agent_id": agent_id, "recipient_phone_number": "loopback:ellena"}
        answer = await client.post("/call", json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, "recipient_phone_number")
        assert answer.json()["message"] == (
            "recipient_phone_number: there is no synthetic caller 'ellena'; did you mean 'elena'? known: 15550101, demo, elena"
        )
        assert "CALLWRIGHT_SCENARIO" in answer.json()["hint"]
        for known in ("loopback:elena", "loopback:15550101", "+15550123"):
            assert (await client.post("/call", json={**body, "recipient_phone_number": known})).status_code == 200
        named = {**body, "user_data": {"persona": "demo"}}
        assert (await client.post("/call", json=named)).status_code == 200


async def test_a_phone_number_is_called_over_sip_through_a_trunk_only(world: ApiWorld) -> None:
    async with world.client(carrier="sip") as client:
        agent_id = await create(client)
        body = {"agent_id": agent_id, "recipient_phone_number": "+15550100123"}
        assert "through a SIP trunk" in (await client.post("/call", json=body)).json()["message"]
        body["recipient_phone_number"] = "sip:ada@phone.example"
        execution_id = (await client.post("/call", json=body)).json()["execution_id"]
        assert (await client.get(f"/executions/{execution_id}")).json()["provider"] == "sip"


async def test_a_time_without_an_offset_is_in_utc(world: ApiWorld) -> None:
    later = (world.clock.now() + timedelta(days=1)).replace(microsecond=0)
    async with world.client() as client:
        placed = [
            await place(client, await create(client), scheduled_at=text)
            for text in (later.isoformat(), later.replace(tzinfo=None).isoformat())
        ]
        told = [(await client.get(f"/executions/{one}")).json()["scheduled_at"] for one in placed]
    assert told[0] == told[1]


async def test_the_strict_setting_answers_as_the_hosted_service(world: ApiWorld) -> None:
    soon = (world.clock.now() + timedelta(seconds=90)).isoformat()
    async with world.client(strict=True) as client:
        agent_id = await create(client)
        body = {"agent_id": agent_id, "recipient_phone_number": "loopback:demo"}
        late = await client.post("/call", json={**body, "scheduled_at": soon})
        assert (late.status_code, late.json()["message"]) == (
            400,
            "Scheduled time should be atleast 2 minutes in the future",
        )
        zulu = await client.post("/call", json={**body, "scheduled_at": "2026-12-24T18:00:00Z"})
        assert (zulu.status_code, zulu.json()["message"]) == (500, "Internal server error")
        naive = await client.post("/call", json={**body, "scheduled_at": "2026-12-24T18:00:00"})
        assert (naive.status_code, naive.json()["field"]) == (400, "scheduled_at")
        listed = await client.get(f"/v2/agent/{agent_id}/executions")
        assert (listed.status_code, listed.json()["message"]) == (400, "from and to are required")


async def test_the_same_idempotency_key_places_one_call(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)

        async def once() -> httpx.Response:
            body = {"recipient_phone_number": "loopback:demo", "agent_id": agent_id}
            return await client.post("/call", json=body, headers={"Idempotency-Key": "order-7"})

        answers = await asyncio.gather(*(once() for _ in range(5)))
        assert {answer.content for answer in answers} == {answers[0].content}
        assert {answer.status_code for answer in answers} == {200}
        assert (await client.get(f"/v2/agent/{agent_id}/executions")).json()["total"] == 1


@pytest.mark.parametrize("strict", [False, True])
async def test_a_scheduled_call_sent_again_after_its_time_has_its_first_answer(world: ApiWorld, strict: bool) -> None:
    at = (world.clock.now() + timedelta(minutes=3)).isoformat()
    async with world.client(strict=strict) as client:
        body = {"agent_id": await create(client), "recipient_phone_number": "loopback:demo", "scheduled_at": at}
        headers = {"Idempotency-Key": "order-9"}
        first = await client.post("/call", json=body, headers=headers)
        world.clock.ahead = timedelta(minutes=30)
        again = await client.post("/call", json=body, headers=headers)
        other = await client.post("/call", json=body, headers={"Idempotency-Key": "order-10"})
    assert (first.status_code, first.json()["status"]) == (200, "scheduled")
    assert (again.status_code, again.content) == (200, first.content)
    assert other.status_code == 400


async def test_an_idempotency_key_belongs_to_one_request_of_one_organisation(world: ApiWorld) -> None:
    headers = {"Idempotency-Key": "order-7"}
    async with world.client() as ours, world.client(world.other_key) as others:
        mine, theirs = await create(ours), await create(others)
        first = await ours.post(
            "/call", json={"agent_id": mine, "recipient_phone_number": "loopback:demo"}, headers=headers
        )
        clash = await ours.post(
            "/call", json={"agent_id": mine, "recipient_phone_number": "loopback:busy"}, headers=headers
        )
        other = await others.post(
            "/call", json={"agent_id": theirs, "recipient_phone_number": "loopback:busy"}, headers=headers
        )
    assert first.status_code == 200
    assert (clash.status_code, clash.json()["code"]) == (409, "conflict")
    assert "use a new key" in clash.json()["message"]
    assert other.status_code == 200


async def test_a_refused_request_does_not_use_up_its_idempotency_key(world: ApiWorld) -> None:
    headers = {"Idempotency-Key": "order-8"}
    async with world.client() as client:
        missing = await client.post(
            "/call", json={"agent_id": "5" * 32, "recipient_phone_number": "loopback:demo"}, headers=headers
        )
        assert missing.status_code == 404
        body = {"agent_id": await create(client), "recipient_phone_number": "loopback:demo"}
        assert (await client.post("/call", json=body, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("length", "status"), [(MAX_IDEMPOTENCY_KEY_CHARACTERS, 200), (MAX_IDEMPOTENCY_KEY_CHARACTERS + 1, 400)]
)
async def test_idempotency_keys_have_a_longest_length(world: ApiWorld, length: int, status: int) -> None:
    async with world.client() as client:
        body = {"agent_id": await create(client), "recipient_phone_number": "loopback:demo"}
        answer = await client.post("/call", json=body, headers={"Idempotency-Key": "k" * length})
    assert answer.status_code == status


async def test_a_waiting_call_is_stopped(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        answer = await client.post(f"/call/{execution_id}/stop")
        assert answer.json() == {
            "message": "done",
            "status": "stopped",
            "execution_id": execution_id,
            "run_id": execution_id,
        }
        body = (await client.get(f"/executions/{execution_id}")).json()
        assert body["status"] == "stopped"
        assert body["created_at"] < body["callwright"]["completed_at"] <= body["updated_at"]
        again = await client.post(f"/call/{execution_id}/stop")
    assert (again.status_code, again.json()["message"]) == (400, "the call cannot be stopped: it is stopped")
    assert world.control.asked == []


async def test_an_admitted_call_is_stopped_before_it_is_dialled(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        await admit(world.ledger)
        assert (await client.post(f"/call/{execution_id}/stop")).status_code == 200
        assert await claim(world.ledger) == []


async def _live(world: ApiWorld, client: httpx.AsyncClient) -> str:
    execution_id = await place(client, await create(client))
    await admit(world.ledger)
    await claim(world.ledger)
    await move(world.ledger, execution_id, Phase.DIALLING, "initiated", owner="node-a", attempt=1)
    await move(world.ledger, execution_id, Phase.LIVE, owner="node-a", attempt=1)
    return execution_id


async def test_a_live_call_is_asked_to_hang_up_and_the_wish_is_in_its_row(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await _live(world, client)
        answer = await client.post(f"/call/{execution_id}/stop")
        assert (answer.status_code, answer.json()["status"]) == (200, "stopped")
        assert (await client.get(f"/executions/{execution_id}")).json()["status"] == "in-progress"
    assert world.control.asked == [(execution_id, "API Request", "stopped_by_api")]
    async with world.ledger.unit() as unit:
        row = await unit.executions.get_any(execution_id)
    assert row is not None
    assert row.options["stop_requested"] == {"by": "API Request", "reason": "stopped_by_api"}


async def test_a_live_call_is_not_stopped_with_the_strict_setting(world: ApiWorld) -> None:
    async with world.client(strict=True) as client:
        execution_id = await _live(world, client)
        answer = await client.post(f"/call/{execution_id}/stop")
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_state")
    assert world.control.asked == []


@pytest.mark.parametrize("strict", [False, True])
async def test_a_call_that_a_process_has_taken_and_not_dialled_is_stopped(world: ApiWorld, strict: bool) -> None:
    async with world.client(strict=strict) as client:
        execution_id = await place(client, await create(client))
        await admit(world.ledger)
        await claim(world.ledger)
        answer = await client.post(f"/call/{execution_id}/stop")
        assert (answer.status_code, answer.json()["status"]) == (200, "stopped")
        async with world.ledger.unit() as unit:
            row = await unit.executions.get_any(execution_id)
            assert row is not None
            change = cut_off(BuiltRecord({}, {}), "internal_error", "a defect", world.clock.now())
            await end_locked(unit, row, change, world.services.actions.publisher, world.clock.now())
        body = (await client.get(f"/executions/{execution_id}")).json()
    assert world.control.asked == [(execution_id, "API Request", "stopped_by_api")]
    assert (body["status"], body["error_message"]) == ("stopped", None)
    assert body["telephony_data"]["hangup_reason"] == "stopped_by_api"


async def test_a_call_that_is_stopped_while_it_rings_is_canceled(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        await admit(world.ledger)
        await claim(world.ledger)
        await move(world.ledger, execution_id, Phase.DIALLING, "initiated", owner="node-a", attempt=1)
        assert (await client.post(f"/call/{execution_id}/stop")).status_code == 200
        async with world.ledger.unit() as unit:
            row = await unit.executions.get_any(execution_id)
            assert row is not None
            await end_locked(
                unit, row, Change(Phase.DONE, "canceled"), world.services.actions.publisher, world.clock.now()
            )
        assert (await client.get(f"/executions/{execution_id}")).json()["status"] == "canceled"


async def test_an_unknown_agent_is_not_found(world: ApiWorld) -> None:
    async with world.client() as client, world.client(world.other_key) as others:
        foreign = await create(others)
        for agent_id in (foreign, "nonsense"):
            answer = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "loopback:demo"})
            assert (answer.status_code, answer.json()["message"]) == (404, "there is no such agent")


@pytest.mark.proves("agent.telephony_provider")
async def test_an_agent_for_a_carrier_that_is_not_here_calls_no_phone_over_another_one(world: ApiWorld) -> None:
    async with world.client() as client:
        body = {**AGENT, "agent_config": {**AGENT["agent_config"], "telephony_provider": "twilio"}}
        agent_id = (await client.post("/v2/agent", json=body)).json()["agent_id"]
        order = {"agent_id": agent_id, "recipient_phone_number": "+15550100123"}
        refused = await client.post("/call", json=order)
        assert (refused.status_code, "'twilio'" in refused.json()["message"]) == (400, True)
        execution_id = await place(client, agent_id)
        assert (await client.get(f"/executions/{execution_id}")).json()["provider"] == "loopback"
