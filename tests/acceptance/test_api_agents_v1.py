"""The older routes of agents (contract 3.1): the same agents through another door, and an agent read is an agent that can be put back."""

from __future__ import annotations

import random
from typing import Any

import httpx
import pytest
from tests.agent_of_settings import is_within
from tests.api_world import AGENT, ApiWorld, create, place

from callwright.platform.agents.rules.parsing import parse_agent

#: The older form: settings stand in ``llm_agent`` itself.
FLAT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Old client",
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
                "tools_config": {
                    "llm_agent": {"provider": "openai", "agent_flow_type": "preprocessed", "family": "openai"},
                    "transcriber": {"provider": "deepgram", "model": "nova-2", "language": "en"},
                    "synthesizer": {"provider": "polly", "provider_config": {"voice": "Kajal", "language": "en"}},
                    "input": {"provider": "twilio", "format": "wav"},
                    "output": {"provider": "twilio", "format": "wav"},
                },
            },
            {"task_type": "webhook", "tools_config": {"api_tools": {"webhookURL": "https://hooks.example.org/x"}}},
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "Be brief."}},
}


async def test_an_agent_made_by_either_door_is_seen_through_both(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await client.post("/agent", json=FLAT)
        old = answer.json()["agent_id"]
        new = await create(client)
        assert (answer.status_code, answer.json()) == (
            200,
            {"agent_id": old, "state": "created", "status": "created", "callwright": {"revision": 1, "warnings": []}},
        )
        for path in ("/agent", "/v2/agent"):
            assert [one["id"] for one in (await client.get(f"{path}/all")).json()] == [new, old]
        for agent_id in (old, new):
            assert (await client.get(f"/agent/{agent_id}")).json() == (await client.get(f"/v2/agent/{agent_id}")).json()


async def test_the_flat_form_has_the_defaults_of_its_time(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = (await client.post("/agent", json=FLAT)).json()["agent_id"]
        read = (await client.get(f"/agent/{agent_id}")).json()
    spec = parse_agent(read)
    assert (spec.model.provider, spec.model.model, spec.model.options["max_tokens"]) == ("openai", "gpt-4.1-mini", 350)
    assert spec.model.options["temperature"] == 0.1
    assert is_within(FLAT["agent_config"]["tasks"], read["tasks"]), "what was sent is what is kept"


async def test_an_agent_is_replaced_and_patched(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        put = await client.put(f"/agent/{agent_id}", json=FLAT)
        patched = await client.patch(f"/agent/{agent_id}", json={"agent_config": {"agent_name": "Renamed"}})
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
    silent: list[dict[str, Any]] = [{"callwright": {"revision": revision, "warnings": []}} for revision in (2, 3)]
    assert put.json() == {"agent_id": agent_id, "state": "updated", "status": "updated", **silent[0]}
    assert patched.json() == {"message": "success", "state": "updated", "status": "success", **silent[1]}
    assert read["agent_name"] == "Renamed"
    assert is_within(FLAT["agent_config"]["tasks"], read["tasks"])


async def test_executions_are_a_bare_array_newest_first(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        placed = [await place(client, agent_id) for _ in range(3)]
        listed = (await client.get(f"/agent/{agent_id}/executions")).json()
        pages = (await client.get(f"/v2/agent/{agent_id}/executions")).json()
        empty = (await client.get(f"/agent/{await create(client)}/executions")).json()
    assert [one["id"] for one in listed] == placed[::-1]
    assert listed == pages["data"]
    assert empty == []


async def test_an_execution_is_found_under_its_own_agent_only(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id, other_id = await create(client), await create(client)
        execution_id = await place(client, agent_id)
        found = await client.get(f"/agent/{agent_id}/execution/{execution_id}")
        assert found.json() == (await client.get(f"/executions/{execution_id}")).json()
        wrong = [
            await client.get(f"/agent/{other_id}/execution/{execution_id}"),
            await client.get(f"/agent/{agent_id}/execution/{other_id}"),
            await client.get(f"/agent/nobody/execution/{execution_id}"),
            await client.get(f"/agent/{agent_id}/execution/nothing"),
        ]
    assert [answer.status_code for answer in wrong] == [404] * 4
    assert {answer.json()["message"] for answer in wrong} == {"there is no such execution"}


def some_agent(draw: random.Random) -> dict[str, Any]:
    """An agent with settings of all sorts, some in old and some in new spelling, some unknown."""
    config: dict[str, Any] = {"agent_name": draw.choice(["Ada", "Zoë — नमस्ते", "x" * 200])}
    optional: dict[str, list[Any]] = {
        "agent_welcome_message": [None, "", "Hello {name}."],
        "webhook_url": [None, "https://hooks.example.org/a?b=c"],
        "webhook_headers": [None, {"X-One": "1"}],
        "webhook_config": [["completed"], {"statuses": ["completed"]}],
        "agent_type": ["other", "sales", None],
        "ingest_source_config": [None, {"source_type": "api", "source_url": "https://a.example.org"}],
        "calling_guardrails": [None, {"call_start_hour": 9, "call_end_hour": 17}],
        "telephony_provider": ["default", "twilio", "sip-trunk", None],
        "sip_header_variables": [None, {"X-CALLERNO": "caller"}],
        "ingest_lookup_key": [None, "X-KEY"],
        "dispositions": [None, []],
        "gpt_assistants": [[{"assistant_id": "a", "custom_questions": ["?"]}]],
        "custom_analytics": [[{"key": "k", "type": "t", "prompt": "p"}]],
        "mip_opt_out": [True],
        "created_by": ["a client's own"],
        "colour": ["unknown", {"of": [1, 2.5, None, "\u2028"]}, 2**53 + 1, -0.0, 1e300],
    }
    for name, values in optional.items():
        if draw.random() < 0.4:
            config[name] = draw.choice(values)
    config["tasks"] = draw.choice([AGENT, FLAT])["agent_config"]["tasks"]
    if draw.random() < 0.3:
        config["tasks"] = [*config["tasks"], {"task_type": "summarization", "odd": draw.random()}]
    prompts = {"task_1": {"system_prompt": "Be kind.", "note": draw.choice([None, 1])}}
    return {"agent_config": config, "agent_prompts": prompts}


async def put_back(client: httpx.AsyncClient, path: str, agent_id: str) -> tuple[Any, Any]:
    """An agent before and after what a read gave is put back as it is, without what must differ."""
    before = (await client.get(f"{path}/{agent_id}")).json()
    answer = await client.put(f"{path}/{agent_id}", json=before)
    assert answer.status_code == 200, answer.text
    after = (await client.get(f"{path}/{agent_id}")).json()
    assert after["callwright"].pop("revision") == before["callwright"].pop("revision") + 1
    for body in (before, after):
        body.pop("updated_at")
    return before, after


@pytest.mark.parametrize("path", ["/agent", "/v2/agent"])
async def test_what_a_read_gives_can_be_put_back_unchanged(world: ApiWorld, path: str) -> None:
    draw = random.Random(5)
    async with world.client() as client:
        for _ in range(60):
            wire = some_agent(draw)
            created = await client.post(path, json=wire)
            assert created.status_code in (200, 201), (created.text, wire)
            before, after = await put_back(client, path, created.json()["agent_id"])
            assert after == before, wire
