"""An account without a carrier: what is missing is stood in for, and everything says so. A connected one is refused before dialling."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.database import run_sql
from tests.http_server import Exchange, serving
from tests.telephone import PLUGINS as TELEPHONE
from tests.telephone import Telephone
from tests.waiting import until

from callwright.bootstrap.platform import open_platform
from callwright.cli.serving import bind, http_server, url_of
from callwright.conversation.replay import replay
from callwright.insight.provision import provision_of
from callwright.insight.view import view_of
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key
from callwright.platform.ledger import Ledger
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import Plugin, Registry
from callwright.ports.speech import VoiceChunk, VoiceSettings
from callwright.providers.openai_compatible import PLUGINS as ENDPOINTS
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.providers.scripted.voice import ScriptedVoice
from callwright.telephony.loopback import PLUGINS as LOOPBACK
from callwright.telephony.sip import PLUGINS as SIP

pytestmark = pytest.mark.real_time

WELCOME = "नमस्ते, मैं क्लिनिक से बोल रही हूँ।"
REPLY = "I see. Please tell me more."
PLUGIN = "see docs/how-to/write-a-plugin.md, or name one that is installed"
STORE = 'POST /providers {"provider_name": "OPENAI_API_KEY", "provider_value": "..."}'
SCENARIO: dict[str, Any] = {
    "default": "patient",
    "personas": {
        "patient": {
            "answer": {"how": "answer", "after_s": 0.1},
            "think_ms": 200,
            "patience_s": 0,
            "rules": [
                {"silence_s": 2, "say": "Hello, who is this?"},
                {"heard": "tell me more", "say": "Goodbye.", "hang_up": True},
            ],
        }
    },
}


class EnglishVoice:
    """Two tones for English, and nothing for any other script."""

    name = "english"

    def __init__(self) -> None:
        self._tones = ScriptedVoice()

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        if settings.voice or settings.options:
            raise ProviderError(FailureKind.REFUSED, self.name, "these are another voice's settings")
        if not text.isascii():
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, "this clause has no English word")
        async for chunk in self._tones.speak(text, settings):
            usage = None if chunk.usage is None else replace(chunk.usage, provider=self.name, model=self.name)
            yield replace(chunk, usage=usage)

    async def warm(self, settings: VoiceSettings) -> None:
        await self._tones.warm(settings)


def agent(**changes: Any) -> dict[str, Any]:
    """An agent as it is written for the hosted service."""
    llm = {"provider": "openai", "model": "gpt-4.1-mini", "temperature": 0.4, "max_tokens": 150}
    tools = {
        "llm_agent": {"agent_type": "simple_llm_agent", "agent_flow_type": "streaming", "llm_config": llm},
        "synthesizer": {
            "provider": "elevenlabs",
            "provider_config": {"voice": "Monika", "voice_id": "0Zr8", "model": "eleven_turbo_v2_5"},
            "stream": True,
        },
        "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "hi", "endpointing": 100},
        "input": {"provider": "twilio", "format": "wav"},
        "output": {"provider": "twilio", "format": "wav"},
        **changes,
    }
    summary = {
        "llm_agent": {"agent_type": "simple_llm_agent", "llm_config": {**llm, "summarization_details": "Sum up."}}
    }
    return {
        "agent_config": {
            "agent_name": "Clinic",
            "agent_welcome_message": WELCOME,
            "tasks": [
                {"task_type": "conversation", "tools_config": tools},
                {"task_type": "summarization", "tools_config": summary},
            ],
        },
        "agent_prompts": {"task_1": {"system_prompt": "Remind the patient."}},
    }  # fmt: skip


def stand_in(leg: str, wanted: str, used: str, reason: str, remedy: str = PLUGIN) -> dict[str, str]:
    return {"leg": leg, "wanted": wanted, "used": used, "reason": reason, "remedy": remedy}


NO_CARRIER = "no plugin for the carrier 'twilio' is installed; installed are loopback, sip, sip-trunk, telephone"
NO_RECOGNISER = "no plugin for the recogniser 'deepgram' is installed; installed are english, scripted"
NO_VOICE = "no plugin for the voice 'elevenlabs' is installed; installed are english, scripted"
NO_KEY = "the model 'openai' has no key"
STAND_INS = [
    stand_in("line", "twilio", "loopback", f"{NO_CARRIER}; no phone was rung: a synthetic caller played the call"),
    stand_in("transcriber", "deepgram", "english", NO_RECOGNISER),
    stand_in("voice", "elevenlabs", "english", NO_VOICE),
    stand_in("model", "openai", "scripted", NO_KEY, STORE),
    stand_in(
        "transcriber", "hi", "en", "the recogniser 'english' hears only en, not 'hi'", "name a recogniser that hears it"
    ),
    stand_in("voice", "hi", "en", "the voice 'english' speaks only en, not 'hi'", "name a voice that speaks it"),
]


@dataclass(frozen=True, slots=True)
class Account:
    """A platform as installed, its one account, and the webhooks that came."""

    client: httpx.AsyncClient
    hooks: list[dict[str, Any]]
    hook_url: str
    ledger: Ledger
    telephone: Telephone

    async def saved(self, body: dict[str, Any]) -> str:
        body["agent_config"]["webhook_url"] = self.hook_url
        answer = await self.client.post("/v2/agent", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["agent_id"])

    async def call(self, agent_id: str, to: str = "+15550199") -> httpx.Response:
        return await self.client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": to})

    async def ended(self, execution_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                body = dict((await self.client.get(f"/executions/{execution_id}")).json())
                if body["status"] in ("completed", "error", "failed", "canceled", "no-answer"):
                    return body
                await asyncio.sleep(0.1)


@asynccontextmanager
async def opened(dsn: str, folder: Path, **more: Any) -> AsyncIterator[Account]:
    ear = next(plugin for plugin in SCRIPTED if (plugin.kind, plugin.name) == ("transcriber", "scripted"))
    english = (
        replace(ear, name="english", languages=("en",)),
        Plugin("voice", "english", "speaks English", lambda _: EnglishVoice(), languages=("en",)),
    )
    registry = Registry([*SCRIPTED, *ENDPOINTS, *LOOPBACK, *SIP, *TELEPHONE, *english])
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO))
    hooks: list[dict[str, Any]] = []

    async def take(exchange: Exchange) -> None:
        hooks.append(exchange.request.json())
        await exchange.answer(200)

    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    settings = Settings(
        data=folder, database_url=dsn, sip_listen="", vad="energy", turn="none", scenario=scenario, allow_private_urls=True,
        transcriber="english", model="scripted", voice="english", loopback_voice="scripted", loopback_ears="scripted", **more,
    )  # fmt: skip
    async with (
        serving(take) as hook,
        open_platform(settings, url, registry) as platform,
        http_server(platform.app, listener),
    ):
        key = (await create_key(platform.services, DEFAULT_TENANT_ID, "tests")).secret
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
            telephone = platform.foundation.plugins("carrier", "telephone")
            yield Account(client, hooks, f"{hook.url}/hook", platform.foundation.ledger, telephone)


@pytest.fixture
async def account(dsn: str, tmp_path: Path) -> AsyncIterator[Account]:
    async with opened(dsn, tmp_path) as found:
        yield found


async def live_events(account: Account, execution_id: str) -> list[dict[str, Any]]:
    """The facts of a call's stand-ins in its live events."""
    found, name = [], ""
    async with account.client.stream("GET", f"/v1/callwright/executions/{execution_id}/events", timeout=60) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "sandbox":
                found.append(json.loads(line.removeprefix("data: "))["values"])
    return found


