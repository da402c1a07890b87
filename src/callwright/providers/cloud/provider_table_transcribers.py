"""The vendors of recognisers."""

from __future__ import annotations

from collections.abc import Callable

from callwright.domain.fields import Fields
from callwright.domain.settings.kinds import SWITCH, number, text, whole
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.domain.settings.setting import Kind
from callwright.providers.cloud.languages import bare, indian, nova, regional
from callwright.providers.cloud.provider_table_options import (
    AZURE_KEYS,
    AZURE_REGION,
    DEEPGRAM_KEYS,
    ELEVENLABS_KEYS,
    GOOGLE_KEYS,
    NAME,
    OPENAI_KEYS,
    SARVAM_KEYS,
    SMALLEST_KEYS,
    SONIOX_KEYS,
    WORDS,
    boosted,
    model_option,
    service_account,
    word_list,
)
from callwright.providers.cloud.vendor import TRANSCRIBER, Client, Vendor


def seconds(ms: float) -> float:
    """Milliseconds in seconds."""
    return ms / 1000


def _pause(least_s: float, most_s: float) -> Callable[[float], float]:
    return lambda ms: min(most_s, max(least_s, ms / 1000))


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


TRANSCRIBERS = (
    Vendor(
        TRANSCRIBER,
        "deepgram",
        "Deepgram: Nova and Flux",
        DEEPGRAM_KEYS,
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
            model_option("nova-2"),
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
        AZURE_KEYS,
        (
            Client(
                "azure.STT",
                {"sample_rate": 8_000},
                elsewhere={
                    "speech_endpoint": "wss://stt.speech.microsoft.com/speech/recognition/conversation/cognitiveservices/v1"
                },
                sdk=True,
                takes_session=False,
                besides="azure-cognitiveservices-speech",
            ),
        ),
        (
            Option("language", "language", NAME, "en", convert=regional),
            Option("endpointing", "segmentation_silence_timeout_ms", whole(100, 5_000), 250),
            Option("keywords", "phrase_list", WORDS, convert=word_list),
        ),
        key_argument="speech_key",
        more_keys=AZURE_REGION,
        regions=("speech_region",),
    ),
    Vendor(
        TRANSCRIBER,
        "elevenlabs",
        "ElevenLabs Scribe",
        ELEVENLABS_KEYS,
        (Client("elevenlabs.STT", {"sample_rate": 8_000}, {"base_url": "https://api.elevenlabs.io/v1"}),),
        (
            model_option("scribe_v2_realtime"),
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
            model_option("solaria-1"),
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
        GOOGLE_KEYS,
        (
            Client(
                "google.STT",
                {"sample_rate": 8_000, "detect_language": False},
                grpc="https://speech.googleapis.com",
                takes_session=False,
            ),
        ),
        (
            model_option("latest_long"),
            Option("language", "languages", NAME, "en", convert=regional),
            Option("keywords", "keywords", WORDS, convert=boosted),
        ),
        key_argument="credentials_info",
        read_key=service_account,
    ),
    Vendor(
        TRANSCRIBER,
        "openai",
        "OpenAI transcription by the realtime interface",
        OPENAI_KEYS,
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
            model_option("gpt-realtime-whisper"),
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
        SARVAM_KEYS,
        (
            Client(
                "sarvam.STT",
                {"sample_rate": 8_000, "high_vad_sensitivity": True, "flush_signal": True},
                makes_session=True,
            ),
        ),
        (
            model_option("saarika:v2.5"),
            Option("language", "language", NAME, "en", convert=indian),
            Option("context", "prompt", text(4_000)),
        ),
    ),
    Vendor(
        TRANSCRIBER,
        "smallest",
        "Smallest Pulse",
        SMALLEST_KEYS,
        (Client("smallestai.STT", {"sample_rate": 8_000}, {"base_url": "https://api.smallest.ai/waves/v1"}),),
        (
            model_option("pulse"),
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
        SONIOX_KEYS,
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
