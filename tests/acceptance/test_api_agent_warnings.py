"""Warnings about a saved agent, through the public API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api_world import AGENT, ApiWorld, create

from callwright.bootstrap.platform import open_platform
from callwright.domain.errors import CallwrightError, UnavailableError, VaultLockedError
from callwright.domain.limits import MAX_AGENT_WARNINGS
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.availability import VOICE, Lack, LackKind
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.availability import EverythingAvailable
from callwright.platform.keys.actions.keys import create_key
from callwright.platform.unit import Unit

TASK = "agent_config.tasks[0]"
SILENCE = {
    "path": f"{TASK}.task_config.hangup_after_silense",
    "value": 12,
    "message": "Nothing reads hangup_after_silense here.",
    "remedy": "Write hangup_after_silence.",
}


def body(**task: Any) -> dict[str, Any]:
    config = {"agent_name": "Maya", "tasks": [{"task_type": "conversation", **task}]}
    return {"agent_config": config, "agent_prompts": {"task_1": {"system_prompt": "Be brief."}}}


MISSPELT = body(task_config={"hangup_after_silense": 12})


async def warnings(client: httpx.AsyncClient, wire: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.post("/v2/agent", json=wire)
    assert answer.status_code == 201, answer.text
    found = answer.json()["callwright"]["warnings"]
    read = (await client.get(f"/v2/agent/{answer.json()['agent_id']}")).json()
    assert read["callwright"] == {"revision": 1, "warnings": found}
    return list(found)


@dataclass
class Lacking(EverythingAvailable):
    """Where these are lacking, or nobody can tell."""

    found: Sequence[Lack] = ()
    error: CallwrightError | None = None

    async def lacks(self, unit: Unit, tenant_id: str, spec: AgentSpec, carrier: str = "default") -> tuple[Lack, ...]:
        assert tenant_id == DEFAULT_TENANT_ID
        if self.error is not None:
            raise self.error
        return tuple(self.found)


def lacking(world: ApiWorld, found: Sequence[Lack] = (), error: CallwrightError | None = None) -> None:
    actions = replace(world.services.actions, availability=Lacking(found, error))
    world.services = replace(world.services, actions=actions)


async def test_a_right_agent_has_no_warning(world: ApiWorld) -> None:
    async with world.client() as client:
        assert await warnings(client, body(task_config={"hangup_after_silence": 12})) == []


async def test_an_agent_without_a_prompt_is_warned_of(world: ApiWorld) -> None:
    async with world.client() as client:
        for prompts in ({}, {"agent_prompts": {"task_1": {"system_prompt": " "}}}):
            (warning,) = await warnings(client, {"agent_config": body()["agent_config"], **prompts})
            assert (warning["path"], warning["value"]) == ("agent_prompts", None)
            assert "task_1.system_prompt" in warning["remedy"]


async def test_a_file_of_contacts_that_is_not_there_is_warned_of_until_it_is(world: ApiWorld) -> None:
    wire = body()
    wire["agent_config"]["ingest_source_config"] = {"source_type": "csv", "source_name": "patients"}
    async with world.client() as client:
        (warning,) = await warnings(client, wire)
        assert (warning["path"], warning["value"]) == (
            "agent_config.ingest_source_config.source_name",
            "patients",
        )
        assert "PUT /v1/callwright/contact-files/{name}" in warning["remedy"]
        stored = await client.put(
            "/v1/callwright/contact-files/patients", content="contact_number,name\n+15550123,Ada\n"
        )
        assert stored.status_code == 201, stored.text
        assert await warnings(client, wire) == []


async def test_every_way_to_save_an_agent_and_to_read_one_names_a_misspelt_key(world: ApiWorld) -> None:
    async with world.client() as client:
        assert await warnings(client, MISSPELT) == [SILENCE]
        created = await client.post("/agent", json=MISSPELT)
        assert (created.status_code, created.json()["callwright"]["warnings"]) == (200, [SILENCE])
        for path in ("/agent", "/v2/agent"):
            url = f"{path}/{await create(client)}"
            for method, wire in (("PUT", MISSPELT), ("PATCH", {"agent_config": {"agent_name": "Renamed"}})):
                answer = await client.request(method, url, json=wire)
                assert (answer.status_code, answer.json()["callwright"]["warnings"]) == (200, [SILENCE])
            assert (await client.get(url)).json()["callwright"] == {"revision": 3, "warnings": [SILENCE]}
            assert "warnings" not in (await client.get(f"{path}/all")).json()[0]["callwright"]


async def test_a_body_with_warnings_can_be_put_back(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = (await client.post("/v2/agent", json=MISSPELT)).json()["agent_id"]
        read = (await client.get(f"/v2/agent/{agent_id}")).json()
        for wire in (read, {"agent_config": read, "agent_prompts": read["agent_prompts"], "callwright": {}}):
            answer = await client.put(f"/v2/agent/{agent_id}", json=wire)
            assert (answer.status_code, answer.json()["callwright"]["warnings"]) == (200, [SILENCE])
        again = (await client.get(f"/v2/agent/{agent_id}")).json()
        assert again["callwright"] == {"revision": 3, "warnings": [SILENCE]}
        assert again["tasks"] == read["tasks"]


async def test_a_repeated_request_has_the_warnings_of_the_first(world: ApiWorld) -> None:
    async with world.client() as client:
        headers = {"Idempotency-Key": "once"}
        first = await client.post("/v2/agent", json=MISSPELT, headers=headers)
        again = await client.post("/v2/agent", json=MISSPELT, headers=headers)
        assert first.json()["callwright"]["warnings"] == [SILENCE]
        assert again.content == first.content


async def test_a_tools_schema_place_and_address_are_looked_at(world: ApiWorld) -> None:
    tool = {
        "name": "book",
        "key": "custom_task",
        "description": "Books.",
        "parameters": {"type": "object", "properties": {"day": {"type": "str"}}},
        "value": {"url": "http://10.0.0.7/book?token=secret", "method": "POST", "param": {"day": "%(dya)s"}},
    }
    wire = body(tools_config={"api_tools": {"tools": [tool]}})
    wire["agent_config"]["webhook_url"] = "http://localhost:9000/hook"
    async with world.client() as client:
        found = await warnings(client, wire)
    path = f"{TASK}.tools_config.api_tools.tools[0]"
    allow = "Use a public address, or set CALLWRIGHT_ALLOW_PRIVATE_URLS=1 on the server."
    assert [(one["path"], one["value"], one["remedy"]) for one in found] == [
        ("agent_config.webhook_url", "localhost", allow),
        (f"{path}.value.url", "10.0.0.7", allow),
        (
            f"{path}.value.url",
            "a string of 33 characters",
            "Put it into the tool's api_token or headers, or into webhook_headers, where it is sealed.",
        ),
        (f"{path}.parameters.properties.day.type", "str", "Write string."),
        (
            f"{path}.value.param",
            "%(dya)s",
            "Write %(day)s, unless user_data or the answer of an earlier tool has dya.",
        ),
    ]


async def test_private_addresses_that_are_allowed_are_not_warned_of(world: ApiWorld) -> None:
    async with world.client(allow_private_urls=True) as client:
        wire = body()
        wire["agent_config"]["webhook_url"] = "http://127.0.0.1:9000/hook"
        assert await warnings(client, wire) == []
        wire["agent_config"]["webhook_url"] = "http://169.254.169.254/latest"
        (one,) = await warnings(client, wire)
        assert one["remedy"] == "Use another address; CALLWRIGHT_ALLOW_PRIVATE_URLS=1 does not open this one."
        wire["agent_config"]["webhook_url"] = "https://hooks.example.org/{name}"
        assert await warnings(client, wire) == []


async def test_what_is_lacking_is_named_first(world: ApiWorld) -> None:
    path = f"{TASK}.tools_config.synthesizer.provider"
    message = "no plugin for the voice 'elevenlabs' is installed"
    lacking(world, [Lack(VOICE, path, "elevenlabs", LackKind.NOT_INSTALLED, message, "see docs")])
    async with world.client() as client:
        found = await warnings(client, MISSPELT)
    assert found == [
        {
            "path": path,
            "value": "elevenlabs",
            "message": "No plugin for the voice 'elevenlabs' is installed.",
            "remedy": "see docs",
        },
        SILENCE,
    ]


async def test_a_secret_that_a_plugin_quotes_is_not_repeated(world: ApiWorld) -> None:
    secret = "sk-0123456789abcdefghij"
    message = f"the voice 'local' cannot be used, there is no voice '{secret}'"
    lacking(world, [Lack(VOICE, f"{TASK}.tools_config.synthesizer.provider", secret, LackKind.UNUSABLE, message, "")])
    async with world.client() as client:
        (one,) = await warnings(client, body())
    assert secret not in str(one)
    assert one["remedy"] == "Name another one."


@pytest.mark.parametrize("error", [VaultLockedError("the master key is gone"), UnavailableError("no database")])
async def test_an_agent_is_saved_when_nobody_can_tell_what_is_lacking(world: ApiWorld, error: CallwrightError) -> None:
    lacking(world, error=error)
    async with world.client() as client:
        found = await warnings(client, MISSPELT)
    assert found[0]["message"] == f"Whether its providers can be used is not known: {error.message}."
    assert found[1:] == [SILENCE]


@pytest.mark.parametrize(
    ("voice", "told"),
    [({"voice": "scripted"}, []), ({}, []), ({"voice": "Two tones"}, []), ({"voice": "scriptd"}, ["Write scripted."])],
)
async def test_a_voice_that_its_provider_does_not_list_is_named(
    world: ApiWorld, voice: dict[str, str], told: list[str]
) -> None:
    async with world.client() as client:
        synthesizer = {"provider": "scripted", "provider_config": voice}
        found = await warnings(client, body(tools_config={"synthesizer": synthesizer}))
    assert [one["remedy"] for one in found] == told
    assert all(one["path"] == f"{TASK}.tools_config.synthesizer.provider_config.voice" for one in found)


async def test_an_agent_of_an_older_version_that_is_refused_now_says_so(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
    config = {name: value for name, value in AGENT["agent_config"].items() if name != "colour"}
    old = {**config, "agent_prompts": AGENT["agent_prompts"], "tasks": [{"task_type": "summarization"}]}
    async with world.ledger.unit() as unit:
        await unit.agents.update(DEFAULT_TENANT_ID, agent_id, "Clinic reminder", old)
    async with world.client() as client:
        (one,) = (await client.get(f"/v2/agent/{agent_id}")).json()["callwright"]["warnings"]
        corrected = await client.put(f"/v2/agent/{agent_id}", json=AGENT)
    assert one["path"] == "agent_config.tasks"
    assert one["remedy"] == "Correct it: no call can be made."
    assert corrected.status_code == 200, corrected.text


async def test_there_are_at_most_so_many(world: ApiWorld) -> None:
    async with world.client() as client:
        for count in (MAX_AGENT_WARNINGS, MAX_AGENT_WARNINGS + 1):
            found = await warnings(client, body(task_config={f"unknown_{number}": 1 for number in range(count)}))
            assert len(found) == MAX_AGENT_WARNINGS


async def test_a_running_platform_names_vendors_that_it_lacks_and_a_language_that_its_voice_does_not_speak(
    dsn: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, database_url=dsn, sip_listen="", vad="energy", turn="none")
    vendor = {"provider": "elevenlabs", "provider_config": {"voice": "Nila", "voice_id": "V9LC"}}
    ours = {"provider": "local", "provider_config": {"voice": "joe", "language": "hi"}}
    section = f"{TASK}.tools_config.synthesizer"
    async with open_platform(settings, "http://callwright.test") as platform:
        key = (await create_key(platform.services, DEFAULT_TENANT_ID, "ours")).secret
        transport = httpx.ASGITransport(platform.app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://callwright.test", headers=headers) as client:
            named = []
            for synthesizer in (vendor, ours):
                wire = body(tools_config={"synthesizer": synthesizer, "llm_agent": {"provider": "scripted"}})
                named.append({one["path"]: one for one in await warnings(client, wire)})
    of_vendor, of_ours = named
    assert of_vendor[f"{section}.provider"]["value"] == "elevenlabs"
    assert of_vendor[f"{section}.provider"]["message"].startswith("The voice 'elevenlabs' ")
    assert of_ours[f"{section}.language"]["value"] == "hi"
    assert "speaks only en" in of_ours[f"{section}.language"]["message"]
    # No setting of this server names a scripted provider, so it has none.
    of_model = of_vendor[f"{TASK}.tools_config.llm_agent.provider"]
    assert of_model["message"].startswith("No plugin for the model 'scripted' is installed")


MODEL = f"{TASK}.tools_config.llm_agent.llm_config"
HOSTED = {
    "top_p": 0.9,
    "min_p": 0.1,
    "top_k": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "use_responses_api": False,
}


def thinking(**config: Any) -> dict[str, Any]:
    """An agent with these settings of its model."""
    return body(tools_config={"llm_agent": {"agent_type": "simple_llm_agent", "llm_config": config}})


async def test_a_setting_that_the_model_is_not_sent_is_named(world: ApiWorld) -> None:
    async with world.client() as client:
        found = await warnings(client, thinking(provider="openai", model="gpt-5-mini", stop=["END"], top_p=0.5))
        told = {one["path"]: (one["value"], one["message"]) for one in found}
        assert told == {
            f"{MODEL}.stop": ("an array", "openai takes no stop with gpt-5-mini; it is not sent."),
            f"{MODEL}.top_p": (0.5, "openai takes no top_p with gpt-5-mini; it is not sent."),
        }


@pytest.mark.parametrize("model", ["gpt-4.1-mini", "gpt-5-mini", "gpt-5.4-mini"])
@pytest.mark.parametrize("provider", ["openai", "azure", "groq"])
async def test_what_agents_of_the_hosted_service_carry_is_no_warning(
    world: ApiWorld, provider: str, model: str
) -> None:
    async with world.client() as client:
        assert await warnings(client, thinking(provider=provider, model=f"{provider}/{model}", **HOSTED)) == []


async def test_a_value_that_the_models_vendor_would_refuse_is_refused(world: ApiWorld) -> None:
    async with world.client() as client:
        refused = await client.post("/v2/agent", json=thinking(provider="groq", model="m", stop=list("abcde")))
        assert refused.status_code == 400
        assert refused.json()["message"] == f"{MODEL}.stop may hold at most 4 texts"
        low = await client.post("/v2/agent", json=thinking(provider="openai", model="gpt-5.4", compact_threshold=10))
        assert (low.status_code, low.json()["field"]) == (400, f"{MODEL}.compact_threshold")
