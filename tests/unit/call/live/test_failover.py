"""Chains of voices and models under virtual time: who is asked, when, and what is reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from callwright.call.live.breakers import Breakers, Service
from callwright.call.live.failover import (
    ConnectedProvider,
    Failover,
    Link,
    ModelChain,
    Switch,
    VoiceChain,
    at_work,
    connection_at_work,
    is_first,
)
from callwright.call.live.metering import metered
from callwright.domain.limits import (
    BREAKER_FAILURES,
    BREAKER_REST_SECONDS,
    FALLBACK_WARM_SECONDS,
    PROVIDER_FAILED_SECONDS,
)
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.media.no_speech import no_speech
from callwright.media.tonetext import spoken
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, ToolCall
from callwright.ports.speech import UsageAmount, VoiceChunk, VoiceSettings

AFTER_MS = 800
SOUND = spoken("hello there")
FOR_EVER = 10_000.0


def run(work: Coroutine[Any, Any, None]) -> None:
    """Under virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


def clock() -> VirtualClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualClock(loop)


def now_ms() -> int:
    return clock().monotonic_us() // 1_000


class Voice:
    """Gives ``pieces``: audio, milliseconds to wait, or an error to raise."""

    def __init__(self, name: str, *pieces: bytes | float | Exception) -> None:
        self.name = name
        self.pieces = pieces
        self.asked: list[tuple[int, str]] = []
        self.closed = 0

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        self.asked.append((now_ms(), text))
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, bytes):
                    yield VoiceChunk(piece)
                else:
                    await clock().sleep(piece / 1000)
            yield VoiceChunk(last=True, usage=UsageAmount("voice", self.name, "v", len(text)))
        finally:
            self.closed += 1

    async def warm(self, settings: VoiceSettings) -> None:
        await clock().sleep(settings.options.get("warm_s", 0))


class Mind:
    """Gives ``pieces``: deltas, milliseconds to wait, or an error to raise."""

    def __init__(self, name: str, *pieces: ModelDelta | str | float | Exception) -> None:
        self.name = name
        self.pieces = pieces
        self.asked: list[tuple[int, ModelRequest]] = []

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        self.asked.append((now_ms(), request))
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, str):
                yield ModelDelta(text=piece)
            elif isinstance(piece, ModelDelta):
                yield piece
            else:
                await clock().sleep(piece / 1000)

    async def warm(self, request: ModelRequest) -> None:
        self.asked.append((now_ms(), request))


END = ModelDelta(ended="stop")


def failed(kind: FailureKind = FailureKind.UNAVAILABLE) -> ProviderError:
    return ProviderError(kind, "plugin", "it is down")


class Told:
    """A failover that keeps the switches, and the links of a chain."""

    def __init__(self, breakers: Breakers | None = None) -> None:
        self.failover = Failover(breakers or Breakers(), clock())
        self.switches: list[Switch] = []
        self.failover.switched = self.switches.append

    def links(self, kind: str, plugins: tuple[Any, ...], settings: Callable[[str], Any]) -> list[Link[Any, Any]]:
        return [
            Link(ConnectedProvider(kind, one.name), one, settings(one.name), Service(kind, one.name), one.name)
            for one in plugins
        ]

    def voices(self, *voices: Voice) -> VoiceChain:
        return VoiceChain(self.links("voice", voices, VoiceSettings), self.failover, AFTER_MS)

    def minds(self, *minds: Mind) -> ModelChain:
        return ModelChain(self.links("model", minds, ModelSettings), self.failover, AFTER_MS)

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        return [(one.before, one.after.label, one.reason) for one in self.switches]


async def said(chain: VoiceChain, text: str = "hello there") -> tuple[bytes, UsageAmount | None]:
    pcm, usage = b"", None
    async for chunk in chain.speak(text, VoiceSettings()):
        pcm += chunk.pcm
        usage = chunk.usage or usage
    return pcm, usage


async def answered(chain: ModelChain, **more: Any) -> tuple[str, list[ModelDelta]]:
    deltas = [delta async for delta in chain.answer(ModelRequest((Message("user", "Hi"),), ModelSettings(), **more))]
    return "".join(delta.text for delta in deltas), deltas


async def before_failure(pieces: AsyncIterator[Any]) -> list[Any]:
    """What was given before the failure."""
    given: list[Any] = []

    async def take() -> None:
        async for piece in pieces:
            given.append(piece)  # noqa: PERF401 - what comes before the failure is kept

    with pytest.raises(ProviderError):
        await take()
    return given


