"""What reads of the API cost: `python bench/api_bench.py [--rows N]`. On the embedded database, over loopback.

Part one: processor time of the server per `GET /executions/{id}` of 6 KB with the key checked, against a bare handler of Starlette and
asyncpg that does the same, in turns: one execution again and again, as clients poll, and a thousand others one after the other, none of
which the server has kept. Part two: among a million executions of one agent, how long the first page, a page behind a cursor and pages by
number at several depths take.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement

HERE = Path(__file__).resolve().parent
# Short rounds in turn, and the median of their ratios: on a shared machine the speed of a processor changes from second to second, so
# that a round of ours and one of the bare server's compare only where they are close.
OTHERS, CONNECTIONS, ROUNDS, PAGES = 1_023, 32, 15, 30
TARGET_RATIO = 2.0
PAGE_MS, DEPTH_MS = 10.0, 50.0
AGENT_ID = "00000000-0000-4000-8000-00000000a9e1"
READ_ID = "00000000-0000-4000-8000-00000000c411"
SCRIPTED = {
    "CALLWRIGHT_TRANSCRIBER": "scripted",
    "CALLWRIGHT_MODEL": "scripted",
    "CALLWRIGHT_VOICE": "scripted",
    "CALLWRIGHT_VAD": "energy",
    "CALLWRIGHT_TURN": "none",
    "CALLWRIGHT_LOOPBACK_VOICE": "scripted",
    "CALLWRIGHT_LOOPBACK_EARS": "scripted",
    "CALLWRIGHT_SIP_LISTEN": "off",
    "CALLWRIGHT_RATE_LIMITS": "off",
}


def record() -> dict[str, Any]:
    """The record of a call of some turns."""
    said = [
        f"{'assistant' if turn % 2 else 'user'}: a sentence of about sixty characters, number {turn}."
        for turn in range(24)
    ]
    return {
        "conversation_ms": 61_400,
        "transcript": "\n".join(said),
        "turns": [
            {
                "part": "turn",
                "turn": turn,
                "user": "Something that was asked.",
                "assistant": "Something that was answered, in a few words more.",
                "cost_nano": {"llm": 1_000, "synthesizer": 2_000, "transcriber": 300, "network": 0, "platform": 0},
                "latency_us": {"total": 812_345, "endpointing": 300_000, "model": 412_345, "voice": 100_000},
            }
            for turn in range(7)
        ],
    }


async def fill(dsn: str, rows: int) -> None:
    """One agent with ``rows`` executions over thirty days, and the one that is read."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "insert into agent (id, tenant_id, name, body, revision, created_at, updated_at)"
            " values ($1, $2, 'Bench', $3, 1, now(), now())",
            AGENT_ID, DEFAULT_TENANT_ID, json.dumps({"agent_name": "Bench", "tasks": []}),
        )  # fmt: skip
        # Telling every listener of a million rows is no part of what is measured.
        await connection.execute("alter table execution disable trigger user")
        await connection.execute("alter table execution enable trigger execution_added")
        insert = """
            insert into execution (id, tenant_id, agent_id, status, phase, detail, attempt, direction, carrier, to_number, from_number,
              created_at, updated_at, user_data, options, agent, record)
            select {id}, $1, $2, 'completed', 'done', 'completed', 1, 'outbound', 'loopback', '+15550101', '+15550100',
              {at}, now(), '{{}}', '{{}}', '{{}}', $3 from {source}"""
        for first in range(0, rows, 100_000):
            many = insert.format(
                id="gen_random_uuid()::text",
                at=f"now() - make_interval(secs => n * {30 * 86_400 / max(rows, 1):.6f})",
                source=f"generate_series({first}, {min(first + 100_000, rows) - 1}) n",
            )
            await connection.execute(many, DEFAULT_TENANT_ID, AGENT_ID, "{}", timeout=600)
        read = insert.format(
            id=f"overlay('{READ_ID}' placing lpad(to_hex(n), 8, '0') from 1 for 8)",
            at="now()",
            source=f"generate_series(0, {OTHERS}) n",
        )
        await connection.execute(read, DEFAULT_TENANT_ID, AGENT_ID, json.dumps(record()))
        await connection.execute("alter table execution enable trigger user")
        await connection.execute("vacuum analyze execution", timeout=600)
    finally:
        await connection.close()


