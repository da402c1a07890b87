"""Hearing: frames become activity and words; the turn model hears the right piece."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

import pytest
from tests.unit.call.world import Bench, settle

from callwright.call.live.hear import Ears, Hear, Words
from callwright.conversation.effects import AskTurnModel, CloseUtterance, ListenForMachine, SetPatience
from callwright.conversation.events import (
    ActivityBegan,
    ActivityEnded,
    MachineDetected,
    ProviderFailed,
    TranscriptFinal,
    TurnVerdict,
    UsageReported,
)
from callwright.domain.limits import MAX_UNHEARD_SECONDS, PROVIDER_CLOSE_SECONDS
from callwright.lab.virtual_loop import VirtualLoop
from callwright.media.g711 import mulaw_of
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount

VOICE = mulaw_of(b"\x00\x20" * 160)
QUIET = b"\xff" * 160


class Loud:
    """A detector that calls everything but silence speech."""

    def feed(self, pcm: bytes) -> int:
        return 255 if any(pcm) else 0


class Stream:
    """A recogniser's stream that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.frames = 0
        self.failure: Exception | None = None
        self.closes = False
        self.hangs = False
        self.bill: UsageAmount | None = None
        self.words: Words | None = None

    def feed(self, pcm: bytes) -> None:
        self.frames += 1
        if self.failure is not None:
            raise self.failure

    def activity(self, active: bool, audio_ms: int) -> None:
        self.told.append(("activity", (active, audio_ms)))

    def close_utterance(self, audio_ms: int) -> None:
        self.told.append(("close", audio_ms))

    def set_patience(self, silence_ms: int) -> None:
        self.told.append(("patience", silence_ms))

    def want_partials(self, wanted: bool) -> None:
        self.told.append(("partials", wanted))

    async def aclose(self) -> None:
        self.told.append(("closed", None))
        if self.hangs:
            await asyncio.Event().wait()
        if self.bill is not None and self.words is not None:
            self.words.usage(self.bill)
        if self.failure is not None and not self.closes:
            raise self.failure


class Judge:
    """A turn model that keeps what it heard."""

    name = "judge"

    def __init__(self, failure: Exception | None = None) -> None:
        self.heard: list[bytes] = []
        self.failure = failure

    async def judge(self, pcm: bytes) -> int:
        self.heard.append(pcm)
        if self.failure is not None:
            raise self.failure
        return 900_000


class Ear(Hear):
    """Hearing with its words, as a recogniser has them."""

    def __init__(self, bench: Bench, ears: Ears) -> None:
        self.words = Words(bench.runner, "ears", ("ears", "m-1"))
        super().__init__(bench.runner, ears, self.words)


def _hear(judge: Judge | None = None, reading_pause_ms: int = 0) -> tuple[Bench, Ear, Stream]:
    bench = Bench()
    ears = Ears(Loud(), judge, "ears", "judge", reading_pause_ms)
    hear = Ear(bench, ears)
    stream = Stream()
    stream.words = hear.words
    assert hear.listen_with(stream)
    return bench, hear, stream


def _play(bench: Bench, hear: Hear, *frames: bytes) -> None:
    for frame in frames:
        bench.clock.advance(20)
        hear.frame(frame, bench.runner.now_us())


def test_voice_begins_and_ends_where_it_was_and_the_end_tells_when_it_arrived() -> None:
    bench, hear, stream = _hear()

    _play(bench, hear, *[QUIET] * 5, *[VOICE] * 10, *[QUIET] * 20)

    assert [e.audio_ms for e in bench.core.of(ActivityBegan)] == [100]
    assert [e.audio_ms for e in bench.core.of(ActivityEnded)] == [300]
    bench.log.flush()
    facts = [e for e in bench.paper.entries() if e["type"] == "voiced_end"]
    assert [fact["v"] for fact in facts] == [{"audio_ms": 300, "arrived_us": 300_000}]
    assert stream.told == [("activity", (True, 100)), ("activity", (False, 300))]
    assert stream.frames == 35
    assert hear.position_ms == 700


