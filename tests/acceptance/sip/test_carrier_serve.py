"""``callwright serve`` with its SIP gateway, and a phone made of a second carrier: calls both ways, and every kind of sudden death."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.sip.gateway_world import free_port, needs_stack
from tests.contract.line import Agent, Watcher
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import check_transcript, understood
from tests.phone.server import Server
from tests.waiting import until

from callwright.ports.leg import InboundOffer, Leg
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.configuration import SipSettings

pytestmark = [pytest.mark.real_time, *needs_stack]
PHONE_RTP, SERVER_RTP = "21800-21899", "21900-21999"


class Phone:
    """A SIP phone that answers every call: ``heard`` is the text in the other side's sound, ``say`` speaks."""

    def __init__(self, carrier: SipCarrier, port: int) -> None:
        self.carrier = carrier
        self.address = f"sip:ann@127.0.0.1:{port}"
        self.calls: list[tuple[InboundOffer, Leg, Watcher, Agent]] = []
        self._answering: set[asyncio.Task[None]] = set()

    def offered(self, offer: InboundOffer, leg: Leg) -> Watcher:
        """Take it."""
        watcher = Watcher()
        self.calls.append((offer, leg, watcher, Agent(leg)))
        task = asyncio.get_running_loop().create_task(leg.answer())
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return watcher

    async def hears(self, text: str, seconds: float = 15) -> None:
        """Wait until the newest call has brought ``text``."""

        def heard() -> bool:
            return bool(self.calls) and understood(self.calls[-1][2].text, text)

        try:
            await until(heard, seconds)
        except TimeoutError:
            told = [(watcher.events[-3:], watcher.text) for _, _, watcher, _ in self.calls]
            raise AssertionError(f"{text!r} was not heard: {told}") from None

    def say(self, text: str) -> None:
        """Speak into the newest call."""
        self.calls[-1][3].say(text)

    async def asks(self, text: str, answer: str) -> None:
        """Say ``text`` and wait for the ``answer``; said again, as people do, when another or none comes."""
        for left in (2, 1, 0):
            self.say(text)
            try:
                await self.hears(answer, 10)
                return
            except AssertionError:
                if not left:
                    raise

    async def put_down(self, seconds: float = 10) -> None:
        """Wait until the newest call is over for the phone: nobody left it off the hook."""
        await asyncio.wait_for(self.calls[-1][2].ended.wait(), seconds)

    async def aclose(self) -> None:
        """Switch it off."""
        for _, _, _, talker in self.calls:
            talker.stop()
        await self.carrier.aclose()


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    port = free_port()
    phone = Phone(SipCarrier(SipSettings(f"127.0.0.1:{port}", PHONE_RTP, 20)), port)
    await phone.carrier.open(phone)
    yield phone
    await phone.aclose()


@pytest.fixture
async def server(dsn: str, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path, dsn, free_port(), SERVER_RTP, CALLWRIGHT_SIP_MAX_CALLS="20")
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


async def in_mid_call(server: Server, phone: Phone) -> str:
    """A call to the phone that has heard the welcome; returns the execution's id."""
    before = len(phone.calls)
    execution_id = await server.call(await server.agent(**agent()), phone.address)
    await until(lambda: len(phone.calls) > before)
    # The phone's own stack asks for its media anew about 110 ms after its answer; what is in the air at that moment may be lost to it.
    await phone.hears(WELCOME[-10:])
    return execution_id


def lives(pid: int) -> bool:
    """Whether the process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def carriers(server: Server) -> Any:
    async with server.api() as api:
        return (await api.get("/readyz")).json()["carriers"]


async def test_a_phone_is_called_talks_with_the_agent_and_the_execution_completes(server: Server, phone: Phone) -> None:
    execution_id = await in_mid_call(server, phone)
    assert await carriers(server) == {"asterisk": "off", "sip": "listening"}
    await phone.asks("I want an appointment.", "Which day suits you?")
    await phone.asks("On Monday please.", "Monday it is.")
    await phone.asks("Goodbye.", "Goodbye then.")
    await phone.put_down(15)

    record = await server.until(execution_id, "completed", "error")

    assert record["status"] == "completed", record
    check_transcript(record, "user: I want an appointment.", "user: On Monday please.")
    offer = phone.calls[-1][0]
    assert offer.caller.startswith("sip:+15550100@")
    assert record["telephony_data"]["provider_call_id"] == offer.provider_call_id


@pytest.mark.long
async def test_a_killed_gateway_ends_the_execution_and_the_phone_is_put_down(server: Server, phone: Phone) -> None:
    execution_id = await in_mid_call(server, phone)
    assert server.gateway_pid is not None
    os.kill(server.gateway_pid, signal.SIGKILL)
    await phone.put_down(10)

    record = await server.until(execution_id, "error", "completed", seconds=30)

    assert record["status"] == "error"
    assert record["telephony_data"]["hangup_reason"] == "gateway_lost"
    assert record["telephony_data"]["hangup_by"] == "Error"
    again = await in_mid_call(server, phone)
    await server.hang_up(again)
    await phone.put_down()
    assert (await server.until(again, "completed", "error"))["status"] == "completed"
    async with server.api() as api:
        metrics = (await api.get("/metrics")).text
    assert "callwright_sip_gateway_restarts 1.0" in metrics
    assert "callwright_sip_listening 1.0" in metrics


@pytest.mark.long
async def test_a_killed_server_leaves_no_phone_off_the_hook_and_its_gateway_ends(server: Server, phone: Phone) -> None:
    execution_id = await in_mid_call(server, phone)
    gateway = server.gateway_pid
    assert gateway is not None
    await asyncio.to_thread(server.kill)
    await phone.put_down(10)
    await until(lambda: not lives(gateway), 15)
    await asyncio.to_thread(server.start)

    record = await server.until(execution_id, "error", "completed", seconds=30)

    assert (record["status"], record["telephony_data"]["hangup_reason"]) == ("error", "node_lost")


async def test_server_and_gateway_killed_together_the_next_server_says_bye(server: Server, phone: Phone) -> None:
    execution_id = await in_mid_call(server, phone)
    gateway = server.gateway_pid
    assert gateway is not None
    os.kill(server.pid, signal.SIGSTOP)
    os.kill(gateway, signal.SIGKILL)
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(1)
    assert not phone.calls[-1][2].ended.is_set(), "nobody was left to say BYE"
    await asyncio.to_thread(server.start)
    await phone.put_down(10)

    record = await server.until(execution_id, "error", "completed", seconds=30)

    assert (record["status"], record["telephony_data"]["hangup_reason"]) == ("error", "node_lost")


@pytest.mark.long
async def test_a_taken_address_is_a_warning_and_the_rest_is_served(dsn: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        server = Server(tmp_path, dsn, other.getsockname()[1], SERVER_RTP, CALLWRIGHT_SIP_MAX_CALLS="20")
        await asyncio.to_thread(server.start)
        try:
            assert await carriers(server) == {"asterisk": "off", "sip": "refused"}
            assert "CALLWRIGHT_SIP_LISTEN" in server.tail()
            execution_id = await server.call(await server.agent(**agent()), "sip:ann@127.0.0.1:9")
            record = await server.until(execution_id, "failed", "error")
            assert "cannot" in str(record["error_message"]) or "refused" in str(record["error_message"])
        finally:
            await asyncio.to_thread(server.stop)
