"""The local plugins against their ports, with the real models: `make test-voice`. Skipped where the models are not installed."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelRequest, ModelSettings, Tool
from callwright.ports.registry import PluginContext, Registry
from callwright.ports.speech import FRAME_BYTES, TranscriberSettings, VoiceSettings
from callwright.providers.local import PLUGINS
from callwright.providers.local.inference import LocalInference
from callwright.providers.local.manifest import DEFAULTS
from callwright.providers.local.store import ModelStore

MODELS = Path(os.environ.get("CALLWRIGHT_MODELS") or "~/.cache/callwright/models")
INSTALLED = not ModelStore(MODELS).missing(DEFAULTS)
pytestmark = [
    pytest.mark.voice,
    pytest.mark.skipif(not INSTALLED, reason="the default local models are not installed: make models"),
]

PROMPT = (
    "You are Ava, the receptionist of Bright Smile Dental, on the phone. Reply in one short sentence. Ask for one thing at a time.\n"
    "- Open Monday to Friday, nine to five.\n- A cleaning costs ninety dollars.\nTo book you need name, day and time."
)
WELCOME = "Bright Smile Dental, this is Ava. How can I help you?"


@pytest.fixture(scope="module")
def inference():
    return LocalInference(MODELS, {})


@pytest.fixture
async def plugins(inference):
    """Every local plugin by kind and name; their processes live as long as one test's event loop."""
    context = PluginContext({}, MODELS)
    context.shared.get(LocalInference, lambda: inference)
    registry = Registry(PLUGINS)
    yield lambda kind, name="local": registry.find(kind, name).factory(context)
    await inference.aclose()


async def spoken(voice, text, name="robin"):
    """A clause as it comes over the telephone."""
    chunks = [chunk async for chunk in voice.speak(text, VoiceSettings(voice=name))]
    return chunks, pcm_of_mulaw(mulaw_of(b"".join(chunk.pcm for chunk in chunks)))


class Heard:
    """A sink that keeps what it is told."""

    def __init__(self):
        self.finals: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self.partials = []
        self.billed_ms = 0

    def partial(self, segment, text, audio_ms):
        self.partials.append(text)

    def final(self, segment, text, audio_ms, language):
        self.finals.put_nowait((segment, text))

    def usage(self, amount):
        self.billed_ms += amount.amount

    def failed(self, error):
        self.finals.put_nowait((0, str(error)))

    def eager_end(self, audio_ms):
        raise AssertionError("this recogniser does not endpoint")

    resumed = end_of_turn = eager_end


async def converse(stream, vad, pcm):
    """Feed a call's audio frame by frame with the detector's verdicts."""
    active, quiet, position = False, 0, 0
    for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        frame = pcm[start : start + FRAME_BYTES]
        stream.feed(frame)
        position += 20
        speech = vad.feed(frame) > 127
        quiet = 0 if speech else quiet + 20
        if speech and not active:
            active = True
            stream.activity(True, position)
        elif active and quiet >= 200:
            active = False
            stream.activity(False, position)
        await asyncio.sleep(0)
    return position


async def test_the_two_voices_are_understood_over_the_telephone(plugins):
    voice, transcriber, vad = plugins("voice"), plugins("transcriber"), plugins("vad")
    for name in ("joe", "robin"):
        chunks, pcm = await spoken(voice, "I would like to book a cleaning on Tuesday at ten.", name)
        heard = Heard()
        stream = await transcriber.open(TranscriberSettings(), heard)
        length_ms = await converse(stream, vad.open(), pcm + bytes(16_000))
        segment, text = await asyncio.wait_for(heard.finals.get(), 20)
        await stream.aclose()
        words = text.lower()
        assert {"cleaning", "tuesday"} <= set(words.replace(".", "").split()), text
        assert segment == 1
        assert heard.billed_ms == length_ms
        last = chunks[-1]
        assert (last.last, last.estimated, last.usage.amount) == (True, True, 50)
        assert [word.text for word in last.words][-1] == "ten."
        assert last.words[-1].end_ms == pytest.approx(sum(len(c.pcm) for c in chunks) / 16, abs=2)


async def test_a_taken_turn_begins_a_new_segment_and_silence_says_nothing(plugins):
    voice, transcriber, vad = plugins("voice"), plugins("transcriber"), plugins("vad").open()
    heard = Heard()
    stream = await transcriber.open(TranscriberSettings(), heard)
    _, first = await spoken(voice, "My name is Sam.")
    position = await converse(stream, vad, first + bytes(16_000))
    assert (await asyncio.wait_for(heard.finals.get(), 20))[0] == 1
    stream.close_utterance(position)
    await converse(stream, vad, bytes(32_000))
    assert heard.finals.empty()
    _, second = await spoken(voice, "Thursday afternoon.")
    await converse(stream, vad, second + bytes(16_000))
    segment, text = await asyncio.wait_for(heard.finals.get(), 20)
    assert segment == 2
    assert "thursday" in text.lower()
    assert "sam" not in text.lower()
    await stream.aclose()


