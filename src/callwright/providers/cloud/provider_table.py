"""The vendors of speech: which client speaks to each, which provider keys it is reached with, and which settings of an agent it is sent.

``docs/reference/cloud-speech.md`` is made from this table. A client is a class of a plugin package, as ``package.Class``; its arguments are
what is sent. Where an agent says nothing and a row has no default, the vendor's own default holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callwright.domain.fields import Fields
from callwright.domain.settings.kinds import SWITCH, number, text, texts, whole
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.domain.settings.provider_option import as_it_is, default_model
from callwright.domain.settings.setting import Kind
from callwright.providers.cloud.languages import bare, indian, longer, nova, regional

TRANSCRIBER, VOICE = "transcriber", "voice"

Shape = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Client:
    """How a vendor is spoken to. ``fixed``: arguments of every call; ``addresses``: arguments that are addresses, with the vendor's own;
    ``objects``: arguments that are objects of a class; ``shape`` makes the arguments of those that the settings give; ``models``: the
    beginnings of the models that have this client, empty for the rest.

    ``rate_hz``: of the audio. ``takes_session``: whether it is given the process's own HTTP session. ``ends_turns``: its end of speech is
    more than a pause. ``flushes``: it is asked to finish its text when a turn was taken.
    """

    name: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = as_it_is
    models: tuple[str, ...] = ()
    rate_hz: int = 8_000
    takes_session: bool = True
    ends_turns: bool = False
    flushes: bool = False


@dataclass(frozen=True, slots=True)
class Vendor:
    """One recogniser or voice. ``keys``: names of provider keys, the first that is stored counts; ``read_key`` makes the
    argument of it. ``more_keys``: arguments that are read from other provider keys."""

    kind: str
    name: str
    summary: str
    keys: tuple[str, ...]
    clients: tuple[Client, ...]
    options: tuple[Option, ...]
    key_argument: str = "api_key"
    read_key: Callable[[str], Any] = as_it_is
    more_keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model of an agent that names none."""
        return default_model(self.options)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Every provider key it asks for."""
        return (*self.keys, *self.more_keys.values())

    def client(self, model: str) -> Client:
        """The client for a model."""
        return next(one for one in self.clients if not one.models or model.startswith(one.models))


WORDS = texts("a list, or a text with commas")
NAME = text(200)


def word_list(given: Any) -> list[str]:
    """``keywords`` as a list, without the boosts behind colons."""
    return [word for word, _ in boosted(given)]


def boosted(given: Any) -> list[tuple[str, float]]:
    """``keywords`` with their boosts, 1 where there is none."""
    parts = given.split(",") if isinstance(given, str) else given
    pairs = (str(part).strip().partition(":") for part in parts)
    return [(word.strip(), _boost(boost)) for word, _, boost in pairs if word.strip()]


def _boost(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return 1.0


def seconds(ms: float) -> float:
    """Milliseconds in seconds."""
    return ms / 1000


def _pause(least_s: float, most_s: float) -> Callable[[float], float]:
    return lambda ms: min(most_s, max(least_s, ms / 1000))


def _model(default: str, *, models: tuple[str, ...] = ()) -> Option:
    return Option("model", "model", NAME, default, models)


def _speed(sent_as: str, least: float, most: float) -> Option:
    return Option("speed", sent_as, number(least, most))


def _read_noise(given: Fields, name: str) -> str:
    value = given.raw(name)
    if isinstance(value, bool):
        # A handset is near its microphone.
        return "near_field" if value else ""
    return given.choice(name, "", ("near_field", "far_field"))


_NOISE = Kind("true, false, near_field or far_field", {}, _read_noise)
PAUSE_MS = whole(0, 10_000)
FLUX = ("flux",)
UNENDED = ("gpt-realtime-whisper", "gpt-live")
"""Models that end no sentence by themselves."""
KEYTERMS = ("flux", "nova-3")


def _aura(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The vendor has a model for each voice."""
    voice, model = str(given.get("voice", "")), str(given.get("model", ""))
    others = {name: value for name, value in given.items() if name not in ("voice", "model")}
    if voice.startswith("aura"):
        return {**others, "model": voice}
    if voice and model.count("-") < 2:
        return {**others, "model": f"{model or 'aura-2'}-{voice.lower()}-en"}
    return {**others, "model": model or "aura-2-thalia-en"}


