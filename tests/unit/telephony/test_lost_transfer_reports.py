"""Transfers whose outcome the vendor reports late, out of order or not at all: two who may be talking are not hung up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.unit.telephony import test_command_carrier as telnyx
from tests.unit.telephony.test_media_streams import Socket
from tests.unit.telephony.test_stream_carrier import (
    TARGET,
    TWILIO,
    VONAGE_SIDE,
    Line,
    Orders,
    TwilioOrders,
    VonageOrders,
    passed,
    run,
)
from tests.unit.telephony.test_stream_transfers import PLAYS, START, THEIRS, Play, outcome_of, streaming
from tests.unit.telephony.test_telnyx import Answer

from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import TransferFailedError
from callwright.telephony.media_streams.leg import StreamLeg
from callwright.telephony.media_streams.transfer import UNREPORTED
from callwright.telephony.media_streams.vendor import Handover, VendorAccount

EVERY_PLAY = pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.side.name)
LATE = {"number": 1, "late": True}


async def handed_over(line: Line, start: str = "start") -> tuple[StreamLeg, asyncio.Task[None]]:
    """A call that left its stream for a target that rings."""
    leg = await line.dial()
    await line.tell("/instructions", CallStatus="in-progress")
    await streaming(leg, {**START, "event": start})
    handing = asyncio.create_task(leg.transfer(TARGET))
    await asyncio.sleep(0)
    return leg, handing


@EVERY_PLAY
def test_two_who_may_be_talking_are_not_hung_up_because_no_report_came(play: Play) -> None:
    async def called() -> None:
        line = Line(play.side)
        leg, handing = await handed_over(line, play.start)
        ended: list[bool] = []
        handing.add_done_callback(lambda _: ended.append(leg.ended))
        await passed(48)
        assert not handing.done()
        await passed(2)
        with pytest.raises(TransferFailedError, match=UNREPORTED):
            await handing
        # The outcome was known before the end, and nobody says that somebody hung up.
        assert ended == [False]
        assert line.report.end is not None
        assert line.report.end.cause == "media_timeout"
        assert line.vendor.hung_up == []
        # The dial ends at last: then the vendor is told that the call is over.
        path, form = play.tells("answered")[-1]
        answer = await line.tell(path, **form)
        assert answer.body == line.vendor.end_call().body
        await line.carrier.aclose()
        assert line.vendor.hung_up == []

    run(called())


@EVERY_PLAY
@pytest.mark.parametrize("outcome", ["busy", "answered"])
def test_a_report_that_comes_late_still_counts(play: Play, outcome: str) -> None:
    async def called() -> None:
        line = Line(play.side)
        leg, handing = await handed_over(line, play.start)
        await passed(47)
        for path, form in play.tells(outcome):
            await line.tell(path, **form)
        if outcome == "busy":
            await streaming(leg, {**START, "event": play.start})
        assert await outcome_of(handing) == outcome
        assert leg.ended == (outcome == "answered")
        assert line.report.end is None or line.report.end.cause == "transferred"
        await line.carrier.aclose()

    run(called())


class Unsure(Orders):
    """A vendor whose answer to the order is lost."""

    far: Socket
    answers = False

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        await super().hand_over(account, call_id, handover)
        self.far.tell("stop")
        # It waits in vain for longer than the stream takes to end.
        await passed(1)
        if self.answers:
            await self.line.tell("/target", CallSid=THEIRS, CallStatus="in-progress")
        raise ProviderError(FailureKind.UNAVAILABLE, "vendor", "it does not answer")

    line: Line


class UnsureTwilio(Unsure, TwilioOrders):
    pass


@pytest.mark.parametrize(("answers", "later"), [(False, False), (True, False), (False, True)])
def test_an_order_whose_answer_is_lost_may_have_been_taken(answers: bool, later: bool) -> None:
    """``answers``: the target, before it is known that the answer is lost; ``later``: after that."""

    async def called() -> None:
        line = Line(replace(TWILIO, vendor=UnsureTwilio))
        vendor = line.vendor
        assert isinstance(vendor, UnsureTwilio)
        leg = await line.dial()
        await line.tell("/instructions", CallStatus="in-progress")
        vendor.line, vendor.far, vendor.answers = line, Socket(), answers
        carried = asyncio.create_task(leg.carry(vendor.far))
        await vendor.far.coming.put(json.dumps(START))
        await passed(1)
        handing = asyncio.create_task(leg.transfer(TARGET))
        await passed(20)
        if later:
            await line.tell("/target", CallSid=THEIRS, CallStatus="in-progress")
        await passed(30)
        assert await outcome_of(handing) == ("answered" if answers or later else "failed")
        assert ({"number": 1} in line.report.facts) == (answers or later)
        await carried
        assert line.report.end is not None
        assert line.report.end.cause == ("transferred" if answers or later else "media_timeout")
        assert vendor.hung_up == []

    run(called())


class VonageKnows(VonageOrders):
    """Can be asked about the target."""

    knows = True

    async def has_answered(self, account: VendorAccount, call_id: str) -> bool:
        self.asked.append(call_id)
        if not self.knows:
            raise ProviderError(FailureKind.UNAVAILABLE, "vonage", "not now")
        return True


@pytest.mark.parametrize("knows", [True, False])
def test_the_vendor_is_asked_about_a_target_whose_answer_was_not_reported(knows: bool) -> None:
    async def called() -> None:
        line = Line(replace(VONAGE_SIDE, vendor=VonageKnows))
        vendor = line.vendor
        assert isinstance(vendor, VonageKnows)
        vendor.knows = knows
        _, handing = await handed_over(line, "websocket:connected")
        await line.tell("/transferred", uuid=THEIRS, status="ringing")
        await passed(46)
        assert vendor.asked == [THEIRS]
        assert handing.done() == knows
        await passed(20)
        assert await outcome_of(handing) == ("answered" if knows else "failed")
        assert (LATE in line.report.facts) == knows
        assert ({"state": "answered", "call_id": THEIRS} in line.report.facts) == knows
        assert vendor.hung_up == []

    run(called())


class Slow(TwilioOrders):
    """Answers the order when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def hand_over(self, account: VendorAccount, call_id: str, handover: Handover) -> None:
        await super().hand_over(account, call_id, handover)
        await self.gate.wait()


