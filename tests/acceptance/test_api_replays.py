"""Calls run again over the API: the same, with a changed agent, as a scenario. Each in a real process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from tests.api_world import ApiWorld, create, place
from tests.rows import admit, claim

from callwright.bootstrap.plugins import PluginInstances, installed_plugins, setting_texts
from callwright.bootstrap.replaying import ReplayProcesses
from callwright.call.live.access import NoAccess
from callwright.lab.packed_log import unpack
from callwright.ops.settings import load_settings
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.ports.registry import PluginContext

DEFAULTS = ProviderDefaults("scripted", "scripted", "scripted")
HEARD = "tests/golden/scenario-hesitater.log.xz"


@asynccontextmanager
async def replaying(
    world: ApiWorld, folder: Path, key: str = "", seconds: float = 60
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application with processes that run calls again."""
    plugins = PluginInstances(installed_plugins())
    texts = setting_texts(load_settings({}, data=folder))
    plugins.use(PluginContext(texts, folder, plugins))
    replays = ReplayProcesses(DEFAULTS, texts, folder, plugins, NoAccess(), seconds)
    world.services = replace(world.services, actions=replace(world.services.actions, replays=replays))
    async with world.client(key) as client:
        yield client
    await plugins.aclose()


async def recorded(world: ApiWorld, log: str) -> str:
    """A call that is over, with this log."""
    async with world.client() as client:
        execution_id = await place(client, await create(client))
    await admit(world.ledger)
    await claim(world.ledger)
    async with world.ledger.unit() as unit:
        await unit.logs.append(LogChunk(execution_id, 1, "live", 0, log.encode()))
        change = Change(phase=Phase.DONE, detail="error")
        await unit.executions.change(execution_id, change, owner="node-a", attempt=1)
    return execution_id


def golden(path: str = HEARD) -> str:
    return unpack(Path(path).read_bytes())


async def asked(client: httpx.AsyncClient, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    answer = await client.post(path, json=body or {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_call_is_replayed_exactly(world: ApiWorld, tmp_path: Path) -> None:
    execution_id = await recorded(world, golden())
    async with replaying(world, tmp_path) as client:
        body = await asked(client, f"/v1/callwright/executions/{execution_id}/replay")
    assert (body["exact"], body["difference"], body["missing"]) == (True, None, [])
    assert body["events"] > 50
    assert body["core_version"] == body["logged_core_version"]


async def test_a_changed_log_is_told_where_it_differs(world: ApiWorld, tmp_path: Path) -> None:
    lines = golden().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if '"type":"Speak"' in line)
    lines[at] = lines[at].replace('"text":"', '"text":"Never ')
    execution_id = await recorded(world, "".join(lines))
    async with replaying(world, tmp_path) as client:
        body = await asked(client, f"/v1/callwright/executions/{execution_id}/replay")
    assert body["exact"] is False
    assert body["difference"]["seq"] == json.loads(lines[at])["seq"]
    assert "Never" in body["difference"]["logged"]
    assert any("text" in line for line in body["difference"]["lines"])


async def test_a_what_if_has_both_conversations(world: ApiWorld, tmp_path: Path) -> None:
    execution_id = await recorded(world, golden())
    path = f"/v1/callwright/executions/{execution_id}/what-if"
    async with replaying(world, tmp_path, world.read_key) as client:
        body = await asked(client, path, {"from_turn": 1, "settings": {"task_config.incremental_delay": 1800}})
        same = await asked(client, path, {"from_turn": 1})
    assert body["settings"] == {"task_config.incremental_delay": 1800}
    assert body["after_wait_ms"] > body["before_wait_ms"]
    assert {row["before"]["who"] for row in body["rows"] if row["before"]} == {"caller", "agent"}
    assert (same["first_difference"], any(row["differs"] for row in same["rows"])) == (None, False)


async def test_a_model_is_asked_anew_by_the_server(world: ApiWorld, tmp_path: Path) -> None:
    execution_id = await recorded(world, golden())
    path = f"/v1/callwright/executions/{execution_id}/what-if"
    async with replaying(world, tmp_path) as client:
        body = await asked(client, path, {"from_turn": 1, "model": "ask"})
    assert any(remark.startswith("the model asked was scripted") for remark in body["remarks"])
    assert body["simulated_from"] == 1
    async with replaying(world, tmp_path, world.read_key) as client:
        assert (await client.post(path, json={"from_turn": 1, "model": "ask"})).status_code == 403


async def test_what_cannot_be_run_is_refused_with_its_reason(world: ApiWorld, tmp_path: Path) -> None:
    execution_id = await recorded(world, golden())
    path = f"/v1/callwright/executions/{execution_id}"
    async with replaying(world, tmp_path) as client:
        for body, why in (
            ({"from_turn": 99}, "turn"),
            ({"from_turn": 1, "settings": {"task_config.incremental_dely": 1}}, "did you mean incremental_delay"),
            ({"from_turn": 1, "settings": {"task_config.incremental_delay": "soon"}}, "incremental_delay"),
            ({"from_turn": 1, "model": "somebody"}, "model must be"),
            ({}, "from_turn is required"),
        ):
            answer = await client.post(f"{path}/what-if", json=body)
            assert answer.status_code == 400, answer.text
            assert why in answer.json()["message"]
        waiting = await place(client, await create(client))
        for way in ("replay", "what-if"):
            answer = await client.post(f"/v1/callwright/executions/{waiting}/{way}", json={"from_turn": 0})
            assert (answer.status_code, "not dialled" in answer.json()["message"]) == (400, True)


async def test_a_run_that_takes_too_long_is_given_up(world: ApiWorld, tmp_path: Path) -> None:
    execution_id = await recorded(world, golden())
    async with replaying(world, tmp_path, seconds=0.01) as client:
        answer = await client.post(f"/v1/callwright/executions/{execution_id}/replay")
        assert answer.status_code == 503
        assert "took longer than 0.01 s" in answer.json()["message"]


async def test_an_organisation_runs_one_call_at_a_time(world: ApiWorld, tmp_path: Path) -> None:
    execution_id = await recorded(world, golden())
    path = f"/v1/callwright/executions/{execution_id}/replay"
    async with replaying(world, tmp_path) as client:
        answers = await asyncio.gather(client.post(path), client.post(path))
    assert sorted(answer.status_code for answer in answers) == [200, 429]


async def test_a_scenario_is_made_of_a_call(world: ApiWorld, tmp_path: Path) -> None:
    execution_id = await recorded(world, golden())
    async with replaying(world, tmp_path) as client:
        body = (await client.get(f"/v1/callwright/executions/{execution_id}/scenario")).json()
    assert body["name"] == f"call-{execution_id.partition('-')[0]}"
    assert len(body["scenario"]["persona"]["rules"]) == 3
    assert body["scenario"]["expect"] == [one["expect"] for one in body["expectations"] if one["chosen"]]
