"""The carrier contract over media websockets: real doors and websockets on loopback, and a stand-in of the vendor at the other end."""

from __future__ import annotations

import asyncio
import base64
import json
from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from tests import exotel_vendor, telnyx_vendor, vonage_vendor
from tests.contract.test_plugins import TESTED
from tests.handed_calls import Handed
from tests.number_vendors import AUTH_ID, SID, TALK_SECONDS, TALK_WAV, TOKEN
from tests.plivo_vendor import PlivoVendor, plivo_vendor
from tests.twilio_vendor import TwilioVendor, twilio_vendor
from tests.unit.insight.call_log import CallLog
from tests.waiting import until
from tests.warm_call import BRIEFING_FRAMES, Caller, WarmCall
from websockets.protocol import State

from callwright.api.doors import Doors
from callwright.cli.serving import bind, http_server, url_of
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.insight.line import line_of
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.handover import RecordsTalks
from callwright.ports.leg import LEG_FRAME_BYTES, Bridges, DialRequest, Leg, LegListener, TransferFailedError
from callwright.ports.registry import PluginContext
from callwright.telephony.exotel import PLUGINS as EXOTEL
from callwright.telephony.media_streams.carrier import StreamCarrier
from callwright.telephony.media_streams.command_carrier import CommandCarrier
from callwright.telephony.plivo import PLUGINS as PLIVO
from callwright.telephony.telnyx import PLUGINS as TELNYX
from callwright.telephony.twilio import PLUGINS as TWILIO
from callwright.telephony.vobiz import PLUGINS as VOBIZ
from callwright.telephony.vonage import PLUGINS as VONAGE
from callwright.testing import CarrierContract
from callwright.testing.carrier import Report

VOBIZ_ID = "MA_0123ABCD"
DESK = "+15550155"


def to(number: str, call: str = "e1.1") -> DialRequest:
    return DialRequest(call, number, "", 20)


class AtStandIn:
    """A carrier whose calls have an account at the stand-in."""

    def __init__(
        self, carrier: StreamCarrier | CommandCarrier, vendor: Any, client: GuardedClient, handed: Handed
    ) -> None:
        self.vendor, self.handed, self.client = vendor, handed, client
        self.name, self.doors, self.open, self.aclose = carrier.name, carrier.doors, carrier.open, carrier.aclose
        self.can_bridge, self.bridge = carrier.can_bridge, carrier.bridge
        self._carrier = carrier
        self._access = Access(handed.keys)

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        return await self._carrier.dial(replace(request, access=self._access), listener)

    async def recording(self, name: str) -> bytes:
        """A recording, fetched as the carrier says."""
        assert isinstance(self._carrier, RecordsTalks)
        file, found = await self._carrier.recording(self._access, name), bytearray()

        async def take(piece: bytes) -> None:
            found.extend(piece)

        answer = await self.client.fetch(
            file.url, headers=file.headers, take=take, most_bytes=len(TALK_WAV), timeout_s=5
        )
        assert answer.status == 200
        return bytes(found)


class Noting(Report):
    """A report that writes the facts of the line into a call's log."""

    def __init__(self) -> None:
        super().__init__()
        self.log = CallLog()

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        self.log.fact("leg", what, **values)


class CallerWithLog(Noting, Caller):
    """A caller of a warm transfer whose line is written into a log."""


