"""A carrier whose vendor takes commands, without a socket: its webhooks are signed by the test, and its commands are kept."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.telnyx_vendor import KEYS, signed
from tests.unit.telephony.test_media_streams import Report, Socket
from tests.unit.telephony.test_stream_carrier import Desk, Doorkeeper, passed, run
from tests.unit.telephony.test_telnyx import NOW, Answer, Clock, state

from callwright.domain.errors import NotAllowedError
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorAnswer, DoorRequest, HttpDoor, Signed
from callwright.ports.failures import ProviderError
from callwright.ports.leg import SILENCE_FRAME, DialRequest, TransferFailedError
from callwright.ports.registry import PluginContext
from callwright.telephony.media_streams.command_carrier import CommandCarrier
from callwright.telephony.media_streams.leg import StreamLeg
from callwright.telephony.telnyx.vendor import TelnyxCalls

OURS, THEIRS, TARGET = "+15550100", "+15550199", "+15550155"
CALL, OTHER = "v3:call", "v3:other"
ACCESS = Access({**KEYS, "TELNYX_PHONE_NUMBER": OURS})


@dataclass
class Api:
    """The vendor's API. ``refuses``: the actions that it refuses."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    async def send(self, method: str, url: str, *, headers: Any, body: bytes, timeout_s: float) -> Answer:
        action = url.rpartition("/")[2]
        self.asked.append((action, json.loads(body)))
        if action in self.refuses:
            return Answer(500, b"")
        return Answer(200, json.dumps({"data": {"call_control_id": CALL, "result": "ok"}}).encode())

    @property
    def actions(self) -> list[str]:
        return [action for action, _ in self.asked]


class Accounts:
    async def of_number(self, carrier: str, number: str) -> Access | None:
        return ACCESS if number == OURS else None


@dataclass
class Line:
    """A carrier at work."""

    api: Api = field(default_factory=Api)
    doorkeeper: Doorkeeper = field(default_factory=Doorkeeper)
    desk: Desk = field(default_factory=Desk)
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        context = PluginContext({}, Path(), doors=self.doorkeeper, accounts=Accounts())
        self.carrier = CommandCarrier(TelnyxCalls(self.api, Clock()), context)

    async def dial(self, *, detect_machine: bool = False) -> StreamLeg:
        request = DialRequest("e.1", THEIRS, "", 30, access=ACCESS, detect_machine=detect_machine)
        leg = await self.carrier.dial(request, self.report)
        assert isinstance(leg, StreamLeg)
        await leg.dialled.wait()
        return leg

    async def tell(
        self, kind: str, *, call: str = CALL, key: str = "e.1", handover: int = 0, at: int = NOW, **more: Any
    ) -> DoorAnswer:
        """A webhook, as the platform serves it. Raises NotAllowedError."""
        payload = {"call_control_id": call, "to": THEIRS, "from": OURS, "direction": "outgoing", **more}
        if key:
            payload["client_state"] = state(key, handover)
        body = json.dumps({"data": {"event_type": kind, "payload": payload}}).encode()
        (door,) = (one for one in self.carrier.doors() if isinstance(one, HttpDoor))
        asked = DoorRequest("POST", self.doorkeeper.address("telnyx", door.path), signed(body, at), body)
        assert isinstance(door.proof, Signed)
        proven = await door.proof.check(asked)
        if not proven:
            raise NotAllowedError("not signed")
        return await door.answer(replace(asked, proven=proven))

    async def offer(self, **more: Any) -> None:
        await self.tell("call.initiated", key="", **{"to": OURS, "from": THEIRS, "direction": "incoming", **more})


async def streaming(leg: StreamLeg) -> tuple[Socket, asyncio.Task[None]]:
    socket = Socket()
    carried = asyncio.create_task(leg.carry(socket))
    await socket.coming.put(json.dumps({"event": "connected"}))
    while socket.take is None:  # noqa: ASYNC110 - the leg is asked, it does not tell
        await asyncio.sleep(0)
    socket.take(json.dumps({"event": "start", "stream_id": "S", "start": {"call_control_id": CALL}}))
    return socket, carried


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


_ENDS = {"user_busy": "busy", "timeout": "no-answer", "unspecified": "failed", "normal_clearing": "answered"}


