"""Voices of the installed providers over the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api_world import ApiWorld
from tests.waiting import until

from callwright.domain.limits import (
    MAX_IMPORTED_VOICES,
    MAX_VOICES_PAGE_SIZE,
    VOICE_CATALOGUE_RETRY_SECONDS,
    VOICE_CATALOGUE_SECONDS,
)
from callwright.media.wav import read_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.provider_keys.rules.access import Access
from callwright.platform.services import Services
from callwright.platform.voices.actions.memory import VoiceLists, VoiceSamples
from callwright.platform.voices.actions.voices import list_voices
from callwright.platform.voices.rules import ImportedVoice
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import Plugin
from callwright.ports.speech import VoiceChunk, VoiceSettings
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


async def test_no_two_voices_share_an_id(world: ApiWorld) -> None:
    found = await list_voices(with_voices(world, MANY).services.actions, Principal(DEFAULT_TENANT_ID, "k-1", "ours"))
    assert len({voice.id for voice in found}) == len(found)


@dataclass
class ListingVoice:
    """A voice whose vendor lists voices, or fails."""

    offers: tuple[VoiceOffer, ...] = ()
    failing: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def voices(self, access: Access) -> tuple[VoiceOffer, ...]:
        self.asked.append(dict(access.keys))
        if self.gate is not None:
            await self.gate.wait()
        if self.failing:
            raise ProviderError(FailureKind.LIMIT, "listing", "it answered with HTTP 429")
        return self.offers

    async def voice(self, voice_id: str, access: Access) -> VoiceOffer:
        self.asked.append({"id": voice_id, **access.keys})
        if self.failing:
            raise ProviderError(FailureKind.UNAVAILABLE, "listing", "it answered with HTTP 500")
        if voice_id != FERRY.voice_id:
            raise ProviderError(FailureKind.BAD_REQUEST, "listing", f"it has no voice with the id {voice_id!r}")
        return FERRY

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        self.asked.append({"voice": settings.voice, "model": settings.model, "text": text, **settings.access.keys})
        if self.failing:
            raise ProviderError(FailureKind.REFUSED, "listing", "it answered with HTTP 401")
        yield VoiceChunk(bytes(1_600))
        yield VoiceChunk(last=True)


LISTING = Plugin(
    "voice", "listing", "a vendor", lambda _: None, keys=("LISTING",), lists_voices=True, imports_voices=True
)
RACHEL = VoiceOffer("v-1", "Rachel", "m-1", ("en",), preview_url="https://example.org/r.mp3")
FERRY = VoiceOffer("v-9", "Ferry", "m-1", ("en", "hi"), "female", use_case=("narration",), custom=True)
OWN = VoiceOffer("v-2", "Front desk", "m-1", (), custom=True)


def listing(world: ApiWorld, voice: ListingVoice) -> ApiWorld:
    made = with_voices(world, LISTING)
    actions = replace(made.services.actions, voice_of=lambda _: voice)
    return replace(made, services=replace(made.services, actions=actions))


async def store_key(client: httpx.AsyncClient) -> None:
    answer = await client.post("/providers", json={"provider_name": "listing", "provider_value": "canary-key"})
    assert answer.status_code == 200


async def test_a_vendors_list_is_read_with_the_accounts_key_and_kept_for_an_hour(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL, OWN))
    async with listing(world, voice).client() as client:
        assert not any(row["provider"] == "listing" for row in (await client.get("/me/voices")).json())
        assert voice.asked == []
        await store_key(client)
        listed = [row for row in (await client.get("/me/voices")).json() if row["provider"] == "listing"]
        assert [(row["voice_id"], row["name"], row["model"]) for row in listed] == [
            ("v-1", "Rachel", "m-1"),
            ("v-2", "Front desk", "m-1"),
        ]
        found = (await client.get(VOICES, params=await first_model(client, "listing"))).json()["items"]
        assert [(row["source"], row["preview_url"]) for row in found] == [
            ("platform", "https://example.org/r.mp3"),
            ("custom", None),
        ]
        providers = (await client.get(PROVIDERS)).json()
        assert [row["voice_id"] for row in providers["custom_voices"][found[0]["provider_id"]]] == ["v-2"]
        assert voice.asked == [{"LISTING": "canary-key"}]
        world.clock.ahead += timedelta(seconds=VOICE_CATALOGUE_SECONDS)
        await client.get("/me/voices")
        assert len(voice.asked) == 2


async def test_a_list_that_cannot_be_read_again_stays_and_says_so(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL,))
    async with listing(world, voice).client() as client:
        await store_key(client)
        before = await of_listing(client)
        assert before["callwright"]["failure"] is None
        voice.failing = True
        world.clock.ahead += timedelta(seconds=VOICE_CATALOGUE_SECONDS)
        after = await of_listing(client)
        assert after["callwright"] == {
            "listed_at": before["callwright"]["listed_at"],
            "failure": "listing: it answered with HTTP 429",
        }
        assert after["models"] == before["models"]
        await of_listing(client)
        assert len(voice.asked) == 2
        world.clock.ahead += timedelta(seconds=VOICE_CATALOGUE_RETRY_SECONDS)
        await of_listing(client)
        assert len(voice.asked) == 3


async def of_listing(client: httpx.AsyncClient) -> dict[str, Any]:
    found = (await client.get(PROVIDERS)).json()["providers"]
    return next(dict(one) for one in found if one["name"] == "listing")


async def test_another_organisation_sees_no_list_of_this_one(world: ApiWorld) -> None:
    made = listing(world, ListingVoice((RACHEL,)))
    async with made.client() as client, made.client(world.other_key) as others:
        await store_key(client)
        (own,) = [row for row in (await client.get("/me/voices")).json() if row["provider"] == "listing"]
        assert not any(row["provider"] == "listing" for row in (await others.get("/me/voices")).json())
        assert (await others.get(f"/voices/{own['id']}/sample")).status_code == 404


async def test_a_sample_is_a_wav_file_that_is_spoken_once(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL,))
    async with listing(world, voice).client() as client:
        await store_key(client)
        listed = (await client.get("/me/voices")).json()
        rachel = next(row for row in listed if row["name"] == "Rachel")
        for _ in range(2):
            answer = await client.get(f"/voices/{rachel['id']}/sample")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
            assert len(read_wav(answer.content).channel(0)) == 1_600
        spoken = [one for one in voice.asked if "text" in one]
        assert [(one["voice"], one["model"], one["LISTING"]) for one in spoken] == [("v-1", "m-1", "canary-key")]
        assert (await client.get("/voices/nobody/sample")).status_code == 404


async def test_a_sample_of_a_listed_voice_reads_no_vendors_list_first(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL,))
    async with listing(world, voice).client() as client:
        await store_key(client)
        rachel = next(row for row in (await client.get("/me/voices")).json() if row["name"] == "Rachel")
        world.clock.ahead += timedelta(seconds=VOICE_CATALOGUE_SECONDS)
        assert (await client.get(f"/voices/{rachel['id']}/sample")).status_code == 200
        assert [list(one) for one in voice.asked] == [["LISTING"], ["voice", "model", "text", "LISTING"]]
    # Another process has not read the list yet.
    later = ListingVoice((RACHEL,))
    made = listing(world, later)
    actions = replace(made.services.actions, voice_lists=VoiceLists(), voice_samples=VoiceSamples())
    async with replace(made, services=replace(made.services, actions=actions)).client() as client:
        assert (await client.get(f"/voices/{rachel['id']}/sample")).status_code == 200
        assert [list(one) for one in later.asked] == [["LISTING"], ["voice", "model", "text", "LISTING"]]


async def test_requests_at_the_same_time_share_one_reading_of_a_list(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL,))
    async with listing(world, voice).client() as client:
        await store_key(client)
        voice.gate = asyncio.Event()
        first, second = (asyncio.create_task(client.get("/me/voices")) for _ in range(2))
        await until(lambda: voice.asked != [])
        first.cancel()
        third = asyncio.create_task(client.get("/me/voices"))
        voice.gate.set()
        for answer in (await second, await third):
            assert any(row["provider"] == "listing" for row in answer.json())
        assert len(voice.asked) == 1


async def test_a_sample_of_a_voice_that_fails_says_why(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL,))
    async with listing(world, voice).client() as client:
        await store_key(client)
        rachel = next(row for row in (await client.get("/me/voices")).json() if row["name"] == "Rachel")
        voice.failing = True
        answer = await client.get(f"/voices/{rachel['id']}/sample")
        assert answer.status_code == 503
        assert answer.json()["message"] == "the voice cannot be heard now: listing: it answered with HTTP 401"
        assert "canary-key" not in answer.text


IMPORTS = "/v1/callwright/voices"


async def test_a_voice_is_imported_by_its_id_for_the_organisation_alone(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL,))
    made = listing(world, voice)
    async with made.client() as client, made.client(world.other_key) as others:
        await store_key(client)
        answer = await client.post(IMPORTS, json={"provider": "listing", "voice_id": "v-9"})
        assert answer.status_code == 201, answer.text
        imported = answer.json()
        assert (imported["name"], imported["model"], imported["source"]) == ("Ferry", "m-1", "custom")
        assert voice.asked == [{"id": "v-9", "LISTING": "canary-key"}]
        row = next(one for one in (await client.get("/me/voices")).json() if one["voice_id"] == "v-9")
        assert row["id"] == imported["id"]
        providers = (await client.get(PROVIDERS)).json()
        (custom,) = providers["custom_voices"][imported["provider_id"]]
        assert custom == {name: value for name, value in imported.items() if name not in ("provider", "model")}
        assert (await client.get(f"/voices/{imported['id']}/sample")).status_code == 200
        # Again, under a name of one's own: it is still one voice.
        again = await client.post(IMPORTS, json={"provider": "listing", "voice_id": "v-9", "name": "Desk"})
        assert (again.status_code, again.json()["id"], again.json()["name"]) == (201, imported["id"], "Desk")
        names = [one["name"] for one in (await client.get("/me/voices")).json() if one["voice_id"] == "v-9"]
        assert names == ["Desk"]
        assert not any(one["voice_id"] == "v-9" for one in (await others.get("/me/voices")).json())
        assert (await others.delete(f"{IMPORTS}/{imported['id']}")).status_code == 404
        assert (await client.delete(f"{IMPORTS}/{imported['id']}")).status_code == 200
        assert not any(one["voice_id"] == "v-9" for one in (await client.get("/me/voices")).json())
        assert (await client.delete(f"{IMPORTS}/{imported['id']}")).status_code == 404


async def test_an_import_that_cannot_be_says_why(world: ApiWorld) -> None:
    voice = ListingVoice((RACHEL,))
    async with listing(world, voice).client() as client:

        async def refused(**body: Any) -> tuple[int, str, str]:
            answer = await client.post(IMPORTS, json={"provider": "listing", "voice_id": "v-9", **body})
            return answer.status_code, str(answer.json().get("field")), answer.json()["message"]

        assert await refused() == (400, "provider", "provider: store its key LISTING first (POST /providers)")
        await store_key(client)
        assert await refused(provider="kokoro") == (400, "provider", "provider: voices can be imported from listing")
        assert (await refused(voice_id=" "))[:2] == (400, "voice_id")
        assert (await refused(voice_id="v" * 201))[:2] == (400, "voice_id")
        assert await refused(voice_id="v-1") == (400, "voice_id", "voice_id: it has no voice with the id 'v-1'")
        voice.failing = True
        assert (await refused())[0] == 503


async def test_so_many_voices_are_imported_and_no_more(world: ApiWorld) -> None:
    async with listing(world, ListingVoice((RACHEL,))).client() as client:
        await store_key(client)
        async with world.ledger.unit() as unit:
            for number in range(MAX_IMPORTED_VOICES - 1):
                one = replace(FERRY, voice_id=f"w-{number}")
                await unit.provider_keys.voices.put(ImportedVoice(DEFAULT_TENANT_ID, "listing", one, world.clock.now()))
        body = {"provider": "listing", "voice_id": "v-9"}
        assert (await client.post(IMPORTS, json=body)).status_code == 201
        assert (await client.post(IMPORTS, json=body)).status_code == 201, "it is there already"
        async with world.ledger.unit() as unit:
            await unit.provider_keys.voices.delete(DEFAULT_TENANT_ID, "listing", "v-9")
            one = replace(FERRY, voice_id="w-last")
            await unit.provider_keys.voices.put(ImportedVoice(DEFAULT_TENANT_ID, "listing", one, world.clock.now()))
        assert (await client.post(IMPORTS, json=body)).status_code == 409