class StreamContract(CarrierContract):
    """The suite with the calls that every stand-in knows. ``codec``: how its line names the vendor's sound; ``limit``: what
    the vendor calls the greatest length of a call."""

    codec = "pcmu"
    limit: str
    answers, second = to("+15550199"), to("+15550199", "e2.1")
    rings, refused, impossible = to("+15550111"), to("+15550122"), to("+15550000")

    def opened(self) -> AbstractAsyncContextManager[AtStandIn]:
        return self._at_stand_in()

    async def test_the_line_of_the_record_has_its_codec_and_how_late_the_sound_came(self) -> None:
        """What the leg notes of a call makes the ``line`` of its record."""
        async with self.opened() as carrier:
            report = Noting()
            leg = await carrier.dial(self.answers, report)
            await report.until(lambda: len(report.frames) > 10, "audio", 10)
            await leg.hang_up("the test is over")
            await report.until(lambda: report.closed_as, "closed", 10)
        line = line_of(report.log.view)
        assert line is not None
        assert (line["codec"], line["loss_from"], line["one_way"]) == (self.codec, "jitter_buffer", "")
        assert line["rx_packets"] > 10
        assert min(line[name] for name in ("rx_jitter_ms", "jbuf_late", "jbuf_lost", "rx_lost")) >= 0

    @pytest.mark.parametrize(
        ("dial_status", "outcome"), [("completed", ""), ("busy", "busy"), ("no-answer", "no-answer")]
    )
    async def test_a_call_is_transferred_or_comes_back(self, dial_status: str, outcome: str) -> None:
        """The far end hears the target ring. Where that does not answer, the call has a stream again, and goes on."""
        async with self.opened() as carrier:
            self.target(carrier.vendor, dial_status)
            report = Report()
            leg = await carrier.dial(self.answers, report)
            await report.until(lambda: "audio" in report.events, "audio", 10)
            transfer = leg.transfer("+15550155")
            if not outcome:
                await transfer
                assert report.closed_as is not None
                assert report.closed_as.cause == "transferred"
                return
            with pytest.raises(TransferFailedError) as failed:
                await transfer
            assert failed.value.outcome == outcome
            before = len(report.frames)
            await report.until(lambda: len(report.frames) > before + 10, "audio after the transfer", 10)
            await leg.hang_up("the test is over")
            await report.until(lambda: report.closed_as, "closed", 10)
            report.check()

    async def test_the_vendor_ends_by_itself_what_everybody_here_has_lost(self) -> None:
        """Not before the longest call, and the longest talk with the target of its transfer, are over."""
        async with self.opened() as carrier:
            await carrier.dial(self.rings, Report())
            (phone,) = carrier.vendor.phones
            assert int(dict(phone.order)[self.limit]) == 2 * MAX_CALL_SECONDS

    @pytest.mark.parametrize(("key", "step"), [("1", "joined"), ("9", "declined")])
    async def test_a_target_that_was_briefed_accepts_and_is_joined_or_declines(self, key: str, step: str) -> None:
        """The target has a call of its own: nothing is asked of the vendor but that. The caller stays with us."""
        async with self.opened() as carrier:
            caller = Caller()
            leg = await carrier.dial(self.answers, caller)
            await caller.until(lambda: "audio" in caller.events, "audio", 10)
            call = WarmCall(carrier, leg, caller)
            transfer = asyncio.create_task(call.transfer(DESK, confirm=True))
            await call.reaches("briefing")
            ours, desk = carrier.vendor.phones
            await until(lambda: self.heard(desk) >= BRIEFING_FRAMES, 10)
            await self.press(desk, key)
            await call.reaches(step)
            if step == "joined":
                heard, said = self.heard(desk), self.heard(ours)
                await until(lambda: self.heard(desk) > heard + 10 and self.heard(ours) > said + 10, 10)
                call.over()
            await transfer
            assert [one.outcome for one in call.outcomes] == ([] if step == "joined" else ["busy"])
            await until(desk.over.is_set, 10)
            before = len(caller.frames)
            await caller.until(lambda: len(caller.frames) > before + 10, "audio after the transfer", 10)
            await leg.hang_up("the test is over")
            await caller.until(lambda: caller.closed_as, "closed", 10)

    async def test_a_target_that_does_not_answer_leaves_the_caller_here(self) -> None:
        async with self.opened() as carrier:
            caller = Caller()
            leg = await carrier.dial(self.answers, caller)
            await caller.until(lambda: "audio" in caller.events, "audio", 10)
            self.does_not_answer(carrier.vendor, DESK)
            call = WarmCall(carrier, leg, caller)
            await call.transfer(DESK)
            assert [one.outcome for one in call.outcomes] == ["no-answer"]
            assert "briefing" not in call.steps
            before = len(caller.frames)
            await caller.until(lambda: len(caller.frames) > before + 10, "audio after the transfer", 10)
            await leg.hang_up("the test is over")
            await caller.until(lambda: caller.closed_as, "closed", 10)

    def target(self, vendor: Any, dial_status: str) -> None:
        """What becomes of the target of a transfer."""
        vendor.dial_status = dial_status

    def does_not_answer(self, vendor: Any, number: str) -> None:
        """Nobody answers calls to a number."""
        vendor.outcomes[number] = "no-answer"

    def heard(self, phone: Any) -> int:
        """How many frames of ours a call has heard."""
        return int(sum(talk.frames for talk in phone.talks))

    async def press(self, phone: Any, key: str) -> None:
        """A key of the far end."""
        about = {"streamSid": "MZ1", "stream_sid": "MZ1", "streamId": "s1", "stream_id": "S-1"}
        await phone.socket.send(json.dumps({"event": "dtmf", "dtmf": {"digit": key}, **about}))

    @abstractmethod
    def stand_in(self) -> AbstractAsyncContextManager[Any]:
        """The vendor."""

    @abstractmethod
    def keys(self, url: str) -> Mapping[str, str]:
        """The keys of an account there."""

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[AtStandIn]:
        listener = bind("127.0.0.1", 0)
        doors = Doors(url_of(listener), RandomIds(), SystemClock())
        async with (
            self.stand_in() as vendor,
            GuardedClient(allow_private=True) as client,
            http_server(doors, listener),
        ):
            handed = Handed(self.keys(vendor.url))
            context = PluginContext({}, self.models_folder, http=client, doors=doors, handed=handed)
            carrier = AtStandIn(self.plugin.factory(context), vendor, client, handed)
            doors.mount(self.plugin.name, carrier.doors())
            yield carrier
            await carrier.aclose()