async def test_a_target_that_fails_before_the_order_is_answered_has_not_taken_the_call() -> None:
    line = Line(replace(TWILIO, vendor=Slow))
    vendor = line.vendor
    assert isinstance(vendor, Slow)
    leg, handing = await handed_over(line)
    answer = await line.tell("/transferred", CallStatus="in-progress", DialCallStatus="busy")
    assert b"<Stream" in answer.body
    back = await streaming(leg, START)
    vendor.gate.set()
    assert await outcome_of(handing) == "busy"
    assert (leg.ended, leg.streams, line.report.end) == (False, True, None)
    await line.carrier.aclose()
    await back


# -- a vendor that takes commands ----------------------------------------------------------------------------------------------


@dataclass
class Asked(telnyx.Api):
    """Says of each call whether it is alive."""

    alive: Mapping[str, Any] = field(default_factory=dict)

    async def send(self, method: str, url: str, *, headers: Any, body: bytes, timeout_s: float) -> Answer:
        if method != "GET":
            return await super().send(method, url, headers=headers, body=body, timeout_s=timeout_s)
        self.asked.append(("GET", {}))
        found = self.alive.get(url.rpartition("/")[2])
        return Answer(404 if found is None else 200, json.dumps({"data": {"is_alive": found}}).encode())


@pytest.mark.parametrize(("alive", "asked"), [(True, True), (False, True), (None, True), (True, False)])
def test_a_target_that_is_alive_when_it_can_ring_no_more_has_the_call(alive: bool | None, asked: bool) -> None:
    """``asked``: the vendor has said which call it is."""

    async def called() -> None:
        line = telnyx.Line(api=Asked(alive={telnyx.OTHER: alive}))
        leg = await line.dial()
        _, carried = await telnyx.streaming(leg)
        handing = asyncio.create_task(leg.transfer(TARGET))
        await telnyx.settled()
        if asked:
            await line.tell("call.initiated", call=telnyx.OTHER, handover=1)
        await passed(46)
        has_call = bool(alive) and asked
        assert await outcome_of(handing) == ("answered" if has_call else "failed")
        assert line.api.actions == ["calls", "transfer", *(["GET"] if asked else [])]
        assert (leg.ended, leg.streams) == (has_call, not has_call)
        assert (LATE in line.report.facts) == has_call
        await line.carrier.aclose()
        await carried

    run(called())


@pytest.mark.parametrize("streams", [True, False])
async def test_the_hang_up_of_a_target_says_that_it_had_answered(streams: bool) -> None:
    line = telnyx.Line()
    leg = await line.dial()
    socket, carried = await telnyx.streaming(leg)
    handing = asyncio.create_task(leg.transfer(TARGET))
    await telnyx.settled()
    if not streams:
        assert socket.take is not None
        socket.take(json.dumps({"event": "stop", "stream_id": "S"}))
    await line.tell("call.hangup", call=telnyx.OTHER, handover=1, hangup_cause="normal_clearing")
    await handing
    await line.tell("call.answered", call=telnyx.OTHER, handover=1)
    await carried
    assert line.report.end is not None
    assert line.report.end.cause == "transferred"
    # Nobody knows how long they talked, and nobody is left to hear a stream.
    assert LATE in line.report.facts
    assert {"state": "answered", "call_id": telnyx.OTHER} in line.report.facts
    await telnyx.settled()
    assert line.api.actions == ["calls", "transfer"]


async def test_the_hang_up_of_a_warm_target_says_nothing_of_that() -> None:
    """It had answered us before: whether it met the other one is not known."""
    line = telnyx.Line()
    leg = await line.dial()
    await telnyx.streaming(leg)
    bridging = asyncio.create_task(leg.transfers.bridge(leg.account, leg.call_id, telnyx.OTHER))
    await telnyx.settled()
    await line.tell("call.hangup", call=telnyx.OTHER, handover=1, hangup_cause="normal_clearing")
    with pytest.raises(TransferFailedError):
        await bridging
    assert not leg.ended
    leg.abandon()
