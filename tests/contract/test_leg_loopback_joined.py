"""A loopback call to ourselves: two legs of one call, each with what a leg owes, and the causes both sides hear."""

import asyncio
from typing import Any

import pytest
from tests.contract.line import Watcher

from callwright.lab.line import line_of
from callwright.media.g711 import mulaw_of
from callwright.media.tonetext import spoken
from callwright.ports.failures import ProviderError
from callwright.ports.leg import DialRequest
from callwright.ports.registry import no_other_plugin
from callwright.telephony.loopback.carrier import LoopbackCarrier

pytestmark = pytest.mark.real_time


class Desk:
    """Takes one call and does with it what the test wants."""

    def __init__(self, does="answer", code=486):
        self.watcher = Watcher()
        self.offer: Any = None
        self.leg: Any = None
        self._does, self._code = does, code

    def offered(self, offer, leg):
        self.offer, self.leg = offer, leg
        work = {"answer": leg.answer, "reject": lambda: leg.reject(self._code), "nothing": lambda: asyncio.sleep(0)}
        self.task = asyncio.get_running_loop().create_task(work[self._does]())
        return self.watcher


def end_of(watcher: Watcher) -> Any:
    return watcher.closed_as


@pytest.fixture
async def call():
    """Dials ourselves; the carrier ends with the test."""
    carriers = []

    async def dial(desk, line=None, ring_s=5, to="loopback:in/1800"):
        carrier = LoopbackCarrier(no_other_plugin, line=None if line is None else line_of(line))
        carriers.append(carrier)
        if desk is not None:
            await carrier.open(desk)
        watcher = Watcher()
        return watcher, await carrier.dial(DialRequest("call-1", to, "+15550100", ring_s), watcher)

    yield dial
    for carrier in carriers:
        await asyncio.wait_for(carrier.aclose(), 5)


async def answered(call, desk=None, **more):
    desk = desk or Desk()
    near, leg = await call(desk, **more)
    await asyncio.wait_for(near.taken.wait(), 5)
    return near, leg, desk


def say(leg, text):
    pcm = mulaw_of(spoken(text))
    for at in range(0, len(pcm), 160):
        yield pcm[at : at + 160].ljust(160, b"\xff")


async def speak(leg, text, ahead=5):
    """Some frames ahead of their time, so that a machine that is late for a moment leaves no hole."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, frame in enumerate(say(leg, text)):
        await asyncio.sleep(began + (number - ahead) * 0.02 - loop.time())
        leg.write(frame)


async def test_it_comes_in_with_who_calls_and_whom(call):
    near, leg, desk = await answered(call)
    assert (desk.offer.carrier, desk.offer.called, desk.offer.caller) == ("loopback", "1800", "+15550100")
    assert desk.offer.provider_call_id == desk.leg.provider_call_id != leg.provider_call_id
    assert near.events[:2] == ["ringing", "answered"]
    assert desk.watcher.events[0] == "answered"


async def test_both_hear_each_other_and_the_counters_are_each_side_s_own(call):
    near, leg, desk = await answered(call)
    await asyncio.gather(speak(leg, "to you"), speak(desk.leg, "and to you"))
    await asyncio.sleep(0.5)
    await leg.hang_up("done")
    assert (desk.watcher.text, near.text) == ("to you", "and to you")
    assert near.events[-2:] == desk.watcher.events[-2:] == ["noted quality", "closed"]


async def test_whoever_hangs_up_the_other_hears_who_it_was(call):
    near, leg, desk = await answered(call)
    await leg.hang_up("")
    assert (end_of(near).by, end_of(desk.watcher).by) == ("API Request", "Caller")
    near, leg, desk = await answered(call)
    await desk.leg.hang_up("")
    assert (end_of(desk.watcher).by, end_of(near).by) == ("API Request", "Callee")
    await leg.hang_up("again")
    assert near.events.count("closed") == 1


async def test_hanging_up_waits_for_what_is_on_the_line_and_takes_no_more(call):
    _near, leg, desk = await answered(call, line="delay=300")
    for frame in list(say(leg, "bye"))[:9]:
        leg.write(frame)
    ending = asyncio.create_task(leg.hang_up(""))
    await asyncio.sleep(0)
    leg.write(b"\x10" * 160)
    await asyncio.wait_for(ending, 5)
    assert desk.watcher.text == "bye"


async def test_what_was_written_and_not_played_can_be_dropped(call):
    _near, leg, desk = await answered(call)
    for frame in list(say(leg, "never heard"))[:9]:
        leg.write(frame)
    leg.clear()
    await asyncio.sleep(0.4)
    assert desk.watcher.text == ""


async def test_keys_go_both_ways(call):
    near, leg, desk = await answered(call)
    await asyncio.gather(leg.send_keys("12#"), desk.leg.send_keys("*0"))
    await asyncio.sleep(1.0)
    assert (desk.watcher.keys, near.keys) == ("12#", "*0")
    with pytest.raises(ProviderError, match="keys that are none"):
        await leg.send_keys("x")
    with pytest.raises(ProviderError, match="cannot be transferred"):
        await leg.transfer("+1")


@pytest.mark.parametrize(("code", "outcome"), [(486, "busy"), (603, "busy"), (404, "failed"), (480, "no-answer")])
async def test_a_refusal_has_the_caller_s_cause(call, code, outcome):
    desk = Desk("reject", code)
    near, _ = await call(desk)
    await asyncio.wait_for(near.ended.wait(), 5)
    assert end_of(near).outcome == outcome
    assert desk.watcher.events == ["closed"]
    await desk.leg.answer()
    assert near.events[-1] == "closed"


async def test_nobody_answers(call):
    desk = Desk("nothing")
    near, _ = await call(desk, ring_s=1)
    await asyncio.wait_for(near.ended.wait(), 5)
    assert (near.events, end_of(near).outcome) == (["ringing", "closed"], "no-answer")
    assert end_of(desk.watcher).outcome == "canceled"


async def test_a_call_that_rings_can_be_cancelled_or_declined(call):
    desk = Desk("nothing")
    near, leg = await call(desk)
    await asyncio.sleep(0.05)
    leg.write(b"\x10" * 160)
    await leg.hang_up("")
    assert (end_of(near).outcome, end_of(desk.watcher).outcome) == ("canceled", "canceled")
    desk = Desk("nothing")
    near, leg = await call(desk)
    await asyncio.sleep(0.05)
    await desk.leg.hang_up("")
    assert end_of(near).outcome != "answered"


async def test_one_that_is_cancelled_at_once_is_never_offered(call):
    desk = Desk()
    near, leg = await call(desk)
    await leg.hang_up("")
    await asyncio.sleep(0.05)
    assert (near.events, desk.offer) == (["closed"], None)


async def test_without_a_desk_nobody_takes_calls(call):
    with pytest.raises(ProviderError, match="no calls are taken here"):
        await call(None)


@pytest.mark.long
async def test_counters_are_told_every_five_seconds(call):
    near, _leg, _desk = await answered(call)
    await asyncio.sleep(5.3)
    assert near.events.count("noted quality") == 1
