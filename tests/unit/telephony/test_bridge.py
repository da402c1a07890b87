"""Two calls that their vendor is to connect: without a socket, the vendor's requests are signed by the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any

import pytest
from tests.unit.telephony.test_media_streams import CALL, Report, Socket
from tests.unit.telephony.test_stream_carrier import (
    EVERY_SIDE,
    OURS,
    PLIVO_SIDE,
    TARGET,
    TWILIO,
    VOBIZ_SIDE,
    VONAGE_SIDE,
    Line,
    Side,
    passed,
    run,
)
from tests.unit.telephony.test_stream_transfers import START

from callwright.domain.errors import NotAllowedError, UnavailableError
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import CarrierCall, TalkEnd
from callwright.ports.leg import DialRequest
from callwright.telephony.media_streams.leg import StreamLeg
from callwright.telephony.media_streams.vendor import Handover
from callwright.telephony.plivo.vendor import PLIVO, PlivoCalls
from callwright.telephony.twilio.vendor import TwilioCalls
from callwright.telephony.vobiz import VOBIZ

STARTS = {"twilio": {"StatusCallbackEvent": "conference-start"}}
ENTERS = {"ConferenceAction": "enter", "ConferenceFirstMember": "false"}
NOW = datetime(2027, 1, 12, 9, 30, tzinfo=UTC)
KEY = "e.1.5"
"""The call to the target of the transfer with the request 5."""


@dataclass
class Two:
    """A caller and a target that are being connected."""

    line: Line
    legs: tuple[StreamLeg, StreamLeg]
    sockets: tuple[Socket, Socket]
    reports: tuple[Report, Report]
    bridging: asyncio.Task[None]
    streams: list[asyncio.Task[None]]

    async def fails(self) -> None:
        with pytest.raises(ProviderError):
            await self.bridging


async def two(side: Side = TWILIO) -> Two:
    line, report = Line(side), Report()
    caller = await line.dial()
    target = await line.carrier.dial(DialRequest(KEY, TARGET, "", 60, access=side.access), report)
    assert isinstance(target, StreamLeg)
    await target.dialled.wait()
    sockets: list[Socket] = []
    tasks: list[asyncio.Task[None]] = []
    for key, leg in (("e.1", caller), (KEY, target)):
        await line.tell("/instructions", call=key, CallStatus="in-progress")
        sockets.append(Socket())
        tasks.append(asyncio.create_task(leg.carry(sockets[-1])))
        await sockets[-1].coming.put(json.dumps(START))
        while sockets[-1].take is None:  # noqa: ASYNC110 - the leg does not tell
            await asyncio.sleep(0)
    assert line.carrier.can_bridge(caller, target)
    bridging = asyncio.create_task(line.carrier.bridge(caller, target))
    await asyncio.sleep(0)
    ours, theirs = sockets
    return Two(line, (caller, target), (ours, theirs), (line.report, report), bridging, tasks)


@EVERY_SIDE
async def test_both_legs_are_over_once_the_vendor_says_that_both_are_there(side: Side) -> None:
    pair = await two(side)
    for socket in pair.sockets:
        socket.tell("stop")
    assert not any(leg.ended for leg in pair.legs)
    (wanted,) = pair.line.vendor.handed
    assert len(wanted.conference) == 64
    for _ in range(2):
        await pair.line.tell("/target", **STARTS.get(side.name, ENTERS))
    await pair.bridging
    assert [report.end and report.end.cause for report in pair.reports] == ["transferred"] * 2
    assert {"number": 1} in pair.line.report.facts
    assert pair.line.vendor.hung_up == []


@pytest.mark.parametrize(
    ("told", "connected"),
    [
        ({"ConferenceFirstMember": "true", "ConferenceCurrentSize": "2"}, False),
        ({}, False),
        ({"ConferenceCurrentSize": "1"}, False),
        ({"ConferenceCurrentSize": "many"}, False),
        ({"ConferenceCurrentSize": "2"}, True),
        ({"ConferenceFirstMember": "false"}, True),
    ],
)
async def test_plivo_s_first_member_of_a_conference_is_alone_also_where_it_is_not_called_so(
    told: dict[str, str], connected: bool
) -> None:
    pair = await two(PLIVO_SIDE)
    await pair.line.tell("/target", ConferenceAction="enter", **told)
    await asyncio.sleep(0)
    assert pair.legs[0].transfers.under_way
    assert (pair.legs[0].transfers.wanted is None) is connected
    pair.bridging.cancel()


@pytest.mark.parametrize("leaves", [0, 1])
async def test_the_end_of_one_call_ends_the_other_in_case_they_have_just_missed_each_other(leaves: int) -> None:
    pair = await two()
    await pair.line.tell("/target", **STARTS["twilio"])
    await pair.bridging
    for key in (("e.1", KEY)[leaves], "e.1", KEY):
        await pair.line.tell("/status", call=key, CallStatus="completed")
    await pair.line.carrier.aclose()
    assert pair.line.vendor.hung_up == [(CALL, "")]


async def test_the_end_of_one_call_ends_the_other_also_where_the_report_of_their_talk_cannot_be_kept() -> None:
    pair = await two(PLIVO_SIDE)
    await pair.line.tell("/target", **ENTERS)
    await pair.bridging
    pair.line.handed.is_away = True
    with pytest.raises(UnavailableError):
        await pair.line.tell("/status", call=KEY, CallStatus="completed", Duration="7")
    await pair.line.carrier.aclose()
    assert pair.line.vendor.hung_up == [(CALL, "")]


async def test_the_name_of_a_conference_is_that_of_one_call_of_one_account() -> None:
    names = []
    for side in (TWILIO, TWILIO, PLIVO_SIDE):
        pair = await two(side)
        names.append(pair.line.vendor.handed[0].conference)
        pair.bridging.cancel()
    assert names[0] == names[1] != names[2]


def test_where_a_report_is_lost_and_the_vendor_says_that_they_are_connected_they_talk_on() -> None:
    async def called() -> None:
        pair = await two()
        pair.line.vendor.bridged = True
        for socket in pair.sockets:
            socket.tell("stop")
        await passed(14)
        assert pair.line.vendor.asked == []
        await passed(2)
        await pair.bridging
        assert [report.end and report.end.cause for report in pair.reports] == ["transferred"] * 2
        assert {"number": 1} in pair.line.report.facts
        assert pair.line.vendor.asked == [pair.line.vendor.handed[0].conference]
        await pair.line.carrier.aclose()
        assert pair.line.vendor.hung_up == []

    run(called())


@pytest.mark.parametrize("leaves", [0, 1])
def test_where_one_of_them_has_hung_up_the_vendor_is_not_asked_whether_they_are_connected(leaves: int) -> None:
    async def called() -> None:
        pair = await two()
        pair.line.vendor.bridged = True
        await pair.line.tell("/status", call=("e.1", KEY)[leaves], CallStatus="completed")
        await passed(16)
        await pair.fails()
        assert pair.line.vendor.asked == []

    run(called())


@dataclass
class Api:
    """The vendor's API: answers so, and keeps what it was asked."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Api:
        self.asked.append(f"{method} {url}")
        return self


