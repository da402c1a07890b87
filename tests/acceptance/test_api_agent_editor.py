"""What an editor of agents asks the API for: settings, validation, revisions, versions and drafts."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.api_world import AGENT, ApiWorld, create
from tests.database import fetch

SETTINGS = "/v1/callwright/agent-settings"
VALIDATE = "/v1/callwright/agents/validate"
MISSING = "00000000-0000-4000-8000-00000000dead"


def with_task(**task_config: Any) -> dict[str, Any]:
    body = copy.deepcopy(AGENT)
    body["agent_config"]["tasks"][0]["task_config"] = task_config
    return body


# Settings


async def test_the_settings_table_is_data(world: ApiWorld) -> None:
    async with world.client(world.read_key) as client:
        answer = await client.get(SETTINGS)
        again = await client.get(SETTINGS, headers={"If-None-Match": answer.headers["etag"]})
    assert (answer.status_code, again.status_code) == (200, 304)
    found = {one["path"]: one for one in answer.json()["settings"]}
    assert len(found) > 140
    patience = found["agent_config.tasks[].task_config.call_terminate"]
    assert (patience["types"], patience["section"], patience["kept"]) == (["number"], "task_config", False)
    assert patience["minimum"] < patience["default"] <= patience["maximum"]
    task_type = found["agent_config.tasks[].task_type"]
    assert (task_type["default"], task_type["choices"][:2]) == ("conversation", ["conversation", "extraction"])
    assert found["agent_config.agent_name"]["max_length"] == 200
    message = found["agent_config.tasks[].tools_config.api_tools.tools[].pre_call_message"]
    assert message["types"] == ["string", "object"]
    assert any(one["kept"] for one in found.values())


# Validation


async def test_all_errors_come_at_once_and_nothing_is_saved(world: ApiWorld) -> None:
    body = with_task(hangup_after_silence="soon", voicemail="perhaps", call_terminate=0)
    body["agent_config"] |= {"webhook_url": "ftp://x", "agent_name": ""}
    async with world.client() as client:
        answer = await client.post(VALIDATE, json=body)
        assert answer.status_code == 200
        found = answer.json()
        refused = await client.post("/v2/agent", json=body)
    task = "agent_config.tasks[0].task_config"
    assert {error["path"] for error in found["errors"]} == {
        "agent_config.agent_name",
        "agent_config.webhook_url",
        f"{task}.hangup_after_silence",
        f"{task}.voicemail",
        f"{task}.call_terminate",
    }
    assert (found["valid"], found["complete"]) == (False, True)
    first = found["errors"][0]
    assert (first["path"], first["message"], first["code"]) == (
        refused.json()["field"],
        refused.json()["message"],
        refused.json()["code"],
    )
    assert await fetch(world.dsn, "select from agent union all select from data_key") == []


async def test_a_good_agent_is_valid_and_warned_of_as_when_it_is_saved(world: ApiWorld) -> None:
    body = with_task(hangup_after_silense=5)
    async with world.client() as client:
        found = (await client.post(VALIDATE, json=body)).json()
        saved = (await client.post("/v2/agent", json=body)).json()
    assert (found["valid"], found["errors"], found["complete"]) == (True, [], True)
    assert found["warnings"] == saved["callwright"]["warnings"]
    assert any("hangup_after_silense" in warning["path"] for warning in found["warnings"])


async def test_masks_of_the_agent_that_it_replaces_are_valid_and_of_no_other(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, webhook_headers={"Authorization": "Bearer secret-of-ours-1"})
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        assert "secret-of-ours" not in str(read)
        found = (await client.post(VALIDATE, json=read, params={"agent_id": agent_id})).json()
        assert (found["valid"], found["errors"]) == (True, [])
        alone = (await client.post(VALIDATE, json=read)).json()
        assert [error["path"] for error in alone["errors"]] == ["agent_config.webhook_headers.Authorization"]
        read["webhook_url"] = "https://other.example/calls"
        moved = (await client.post(VALIDATE, json=read, params={"agent_id": agent_id})).json()
        assert [error["path"] for error in moved["errors"]] == ["agent_config.webhook_headers.Authorization"]
    async with world.client(world.other_key) as client:
        for other in (agent_id, MISSING):
            assert (await client.post(VALIDATE, json=read, params={"agent_id": other})).status_code == 404


@pytest.mark.parametrize("body", [{}, {"agent_config": None}, {"agent_config": 7}])
async def test_a_body_without_an_agent_is_an_error_like_others(world: ApiWorld, body: dict[str, Any]) -> None:
    async with world.client() as client:
        found = (await client.post(VALIDATE, json=body)).json()
    assert [error["path"] for error in found["errors"]] == ["agent_config"]
    assert (found["valid"], found["complete"]) == (False, False)