def test_a_recogniser_that_reads_early_is_told_of_shorter_pauses_than_the_conversation() -> None:
    bench, hear, stream = _hear(reading_pause_ms=100)

    _play(bench, hear, *[VOICE] * 10, *[QUIET] * 7, *[VOICE] * 10, *[QUIET] * 20)

    assert [e.audio_ms for e in bench.core.of(ActivityBegan)] == [0]
    assert [e.audio_ms for e in bench.core.of(ActivityEnded)] == [540]
    told = [told for what, told in stream.told if what == "activity"]
    assert told == [(True, 0), (False, 200), (True, 340), (False, 540)]


async def test_the_turn_model_hears_the_turn_and_no_more() -> None:
    judge = Judge()
    bench, hear, _ = _hear(judge)
    _play(bench, hear, *[QUIET] * 5, *[VOICE] * 10, *[QUIET] * 5)

    hear.judge(AskTurnModel(3, 100, 300))
    await settle()

    assert len(judge.heard[0]) == 10 * 320
    assert set(judge.heard[0]) != {0}
    assert [(e.request, e.probability_ppm) for e in bench.core.of(TurnVerdict)] == [(3, 900_000)]


async def test_the_turn_model_hears_at_most_the_last_eight_seconds() -> None:
    judge = Judge()
    bench, hear, _ = _hear(judge)
    _play(bench, hear, *[VOICE] * 500)
    hear.judge(AskTurnModel(1, 0, 10_000))
    await settle()
    assert len(judge.heard[0]) == 400 * 320


async def test_a_turn_model_that_fails_or_is_missing_is_an_event() -> None:
    for judge in (Judge(ProviderError(FailureKind.LIMIT, "judge", "busy")), Judge(RuntimeError()), None):
        bench, hear, _ = _hear(judge)
        hear.judge(AskTurnModel(3, 0, 20))
        await settle()
        assert [(e.kind, e.request) for e in bench.core.of(ProviderFailed)] == [("turn", 3)]


async def test_patience_and_the_end_of_the_turn_reach_the_recogniser() -> None:
    _, hear, stream = _hear()
    hear.set_patience(SetPatience(900))
    hear.close_utterance(CloseUtterance(300))
    await hear.aclose()
    assert stream.told == [("patience", 900), ("close", 300), ("closed", None)]
    hear.set_patience(SetPatience(1))
    hear.close_utterance(CloseUtterance(1))


async def test_the_recogniser_knows_when_words_may_interrupt() -> None:
    _, hear, stream = _hear()
    hear.agent_speaks(True)
    hear.agent_speaks(False)
    assert stream.told == [("partials", True), ("partials", False)]


async def test_what_was_said_before_the_recogniser_was_open_is_heard_when_it_is() -> None:
    bench = Bench()
    hear = Hear(bench.runner, Ears(Loud(), None, "ears"), Words(bench.runner, "ears"))
    hear.agent_speaks(True)
    _play(bench, hear, *[QUIET] * 5, *[VOICE] * 10, *[QUIET] * 20)
    hear.close_utterance(CloseUtterance(500))
    stream = Stream()

    assert hear.listen_with(stream)

    assert stream.frames == 35
    assert stream.told == [
        ("partials", True),
        ("activity", (True, 100)),
        ("activity", (False, 300)),
        ("close", 500),
    ]
    _play(bench, hear, VOICE)
    assert stream.frames == 36


async def test_a_recogniser_that_never_opens_has_failed_and_keeps_nothing_more() -> None:
    bench = Bench()
    hear = Hear(bench.runner, Ears(Loud(), None, "ears"), Words(bench.runner, "ears"))
    _play(bench, hear, *[QUIET] * (MAX_UNHEARD_SECONDS * 50 + 10))
    assert [(e.kind, e.failure) for e in bench.core.of(ProviderFailed)] == [("transcriber", "unavailable")]
    assert not hear.listen_with(Stream())


async def test_a_recogniser_that_could_not_open_is_not_waited_for() -> None:
    bench = Bench()
    hear = Hear(bench.runner, Ears(Loud(), None, "ears"), Words(bench.runner, "ears"))
    hear.deaf()
    _play(bench, hear, VOICE)
    assert not hear.listen_with(Stream())
    await hear.aclose()


