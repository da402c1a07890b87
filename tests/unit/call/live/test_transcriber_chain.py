"""A recogniser of several, under virtual time: what was said while they changed is heard, and heard once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from callwright.call.live.breakers import Breakers, Service
from callwright.call.live.failover import ConnectedProvider, Failover, Link, Switch
from callwright.call.live.transcriber_chain import TranscriberChain, TranscriberLink
from callwright.domain.limits import (
    BREAKER_FAILURES,
    FALLBACK_OPEN_SECONDS,
    MAX_RELISTENED_SECONDS,
    PROVIDER_CLOSE_SECONDS,
)
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import FRAME_BYTES, FRAME_MS, TranscriberSettings, TranscriberSink, UsageAmount

AFTER_MS = 1_000


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


def clock() -> VirtualClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualClock(loop)


class Ear:
    """A recogniser. It opens ``opens_in`` seconds later, or fails with ``failure``. If it ``reads``, each frame that sounds is a word, and
    the first silent one makes them final; else the test reports for it."""

    def __init__(
        self,
        name: str,
        *,
        opens_in: float = 0.0,
        closes_in: float = 0.0,
        failure: Exception | None = None,
        reads: bool = False,
    ) -> None:
        self.name = name
        self.closes_in = closes_in
        self.opens_in = opens_in
        self.failure = failure
        self.reads = reads
        self.streams: list[Stream] = []

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> Stream:
        await clock().sleep(self.opens_in)
        if self.failure is not None:
            raise self.failure
        self.streams.append(Stream(self, sink))
        return self.streams[-1]


class Stream:
    def __init__(self, ear: Ear, sink: TranscriberSink) -> None:
        self.ear = ear
        self.sink = sink
        self.frames: list[int] = []
        self.told: list[tuple[Any, ...]] = []
        self.breaks: Exception | None = None
        self.closed = False
        self._words: list[str] = []
        self._segment = 1

    def feed(self, pcm: bytes) -> None:
        if self.breaks is not None:
            raise self.breaks
        self.frames.append(pcm[0])
        if not self.ear.reads:
            return
        at_ms = len(self.frames) * FRAME_MS
        if pcm[0]:
            self._words.append(f"w{pcm[0]}")
            self.sink.partial(self._segment, " ".join(self._words), at_ms)
        elif self._words:
            self.sink.final(self._segment, " ".join(self._words), at_ms, "en")
            self._segment, self._words = self._segment + 1, []

    def activity(self, active: bool, audio_ms: int) -> None:
        self.told.append(("activity", active, audio_ms))

    def close_utterance(self, audio_ms: int) -> None:
        self.told.append(("close", audio_ms))

    def set_patience(self, silence_ms: int) -> None:
        self.told.append(("patience", silence_ms))

    def want_partials(self, wanted: bool) -> None:
        self.told.append(("partials", wanted))

    async def aclose(self) -> None:
        self.closed = True
        if self.ear.closes_in:
            await clock().sleep(self.ear.closes_in)


class Heard:
    """The call's sink."""

    def __init__(self) -> None:
        self.words: dict[int, str] = {}
        self.reports: list[tuple[Any, ...]] = []
        self.used: list[UsageAmount] = []
        self.failures: list[ProviderError] = []

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        self.words[segment] = text
        self.reports.append(("partial", segment, text, audio_ms))

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        self.words[segment] = text
        self.reports.append(("final", segment, text, audio_ms))

    def eager_end(self, audio_ms: int) -> None:
        self.reports.append(("eager", audio_ms))

    def resumed(self, audio_ms: int) -> None:
        self.reports.append(("resumed", audio_ms))

    def end_of_turn(self, audio_ms: int) -> None:
        self.reports.append(("end", audio_ms))

    def usage(self, amount: UsageAmount) -> None:
        self.used.append(amount)

    def failed(self, error: ProviderError) -> None:
        self.failures.append(error)


