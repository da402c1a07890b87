"""A voice that says text as two-tone audio: the shortest complete voice plugin, meant to be copied."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from callwright.media.tonetext import spoken, word_times
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount, VoiceChunk, VoiceSettings, Word
from callwright.providers.scripted import options as script

CHUNK_BYTES = 3_200
"""200 ms of audio: a real voice also delivers in pieces."""


class ScriptedVoice:
    """Options: ``first_audio_ms`` before the first piece, ``piece_ms`` before each further one, ``fail`` a kind of failure.

    ``fail_on`` restricts the failure to texts that hold it.
    """

    name = "scripted"

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause. Closing the iterator cancels the work."""
        first_ms = script.whole(settings.options, "first_audio_ms")
        piece_ms = script.whole(settings.options, "piece_ms")
        if "fail" in settings.options and str(settings.options.get("fail_on", "")) in text:
            kind = script.failure(settings.options, "fail", FailureKind.UNAVAILABLE)
            raise ProviderError(kind, self.name, f"the script makes this voice fail with {kind}")
        audio = spoken(text)
        for at in range(0, len(audio), CHUNK_BYTES):
            await asyncio.sleep((piece_ms if at else first_ms) / 1000)
            yield VoiceChunk(audio[at : at + CHUNK_BYTES])
        words = tuple(Word(*word) for word in word_times(text))
        usage = UsageAmount("voice", self.name, settings.model or settings.voice or "scripted", len(text))
        yield VoiceChunk(last=True, words=words, estimated=False, usage=usage)

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing to load."""
