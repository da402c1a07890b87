"""``callwright bench``: how many calls this machine holds, and which resource ends first.

Starts a server of its own, with a database of its own and providers that compute nothing, and calls it in real time with more and more
callers. Nothing of a running platform is touched.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from dataclasses import asdict, dataclass, field

import httpx2 as httpx

from callwright.bootstrap.load_server import LoadServer, LoadSettings, load_server
from callwright.cli.connections import raise_descriptor_limit
from callwright.domain.errors import BadInputError
from callwright.lab.capacity import Machine, Step, capacity, next_calls, sentence, table
from callwright.lab.stream_callers import Caller, Figures
from callwright.ops.clock import SystemClock
from callwright.ops.logging import configure_logging
from callwright.ops.process_usage import descriptors, free_memory_mb
from callwright.ops.settings import load_settings

LEAST_SECONDS, MOST_SECONDS, MOST_CALLS = 20, 600, 2_000
_FIRST_CALLS = 8
_REST_S, _RAMP_S, _SETTLE_S, _MEASURE_S, _LEAVE_S = 5.0, 3.0, 2.0, 7.0, 2.0
_STEP_S = _RAMP_S + _SETTLE_S + _MEASURE_S


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--seconds", type=int, default=75, help="begin no further step after so long (75)")
    parser.add_argument("--most", type=int, default=600, help="never more calls at once than this (600)")
    parser.add_argument("--vad", choices=("local", "energy"), help="voice activity detector (CALLWRIGHT_VAD)")
    parser.add_argument("--json", action="store_true", help="print figures and answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 0 when a step held its calls, else 1."""
    if not LEAST_SECONDS <= arguments.seconds <= MOST_SECONDS:
        raise BadInputError(f"--seconds: {arguments.seconds} is not between {LEAST_SECONDS} and {MOST_SECONDS}")
    if not 1 <= arguments.most <= MOST_CALLS:
        raise BadInputError(f"--most: {arguments.most} is not between 1 and {MOST_CALLS}")
    configure_logging("error", "text")
    raise_descriptor_limit()
    vad = arguments.vad or load_settings(os.environ).vad
    cores = sorted(os.sched_getaffinity(0))
    # Our callers have a core of their own where there is another one, so that they do not take the server's.
    of_server = frozenset(cores[:-1])
    if of_server:
        os.sched_setaffinity(0, {cores[-1]})
    with load_server(LoadSettings(arguments.most, vad, cores=of_server)) as server:
        rest, steps, machine = asyncio.run(_measure(server, arguments.seconds, arguments.most, len(cores)))
    found = capacity(rest, steps, machine)
    if arguments.json:
        told = {
            "calls": found.calls if found.proved else 0,
            "limit": found.by,
            "measured_calls": found.proved,
            "vad": vad,
        }
        bounds = [asdict(bound) for bound in found.bounds]
        print(
            json.dumps({**told, "bounds": bounds, "machine": asdict(machine), "steps": [*map(asdict, (rest, *steps))]})
        )
    else:
        print(f"{table(rest, steps, found)}\n\n{sentence(found, machine)}")
    return 0 if found.proved else 1


@dataclass
class _Crowd:
    """The callers on the line."""

    server: LoadServer
    client: httpx.AsyncClient
    figures: Figures = field(default_factory=Figures)
    callers: list[tuple[Caller, asyncio.Task[None]]] = field(default_factory=list)
    called: int = 0

    async def become(self, calls: int) -> None:
        """Have so many callers on the line."""
        gone, self.callers = self.callers[calls:], self.callers[:calls]
        for caller, _ in gone:
            caller.leave()
        await asyncio.gather(*(task for _, task in gone))
        more = calls - len(self.callers)
        for _ in range(more):
            self.called += 1
            caller = Caller(self.called, self._address, self.figures)
            task = asyncio.create_task(caller.call(MOST_SECONDS))
            self.callers.append((caller, task))
            await asyncio.sleep(_RAMP_S / more)

    async def _address(self, call_id: str) -> str:
        return await self.server.address(self.client, call_id)


async def _measure(server: LoadServer, seconds: int, most: int, cores: int) -> tuple[Step, list[Step], Machine]:
    _say("starting a server with a database of its own")
    await server.start()
    began_s = _now_s()
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=8)) as client:
        crowd = _Crowd(server, client)
        await asyncio.sleep(_LEAVE_S)
        rest = await _step(crowd, 0, _REST_S)
        _, allowed = descriptors(server.pid)
        _, connections = await server.database_connections()
        machine = Machine(cores, free_memory_mb(), allowed, connections)
        steps: list[Step] = []
        calls = min(_FIRST_CALLS, most)
        while calls:
            await crowd.become(calls)
            await asyncio.sleep(_SETTLE_S)
            steps.append(await _step(crowd, calls, _MEASURE_S))
            is_time = _now_s() - began_s + _STEP_S <= seconds
            calls = next_calls(steps, most) if is_time and steps[-1].is_judged else 0
        await crowd.become(0)
        await asyncio.sleep(_LEAVE_S)
    return rest, steps, machine


async def _step(crowd: _Crowd, calls: int, seconds: float) -> Step:
    """What the server uses with the callers that are on the line."""
    _say(f"{calls} calls" if calls else "at rest")
    figures, processes = Figures(), crowd.server.processes()
    before, cpu_s, began_s = crowd.figures.broken, processes.cpu_s(), _now_s()
    for caller, _ in crowd.callers:
        caller.count_in(figures)
    figures.measuring = True
    await asyncio.sleep(seconds)
    figures.measuring = False
    passed_s = _now_s() - began_s
    server_s, database_s = (after - start for after, start in zip(processes.cpu_s(), cpu_s, strict=True))
    used, _ = descriptors(crowd.server.pid)
    connections, _ = await crowd.server.database_connections()
    broken = figures.broken + crowd.figures.broken - before
    return Step(
        calls=calls,
        core=server_s / passed_s,
        database_core=database_s / passed_s,
        memory_mb=processes.memory_mb(),
        descriptors=used,
        connections=connections,
        turns=len(figures.added),
        added_p95_ms=_percentile(figures.added, 95),
        late=figures.late_replies + figures.missed + figures.not_cleared + broken,
        callers_late_ms=_percentile(figures.send_late, 99),
    )


def _now_s() -> float:
    return SystemClock().monotonic_us() / 1e6


def _percentile(values: list[float], which: int) -> float:
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[which - 1]


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