# -- voices --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [FailureKind.UNAVAILABLE, FailureKind.REFUSED, FailureKind.LIMIT, FailureKind.BAD_REQUEST]
)
def test_a_voice_that_fails_before_its_first_audio_is_replaced_within_the_clause(kind: FailureKind) -> None:
    async def work() -> None:
        told = Told()
        first, second = Voice("a", failed(kind)), Voice("b", SOUND)
        chain = told.voices(first, second)
        pcm, usage = await said(chain)
        assert pcm == SOUND
        assert usage == UsageAmount("voice", "b", "v", 11)
        assert second.asked == [(0, "hello there")]
        assert told.rows == [("a", "b", f"{kind.value}: it is down")]
        assert at_work(chain, "a") == "b"
        assert connection_at_work(chain, ConnectedProvider("voice", "a")).provider == "b"

    run(work())


def test_a_voice_that_breaks_off_in_a_clause_raises_and_the_next_clause_goes_to_the_fallback() -> None:
    async def work() -> None:
        told = Told()
        first, second = Voice("a", SOUND[:3_200], failed()), Voice("b", SOUND)
        chain = told.voices(first, second)
        with pytest.raises(ProviderError, match="it is down"):
            await said(chain)
        assert not told.switches
        assert at_work(chain, "") == "a"
        assert (await said(chain))[0] == SOUND
        assert len(first.asked) == 1
        assert told.rows == [("a", "b", "unavailable: it is down")]

    run(work())


def test_what_a_voice_gave_before_it_broke_off_is_billed_under_its_own_name() -> None:
    async def work() -> None:
        chain = Told().voices(Voice("a", SOUND[:3_200], failed()), Voice("b", SOUND))
        chunks = await before_failure(chain.speak("hello there", VoiceSettings()))
        assert [one.usage for one in chunks if one.usage] == [UsageAmount("voice", "a", "a", 11)]

    run(work())


@pytest.mark.parametrize(
    ("first", "amounts"),
    [
        ((failed(FailureKind.REFUSED),), [11, 0]),
        ((failed(FailureKind.UNAVAILABLE),), [11, 0]),
        ((failed(FailureKind.BROKEN_STREAM),), [11]),
        ((FOR_EVER,), [11]),
    ],
)
def test_words_that_a_voice_was_given_are_billed_unless_it_refused_them(
    first: tuple[Any, ...], amounts: list[int]
) -> None:
    async def work() -> None:
        chain = Told().voices(Voice("a", *first), Voice("b", SOUND))
        chunks = [chunk async for chunk in chain.speak("hello there", VoiceSettings())]
        assert [one.usage.amount for one in chunks if one.usage and one.usage.provider == "a"] == amounts
        assert [one.usage.amount for one in chunks if one.usage and one.usage.provider == "b"] == [11, 11]

    run(work())


@pytest.mark.proves("synthesizer.fallback_after_ms")
def test_a_voice_without_sound_is_replaced_in_time_even_if_it_heeds_no_cancellation() -> None:
    class Deaf(Voice):
        async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
            self.asked.append((now_ms(), text))
            try:
                await clock().sleep(FOR_EVER)
            except asyncio.CancelledError:
                await clock().sleep(5)
            yield VoiceChunk(last=True)

    async def work() -> None:
        told = Told()
        second = Voice("b", SOUND)
        chain = told.voices(Deaf("a"), second)
        assert (await said(chain))[0] == SOUND
        assert second.asked[0][0] == AFTER_MS
        assert told.rows == [("a", "b", f"unavailable: it gave nothing in time ({AFTER_MS} ms)")]
        await told.failover.aclose()

    run(work())


def test_the_last_voice_is_given_all_the_time_there_is() -> None:
    async def work() -> None:
        chain = Told().voices(Voice("a", failed()), Voice("b", 5_000.0, SOUND))
        assert (await said(chain))[0] == SOUND
        assert now_ms() == 5_000

    run(work())


def test_a_voice_may_take_as_long_between_pieces_as_what_it_gave_lasts() -> None:
    async def work() -> None:
        # 640 ms of sound, and 1,300 ms until the next: the caller waits 660 ms.
        chain = Told().voices(Voice("a", SOUND[:10_240], 1_300.0, SOUND[10_240:]), Voice("b", SOUND))
        assert (await said(chain))[0] == SOUND

    run(work())


def test_a_voice_that_trickles_is_given_up_when_the_caller_has_waited_too_long() -> None:
    async def work() -> None:
        trickle = [piece for _ in range(50) for piece in (SOUND[:320], 200.0)]
        chain = Told().voices(Voice("a", *trickle), Voice("b", SOUND))
        with pytest.raises(ProviderError, match="nothing in time"):
            await said(chain)
        # Each piece of 20 ms comes 200 ms after the one before: after the fifth the sound is 880 ms behind.
        assert now_ms() <= AFTER_MS + 200

    run(work())


