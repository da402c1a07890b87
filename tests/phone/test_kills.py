"""kill -9 of the gateway, the server and the phones at random instants: every execution ends with a reason, no phone stays off the hook.

30 kills with ``make test-phone``, one in CI; the seed is fixed, and each kill has its own, printed when it fails.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.phone.agents import ANNOUNCEMENT, WELCOME, agent
from tests.phone.calls import asks, hears
from tests.phone.length import sized
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.server import ENDED, Server
from tests.phone.sipp import IP, Sipp
from tests.waiting import until

KILLS = sized(30, 4)
SEED = 4_711
SETTLED_WITHIN_S = 60
LATEST_KILL_S = 3.5
LONGEST_CALL_S = 25
"""Ends the calls of phones that are gone: nobody hangs up."""
LIVE = ("initiated", "ringing", "in-progress")


@dataclass
class Scene:
    """Phones in calls of every kind, and the executions."""

    server: Server
    agent_id: str
    phones: list[Sipp] = field(default_factory=list)
    lines: list[RtpSocket] = field(default_factory=list)
    outbound: list[str] = field(default_factory=list)

    async def begin(self, folder: Path, ports: Ports) -> None:
        """Two phones call, one answers at once, one after two seconds, one only rings."""
        for name in ("calls", "calls", "answers", "answers", "rings"):
            line = RtpSocket()
            phone = Sipp(folder, name, ports.sip(), ports.media())
            self.lines.append(line)
            self.phones.append(phone)
            slow = len(self.phones) == 4
            words = {"rtp_port": line.port, "ring_ms": 2_000 if slow else 100, "hold_ms": 85_000}
            if name == "calls":
                await phone.start(target=self.server.sip_port, called=self.agent_id, **words)
            else:
                await phone.start(**words)
                self.outbound.append(await self.server.call(self.agent_id, f"sip:bob@{IP}:{phone.port}"))

    async def executions(self) -> dict[str, dict[str, Any]]:
        """All executions of this scene's agent, by id."""
        return {one["id"]: one for one in await self.server.executions(self.agent_id)}

    async def live(self) -> set[str]:
        """The executions that are under way."""
        return {one["id"] for one in (await self.executions()).values() if one["status"] in LIVE}

    async def is_under_way(self) -> bool:
        """Whether a phone is in a call and an execution too."""
        return any(off_the_hook(phone) for phone in self.phones) and bool(await self.live())

    async def end(self) -> None:
        """Whatever is left."""
        for phone in self.phones:
            await phone.stop()
        for line in self.lines:
            line.close()


def off_the_hook(phone: Sipp) -> bool:
    """Whether a phone was in a call, or in the making of one, and nobody told it that this is over."""
    seen = phone.messages()
    if not any(m.method == "INVITE" for m in seen):
        return False
    told = any(m.method in ("BYE", "CANCEL") and not m.sent for m in seen)
    final = any(m.method.isdigit() and int(m.method) >= 300 and m.header("CSeq").endswith("INVITE") for m in seen)
    return not told and not final


@pytest.fixture(scope="module")
def own_server(
    phone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, ports: Ports
) -> Iterator[Server]:
    """A server that may be killed."""
    folder = tmp_path_factory.mktemp("killed")
    server = Server(folder, phone_database("killed"), ports.sip(), ports.gateway_media())
    server.start()
    yield server
    server.stop()


async def kill(scene: Scene, victim: str) -> int:
    """kill -9; returns the process that was killed, 0 for the phones."""
    server = scene.server
    if victim == "phones":
        for phone in scene.phones:
            await phone.stop()
        await asyncio.sleep(LONGEST_CALL_S)
        return 0
    if victim == "server":
        pid = server.pid
        server.kill()
        return pid
    gateway = server.gateway_pid
    assert gateway is not None
    os.kill(gateway, signal.SIGKILL)
    return gateway


