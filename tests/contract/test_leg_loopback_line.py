"""Loopback calls over a line that loses, delays and disturbs: what both sides still hear, and what is told of it."""

import asyncio
from functools import cache

import pytest
from tests.contract.line import Agent, Watcher, dial

from callwright.lab.line import LineConditions, line_of
from callwright.media.g711 import pcm_of_mulaw
from callwright.media.tonetext import spoken_ms
from callwright.ports.failures import ProviderError
from callwright.ports.registry import PluginContext, Registry
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback.carrier import LoopbackCarrier
from callwright.telephony.loopback.observer import LineMoment

pytestmark = pytest.mark.real_time

CALLER = {
    "answer": {"after_s": 0},
    "patience_s": 0,
    "think_ms": 0,
    "fallback": [],
    "rules": [{"heard": "name|your", "say": "I am Peter Stone."}],
}


class Listening(Watcher):
    """Keeps the facts of the line, too."""

    def __init__(self):
        super().__init__()
        self.facts = []

    def noted(self, what, values):
        self.facts.append((what, dict(values)))


@pytest.fixture
async def call(tmp_path):
    """Calls a caller over a line: from a scenario, or as the carrier was told."""
    registry, ends = Registry(SCRIPTED), []
    moments: list[LineMoment] = []

    @cache
    def plugin(kind, name):
        return registry.find(kind, name).factory(PluginContext({}, tmp_path))

    async def start(line=None, always: LineConditions | None = None, scenario=None, own_line=None):
        carrier = LoopbackCarrier.build(PluginContext({}, tmp_path, plugin))
        carrier.observer, carrier.line = moments.append, always
        persona = CALLER if line is None else {**CALLER, "line": line}
        made = await dial(
            carrier, moments, scenario=scenario or {"default": "x", "personas": {"x": persona}}, line=own_line
        )
        ends.append((carrier, made.agent))
        await asyncio.wait_for(made.watcher.taken.wait(), 5)
        return made

    yield start
    for carrier, agent in ends:
        agent.stop()
        await asyncio.wait_for(carrier.aclose(), 5)


@pytest.fixture(autouse=True)
def listening(monkeypatch):
    monkeypatch.setattr("tests.contract.line.Watcher", Listening)


def quality(made, final=True):
    return [values for what, values in made.watcher.facts if what == "quality" and values["final"] is final]


async def ask(made, text="What is your name?", seconds=3.0):
    made.agent.say(text)
    await asyncio.sleep(seconds)
    await made.leg.hang_up("")


@pytest.mark.parametrize("line", ["jitter=100,delay=60", {"echo": "-20dB/120ms", "codec": "pcma", "noise": -50}])
async def test_delay_jitter_echo_and_codec_cost_no_word(call, line):
    made = await call(line)
    # Long enough for a caller that needs some seconds to tell the agent's silence from the noise.
    await ask(made, "Hello. What is your name?", 7.5)
    # An early frame may be overtaken before the receivers have found their delay.
    assert made.far_end("heard")[0].endswith("What is your name?")
    assert "am Peter Stone." in made.watcher.text


async def test_a_scripted_call_at_5_percent_loss_and_100_ms_of_jitter_is_still_understood(call):
    # Letters go, the meaning stays: the caller recognises the question and the agent half of the answer's words.
    made = await call("loss=5,jitter=100")
    await ask(made, seconds=4.0)
    assert any("name" in text or "your" in text for text in made.far_end("heard"))
    assert set(made.watcher.text.split()) & {"am", "Peter", "Stone."}
    (last,) = quality(made)
    assert last["rx_lost"] > 0
    assert last["tx_lost"] > 0
    assert 15 <= last["rx_jitter_ms"] <= 60


async def test_the_counters_of_the_line_are_told_at_the_end_and_add_up(call):
    made = await call("loss=10,delay=40")
    await ask(made, seconds=1.0)
    (last,) = quality(made)
    frames = len(made.watcher.frames)
    assert last["rx_packets"] + last["rx_lost"] == last["tx_packets"] == frames
    assert last["jbuf_lost"] <= last["rx_lost"]
    assert (last["rtt_ms"], last["one_way"]) == (80, "")
    assert last["simulated"] == "loss=10%,delay=40ms"


async def test_every_five_seconds_they_are_told_as_well(call):
    made = await call("loss=1")
    await asyncio.sleep(5.2)
    await made.leg.hang_up("")
    assert len(quality(made, final=False)) == 1
    assert len(quality(made)) == 1


async def test_a_perfect_line_tells_nothing_and_takes_no_time(call):
    made = await call()
    await ask(made, seconds=1.0)
    assert made.watcher.facts == []


async def test_sound_that_gets_lost_one_way_is_told(call):
    made = await call("loss=100,way=in")
    await ask(made, seconds=3.6)
    assert made.far_end("heard") == ["What is your name?"]
    assert made.watcher.text == ""
    assert quality(made)[0]["one_way"] == "no_audio_from_caller"


async def test_hanging_up_waits_for_what_is_still_on_the_line(call):
    made = await call("delay=500")
    made.agent.say("Goodbye.")
    await made.agent.silent()
    await made.leg.hang_up("")
    (closed,) = [moment for moment in made.moments if moment.kind == "closed"]
    assert closed.at_ms >= spoken_ms("Goodbye.") + 500


async def test_an_echo_of_the_agent_comes_back_to_it(call):
    made = await call("echo=-6dB/40ms")
    await ask(made, "echo", 0.8)
    assert "echo" in made.watcher.text
    assert any(max(pcm_of_mulaw(frame)) for frame in made.watcher.frames)


async def test_the_caller_s_own_line_goes_before_the_scenario_s_and_the_switch_before_both(call):
    def scenario(**persona):
        return {"default": "x", "line": "loss=2", "personas": {"x": {**CALLER, **persona}}}

    for more, always, expected in (
        ({}, None, "loss=2%"),
        ({"line": "loss=3"}, None, "loss=3%"),
        ({"line": "loss=3"}, line_of("loss=4"), "loss=4%"),
    ):
        made = await call(always=always, scenario=scenario(**more))
        await made.leg.hang_up("")
        assert quality(made)[0]["simulated"] == expected


async def test_what_the_line_of_a_call_is_like_is_not_for_the_api_s_users_to_say(call, tmp_path):
    made = await call()
    assert isinstance(made.agent, Agent)
    with pytest.raises(ProviderError, match=r"scenario: personas\.x\.line: loss is 400, not between 0 and 100"):
        await call("loss=400")


async def test_a_call_may_have_a_line_of_its_own(call):
    persona = {**CALLER, "line": "loss=10"}
    made = await call(scenario={"default": "x", "personas": {"x": persona}}, own_line="delay=40")
    await ask(made, seconds=1.0)
    (last,) = quality(made)
    assert (last["simulated"], last["rx_lost"]) == ("delay=40ms", 0)
    with pytest.raises(ProviderError, match="snow"):
        await call(own_line="snow=5")