async def test_a_recogniser_that_breaks_is_told_once_and_the_call_goes_on() -> None:
    bench, hear, stream = _hear()
    stream.failure = ValueError("defect")
    _play(bench, hear, VOICE, VOICE, VOICE, VOICE)
    await hear.aclose()
    assert [(e.kind, e.failure) for e in bench.core.of(ProviderFailed)] == [("transcriber", "broken_stream")]
    assert bench.core.of(ActivityBegan), "voice activity is still detected"


async def test_a_recogniser_that_fails_to_close_does_not_keep_the_call() -> None:
    bench, hear, stream = _hear()
    _play(bench, hear, VOICE)
    stream.failure = ValueError("defect")
    await hear.aclose()
    assert bench.logged()[-1] == ("fact", "vad_track")


def used(bench: Bench) -> list[tuple[int, str, str]]:
    return [(e.amount, e.provider, e.model) for e in bench.core.of(UsageReported)]


def estimates(bench: Bench) -> int:
    return bench.logged().count(("fact", "usage_estimated"))


async def test_a_recogniser_that_breaks_is_closed_at_once_and_bills_what_it_heard() -> None:
    bench, hear, stream = _hear()
    _play(bench, hear, *[QUIET] * 100)
    stream.failure, stream.bill = ValueError("defect"), UsageAmount("transcriber", "ears", "m", 2_000)
    stream.closes = True
    _play(bench, hear, QUIET)
    await settle()
    assert stream.told[-1] == ("closed", None)
    assert used(bench) == [(2_000, "ears", "m")]
    await hear.aclose()
    assert len(stream.told) == 1
    assert estimates(bench) == 0, "what it tells behind its failure is what it used"


async def test_a_recogniser_that_says_it_has_failed_is_given_nothing_more_and_closed() -> None:
    bench, hear, stream = _hear()
    _play(bench, hear, QUIET, QUIET)
    hear.words.failed(ProviderError(FailureKind.BROKEN_STREAM, "ears", "gone"))
    _play(bench, hear, QUIET, QUIET)
    await settle()
    assert stream.frames == 2
    assert stream.told == [("closed", None)]
    await hear.aclose()
    assert used(bench) == [(40, "ears", "m-1")]


async def test_audio_of_which_a_recogniser_reports_nothing_is_estimated() -> None:
    bench, hear, _ = _hear()
    _play(bench, hear, *[QUIET] * 10)
    await hear.aclose()
    assert used(bench) == [(200, "ears", "m-1")]
    assert estimates(bench) == 1


async def test_a_recogniser_that_reports_and_closes_is_believed() -> None:
    bench, hear, _ = _hear()
    _play(bench, hear, *[QUIET] * 10)
    hear.words.usage(UsageAmount("transcriber", "ears", "m", 60))
    await hear.aclose()
    assert used(bench) == [(60, "ears", "m")]
    assert estimates(bench) == 0


async def test_a_recogniser_that_was_sent_nothing_and_says_so_is_believed() -> None:
    bench, hear, _ = _hear()
    _play(bench, hear, *[QUIET] * 10)
    hear.words.usage(UsageAmount("transcriber", "ears", "m", 0))
    await hear.aclose()
    assert (used(bench), estimates(bench)) == ([(0, "ears", "m")], 0)


def test_a_recogniser_that_does_not_close_is_waited_for_so_long_and_the_rest_estimated() -> None:
    async def listen() -> tuple[Bench, float]:
        bench, hear, stream = _hear()
        _play(bench, hear, *[QUIET] * 10)
        hear.words.usage(UsageAmount("transcriber", "ears", "m", 60))
        stream.hangs = True
        began = asyncio.get_running_loop().time()
        await hear.aclose()
        return bench, asyncio.get_running_loop().time() - began

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench, passed = runner.run(listen())
    assert passed == pytest.approx(PROVIDER_CLOSE_SECONDS)
    assert used(bench) == [(60, "ears", "m"), (140, "ears", "m")]
    assert bench.logged()[-1] == ("fact", "vad_track"), "the voice track does not wait for it"


async def test_a_stream_that_comes_too_late_is_closed_before_the_ears_are() -> None:
    bench, hear, _ = _hear()
    late = Stream()
    hear.let_go(late)
    await hear.aclose()
    assert late.told == [("closed", None)]
    assert used(bench) == []


