"""Providers and carriers in bad weather: what they may do to the shell, and that the seed decides it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any

import pytest
from proof.faulty_carrier import WeatheredCarrier
from proof.faulty_providers import (
    Fortune,
    PlantedDefectError,
    WeatheredModel,
    WeatheredTranscriber,
    WeatheredTurnModel,
    WeatheredVoice,
)
from proof.weather import CALM

from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.lab.world import Weather
from callwright.media.tonetext import spoken
from callwright.ports.failures import ProviderError
from callwright.ports.leg import DialRequest, Leg, LegClosed, LegListener
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, Tool
from callwright.ports.speech import TranscriberSettings, TranscriberSink, UsageAmount, VoiceChunk, VoiceSettings
from callwright.providers.scripted.transcriber import ScriptedTranscriber

FINE = Weather("fine")
BROKEN = Weather("broken", failing=1_000)
HOSTILE = Weather("hostile", failing=1_000_000, junk=1_000)
REPLY = ModelRequest((Message("user", "Hello"),), ModelSettings(), tools=(Tool("book", "", "{}"),))
HUNG_UP = LegClosed("answered", "Callee", "hung up", 4000)


def virtually(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


async def pass_by(seconds: float) -> None:
    """So much virtual time."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    await VirtualClock(loop).sleep(seconds)


def fortune(weather: Weather, seed: int = 3) -> Fortune:
    return Fortune(Random(seed), weather)


async def deltas(model: WeatheredModel, request: ModelRequest = REPLY) -> list[ModelDelta]:
    return [delta async for delta in model.answer(request)]


def said(answer: list[ModelDelta]) -> list[str]:
    return "".join(delta.text for delta in answer).split()


