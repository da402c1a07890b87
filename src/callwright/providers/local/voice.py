"""Local voices behind the voice port."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from callwright.domain.limits import MAX_CLAUSE_CHARACTERS
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount, VoiceChunk, VoiceSettings, Word
from callwright.providers.local.inference import LocalInference
from callwright.providers.local.pool import Priority
from callwright.providers.local.speaking import DEFAULT_VOICE, MANNERS

_CHUNK_BYTES = 3_200
_SPEEDS = (0.5, 2.0)


class LocalVoice:
    """``ports.speech.Voice`` in the speech process. Word times are estimated from the sounds of each word.

    ``voice`` is one of ``speaking.MANNERS``; an empty or unknown ``en_US-...`` file name of Piper's means Joe. Options: ``speed`` 0.5-2.
    """

    name = "local"

    def __init__(self, inference: LocalInference, engine: str = "") -> None:
        self._inference = inference
        self._engine = engine

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncGenerator[VoiceChunk, None]:
        """Stream one clause; closing cancels. Raises ProviderError."""
        voice, words = self._chosen(settings), text.split()
        if len(text) > MAX_CLAUSE_CHARACTERS:
            raise ProviderError(
                FailureKind.BAD_REQUEST,
                self.name,
                f"a clause of {len(text)} characters; at most {MAX_CLAUSE_CHARACTERS}",
            )
        usage = UsageAmount("voice", self.name, voice, len(text))
        if not any(character.isalnum() for character in text):
            yield VoiceChunk(last=True, usage=usage)
            return
        engine = MANNERS[voice].engine
        self._inference.require(engine)
        body = {"text": text, "voice": voice, "speed": _speed(settings.options)}
        result = await self._inference.speech.ask("tts", body, Priority.LIVE)
        pcm: bytes = result["pcm"]
        times = tuple(Word(word, start, end) for word, (start, end) in zip(words, result["times"], strict=True))
        for start in range(0, max(len(pcm) - _CHUNK_BYTES, 0), _CHUNK_BYTES):
            yield VoiceChunk(pcm=pcm[start : start + _CHUNK_BYTES])
        rest = max(0, (len(pcm) - 1) // _CHUNK_BYTES * _CHUNK_BYTES)
        yield VoiceChunk(pcm=pcm[rest:], last=True, words=times, estimated=True, usage=usage)

    def billed_model(self, settings: VoiceSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._chosen(settings)

    def check(self, settings: VoiceSettings) -> None:
        """Raises ProviderError for a voice there is not, MissingError without the packages or the model of its engine."""
        self._inference.check_speech(MANNERS[self._chosen(settings)].engine)

    async def warm(self, settings: VoiceSettings) -> None:
        """Start the speech process, which loads the default voice."""
        try:
            engine = MANNERS[self._chosen(settings)].engine
            self._inference.require(engine)
            await self._inference.speech.ask("load", {"names": [engine]}, Priority.SOON)
        except ProviderError:
            return  # the first clause will meet the same failure and report it

    def _chosen(self, settings: VoiceSettings) -> str:
        """The voice's name. Raises ProviderError(BAD_REQUEST) naming those there are."""
        asked = settings.voice.lower()
        if asked in MANNERS and (not self._engine or MANNERS[asked].engine == self._engine):
            return asked
        if asked in ("", "default") or "joe" in asked:
            return next((name for name, m in MANNERS.items() if m.engine == self._engine), DEFAULT_VOICE)
        known = ", ".join(name for name, m in MANNERS.items() if self._engine in ("", m.engine))
        raise ProviderError(FailureKind.BAD_REQUEST, self.name, f"there is no voice {settings.voice!r}; known: {known}")


def _speed(options: Mapping[str, Any]) -> float:
    value = options.get("speed", 1.0)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return 1.0
    return min(max(float(value), _SPEEDS[0]), _SPEEDS[1])