def _neural(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The vendor's names of voices hold language and model."""
    given = dict(given)
    voice, model = given.get("voice", ""), given.pop("model", "") or "neural"
    if voice and "-" not in voice:
        given["voice"] = f"{given['language']}-{voice.removesuffix('Neural')}{model.capitalize()}"
    return given


_ELEVENLABS_KEYS = ("ELEVENLABS", "ELEVENLABS_API_KEY")
_DEEPGRAM_KEYS = ("DEEPGRAM", "DEEPGRAM_API_KEY")
_OPENAI_KEYS = ("OPENAI", "OPENAI_API_KEY")
_SARVAM_KEYS = ("SARVAM", "SARVAM_API_KEY")
_AZURE_KEYS = ("AZURE_SPEECH_KEY",)
_AZURE_REGION = {"speech_region": "AZURE_SPEECH_REGION"}
_GOOGLE_KEYS = ("GOOGLE_APPLICATION_CREDENTIALS_JSON",)
_SMALLEST_KEYS = ("SMALLEST", "SMALLEST_API_KEY")
_SONIOX_KEYS = ("SONIOX", "SONIOX_API_KEY")

TRANSCRIBERS = (
    Vendor(
        TRANSCRIBER,
        "deepgram",
        "Deepgram: Nova and Flux",
        _DEEPGRAM_KEYS,
        (
            Client(
                "deepgram.STTv2",
                {"sample_rate": 8_000},
                {"base_url": "wss://api.deepgram.com/v2/listen"},
                models=FLUX,
                ends_turns=True,
            ),
            Client(
                "deepgram.STT",
                {"sample_rate": 8_000},
                {"base_url": "https://api.deepgram.com/v1/listen"},
                flushes=True,
            ),
        ),
        (
            _model("nova-2"),
            Option("language", "language", NAME, "en", not_models=FLUX, convert=nova),
            Option("endpointing", "endpointing_ms", PAUSE_MS, 250, not_models=FLUX),
            Option("keywords", "keyterm", WORDS, models=KEYTERMS, convert=word_list),
            Option("keywords", "keywords", WORDS, not_models=KEYTERMS, convert=boosted),
            Option("eot_threshold", "eot_threshold", number(0.5, 0.9), models=FLUX),
            Option("eager_eot_threshold", "eager_eot_threshold", number(0.3, 0.9), models=FLUX),
            Option("eot_timeout_ms", "eot_timeout_ms", number(300, 10_000), models=FLUX, convert=round),
            Option("language_hints", "language_hint", WORDS, models=("flux-general-multi",), convert=word_list),
            Option("smart_format", "smart_format", SWITCH, not_models=FLUX),
            Option("filler_words", "filler_words", SWITCH, False, not_models=FLUX),
            Option("numerals", "numerals", SWITCH),
            Option("profanity_filter", "profanity_filter", SWITCH),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "assembly",
        "AssemblyAI",
        ("ASSEMBLY", "ASSEMBLYAI", "ASSEMBLYAI_API_KEY"),
        (
            Client(
                "assemblyai.STT",
                {"sample_rate": 8_000},
                {"base_url": "wss://streaming.assemblyai.com"},
                ends_turns=True,
            ),
        ),
        (
            Option(
                "model",
                "model",
                NAME,
                "universal-streaming-english",
                convert=lambda name: "universal-streaming-english" if name == "universal-streaming" else name,
            ),
            Option("language", "language_codes", NAME, models=("u3", "universal-3"), convert=bare),
            Option("endpointing", "min_turn_silence", PAUSE_MS, 250),
            Option("keywords", "keyterms_prompt", WORDS, convert=word_list),
            Option("eot_threshold", "end_of_turn_confidence_threshold", number(0, 1)),
            Option("eot_timeout_ms", "max_turn_silence", number(300, 10_000), convert=round),
            Option("vad_threshold", "vad_threshold", number(0, 1)),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "azure",
        "Azure AI Speech; needs azure-cognitiveservices-speech besides",
        _AZURE_KEYS,
        (Client("azure.STT", {"sample_rate": 8_000}, takes_session=False),),
        (
            Option("language", "language", NAME, "en", convert=regional),
            Option("endpointing", "segmentation_silence_timeout_ms", whole(100, 5_000), 250),
            Option("keywords", "phrase_list", WORDS, convert=word_list),
        ),
        key_argument="speech_key",
        more_keys=_AZURE_REGION,
    ),
    Vendor(
        TRANSCRIBER,
        "elevenlabs",
        "ElevenLabs Scribe",
        _ELEVENLABS_KEYS,
        (Client("elevenlabs.STT", {"sample_rate": 8_000}, {"base_url": "https://api.elevenlabs.io/v1"}),),
        (
            _model("scribe_v2_realtime"),
            Option("language", "language_code", NAME, convert=bare),
            Option("endpointing", "server_vad.vad_silence_threshold_secs", PAUSE_MS, 300, convert=_pause(0.3, 3)),
            Option("vad_threshold", "server_vad.vad_threshold", number(0.1, 0.9)),
            Option("keywords", "keyterms", WORDS, convert=word_list),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "gladia",
        "Gladia",
        ("GLADIA", "GLADIA_API_KEY"),
        (Client("gladia.STT", {"sample_rate": 8_000}, {"base_url": "https://api.gladia.io/v2/live"}),),
        (
            _model("solaria-1"),
            Option("language", "languages", NAME, convert=lambda code: [found] if (found := bare(code)) else None),
            Option("code_switching", "code_switching", SWITCH, False),
            Option("endpointing", "endpointing", whole(10, 10_000), 250, convert=seconds),
            Option("keywords", "custom_vocabulary", WORDS, convert=word_list),
            Option("noise_reduction", "pre_processing_audio_enhancer", SWITCH, True),
            Option("vad_threshold", "pre_processing_speech_threshold", number(0, 1), 0.6),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "google",
        "Google Cloud Speech-to-Text",
        _GOOGLE_KEYS,
        (Client("google.STT", {"sample_rate": 8_000, "detect_language": False}, takes_session=False),),
        (
            _model("latest_long"),
            Option("language", "languages", NAME, "en", convert=regional),
            Option("keywords", "keywords", WORDS, convert=boosted),
        ),
        key_argument="credentials_info",
        read_key=json.loads,
    ),
    Vendor(
        TRANSCRIBER,
        "openai",
        "OpenAI transcription by the realtime interface",
        _OPENAI_KEYS,
        (
            Client(
                "openai.STT",
                {"use_realtime": True, "vad": None},
                {"base_url": "https://api.openai.com/v1"},
                models=UNENDED,
                rate_hz=24_000,
                takes_session=False,
                flushes=True,
            ),
            Client(
                "openai.STT",
                {"use_realtime": True, "vad": None},
                {"base_url": "https://api.openai.com/v1"},
                rate_hz=24_000,
                takes_session=False,
            ),
        ),
        (
            _model("gpt-realtime-whisper"),
            Option("language", "language", NAME, convert=bare),
            Option("keywords", "keywords", WORDS, models=("gpt-transcribe", "gpt-live"), convert=word_list),
            Option("context", "prompt", text(4_000)),
            Option(
                "endpointing",
                "turn_detection.silence_duration_ms",
                PAUSE_MS,
                250,
                not_models=UNENDED,
            ),
            Option("vad_threshold", "turn_detection.threshold", number(0, 1), not_models=UNENDED),
            Option(
                "vad_prefix_padding_ms",
                "turn_detection.prefix_padding_ms",
                whole(0, 5_000),
                not_models=UNENDED,
            ),
            Option("noise_reduction", "noise_reduction_type", _NOISE, convert=lambda kind: kind or None),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "sarvam",
        "Sarvam Saarika and Saaras",
        _SARVAM_KEYS,
        (Client("sarvam.STT", {"sample_rate": 8_000, "high_vad_sensitivity": True, "flush_signal": True}),),
        (
            _model("saarika:v2.5"),
            Option("language", "language", NAME, "en", convert=indian),
            Option("context", "prompt", text(4_000)),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "smallest",
        "Smallest Pulse",
        _SMALLEST_KEYS,
        (Client("smallestai.STT", {"sample_rate": 8_000}, {"base_url": "https://api.smallest.ai/waves/v1"}),),
        (
            _model("pulse"),
            Option("language", "language", NAME, "en", convert=lambda code: bare(code) or "multi"),
            Option("endpointing", "endpointing_timeout_ms", whole(1, 10_000), 250),
            Option("keywords", "keywords", WORDS, convert=word_list),
            Option("numerals", "numerals", SWITCH),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "soniox",
        "Soniox",
        _SONIOX_KEYS,
        (
            Client(
                "soniox.STT",
                {"params.sample_rate": 8_000},
                {"base_url": "wss://stt-rt.soniox.com/transcribe-websocket"},
                {"params": "soniox.STTOptions"},
                ends_turns=True,
            ),
        ),
        (
            Option("model", "params.model", NAME, "stt-rt-v5"),
            Option(
                "language",
                "params.language_hints",
                NAME,
                convert=lambda code: [found] if (found := bare(code)) else None,
            ),
            Option("language_hints", "params.language_hints", WORDS, convert=word_list),
            Option("context", "params.context", text(8_000)),
            Option(
                "endpointing", "params.max_endpoint_delay_ms", PAUSE_MS, convert=lambda ms: min(3_000, max(500, ms))
            ),
        ),
    ),
)

VOICES = (
    Vendor(
        VOICE,
        "elevenlabs",
        "ElevenLabs",
        _ELEVENLABS_KEYS,
        (
            Client(
                "elevenlabs.TTS",
                {"encoding": "pcm_8000", "auto_mode": True},
                {"base_url": "https://api.elevenlabs.io/v1"},
                {"voice_settings": "elevenlabs.VoiceSettings"},
            ),
        ),
        (
            _model("eleven_turbo_v2_5"),
            Option("voice", "voice_id", NAME),
            Option(
                "language",
                "language",
                NAME,
                models=("eleven_turbo_v2_5", "eleven_flash_v2_5", "eleven_v3"),
                convert=bare,
            ),
            Option("temperature", "voice_settings.stability", number(0, 1), 0.5),
            Option("similarity_boost", "voice_settings.similarity_boost", number(0, 1), 0.75),
            Option("speed", "voice_settings.speed", number(0.7, 1.2), not_models=("eleven_v3",)),
            Option("style", "voice_settings.style", number(0, 1), not_models=("eleven_v3",)),
            Option("use_speaker_boost", "voice_settings.use_speaker_boost", SWITCH, not_models=("eleven_v3",)),
        ),
    ),
    Vendor(
        VOICE,
        "cartesia",
        "Cartesia Sonic",
        ("CARTESIA", "CARTESIA_API_KEY"),
        (Client("cartesia.TTS", {"sample_rate": 8_000}, {"base_url": "https://api.cartesia.ai"}),),
        (
            _model("sonic-3"),
            Option("voice", "voice", NAME),
            Option("language", "language", NAME, "en", convert=bare),
            Option("speed", "speed", number(0.6, 2), models=("sonic-3",)),
            Option("volume", "volume", number(0.5, 2), models=("sonic-3",)),
            Option("emotion", "emotion", NAME, models=("sonic-3",)),
        ),
    ),
    Vendor(
        VOICE,
        "deepgram",
        "Deepgram Aura",
        _DEEPGRAM_KEYS,
        (
            Client(
                "deepgram.TTS", {"sample_rate": 8_000}, {"base_url": "https://api.deepgram.com/v1/speak"}, shape=_aura
            ),
        ),
        (
            Option("model", "model", NAME),
            Option("voice", "voice", NAME),
            _speed("speed", 0.7, 1.5),
        ),
    ),
    Vendor(
        VOICE,
        "openai",
        "OpenAI speech",
        _OPENAI_KEYS,
        (
            Client(
                "openai.TTS",
                {"response_format": "pcm"},
                {"base_url": "https://api.openai.com/v1"},
                rate_hz=24_000,
                takes_session=False,
            ),
        ),
        (
            _model("tts-1"),
            Option("voice", "voice", NAME, "alloy", convert=str.lower),
            _speed("speed", 0.25, 4),
            Option("instructions", "instructions", text(4_000), models=("gpt-",)),
        ),
    ),
    Vendor(
        VOICE,
        "azuretts",
        "Azure AI Speech",
        _AZURE_KEYS,
        (
            Client(
                "azure.TTS",
                {"sample_rate": 8_000},
                objects={"prosody": "azure.tts.ProsodyConfig"},
                shape=_neural,
            ),
        ),
        (
            Option("model", "model", NAME),
            Option("voice", "voice", NAME, "Jenny"),
            Option("language", "language", NAME, "en", convert=regional),
            _speed("prosody.rate", 0.5, 2),
        ),
        key_argument="speech_key",
        more_keys=_AZURE_REGION,
    ),
    Vendor(
        VOICE,
        "google",
        "Google Cloud Text-to-Speech",
        _GOOGLE_KEYS,
        (Client("google.TTS", {"sample_rate": 8_000}, takes_session=False),),
        (
            Option("voice", "voice_name", NAME),
            Option("language", "language", NAME, "en", convert=regional),
            _speed("speaking_rate", 0.25, 2),
        ),
        key_argument="credentials_info",
        read_key=json.loads,
    ),
    Vendor(
        VOICE,
        "rime",
        "Rime",
        ("RIME", "RIME_API_KEY"),
        (Client("rime.TTS", {"sample_rate": 8_000}, {"base_url": "https://users.rime.ai/v1/rime-tts"}),),
        (
            _model("mistv2"),
            Option("voice", "speaker", NAME, convert=str.lower),
            Option("language", "lang", NAME, "en", convert=longer),
            Option("speed", "speed_alpha", number(0.5, 2), models=("mist",), convert=lambda speed: round(1 / speed, 3)),
        ),
    ),
    Vendor(
        VOICE,
        "sarvam",
        "Sarvam Bulbul",
        _SARVAM_KEYS,
        (
            Client(
                "sarvam.TTS",
                {"speech_sample_rate": 8_000, "output_audio_codec": "linear16"},
                {
                    "base_url": "https://api.sarvam.ai/text-to-speech",
                    "ws_url": "wss://api.sarvam.ai/text-to-speech/ws",
                },
            ),
        ),
        (
            _model("bulbul:v2"),
            Option("voice", "speaker", NAME, convert=str.lower),
            Option("language", "target_language_code", NAME, "en", convert=indian),
            _speed("pace", 0.5, 2),
            Option("pitch", "pitch", number(-0.75, 0.75), not_models=("bulbul:v3",)),
            Option("loudness", "loudness", number(0.3, 3), not_models=("bulbul:v3",)),
            Option("temperature", "temperature", number(0.01, 2), models=("bulbul:v3",)),
        ),
    ),
    Vendor(
        VOICE,
        "smallest",
        "Smallest Lightning",
        _SMALLEST_KEYS,
        (
            Client(
                "smallestai.TTS",
                {"sample_rate": 8_000},
                {
                    "base_url": "https://api.smallest.ai/waves/v1",
                    "ws_url": "wss://api.smallest.ai/waves/v1/tts/live",
                },
            ),
        ),
        (
            _model("lightning_v3.1"),
            Option("voice", "voice_id", NAME, convert=str.lower),
            Option("language", "language", NAME, "en", convert=bare),
            _speed("speed", 0.5, 2),
        ),
    ),
    Vendor(
        VOICE,
        "soniox",
        "Soniox",
        _SONIOX_KEYS,
        (
            Client(
                "soniox.TTS",
                {"sample_rate": 8_000},
                {"websocket_url": "wss://tts-rt.soniox.com/tts-websocket"},
            ),
        ),
        (
            _model("tts-rt-v1-preview"),
            Option("voice", "voice", NAME),
            Option("language", "language", NAME, "en", convert=bare),
            _speed("speed", 0.7, 1.3),
        ),
    ),
    Vendor(
        VOICE,
        "inworld",
        "Inworld",
        ("INWORLD", "INWORLD_API_KEY"),
        (
            Client(
                "inworld.TTS",
                {"sample_rate": 8_000, "encoding": "PCM"},
                {"base_url": "https://api.inworld.ai/", "ws_url": "wss://api.inworld.ai/"},
            ),
        ),
        (
            _model("inworld-tts-1.5-max"),
            Option("voice", "voice", NAME),
            _speed("speaking_rate", 0.5, 1.5),
            Option("temperature", "temperature", number(0.1, 2)),
        ),
    ),
)

VENDORS: tuple[Vendor, ...] = (*TRANSCRIBERS, *VOICES)
