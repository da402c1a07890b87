"""Trying dispositions out, asking past calls again, and extraction templates, over the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.api_world import ApiWorld, Examining, create, place
from tests.database import fetch

NOBODY = "00000000-0000-4000-8000-00000000dead"
MOOD = {"name": "Mood", "question": "How was it?", "is_subjective": True}
TEMPLATE = {"name": "Appointment", "json_schema": {"type": "object"}, "colour": "blue"}


async def test_dispositions_are_tried_on_a_transcript_and_nothing_is_stored(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await client.post("/dispositions", json={**MOOD, "agent_id": agent_id})
        answer = await client.post(
            f"/v2/agent/{agent_id}/dispositions/test",
            json={"transcript": "user: Fine.", "call_date": "2026-09-14T10:00:00+05:30"},
        )
        calls = (await client.get(f"/v2/agent/{agent_id}/executions")).json()["total"]
    assert answer.status_code == 200
    found = answer.json()["extracted_data"]["General"]
    assert list(found) == ["Mood", "Call Summary"]
    assert found["Mood"]["subjective"] == "user: Fine."
    assert answer.json()["callwright"]["cost"] == 0.007
    assert calls == 0
    questions = world.services.actions.questions
    assert isinstance(questions, Examining)
    assert questions.asked[0].moment.isoformat() == "2026-09-14T10:00:00+05:30"
    rows = await fetch(world.dsn, "select after from audit where action = 'agent.dispositions_tested'")
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "transcript"),
        ({"transcript": " "}, "transcript"),
        ({"transcript": 7}, "transcript"),
        ({"transcript": "x" * 100_001}, "transcript"),
        ({"transcript": "user: Hi.", "call_date": "yesterday"}, "call_date"),
    ],
)
async def test_a_wrong_test_is_refused(world: ApiWorld, body: dict[str, Any], field: str) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        answer = await client.post(f"/v2/agent/{agent_id}/dispositions/test", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_call_that_is_not_over_cannot_be_asked_again(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        answer = await client.post(f"/v1/callwright/executions/{execution_id}/extraction")
        wrong = await client.post(f"/v1/callwright/executions/{execution_id}/extraction", json={"force": "perhaps"})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_state")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "force")


async def test_an_agent_without_completed_calls_has_none_to_ask(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await place(client, agent_id)
        period = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
        answer = await client.post(f"/v1/callwright/agents/{agent_id}/extraction", json=period)
        wrong = await client.post(f"/v1/callwright/agents/{agent_id}/extraction", json={"from": "2020-01-01"})
    assert (answer.status_code, answer.json()) == (
        202,
        {"message": "nothing is queued", "run": None, "execution_ids": [], "left_out": 0},
    )
    assert (wrong.status_code, wrong.json()["field"]) == (400, "to")


async def test_a_template_is_kept_changed_and_deleted_in_its_wrapping(world: ApiWorld) -> None:
    async with world.client() as client:
        made = await client.post("/extractions", json=TEMPLATE)
        kept = made.json()["data"]
        assert made.status_code == 201
        assert (kept["model"], kept["display"], kept["supports_custom_questions"]) == ("gpt-4.1-mini", True, False)
        assert (kept["colour"], kept["json_schema"], kept["instructions"]) == ("blue", {"type": "object"}, None)
        path = f"/extractions/{kept['id']}"
        changed = await client.put(path, json={"name": "Appointments", "display": "false"})
        assert (changed.json()["data"]["name"], changed.json()["data"]["display"]) == ("Appointments", False)
        assert (await client.put(path, json=changed.json()["data"])).status_code == 200
        assert [one["name"] for one in (await client.get("/extractions")).json()["data"]] == ["Appointments"]
        assert (await client.get(path)).json()["data"]["colour"] == "blue"
        assert (await client.delete(path)).json() == {"message": "Template deleted successfully"}
        assert (await client.delete(path)).status_code == 404
        assert (await client.get(path)).status_code == 404
    rows = await fetch(world.dsn, "select action from audit where object_type = 'extraction_template' order by id")
    assert [row["action"].partition(".")[2] for row in rows][:2] == ["created", "changed"]


async def test_two_changes_of_a_template_at_once_both_take_effect(world: ApiWorld) -> None:
    async with world.client() as client:
        for number in range(10):
            made = await client.post("/extractions", json=TEMPLATE)
            path = f"/extractions/{made.json()['data']['id']}"
            changes: list[dict[str, Any]] = [{"colour": "red"}, {"instructions": f"{number}"}, {"display": False}]
            answers = await asyncio.gather(*(client.put(path, json=change) for change in changes))
            assert [answer.status_code for answer in answers] == [200, 200, 200]
            read = (await client.get(path)).json()["data"]
            assert (read["colour"], read["instructions"], read["display"]) == ("red", f"{number}", False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json_schema": {}}, 400),
        ({"name": "n"}, 400),
        ({"name": "n", "json_schema": []}, 400),
        ({**TEMPLATE, "display": "perhaps"}, 400),
        ({**TEMPLATE, "keys": 7}, 400),
        ({**TEMPLATE, "inputs": {"x": "y" * 70_000}}, 413),
    ],
)
async def test_a_wrong_template_is_refused(world: ApiWorld, body: dict[str, Any], status: int) -> None:
    async with world.client() as client:
        assert (await client.post("/extractions", json=body)).status_code == status
        assert (await client.get("/extractions")).json() == {"data": []}


async def test_the_same_key_creates_once(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        headers = {"Idempotency-Key": "k1"}
        ones = [
            await client.post("/dispositions", json={**MOOD, "agent_id": agent_id}, headers=headers) for _ in (1, 2)
        ]
        assert ones[0].json() == ones[1].json()
        assert len((await client.get("/dispositions")).json()) == 1
