"""The judges themselves: SIPp, the sound socket and both softphones against each other, without a line of the platform's SIP in between."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.phone import sound
from tests.phone.calls import hears, said, understood
from tests.phone.ports import Ports
from tests.phone.process import holding
from tests.phone.rtp import RtpSocket
from tests.phone.sipp import Sipp, scenario
from tests.phone.softphones import Softphone, baresip, linphone
from tests.waiting import until

MICROPHONE = sound.timed((700, "hello from the microphone ")) + sound.tone(440, 12_000)
SoftphoneMaker = Callable[..., AbstractAsyncContextManager[Softphone]]
NAMES = sorted(path.stem for path in (Path(__file__).parent / "scenarios").glob("*.xml"))


@pytest.mark.parametrize("softphone", [linphone, pytest.param(baresip, marks=pytest.mark.long)])
async def test_sipp_and_a_softphone_hear_each_other(
    softphone: SoftphoneMaker,
    tmp_path: Path,
    ports: Ports,
    sipp: Callable[..., Awaitable[Sipp]],
    rtp: Callable[..., RtpSocket],
) -> None:
    line = rtp()
    line.play(sound.timed((1_200, "good morning phone ")) + sound.tone(1_000, 1_000))
    async with softphone(tmp_path / "phone", ports.sip(), ports.media(), MICROPHONE, answers=True) as phone:
        caller = await sipp("calls", target=phone.port, called="softphone", rtp_port=line.port)
        await hears(line, "hello from the microphone ")
        await said(line)
        await asyncio.sleep(1.5)
        await caller.goes_on()
        await caller.ended()

    assert understood(sound.words(phone.heard()), "good morning phone ")
    assert sound.level(line.heard(), 440) > 0.99
    assert sound.level(line.heard(), 1_000) < 0.1, "the judge does not find what is not there"
    assert sound.level(phone.heard(), 1_000) > 0.99


async def test_keys_of_the_sound_socket_are_pressed_keys_to_a_softphone(
    tmp_path: Path, ports: Ports, sipp: Callable[..., Awaitable[Sipp]], rtp: Callable[..., RtpSocket]
) -> None:
    line = rtp()
    line.play(sound.silence(800))
    line.press("1#*9")
    async with linphone(tmp_path / "phone", ports.sip(), ports.media(), sound.silence(9_000), answers=True) as phone:
        caller = await sipp("calls", target=phone.port, called="softphone", rtp_port=line.port)
        await until(lambda: pressed(phone) == list("1#*9"), 20)
        await caller.goes_on()
        await caller.ended()
    assert pressed(phone) == list("1#*9")


def pressed(phone: Softphone) -> list[str]:
    """The keys linphonec says it received."""
    return [shown.split()[2] for shown in phone.shown if shown.startswith("Receiving tone")]


def test_every_scenario_has_all_its_words() -> None:
    assert NAMES
    for name in NAMES:
        assert "@rtp_port@" not in scenario(name, {"rtp_port": "4000"})


def test_missing_sound_is_heard_as_silence_and_what_overtook_as_in_order() -> None:
    whole = sound.timed((0, "abcdefgh"))
    socket = RtpSocket()
    other = RtpSocket()
    try:
        assert sound.words(whole) == "abcdefgh"
        other.peers[("127.0.0.1", socket.port)] = None
        other.play(whole)
        while other.saying:
            pass
    finally:
        other.close()
        socket.close()
    socket.packets[5], socket.packets[6] = socket.packets[6], socket.packets[5]
    assert socket.text().startswith("abcdefgh"), "in order by timestamp"
    del socket.packets[2:12]
    assert socket.text() not in ("abcdefgh", ""), "a gap is heard as one"


def test_a_process_that_has_ended_and_was_not_waited_for_holds_nothing() -> None:
    assert holding(os.getpid()).rss_mb > 0
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(FileNotFoundError, match="has ended"):
            holding(ended.pid)
