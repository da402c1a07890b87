"""The scripted voice, transcriber, model and turn model, found by the registry like any other."""

import asyncio
import json

import pytest

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.tonetext import ToneTextDecoder, spoken
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelRequest, ModelSettings
from callwright.ports.registry import PluginContext, Registry
from callwright.ports.speech import TranscriberSettings, UsageAmount, VoiceSettings, Word
from callwright.providers.scripted import PLUGINS


@pytest.fixture
def plugin(tmp_path):
    registry = Registry(PLUGINS)
    return lambda kind, name="scripted": registry.find(kind, name).factory(PluginContext({}, tmp_path))


class Sink:
    """Keeps what a transcriber reports."""

    def __init__(self):
        self.reports: list[tuple[object, ...]] = []
        self.used: list[UsageAmount] = []
        self.failure: ProviderError | None = None

    def partial(self, segment, text, audio_ms):
        self.reports.append(("partial", segment, text))

    def final(self, segment, text, audio_ms, language):
        self.reports.append(("final", segment, text))
        self.final_at_ms = audio_ms
        self.language = language

    def eager_end(self, audio_ms):
        self.reports.append(("eager", audio_ms))

    def resumed(self, audio_ms):
        self.reports.append(("resumed", audio_ms))

    def end_of_turn(self, audio_ms):
        self.reports.append(("end",))

    def usage(self, amount):
        self.used.append(amount)

    def failed(self, error):
        self.failure = error


def hear(stream, pcm):
    for at in range(0, len(pcm) - 319, 320):
        stream.feed(pcm[at : at + 320])


def pause(ms):
    return bytes(16 * ms)


async def said(voice, text, **options):
    return [chunk async for chunk in voice.speak(text, VoiceSettings(options=options))]


class TestVoice:
    async def test_it_says_the_text_and_knows_where_the_words_are(self, plugin):
        chunks = await said(plugin("voice"), "See you on Tuesday")
        assert b"".join(chunk.pcm for chunk in chunks) == spoken("See you on Tuesday")
        assert len(chunks) > 2
        last = chunks[-1]
        assert last.last
        assert not last.estimated
        assert last.words[1] == Word("you", 240, 420)
        assert last.usage == UsageAmount("voice", "scripted", "scripted", 18)

    async def test_it_can_be_slow_and_it_can_be_stopped(self, plugin):
        clause = plugin("voice").speak(
            "A long sentence", VoiceSettings(options={"first_audio_ms": 50, "piece_ms": 5_000})
        )
        began = asyncio.get_running_loop().time()
        assert (await anext(clause)).pcm
        assert asyncio.get_running_loop().time() - began >= 0.045
        await clause.aclose()

    async def test_it_fails_as_the_script_says(self, plugin):
        with pytest.raises(ProviderError) as failure:
            await said(plugin("voice"), "hello", fail="limit_reached")
        assert failure.value.kind is FailureKind.LIMIT
        assert await said(plugin("voice"), "hello", fail="limit_reached", fail_on="goodbye")
        with pytest.raises(ProviderError, match="option fail must be one of"):
            await said(plugin("voice"), "hello", fail="badly")
        with pytest.raises(ProviderError, match="first_audio_ms must be a whole number"):
            await said(plugin("voice"), "hello", first_audio_ms="soon")
        await plugin("voice").warm(VoiceSettings())


