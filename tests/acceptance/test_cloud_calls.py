"""Whole calls through vendors of speech: their clients, servers on loopback that speak their protocols, and keys stored by the API."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.test_api_providers import everything_in
from tests.contract.test_openai_compatible import DONE, USAGE, chunk, streaming
from tests.http_server import serving
from tests.vendors import speech
from tests.vendors.speech import SpeechVendors, speech_vendors

from callwright.bootstrap.platform import open_platform
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key
from callwright.ports.registry import Registry
from callwright.providers.cloud import PLUGINS as CLOUD
from callwright.providers.cloud import library
from callwright.providers.openai_compatible import PLUGINS as ENDPOINTS
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.cloud,
    pytest.mark.skipif(
        not library.is_installed("deepgram.STT"), reason="the clients of cloud speech are not installed (make cloud)"
    ),
]

WELCOME, QUESTION, REPLY = "Good day.", "Is Monday free?", "Monday is free."
SCENARIO = {
    "default": "caller",
    "personas": {
        "caller": {
            "answer": {"how": "answer", "after_s": 0.1},
            "think_ms": 200,
            "patience_s": 0,
            "rules": [
                {"heard": "good day", "say": QUESTION},
                {"heard": "is free", "say": "Goodbye.", "hang_up": True},
                {"silence_s": 12, "hang_up": True},
            ],
        }
    },
}
PRICES = [
    {"kind": "transcriber", "provider": "deepgram", "model": "nova-3", "cents": "0.6", "per": 60_000},
    {"kind": "voice", "provider": "elevenlabs", "model": "eleven_turbo_v2_5", "cents": "0.01"},
    {"kind": "model_input", "provider": "custom", "model": "m-1", "cents": "0.001"},
    {"kind": "model_output", "provider": "custom", "model": "m-1", "cents": "0.002"},
]


@dataclass(slots=True)
class Place:
    """A platform, and the vendors its agents name."""

    client: httpx.AsyncClient
    vendors: SpeechVendors
    model_url: str
    dsn: str

    async def store(self, **keys: str) -> None:
        for name, value in keys.items():
            answer = await self.client.post("/providers", json={"provider_name": name, "provider_value": value})
            assert answer.status_code == 200, answer.text

    async def save(
        self, voice: dict[str, Any] | None = None, speaker: dict[str, Any] | None = None, **transcriber: Any
    ) -> httpx.Response:
        tools = {
            "llm_agent": {"llm_config": {"provider": "custom", "model": "m-1", "base_url": f"{self.model_url}/v1"}},
            "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en", **transcriber},
            "synthesizer": {
                "provider": "elevenlabs",
                "provider_config": {"voice": "Nila", "voice_id": "v-1", "model": "eleven_turbo_v2_5", **(voice or {})},
                **(speaker or {}),
            },
            "input": {"provider": "default", "format": "wav"},
            "output": {"provider": "default", "format": "wav"},
        }
        config = {
            "agent_name": "Desk",
            "agent_welcome_message": WELCOME,
            "tasks": [{"task_type": "conversation", "tools_config": tools}],
        }
        prompts = {"task_1": {"system_prompt": "Be brief."}}
        return await self.client.post("/v2/agent", json={"agent_config": config, "agent_prompts": prompts})

    async def processed(self, agent_id: str) -> list[str]:
        """Wait until its fixed sentences are rendered. Returns the statuses that it had."""
        seen: dict[str, None] = {}
        async with asyncio.timeout(30):
            while "processed" not in seen:
                seen[(await self.client.get(f"/v2/agent/{agent_id}")).json()["agent_status"]] = None
                await asyncio.sleep(0.01)
        return list(seen)

    async def call(self, **transcriber: Any) -> dict[str, Any]:
        """The record of one call of an agent."""
        saved = await self.save(**transcriber)
        assert saved.status_code == 201, saved.text
        agent_id = saved.json()["agent_id"]
        await self.processed(agent_id)
        body = {"agent_id": agent_id, "recipient_phone_number": "+15550199"}
        placed = await self.client.post("/call", json=body)
        assert placed.status_code == 200, placed.text
        async with asyncio.timeout(60):
            while True:
                found = dict((await self.client.get(f"/executions/{placed.json()['execution_id']}")).json())
                if found["status"] in ("completed", "error", "failed"):
                    return found
                await asyncio.sleep(0.1)


@asynccontextmanager
async def opened(dsn: str, folder: Path) -> AsyncIterator[Place]:
    (folder / "scenario.json").write_text(json.dumps(SCENARIO))
    (folder / "prices.json").write_text(json.dumps({"prices": PRICES}))
    answer = streaming(chunk({"content": REPLY}), chunk({}, "stop"), USAGE, DONE)
    async with speech_vendors() as vendors, serving(answer) as model:
        settings = Settings(
            data=folder, database_url=dsn, sip_listen="", vad="energy", turn="none", allow_private_urls=True,
            scenario=folder / "scenario.json", price_book=folder / "prices.json",
            transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
            speech_addresses=tuple(vendors.addresses("deepgram", "elevenlabs", "cartesia", "soniox").split(",")),
        )  # fmt: skip
        registry = Registry([*SCRIPTED, *ENDPOINTS, *LOOPBACK, *CLOUD])
        async with open_platform(settings, "http://callwright.test", registry) as platform:
            key = (await create_key(platform.services, DEFAULT_TENANT_ID, "tests")).secret
            transport = httpx.ASGITransport(platform.app)
            async with httpx.AsyncClient(
                transport=transport,
                base_url="http://callwright.test",
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
            ) as client:
                yield Place(client, vendors, model.url, dsn)


@pytest.fixture
async def place(dsn: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(dsn, tmp_path) as found:
        yield found


async def test_a_call_through_vendors_is_recorded_with_their_names_and_costs_and_no_key_shows(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await place.store(DEEPGRAM=speech.GOOD, ELEVENLABS=speech.GOOD)
    record = await place.call()
    assert (record["status"], record["error_message"]) == ("completed", None)
    assert record["transcript"].splitlines()[:3] == [
        f"assistant: {WELCOME}",
        f"user: {QUESTION}",
        f"assistant: {REPLY}",
    ]
    assert record["callwright"]["stand_ins"] == [
        one for one in record["callwright"]["stand_ins"] if one["leg"] == "line"
    ]
    usage, cost = record["usage_breakdown"], record["cost_breakdown"]
    assert (usage["transcriber_provider"], usage["synthesizer_provider"]) == ("deepgram", "elevenlabs")
    assert (usage["transcriber_model"], usage["synthesizer_model"]) == ("nova-3", "eleven_turbo_v2_5")
    assert cost["synthesizer"] == pytest.approx(len(REPLY) * 0.01), "the welcome was rendered when the agent was saved"
    assert cost["transcriber"] > 0
    assert cost["llm"] > 0
    assert {visit.path for visit in place.vendors.visits} == {"/v1/listen", "/v1/text-to-speech/v-1/multi-stream-input"}
    assert speech.GOOD not in caplog.text + json.dumps(record) + await everything_in(place.dsn)


async def test_a_welcome_is_rendered_when_the_agent_is_saved_and_costs_no_call_anything(place: Place) -> None:
    await place.store(DEEPGRAM=speech.GOOD, ELEVENLABS=speech.GOOD)
    saved = await place.save()
    assert await place.processed(saved.json()["agent_id"]) == ["seeding", "processed"]
    assert [visit.texts.count(WELCOME) for visit in place.vendors.visits].count(1) == 1
    first, second = await place.call(), await place.call()
    assert second["transcript"].splitlines()[:3] == first["transcript"].splitlines()[:3]
    said = [one["usage_breakdown"]["synthesizer_usage_breakdown"]["welcome_message"] for one in (first, second)]
    assert said == [0, 0]
    assert sum(visit.texts.count(WELCOME) for visit in place.vendors.visits) == 1


async def test_an_agent_whose_voice_has_no_key_or_is_refused_is_processed_and_nothing_is_rendered(place: Place) -> None:
    saved = await place.save()
    await place.processed(saved.json()["agent_id"])
    assert place.vendors.visits == []
    await place.store(ELEVENLABS=speech.REFUSED)
    saved = await place.save()
    await place.processed(saved.json()["agent_id"])
    assert not any(visit.texts for visit in place.vendors.visits)


async def test_a_voice_of_the_vendors_library_is_imported_heard_and_listed(place: Place) -> None:
    await place.store(ELEVENLABS=speech.GOOD)
    answer = await place.client.post("/v1/callwright/voices", json={"provider": "elevenlabs", "voice_id": "shared-1"})
    assert (answer.status_code, answer.json()["name"]) == (201, "Ferry"), answer.text
    listed = (await place.client.get("/me/voices")).json()
    assert [row["id"] for row in listed if row["voice_id"] == "shared-1"] == [answer.json()["id"]]
    sample = await place.client.get(f"/voices/{answer.json()['id']}/sample")
    assert sample.headers["content-type"] == "audio/wav"
    assert {visit.path for visit in place.vendors.visits} == {"/v1/text-to-speech/shared-1/multi-stream-input"}
    unknown = await place.client.post("/v1/callwright/voices", json={"provider": "elevenlabs", "voice_id": "nobody"})
    assert (unknown.status_code, unknown.json()["field"]) == (400, "voice_id")


async def test_a_vendor_without_its_key_is_stood_in_for_and_named(place: Place) -> None:
    await place.store(DEEPGRAM=speech.GOOD)
    record = await place.call()
    assert record["status"] == "completed"
    (stood,) = [one for one in record["callwright"]["stand_ins"] if one["leg"] == "voice"]
    assert (stood["wanted"], stood["used"]) == ("elevenlabs", "scripted")
    assert stood["reason"] == "the voice 'elevenlabs' has no key"
    assert "ELEVENLABS" in stood["remedy"]


async def test_vendors_that_die_in_the_middle_of_a_sentence_are_replaced_and_the_call_goes_on(place: Place) -> None:
    await place.store(DEEPGRAM=speech.BREAKING, SONIOX=speech.GOOD, ELEVENLABS=speech.BREAKING, CARTESIA=speech.GOOD)
    fallback = {"provider": "cartesia", "provider_config": {"voice_id": "v-2"}}
    record = await place.call(speaker={"fallbacks": [fallback]}, fallbacks=[{"provider": "soniox"}])
    assert (record["status"], record["error_message"]) == ("completed", None)
    assert record["transcript"].splitlines()[:3] == [
        f"assistant: {WELCOME}",
        f"user: {QUESTION.lower()}",
        f"assistant: {REPLY}",
    ]
    switches = {one["kind"]: one for one in record["callwright"]["switches"]}
    assert {kind: (one["before"], one["after"], one["failure"]) for kind, one in switches.items()} == {
        "voice": ("elevenlabs", "cartesia", "broken_stream"),
        "transcriber": ("deepgram", "soniox", "broken_stream"),
    }
    findings = [one for one in record["callwright"]["doctor"]["findings"] if one["rule"] == "provider_switched"]
    assert len(findings) == 2
    usage = record["usage_breakdown"]
    assert (usage["transcriber_provider"], usage["synthesizer_provider"]) == ("soniox", "cartesia")
    metrics = (await place.client.get("/metrics")).text
    assert 'callwright_provider_switches_total{kind="voice"} 1.0' in metrics


@pytest.mark.parametrize(
    ("key", "failure"),
    [
        (speech.REFUSED, "refused_credentials"),
        pytest.param(speech.LIMITED, "limit_reached", marks=pytest.mark.long),
        pytest.param(speech.FAILING, "unavailable", marks=pytest.mark.long),
    ],
    ids=["401", "429", "500"],
)
async def test_a_recogniser_that_fails_at_the_start_is_told_in_the_record_without_its_key(
    place: Place, key: str, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    await place.store(DEEPGRAM=key, ELEVENLABS=speech.GOOD)
    record = await place.call()
    assert "deepgram" in str(record["error_message"])
    assert key not in caplog.text + json.dumps(record) + await everything_in(place.dsn)
    metrics = (await place.client.get("/metrics")).text
    assert f'callwright_provider_errors_total{{failure="{failure}",kind="transcriber"}}' in metrics


async def test_a_setting_the_vendor_does_not_take_is_refused_when_the_agent_is_saved(place: Place) -> None:
    refused = await place.save({"similarity_boost": 3})
    assert refused.status_code == 400
    assert "agent_config.tasks[0].tools_config.synthesizer.provider_config.similarity_boost" in refused.text
    refused = await place.save(model="flux-general-en", eot_threshold=0.7, language_hints=5)
    assert refused.status_code == 201, refused.text
    refused = await place.save(model="flux-general-multi", language_hints=5)
    assert refused.status_code == 400
    assert "agent_config.tasks[0].tools_config.transcriber.language_hints" in refused.text
