"""Two softphones that people use, with WAV files for microphone and loudspeaker, talk to an agent: they call it, and it calls them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from tests.phone import sound
from tests.phone.agents import WELCOME, agent
from tests.phone.calls import OWN_HZ, final, hangup
from tests.phone.length import only_in_full
from tests.phone.ports import Ports
from tests.phone.server import Server
from tests.phone.softphones import Softphone, baresip, linphone

SoftphoneMaker = Callable[..., AbstractAsyncContextManager[Softphone]]
DIALS: dict[SoftphoneMaker, str] = {linphone: "call {}", baresip: "/dial {}"}
ANSWERED = "Which day suits you?"


def microphone() -> bytes:
    """Waits for the welcome message, asks, waits for the answer, plays a tone, says goodbye, is silent."""
    asks = sound.timed((3_000, "I need an appointment."))
    return (
        asks
        + sound.silence(3_000)
        + sound.tone(OWN_HZ, 1_000)
        + sound.timed((1_000, "Goodbye."))
        + sound.silence(20_000)
    )


def alike(heard: str, said: str) -> float:
    """1 when ``heard`` holds all of ``said`` in order, less for every letter missing or wrong in it."""
    return SequenceMatcher(None, heard[: len(said)], said, autojunk=False).ratio()


def check_conversation(heard: bytes, recording: bytes) -> None:
    """The loudspeaker spoke all the agent said; the recording has both.

    A softphone's own clock and jitter buffer may cost a letter now and then (SIPp's calls are judged to the letter, test_inbound.py).
    """
    assert alike(sound.words(heard), WELCOME + ANSWERED) > 0.9, sound.words(heard)
    caller = sound.of_wav(recording, 0)
    assert alike(sound.words(caller), "I need an appointment.") > 0.9, sound.words(caller)
    assert sound.level(caller, OWN_HZ) > 0.95
    assert 900 <= sound.sounding_ms(caller, OWN_HZ) <= 1_100
    assert sound.words(sound.of_wav(recording, 1)).startswith(WELCOME)


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
    assert "\nassistant: Which day suits you?" in record["transcript"], (
        record["transcript"],
        record["callwright"]["line"],
    )
    check_conversation(phone.heard(), await server.recording(execution_id))


@pytest.mark.parametrize("softphone", [pytest.param(linphone, marks=only_in_full), baresip])
async def test_an_agent_calls_a_softphone_and_its_owner_hangs_up(
    softphone: SoftphoneMaker, server: Server, tmp_path: Path, ports: Ports
) -> None:
    agent_id = await server.agent(**agent())
    async with softphone(tmp_path / "phone", ports.sip(), ports.media(), microphone(), answers=True) as phone:
        execution_id = await server.call(agent_id, f"sip:softphone@127.0.0.1:{phone.port}")
        await server.until(execution_id, "in-progress")
        await asyncio.sleep(8.5)
        phone.hang_up()
        record = await final(server, execution_id, 20)
        await asyncio.sleep(0.5)

    assert (record["status"], hangup(record)) == ("completed", ("Callee", "Call recipient hung up", 4000))
    assert "\nassistant: Which day suits you?" in record["transcript"], (
        record["transcript"],
        record["callwright"]["line"],
    )
    check_conversation(phone.heard(), await server.recording(execution_id))
