"""The contract of a voice (``ports.speech.Voice``)."""

from __future__ import annotations

import asyncio

from callwright.ports.failures import FailureKind
from callwright.ports.speech import SAMPLE_RATE_HZ, Voice, VoiceChunk, VoiceSettings
from callwright.testing.contract import (
    CANCEL_SECONDS,
    close_soon,
    failure_of,
    left_out,
    must,
    must_be_billed_as_foreseen,
    must_leave_nothing,
    must_not_block,
    with_plugin,
)
from callwright.testing.faults import FaultContract, Log

_FASTEST_MS, _SLOWEST_MS = 15, 170
"""Bounds of the time a character takes. Audio at 24,000 Hz that was not converted takes three times as long as speech."""


class VoiceContract(FaultContract):
    """What a voice owes: telephone audio, one end with usage and words, work that can be cancelled, failures of the five kinds."""

    kind = "voice"
    voice_settings = VoiceSettings()
    """How the voice is asked to sound."""
    wrong_settings: VoiceSettings | None = None
    """Settings the voice must refuse. None: that is not tested."""
    text = "See you on Tuesday at ten."
    """What it is asked to say."""
    cancel_seconds: float = CANCEL_SECONDS
    """Longest time until a clause that is cut off has ended, the best of three."""

    async def work(self, made: Voice, settings: VoiceSettings) -> None:
        """Say the text."""
        async for _ in made.speak(self.text, settings):
            pass

    async def _said(self, voice: Voice) -> list[VoiceChunk]:
        return [chunk async for chunk in voice.speak(self.text, self.voice_settings)]

    async def _cut_off(self, voice: Voice) -> float:
        """Seconds until a clause that was begun has ended."""
        loop = asyncio.get_running_loop()
        clause = voice.speak(self.text * 4, self.voice_settings)
        await anext(clause)
        began = loop.time()
        await close_soon(clause, "speak()")
        return loop.time() - began

    @with_plugin
    async def test_a_clause_is_audio_with_one_end(self, voice: Voice) -> None:
        """Pieces are whole 16-bit samples, some are no silence, and exactly one chunk is the last: the last one."""
        must(voice.name == self.plugin.name, f"the voice's name is {voice.name!r}, its plugin's {self.plugin.name!r}")
        chunks = await self._said(voice)
        must(chunks, "the voice gave no chunk at all")
        must(
            [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True],
            "exactly one chunk has last=True, and it comes at the end",
        )
        for chunk in chunks:
            must(isinstance(chunk.pcm, bytes), f"a chunk's pcm is {type(chunk.pcm).__name__}, not bytes")
            must(len(chunk.pcm) % 2 == 0, f"a chunk has {len(chunk.pcm)} bytes: half a sample of 16 bits")
        must(any(any(chunk.pcm) for chunk in chunks), "the voice is silent: every sample is 0")

    @with_plugin
    async def test_the_audio_is_as_long_as_speech(self, voice: Voice) -> None:
        """The length of the audio fits the text, at 8,000 samples a second."""
        length_ms = sum(len(chunk.pcm) for chunk in await self._said(voice)) // 2 * 1000 // SAMPLE_RATE_HZ
        shortest, longest = len(self.text) * _FASTEST_MS, len(self.text) * _SLOWEST_MS
        must(
            shortest <= length_ms <= longest,
            f"{self.text!r} takes {length_ms} ms; speech takes {shortest} to {longest} ms. Is it {SAMPLE_RATE_HZ} Hz, 16 bits, mono?",
        )

    @with_plugin
    async def test_words_lie_in_order_within_the_audio(self, voice: Voice) -> None:
        """Word times, where the voice knows them, are in order and within the clause."""
        chunks = await self._said(voice)
        length_ms = sum(len(chunk.pcm) for chunk in chunks) // 2 * 1000 // SAMPLE_RATE_HZ
        before_ms = 0
        for word in chunks[-1].words:
            must(
                before_ms <= word.start_ms <= word.end_ms <= length_ms + 1,
                f"the word {word.text!r} is at {word.start_ms} to {word.end_ms} ms, before the word ahead of it or outside the"
                f" clause of {length_ms} ms",
            )
            before_ms = word.start_ms
        must(not any(chunk.words for chunk in chunks[:-1]), "words belong into the last chunk only")

    @with_plugin
    async def test_the_last_chunk_tells_what_was_used(self, voice: Voice) -> None:
        """The usage is of the kind voice and counts characters."""
        chunks = await self._said(voice)
        used = chunks[-1].usage
        must(used is not None, "the last chunk has no usage; a voice counts its characters")
        assert used is not None
        must(used.kind == "voice", f"the usage is of the kind {used.kind!r}, not 'voice'")
        must_be_billed_as_foreseen(used, voice, self.voice_settings)
        must(used.amount > 0, f"the usage counts {used.amount} characters for {self.text!r}")
        must(not any(chunk.usage for chunk in chunks[:-1]), "usage belongs into the last chunk only")

    @with_plugin
    async def test_closing_the_iterator_cancels_the_clause(self, voice: Voice) -> None:
        """After the first chunk the iterator can be closed at once, and the next clause is whole."""
        clause = voice.speak(self.text, self.voice_settings)
        await anext(clause)
        await close_soon(clause, "speak()")
        must((await self._said(voice))[-1].last, "after a clause that was cancelled the next one is not whole")

    @with_plugin
    async def test_a_clause_that_is_cut_off_ends_soon(self, voice: Voice) -> None:
        """Closing the iterator takes at most ``cancel_seconds``."""
        await self._said(voice)
        took_s = min([await self._cut_off(voice) for _ in range(3)])
        must(took_s <= self.cancel_seconds, f"a clause that is cut off ends after {took_s * 1000:.0f} ms")

    @with_plugin
    async def test_clauses_that_are_cut_off_leave_nothing_open(self, voice: Voice) -> None:
        """No task goes on and no connection stays but those that are kept for the next clause."""
        await self._said(voice)
        await must_leave_nothing(lambda: self._cut_off(voice), "a clause was cut off")

    @with_plugin
    async def test_its_key_is_never_told(self, voice: Voice) -> None:
        """Neither in a line of the log nor in a repr."""
        if not self.secret:
            raise left_out("secret")
        with Log() as log:
            await self._said(voice)
        shown = "\n".join([*log.lines, repr(voice), repr(self.voice_settings)])
        must(self.secret not in shown, "the log or a repr shows the key")

    @with_plugin
    async def test_calls_do_not_disturb_each_other(self, voice: Voice) -> None:
        """Two clauses at the same time are both whole and equally long."""
        one, other = await asyncio.gather(self._said(voice), self._said(voice))
        lengths = [sum(len(chunk.pcm) for chunk in chunks) for chunks in (one, other)]
        must(one[-1].last and other[-1].last, "of two clauses at the same time one has no end")
        must(
            min(lengths) * 2 > max(lengths),
            f"the same text at the same time has {lengths[0]} and {lengths[1]} bytes: calls mix their audio",
        )

    @with_plugin
    async def test_speaking_does_not_block_the_event_loop(self, voice: Voice) -> None:
        """While a clause is made, other calls go on."""
        await self._said(voice)
        await must_not_block(lambda: self._said(voice), "speak()")

    @with_plugin
    async def test_warming_raises_nothing(self, voice: Voice) -> None:
        """``warm`` returns, also twice."""
        await voice.warm(self.voice_settings)
        await voice.warm(self.voice_settings)

    @with_plugin
    async def test_wrong_settings_are_a_bad_request(self, voice: Voice) -> None:
        """Settings that cannot be used raise ProviderError with BAD_REQUEST."""
        if self.wrong_settings is None:
            raise left_out("wrong_settings")
        wrong = self.wrong_settings

        async def speak() -> list[VoiceChunk]:
            return [chunk async for chunk in voice.speak(self.text, wrong)]

        error = await failure_of(speak(), "speaking with wrong settings")
        must(error.kind is FailureKind.BAD_REQUEST, f"wrong settings are {error.kind.value!r}, not a bad request")
