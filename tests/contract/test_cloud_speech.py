"""Recognisers and voices of vendors over their clients, against servers that speak the vendors' protocols."""

from __future__ import annotations

import asyncio
import importlib
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.http_server import Exchange, LocalServer, serving
from tests.phone.certificates import make_certificates
from tests.vendors import gemini, google, speech
from tests.vendors.server import serving as serving_vendors
from tests.vendors.speech import SpeechVendors, speech_vendors
from tests.waiting import until

from callwright.domain.limits import PROVIDER_CLOSE_SECONDS
from callwright.domain.settings.provider_option import ProviderOption
from callwright.media.resample import StreamResampler
from callwright.media.tonetext import spoken
from callwright.media.wav import write_wav
from callwright.platform.agents.rules.availability import LackKind
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, MissingError, ProviderError
from callwright.ports.registry import Closable, HttpClient, Plugin, PluginContext
from callwright.ports.speech import TranscriberSettings, Voice, VoiceChunk, VoiceSettings
from callwright.providers.cloud import PLUGINS, grpc_client, library, socket_client
from callwright.providers.cloud.bridge import Bridge
from callwright.providers.cloud.failures import failure
from callwright.providers.cloud.hearing import CloudTranscriber
from callwright.providers.cloud.http_voice import HttpVoice
from callwright.providers.cloud.provider_table import VENDORS
from callwright.providers.cloud.provider_table_catalogues import CATALOGUES
from callwright.providers.cloud.session import SHORTEST_STREAM_MS
from callwright.providers.cloud.socket_client import SocketStatusError
from callwright.providers.cloud.speaking import CloudVoice
from callwright.providers.cloud.vendor import Vendor
from callwright.testing import Fault, TranscriberContract, VoiceContract
from callwright.testing.contract import frames_of
from callwright.testing.faults import Log, told
from callwright.testing.transcriber import Heard

INSTALLED = library.is_installed("deepgram.STT")
genai: Any = importlib.import_module("google.genai") if INSTALLED else None
pytestmark = [
    pytest.mark.cloud,
    pytest.mark.skipif(not INSTALLED, reason="the clients of cloud speech are not installed (make cloud)"),
]


KEY_OF = {
    Fault.REFUSED: speech.GOOD,
    Fault.HANG: speech.HANGING,
    Fault.CLOSED: speech.CLOSING,
    Fault.RESET: speech.RESETTING,
    Fault.TRICKLE: speech.TRICKLING,
    Fault.GARBAGE: speech.GARBLED,
    Fault.UNAUTHORISED: speech.REFUSED,
    Fault.LIMITED: speech.LIMITED,
    Fault.BROKEN: speech.FAILING,
}
"""The key with which the vendors behave so. Nothing listens where the connection is refused."""
KEY_NAMES = sorted({name for vendor in VENDORS for name in vendor.all_keys} - {"GOOGLE_APPLICATION_CREDENTIALS_JSON"})


def plugin(kind: str, name: str) -> Plugin:
    return next(one for one in PLUGINS if (one.kind, one.name) == (kind, name))


def access(key: str = speech.GOOD) -> Access:
    keys = {name: "eastus" if name.endswith("REGION") else key for name in KEY_NAMES}
    keys |= {name: "https://speech.example.org/v1" for name in KEY_NAMES if name.endswith("_API_BASE")}
    return Access({**keys, "GOOGLE_APPLICATION_CREDENTIALS_JSON": google.credentials(key)})


def hears(key: str = speech.GOOD, **more: Any) -> TranscriberSettings:
    return TranscriberSettings(access=access(key), **more)


def spoken_by(name: str, key: str = speech.GOOD) -> VoiceSettings:
    return speaks(key, voice=VOICE_OF.get(name, "v-1"))


def speaks(key: str = speech.GOOD, **more: Any) -> VoiceSettings:
    return VoiceSettings(**{"voice": "v-1", "access": access(key), **more})


VOICE_OF = {"sarvam": "anushka", "azuretts": "Jenny", "maya": "Ananya", "openai": "alloy", "deepgram": "thalia"}
"""Where a vendor takes no voice but its own."""


class _WithVendors:
    """A suite whose vendors run beside it."""

    plugin: Plugin
    secret = speech.GOOD
    vendors = staticmethod(speech_vendors)
    # They take seconds of waiting each: all vendors meet them at once, in a test below.
    test_a_connection_that_hangs = None
    test_a_trickle = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Any]:
        async with self.vendors() as vendors:
            self.origin = vendors.origin
            async with super().opened() as made:  # type: ignore[misc]
                yield made

    def context(self, client: HttpClient) -> PluginContext:
        addresses = {"speech_addresses": f"{self.plugin.name}={self.origin}"}
        return PluginContext(addresses, Path("/nonexistent"), http=client)

    @asynccontextmanager
    async def faulty(self, fault: Fault) -> AsyncIterator[tuple[Any, Any]]:
        if self.plugin.preload is not None:
            # On a busy machine, the first import takes as long as a fault may.
            self.plugin.preload()
        key = self.secret = KEY_OF[fault]
        async with self.vendors() as vendors:
            elsewhere = {Fault.REFUSED: "http://127.0.0.1:9", Fault.HANG: vendors.deaf}
            self.origin = elsewhere.get(fault) or vendors.origin
            async with super().opened() as made:  # type: ignore[misc]
                yield made, replace(self.settings_of_call, access=access(key))

    @property
    def settings_of_call(self) -> Any:
        raise NotImplementedError


class Recogniser(_WithVendors, TranscriberContract):  # type: ignore[misc]  # see _WithVendors
    close_seconds = 0.1
    transcriber_settings = hears()

    @property
    def settings_of_call(self) -> TranscriberSettings:
        return self.transcriber_settings


class Speaker(_WithVendors, VoiceContract):  # type: ignore[misc]  # see _WithVendors
    cancel_seconds = 0.1

    @property
    def settings_of_call(self) -> VoiceSettings:
        return self.voice_settings