class Bench:
    """A chain of ears, and the caller before it."""

    def __init__(self, *ears: Ear, breakers: Breakers | None = None) -> None:
        self.heard = Heard()
        self.failover = Failover(breakers or Breakers(), clock())
        self.switches: list[Switch] = []
        self.failover.switched = self.switches.append
        links: list[TranscriberLink] = [
            Link(
                ConnectedProvider("transcriber", one.name),
                one,
                TranscriberSettings(),
                Service("transcriber", one.name),
                one.name,
            )
            for one in ears
        ]
        self.chain = TranscriberChain(links, self.failover, AFTER_MS)
        self.stream: Any = None
        self.position_ms = 0
        self._number = 0

    async def open(self) -> Bench:
        self.stream = await self.chain.open(TranscriberSettings(), self.heard)
        return self

    async def frames(self, count: int, *, sound: bool = False) -> None:
        """20 ms each, in their time. Sound has a number of its own in every frame."""
        for _ in range(count):
            self._number += sound
            self.position_ms += FRAME_MS
            self.stream.feed(bytes([self._number if sound else 0]) * FRAME_BYTES)
            await clock().sleep(FRAME_MS / 1000)

    async def says(self, count: int) -> None:
        """Sound of so many frames, with what the voice activity detector tells of it, and a frame of silence."""
        self.stream.activity(True, self.position_ms)
        await self.frames(count, sound=True)
        end_ms = self.position_ms
        await self.frames(1)
        self.stream.activity(False, end_ms)

    async def close(self) -> None:
        await self.stream.aclose()
        await self.failover.aclose()

    @property
    def words(self) -> str:
        return " ".join(self.heard.words[segment] for segment in sorted(self.heard.words))

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        return [(one.before, one.after.label, one.reason) for one in self.switches]


def down(kind: FailureKind = FailureKind.BROKEN_STREAM) -> ProviderError:
    return ProviderError(kind, "plugin", "it is down")


def test_a_recogniser_that_fails_in_a_sentence_is_replaced_and_no_word_is_lost_or_doubled() -> None:
    async def work() -> None:
        first, second = Ear("a", reads=True), Ear("b", opens_in=0.3, reads=True)
        bench = await Bench(first, second).open()
        await bench.says(2)
        bench.stream.activity(True, bench.position_ms)
        await bench.frames(3, sound=True)
        first.streams[0].sink.failed(down())
        await bench.frames(20, sound=True)
        await bench.frames(1)
        assert bench.words == " ".join(f"w{number}" for number in range(1, 26))
        # The words that were not final yet came again under their own number.
        assert list(bench.heard.words) == [1, 2]
        assert bench.rows == [("a", "b", "broken_stream: it is down")]
        assert not bench.heard.failures
        # It begins behind the last final words, where the caller speaks already, and its positions are the call's.
        assert second.streams[0].frames[0] == 3
        assert second.streams[0].told[0] == ("activity", True, 0)
        assert bench.heard.reports[-1] == ("final", 2, bench.heard.words[2], bench.position_ms)
        await bench.close()
        assert first.streams[0].closed
        assert second.streams[0].closed

    run(work())


@pytest.mark.proves("transcriber.fallbacks")
@pytest.mark.parametrize("failure", [down(), down(FailureKind.REFUSED), ValueError("no JSON"), TimeoutError()])
def test_a_recogniser_that_does_not_open_is_replaced_at_once(failure: Exception) -> None:
    async def work() -> None:
        bench = await Bench(Ear("a", failure=failure), Ear("b", reads=True)).open()
        await bench.says(2)
        assert bench.words == "w1 w2"
        assert len(bench.rows) == 1
        await bench.close()

    run(work())


def test_a_recogniser_that_never_opens_is_not_waited_for() -> None:
    async def work() -> None:
        await Bench(Ear("a", opens_in=10_000), Ear("b")).open()
        assert clock().monotonic_us() / 1e6 == pytest.approx(FALLBACK_OPEN_SECONDS)

    run(work())


def test_when_none_can_be_opened_the_failure_of_the_last_is_raised() -> None:
    async def work() -> None:
        with pytest.raises(ProviderError) as caught:
            await Bench(Ear("a", failure=down()), Ear("b", failure=down(FailureKind.LIMIT))).open()
        assert (caught.value.kind, caught.value.provider) == (FailureKind.LIMIT, "b")

    run(work())