@given(st.sampled_from(sorted(_ENDS)), st.randoms(use_true_random=False), st.booleans())
def test_webhooks_in_any_order_and_twice_make_one_state(end: str, chance: random.Random, streamed: bool) -> None:
    """Whatever comes after the end changes nothing, nothing is reported twice, and the order of the port holds."""

    async def told() -> None:
        line = Line()
        leg = await line.dial()
        carried = (await streaming(leg))[1] if streamed else None
        kinds = ["call.initiated", "call.answered", "streaming.started", "call.hangup"] * 2
        chance.shuffle(kinds)
        for kind in kinds:
            await line.tell(kind, hangup_cause=end if kind == "call.hangup" else None)
        if carried is not None:
            await carried
        assert line.report.end is not None
        events = line.report.events
        assert events == [name for name in ("ringing", "answered", "closed") if name in events]
        assert ("answered" in events) == (streamed or end == "normal_clearing")
        assert line.report.end.outcome == _ENDS[end]

    run(told())


async def test_a_call_is_placed_with_a_stream_of_its_own() -> None:
    line = Line()
    leg = await line.dial()
    (action, asked) = line.api.asked[0]
    assert (action, asked["stream_url"]) == ("calls", line.doorkeeper.issued[0])
    assert asked["webhook_url"] == "https://calls.example/lines/telnyx/events"
    await line.tell("call.initiated")
    leg.finish(CAUSES["originator_cancel"])
    await settled()
    # The stream is good no more, and the vendor is told.
    assert line.doorkeeper.issued == []
    assert line.api.actions == ["calls", "hangup"]


async def test_who_has_answered_is_asked_only_where_it_is_wanted_and_told_once() -> None:
    line = Line()
    leg = await line.dial(detect_machine=True)
    assert line.api.asked[0][1]["answering_machine_detection"] == "detect"
    await line.tell("call.machine.detection.ended", result="machine")
    await streaming(leg)
    await line.tell("call.machine.detection.ended", result="human")
    assert line.report.events == ["answered", "machine"]
    await line.carrier.aclose()
    other = Line()
    await other.dial()
    assert "answering_machine_detection" not in other.api.asked[0][1]
    await other.carrier.aclose()


async def test_a_call_that_comes_in_is_answered_once() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    await line.offer(custom_headers=[{"name": "X-Order", "value": "7"}])
    await settled()
    await line.offer()
    await settled()
    assert (len(line.desk.offers), line.api.actions) == (1, ["answer"])
    offer, (_, asked) = line.desk.offers[0], line.api.asked[0]
    assert (offer.called, offer.caller, offer.headers) == (OURS, THEIRS, {"X-Order": "7"})
    assert asked["stream_url"] in line.doorkeeper.issued
    (leg,) = line.carrier.legs
    await streaming(leg)
    assert line.desk.report.events == ["answered"]
    await line.carrier.aclose()


async def test_a_caller_who_gives_up_is_not_answered_and_the_hang_up_may_have_no_state() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    await line.offer()
    await line.tell("call.hangup", key="", to=OURS, hangup_cause="originator_cancel")
    await settled()
    assert line.desk.report.end is not None
    assert line.desk.report.end.outcome == "canceled"
    assert "answer" not in line.api.actions


async def test_a_hang_up_that_overtakes_its_call_is_no_call() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    await line.tell("call.hangup", key="", to=OURS, hangup_cause="originator_cancel")
    await line.offer()
    await settled()
    assert (line.desk.offers, line.api.actions) == ([], [])


async def test_a_call_that_cannot_be_answered_ends() -> None:
    line = Line()
    line.api.refuses.add("answer")
    await line.carrier.open(line.desk)
    await line.offer()
    await settled()
    assert line.desk.report.end is not None
    assert line.desk.report.end.cause == "temporary_failure"
    assert line.api.actions == ["answer", "hangup"]


async def test_nobody_at_home_refuses() -> None:
    line = Line()
    await line.offer()
    await settled()
    assert line.api.asked == [("reject", {"cause": "TEMPORARILY_UNAVAILABLE"})]


async def test_a_stranger_and_a_stale_webhook_get_nowhere() -> None:
    line = Line()
    await line.carrier.open(line.desk)
    leg = await line.dial()
    for wrong in ({"key": "e.2"}, {"at": NOW - 301}, {"at": NOW + 301}):
        with pytest.raises(NotAllowedError):
            await line.tell("call.hangup", hangup_cause="user_busy", **wrong)
    # Another call of the account that was given the same state.
    await line.tell("call.hangup", call=OTHER, hangup_cause="user_busy")
    assert not leg.ended
    leg.finish(CAUSES["originator_cancel"])