async def settle(scene: Scene, were_live: set[str]) -> None:
    """Wait until what was live has ended by itself; stop through the API what only began after the kill; wait for the rest."""

    async def over(wanted: Callable[[str], bool]) -> bool:
        return all(one["status"] in ENDED for one in (await scene.executions()).values() if wanted(one["id"]))

    await until(lambda: over(lambda execution_id: execution_id in were_live), SETTLED_WITHIN_S)
    for execution_id, one in (await scene.executions()).items():
        if one["status"] not in ENDED:
            await scene.server.hang_up(execution_id)
    await until(lambda: over(lambda execution_id: True), SETTLED_WITHIN_S)


@pytest.mark.parametrize("number", [0, *(pytest.param(one, marks=pytest.mark.long) for one in range(1, KILLS))])
async def test_whatever_is_killed_every_call_ends_and_no_phone_stays_off_the_hook(
    own_server: Server, ports: Ports, tmp_path: Path, number: int
) -> None:
    random = Random(SEED * 1_000 + number)
    victim = VICTIMS[number % len(VICTIMS)]
    after_s = random.uniform(0, LATEST_KILL_S)
    scene = Scene(own_server, await own_server.agent(**agent(call_terminate=LONGEST_CALL_S)))
    try:
        await scene.begin(tmp_path, ports)
        # There is somebody to be told, and something to be settled.
        await until(scene.is_under_way, 20)
        await asyncio.sleep(after_s)
        were_live = await scene.live()
        killed = await kill(scene, victim)
        if victim == "server":
            await asyncio.to_thread(own_server.start)
        await until(lambda: own_server.gateway_pid not in (None, killed), 40)
        await settle(scene, were_live)

        for one in (await scene.executions()).values():
            reason = one["telephony_data"]["hangup_reason"] or one["error_message"]
            assert reason, f"an execution without a reason: {one}"
            if one["id"] in were_live and victim in REASONS:
                assert reason in REASONS[victim], f"{reason!r} after {after_s:.2f} s: {one}"
        alive = [phone for phone in scene.phones if victim != "phones"]
        await _until_hung_up(alive)
        left = [phone.complaints() for phone in alive if off_the_hook(phone)]
        assert not left, f"kill {number} ({victim} after {after_s:.2f} s): off the hook: {left}"
        assert own_server.running
    finally:
        await scene.end()


@pytest.mark.parametrize("victims", ["gateway", pytest.param("gateway and server", marks=pytest.mark.long)])
async def test_the_target_of_an_attended_transfer_is_told_too(
    own_server: Server, ports: Ports, tmp_path: Path, victims: str
) -> None:
    line = RtpSocket()
    phone, target = (Sipp(tmp_path, name, ports.sip(), ports.media()) for name in ("answers", "rings"))
    body = agent(transfer_to=f"sip:human@{IP}:{target.port}", transfer_mode="attended")
    try:
        await phone.start(rtp_port=line.port)
        await target.start()
        execution_id = await own_server.call(await own_server.agent(**body), f"sip:bob@{IP}:{phone.port}")
        await hears(line, WELCOME)
        await asks(line, "A colleague please.", ANNOUNCEMENT)
        await target.saw("180", sent=True)
        gateway = own_server.gateway_pid
        assert gateway is not None
        # It stands still first, so that it says no goodbye when the server dies.
        os.kill(gateway, signal.SIGSTOP)
        if victims != "gateway":
            own_server.kill()
        os.kill(gateway, signal.SIGKILL)
        if victims != "gateway":
            await asyncio.to_thread(own_server.start)
        await _until_hung_up([phone, target])
        assert not off_the_hook(phone), phone.complaints()
        assert not off_the_hook(target), target.complaints()
        await until(lambda: own_server.gateway_pid not in (None, gateway), 40)

        async def over() -> bool:
            return (await own_server.execution(execution_id))["status"] in ENDED

        await until(over, SETTLED_WITHIN_S)
    finally:
        await phone.stop()
        await target.stop()
        line.close()


VICTIMS = ("gateway", "server", "phones")
REASONS = {"gateway": {"gateway_lost"}, "server": {"node_lost"}}


async def _until_hung_up(phones: list[Sipp]) -> None:
    """A BYE may have to be repeated."""
    try:
        await until(lambda: not any(off_the_hook(phone) for phone in phones), 20)
    except TimeoutError:
        return
