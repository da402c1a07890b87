"""A trial of an installed server: one call over HTTP, with scripted speech, to a synthetic caller. Standard library only.

`tools/release.py` and the test of the container image use it. No model and no key of a provider is needed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPTED = {
    "CALLWRIGHT_TRANSCRIBER": "scripted",
    "CALLWRIGHT_MODEL": "scripted",
    "CALLWRIGHT_VOICE": "scripted",
    "CALLWRIGHT_VAD": "energy",
    "CALLWRIGHT_TURN": "none",
    "CALLWRIGHT_LOOPBACK_VOICE": "scripted",
    "CALLWRIGHT_LOOPBACK_EARS": "scripted",
    "CALLWRIGHT_SIP_LISTEN": "off",
}
"""Settings of a server that is tried: what is said is text in two tones."""

GREETING, GOODBYE = "Hello, this is a trial.", "Thank you, goodbye."
AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Trial",
        "agent_welcome_message": GREETING,
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
                "tools_config": {
                    "llm_agent": {
                        "provider": "scripted",
                        "model": "scripted",
                        "rules": [{"say": GOODBYE, "end_call": True}],
                    }
                },
            }
        ],
        "end_call_tool_mode": "auto",
    },
    "agent_prompts": {"task_1": {"system_prompt": "Be brief."}},
}
_START_SECONDS, _CALL_SECONDS, _STOP_SECONDS = 120, 90, 60


class TrialError(RuntimeError):
    """The server did not do what it should. The message says what."""


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a server that is tried: none of our own settings, scripted speech, ``settings`` on top."""
    ours = ("CALLWRIGHT_", "DATABASE_URL")
    return (
        {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        | SCRIPTED
        | dict(settings or {})
    )


def run(*command: str, folder: Path, settings: Mapping[str, str] | None = None) -> str:
    """Run a program in ``folder``; what it printed on standard output. Raises TrialError where it fails."""
    done = subprocess.run(
        command, cwd=folder, env=environment(settings), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise TrialError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}")
    return done.stdout.strip()


@contextmanager
def serving(callwright: str, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Address and key of a server of the program ``callwright``, which keeps its data in ``folder``/data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, data = f"http://127.0.0.1:{port}", str(folder / "data")
    command = [callwright, "serve", "--port", str(port), "--data", data]
    with subprocess.Popen(command, cwd=folder, env=environment(settings)) as server:
        try:
            wait_for_health(url, server)
            create = (callwright, "keys", "create", "--name", "trial", "--data", data)
            yield url, run(*create, folder=folder, settings=settings).split()[-1]
        finally:
            server.terminate()
            server.wait(_STOP_SECONDS)


def wait_for_health(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return as soon as ``/healthz`` answers 200. Raises TrialError where the server ends, or does not answer in time."""
    until = time.monotonic() + _START_SECONDS
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError as error:
            if time.monotonic() > until:
                raise TrialError(f"{url}/healthz does not answer after {_START_SECONDS} s: {error}") from error
        time.sleep(0.25)
    raise TrialError(f"the server ended with {server.returncode} before it answered")


def place(url: str, key: str) -> str:
    """Place a call and wait for its end; its execution id. Raises TrialError unless it was completed and both sides were heard."""
    agent_id = asked(url, key, "/v2/agent", AGENT)["agent_id"]
    order = {"agent_id": agent_id, "recipient_phone_number": "+15550123"}
    execution_id = str(asked(url, key, "/call", order)["execution_id"])
    until = time.monotonic() + _CALL_SECONDS
    while (execution := asked(url, key, f"/executions/{execution_id}"))["status"] != "completed":
        if time.monotonic() > until or execution["status"] in ("error", "failed", "no-answer", "busy"):
            raise TrialError(f"the call is not completed: {execution['status']} ({execution['error_message']})")
        time.sleep(0.25)
    transcript = str(execution["transcript"])
    if GREETING not in transcript or GOODBYE not in transcript or "user:" not in transcript:
        raise TrialError(f"the transcript does not hold both sides of the call: {transcript!r}")
    return execution_id


def asked(url: str, key: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON answer to a request: GET, or POST where there is a body. Raises TrialError for any other status than 2xx."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(url + path, json.dumps(body).encode() if body else None, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        raise TrialError(f"{path} answered {error.code}: {error.read().decode()}") from error