class TestNova(Recogniser):
    plugin = plugin("transcriber", "deepgram")
    transcriber_settings = hears(model="nova-3")
    wrong_settings = hears(model="flux-general-en", options={"eot_threshold": 7})


class TestFlux(Recogniser):
    plugin = plugin("transcriber", "deepgram")
    transcriber_settings = hears(model="flux-general-en", options={"eager_eot_threshold": 0.5})


class TestAssembly(Recogniser):
    plugin = plugin("transcriber", "assembly")
    wrong_settings = hears(options={"vad_threshold": 2})


class TestSonioxRecogniser(Recogniser):
    plugin = plugin("transcriber", "soniox")
    wrong_settings = hears(options={"language_hints": 3})


class TestScribe(Recogniser):
    plugin = plugin("transcriber", "elevenlabs")
    wrong_settings = hears(options={"vad_threshold": 2})


@pytest.fixture
def azure_sdk() -> None:
    """Microsoft's SDK, whose licence keeps it out of `make cloud`."""
    if not library.is_installed("azure.STT"):
        pytest.skip("the SDK of Azure's recogniser is not installed (make azure)")


needs_azure = pytest.mark.usefixtures("azure_sdk")


@needs_azure
class TestAzureRecogniser(Recogniser):
    plugin = plugin("transcriber", "azure")
    wrong_settings = hears(options={"keywords": 3})


class TestGoogle(Recogniser):
    plugin = plugin("transcriber", "google")
    vendors = staticmethod(google.recogniser)
    frame_seconds = 0.001
    wrong_settings = hears(options={"keywords": 3})


class TestGladia(Recogniser):
    plugin = plugin("transcriber", "gladia")
    wrong_settings = hears(options={"code_switching": "perhaps"})


class TestOpenAITranscription(Recogniser):
    plugin = plugin("transcriber", "openai")
    transcriber_settings = hears(model="gpt-4o-transcribe")
    wrong_settings = hears(options={"noise_reduction": "loud"})


class TestSarvamRecogniser(Recogniser):
    plugin = plugin("transcriber", "sarvam")
    wrong_settings = hears(options={"context": 5})


class TestPulse(Recogniser):
    plugin = plugin("transcriber", "smallest")
    wrong_settings = hears(options={"numerals": "perhaps"})


class TestPixaRecogniser(Recogniser):
    plugin = plugin("transcriber", "pixa")
    wrong_settings = hears(options={"keywords": 5}, language="x" * 300)


class TestBodhi(Recogniser):
    plugin = plugin("transcriber", "bodhi")
    transcriber_settings = hears(options={"keywords": "Callwright:2, Turin", "numerals": True})
    wrong_settings = hears(options={"numerals": "perhaps"})


class TestGeminiLive(Recogniser):
    plugin = plugin("transcriber", "gemini")
    transcriber_settings = hears(model="gemini-3.5-transcribe-live", options={"keywords": "Callwright:2, Turin"})
    wrong_settings = hears(model="gemini-2.0-flash-live-001")


class TestGeminiConverses(Recogniser):
    plugin = plugin("transcriber", "gemini")
    transcriber_settings = hears(model="gemini-live-2.5-flash")
    wrong_settings = hears(model="gemini-live-2.5-flash", options={"keywords": 5})


class PostedRecogniser(Recogniser):
    close_seconds = PROVIDER_CLOSE_SECONDS
    """Closed, it waits for the caller's last words."""


class TestRecogniserAtAnEndpoint(PostedRecogniser):
    plugin = plugin("transcriber", "custom")
    transcriber_settings = hears(model="house-ears", options={"keywords": "Callwright:2, Turin"})
    wrong_settings = hears(options={"context": 5})


class TestBolnaRecogniser(PostedRecogniser):
    plugin = plugin("transcriber", "bolna")
    wrong_settings = hears(options={"keywords": 5})


class TestGeminiRecogniser(PostedRecogniser):
    plugin = plugin("transcriber", "gemini")
    transcriber_settings = hears(model="gemini-2.5-flash", options={"context": "A clinic."})
    wrong_settings = hears(model="gemini-2.5-flash", options={"keywords": 5})


class TestSarvam(Speaker):
    plugin = plugin("voice", "sarvam")
    voice_settings = speaks(voice="anushka")
    wrong_settings = speaks(voice="anushka", options={"pitch": 9})


class TestElevenLabs(Speaker):
    plugin = plugin("voice", "elevenlabs")
    voice_settings = speaks()
    wrong_settings = speaks(options={"speed": 9})


class TestCartesia(Speaker):
    plugin = plugin("voice", "cartesia")
    voice_settings = speaks()
    wrong_settings = speaks(options={"speed": 9})


class TestAura(Speaker):
    plugin = plugin("voice", "deepgram")
    voice_settings = speaks(voice="thalia")
    wrong_settings = speaks(options={"speed": 9})


class TestOpenAISpeech(Speaker):
    plugin = plugin("voice", "openai")
    voice_settings = speaks(voice="alloy", model="gpt-4o-mini-tts")
    wrong_settings = speaks(options={"speed": 9})


class TestOpenAIFirstSpeech(Speaker):
    plugin = plugin("voice", "openai")
    voice_settings = speaks(voice="alloy", model="tts-1")


class TestAzure(Speaker):
    plugin = plugin("voice", "azuretts")
    voice_settings = speaks(voice="Jenny")
    wrong_settings = speaks(options={"speed": 9})


class TestRime(Speaker):
    plugin = plugin("voice", "rime")
    voice_settings = speaks(voice="astra")
    wrong_settings = speaks(options={"speed": 9})


class TestLightning(Speaker):
    plugin = plugin("voice", "smallest")
    voice_settings = speaks(voice="sophia")
    wrong_settings = speaks(options={"speed": 9})


class TestSonioxVoice(Speaker):
    plugin = plugin("voice", "soniox")
    voice_settings = speaks(voice="Adrian")
    wrong_settings = speaks(options={"speed": 9})


