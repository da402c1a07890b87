"""What every leg owes the call, run against the carriers that need nobody to answer; and what the loopback's far end really hears."""

import asyncio
from functools import cache
from importlib.metadata import entry_points

import pytest
from tests.contract.line import Agent, Watcher, dial
from tests.waiting import until

from callwright.media.tonetext import spoken
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LegClosed, TransferFailedError
from callwright.ports.registry import ENTRY_POINT_GROUP, PluginContext, Registry
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK
from callwright.telephony.loopback.observer import LineMoment

pytestmark = pytest.mark.real_time

UNATTENDED = [plugin for plugin in LOOPBACK if plugin.kind == "carrier"]


@pytest.fixture(params=UNATTENDED, ids=lambda plugin: plugin.name)
async def line(request, tmp_path):
    """Dials calls on one carrier, and ends them all."""
    registry = Registry(SCRIPTED)
    moments: list[LineMoment] = []

    @cache
    def plugin(kind, name):
        return registry.find(kind, name).factory(PluginContext({}, tmp_path))

    carrier = request.param.factory(PluginContext({}, tmp_path, plugin))
    carrier.observer = moments.append
    agents: list[Agent] = []

    async def start(**options):
        call = await dial(carrier, moments, **options)
        agents.append(call.agent)
        return call

    yield start
    for agent in agents:
        agent.stop()
    await asyncio.wait_for(carrier.aclose(), 5)


def talker(**persona):
    """A scenario whose default caller answers at once."""
    persona = {"answer": {"after_s": 0}, "patience_s": 0, "fallback": [], "think_ms": 0} | persona
    return {"default": "x", "personas": {"x": persona}}


def test_the_built_in_carrier_and_providers_come_in_by_the_public_entry_point():
    names = {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}
    assert {"loopback", "scripted"} <= names


async def test_events_come_in_order_and_audio_flows_without_gaps_from_answer_to_end(line):
    call = await line(scenario=talker())
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(1.0)
    frames = len(call.watcher.frames)
    expected = (asyncio.get_running_loop().time() - began) / 0.02
    await call.leg.hang_up("done")
    assert call.watcher.events == ["ringing", "answered", "audio", "closed"]
    assert abs(frames - expected) <= 2
    assert {len(frame) for frame in call.watcher.frames} == {160}


async def test_the_far_end_hears_what_was_said_and_the_agent_hears_the_far_end(line):
    call = await line(scenario=talker(rules=[{"heard": "name", "say": "I am Peter."}]))
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    call.agent.say("What is your name?")
    await asyncio.sleep(3.0)
    await call.leg.hang_up("")
    assert call.far_end("heard") == ["What is your name?"]
    assert call.watcher.text == "I am Peter."
    assert call.leg.quality()["starved_frames"] == call.leg.quality()["dropped_frames"] == 0


async def test_clear_drops_what_was_not_played_and_the_pacer_knows_what_was(line):
    call = await line(scenario=talker())
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    text = "one two three four five six seven eight nine ten"
    generation = call.agent.say(text)
    await asyncio.sleep(1.25)
    played = call.agent.playout.clear(call.agent.now_us)
    call.leg.clear()
    await asyncio.sleep(0.8)
    await call.leg.hang_up("")
    (heard,) = call.far_end("heard")
    assert text.startswith(heard)
    assert abs(len(heard) - played[generation] / 60) <= 2
    assert call.leg.quality()["starved_frames"] == 0


async def test_after_a_clear_the_next_words_are_heard_whole(line):
    call = await line(scenario=talker())
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    call.agent.say("this will be cut off")
    await asyncio.sleep(0.5)
    call.agent.playout.clear(call.agent.now_us)
    call.leg.clear()
    await asyncio.sleep(0.6)
    call.agent.say("and this is whole")
    await asyncio.sleep(1.8)
    await call.leg.hang_up("")
    assert call.far_end("heard")[-1] == "and this is whole"


