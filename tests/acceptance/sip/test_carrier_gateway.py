"""The SIP gateway as a child process: killed, stopped, refused; its calls end at once and the phones are told."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest
from tests.acceptance.sip.carrier_world import COMMAND, DIALLED, Desk, Phone, dialog, make_world
from tests.waiting import until

from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, LegClosed
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.last_words import last_words
from callwright.telephony.sip.supervisor import GatewayState

pytestmark = pytest.mark.real_time

VIA = "SIP/2.0/UDP 127.0.0.1:15100;branch=z9hG4bK1;rport"
GATEWAY_LOST = LegClosed("error", "Error", "gateway_lost", 5020, "gateway_lost")


@pytest.fixture
async def world():
    world = make_world()
    await world.carrier.open(world.desk)
    yield world
    await asyncio.wait_for(world.carrier.aclose(), 20)


@pytest.fixture
async def phone():
    phone = await Phone.open()
    yield phone
    phone.close()


async def test_a_killed_gateway_s_calls_end_at_once_and_their_phones_hear_bye(world, phone):
    call = await world.talking(dialog(phone.port))
    await call.listener.until(lambda: call.listener.told("dialog"))
    began = asyncio.get_running_loop().time()
    os.kill(world.carrier.health.pid, signal.SIGKILL)
    assert await call.listener.ended() == GATEWAY_LOST
    assert (await phone.hears()).startswith(b"BYE sip:phone@127.0.0.1:")
    assert asyncio.get_running_loop().time() - began < 1
    again = await world.talking()
    assert world.carrier.health.state is GatewayState.LISTENING
    assert world.carrier.health.restarts == 1
    assert again.leg.number != call.leg.number
    assert world.metrics.registry.get_sample_value("callwright_sip_gateway_restarts") == 1
    assert world.metrics.registry.get_sample_value("callwright_sip_listening") == 1


@pytest.mark.parametrize(("tag", "methods"), [("", [b"CANCEL"]), ("theirs", [b"CANCEL", b"BYE"])])
async def test_a_phone_that_still_rings_is_told_too_but_no_caller_we_have_not_answered(world, phone, tag, methods):
    ringing = await world.dial(DIALLED, ["ringing"], dialog(phone.port, via=VIA, remote_tag=tag))
    other = await Phone.open()
    incoming = {"called": "1", "caller": "sip:a@b", "call_id": "x", "headers": {}, "peer": "127.0.0.1:1"}
    await world.dial(DIALLED, ["come_in", incoming])
    await ringing.listener.until(lambda: ringing.listener.told("dialog"))
    await asyncio.sleep(0.05)
    os.kill(world.carrier.health.pid, signal.SIGKILL)
    assert await ringing.listener.ended() == GATEWAY_LOST
    assert await world.desk.listener.ended() == GATEWAY_LOST
    await until(lambda: len(phone.heard) == len(methods), 5)
    assert [datagram.split()[0] for datagram in phone.heard] == methods
    assert other.heard == []
    other.close()


async def test_a_gateway_that_dies_while_it_dials_fails_that_dial(world):
    with pytest.raises(ProviderError, match="the gateway is gone") as failed:
        await world.dial(["die"])
    assert failed.value.kind is FailureKind.UNAVAILABLE
    assert (await world.talking()).listener.events == ["ringing", "answered"]


async def test_a_gateway_that_dies_between_dial_and_its_first_report_still_ends_the_call(world):
    call = await world.dial(DIALLED, ["ringing"], ["die"])
    assert await call.listener.ended() == GATEWAY_LOST


async def test_a_hang_up_that_is_not_confirmed_ends_the_call_all_the_same_and_the_phone_is_told(world, phone):
    call = await world.talking(["mute"], dialog(phone.port))
    await call.listener.until(lambda: call.listener.told("dialog"))
    await asyncio.wait_for(call.leg.hang_up("done"), 7)
    assert call.listener.closed_as == LegClosed("answered", "API Request", "done", 4000, "hung_up_by_us")
    assert (await phone.hears()).startswith(b"BYE ")
    assert world.metrics.registry.get_sample_value("callwright_sip_calls") == 0


async def test_calls_that_come_in_while_the_carrier_closes_are_refused(world):
    ringing = await world.talking()
    closing = asyncio.create_task(world.carrier.aclose())
    await asyncio.sleep(0)
    world.carrier.control(4, {"type": "incoming", "called": "1", "caller": "sip:a@b", "call_id": "x", "headers": {}})
    await closing
    assert world.desk.offers == []
    assert ringing.listener.closed_as is not None


@pytest.mark.parametrize("how", ["deaf", "freeze"])
async def test_a_gateway_that_does_not_answer_is_replaced(world, how):
    call = await world.talking([how])
    assert await call.listener.ended(10) == GATEWAY_LOST
    await world.talking()


async def test_a_gateway_that_talks_nonsense_is_replaced(world):
    call = await world.talking(["raw", "GET / HTTP/1.1\r\n\r\n"])
    assert await call.listener.ended() == GATEWAY_LOST
    await world.talking()


async def test_an_address_that_is_taken_is_a_warning_that_names_the_setting_and_is_tried_again(caplog, monkeypatch):
    monkeypatch.setattr("callwright.telephony.sip.supervisor.REFUSED_SECONDS", 0.3)
    world = make_world("127.0.0.1:15199")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 15199))
        await world.carrier.open(world.desk)
        health = world.carrier.health
        assert (health.state, health.reason) == (GatewayState.REFUSED, "Address already in use")
        with pytest.raises(ProviderError, match="refused: Address already in use"):
            await world.dial()
        await asyncio.sleep(1)
    named = [record.levelname for record in caplog.records if "CALLWRIGHT_SIP_LISTEN" in record.message]
    assert named == ["WARNING"], "told once, however often it is tried"
    await until(lambda: world.carrier.health.state is GatewayState.LISTENING, 5)
    assert world.carrier.health.restarts == 0
    await world.talking()
    await world.carrier.aclose()


async def test_without_a_sip_stack_dialling_says_what_to_install(caplog, monkeypatch):
    monkeypatch.setattr("callwright.telephony.sip.carrier.find_spec", lambda name: None)
    carrier = SipCarrier(SipSettings())
    desk = Desk()
    await carrier.open(desk)
    assert "pip install callwright[sip]" in caplog.text
    with pytest.raises(ProviderError, match=r"pip install callwright\[sip\]") as refused:
        await carrier.dial(DialRequest("x", "sip:a@127.0.0.1", "", 5), desk.listener)
    assert refused.value.kind is FailureKind.UNAVAILABLE
    await carrier.aclose()


async def test_a_gateway_that_cannot_start_is_tried_again_with_growing_delays():
    world = make_world("127.0.0.1:15198")
    await world.carrier.open(world.desk)
    assert world.carrier.health.state == "down"
    await asyncio.sleep(1.6)
    assert 2 <= world.carrier.health.restarts <= 4
    await world.carrier.aclose()
    assert world.carrier.health.state == "off"


def environment_of(pid):
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_the_gateway_has_none_of_our_secrets_in_its_environment(monkeypatch):
    monkeypatch.setenv("CALLWRIGHT_MASTER_KEY", "canary")
    monkeypatch.setenv("CALLWRIGHT_SECRET", "canary")
    world = make_world()
    await world.carrier.open(world.desk)
    environment = environment_of(world.carrier.health.pid)
    await asyncio.wait_for(world.carrier.aclose(), 20)
    assert b"PATH=" in environment
    assert b"canary" not in environment


async def test_no_process_is_left_after_closing(world):
    pid = world.carrier.health.pid
    await world.carrier.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_switched_off_no_process_is_started():
    world = make_world("")
    await world.carrier.open(world.desk)
    assert world.carrier.health.state is GatewayState.OFF
    with pytest.raises(ProviderError, match="CALLWRIGHT_SIP_LISTEN"):
        await world.carrier.dial(DialRequest("x", "sip:a@127.0.0.1", "", 5), world.desk.listener)
    await world.carrier.aclose()


async def test_a_bye_is_repeated_until_it_is_answered():
    phone = await Phone.open(status=481, deaf_to=2)
    assert await last_words(dialog(phone.port)[1]) == 481
    assert len(phone.heard) == 3
    assert len(set(phone.heard)) == 1
    phone.close()


async def test_a_bye_to_nobody_is_given_up_in_time():
    phone = await Phone.open()
    phone.close()
    began = asyncio.get_running_loop().time()
    assert await last_words(dialog(phone.port)[1]) is None
    assert 7.5 < asyncio.get_running_loop().time() - began < 9


async def test_values_that_are_no_dialog_send_nothing():
    assert await last_words({"peer": "127.0.0.1:5060"}) is None


def test_the_tests_run_the_protocol_in_a_process_of_its_own():
    assert COMMAND[-1].endswith("scripted_gateway.py")