class TestTranscriber:
    async def open(self, plugin, endpointing_ms=250, **options):
        sink = Sink()
        settings = TranscriberSettings("de", endpointing_ms=endpointing_ms, options=options)
        return await plugin("transcriber").open(settings, sink), sink

    async def test_words_come_as_they_are_said_and_the_text_after_a_pause(self, plugin):
        stream, sink = await self.open(plugin)
        hear(stream, pcm_of_mulaw(mulaw_of(pause(500) + spoken("yes at ten") + pause(500))))
        assert sink.reports == [("partial", 1, "yes"), ("partial", 1, "yes at"), ("final", 1, "yes at ten"), ("end",)]
        assert abs(sink.final_at_ms - (500 + 600)) <= 40
        assert sink.language == "de"

    async def test_a_word_cut_short_is_heard_as_far_as_it_came(self, plugin):
        stream, sink = await self.open(plugin)
        hear(stream, spoken("tomorrow")[: 16 * 250] + pause(500))
        assert sink.reports == [("final", 1, "tomo"), ("end",)]

    async def test_each_utterance_is_a_segment_and_the_audio_is_billed_once(self, plugin):
        stream, sink = await self.open(plugin)
        hear(stream, spoken("one") + pause(500) + spoken("two") + pause(520))
        await stream.aclose()
        await stream.aclose()
        assert [r for r in sink.reports if r[0] == "final"] == [("final", 1, "one"), ("final", 2, "two")]
        assert sum(amount.amount for amount in sink.used) == 180 + 40 + 500 + 180 + 40 + 520
        hear(stream, spoken("three") + pause(500))
        assert len(sink.reports) == 4

    async def test_the_detector_s_end_and_a_taken_turn_end_the_text_early(self, plugin):
        stream, sink = await self.open(plugin, endpointing_ms=3_000)
        hear(stream, spoken("one") + pause(100))
        stream.activity(True, 0)
        stream.activity(False, 180)
        hear(stream, spoken("two") + pause(100))
        stream.close_utterance(500)
        stream.close_utterance(500)
        assert sink.reports == [("final", 1, "one"), ("final", 2, "two")]

    async def test_patience_delays_the_end_of_the_turn_but_not_the_text(self, plugin):
        stream, sink = await self.open(plugin)
        stream.set_patience(1_000)
        hear(stream, spoken("well") + pause(600))
        assert sink.reports == [("final", 1, "well")]
        hear(stream, pause(600))
        assert sink.reports[-1] == ("end",)

    async def test_a_stream_that_fails_has_billed_what_it_heard(self, plugin):
        stream, sink = await self.open(plugin, fail_at=[1])
        hear(stream, spoken("one") + pause(500))
        await stream.aclose()
        assert sum(amount.amount for amount in sink.used) > 180

    async def test_utterances_can_be_lost(self, plugin):
        stream, sink = await self.open(plugin, drop=[1])
        hear(stream, spoken("one two") + pause(500) + spoken("three") + pause(500))
        assert [r for r in sink.reports if r[0] != "end"] == [("final", 1, ""), ("final", 2, "three")]

    async def test_the_stream_can_break_at_an_utterance(self, plugin):
        stream, sink = await self.open(plugin, fail_at=2)
        hear(stream, spoken("one") + pause(500) + spoken("two") + pause(500) + spoken("three") + pause(500))
        assert [r for r in sink.reports if r[0] == "final"] == [("final", 1, "one")]
        assert sink.failure.kind is FailureKind.BROKEN_STREAM

    async def test_reports_can_be_late_and_stop_with_the_stream(self, plugin):
        stream, sink = await self.open(plugin, delay_ms=40)
        hear(stream, spoken("one") + pause(500))
        assert sink.reports == []
        await asyncio.sleep(0.08)
        assert sink.reports == [("final", 1, "one"), ("end",)]
        hear(stream, spoken("two") + pause(500))
        await stream.aclose()
        await asyncio.sleep(0.08)
        assert len(sink.reports) == 2

    async def test_it_can_refuse_to_open(self, plugin):
        with pytest.raises(ProviderError) as failure:
            await self.open(plugin, fail_open="refused_credentials")
        assert failure.value.kind is FailureKind.REFUSED
        with pytest.raises(ProviderError, match="drop must be whole numbers"):
            await self.open(plugin, drop=["first"])


def asked(options, *users, purpose="reply", schema="", max_tokens=100):
    messages = [Message("system", "You are a clinic.")]
    for text in users:
        messages += [Message("user", text), Message("assistant", "...")]
    messages = messages[:-1] if users else messages
    return ModelRequest(tuple(messages), ModelSettings("m", max_tokens, options=options), purpose, schema=schema)


async def answer(model, request):
    return [delta async for delta in model.answer(request)]


def text_of(deltas):
    return "".join(delta.text for delta in deltas)