MEMBER = {"member_id": "17"}


@pytest.mark.parametrize(
    ("side", "calls", "asks", "answers"),
    [
        (TWILIO, TwilioCalls, "/Conferences.json?FriendlyName=room&Status=in-progress", [
            (200, {"conferences": [{"status": "in-progress"}]}, True), (200, {"conferences": []}, False),
        ]),
        *((side, partial(PlivoCalls, dialect=dialect), "/Conference/room/", [
            (200, {"members": [MEMBER, MEMBER]}, True), (200, {"members": [MEMBER]}, False), (404, {}, False),
        ]) for side, dialect in ((PLIVO_SIDE, PLIVO), (VOBIZ_SIDE, VOBIZ))),
    ],
    ids=["twilio", "plivo", "vobiz"],
)  # fmt: skip
async def test_the_vendor_is_asked_whether_two_are_in_the_conference(
    side: Side,
    calls: Callable[[Api], TwilioCalls | PlivoCalls],
    asks: str,
    answers: Sequence[tuple[int, Mapping[str, Any], bool]],
) -> None:
    handover = Handover("target", OURS, 0, "", "", "", conference="room")
    for status, told, connected in answers:
        api = Api(status, json.dumps(told).encode())
        vendor = calls(api)
        assert await vendor.is_bridged(vendor.account(side.access), handover) is connected
        (asked,) = api.asked
        assert asked.startswith("GET ")
        assert asked.endswith(asks)
    vendor = calls(Api(503, b""))
    with pytest.raises(ProviderError):
        await vendor.is_bridged(vendor.account(side.access), handover)


