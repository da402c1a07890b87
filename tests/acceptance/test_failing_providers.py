"""What somebody sees whose model, voice, recogniser or tool does not work: in the execution, the log, the metrics and a chat.

A whole platform with real settings, and an endpoint on loopback that fails as real ones do.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.contract.test_openai_compatible import DONE, Script, call_piece, calls, chunk, refusing, streaming, web_page
from tests.http_server import Exchange, LocalServer, serving

from callwright.bootstrap.platform import open_platform
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key

pytestmark = pytest.mark.real_time

KEY = "sk-q7Zr9xT2bK1f0e-never-shown"
REPORTS = "callwright.call.live.failure_reports"


@dataclass(slots=True)
class Clinic:
    """A platform with an agent that names no provider, and the endpoint that is its model."""

    client: httpx.AsyncClient
    endpoint: LocalServer

    async def agent(self, **tools_config: Any) -> str:
        task = {
            "task_type": "conversation",
            "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
            "tools_config": tools_config,
            "task_config": {"hangup_after_silence": 5, "call_terminate": 40},
        }
        body = {
            "agent_config": {"agent_name": "Clinic", "agent_welcome_message": "Hello.", "tasks": [task]},
            "agent_prompts": {"task_1": {"system_prompt": "Be brief."}},
        }
        answer = await self.client.post("/v2/agent", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["agent_id"])

    async def chat(self, agent_id: str, line: str = "Have you a slot?") -> dict[str, Any]:
        """The answer to one line; the chat is left then."""
        chat = (await self.client.post(f"/v1/callwright/agents/{agent_id}/chats", json={})).json()
        url = f"/v1/callwright/chats/{chat['execution_id']}"
        answer = (await self.client.post(f"{url}/messages", json={"text": line})).json()
        await self.client.delete(url)
        return dict(answer)

    async def call(self, agent_id: str) -> str:
        body = {"agent_id": agent_id, "recipient_phone_number": "+15550199"}
        return str((await self.client.post("/call", json=body)).json()["execution_id"])

    async def ended(self, execution_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                body = (await self.client.get(f"/executions/{execution_id}")).json()
                if body["status"] in ("completed", "error", "failed"):
                    return dict(body)
                await asyncio.sleep(0.05)

    async def counted(self, kind: str, failure: str) -> float:
        line = f'callwright_provider_errors_total{{failure="{failure}",kind="{kind}"}} '
        found = [one for one in (await self.client.get("/metrics")).text.splitlines() if one.startswith(line)]
        return float(found[0].rpartition(" ")[2]) if found else 0.0


@asynccontextmanager
async def clinic(dsn: str, folder: Path, script: Script, **settings: Any) -> AsyncIterator[Clinic]:
    async with serving(script) as endpoint:
        values = {
            "data": folder,
            "database_url": dsn,
            "sip_listen": "",
            "vad": "energy",
            "turn": "none",
            "voice": "scripted",
            "transcriber": "scripted",
            "model_base_url": f"{endpoint.url}/v1",
            "model_api_key": KEY,
            "model_name": "m-1",
            **settings,
        }
        async with open_platform(Settings(**values), "http://callwright.test") as platform:
            key = (await create_key(platform.services, DEFAULT_TENANT_ID, "test")).secret
            headers = {"Authorization": f"Bearer {key}"}
            transport = httpx.ASGITransport(platform.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://callwright.test", headers=headers, timeout=60
            ) as client:
                yield Clinic(client, endpoint)


@pytest.mark.parametrize(
    ("script", "failure", "told", "status"),
    [
        (
            refusing(401),
            "refused_credentials",
            "the endpoint refused the key; check CALLWRIGHT_MODEL_API_KEY (HTTP 401)",
            "error",
        ),
        pytest.param(refusing(500), "unavailable", "the endpoint failed (HTTP 500)", "error", marks=pytest.mark.long),
        pytest.param(
            web_page,
            "bad_request",
            "the endpoint answered with HTML (HTTP 200); check the base URL (CALLWRIGHT_MODEL_BASE_URL)",
            "error",
            marks=pytest.mark.long,
        ),
        (
            streaming(chunk({"content": "We have "})),
            "broken_stream",
            "the answer broke off: the stream closed before its end",
            "completed",
        ),
    ],
    ids=["401", "500", "HTML", "half a sentence"],
)
async def test_a_model_that_never_answers_is_told_in_status_record_log_metrics_and_chat(
    script: Script, failure: str, told: str, status: str, dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with clinic(dsn, tmp_path, script) as place:
        answer = await place.chat(await place.agent())
        done = await place.ended(answer["execution_id"])
        counted = await place.counted("model", failure)
    assert f'"{told}".' in answer["error"]
    assert (done["status"], done["error_message"]) == (status, answer["error"])
    findings = [one["what"] for one in done["callwright"]["doctor"]["findings"] if one["rule"] == "provider_failed"]
    assert findings == [done["error_message"]]
    (record,) = [one for one in caplog.records if one.name == REPORTS]
    assert record.levelno == logging.WARNING
    for word in (answer["execution_id"], f"127.0.0.1:{place.endpoint.port}", "model custom", told):
        assert word in record.getMessage()
    assert counted >= 1
    assert KEY not in caplog.text + json.dumps(done) + json.dumps(answer)


async def test_a_model_that_recovers_is_a_finding_and_no_error(dsn: str, tmp_path: Path) -> None:
    asked: list[int] = []

    async def at_first(exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            asked.append(1)
        say = streaming(chunk({"content": "Monday is free."}, "stop"), DONE)
        await (refusing(503) if len(asked) == 1 else say)(exchange)

    async with clinic(dsn, tmp_path, at_first) as place:
        answer = await place.chat(await place.agent())
        done = await place.ended(answer["execution_id"])
    assert (answer["reply"], answer["error"], done["error_message"]) == ("Monday is free.", None, None)
    assert [one["rule"] for one in done["callwright"]["doctor"]["findings"]] == ["provider_failed"]


@pytest.mark.parametrize(
    ("section", "status", "reason", "told"),
    [
        (
            {"synthesizer": {"provider": "scripted", "provider_config": {"fail": "bad_request"}}},
            "completed",
            "synthesizer_error",
            "the script makes this voice fail with bad_request",
        ),
        (
            {"transcriber": {"provider": "scripted", "fail_open": "bad_request"}},
            "error",
            "transcriber_error",
            "the script makes the opening fail with bad_request",
        ),
    ],
)
async def test_a_call_whose_voice_or_recogniser_fails_says_so(
    section: Mapping[str, Any],
    status: str,
    reason: str,
    told: str,
    dsn: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    say = streaming(chunk({"content": "Yes."}, "stop"), DONE)
    async with clinic(dsn, tmp_path, say) as place:
        done = await place.ended(await place.call(await place.agent(**section)))
    assert (done["status"], done["telephony_data"]["hangup_reason"]) == (status, reason)
    assert f'"{told}".' in done["error_message"]
    assert [told in one.getMessage() for one in caplog.records if one.name == REPORTS] == [True]


@pytest.mark.long
async def test_a_voice_that_a_sandbox_lacks_is_stood_in_for_and_the_known_ones_are_named(
    dsn: str, tmp_path: Path
) -> None:
    section = {"synthesizer": {"provider": "local", "provider_config": {"voice": "rachel"}}}
    async with clinic(dsn, tmp_path, streaming(chunk({"content": "Yes."}, "stop"), DONE)) as place:
        done = await place.ended(await place.call(await place.agent(**section)))
    (voice,) = [one for one in done["callwright"]["stand_ins"] if one["leg"] == "voice"]
    assert (done["error_message"], voice["used"]) == (None, "scripted")
    assert "there is no voice 'rachel'; known: joe, robin" in voice["reason"]


async def test_a_tool_that_the_policy_blocks_was_never_asked_and_the_setting_is_named(
    dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wants = [calls(call_piece(0, "c1", "slots", "{}")), chunk({}, "tool_calls"), DONE]

    async def model(exchange: Exchange) -> None:
        spoken = [chunk({"content": "That did not work."}, "stop"), DONE]
        had_tool = exchange.request.method == "POST" and exchange.request.json()["messages"][-1]["role"] == "tool"
        await streaming(*(spoken if had_tool else wants))(exchange)

    tools = {
        "tools": [{"name": "slots", "description": "Free slots", "parameters": {"type": "object", "properties": {}}}],
        "tools_params": {"slots": {"method": "GET", "url": "http://127.0.0.1:9/slots", "param": {}}},
    }
    async with clinic(dsn, tmp_path, model) as place:
        answer = await place.chat(await place.agent(api_tools=tools))
        done = await place.ended(answer["execution_id"])
        counted = await place.counted("tool", "blocked")
        asked = [request.json() for request in place.endpoint.requests if request.method == "POST"]
    (row,) = done["callwright"]["tools"]
    (shown,) = answer["tools"]
    (finding,) = [one for one in done["callwright"]["doctor"]["findings"] if one["rule"] == "failed_tool"]
    (record,) = [one.getMessage() for one in caplog.records if one.name == REPORTS]
    assert (row["status"], done["error_message"], counted) == ("blocked", None, 1)
    for text in (asked[1]["messages"][-1]["content"], row["result"], shown["result"], finding["what"], record):
        assert "CALLWRIGHT_ALLOW_PRIVATE_URLS" in text
        assert "127.0.0.1 is a private or reserved address" in text
    assert "never asked" in finding["what"]


async def test_a_chat_that_cannot_be_opened_says_why(dsn: str, tmp_path: Path) -> None:
    async with clinic(dsn, tmp_path, refusing(500), model_base_url="", model="custom") as place:
        agent_id = await place.agent()
        answer = (await place.client.post(f"/v1/callwright/agents/{agent_id}/chats", json={})).json()
    assert answer["ended"]
    assert "has no endpoint" in answer["error"]
    assert "CALLWRIGHT_MODEL_BASE_URL" in answer["error"]


@pytest.mark.parametrize(
    ("settings", "level", "told"),
    [
        ({"model_name": ""}, logging.INFO, "the endpoint's only one is used: m-1"),
        (
            {"model_name": "m-2"},
            logging.WARNING,
            "the endpoint does not list the model m-2; check CALLWRIGHT_MODEL_NAME",
        ),
        ({"model_base_url": "http://127.0.0.1:1/v1"}, logging.WARNING, "the endpoint cannot be reached"),
    ],
)
async def test_the_server_says_at_its_start_what_became_of_the_model(
    settings: Mapping[str, str], level: int, told: str, dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def listing(exchange: Exchange) -> None:
        await exchange.answer(200, b'{"data": [{"id": "m-1"}]}', content_type="application/json")

    caplog.set_level(logging.INFO, "callwright")
    async with clinic(dsn, tmp_path, listing, **settings) as place:
        assert (await place.client.get("/healthz")).status_code == 200
    (record,) = [
        one for one in caplog.records if one.name == "callwright.bootstrap.platform" and "model at" in one.getMessage()
    ]
    assert record.levelno == level
    assert told in record.getMessage()
    assert len(place.endpoint.requests) <= 1