class TestInworld(Speaker):
    plugin = plugin("voice", "inworld")
    voice_settings = speaks(voice="Ashley")
    wrong_settings = speaks(options={"speed": 9})


class TestGoogleVoice(Speaker):
    plugin = plugin("voice", "google")
    vendors = staticmethod(google.voice)
    voice_settings = speaks(voice="en-US-Chirp3-HD-Aoede")
    wrong_settings = speaks(voice="Nobody")


class TestPolly(Speaker):
    plugin = plugin("voice", "polly")
    voice_settings = speaks(voice="Joanna", options={"engine": "neural"})
    wrong_settings = speaks(options={"engine": "steam"})


class TestMaya(Speaker):
    plugin = plugin("voice", "maya")
    voice_settings = speaks(voice="ananya")
    wrong_settings = speaks(voice="nobody")


class TestVoiceAtAnEndpoint(Speaker):
    plugin = plugin("voice", "custom")
    voice_settings = speaks(voice="desk", model="house-voice")
    wrong_settings = speaks(options={"speed": 9})


class TestStyleTTS(Speaker):
    plugin = plugin("voice", "styletts")
    voice_settings = speaks(voice="rachel")
    wrong_settings = speaks(options={"speed": 9})


class TestKalpa(Speaker):
    plugin = plugin("voice", "kalpa")
    voice_settings = speaks(voice="Arjun")
    wrong_settings = speaks(options={"instructions": 9})


class TestGeminiVoice(Speaker):
    plugin = plugin("voice", "gemini")
    voice_settings = speaks(voice="Kore", model="gemini-2.5-flash-tts", options={"style": "calm"})
    wrong_settings = speaks(voice="Nobody")


class TestPixaVoice(Speaker):
    plugin = plugin("voice", "pixa")
    voice_settings = speaks(voice="luna")
    wrong_settings = speaks(options={"top_p": 9})


SUITES: list[type[Recogniser] | type[Speaker]] = [
    suite
    for base in (Recogniser, PostedRecogniser, Speaker)
    for suite in base.__subclasses__()
    if suite is not PostedRecogniser
]


def test_each_vendor_is_judged_by_its_suite() -> None:
    judged = {f"{suite.plugin.kind} {suite.plugin.name}" for suite in SUITES}
    assert judged == {f"{one.kind} {one.name}" for one in VENDORS}


@pytest.mark.parametrize("share", range(4))
@pytest.mark.parametrize("fault", [Fault.HANG, Fault.TRICKLE])
async def test_a_vendor_that_keeps_us_waiting_has_failed_soon(fault: Fault, share: int) -> None:
    suites = SUITES[share::4]
    if not library.is_installed("azure.STT"):
        suites = [suite for suite in suites if suite is not TestAzureRecogniser]
    for suite in suites:
        if suite.plugin.preload is not None:
            # The imports of one suite would count as another's waiting.
            suite.plugin.preload()
    # Each meeting listens to the log and sets its level back: the one outside sees to it that the last to end leaves it as it was.
    with Log():
        ends = await asyncio.gather(*(suite().meet(fault) for suite in suites), return_exceptions=True)
    failed = {suite.__name__: end for suite, end in zip(suites, ends, strict=True) if end is not None}
    assert not failed


@asynccontextmanager
async def voice_of(name: str, vendors: SpeechVendors) -> AsyncIterator[CloudVoice]:
    context = PluginContext({"speech_addresses": vendors.addresses(name)}, Path("/nonexistent"))
    made: CloudVoice = plugin("voice", name).factory(context)
    try:
        yield made
    finally:
        if isinstance(made, Closable):
            await made.aclose()
        await context.shared.aclose()


@asynccontextmanager
async def recogniser_of(name: str, vendors: SpeechVendors) -> AsyncIterator[CloudTranscriber]:
    context = PluginContext({"speech_addresses": vendors.addresses(name)}, Path("/nonexistent"))
    try:
        yield plugin("transcriber", name).factory(context)
    finally:
        await context.shared.aclose()


async def said(voice: Voice, settings: VoiceSettings, text: str = "See you on Tuesday at ten.") -> list[VoiceChunk]:
    return [chunk async for chunk in voice.speak(text, settings)]


SOCKETS = ("elevenlabs", "cartesia", "sarvam", "deepgram", "smallest", "soniox", "inworld")
"""Voices over websockets that are kept."""


@pytest.mark.parametrize(
    ("key", "kind"),
    [(speech.BREAKING, FailureKind.BROKEN_STREAM), (speech.SILENT, FailureKind.UNAVAILABLE)],
    ids=["breaks off", "silent"],
)
async def test_voices_that_break_off_or_say_nothing_fail(key: str, kind: FailureKind) -> None:
    await asyncio.gather(*(fails(name, key, kind) for name in ("elevenlabs", "cartesia", "sarvam")))


async def fails(name: str, key: str, kind: FailureKind) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice, asyncio.timeout(15):
        with pytest.raises(ProviderError) as caught:
            await said(voice, spoken_by(name, key))
    assert (caught.value.kind, caught.value.provider) == (kind, name)
    assert key not in told(caught.value)


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


async def fed(stream: Any, text: str) -> None:
    """Plays the text and a second of silence to a stream, no faster than answers come back."""
    for frame in frames_of(spoken(text) + bytes(16_000)):
        stream.feed(frame)
        await asyncio.sleep(0.001)


@asynccontextmanager
async def stream_of(
    name: str, heard: Heard, settings: TranscriberSettings, run_vendors: Any = speech_vendors
) -> AsyncIterator[tuple[Any, SpeechVendors]]:
    """A stream of the recogniser ``name``, and the vendors that it reaches."""
    async with run_vendors() as vendors, recogniser_of(name, vendors) as recogniser:
        stream = await recogniser.open(settings, heard)
        try:
            yield stream, vendors
        finally:
            await stream.aclose()


