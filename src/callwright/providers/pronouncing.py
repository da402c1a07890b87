"""A voice that says the words of an agent's pronunciation rules as they are wanted, whatever the voice behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from callwright.domain.pronunciation import Said, said
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.billing import billed_as
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.speech import CheckingVoice, VoiceChunk, VoiceSettings, Word


class PronouncingVoice:
    """``ports.speech.Voice`` before another. Without rules it changes nothing."""

    def __init__(self, voice: Any) -> None:
        self._voice = voice
        self.name: str = voice.name

    def check(self, settings: VoiceSettings) -> None:
        """See ``ports.speech.CheckingVoice``. Nothing, where the voice cannot tell."""
        if isinstance(self._voice, CheckingVoice):
            self._voice.check(settings)

    def billed_model(self, settings: VoiceSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return billed_as(self._voice, settings)[1]

    def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause, with the words of the rules replaced. The times are those of the text's own words."""
        rules = settings.options.get("pronunciation_rules")
        spoken = said(text, rules) if rules else None
        if spoken is None or spoken.text == text:
            chunks: AsyncIterator[VoiceChunk] = self._voice.speak(text, settings)
            return chunks
        return self._spoken(spoken, settings)

    async def _spoken(self, spoken: Said, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        async with aclosing(self._voice.speak(spoken.text, settings)) as chunks:
            async for chunk in chunks:
                yield replace(chunk, words=_written(spoken, chunk.words)) if chunk.words else chunk

    async def warm(self, settings: VoiceSettings) -> None:
        """See the port."""
        await self._voice.warm(settings)

    async def voices(self, access: Access) -> tuple[VoiceOffer, ...]:
        """See ``ports.catalogue.VoiceCatalogue``; only a voice whose descriptor says so has it."""
        offers: tuple[VoiceOffer, ...] = await self._voice.voices(access)
        return offers

    async def voice(self, voice_id: str, access: Access) -> VoiceOffer:
        """See ``ports.catalogue.VoiceImports``; only a voice whose descriptor says so has it."""
        offer: VoiceOffer = await self._voice.voice(voice_id, access)
        return offer


def _written(spoken: Said, words: tuple[Word, ...]) -> tuple[Word, ...]:
    timed = [(word.text, word.start_ms, word.end_ms) for word in words]
    return tuple(Word(*one) for one in spoken.written_words(timed))
