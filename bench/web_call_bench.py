"""Processor time of the server for calls from browsers, against calls on the loopback line, in one run.

    python bench/web_call_bench.py [--calls 8] [--rounds 3] [--vad local]

In both an agent talks to callers who listen, `--calls` at once, in turns. The pages run in a process of their own, as browsers do; the
synthetic callers of the loopback line run in the server. Voice and recogniser are scripted, the detector is the server's usual one. Pages
are measured in silence and in a room with a faint hum, and send several frames of either in a message, as the client does. Exits with 1
when either costs more than 1.2 times a loopback call.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import numpy as np  # noqa: E402
import uvloop  # noqa: E402
from tests.call_world import SCENARIO, agent_body  # noqa: E402
from tests.web_page import page  # noqa: E402

from callwright.bootstrap.platform import open_platform  # noqa: E402
from callwright.cli.serving import bind, http_server, url_of  # noqa: E402
from callwright.media.g711 import mulaw_of  # noqa: E402
from callwright.ops.settings import Settings  # noqa: E402
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID  # noqa: E402
from callwright.platform.keys.actions.keys import create_key  # noqa: E402
from callwright.ports.leg import SILENCE_FRAME  # noqa: E402
from callwright.ports.registry import PluginContext, Registry  # noqa: E402
from callwright.providers.local import PLUGINS as LOCAL  # noqa: E402
from callwright.providers.scripted import PLUGINS as SCRIPTED  # noqa: E402
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement  # noqa: E402
from callwright.telephony.browser import PLUGINS as BROWSER  # noqa: E402
from callwright.telephony.loopback import PLUGINS as LOOPBACK  # noqa: E402

TARGET = 1.2
_UNDER_WAY = ("in-progress", "ringing")
TALK_SECONDS = 20
ROOM = mulaw_of((60 * np.sin(np.arange(160) * np.pi / 8)).astype("<i2").tobytes())
"""20 ms of a faint hum, which no detector takes for speech."""
SPEECH = " ".join(["Every word of this is spoken to somebody who listens."] * 6)


async def serve(folder: Path, dsn: str, vad: str) -> None:
    """The server: prints its address and key, then its processor time for each line it reads."""
    scenario = folder / "scenario.json"
    listener_only = {"answer": {"how": "answer", "after_s": 0.1}, "patience_s": 0, "rules": []}
    scenario.write_text(json.dumps({**SCENARIO, "personas": {**SCENARIO["personas"], "listens": listener_only}}))
    listener = bind("127.0.0.1", 0)
    settings = Settings(
        data=folder / "data", database_url=dsn, sip_listen="", vad=vad, turn="none", scenario=scenario,
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
    )  # fmt: skip
    registry = Registry([*SCRIPTED, *LOCAL, *LOOPBACK, *BROWSER])
    async with (
        open_platform(settings, url_of(listener), registry) as platform,
        http_server(platform.app, listener),
    ):
        key = (await create_key(platform.services, DEFAULT_TENANT_ID, "bench")).secret
        print(json.dumps({"url": url_of(listener), "key": key}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(time.process_time(), flush=True)


class Server:
    """The server in its process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, key: str) -> None:
        self._process = process
        headers = {"Authorization": f"Bearer {key}"}
        self.client = httpx.AsyncClient(base_url=url, headers=headers, timeout=60)

    async def cpu_s(self) -> float:
        """Processor time it has used."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return float(await self._process.stdout.readline())

    async def agent(self) -> str:
        """An agent that talks for as long as is measured, and is not interrupted."""
        body = agent_body()
        prompts = body.pop("agent_prompts")
        body.pop("webhook_url")
        body["agent_welcome_message"] = SPEECH
        made = await self.client.post("/v2/agent", json={"agent_config": body, "agent_prompts": prompts})
        made.raise_for_status()
        return str(made.json()["agent_id"])

    async def over(self, ids: list[str]) -> None:
        """Wait until the calls have ended, after asking them to."""
        for execution_id in ids:
            await self.client.post(f"/call/{execution_id}/stop")
        for execution_id in ids:
            while True:
                if (await self.client.get(f"/executions/{execution_id}")).json()["status"] not in _UNDER_WAY:
                    break
                await asyncio.sleep(0.1)


@asynccontextmanager
async def server(folder: Path, dsn: str, vad: str) -> AsyncIterator[Server]:
    """A server that is measured."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "--serve", str(folder), "--dsn", dsn, "--vad", vad),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    found = json.loads(await process.stdout.readline())
    one = Server(process, found["url"], found["key"])
    try:
        yield one
    finally:
        await one.client.aclose()
        process.stdin.close()
        await process.wait()