google_stream = partial(stream_of, "google", run_vendors=google.recogniser)
gemini_stream = partial(stream_of, "gemini")


async def test_googles_newer_models_are_heard_over_the_newer_interface() -> None:
    heard = Heard()
    async with google_stream(heard, hears(model="chirp_2")) as (stream, _):
        await fed(stream, "yes at ten")
        await heard.until(("yes", "at", "ten"))


async def test_a_stream_that_grew_too_old_for_google_goes_on_at_the_same_position(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grpc_client, "SHORTEST_STREAM_MS", 0)
    heard = Heard()
    async with google_stream(heard, hears(google.ENDING)) as (stream, vendors):
        await fed(stream, "yes at ten")
        await until(lambda: len(vendors.visits) > 1)
        await fed(stream, "or at four")
        await heard.until(("yes", "ten", "or", "four"))
        assert len(spoken("yes at ten")) // 16 + 1_000 < heard.finals[-1][2]


@needs_azure
async def test_azures_sdk_occupies_no_thread_of_the_process_where_the_server_says_no_goodbye() -> None:
    async with speech_vendors() as vendors, recogniser_of("azure", vendors) as recogniser:
        stream = await recogniser.open(hears(speech.SILENT), Heard())
        await fed(stream, "yes at ten")
        await stream.aclose()
        async with asyncio.timeout(5):
            await asyncio.get_running_loop().shutdown_default_executor()


async def test_what_an_agent_asks_for_reaches_googles_voice_and_each_call_has_its_own_token() -> None:
    async with google.voice() as vendors, voice_of("google", vendors) as voice:
        wanted = speaks(voice="hi-IN-Chirp3-HD-Aoede", language="hi", options={"speed": 1.25})
        for _ in range(2):
            await said(voice, wanted, "Tea & cake.")
        assert voice.clients == 1
        (config, words), _ = (visit.messages for visit in vendors.visits)
    assert config == {"voice": "hi-IN-Chirp3-HD-Aoede", "language": "hi-IN", "rate": 8_000, "speed": 1.25}
    assert words["text"] == "Tea & cake."


async def test_a_key_of_google_that_signs_nothing_is_refused_by_its_voice() -> None:
    secret = "canary-no-key-of-google"
    keys = {**json.loads(google.credentials(speech.GOOD)), "private_key": secret}
    wanted = VoiceSettings(access=Access({"GOOGLE_APPLICATION_CREDENTIALS_JSON": json.dumps(keys)}))
    async with google.voice() as vendors, voice_of("google", vendors) as voice:
        with pytest.raises(ProviderError) as caught:
            await said(voice, wanted)
        await voice.warm(wanted)
    assert caught.value.kind is FailureKind.REFUSED
    assert secret not in told(caught.value)


async def test_a_google_that_ends_every_stream_at_once_is_not_asked_time_and_again() -> None:
    heard = Heard()
    async with google_stream(heard, hears(google.ENDING)) as (stream, vendors):
        await fed(stream, "yes at ten")
        await heard.until_failed()
        assert len(vendors.visits) == 1
    assert heard.failure is not None
    assert heard.failure.kind is FailureKind.BROKEN_STREAM


@pytest.mark.parametrize("name", SOCKETS)
async def test_a_connection_that_died_between_two_clauses_is_replaced_unheard(name: str) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        first = await said(voice, spoken_by(name))
        vendors.hang_up()
        await until(lambda: not vendors.open_visits())
        second = await said(voice, spoken_by(name))
    assert sum(len(chunk.pcm) for chunk in first) == sum(len(chunk.pcm) for chunk in second)


@pytest.mark.parametrize("name", ["elevenlabs", "cartesia"])
async def test_clauses_of_a_key_share_a_client_and_no_other_key_does(name: str) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        for settings in (speaks(), speaks(), speaks(voice="v-2"), replace(speaks(), access=access("another-key"))):
            await said(voice, settings)
        assert voice.clients == 3
        assert {visit.key for visit in vendors.visits} == {speech.GOOD, "another-key"}


async def test_a_voice_that_is_closed_while_it_speaks_tells_the_vendor() -> None:
    async with speech_vendors() as vendors, voice_of("elevenlabs", vendors) as voice:
        await said(voice, speaks())
        clause = voice.speak("See you on Tuesday at ten. " * 10, speaks())
        await anext(aiter(clause))
        await clause.aclose()  # type: ignore[attr-defined]
        await until(lambda: any(one.get("close_context") for one in vendors.visits[0].messages[-2:]))


async def test_words_with_marks_of_markup_are_spoken_as_they_are() -> None:
    said_text = "Tea & cake < 5 euros > 3."
    async with speech_vendors() as vendors, voice_of("azuretts", vendors) as voice:
        await said(voice, spoken_by("azuretts"), said_text)
        assert vendors.visits[0].texts == [said_text]


@pytest.mark.parametrize("region", ["127.0.0.1:80/x?", "evil.example.org/", "EAST US", ""])
async def test_a_region_that_would_name_another_host_is_refused(region: str) -> None:
    for name in ("azuretts", "polly"):
        voice = plugin("voice", name).factory(PluginContext({}, Path("/nonexistent")))
        keys = {key: region if key.endswith("REGION") else "k-1" for key in KEY_NAMES}
        with pytest.raises(ProviderError) as caught:
            voice.check(VoiceSettings(voice="Jenny", access=Access(keys)))
        assert caught.value.kind is FailureKind.REFUSED


async def spoken_at(name: str, keys: dict[str, str], **settings: Any) -> list[VoiceChunk]:
    """What a voice says whose address the account stored. Private networks are open to it."""
    context = PluginContext({"allow_private_urls": "1"}, Path("/nonexistent"))
    made: HttpVoice = plugin("voice", name).factory(context)
    try:
        return [chunk async for chunk in made.speak("Yes.", VoiceSettings(access=Access(keys), **settings))]
    finally:
        await context.shared.aclose()


