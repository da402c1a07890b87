"""The contract of a carrier (``ports.leg.Carrier``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from callwright.ops.clock import SystemClock
from callwright.ports.failures import FailureKind
from callwright.ports.leg import (
    LEG_FRAME_BYTES,
    Carrier,
    DialRequest,
    InboundOffer,
    Leg,
    LegClosed,
    LegListener,
    ListeningCarrier,
)
from callwright.testing.contract import PluginContract, failure_of, left_out, must, with_plugin

OUTCOMES = ("answered", "busy", "no-answer", "failed", "canceled", "error")
BY = ("Callee", "Caller", "Carrier", "API Request", "Error", "Unknown")
_FRAME_SECONDS = 0.02
_TALK_FRAMES = 50
_TOLERATED_FRAMES = 5
_TONE = b"\x10" * LEG_FRAME_BYTES
_AFTER_THE_END_SECONDS = 0.2
_ORDER = {"ringing": 0, "early_media": 1, "answered": 2, "audio": 3, "key": 3, "closed": 4}


@dataclass
class Report:
    """A ``LegListener`` that keeps what a leg reports."""

    events: list[str] = field(default_factory=list)
    """What was reported, in order; each run of audio once."""
    frames: list[int] = field(default_factory=list)
    """Lengths of the caller's frames in bytes."""
    closed_as: LegClosed | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def _note(self, event: str) -> None:
        if not (event == "audio" and self.events[-1:] == ["audio"]):
            self.events.append(event)
        self._news.set()

    def ringing(self) -> None:
        """The far end rings."""
        self._note("ringing")

    def early_media(self) -> None:
        """Audio before the answer."""
        self._note("early_media")

    def answered(self) -> None:
        """The far end took the call."""
        self._note("answered")

    def audio(self, frame: bytes) -> None:
        """20 ms of the caller."""
        self.frames.append(len(frame))
        self._note("audio")

    def key(self, key: str) -> None:
        """A key."""
        self._note("key")

    def machine(self, kind: str) -> None:
        """The carrier's own detection: it may come whenever it likes."""

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        """A fact of the line: it may come whenever it likes."""

    def closed(self, closed: LegClosed) -> None:
        """The end."""
        self.closed_as = closed
        self._note("closed")

    async def until(self, told: Callable[[], object], what: str, seconds: float) -> None:
        """Wait for a report. Raises AssertionError when it does not come."""
        try:
            async with asyncio.timeout(seconds):
                while not told():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise AssertionError(
                f"{what} was not reported within {seconds:g} seconds; reported: {self.events}"
            ) from error

    def check(self) -> None:
        """The order of the port. Raises AssertionError."""
        ranks = [_ORDER[event] for event in self.events]
        must(
            ranks == sorted(ranks),
            f"a leg reports ringing, early_media, answered, audio, closed; this one: {self.events}",
        )
        for once in ("answered", "closed"):
            must(self.events.count(once) <= 1, f"{once} was reported {self.events.count(once)} times: {self.events}")
        if self.closed_as is not None:
            must(self.closed_as.outcome in OUTCOMES, f"the outcome {self.closed_as.outcome!r} is none of {OUTCOMES}")
            must(self.closed_as.by in BY, f"hung up by {self.closed_as.by!r}, which is none of {BY}")
            must(self.closed_as.reason, "the end of the leg has no reason")


class _RefusingDesk:
    """An ``InboundDesk`` for carriers that listen: the suite calls, and nobody calls it."""

    def __init__(self) -> None:
        self._rejections: set[asyncio.Task[None]] = set()

    def offered(self, offer: InboundOffer, leg: Leg) -> LegListener:
        """Rejects the call."""
        task = asyncio.get_running_loop().create_task(leg.reject(486))
        self._rejections.add(task)
        task.add_done_callback(self._rejections.discard)
        return Report()


