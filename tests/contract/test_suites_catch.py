"""The public suites catch what is broken, each with a sentence that says what is wrong: a suite that nothing fails would prove nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from callwright.media.tonetext import spoken
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, LegClosed, LegListener
from callwright.ports.market import HeldNumber, OfferedNumber
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.registry import Plugin
from callwright.ports.speech import TranscriberSettings, TranscriberSink, UsageAmount, VoiceChunk, VoiceSettings, Word
from callwright.providers.scripted import EnergyVadPlugin
from callwright.providers.scripted.transcriber import ScriptedStream, ScriptedTranscriber
from callwright.providers.scripted.turn import ScriptedTurnModel
from callwright.testing import (
    CarrierContract,
    MarketContract,
    ModelContract,
    PluginContract,
    TranscriberContract,
    TurnContract,
    VadContract,
    VoiceContract,
)


def tried(suite: PluginContract, made: Any, test: str, **attributes: Any) -> None:
    """Run one test of a suite on a plugin that is ``made``."""
    suite.plugin = Plugin(suite.kind, "mine", "a plugin for tests", lambda context: made)
    for name, value in attributes.items():
        setattr(suite, name, value)
    getattr(suite, test)()


# -- the descriptor ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plugin", "sentence"),
    [
        (Plugin("model", "mine", "x", lambda _: None), "the plugin's kind is 'model'; this suite is for a voice"),
        (Plugin("voice", "my voice", "x", lambda _: None), "contains spaces"),
        (Plugin("voice", "mine", "", lambda _: None), "has no summary"),
        (Plugin("voice", "mine", "x", lambda _: None, keys=("my_key",)), "written in capitals"),
    ],
)
def test_a_wrong_descriptor(plugin: Plugin, sentence: str) -> None:
    suite = VoiceContract()
    suite.plugin = plugin
    with pytest.raises(AssertionError, match=sentence):
        suite.test_the_descriptor_can_be_registered()


def test_what_does_not_end() -> None:
    class Endless(Voice):
        async def warm(self, settings: VoiceSettings) -> None:
            await asyncio.Event().wait()

    with pytest.raises(AssertionError, match=r"did not end within 0\.1 seconds"):
        tried(VoiceContract(), Endless(), "test_warming_raises_nothing", seconds=0.1)


# -- voices --------------------------------------------------------------------------------------------------------------------


class Voice:
    """A whole voice."""

    name = "mine"
    words: tuple[Word, ...] = ()
    kind = "voice"
    tail = b""

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        yield VoiceChunk(spoken(text) + self.tail)
        yield VoiceChunk(last=True, words=self.words, usage=UsageAmount(self.kind, "mine", "m", len(text)))

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing."""


class HalfSample(Voice):
    tail = b"x"


class WordsBehind(Voice):
    words = (Word("See", 0, 100), Word("you", 100, 99_000))


class CountsTokens(Voice):
    kind = "model"