async def test_bodhi_is_configured_once_before_any_audio_and_tells_where_words_end() -> None:
    heard = Heard()
    options = {"keywords": "Callwright:2, Turin", "numerals": True}
    async with speech_vendors() as vendors, recogniser_of("bodhi", vendors) as recogniser:
        stream = await recogniser.open(hears(endpointing_ms=3_000, options=options), heard)
        await fed(stream, "yes at ten")
        await heard.until(("yes", "ten"))
        await stream.aclose()
        (visit,) = vendors.visits
    config, goodbye = visit.messages
    assert len(config["config"].pop("transaction_id")) == 36
    assert config["config"] == {
        "model": "hi-general-v2-8khz",
        "sample_rate": 8_000,
        "endpoint_silence_duration": 1.2,
        "parse_number": True,
        "hotwords": [{"phrase": "Callwright", "score": 2.0}, {"phrase": "Turin"}],
    }
    assert goodbye == {"eof": 1}
    assert {name.lower() for name in visit.headers} >= {"x-api-key", "x-customer-id"}
    # The end of the last word, not of the silence after it.
    assert 0 < heard.finals[-1][2] <= len(spoken("yes at ten")) // 16


@pytest.mark.parametrize(("code", "kind"), [(401, FailureKind.REFUSED), (402, FailureKind.LIMIT)])
def test_bodhi_tells_a_failure_in_a_message(code: int, kind: FailureKind) -> None:
    (row,) = (one for one in VENDORS if one.name == "bodhi")
    wire = row.clients[0].wire
    assert wire is not None
    read = wire.reader({})
    with pytest.raises(SocketStatusError) as caught:
        list(read({"error": "bodhi_error", "message": "no", "code": code}))
    assert failure("bodhi", caught.value, begun=True).kind is kind
    assert not [event for told in ({}, {"type": "partial"}, {"type": "other", "text": "x"}) for event in read(told)]


async def heard_at(server: LocalServer) -> Heard:
    """What a recogniser hears of one utterance at an address that the account stored."""
    heard = Heard()
    context = PluginContext({"allow_private_urls": "1"}, Path("/nonexistent"))
    recogniser: CloudTranscriber = plugin("transcriber", "bolna").factory(context)
    keys = Access({"BOLNA_TRANSCRIBER_API_BASE": f"{server.url}/v1"})
    options = {"keywords": "Callwright:2, Turin", "context": "A clinic."}
    stream = await recogniser.open(TranscriberSettings("multi-hi", options=options, access=keys), heard)
    stream.activity(True, 0)
    for frame in frames_of(spoken("yes at ten")):
        stream.feed(frame)
    stream.activity(False, 0)
    await until(lambda: bool(heard.finals) or heard.failure is not None)
    await stream.aclose()
    await context.shared.aclose()
    return heard


async def test_an_utterance_is_sent_as_a_form_with_what_the_agent_hints_at() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(200, b'{"text": " Yes, at ten. "}', content_type="application/json")

    async with serving(answer) as server:
        heard = await heard_at(server)
        (asked,) = server.requests
    assert [(segment, text) for segment, text, _ in heard.finals] == [(1, "Yes, at ten.")]
    assert (asked.target, "authorization" in asked.headers) == ("/v1/audio/transcriptions", False)
    for name, value in {"model": "bolna-asr-1", "language": "hi", "prompt": "A clinic. Callwright, Turin"}.items():
        assert f'form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() in asked.body
    assert write_wav(spoken("yes at ten")) in asked.body


