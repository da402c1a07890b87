"""Saying on a virtual clock: order, release, clear, usage, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from tests.unit.call.world import Bench, settle

from callwright.call.live.breakers import Breakers, Service
from callwright.call.live.briefing import Briefer
from callwright.call.live.failover import ConnectedProvider, Failover, Link, VoiceChain
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.say import Position, Say, Speaker
from callwright.conversation.effects import CancelVoice, Clear, EndSpeech, Release, Speak
from callwright.conversation.events import (
    Cleared,
    MarkPlayed,
    PlayoutStarted,
    ProviderFailed,
    UsageReported,
    VoiceFinished,
    VoiceReady,
)
from callwright.domain.limits import VOICE_CLOSE_SECONDS, VOICE_PIECE_SECONDS
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.media.pacing import Playout
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount, VoiceChunk, VoiceSettings, Word

TONE = b"\x10\x27" * 1_600  # 200 ms


class Mouth:
    """A voice: each clause is ``pieces`` of 200 ms; ``fail`` raises instead; ``gate`` is waited for after each piece."""

    name = "mouth"

    def __init__(self, pieces: int = 2, fail: Exception | None = None, *, report: bool = True) -> None:
        self.pieces = pieces
        self.fail = fail
        self.report = report
        self.gate: asyncio.Event | None = None
        self.spoken: list[str] = []
        self.closed: list[str] = []

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        self.spoken.append(text)
        try:
            for _ in range(self.pieces):
                await asyncio.sleep(0)
                yield VoiceChunk(TONE)
                if self.gate is not None:
                    await self.gate.wait()
            if self.fail is not None:
                raise self.fail
            usage = UsageAmount("voice", "mouth", "m", len(text)) if self.report else None
            yield VoiceChunk(last=True, words=(Word(text, 0, 390),), estimated=False, usage=usage)
        finally:
            self.closed.append(text)

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing."""


class Wire:
    """A line that keeps what was written and when it is played."""

    def __init__(self, ahead_ms: int = 60) -> None:
        self.ahead_ms = ahead_ms
        self.delay_ms = 0
        self.open = True
        self.continuous = True
        self.frames: list[tuple[int, bytes]] = []
        self.writes: list[int] = []
        self.cleared_us: list[int] = []

    def write(self, frames: Sequence[bytes], plays_at_us: int) -> None:
        self.writes.append(len(frames))
        self.frames.extend((plays_at_us + 20_000 * i, frame) for i, frame in enumerate(frames))

    def clear(self, now_us: int) -> None:
        self.cleared_us.append(now_us)


