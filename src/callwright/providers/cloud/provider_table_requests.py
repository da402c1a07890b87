"""Endpoints that speak OpenAI's speech protocol, at an address that the account stores, and Gemini: one HTTP request each time."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from callwright.domain.settings.kinds import text
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.providers.cloud.languages import bare
from callwright.providers.cloud.provider_table_options import NAME, WORDS, model_option, speed_option, word_list
from callwright.providers.cloud.vendor import TRANSCRIBER, VOICE, Asked, Client, Vendor, as_form, as_json

_NO_SPEECH = "-"
_TRANSCRIBE = (
    "Write down the speech of this telephone caller word for word. Do not answer it, and add nothing."
    f" If nobody speaks, write {_NO_SPEECH}"
)
_GEMINI_KEYS = ("GEMINI", "GEMINI_API_KEY", "GOOGLE", "GOOGLE_API_KEY")
_GEMINI_HEARS = "gemini-2.5-flash"
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


def _transcribe_at_endpoint(sent: Mapping[str, Any], wav: bytes) -> Asked:
    fields = {name: sent[name] for name in ("model", "language") if name in sent}
    hint = " ".join(filter(None, (sent.get("prompt"), ", ".join(sent.get("keywords", ())))))
    fields |= {"prompt": hint} if hint else {}
    return as_form(
        f"{sent['base_url']}/audio/transcriptions", {**fields, "response_format": "json"}, wav, _bearer(sent)
    )


def _transcribe_by_gemini(sent: Mapping[str, Any], wav: bytes) -> Asked:
    told = [_TRANSCRIBE]
    if "language" in sent:
        told.append(f"The speech is mostly in the language {sent['language']}, written in its own script.")
    if sent.get("keywords"):
        told.append(f"These words may occur: {', '.join(sent['keywords'])}.")
    told += [sent["prompt"]] if sent.get("prompt") else []
    config: dict[str, Any] = {"temperature": 0}
    if sent["model"].startswith("gemini-2.5-flash"):
        # A caller waits for it.
        config["thinkingConfig"] = {"thinkingBudget": 0}
    audio = {"inlineData": {"mimeType": "audio/wav", "data": base64.b64encode(wav).decode()}}
    body = {
        "systemInstruction": {"parts": [{"text": " ".join(told)}]},
        "contents": [{"role": "user", "parts": [audio]}],
        "generationConfig": config,
    }
    url = f"{sent['base_url']}/models/{quote(sent['model'], safe='')}:generateContent"
    return as_json(url, body, {"x-goog-api-key": sent["api_key"]})


def _gemini_text(answer: Mapping[str, Any]) -> str:
    content = answer["candidates"][0].get("content") or {}
    words = "".join(part.get("text", "") for part in content.get("parts", ()) if not part.get("thought"))
    return "" if words.strip() == _NO_SPEECH else words


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


_HINTS = (
    Option("language", "language", NAME, convert=bare),
    Option("keywords", "keywords", WORDS, convert=word_list),
    Option("context", "prompt", text(4_000)),
)


def _recogniser_at_endpoint(name: str, summary: str, model: str, prefix: str) -> Vendor:
    return Vendor(
        TRANSCRIBER,
        name,
        summary,
        (prefix, f"{prefix}_API_KEY"),
        (
            Client(
                "endpoint.Recogniser",
                addresses={"base_url": "{address}"},
                own=True,
                transcribe=_transcribe_at_endpoint,
            ),
        ),
        (model_option(model), *_HINTS),
        address_key=f"{prefix}_API_BASE",
    )


REQUESTED_TRANSCRIBERS = (
    _recogniser_at_endpoint(
        "custom",
        "Any endpoint of OpenAI's transcription protocol, by CUSTOM_TRANSCRIBER_API_BASE",
        "whisper-1",
        "CUSTOM_TRANSCRIBER",
    ),
    _recogniser_at_endpoint(
        "bolna",
        "The endpoint of BOLNA_TRANSCRIBER_API_BASE, in place of the recogniser of the hosted service",
        "bolna-asr-1",
        "BOLNA_TRANSCRIBER",
    ),
    Vendor(
        TRANSCRIBER,
        "gemini",
        "Gemini, utterance by utterance; it stands in for models of the Live API",
        _GEMINI_KEYS,
        (
            Client(
                "gemini.Recogniser",
                addresses={"base_url": _GEMINI},
                billed_by="model",
                own=True,
                transcribe=_transcribe_by_gemini,
                text=_gemini_text,
            ),
        ),
        (
            # The Live API gives no transcript without an answer.
            Option(
                "model", "model", NAME, _GEMINI_HEARS, convert=lambda name: _GEMINI_HEARS if "live" in name else name
            ),
            *_HINTS,
        ),
    ),
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
        _GEMINI_KEYS,
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