@pytest.mark.parametrize("body", [b"yes at ten", b"[]", b'{"text": null}', b'{"words": "yes"}'])
async def test_an_answer_without_words_is_a_failure_and_what_was_heard_is_billed(body: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(200, body, content_type="application/json")

    async with serving(answer) as server:
        heard = await heard_at(server)
    assert heard.failure is not None
    assert heard.failure.kind is FailureKind.BROKEN_STREAM
    assert sum(used.amount for used in heard.used) > 0


async def test_gemini_is_asked_for_a_transcript_of_each_utterance() -> None:
    heard = Heard()
    async with speech_vendors() as vendors, recogniser_of("gemini", vendors) as recogniser:
        stream = await recogniser.open(hears(model="gemini-2.5-flash", language="te"), heard)
        stream.activity(True, 0)
        await fed(stream, "yes at ten")
        stream.activity(False, 0)
        await heard.until(("yes", "ten"))
        stream.close_utterance(4_000)
        # A sound without words.
        stream.activity(True, 0)
        await fed(stream, "")
        stream.activity(False, 0)
        await until(lambda: heard.finals[-1][1] == "")
        await stream.aclose()
    assert {visit.path for visit in vendors.visits} == {"/v1beta/models/gemini-2.5-flash:generateContent"}
    assert "in the language te" in vendors.visits[0].messages[0]["instruction"]
    assert {used.model for used in heard.used} == {"gemini-2.5-flash"}
    # The seconds that were sent, not those of the call.
    assert sum(used.amount for used in heard.used) * 16 == sum(visit.audio_bytes for visit in vendors.visits)


async def test_a_call_in_which_nobody_speaks_costs_nothing_at_a_vendor_that_is_sent_utterances() -> None:
    heard = Heard()
    async with speech_vendors() as vendors, recogniser_of("gemini", vendors) as recogniser:
        stream = await recogniser.open(hears(model="gemini-2.5-flash"), heard)
        await fed(stream, "")
        await stream.aclose()
    assert [(used.model, used.amount) for used in heard.used] == [("gemini-2.5-flash", 0)]


async def test_what_an_agent_asks_for_reaches_the_live_api() -> None:
    heard = Heard()
    wanted = hears(model="gemini-3.5-transcribe-live", language="hi-IN", endpointing_ms=400, keywords=("Turin:2",))
    async with gemini_stream(heard, wanted) as (stream, vendors):
        await fed(stream, "yes at ten")
        await heard.until(("yes", "ten"))
        (visit,) = vendors.visits
    assert visit.query == {}
    assert visit.messages[0]["setup"] == {
        "model": "models/gemini-3.5-transcribe-live",
        "generationConfig": {"responseModalities": ["TEXT"]},
        "inputAudioTranscription": {"languageCodes": ["hi-IN"], "customVocabulary": ["Turin"]},
        "realtimeInputConfig": {"automaticActivityDetection": {"silenceDurationMs": 400}},
    }
    assert {used.model for used in heard.used} == {"gemini-3.5-transcribe-live"}


async def test_a_model_that_converses_is_asked_by_the_apis_name_and_for_hardly_an_answer() -> None:
    heard = Heard()
    async with gemini_stream(heard, hears(model="gemini-live-2.5-flash", language="multi")) as (stream, vendors):
        await fed(stream, "yes at ten")
        await heard.until(("yes", "ten"))
        setup = vendors.visits[0].messages[0]["setup"]
    assert setup["model"] == "models/gemini-2.5-flash-native-audio-preview-12-2025"
    assert setup["generationConfig"] == {"responseModalities": ["AUDIO"], "maxOutputTokens": 16}
    assert (setup["inputAudioTranscription"], "systemInstruction" in setup) == ({"languageCodes": []}, True)
    assert heard.text.split() == ["yes", "at", "ten"]
    assert {used.model for used in heard.used} == {"gemini-2.5-flash-native-audio-preview-12-2025"}


@pytest.mark.parametrize("model", ["gemini-3.5-transcribe-live", "gemini-live-2.5-flash"])
async def test_a_session_that_is_told_to_go_is_followed_by_another_without_a_word_lost(model: str) -> None:
    heard = Heard()
    async with gemini_stream(heard, hears(gemini.LEAVING, model=model)) as (stream, vendors):
        for frame in frames_of(bytes(SHORTEST_STREAM_MS * 16)):
            stream.feed(frame)
            await asyncio.sleep(0.001)
        await fed(stream, "yes at ten")
        await fed(stream, "or at four")
        await heard.until(("yes", "ten", "or", "four"))
        assert [visit.closed for visit in vendors.visits] == [True, False]
    assert heard.failure is None


@pytest.mark.parametrize("model", ["gemini-3.5-transcribe-live", "gemini-live-2.5-flash"])
async def test_what_a_session_that_goes_in_mid_speech_did_not_report_is_heard_by_the_next(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(socket_client, "SHORTEST_STREAM_MS", 0)
    heard = Heard()
    async with gemini_stream(heard, hears(gemini.LEAVING_UNHEARD, model=model)) as (stream, vendors):
        await fed(stream, "yes at ten or at four")
        await heard.until(("yes", "four"))
        assert [visit.closed for visit in vendors.visits] == [True, False]
    assert heard.text == "yes at ten or at four"


@pytest.mark.parametrize("model", ["gemini-3.5-transcribe-live", "gemini-live-2.5-flash"])
async def test_words_so_far_of_a_session_that_ends_in_mid_speech_stay(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(socket_client, "SHORTEST_STREAM_MS", 0)
    heard = Heard()
    async with gemini_stream(heard, hears(gemini.TOO_OLD, model=model)) as (stream, vendors):
        await fed(stream, "yes at ten or at four")
        await heard.until(("yes", "ten", "four"))
        assert [visit.closed for visit in vendors.visits] == [True, False]
    segment, text, _ = heard.finals[0]
    assert (segment, text.split()[0]) == (1, "yes")
    assert heard.failure is None


async def test_a_live_api_that_ends_every_session_at_once_is_not_asked_time_and_again() -> None:
    heard = Heard()
    async with gemini_stream(heard, hears(gemini.LEAVING)) as (stream, vendors):
        await fed(stream, "yes at ten")
        await heard.until_failed()
        assert len(vendors.visits) == 1
    assert heard.failure is not None
    assert heard.failure.kind is FailureKind.BROKEN_STREAM


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (hears(gemini.WRONG), FailureKind.REFUSED),
        (hears(model="gemini-9-live"), FailureKind.BAD_REQUEST),
        (hears(model="gemini-2.5-flash-native-audio-latest"), FailureKind.BAD_REQUEST),
    ],
    ids=["key", "model", "another model"],
)
async def test_what_the_live_api_refuses_by_closing_is_one_of_the_kinds(
    settings: TranscriberSettings, kind: FailureKind
) -> None:
    async with speech_vendors() as vendors, recogniser_of("gemini", vendors) as recogniser:
        with pytest.raises(ProviderError) as caught:
            await recogniser.open(settings, Heard())
    assert caught.value.kind is kind


async def test_words_that_the_live_api_repeats_after_they_were_final_are_no_new_words() -> None:
    heard = Heard()
    async with gemini_stream(heard, hears(gemini.LATE_WORDS)) as (stream, _):
        await fed(stream, "yes at ten")
        await heard.until(("yes", "ten"))
        reports = heard.reports
        await fed(stream, "")
        assert heard.reports == reports
        await fed(stream, "or at four")
        await heard.until(("or", "four"), after=1)


@pytest.mark.parametrize(
    ("final", "so_far", "reported"),
    [
        ("See you on Tuesday.", "see you on Tuesday,and then", "and then"),
        ("See you on Tuesday.", "See you on Wednesday", "See you on Wednesday"),
        ("Yes.", "Yes, please", "Yes, please"),
    ],
)
def test_new_words_of_the_live_api_stay_whatever_it_repeats_before_them(final: str, so_far: str, reported: str) -> None:
    (row,) = (one for one in VENDORS if one.kind == "transcriber" and one.name == "gemini")
    wire = row.client("gemini-3.5-transcribe-live").wire
    assert wire is not None
    read = wire.reader({"model": "gemini-3.5-transcribe-live"})
    contents: list[dict[str, Any]] = [
        {"inputTranscription": {"text": final}},
        {"interimInputTranscription": {"text": so_far}},
        {"turnComplete": True},
    ]
    events = [event for content in contents for event in read({"serverContent": content})]
    # What was never made final is so at the end of the turn.
    expected = [("final_transcript", final), ("interim_transcript", reported), ("final_transcript", reported)]
    assert [(event.type.value, event.alternatives[0].text) for event in events] == expected


@pytest.mark.parametrize("model", ["gemini-3.5-transcribe-live", "gemini-live-2.5-flash"])
async def test_the_rest_of_a_turn_that_was_taken_belongs_to_it(model: str) -> None:
    heard = Heard()
    async with gemini_stream(heard, hears(model=model)) as (stream, _):
        said = spoken("yes at ten ")
        for frame in frames_of(said):
            stream.feed(frame)
            await asyncio.sleep(0.001)
        await until(lambda: heard.reports >= 2)
        stream.close_utterance(len(said) // 16)
        for frame in frames_of(bytes(3_200)):
            stream.feed(frame)
        await heard.until(("yes", "ten"))
        await fed(stream, "or at four")
        await heard.until(("or", "four"), after=1)
    assert [segment for segment, _, _ in heard.finals] == [1, 2]


@pytest.mark.parametrize(
    ("model", "modality"),
    [("gemini-3.5-transcribe-live", "TEXT"), ("gemini-2.5-flash-native-audio-preview-12-2025", "AUDIO")],
)
async def test_googles_own_client_is_heard_by_the_live_api_of_these_tests(
    model: str, modality: str, tmp_path: Path
) -> None:
    certificates = make_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates.ours)
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(certificates.authority)
    trusts = {"ssl": trusted}
    async with serving_vendors(gemini.ROUTES, tls) as vendors:
        options = genai.types.HttpOptions(base_url=vendors.origin, async_client_args=trusts)
        client = genai.Client(api_key=speech.GOOD, http_options=options)
        config = {"response_modalities": [modality], "input_audio_transcription": {}}
        async with client.aio.live.connect(model=model, config=config) as session, asyncio.timeout(10):
            pcm = StreamResampler(8_000, 16_000).feed(spoken("yes at ten ") + bytes(16_000))
            await session.send_realtime_input(audio=genai.types.Blob(data=pcm, mime_type="audio/pcm;rate=16000"))
            await session.send_realtime_input(audio_stream_end=True)
            words = ""
            async for answer in session.receive():
                told = answer.server_content and answer.server_content.input_transcription
                words += told.text if told else ""
                if "ten" in words:
                    break
        assert words.split() == ["yes", "at", "ten"]


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000])
async def test_a_voice_at_an_endpoint_is_heard_at_the_rate_of_its_file(rate_hz: int) -> None:
    file = write_wav(bytes(rate_hz * 2), rate_hz=rate_hz)

    async def answer(exchange: Exchange) -> None:
        assert "authorization" not in exchange.request.headers
        await exchange.answer(200, file, content_type="audio/wav")

    async with serving(answer) as server:
        chunks = await spoken_at("custom", {"CUSTOM_VOICE_API_BASE": f"{server.url}/v1"})
    assert sum(len(chunk.pcm) for chunk in chunks) == 16_000
    assert server.requests[0].target == "/v1/audio/speech"


