"""Recognisers and voices of vendors over their clients, against servers that speak the vendors' protocols."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.vendors import speech
from tests.vendors.speech import SpeechVendors, speech_vendors
from tests.waiting import until

from callwright.domain.provider_access import Access
from callwright.domain.settings.provider_option import ProviderOption
from callwright.media.tonetext import spoken
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import HttpClient, Plugin, PluginContext
from callwright.ports.speech import TranscriberSettings, VoiceChunk, VoiceSettings
from callwright.providers.cloud import PLUGINS, library
from callwright.providers.cloud.bridge import Bridge
from callwright.providers.cloud.hearing import CloudTranscriber
from callwright.providers.cloud.provider_table import VENDORS, Vendor
from callwright.providers.cloud.speaking import CloudVoice
from callwright.testing import TranscriberContract, VoiceContract
from callwright.testing.contract import frames_of
from callwright.testing.transcriber import Heard

INSTALLED = library.is_installed("deepgram.STT")
pytestmark = [
    pytest.mark.cloud,
    pytest.mark.skipif(not INSTALLED, reason="the clients of cloud speech are not installed (make cloud)"),
]


def plugin(kind: str, name: str) -> Plugin:
    return next(one for one in PLUGINS if (one.kind, one.name) == (kind, name))


def access(key: str = speech.GOOD, name: str = "") -> Access:
    names = [name] if name else ["DEEPGRAM", "ELEVENLABS", "CARTESIA", "ASSEMBLY", "SONIOX", "SARVAM"]
    return Access(dict.fromkeys(names, key))


def hears(key: str = speech.GOOD, **more: Any) -> TranscriberSettings:
    return TranscriberSettings(access=access(key), **more)


def spoken_by(name: str, key: str = speech.GOOD) -> VoiceSettings:
    return speaks(key, voice="anushka" if name == "sarvam" else "v-1")


def speaks(key: str = speech.GOOD, **more: Any) -> VoiceSettings:
    return VoiceSettings(**{"voice": "v-1", "access": access(key), **more})


class _WithVendors:
    """A suite whose vendors run beside it."""

    plugin: Plugin

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Any]:
        async with speech_vendors() as vendors:
            self.vendors = vendors
            async with super().opened() as made:  # type: ignore[misc]
                yield made

    def context(self, client: HttpClient) -> PluginContext:
        return PluginContext(
            {"speech_addresses": self.vendors.addresses(self.plugin.name)}, Path("/nonexistent"), http=client
        )


class TestNova(_WithVendors, TranscriberContract):
    plugin = plugin("transcriber", "deepgram")
    transcriber_settings = hears(model="nova-3")
    wrong_settings = hears(model="flux-general-en", options={"eot_threshold": 7})


class TestFlux(_WithVendors, TranscriberContract):
    plugin = plugin("transcriber", "deepgram")
    transcriber_settings = hears(model="flux-general-en", options={"eager_eot_threshold": 0.5})


class TestAssembly(_WithVendors, TranscriberContract):
    plugin = plugin("transcriber", "assembly")
    transcriber_settings = hears()
    wrong_settings = hears(options={"vad_threshold": 2})


class TestSoniox(_WithVendors, TranscriberContract):
    plugin = plugin("transcriber", "soniox")
    transcriber_settings = hears()
    wrong_settings = hears(options={"language_hints": 3})


class TestSarvam(_WithVendors, VoiceContract):
    plugin = plugin("voice", "sarvam")
    voice_settings = speaks(voice="anushka")
    wrong_settings = speaks(voice="anushka", options={"pitch": 9})


class TestElevenLabs(_WithVendors, VoiceContract):
    plugin = plugin("voice", "elevenlabs")
    voice_settings = speaks()
    wrong_settings = speaks(options={"speed": 9})


class TestCartesia(_WithVendors, VoiceContract):
    plugin = plugin("voice", "cartesia")
    voice_settings = speaks()
    wrong_settings = speaks(options={"speed": 9})


@asynccontextmanager
async def voice_of(name: str, vendors: SpeechVendors) -> AsyncIterator[CloudVoice]:
    context = PluginContext({"speech_addresses": vendors.addresses(name)}, Path("/nonexistent"))
    made: CloudVoice = plugin("voice", name).factory(context)
    try:
        yield made
    finally:
        await made.aclose()
        await context.shared.aclose()


@asynccontextmanager
async def recogniser_of(name: str, vendors: SpeechVendors) -> AsyncIterator[CloudTranscriber]:
    context = PluginContext({"speech_addresses": vendors.addresses(name)}, Path("/nonexistent"))
    try:
        yield plugin("transcriber", name).factory(context)
    finally:
        await context.shared.aclose()


async def said(
    voice: CloudVoice, settings: VoiceSettings, text: str = "See you on Tuesday at ten."
) -> list[VoiceChunk]:
    return [chunk async for chunk in voice.speak(text, settings)]


def told(error: BaseException) -> str:
    """Everything that a log of the error could show."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__) + repr(error.__context__)


