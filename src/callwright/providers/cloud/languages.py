"""The languages of agents as vendors write them. An agent writes ``hi``, ``hi-IN``, ``multi-hi``, ``multi``, ``auto`` or ``unknown``."""

from __future__ import annotations

from callwright.platform.agents.rules.providers import FINDS_OUT

_REGIONS = {
    "en": "US",
    "hi": "IN",
    "bn": "IN",
    "ta": "IN",
    "te": "IN",
    "mr": "IN",
    "gu": "IN",
    "kn": "IN",
    "ml": "IN",
} | {
    "pa": "IN",
    "ar": "EG",
    "da": "DK",
    "cs": "CZ",
    "he": "IL",
    "ja": "JP",
    "ko": "KR",
    "sv": "SE",
    "uk": "UA",
    "ur": "IN",
    "vi": "VN",
    "zh": "CN",
    "pt": "BR",
    "el": "GR",
}
"""Language -> the region a vendor is told where the agent names none; others are spoken in a country of the same letters."""

_LONGER = {
    "en": "eng",
    "es": "spa",
    "fr": "fra",
    "de": "ger",
    "hi": "hin",
    "pt": "por",
    "it": "ita",
    "ja": "jpn",
    "ar": "ara",
}


def found_out(code: str) -> bool:
    """Whether the vendor is to find the language out."""
    return code.lower() in FINDS_OUT


def _without_mix(code: str) -> str:
    """The language of ``multi-hi``, which is spoken mixed with English."""
    mixed, _, language = code.partition("-")
    return language if mixed.lower() == "multi" and language else code


def written(code: str) -> str | None:
    """As the agent writes it; None for a language that is to be found out."""
    return None if found_out(code) else _without_mix(code)


def bare(code: str) -> str | None:
    """Two letters; None for a language that is to be found out."""
    return None if found_out(code) else _without_mix(code).partition("-")[0].lower()


def nova(code: str) -> str:
    """A language with its region if it has one, ``multi`` for several."""
    return "multi" if found_out(code) or code.lower().startswith("multi-") else code


def regional(code: str) -> str:
    """A language with a region; English for one that is to be found out."""
    code = "en" if found_out(code) else _without_mix(code)
    language, _, region = code.partition("-")
    return f"{language.lower()}-{(region or _REGIONS.get(language.lower(), language)).upper()}"


def indian(code: str) -> str:
    """A language as it is spoken in India, ``unknown`` for one that is to be found out."""
    if found_out(code):
        return "unknown"
    language = str(bare(code))
    return f"{'od' if language == 'or' else language}-IN"


def longer(code: str) -> str:
    """Three letters."""
    language = bare(code) or "en"
    return _LONGER.get(language, language)