class Uncancelled(Voice):
    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        try:
            yield VoiceChunk(spoken(text))
            yield VoiceChunk(last=True)
        finally:
            await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("made", "test", "sentence"),
    [
        (HalfSample, "test_a_clause_is_audio_with_one_end", "half a sample of 16 bits"),
        (WordsBehind, "test_words_lie_in_order_within_the_audio", "the word 'you' is at 100 to 99000 ms"),
        (CountsTokens, "test_the_last_chunk_tells_what_was_used", "of the kind 'model', not 'voice'"),
        (Uncancelled, "test_closing_the_iterator_cancels_the_clause", "closing the iterator of speak.. takes longer"),
        (Voice, "test_wrong_settings_are_a_bad_request", "with wrong settings succeeds; it must raise ProviderError"),
    ],
)
def test_a_broken_voice(made: type[Voice], test: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        tried(VoiceContract(), made(), test, wrong_settings=VoiceSettings(voice="nobody"))


# -- recognisers ---------------------------------------------------------------------------------------------------------------


class Ears(ScriptedTranscriber):
    """The scripted recogniser under another name, and with a defect of its streams."""

    name = "mine"
    stream: type[ScriptedStream] = ScriptedStream

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> ScriptedStream:
        opened = await super().open(settings, sink)
        opened.__class__ = self.stream
        return opened


class _Free(ScriptedStream):
    def _bill(self) -> None:
        """It forgets to report."""


class _LateAtTheEnd(ScriptedStream):
    async def aclose(self) -> None:
        await super().aclose()
        asyncio.get_running_loop().call_later(0.02, self._sink.end_of_turn, 0)


class _HearsGhosts(ScriptedStream):
    async def aclose(self) -> None:
        self._sink.final(1, "boo", 0, "en")
        await super().aclose()


@pytest.mark.parametrize(
    ("stream", "test", "sentence"),
    [
        (_Free, "test_the_audio_is_billed", "reported no usage until it was closed"),
        (_LateAtTheEnd, "test_a_closed_stream_is_quiet", "after the stream was closed it reports end_of_turn"),
        (_HearsGhosts, "test_silence_has_no_words", "in silence the recogniser hears 'boo'"),
    ],
)
def test_a_broken_recogniser(stream: type[ScriptedStream], test: str, sentence: str) -> None:
    made = Ears()
    made.stream = stream
    with pytest.raises(AssertionError, match=sentence):
        tried(TranscriberContract(), made, test)


# -- detectors and turn models -------------------------------------------------------------------------------------------------


class Deaf(EnergyVadPlugin):
    name = "mine"

    def open(self) -> Any:
        return self

    def feed(self, pcm: bytes) -> int:
        return 0


class Float(Deaf):
    def feed(self, pcm: bytes) -> Any:
        return 0.5


class OneForAll(EnergyVadPlugin):
    """Gives every call the verdict on the newest loud frame of any."""

    name = "mine"
    loud = False

    def open(self) -> Any:
        return self

    def feed(self, pcm: bytes) -> int:
        self.loud = self.loud or any(pcm)
        return 255 if self.loud else 0


@pytest.mark.parametrize(
    ("made", "test", "sentence"),
    [
        (Deaf, "test_speech_is_told_from_silence", "frames of speech only 0 count as speech"),
        (Float, "test_a_frame_has_a_probability", r"returns 0\.5, which is no whole number from 0 to 255"),
        (OneForAll, "test_calls_do_not_disturb_each_other", "streams share their state"),
    ],
)
def test_a_broken_detector(made: type[EnergyVadPlugin], test: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        tried(VadContract(), made(), test)


class Percent(ScriptedTurnModel):
    name = "mine"

    async def judge(self, pcm: bytes) -> Any:
        return 0.97


class Certain(ScriptedTurnModel):
    name = "mine"

    async def judge(self, pcm: bytes) -> int:
        return 970_000


@pytest.mark.parametrize(
    ("made", "test", "sentence"),
    [
        (Percent, "test_any_audio_has_a_probability", r"returns 0\.97, which is no whole number of parts per million"),
        (Certain, "test_a_finished_turn_is_more_likely_to_be_finished", "is as likely as a finished one"),
    ],
)
def test_a_broken_turn_model(made: type[ScriptedTurnModel], test: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        tried(TurnContract(), made(), test)


# -- models --------------------------------------------------------------------------------------------------------------------


class Mind:
    """A whole model, but for what its deltas are."""

    name = "mine"

    def __init__(self, *deltas: ModelDelta, refuses: str = "") -> None:
        self._deltas = deltas
        self._refuses = refuses

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if self._refuses:
            raise ProviderError(FailureKind.UNAVAILABLE, self.name, self._refuses)
        for delta in self._deltas:
            yield delta

    async def warm(self, request: ModelRequest) -> None:
        """Nothing."""


ASKED = ModelRequest((Message("user", "Book."),), ModelSettings(), tools=(Tool("book", "book", "{}"),))
TEXT, END = ModelDelta("Yes."), ModelDelta(ended="stop")


@pytest.mark.parametrize(
    ("made", "test", "sentence"),
    [
        (Mind(TEXT), "test_an_answer_is_text_with_one_end", "exactly one delta has `ended`"),
        (Mind(END), "test_an_answer_is_text_with_one_end", "has no text"),
        (Mind(TEXT, ModelDelta(ended="eos")), "test_an_answer_is_text_with_one_end", "ended with 'eos'; the reasons"),
        (
            Mind(TEXT, ModelDelta(ended="stop", usage=UsageAmount("model", "m", "m", 5, 1, 9))),
            "test_what_was_used_is_told_in_tokens_or_not_at_all",
            "9 tokens came from a cache, of 5 that were read",
        ),
        (
            Mind(TEXT, ModelDelta(ended="stop", usage=UsageAmount("model", "m", "m", 5, 1))),
            "test_what_was_used_is_told_in_tokens_or_not_at_all",
            "the usage is of 'm' and 'm', where 'mine' and 'mine' were foreseen",
        ),
        (Mind(TEXT, END), "test_a_tool_is_called_with_a_json_object", "called no tool"),
        (
            Mind(ModelDelta(tool_call=ToolCall("c", "book", "day=1")), ModelDelta(ended="tool")),
            "test_a_tool_is_called_with_a_json_object",
            "are no JSON: 'day=1'",
        ),
        (
            Mind(ModelDelta(tool_call=ToolCall("c", "cancel", "{}")), ModelDelta(ended="tool")),
            "test_a_tool_is_called_with_a_json_object",
            "called 'cancel', which was not offered",
        ),
        (Mind(refuses="down"), "test_wrong_settings_are_a_bad_request", "are 'unavailable', not a bad request"),
    ],
)
def test_a_broken_model(made: Mind, test: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        tried(ModelContract(), made, test, tool_request=ASKED, wrong_settings=ModelSettings("none"))


# -- carriers ------------------------------------------------------------------------------------------------------------------


class Phone:
    """A whole carrier and its only kind of leg, but for ``defect``."""

    name = "mine"
    ahead_ms = 0

    def __init__(self, defect: str = "", call_id: str = "", listener: LegListener | None = None) -> None:
        self._defect = defect
        self._legs: list[Phone] = []
        self._listener = listener
        self.provider_call_id = call_id

    async def dial(self, request: DialRequest, listener: LegListener) -> Phone:
        call_id = "call" if self._defect == "id" else f"call-{len(self._legs)}"
        leg = Phone(self._defect, call_id, listener)
        self._legs.append(leg)
        if self._defect == "early":
            listener.ringing()
        asyncio.get_running_loop().call_soon(listener.answered)
        return leg

    def write(self, frame: bytes) -> None:
        if self._listener is not None:
            self._listener.audio(frame[:80] if self._defect == "short" else frame)

    def clear(self) -> None:
        """Nothing is kept."""

    async def hang_up(self, reason: str) -> None:
        listener = self._listener
        if listener is not None:
            outcome = "over" if self._defect == "outcome" else "answered"
            listener.closed(LegClosed(outcome, "API Request", reason, 4000))
        if self._defect not in ("late", "twice"):
            self._listener = None

    async def send_keys(self, keys: str) -> None:
        if self._defect != "keys" and not set(keys) <= set("0123456789*#ABCD"):
            raise ProviderError(FailureKind.BAD_REQUEST, self.name, "keys are 0-9 * # A-D")

    async def aclose(self) -> None:
        for leg in self._legs if self._defect != "open" else ():
            await leg.hang_up("the carrier closes")


@pytest.mark.parametrize(
    ("defect", "test", "sentence"),
    [
        ("early", "test_a_call_is_reported_in_order", "was reported before dial.. had returned"),
        ("outcome", "test_a_call_is_reported_in_order", "an answered call ended as"),
        ("short", "test_audio_flows_both_ways_in_whole_frames", "a frame has 160"),
        ("late", "test_nothing_is_reported_after_the_end", "after the end of the leg there came"),
        ("twice", "test_hanging_up_twice_is_safe", "closed was reported 3 times"),
        ("id", "test_calls_do_not_disturb_each_other", "have the same provider_call_id"),
        ("open", "test_closing_the_carrier_ends_its_calls", "closed was not reported within 0.3 seconds"),
        ("keys", "test_a_wrong_key_is_a_bad_request", "sending the key x succeeds"),
        ("", "test_a_call_that_cannot_be_tried_is_a_bad_request", "an impossible call succeeds"),
        ("", "test_a_call_that_is_not_taken_ends_by_itself", "closed was not reported"),
        ("", "test_hanging_up_before_the_answer_cancels_the_call", "ringing was not reported"),
    ],
)
def test_a_broken_carrier(defect: str, test: str, sentence: str) -> None:
    request = DialRequest("call-1", "+15550111", "+15550100", 5)
    targets = {"answers": request, "rings": request, "refused": request, "impossible": request}
    with pytest.raises(AssertionError, match=sentence):
        tried(CarrierContract(), Phone(defect), test, answer_seconds=0.3, **targets)


@pytest.mark.parametrize("test", sorted(name for name in dir(CarrierContract) if name.startswith("test_")))
def test_a_whole_carrier_passes(test: str) -> None:
    tried(CarrierContract(), Phone(), test, answers=DialRequest("call-1", "+15550111", "+15550100", 5))


# -- markets -------------------------------------------------------------------------------------------------------------------

NUMBER = "+14155550101"


class Market:
    """A market with one number, but for what is overridden."""

    keys = ()
    address_keys = ()
    countries = ("US",)
    offers: tuple[OfferedNumber, ...] = (OfferedNumber(NUMBER, "mine", 100),)
    kept = False

    def __init__(self) -> None:
        self._rented = False

    async def search(self, access: Access, country: str, pattern: str) -> list[OfferedNumber]:
        return list(self.offers)

    async def price_cents(self, access: Access, country: str, phone_number: str) -> int:
        return 100

    async def rent(self, access: Access, phone_number: str) -> str:
        self._rented = True
        return "sid"

    async def find(self, access: Access, phone_number: str) -> HeldNumber | None:
        return HeldNumber(NUMBER, "sid") if self._rented else None

    async def held(self, access: Access) -> AsyncIterator[list[HeldNumber]]:
        yield [HeldNumber(NUMBER, "sid")] if self._rented else []

    async def give_back(self, access: Access, sid: str) -> None:
        self._rented = self.kept


class Dollars(Market):
    offers = (OfferedNumber(NUMBER, "mine", 1.15),)  # type: ignore[arg-type]


class WithoutPlus(Market):
    offers = (OfferedNumber("14155550101", "mine", 100),)


class Unsearched(Market):
    offers = (OfferedNumber(NUMBER, "mine", 100), OfferedNumber("+12125550102", "mine", 100))


class Keeps(Market):
    kept = True


class Tells(Market):
    async def search(self, access: Access, country: str, pattern: str) -> Any:
        raise ProviderError(FailureKind.REFUSED, "mine", f"the key {access.keys['MY_KEY']} is wrong")


@pytest.mark.parametrize(
    ("made", "test", "sentence"),
    [
        (Dollars, "test_numbers_are_offered_with_a_price", r"costs 1\.15; a price is in whole cents"),
        (WithoutPlus, "test_numbers_are_offered_with_a_price", "'14155550101' is not in E.164 form"),
        (Unsearched, "test_a_search_narrows_by_the_beginning", r"\+12125550102 does not begin with \+1415"),
        (Keeps, "test_a_number_is_rented_found_listed_and_given_back_twice", "was given back and is still found"),
        (Tells, "test_wrong_keys_are_refused_and_never_shown", r"shows the keys \['MY_KEY'\]"),
        (Market, "test_wrong_keys_are_refused_and_never_shown", "searching with wrong keys succeeds"),
    ],
)
def test_a_broken_market(made: type[Market], test: str, sentence: str) -> None:
    keys: Mapping[str, str] = {"MY_KEY": "wrong-secret"}
    with pytest.raises(AssertionError, match=sentence):
        tried(MarketContract(), made(), test, access=Access(), wrong_access=Access(keys), rents=True)
