"""Voices of the installed providers over the API."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from tests.api_world import ApiWorld

from callwright.actions.services import Services
from callwright.actions.voices import list_voices
from callwright.domain.limits import MAX_VOICES_PAGE_SIZE
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.registry import Plugin
from callwright.providers.local import PLUGINS as LOCAL

PROVIDERS, VOICES = "/api/v1/voice-config/tts", "/api/v1/voice-config/tts/voices"
MANY = Plugin(
    "voice",
    "many",
    "more voices than a page holds",
    lambda _: None,
    voices=tuple(VoiceOffer(f"v{n}", f"Voice {n}", "m", ("en", "hi") if n % 2 else ("hi",)) for n in range(120)),
)
SILENT = Plugin("voice", "silent", "says nothing of its voices", lambda _: None)


def with_voices(world: ApiWorld, *plugins: Plugin) -> ApiWorld:
    actions: Services = replace(world.services.actions, plugins=lambda: [*LOCAL, *plugins])
    return replace(world, services=replace(world.services, actions=actions))


async def first_model(client: httpx.AsyncClient, provider: str) -> dict[str, str]:
    found = next(one for one in (await client.get(PROVIDERS)).json()["providers"] if one["name"] == provider)
    return {"provider_id": found["id"], "model_id": found["models"][0]["id"]}


async def test_the_local_voices_are_listed_with_ids_that_stay(world: ApiWorld) -> None:
    async with with_voices(world).client() as client:
        listed = (await client.get("/me/voices")).json()
        assert {(row["provider"], row["voice_id"], row["model"]) for row in listed} >= {
            ("local", "joe", "piper"),
            ("kokoro", "kumo", "kokoro"),
        }
        joe = next(row for row in listed if row["voice_id"] == "joe")
        assert joe["id"] == "db7893b4-9f6e-5342-9f8b-8227a5bec84b"
        (of_model,) = [
            row
            for row in (await client.get(VOICES, params=await first_model(client, "local"))).json()["items"]
            if row["voice_id"] == "joe"
        ]
        assert of_model["id"] == joe["id"]
        assert of_model["source"] == "platform"


async def test_providers_say_whether_they_speak_a_language_and_which_is_the_default(world: ApiWorld) -> None:
    async with with_voices(world, MANY, SILENT).client() as client:
        found = (await client.get(PROVIDERS, params={"language": "hi-IN"})).json()
        assert found["language"] == "hi-IN"
        supported = {one["name"]: one["is_supported"] for one in found["providers"]}
        assert supported == {"local": False, "kokoro": False, "many": True, "silent": True}
        assert found["default"] == next(one["id"] for one in found["providers"] if one["name"] == "local")
        assert found["custom_voices"] == {}


async def test_voices_come_by_page_and_by_language(world: ApiWorld) -> None:
    async with with_voices(world, MANY, SILENT).client() as client:
        of_many = await first_model(client, "many")
        first = (await client.get(VOICES, params=of_many)).json()
        assert (len(first["items"]), first["total"], first["has_more"]) == (MAX_VOICES_PAGE_SIZE, 120, True)
        second = (await client.get(VOICES, params={**of_many, "page": "2"})).json()
        assert (len(second["items"]), second["has_more"]) == (20, False)
        english = (await client.get(VOICES, params={**of_many, "language": "en", "page_size": "7"})).json()
        assert (len(english["items"]), english["total"]) == (7, 60)
        assert (await client.get(VOICES, params={**of_many, "page_size": "5000"})).json()["page_size"] == 100
        assert (await client.get(VOICES, params=await first_model(client, "silent"))).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider_id": ""}, "provider_id"),
        ({"model_id": " "}, "model_id"),
        ({"provider_id": "nobody"}, "provider_id"),
        ({"model_id": "nobody"}, "model_id"),
        ({"page": "0"}, "page"),
        ({"page_size": "x"}, "page_size"),
        ({"language": "e" * 36}, "language"),
    ],
)
async def test_a_question_for_no_voices_is_refused(world: ApiWorld, change: dict[str, str], field: str) -> None:
    async with with_voices(world).client() as client:
        answer = await client.get(VOICES, params={**await first_model(client, "local"), **change})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_no_two_voices_share_an_id(world: ApiWorld) -> None:
    found = list_voices(with_voices(world, MANY).services.actions)
    assert len({voice.id for voice in found}) == len(found)