class TestModel:
    async def test_replies_come_in_order_word_by_word(self, plugin):
        options = {"replies": ["First answer.", "Second answer.", {"say": "Last."}]}
        first = await answer(plugin("model"), asked(options, "hi"))
        assert [delta.text for delta in first] == ["First", " answer.", ""]
        assert first[-1].ended == "stop"
        assert first[-1].usage == UsageAmount("model", "scripted", "m", 5, amount_output=2)
        assert text_of(await answer(plugin("model"), asked(options, "hi", "so"))) == "Second answer."
        assert text_of(await answer(plugin("model"), asked(options, *"abcde"))) == "Last."
        assert text_of(await answer(plugin("model"), asked(options))) == "First answer."

    async def test_the_first_rule_that_fits_answers_with_what_was_said(self, plugin):
        rules = [
            {"when": r"my name is (?P<name>\w+)", "say": r"Hello \g<name>!"},
            {"when": "book", "tool": {"name": "book", "arguments": {"what": r"\g<0>", "at": [10, {"day": "x"}]}}},
            {"when": "bye", "end_call": True},
            {"when": "break", "fail": "unavailable"},
        ]
        options = {"rules": rules, "replies": ["Otherwise."]}
        assert text_of(await answer(plugin("model"), asked(options, "Hi, MY NAME IS Ada."))) == "Hello Ada!"
        (tool,) = [d.tool_call for d in await answer(plugin("model"), asked(options, "please Book it")) if d.tool_call]
        assert tool.name == "book"
        assert json.loads(tool.arguments) == {"what": "Book", "at": [10, {"day": "x"}]}
        deltas = await answer(plugin("model"), asked(options, "bye"))
        assert text_of(deltas) == "Goodbye."
        assert deltas[-2].tool_call.name == "end_call"
        assert deltas[-1].ended == "tool"
        with pytest.raises(ProviderError) as failure:
            await answer(plugin("model"), asked(options, "break"))
        assert failure.value.kind is FailureKind.UNAVAILABLE
        assert text_of(await answer(plugin("model"), asked(options, "what?"))) == "Otherwise."

    async def test_a_tool_s_result_is_what_the_rules_look_at_next(self, plugin):
        options = {
            "rules": [{"when": '"free": true', "say": "It is free."}, {"when": "check", "tool": {"name": "check"}}]
        }
        request = asked(options, "check Tuesday")
        after = ModelRequest((*request.messages, Message("tool", '{"free": true}', tool_call_id="1")), request.settings)
        assert text_of(await answer(plugin("model"), after)) == "It is free."

    async def test_other_purposes_have_answers_of_their_own(self, plugin):
        answers = {
            "extraction": [{"when": r"on (?P<day>\w+day)", "json": {"day": r"\g<day>", "count": 1}}],
            "summary": [{"say": "A booking."}],
        }
        options = {"answers": answers, "replies": ["never"]}
        deltas = await answer(plugin("model"), asked(options, "see you on Friday", purpose="extraction", schema="{}"))
        assert json.loads(text_of(deltas)) == {"day": "Friday", "count": 1}
        assert text_of(await answer(plugin("model"), asked(options, "x", purpose="summary"))) == "A booking."
        assert text_of(await answer(plugin("model"), asked(options, "x", purpose="extraction", schema="{}"))) == "{}"
        assert text_of(await answer(plugin("model"), asked(options, "x", purpose="hangup"))) == ""

    async def test_an_answer_is_cut_at_the_limit_and_without_a_script_there_is_one_too(self, plugin):
        deltas = await answer(plugin("model"), asked({"replies": ["one two three"]}, "x", max_tokens=2))
        assert (text_of(deltas), deltas[-1].ended) == ("one two", "length")
        assert text_of(await answer(plugin("model"), asked({}, "x"))) == "I see. Please tell me more."
        await plugin("model").warm(asked({}, "x"))

    async def test_tokens_can_be_slow(self, plugin):
        began = asyncio.get_running_loop().time()
        await answer(plugin("model"), asked({"replies": ["one two three"], "first_token_ms": 40, "token_ms": 10}, "x"))
        assert asyncio.get_running_loop().time() - began >= 0.055

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ({"rules": "x"}, "option rules must be a list"),
            ({"rules": ["x"]}, "rule 0 must be an object with some of"),
            ({"rules": [{"if": "x"}]}, "rule 0 must be an object with some of"),
            ({"rules": [{"when": "("}]}, "rule 0: "),
            ({"rules": [{"say": r"\g<nobody>"}]}, "rule 0: "),
            ({"token_ms": True}, "token_ms must be a whole number"),
        ],
    )
    async def test_a_wrong_script_is_a_bad_request_that_says_where(self, plugin, options, why):
        with pytest.raises(ProviderError, match=why) as failure:
            await answer(plugin("model"), asked(options, "x"))
        assert failure.value.kind is FailureKind.BAD_REQUEST

    async def test_wrong_answers_are_named(self, plugin):
        with pytest.raises(ProviderError, match="option answers must be an object"):
            await answer(plugin("model"), asked({"answers": []}, "x", purpose="summary"))


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("That is all.", True),
        ("Are you sure?", True),
        ("at ten", True),
        ("My name is", False),
        ("well,", False),
        ("so...", False),
        ("", False),
    ],
)
async def test_the_turn_model_hears_how_a_turn_ends(plugin, text, finished):
    assert (await plugin("turn").judge(spoken(text) + pause(200)) >= 500_000) is finished


def test_the_energy_detector_is_open_to_all_under_two_names(plugin):
    stream = plugin("vad", "energy").open()
    assert stream.feed(bytes(320)) == 0
    assert plugin("vad", "scripted").open().feed(spoken("a")[:320]) > 200


def test_an_unfinished_letter_is_not_a_letter():
    decoder = ToneTextDecoder()
    assert decoder.feed(spoken("a")[: 16 * 30]) == []
