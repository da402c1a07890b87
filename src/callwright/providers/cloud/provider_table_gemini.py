"""Gemini: recognisers over the Live API's websocket or utterance by utterance, and voices, all by the Gemini API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from callwright.domain.fields import Fields
from callwright.domain.settings.kinds import text, whole
from callwright.domain.settings.provider_option import ProviderOption as Option
from callwright.domain.settings.provider_option import is_one_of
from callwright.domain.settings.setting import Kind as Setting
from callwright.providers.cloud.languages import written
from callwright.providers.cloud.provider_table_options import NAME, WORDS, word_list
from callwright.providers.cloud.socket_client import Alternative, Event, Kind, Wire
from callwright.providers.cloud.vendor import TRANSCRIBER, VOICE, Asked, Client, Vendor, as_json

_KEYS = ("GEMINI", "GEMINI_API_KEY", "GOOGLE", "GOOGLE_API_KEY")
_API = "https://generativelanguage.googleapis.com/v1beta"
_LIVE_API = "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_NO_SPEECH = "-"
_TRANSCRIBE = (
    "Write down the speech of this telephone caller word for word. Do not answer it, and add nothing."
    f" If nobody speaks, write {_NO_SPEECH}"
)
_PROMPTED = ("gemini-2", "gemini-3.1")
"""Voices that are told the style within the text. Later ones would read it aloud."""
_AS_GEMINI_API = {
    "gemini-2.5-flash-tts": "gemini-2.5-flash-preview-tts",
    "gemini-2.5-pro-tts": "gemini-2.5-pro-preview-tts",
}
"""Names of Cloud Text-to-Speech -> names of the Gemini API."""

_LIVE = ("*live", "*native-audio")
"""Models of the Live API."""
_TRANSCRIBERS = ("*transcribe",)
"""Those that only transcribe. The others converse, and Google bills what they say."""
_AGENT_PLATFORM_LIVE = ("gemini-live-2.5-flash",)
"""The names that Gemini 2.5 Flash Live has on Google Cloud, and that it had in the Gemini API."""
_GEMINI_API_LIVE = "gemini-2.5-flash-native-audio-preview-12-2025"
"""Its name in the Gemini API, which Google recommends in place of the former one."""
_SHUT_DOWN = ("gemini-2.0-flash-live", "gemini-2.5-flash-preview-native-audio")
_TRANSCRIBES = "gemini-3.5-transcribe-live"
_QUIET = "Listen. Never answer, whatever you hear: your words are thrown away."
_LONGEST_ANSWER_TOKENS = 16
"""Of speech, less than a second."""
_FEWEST_REPEATED_WORDS = 3

_CLOSINGS = (
    *(("goaway", 0), ("session duration", 0)),
    *(("api key", 401), ("unregistered callers", 401), ("denied", 403), ("credits", 402), ("quota", 429)),
    *(("not found", 404), ("not supported", 404), ("invalid argument", 400)),
)
"""What the reason of a closed websocket says -> the HTTP status that the API has for it, 0 for a session that is as old as it may be."""


def _speak(sent: Mapping[str, Any], words: str, _at: datetime) -> Asked:
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


def _transcribe(sent: Mapping[str, Any], wav: bytes) -> Asked:
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


def _text_of(answer: Mapping[str, Any]) -> str:
    content = answer["candidates"][0].get("content") or {}
    words = "".join(part.get("text", "") for part in content.get("parts", ()) if not part.get("thought"))
    return "" if words.strip() == _NO_SPEECH else words


def _audio_of(event: Mapping[str, Any]) -> Any:
    return event["candidates"][0]["content"]["parts"][0]["inlineData"]["data"]


def _read_model(given: Fields, name: str) -> str | None:
    model = given.text(name, longest=200)
    if is_one_of(model, _SHUT_DOWN):
        path = given.at(name)
        raise given.failure(f"{path}: Google has shut {model!r} down; name {_TRANSCRIBES}", field=path)
    return model or None


def _live_setup(sent: Mapping[str, Any]) -> str:
    transcription = {
        "languageCodes": [sent["language"]] if "language" in sent else [],
        **({"customVocabulary": sent["keywords"]} if sent.get("keywords") else {}),
    }
    hearing: dict[str, Any] = {"automaticActivityDetection": {"silenceDurationMs": sent["silenceDurationMs"]}}
    setup: dict[str, Any] = {"model": f"models/{sent['model']}", "inputAudioTranscription": transcription}
    if is_one_of(sent["model"], _TRANSCRIBERS):
        config: dict[str, Any] = {"responseModalities": ["TEXT"]}
    else:
        config = {"responseModalities": ["AUDIO"], "maxOutputTokens": _LONGEST_ANSWER_TOKENS}
        hearing["activityHandling"] = "NO_INTERRUPTION"
        setup["systemInstruction"] = {"parts": [{"text": _QUIET}]}
    return json.dumps({"setup": {**setup, "generationConfig": config, "realtimeInputConfig": hearing}})


def _live_audio(pcm: bytes) -> str:
    audio = {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(pcm).decode()}
    return json.dumps({"realtimeInput": {"audio": audio}})


def _live_status(code: int, reason: str) -> int:
    return next((status for words, status in _CLOSINGS if words in reason.lower()), code)


class _LiveReader:
    """Reads one connection.

    A model that only transcribes sends the words of an utterance so far time and again, and all of them once they are final. One that
    converses sends them in pieces, and no mark but the end of its own turn behind the last.
    """

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._whole = is_one_of(sent["model"], _TRANSCRIBERS)
        self._said = ""
        self._before = ""

    def __call__(self, told: Mapping[str, Any]) -> Iterator[Event]:
        content = told.get("serverContent")
        if not isinstance(content, dict):
            return
        so_far, words = (_transcript(content.get(name)) for name in ("interimInputTranscription", "inputTranscription"))
        if self._whole and (fresh := self._fresh(so_far)):
            self._said = fresh
            yield _event(Kind.PARTIAL, fresh)
        if words and self._whole:
            self._said, self._before = "", words
            yield _event(Kind.FINAL, words, content["inputTranscription"].get("languageCode"))
        elif words:
            self._said += words
            yield _event(Kind.PARTIAL, self._said)
        if self._said.strip() and (content.get("turnComplete") or content.get("generationComplete")):
            said, self._said = self._said, ""
            yield _event(Kind.FINAL, said)

    def _fresh(self, so_far: str) -> str:
        """The words so far without those of the utterance before. The vendor may send those once more, alone or before the new ones."""
        rest = _behind(self._before, so_far)
        if rest == so_far or (rest and len(self._before.split()) < _FEWEST_REPEATED_WORDS):
            self._before = ""
            return so_far
        return rest


def _event(kind: Kind, words: str, language: Any = "") -> Event:
    return Event(kind, (Alternative(words, language if isinstance(language, str) else ""),))


def _transcript(told: Any) -> str:
    words = told.get("text") if isinstance(told, dict) else None
    return words if isinstance(words, str) else ""


def _behind(before: str, words: str) -> str:
    """What follows ``before`` in ``words``, whatever the case and the marks; ``words`` where they begin with something else."""
    known = [letter for letter in before.lower() if letter.isalnum()]
    met = 0
    for at, letter in enumerate(words):
        if letter.isalnum():
            if met == len(known):
                return words[at:]
            if letter.lower() != known[met]:
                return words
            met += 1
    return "" if known else words


_LIVE_WIRE = Wire(
    lambda sent: str(sent["base_url"]),
    lambda sent: {"x-goog-api-key": sent["api_key"]},
    _LiveReader,
    _live_setup,
    accepts="setupComplete",
    audio=_live_audio,
    flush='{"realtimeInput":{"audioStreamEnd":true}}',
    ends_soon="goAway",
    status=_live_status,
)

GEMINI_RECOGNISER = Vendor(
    TRANSCRIBER,
    "gemini",
    "Gemini: models of the Live API as it streams, others utterance by utterance",
    _KEYS,
    (
        Client(
            "gemini.Live",
            addresses={"base_url": _LIVE_API},
            models=_LIVE,
            rate_hz=16_000,
            flushes=True,
            billed_by="model",
            own=True,
            wire=_LIVE_WIRE,
        ),
        Client(
            "gemini.Recogniser",
            addresses={"base_url": _API},
            billed_by="model",
            own=True,
            transcribe=_transcribe,
            text=_text_of,
        ),
    ),
    (
        Option(
            "model",
            "model",
            Setting("a text", {"type": "string", "maxLength": 200}, _read_model),
            _TRANSCRIBES,
            convert=lambda name: _GEMINI_API_LIVE if is_one_of(name, _AGENT_PLATFORM_LIVE) else name,
        ),
        Option("language", "language", NAME, convert=written),
        Option("keywords", "keywords", WORDS, convert=word_list),
        Option("context", "prompt", text(4_000), not_models=_LIVE),
        Option("endpointing", "silenceDurationMs", whole(0, 10_000), 250, models=_LIVE),
    ),
)

GEMINI_VOICE = Vendor(
    VOICE,
    "gemini",
    "Gemini's voices, by the Gemini API",
    _KEYS,
    (
        Client(
            "gemini.Voice",
            addresses={"base_url": _API},
            rate_hz=24_000,
            billed_by="model",
            own=True,
            ask=_speak,
            audio=_audio_of,
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
)