async def test_a_call_that_nobody_knew_of_is_ended_when_it_reports() -> None:
    line = Line()
    line.api.refuses.add("calls")
    with pytest.raises(ProviderError):
        await line.dial()
    await line.tell("call.initiated")
    await line.tell("call.answered")
    assert line.api.actions == ["calls", "hangup", "hangup"]


async def test_a_target_that_does_not_answer_leaves_the_call_in_its_stream() -> None:
    line = Line()
    leg = await line.dial()
    socket, _ = await streaming(leg)
    handing = asyncio.create_task(leg.transfer(TARGET))
    await settled()
    assert line.api.asked[-1][1]["to"] == TARGET
    # The caller hears it ring: nobody is heard meanwhile.
    socket.take and socket.take(json.dumps({"event": "dtmf", "dtmf": {"digit": "5"}}))
    leg.write(SILENCE_FRAME)
    await line.tell("call.initiated", call=OTHER, handover=1)
    # A report of a target that is none, or was one before, says nothing.
    await line.tell("call.hangup", call=OTHER, handover=2, hangup_cause="timeout")
    assert not handing.done()
    await line.tell("call.hangup", call=OTHER, handover=1, hangup_cause="user_busy")
    with pytest.raises(TransferFailedError) as failed:
        await handing
    assert failed.value.outcome == "busy"
    assert (leg.streams, line.report.events, socket.sent) == (True, ["answered"], [])
    leg.write(SILENCE_FRAME)
    await asyncio.sleep(0)
    assert len(socket.of("media")) == 1
    assert line.api.actions == ["calls", "transfer"]
    leg.finish(CAUSES["normal_clearing"])


async def test_a_stream_that_ended_with_the_transfer_is_connected_again() -> None:
    line = Line()
    leg = await line.dial()
    socket, carried = await streaming(leg)
    handing = asyncio.create_task(leg.transfer(TARGET))
    await settled()
    assert socket.take is not None
    socket.take(json.dumps({"event": "stop", "stream_id": "S"}))
    await carried
    await line.tell("call.hangup", call=OTHER, handover=1, hangup_cause="timeout")
    await settled()
    assert line.api.asked[-1][0] == "streaming_start"
    assert line.api.asked[-1][1]["stream_url"] in line.doorkeeper.issued
    # What is said until the far end hears again would be lost.
    assert not handing.done()
    again, _ = await streaming(leg)
    with pytest.raises(TransferFailedError):
        await handing
    leg.write(SILENCE_FRAME)
    await asyncio.sleep(0)
    assert len(again.of("media")) == 1
    leg.finish(CAUSES["normal_clearing"])


@pytest.mark.parametrize("late", [False, True])
async def test_a_target_that_answers_takes_the_call(late: bool) -> None:
    """Also when the order to transfer was taken for lost."""
    line = Line()
    leg = await line.dial()
    await streaming(leg)
    if late:
        line.api.refuses.add("transfer")
    handing = asyncio.create_task(leg.transfer(TARGET))
    await settled()
    await line.tell("call.answered", call=OTHER, handover=1)
    if late:
        with pytest.raises(ProviderError):
            await handing
    else:
        await handing
    assert line.report.end is not None
    assert (line.report.end.cause, leg.goes_on) == ("transferred", False)
    await settled()
    assert line.api.actions == ["calls", "transfer"]


async def test_a_stream_that_ends_alone_ends_the_call_at_the_vendor_too() -> None:
    line = Line()
    leg = await line.dial()
    socket, carried = await streaming(leg)
    assert socket.take is not None
    socket.take(json.dumps({"event": "stop", "stream_id": "S"}))
    await carried
    await settled()
    assert line.report.end is not None
    assert line.api.actions == ["calls", "hangup"]


def test_a_call_that_came_in_and_nobody_decides_about_is_refused() -> None:
    async def offered() -> None:
        line = Line()
        line.desk = Slow()
        await line.carrier.open(line.desk)
        await line.offer()
        await passed(13)
        assert line.api.actions == ["reject"]
        assert line.desk.report.end is not None
        assert line.desk.report.end.cause == "declined_by_us"

    run(offered())


class Slow(Desk):
    """Decides nothing."""

    def offered(self, offer: Any, leg: Any) -> Report:
        self.offers.append(offer)
        return self.report
