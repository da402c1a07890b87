"""An agent calls a phone, and whatever a phone may do then: answer, refuse in four ways, only ring, play an announcement, not exist."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from tests.phone import sound
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import (
    OWN_HZ,
    asks,
    check_sound,
    check_transcript,
    final,
    goodbye,
    hangup,
    hears,
    sound_both_ways,
    understood,
)
from tests.phone.length import only_in_full
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import IP, Sipp

from callwright.domain.limits import MAX_RING_SECONDS
from callwright.platform.executions.rules.causes import CAUSES, cause_of_sip

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
DEAD_HOST_S = 32


def to(phone: Sipp) -> str:
    """The phone's address."""
    return f"sip:bob@{IP}:{phone.port}"


@pytest.fixture(scope="module")
def call_nobody_takes(
    shared_server: Server, tmp_path_factory: pytest.TempPathFactory, ports: Ports
) -> Iterator[Future[tuple[dict[str, Any], float]]]:
    """The record of a call that only rings, and how long it took: its minute passes while the other tests run."""
    phone = Sipp(tmp_path_factory.mktemp("rings"), "rings", ports.sip(), ports.media())

    async def ring() -> tuple[dict[str, Any], float]:
        await phone.start()
        try:
            execution_id = await shared_server.call(await shared_server.agent(**agent()), to(phone))
            began_s = time.monotonic()
            record = await final(shared_server, execution_id, MAX_RING_SECONDS + 20)
            took_s = time.monotonic() - began_s
            await phone.ended()
            return record, took_s
        finally:
            await phone.stop()

    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(lambda: asyncio.run(ring()))


pytestmark = pytest.mark.usefixtures("call_nobody_takes")


async def test_an_agent_calls_a_phone_they_talk_and_the_agent_hangs_up(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port, ring_ms=1_500)
    headers = {"X-Campaign": "spring-8"}
    execution_id = await server.call(await server.agent(**agent()), to(phone), sip_headers=headers)
    assert (await server.until(execution_id, "ringing", "in-progress"))["status"] == "ringing"
    await hears(line, WELCOME)
    await asks(line, "I need an appointment.", "Which day suits you?")
    await sound_both_ways(line)
    await goodbye(line, phone)

    invite = phone.messages("INVITE", sent=False)[0]
    assert invite.header("X-Campaign") == "spring-8"
    assert [m.sent for m in phone.messages("BYE")] == [False], "the platform said BYE"
    record = await final(server, execution_id)
    data = record["telephony_data"]
    assert (record["status"], data["call_type"], data["provider"]) == ("completed", "outbound", "sip")
    assert data["to_number"] == to(phone)
    assert hangup(record) == ("API Request", "end_call_tool", 4000)
    assert 1 <= data["ring_duration"] <= 4
    assert 0 <= data["post_dial_delay"] <= 2
    assert data["provider_call_id"] == invite.header("Call-ID")
    check_transcript(record, "user: I need an appointment.", "assistant: Which day suits you?")
    assert understood(line.text()[-13:], "Goodbye then."), "its last words were played to the end"
    await check_sound(server, execution_id, line)


