"""What cloud speech costs beside the engine: a recogniser and a voice over their clients, in real time, against vendors on loopback.

    python bench/cloud_bench.py --calls 20 --seconds 30

Each call feeds 20 ms frames to Deepgram's client and has Cartesia's client say a sentence of three seconds every six. The vendors run in a
process of their own, on the second core. Prints CPU seconds per minute of call, those of the same loop without the clients taken off, and
memory per call. Exits with 1 above TARGET_CPU_S.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.vendors.server import GOOD  # noqa: E402

from callwright.media.framing import FRAME_MS, PCM_FRAME_BYTES  # noqa: E402
from callwright.media.tonetext import spoken  # noqa: E402
from callwright.platform.provider_keys.rules.access import Access  # noqa: E402
from callwright.ports.registry import Closable, PluginContext  # noqa: E402
from callwright.ports.speech import TranscriberSettings, VoiceSettings  # noqa: E402
from callwright.providers.cloud import PLUGINS, library  # noqa: E402

TARGET_CPU_S = 0.35
QUESTION, ANSWER = "Is Monday free?", "Monday at nine is free, shall I book it?"
EVERY_S = 6.0
_VENDORS = """
import asyncio, os, sys
from tests.vendors.speech import speech_vendors
if len(os.sched_getaffinity(0)) > 1: os.sched_setaffinity(0, {1})
async def serve():
    async with speech_vendors() as vendors:
        print(vendors.origin, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(serve())
"""


class Words:
    """``ports.speech.TranscriberSink`` that counts."""

    def __init__(self) -> None:
        self.finals = self.failures = 0

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Nothing."""

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        """Words came."""
        self.finals += 1

    def end_of_turn(self, audio_ms: int) -> None:
        """Nothing."""

    def eager_end(self, audio_ms: int) -> None:
        """Nothing."""

    def resumed(self, audio_ms: int) -> None:
        """Nothing."""

    def usage(self, amount: Any) -> None:
        """Nothing."""

    def failed(self, error: Exception) -> None:
        """The vendor or the client failed."""
        self.failures += 1


class Calls:
    """So many calls at once. Without ``ear`` and ``voice`` only the loop that feeds them."""

    def __init__(self, ear: Any, voice: Any) -> None:
        self._ear = ear
        self._voice = voice
        self.words = Words()
        self.spoken_s = 0.0
        access = Access({"DEEPGRAM": GOOD, "CARTESIA": GOOD})
        self._hears = TranscriberSettings(model="nova-3", access=access)
        self._speaks = VoiceSettings("v-1", access=access)
        pcm = spoken(QUESTION) + bytes(16 * 2_000)
        self._frames = [pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm) - PCM_FRAME_BYTES, PCM_FRAME_BYTES)]
        self._begun = asyncio.Event()

    async def run(self, calls: int, seconds: float) -> dict[str, float]:
        """CPU seconds per call-minute, and megabytes per call."""
        before_mb = _pss_mb()
        streams = [await self._ear.open(self._hears, self.words) if self._ear else None for _ in range(calls)]
        loop = asyncio.get_running_loop()
        until_s = loop.time() + seconds + 4
        work = [asyncio.create_task(self._hear(one, number, until_s)) for number, one in enumerate(streams)]
        if self._voice:
            work += [asyncio.create_task(self._speak(number, until_s)) for number in range(calls)]
        await asyncio.sleep(2)
        cpu_s, began_s = time.process_time(), loop.time()
        await asyncio.sleep(seconds)
        spent_s, passed_s = time.process_time() - cpu_s, loop.time() - began_s
        used_mb = _pss_mb() - before_mb
        await asyncio.gather(*work)
        for one in streams:
            if one is not None:
                await one.aclose()
        return {"cpu_s_per_call_min": spent_s / (calls * passed_s / 60), "mb_per_call": used_mb / calls}

    async def _hear(self, stream: Any, number: int, until_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s, at = loop.time() + number * 0.001, number * 7
        while due_s < until_s:
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            if stream is not None:
                stream.feed(self._frames[at % len(self._frames)])
            due_s, at = due_s + FRAME_MS / 1000, at + 1

    async def _speak(self, number: int, until_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + (number * 0.37) % EVERY_S
        while due_s < until_s:
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            async for chunk in self._voice.speak(ANSWER, self._speaks):
                self.spoken_s += len(chunk.pcm) / 16_000
            due_s += EVERY_S


def _pss_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


@contextmanager
def _vendors() -> Iterator[str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    environment = {**os.environ, "PYTHONPATH": paths}
    command = [sys.executable, "-c", _VENDORS]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


async def measure(calls: int, seconds: float, origin: str) -> dict[str, Any]:
    """One row."""
    context = PluginContext({"speech_addresses": f"deepgram={origin},cartesia={origin}"}, Path("/nonexistent"))
    made = {(one.kind, one.name): one for one in PLUGINS}
    ear = made["transcriber", "deepgram"].factory(context)
    voice = made["voice", "cartesia"].factory(context)
    try:
        # The clients' import is a cost of the process, not of a call.
        await Calls(ear, voice).run(1, 1)
        gc.collect()
        gc.freeze()
        own = await Calls(None, None).run(calls, seconds)
        bridged = Calls(ear, voice)
        found = await bridged.run(calls, seconds)
    finally:
        for one in (ear, voice):
            if isinstance(one, Closable):
                await one.aclose()
        await context.shared.aclose()
    return {
        "calls": calls,
        "loop_alone_cpu_s_per_call_min": own["cpu_s_per_call_min"],
        "over_it_cpu_s_per_call_min": found["cpu_s_per_call_min"] - own["cpu_s_per_call_min"],
        "mb_per_call": found["mb_per_call"],
        "finals": bridged.words.finals,
        "failures": bridged.words.failures,
        "spoken_s_per_call_min": 60 * bridged.spoken_s / (calls * (seconds + 4)),
    }


def main() -> int:
    """1 above the target, or where a client failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    if not library.is_installed("deepgram.STT"):
        print("not measured: make cloud installs the clients")
        return 0
    with _vendors() as origin:
        if len(os.sched_getaffinity(0)) > 1:
            os.sched_setaffinity(0, {0})
        row = asyncio.run(measure(given.calls, given.seconds, origin))
    print(json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}))
    return int(row["over_it_cpu_s_per_call_min"] > TARGET_CPU_S or row["failures"] > 0 or row["finals"] == 0)


if __name__ == "__main__":
    sys.exit(main())
