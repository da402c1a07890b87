"""How long a page waits for the agent: from its session to the first sound, over our websocket and over SIP with WebRTC.

    python -m bench.first_words_bench [--calls 5] [--pause 0] [--stay 0] [--prompt 3000] [--fixed] [--busy] [--cold] [--way sip]

The server runs with the local recogniser, voice and language model (`make models`), the pages in this process. Each page asks for a
session, waits `--pause` seconds, calls, and hangs up `--stay` seconds after the first sound. The agent greets each caller by name, and its
prompt of `--prompt` characters begins with the name: nothing of either is kept from the call before. `--fixed`: neither names the caller.
`--busy`: two processes that only compute run beside it. `--cold`: the server starts anew before each call. Prints milliseconds. `... ready`
counts from the moment the call was taken in. Exits with 1 when the median from ringing to the first sound is above 1 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from tests.sip_page import SipPage  # noqa: E402
from websockets.asyncio.client import connect  # noqa: E402

import trial_call  # noqa: E402
from callwright.media.g711 import loudness, pcm_of_mulaw  # noqa: E402

CALLWRIGHT = str(Path(sys.executable).with_name("callwright"))
LOCAL = {
    **{f"CALLWRIGHT_{name}": "local" for name in ("TRANSCRIBER", "MODEL", "VOICE", "VAD", "TURN")},
    "CALLWRIGHT_WEBRTC_LISTEN": "127.0.0.1:0",
}
TARGET_MS = 1_000
TOTAL = "ringing to first sound"
MODELS = Path("~/.cache/callwright/models").expanduser()
AUDIBLE = 300
"""Loudness of 20 ms from which somebody hears a voice; the dither of silence is below 10."""
WORDS = (
    "You work for a dental clinic and take the calls of its patients. Be brief and friendly, and ask one question at a time. "
    "The clinic is open from Monday to Friday between eight and six. A cleaning takes half an hour and costs eighty dollars. "
)


def agent(characters: int, *, fixed: bool) -> dict[str, Any]:
    """An agent whose prompt has so many characters."""
    name = "" if fixed else " {customer}"
    task = {"task_type": "conversation", "tools_config": {"llm_agent": {"provider": "local", "model": "local"}}}
    config = {
        "agent_name": "Clinic",
        "agent_welcome_message": f"Hello{name}, this is Bright Smile Dental, how can I help you?",
        "tasks": [task],
    }
    prompt = (f"You talk to{name or ' a patient'}. " + WORDS * (characters // len(WORDS) + 1))[:characters]
    return {"agent_config": config, "agent_prompts": {"task_1": {"system_prompt": prompt}}}


async def minted(url: str, key: str, path: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    """A session."""
    return dict(await asyncio.to_thread(trial_call.asked, url, key, path, wish))


async def over_sip(
    url: str, key: str, wish: Mapping[str, Any], pause_s: float, stay_s: float
) -> tuple[str, dict[str, float]]:
    """A call over SIP and WebRTC: its id, and when what happened."""
    at = {"began": time.monotonic()}
    session = await minted(url, key, "/web-call/freeswitch-session", wish)
    at["minted"] = time.monotonic()
    await asyncio.sleep(pause_s)
    page = SipPage(session)
    await page.connect()

    async def rings() -> None:
        await page.found(lambda one: one.status == 180, 60)
        at["ringing"] = time.monotonic()
        await page.found(lambda one: one.status == 200 and one.first("cseq").endswith("INVITE"), 60)
        at["active"] = time.monotonic()

    ringing = asyncio.create_task(rings())
    media = await page.call()
    at["connected"] = time.monotonic()
    await ringing
    taken = 0
    while "heard" not in at:
        for packet in media.heard[taken:]:
            taken += 1
            if loudness(pcm_of_mulaw(packet.payload)) > AUDIBLE:
                at["heard"] = time.monotonic()
                break
        await asyncio.sleep(0.005)
    await asyncio.sleep(stay_s)
    await page.bye()
    await page.aclose()
    return str(session["run_id"]), at


async def over_websocket(
    url: str, key: str, wish: Mapping[str, Any], pause_s: float, stay_s: float
) -> tuple[str, dict[str, float]]:
    """A call over our own websocket. It rings as soon as the page has said that it calls."""
    at = {"began": time.monotonic()}
    session = await minted(url, key, "/v1/web-call/session", wish)
    at["minted"] = time.monotonic()
    await asyncio.sleep(pause_s)
    async with connect(session["url"]) as socket:
        await socket.send(json.dumps({"type": "start"}))
        at["ringing"] = time.monotonic()
        async for message in socket:
            if not isinstance(message, bytes):
                if json.loads(message)["type"] == "ready":
                    at["active"] = at["connected"] = time.monotonic()
            elif loudness(message) > AUDIBLE:
                at["heard"] = time.monotonic()
                await asyncio.sleep(stay_s)
                await socket.send(json.dumps({"type": "hangup"}))
                break
    return str(session["execution_id"]), at


WAYS = {"websocket": over_websocket, "sip": over_sip}


def ready_after(url: str, key: str, execution_id: str) -> dict[str, float]:
    """When each provider was ready, in milliseconds after the call was taken in, as its log has it."""
    until = time.monotonic() + 30
    while trial_call.asked(url, key, f"/executions/{execution_id}")["status"] not in ("completed", "error", "failed"):
        assert time.monotonic() < until, "the call is not over"
        time.sleep(0.1)
    entries = trial_call.asked(url, key, f"/v1/callwright/executions/{execution_id}/entries?size=200")
    ready = [one for one in entries["items"] if one["type"] == "provider_connected"]
    return {f"{one['values']['kind']} ready": one["at_ms"] for one in ready}


@contextmanager
def load(*, busy: bool) -> Iterator[None]:
    """Two processes that only compute."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 if busy else 0)]
    try:
        yield
    finally:
        for one in burning:
            one.kill()
            one.wait()


