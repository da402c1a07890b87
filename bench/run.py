"""All benchmarks, one after the other: `make bench`. Figures, not tests; run it on an idle machine.

Prints the core's events per second, what reads of the API cost against a bare handler and how long pages of a million executions take, the
time from a caller's interrupting words to the agent's silence, the time from the last caller frame to the first agent frame with scripted
instant providers, with intents and with the local model (the last two need the local models: `make models`), how long a list of 100,000
contacts takes to be accepted and how much memory, what fifty SIP calls at once cost and how evenly their packets leave (needs SIPp), and
what a call from a browser costs against one over the loopback line, how long a page waits for the agent's first words (needs the local
models), and what cloud speech costs beside the engine (needs `make cloud`).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CALLS = 3
TARGETS_MS = {"intents": 1_000, "local": 1_800}


def script(name: str) -> int:
    """Run one benchmark script of this folder; returns its exit status."""
    print(f"== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent, check=False).returncode


def demo(model: str) -> int:
    """Place demo calls with a model and print the median over all turns; 1 when it is above its target, 0 without local models."""
    print(f"== demo calls, model {model}", flush=True)
    delays: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "CALLWRIGHT_DATA": folder}
        for _ in range(CALLS):
            command = [sys.executable, "-m", "callwright", "demo", "--json", "--model", model]
            done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                print(
                    f"not measured: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.stdout[:200]}"
                )
                return 0
            turns = json.loads(done.stdout)["callwright"]["turns"]
            delays += [turn["latency_ms"]["total"] for turn in turns if turn["latency_ms"]]
    median = statistics.median(delays) if delays else 0.0
    print(
        f"last caller frame to first agent frame: median {median:.0f} ms of {len(delays)} turns, target {TARGETS_MS[model]} ms"
    )
    return int(median > TARGETS_MS[model])


def main() -> int:
    """0 when every figure that could be measured meets its target."""
    return max(
        script("core_bench"),
        script("api_bench"),
        script("barge_in_bench"),
        script("latency_bench"),
        script("batch_bench"),
        script("sip_bench"),
        script("web_call_bench"),
        script("first_words_bench"),
        script("cloud_bench"),
        demo("intents"),
        demo("local"),
    )


if __name__ == "__main__":
    sys.exit(main())
