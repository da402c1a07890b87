"""Two softphones that people use, with WAV files for microphone and loudspeaker, talk to an agent: they call it, and it calls them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from tests.phone import sound
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import OWN_HZ, UNDERSTOOD, check_transcript, final, hangup, understood
from tests.phone.length import only_in_full
from tests.phone.ports import Ports
from tests.phone.server import Server
from tests.phone.softphones import Softphone, baresip, linphone
from tests.waiting import until

SoftphoneMaker = Callable[..., AbstractAsyncContextManager[Softphone]]
DIALS: dict[SoftphoneMaker, str] = {linphone: "call {}", baresip: "/dial {}"}
ASKED = "I need an appointment."
ANSWERED = "Which day suits you?"


def microphone() -> bytes:
    """Waits for the welcome message, plays a tone, asks, waits for the answer, asks again, says goodbye, is silent. With time to spare,
    and all twice: a file does not wait for a slow machine, and cannot know whether it was understood."""
    return (
        sound.silence(4_000)
        + sound.tone(OWN_HZ, 1_000)
        + sound.timed((700, ASKED), (4_500, ASKED), (4_500, "Goodbye."), (4_000, "Goodbye."))
        + sound.silence(20_000)
    )


def check_conversation(heard: bytes, recording: bytes, quality: Mapping[str, Any]) -> None:
    """The recording has both, to the letter where nothing of the caller was missing; the loudspeaker spoke what the agent said, as far as
    the softphone's own clock and jitter buffer let it."""
    caller, lacks_ms = sound.of_wav(recording, 0), 20 * quality["concealed_frames"]
    assert understood(sound.words(caller), ASKED, UNDERSTOOD if lacks_ms else 1), (sound.words(caller), quality)
    assert sound.level(caller, OWN_HZ) > 0.95
    assert 900 - lacks_ms <= sound.sounding_ms(caller, OWN_HZ) <= 1_100 + lacks_ms, quality
    agent_said = sound.words(sound.of_wav(recording, 1))
    assert agent_said.startswith(WELCOME)
    assert ANSWERED in agent_said
    for text in (WELCOME, ANSWERED):
        assert understood(sound.words(heard), text), sound.words(heard)


async def was_answered(server: Server, execution_id: str) -> bool:
    """Whether the answer was played to the end."""
    return any(ANSWERED in entry.values["text"] for entry in await server.events(execution_id, "AgentSaid"))


async def hung_up_by_owner(server: Server, execution_id: str, phone: Softphone) -> dict[str, Any]:
    """The record of a call whose owner hangs up once the answer was played. The phone's own files are complete then."""
    await until(lambda: was_answered(server, execution_id), 40)
    await asyncio.sleep(1)
    phone.hang_up()
    record = await final(server, execution_id, 20)
    await asyncio.sleep(0.5)
    return record


async def recorded(server: Server, execution_id: str) -> tuple[bytes, Mapping[str, Any]]:
    """The recording, and what the line was like in the end."""
    quality = [entry.values for entry in await server.events(execution_id, "quality")][-1]
    return await server.recording(execution_id), quality


@pytest.mark.parametrize("softphone", [linphone, pytest.param(baresip, marks=only_in_full)])
async def test_a_softphone_calls_an_agent_and_both_are_understood(
    softphone: SoftphoneMaker, server: Server, tmp_path: Path, ports: Ports
) -> None:
    agent_id = await server.agent(**agent())
    async with softphone(tmp_path / "phone", ports.sip(), ports.media(), microphone()) as phone:
        phone.command(DIALS[softphone].format(f"sip:{agent_id}@127.0.0.1:{server.sip_port}"))
        execution_id = await server.inbound(agent_id, seconds=20)
        record = await final(server, execution_id, 40)
        await asyncio.sleep(0.5)

    assert (record["status"], hangup(record)[1]) == ("completed", "end_call_tool")
    assert record["telephony_data"]["call_type"] == "inbound"
    check_transcript(record, f"user: {ASKED}", f"assistant: {ANSWERED}")
    check_conversation(phone.heard(), *await recorded(server, execution_id))


@pytest.mark.parametrize("softphone", [pytest.param(linphone, marks=only_in_full), baresip])
async def test_an_agent_calls_a_softphone_and_its_owner_hangs_up(
    softphone: SoftphoneMaker, server: Server, tmp_path: Path, ports: Ports
) -> None:
    agent_id = await server.agent(**agent())
    async with softphone(tmp_path / "phone", ports.sip(), ports.media(), microphone(), answers=True) as phone:
        execution_id = await server.call(agent_id, f"sip:softphone@127.0.0.1:{phone.port}")
        record = await hung_up_by_owner(server, execution_id, phone)

    assert (record["status"], hangup(record)) == ("completed", ("Callee", "Call recipient hung up", 4000))
    check_transcript(record, f"user: {ASKED}", f"assistant: {ANSWERED}")
    check_conversation(phone.heard(), *await recorded(server, execution_id))