class HandingContract(StreamContract):
    """``reports``: how many reports of one talk the vendor makes."""

    reports = 1

    async def test_the_end_of_the_talk_after_a_transfer_and_its_recording_are_reported(self) -> None:
        """After our own call is over."""
        async with self.opened() as carrier:
            report, leg_is_over = Noting(), asyncio.Event()
            carrier.vendor.target_talks = leg_is_over.wait
            leg = await carrier.dial(self.answers, report)
            await report.until(lambda: "audio" in report.events, "audio", 10)
            await leg.transfer("+15550155")
            assert [entry.values for entry in report.log.view.of("handover")] == [{"number": 1}]
            leg_is_over.set()
            await until(lambda: len(carrier.handed.ends) >= self.reports and bool(carrier.handed.recordings), 10)
            for call, handover, recording in carrier.handed.recordings:
                assert (call.callback_id, handover, recording.lost) == (self.answers.callback_id, 1, "")
                assert await carrier.recording(recording.name) == TALK_WAV
        for call, handover, end in carrier.handed.ends:
            assert (call.callback_id, handover) == (self.answers.callback_id, 1)
            assert end.call_id
        known = [end for _, _, end in carrier.handed.ends if end.cause]
        assert {end.cause for end in known} == {"normal_clearing"}
        for end in known:
            assert end.seconds == TALK_SECONDS or (end.seconds is None and datetime.fromisoformat(end.ended_at))


