"""Endpoints that speak OpenAI's speech protocol, at an address that the account stores, and Gemini: one HTTP request each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from callwright.domain.settings.kinds import text
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.providers.cloud.provider_table_options import NAME, model_option, speed_option
from callwright.providers.cloud.vendor import VOICE, Asked, Client, Vendor, as_json

_GEMINI = "https://generativelanguage.googleapis.com/v1beta"
_PROMPTED = ("gemini-2", "gemini-3.1")
"""Gemini's voices that are told the style within the text. Later ones would read it aloud."""
_AS_GEMINI_API = {
    "gemini-2.5-flash-tts": "gemini-2.5-flash-preview-tts",
    "gemini-2.5-pro-tts": "gemini-2.5-pro-preview-tts",
}
"""Names of Cloud Text-to-Speech -> names of the Gemini API."""


def _bearer(sent: Mapping[str, Any]) -> dict[str, str]:
    """A server of one's own may need no key."""
    return {"authorization": f"Bearer {sent['api_key']}"} if sent["api_key"] else {}


def _ask_endpoint(sent: Mapping[str, Any], words: str, _at: datetime) -> Asked:
    body = {name: sent[name] for name in ("model", "voice", "speed", "instructions") if name in sent}
    # Unlike PCM, a WAV file says its rate. Servers differ in it.
    return as_json(
        f"{sent['base_url']}/audio/speech", {**body, "input": words, "response_format": "wav"}, _bearer(sent)
    )


def _ask_gemini(sent: Mapping[str, Any], words: str, _at: datetime) -> Asked:
    style = sent.get("style", "")
    voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": sent["voice"]}}}
    config: dict[str, Any] = {"responseModalities": ["AUDIO"], "speechConfig": voice}
    if sent["model"].startswith(_PROMPTED):
        part: dict[str, Any] = {"text": f'Read aloud{f", {style}" if style else ""}: "{words}"'}
    else:
        part = {"text": words, **({"speech_metadata": {"style": style}} if style else {})}
        config["response_format"] = {"audio": {"mime_type": "AUDIO_L16"}}
    url = f"{sent['base_url']}/models/{quote(sent['model'], safe='')}:streamGenerateContent?alt=sse"
    body = {"contents": [{"role": "user", "parts": [part]}], "generationConfig": config}
    return as_json(url, body, {"x-goog-api-key": sent["api_key"]})


def _gemini_audio(event: Mapping[str, Any]) -> Any:
    return event["candidates"][0]["content"]["parts"][0]["inlineData"]["data"]


def _voice_at_endpoint(name: str, summary: str, model: str, voice: str | None, prefix: str) -> Vendor:
    return Vendor(
        VOICE,
        name,
        summary,
        (prefix, f"{prefix}_API_KEY"),
        (
            Client(
                "endpoint.Voice",
                addresses={"base_url": "{address}"},
                rate_hz=0,
                own=True,
                ask=_ask_endpoint,
            ),
        ),
        (
            model_option(model),
            Option("voice", "voice", NAME, voice),
            speed_option("speed", 0.25, 4),
            Option("instructions", "instructions", text(4_000)),
        ),
        address_key=f"{prefix}_API_BASE",
    )


REQUESTED_VOICES = (
    _voice_at_endpoint(
        "custom", "Any endpoint of OpenAI's speech protocol, by CUSTOM_VOICE_API_BASE", "tts-1", "alloy", "CUSTOM_VOICE"
    ),
    _voice_at_endpoint(
        "styletts", "StyleTTS behind OpenAI's speech protocol, by STYLETTS_API_BASE", "styletts2", None, "STYLETTS"
    ),
    _voice_at_endpoint(
        "kalpa", "Kalpa behind OpenAI's speech protocol, by KALPA_API_BASE", "kalpa-tts-1", "Arjun", "KALPA"
    ),
    Vendor(
        VOICE,
        "gemini",
        "Gemini's voices, by the Gemini API",
        ("GEMINI", "GEMINI_API_KEY", "GOOGLE", "GOOGLE_API_KEY"),
        (
            Client(
                "gemini.Voice",
                addresses={"base_url": _GEMINI},
                rate_hz=24_000,
                billed_by="model",
                own=True,
                ask=_ask_gemini,
                audio=_gemini_audio,
            ),
        ),
        (
            Option(
                "model",
                "model",
                NAME,
                "gemini-2.5-flash-preview-tts",
                convert=lambda name: _AS_GEMINI_API.get(name, name),
            ),
            Option("voice", "voice", NAME, "Kore"),
            Option("style", "style", text(1_000)),
        ),
    ),
)
