"""SIP over TCP and TLS, and encrypted audio, with phones and gateways that we did not write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import asks, check_sound, check_transcript, final, goodbye, hangup, hears, sound_both_ways
from tests.phone.certificates import Certificates
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import Sipp
from tests.phone.softphones import baresip, linphone
from tests.phone.sound import silence
from tests.phone.test_softphones import ANSWERED, ASKED, check_conversation, hung_up_by_owner, microphone, recorded
from tests.phone.test_trunks import make_trunk, trunk_agent

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
TLS = {"transport": "transport-tls", "media_encryption": "sdes"}


async def test_a_phone_calls_over_tcp(server: Server, sipp: Phones, rtp: Lines) -> None:
    agent_id = await server.agent(**agent())
    line = rtp()
    phone = await sipp("calls", target=server.sip_port, called=agent_id, rtp_port=line.port, transport="tcp")
    await hears(line, WELCOME)
    await sound_both_ways(line)
    await asks(line, "I need an appointment.", "Which day suits you?")
    await goodbye(line, phone)
    execution_id = await server.inbound(agent_id)
    record = await final(server, execution_id)
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    await check_sound(server, execution_id, line)


@pytest.mark.long
async def test_a_trunk_over_tcp_is_dialled(server: Server, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    gateway = await sipp("answers", rtp_port=line.port, transport="tcp")
    await make_trunk(server, "+15550100401", gateway.port, transport="transport-tcp")
    agent_id = await server.agent(**trunk_agent())
    execution_id = await server.call(agent_id, "+15550199887", from_phone_number="+15550100401")
    await hears(line, WELCOME)
    await goodbye(line, gateway)
    record = await final(server, execution_id)
    assert (record["status"], record["provider"]) == ("completed", "sip-trunk")
    check_transcript(record, "assistant: Goodbye then.")
    (invite,) = {message.header("CSeq"): message for message in gateway.messages("INVITE", sent=False)}.values()
    assert invite.header("Via").startswith("SIP/2.0/TCP")


async def test_a_trunk_over_tls_with_encrypted_audio_reaches_a_softphone(
    server: Server, tmp_path: Path, ports: Ports, certificates: Certificates
) -> None:
    agent_id = await server.agent(**trunk_agent())
    folder, port = tmp_path / "phone", ports.sip()
    async with baresip(folder, port, ports.media(), microphone(), answers=True, secure=certificates) as phone:
        await make_trunk(server, "+15550100402", port + 1, **TLS)
        execution_id = await server.call(agent_id, "+15550199887", from_phone_number="+15550100402")
        record = await hung_up_by_owner(server, execution_id, phone)
    assert (record["status"], hangup(record)) == ("completed", ("Callee", "Call recipient hung up", 4000))
    check_transcript(record, f"user: {ASKED}", f"assistant: {ANSWERED}")
    check_conversation(phone.heard(), *await recorded(server, execution_id))


async def test_a_trunk_that_must_encrypt_does_not_talk_to_a_phone_that_cannot(
    server: Server, tmp_path: Path, ports: Ports, certificates: Certificates
) -> None:
    agent_id = await server.agent(**trunk_agent())
    folder, port = tmp_path / "phone", ports.sip()
    async with baresip(folder, port, ports.media(), silence(30_000), answers=True, secure=certificates, encryption=""):
        await make_trunk(server, "+15550100403", port + 1, **TLS)
        execution_id = await server.call(agent_id, "+15550199887", from_phone_number="+15550100403")
        record = await final(server, execution_id, 20)
        assert record["status"] == "failed"
        assert (await server.events(execution_id, "sip"))[-1].values["status"] == 488

        await make_trunk(server, "+15550100404", port + 1, **TLS, media_encryption_optimistic=True)
        execution_id = await server.call(agent_id, "+15550199887", from_phone_number="+15550100404")
        await server.until(execution_id, "in-progress")
        await server.hang_up(execution_id)
        await final(server, execution_id)


@pytest.mark.long
async def test_a_softphone_calls_over_tls_with_encrypted_audio(
    server: Server, tmp_path: Path, ports: Ports, certificates: Certificates
) -> None:
    agent_id = await server.agent(**agent())
    async with linphone(tmp_path / "phone", ports.sip(), ports.media(), microphone(), secure=certificates) as phone:
        phone.command(f"call sip:{agent_id}@127.0.0.1:{server.sip_port + 1};transport=tls")
        execution_id = await server.inbound(agent_id, seconds=20)
        record = await final(server, execution_id, 40)
        await asyncio.sleep(0.5)
    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    check_transcript(record, f"user: {ASKED}", f"assistant: {ANSWERED}")
    check_conversation(phone.heard(), *await recorded(server, execution_id))


async def test_a_call_in_clear_to_a_trunk_that_must_encrypt_is_refused(
    server: Server, sipp: Phones, rtp: Lines
) -> None:
    known = {"ip_identifiers": [{"ip_address": "127.0.0.1"}], "inbound_enabled": True}
    trunk = await make_trunk(server, "+15550100405", 5061, **TLS, **known)
    agent_id = await server.agent(**trunk_agent())
    async with server.api() as api:
        mapping = {"agent_id": agent_id, "phone_number_id": trunk["phone_numbers"][0]["id"]}
        await api.post("/inbound/setup", json=mapping)
    phone = await sipp(
        "is_refused", target=server.sip_port, called="+15550100405", rtp_port=rtp().port, status_code=488
    )
    await phone.ended(10)
    assert await server.executions(agent_id) == []