def test_a_frame_that_a_recogniser_cannot_take_is_heard_by_the_next() -> None:
    async def work() -> None:
        first, second = Ear("a", reads=True), Ear("b", reads=True)
        bench = await Bench(first, second).open()
        await bench.frames(1)
        first.streams[0].breaks = ValueError("no JSON")
        await bench.says(3)
        await bench.frames(5)
        assert bench.words == "w1 w2 w3"
        assert bench.rows == [("a", "b", "broken_stream: ValueError")]
        await bench.close()

    run(work())


def test_the_next_one_knows_the_patience_and_whether_words_before_the_end_matter() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        bench.stream.set_patience(700)
        bench.stream.want_partials(True)
        await bench.frames(2)
        first.streams[0].sink.failed(down())
        await bench.frames(2)
        assert second.streams[0].told == [("patience", 700), ("partials", True)]
        assert len(second.streams[0].frames) == 4
        await bench.close()

    run(work())


def test_what_belongs_to_a_turn_that_was_taken_is_not_recognised_again() -> None:
    async def work() -> None:
        first, second = Ear("a", reads=True), Ear("b", reads=True)
        bench = await Bench(first, second).open()
        bench.stream.activity(True, 0)
        await bench.frames(3, sound=True)
        bench.stream.close_utterance(bench.position_ms)
        first.streams[0].sink.failed(down())
        await bench.frames(2, sound=True)
        await bench.frames(1)
        assert second.streams[0].frames[0] == 4
        assert bench.heard.words == {1: "w1 w2 w3", 2: "w4 w5"}
        await bench.close()

    run(work())


def test_no_more_than_the_last_seconds_are_given_again() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        await bench.frames(1_000)
        first.streams[0].sink.failed(down())
        await bench.frames(1)
        assert len(second.streams[0].frames) * FRAME_MS <= MAX_RELISTENED_SECONDS * 1_000 + 2 * FRAME_MS
        await bench.close()

    run(work())


def test_what_a_replaced_recogniser_reports_late_does_not_count() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b", reads=True)
        bench = await Bench(first, second).open()
        await bench.frames(1)
        first.streams[0].sink.failed(down())
        await bench.says(2)
        first.streams[0].sink.final(1, "old words", 20, "en")
        first.streams[0].sink.failed(down())
        assert bench.words == "w1 w2"
        assert len(bench.switches) == 1
        await bench.close()

    run(work())


def test_when_the_fallback_fails_too_the_first_is_tried_once_more_before_the_call_is_deaf() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        first.streams[0].sink.failed(down())
        await bench.frames(1)
        second.streams[0].sink.failed(down())
        await bench.frames(1)
        assert len(first.streams) == 2
        first.failure = second.failure = down(FailureKind.LIMIT)
        first.streams[1].sink.failed(down())
        await bench.frames(1)
        assert [one.kind for one in bench.heard.failures] == [FailureKind.LIMIT]
        await bench.close()

    run(work())


def test_audio_that_nobody_billed_is_billed_by_an_estimate_under_the_right_name() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        await bench.frames(10)
        first.streams[0].sink.failed(down())
        await bench.frames(5)
        second.streams[0].sink.usage(UsageAmount("transcriber", "b", "m", 100))
        await bench.close()
        assert sorted((one.provider, one.amount) for one in bench.heard.used) == [("a", 200), ("b", 100)]

    run(work())


@pytest.mark.parametrize("closes_in", [3.0, 60.0])
def test_a_recogniser_that_still_closes_when_the_call_ends_is_billed_and_waited_for(closes_in: float) -> None:
    async def work() -> None:
        first, second = Ear("a", closes_in=closes_in), Ear("b")
        bench = await Bench(first, second).open()
        await bench.frames(10)
        first.streams[0].sink.failed(down())
        await bench.frames(1)
        closing_ms = clock().monotonic_us() // 1_000
        async with asyncio.timeout(PROVIDER_CLOSE_SECONDS):
            await bench.stream.aclose()
        assert [(one.provider, one.amount) for one in bench.heard.used if one.provider == "a"] == [("a", 200)]
        assert clock().monotonic_us() // 1_000 - closing_ms >= min(closes_in - 0.1, PROVIDER_CLOSE_SECONDS - 2) * 1_000
        await bench.failover.aclose()

    run(work())