@pytest.mark.parametrize(
    "garbage",
    [b"<!DOCTYPE html><html><body>Bad gateway</body></html>", b'{"error": "quota"}', b"plain text, " * 40],
)
def test_a_page_or_text_in_place_of_speech_is_not_played(garbage: bytes) -> None:
    async def work() -> None:
        told = Told()
        assert (await said(told.voices(Voice("a", garbage), Voice("b", SOUND))))[0] == SOUND
        assert "instead of speech" in told.rows[0][2]

    run(work())


def test_a_voice_that_makes_no_sound_of_words_has_failed() -> None:
    async def work() -> None:
        chain = Told().voices(Voice("a"), Voice("b", SOUND))
        assert (await said(chain))[0] == SOUND
        assert (await said(Told().voices(Voice("a"), Voice("b", SOUND)), "..."))[0] == b""

    run(work())


def test_when_all_voices_fail_the_last_failure_is_raised() -> None:
    async def work() -> None:
        chain = Told().voices(Voice("a", failed()), Voice("b", failed(FailureKind.LIMIT)))
        with pytest.raises(ProviderError) as caught:
            await said(chain)
        assert (caught.value.kind, caught.value.provider) == (FailureKind.LIMIT, "b")

    run(work())


def test_a_plugins_own_defect_is_a_failure_like_any_other() -> None:
    async def work() -> None:
        told = Told()
        assert (await said(told.voices(Voice("a", KeyError("x")), Voice("b", SOUND))))[0] == SOUND
        assert told.rows[0][2] == "broken_stream: KeyError"

    run(work())


def test_a_provider_that_failed_lately_is_asked_again_only_when_all_have() -> None:
    async def work() -> None:
        first, second = Voice("a", failed()), Voice("b", failed())
        chain = Told().voices(first, second)
        for _ in range(2):
            with pytest.raises(ProviderError):
                await said(chain)
        assert (len(first.asked), len(second.asked)) == (2, 2)
        await clock().sleep(PROVIDER_FAILED_SECONDS + 1)
        second.pieces = (SOUND,)
        await said(chain)
        # The call stays with the provider that it was with.
        await said(chain)
        assert len(first.asked) == 2

    run(work())


def test_new_calls_begin_with_the_fallback_of_a_provider_whose_breaker_is_open_and_say_so() -> None:
    async def work() -> None:
        breakers = Breakers()
        first = Voice("a", failed())
        for _ in range(BREAKER_FAILURES):
            await said(Told(breakers).voices(first, Voice("b", SOUND)))
        told = Told(breakers)
        chain = told.voices(first, Voice("b", SOUND))
        await said(chain)
        assert len(first.asked) == BREAKER_FAILURES
        assert told.rows == [("a", "b", "it failed in other calls")]

    run(work())


def test_a_call_whose_connection_works_stays_when_the_breaker_opens() -> None:
    async def work() -> None:
        breakers = Breakers()
        first, second = Voice("a", SOUND), Voice("b", SOUND)
        chain = Told(breakers).voices(first, second)
        await said(chain)
        for _ in range(BREAKER_FAILURES):
            breakers.failed(Service("voice", "a"), FailureKind.UNAVAILABLE, 0)
        await said(chain)
        assert not second.asked

    run(work())


def test_a_clause_that_is_given_up_leaves_no_task() -> None:
    async def work() -> None:
        told = Told()
        voice = Voice("a", SOUND, FOR_EVER * 1000, SOUND)
        chunks = aiter(told.voices(voice, Voice("b", SOUND)).speak("hello", VoiceSettings()))
        async for chunk in chunks:
            if chunk.pcm:
                break
        await chunks.aclose()  # type: ignore[attr-defined]
        await told.failover.aclose()
        assert voice.closed == 1
        assert len(asyncio.all_tasks()) == 1

    run(work())


def test_a_call_waits_for_its_first_voice_to_warm_up_and_not_for_a_fallback() -> None:
    async def work() -> None:
        told = Told()
        warm_s = {"a": 1, "b": 9}
        voices = Voice("a"), Voice("b")
        links = told.links("voice", voices, lambda name: VoiceSettings(options={"warm_s": warm_s[name]}))
        await VoiceChain(links, told.failover, AFTER_MS).warm(VoiceSettings())
        assert now_ms() == 1_000
        slow = told.links("voice", voices, lambda _: VoiceSettings(options={"warm_s": 60}))
        await VoiceChain(slow, told.failover, AFTER_MS).warm(VoiceSettings())
        assert now_ms() == 1_000 + FALLBACK_WARM_SECONDS * 1_000
        await told.failover.aclose()

    run(work())