VOICES = ("elevenlabs", "cartesia", "sarvam")
KINDS = [
    (speech.REFUSED, FailureKind.REFUSED),
    (speech.LIMITED, FailureKind.LIMIT),
    (speech.FAILING, FailureKind.UNAVAILABLE),
    (speech.HANGING, FailureKind.UNAVAILABLE),
    (speech.BREAKING, FailureKind.BROKEN_STREAM),
    (speech.SILENT, FailureKind.UNAVAILABLE),
]
KEYS = ["401", "429", "500", "hangs", "breaks off", "silent"]


@pytest.mark.parametrize("name", VOICES)
@pytest.mark.parametrize(("key", "kind"), KINDS, ids=KEYS)
async def test_each_fault_of_a_voice_is_one_of_the_kinds_and_shows_no_key(
    name: str, key: str, kind: FailureKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice, asyncio.timeout(15):
        with pytest.raises(ProviderError) as caught:
            await said(voice, spoken_by(name, key))
    assert (caught.value.kind, caught.value.provider) == (kind, name)
    assert key not in told(caught.value) + caplog.text


@pytest.mark.parametrize(
    ("name", "model"), [("deepgram", "nova-3"), ("deepgram", "flux-general-en"), ("assembly", ""), ("soniox", "")]
)
@pytest.mark.parametrize(("key", "kind"), KINDS[:4], ids=KEYS[:4])
async def test_a_recogniser_that_does_not_open_fails_in_one_of_the_kinds_and_shows_no_key(
    name: str, model: str, key: str, kind: FailureKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with speech_vendors() as vendors, recogniser_of(name, vendors) as recogniser, asyncio.timeout(15):
        with pytest.raises(ProviderError) as caught:
            await recogniser.open(hears(key, model=model), Heard())
    assert caught.value.kind is kind
    assert key not in told(caught.value) + caplog.text


@pytest.mark.parametrize("key", [speech.BREAKING, speech.SILENT], ids=["breaks off", "silent"])
async def test_a_recogniser_that_dies_in_the_middle_of_a_sentence_says_so_and_bills_what_it_heard(key: str) -> None:
    heard = Heard()
    async with speech_vendors() as vendors, recogniser_of("deepgram", vendors) as recogniser, asyncio.timeout(15):
        stream = await recogniser.open(hears(key, model="nova-3"), heard)
        stream.activity(True, 0)
        for frame in frames_of(spoken("I would like to come on Monday at ten if there is a place " * 3)):
            stream.feed(frame)
            await asyncio.sleep(0)
        await until(lambda: heard.failure is not None, seconds=10)
        await stream.aclose()
        assert len(vendors.visits) == 1
    assert heard.failure is not None
    assert heard.failure.kind is FailureKind.BROKEN_STREAM
    assert sum(used.amount for used in heard.used) > 0
    assert {used.provider for used in heard.used} == {"deepgram"}


@pytest.mark.parametrize("name", VOICES)
async def test_a_connection_that_died_between_two_clauses_is_replaced_unheard(name: str) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        first = await said(voice, spoken_by(name))
        vendors.hang_up()
        await until(lambda: not vendors.open_visits())
        second = await said(voice, spoken_by(name))
    assert [len(chunk.pcm) for chunk in first] == [len(chunk.pcm) for chunk in second]


@pytest.mark.parametrize("name", ["elevenlabs", "cartesia"])
async def test_clauses_of_a_key_share_a_client_and_no_other_key_does(name: str) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        for settings in (speaks(), speaks(), speaks(voice="v-2"), replace(speaks(), access=access("another-key"))):
            await said(voice, settings)
        assert voice.clients == 3
        assert {visit.key for visit in vendors.visits} == {speech.GOOD, "another-key"}


@pytest.mark.parametrize("name", VOICES)
async def test_fifty_clauses_that_are_cut_off_leave_no_task_and_no_connection(name: str) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        await said(voice, spoken_by(name))
        before = len(asyncio.all_tasks())
        for _ in range(50):
            async with aclosing(voice.speak("See you on Tuesday at ten.", spoken_by(name))) as chunks:  # type: ignore[type-var]
                await anext(aiter(chunks))
        await until(lambda: vendors.open_visits() <= 1)
        await until(lambda: len(asyncio.all_tasks()) <= before)


async def test_a_voice_that_is_closed_while_it_speaks_stops_within_a_tenth_of_a_second() -> None:
    async with speech_vendors() as vendors, voice_of("elevenlabs", vendors) as voice:
        await said(voice, speaks())
        clause = voice.speak("See you on Tuesday at ten. " * 10, speaks())
        await anext(aiter(clause))
        async with asyncio.timeout(0.1):
            await clause.aclose()  # type: ignore[attr-defined]
        await until(lambda: any(one.get("close_context") for one in vendors.visits[0].messages[-2:]))


async def test_what_an_agent_asks_for_reaches_the_recogniser() -> None:
    options = {"keywords": "Callwright:2, Turin", "smart_format": True, "sampling_rate": 16000}
    async with speech_vendors() as vendors, recogniser_of("deepgram", vendors) as recogniser:
        wanted = hears(model="nova-3", language="multi-hi", endpointing_ms=400, options=options)
        await (await recogniser.open(wanted, Heard())).aclose()
        old = hears(model="nova-2", language="hi", options=options)
        await (await recogniser.open(old, Heard())).aclose()
        new, before = vendors.visits[0].query, vendors.visits[1].query
    assert (new["model"], new["language"], new["endpointing"]) == (["nova-3"], ["multi"], ["400"])
    assert (new["keyterm"], new["sample_rate"], new["encoding"]) == (["Callwright", "Turin"], ["8000"], ["linear16"])
    assert new["smart_format"] == ["true"]
    assert before["keywords"] == ["Callwright:2.0", "Turin:1.0"]


async def test_what_an_agent_asks_for_reaches_the_voice() -> None:
    options = {"temperature": 0.3, "similarity_boost": 0.9, "style": 0.1, "speed": 1.1, "buffer_size": 250}
    async with speech_vendors() as vendors, voice_of("elevenlabs", vendors) as voice:
        await said(voice, speaks(language="hi-IN", options=options))
        visit = vendors.visits[0]
    assert visit.query["output_format"] == ["pcm_8000"]
    assert visit.query["language_code"] == ["hi"]
    expected = {"stability": 0.3, "similarity_boost": 0.9, "style": 0.1, "speed": 1.1}
    assert visit.messages[0]["voice_settings"] == expected
    async with speech_vendors() as vendors, voice_of("cartesia", vendors) as voice:
        await said(voice, speaks(language="hi-IN", options={"speed": 0.8}))
        asked = vendors.visits[0].messages[0]
    assert (asked["language"], asked["output_format"]["sample_rate"]) == ("hi", 8000)
    assert asked["generation_config"]["speed"] == 0.8


def test_a_key_that_is_missing_is_named_with_the_request_that_stores_it() -> None:
    voice = plugin("voice", "elevenlabs").factory(PluginContext({}, Path("/nonexistent")))
    with pytest.raises(ProviderError, match=r"it has no key; POST /providers .*ELEVENLABS"):
        voice.check(VoiceSettings(voice="v-1"))
    voice.check(speaks())


LOADED_BY_A_PLATFORM = """
import sys
from callwright.bootstrap.plugins import installed_plugins
import callwright.bootstrap.platform
from callwright.providers.cloud import PLUGINS
print([name for name in sys.modules if name.partition(".")[0] in ("livekit", "aiohttp", "grpc")])
"""

LOADED_BY_A_CALL = """
import asyncio, gc, sys
from callwright.providers.cloud import library

async def load():
    loop, longest, done = asyncio.get_running_loop(), 0.0, False
    async def tick():
        nonlocal longest
        while not done:
            before = loop.time()
            await asyncio.sleep(0.001)
            longest = max(longest, loop.time() - before)
    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    await library.client_class("deepgram.STT")
    done = True
    await ticking

asyncio.run(load())
print([name for name in sys.modules if name in ("av", "livekit.local_inference", "sounddevice", "watchfiles", "PIL")])
print(gc.isenabled(), gc.get_freeze_count() > 50_000)
"""


def loaded(script: str) -> list[str]:
    """What a process of its own prints."""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    return run.stdout.splitlines()


def test_a_server_that_uses_no_vendor_imports_nothing_of_their_clients() -> None:
    assert loaded(LOADED_BY_A_PLATFORM) == ["[]"]


def test_what_a_call_imports_is_frozen_and_holds_nothing_that_was_left_out() -> None:
    assert loaded(LOADED_BY_A_CALL) == ["[]", "True True"]


SAMPLES: dict[str, Any] = {
    "keywords": "Callwright:2, Turin",
    "language_hints": ["en", "hi"],
    "emotion": "calm",
    "noise_reduction": True,
    "context": "A clinic.",
    "instructions": "Speak calmly.",
    "language": "en",
}
SPEAKERS = {"bulbul:v2": "anushka", "bulbul:v3": "priya"}
CREDENTIALS = json.dumps(
    {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k",
        "private_key": "",
        "client_email": "a@p.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
)


def sample(option: ProviderOption) -> Any:
    """A value that the option takes."""
    least, most = option.kind.schema.get("minimum"), option.kind.schema.get("maximum")
    if least is not None and most is not None:
        between = most / 2 if least < most / 2 else (least + most) / 2
        return round(between) if option.kind.schema["type"] == "integer" else between
    return SAMPLES.get(option.name, True)


def models_of(vendor: Vendor) -> set[str]:
    """A model for each group that options or clients tell apart."""
    named = {name for option in vendor.options for name in option.models} | {
        name for client in vendor.clients for name in client.models
    }
    return {"", *named}


@pytest.mark.parametrize(
    ("vendor", "model"),
    [(one, model) for one in VENDORS for model in sorted(models_of(one)) if library.is_installed(one.clients[0].name)],
    ids=lambda value: getattr(value, "name", value),
)
@pytest.mark.parametrize("everything", [False, True], ids=["defaults", "every setting"])
async def test_every_client_takes_what_the_table_sends(vendor: Vendor, model: str, everything: bool) -> None:
    model = {
        "nova-3": "nova-3",
        "mist": "mistv2",
        "gpt-": "gpt-4o-mini-tts",
        "gpt-live": "gpt-live-transcribe",
        "u3": "u3-rt-pro",
    }.get(model, model)
    model = {"flux": "flux-general-en", "universal-3": "universal-3-5-pro"}.get(model, model)
    given = (
        {one.name: sample(one) for one in vendor.options if one.name not in ("model", "voice")} if everything else {}
    )
    model = model or vendor.model
    key = private_key_of(CREDENTIALS) if vendor.name == "google" else "k-1"
    context = PluginContext({}, Path("/nonexistent"))
    bridge = Bridge(vendor, context)
    order = bridge.order(
        model, {"voice": SPEAKERS.get(model, "Nila"), **given}, Access(dict.fromkeys(vendor.all_keys, key))
    )
    client = await bridge.made(order)
    try:
        if vendor.kind == "voice":
            assert (client.sample_rate, client.num_channels) == (order.client.rate_hz, 1)
        else:
            assert client.capabilities.streaming
    finally:
        await client.aclose()
        await context.shared.aclose()


def private_key_of(credentials: str) -> str:
    """Credentials with a key made for this test."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps({**json.loads(credentials), "private_key": text.decode()})
