"""Chats: an agent answers in writing, through the API, with scripted providers on a real database."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.test_call_crash import running
from tests.acceptance.test_transfers import transferring
from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world

from callwright.api.app import build_app
from callwright.api.services import ApiServices
from callwright.call.live.deps import RuntimeSettings
from callwright.call.live.equipment import LocalEars
from callwright.cli.serving import bind, http_server, url_of
from callwright.conversation.replay import replay
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Tenant
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.keys.actions.keys import create_key, revoke_key
from callwright.platform.ledger import Ledger
from callwright.platform.services import CallPolicy, Services

pytestmark = pytest.mark.real_time

URL = "http://callwright.test"
THEIR_AGENT_ID = "5b0b0c9e-0000-4000-8000-00000000000a"


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path) as started:
        yield started


def services(world: CallWorld) -> Services:
    deps = world.deps
    return Services(
        ledger=world.ledger,
        clock=world.clock,
        ids=world.ids,
        publisher=world.publisher,
        control=world.runtime.control,
        recordings=deps.recordings,
        names=lambda kind: {"carrier": {"loopback"}}.get(kind, set()),
        policy=CallPolicy(),
        key_secrets=lambda: (b"k" * 32,),
        chats=world.runtime.chats,
    )


@asynccontextmanager
async def api(world: CallWorld, body: Mapping[str, Any] | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """The API over the runtime, with an agent."""
    actions = services(world)
    now = world.clock.now()
    async with world.ledger.unit() as unit:
        await unit.agents.insert(
            StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", body or agent_body(), 1, now, now)
        )
    key = (await create_key(actions, DEFAULT_TENANT_ID, "chats")).secret
    app = build_app(
        ApiServices(
            actions, world.runtime.live, world.deps.metrics, _ready, public_url=URL, link_secrets=lambda: (b"l" * 32,)
        )
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(
        transport=transport, base_url=URL, headers={"Authorization": f"Bearer {key}"}, timeout=60
    ) as client:
        yield client


async def opened(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post(f"/v1/callwright/agents/{AGENT_ID}/chats", json=more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def said(client: httpx.AsyncClient, chat: Mapping[str, Any], text: str, **more: Any) -> dict[str, Any]:
    url = f"/v1/callwright/chats/{chat['execution_id']}/messages"
    answer = await client.post(url, json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def execution(client: httpx.AsyncClient, chat: Mapping[str, Any], *statuses: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            body = (await client.get(f"/executions/{chat['execution_id']}")).json()
            if body["status"] in statuses:
                return dict(body)
            await asyncio.sleep(0.05)


def slow_agent(*clauses: str, delay_ms: int = 0) -> dict[str, Any]:
    """An agent whose model takes its time between the pieces of an answer."""
    body = agent_body()
    agent = body["tasks"][0]["tools_config"]["llm_agent"]
    agent.pop("rules")
    agent["replies"] = [*clauses]
    agent["token_ms"] = delay_ms
    return body


async def test_who_waits_for_a_reply_is_refused_when_the_key_is_revoked_and_the_chat_goes_on(world: CallWorld) -> None:
    body = slow_agent("One is the first. Two is the second. Three is the third. Four is the fourth. Five is the fifth.")
    async with api(world, body) as client:
        chat = await opened(client, pace="reading")
        actions = services(world)
        other = await create_key(actions, DEFAULT_TENANT_ID, "leaving")
        url = f"/v1/callwright/chats/{chat['execution_id']}/messages"
        headers = {"Authorization": f"Bearer {other.secret}"}
        waiting = asyncio.create_task(client.post(url, json={"text": "Count.", "wait_s": 60}, headers=headers))
        await world.until_logged(chat["execution_id"], "Count.")
        await revoke_key(actions, DEFAULT_TENANT_ID, other.stored.id)
        before = asyncio.get_running_loop().time()
        answer = await asyncio.wait_for(waiting, 10)
        assert asyncio.get_running_loop().time() - before < 2.5
        assert (answer.status_code, answer.json()["code"]) == (401, "unknown_key")
        assert answer.json()["message"] == "Access denied"
        assert (await client.get(f"/executions/{chat['execution_id']}")).json()["status"] == "in-progress"


async def test_under_one_key_a_chat_is_opened_once_and_a_line_is_said_once(world: CallWorld) -> None:
    async with api(world) as client:
        url = f"/v1/callwright/agents/{AGENT_ID}/chats"
        opens = await asyncio.gather(
            *(client.post(url, json={}, headers={"Idempotency-Key": "open"}) for _ in range(10))
        )
        # One waits for the answer of the first; more of them are told to ask again, and asking again gives that answer.
        first = next(answer for answer in opens if answer.status_code == 201)
        assert {answer.status_code for answer in opens} <= {201, 409}
        opens.append(await client.post(url, json={}, headers={"Idempotency-Key": "open"}))
        assert {(answer.status_code, answer.content) for answer in opens if answer.status_code != 409} == {
            (201, first.content)
        }
        chat = first.json()
        assert chat["reply"] == "Hello, this is reception."
        lines = f"/v1/callwright/chats/{chat['execution_id']}/messages"
        line = {"text": "I want to book a dentist."}
        said_once = await asyncio.gather(
            *(client.post(lines, json=line, headers={"Idempotency-Key": "line"}) for _ in range(10))
        )
        line_said = next(answer for answer in said_once if answer.status_code == 200)
        assert {answer.status_code for answer in said_once} <= {200, 409}
        assert {answer.content for answer in said_once if answer.status_code == 200} == {line_said.content}
        assert line_said.json()["reply"] == "Of course. Which day suits you?"
        other = await client.post(lines, json={"text": "monday"}, headers={"Idempotency-Key": "line"})
        assert (other.status_code, other.json()["code"]) == (409, "conflict")
        await client.delete(f"/v1/callwright/chats/{chat['execution_id']}")
        done = await execution(client, chat, "completed")
        assert done["transcript"].count("I want to book a dentist.") == 1
        # The chat is over, and what was answered then is answered still.
        again = await client.post(lines, json=line, headers={"Idempotency-Key": "line"})
        assert again.content == line_said.content
        async with world.ledger.reading() as unit:
            assert await unit.accounts.live_calls(DEFAULT_TENANT_ID) == 0


async def test_a_chat_is_an_execution_like_a_call(world: CallWorld) -> None:
    async with api(world) as client:
        chat = await opened(client, user_data={"name": "Ann"})
        assert (chat["reply"], chat["complete"], chat["ended"]) == ("Hello, this is reception.", True, False)
        assert (await execution(client, chat, "in-progress"))["callwright"]["channel"] == "chat"
        assert (await said(client, chat, "I want to book a dentist."))["reply"] == "Of course. Which day suits you?"
        assert (await said(client, chat, "monday"))["reply"] == "Monday at nine is free. What is your name?"
        last = await said(client, chat, "My name is Ann")
        assert (last["reply"], last["ended"]) == ("Thank you. You are booked.", True)
        body = await execution(client, chat, "completed")
    assert body["transcript"].splitlines() == [
        "assistant: Hello, this is reception.",
        "user: I want to book a dentist.",
        "assistant: Of course. Which day suits you?",
        "user: monday",
        "assistant: Monday at nine is free. What is your name?",
        "user: My name is Ann",
        "assistant: Thank you. You are booked.",
    ]
    assert body["extracted_data"] == {"name": "Ann"}
    telephony = body["telephony_data"]
    assert (telephony["provider"], telephony["call_type"]) == ("chat", "inbound")
    assert (
        telephony["to_number"] is telephony["from_number"] is telephony["recording_url"] is body["user_number"] is None
    )
    assert telephony["ring_duration"] is telephony["post_dial_delay"] is body["callwright"]["line"] is None
    assert body["callwright"]["doctor"]["findings"] == []
    assert body["callwright"]["post_failures"] == []
    assert body["context_details"]["recipient_data"] == {"name": "Ann"}
    usage = body["usage_breakdown"]
    assert (usage["synthesizer_characters"], usage["transcriber_duration"]) == (0, 0)
    assert body["cost_breakdown"]["synthesizer"] == body["cost_breakdown"]["transcriber"] == 0
    assert await world.published(chat["execution_id"]) == ["ringing", "in-progress", "call-disconnected", "completed"]


async def test_the_log_of_a_chat_replays(world: CallWorld) -> None:
    async with api(world) as client:
        chat = await opened(client)
        await said(client, chat, "I want to book a dentist.")
        await client.delete(f"/v1/callwright/chats/{chat['execution_id']}")
        await execution(client, chat, "completed")
    result = replay(await world.log(chat["execution_id"]))
    assert result.difference is None
    assert result.exact


async def test_who_leaves_a_chat_has_hung_up(world: CallWorld) -> None:
    async with api(world) as client:
        chat = await opened(client)
        url = f"/v1/callwright/chats/{chat['execution_id']}"
        assert (await client.delete(url)).json() == {"message": "success", "state": "ended"}
        body = await execution(client, chat, "completed")
        assert (body["telephony_data"]["hangup_by"], body["callwright"]["ended_by"]) == ("Caller", "far_end")
        refused = await client.post(f"{url}/messages", json={"text": "Hello?"})
        assert (refused.status_code, refused.json()["code"]) == (400, "wrong_state")
        assert "over" in refused.json()["message"]


async def test_a_line_that_comes_while_a_reply_is_delivered_cuts_the_rest(world: CallWorld) -> None:
    body = slow_agent("One is the first. Two is the second. Three is the third. Four is the fourth.", "Yes?")
    async with api(world, body) as client:
        chat = await opened(client, pace="reading")
        first = await said(client, chat, "Count.", wait_s=1.2)
        assert not first["complete"]
        assert first["reply"].startswith("One is the first.")
        assert "Four" not in first["reply"]
        second = await said(client, chat, "Ok")
        assert second["messages"][-1] == {"text": "Yes?", "cut": False}
        # What the first answer told already is not told again, only what was delivered behind it, if anything was.
        rest = second["messages"][:-1]
        assert all(one["cut"] for one in rest)
        await client.delete(f"/v1/callwright/chats/{chat['execution_id']}")
        done = await execution(client, chat, "completed")
    told = [line for line in done["transcript"].splitlines() if "One is" in line]
    assert told == [" ".join(["assistant:", first["reply"], *(one["text"] for one in rest)])]
    assert "Four" not in told[0]


async def test_what_is_delivered_while_nobody_asks_is_in_the_next_answer(world: CallWorld) -> None:
    body = slow_agent("One is the first. Two is the second.", "Yes?")
    async with api(world, body) as client:
        chat = await opened(client, pace="reading")
        assert (await said(client, chat, "Count.", wait_s=0))["messages"] == []
        await world.until_logged(chat["execution_id"], '"cut":false,"estimated":false,"generation":2')
        second = await said(client, chat, "And now?")
        assert [one["text"] for one in second["messages"]] == ["One is the first. Two is the second.", "Yes?"]
        await client.delete(f"/v1/callwright/chats/{chat['execution_id']}")
        await execution(client, chat, "completed")


async def test_a_chat_in_which_nobody_writes_ends(world: CallWorld) -> None:
    async with api(world) as client:
        chat = await opened(client, hangup_after_silence=0.3)
        body = await execution(client, chat, "completed")
    assert body["telephony_data"]["hangup_reason"] == "inactivity_timeout"


async def test_a_chat_ends_at_its_maximum(world: CallWorld) -> None:
    async with api(world) as client:
        chat = await opened(client, call_terminate=1, hangup_after_silence=0)
        body = await execution(client, chat, "completed")
    assert body["telephony_data"]["hangup_reason"] == "max_duration_reached"


async def test_a_wrong_request_is_told_what_is_wrong(world: CallWorld) -> None:
    async with api(world) as client:
        chat = await opened(client)
        for body, field in (
            ({"text": " "}, "text"),
            ({}, "text"),
            ({"text": 7}, "text"),
            ({"text": "Hi", "wait_s": 61}, "wait_s"),
        ):
            url = f"/v1/callwright/chats/{chat['execution_id']}/messages"
            answer = await client.post(url, json=body)
            assert (answer.status_code, answer.json()["field"]) == (400, field)
        long = await client.post(url, json={"text": "a" * 4_001})
        assert (long.status_code, long.json()["code"]) == (413, "too_large")
        wrong = await client.post(f"/v1/callwright/agents/{AGENT_ID}/chats", json={"pace": "slow"})
        assert "instant, reading" in wrong.json()["message"]


async def test_a_chat_counts_among_the_calls_of_its_process(dsn: str, tmp_path: Path) -> None:
    names = ProviderDefaults("scripted", "scripted", "scripted")
    settings = RuntimeSettings(max_calls=1, ears=LocalEars("energy", "scripted"), defaults=names)
    async with call_world(dsn, tmp_path, settings=settings) as world, api(world) as client:
        await opened(client)
        refused = await client.post(f"/v1/callwright/agents/{AGENT_ID}/chats", json={})
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")


async def test_chats_of_one_organisation_leave_places_for_another_one(dsn: str, tmp_path: Path) -> None:
    names = ProviderDefaults("scripted", "scripted", "scripted")
    settings = RuntimeSettings(max_calls=5, ears=LocalEars("energy", "scripted"), defaults=names)
    async with call_world(dsn, tmp_path, settings=settings) as world, api(world) as client:
        now = world.clock.now()
        async with world.ledger.unit() as unit:
            await unit.accounts.insert(Tenant("theirs", "theirs", "", 10, now))
            await unit.agents.insert(
                StoredAgent(THEIR_AGENT_ID, "theirs", "Their reception", agent_body(), 1, now, now)
            )
        their_key = (await create_key(services(world), "theirs", "chats")).secret
        for _ in range(4):
            await opened(client, hangup_after_silence=0)
        refused = await client.post(f"/v1/callwright/agents/{AGENT_ID}/chats", json={})
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        theirs = await client.post(
            f"/v1/callwright/agents/{THEIR_AGENT_ID}/chats", json={}, headers={"Authorization": f"Bearer {their_key}"}
        )
        assert theirs.status_code == 201


async def test_the_chat_of_another_process_is_said_to_be_there(world: CallWorld, tmp_path: Path) -> None:
    async with api(world) as client:
        chat = await opened(client)
        elsewhere = services(world)
        from_there = Services(**{name: getattr(elsewhere, name) for name in elsewhere.__slots__ if name != "chats"})
        app = build_app(ApiServices(from_there, world.runtime.live, world.deps.metrics, _ready))
        headers = dict(client.headers)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL, headers=headers) as other:
            url = f"/v1/callwright/chats/{chat['execution_id']}"
            answers = [await other.post(f"{url}/messages", json={"text": "Hi"}), await other.delete(url)]
            opening = await other.post(f"/v1/callwright/agents/{AGENT_ID}/chats", json={})
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "another process" in answers[0].json()["message"]
    assert opening.status_code == 503


async def _ready() -> None:
    return None


async def test_a_chat_whose_process_is_killed_is_settled_as_a_call(dsn: str, ledger: Ledger, tmp_path: Path) -> None:
    async with running(dsn, tmp_path, "tests.chat_process") as process:
        assert process.stdout is not None
        execution_id = (await process.stdout.readline()).decode().strip()
        await asyncio.sleep(2.5)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with call_world(dsn, tmp_path) as world:
        row = await world.until(execution_id, "error", seconds=10)
        assert (row.hangup_by, row.hangup_reason) == ("Error", "node_lost")
        assert "user: I want to book a dentist." in row.record["transcript"]
        assert row.record["conversation_ms"] >= 1_000, "it was open until its process was killed"
        async with asyncio.timeout(20):
            while row.record.get("extracted_data") is None:
                await asyncio.sleep(0.1)
                row = await world.row(execution_id)


async def test_an_agent_is_written_with_in_the_terminal(world: CallWorld) -> None:
    listener = bind("127.0.0.1", 0)
    async with api(world) as client:
        app = build_app(ApiServices(services(world), world.runtime.live, world.deps.metrics, _ready))
        key = str(client.headers["authorization"]).partition(" ")[2]
        async with http_server(app, listener):
            told, noted = await typed(
                url_of(listener), key, "--var", "name=Ann", lines="I want to book a dentist.\nmonday\n\n"
            )
        executions = (await client.get(f"/v2/agent/{AGENT_ID}/executions")).json()["data"]
    assert told.splitlines() == [
        "agent: Hello, this is reception.",
        "agent: Of course. Which day suits you?",
        "agent: Monday at nine is free. What is your name?",
    ]
    assert executions[0]["id"] in noted
    assert executions[0]["context_details"]["recipient_data"] == {"name": "Ann"}
    assert executions[0]["status"] in ("in-progress", "call-disconnected", "completed")


async def test_the_terminal_says_what_is_wrong() -> None:
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    listener.close()
    assert "nobody answers" in (await typed(url, "bn-x", lines=""))[1]
    assert "--var must be NAME=VALUE" in (await typed(url, "bn-x", "--var", "name", lines=""))[1]


async def typed(url: str, key: str, *more: str, lines: str) -> tuple[str, str]:
    """What ``callwright chat`` prints, on standard output and error, to somebody who types ``lines``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callwright", "chat", AGENT_ID, "--url", url, "--key", key, *more),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(lines.encode()), 60)
    return out.decode(), err.decode()


async def test_nobody_is_called_to_be_joined_with_who_writes(world: CallWorld) -> None:
    body = transferring("loopback:patient")
    body["tasks"][0]["tools_config"]["api_tools"]["tools_params"]["transfer_call_billing"]["transfer_mode"] = "warm"
    async with api(world, body) as client:
        chat = await opened(client)
        await said(client, chat, "I have a question about my invoice.")
        await world.until_logged(chat["execution_id"], '"state":"failed"')
        assert '"type":"target"' not in await world.log(chat["execution_id"])
