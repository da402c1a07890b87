"""Providers that work until they are struck, and then stay dead in one of eight ways. Beside each stands a spare that works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from random import Random

from callwright.media.tonetext import spoken, word_times
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.speech import (
    TranscriberSettings,
    TranscriberSink,
    TranscriberStream,
    UsageAmount,
    VoiceChunk,
    VoiceSettings,
    Word,
)
from callwright.providers.scripted.transcriber import ScriptedTranscriber
from proof.faulty_providers import FOR_EVER_SECONDS, PlantedDefectError

RECOGNISER, MODEL, VOICE = COMPONENTS = ("recogniser", "model", "voice")
REFUSE, HANG, TRICKLE, GARBAGE, RESET, UNAUTHORISED, LIMITED, BROKEN = FAULTS = (
    *("refuse", "hang", "trickle", "garbage"),
    *("reset", "401", "429", "5xx"),
)
START, FIRST_BYTE, MIDDLE = MOMENTS = ("start", "first byte", "middle")

FIRST, SPARE = "first", "spare"
"""The provider that dies, and its fallback."""

_KINDS = {
    REFUSE: FailureKind.UNAVAILABLE,
    RESET: FailureKind.BROKEN_STREAM,
    UNAUTHORISED: FailureKind.REFUSED,
    LIMITED: FailureKind.LIMIT,
    BROKEN: FailureKind.UNAVAILABLE,
}
_PAGE = "<!DOCTYPE html><html><body>Bad gateway</body></html>"
_PIECE_BYTES = 3_200
_FRAME_BYTES = 320
_TRICKLE_S = 0.5
_LATE_S = 4.0
"""How late a recogniser reports, and how far apart a model's words are, where they trickle."""


@dataclass(slots=True)
class Outage:
    """One death. ``request``: the number of the request that it strikes, from 1; the recogniser's are utterances of the caller.

    ``struck_us`` is when it struck first, -1 before. ``seen_us`` and ``asked_us`` are processor times: when the first failure was raised,
    and when the spare was asked after it.
    """

    component: str
    fault: str
    moment: str
    request: int
    random: Random
    now_us: Callable[[], int]
    spent_us: Callable[[], int]
    struck_us: int = -1
    seen_us: int = -1
    asked_us: int = -1
    defects: int = 0
    requests: dict[str, int] = field(default_factory=dict)

    def number(self, component: str) -> int:
        """The number of the next request of the first provider."""
        self.requests[component] = self.requests.get(component, 0) + 1
        return self.requests[component]

    def hits(self, component: str, number: int, *, middle: bool) -> bool:
        """Whether the provider is dead at this request, before its first byte or in its middle."""
        if component != self.component or number < self.request:
            return False
        return middle or self.moment != MIDDLE or number > self.request

    def strike(self) -> None:
        """It is dead from now on."""
        if self.struck_us < 0:
            self.struck_us = self.now_us()

    def fail(self) -> None:
        """Raise what a request meets that fails at once."""
        self.strike()
        self.seen_us = self.spent_us() if self.seen_us < 0 else self.seen_us
        if self.fault == GARBAGE:
            self.defects += 1
            raise PlantedDefectError("what it sent cannot be read")
        raise ProviderError(_KINDS[self.fault], FIRST, f"it met {self.fault}")

    def spare_asked(self) -> None:
        """The spare is asked."""
        if self.seen_us >= 0 and self.asked_us < 0:
            self.asked_us = self.spent_us()


async def _for_ever() -> None:
    await asyncio.sleep(FOR_EVER_SECONDS)