class BridgingContract(HandingContract):
    """Calls of a vendor that connects two. ``names_the_caller``: it reports that the caller has hung up. ``keeps_recording``: it goes on
    recording when the target of a transfer has not answered."""

    names_the_caller = True
    keeps_recording = False

    @asynccontextmanager
    async def joining(self, bridging: Sequence[str] = ()) -> AsyncIterator[tuple[AtStandIn, Caller, WarmCall, Leg]]:
        """A call whose target was briefed and has just accepted."""
        async with self.opened() as carrier:
            carrier.vendor.bridging = list(bridging)
            caller = CallerWithLog()
            leg = await carrier.dial(self.answers, caller)
            await caller.until(lambda: "audio" in caller.events, "audio", 10)
            call = WarmCall(carrier, leg, caller)
            assert isinstance(carrier, Bridges)
            transfer = asyncio.create_task(call.transfer(DESK, confirm=True, bridge=carrier))
            await call.reaches("briefing")
            _, desk = carrier.vendor.phones
            await until(lambda: self.heard(desk) >= BRIEFING_FRAMES, 10)
            await self.press(desk, "1")
            await transfer
            yield carrier, caller, call, leg

    @pytest.mark.parametrize(("leaves", "cause"), [(0, "caller_hung_up"), (1, "normal_clearing")])
    async def test_two_are_connected_at_the_vendor_until_one_of_them_hangs_up(self, leaves: int, cause: str) -> None:
        """The other's call ends with it, and the vendor reports how long they talked and who hung up."""
        async with self.joining() as (carrier, caller, call, _):
            assert call.steps[-1] == "bridged"
            assert [one.state for one in call.outcomes] == []
            assert caller.closed_as is not None
            assert caller.closed_as.cause == "transferred"
            phones = carrier.vendor.phones
            assert not any(phone.over.is_set() for phone in phones)
            await until(lambda: all(one.socket is None or one.socket.state is State.CLOSED for one in phones), 10)
            await carrier.vendor.hang_up(phones[leaves])
            await until(lambda: all(phone.over.is_set() for phone in phones), 10)
            await until(lambda: bool(carrier.handed.ends), 10)
            known = {end.cause for _, _, end in carrier.handed.ends} - {""}
            assert known == {cause} or (not known and not self.names_the_caller)
            assert isinstance(caller, CallerWithLog)
            assert [entry.values for entry in caller.log.view.of("handover")] == [{"number": 1}]
        for about, handover, end in carrier.handed.ends:
            assert about.callback_id == self.answers.callback_id
            # At the address of the handover, or as the end of the target's own call.
            assert (handover, about.request) in ((1, 0), (0, 1))
            assert end.seconds == TALK_SECONDS or datetime.fromisoformat(end.ended_at)

    @pytest.mark.parametrize(
        ("bridging", "stays"),
        [(("refused",), True), (("lost",), True), (("", "refused"), True), (("", "lost"), False)],
    )
    async def test_where_they_are_not_connected_nobody_waits_for_the_other(
        self, bridging: Sequence[str], stays: bool
    ) -> None:
        """What becomes of the requests to move the target and then the caller, and whether the caller is back with the agent."""
        async with self.joining(bridging) as (carrier, caller, call, leg):
            assert "bridged" not in call.steps
            (news,) = call.outcomes
            assert (news.state, news.outcome) == ("failed", "failed")
            ours, desk = carrier.vendor.phones
            await until(desk.over.is_set, 10)
            if stays:
                before = len(caller.frames)
                await caller.until(lambda: len(caller.frames) > before + 10, "audio after the transfer", 10)
                assert not ours.over.is_set()
                await leg.hang_up("the test is over")
            await caller.until(lambda: caller.closed_as, "closed", 10)
            await until(ours.over.is_set, 10)

    async def test_two_whose_talk_the_vendor_would_record_are_not_connected_there(self) -> None:
        async with self.opened() as carrier:
            self.target(carrier.vendor, "no-answer")
            report = Report()
            leg, other = await carrier.dial(self.answers, report), await carrier.dial(self.second, Report())
            await report.until(lambda: "audio" in report.events, "audio", 10)
            assert carrier.can_bridge(leg, other)
            with pytest.raises(TransferFailedError):
                await leg.transfer(DESK)
            assert carrier.can_bridge(leg, other) is not self.keeps_recording


class XmlContract(HandingContract):
    """Its stand-ins keep the messages that they hear."""

    def heard(self, phone: Any) -> int:
        sent = (one["media"]["payload"] for one in phone.heard if one["event"] in ("media", "playAudio"))
        return sum(len(base64.b64decode(payload)) // LEG_FRAME_BYTES for payload in sent)


class TestTwilio(BridgingContract, XmlContract):
    plugin = TWILIO[0]
    limit = "TimeLimit"

    def stand_in(self) -> AbstractAsyncContextManager[TwilioVendor]:
        return twilio_vendor(TwilioVendor(outcomes={"+15550111": "rings", "+15550122": "busy"}))

    def keys(self, url: str) -> Mapping[str, str]:
        account = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN}
        return {**account, "TWILIO_PHONE_NUMBER": "+15550100", "TWILIO_API_URL": url}


class TestPlivo(BridgingContract, XmlContract):
    plugin = PLIVO[0]
    limit = "time_limit"
    reports = 2

    def stand_in(self) -> AbstractAsyncContextManager[PlivoVendor]:
        return plivo_vendor(PlivoVendor(outcomes={"15550111": "rings", "15550122": "busy"}))

    def keys(self, url: str) -> Mapping[str, str]:
        account = {"PLIVO_AUTH_ID": AUTH_ID, "PLIVO_AUTH_TOKEN": TOKEN}
        return {**account, "PLIVO_PHONE_NUMBER": "+15550100", "PLIVO_API_URL": url}

    def does_not_answer(self, vendor: Any, number: str) -> None:
        vendor.outcomes[number.removeprefix("+")] = "no-answer"


class TestVobiz(BridgingContract, XmlContract):
    plugin = VOBIZ[0]
    limit = "time_limit"
    reports = 2

    def stand_in(self) -> AbstractAsyncContextManager[PlivoVendor]:
        vendor = PlivoVendor(
            {"15550111": "rings", "15550122": "busy"},
            account=VOBIZ_ID,
            credentials={"x-auth-id": VOBIZ_ID, "x-auth-token": TOKEN},
            header="X-Vobiz-Signature-V3",
            signs_address=True,
            cancels_orders=False,
        )
        return plivo_vendor(vendor)

    def keys(self, url: str) -> Mapping[str, str]:
        account = {"VOBIZ_AUTH_ID": VOBIZ_ID, "VOBIZ_AUTH_TOKEN": TOKEN}
        return {**account, "VOBIZ_PHONE_NUMBER": "+15550100", "VOBIZ_API_URL": url}

    def does_not_answer(self, vendor: Any, number: str) -> None:
        vendor.outcomes[number.removeprefix("+")] = "no-answer"


