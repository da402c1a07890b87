"""Calls over media websockets shaped as Twilio's, against ``callwright serve`` with providers that have nothing to compute.

    make bench-calls ARGS="--calls 8,40 --seconds 30 --beside livekit"

Prints a row for each number of calls: CPU seconds per minute of call of the server and of PostgreSQL, what the server adds to the scripted
100 ms before a reply and 180 ms before a clear, replies that came late, the longest pause of the server's loop and of its garbage
collector, memory per call. The server is bound to the first core and the callers to the second, if there are two.

``--vad local`` has Silero judge every frame. ``--ended 100`` has so many calls end at once just before. ``--rounds 10`` repeats, to show
growth. ``--every 120`` shows memory, tasks, sockets and file descriptors of the server every so many seconds of a long row. ``--idle 60``
measures the server at rest. ``--source DIR`` measures another checkout's server. ``--url ws://...`` with ``--pid N`` measures another
server, which must speak Twilio's messages, need no webhook, and answer with the sounds of ``callwright.lab.load_providers``.

``--beside livekit`` has every row followed by one of ``peer_livekit.py``, on the same core and with the same callers, and prints a table of
both at the end. ``--beside-calls 8,16`` gives it other numbers of calls. It needs ``make cloud``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from callwright.bootstrap.load_server import LoadServer, LoadSettings, load_server
from callwright.lab.stream_callers import Caller, Figures
from callwright.ops.process_usage import ServerProcesses, open_targets, process_tree

ROOT = Path(__file__).resolve().parents[1]
RAMP_S, SETTLE_S = 0.12, 4.0
REST_S, REST_CPU_S = 30.0, 0.03
"""Before a row, seconds at most until the other server uses less than so many CPU seconds in a second."""
SERVER_CORE, CALLERS_CORE = 0, 1
PEERS = {"livekit": "peer_livekit.py"}


@dataclass(frozen=True)
class Target:
    """A server to measure. ``address``: where the stream of a call goes. ``pauses``: the file of its loop's pauses, if it writes one."""

    name: str
    calls: Sequence[int]
    address: Callable[[httpx.AsyncClient, str], Awaitable[str]]
    processes: Callable[[], ServerProcesses]
    pauses: Path | None = None


@dataclass
class Options:
    """What to measure."""

    seconds: float
    vad: str
    piece_ms: int
    ended: int
    rounds: int
    idle: float
    every: float
    source: Path
    out: Path | None


async def measure(calls: int, options: Options, target: Target) -> dict[str, Any]:
    """One row."""
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=8)) as client:

        async def address(call_id: str) -> str:
            return await target.address(client, call_id)

        watched = target.processes()
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
        if options.every and target.pauses is not None:
            await _soak(options, target, work)
        else:
            await asyncio.sleep(options.seconds)
        figures.measuring = False
        passed_s = time.time() - began_s
        spent = [after - before for before, after in zip(cpu_s, watched.cpu_s(), strict=True)]
        row = {
            "server": target.name, "calls": calls, "vad": options.vad, "source": str(options.source),
            "began": time.strftime("%H:%M", time.localtime(began_s)),
            "cpu_s_per_call_min": spent[0] / (calls * passed_s / 60),
            "database_cpu_s_per_call_min": spent[1] / (calls * passed_s / 60),
            "core_pct": 100 * spent[0] / passed_s,
            "server_waited_pct": 100 * (watched.wait_s() - wait_s) / passed_s,
            "load_core_pct": 100 * (time.process_time() - own_s) / passed_s,
            "mb_per_call": (watched.memory_mb() - at_rest_mb) / calls,
            "mb_at_rest": at_rest_mb,
            **_said(figures),
            **(_pauses(target.pauses, began_s, figures.sent) if target.pauses is not None else {}),
        }  # fmt: skip
        await work
    return row


async def _soak(options: Options, target: Target, work: asyncio.Task[None]) -> None:
    """Show what the server holds at the start, every ``options.every`` seconds, and at the end of ``options.seconds``, or when a caller
    fails."""
    assert target.pauses is not None
    began_s = time.monotonic()
    while True:
        processes, passed_s = target.processes(), time.monotonic() - began_s
        last = target.pauses.read_text().splitlines()[-1].split()
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


