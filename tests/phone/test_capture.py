"""The packets of a call, read by a library that we did not write."""

from __future__ import annotations

import asyncio
import io
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import final, goodbye, hears
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import Sipp

dpkt = pytest.importorskip("dpkt", reason="the reader of pcap is missing: make venv")

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]


def may_read_packets() -> bool:
    """Whether this process has CAP_NET_RAW."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM).close()
    except PermissionError:
        return False
    return True


async def test_a_call_is_captured_and_downloaded(server: Server, sipp: Phones, rtp: Lines) -> None:
    agent_id = await server.agent(**agent())
    line = rtp()
    phone = await sipp("calls", target=server.sip_port, called=agent_id, rtp_port=line.port)
    execution_id = await server.inbound(agent_id)
    path = f"/v1/callwright/executions/{execution_id}/capture"
    async with server.api() as api:
        asked = await api.post(path, json={"seconds": 60})
        assert asked.status_code == 202, asked.text
        assert (await api.post(path)).status_code == 409
        assert (await api.get(f"/recordings/capture/{execution_id}")).status_code == 400
    await hears(line, WELCOME)
    await asyncio.sleep(0.5)
    await goodbye(line, phone)
    await final(server, execution_id)
    async with server.api() as api:
        link = await api.get(asked.json()["capture_url"])
    async with httpx.AsyncClient(trust_env=False) as nobody:
        told = await nobody.get(link.headers["location"])
    assert (told.status_code, told.headers["content-type"]) == (200, "application/vnd.tcpdump.pcap")
    reader = dpkt.pcap.Reader(io.BytesIO(told.content))
    datagrams = [dpkt.ip.IP(packet).data for _, packet in reader]
    starts = [one.data.split(b"\r\n")[0].decode() for one in datagrams if server.sip_port in (one.sport, one.dport)]
    assert starts[0].startswith("INVITE ")
    assert "SIP/2.0 200 OK" in starts
    assert any(start.startswith("BYE ") for start in starts)
    facts = [event.values for event in await server.events(execution_id, "capture")]
    assert [fact["state"] for fact in facts] == ["began", "ended"]
    assert facts[-1]["sip_messages"] == len(starts)
    if not may_read_packets():
        pytest.skip("this process may not read packets (CAP_NET_RAW): the capture has SIP alone")
    sound = [one for one in datagrams if line.port in (one.sport, one.dport)]
    rtp_packets = [dpkt.rtp.RTP(one.data) for one in sound]
    ways = Counter("out" if one.dport == line.port else "in" for one in sound)
    assert min(ways["in"], ways["out"]) > 25
    assert {packet.version for packet in rtp_packets} == {2}
    numbers = [packet.seq for one, packet in zip(sound, rtp_packets, strict=True) if one.dport == line.port]
    assert len(set(numbers)) == len(numbers)


async def test_a_call_that_is_over_or_not_of_sip_cannot_be_captured(server: Server) -> None:
    agent_id = await server.agent(**agent())
    execution_id = await server.call(agent_id, "loopback:busy")
    await final(server, execution_id)
    async with server.api() as api:
        refused = await api.post(f"/v1/callwright/executions/{execution_id}/capture")
        missing = await api.get(f"/recordings/capture/{execution_id}")
    assert (refused.status_code, missing.status_code) == (400, 404)
