"""What rows of recognisers and of voices share: kinds of values, options and names of provider keys."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from callwright.domain.settings.kinds import number, text, texts
from callwright.domain.settings.provider_option import ProviderOption as Option

WORDS = texts("a list, or a text with commas")
NAME = text(200)

ELEVENLABS_KEYS = ("ELEVENLABS", "ELEVENLABS_API_KEY")
DEEPGRAM_KEYS = ("DEEPGRAM", "DEEPGRAM_API_KEY", "DEEPGRAM_AUTH_TOKEN")
OPENAI_KEYS = ("OPENAI", "OPENAI_API_KEY")
SARVAM_KEYS = ("SARVAM", "SARVAM_API_KEY")
AZURE_KEYS = ("AZURE_SPEECH_KEY",)
AZURE_REGION = {"speech_region": "AZURE_SPEECH_REGION"}
GOOGLE_KEYS = ("GOOGLE_APPLICATION_CREDENTIALS_JSON",)
SMALLEST_KEYS = ("SMALLEST", "SMALLEST_API_KEY")
SONIOX_KEYS = ("SONIOX", "SONIOX_API_KEY")
PIXA_KEYS = ("PIXA", "PIXA_API_KEY")


def model_option(default: str, *, models: tuple[str, ...] = ()) -> Option:
    """The model, with the one of agents that name none."""
    return Option("model", "model", NAME, default, models)


def speed_option(sent_as: str, least: float, most: float) -> Option:
    """How fast it speaks, 1 being as it does by itself."""
    return Option("speed", sent_as, number(least, most))


def service_account(credentials: str) -> dict[str, Any]:
    """Google's credentials, of its own servers only: the file could name others, which would be asked from within this network.

    Raises ValueError.
    """
    found = json.loads(credentials)
    if not isinstance(found, dict):
        raise ValueError("the credentials are no object")
    address = urlsplit(str(found.get("token_uri") or "https://oauth2.googleapis.com/token"))
    host = address.hostname or ""
    universe = str(found.get("universe_domain") or "googleapis.com")
    if address.scheme != "https" or not host.endswith(".googleapis.com") or universe != "googleapis.com":
        raise ValueError("the credentials name a server that is not Google's")
    return found


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
