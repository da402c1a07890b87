"""Where vendors list the voices of an account, and how their lists are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from callwright.ports.catalogue import VoiceOffer
from callwright.providers.cloud.signature import AwsKeys, google_token, signed

_GOOGLE_API = "https://texttospeech.googleapis.com/"
_GOOGLE_NAME = re.compile(r"(?P<language>[a-z]{2,3}-[A-Za-z]{2,4})-(?P<kind>.+)-(?P<name>[^-]+)")
"""As en-US-Chirp3-HD-Aoede or en-IN-Neural2-A."""
_VERSION_OF_CARTESIA = "2025-04-16"
_THREE_LETTERS = {
    "eng": "en",
    "spa": "es",
    "fra": "fr",
    "fre": "fr",
    "ger": "de",
    "deu": "de",
    "por": "pt",
    "ita": "it",
}
_THREE_LETTERS |= {"hin": "hi", "jpn": "ja", "ara": "ar", "heb": "he", "tam": "ta", "tel": "te"}
_LANGUAGES = {"english": "en", "hindi": "hi", "tamil": "ta", "telugu": "te", "bengali": "bn", "marathi": "mr"}
_LANGUAGES |= {"gujarati": "gu", "kannada": "kn", "malayalam": "ml", "punjabi": "pa", "odia": "or", "spanish": "es"}
_GENDERS = {"feminine": "female", "masculine": "male"}

Read = Callable[[Any], Iterator[VoiceOffer]]
Next = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A vendor's list. ``url``: where it is, ``{argument}`` standing for a region; ``headers`` of the order's arguments; ``read`` makes
    offers of a page; ``next_page`` the query of the page after it, nothing for the last. ``one``: where a voice is whose id follows,
    nothing where it cannot be asked for; ``page_of`` makes a page of it."""

    url: str
    headers: Callable[[Mapping[str, Any], str, datetime], Mapping[str, str]]
    read: Read
    next_page: Next = lambda _: ""
    one: str = ""
    page_of: Callable[[Any], Any] = lambda row: [row]


def _of(*names: str) -> Callable[[Any], Any]:
    """The value below these names, None where something else is in its place."""

    def value(found: Any) -> Any:
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    return value


