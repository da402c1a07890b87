"""Whom a phone reaches and who has no room: extensions, headers, the limit of a process, and one that drains."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import asks, final, hangup, hears
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import Sipp
from tests.waiting import until

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
EXTENSIONS = "/v1/callwright/extensions"


@pytest.fixture
async def small_server(phone_database: Callable[[str], str], tmp_path: Path, ports: Ports) -> AsyncIterator[Server]:
    """A server of its own with room for one call, and patience when it drains."""
    more = {"CALLWRIGHT_MAX_CALLS": "1", "CALLWRIGHT_DRAIN_SECONDS": "40"}
    dsn = await asyncio.to_thread(phone_database, "small")
    server = Server(tmp_path, dsn, ports.sip(), ports.gateway_media(), **more)
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.kill)


async def test_a_phone_reaches_an_agent_by_its_extension_and_its_headers_are_variables(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    agent_id = await server.agent(**agent(welcome="Campaign {sip_x_campaign} it is."))
    async with server.api() as api:
        assert (await api.put(f"{EXTENSIONS}/front-desk.1", json={"agent_id": agent_id})).status_code == 201
    line = rtp()
    phone = await sipp(
        "calls",
        target=server.sip_port,
        called="front-desk.1",
        rtp_port=line.port,
        more_headers="X-Campaign: spring",
    )
    await hears(line, "Campaign spring it is.")
    await phone.goes_on()
    await phone.ended()

    record = await final(server, await server.inbound(agent_id))
    assert (record["status"], record["agent_number"]) == ("completed", "front-desk.1")
    assert record["context_details"]["recipient_data"] == {"sip_x_campaign": "spring"}
    assert hangup(record) == ("Caller", "Call ended", 4000)

    async with server.api() as api:
        assert (await api.delete(f"{EXTENSIONS}/front-desk.1")).status_code == 200
    refused = await sipp(
        "is_refused", target=server.sip_port, called="front-desk.1", rtp_port=rtp().port, status_code=404
    )
    await refused.ended(10)
    assert len(await server.executions(agent_id)) == 1


@pytest.mark.long
async def test_a_process_without_room_and_one_that_drains_are_busy_and_the_call_goes_on(
    small_server: Server, sipp: Phones, rtp: Lines
) -> None:
    server = small_server
    agent_id = await server.agent(**agent())
    line = rtp()
    phone = await sipp("calls", target=server.sip_port, called=agent_id, rtp_port=line.port)
    await hears(line, WELCOME)

    async def is_busy() -> None:
        refused = await sipp(
            "is_refused", target=server.sip_port, called=agent_id, rtp_port=rtp().port, status_code=486
        )
        await refused.ended(10)

    await is_busy()
    os.kill(server.pid, signal.SIGTERM)
    await until(lambda: "draining" in server.tail(), 20)
    await is_busy()
    await asks(line, "I need an appointment.", "Which day suits you?")
    await phone.goes_on()
    await phone.ended()

    await until(lambda: not server.running, 40)
    await asyncio.to_thread(server.start)
    (record,) = await server.executions(agent_id)
    assert (record["status"], *hangup(record)) == ("completed", "Caller", "Call ended", 4000)
