"""Agent bodies of the corpus once the account has the keys of what they name: only the line has a stand-in.

The vendors of speech are scripted servers on loopback, and the models an endpoint that the test answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.acceptance.test_corpus_called import Account, account, followed
from tests.corpus.bodies import CORPUS, AgentBody
from tests.vendors import google, speech
from tests.vendors.speech import SpeechVendors, speech_vendors

from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.custom_models.rules import CUSTOM_KEYS
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import MissingError
from callwright.ports.model import ModelSettings
from callwright.ports.registry import Plugin, PluginContext
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.providers.cloud import PLUGINS as CLOUD
from callwright.providers.cloud import library
from callwright.providers.hosted_models import PLUGINS as HOSTED
from callwright.providers.openai_compatible import PLUGINS as ENDPOINTS

pytestmark = pytest.mark.skipif(
    not library.is_installed("deepgram.STT"), reason="the clients of cloud speech are not installed (make cloud)"
)

CALLED = (
    *("recogniser-bolna", "voice-kalpa", "voice-styletts", "voice-gemini", "voice-custom"),
    *("model-ola", "model-anyscale"),
)
"""Bodies of vendors that only an address or a key of their own reaches."""
REACHED = {
    "/",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
    "/v1beta/models/gemini-2.5-flash-preview-tts:streamGenerateContent",
}
"""Where they speak and are heard: at Bodhi, at endpoints and at Gemini."""
AT_ONCE = 3
BY_NAME = {(one.kind, name): one for one in (*CLOUD, *HOSTED, *ENDPOINTS) for name in (one.name, *one.aliases)}
NEEDS_MORE = set() if library.is_installed("azure.STT") else {("transcriber", "azure")}
"""What `make cloud` leaves out, where `make azure` did not install it."""
STANDS_ALONE = {"local", "scripted"}
"""They need no key."""


def keys_of(plugins: Iterable[Plugin], addresses: str) -> dict[str, str]:
    """Every provider key that the plugins ask for."""
    names = {name for one in plugins for name in (*one.keys, *one.beside)}
    keys = {name: "eastus" if name.endswith("_REGION") else speech.GOOD for name in names}
    keys |= {name: addresses for name in names if name.endswith("_API_BASE")}
    return keys | {"GOOGLE_APPLICATION_CREDENTIALS_JSON": google.credentials(speech.GOOD)}


def named(body: AgentBody) -> dict[tuple[str, str], str]:
    """The provider of each leg that the body names, with its model."""
    spec = parse_agent(body.flat)
    legs = {"transcriber": spec.transcriber, "voice": spec.voice, "model": spec.model}
    return {(leg, one.provider): one.model for leg, one in legs.items() if one.provider not in {"", *STANDS_ALONE}}


SETTINGS = {"transcriber": TranscriberSettings, "voice": VoiceSettings, "model": ModelSettings}


@pytest.mark.parametrize("body", CORPUS, ids=lambda body: body.name)
def test_with_every_key_no_body_lacks_a_recogniser_a_voice_or_a_model(body: AgentBody) -> None:
    keys = keys_of(BY_NAME.values(), "https://speech.example.org/v1")
    for (leg, name), model in named(body).items():
        if (leg, name) in NEEDS_MORE:
            continue
        plugin = BY_NAME[leg, name]
        made = plugin.factory(PluginContext({}, Path("/nonexistent")))
        address = "https://models.example.org/v1" if set(plugin.keys) == set(CUSTOM_KEYS) else ""
        access = Access({key: keys[key] for key in plugin.keys}, address)
        try:
            made.check(SETTINGS[leg](model=model, access=access))
        except MissingError as lacking:
            raise AssertionError(f"{leg} {name} {lacking.reason}: {lacking.remedy}") from lacking


async def stored(found: Account, vendors: SpeechVendors) -> None:
    """Stores every key: speech at the vendors, models at the endpoint that the test answers."""
    keys = keys_of(CLOUD, f"{vendors.origin}/v1")
    keys |= keys_of((*HOSTED, *ENDPOINTS), f"{found.server.url}/v1")
    for name, value in keys.items():
        wire = {"provider_name": name, "provider_value": value}
        answer = await found.client.post("/providers", json=wire)
        assert answer.status_code == 200, answer.text


@pytest.mark.long
@pytest.mark.real_time
async def test_bodies_are_called_with_what_they_name_and_no_stand_in_but_the_line(dsn: str, tmp_path: Path) -> None:
    bodies = [replace(body, lacks={"line": body.lacks["line"]}) for body in CORPUS if body.name in CALLED]
    assert len(bodies) == len(CALLED)
    async with AsyncExitStack() as stack:
        vendors = await stack.enter_async_context(speech_vendors())
        recogniser = await stack.enter_async_context(google.recogniser())
        names = [one.name for one in CLOUD if one.name != "google"]
        addresses = f"{vendors.addresses(*dict.fromkeys(names))},{recogniser.addresses('google')}"
        found = await stack.enter_async_context(account(dsn, tmp_path, CALLWRIGHT_SPEECH_ADDRESSES=addresses))
        await stored(found, vendors)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(body: AgentBody) -> list[str]:
            async with places:
                return await followed(found, body)

        wrong = await asyncio.gather(*(one(body) for body in bodies))
    assert {visit.path for visit in vendors.visits} >= REACHED
    assert {visit.path for visit in recogniser.visits} == {"StreamingRecognize"}
    assert {body.name: what for body, what in zip(bodies, wrong, strict=True) if what} == {}