def _rows(found: Any, *names: str) -> Iterable[Mapping[str, Any]]:
    rows = _of(*names)(found)
    return (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()


def _text(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""


def _word(value: Any) -> str | None:
    word = _text(value).lower()
    return _GENDERS.get(word, word) or None


def _languages(codes: Any) -> tuple[str, ...]:
    """Codes of ISO 639-1, each once."""
    listed = codes if isinstance(codes, list) else [codes]
    short = (_text(code).replace("_", "-").partition("-")[0].lower() for code in listed)
    known = (_THREE_LETTERS.get(code, _LANGUAGES.get(code, code)) for code in short)
    return tuple(dict.fromkeys(code for code in known if len(code) == 2))


def _of_elevenlabs(page: Any) -> Iterator[VoiceOffer]:
    for row in _rows(page, "voices"):
        labels = _of("labels")(row) or {}
        yield VoiceOffer(
            _text(row.get("voice_id")),
            _text(row.get("name")),
            "eleven_turbo_v2_5",
            _languages([one.get("language") for one in _rows(row, "verified_languages")]),
            _word(_of("gender")(labels)),
            _word(_of("accent")(labels)),
            _word(_of("age")(labels)),
            tuple(filter(None, [_word(_of("use_case")(labels))])),
            _text(row.get("preview_url")) or None,
            custom=row.get("category") != "premade",
        )


def _of_cartesia(page: Any) -> Iterator[VoiceOffer]:
    for row in _rows(page, "data"):
        yield VoiceOffer(
            _text(row.get("id")),
            _text(row.get("name")),
            "sonic-3",
            _languages(row.get("language")),
            _word(row.get("gender")),
            custom=row.get("is_owner") is True,
        )


def _of_deepgram(page: Any) -> Iterator[VoiceOffer]:
    for row in _rows(page, "tts"):
        about = _of("metadata")(row) or {}
        tags = [_word(tag) for tag in _of("tags")(about) or ()]
        yield VoiceOffer(
            _text(row.get("canonical_name")),
            _text(row.get("name")).capitalize(),
            _text(row.get("architecture")),
            _languages(row.get("languages")),
            next((tag for tag in tags if tag in ("female", "male")), None),
            _word(_of("accent")(about)),
            _word(_of("age")(about)),
            tuple(filter(None, (_word(use) for use in _of("use_cases")(about) or ()))),
        )


def _of_azure(page: Any) -> Iterator[VoiceOffer]:
    for row in page if isinstance(page, list) else ():
        if _of("Status")(row) != "Deprecated":
            yield VoiceOffer(
                _text(_of("ShortName")(row)),
                _text(_of("DisplayName")(row)),
                _text(_of("VoiceType")(row)).lower(),
                _languages(_of("Locale")(row)),
                _word(_of("Gender")(row)),
                _text(_of("LocaleName")(row)) or None,
            )


def _of_rime(page: Any) -> Iterator[VoiceOffer]:
    for row in page if isinstance(page, list) else ():
        yield VoiceOffer(
            _text(_of("speaker")(row)),
            _text(_of("speaker")(row)).capitalize(),
            _text(_of("modelId")(row)),
            _languages(_of("lang")(row)),
            _word(_of("gender")(row)),
            _word(_of("dialect")(row)),
            _word(_of("age")(row)),
        )


def _of_smallest(page: Any) -> Iterator[VoiceOffer]:
    for row in _rows(page, "voices"):
        tags = _of("tags")(row) or {}
        yield VoiceOffer(
            _text(row.get("voiceId")),
            _text(row.get("displayName")),
            "lightning_v3.1",
            _languages(_of("language")(tags)),
            _word(_of("gender")(tags)),
            _word(_of("accent")(tags)),
            _word(_of("age")(tags)),
        )


def _of_inworld(page: Any) -> Iterator[VoiceOffer]:
    for row in _rows(page, "voices"):
        tags = [_word(tag) for tag in row.get("tags") or ()]
        yield VoiceOffer(
            _text(row.get("voiceId")),
            _text(row.get("displayName")),
            "inworld-tts-1.5-max",
            _languages(row.get("langCode")),
            next((tag for tag in tags if tag in ("female", "male")), None),
            custom=row.get("source") == "IVC",
        )


def _of_polly(page: Any) -> Iterator[VoiceOffer]:
    for row in _rows(page, "Voices"):
        codes = [row.get("LanguageCode"), *(row.get("AdditionalLanguageCodes") or ())]
        for engine in row.get("SupportedEngines") or ():
            yield VoiceOffer(
                _text(row.get("Id")),
                _text(row.get("Name")),
                _text(engine),
                _languages(codes),
                _word(row.get("Gender")),
                _text(row.get("LanguageName")) or None,
            )


def _of_google(page: Any) -> Iterator[VoiceOffer]:
    for row in _rows(page, "voices"):
        name = _text(row.get("name"))
        found = _GOOGLE_NAME.fullmatch(name)
        if found is None:
            # A name without its language is that of one voice of a multilingual model; the client takes it with a language only.
            continue
        yield VoiceOffer(
            name,
            found["name"],
            found["kind"].lower(),
            _languages(row.get("languageCodes")),
            _word(row.get("ssmlGender")),
            found["language"],
        )


def _following(name: str, *names: str) -> Next:
    """The next page's query, of the token that a page has for it."""

    def query(page: Any) -> str:
        token = _text(_of(*names)(page))
        return f"{name}={quote(token, safe='')}" if token else ""

    return query


def _after_last(page: Any) -> str:
    """The next page's query, of the last voice of this one."""
    last = _text(([*_rows(page, "data")] or [{}])[-1].get("id"))
    return f"starting_after={quote(last, safe='')}" if last and _of("has_more")(page) is True else ""


def _bearer(sent: Mapping[str, Any], _url: str, _at: datetime) -> Mapping[str, str]:
    return {"authorization": f"Bearer {sent['api_key']}"}


def _signed_list(sent: Mapping[str, Any], url: str, at: datetime) -> Mapping[str, str]:
    keys = AwsKeys(sent["access_key_id"], sent["secret_access_key"], sent["region"])
    return signed("GET", url, {}, b"", keys, "polly", at)


def _google_bearer(sent: Mapping[str, Any], _url: str, at: datetime) -> Mapping[str, str]:
    return {"authorization": f"Bearer {google_token(sent['credentials_info'], _GOOGLE_API, at)}"}


CATALOGUES: Mapping[str, Catalogue] = {
    "elevenlabs": Catalogue(
        "https://api.elevenlabs.io/v2/voices?page_size=100",
        lambda sent, _url, _at: {"xi-api-key": sent["api_key"]},
        _of_elevenlabs,
        _following("next_page_token", "next_page_token"),
        "https://api.elevenlabs.io/v1/voices/",
        lambda row: {"voices": [row]},
    ),
    "cartesia": Catalogue(
        "https://api.cartesia.ai/voices?limit=100",
        lambda sent, _url, _at: {"x-api-key": sent["api_key"], "cartesia-version": _VERSION_OF_CARTESIA},
        _of_cartesia,
        _after_last,
        "https://api.cartesia.ai/voices/",
        lambda row: {"data": [row]},
    ),
    "deepgram": Catalogue(
        "https://api.deepgram.com/v1/models",
        lambda sent, _url, _at: {"authorization": f"Token {sent['api_key']}"},
        _of_deepgram,
    ),
    "azuretts": Catalogue(
        "https://{speech_region}.tts.speech.microsoft.com/cognitiveservices/voices/list",
        lambda sent, _url, _at: {"ocp-apim-subscription-key": sent["speech_key"]},
        _of_azure,
    ),
    "rime": Catalogue("https://users.rime.ai/data/voices/voice_details.json", _bearer, _of_rime),
    "smallest": Catalogue("https://api.smallest.ai/waves/v1/lightning-v3.1/get_voices", _bearer, _of_smallest),
    "inworld": Catalogue(
        "https://api.inworld.ai/voices/v1/voices",
        lambda sent, _url, _at: {"authorization": f"Basic {sent['api_key']}"},
        _of_inworld,
    ),
    "google": Catalogue(f"{_GOOGLE_API}v1/voices", _google_bearer, _of_google),
    "polly": Catalogue(
        "https://polly.{region}.amazonaws.com/v1/voices", _signed_list, _of_polly, _following("NextToken", "NextToken")
    ),
}
"""By the name of the voice provider."""

_SPEAKERS = {
    "bulbul:v2": "anushka manisha vidya arya abhilash karun hitesh",
    "bulbul:v3": "shubh aditya ritu priya neha rahul pooja rohan simran kavya amit dev ishita shreya",
}
_MALE = frozenset(["abhilash", "karun", "hitesh", "shubh", "aditya", "rahul", "rohan", "amit", "dev"])
_INDIAN = ("hi", "bn", "gu", "kn", "ml", "mr", "or", "pa", "ta", "te", "en")
_ALWAYS = ["alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"]

STATIC: Mapping[str, tuple[VoiceOffer, ...]] = {
    "sarvam": tuple(
        VoiceOffer(name, name.capitalize(), model, _INDIAN, "male" if name in _MALE else "female", "indian")
        for model, names in _SPEAKERS.items()
        for name in names.split()
    ),
    "openai": tuple(VoiceOffer(name, name.capitalize(), "gpt-4o-mini-tts", ()) for name in _ALWAYS),
    "maya": tuple(
        VoiceOffer(name, name, "Maya 2 Native", _INDIAN, gender, "indian")
        for name, gender in (("Ananya", "female"), ("Arjun", "male"))
    ),
}
"""Voices of vendors that list none, by the name of the provider."""
