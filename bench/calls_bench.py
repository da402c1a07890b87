"""Calls over media websockets shaped as Twilio's, against ``callwright serve`` with providers that have nothing to compute.

    make bench-calls ARGS="--calls 8,40 --seconds 30 --vad deaf"

Prints a row for each number of calls: CPU seconds per minute of call of the server and of PostgreSQL, what the server adds to the scripted
100 ms before a reply and 180 ms before a clear, replies that came late, the longest pause of the server's loop and of its garbage
collector, memory per call. The server is bound to the first core and the callers to the second, if there are two.

``--vad local`` has Silero judge every frame. ``--ended 100`` has so many calls end at once just before. ``--rounds 10`` repeats, to show
growth. ``--idle 60`` measures the server at rest. ``--source DIR`` measures another checkout's server. ``--url ws://...`` with ``--pid N``
measures another server, which must speak Twilio's messages, need no webhook, and answer with the sounds of ``calls_providers``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
from bench.stream_load import Caller, Figures  # noqa: E402

from callwright.domain.phone_number import CARRIER, PhoneNumber  # noqa: E402
from callwright.domain.tenant import DEFAULT_TENANT_ID  # noqa: E402
from callwright.ops.clock import SystemClock  # noqa: E402
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement  # noqa: E402
from callwright.storage.ledger import PostgresLedger  # noqa: E402
from callwright.storage.migrate import migrate  # noqa: E402
from callwright.telephony.twilio.vendor import signature  # noqa: E402

ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 32, "calls-bench", "+15550100"
RAMP_S, SETTLE_S = 0.12, 4.0
_LISTENS = re.compile(r"callwright listens on (http://\S+)")
_TICKS = os.sysconf("SC_CLK_TCK")


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
    source: Path
    url: str
    pid: int
    pin: bool
    out: Path | None


@dataclass
class Watched:
    """Processes whose CPU time and memory are counted."""

    server: list[int]
    database: list[int] = field(default_factory=list)

    def cpu_s(self) -> tuple[float, float]:
        """Of the server and of the database, so far."""
        return sum(map(_cpu_s, self.server)), sum(map(_cpu_s, self.database))

    def memory_mb(self) -> float:
        """Of the server, its share of what it shares included."""
        return sum(map(_pss_mb, self.server))

    def wait_s(self) -> float:
        """How long the server could have run and had no core."""
        return sum(map(_wait_s, self.server))


def _cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / _TICKS
    return 0.0


def _wait_s(pid: int) -> float:
    waited = 0
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            waited += int((task / "schedstat").read_text().split()[1])
    return waited / 1e9


def _pss_mb(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _children(pid: int) -> list[int]:
    """The process and all below it."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            below.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += below.get(found[-1], [])
    return found


class Server:
    """``callwright serve`` of a checkout, on a database of its own."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.folder = folder
        self._options = options
        self.pauses = folder / "pauses"
        self.url = ""
        self._postgres = EmbeddedPostgres(
            folder, placement=ServerPlacement(elsewhere=folder / "elsewhere", settings={})
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._dsn = self._key = ""

    def start(self) -> None:
        """Start it. Blocks."""
        self._dsn = self._postgres.acquire()
        asyncio.run(migrate(self._dsn))
        environment = self._environment()
        log = self.folder / "serve.log"
        command = [sys.executable, "-W", "ignore", "-m", "callwright"]
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [*command, "serve"], cwd=self.folder, env=environment, stdout=file, stderr=file
            )
        if self._options.pin:
            os.sched_setaffinity(self._process.pid, {0})
        until_s = time.monotonic() + 90
        while not (found := _LISTENS.search(log.read_text(errors="replace"))):
            if self._process.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-3_000:]}")
            time.sleep(0.1)
        self.url = found[1]
        made = subprocess.run(
            [*command, "keys", "create", "--name", "bench"],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        self._key = made.stdout.strip().splitlines()[-1]

    def _environment(self) -> dict[str, str]:
        plugin = self.folder / "plugin" / "calls_bench-1.dist-info"
        plugin.mkdir(parents=True)
        (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: calls-bench\nVersion: 1\n")
        (plugin / "entry_points.txt").write_text("[callwright.plugins]\ncalls_bench = calls_providers:PLUGINS\n")
        paths = (self._options.source / "src", ROOT / "bench", plugin.parent)
        most = str(max(self._options.calls) + self._options.ended + 20)
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "DATABASE_URL": self._dsn,
            "CALLS_BENCH_PAUSES": str(self.pauses),
            "CALLS_BENCH_PIECE_MS": str(self._options.piece_ms),
            "CALLWRIGHT_DATA": str(self.folder / "data"),
            "CALLWRIGHT_PORT": "0",
            "CALLWRIGHT_SECRET": "5e" * 32,
            "CALLWRIGHT_MAX_CALLS": most,
            "CALLWRIGHT_MAX_CONNECTIONS": "4000",
            "CALLWRIGHT_MAX_CONNECTIONS_OF_ADDRESS": "3000",
            "CALLWRIGHT_DRAIN_SECONDS": "0",
            "CALLWRIGHT_VAD": self._options.vad,
            "CALLWRIGHT_TURN": "none",
            "PYTHONUNBUFFERED": "1",
        }

    async def furnish(self) -> None:
        """Give it an agent that answers NUMBER."""
        headers = {"Authorization": f"Bearer {self._key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False) as api:
            for name, value in (("ACCOUNT_SID", ACCOUNT), ("AUTH_TOKEN", TOKEN), ("PHONE_NUMBER", NUMBER)):
                stored = {"provider_name": f"TWILIO_{name}", "provider_value": value}
                (await api.post("/providers", json=stored)).raise_for_status()
            made = await api.post("/v2/agent", json=_AGENT)
            if made.is_error:
                raise RuntimeError(made.text)
            agent_id = str(made.json()["agent_id"])
        ledger, now = PostgresLedger(self._dsn), SystemClock().now()
        await ledger.open()
        try:
            async with ledger.unit() as unit:
                row = PhoneNumber(
                    "bench-number", DEFAULT_TENANT_ID, NUMBER, CARRIER, "twilio", now, now,
                    agent_tenant_id=DEFAULT_TENANT_ID, agent_id=agent_id,
                )  # fmt: skip
                await unit.numbers.add(row)
                await unit.connection.execute("update tenant set max_concurrency = 5000")
        finally:
            await ledger.aclose()

    async def address(self, client: httpx.AsyncClient, call_id: str) -> str:
        """Where the stream of a call that comes in goes, as the server tells Twilio."""
        form = {"CallSid": call_id, "AccountSid": ACCOUNT, "CallStatus": "ringing", "To": NUMBER, "From": "+15550123"}
        url = f"{self.url}/lines/twilio/incoming"
        signed = signature(TOKEN, url, {name: [value] for name, value in form.items()})
        told = await client.post(url, data=form, headers={"X-Twilio-Signature": signed})
        stream = ET.fromstring(told.text).find("Connect/Stream") if told.is_success else None
        if stream is None:
            raise RuntimeError(f"the call was not taken: {told.status_code} {told.text}")
        return stream.attrib["url"]

    def watched(self) -> Watched:
        """Its processes, and those of its database."""
        assert self._process is not None
        master = int(next(self.folder.rglob("postmaster.pid")).read_text().splitlines()[0])
        return Watched(_children(self._process.pid), _children(master))

    def stop(self) -> None:
        """End both."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        self._postgres.release()


_AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Bench",
        "agent_welcome_message": "",
        "tasks": [
            {
                "task_type": "conversation",
                "tools_config": {
                    "input": {"provider": "twilio", "format": "wav"},
                    "output": {"provider": "twilio", "format": "wav"},
                    "transcriber": {"provider": "bench", "model": "bench", "language": "en"},
                    "llm_agent": {"provider": "bench", "model": "bench", "max_tokens": 200},
                    "synthesizer": {"provider": "bench", "provider_config": {"voice": "bench"}},
                },
                "task_config": {
                    "call_terminate": 2_000,
                    "incremental_delay": 0,
                    "interruption_backoff_period": 0,
                    "hangup_after_silence": 600,
                    "number_of_words_for_interruption": 1,
                },
            }
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "Say where orders are."}},
}


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cw-calls-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def measure(calls: int, options: Options, watched: Watched, server: Server | None) -> dict[str, Any]:
    """One row."""
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=8)) as client:

        async def address(call_id: str) -> str:
            return await server.address(client, call_id) if server is not None else options.url

        loop, at_rest_mb = asyncio.get_running_loop(), watched.memory_mb()
        if options.ended:
            await _calls(options.ended, loop.time() + 0.05 * options.ended + 30, address, Figures(), 0.05)
        figures, ramp_s = Figures(), RAMP_S if not options.ended else 0.0
        begin_s = loop.time() + ramp_s * calls + (SETTLE_S if not options.ended else 0.0)
        work = asyncio.create_task(_calls(calls, begin_s + options.seconds + 0.3, address, figures, ramp_s))
        await asyncio.sleep(begin_s - loop.time())
        cpu_s, wait_s, own_s, began_s = watched.cpu_s(), watched.wait_s(), time.process_time(), time.time()
        figures.measuring = True
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


async def _calls(calls: int, until_s: float, address: Any, figures: Figures, ramp_s: float) -> None:
    async def one(number: int) -> None:
        await asyncio.sleep(ramp_s * number)
        await Caller(number, address, figures).call(until_s)

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


async def rest(seconds: float, watched: Watched) -> dict[str, Any]:
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


async def run(options: Options, server: Server | None) -> None:
    """All rows."""
    if server is not None:
        await server.furnish()
        await asyncio.sleep(2)
        if options.idle:
            _show(await rest(options.idle, server.watched()), options.out)
    for calls in options.calls * options.rounds:
        watched = server.watched() if server is not None else Watched(_children(options.pid))
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
        calls, given.seconds, given.vad, given.piece_ms, given.ended, given.rounds, given.idle,
        given.source.resolve(), given.url, given.pid, pin, given.out,
    )  # fmt: skip
    if options.url:
        asyncio.run(run(options, None))
        return 0
    with _folder() as folder:
        server = Server(folder, options)
        try:
            server.start()
            asyncio.run(run(options, server))
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