async def test_hanging_up_waits_for_what_was_written(line):
    call = await line(scenario=talker())
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    call.agent.say("Goodbye.")
    await call.agent.silent()
    await call.leg.hang_up("llm_prompted_hangup")
    quality = call.leg.quality()
    assert quality["played_frames"] == len(spoken("Goodbye.")) // 320
    assert call.watcher.closed_as == LegClosed(
        "answered", "API Request", "llm_prompted_hangup", 4000, "normal_clearing"
    )


async def test_hanging_up_twice_or_from_two_sides_is_safe(line):
    call = await line(scenario=talker())
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    await asyncio.gather(call.leg.hang_up("a"), call.leg.hang_up("b"))
    await call.leg.hang_up("c")
    assert call.watcher.events.count("closed") == 1
    assert call.watcher.closed_as.reason == "a"


async def test_hanging_up_before_the_answer_cancels_the_call(line):
    call = await line(scenario=talker(answer={"after_s": 5}))
    await asyncio.sleep(0.1)
    await call.leg.hang_up("")
    assert call.watcher.events == ["ringing", "closed"]
    assert (call.watcher.closed_as.outcome, call.watcher.closed_as.reason) == ("canceled", "Call canceled")


async def test_keys_travel_both_ways(line):
    call = await line(scenario=talker(rules=[{"heard": "press", "press": "42#"}]))
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    call.agent.say("press")
    await asyncio.sleep(1.8)
    await call.leg.send_keys("19*")
    assert call.watcher.keys == "42#"
    assert "keys 19*" in call.far_end("heard")
    with pytest.raises(ProviderError, match="keys that are none"):
        await call.leg.send_keys("12x")


@pytest.mark.parametrize("attended", [False, True])
async def test_the_caller_is_handed_to_whoever_takes_the_call_and_the_leg_closes(line, attended):
    call = await line(scenario=talker() | {"numbers": {"+15550177": "demo"}})
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    await asyncio.wait_for(call.leg.transfer("+15550177", attended=attended), 5)
    await asyncio.wait_for(call.watcher.ended.wait(), 1)
    assert call.watcher.closed_as.outcome == "answered"
    assert call.watcher.closed_as.reason == "Call completed"
    assert call.far_end("transferred") == ["demo"]


@pytest.mark.parametrize(
    ("target", "outcome"), [("loopback:busy", "busy"), ("loopback:refuse", "busy"), ("loopback:nobody", "failed")]
)
async def test_a_target_that_does_not_take_the_call_leaves_it_as_it_was(line, target, outcome):
    call = await line(scenario=talker(rules=[{"heard": "sorry", "say": "Never mind."}]))
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    with pytest.raises(TransferFailedError, match=target) as failed:
        await asyncio.wait_for(call.leg.transfer(target), 5)
    assert failed.value.outcome == outcome
    call.agent.say("Sorry.")
    await until(lambda: call.watcher.text == "Never mind.", 15)


async def test_a_caller_who_hangs_up_while_the_target_rings_was_not_transferred(line):
    call = await line(scenario=talker())
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    transfer = asyncio.create_task(call.leg.transfer("loopback:no-answer"))
    await asyncio.sleep(0.1)
    await call.leg.hang_up("")
    with pytest.raises(TransferFailedError, match="Call canceled"):
        await asyncio.wait_for(transfer, 2)


async def test_a_transfer_is_told_to_have_succeeded_before_the_leg_closes(line):
    call = await line(scenario=talker())
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    async with asyncio.timeout(5):
        await call.leg.transfer("+15550177")
        assert not call.watcher.ended.is_set()
        await call.watcher.ended.wait()


async def test_a_transfer_the_carrier_cannot_do_is_a_bad_request(line):
    call = await line(scenario=talker())
    with pytest.raises(ProviderError) as refused:
        await call.leg.transfer("sip:desk@127.0.0.1")
    assert refused.value.kind is FailureKind.BAD_REQUEST
    await call.leg.answer()
    await call.leg.reject(486)
    assert call.watcher.closed_as.outcome == "failed"


