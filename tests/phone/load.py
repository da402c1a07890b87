"""Many calls at once: SIPp makes them, one sound socket keeps what the platform sends on each, with the kernel's times."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.phone.agents import agent
from tests.phone.ports import Ports
from tests.phone.process import holding
from tests.phone.rtp import RtpSocket
from tests.phone.server import ENDED, Server
from tests.phone.sipp import Sipp
from tests.waiting import until

SPEECH = "The agent speaks without a pause so that every packet of the call carries sound " * 9
CALLS_A_SECOND = 10
LONGEST_HOLD_MS = 80_000
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What a load showed. Gaps are between neighbouring packets of one call on the wire; CPU is in percent of one core."""

    calls: int
    statuses: dict[str, int]
    packets_per_second: float
    gap_ms: dict[int, float]
    gateway_cpu: float
    server_cpu: float
    gateway_rss_mb: float
    server_rss_mb: float

    @property
    def cpu_per_call(self) -> float:
        """Gateway and server together, percent of one core per call."""
        return (self.gateway_cpu + self.server_cpu) / self.calls

    def text(self) -> str:
        """The figures in words."""
        gaps = "/".join(f"{self.gap_ms[per_hundred]:.1f}" for per_hundred in (50, 95, 99))
        return (
            f"{self.calls} calls: gap p50/p95/p99 {gaps} ms, {self.packets_per_second:.1f} packets a second and call; CPU of a core:"
            f" gateway {self.gateway_cpu:.0f} %, server {self.server_cpu:.0f} %, per call {self.cpu_per_call:.2f} %;"
            f" memory: gateway {self.gateway_rss_mb:.0f} MB, server {self.server_rss_mb:.0f} MB; ended {self.statuses}"
        )


def percentile(values: Sequence[float], per_hundred: int) -> float:
    """0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * per_hundred / 100) - 1)] if ordered else 0.0


async def load(server: Server, ports: Ports, folder: Path, calls: int, seconds: float) -> LoadFigures:
    """Let ``calls`` phones (at most 50) call an agent that speaks all the time; measure for ``seconds`` while all are up, then hang up."""
    agent_id = await server.agent(**agent([], welcome=SPEECH))
    line = RtpSocket()
    phone = Sipp(folder, "calls", ports.sip(), ports.media())
    try:
        await phone.start(
            target=server.sip_port,
            called=agent_id,
            calls=calls,
            rate=CALLS_A_SECOND,
            rtp_port=line.port,
            hold_ms=LONGEST_HOLD_MS,
        )
        await _all_up(server, phone, line, calls)
        await asyncio.sleep(_SETTLE_S)
        gateway_pid = server.gateway_pid
        assert gateway_pid is not None
        began_s, before = time.time(), (holding(gateway_pid), holding(server.pid))
        await asyncio.sleep(seconds)
        took_s, after = time.time() - began_s, (holding(gateway_pid), holding(server.pid))
        until_s = time.time()
        found = await server.executions(agent_id)
        await asyncio.gather(*[server.hang_up(one["id"]) for one in found])
        await phone.ended(30)
    finally:
        await phone.stop()
        line.close()
    statuses = await _statuses(server, agent_id, calls)
    measured = [p for p in line.packets if began_s <= p.at_s <= until_s]
    return LoadFigures(
        calls=calls,
        statuses=statuses,
        packets_per_second=len(measured) / took_s / calls,
        gap_ms={each: percentile(line.gaps_ms(since_s=began_s, until_s=until_s), each) for each in (50, 95, 99)},
        gateway_cpu=100 * (after[0].cpu_s - before[0].cpu_s) / took_s,
        server_cpu=100 * (after[1].cpu_s - before[1].cpu_s) / took_s,
        gateway_rss_mb=after[0].rss_mb,
        server_rss_mb=after[1].rss_mb,
    )


async def _all_up(server: Server, phone: Sipp, line: RtpSocket, calls: int) -> None:
    try:
        await until(lambda: len(line.peers) >= calls, calls / CALLS_A_SECOND + 20)
    except TimeoutError:
        seen = Counter(m.start for m in phone.messages(sent=False))
        raise AssertionError(f"{len(line.peers)} of {calls} calls have sound: {seen}\n{server.tail()}") from None


async def _statuses(server: Server, agent_id: str, calls: int) -> dict[str, int]:
    """How many executions ended how, once all have."""

    async def all_over() -> bool:
        found = await server.executions(agent_id)
        return len(found) >= min(calls, 50) and all(one["status"] in ENDED for one in found)

    await until(all_over, 60)
    counted: dict[str, int] = {}
    for one in await server.executions(agent_id):
        counted[one["status"]] = counted.get(one["status"], 0) + 1
    return counted
