"""The vendors of voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_ADDRESS_CHARACTERS
from callwright.domain.settings.kinds import SWITCH, choice, number, text
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.domain.settings.setting import Kind
from callwright.providers.cloud.languages import bare, indian, longer, regional
from callwright.providers.cloud.provider_table_options import (
    AZURE_KEYS,
    AZURE_REGION,
    DEEPGRAM_KEYS,
    ELEVENLABS_KEYS,
    GOOGLE_KEYS,
    NAME,
    OPENAI_KEYS,
    PIXA_KEYS,
    SARVAM_KEYS,
    SMALLEST_KEYS,
    SONIOX_KEYS,
    WORDS,
    model_option,
    service_account,
    speed_option,
    word_list,
)
from callwright.providers.cloud.signature import AwsKeys, signed
from callwright.providers.cloud.vendor import VOICE, Asked, Client, Vendor, as_json


@dataclass(frozen=True, slots=True)
class Locator:
    """A pronunciation dictionary of an ElevenLabs account, as its client wants it."""

    pronunciation_dictionary_id: str
    version_id: str


def _read_locators(given: Fields, name: str) -> tuple[Locator, ...]:
    found = []
    for index, one in enumerate(given.list(name) or []):
        if not isinstance(one, Mapping) or index >= _MOST_DICTIONARIES:
            raise given.wrong(
                name, f"up to {_MOST_DICTIONARIES} objects with pronunciation_dictionary_id and version_id"
            )
        row = Fields(one, f"{given.at(name)}[{index}]", given.failure)
        found.append(Locator(row.text("pronunciation_dictionary_id", longest=200), row.text("version_id", longest=200)))
    return tuple(found)


def _https(given: Fields, name: str) -> str:
    address = given.text(name, longest=MAX_ADDRESS_CHARACTERS)
    if not address.startswith("https://") or set(address) & set("\"'<>& \n"):
        raise given.wrong(name, "an https address without quotes and ampersands")
    return address


_MOST_DICTIONARIES = 3
_LOCATORS = Kind(f"up to {_MOST_DICTIONARIES} dictionaries", {"type": "array"}, _read_locators)
_LEXICON = Kind("an https address", {"type": "string"}, _https)


_ENGINE = choice(("standard", "neural", "long-form", "generative"))


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


def _ask_polly(sent: Mapping[str, Any], text: str, at: datetime) -> Asked:
    names = ("Engine", "VoiceId", "LanguageCode", "LexiconNames")
    body = {name: sent[name] for name in names if name in sent}
    asked = as_json(
        f"{sent['base_url']}/v1/speech",
        {**body, "OutputFormat": "pcm", "SampleRate": "8000", "Text": text, "TextType": "text"},
        {},
    )
    keys = AwsKeys(sent["access_key_id"], sent["secret_access_key"], sent["region"])
    return Asked(asked.url, signed("POST", asked.url, asked.headers, asked.body, keys, "polly", at), asked.body)


def _ask_maya(sent: Mapping[str, Any], text: str, _at: datetime) -> Asked:
    body = {name: sent[name] for name in ("voice", "model", "language") if name in sent}
    return as_json(f"{sent['base_url']}/v1/tts", {"text": text, **body}, {"authorization": f"Bearer {sent['api_key']}"})


def _ask_pixa(sent: Mapping[str, Any], text: str, _at: datetime) -> Asked:
    body = {name: sent[name] for name in ("top_p", "repetition_penalty") if name in sent}
    headers = {"accept": "text/event-stream", "x-pixa-key": f"Bearer {sent['api_key']}"}
    return as_json(f"{sent['base_url']}/api/v1/synthesize", {"text": text, **body}, headers)


VOICES = (
    Vendor(
        VOICE,
        "elevenlabs",
        "ElevenLabs",
        ELEVENLABS_KEYS,
        (
            Client(
                "elevenlabs.TTS",
                {"encoding": "pcm_8000", "auto_mode": True},
                {"base_url": "https://api.elevenlabs.io/v1"},
                {"voice_settings": "elevenlabs.VoiceSettings"},
            ),
        ),
        (
            model_option("eleven_turbo_v2_5"),
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
            Option(
                "pronunciation_dictionary_locators",
                "pronunciation_dictionary_locators",
                _LOCATORS,
                not_models=("eleven_v3",),
                convert=list,
            ),
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
            model_option("sonic-3"),
            Option("voice", "voice", NAME),
            Option("language", "language", NAME, "en", convert=bare),
            Option("speed", "speed", number(0.6, 2), models=("sonic-3",)),
            Option("volume", "volume", number(0.5, 2), models=("sonic-3",)),
            Option("emotion", "emotion", NAME, models=("sonic-3",)),
            Option("pronunciation_dict_id", "pronunciation_dict_id", NAME, models=("sonic-3",)),
        ),
    ),
    Vendor(
        VOICE,
        "deepgram",
        "Deepgram Aura",
        DEEPGRAM_KEYS,
        (
            Client(
                "deepgram.TTS", {"sample_rate": 8_000}, {"base_url": "https://api.deepgram.com/v1/speak"}, shape=_aura
            ),
        ),
        (
            Option("model", "model", NAME),
            Option("voice", "voice", NAME),
            speed_option("speed", 0.7, 1.5),
        ),
    ),
    Vendor(
        VOICE,
        "openai",
        "OpenAI speech",
        OPENAI_KEYS,
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
            model_option("tts-1"),
            Option("voice", "voice", NAME, "alloy", convert=str.lower),
            speed_option("speed", 0.25, 4),
            Option("instructions", "instructions", text(4_000), models=("gpt-",)),
        ),
    ),
    Vendor(
        VOICE,
        "azuretts",
        "Azure AI Speech",
        AZURE_KEYS,
        (
            Client(
                "azure.TTS",
                {"sample_rate": 8_000},
                {"speech_endpoint": "https://{speech_region}.tts.speech.microsoft.com/cognitiveservices/v1"},
                objects={"prosody": "azure.tts.ProsodyConfig"},
                shape=_neural,
                clean=escape,
            ),
        ),
        (
            Option("model", "model", NAME),
            Option("voice", "voice", NAME, "Jenny"),
            Option("language", "language", NAME, "en", convert=regional),
            speed_option("prosody.rate", 0.5, 2),
            Option("lexicon_uri", "lexicon_uri", _LEXICON),
        ),
        key_argument="speech_key",
        more_keys=AZURE_REGION,
        regions=("speech_region",),
    ),
    Vendor(
        VOICE,
        "google",
        "Google Cloud Text-to-Speech",
        GOOGLE_KEYS,
        (
            Client(
                "google.TTS",
                {"sample_rate": 8_000},
                grpc="https://texttospeech.googleapis.com",
                takes_session=False,
            ),
        ),
        (
            Option("voice", "voice_name", NAME),
            Option("language", "language", NAME, "en", convert=regional),
            speed_option("speaking_rate", 0.25, 2),
        ),
        key_argument="credentials_info",
        read_key=service_account,
    ),
    Vendor(
        VOICE,
        "rime",
        "Rime",
        ("RIME", "RIME_API_KEY"),
        (
            Client(
                "rime.TTS",
                # Its address is ours or the operator's, so it need not be one of theirs.
                {"sample_rate": 8_000, "allow_custom_endpoint": True},
                {"base_url": "https://users.rime.ai/v1/rime-tts"},
            ),
        ),
        (
            model_option("mistv2"),
            Option("voice", "speaker", NAME, convert=str.lower),
            Option("language", "lang", NAME, "en", convert=longer),
            Option("speed", "speed_alpha", number(0.5, 2), models=("mist",), convert=lambda speed: round(1 / speed, 3)),
        ),
    ),
    Vendor(
        VOICE,
        "sarvam",
        "Sarvam Bulbul",
        SARVAM_KEYS,
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
            model_option("bulbul:v2"),
            Option("voice", "speaker", NAME, convert=str.lower),
            Option("language", "target_language_code", NAME, "en", convert=indian),
            speed_option("pace", 0.5, 2),
            Option("pitch", "pitch", number(-0.75, 0.75), not_models=("bulbul:v3",)),
            Option("loudness", "loudness", number(0.3, 3), not_models=("bulbul:v3",)),
            Option("temperature", "temperature", number(0.01, 2), models=("bulbul:v3",)),
        ),
    ),
    Vendor(
        VOICE,
        "smallest",
        "Smallest Lightning",
        SMALLEST_KEYS,
        (
            Client(
                "smallestai.TTS",
                # A clause comes whole. With continuations, its end would be guessed 0.6 s later and the connection thrown away.
                {"sample_rate": 8_000, "use_continuations": False},
                {
                    "base_url": "https://api.smallest.ai/waves/v1",
                    "ws_url": "wss://api.smallest.ai/waves/v1/tts/live",
                },
            ),
        ),
        (
            model_option("lightning_v3.1"),
            Option("voice", "voice_id", NAME, convert=str.lower),
            Option("language", "language", NAME, "en", convert=bare),
            speed_option("speed", 0.5, 2),
        ),
    ),
    Vendor(
        VOICE,
        "soniox",
        "Soniox",
        SONIOX_KEYS,
        (
            Client(
                "soniox.TTS",
                {"sample_rate": 8_000},
                {"websocket_url": "wss://tts-rt.soniox.com/tts-websocket"},
            ),
        ),
        (
            model_option("tts-rt-v1-preview"),
            Option("voice", "voice", NAME),
            Option("language", "language", NAME, "en", convert=bare),
            speed_option("speed", 0.7, 1.3),
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
            model_option("inworld-tts-1.5-max"),
            Option("voice", "voice", NAME),
            speed_option("speaking_rate", 0.5, 1.5),
            Option("temperature", "temperature", number(0.1, 2)),
        ),
    ),
    Vendor(
        VOICE,
        "polly",
        "Amazon Polly",
        ("AWS_ACCESS_KEY_ID",),
        (
            Client(
                "polly.Voice",
                addresses={"base_url": "https://polly.{region}.amazonaws.com"},
                billed_by="Engine",
                own=True,
                ask=_ask_polly,
            ),
        ),
        (
            Option("model", "Engine", _ENGINE, "neural"),
            Option("engine", "Engine", _ENGINE),
            Option("voice", "VoiceId", NAME, "Joanna"),
            Option("lexicon_names", "LexiconNames", WORDS, convert=word_list),
            # A voice of one language refuses another's code.
            Option("language", "LanguageCode", NAME, convert=lambda code: regional(code) if "-" in code else None),
        ),
        key_argument="access_key_id",
        more_keys={"secret_access_key": "AWS_SECRET_ACCESS_KEY", "region": "AWS_REGION"},
        regions=("region",),
    ),
    Vendor(
        VOICE,
        "maya",
        "Maya Research",
        ("MAYA", "MAYA_API_KEY"),
        (
            Client(
                "maya.Voice",
                addresses={"base_url": "https://tts.mayaresearch.ai"},
                rate_hz=24_000,
                own=True,
                ask=_ask_maya,
            ),
        ),
        (
            model_option("Maya 2 Native"),
            Option("voice", "voice", NAME, "Ananya", convert=str.capitalize),
            Option("language", "language", NAME, convert=bare),
        ),
    ),
    Vendor(
        VOICE,
        "pixa",
        "Pixa Luna, Hindi; the vendor has one voice",
        PIXA_KEYS,
        (
            Client(
                "pixa.Voice",
                addresses={"base_url": "https://hindi.heypixa.ai"},
                rate_hz=32_000,
                own=True,
                ask=_ask_pixa,
            ),
        ),
        (
            model_option("luna-tts"),
            Option("top_p", "top_p", number(0, 1), 0.95),
            Option("repetition_penalty", "repetition_penalty", number(1, 2), 1.3),
        ),
    ),
)
