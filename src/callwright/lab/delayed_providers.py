"""Providers that take the time a scenario says they take, drawn anew for each piece of work by the seed of the run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random

from callwright.ports.failures import ProviderError
from callwright.ports.model import Model, ModelDelta, ModelRequest, costs_nothing
from callwright.ports.speech import (
    Transcriber,
    TranscriberSettings,
    TranscriberSink,
    TranscriberStream,
    Voice,
    VoiceChunk,
    VoiceSettings,
    reading_pause_ms,
)

Draw = Callable[[], float]
"""Seconds the next piece of work takes."""


def draw_between(random: Random, span_ms: tuple[int, int]) -> Draw:
    """Evenly from the one to the other."""
    return lambda: random.uniform(*span_ms) / 1000


class DelayedModel:
    """A model whose first words come after a while."""

    def __init__(self, inner: Model, draw: Draw) -> None:
        self._inner = inner
        self._draw = draw
        self.name = inner.name
        self.costs_nothing = costs_nothing(inner)
        self.warm = inner.warm

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """As the other answers, later."""
        await asyncio.sleep(self._draw())
        async for delta in self._inner.answer(request):
            yield delta


class DelayedVoice:
    """A voice whose first sound comes after a while."""

    def __init__(self, inner: Voice, draw: Draw) -> None:
        self._inner = inner
        self._draw = draw
        self.name = inner.name
        self.warm = inner.warm

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """As the other speaks, later."""
        await asyncio.sleep(self._draw())
        async for chunk in self._inner.speak(text, settings):
            yield chunk


class DelayedTranscriber:
    """A recogniser that reports after a while, in its own order."""

    def __init__(self, inner: Transcriber, draw: Draw) -> None:
        self._inner = inner
        self._draw = draw
        self.name = inner.name
        self.reading_pause_ms = reading_pause_ms(inner)

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """As the other opens, its reports delayed."""
        return await self._inner.open(settings, _DelayedReports(sink, self._draw))


class _DelayedReports:
    """The sink before the sink. What was not told before the end of the call is not told: it is too late for it."""

    def __init__(self, sink: TranscriberSink, draw: Draw) -> None:
        self._sink = sink
        self._draw = draw
        self._last_s = 0.0
        self.usage = sink.usage

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far."""
        self._later(self._sink.partial, segment, text, audio_ms)

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that stay."""
        self._later(self._sink.final, segment, text, audio_ms, language)

    def eager_end(self, audio_ms: int) -> None:
        """Perhaps the end."""
        self._later(self._sink.eager_end, audio_ms)

    def resumed(self, audio_ms: int) -> None:
        """The caller went on."""
        self._later(self._sink.resumed, audio_ms)

    def end_of_turn(self, audio_ms: int) -> None:
        """The end of the turn."""
        self._later(self._sink.end_of_turn, audio_ms)

    def failed(self, error: ProviderError) -> None:
        """It is over."""
        self._sink.failed(error)

    def _later(self, tell: Callable[..., None], *values: object) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        self._last_s = max(self._last_s, now_s + self._draw())
        if self._last_s > now_s:
            loop.call_at(self._last_s, tell, *values)
        else:
            tell(*values)