class Stage:
    """A voice on a bench."""

    def __init__(self, mouth: Mouth, ahead_ms: int = 60) -> None:
        self.bench = Bench()
        self.wire = Wire(ahead_ms)
        self.pacer = PacerClock(self.bench.clock)
        self.mouth = mouth
        self.say = Say(
            self.bench.runner, Speaker(mouth, "mouth", VoiceSettings("v")), self.wire, self.pacer, self.bench.clock
        )

    def clause(self, index: int, text: str, generation: int = 1) -> None:
        self.say.speak(Speak(generation, index, 1, "reply", text))

    async def run(self, ms: int) -> None:
        for _ in range(ms // 20):
            await settle(3)
            self.bench.clock.advance(20)
            self.pacer.tick(self.bench.clock.us, 0)
        await settle()

    def of(self, kind: type[Any]) -> list[Any]:
        return self.bench.core.of(kind)


class NamedMouth(Mouth):
    """Reports no usage: what it was asked for is billed under its name."""

    def __init__(self, name: str, fail: Exception | None = None) -> None:
        super().__init__(pieces=0 if fail else 2, fail=fail, report=False)
        self.name = name


@pytest.mark.parametrize(
    ("kind", "billed"), [(FailureKind.BROKEN_STREAM, [("a", 4), ("b", 4)]), (FailureKind.REFUSED, [("a", 0), ("b", 4)])]
)
async def test_a_clause_that_two_voices_were_asked_for_is_billed_for_both(kind: FailureKind, billed: Any) -> None:
    stage = Stage(Mouth())
    failover = Failover(Breakers(), stage.bench.clock)
    mouths = [NamedMouth("a", ProviderError(kind, "a", "down")), NamedMouth("b")]
    links: list[Link[Any, Any]] = [
        Link(ConnectedProvider("voice", one.name), one, VoiceSettings(), Service("voice", one.name), one.name)
        for one in mouths
    ]
    chain = VoiceChain(links, failover, 800)
    say = Say(stage.bench.runner, Speaker(chain, "a", VoiceSettings()), stage.wire, stage.pacer, stage.bench.clock)
    say.speak(Speak(1, 0, 1, "reply", "One."))
    await settle()
    assert [(one.provider, one.amount) for one in stage.of(UsageReported)] == billed


@pytest.mark.parametrize(
    ("fail", "pieces", "billed"),
    [
        (ProviderError(FailureKind.REFUSED, "mouth", "no key"), 0, 0),
        (ProviderError(FailureKind.LIMIT, "mouth", "too many"), 0, 0),
        (ProviderError(FailureKind.REFUSED, "mouth", "no key"), 1, 4),
        (ProviderError(FailureKind.BROKEN_STREAM, "mouth", "cut"), 0, 4),
        (TimeoutError(), 0, 4),
    ],
)
async def test_a_clause_that_the_voice_refused_costs_nothing(fail: Exception, pieces: int, billed: int) -> None:
    stage = Stage(Mouth(pieces, fail, report=False))
    stage.clause(0, "One.")
    await settle()
    assert [one.amount for one in stage.of(UsageReported)] == [billed]


class Burst(Mouth):
    """Says pieces of 20 ms without a wait, then what it is told to."""

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        for _ in range(self.pieces):
            yield VoiceChunk(TONE[:320])
        if self.gate is not None:
            await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        yield VoiceChunk(last=True)


@pytest.mark.parametrize(("pieces", "writes"), [(1, [1]), (4, [1, 3]), (8, [1, 5, 2])])
async def test_what_a_voice_says_without_a_wait_goes_out_together_behind_its_first_piece(
    pieces: int, writes: list[int]
) -> None:
    mouth = Burst(pieces)
    mouth.gate = asyncio.Event()
    stage = Stage(mouth, ahead_ms=1_000)
    stage.say.release(Release(1, 1))
    stage.clause(0, "One.")
    await settle()
    assert stage.wire.writes == writes


async def test_what_a_voice_said_before_it_failed_is_heard() -> None:
    stage = Stage(Burst(4, ProviderError(FailureKind.UNAVAILABLE, "mouth", "down")), ahead_ms=1_000)
    stage.say.release(Release(1, 1))
    stage.clause(0, "One.")
    await settle()
    assert len(stage.wire.frames) == 4
    assert len(stage.of(ProviderFailed)) == 1


async def test_clauses_are_synthesised_in_order_before_they_may_be_heard() -> None:
    stage = Stage(Mouth())
    stage.clause(0, "One.")
    stage.clause(1, "Two.")
    await settle()

    assert stage.mouth.spoken == ["One.", "Two."]
    assert [(e.index, e.audio_ms) for e in stage.of(VoiceFinished)] == [(0, 400), (1, 400)]
    assert [e.index for e in stage.of(VoiceReady)] == [0, 1]
    assert not stage.wire.frames, "nothing is heard before the release"


async def test_the_release_is_heard_at_once_and_marks_follow_the_clauses() -> None:
    stage = Stage(Mouth())
    stage.clause(0, "One.")
    stage.clause(1, "Two.")
    stage.say.end_speech(EndSpeech(1, 2))
    await settle()

    stage.say.release(Release(1, 1))

    assert len(stage.wire.frames) == 3, "60 ms ahead, without waiting for a tick"
    assert [e.at_us for e in stage.of(PlayoutStarted)] == [stage.bench.runner.now_us()]
    await stage.run(900)
    assert len(stage.wire.frames) == 40
    assert [at - stage.wire.frames[0][0] for at, _ in stage.wire.frames] == [20_000 * i for i in range(40)]
    assert [(e.index, e.at_us) for e in stage.of(MarkPlayed)] == [(0, 400_000), (1, 800_000)]


async def test_audio_that_comes_after_the_release_is_heard_when_it_comes() -> None:
    stage = Stage(Mouth())
    stage.say.release(Release(1, 1))
    stage.clause(0, "One.")
    await settle()
    assert len(stage.wire.frames) == 3


async def test_no_leg_is_fed_more_than_400_ms_ahead() -> None:
    stage = Stage(Mouth(pieces=4), ahead_ms=5_000)
    stage.clause(0, "One.")
    await settle()
    stage.say.release(Release(1, 1))
    assert len(stage.wire.frames) == 20


async def test_a_leg_that_takes_frames_far_ahead_gets_five_at_a_time_and_the_call_hears_of_each_clause_when_it_ends() -> (
    None
):
    stage = Stage(Mouth(pieces=4), ahead_ms=200)
    stage.clause(0, "One.")
    stage.clause(1, "Two.")
    stage.say.end_speech(EndSpeech(1, 2))
    await settle()
    stage.say.release(Release(1, 1))
    await stage.run(2_000)

    assert stage.wire.writes[0] == 10
    assert set(stage.wire.writes[1:-1]) == {5}
    assert [at - stage.wire.frames[0][0] for at, _ in stage.wire.frames] == [20_000 * i for i in range(80)]
    assert [(e.index, e.at_us) for e in stage.of(MarkPlayed)] == [(0, 800_000), (1, 1_600_000)]
    assert stage.say.quality.starved_frames == stage.say.quality.late_frames == 0


async def test_audio_that_is_wanted_at_once_does_not_wait_for_others() -> None:
    stage = Stage(Mouth(pieces=1), ahead_ms=200)
    stage.mouth.gate = asyncio.Event()
    stage.say.release(Release(1, 1))
    stage.clause(0, "One.")
    await stage.run(1_000)
    assert len(stage.wire.frames) == 10
    written = len(stage.wire.frames)

    stage.clause(1, "Two.")
    stage.mouth.gate.set()
    await settle()

    assert len(stage.wire.frames) == written + 10


async def test_a_clear_silences_at_once_and_says_how_far_the_agent_got() -> None:
    stage = Stage(Mouth(pieces=5))
    stage.clause(0, "One.")
    await settle()
    stage.say.release(Release(1, 1))
    await stage.run(300)
    written = len(stage.wire.frames)

    stage.say.clear(Clear(1))
    stage.say.cancel(CancelVoice(1))
    await stage.run(200)

    assert [e.played_ms for e in stage.of(Cleared)] == [300]
    assert stage.wire.cleared_us == [stage.bench.clock.us - 200_000]
    assert len(stage.wire.frames) == written, "nothing of it is written after the clear"
    assert not stage.of(MarkPlayed)


async def test_a_withdrawn_generation_is_not_synthesised_on_and_its_characters_are_billed() -> None:
    stage = Stage(Mouth(report=False))
    stage.clause(0, "One.")
    stage.clause(1, "Two two.")
    await settle(2)
    stage.say.cancel(CancelVoice(1))
    await settle()
    stage.say.release(Release(1, 1))
    await stage.run(100)

    assert "Two two." not in stage.mouth.spoken
    assert not stage.wire.frames
    assert [(e.amount, e.provider, e.model) for e in stage.of(UsageReported)] == [(4, "mouth", "v")]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ProviderError(FailureKind.LIMIT, "mouth", "too many"), "limit_reached"),
        (RuntimeError("a defect"), "broken_stream"),
        (TimeoutError(), "unavailable"),
    ],
)
async def test_a_failing_voice_is_one_event_and_its_later_clauses_are_dropped(error: Exception, kind: str) -> None:
    stage = Stage(Mouth(fail=error))
    stage.clause(0, "One.")
    stage.clause(1, "Two.")
    await settle()

    assert [(e.kind, e.failure, e.generation) for e in stage.of(ProviderFailed)] == [("voice", kind, 1)]
    assert stage.mouth.spoken == ["One."]
    stage.mouth.fail = None
    stage.clause(0, "Again.", generation=2)
    await settle()
    assert [e.generation for e in stage.of(VoiceFinished)] == [2], "the next generation speaks"