@contextmanager
def server(folder: Path, body: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Address, key and agent of a server, once the fixed sentences of the agent have had time to be rendered."""
    with trial_call.serving(CALLWRIGHT, folder, LOCAL) as (url, key):
        agents = trial_call.asked(url, key, "/v2/agent/all")
        agent_id = agents[0]["id"] if agents else trial_call.asked(url, key, "/v2/agent", body)["agent_id"]
        if not agents:
            time.sleep(20)
        yield url, key, agent_id


def measured(way: str, arguments: argparse.Namespace) -> list[dict[str, float]]:
    """The calls of one way in, each as milliseconds by name."""
    call = WAYS[way]
    body = agent(arguments.prompt, fixed=arguments.fixed)
    rows: list[dict[str, float]] = []

    def once(url: str, key: str, agent_id: str, number: int) -> None:
        wish = {"agent_id": agent_id, "user_data": {"customer": f"Customer {number}"}}
        execution_id, at = asyncio.run(call(url, key, wish, arguments.pause, arguments.stay))
        row = {
            "minting": at["minted"] - at["began"],
            "to ring": at["ringing"] - at["minted"] - arguments.pause,
            "ringing": at["active"] - at["ringing"],
            "connecting": at["connected"] - at["active"],
            "first sound": at["heard"] - at["connected"],
            TOTAL: at["heard"] - at["ringing"],
        }
        rows.append({name: 1_000 * value for name, value in row.items()} | ready_after(url, key, execution_id))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not arguments.cold:
            with server(folder, body) as one:
                once(*one, 0)
                rows.clear()
                with load(busy=arguments.busy):
                    for number in range(1, arguments.calls + 1):
                        time.sleep(1)
                        once(*one, number)
        else:
            with server(folder, body):
                pass
            for number in range(1, arguments.calls + 1):
                with load(busy=arguments.busy), server(folder, body) as one:
                    once(*one, number)
    return rows


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--stay", type=float, default=0.0)
    parser.add_argument("--prompt", type=int, default=3_000)
    parser.add_argument("--fixed", action="store_true")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--way", choices=WAYS, action="append")
    arguments = parser.parse_args()
    if not (MODELS / "silero-vad").is_dir():
        print("not measured: there are no local models (make models)")
        return 0
    good = True
    for way in arguments.way or WAYS:
        rows = measured(way, arguments)
        print(f"{way}: {len(rows)} calls, load average {os.getloadavg()[0]:.1f}")
        for name in dict.fromkeys(name for row in rows for name in row):
            values = [row[name] for row in rows if name in row]
            print(f"  {name:<24} median {statistics.median(values):6.0f}  most {max(values):6.0f}")
        good = good and statistics.median(row[TOTAL] for row in rows) <= TARGET_MS
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