@pytest.mark.parametrize(
    "body",
    [b"", b"ID3 and so on" * 900, write_wav(bytes(800), 2), write_wav(bytes(800), rate_hz=191_999), b"RIFF" * 2_000],
    ids=["nothing", "mp3", "stereo", "odd rate", "no audio"],
)
async def test_an_endpoint_that_answers_with_something_else_than_a_wav_file_fails(body: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(200, body, content_type="audio/wav")

    async with serving(answer) as server:
        with pytest.raises(ProviderError) as caught:
            await spoken_at("kalpa", {"KALPA_API_BASE": server.url})
    assert caught.value.kind is FailureKind.BROKEN_STREAM


async def test_a_stored_address_that_leads_into_a_private_network_is_not_reached() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(200, b"")

    context = PluginContext({"speech_addresses": "maya=http://127.0.0.1:9"}, Path("/nonexistent"))
    async with serving(answer) as server:
        # 127.0.0.1 as a number: what is written is no address, so that only the connection can be refused.
        url = server.url.replace("127.0.0.1", "2130706433")
        made: HttpVoice = plugin("voice", "kalpa").factory(context)
        with pytest.raises(ProviderError) as caught:
            [chunk async for chunk in made.speak("Yes.", VoiceSettings(access=Access({"KALPA_API_BASE": url})))]
        await context.shared.aclose()
        assert server.requests == []
    assert caught.value.kind is FailureKind.BAD_REQUEST
    assert "private or reserved" in caught.value.message


async def test_a_wrong_key_of_gemini_is_a_refusal_although_it_says_400() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(400, b'{"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}')

    async with serving(answer) as server:
        context = PluginContext({"speech_addresses": f"gemini={server.url}"}, Path("/nonexistent"))
        made: HttpVoice = plugin("voice", "gemini").factory(context)
        with pytest.raises(ProviderError) as caught:
            await said(made, speaks(voice="Kore"))
        await context.shared.aclose()
    assert caught.value.kind is FailureKind.REFUSED


async def test_a_throttled_request_that_says_so_with_400_is_a_limit() -> None:
    async with speech_vendors() as vendors, voice_of("polly", vendors) as voice:
        with pytest.raises(ProviderError) as caught:
            await said(voice, speaks(voice="Throttled"))
    assert caught.value.kind is FailureKind.LIMIT


LISTED = {
    "elevenlabs": [("21m00Tcm4TlvDq8ikWAM", "Rachel", ("en", "hi"), False), ("own-1", "Front desk", (), True)],
    "cartesia": [
        ("a0e99841-438c-4a64-b679-ae501e7d6091", "Nila", ("en",), False),
        ("own-2", "Own", ("hi",), True),
    ],
    "deepgram": [("aura-2-thalia-en", "Thalia", ("en",), False)],
    "azuretts": [("en-IN-NeerjaNeural", "Neerja", ("en",), False)],
    "rime": [("astra", "Astra", ("en",), False), ("luna", "Luna", ("hi",), False)],
    "smallest": [("sophia", "Sophia", ("en", "hi"), False)],
    "inworld": [("Ashley", "Ashley", ("en",), False)],
    "google": [
        ("en-US-Chirp3-HD-Aoede", "Aoede", ("en",), False),
        ("hi-IN-Neural2-B", "B", ("hi",), False),
    ],
    "polly": [("Kajal", "Kajal", ("en", "hi"), False)] * 2,
}


@pytest.mark.parametrize("name", sorted(CATALOGUES))
async def test_a_vendors_list_of_voices_is_read_page_by_page(name: str) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        offers = await voice.voices(access())
    assert [(one.voice_id, one.name, one.languages, one.custom) for one in offers] == LISTED[name]
    assert all(one.model for one in offers)


@pytest.mark.parametrize("name", sorted(CATALOGUES))
@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (speech.REFUSED, FailureKind.REFUSED),
        (speech.LIMITED, FailureKind.LIMIT),
        (speech.FAILING, FailureKind.UNAVAILABLE),
    ],
    ids=["401", "429", "500"],
)
async def test_a_list_that_a_vendor_refuses_is_one_of_the_kinds(name: str, key: str, kind: FailureKind) -> None:
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        with pytest.raises(ProviderError) as caught:
            await voice.voices(access(key))
    assert caught.value.kind is kind
    assert key not in told(caught.value)