async def test_an_agent_of_the_hosted_service_completes_in_a_sandbox_and_everything_names_its_stand_ins(
    account: Account,
) -> None:
    agent_id = await account.saved(agent())
    placed = (await account.call(agent_id)).json()
    assert placed["callwright"] == {"sandbox": True, "stand_ins": STAND_INS}
    execution_id = placed["execution_id"]
    following = asyncio.create_task(live_events(account, execution_id))

    ended = await account.ended(execution_id)
    assert (ended["status"], ended["error_message"]) == ("completed", None)
    said = ended["transcript"].splitlines()
    assert said[:3] == [f"assistant: {WELCOME}", "user: Hello, who is this?", f"assistant: {REPLY}"]
    assert {name: ended["callwright"][name] for name in placed["callwright"]} == placed["callwright"]
    await until(lambda: any(one["status"] == "completed" for one in account.hooks))
    assert [one["callwright"]["stand_ins"] for one in account.hooks] == [STAND_INS] * len(account.hooks)
    assert {one["status"] for one in account.hooks} >= {"initiated", "in-progress", "completed"}
    assert await following == [{"stand_ins": STAND_INS}]
    (listed,) = (await account.client.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
    assert listed["callwright"]["stand_ins"] == STAND_INS
    async with account.ledger.unit() as unit:
        log = (await unit.logs.read(execution_id)).decode()
    assert provision_of(view_of(log)) == placed["callwright"]
    assert replay(log).exact

    # What ran, and nothing of what was asked for. The Hindi welcome made no sound, so nothing is billed for it.
    usage = ended["usage_breakdown"]
    assert (ended["provider"], usage["transcriber_provider"], usage["synthesizer_provider"]) == (
        "loopback",
        "english",
        "english",
    )
    assert set(usage["llm_model"]) == {"scripted"}
    assert usage["synthesizer_usage_breakdown"].get("welcome_message", 0) == 0


async def test_models_that_stand_in_after_the_call_only_are_in_its_record_too(account: Account) -> None:
    agent_id = await account.saved(agent())
    question = {"name": "Mood", "category": "C", "question": "How was it?", "is_subjective": True}

    async def asks(model: str) -> None:
        body = {"agent_id": agent_id, "dispositions": [{**question, "name": model, "model": model}]}
        assert (await account.client.post("/dispositions/bulk", json=body)).status_code == 201

    await asks("groq/llama")
    placed = (await account.call(agent_id)).json()
    ended = await account.ended(placed["execution_id"])
    groq = stand_in("model", "groq", "scripted", "the model 'groq' has no key", STORE.replace("OPENAI", "GROQ"))
    assert ended["callwright"]["stand_ins"] == [*STAND_INS, groq]
    assert ended["extracted_data"]["C"]["groq/llama"]["error"].startswith("the model's answer could not be read")

    await asks("deepseek/chat")
    url = f"/v1/callwright/executions/{placed['execution_id']}/extraction"
    assert (await account.client.post(url, json={})).status_code == 202

    async def asked_again() -> bool:
        shown = (await account.client.get(f"/executions/{placed['execution_id']}")).json()["callwright"]
        return [one["wanted"] for one in shown["stand_ins"]][-2:] == ["groq", "deepseek"]

    await until(asked_again)


async def connect(account: Account) -> None:
    body = {"provider_name": "TWILIO_ACCOUNT_SID", "provider_value": "AC0123456789"}
    assert (await account.client.post("/providers", json=body)).status_code == 200


OWN = {
    "llm_agent": {"llm_config": {"provider": "scripted", "model": "m"}},
    "synthesizer": {"provider": "scripted", "provider_config": {"voice": "v"}},
    "transcriber": {"provider": "scripted", "language": "hi"},
    "input": {"provider": "default", "format": "wav"},
    "output": {"provider": "default", "format": "wav"},
}


def only_talks(body: dict[str, Any]) -> dict[str, Any]:
    """The agent without its tasks after the call."""
    del body["agent_config"]["tasks"][1:]
    return body


TOOLS = "agent_config.tasks[0].tools_config"


@pytest.mark.parametrize(
    ("leg", "to", "message", "field"),
    [
        ("input", "+15550199", f"{NO_CARRIER}: {PLUGIN}", f"{TOOLS}.input.provider"),
        ("transcriber", "loopback:patient", f"{NO_RECOGNISER}: {PLUGIN}", f"{TOOLS}.transcriber.provider"),
        ("synthesizer", "loopback:patient", f"{NO_VOICE}: {PLUGIN}", f"{TOOLS}.synthesizer.provider"),
        ("llm_agent", "loopback:patient", f"{NO_KEY}: {STORE}", f"{TOOLS}.llm_agent.llm_config.provider"),
    ],
)
async def test_a_connected_account_is_refused_what_is_missing_before_dialling(
    account: Account, leg: str, to: str, message: str, field: str
) -> None:
    await connect(account)
    changes = {name: section for name, section in OWN.items() if name != leg}
    agent_id = await account.saved(only_talks(agent(**changes)))
    refused = await account.call(agent_id, to)
    assert (refused.status_code, refused.json()["message"], refused.json()["field"]) == (400, message, field)
    listed = {"file": ("list.csv", f"contact_number\n{to}\n".encode(), "text/csv")}
    batch = await account.client.post("/batches", data={"agent_id": agent_id}, files=listed)
    assert (batch.status_code, batch.json()["message"], batch.json()["field"]) == (400, message, field)
    assert (await account.client.get(f"/v2/agent/{agent_id}/executions")).json()["total"] == 0


async def test_in_a_connected_account_a_phone_number_is_not_called_on_the_test_line_and_a_test_line_is(
    account: Account,
) -> None:
    await connect(account)
    body = only_talks(agent(**OWN))
    agent_id = await account.saved(body)
    refused = await account.call(agent_id)
    assert refused.status_code == 400
    assert refused.json()["message"] == (
        "the carrier 'loopback' rings no phones, it plays synthetic callers: "
        "to call phones, connect a carrier: docs/how-to/carriers.md, or POST /sip-trunks/trunks"
    )
    placed = (await account.call(agent_id, "loopback:patient")).json()
    assert placed["callwright"] == {"sandbox": False, "stand_ins": []}
    ended = await account.ended(placed["execution_id"])
    assert (ended["status"], ended["callwright"]["sandbox"]) == ("completed", False)


async def test_an_account_that_is_connected_before_its_call_is_dialled_is_told_by_the_call(
    account: Account, dsn: str
) -> None:
    agent_id = await account.saved(agent())
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {"agent_id": agent_id, "recipient_phone_number": "+15550199", "scheduled_at": at}
    placed = (await account.client.post("/call", json=body)).json()
    assert placed["callwright"] == {"sandbox": True, "stand_ins": STAND_INS}
    stream = account.client.stream("GET", f"/v1/callwright/executions/{placed['execution_id']}/events")
    async with stream as events:
        lines = events.aiter_lines()
        assert await anext(lines) == "event: execution"
        first = json.loads((await anext(lines)).removeprefix("data: "))
    assert first["callwright"] == {"sandbox": True, "stand_ins": STAND_INS}
    await connect(account)
    await run_sql(dsn, f"update execution set due_at = now() where id = '{placed['execution_id']}'")
    ended = await account.ended(placed["execution_id"])
    assert (ended["status"], ended["error_message"]) == ("error", f"{NO_CARRIER}: {PLUGIN}")
    assert ended["transcript"] is None
    assert (ended["callwright"]["sandbox"], ended["callwright"]["stand_ins"]) == (False, [])


async def test_a_call_over_the_test_line_says_so_also_for_an_agent_that_names_no_carrier(account: Account) -> None:
    body = only_talks(agent(**OWN))
    placed = (await account.call(await account.saved(body))).json()
    (entry,) = placed["callwright"]["stand_ins"]
    assert (entry["leg"], entry["wanted"], entry["used"]) == ("line", "default", "loopback")
    assert entry["reason"].endswith("no phone was rung: a synthetic caller played the call")
    test_line = (await account.call(await account.saved(body), "loopback:patient")).json()
    assert test_line["callwright"] == {"sandbox": True, "stand_ins": []}


async def test_a_chat_has_only_its_model_stood_in_for(account: Account) -> None:
    agent_id = await account.saved(agent())
    answer = await account.client.post(f"/v1/callwright/agents/{agent_id}/chats", json={"wait_s": 10})
    assert answer.status_code < 300, answer.text
    chat = answer.json()
    assert chat["messages"][0]["text"] == WELCOME
    model = stand_in("model", "openai", "scripted", NO_KEY, STORE)
    assert chat["callwright"] == {"sandbox": True, "stand_ins": [model]}
    said = await account.client.post(
        f"/v1/callwright/chats/{chat['execution_id']}/messages", json={"text": "Hi", "wait_s": 10}
    )
    assert said.json()["messages"][0]["text"] == REPLY
    body = (await account.client.get(f"/executions/{chat['execution_id']}")).json()
    assert body["callwright"]["stand_ins"] == [model]


async def test_a_call_that_comes_in_names_its_stand_ins_from_its_first_ring(account: Account) -> None:
    agent_id = await account.saved(agent())
    call = account.telephone.ring(agent_id, SCENARIO["personas"]["patient"])
    await call.over()

    async def completed() -> bool:
        rows = (await account.client.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
        return bool(rows) and rows[0]["status"] == "completed"

    await until(completed)
    (row,) = (await account.client.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
    assert (row["telephony_data"]["call_type"], row["callwright"]["stand_ins"]) == ("inbound", STAND_INS[1:])
    assert row["transcript"].startswith(f"assistant: {WELCOME}")
    assert [one["callwright"]["stand_ins"] for one in account.hooks] == [STAND_INS[1:]] * len(account.hooks)
    assert account.hooks[0]["status"] == "ringing"


async def test_a_batch_its_webhooks_and_its_calls_name_the_stand_ins_from_the_beginning(account: Account) -> None:
    agent_id = await account.saved(agent())
    listed = {"file": ("list.csv", b"contact_number\n+15550198\nloopback:patient\n", "text/csv")}
    asked = {"agent_id": agent_id, "webhook_url": account.hook_url}
    batch = (await account.client.post("/batches", data=asked, files=listed)).json()
    found = (await account.client.get(f"/batches/{batch['batch_id']}")).json()
    await until(lambda: bool(account.hooks))
    for told in (found, account.hooks[0]):
        assert (told["callwright"]["sandbox"], told["callwright"]["stand_ins"]) == (True, STAND_INS)
    rows = (await account.client.get(f"/batches/{batch['batch_id']}/executions")).json()
    assert [row["callwright"]["stand_ins"] for row in rows] == [STAND_INS, STAND_INS[1:]]


@pytest.mark.parametrize(("sandbox", "status"), [("never", 400), ("always", 200)])
async def test_the_setting_makes_nobody_or_everybody_a_sandbox(
    dsn: str, tmp_path: Path, sandbox: str, status: int
) -> None:
    async with opened(dsn, tmp_path, sandbox=sandbox) as account:
        if sandbox == "always":
            await connect(account)
        assert (await account.call(await account.saved(agent()))).status_code == status