@pytest.mark.parametrize("moved", [True, False])
def test_where_nobody_says_so_in_time_whoever_was_moved_is_hung_up(moved: bool) -> None:
    async def called() -> None:
        pair = await two()
        for socket in pair.sockets if moved else ():
            socket.tell("stop")
        await passed(14)
        assert not any(leg.ended for leg in pair.legs)
        await passed(2)
        await pair.fails()
        assert len(pair.line.vendor.asked) == 1
        assert [leg.ended for leg in pair.legs] == [moved, moved]
        if not moved:
            # What was asked for in vain comes late.
            for socket in pair.sockets:
                socket.tell("stop")
        await passed(1)
        assert pair.line.vendor.hung_up == [(CALL, "")] * 2
        assert all(report.end is not None and report.end.cause != "transferred" for report in pair.reports)

    run(called())


def test_a_call_that_waits_for_the_other_in_vain_is_ended_also_where_the_vendor_takes_no_request_for_seconds() -> None:
    async def called() -> None:
        pair = await two()
        vendor = pair.line.vendor
        vendor.failures = (FailureKind.UNAVAILABLE,) * 4
        for socket in pair.sockets:
            socket.tell("stop")
        await passed(16)
        await pair.fails()
        await passed(6)
        # Each twice in vain, and once more.
        assert vendor.hung_up == [(CALL, "")] * 6
        await passed(30)
        assert len(vendor.hung_up) == 6

    run(called())


@pytest.mark.parametrize("leaves", [0, 1])
async def test_where_one_of_them_has_hung_up_the_other_is_not_connected(leaves: int) -> None:
    pair = await two()
    await pair.line.tell("/status", call=("e.1", KEY)[leaves], CallStatus="completed")
    await pair.line.tell("/target", **STARTS["twilio"])
    await pair.fails()
    assert pair.reports[leaves].end is not None
    assert pair.reports[1 - leaves].end is None


async def test_calls_that_are_moved_already_or_are_none_of_this_account_are_not_connected() -> None:
    pair, other = await two(), await two(PLIVO_SIDE)
    caller, target = pair.legs
    assert not pair.line.carrier.can_bridge(caller, other.legs[1])
    with pytest.raises(ProviderError, match="cannot be connected now"):
        await pair.line.carrier.bridge(caller, target)
    for one in (pair, other):
        one.bridging.cancel()


async def test_twilio_reports_who_ended_the_conference_and_when() -> None:
    line, theirs = Line(), "CA" + "7" * 32
    over = {"StatusCallbackEvent": "conference-end", "Timestamp": format_datetime(NOW)}
    for ended_by, told, cause in (
        (theirs, over, "normal_clearing"),
        (CALL, over, "caller_hung_up"),
        ("", {**over, "Timestamp": "now"}, ""),
    ):
        await line.tell("/target", CallSidEndingConference=ended_by, added=f"target={theirs}", **told)
        about, handover, end = line.handed.ends[-1]
        assert (about, handover) == (CarrierCall("e.1"), 1)
        assert end == TalkEnd(theirs, None, NOW.isoformat() if cause else "", cause)
    with pytest.raises(NotAllowedError):
        await line.tell("/target", token="another", added=f"target={theirs}", **over)


@pytest.mark.parametrize(
    ("side", "form", "end"),
    [
        (TWILIO, {"CallStatus": "completed", "CallDuration": "7"}, (7, "")),
        (PLIVO_SIDE, {"CallStatus": "completed", "Duration": "7", "HangupSource": "Callee"}, (7, "normal_clearing")),
        (
            PLIVO_SIDE,
            {"CallStatus": "completed", "Duration": "7", "HangupSource": "Plivo", "HangupCauseCode": "4010"},
            (7, "caller_hung_up"),
        ),
        (VONAGE_SIDE, {"status": "completed", "duration": "7", "disconnected_by": "user"}, (7, "normal_clearing")),
        (VONAGE_SIDE, {"status": "completed", "duration": "7", "disconnected_by": "platform"}, (7, "")),
    ],
)
async def test_the_end_of_the_target_s_own_call_is_reported_also_to_a_process_that_does_not_know_it(
    side: Side, form: dict[str, str], end: tuple[int, str]
) -> None:
    line = Line(side)
    await line.tell("/status", call=KEY, **form)
    ((about, handover, told),) = line.handed.ends
    assert (about, handover, (told.seconds, told.cause)) == (CarrierCall("e.1", request=5), 0, end)
    # A call that is none to a target, and one that we still have.
    await line.tell("/status", **form)
    await line.carrier.dial(DialRequest(KEY, TARGET, "", 60, access=side.access), Report())
    await asyncio.sleep(0)
    await line.tell("/status", call=KEY, **form)
    assert len(line.handed.ends) == 1