async def over_loopback(one: Server, agent_id: str, calls: int, persona: str) -> float:
    """Processor time for each second of a call."""
    ids = []
    for _ in range(calls):
        body = {"agent_id": agent_id, "recipient_phone_number": f"loopback:{persona}"}
        ids.append((await one.client.post("/call", json=body)).json()["execution_id"])
    return await measured(one, ids, calls)


async def from_browsers(one: Server, agent_id: str, calls: int, room: bytes) -> float:
    """The same of calls from pages that send what is heard in their room and play what comes."""
    ids, pages = [], []
    for _ in range(calls):
        session = (await one.client.post("/v1/web-call/session", json={"agent_id": agent_id})).json()
        caller = await page(plugin, {"patience_s": 0, "rules": []})
        caller.room = room
        pages.append(asyncio.create_task(caller.call(session["url"])))
        ids.append(session["execution_id"])
    try:
        return await measured(one, ids, calls)
    finally:
        await asyncio.gather(*pages, return_exceptions=True)


async def measured(one: Server, ids: list[str], calls: int) -> float:
    """The server's time while all calls talk."""
    await asyncio.sleep(3)
    before, began = await one.cpu_s(), time.perf_counter()
    await asyncio.sleep(TALK_SECONDS)
    used, took = await one.cpu_s() - before, time.perf_counter() - began
    await one.over(ids)
    return used / took / calls


def plugin(kind: str, name: str) -> Any:
    """The scripted providers of the pages' callers."""
    return Registry(SCRIPTED).find(kind, name).factory(PluginContext({}, Path()))


async def measure(folder: Path, dsn: str, vad: str, calls: int, rounds: int) -> bool:
    """Print the figures; whether the ratios meet their target."""
    found: dict[str, list[float]] = {"loopback": [], "silence": [], "room": [], "idle": []}
    async with server(folder, dsn, vad) as one:
        agent_id = await one.agent()
        for _ in range(rounds):
            before = await one.cpu_s()
            await asyncio.sleep(5)
            found["idle"].append((await one.cpu_s() - before) / 5)
            found["loopback"].append(await over_loopback(one, agent_id, calls, "listens"))
            found["silence"].append(await from_browsers(one, agent_id, calls, SILENCE_FRAME))
            found["room"].append(await from_browsers(one, agent_id, calls, ROOM))
    idle = statistics.median(found["idle"]) / calls
    cost = {kind: statistics.median(values) - idle for kind, values in found.items() if kind != "idle"}
    for kind, value in cost.items():
        print(f"{kind:<10} {value * 100:.2f} % of a core for a call, of {[round(one * 100, 2) for one in found[kind]]}")
    good = True
    for kind in ("silence", "room"):
        ratio = cost[kind] / cost["loopback"]
        each = [round(browser / loopback, 2) for browser, loopback in zip(found[kind], found["loopback"], strict=True)]
        print(f"ratio of {kind:<8} {ratio:.2f} (target at most {TARGET}), rounds {each}")
        good = good and ratio <= TARGET
    return good


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--vad", default="local", help="the server's voice activity detector: local or energy")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dsn", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve is not None:
        uvloop.run(serve(arguments.serve, arguments.dsn, arguments.vad))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="cw-bench-"))
    database = EmbeddedPostgres(folder, placement=ServerPlacement(elsewhere=folder / "elsewhere"))
    try:
        dsn = database.acquire()
        good = asyncio.run(measure(folder, dsn, arguments.vad, arguments.calls, arguments.rounds))
    finally:
        database.release()
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
