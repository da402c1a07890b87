"""A voice that stands in: what it cannot speak takes the time of reading, and everything else is as the voice does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from callwright.call.live.text_voice import StandInVoice, with_stand_in_voice
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount, VoiceChunk, VoiceSettings, Word

USAGE = UsageAmount("voice", "english", "joe", 5)
SPOKEN = (VoiceChunk(b"\x01" * 320), VoiceChunk(last=True, words=(Word("Hello", 0, 20),), usage=USAGE))


class Voice:
    """Gives its chunks, then fails where it is told to."""

    name = "english"

    def __init__(self, *chunks: VoiceChunk, fails: FailureKind | None = None) -> None:
        self.chunks = chunks
        self.fails = fails
        self.closed = False

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        try:
            for chunk in self.chunks:
                yield chunk
            if self.fails:
                raise ProviderError(self.fails, self.name, "no word of this is English")
        finally:
            self.closed = True

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing."""


async def said(voice: Voice, text: str = "नमस्ते जी") -> list[VoiceChunk]:
    return [chunk async for chunk in StandInVoice(voice).speak(text, VoiceSettings(voice="joe"))]


async def test_a_clause_that_can_be_spoken_is() -> None:
    assert await said(Voice(*SPOKEN), "Hello") == list(SPOKEN)


@pytest.mark.parametrize(
    "voice", [Voice(fails=FailureKind.BAD_REQUEST), Voice(VoiceChunk(last=True, usage=None))], ids=["refused", "mute"]
)
async def test_a_clause_that_cannot_be_spoken_is_silence_of_the_time_of_reading_and_costs_nothing(voice: Voice) -> None:
    (chunk,) = await said(voice)
    assert (chunk.last, len(chunk.pcm), any(chunk.pcm)) == (True, 18 * 320, False)
    assert [(word.text, word.end_ms) for word in chunk.words] == [("नमस्ते", 360), ("जी", 360)]
    assert (chunk.estimated, chunk.usage) == (True, UsageAmount("voice", "english", "joe", 0))
    assert voice.closed


async def test_what_the_voice_counts_of_a_mute_clause_stays_counted() -> None:
    (chunk,) = await said(Voice(VoiceChunk(last=True, usage=USAGE)))
    assert chunk.usage == USAGE


@pytest.mark.parametrize(
    "voice",
    [
        Voice(fails=FailureKind.REFUSED),
        Voice(fails=FailureKind.UNAVAILABLE),
        Voice(SPOKEN[0], fails=FailureKind.BAD_REQUEST),
    ],
    ids=["refused key", "down", "in the middle"],
)
async def test_any_other_failure_of_the_voice_is_one(voice: Voice) -> None:
    with pytest.raises(ProviderError):
        await said(voice)
    assert voice.closed


def test_of_the_plugins_only_voices_are_wrapped() -> None:
    model: Any = object()

    def plugin(kind: str, name: str) -> Any:
        return Voice() if kind == "voice" else model

    get = with_stand_in_voice(plugin)
    assert isinstance(get("voice", "english"), StandInVoice)
    assert get("model", "any") is model