async def test_when_the_leg_is_gone_nothing_is_written_and_what_was_used_is_reported() -> None:
    stage = Stage(Mouth(pieces=50))
    stage.clause(0, "One.")
    stage.say.release(Release(1, 1))
    await settle(5)
    written = len(stage.wire.frames)

    await stage.run(300)
    written = len(stage.wire.frames)
    assert stage.say.hush() == Position(1, 300)
    await stage.say.aclose()
    await stage.run(200)

    assert len(stage.wire.frames) == written
    assert len(stage.of(UsageReported)) == 1


async def test_when_the_leg_is_gone_it_is_told_how_far_the_agent_got() -> None:
    stage = Stage(Mouth(pieces=2))
    assert stage.say.hush() == Position(0, 0), "nothing was released"
    stage.clause(0, "One.")
    stage.say.release(Release(1, 1))
    await stage.run(260)
    position = stage.say.hush()
    assert position.generation == 1
    assert position.played_ms == pytest.approx(260, abs=20)
    await stage.say.aclose()


async def test_when_the_leg_is_gone_it_is_told_how_far_what_was_silenced_before_got() -> None:
    stage = Stage(Mouth(pieces=2))
    stage.clause(0, "One.")
    stage.say.release(Release(1, 1))
    await stage.run(200)
    stage.say.clear(Clear(1))
    stage.say.cancel(CancelVoice(1))
    (cleared,) = stage.of(Cleared)
    await stage.run(100)
    assert stage.say.hush() == Position(1, cleared.played_ms)
    await stage.say.aclose()