def test_speech_is_told_from_what_is_none() -> None:
    assert not no_speech(SOUND)
    assert not no_speech(bytes(3_200))
    assert no_speech(b"ID3\x04\x00" + bytes(600)) == "a page"
    noise = bytes((number * 7919 + number * number * 31) % 256 for number in range(3_200))
    assert no_speech(noise) == "noise"


# -- models --------------------------------------------------------------------------------------------------------------------


def test_a_model_that_fails_before_its_first_words_is_replaced_within_the_request() -> None:
    async def work() -> None:
        told = Told()
        second = Mind("b", "Good ", "day.", END)
        text, deltas = await answered(told.minds(Mind("a", failed()), second))
        assert text == "Good day."
        assert second.asked[0][0] == 0
        # Named before it answers, so that what it does not count is billed as its own.
        assert [one.usage.provider for one in deltas if one.usage] == ["a", "b"]
        assert told.rows == [("a", "b", "unavailable: it is down")]

    run(work())


@pytest.mark.parametrize(
    ("first", "billed"),
    [
        ((failed(),), []),
        ((FOR_EVER,), [("a", 10, 0, True)]),
        ((ModelDelta(reasoning="Hmmm"), failed()), [("a", 10, 1, True)]),
        ((ModelDelta(reasoning="Hmmm"), FOR_EVER), [("a", 10, 0, True), ("a", 0, 1, True)]),
        ((ModelDelta(usage=UsageAmount("model", "a", "a", 7, 2)), failed()), [("a", 7, 2, False)]),
        ((ModelDelta(ended="error", usage=UsageAmount("model", "a", "a", 7, 2)),), [("a", 7, 2, False)]),
        ((ModelDelta(usage=UsageAmount("model", "a", "a", 7)), FOR_EVER), [("a", 7, 0, False)]),
    ],
)
def test_what_a_model_used_before_the_next_took_over_is_billed_too(first: tuple[Any, ...], billed: list[Any]) -> None:
    async def work() -> None:
        found: list[tuple[str, int, int, bool]] = []
        chain = Told().minds(Mind("a", *first), Mind("b", "Good day.", END))
        asked = ModelRequest((Message("user", "x" * 40),), ModelSettings())

        def used(one: UsageAmount, estimated: bool) -> None:
            found.append((one.provider, one.amount, one.amount_output, estimated))

        with metered(chain, asked, used) as meter:
            async for delta in chain.answer(asked):
                meter.take(delta)
        assert found == [*billed, ("b", 10, 3, True)]

    run(work())


@pytest.mark.proves("llm_agent.fallback_after_ms")
def test_a_model_that_gives_nothing_in_time_is_replaced() -> None:
    async def work() -> None:
        second = Mind("b", "Good day.", END)
        assert (await answered(Told().minds(Mind("a", FOR_EVER * 1000), second)))[0] == "Good day."
        assert second.asked[0][0] == AFTER_MS

    run(work())


def test_a_model_that_stops_in_its_words_raises_and_the_next_question_goes_to_the_fallback() -> None:
    async def work() -> None:
        told = Told()
        first = Mind("a", "Good ", FOR_EVER * 1000)
        chain = told.minds(first, Mind("b", "day.", END))
        with pytest.raises(ProviderError, match="nothing in time"):
            await answered(chain)
        assert (await answered(chain))[0] == "day."
        assert len(first.asked) == 1

    run(work())


def test_a_tool_call_is_never_asked_for_twice_in_one_request() -> None:
    async def work() -> None:
        second = Mind("b", ModelDelta(tool_call=ToolCall("c2", "book", "{}")), END)
        chain = Told().minds(Mind("a", ModelDelta(tool_call=ToolCall("c1", "book", "{}")), failed()), second)
        deltas = await before_failure(chain.answer(ModelRequest((), ModelSettings())))
        assert [delta.tool_call.call_id for delta in deltas if delta.tool_call] == ["c1"]
        assert not second.asked

    run(work())


@pytest.mark.parametrize(
    "pieces", [("<!DOC", "TYPE html><html>", END), ('{"err', 'or": {}}', END), (ModelDelta(ended="error"),), ("",)]
)
def test_a_page_an_error_or_nothing_is_no_answer(pieces: tuple[Any, ...]) -> None:
    async def work() -> None:
        assert (await answered(Told().minds(Mind("a", *pieces), Mind("b", "Good day.", END))))[0] == "Good day."

    run(work())


