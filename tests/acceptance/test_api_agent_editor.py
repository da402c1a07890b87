"""What an editor of agents asks the API for: settings, validation, revisions, versions and drafts."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.api_world import AGENT, ApiWorld, create, place
from tests.database import fetch, run_sql

from callwright.domain.limits import MAX_AGENT_VERSIONS
from callwright.domain.settings.kinds import choice
from callwright.domain.settings.provider_option import ProviderOption
from callwright.lab.line_conditions import line_of
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.services import NoChats, NoToolTrials, NoWebCalls
from callwright.ports.catalogue import ModelOffer, VoiceOffer
from callwright.ports.chat import ChatMessage, ChatReply, NewChat
from callwright.ports.registry import Plugin, PluginContext
from callwright.ports.tool_trial import ToolTrial, ToolTried, TriedRequest
from callwright.ports.web_call import WebCall, WebSession

SETTINGS = "/v1/callwright/agent-settings"
VALIDATE = "/v1/callwright/agents/validate"
MISSING = "00000000-0000-4000-8000-00000000dead"
MODEL_OPTION = ProviderOption("model", "model", choice(("small", "large")), "small")


def plain(_: PluginContext) -> None:
    """Makes nothing: these plugins are only listed."""


def with_task(**task_config: Any) -> dict[str, Any]:
    body = copy.deepcopy(AGENT)
    body["agent_config"]["tasks"][0]["task_config"] = task_config
    return body


# The list


async def test_agents_are_listed_with_what_their_calls_came_to(world: ApiWorld) -> None:
    async with world.client() as client:
        silent = await create(client, agent_name="Silent")
        busy = await create(client, agent_name="Busy")
        calls = [await place(client, busy) for _ in range(4)]
    waits = [{"part": "turn", "turn": 1, "latency_us": {"total": 1_000_000}}]
    finding = {"rule": "slow_tool", "severity": "warning"}
    now = world.clock.now()
    for number, execution_id in enumerate(calls[:3]):
        columns: dict[str, Any] = {"total_cost_nano": 1_500_000_000}
        columns |= {"initiated_at": now, "answered_at": now, "ended_at": now} if number == 0 else {}
        record = {"turns": waits, "doctor": {"findings": [finding] if number == 1 else []}}
        async with world.ledger.unit() as unit:
            await unit.executions.change(execution_id, Change(Phase.DONE, "failed", columns, record))
    await run_sql(
        world.dsn, "update execution_day_entry set day = day - 7 where id = (select max(id) from execution_day_entry)"
    )
    async with world.client(world.member_key) as client:
        body = (await client.get("/v1/callwright/agents")).json()
    first, second = body["items"]
    assert (first["id"], first["name"], first["revision"]) == (busy, "Busy", 1)
    assert (first["calls_7d"], first["answered_7d"], first["findings"], first["cost"]) == (2, 1, 1, 3.0)
    assert first["wait_p50_ms"] == pytest.approx(1_000, rel=0.05)
    assert (second["id"], second["calls_7d"], second["cost"], second["wait_p50_ms"]) == (silent, 0, 0, None)
    assert body["complete"] is True
    async with world.client(world.other_key) as client:
        assert (await client.get("/v1/callwright/agents")).json() == {"items": [], "complete": True}


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


# Revisions


async def read_tag(client: httpx.AsyncClient, agent_id: str) -> str:
    answer = await client.get(f"/v2/agent/{agent_id}")
    return str(answer.headers["etag"])


@pytest.mark.parametrize("route", ["/v2/agent", "/agent"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_who_changes_what_somebody_else_changed_is_told(world: ApiWorld, method: str, route: str) -> None:
    body = {**AGENT, "agent_config": {**AGENT["agent_config"], "agent_name": "Second"}}
    async with world.client() as client:
        agent_id = await create(client)
        path = f"{route}/{agent_id}"
        first = await client.request(method, path, json=body, headers={"If-Match": '"1"'})
        assert (first.status_code, first.headers["etag"], first.json()["callwright"]["revision"]) == (200, '"2"', 2)
        late = await client.request(method, path, json=AGENT, headers={"If-Match": '"1"'})
        assert (late.status_code, late.json()["code"]) == (412, "stale_revision")
        assert late.json()["message"].startswith("the agent is at revision 2, and If-Match names 1:")
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        assert (read["agent_name"], read["callwright"]["revision"]) == ("Second", 2)


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, 200),
        ("*", 200),
        ('"1"', 200),
        ("1", 200),
        ('W/"1"', 200),
        ('"7", "1"', 200),
        ('"7"', 412),
        ('"0"', 412),
        ('"nothing-of-ours"', 412),
        ("", 412),
        ('"1', 200),
        ('"99999999999999999999"', 412),
    ],
)
async def test_what_if_match_may_say(world: ApiWorld, if_match: str | None, status: int) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        headers = {} if if_match is None else {"If-Match": if_match}
        answer = await client.put(f"/v2/agent/{agent_id}", json=AGENT, headers=headers)
    assert answer.status_code == status


async def test_the_tag_of_a_read_is_its_revision_and_still_saves_reading_it_again(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        tag = await read_tag(client, agent_id)
        assert tag.startswith('"1-')
        same = await client.get(f"/v2/agent/{agent_id}", headers={"If-None-Match": tag})
        assert (same.status_code, same.content) == (304, b"")
        change = {"agent_config": {"agent_name": "Other"}}
        assert (await client.patch(f"/v2/agent/{agent_id}", json=change, headers={"If-Match": tag})).status_code == 200
        assert (await client.patch(f"/v2/agent/{agent_id}", json=change, headers={"If-Match": tag})).status_code == 412
        assert (await client.get(f"/v2/agent/{agent_id}", headers={"If-None-Match": tag})).status_code == 200


async def test_of_two_who_save_the_same_revision_one_is_told(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)

        async def save(method: str, number: int) -> int:
            body = {**AGENT, "agent_config": {**AGENT["agent_config"], "agent_name": f"N{number}"}}
            answer = await client.request(method, f"/v2/agent/{agent_id}", json=body, headers={"If-Match": '"1"'})
            return answer.status_code

        statuses = await asyncio.gather(*(save("PUT" if number % 2 else "PATCH", number) for number in range(6)))
        assert sorted(statuses) == [200, *[412] * 5]
        assert (await client.get(f"/v2/agent/{agent_id}")).json()["callwright"]["revision"] == 2


# Versions


def versions_of(agent_id: str, more: str = "") -> str:
    return f"/v1/callwright/agents/{agent_id}/versions{more}"


async def test_every_save_is_a_version_that_can_be_read_and_brought_back(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, agent_name="First")
        await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"agent_name": "Second"}})
        await client.put(f"/v2/agent/{agent_id}", json=AGENT)
        items = (await client.get(versions_of(agent_id))).json()["items"]
        assert [(one["revision"], one["name"]) for one in items] == [
            (3, "Clinic reminder"),
            (2, "Second"),
            (1, "First"),
        ]
        assert [one["is_current"] for one in items] == [True, False, False]
        assert {one["saved_by"]["name"] for one in items} == {"ours"}

        first = (await client.get(versions_of(agent_id, "/1"))).json()
        assert (first["agent"]["agent_name"], first["agent"]["callwright"]["revision"]) == ("First", 1)
        assert first["agent"]["colour"] == AGENT["agent_config"]["colour"]

        back = await client.post(versions_of(agent_id, "/1/restore"), headers={"If-Match": '"3"'})
        assert (back.status_code, back.headers["etag"], back.json()["callwright"]["revision"]) == (200, '"4"', 4)
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        assert (read["agent_name"], read["callwright"]["revision"]) == ("First", 4)
        again = await client.post(versions_of(agent_id, "/1/restore"))
        assert again.json()["callwright"]["revision"] == 4, "it is so already"
        late = await client.post(versions_of(agent_id, "/2/restore"), headers={"If-Match": '"3"'})
        assert late.status_code == 412
        for missing in ("/9", "/0", "/-1"):
            assert (await client.get(versions_of(agent_id, missing))).status_code == 404
        assert (await client.get(versions_of(agent_id, "/x"))).status_code == 400


async def test_a_patch_that_changes_nothing_is_no_version(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"agent_name": "Clinic reminder"}})
        assert len((await client.get(versions_of(agent_id))).json()["items"]) == 1


async def test_only_so_many_versions_are_kept(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for number in range(2, MAX_AGENT_VERSIONS + 2):
            await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"agent_name": f"N{number}"}})
        items = (await client.get(versions_of(agent_id))).json()["items"]
    assert [one["revision"] for one in items] == list(range(MAX_AGENT_VERSIONS + 1, 1, -1))


async def test_a_version_keeps_its_credentials_sealed_and_brings_them_back(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, webhook_headers={"Authorization": "Bearer canary-first-1"})
        sealed = await stored_headers(world)
        new = {"agent_config": {"webhook_headers": {"Authorization": "Bearer canary-second"}}}
        await client.patch(f"/v2/agent/{agent_id}", json=new)
        assert await stored_headers(world) != sealed
        shown = await client.get(versions_of(agent_id, "/1"))
        assert "canary" not in shown.text
        assert "canary" not in str(await fetch(world.dsn, "select body::text from agent_version"))
        assert (await client.post(versions_of(agent_id, "/1/restore"))).status_code == 200
        assert await stored_headers(world) == sealed


async def stored_headers(world: ApiWorld) -> str:
    (row,) = await fetch(world.dsn, "select body->'webhook_headers'->>'Authorization' as it from agent")
    return str(row["it"])


async def test_a_version_that_cannot_be_saved_any_more_is_not_brought_back(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await client.patch(f"/v2/agent/{agent_id}", json={"agent_config": {"agent_name": "Second"}})
        await run_sql(world.dsn, "update agent_version set body = '{\"tasks\": 7}' where revision = 1")
        answer = await client.post(versions_of(agent_id, "/1/restore"))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_agent")
        assert (await client.get(f"/v2/agent/{agent_id}")).json()["agent_name"] == "Second"


async def test_versions_go_with_their_agent(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await client.delete(f"/v2/agent/{agent_id}")
        assert (await client.get(versions_of(agent_id))).status_code == 404
    assert await fetch(world.dsn, "select from agent_version") == []


async def test_a_reader_reads_versions_and_brings_none_back(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
    for key in (world.read_key, world.member_key):
        async with world.client(key) as client:
            assert (await client.get(versions_of(agent_id, "/1"))).status_code == 200
            assert (await client.post(versions_of(agent_id, "/1/restore"))).status_code == 403


# Drafts


def drafts_of(agent_id: str, kind: str) -> str:
    return f"/v1/callwright/agents/{agent_id}/drafts/{kind}"


def drafted(**config: Any) -> dict[str, Any]:
    return {"draft": {**AGENT, "agent_config": {**AGENT["agent_config"], **config}}}


async def test_a_draft_calls_a_synthetic_caller_and_stays_unsaved(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, webhook_headers={"Authorization": "Bearer canary-hook-1"})
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        body = {"draft": {**read, "agent_welcome_message": "Unsaved."}, "user_data": {"persona": "silent"}}
        answer = await client.post(drafts_of(agent_id, "calls"), json=body)
        assert answer.status_code == 200, answer.text
        execution_id = answer.json()["execution_id"]
        saved = (await client.get(f"/v2/agent/{agent_id}")).json()
        listed = (await client.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
    assert saved == read
    assert [one["id"] for one in listed] == [execution_id]
    (row,) = await fetch(
        world.dsn, "select agent::text as agent, to_number, user_data::text as user_data from execution"
    )
    assert '"Unsaved."' in row["agent"]
    assert "canary" not in row["agent"]
    assert await stored_headers(world) in row["agent"], "the mask stands for what is stored"
    assert (row["to_number"], json.loads(row["user_data"])) == ("loopback:demo", {"persona": "silent"})


async def test_the_line_of_a_draft_may_be_bad_and_must_be_readable(world: ApiWorld) -> None:
    services = replace(world.services, actions=replace(world.services.actions, check_line=line_of))
    async with replace(world, services=services).client() as client:
        agent_id = await create(client)
        for line, status in (("loss=5,jitter=100", 200), ("loss", 400), ("snow=5", 400)):
            answer = await client.post(drafts_of(agent_id, "calls"), json={**drafted(), "line": line})
            assert answer.status_code == status, answer.text
            assert status == 200 or answer.json()["field"] == "line"
    (row,) = await fetch(world.dsn, "select options->>'line' as line from execution")
    assert row["line"] == "loss=5,jitter=100"


@pytest.mark.parametrize("number", ["+15550123", "sip:desk@example.org"])
async def test_a_draft_calls_nobody_else(world: ApiWorld, number: str) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        body = {**drafted(), "recipient_phone_number": number}
        answer = await client.post(drafts_of(agent_id, "calls"), json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, "recipient_phone_number")
    assert await fetch(world.dsn, "select from execution") == []


async def test_a_draft_chats_with_the_unsaved_body(world: ApiWorld) -> None:
    opened: list[NewChat] = []

    class Talking(NoChats):
        async def open(self, chat: NewChat, wait_s: float) -> tuple[str, ChatReply]:
            opened.append(chat)
            return MISSING, ChatReply((ChatMessage("Unsaved."),))

    services = replace(world.services, actions=replace(world.services.actions, chats=Talking()))
    async with replace(world, services=services).client() as client:
        agent_id = await create(client)
        body = {**drafted(agent_welcome_message="Unsaved."), "user_data": {"name": "Ann"}, "wait_s": 5}
        answer = await client.post(drafts_of(agent_id, "chats"), json=body)
        assert (answer.status_code, answer.json()["reply"]) == (201, "Unsaved.")
        assert (await client.get(f"/v2/agent/{agent_id}")).json()["callwright"]["revision"] == 1
    (chat,) = opened
    assert chat.agent.body["agent_welcome_message"] == "Unsaved."
    assert (chat.agent.id, dict(chat.user_data)) == (agent_id, {"name": "Ann"})


async def test_a_page_calls_a_draft_and_is_the_only_one_that_may(world: ApiWorld) -> None:
    asked: list[WebCall] = []

    class Taking(NoWebCalls):
        def session(self, call: WebCall) -> WebSession:
            asked.append(call)
            return WebSession("wss://calls.example/once", 120)

    services = replace(world.services, actions=replace(world.services.actions, web_calls=Taking()))
    async with replace(world, services=services).client() as client:
        agent_id = await create(client)
        body = {**drafted(agent_welcome_message="Unsaved."), "user_data": {"name": "Ann"}}
        page = {"Origin": "https://voice.example"}
        answer = await client.post(drafts_of(agent_id, "web-calls"), json=body, headers=page)
        assert answer.status_code == 200, answer.text
        assert (await client.get(f"/v2/agent/{agent_id}")).json()["callwright"]["revision"] == 1
    session = answer.json()
    assert (session["url"], session["agent_id"], session["protocol"]) == (
        "wss://calls.example/once",
        agent_id,
        "frames",
    )
    ((call, origin),) = [(one.call, one.origin) for one in asked]
    assert call.agent is not None
    assert (call.agent["agent_welcome_message"], dict(call.user_data)) == ("Unsaved.", {"name": "Ann"})
    assert (call.execution_id, call.agent_id, origin) == (session["execution_id"], agent_id, "https://voice.example")
    (row,) = await fetch(world.dsn, "select object_id from audit where action = 'web_call.opened'")
    assert row["object_id"] == session["execution_id"]


def with_tool(key: str = "custom_task") -> dict[str, Any]:
    body = copy.deepcopy(AGENT)
    params = {"method": "POST", "url": "https://calendar.example/book"} if key == "custom_task" else {}
    tool = {"name": "book", "description": "Books a visit", "key": key, "parameters": {"type": "object"}}
    tools_config = body["agent_config"]["tasks"][0].setdefault("tools_config", {})
    tools_config["api_tools"] = {"tools": [tool], "tools_params": {"book": params}}
    return {"draft": body}


async def test_a_tool_of_a_draft_is_called_once(world: ApiWorld) -> None:
    asked: list[tuple[StoredAgent, ToolTrial, Mapping[str, Any]]] = []

    class Trying(NoToolTrials):
        async def run(self, agent: StoredAgent, trial: ToolTrial, user_data: Mapping[str, Any]) -> ToolTried:
            asked.append((agent, trial, user_data))
            return ToolTried(True, "booked", TriedRequest("POST", "calendar.example", {"day": "Tue"}, 201, 12))

    services = replace(world.services, actions=replace(world.services.actions, tool_trials=Trying()))
    async with replace(world, services=services).client() as client:
        agent_id = await create(client)
        body = {**with_tool(), "tool": "book", "arguments": {"day": "Tue"}, "user_data": {"name": "Ann"}}
        answer = await client.post(drafts_of(agent_id, "tool-calls"), json=body)
        for wrong, field in (
            ({**body, "tool": "other"}, "tool"),
            ({**body, **with_tool("end_call")}, "tool"),
            ({**body, "tool": ""}, "tool"),
            ({**body, "arguments": "day"}, "arguments"),
        ):
            refused = await client.post(drafts_of(agent_id, "tool-calls"), json=wrong)
            assert (refused.status_code, refused.json()["field"]) == (400, field)
    assert answer.json() == {
        "tool": "book",
        "ok": True,
        "request": {"method": "POST", "host": "calendar.example", "sent": {"day": "Tue"}},
        "http_status": 201,
        "ms": 12,
        "result": "booked",
    }
    ((agent, trial, user_data),) = asked
    assert (agent.id, trial, dict(user_data)) == (agent_id, ToolTrial("book", {"day": "Tue"}), {"name": "Ann"})
    (row,) = await fetch(world.dsn, "select after::text as after from audit where action = 'agent.tool_tried'")
    assert json.loads(row["after"]) == {"tool": "book"}


async def test_the_providers_that_agents_can_name_are_listed(world: ApiWorld) -> None:
    plugins = [
        Plugin("transcriber", "near", "Hears", plain, languages=("en",), options=(MODEL_OPTION,)),
        Plugin("voice", "near", "Speaks", plain, keys=("NEAR",), voices=(VoiceOffer("a", "Anna", "v2"),)),
        Plugin("model", "far", "Thinks", plain, models=(ModelOffer("big", "Big"), ModelOffer("", "Own"))),
        Plugin("carrier", "line", "Calls", plain),
    ]
    services = replace(world.services, actions=replace(world.services.actions, plugins=lambda: plugins))
    async with replace(world, services=services).client(world.member_key) as client:
        found = (await client.get(f"{SETTINGS}/providers")).json()["providers"]
    assert [(one["kind"], one["name"], one["models"]) for one in found] == [
        ("transcriber", "near", ["small", "large"]),
        ("model", "far", ["big"]),
        ("voice", "near", ["v2"]),
    ]
    assert (found[0]["languages"], found[2]["keys"]) == (["en"], ["NEAR"])


@pytest.mark.parametrize("kind", ["chats", "calls", "web-calls", "tool-calls"])
async def test_a_draft_is_checked_as_if_it_were_saved(world: ApiWorld, kind: str) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for wrong, field in (
            (drafted(webhook_url="ftp://x"), "agent_config.webhook_url"),
            ({"draft": 7}, "draft"),
            ({}, "draft"),
        ):
            answer = await client.post(drafts_of(agent_id, kind), json={"tool": "book", **wrong})
            assert (answer.status_code, answer.json()["field"]) == (400, field)
        assert (await client.post(drafts_of(MISSING, kind), json={})).status_code == 404


@pytest.mark.parametrize("kind", ["chats", "calls", "web-calls", "tool-calls"])
async def test_only_who_may_change_agents_tries_drafts(world: ApiWorld, kind: str) -> None:
    async with world.client() as client:
        agent_id = await create(client)
    for key in (world.read_key, world.call_key, world.member_key):
        async with world.client(key) as client:
            assert (await client.post(drafts_of(agent_id, kind), json=drafted())).status_code == 403
    async with world.client(world.other_key) as client:
        assert (await client.post(drafts_of(agent_id, kind), json=drafted())).status_code == 404