def test_the_same_seed_gives_the_same_answers_and_no_word_twice() -> None:
    async def answers(seed: int) -> list[str]:
        model = WeatheredModel(fortune(FINE, seed))
        return [word for _ in range(20) for word in said(await deltas(model))]

    first, again, other = (virtually(answers(seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert len(first) == len(set(first)) > 20


def test_an_answer_ends_with_its_usage_and_may_call_tools() -> None:
    async def many() -> list[list[ModelDelta]]:
        model = WeatheredModel(fortune(FINE))
        return [await deltas(model) for _ in range(30)]

    answers = virtually(many())
    assert all(answer[-1].ended == "stop" and answer[-1].usage for answer in answers)
    assert {delta.tool_call.name for answer in answers for delta in answer if delta.tool_call} == {"book"}


def test_a_yes_or_no_question_gets_json() -> None:
    question = ModelRequest((Message("user", "Over?"),), ModelSettings(), purpose="hangup")
    answer = virtually(deltas(WeatheredModel(fortune(FINE)), question))
    assert answer[0].text in ('{"answer": "yes"}', '{"answer": "no"}')


def test_failures_are_a_providers_own_and_defects_are_told_apart() -> None:
    with pytest.raises(ProviderError):
        virtually(deltas(WeatheredModel(fortune(BROKEN))))
    with pytest.raises((ProviderError, PlantedDefectError)):
        virtually(WeatheredTurnModel(fortune(HOSTILE)).judge(b""))


def test_a_turn_model_mostly_says_that_the_caller_has_finished() -> None:
    async def verdicts() -> list[int]:
        model = WeatheredTurnModel(fortune(FINE))
        return [await model.judge(b"") for _ in range(100)]

    finished = sum(verdict >= 500_000 for verdict in virtually(verdicts()))
    assert 60 < finished < 90


def test_a_voice_says_the_words_in_pieces_and_tells_their_times_or_not() -> None:
    async def spoken(seed: int) -> list[VoiceChunk]:
        voice = WeatheredVoice(fortune(FINE, seed))
        await voice.warm(VoiceSettings())
        return [chunk async for chunk in voice.speak("two words", VoiceSettings())]

    ends = [virtually(spoken(seed))[-1] for seed in range(12)]
    assert all(end.last and end.usage for end in ends)
    assert {end.estimated for end in ends} == {True, False}
    assert all(bool(end.words) != end.estimated for end in ends)


def test_the_account_of_a_voice_has_the_texts_that_sounded_and_those_it_was_given() -> None:
    async def speak(fate: Fortune, pieces: int) -> bool:
        heard = 0
        try:
            async for chunk in WeatheredVoice(fate).speak("two words", VoiceSettings()):
                heard += bool(chunk.pcm)
                if heard == pieces:
                    break
        except (ProviderError, PlantedDefectError):
            pass
        return heard > 0

    sounded = []
    for seed in range(400):
        fate = fortune(Weather("w", failing=900), seed)
        sounded.append(virtually(speak(fate, seed % 3)))
        assert (fate.work.texts_given, fate.work.texts) == (1, sounded[-1]), seed
    assert {True, False} == set(sounded)


class Sink:
    """Keeps what was reported."""

    def __init__(self) -> None:
        self.reports: list[tuple[Any, ...]] = []

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        self.reports.append(("partial", segment, text))

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        self.reports.append(("final", segment, text))

    def eager_end(self, audio_ms: int) -> None:
        self.reports.append(("eager",))

    def resumed(self, audio_ms: int) -> None:
        self.reports.append(("resumed",))

    def end_of_turn(self, audio_ms: int) -> None:
        self.reports.append(("end",))

    def usage(self, amount: UsageAmount) -> None:
        self.reports.append(("usage",))

    def failed(self, error: ProviderError) -> None:
        self.reports.append(("failed",))


class Ears:
    """A recogniser that reports whatever the test wants."""

    name = "ears"

    def __init__(self) -> None:
        self.sink: Any = None

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> Ears:
        self.sink = sink
        return self

    @property
    def heard_ms(self) -> int:
        return 0

    def feed(self, pcm: bytes) -> None:
        """Nothing is heard."""

    def activity(self, active: bool, audio_ms: int) -> None:
        """Nothing."""

    def close_utterance(self, audio_ms: int) -> None:
        """Nothing."""

    def set_patience(self, silence_ms: int) -> None:
        """Nothing."""

    def want_partials(self, wanted: bool) -> None:
        """Nothing."""

    async def aclose(self) -> None:
        """Nothing."""


def reported(weather: Weather, tell: Callable[[Any], None], seed: int = 3) -> list[tuple[Any, ...]]:
    async def listen() -> list[tuple[Any, ...]]:
        ears, sink = Ears(), Sink()
        stream = await WeatheredTranscriber(ears, fortune(weather, seed)).open(TranscriberSettings(), sink)
        stream.feed(bytes(320))
        tell(ears.sink)
        await pass_by(5)
        await stream.aclose()
        tell(ears.sink)
        await pass_by(5)
        return sink.reports

    found: list[tuple[Any, ...]] = virtually(listen())
    return found


def test_in_fine_weather_every_report_arrives_and_none_after_the_end() -> None:
    def tell(sink: Sink) -> None:
        sink.partial(1, "one", 100)
        sink.final(1, "one two", 200, "en")
        sink.eager_end(200)
        sink.resumed(250)
        sink.end_of_turn(300)

    assert reported(FINE, tell)[:5] == [
        ("partial", 1, "one"),
        ("final", 1, "one two"),
        ("eager",),
        ("resumed",),
        ("end",),
    ]
    assert all(reported(FINE, tell, seed).count(("end",)) == 1 for seed in range(6) if seed in (0, 3))


def test_bad_weather_loses_repeats_and_delays_reports() -> None:
    storm = Weather("storm", lost=300, repeated=300, late=300, late_ms=1_000)
    counts = {
        sum(report[0] == "final" for report in reported(storm, lambda sink: sink.final(1, "one", 200, "en"), seed))
        for seed in range(30)
    }
    assert {0, 1, 2} <= counts


def test_a_failure_is_reported_once_and_nothing_follows() -> None:
    def tell(sink: Sink) -> None:
        sink.failed(ProviderError("unavailable", "ears", "gone"))  # type: ignore[arg-type]

    assert reported(FINE, tell)[0] == ("failed",)


def test_a_recogniser_may_die_of_a_frame() -> None:
    async def listen() -> None:
        stream = await WeatheredTranscriber(Ears(), fortune(Weather("w", failing=999), 11)).open(
            TranscriberSettings(), Sink()
        )
        for _ in range(3_001):
            stream.feed(bytes(320))

    with pytest.raises((PlantedDefectError, ProviderError)):
        virtually(listen())


def test_the_account_of_a_recogniser_ends_with_its_failure_though_nobody_knows_of_it_yet() -> None:
    async def listen() -> Fortune:
        fate, sink = fortune(FINE), Sink()
        settings = TranscriberSettings(options={"fail_at": [1], "delay_ms": 150})
        stream = await WeatheredTranscriber(ScriptedTranscriber(), fate).open(settings, sink)
        for at in range(0, len(said_once), 320):
            stream.feed(said_once[at : at + 320])
        stream.close_utterance(0)
        for _ in range(100):
            stream.feed(bytes(320))
        assert ("failed",) not in sink.reports
        await pass_by(1)
        assert ("failed",) in sink.reports
        await stream.aclose()
        return fate

    said_once = spoken("words")
    work = virtually(listen()).work
    heard_ms = len(said_once) // 16
    assert (work.heard_ms, work.given_ms) == (heard_ms, heard_ms + 2_000)


class Phone:
    """A carrier whose one leg reports what the test wants."""

    name = "phone"
    provider_call_id = "phone-1"
    ahead_ms = 60

    def __init__(self) -> None:
        self.listener: Any = None
        self.done: list[str] = []

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        self.listener = listener
        return self

    async def aclose(self) -> None:
        self.done.append("closed")

    async def answer(self) -> None:
        """Outbound only."""

    async def reject(self, code: int) -> None:
        """Outbound only."""

    async def hang_up(self, reason: str) -> None:
        self.done.append("hung up")

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        self.done.append(target)

    async def send_keys(self, keys: str) -> None:
        self.done.append(keys)

    def write(self, frame: bytes) -> None:
        """Not heard."""

    def clear(self) -> None:
        """Nothing to drop."""


class Ear:
    """Keeps what a leg reported."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def ringing(self) -> None:
        self.heard.append("ringing")

    def early_media(self) -> None:
        self.heard.append("early media")

    def answered(self) -> None:
        self.heard.append("answered")

    def audio(self, frame: bytes) -> None:
        self.heard.append("audio")

    def key(self, key: str) -> None:
        self.heard.append("key")

    def machine(self, kind: str) -> None:
        self.heard.append("machine")

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        self.heard.append("noted")

    def closed(self, closed: LegClosed) -> None:
        self.heard.append("closed")


def call(weather: Weather, seed: int = 3) -> tuple[list[str], list[str], int]:
    async def talk() -> tuple[list[str], list[str], int]:
        phone, ear = Phone(), Ear()
        carrier = WeatheredCarrier(phone, fortune(weather, seed))
        leg = await carrier.dial(DialRequest("x.1", "1", "", 30), ear)
        phone.listener.ringing()
        phone.listener.answered()
        for _ in range(500):
            phone.listener.audio(b"\xff" * 160)
        phone.listener.key("1")
        phone.listener.machine("human")
        phone.listener.noted("quality", {})
        await pass_by(60)
        for order in (leg.send_keys("12"), leg.transfer("there"), leg.hang_up("")):
            await asyncio.gather(order, return_exceptions=True)
        phone.listener.closed(HUNG_UP)
        await carrier.aclose()
        assert carrier.line is not None
        return ear.heard, phone.done, len(carrier.line.frames)

    found: tuple[list[str], list[str], int] = virtually(talk())
    return found


def test_in_fine_weather_a_carrier_passes_everything_on() -> None:
    heard, done, passed = call(FINE)
    assert heard.count("audio") == passed == 500
    assert [heard[0], heard[1], heard[-1]] == ["ringing", "answered", "closed"]
    assert done == ["12", "there", "hung up", "closed"]


def test_a_carrier_in_calm_weather_may_refuse_the_call() -> None:
    with pytest.raises(ProviderError):
        call(Weather("refusing", failing=10_000))
    assert call(CALM)[0]


def test_a_hostile_carrier_says_things_out_of_place_and_the_end_twice() -> None:
    heard, _, passed = call(Weather("junk", junk=100))
    assert heard.count("closed") == 2
    assert len(heard) > passed + 8


def test_a_forgetful_carrier_never_tells_the_end() -> None:
    assert "closed" not in call(Weather("forgetful", silent=1_000), 5)[0]