async def test_a_pause_between_two_utterances_is_not_late() -> None:
    """The tick after the last frame came late, so the playout was not asked while the first utterance ended."""
    playout = Playout()
    for generation, begin_us in ((1, 0), (2, 2_000_000)):
        playout.add(generation, 0, b"\x00" * 480)
        playout.end_clause(generation, 0)
        playout.end_utterance(generation, 1)
        playout.release(generation)
        playout.due(begin_us, 60)
        playout.events(begin_us + 500_000)
    assert (playout.quality.late_frames, playout.quality.written_frames) == (0, 6)


async def test_nothing_is_said_into_a_line_that_is_not_there_yet() -> None:
    """A carrier that reports the answer before the order to dial has come back: the welcome must not be lost and recorded as heard."""
    stage = Stage(Mouth())
    stage.wire.open = False
    stage.clause(0, "One.")
    await settle()
    stage.say.release(Release(1, 1))
    await stage.run(200)
    assert not stage.of(PlayoutStarted)
    stage.wire.open = True
    await stage.run(40)
    assert stage.of(PlayoutStarted)
    assert len(stage.wire.frames) >= 3


async def test_words_without_a_sound_are_a_failure_of_the_voice_and_not_words_that_were_heard() -> None:
    stage = Stage(Mouth(pieces=0))
    stage.clause(0, "One.")
    await settle()
    assert [event.failure for event in stage.of(ProviderFailed)] == ["broken_stream"]
    assert not stage.of(VoiceFinished)


async def test_a_clause_without_words_may_be_silent() -> None:
    stage = Stage(Mouth(pieces=0))
    stage.clause(0, "...")
    await settle()
    assert [event.audio_ms for event in stage.of(VoiceFinished)] == [0]


class Stuck(Mouth):
    """Gives one piece and, ``seconds`` later, the rest."""

    def __init__(self, loop: VirtualLoop, seconds: float) -> None:
        super().__init__(pieces=1)
        self._pause = VirtualClock(loop)
        self._seconds = seconds

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        yield VoiceChunk(TONE)
        await self._pause.sleep(self._seconds)
        yield VoiceChunk(TONE, last=True)


@pytest.mark.parametrize(("seconds", "failed"), [(VOICE_PIECE_SECONDS - 1, False), (VOICE_PIECE_SECONDS + 1, True)])
def test_a_voice_that_stops_in_the_middle_has_failed_after_a_while(seconds: float, failed: bool) -> None:
    loop = VirtualLoop()

    async def speak() -> list[tuple[str, str]]:
        stage = Stage(Stuck(loop, seconds))
        stage.clause(0, "One.")
        await VirtualClock(loop).sleep(VOICE_PIECE_SECONDS * 2)
        assert len(stage.of(VoiceFinished)) == (0 if failed else 1)
        return [(event.failure, event.message) for event in stage.of(ProviderFailed)]

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(speak()) == ([("unavailable", "no answer in time")] if failed else [])


