"""Providers that take the time they are told to take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from random import Random
from typing import Any

from callwright.lab.delayed_providers import DelayedModel, DelayedTranscriber, DelayedVoice, draw_between
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, ModelSettings
from callwright.ports.speech import TranscriberSettings, UsageAmount, VoiceChunk, VoiceSettings


def virtually(work: Coroutine[Any, Any, Any]) -> tuple[Any, int]:
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work), loop.now_us // 1000


class Quick:
    """Answers, speaks and listens at once."""

    name = "quick"
    costs_nothing = True
    reading_pause_ms = 80
    sink: Any = None

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        yield ModelDelta(text="yes")

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        yield VoiceChunk(b"", last=True)

    async def warm(self, _: Any) -> None:
        """At once."""

    async def open(self, settings: TranscriberSettings, sink: Any) -> Any:
        self.sink = sink
        return self


class Sink:
    """Keeps what was reported, and when."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, int]] = []

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        self._note(text)

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        self._note(text)

    def eager_end(self, audio_ms: int) -> None:
        self._note("eager")

    def resumed(self, audio_ms: int) -> None:
        self._note("resumed")

    def end_of_turn(self, audio_ms: int) -> None:
        self._note("end")

    def usage(self, amount: UsageAmount) -> None:
        self._note("usage")

    def failed(self, error: ProviderError) -> None:
        self._note("failed")

    def _note(self, what: str) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.reports.append((what, loop.now_us // 1000))


def test_times_are_drawn_between_two() -> None:
    draw = draw_between(Random(1), (100, 300))
    drawn = [draw() for _ in range(50)]
    assert 0.1 <= min(drawn) < max(drawn) <= 0.3
    assert draw_between(Random(1), (70, 70))() == 0.07


def test_a_model_and_a_voice_begin_later() -> None:
    async def ask() -> list[ModelDelta]:
        return [delta async for delta in DelayedModel(Quick(), lambda: 0.7).answer(ModelRequest((), ModelSettings()))]

    async def speak() -> list[VoiceChunk]:
        return [chunk async for chunk in DelayedVoice(Quick(), lambda: 0.2).speak("x", VoiceSettings())]

    assert virtually(ask())[1] == 700
    assert virtually(speak())[1] == 200
    assert DelayedModel(Quick(), lambda: 0.0).costs_nothing


def test_a_recogniser_reports_later_and_in_its_order() -> None:
    async def listen(delays: list[float]) -> list[tuple[str, int]]:
        quick, sink = Quick(), Sink()
        delayed = DelayedTranscriber(quick, lambda: delays.pop(0))
        assert delayed.reading_pause_ms == 80
        await delayed.open(TranscriberSettings(), sink)
        quick.sink.partial(1, "one", 0)
        quick.sink.final(1, "one two", 0, "en")
        quick.sink.eager_end(0)
        quick.sink.resumed(0)
        quick.sink.end_of_turn(0)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await VirtualClock(loop).sleep(2)
        return sink.reports

    order = ["one", "one two", "eager", "resumed", "end"]
    assert virtually(listen([0.3, 0.1, 0.0, 0.5, 0.0]))[0] == list(zip(order, [300, 300, 300, 500, 500], strict=True))
    assert virtually(listen([0.0] * 5))[0] == [(what, 0) for what in order]


def test_a_failure_is_told_at_once() -> None:
    async def listen() -> list[tuple[str, int]]:
        quick, sink = Quick(), Sink()
        await DelayedTranscriber(quick, lambda: 1.0).open(TranscriberSettings(), sink)
        quick.sink.failed(ProviderError(FailureKind.UNAVAILABLE, "quick", "gone"))
        quick.sink.usage(UsageAmount("transcriber", "quick", "q", 1))
        return sink.reports

    assert virtually(listen())[0] == [("failed", 0), ("usage", 0)]
