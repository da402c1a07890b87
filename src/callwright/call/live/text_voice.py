"""Voices that take the time of reading in place of sound."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from callwright.ports.billing import billed_as
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import PluginGetter
from callwright.ports.speech import FRAME_BYTES, FRAME_MS, UsageAmount, Voice, VoiceChunk, VoiceSettings, Word

TEXT = "text"
"""The provider of the ear and the mouth of a chat. No agent names it."""

READING_MS_PER_CHARACTER = 40
"""A fast reader's 250 words in a minute."""


class TextVoice:
    """``ports.speech.Voice`` that says nothing for as long as the text is read. A clause is delivered as a whole: all its words end with
    it."""

    name = TEXT

    def __init__(self, ms_per_character: int = 0) -> None:
        self._ms_per_character = ms_per_character

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """One clause. It costs nothing."""
        yield _read(text, self._ms_per_character, UsageAmount("voice", TEXT, TEXT, 0))

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing to load."""


class StandInVoice:
    """A voice that stands in for another one. A clause that it cannot speak, as one of a language it does not know, is silence of the time
    of reading: the words are in the transcript, marked as estimated, and the turn goes on."""

    def __init__(self, voice: Voice) -> None:
        self.name = voice.name
        self._voice = voice

    def billed_model(self, settings: VoiceSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return billed_as(self._voice, settings)[1]

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause. Raises ProviderError for every failure but BAD_REQUEST, and for one in the middle of a clause."""
        sounded, last = False, VoiceChunk(last=True)
        chunks = self._voice.speak(text, settings)
        try:
            async for chunk in chunks:
                if chunk.last and not chunk.pcm and not sounded:
                    last = chunk
                    break
                sounded = sounded or bool(chunk.pcm)
                yield chunk
        except ProviderError as error:
            if sounded or error.kind is not FailureKind.BAD_REQUEST:
                raise
        finally:
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()
        if not sounded:
            unspoken = UsageAmount("voice", self.name, settings.model or settings.voice or self.name, 0)
            yield _read(text, READING_MS_PER_CHARACTER, last.usage or unspoken, estimated=True)

    async def warm(self, settings: VoiceSettings) -> None:
        """As the voice does."""
        await self._voice.warm(settings)


def with_stand_in_voice(plugin: PluginGetter) -> PluginGetter:
    """The plugins, every voice of them as one that stands in."""

    def get(kind: str, name: str) -> Any:
        found = plugin(kind, name)
        return StandInVoice(found) if kind == "voice" else found

    return get


def _read(text: str, ms_per_character: int, usage: UsageAmount, *, estimated: bool = False) -> VoiceChunk:
    """A clause as silence for as long as it is read, one frame at least."""
    frames = max(1, len(text) * ms_per_character // FRAME_MS)
    words = tuple(Word(word, 0, frames * FRAME_MS) for word in text.split())
    return VoiceChunk(bytes(frames * FRAME_BYTES), last=True, words=words, estimated=estimated, usage=usage)