async def test_words_cut_off_by_the_end_of_the_call_are_read(plugins):
    voice, transcriber, vad = plugins("voice"), plugins("transcriber"), plugins("vad").open()
    heard = Heard()
    stream = await transcriber.open(TranscriberSettings(), heard)
    _, pcm = await spoken(voice, "Thursday afternoon would be good for me.")
    await converse(stream, vad, pcm[: len(pcm) * 2 // 3])
    assert heard.finals.empty()
    await stream.aclose()
    _, text = heard.finals.get_nowait()
    assert "thursday" in text.lower()


async def test_the_detector_knows_speech_from_silence(plugins):
    _, pcm = await spoken(plugins("voice"), "I would like to book a cleaning please.")
    stream = plugins("vad").open()
    silence = [stream.feed(bytes(FRAME_BYTES)) for _ in range(50)]
    speech = [stream.feed(pcm[n : n + FRAME_BYTES]) for n in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES)]
    assert max(silence) < 64
    assert sum(p > 127 for p in speech) > len(speech) / 2


@pytest.mark.proves("synthesizer.speed")
async def test_a_faster_voice_takes_less_time(plugins):
    voice, text = plugins("voice"), "Which day would suit you for the cleaning?"
    lengths = []
    for speed in (1.0, 2.0):
        settings = VoiceSettings(voice="robin", options={"speed": speed})
        lengths.append(sum([len(chunk.pcm) async for chunk in voice.speak(text, settings)]))
    assert lengths[1] < 0.8 * lengths[0], lengths


async def test_wrong_settings_are_refused_by_name(plugins):
    with pytest.raises(ProviderError, match="joe") as voice:
        _ = [c async for c in plugins("voice").speak("Hi.", VoiceSettings(voice="nobody"))]
    with pytest.raises(ProviderError, match="English") as language:
        await plugins("transcriber").open(TranscriberSettings(language="hi"), Heard())
    assert voice.value.kind == language.value.kind == FailureKind.BAD_REQUEST


async def reply(model, messages, **more):
    deltas = [
        d async for d in model.answer(ModelRequest(messages, ModelSettings(max_tokens=60, temperature_milli=0), **more))
    ]
    return "".join(d.text for d in deltas), [d.tool_call for d in deltas if d.tool_call], deltas[-1]


@pytest.mark.parametrize("name", ["local", "intents"])
async def test_a_model_answers_from_the_prompt(plugins, name):
    model = plugins("model", name)
    await model.warm(ModelRequest((Message("system", PROMPT),), ModelSettings(), purpose="warm"))
    talk = (Message("system", PROMPT), Message("assistant", WELCOME), Message("user", "How much is a cleaning?"))
    text, calls, last = await reply(model, talk)
    assert "ninety" in text or "90" in text
    assert "\n" not in text
    assert not calls
    assert last.ended == "stop"
    assert last.usage.amount > 0


async def test_the_prompt_is_served_from_the_cache(plugins):
    model = plugins("model")
    system = Message("system", PROMPT)
    await model.warm(ModelRequest((system,), ModelSettings(), purpose="warm"))
    _, _, last = await reply(model, (system, Message("user", "Hello?")))
    assert last.usage.amount_cached > last.usage.amount / 2


async def test_extraction_follows_the_schema(plugins):
    null = {"type": ["string", "null"]}
    schema = {
        "type": "object",
        "properties": {"name": null, "day": null},
        "required": ["name", "day"],
        "additionalProperties": False,
    }
    messages = (
        Message("system", "Fill in the values from the call as JSON; null for what was not said."),
        Message("user", "assistant: May I have your name?\nuser: My name is Daniel Whitaker.\nuser: Tuesday please."),
    )
    for name in ("local", "intents"):
        text, _, _ = await reply(plugins("model", name), messages, purpose="extraction", schema=json.dumps(schema))
        answer = json.loads(text)
        assert answer["name"] == "Daniel Whitaker"
        assert answer["day"] == "Tuesday"


async def test_a_tool_is_asked_for_with_arguments_under_its_schema(plugins):
    tool = Tool(
        "check_availability",
        "look up whether a day is free",
        json.dumps({"properties": {"day": {"type": "string"}}, "required": ["day"]}),
    )
    prompt = Message(
        "system", "You are a receptionist. You must call check_availability before you say whether a day is free."
    )
    text, calls, last = await reply(plugins("model"), (prompt, Message("user", "Is Tuesday free?")), tools=(tool,))
    for call in calls:
        assert set(json.loads(call.arguments)) == {"day"}
    assert last.ended == ("tool" if calls else "stop")
    assert "<" not in text


async def test_the_intent_model_ends_the_call_when_the_caller_is_done(plugins):
    talk = (Message("system", PROMPT), Message("assistant", WELCOME), Message("user", "That's all, bye."))
    text, calls, last = await reply(plugins("model", "intents"), talk, tools=(Tool("end_call", "end", ""),))
    assert "goodbye" in text
    assert [call.name for call in calls] == ["end_call"]
    assert last.ended == "tool"