class CarrierContract(PluginContract):
    """What a carrier owes a call: reports in order and whole, both ways of audio, one end, whoever hangs up and how often."""

    kind = "carrier"
    answers: DialRequest
    """A call that is answered and goes on until it is hung up. Its far end speaks, or says back what it hears."""
    second: DialRequest | None = None
    """A call that is answered while the first one goes on. None: the first one again."""
    rings: DialRequest | None = None
    """A call that rings and is not answered. None: that is not tested."""
    refused: DialRequest | None = None
    """A call that is not taken (busy, rejected). None: that is not tested."""
    impossible: DialRequest | None = None
    """A call the carrier cannot even try, as to a wrong address. None: that is not tested."""
    answer_seconds: float = 10.0
    """Longest time until a call is answered, and until it is over."""

    def opened(self) -> AbstractAsyncContextManager[Carrier]:
        """The carrier, which listens if it can."""
        return self._listening()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Carrier]:
        async with super().opened() as carrier:
            if isinstance(carrier, ListeningCarrier):
                await carrier.open(_RefusingDesk())
            yield carrier

    async def _answered(self, carrier: Carrier, request: DialRequest | None = None) -> tuple[Leg, Report]:
        report = Report()
        leg = await carrier.dial(request or self.answers, report)
        must(not report.events, f"{report.events} was reported before dial() had returned the leg")
        await report.until(lambda: "answered" in report.events, "answered", self.answer_seconds)
        return leg, report

    async def _over(self, report: Report) -> LegClosed:
        await report.until(lambda: report.closed_as, "closed", self.answer_seconds)
        assert report.closed_as is not None
        return report.closed_as

    @with_plugin
    async def test_a_call_is_reported_in_order(self, carrier: Carrier) -> None:
        """ringing? early_media? answered, audio, closed; the leg has the carrier's id of the call."""
        must(carrier.name == self.plugin.name, f"the carrier's name is {carrier.name!r}, not {self.plugin.name!r}")
        leg, report = await self._answered(carrier)
        must(leg.provider_call_id, "the leg has no provider_call_id")
        must(leg.ahead_ms >= 0, f"the leg's ahead_ms is {leg.ahead_ms}")
        await leg.hang_up("the test is over")
        must((await self._over(report)).outcome == "answered", f"an answered call ended as {report.closed_as}")
        report.check()

    @with_plugin
    async def test_audio_flows_both_ways_in_whole_frames(self, carrier: Carrier) -> None:
        """For each 20 ms of a call there is one frame of 160 bytes, within a tenth of a second."""
        leg, report = await self._answered(carrier)
        clock = SystemClock()
        began_us, before = clock.monotonic_us(), len(report.frames)
        for number in range(_TALK_FRAMES):
            leg.write(_TONE)
            due_us = began_us + (number + 1) * int(_FRAME_SECONDS * 1_000_000)
            await asyncio.sleep(max(0, due_us - clock.monotonic_us()) / 1_000_000)
        took_us, got = clock.monotonic_us() - began_us, len(report.frames) - before
        await leg.hang_up("the test is over")
        await self._over(report)
        must(
            set(report.frames) == {LEG_FRAME_BYTES},
            f"frames have {set(report.frames)} bytes; a frame has {LEG_FRAME_BYTES}",
        )
        expected = round(took_us / 1_000_000 / _FRAME_SECONDS)
        must(
            abs(got - expected) <= _TOLERATED_FRAMES or abs(got - _TALK_FRAMES) <= _TOLERATED_FRAMES,
            f"in {took_us / 1_000_000:.2f} s there came {got} frames of the caller, not {expected}: fill what is lost with silence",
        )

    @with_plugin
    async def test_nothing_is_reported_after_the_end(self, carrier: Carrier) -> None:
        """After ``closed`` nothing follows, and what is written or cleared is dropped."""
        leg, report = await self._answered(carrier)
        await leg.hang_up("the test is over")
        await self._over(report)
        events, frames = list(report.events), len(report.frames)
        leg.write(_TONE)
        leg.clear()
        await asyncio.sleep(_AFTER_THE_END_SECONDS)
        must(
            (report.events, len(report.frames)) == (events, frames),
            f"after the end of the leg there came {report.events[len(events) :] or 'audio'}",
        )

    @with_plugin
    async def test_hanging_up_twice_is_safe(self, carrier: Carrier) -> None:
        """At the same time and one after the other: the leg closes once."""
        leg, report = await self._answered(carrier)
        await asyncio.gather(leg.hang_up("one"), leg.hang_up("other"))
        await leg.hang_up("again")
        await self._over(report)
        await asyncio.sleep(_AFTER_THE_END_SECONDS)
        report.check()

    @with_plugin
    async def test_calls_do_not_disturb_each_other(self, carrier: Carrier) -> None:
        """Of two calls one ends, and the other goes on."""
        first, one = await self._answered(carrier)
        second, other = await self._answered(carrier, self.second)
        must(
            first.provider_call_id != second.provider_call_id,
            f"two calls have the same provider_call_id {first.provider_call_id!r}",
        )
        await first.hang_up("the test is over")
        await self._over(one)
        must(other.closed_as is None, f"when one call was hung up another ended as {other.closed_as}")
        await second.hang_up("the test is over")
        await self._over(other)

    @with_plugin
    async def test_closing_the_carrier_ends_its_calls(self, carrier: Carrier) -> None:
        """``aclose`` ends the legs, and may be called again."""
        _, report = await self._answered(carrier)
        await carrier.aclose()
        await self._over(report)
        report.check()
        await carrier.aclose()

    @with_plugin
    async def test_a_wrong_key_is_a_bad_request(self, carrier: Carrier) -> None:
        """``send_keys`` takes 0-9 * # A-D, and nothing else."""
        leg, report = await self._answered(carrier)
        await leg.send_keys("1*#")
        error = await failure_of(leg.send_keys("1x"), "sending the key x")
        must(error.kind is FailureKind.BAD_REQUEST, f"a wrong key is {error.kind.value!r}, not a bad request")
        must(report.closed_as is None, "a wrong key ended the call")
        await leg.hang_up("the test is over")
        await self._over(report)

    @with_plugin
    async def test_hanging_up_before_the_answer_cancels_the_call(self, carrier: Carrier) -> None:
        """The call is not answered, and its outcome is canceled."""
        if self.rings is None:
            raise left_out("rings")
        report = Report()
        leg = await carrier.dial(self.rings, report)
        await report.until(lambda: "ringing" in report.events, "ringing", self.answer_seconds)
        await leg.hang_up("the test is over")
        closed = await self._over(report)
        report.check()
        must("answered" not in report.events, "a call that was hung up before the answer was answered")
        must(
            closed.outcome == "canceled",
            f"a call that was hung up before the answer is {closed.outcome!r}, not 'canceled'",
        )

    @with_plugin
    async def test_a_call_that_is_not_taken_ends_by_itself(self, carrier: Carrier) -> None:
        """It is closed with the outcome busy, no-answer or failed, and was never answered."""
        if self.refused is None:
            raise left_out("refused")
        report = Report()
        await carrier.dial(self.refused, report)
        closed = await self._over(report)
        report.check()
        must("answered" not in report.events, "a call that was not taken was answered")
        must(closed.outcome in ("busy", "no-answer", "failed"), f"a call that was not taken is {closed.outcome!r}")

    @with_plugin
    async def test_a_call_that_cannot_be_tried_is_a_bad_request(self, carrier: Carrier) -> None:
        """``dial`` raises ProviderError with BAD_REQUEST, and reports nothing."""
        if self.impossible is None:
            raise left_out("impossible")
        report = Report()
        error = await failure_of(carrier.dial(self.impossible, report), "an impossible call")
        must(error.kind is FailureKind.BAD_REQUEST, f"an impossible call is {error.kind.value!r}, not a bad request")
        must(not report.events, f"an impossible call reports {report.events}")