class MortalVoice:
    """Two-tone text in pieces, until it is struck."""

    name = FIRST

    def __init__(self, outage: Outage) -> None:
        self._outage = outage

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """One clause."""
        outage = self._outage
        number = outage.number(VOICE)
        await asyncio.sleep(0.08)
        pcm = spoken(text)
        if outage.hits(VOICE, number, middle=False):
            async for chunk in self._dead(pcm):
                yield chunk
            return
        pieces = [pcm[at : at + _PIECE_BYTES] for at in range(0, len(pcm), _PIECE_BYTES)]
        strikes_at = outage.random.randint(1, max(1, len(pieces) // 2))
        for at, piece in enumerate(pieces):
            if at == strikes_at and outage.hits(VOICE, number, middle=True):
                async for chunk in self._dead(pcm[at * _PIECE_BYTES :]):
                    yield chunk
                return
            yield VoiceChunk(piece)
            await asyncio.sleep(0.02)
        words = tuple(Word(*word) for word in word_times(text))
        yield VoiceChunk(last=True, words=words, estimated=False, usage=UsageAmount("voice", FIRST, "v", len(text)))

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing to load."""

    async def _dead(self, rest: bytes) -> AsyncIterator[VoiceChunk]:
        outage = self._outage
        if outage.fault == HANG:
            outage.strike()
            await _for_ever()
        elif outage.fault == TRICKLE:
            outage.strike()
            for at in range(0, len(rest), _FRAME_BYTES):
                yield VoiceChunk(rest[at : at + _FRAME_BYTES])
                await asyncio.sleep(_TRICKLE_S)
        elif outage.fault == GARBAGE and outage.moment != MIDDLE:
            outage.strike()
            noise = outage.random.randbytes(_PIECE_BYTES)
            yield VoiceChunk(outage.random.choice((_PAGE.encode() * 20, noise)))
            await _for_ever()
        else:
            outage.fail()


class SpareVoice:
    """Two-tone text."""

    name = SPARE

    def __init__(self, outage: Outage) -> None:
        self._outage = outage

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """One clause."""
        self._outage.spare_asked()
        await asyncio.sleep(0.2)
        pcm = spoken(text)
        for at in range(0, len(pcm), _PIECE_BYTES):
            yield VoiceChunk(pcm[at : at + _PIECE_BYTES])
            await asyncio.sleep(0.02)
        words = tuple(Word(*word) for word in word_times(text))
        yield VoiceChunk(last=True, words=words, estimated=False, usage=UsageAmount("voice", SPARE, "v", len(text)))

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing to load."""


class ReadingModel:
    """Says the reply of the turn, from behind the words that stand in the history already. It dies where it is the first one."""

    def __init__(self, name: str, outage: Outage, replies: tuple[str, ...]) -> None:
        self.name = name
        self._outage = outage
        self._replies = replies

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Word by word."""
        outage, first = self._outage, self.name == FIRST
        number = outage.number(MODEL) if first else 0
        if not first:
            outage.spare_asked()
        await asyncio.sleep(0.15)
        if first and outage.hits(MODEL, number, middle=False):
            async for delta in self._dead():
                yield delta
        words = self._rest(request)
        strikes_at = outage.random.randint(1, max(1, len(words) - 1))
        for at, word in enumerate(words):
            if first and at == strikes_at and outage.hits(MODEL, number, middle=True):
                async for delta in self._dead(words[at:]):
                    yield delta
            yield ModelDelta(text=f" {word}")
            await asyncio.sleep(0.02)
        yield ModelDelta(ended="stop", usage=UsageAmount("model", self.name, "m", 50, len(words)))

    async def warm(self, request: ModelRequest) -> None:
        """Nothing to prepare."""

    def _rest(self, request: ModelRequest) -> list[str]:
        turns = [at for at, message in enumerate(request.messages) if message.role == "user"]
        words = self._replies[min(len(turns), len(self._replies)) - 1].split()
        said = " ".join(one.content for one in request.messages[turns[-1] :] if one.role == "assistant").split()
        known = [at for at, word in enumerate(words) if word in said]
        return words[known[-1] + 1 :] if known else words

    async def _dead(self, rest: list[str] | None = None) -> AsyncIterator[ModelDelta]:
        outage = self._outage
        if outage.fault == HANG:
            outage.strike()
            await _for_ever()
        elif outage.fault == TRICKLE:
            outage.strike()
            for word in rest or self._replies[0].split():
                await asyncio.sleep(_LATE_S)
                yield ModelDelta(text=f" {word}")
            await _for_ever()
        elif outage.fault == GARBAGE and rest is None:
            outage.strike()
            for at in range(0, len(_PAGE), 4):
                yield ModelDelta(text=_PAGE[at : at + 4])
            yield ModelDelta(ended="stop")
        else:
            outage.fail()


class MortalTranscriber:
    """The scripted recogniser, until it is struck: at the opening, at the first sound of an utterance, or after its first words."""

    name = FIRST

    def __init__(self, outage: Outage) -> None:
        self._outage = outage

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """Open a stream."""
        outage = self._outage
        if outage.component == RECOGNISER and outage.moment == START:
            if outage.fault not in (HANG, TRICKLE):
                outage.fail()
            outage.strike()
            await (_for_ever() if outage.fault == HANG else asyncio.sleep(_LATE_S))
        reports = _MortalReports(sink, outage)
        return _MortalStream(await ScriptedTranscriber().open(settings, reports), reports, outage)


class _MortalStream:
    """A stream that dies."""

    def __init__(self, inner: TranscriberStream, reports: _MortalReports, outage: Outage) -> None:
        self._inner = inner
        self._reports = reports
        self._outage = outage
        self.close_utterance = inner.close_utterance
        self.set_patience = inner.set_patience
        self.want_partials = inner.want_partials

    async def aclose(self) -> None:
        """Nothing is reported afterwards."""
        self._reports.close()
        await self._inner.aclose()

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms."""
        if self._reports.dead and self._outage.fault == GARBAGE:
            self._outage.fail()
        self._inner.feed(pcm)

    def activity(self, active: bool, audio_ms: int) -> None:
        """The caller begins to speak, or ends."""
        if active:
            number = self._outage.number(RECOGNISER)
            if self._outage.hits(RECOGNISER, number, middle=False):
                self._reports.die()
        self._inner.activity(active, audio_ms)


class _MortalReports:
    """A sink before the sink: nothing comes through once the recogniser is dead, or everything comes late."""

    def __init__(self, sink: TranscriberSink, outage: Outage) -> None:
        self._sink = sink
        self._outage = outage
        self.dead = False
        self._late: set[asyncio.TimerHandle] = set()
        self.usage = sink.usage
        self.failed = sink.failed

    def close(self) -> None:
        """What is late is lost."""
        for handle in self._late:
            handle.cancel()

    def die(self) -> None:
        """It is struck."""
        if self.dead:
            return
        self.dead, outage = True, self._outage
        outage.strike()
        if outage.fault not in (HANG, TRICKLE, GARBAGE):
            try:
                outage.fail()
            except ProviderError as error:
                self._sink.failed(error)

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far."""
        self._report(self._sink.partial, segment, text, audio_ms)
        outage = self._outage
        if outage.moment == MIDDLE and outage.hits(RECOGNISER, outage.requests.get(RECOGNISER, 0), middle=True):
            self.die()

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that stay."""
        self._report(self._sink.final, segment, text, audio_ms, language)

    def eager_end(self, audio_ms: int) -> None:
        """Perhaps the end."""
        self._report(self._sink.eager_end, audio_ms)

    def resumed(self, audio_ms: int) -> None:
        """The caller went on."""
        self._report(self._sink.resumed, audio_ms)

    def end_of_turn(self, audio_ms: int) -> None:
        """The recogniser's own end."""
        self._report(self._sink.end_of_turn, audio_ms)

    def _report(self, tell: Callable[..., None], *values: object) -> None:
        if not self.dead:
            tell(*values)
        elif self._outage.fault == TRICKLE:
            self._late.add(asyncio.get_running_loop().call_later(_LATE_S, tell, *values))


class SpareTranscriber:
    """The scripted recogniser."""

    name = SPARE

    def __init__(self, outage: Outage) -> None:
        self._outage = outage

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """Open a stream."""
        self._outage.spare_asked()
        await asyncio.sleep(0.1)
        return await ScriptedTranscriber().open(settings, sink)