async def test_the_voice_track_holds_every_frame_a_minute_at_a_time() -> None:
    bench, hear, _ = _hear()
    _play(bench, hear, *[VOICE] * 3, *[QUIET] * 3_007)
    await hear.aclose()
    bench.log.flush()
    tracks = [e["v"] for e in bench.paper.entries() if e["type"] == "vad_track"]
    assert [(t["from_ms"], t["step_ms"], len(base64.b64decode(t["data"]))) for t in tracks] == [
        (0, 20, 3_000),
        (60_000, 20, 10),
    ]
    assert base64.b64decode(tracks[0]["data"])[:4] == b"\xff\xff\xff\x00"


def test_everything_the_recogniser_says_becomes_an_event() -> None:
    bench = Bench()
    words = Words(bench.runner, "ears")
    words.partial(1, "he", 100)
    words.final(1, "hello", 200, "en")
    words.eager_end(200)
    words.resumed(220)
    words.end_of_turn(300)
    words.usage(UsageAmount("transcriber", "ears", "m", 1_000))
    words.failed(ProviderError(FailureKind.UNAVAILABLE, "ears", "gone"))
    words.failed(ProviderError(FailureKind.UNAVAILABLE, "ears", "gone again"))
    assert bench.core.types() == [
        "TranscriptPartial",
        "TranscriptFinal",
        "RecogniserEager",
        "RecogniserResumed",
        "RecogniserEnd",
        "UsageReported",
        "ProviderFailed",
    ]
    assert bench.core.of(TranscriptFinal)[0].language == "en"
    assert bench.core.of(UsageReported)[0].purpose == "hearing"


def test_a_machine_is_listened_for_only_while_it_is_wanted() -> None:
    bench, hear, stream = _hear()
    hear.listen_for_machine(ListenForMachine(True))
    _play(bench, hear, *[VOICE] * 100, *[QUIET] * 50)
    hear.listen_for_machine(ListenForMachine(False))
    _play(bench, hear, *[VOICE] * 150)
    assert [(e.kind, e.source) for e in bench.core.of(MachineDetected)] == [("likely", "local"), ("human", "local")]
    assert [told for told in stream.told if told[0] == "partials"] == [("partials", True), ("partials", False)]


class Gathering(Loud):
    """A detector that says later what it thinks of a frame."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, Callable[[int], None]]] = []

    def submit(self, pcm: bytes, judged: Callable[[int], None]) -> None:
        self.asked.append((pcm, judged))

    def tell(self) -> None:
        for pcm, judged in self.asked:
            judged(self.feed(pcm))
        self.asked.clear()


def _gathering() -> tuple[Bench, Ear, Stream, Gathering]:
    bench, vad = Bench(), Gathering()
    hear, stream = Ear(bench, Ears(vad, None, "ears", "judge")), Stream()
    assert hear.listen_with(stream)
    return bench, hear, stream, vad


def test_a_detector_that_gathers_finds_voice_where_it_was_and_when_it_arrived() -> None:
    bench, hear, stream, vad = _gathering()
    for frame in [QUIET] * 5 + [VOICE] * 10 + [QUIET] * 20:
        bench.clock.advance(13)
        hear.frame(frame, bench.runner.now_us())
        bench.clock.advance(7)
        vad.tell()

    assert [e.audio_ms for e in bench.core.of(ActivityBegan)] == [100]
    assert [e.audio_ms for e in bench.core.of(ActivityEnded)] == [300]
    bench.log.flush()
    facts = [e for e in bench.paper.entries() if e["type"] == "voiced_end"]
    assert [fact["v"] for fact in facts] == [{"audio_ms": 300, "arrived_us": 293_000}]
    assert stream.told == [("activity", (True, 100)), ("activity", (False, 300))]
    assert stream.frames == 35
    assert hear.position_ms == 700


def test_what_is_judged_after_the_end_of_the_leg_is_no_event() -> None:
    bench, hear, _, vad = _gathering()
    _play(bench, hear, *[VOICE] * 10)
    hear.leg_is_over()
    vad.tell()
    assert not bench.core.of(ActivityBegan)
