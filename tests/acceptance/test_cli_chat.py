"""The chat in a terminal: what it says when something is wrong, and that it leaves what it opened."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from callwright.cli import main

pytestmark = pytest.mark.real_time

EXECUTION = "00000000-0000-4000-8000-000000000001"


class Platform(ThreadingHTTPServer):
    """Answers as the platform does, or with a page that is no JSON; ``asked`` has what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.is_page = False
        self.more: dict[str, object] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Platform

    def _answer(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked.append((f"{self.command} {self.path}", text))
        is_long = "long" in text
        message = {"text": "Good morning."}
        body = {"execution_id": EXECUTION, "messages": [message], "complete": True, "ended": False, **self.server.more}
        answer = json.dumps({"message": "text is too long"} if is_long else body).encode()
        self.send_response(413 if is_long else 200)
        self.end_headers()
        self.wfile.write(b"<html>" if self.server.is_page else answer)

    do_POST = do_DELETE = _answer  # noqa: N815 (the names that the server looks for)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def platform() -> Iterator[Platform]:
    server = Platform()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where to write what is typed."""
    reading, writing = os.pipe()
    with open(reading) as stdin, open(writing, "wb", closefd=False):
        monkeypatch.setattr(sys, "stdin", stdin)
        yield writing
    os.close(writing)


def _chat(platform: Platform, *more: str, agent: str = "a") -> int:
    return main(["chat", agent, "--url", platform.url, "--key", "key", *more])


def test_what_is_typed_is_written_until_an_empty_line_leaves(
    platform: Platform, typed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    os.write(typed, b"Two \xff lines.\nAt once.\n\nNot this one.\n")
    assert _chat(platform, agent="../a") == 0
    assert capsys.readouterr().out == "agent: Good morning.\n" * 3
    asked = [(what, json.loads(text)["text"] if "messages" in what else "") for what, text in platform.asked]
    assert asked == [
        ("POST /v1/callwright/agents/..%2Fa/chats", ""),
        (f"POST /v1/callwright/chats/{EXECUTION}/messages", "Two \N{REPLACEMENT CHARACTER} lines."),
        (f"POST /v1/callwright/chats/{EXECUTION}/messages", "At once."),
        (f"DELETE /v1/callwright/chats/{EXECUTION}", ""),
    ]


REFUSED = 'The model custom failed, refused credentials: "check CALLWRIGHT_MODEL_API_KEY (HTTP 401)".'


def test_why_the_agent_does_not_answer_is_told_and_the_status_is_no_success(
    platform: Platform, typed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.more = {"error": REFUSED}
    os.write(typed, b"Hello?\n\n")
    assert _chat(platform) == 1
    told = capsys.readouterr()
    assert told.err.splitlines()[1:] == [f"error: {REFUSED}"] * 2
    assert told.out == "agent: Good morning.\n" * 2


def test_a_chat_that_ends_at_once_says_why(platform: Platform, typed: int, capsys: pytest.CaptureFixture[str]) -> None:
    platform.more = {"error": "no key is known", "messages": [], "ended": True}
    assert _chat(platform) == 1
    assert "error: no key is known\n" in capsys.readouterr().err


def test_tools_are_shown_with_what_became_of_them(
    platform: Platform, typed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = {"tool": "slots", "arguments": '{"day":"monday"}', "ok": False, "result": "Not called"}
    platform.more = {"tools": [tool, {**tool, "ok": True, "result": "9am"}]}
    os.write(typed, b"\n")
    assert _chat(platform) == 0
    assert capsys.readouterr().err.splitlines()[1:] == [
        'tool: slots({"day":"monday"}) failed: Not called',
        'tool: slots({"day":"monday"}) answered: 9am',
    ]


def test_a_refused_line_is_told_as_such_and_the_chat_is_left(
    platform: Platform, typed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    os.write(typed, b"Too long.\n")
    assert _chat(platform) == 1
    told = capsys.readouterr().err
    assert "answered 413: text is too long" in told
    assert "PostgreSQL" not in told
    assert platform.asked[-1][0] == f"DELETE /v1/callwright/chats/{EXECUTION}"


def test_what_is_no_platform_is_told_as_such(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    platform.is_page = True
    assert _chat(platform) == 1
    told = capsys.readouterr().err
    assert f"what answers at {platform.url} is no Callwright (HTTP 200)" in told
    assert "--url" in told
    assert "PostgreSQL" not in told


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:0", "127.0.0.1:8700", "foo"]
)
def test_an_address_that_cannot_be_asked_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "a", "--url", url, "--key", "key"]) == 1
    assert f"--url must be an address as http://127.0.0.1:8700, not {url!r}" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["schl\N{LATIN SMALL LETTER U WITH DIAERESIS}ssel", "bn-1\n", "bn 1"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "a", "--url", "http://127.0.0.1:9", "--key", key]) == 1
    told = capsys.readouterr().err
    assert "has signs that no key has" in told
    assert key not in told


# Whoever runs the tests in the background of a shell has them ignore Ctrl-C, which every process below inherits.
HEEDING_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_ctrl_c_leaves_the_chat_at_once(platform: Platform) -> None:
    ours, theirs = pty.openpty()
    chatting = ["-m", "callwright", "chat", "a", "--url", platform.url, "--key", "key"]
    command = [sys.executable, "-c", HEEDING_CTRL_C, *chatting]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as chat:
        try:
            assert chat.stdout is not None
            assert chat.stdout.readline() == b"agent: Good morning.\n"
            assert chat.stdout.read(5) == b"you: "
            chat.send_signal(signal.SIGINT)
            assert chat.wait(10) == 130
        finally:
            chat.kill()  # else one that does not leave is waited for without end
    os.close(ours)
    os.close(theirs)
    assert platform.asked[-1][0] == f"DELETE /v1/callwright/chats/{EXECUTION}"
