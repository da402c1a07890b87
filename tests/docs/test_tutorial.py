"""The tutorial, run as it is written: its files, its service, caller and commands, with a model's endpoint that follows a script."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from tests.docs.walked_server import START_SECONDS, environment_in, run_script, serving

PAGE = (Path(__file__).resolve().parents[2] / "docs/tutorial/first-agent.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(re.findall(r"`([\w.]+)`:\n\n```(?:python|json)\n(.*?)```", PAGE, re.DOTALL))
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SETTING_UP, SERVICE, SERVER, *COMMANDS = BLOCKS
BOOKED = {"name": "Ann Lee", "day": "Tuesday", "time": "nine"}

pytestmark = [
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash"),
    # It places calls and listens to them.
    pytest.mark.real_time,
]


class Endpoint(BaseHTTPRequestHandler):
    """A chat endpoint. It books when somebody names a day, says so when the tool has answered, and extracts what was booked."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for choice in ({"index": 0, "delta": delta_of(asked)}, {"index": 0, "delta": {}, "finish_reason": "stop"}):
            event = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the output is the page's."""


def delta_of(asked: dict[str, Any]) -> dict[str, Any]:
    """What the model says to a request."""
    last = asked["messages"][-1]
    if "response_format" in asked:
        return {"content": json.dumps(BOOKED)}
    if last["role"] == "tool":
        assert json.loads(last["content"])["status"] == "booked"
        return {"content": "You are booked."}
    if "Tuesday" in last["content"] and asked.get("tools"):
        function = {"name": asked["tools"][0]["function"]["name"], "arguments": json.dumps(BOOKED)}
        return {"tool_calls": [{"index": 0, "id": "call-1", "type": "function", "function": function}]}
    return {"content": "Goodbye."}


@pytest.fixture
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def bookings(folder: Path, port: int) -> Iterator[None]:
    """The page's service while it runs."""
    command = SERVICE.strip().replace("python3", sys.executable).split()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:
        try:
            until_it_answers(f"http://127.0.0.1:{port}/bookings")
            yield
        finally:
            service.terminate()


def until_it_answers(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            assert httpx.get(url).json() == []
        except httpx.ConnectError:
            time.sleep(0.05)
            continue
        return
    raise AssertionError(f"nothing listens at {url}")


def settings_of_the_server() -> dict[str, str]:
    """The settings in front of the page's command, which must be the one that starts a server."""
    *settings, program, command = SERVER.split()
    assert (program, command) == (".venv/bin/callwright", "serve")
    return dict(setting.split("=", 1) for setting in settings)


def test_the_agent_of_the_tutorial_books_in_writing_and_by_telephone(tmp_path: Path, endpoint: str) -> None:
    port = free_port()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace("8765", str(port)))
    environment = environment_in(tmp_path) | settings_of_the_server()
    environment |= {"CALLWRIGHT_MODEL": "custom", "CALLWRIGHT_MODEL_BASE_URL": endpoint, "CALLWRIGHT_MODEL_NAME": "m"}
    with bookings(tmp_path, port), serving(environment, tmp_path) as url:
        script = "".join(COMMANDS).replace("http://127.0.0.1:8700", url).replace("8765", str(port))
        run = run_script(script, environment, tmp_path)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        made = httpx.get(f"http://127.0.0.1:{port}/bookings").json()
    execution = json.loads((tmp_path / "execution.json").read_text())
    assert [{key: one[key] for key in BOOKED} for one in made] == [BOOKED, BOOKED]
    assert made[1]["call"] == execution["id"]
    assert (execution["status"], execution["telephony_data"]["hangup_by"]) == ("completed", "Callee")
    assert "user: I am Ann Lee. A cleaning on Tuesday at nine, please." in execution["transcript"]
    assert {key: execution["extracted_data"][key] for key in BOOKED} == BOOKED
    assert "[('book_slot', 'answered')]" in run.stdout
    assert run.stdout.count("You are booked.") >= 2
    with wave.open(str(tmp_path / "call.wav")) as recording:
        assert recording.getnchannels() == 2


def test_the_tutorial_begins_with_a_target_of_the_makefile() -> None:
    assert SETTING_UP == "make demo\n"
