"""Endpoints that speak OpenAI's speech protocol, at an address that the account stores: one HTTP request each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callwright.domain.settings.kinds import text
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.providers.cloud.languages import bare
from callwright.providers.cloud.provider_table_options import NAME, WORDS, model_option, speed_option, word_list
from callwright.providers.cloud.vendor import TRANSCRIBER, VOICE, Asked, Client, Vendor, as_form, as_json


def _bearer(sent: Mapping[str, Any]) -> dict[str, str]:
    """A server of one's own may need no key."""
    return {"authorization": f"Bearer {sent['api_key']}"} if sent["api_key"] else {}


def _ask_endpoint(sent: Mapping[str, Any], words: str, _at: datetime) -> Asked:
    body = {name: sent[name] for name in ("model", "voice", "speed", "instructions") if name in sent}
    # Unlike PCM, a WAV file says its rate. Servers differ in it.
    return as_json(
        f"{sent['base_url']}/audio/speech", {**body, "input": words, "response_format": "wav"}, _bearer(sent)
    )


def _transcribe_at_endpoint(sent: Mapping[str, Any], wav: bytes) -> Asked:
    fields = {name: sent[name] for name in ("model", "language") if name in sent}
    hint = " ".join(filter(None, (sent.get("prompt"), ", ".join(sent.get("keywords", ())))))
    fields |= {"prompt": hint} if hint else {}
    return as_form(
        f"{sent['base_url']}/audio/transcriptions", {**fields, "response_format": "json"}, wav, _bearer(sent)
    )


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
)