@pytest.mark.parametrize(
    ("name", "voice_id", "named"), [("elevenlabs", "shared-1", "Ferry"), ("cartesia", "shared-2", "Harbour")]
)
async def test_a_vendor_is_asked_for_one_voice_by_its_id(name: str, voice_id: str, named: str) -> None:
    assert plugin("voice", name).imports_voices
    async with speech_vendors() as vendors, voice_of(name, vendors) as voice:
        offer = await voice.voice(voice_id, access())
        assert (offer.voice_id, offer.name, offer.custom) == (voice_id, named, True)
        for unknown in ("nobody", "../voices", "a/b"):
            with pytest.raises(ProviderError) as caught:
                await voice.voice(unknown, access())
            assert caught.value.kind is FailureKind.BAD_REQUEST
        with pytest.raises(ProviderError) as caught:
            await voice.voice(voice_id, access(speech.REFUSED))
        assert caught.value.kind is FailureKind.REFUSED


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


def test_a_server_that_lacks_the_clients_and_the_key_is_told_of_both_the_package_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library, "is_installed", lambda _: False)
    voice = plugin("voice", "elevenlabs").factory(PluginContext({}, Path("/nonexistent")))
    with pytest.raises(MissingError) as caught:
        voice.check(VoiceSettings(voice="v-1"))
    assert caught.value.lack is LackKind.NO_EXTRA
    assert caught.value.reason == "lacks the clients of cloud speech, and has no key"
    assert caught.value.remedy.startswith('make cloud, then POST /providers {"provider_name": "ELEVENLABS"')
    with pytest.raises(MissingError) as with_key:
        voice.check(speaks())
    assert with_key.value.remedy == "make cloud"
    azure = plugin("transcriber", "azure").factory(PluginContext({}, Path("/nonexistent")))
    with pytest.raises(MissingError) as with_sdk:
        azure.check(hears())
    assert with_sdk.value.remedy == "make cloud, then pip install azure-cognitiveservices-speech"


def test_an_installed_wheel_names_its_own_list_of_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert library.install_command() == "make cloud"
    monkeypatch.setattr(library, "REQUIREMENTS", tmp_path / "requirements.txt")
    (tmp_path / "requirements.txt").touch()
    assert library.install_command() == 'pip install --no-deps -r "$(callwright providers --requirements)"'


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
print(gc.isenabled(), gc.get_freeze_count() > 50_000, round(sys.getswitchinterval(), 3))
"""


LOADED_BY_MANY_CALLS = """
import asyncio
from callwright.providers.cloud import library

async def call(after_s):
    await asyncio.sleep(after_s)
    parts = await library.framework()
    return parts.options, await library.client_class("deepgram.STT"), await library.client_class("cartesia.TTS")

async def main():
    return await asyncio.gather(*(call(number / 50) for number in range(40)))

print(len(set(asyncio.run(main()))))
"""


def loaded(script: str) -> list[str]:
    """What a process of its own prints."""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    return run.stdout.splitlines()


def test_a_server_that_uses_no_vendor_imports_nothing_of_their_clients() -> None:
    assert loaded(LOADED_BY_A_PLATFORM) == ["[]"]


def test_calls_that_begin_while_the_clients_are_imported_wait_for_them() -> None:
    assert loaded(LOADED_BY_MANY_CALLS) == ["1"]


def test_what_a_call_imports_is_frozen_and_holds_nothing_that_was_left_out() -> None:
    assert loaded(LOADED_BY_A_CALL) == ["[]", "True True 0.005"]


SAMPLES: dict[str, Any] = {
    "keywords": "Callwright:2, Turin",
    "language_hints": ["en", "hi"],
    "emotion": "calm",
    "noise_reduction": True,
    "context": "A clinic.",
    "instructions": "Speak calmly.",
    "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "d-1", "version_id": "1"}],
    "pronunciation_dict_id": "d-1",
    "lexicon_uri": "https://example.org/lexicon.xml",
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
    [
        (one, model)
        for one in VENDORS
        for model in sorted(models_of(one))
        if library.is_installed(one.clients[0].name) and not one.clients[0].own
    ],
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
    key = private_key_of(CREDENTIALS) if vendor.name == "google" else "k1"
    context = PluginContext({}, Path("/nonexistent"))
    bridge = Bridge(vendor, context)
    order = bridge.order(
        model, {"voice": SPEAKERS.get(model, "Nila"), **given}, Access(dict.fromkeys(vendor.all_keys, key))
    )
    client = (await bridge.made(order)).client
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