async def run(options: Options, targets: Sequence[Target], server: LoadServer | None) -> list[dict[str, Any]]:
    """All rows. ``server``: the target that is still to be started."""
    if server is not None:
        await server.start()
        await asyncio.sleep(2)
    rows = []
    if options.idle:
        for target in targets:
            _show({"server": target.name, **await rest(options.idle, target.processes())}, options.out)
    numbers = list(itertools.zip_longest(*(target.calls for target in targets), fillvalue=0))
    for row in numbers * options.rounds:
        for target, calls in zip(targets, row, strict=True):
            if calls:
                await _at_rest([other for other in targets if other is not target])
                rows.append(await measure(calls, options, target))
                _show(rows[-1], options.out)
    return rows


async def _at_rest(targets: Sequence[Target]) -> None:
    """Wait until servers have done the work that follows calls: it would take the core from the next row."""
    processes = [target.processes() for target in targets]
    until_s = time.monotonic() + REST_S
    while processes and time.monotonic() < until_s:
        before_s = sum(sum(one.cpu_s()) for one in processes)
        await asyncio.sleep(1)
        if sum(sum(one.cpu_s()) for one in processes) - before_s < REST_CPU_S:
            return


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of several servers in Markdown."""
    lines = [
        "| Calls | Server | CPU s a call-minute | added p50; p95, ms | late of replies; missed | longest loop pause, ms | MB a call |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        database = row["database_cpu_s_per_call_min"]
        cells = (
            f"{row['calls']}",
            row["server"],
            f"{row['cpu_s_per_call_min']:.3f}" + (f" + {database:.3f} PostgreSQL" if database else ""),
            f"{row['added_ms_p50']:.0f}; {row['added_ms_p95']:.0f}",
            f"{row['late_replies']} of {row['replies']}; {row['missed']}",
            f"{row['loop_pause_ms']:.0f}" if "loop_pause_ms" in row else "-",
            f"{row['mb_per_call']:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _fixed(url: str) -> Callable[[httpx.AsyncClient, str], Awaitable[str]]:
    async def address(_client: httpx.AsyncClient, _call_id: str) -> str:
        return url

    return address


@contextlib.contextmanager
def peer(name: str, calls: Sequence[int], piece_ms: int, pin: bool) -> Iterator[Target]:
    """A server of PEERS, in a process of its own. Raises SystemExit when it does not start."""
    with tempfile.TemporaryDirectory(prefix="cw-peer-") as folder:
        pauses = Path(folder) / "pauses"
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT / "src"), "LOAD_TEST_PAUSES": str(pauses), "LOAD_TEST_PIECE_MS": str(piece_ms),
        }  # fmt: skip
        command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name(PEERS[name]))]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            if pin:
                os.sched_setaffinity(process.pid, {SERVER_CORE})
            try:
                assert process.stdout is not None
                told, _, url = process.stdout.readline().strip().rpartition(" ")
                if not url:
                    raise SystemExit(f"--beside {name}: the peer did not start; it says why above")
                yield Target(told, calls, _fixed(url), lambda: ServerProcesses(process_tree(process.pid)), pauses)
            finally:
                process.terminate()


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=_numbers, default=[8], help="numbers of calls at once, with commas")
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
    parser.add_argument("--beside", choices=PEERS, default="")
    parser.add_argument("--beside-calls", type=_numbers, help="instead of those of --calls")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.beside and given.vad != "deaf":
        parser.error("--beside needs --vad deaf: the peer runs without a detector")
    return given


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if int(number)]


def main() -> int:
    """0 unless it could not be measured."""
    given = _parsed()
    pin = len(os.sched_getaffinity(0)) > 1
    if pin:
        os.sched_setaffinity(0, {CALLERS_CORE})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    options = Options(
        given.seconds, given.vad, given.piece_ms, given.ended, given.rounds, given.idle, given.every,
        given.source.resolve(), given.out,
    )  # fmt: skip
    with contextlib.ExitStack() as servers:
        server, targets = None, []
        if given.url:
            other = Target(given.url, given.calls, _fixed(given.url), lambda: ServerProcesses(process_tree(given.pid)))
            targets.append(other)
        else:
            settings = LoadSettings(
                max(given.calls, default=0) + options.ended, options.vad, options.piece_ms,
                frozenset({SERVER_CORE}) if pin else frozenset(), options.source / "src",
            )  # fmt: skip
            server = servers.enter_context(load_server(settings))
            targets.append(Target("callwright", given.calls, server.address, server.processes, server.pauses))
        if given.beside:
            calls = given.calls if given.beside_calls is None else given.beside_calls
            targets.append(servers.enter_context(peer(given.beside, calls, options.piece_ms, pin)))
        rows = asyncio.run(run(options, targets, server))
    if given.beside:
        print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