def test_a_closing_is_not_cancelled_before_it_has_billed() -> None:
    async def work() -> None:
        first, second = Ear("a", closes_in=3.0), Ear("b")
        bench = await Bench(first, second).open()
        await bench.frames(10)
        first.streams[0].sink.failed(down())
        await bench.frames(1)
        await bench.failover.aclose()
        assert [(one.provider, one.amount) for one in bench.heard.used] == [("a", 200)]

    run(work())


# -- a recogniser that says nothing ---------------------------------------------------------------------------------------------


@pytest.mark.proves("transcriber.fallback_after_ms")
def test_a_recogniser_that_hears_none_of_the_words_is_replaced_by_one_that_does() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b", reads=True)
        bench = await Bench(first, second).open()
        await bench.says(30)
        await bench.frames(AFTER_MS // FRAME_MS + 2)
        assert bench.words == " ".join(f"w{number}" for number in range(1, 31))
        assert bench.rows == [("a", "b", "unavailable: it reported none of the words that another one heard")]
        await bench.close()
        assert first.streams[0].closed

    run(work())


def test_one_that_reported_words_before_is_suspected_while_the_caller_still_speaks() -> None:
    async def work() -> None:
        first, second = Ear("a", reads=True), Ear("b", reads=True)
        bench = await Bench(first, second).open()
        await bench.says(5)
        first.reads = False
        bench.stream.activity(True, bench.position_ms)
        await bench.frames(100, sound=True)
        assert len(bench.switches) == 1
        assert bench.words.endswith(" w105")
        await bench.close()

    run(work())


def test_one_that_was_opened_beside_a_silent_one_takes_over_when_that_fails() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        await bench.says(30)
        await bench.frames(AFTER_MS // FRAME_MS + 2)
        assert len(second.streams) == 1
        first.streams[0].sink.failed(down())
        await bench.frames(2)
        (stream,) = second.streams
        assert (stream.closed, len(stream.frames)) == (False, bench.position_ms // FRAME_MS)
        assert bench.rows == [("a", "b", "broken_stream: it is down")]
        stream.sink.final(1, "good day", 600, "en")
        assert bench.words == "good day"
        await bench.close()

    run(work())


def test_one_that_cannot_be_opened_beside_a_silent_one_counts_as_failed() -> None:
    async def work() -> None:
        breakers = Breakers()
        first, second = Ear("a"), Ear("b", failure=down(FailureKind.REFUSED))
        for _ in range(BREAKER_FAILURES):
            bench = await Bench(first, second, breakers=breakers).open()
            await bench.says(30)
            await bench.frames(AFTER_MS // FRAME_MS + 2)
            await bench.close()
        assert breakers.is_open(Service("transcriber", "b"))
        assert not breakers.is_open(Service("transcriber", "a"))

    run(work())


def test_a_sound_without_words_replaces_nobody() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        for _ in range(6):
            await bench.says(30)
            await bench.frames(300)
        assert not bench.switches
        assert 0 < len(second.streams) <= 3
        assert all(stream.closed for stream in second.streams)
        first.reads = True
        await bench.says(2)
        assert bench.words
        assert not bench.failover.breakers.is_open(Service("transcriber", "a"))
        await bench.close()

    run(work())


def test_a_short_sound_is_not_looked_into() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        await bench.says(10)
        await bench.frames(200)
        assert not second.streams
        await bench.close()

    run(work())


def test_one_that_reports_after_all_stays() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b")
        bench = await Bench(first, second).open()
        await bench.says(30)
        await bench.frames(AFTER_MS // FRAME_MS + 2)
        assert second.streams
        first.streams[0].sink.final(1, "slow words", 600, "en")
        await bench.frames(1)
        second.streams[0].sink.final(1, "slow words", 600, "en")
        assert bench.words == "slow words"
        assert not bench.switches
        await bench.close()
        assert second.streams[0].closed

    run(work())


def test_a_call_that_ends_while_a_recogniser_opens_leaves_nothing() -> None:
    async def work() -> None:
        first, second = Ear("a"), Ear("b", opens_in=1.0)
        bench = await Bench(first, second).open()
        await bench.frames(1)
        first.streams[0].sink.failed(down())
        await bench.frames(1)
        await bench.close()
        assert not second.streams
        assert len(asyncio.all_tasks()) == 1

    run(work())