@pytest.mark.long
async def test_a_phone_that_was_called_hangs_up(server: Server, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    execution_id = await server.call(await server.agent(**agent()), to(phone))
    await server.until(execution_id, "in-progress")
    await asyncio.sleep(2)
    await phone.goes_on()
    await phone.ended()

    record = await final(server, execution_id)
    assert record["status"] == "completed"
    assert hangup(record) == ("Callee", "Call recipient hung up", 4000)
    assert 1 <= record["conversation_duration"] <= 8


@pytest.mark.long
async def test_a_call_is_stopped_through_the_api_while_it_is_talked(server: Server, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    execution_id = await server.call(await server.agent(**agent()), to(phone))
    await hears(line, WELCOME[:8])
    await server.hang_up(execution_id)
    await phone.ended()

    record = await final(server, execution_id)
    assert (record["status"], hangup(record)) == ("completed", ("API Request", "stopped_by_api", 4000))


async def test_a_call_is_stopped_through_the_api_while_it_rings(server: Server, sipp: Phones) -> None:
    phone = await sipp("rings")
    execution_id = await server.call(await server.agent(**agent()), to(phone))
    await server.until(execution_id, "ringing")
    await server.hang_up(execution_id)
    await phone.ended()

    assert len(phone.messages("CANCEL", sent=False)) == 1
    record = await final(server, execution_id)
    assert record["status"] in ("stopped", "canceled")
    assert hangup(record)[:2] == ("API Request", "stopped_by_api")
    assert record["transcript"] is None


@pytest.mark.parametrize(
    ("status", "q850", "outcome"),
    [
        ("486 Busy Here", 17, "busy"),
        ("480 Temporarily Unavailable", 18, "no-answer"),
        ("603 Decline", 21, "busy"),
        ("404 Not Found", 1, "failed"),
    ],
)
async def test_a_phone_that_refuses_ends_the_call_with_its_cause(
    server: Server, sipp: Phones, status: str, q850: int, outcome: str
) -> None:
    phone = await sipp("refuses", status=status, more_headers=f'Reason: Q.850;cause={q850};text="refused"')
    execution_id = await server.call(await server.agent(**agent()), to(phone))
    record = await final(server, execution_id, 15)
    await phone.ended()

    cause = cause_of_sip(int(status.split()[0]), q850)
    assert record["status"] == outcome
    assert hangup(record) == (cause.by, cause.reason, cause.code)
    assert record["transcript"] is None
    sip = (await server.events(execution_id, "sip"))[-1].values
    assert (sip["status"], sip["q850"]) == (int(status.split()[0]), q850), "what the phone itself said is kept"


async def test_sound_before_the_answer_and_then_the_answer(server: Server, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers_early", rtp_port=line.port, ring_ms=3_000)
    execution_id = await server.call(await server.agent(**agent()), to(phone))
    peer = (await phone.saw("INVITE")).media
    assert peer is not None
    line.peers[peer] = None
    line.play(sound.tone(OWN_HZ, 1_500))
    await phone.saw("183", sent=True)
    await asyncio.sleep(0.5)
    status = (await server.execution(execution_id))["status"]
    assert status in ("initiated", "ringing") or phone.messages("200", sent=True), "it is not answered yet"
    await hears(line, WELCOME)
    await sound_both_ways(line)
    await goodbye(line, phone)

    record = await final(server, execution_id)
    assert record["status"] == "completed"
    assert await server.events(execution_id, "early_media")
    await check_sound(server, execution_id, line)


@pytest.mark.long
async def test_an_announcement_and_then_a_refusal_is_no_conversation(server: Server, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("refuses_early", rtp_port=line.port, ring_ms=1_200, status="404 Not Found")
    execution_id = await server.call(await server.agent(**agent()), to(phone))
    record = await final(server, execution_id, 15)
    await phone.ended()

    cause = cause_of_sip(404)
    assert (record["status"], hangup(record)) == ("failed", (cause.by, cause.reason, cause.code))
    assert (record["transcript"], record["conversation_duration"]) == (None, 0)


@pytest.mark.long
async def test_a_call_nobody_takes_is_cancelled(
    call_nobody_takes: Future[tuple[dict[str, Any], float]],
) -> None:
    record, took_s = await asyncio.wrap_future(call_nobody_takes)

    assert took_s > MAX_RING_SECONDS - 1
    cause = CAUSES["no_answer"]
    assert (record["status"], hangup(record)) == ("no-answer", (cause.by, cause.reason, cause.code))
    assert abs(record["telephony_data"]["ring_duration"] - MAX_RING_SECONDS) <= 5


@only_in_full
async def test_a_host_that_does_not_exist_ends_the_call_with_a_reason(server: Server, ports: Ports) -> None:
    execution_id = await server.call(await server.agent(**agent()), f"sip:bob@{IP}:{ports.sip()}")
    record = await final(server, execution_id, DEAD_HOST_S + 20)

    assert record["status"] in ("failed", "no-answer")
    assert hangup(record)[1]
