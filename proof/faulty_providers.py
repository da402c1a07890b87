"""Providers that are slow, fail, hang, break the rules of their port or send nonsense: the weather of the shell.

Everything is drawn from the call's one seed. Whatever a provider does, the shell must turn it into events and the call must end.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Protocol

from callwright.lab.world import Weather
from callwright.media.tonetext import spoken, word_times
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, ToolCall
from callwright.ports.speech import (
    FRAME_MS,
    TranscriberSettings,
    TranscriberSink,
    TranscriberStream,
    UsageAmount,
    VoiceChunk,
    VoiceSettings,
    Word,
)
from proof.deeds import ANSWERED, Work
from proof.weather import weather_of

LATE_US = 1_500
"""How late a busy machine wakes up on average."""
FOR_EVER_SECONDS = 100_000.0
NAME = "scripted"
_SPOKEN = ("reply", "welcome")
"""Purposes of questions whose answer the caller hears."""
_JUNK = ("\ud800", "\x00", "\u202e", "\N{WAVING HAND SIGN}", "x" * 400)


class PlantedDefectError(Exception):
    """A plugin's defect, planted on purpose: the shell must survive it like any other."""


class _Complaints(logging.Handler):
    """Collects what parts of the shell logged as their own defects; planted ones and failures of providers are none."""

    def __init__(self, defects: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._defects = defects

    def emit(self, record: logging.LogRecord) -> None:
        """One record."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, PlantedDefectError):
            self._defects.append(f"{record.getMessage()}: {type(error).__name__}: {error}")


@contextmanager
def complaints_in(defects: list[str]) -> Iterator[None]:
    """What parts of the shell log as their own defects is kept in ``defects``. Nothing of it is printed."""
    complaints = _Complaints(defects)
    logger = logging.getLogger("callwright")
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(complaints)
    try:
        yield
    finally:
        logger.removeHandler(complaints)
        logger.propagate = propagates


class Fortune:
    """What the seed of a call has in store for its providers."""

    def __init__(self, random: Random, weather: Weather) -> None:
        self.random = random
        self.weather = weather
        self.failures: Counter[str] = Counter()
        """Kinds of providers that failed at their work in the call."""
        self.outcomes: Counter[str] = Counter()
        """How much came to its end that must be told, by the type of the event that tells it."""
        self.work = Work()
        self.counts: bool | None = True
        """Whether the model counts its tokens. None: it says nothing of them; False: it says that there were none."""

    @classmethod
    def of(cls, seed: int) -> Fortune:
        """All that is drawn for the call of ``seed``."""
        random = Random(seed)
        fortune = cls(random, weather_of(random))
        fortune.counts = Random(seed + 2).choice((True, True, True, True, None, False))
        return fortune

    def counted(self, amount: int, amount_output: int) -> UsageAmount | None:
        """What the model says that it used."""
        if self.counts is None:
            return None
        return (
            UsageAmount("model", NAME, "m", amount, amount_output)
            if self.counts
            else UsageAmount("model", NAME, "m", 0)
        )

    def chance(self, thousandths: float) -> bool:
        """True so many times in a thousand."""
        return self.random.random() * 1000 < thousandths

    async def wait(self, *choices_ms: int) -> None:
        """One of these times passes, longer in bad weather; or, rarely, all the time there is."""
        wait_ms = self.random.choice(choices_ms)
        if self.weather.late and self.chance(self.weather.late):
            wait_ms += self.random.randint(0, self.weather.late_ms)
        await asyncio.sleep(FOR_EVER_SECONDS if self.chance(self.weather.silent / 2) else wait_ms / 1000)

    def refuse(self, share: int = 1, who: str = "") -> None:
        """Perhaps fail as providers do. ``share``: this place has one in so many of the failures; ``who`` failed, if it must be told."""
        if self.chance(self.weather.failing / share):
            self.failures[who] += 1
            raise ProviderError(self.random.choice(tuple(FailureKind)), NAME, "the weather makes it fail")

    def stumble(self, share: int = 1, who: str = "") -> None:
        """Perhaps fail, as providers do or as no provider should."""
        self.refuse(share, who)
        if self.weather.junk and self.chance(self.weather.failing / share / 4):
            self.failures[who] += 1
            raise PlantedDefectError("the weather plants a defect")


def lateness_of(seed: int) -> Callable[[], int] | None:
    """How late the machine of a call wakes up each time, in microseconds; mostly it is punctual (None)."""
    random = Random(seed + 1)
    return None if random.random() < 0.7 else lambda: int(random.expovariate(1 / LATE_US))


class WeatheredModel:
    """Every word it says has a number of its own (``a17``)."""

    name = NAME

    def __init__(self, fortune: Fortune) -> None:
        self._fortune = fortune
        self._said = 0

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Words in pieces, perhaps tools, and the end; or only a part of it."""
        read = False
        try:
            async for delta in self._answer(request):
                read = True
                yield delta
        except (asyncio.CancelledError, GeneratorExit):
            read = True
            raise
        finally:
            self._fortune.work.asked[request.purpose] += read

    async def _answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        fortune = self._fortune
        await fortune.wait(5, 200, 600, 2_500)
        fortune.stumble(1, "model" if request.purpose != "warm" else "")
        if request.purpose not in (*_SPOKEN, "warm"):
            yes = "yes" if fortune.chance(300) else "no"
            yield ModelDelta(text=f'{{"answer": "{yes}"}}')
            yield ModelDelta(ended="stop", usage=fortune.counted(30, 3))
            return
        left = fortune.random.choice((0, 1, 3, 6, 12, 25, 60)) if not fortune.chance(5) else 400
        while left > 0:
            pieces = min(left, fortune.random.randint(1, 4))
            left -= pieces
            yield ModelDelta(text="".join(self._word() for _ in range(pieces)))
            await fortune.wait(0, 5, 40, 150)
            fortune.stumble(20)
        for call in self._tools(request):
            yield ModelDelta(tool_call=call)
        if fortune.chance(fortune.weather.failing / 4):
            return
        yield ModelDelta(ended="stop", usage=fortune.counted(50, 20))
        if request.purpose in _SPOKEN:
            fortune.outcomes[ANSWERED] += 1

    async def warm(self, request: ModelRequest) -> None:
        """Takes its time."""
        await self._fortune.wait(0, 50, 3_000)

    def _word(self) -> str:
        self._said += 1
        random = self._fortune.random
        junk = random.choice(_JUNK) if self._fortune.chance(self._fortune.weather.junk / 10) else ""
        return f"a{self._said}{junk}{random.choice(('', '', '', '', ',', '.', '?'))} "

    def _tools(self, request: ModelRequest) -> list[ToolCall]:
        fortune = self._fortune
        if not request.tools or not fortune.chance(300):
            return []
        names = [tool.name for tool in request.tools] + (["nothing_of_ours"] if fortune.weather.junk else [])
        return [
            ToolCall(
                "" if fortune.chance(100) else f"c{fortune.random.randint(1, 50)}", fortune.random.choice(names), "{}"
            )
            for _ in range(fortune.random.choice((1, 1, 2)))
        ]


class WeatheredVoice:
    """Two-tone text that comes in pieces of any size, late, without words, or not at all."""

    name = NAME

    def __init__(self, fortune: Fortune) -> None:
        self._fortune = fortune
        self._exact = fortune.chance(700)
        self._pace_ms = fortune.random.choice((0, 0, 0, 20, 150, 400))

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """One clause."""
        fortune = self._fortune
        fortune.work.texts_given += 1
        await fortune.wait(0, 20, 80, 300)
        fortune.stumble(4)
        pcm = b"" if fortune.chance(fortune.weather.junk / 10) else spoken(text)
        size = fortune.random.choice((320, 3_200, 3_200, 4_802, 100_000))
        for at in range(0, len(pcm), size):
            if at:
                await fortune.wait(self._pace_ms)
            fortune.stumble(60)
            # Not before: a text that is refused in place of its first sound is work nobody did.
            fortune.work.texts += at == 0
            yield VoiceChunk(pcm[at : at + size])
        words = tuple(Word(*word) for word in word_times(text)) if self._exact else ()
        usage = UsageAmount("voice", NAME, "v", len(text))
        yield VoiceChunk(last=True, words=words, estimated=not self._exact, usage=usage)

    async def warm(self, settings: VoiceSettings) -> None:
        """Takes its time."""
        await self._fortune.wait(0, 10, 1_000)


class WeatheredTurnModel:
    """Mostly says that the caller has finished."""

    name = NAME

    def __init__(self, fortune: Fortune) -> None:
        self._fortune = fortune

    async def judge(self, pcm: bytes) -> int:
        """A verdict, whatever was said."""
        await self._fortune.wait(10, 40, 120)
        self._fortune.stumble()
        finished = self._fortune.chance(750)
        return self._fortune.random.randint(*((500_000, 1_000_000) if finished else (0, 499_999)))


class CountedStream(TranscriberStream, Protocol):
    """A recogniser's stream that keeps its own account."""

    @property
    def heard_ms(self) -> int:
        """Audio that it has listened to; one that has failed listens to no more of what it is still given."""


class CountedTranscriber(Protocol):
    """A recogniser of such streams."""

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> CountedStream:
        """As ``ports.speech.Transcriber``."""


class WeatheredTranscriber:
    """A recogniser whose reports come late, twice, changed or not at all; it may open late, fail to open, or die of a frame."""

    name = NAME

    def __init__(self, inner: CountedTranscriber, fortune: Fortune) -> None:
        self._inner = inner
        self._fortune = fortune

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> TranscriberStream:
        """After a while, with weather between the recogniser and ``sink``."""
        await self._fortune.wait(0, 0, 100, 4_000)
        self._fortune.stumble(3, "transcriber")
        reports = _LateReports(sink, self._fortune)
        stream = _FragileStream(await self._inner.open(settings, reports), reports, self._fortune)
        self._fortune.work.streams += 1
        return stream


class _FragileStream:
    """Passes everything on, and perhaps dies in the middle."""

    def __init__(self, inner: CountedStream, reports: _LateReports, fortune: Fortune) -> None:
        self._inner = inner
        self._reports = reports
        self._fortune = fortune
        self._dies_in = fortune.random.randint(1, 3_000) if fortune.chance(fortune.weather.failing) else 0
        self.set_patience = inner.set_patience
        self.want_partials = inner.want_partials
        self.close_utterance = inner.close_utterance
        self.activity = inner.activity

    def feed(self, pcm: bytes) -> None:
        """The next 20 ms."""
        self._fortune.work.given_ms += FRAME_MS
        if self._dies_in:
            self._dies_in -= 1
            if not self._dies_in:
                self._reports.close()
                self._fortune.failures["transcriber"] += 1
                raise PlantedDefectError("the weather kills the recogniser")
        before_ms = self._inner.heard_ms
        self._inner.feed(pcm)
        self._fortune.work.heard_ms += self._inner.heard_ms - before_ms

    async def aclose(self) -> None:
        """Nothing is reported afterwards."""
        self._fortune.work.streams -= 1
        await self._inner.aclose()
        self._reports.close()
        await self._fortune.wait(0, 0, 50)


class _LateReports:
    """A sink before the sink."""

    def __init__(self, sink: TranscriberSink, fortune: Fortune) -> None:
        self._sink = sink
        self._fortune = fortune
        self._delay_ms = fortune.random.choice((0, 0, 50, 250))
        self.closed = False
        self._under_way: set[asyncio.TimerHandle] = set()
        self.usage = sink.usage

    def close(self) -> None:
        """What is under way is lost."""
        self.closed = True
        for handle in self._under_way:
            handle.cancel()

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Words so far."""
        self._report(self._sink.partial, segment, text, audio_ms)

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words that stay; perhaps they come again."""
        self._report(self._sink.final, segment, text, audio_ms, language)

    def eager_end(self, audio_ms: int) -> None:
        """Perhaps the end."""
        self._report(self._sink.eager_end, audio_ms)

    def resumed(self, audio_ms: int) -> None:
        """The caller went on."""
        self._report(self._sink.resumed, audio_ms)

    def end_of_turn(self, audio_ms: int) -> None:
        """The recogniser's own end."""
        if self._fortune.chance(self._fortune.weather.junk):
            self._report(self._sink.eager_end, audio_ms)
            self._report(self._sink.resumed, audio_ms)
        self._report(self._sink.end_of_turn, audio_ms)

    def failed(self, error: ProviderError) -> None:
        """It is over."""
        self.close()
        self._fortune.failures["transcriber"] += 1
        self._sink.failed(error)

    def _report(self, tell: Callable[..., None], *values: object) -> None:
        fortune, weather = self._fortune, self._fortune.weather
        delay_ms, chance = self._delay_ms, fortune.random.random() * 1000
        if weather.late:
            if chance < weather.lost:
                return
            if chance < weather.lost + weather.repeated:
                self._later(delay_ms + fortune.random.randint(0, weather.late_ms), tell, values)
            elif chance < weather.lost + weather.repeated + weather.late:
                delay_ms += fortune.random.randint(0, weather.late_ms)
        if delay_ms:
            self._later(delay_ms, tell, values)
        else:
            tell(*values)

    def _later(self, delay_ms: int, tell: Callable[..., None], values: tuple[object, ...]) -> None:
        loop = asyncio.get_running_loop()
        self._under_way.add(loop.call_later(delay_ms / 1000, self._unless_closed, tell, values))

    def _unless_closed(self, tell: Callable[..., None], values: tuple[object, ...]) -> None:
        if not self.closed:
            tell(*values)
