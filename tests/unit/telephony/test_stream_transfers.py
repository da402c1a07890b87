"""Two transfers of one call, one after the other: what the vendor says late, or again, of the first changes nothing of the second."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.telephony import test_command_carrier as telnyx
from tests.unit.telephony.test_media_streams import CALL, Socket
from tests.unit.telephony.test_stream_carrier import (
    HANDOVER_DOORS,
    PLIVO_SIDE,
    TARGET,
    TWILIO,
    VOBIZ_SIDE,
    VONAGE_SIDE,
    Line,
    Side,
)

from callwright.domain.errors import CallwrightError, NotAllowedError
from callwright.ports.door import DoorAnswer
from callwright.telephony.media_streams.leg import StreamLeg

THEIRS = "CA" + "7" * 32
"""The call of a target."""
ANOTHER = "+15550166"

Form = dict[str, str]
Told = tuple[str, Form]

START = {
    "event": "start", "call_uuid": CALL, "streamId": "s",
    "start": {"streamSid": "s", "callSid": CALL, "streamId": "s", "callId": CALL},
}  # fmt: skip


@dataclass(frozen=True)
class Play:
    """A vendor with a call whose doors are told of handovers. ``tells``: what it says of a target that ends so."""

    side: Side
    tells: Callable[[str], Sequence[Told]]
    start: str = "start"


def twilio_tells(outcome: str) -> Sequence[Told]:
    ended = {"CallStatus": "in-progress", "DialCallStatus": {"answered": "completed"}.get(outcome, outcome)}
    if outcome == "answered":
        ended |= {"DialCallSid": THEIRS, "DialCallDuration": "3"}
    answers: list[Told] = [("/target", {"CallSid": THEIRS, "CallStatus": "in-progress"})]
    return [*(answers if outcome == "answered" else []), ("/transferred", ended)]


def plivo_tells(outcome: str) -> Sequence[Told]:
    asks = ("/handover", {"CallStatus": "in-progress"})
    ended = {"CallStatus": "in-progress", "DialStatus": {"answered": "completed"}.get(outcome, outcome)}
    about = {"CallStatus": "in-progress", "DialBLegUUID": THEIRS}
    hung_up = {"DialAction": "hangup", "DialBLegDuration": "3", "DialBLegHangupSource": "Callee"}
    answers: list[Told] = [("/target", {**about, "DialAction": "answer"}), ("/target", {**about, **hung_up})]
    ended |= about if outcome == "answered" else {}
    return [asks, *(answers if outcome == "answered" else []), ("/transferred", ended)]


def vonage_tells(outcome: str) -> Sequence[Told]:
    words = ["started", "ringing", {"no-answer": "timeout"}.get(outcome, outcome)]
    over = {"uuid": THEIRS, "status": "completed", "duration": "3", "disconnected_by": "user"}
    told: list[Told] = [("/transferred", {"uuid": THEIRS, "status": word}) for word in words]
    return [*told, ("/transferred", over)] if outcome == "answered" else told


PLAYS = (
    Play(TWILIO, twilio_tells),
    Play(PLIVO_SIDE, plivo_tells),
    Play(VOBIZ_SIDE, plivo_tells),
    Play(VONAGE_SIDE, vonage_tells, "websocket:connected"),
)


async def streaming(leg: StreamLeg, start: Mapping[str, Any]) -> asyncio.Task[None]:
    socket = Socket()
    task = asyncio.create_task(leg.carry(socket))
    await socket.coming.put(json.dumps(start))
    while not leg.streams or leg.transfers.under_way or socket.take is None:  # noqa: ASYNC110 - the leg does not tell
        await asyncio.sleep(0)
    return task


async def outcome_of(transfer: asyncio.Task[None]) -> str:
    (failed,) = await asyncio.gather(transfer, return_exceptions=True)
    return "answered" if failed is None else str(getattr(failed, "outcome", failed))


LOST = st.sampled_from(["busy", "no-answer"])
SECOND = st.sampled_from(["busy", "no-answer", "answered"])


@settings(deadline=None)
@given(st.sampled_from(PLAYS), LOST, SECOND, st.randoms(use_true_random=False))
def test_callbacks_of_two_transfers_shuffled_and_doubled_make_one_outcome_each(
    play: Play, first: str, second: str, chance: random.Random
) -> None:
    """Whatever is said again of the first one starts no stream, and says nothing of the second."""
    start = {**START, "event": play.start}

    async def called() -> None:
        line = Line(play.side)
        leg = await line.dial()
        await line.tell("/instructions", CallStatus="in-progress")
        streams = [await streaming(leg, start)]

        async def told(number: int, said: Told) -> DoorAnswer:
            path, form = said
            return await line.tell(path, handover=str(number), **form)

        transfer = asyncio.create_task(leg.transfer(TARGET))
        await asyncio.sleep(0)
        for said in play.tells(first):
            answer = await told(1, said)
        assert b"wss://" in answer.body
        streams.append(await streaming(leg, start))
        assert await outcome_of(transfer) == first
        transfer = asyncio.create_task(leg.transfer(ANOTHER))
        await asyncio.sleep(0)
        assert line.vendor.handed[-1].target == ANOTHER
        mixed = [(number, said) for number, end in ((1, first), (2, second)) for said in play.tells(end) for _ in "ab"]
        chance.shuffle(mixed)
        for number, said in mixed:
            issued = list(line.doorkeeper.issued)
            try:
                answer = await told(number, said)
            except CallwrightError:
                # What is asked twice of the transfer under way may be refused; what is late never is.
                assert number == 2
                continue
            if number == 1:
                assert line.doorkeeper.issued == issued
                assert answer.body == (line.vendor.end_call().body if leg.ended else b"")
        if second != "answered":
            streams.append(await streaming(leg, start))
        assert await outcome_of(transfer) == second
        assert leg.ended == (second == "answered")
        assert line.report.events.count("closed") == int(leg.ended)
        assert line.report.end is None or line.report.end.cause == "transferred"
        # The same is said to the next process, which does not know the call.
        after = Line(play.side)
        chance.shuffle(mixed)
        for number, (path, form) in mixed:
            if path in ("/target", "/transferred"):
                answer = await after.tell(path, handover=str(number), **form)
                assert b"wss://" not in answer.body
        for ends in (line.handed.ends, after.handed.ends):
            assert bool(ends) == (second == "answered")
            assert {(call.callback_id, number, end.call_id) for call, number, end in ends} <= {("e.1", 2, THEIRS)}
            assert {end.seconds for _, _, end in ends} - {None} == ({3} if ends else set())
            assert {end.cause for _, _, end in ends} - {""} == ({"normal_clearing"} if ends else set())
        await line.carrier.aclose()
        await asyncio.gather(*streams)

    asyncio.run(called())


@settings(deadline=None)
@given(LOST, SECOND, st.randoms(use_true_random=False))
def test_webhooks_of_two_transfers_shuffled_and_doubled_make_one_outcome_each(
    first: str, second: str, chance: random.Random
) -> None:
    """The same where the vendor is driven by commands."""
    causes = {"busy": "user_busy", "no-answer": "timeout"}

    async def called() -> None:
        line = telnyx.Line()
        leg = await line.dial()
        _, carried = await telnyx.streaming(leg)

        async def told(number: int, outcome: str, kind: str) -> None:
            ended: dict[str, Any] = (
                {"hangup_cause": causes.get(outcome, "normal_clearing")} if kind == "call.hangup" else {}
            )
            await line.tell(kind, call=f"v3:target-{number}", handover=number, **ended)

        def kinds(outcome: str) -> Sequence[str]:
            return ["call.initiated", *(["call.answered"] if outcome == "answered" else []), "call.hangup"]

        transfer = asyncio.create_task(leg.transfer(TARGET))
        await telnyx.settled()
        for kind in kinds(first):
            await told(1, first, kind)
        assert await outcome_of(transfer) == first
        transfer = asyncio.create_task(leg.transfer(ANOTHER))
        await telnyx.settled()
        mixed = [(number, end, kind) for number, end in ((1, first), (2, second)) for kind in kinds(end) for _ in "ab"]
        chance.shuffle(mixed)
        for number, outcome, kind in mixed:
            await told(number, outcome, kind)
        assert await outcome_of(transfer) == second
        assert leg.ended == (second == "answered")
        assert line.api.actions == ["calls", "transfer", "transfer"]
        await line.carrier.aclose()
        await carried

    asyncio.run(called())


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.side.name)
@pytest.mark.parametrize("path", HANDOVER_DOORS)
async def test_the_address_of_one_handover_cannot_be_made_that_of_another(play: Play, path: str) -> None:
    """Also where the signature leaves out the query, in which its number is."""
    line = Line(play.side)
    leg = await line.dial()
    signs: Callable[..., Mapping[str, str]] = play.side.signs
    first = f"{line.doorkeeper.address(play.side.name, path)}?call=e.1&handover=1"
    moved = Side(
        play.side.name, play.side.vendor, lambda url, form, token, number: dict(signs(first, form, token, number)),
        play.side.access, play.side.id, play.side.ends, play.side.written,
    )  # fmt: skip
    object.__setattr__(line, "side", moved)
    with pytest.raises(NotAllowedError):
        await line.tell(path, handover="2", proven_handover="1", CallStatus="in-progress")
    leg.abandon()


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.side.name)
async def test_a_report_of_a_transfer_that_nobody_asked_for_starts_no_stream(play: Play) -> None:
    line = Line(play.side)
    leg = await line.dial()
    for path, form in play.tells("busy"):
        for handover in ("1", ""):
            assert not (await line.tell(path, handover=handover, **form)).body
    assert line.doorkeeper.issued == []
    leg.abandon()