async def keep_bare(dsn: str, body: bytes) -> None:
    """The answer of the API, for the bare server."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("create table bare_execution (id text primary key, body bytea not null)")
        await connection.executemany(
            "insert into bare_execution values ($1, $2)", [(one, body) for one in ids(OTHERS + 1)]
        )
    finally:
        await connection.close()


def ids(count: int) -> list[str]:
    """The executions that are read, the polled one first."""
    return [f"{number:08x}{READ_ID[8:]}" for number in range(count)]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: Sequence[str], environ: dict[str, str], url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server until it is not needed any more."""
    started = subprocess.Popen([sys.executable, *command], env=environ, stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield started
    finally:
        started.terminate()
        started.wait(30)


def processor_seconds(pid: int) -> float:
    """What a process has used so far, by its own clock (clock_getcpuclockid(3)): ``/proc/PID/stat`` counts in 10 ms."""
    return time.clock_gettime((~pid << 3) | 2)


async def load(port: int, key: str, wanted: Sequence[str]) -> None:
    """Read the executions in turn over CONNECTIONS connections that stay open, and every answer whole."""
    lines = f"Host: bench\r\nAuthorization: Bearer {key}\r\n\r\n"

    async def one(mine: Sequence[str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for execution_id in mine:
            writer.write(f"GET /executions/{execution_id} HTTP/1.1\r\n{lines}".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(one(wanted[start::CONNECTIONS]) for start in range(CONNECTIONS)))


def cost_us(server: subprocess.Popen[bytes], port: int, key: str, wanted: Sequence[str]) -> float:
    """Processor time of the server per request, in microseconds."""
    # The end of the list, so that what is measured begins with answers the server has not kept from this.
    asyncio.run(load(port, key, wanted[-320:]))
    before = processor_seconds(server.pid)
    asyncio.run(load(port, key, wanted))
    return (processor_seconds(server.pid) - before) / len(wanted) * 1e6


def pages(client: httpx.Client, server: subprocess.Popen[bytes], rows: int) -> list[dict[str, Any]]:
    """How long pages take: the median of some, in milliseconds; and the server's own processor time for one."""
    url = f"/v2/agent/{AGENT_ID}/executions"
    first = client.get(url).json()
    wanted: list[tuple[str, dict[str, Any], float]] = [("first page", {}, PAGE_MS)]
    if first.get("next_cursor"):
        wanted.append(("cursor page", {"cursor": first["next_cursor"]}, PAGE_MS))
    wanted += [(f"page {number}", {"page_number": number}, DEPTH_MS) for number in (rows // 80, rows // 40, rows // 20)]
    found = []
    for name, query, target in wanted:
        took, before = [], processor_seconds(server.pid)
        for _ in range(PAGES):
            began = time.perf_counter()
            answer = client.get(url, params=query)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["data"]) == 20, (name, len(answer.json()["data"]))
        found.append(
            {
                "page": name,
                "ms": round(statistics.median(took), 1),
                "worst_ms": round(max(took), 1),
                "server_cpu_ms": round((processor_seconds(server.pid) - before) * 1000 / PAGES, 1),
                "target_ms": target,
            }
        )
    return found


def compared(ours_us: Sequence[float], bare_us: Sequence[float]) -> dict[str, Any]:
    """The medians of the rounds, and the median and range of the middle half of their ratios."""
    ratios = [ours / bare for ours, bare in zip(ours_us, bare_us, strict=True)]
    low, middle, high = (round(quarter, 2) for quarter in statistics.quantiles(ratios, n=4))
    return {
        "us": round(statistics.median(ours_us)),
        "bare_us": round(statistics.median(bare_us)),
        "ratio": middle,
        "middle_half": [low, high],
    }


def measure(dsn: str, folder: Path, rows: int) -> dict[str, Any]:
    """Both parts."""
    port, bare_port = free_port(), free_port()
    environ = {
        **os.environ, **SCRIPTED, "DATABASE_URL": dsn, "CALLWRIGHT_DATA": str(folder), "CALLWRIGHT_PORT": str(port),
    }  # fmt: skip
    made = subprocess.run(
        [sys.executable, "-m", "callwright", "keys", "create", "--name", "bench"],
        env=environ,
        check=True,
        capture_output=True,
    )
    key = next(word for word in made.stdout.decode().split() if word.startswith("bn-"))
    asyncio.run(fill(dsn, rows))
    with process(["-m", "callwright", "serve"], environ, f"http://127.0.0.1:{port}/readyz") as ours:
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=120
        )
        path = f"/executions/{READ_ID}"
        body = client.get(path).content
        asyncio.run(keep_bare(dsn, body))
        command = [str(HERE / "bare_server.py"), dsn, str(bare_port), key]
        with process(command, environ, f"http://127.0.0.1:{bare_port}/") as bare:
            polled, others = ids(1) * OTHERS, ids(OTHERS + 1)[1:]
            rounds = [
                [
                    cost_us(server, at, key, wanted)
                    for wanted in (polled, others)
                    for server, at in ((ours, port), (bare, bare_port))
                ]
                for _ in range(ROUNDS)
            ]
        found = pages(client, ours, rows) if rows else []
    polled_us, bare_polled_us, others_us, bare_others_us = zip(*rounds, strict=True)
    return {
        "bench": "api",
        "body_bytes": len(body),
        "requests": OTHERS * ROUNDS,
        "polled": compared(polled_us, bare_polled_us),
        "others": compared(others_us, bare_others_us),
        "target_ratio": TARGET_RATIO,
        "rows": rows,
        "pages": found,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print one JSON object; 1 when a figure misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        place = ServerPlacement(elsewhere=Path(folder) / "elsewhere", settings={"fsync": "off"})
        server = EmbeddedPostgres(Path(folder) / "postgres", placement=place)
        try:
            found = measure(server.acquire(), Path(folder) / "data", options.rows)
        finally:
            server.release()
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    late = [page for page in found["pages"] if page["ms"] > page["target_ms"]]
    return int(max(found["polled"]["ratio"], found["others"]["ratio"]) > TARGET_RATIO or bool(late))


if __name__ == "__main__":
    sys.exit(main())