class Slow(Mouth):
    """Gives three pieces, each ``VOICE_PIECE_SECONDS`` less one after the one before, and never a last one."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._pause = VirtualClock(loop)

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        for _ in range(3):
            await self._pause.sleep(VOICE_PIECE_SECONDS - 1)
            yield VoiceChunk(TONE)
        await asyncio.Event().wait()


def test_a_voice_fails_a_while_after_its_last_piece_however_long_the_clause_took_before() -> None:
    loop = VirtualLoop()

    async def speak() -> list[float]:
        stage = Stage(Slow(loop))
        stage.clause(0, "One.")
        failed_s: list[float] = []
        await VirtualClock(loop).sleep(0.5)
        for _ in range(6 * VOICE_PIECE_SECONDS):
            await VirtualClock(loop).sleep(1)
            if stage.of(ProviderFailed) and not failed_s:
                failed_s.append(int(loop.time()))
        return failed_s

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(speak()) == [3 * (VOICE_PIECE_SECONDS - 1) + VOICE_PIECE_SECONDS]


@pytest.mark.parametrize(("voice", "spoken_ms"), [("paced", 600), ("refusing", 0)])
def test_a_briefing_takes_as_long_as_its_voice_goes_on_and_costs_what_was_said(voice: str, spoken_ms: int) -> None:
    loop = VirtualLoop()

    async def brief() -> tuple[str, int, list[int]]:
        bench, pause = Bench(), VirtualClock(loop)

        class Paced(Mouth):
            async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
                for number in range(3):
                    await pause.sleep(VOICE_PIECE_SECONDS - 1)
                    yield VoiceChunk(TONE, last=number == 2)

        mouth = Paced() if voice == "paced" else NamedMouth("v", ProviderError(FailureKind.REFUSED, "v", "no key"))
        speaker = Speaker(mouth, "v", VoiceSettings("v"))
        plain: Any = None
        taken: list[bytes] = []
        why = await Briefer(bench.runner, plain, speaker, lambda: (), dict).say("Ann calls.", taken.append)
        await asyncio.sleep(0)
        return why, len(b"".join(taken)) // 8, [one.amount for one in bench.core.of(UsageReported)]

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        told = runner.run(brief())
    assert told == (("", 600, [10]) if spoken_ms else ("no key", 0, [0]))


class Sulking(Mouth):
    """Gives the last piece and then neither ends nor fails for ``seconds``, or fails."""

    def __init__(self, loop: VirtualLoop, seconds: float, error: Exception | None = None) -> None:
        super().__init__()
        self._pause = VirtualClock(loop)
        self._seconds = seconds
        self._error = error

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        self.spoken.append(text)
        try:
            yield VoiceChunk(TONE, last=True, words=(Word(text, 0, 200),), estimated=False)
            await self._pause.sleep(self._seconds)
            if self._error is not None:
                raise self._error
        finally:
            await self._pause.sleep(self._seconds)
            self.closed.append(text)
            if self._error is not None:
                raise self._error


@pytest.mark.parametrize(("seconds", "closed"), [(VOICE_CLOSE_SECONDS - 1, True), (VOICE_CLOSE_SECONDS + 1, False)])
@pytest.mark.parametrize("error", [None, ConnectionError("closing handshake")])
def test_how_a_voice_takes_its_leave_neither_delays_nor_spoils_its_clauses(
    seconds: float, closed: bool, error: Exception | None
) -> None:
    loop = VirtualLoop()

    async def speak() -> None:
        mouth = Sulking(loop, seconds, error)
        stage = Stage(mouth)
        stage.clause(0, "One.")
        stage.clause(1, "Two.")
        await settle()
        assert [event.index for event in stage.of(VoiceFinished)] == [0, 1]
        await VirtualClock(loop).sleep(VOICE_CLOSE_SECONDS * 3)
        assert not stage.of(ProviderFailed)
        assert mouth.closed == (["One.", "Two."] if closed else [])
        stage.clause(2, "Three.")
        await settle()
        await stage.say.aclose()
        assert len(stage.of(UsageReported)) == 3

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(speak())


class FailsAt(Mouth):
    """Gives half of the clause ``at`` and fails."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        self.fail = ProviderError(FailureKind.LIMIT, "mouth", "429") if len(self.spoken) == self._at else None
        async for chunk in super().speak(text, settings):
            yield chunk


async def test_speech_that_ends_before_the_clause_at_which_the_voice_failed_is_played_to_its_end() -> None:
    stage = Stage(FailsAt(1))
    for index, text in enumerate(("One.", "Two.", "Three.")):
        stage.clause(index, text)
    stage.say.end_speech(EndSpeech(1, 3))
    await settle()
    stage.say.release(Release(1, 1))
    assert [(event.generation, event.index) for event in stage.of(ProviderFailed)] == [(1, 1)]
    await stage.run(200)

    stage.say.end_speech(EndSpeech(1, 1))
    await stage.run(600)

    assert len(stage.wire.frames) == 20, "400 ms of the first clause and nothing of the second"
    assert [event.index for event in stage.of(MarkPlayed)] == [0]
    assert not stage.wire.cleared_us


async def test_a_clause_that_was_given_to_a_voice_that_had_failed_already_is_not_heard() -> None:
    stage = Stage(FailsAt(1))
    stage.clause(0, "One.")
    stage.clause(1, "Two.")
    await settle()
    stage.say.release(Release(1, 1))
    stage.clause(2, "Three.")
    stage.say.end_speech(EndSpeech(1, 1))
    await stage.run(800)
    assert len(stage.wire.frames) == 20
    assert [event.index for event in stage.of(MarkPlayed)] == [0]
    assert "Three." not in stage.mouth.spoken