@pytest.mark.parametrize("pieces", [("<", "3 you."), ("{", "}"), ("  <h", "i> there")])
def test_words_that_only_begin_like_a_page_are_words(pieces: tuple[str, ...]) -> None:
    async def work() -> None:
        text, _ = await answered(Told().minds(Mind("a", *pieces, END), Mind("b", "Good day.", END)))
        assert text == "".join(pieces)

    run(work())


def test_json_that_is_wanted_is_no_error() -> None:
    async def work() -> None:
        wanted = '{"error": "none"}'
        assert (await answered(Told().minds(Mind("a", wanted, END), Mind("b", END)), schema="{}"))[0] == wanted

    run(work())


def test_each_model_is_asked_with_its_own_settings_and_with_what_the_question_changes() -> None:
    async def work() -> None:
        told = Told()
        first, second = Mind("a", failed()), Mind("b", "yes", END)
        own = {"a": ModelSettings("m1", 100, 100), "b": ModelSettings("m2", 70, 700)}
        chain = ModelChain(told.links("model", (first, second), own.__getitem__), told.failover, AFTER_MS)
        [_ async for _ in chain.answer(ModelRequest((), own["a"]))]
        [_ async for _ in chain.answer(ModelRequest((), ModelSettings("m1", 20, 0)))]
        assert [asked.settings for _, asked in second.asked] == [own["b"], ModelSettings("m2", 20, 0)]

    run(work())


def test_a_chain_costs_nothing_only_where_no_model_of_it_does() -> None:
    async def work() -> None:
        free, paid = Mind("a"), Mind("b")
        free.costs_nothing = True  # type: ignore[attr-defined]
        assert Told().minds(free, free).costs_nothing
        assert not Told().minds(free, paid).costs_nothing

    run(work())


def test_a_voice_closes_its_breaker_by_clauses_that_are_read_to_their_last_piece_only() -> None:
    async def work() -> None:
        breakers = Breakers()
        for _ in range(BREAKER_FAILURES):
            breakers.failed(Service("voice", "a"), FailureKind.UNAVAILABLE, clock().monotonic_us())
        await clock().sleep(BREAKER_REST_SECONDS + 1)
        while breakers.is_open(Service("voice", "a")):
            # As many calls as begin with it close it, or this never ends.
            first = Voice("a", SOUND)
            chunks = aiter(Told(breakers).voices(first, Voice("b", SOUND)).speak("hello", VoiceSettings()))
            while not (await anext(chunks)).last:
                pass
            await chunks.aclose()  # type: ignore[attr-defined]
            await clock().sleep(1)
            assert clock().monotonic_us() < 60 * 1_000_000
        assert first.asked

    run(work())


def test_a_call_that_asks_for_nothing_is_no_trial_of_a_provider() -> None:
    async def work() -> None:
        breakers = Breakers()
        for _ in range(BREAKER_FAILURES):
            breakers.failed(Service("voice", "a"), FailureKind.UNAVAILABLE, clock().monotonic_us())
        await clock().sleep(BREAKER_REST_SECONDS + 1)
        for _ in range(3):
            told = Told(breakers)
            unanswered = told.voices(Voice("a", SOUND), Voice("b", SOUND))
            await unanswered.warm(VoiceSettings())
            assert is_first(unanswered)
            assert connection_at_work(unanswered, ConnectedProvider("voice", "a")).provider == "a"
            assert unanswered.fresh()[0].provider == "a"
            await told.failover.aclose()
        asked = Voice("a", SOUND)
        await said(Told(breakers).voices(asked, Voice("b", SOUND)))
        assert asked.asked

    run(work())


@pytest.mark.parametrize(("after_ms", "shared"), [(100, False), (800, True)])
def test_an_agent_that_waits_less_than_is_usual_opens_the_breaker_of_its_account_alone(
    after_ms: int, shared: bool
) -> None:
    async def work() -> None:
        breakers = Breakers()
        slow = [Service("voice", name, account="one") for name in ("a", "b")]
        for _ in range(BREAKER_FAILURES):
            told = Told(breakers)
            links: list[Link[Any, Any]] = [
                Link(ConnectedProvider("voice", of.provider), voice, VoiceSettings(of.provider), of, of.provider)
                for of, voice in zip(slow, (Voice("a", 900.0, SOUND), Voice("b", SOUND)), strict=True)
            ]
            await said(VoiceChain(links, told.failover, after_ms))
            await told.failover.aclose()
        assert breakers.is_open(slow[0])
        assert breakers.is_open(Service("voice", "a", account="two")) is shared

    run(work())
