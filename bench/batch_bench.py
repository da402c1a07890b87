"""How long a list of 100,000 contacts takes to be accepted, and how much memory that needs at most.

A server of its own (``callwright serve`` on a free port, embedded database) gets the list over HTTP; the list is made up before. Printed
are the time from the first byte sent to the answer and the growth of the server's largest resident memory. Loopback only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

TARGET_S = 5.0
TARGET_MB = 100
START_S = 120


def contacts(count: int) -> bytes:
    """A list with three variables for each contact."""
    lines = ["contact_number,customer_name,appointment_day,reference"]
    lines += [f"+1555{index:07d},Customer {index},Tuesday at nine,R-{index:08d}" for index in range(count)]
    return "\n".join(lines).encode()


def peak_mb(pid: int) -> float:
    """The largest resident memory of a process so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far: what the machine is doing beside it does not count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def started(folder: str) -> tuple[subprocess.Popen[str], str]:
    """A server on a free port, and its address."""
    environ = {**os.environ, "CALLWRIGHT_DATA": folder, "CALLWRIGHT_SIP_LISTEN": ""}
    command = [sys.executable, "-m", "callwright", "serve", "--port", "0"]
    server = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    for line in server.stderr:
        if "callwright listens on " in line:
            return server, line.rsplit(" ", 1)[1].strip()
    raise RuntimeError("the server did not start")


def upload(folder: str, url: str, pid: int, count: int, times: int) -> tuple[list[float], float, float]:
    """Seconds of each upload, processor seconds of the server for one, and how far its largest memory grew."""
    environ = {**os.environ, "CALLWRIGHT_DATA": folder}
    keys = [sys.executable, "-m", "callwright", "keys", "create", "--name", "bench"]
    made = subprocess.run(keys, env=environ, check=True, capture_output=True, text=True).stdout
    key = next(word for word in made.replace('"', " ").split() if word.startswith("bn-"))
    seconds: list[float] = []
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=START_S) as client:
        agent = {"agent_name": "Bench", "agent_welcome_message": "Hello.", "tasks": [{"task_type": "conversation"}]}
        answer = client.post(
            "/v2/agent", json={"agent_config": agent, "agent_prompts": {"task_1": {"system_prompt": "Talk."}}}
        )
        agent_id = answer.raise_for_status().json()["agent_id"]
        text = contacts(count)
        client.post(
            "/batches", data={"agent_id": agent_id}, files={"file": ("small.csv", contacts(10))}
        ).raise_for_status()
        before, cpu_before = peak_mb(pid), cpu_s(pid)
        for _ in range(times):
            began = time.perf_counter()
            answer = client.post("/batches", data={"agent_id": agent_id}, files={"file": ("list.csv", text)})
            seconds.append(time.perf_counter() - began)
            batch_id = answer.raise_for_status().json()["batch_id"]
            assert client.get(f"/batches/{batch_id}").json()["valid_contacts"] == count
        return seconds, (cpu_s(pid) - cpu_before) / times, peak_mb(pid) - before


def main(argv: Sequence[str] | None = None) -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        server, url = started(folder)
        try:
            seconds, server_cpu_s, grown_mb = upload(folder, url, server.pid, options.contacts, options.times)
        finally:
            server.terminate()
            server.wait(30)
    best_s = min(seconds)
    print(
        json.dumps(
            {
                "bench": "batch",
                "contacts": options.contacts,
                "accepted_s": [round(each, 2) for each in seconds],
                "best_s": round(best_s, 2),
                "target_s": TARGET_S,
                "server_cpu_s": round(server_cpu_s, 2),
                "peak_memory_grown_mb": round(grown_mb, 1),
                "target_mb": TARGET_MB,
            }
        )
    )
    return int(best_s > TARGET_S or grown_mb > TARGET_MB)


if __name__ == "__main__":
    sys.exit(main())
