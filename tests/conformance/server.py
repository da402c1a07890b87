"""A server of its own for the conformance run, with a call that is over, one in progress, and a batch that runs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from proof.server_process import SCRIPTED
from tests.server_key import server_key

START_SECONDS = 90
CALL_SECONDS = 90
PERSONAS: dict[str, Any] = {
    "default": "short",
    "personas": {
        "short": {"answer": {"how": "answer", "after_s": 0.1}, "rules": [{"say": "Goodbye."}]},
        "waiting": {"extends": "silent", "answer": {"how": "answer", "after_s": 0.1}},
    },
}
AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Reception",
        "agent_welcome_message": "Hello, this is reception.",
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
                "tools_config": {
                    "llm_agent": {
                        "provider": "scripted",
                        "model": "scripted",
                        "rules": [{"when": "goodbye", "say": "Goodbye.", "end_call": True}],
                    }
                },
                "task_config": {"call_terminate": 600, "hangup_after_silence": 0},
            }
        ],
        "end_call_tool_mode": "auto",
    },
    "agent_prompts": {"task_1": {"system_prompt": "Be brief."}},
}


@contextmanager
def served(
    folder: Path,
    *,
    strict: bool = False,
    callers: Mapping[str, Any] = PERSONAS,
    settings: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, str]]:
    """Address and key of a server over the data in ``folder``, which may have another one. ``callers``: its synthetic callers;
    ``settings``: further ones, by the names of their variables."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scenario = folder / "callers.json"
    scenario.write_text(json.dumps(callers))
    environ = {
        **os.environ,
        **SCRIPTED,
        "CALLWRIGHT_DATA": str(folder / "data"),
        "CALLWRIGHT_PORT": str(port),
        "CALLWRIGHT_SCENARIO": str(scenario),
        "CALLWRIGHT_RATE_LIMITS": "off",
        "CALLWRIGHT_STRICT": str(int(strict)),
        "CALLWRIGHT_DRAIN_SECONDS": "0",
        **(settings or {}),
    }
    written = folder / f"server-{port}.log"
    address = f"http://127.0.0.1:{port}"
    with written.open("wb") as log:
        command = [sys.executable, "-m", "callwright", "serve"]
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            _wait(server, address, written)
            # The contract's account has an address; ours is null until it is given one.
            yield address, server_key(environ, "conformance")
        finally:
            server.terminate()
            server.wait(60)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"the server did not start:\n{log.read_text()[-2000:]}")


def begun(client: httpx.Client, key: str, data: Path) -> dict[str, str]:
    """A call that is over, with recordings, one in progress, and a batch that runs: its call goes on. Not to be had of a strict server,
    which begins a batch in two minutes at the earliest."""
    headers = {"Authorization": f"Bearer {key}"}
    agent_id = client.post("/v2/agent", json=AGENT, headers=headers).json()["agent_id"]
    found = {}
    for name, persona, status in (("ended_call", "short", "completed"), ("live_call", "waiting", "in-progress")):
        wire = {"agent_id": agent_id, "recipient_phone_number": "loopback:x", "user_data": {"persona": persona}}
        found[name] = client.post("/call", json=wire, headers=headers).json()["execution_id"]
        _until(client, f"/executions/{found[name]}", headers, status)
    contacts = {"file": ("list.csv", b"contact_number,persona\nloopback:x,waiting\n")}
    made = client.post("/batches", data={"agent_id": agent_id}, files=contacts, headers=headers)
    found["running_batch"] = batch_id = made.json()["batch_id"]
    starts = {"scheduled_at": datetime.now(UTC).isoformat()}
    client.post(f"/batches/{batch_id}/schedule", data=starts, headers=headers).raise_for_status()
    _until(client, f"/batches/{batch_id}", headers, "running")
    complaint = [sys.executable, "-m", "callwright", "violations", "create", "--data", str(data)]
    put = subprocess.run([*complaint, "--execution", found["ended_call"]], check=True, capture_output=True)
    found["violation_id"] = put.stdout.decode().split()[-1]
    # Transfers on loopback are not recorded; the file stands for one that was.
    folder = next(data.glob(f"**/{found['ended_call']}"))
    (folder / "transfer.wav").write_bytes((folder / "call.wav").read_bytes())
    return found


def _until(client: httpx.Client, path: str, headers: dict[str, str], status: str) -> None:
    until = time.monotonic() + CALL_SECONDS
    seen = ""
    while seen != status:
        if time.monotonic() > until:
            raise SystemExit(f"{path} is {seen}, not {status}")
        time.sleep(0.2)
        seen = client.get(path, headers=headers).json()["status"]
