"""Calls over media websockets shaped as Twilio's, against ``callwright serve`` with providers that have nothing to compute.

    make bench-calls ARGS="--calls 8,40 --seconds 30 --vad deaf"

Prints a row for each number of calls: CPU seconds per minute of call of the server and of PostgreSQL, what the server adds to the scripted
100 ms before a reply and 180 ms before a clear, replies that came late, the longest pause of the server's loop and of its garbage
collector, memory per call. The server is bound to the first core and the callers to the second, if there are two.

``--vad local`` has Silero judge every frame. ``--ended 100`` has so many calls end at once just before. ``--rounds 10`` repeats, to show
growth. ``--every 120`` shows memory, tasks, sockets and file descriptors of the server every so many seconds of a long row. ``--idle 60``
measures the server at rest. ``--source DIR`` measures another checkout's server. ``--url ws://...`` with ``--pid N`` measures another
server, which must speak Twilio's messages, need no webhook, and answer with the sounds of ``callwright.lab.load_providers``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from callwright.bootstrap.load_server import LoadServer, LoadSettings, load_server
from callwright.lab.stream_callers import Caller, Figures
from callwright.ops.process_usage import ServerProcesses, open_targets, process_tree

ROOT = Path(__file__).resolve().parents[1]
RAMP_S, SETTLE_S = 0.12, 4.0


@dataclass
class Options:
    """What to measure."""

    calls: list[int]
    seconds: float
    vad: str
    piece_ms: int
    ended: int
    rounds: int
    idle: float
    every: float
    source: Path
    url: str
    pid: int
    pin: bool
    out: Path | None


async def measure(calls: int, options: Options, watched: ServerProcesses, server: LoadServer | None) -> dict[str, Any]:
    """One row."""
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=8)) as client:

        async def address(call_id: str) -> str:
            return await server.address(client, call_id) if server is not None else options.url

        loop, at_rest_mb = asyncio.get_running_loop(), watched.memory_mb()
        if options.ended:
            await _calls(options.ended, 0.05 * options.ended + 30, address, Figures(), 0.05)
        figures, ramp_s = Figures(), RAMP_S if not options.ended else 0.0
        begin_s = loop.time() + ramp_s * calls + (SETTLE_S if not options.ended else 0.0)
        work = asyncio.create_task(
            _calls(calls, begin_s - loop.time() + options.seconds + 0.3, address, figures, ramp_s)
        )
        await asyncio.sleep(begin_s - loop.time())
        cpu_s, wait_s, own_s, began_s = watched.cpu_s(), watched.wait_s(), time.process_time(), time.time()
        figures.measuring = True
        if options.every and server is not None:
            await _soak(options, server, work)
        else:
            await asyncio.sleep(options.seconds)
        figures.measuring = False
        passed_s = time.time() - began_s
        spent = [after - before for before, after in zip(cpu_s, watched.cpu_s(), strict=True)]
        row = {
            "calls": calls, "vad": options.vad, "source": str(options.source), "began": time.strftime("%H:%M", time.localtime(began_s)),
            "cpu_s_per_call_min": spent[0] / (calls * passed_s / 60),
            "database_cpu_s_per_call_min": spent[1] / (calls * passed_s / 60),
            "core_pct": 100 * spent[0] / passed_s,
            "server_waited_pct": 100 * (watched.wait_s() - wait_s) / passed_s,
            "load_core_pct": 100 * (time.process_time() - own_s) / passed_s,
            "mb_per_call": (watched.memory_mb() - at_rest_mb) / calls,
            "mb_at_rest": at_rest_mb,
            **_said(figures),
            **(_pauses(server.pauses, began_s, figures.sent) if server is not None else {}),
        }  # fmt: skip
        await work
    return row


async def _soak(options: Options, server: LoadServer, work: asyncio.Task[None]) -> None:
    """Show what the server holds at the start, every ``options.every`` seconds, and at the end of ``options.seconds``, or when a caller
    fails."""
    began_s = time.monotonic()
    while True:
        processes, passed_s = server.processes(), time.monotonic() - began_s
        last = server.pauses.read_text().splitlines()[-1].split()
        held = {"at_s": round(passed_s), "memory_mb": processes.memory_mb(), "tasks": int(last[4])}
        open_files = [one for pid in processes.server for one in open_targets(pid)]
        sockets = sum(one.startswith("socket:") for one in open_files)
        _show({**held, "sockets": sockets, "descriptors": len(open_files)}, options.out)
        if passed_s >= options.seconds or work.done():
            return
        await asyncio.wait({work}, timeout=min(options.every, options.seconds - passed_s))


async def _calls(calls: int, seconds: float, address: Any, figures: Figures, ramp_s: float) -> None:
    """So many calls, begun one after the other, all ended ``seconds`` from now."""

    async def one(number: int) -> None:
        await asyncio.sleep(ramp_s * number)
        await Caller(number, address, figures).call(seconds - ramp_s * number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(calls):
            tasks.create_task(one(number))


def _said(figures: Figures) -> dict[str, Any]:
    return {
        "turns": len(figures.added), "missed": figures.missed,
        **_percentiles("added_ms", figures.added),
        "interruptions": len(figures.interruption), "not_cleared": figures.not_cleared, "stale_frames": figures.stale_frames,
        **_percentiles("interruption_ms", figures.interruption),
        "replies": figures.replies, "late_replies": figures.late_replies, "broken": figures.broken,
        **_percentiles("load_late_ms", figures.send_late, (99,)),
    }  # fmt: skip


def _percentiles(name: str, values: Sequence[float], which: Sequence[int] = (50, 95, 100)) -> dict[str, float]:
    if len(values) < 2:
        return {f"{name}_p{one}": float("nan") for one in which}
    cut = [*statistics.quantiles(values, n=100, method="inclusive"), max(values)]
    return {f"{name}_p{one}": cut[one - 1] for one in which}


def _pauses(path: Path, since_s: float, sent: int) -> dict[str, float]:
    """The longest of the seconds that were measured, and the share of the frames that were heard."""
    lines = [line.split() for line in path.read_text().splitlines()]
    seconds = [line for line in lines if float(line[0]) > since_s]
    if len(seconds) < 2:
        return {}
    heard = int(seconds[-1][3]) - int(seconds[0][3])
    return {
        "loop_pause_ms": max(float(line[1]) for line in seconds),
        "gc_pause_ms": max(float(line[2]) for line in seconds),
        "heard_share": heard / max(1.0, sent * (len(seconds) - 1) / (float(seconds[-1][0]) - since_s)),
    }


async def rest(seconds: float, watched: ServerProcesses) -> dict[str, Any]:
    """The server without calls."""
    await asyncio.sleep(20)
    began_s, cpu_s = time.monotonic(), watched.cpu_s()
    await asyncio.sleep(seconds)
    passed_s = time.monotonic() - began_s
    spent = [100 * (after - before) / passed_s for before, after in zip(cpu_s, watched.cpu_s(), strict=True)]
    return {"idle_core_pct": spent[0], "idle_database_core_pct": spent[1], "mb_at_rest": watched.memory_mb()}


def _show(row: dict[str, Any], out: Path | None) -> None:
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}
    print(json.dumps(rounded), flush=True)
    if out is not None:
        with out.open("a") as file:
            file.write(json.dumps(rounded) + "\n")


async def run(options: Options, server: LoadServer | None) -> None:
    """All rows."""
    if server is not None:
        await server.start()
        await asyncio.sleep(2)
        if options.idle:
            _show(await rest(options.idle, server.processes()), options.out)
    for calls in options.calls * options.rounds:
        watched = server.processes() if server is not None else ServerProcesses(process_tree(options.pid))
        _show(await measure(calls, options, watched, server), options.out)


def main() -> int:
    """0 unless it could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", default="8", help="numbers of calls at once, with commas")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--vad", default="deaf", help="deaf, energy or local (Silero)")
    parser.add_argument("--piece-ms", type=int, default=20, help="sound that the voice gives at a time")
    parser.add_argument("--ended", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--idle", type=float, default=0.0)
    parser.add_argument("--every", type=float, default=0.0)
    parser.add_argument("--source", type=Path, default=ROOT)
    parser.add_argument("--url", default="")
    parser.add_argument("--pid", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    pin = len(os.sched_getaffinity(0)) > 1
    if pin:
        os.sched_setaffinity(0, {1})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    calls = [int(number) for number in str(given.calls).split(",") if int(number)]
    options = Options(
        calls, given.seconds, given.vad, given.piece_ms, given.ended, given.rounds, given.idle, given.every,
        given.source.resolve(), given.url, given.pid, pin, given.out,
    )  # fmt: skip
    if options.url:
        asyncio.run(run(options, None))
        return 0
    settings = LoadSettings(
        max(calls, default=0) + options.ended, options.vad, options.piece_ms,
        frozenset({0}) if pin else frozenset(), options.source / "src",
    )  # fmt: skip
    with load_server(settings) as server:
        asyncio.run(run(options, server))
    return 0


if __name__ == "__main__":
    sys.exit(main())