@pytest.mark.parametrize(
    ("persona", "outcome", "by", "reason", "code", "rings"),
    [
        ("busy", "busy", "Carrier", "Call recipient was busy", 3010, False),
        ("no-answer", "no-answer", "Carrier", "Call unanswered", 3000, True),
        ("refuse", "busy", "Callee", "Call recipient rejected", 3020, True),
        ("failed", "failed", "Carrier", "Call recipient number invalid", 2000, False),
    ],
)
async def test_calls_that_are_not_taken_end_in_the_contract_s_words(line, persona, outcome, by, reason, code, rings):
    call = await line(to=persona, ring_s=2)
    await asyncio.wait_for(call.watcher.ended.wait(), 5)
    closed = call.watcher.closed_as
    assert (closed.outcome, closed.by, closed.reason, closed.code) == (outcome, by, reason, code)
    assert call.watcher.events == (["ringing"] if rings else []) + ["closed"]


async def test_a_caller_who_takes_longer_than_it_may_ring_has_not_answered(line):
    call = await line(scenario=talker(answer={"after_s": 3}), ring_s=1)
    await asyncio.wait_for(call.watcher.ended.wait(), 5)
    assert call.watcher.closed_as.outcome == "no-answer"


async def test_a_caller_can_hang_up_in_mid_word(line):
    call = await line(scenario=talker(answer={"after_s": 0, "hang_up_after_ms": 700}))
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    call.agent.say("Thank you for calling the clinic, how may I help you?")
    await asyncio.wait_for(call.watcher.ended.wait(), 5)
    assert call.watcher.closed_as == LegClosed("answered", "Callee", "Call recipient hung up", 4000, "normal_clearing")


async def test_a_machine_greets_beeps_and_records(line):
    call = await line(
        scenario=talker(answer={"how": "machine", "after_s": 0, "greeting": "Leave word.", "record_s": 2.5})
    )
    await asyncio.wait_for(call.watcher.ended.wait(), 6)
    assert call.watcher.text == "Leave word."
    assert call.watcher.closed_as.by == "Callee"


async def test_a_talkative_caller_speaks_over_the_agent(line):
    persona = {"barge_in_words": 3, "rules": [{"say": "Stop, please."}]}
    call = await line(scenario=talker(**persona))
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    call.agent.say("one two three four five six seven eight nine")
    await asyncio.sleep(2.0)
    assert call.watcher.text.startswith("Stop")
    assert not call.agent.playout.idle(call.agent.now_us)


async def test_a_caller_lost_for_words_gives_up(line):
    call = await line(scenario=talker(fallback=["Hm?", "Bye."]))
    await asyncio.wait_for(call.watcher.taken.wait(), 5)
    for _ in range(2):
        call.agent.say("blue")
        await asyncio.sleep(1.4)
    await asyncio.wait_for(call.watcher.ended.wait(), 5)
    assert call.watcher.text == "Hm?Bye."


async def test_an_unknown_persona_is_refused_with_those_there_are(line):
    with pytest.raises(ProviderError, match=r"no synthetic caller named 'nobody'; known: .*demo") as refused:
        await line(user_data={"persona": "nobody"})
    assert refused.value.kind is FailureKind.BAD_REQUEST


async def test_a_listener_that_fails_ends_its_own_call_only(line, monkeypatch):
    healthy = await line(scenario=talker())
    broken = await line(scenario=talker())
    await asyncio.wait_for(asyncio.gather(healthy.watcher.taken.wait(), broken.watcher.taken.wait()), 5)

    def fail(frame):
        raise RuntimeError("defect")

    broken.watcher.audio = fail
    await asyncio.wait_for(broken.watcher.ended.wait(), 5)
    assert broken.watcher.closed_as.outcome == "error"
    before = len(healthy.watcher.frames)
    await asyncio.sleep(0.2)
    assert len(healthy.watcher.frames) > before


async def test_a_watcher_needs_no_more_than_the_port(line):
    call = await line(scenario=talker())
    assert isinstance(call.watcher, Watcher)
    assert call.leg.ahead_ms == 60
    assert call.leg.provider_call_id.startswith("loopback-call-1-")