class TestTelnyx(BridgingContract):
    plugin = TELNYX[0]
    limit = "time_limit_secs"

    @pytest.mark.parametrize(("bridging", "stays"), [(("refused",), True), (("lost",), False)])
    async def test_where_they_are_not_connected_nobody_waits_for_the_other(
        self, bridging: Sequence[str], stays: bool
    ) -> None:
        """One request moves both."""
        await super().test_where_they_are_not_connected_nobody_waits_for_the_other(bridging, stays)

    def stand_in(self) -> AbstractAsyncContextManager[telnyx_vendor.TelnyxVendor]:
        outcomes = {"+15550111": "rings", "+15550122": "user_busy"}
        return telnyx_vendor.telnyx_vendor(telnyx_vendor.TelnyxVendor(outcomes=outcomes))

    def target(self, vendor: Any, dial_status: str) -> None:
        vendor.outcomes["+15550155"] = {"completed": "", "busy": "user_busy", "no-answer": "timeout"}[dial_status]

    def does_not_answer(self, vendor: Any, number: str) -> None:
        vendor.outcomes[number] = "timeout"

    def keys(self, url: str) -> Mapping[str, str]:
        return {**telnyx_vendor.KEYS, "TELNYX_PHONE_NUMBER": "+15550100", "TELNYX_API_URL": url}


class TestExotel(StreamContract):
    plugin = EXOTEL[0]
    codec = "l16"
    limit = "TimeLimit"

    def stand_in(self) -> AbstractAsyncContextManager[exotel_vendor.ExotelVendor]:
        outcomes = {"+15550111": "rings", "+15550122": "busy"}
        return exotel_vendor.exotel_vendor(exotel_vendor.ExotelVendor(outcomes=outcomes))

    def keys(self, url: str) -> Mapping[str, str]:
        return {**exotel_vendor.KEYS, "EXOTEL_PHONE_NUMBER": "+15550100", "EXOTEL_API_URL": url}

    @pytest.mark.parametrize(("dial_status", "outcome"), [("completed", "")])
    async def test_a_call_is_transferred_or_comes_back(self, dial_status: str, outcome: str) -> None:
        """It is not: a call cannot be taken out of its stream. It goes on."""
        async with self.opened() as carrier:
            report = Report()
            leg = await carrier.dial(self.answers, report)
            await report.until(lambda: "audio" in report.events, "audio", 10)
            with pytest.raises(ProviderError) as failed:
                await leg.transfer("+15550155")
            assert failed.value.kind is FailureKind.BAD_REQUEST
            before = len(report.frames)
            await report.until(lambda: len(report.frames) > before + 10, "audio after the transfer", 10)
            await leg.hang_up("the test is over")


class TestVonage(BridgingContract):
    plugin = VONAGE[0]
    codec = "l16"
    limit = "length_timer"
    names_the_caller = False
    keeps_recording = True

    def stand_in(self) -> AbstractAsyncContextManager[vonage_vendor.VonageVendor]:
        outcomes = {"15550111": "rings", "15550122": "busy"}
        return vonage_vendor.vonage_vendor(vonage_vendor.VonageVendor(outcomes=outcomes))

    def target(self, vendor: Any, dial_status: str) -> None:
        vendor.outcomes["15550155"] = {"no-answer": "timeout"}.get(dial_status, dial_status)

    def does_not_answer(self, vendor: Any, number: str) -> None:
        vendor.outcomes[number.removeprefix("+")] = "timeout"

    async def press(self, phone: Any, key: str) -> None:
        await phone.socket.send(json.dumps({"event": "websocket:dtmf", "digit": key, "duration": 260}))

    def keys(self, url: str) -> Mapping[str, str]:
        return {**vonage_vendor.KEYS, "VONAGE_PHONE_NUMBER": "+15550100", "VONAGE_API_URL": url}


def test_the_suite_of_plugins_counts_these() -> None:
    names = ("twilio", "plivo", "vobiz", "telnyx", "exotel", "vonage")
    assert {("carrier", name) for name in names} <= TESTED
