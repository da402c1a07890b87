"""The carrier contract over a stand-in of Asterisk, and what Asterisk alone does to a call."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import uvloop
from tests.asterisk_stand_in import APP, BUSY, PASSWORD, RINGS, USER, Channel, StandIn, stand_in
from tests.phone.bare_carrier import Call, Desk
from tests.waiting import until

from callwright.domain.limits import MAX_PBX_CALLS, MAX_PBX_EVENT_BYTES, MAX_PBX_MEDIA_MESSAGE_BYTES, MAX_SIP_KEYS
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import SILENCE_FRAME, Carrier, DialRequest, Leg, TransferFailedError
from callwright.ports.registry import PluginContext
from callwright.telephony.asterisk import PLUGINS
from callwright.telephony.asterisk.carrier import AsteriskCarrier
from callwright.telephony.asterisk.configuration import AsteriskSettings
from callwright.telephony.asterisk.events import LinkState
from callwright.testing import CarrierContract

ANSWERS, IS_BUSY, ONLY_RINGS, TARGET = "+15550199", "+15550122", "+15550111", "+15550155"


def to(number: str, call: str = "e1.1") -> DialRequest:
    return DialRequest(call, number, "+15550100", 20)


class TestLines(CarrierContract):
    """Control messages in lines."""

    plugin = PLUGINS[0]
    answers, second = to(ANSWERS), to(ANSWERS, "e2.1")
    rings, refused, impossible = to(ONLY_RINGS), to(IS_BUSY), to("sip:bob@127.0.0.1")
    as_json = False

    def opened(self) -> AbstractAsyncContextManager[Carrier]:
        return self._at_stand_in()

    @asynccontextmanager
    async def _at_stand_in(self) -> AsyncIterator[Carrier]:
        async with stand_in(StandIn({ONLY_RINGS: RINGS, IS_BUSY: BUSY}, as_json=self.as_json)) as pbx:
            settings = {"asterisk_url": pbx.url, "asterisk_user": USER, "asterisk_password": PASSWORD}
            carrier = self.plugin.factory(PluginContext(settings, self.models_folder))
            assert isinstance(carrier, AsteriskCarrier)
            await carrier.open(Desk())
            yield carrier
            await carrier.aclose()


class TestJson(TestLines):
    """Control messages in JSON."""

    as_json = True


@dataclass
class Gauges:
    """Gauges that can be read."""

    values: dict[str, float] = field(default_factory=dict)

    def gauge(self, name: str, meaning: str = "") -> Gauge:
        return Gauge(lambda value: self.values.__setitem__(name, value))


@dataclass
class Gauge:
    set: Callable[[float], None]


@dataclass
class Office:
    """A carrier at the stand-in, and its desk."""

    carrier: AsteriskCarrier
    pbx: StandIn
    gauges: Gauges
    desk: Desk = field(default_factory=Desk)

    async def dial(self, number: str, **options: Any) -> Call:
        call = Call()
        call.leg = await self.carrier.dial(replace(to(number), options=options), call)
        return call

    async def talking(self) -> Call:
        call = await self.dial(ANSWERS)
        await call.until("answered")
        return call

    async def offered(self, exten: str = "reception") -> tuple[Channel, Call]:
        before = len(self.desk.calls)
        channel = self.pbx.call(exten)
        await until(lambda: len(self.desk.calls) > before, 5)
        return channel, self.desk.calls[-1]

    async def nothing_left(self) -> None:
        await until(lambda: not self.pbx.channels and not self.pbx.bridges, 5)


@asynccontextmanager
async def office_at(pbx: StandIn, settings: AsteriskSettings | None = None) -> AsyncIterator[Office]:
    gauges = Gauges()
    office = Office(AsteriskCarrier(settings or pbx.settings, gauges), pbx, gauges)
    await office.carrier.open(office.desk)
    yield office
    await office.carrier.aclose()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with stand_in(StandIn({ONLY_RINGS: RINGS, IS_BUSY: BUSY})) as pbx, office_at(pbx) as office:
        yield office


def leg_of(call: Call) -> Leg:
    assert call.leg is not None
    return call.leg


def state_of(carrier: AsteriskCarrier) -> str:
    return carrier.health.state.value


def ended_as(call: Call) -> str:
    assert call.end is not None
    return call.end.cause


def progress(call: Call) -> list[str]:
    """How far the target of a transfer came."""
    return [said["state"] for what, said in call.facts if what == "transfer"]


# -- control -------------------------------------------------------------------------------------------------------------------


async def test_a_call_says_what_it_is_and_ends_what_it_began(office: Office) -> None:
    call = await office.dial(ANSWERS, sip_headers={"X-Campaign": "spring-8"})
    await call.until("answered")
    asked = office.pbx.calls[0].asked
    assert (asked["endpoint"], asked["callerId"], asked["timeout"]) == (f"PJSIP/{ANSWERS}@trunk", "+15550100", 20)
    assert asked["variables"] == {
        "PJSIP_HEADER(add,X-Callwright-Call)": "e1.1",
        "PJSIP_HEADER(add,X-Campaign)": "spring-8",
    }
    assert office.gauges.values == {"asterisk_connected": True, "asterisk_calls": 1}
    await leg_of(call).hang_up("done")
    await office.nothing_left()
    assert office.gauges.values["asterisk_calls"] == 0


async def test_headers_that_cannot_be_sent_are_refused(office: Office) -> None:
    with pytest.raises(ProviderError) as refused:
        await office.dial(ANSWERS, sip_headers={"Via": "x"})
    assert refused.value.kind is FailureKind.BAD_REQUEST
    assert not office.pbx.calls


async def test_an_endpoint_that_cannot_be_made_is_named(office: Office) -> None:
    settings = replace(office.pbx.settings, endpoint="PJSIP/{number}@invalid")
    carrier = AsteriskCarrier(settings)
    await carrier.open(Desk())
    with pytest.raises(ProviderError, match="CALLWRIGHT_ASTERISK_ENDPOINT") as failed:
        await carrier.dial(to(ANSWERS), Call())
    assert failed.value.kind is FailureKind.UNAVAILABLE
    await carrier.aclose()


async def test_without_an_address_it_is_off() -> None:
    carrier = AsteriskCarrier(AsteriskSettings())
    await carrier.open(Desk())
    assert state_of(carrier) == "off"
    with pytest.raises(ProviderError, match="set CALLWRIGHT_ASTERISK_URL"):
        await carrier.dial(to(ANSWERS), Call())
    carrier.say_last_words({"channel": "a", "media": "b", "bridge": "c"}, Access())
    await carrier.aclose()


async def test_a_wrong_password_is_said_without_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with stand_in(StandIn()) as pbx, office_at(pbx, replace(pbx.settings, password="wrong-4711")) as office:
        assert state_of(office.carrier) == "refused"
        assert office.gauges.values["asterisk_connected"] == 0
        with pytest.raises(ProviderError, match="the user or the password is refused") as failed:
            await office.dial(ANSWERS)
        assert failed.value.kind is FailureKind.UNAVAILABLE
    assert "wrong-4711" not in f"{caplog.text}{failed.value}{office.carrier.health}"
    assert "d3Jvbmc" not in caplog.text, "nor in base64"


async def test_as_many_calls_as_are_allowed_and_no_more(office: Office) -> None:
    calls = await asyncio.gather(*(office.dial(ONLY_RINGS) for _ in range(MAX_PBX_CALLS)))
    with pytest.raises(ProviderError) as failed:
        await office.dial(ONLY_RINGS)
    assert failed.value.kind is FailureKind.LIMIT
    office.pbx.call("reception")
    await until(lambda: len(office.pbx.calls) == MAX_PBX_CALLS, 5)
    assert not office.desk.calls, "nobody was asked about one that comes in"
    await leg_of(calls[0]).hang_up("")
    await office.talking()


async def test_a_failed_order_leaves_nothing(office: Office) -> None:
    office.pbx.failures["POST", "channels"] = 503
    with pytest.raises(ProviderError):
        await office.dial(ANSWERS)
    await until(lambda: office.pbx.requests[-1][0] == "DELETE", 5)
    assert office.gauges.values["asterisk_calls"] == 0


def test_it_runs_on_the_servers_event_loop() -> None:
    async def one_call() -> None:
        async with stand_in(StandIn()) as pbx, office_at(pbx) as office:
            call = await office.talking()
            await until(lambda: len(call.frames) > 5, 5)
            await leg_of(call).hang_up("")
            await office.nothing_left()

    uvloop.run(one_call())


# -- ends ----------------------------------------------------------------------------------------------------------------------


async def test_the_callee_hangs_up(office: Office) -> None:
    call = await office.talking()
    await office.pbx.hang_up(office.pbx.calls[0])
    await call.until("closed")
    assert ended_as(call) == "normal_clearing"
    await office.nothing_left()


async def test_nobody_answers(office: Office) -> None:
    office.pbx.outcomes[ANSWERS] = {"cause": 0}
    call = await office.dial(ANSWERS)
    await call.until("closed")
    assert (call.events, ended_as(call)) == (["ringing"], "no_answer")


async def test_audio_that_cannot_be_connected_ends_the_call(office: Office) -> None:
    office.pbx.names_media = False
    call = await office.dial(ANSWERS)
    await call.until("closed")
    assert ended_as(call) == "carrier_error"
    await office.nothing_left()


@pytest.mark.parametrize(("times", "end"), [(6, ""), (7, "carrier_error")])
async def test_a_channel_may_enter_the_application_late(office: Office, times: int, end: str) -> None:
    office.pbx.not_entered = times
    call = await office.dial(ANSWERS)
    await until(lambda: bool(call.end) or "answered" in call.events, 5)
    assert (call.end.cause if call.end is not None else "") == end


async def test_a_media_websocket_that_breaks_off_ends_the_call(office: Office) -> None:
    call = await office.talking()
    await office.pbx.break_media(office.pbx.calls[0])
    await call.until("closed")
    assert ended_as(call) == "media_timeout"
    await office.nothing_left()


@pytest.mark.parametrize(
    "message", ["DTMF_END digit:x", "{", "7 is no event", '{"event": 7}', "x" * (MAX_PBX_MEDIA_MESSAGE_BYTES + 1)]
)
async def test_a_control_message_that_is_none_ends_its_call_alone(office: Office, message: str) -> None:
    other, call = await office.talking(), await office.talking()
    await office.pbx.control(office.pbx.calls[1], message)
    await call.until("closed")
    assert ended_as(call) in ("protocol_error", "media_timeout")
    assert other.end is None


@pytest.mark.parametrize(
    "message", ["MEDIA_XOFF", "MEDIA_XON", "STATUS queue_length:3", '{"event":"NEW_KIND"}', "MEDIA_MARK_PROCESSED"]
)
async def test_messages_that_say_nothing_to_us_are_passed_over(office: Office, message: str) -> None:
    call = await office.talking()
    await office.pbx.control(office.pbx.calls[0], message)
    await office.pbx.control(office.pbx.calls[0], "DTMF_END digit:5 duration_ms:100")
    await until(lambda: call.keys == "5", 5)
    assert call.end is None


# -- calls that come in --------------------------------------------------------------------------------------------------------


async def test_a_call_comes_in_and_the_caller_hangs_up(office: Office) -> None:
    channel, call = await office.offered("100")
    offer = office.desk.offers[0]
    assert (offer.carrier, offer.called, offer.caller, offer.provider_call_id) == (
        "asterisk",
        "100",
        "+15550123",
        channel.id,
    )
    await leg_of(call).answer()
    await call.until("answered")
    assert channel.state == "Up"
    await office.pbx.hang_up(channel)
    await call.until("closed")
    assert ended_as(call) == "caller_hung_up"
    await office.nothing_left()


async def test_a_caller_gives_up_before_the_answer(office: Office) -> None:
    channel, call = await office.offered()
    await office.pbx.hang_up(channel)
    await call.until("closed")
    assert ended_as(call) == "caller_abandoned"


@pytest.mark.parametrize(("code", "cause"), [(486, 17), (404, 1), (480, 19), (503, 34), (499, 21)])
async def test_a_call_is_refused_by_the_nearest_cause(office: Office, code: int, cause: int) -> None:
    channel, call = await office.offered()
    await leg_of(call).reject(code)
    await office.nothing_left()
    assert (channel.ended_by, ended_as(call)) == (cause, "declined_by_us")


async def test_a_channel_of_a_process_before_us_is_ended(office: Office) -> None:
    """It had called a phone, which answers now."""
    stray = office.pbx.left_over(f"{APP}.from-before")
    await office.pbx.tell("StasisStart", stray, args=[])
    await office.nothing_left()
    assert not office.desk.calls


# -- keys, and what was said ---------------------------------------------------------------------------------------------------


async def test_keys_go_both_ways(office: Office) -> None:
    call = await office.talking()
    await leg_of(call).send_keys("159*#0D")
    assert office.pbx.calls[0].keys == "159*#0D"
    await office.pbx.control(office.pbx.calls[0], "DTMF_END digit:# duration_ms:100")
    await until(lambda: call.keys == "#", 5)
    with pytest.raises(ProviderError):
        await leg_of(call).send_keys("1" * (MAX_SIP_KEYS + 1))


async def test_what_was_not_played_is_flushed(office: Office) -> None:
    call = await office.talking()
    for _ in range(20):
        leg_of(call).write(SILENCE_FRAME)
    leg_of(call).clear()
    media = next(one for one in office.pbx.channels.values() if one.talk is not None)
    assert media.talk is not None
    kinds = media.talk.kinds
    await until(lambda: kinds[-1:] == ["clear"], 5)


# -- transfers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attended", [False, True])
async def test_a_call_is_transferred(office: Office, *, attended: bool) -> None:
    call = await office.talking()
    await leg_of(call).transfer(TARGET, attended=attended)
    assert progress(call) == ["ringing", "answered"]
    assert ended_as(call) == "transferred"
    first, target = office.pbx.calls
    assert dict(call.facts)["transfer"]["call_id"] == target.id
    assert target.asked["callerId"] == "+15550100", "the number that is ours"
    await until(lambda: list(office.pbx.bridges.values()) == [[first.id, target.id]], 5)
    await office.pbx.hang_up(first)
    await office.nothing_left()
    assert target.over.is_set()


async def test_the_far_end_hears_us_while_the_target_rings(office: Office) -> None:
    call = await office.talking()
    work = asyncio.create_task(leg_of(call).transfer(ONLY_RINGS))
    await until(lambda: progress(call) == ["ringing"], 5)
    media = next(one for one in office.pbx.channels.values() if one.talk is not None)
    assert media.talk is not None
    talk, before = media.talk, media.talk.frames
    leg_of(call).write(SILENCE_FRAME)
    await until(lambda: talk.frames > before, 5)
    with pytest.raises(ProviderError) as refused:
        await leg_of(call).transfer(TARGET)
    assert refused.value.kind is FailureKind.BAD_REQUEST
    await leg_of(call).hang_up("")
    with pytest.raises(TransferFailedError) as failed:
        await work
    assert failed.value.outcome == "canceled"
    await office.nothing_left()


@pytest.mark.parametrize(
    ("ends", "outcome", "code"),
    [
        (BUSY, "busy", 3010),
        ({"cause": 21, "tech_cause": 603}, "busy", 3020),
        ({"cause": 0}, "no-answer", 3000),
        ({"cause": 1, "tech_cause": 404}, "failed", 2000),
    ],
)
async def test_a_target_that_does_not_take_the_call_leaves_it(
    office: Office, ends: dict[str, int], outcome: str, code: int
) -> None:
    office.pbx.outcomes[TARGET] = ends
    call = await office.talking()
    with pytest.raises(TransferFailedError) as failed:
        await leg_of(call).transfer(TARGET)
    assert (failed.value.outcome, failed.value.code) == (outcome, code)
    heard = len(call.frames)
    await until(lambda: len(call.frames) > heard + 5, 5)
    office.pbx.outcomes.clear()
    await leg_of(call).transfer(TARGET)
    assert ended_as(call) == "transferred"


@pytest.mark.parametrize("target", ["sip:sales@127.0.0.1", "loopback:sales", "+1555&PJSIP/else"])
async def test_only_numbers_are_called(office: Office, target: str) -> None:
    call = await office.talking()
    with pytest.raises(ProviderError) as refused:
        await leg_of(call).transfer(target)
    assert refused.value.kind is FailureKind.BAD_REQUEST
    assert call.end is None


async def test_a_target_that_cannot_be_bridged_did_not_take_the_call(office: Office) -> None:
    call = await office.talking()
    office.pbx.failures["POST", "addChannel"] = 400
    with pytest.raises(TransferFailedError):
        await leg_of(call).transfer(TARGET)
    assert call.end is None
    await until(lambda: len(office.pbx.calls) == 1, 5)


async def test_a_target_that_hangs_up_when_it_is_bridged_does_not_leave_the_far_end_alone(office: Office) -> None:
    """Nobody knows any more that it has left: it was not handed over yet."""
    call = await office.talking()
    office.pbx.vanishes = True
    await leg_of(call).transfer(TARGET)
    await office.nothing_left()


# -- the events are lost -------------------------------------------------------------------------------------------------------


async def test_calls_go_on_and_are_compared_when_the_events_were_away(office: Office) -> None:
    stays, goes = await office.talking(), await office.talking()
    rings = await office.dial(ONLY_RINGS)
    await rings.until("ringing")
    office.pbx.failures["GET", "events"] = 503
    await office.pbx.stop_events()
    await until(lambda: state_of(office.carrier) == LinkState.CONNECTING, 5)
    assert office.gauges.values["asterisk_connected"] == 0
    with pytest.raises(ProviderError, match="events are not heard"):
        await office.dial(ANSWERS)
    with pytest.raises(ProviderError, match="events are not heard"):
        await leg_of(stays).transfer(TARGET)
    await office.pbx.hang_up(office.pbx.calls[1])
    tries = office.pbx.tries
    await until(lambda: office.pbx.tries > tries, 5)
    office.pbx.calls[-1].state = "Up"
    office.pbx.failures.clear()
    await goes.until("closed")
    await rings.until("answered")
    assert (ended_as(goes), stays.end) == ("media_timeout", None)
    await office.pbx.hang_up(office.pbx.calls[0])
    await stays.until("closed")
    assert ended_as(stays) == "normal_clearing"


async def test_a_call_that_rang_and_is_gone_afterwards_has_failed(office: Office) -> None:
    rings = await office.dial(ONLY_RINGS)
    await rings.until("ringing")
    await office.pbx.stop_events()
    office.pbx.channels.clear()
    await rings.until("closed")
    assert ended_as(rings) == "temporary_failure"


async def test_the_target_answers_while_the_events_are_away(office: Office) -> None:
    call = await office.talking()
    work = asyncio.create_task(leg_of(call).transfer(ONLY_RINGS))
    await until(lambda: progress(call) == ["ringing"], 5)
    await office.pbx.stop_events()
    office.pbx.calls[-1].state = "Up"
    await work
    assert ended_as(call) == "transferred"


async def test_whoever_takes_the_application_over_keeps_it(office: Office) -> None:
    call = await office.talking()
    async with office_at(office.pbx) as successor:
        await until(lambda: state_of(office.carrier) == LinkState.REPLACED, 5)
        assert state_of(successor.carrier) == LinkState.CONNECTED
        with pytest.raises(ProviderError, match="CALLWRIGHT_ASTERISK_APP"):
            await office.dial(ANSWERS)
        await office.pbx.hang_up(office.pbx.calls[0])
        await call.until("closed", 5)
        assert ended_as(call) == "normal_clearing"
        await office.nothing_left()
        await successor.talking()
        assert state_of(office.carrier) == LinkState.REPLACED


@pytest.mark.parametrize(
    "event",
    [
        "{", "[]", "7", "{}", '{"type": 7}', '{"type": "StasisStart"}', '{"type": "StasisStart", "channel": {"id": 7}}',
        '{"type": "StasisStart", "channel": {"id": "../../../x"}}', '{"type": "Dial", "peer": []}',
        '{"type": "ChannelLeftBridge", "channel": {"id": "x"}, "bridge": 7}', '{"type": "ChannelDestroyed", "channel": {"id": "x"}}',
    ],
)  # fmt: skip
async def test_an_event_that_is_none_changes_nothing(office: Office, event: str) -> None:
    asked = len(office.pbx.requests)
    await office.pbx.say(event)
    call = await office.talking()
    assert not office.desk.calls
    assert {method for method, _ in office.pbx.requests[asked:]} == {"POST"}
    assert call.end is None


async def test_an_event_that_is_too_long_costs_the_connection_alone(office: Office) -> None:
    call, tries = await office.talking(), office.pbx.tries
    await office.pbx.say(json.dumps({"type": "x" * MAX_PBX_EVENT_BYTES}))
    await until(lambda: office.pbx.tries > tries and state_of(office.carrier) == LinkState.CONNECTED, 5)
    assert call.end is None


class Breaks(Call):
    """A listener with a defect."""

    def ringing(self) -> None:
        raise RuntimeError("a defect")


async def test_a_defect_of_one_listener_ends_its_call_alone(office: Office) -> None:
    other, broken = await office.talking(), Breaks()
    await office.carrier.dial(to(ONLY_RINGS), broken)
    await broken.until("closed")
    assert (ended_as(broken), other.end) == ("crash", None)


# -- processes that died -------------------------------------------------------------------------------------------------------


async def test_the_last_words_end_a_call_of_a_process_that_died(office: Office) -> None:
    call = await office.talking()
    dialog = dict(call.facts)["dialog"]
    other = AsteriskCarrier(office.pbx.settings)
    other.say_last_words({"channel": "../../asterisk", "media": "", "bridge": "x"}, Access())
    other.say_last_words(dialog, Access())
    await office.nothing_left()
    await other.aclose()


async def test_a_bridge_with_one_left_is_ended_and_one_with_two_is_watched() -> None:
    async with stand_in(StandIn()) as pbx:
        pbx.left_over("one", f"{APP}.a.bridge")
        two, _ = [pbx.left_over(name, f"{APP}.b.bridge") for name in ("two", "three")]
        pbx.left_over("other", "conference")
        async with office_at(pbx):
            await until(lambda: list(pbx.channels) == ["two", "three", "other"], 5)
            await until(lambda: ("POST", f"/applications/{APP}/subscription") in pbx.requests, 5)
            await pbx.hang_up(two)
            await until(lambda: list(pbx.channels) == ["other"], 5)
            await until(lambda: list(pbx.bridges) == ["conference"], 5)
