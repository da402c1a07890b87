"""A server with recorded calls for the pages to show: scripted speech, and callers who make every lane of the score appear."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trial_call

CALLWRIGHT = str(Path(sys.executable).parent / "callwright")
FINISHED = ("completed", "busy", "failed", "no-answer", "error", "canceled")
CALL_SECONDS = 90
SLOW_TOOL_SECONDS = 2.4

CALLERS = {
    "about": "a caller who books a visit, and one who is busy",
    "default": "patient",
    "personas": {
        "patient": {
            "think_ms": 400,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"heard": "help you", "say": "I would like to book a visit, please."},
                {"heard": "which day", "say": "Tuesday would be good."},
                {"heard": "your visit is", "interrupt_after_words": 7, "say": "Thank you very much, goodbye."},
                {"heard": "welcome", "hang_up": True, "linger_ms": 3000},
                # On a busy machine the interruption comes late, and is taken for an echo.
                {"silence_s": 6, "say": "Thank you very much, goodbye."},
            ],
        }
    },
}

PRICES = [
    {"kind": "transcriber", "provider": "scripted", "cents": "0.43", "per": 60000},
    {"kind": "model_input", "provider": "scripted", "cents": "150", "per": 1000000},
    {"kind": "model_output", "provider": "scripted", "cents": "600", "per": 1000000},
    {"kind": "voice", "provider": "scripted", "cents": "1.5", "per": 1000},
    {"kind": "carrier", "provider": "loopback", "cents": "1.4", "per": 60000, "increment": 60000},
    {"kind": "platform", "cents": "2", "per": 60000, "increment": 1000},
]


def agent(tool_url: str) -> dict[str, Any]:
    """An agent whose model takes its time, with a tool that is slow."""
    rules = [
        {"when": "booked", "say": "Your visit is booked for Tuesday at ten in the morning, we look forward to it."},
        {"when": "book a visit", "say": "Of course. Which day suits you?"},
        {"when": "tuesday", "say": "One moment.", "tool": {"name": "book_visit", "arguments": {"day": "Tuesday"}}},
        {"when": "thank you", "say": "You are welcome, goodbye.", "end_call": True},
        {"say": "How can I help you?"},
    ]
    model = {"provider": "scripted", "model": "scripted", "rules": rules, "first_token_ms": 350, "token_ms": 20}
    tool = {
        "tools": [
            {
                "name": "book_visit",
                "description": "Books a visit",
                "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
            }
        ],
        "tools_params": {"book_visit": {"method": "POST", "url": tool_url, "param": {"day": "%(day)s"}}},
    }
    task = {
        "task_type": "conversation",
        "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
        "tools_config": {"llm_agent": model, "api_tools": tool},
        "task_config": {"incremental_delay": 1600},
    }
    config = {
        "agent_name": "Hillside Clinic",
        "agent_welcome_message": "Hillside Clinic, how can I help you?",
        "tasks": [task],
        "end_call_tool_mode": "auto",
    }
    return {"agent_config": config, "agent_prompts": {"task_1": {"system_prompt": "You answer a clinic's phone."}}}


@dataclass(frozen=True, slots=True)
class World:
    """A running server, a key for it, and the calls that it has recorded."""

    url: str
    key: str
    call: str
    """A call with waits, a slow tool, an interruption and a recording."""
    busy: tuple[str, ...]
    """Calls that nobody answered."""
    agent: str

    def call_again(self) -> str:
        """Place another call of the first kind; its execution id. It takes half a minute unless it is ended."""
        return place(self.url, self.key, self.agent, 99, "patient")

    def asked(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer of the API."""
        return trial_call.asked(self.url, self.key, path, None if body is None else dict(body))


@contextmanager
def world(folder: Path, calls: int = 1) -> Iterator[World]:
    """A server that has made ``calls`` calls that were answered and two that were not."""
    scenario = folder / "callers.json"
    scenario.write_text(json.dumps(CALLERS))
    prices = folder / "prices.json"
    prices.write_text(json.dumps({"prices": PRICES}))
    settings = {
        "CALLWRIGHT_SCENARIO": str(scenario),
        "CALLWRIGHT_PRICE_BOOK": str(prices),
        "CALLWRIGHT_ALLOW_PRIVATE_URLS": "1",
        # A chat that a test leaves open keeps no server from ending.
        "CALLWRIGHT_DRAIN_SECONDS": "1",
    }
    with slow_calendar() as tool_url, trial_call.serving(CALLWRIGHT, folder, settings) as (url, key):
        agent_id = trial_call.asked(url, key, "/v2/agent", agent(tool_url))["agent_id"]
        persons = [*["patient"] * calls, "busy", "busy"]
        placed = [place(url, key, agent_id, number, who) for number, who in enumerate(persons)]
        for execution_id in placed:
            wait_for_end(url, key, execution_id)
        # The calls take real time: one in which a pause of the machine made the caller miss a turn shows other things than the tests name.
        for execution_id in placed[:calls]:
            ended = trial_call.asked(url, key, f"/executions/{execution_id}")["telephony_data"]["hangup_reason"]
            assert ended == "end_call_tool", f"the caller did not say goodbye: {ended}"
        yield World(url, key, placed[0], tuple(placed[calls:]), agent_id)


def place(url: str, key: str, agent_id: str, number: int, who: str) -> str:
    """Place a call to a persona; its execution id."""
    order = {
        "agent_id": agent_id,
        "recipient_phone_number": f"+1555910{number:04}",
        "user_data": {"persona": who, "customer_name": "Ada"},
    }
    return str(trial_call.asked(url, key, "/call", order)["execution_id"])


def wait_for_end(url: str, key: str, execution_id: str) -> None:
    """Return when a call is over and its post-call work is done."""
    until = time.monotonic() + CALL_SECONDS
    while (status := trial_call.asked(url, key, f"/executions/{execution_id}")["status"]) not in FINISHED:
        assert time.monotonic() < until, f"the call is still {status}"
        time.sleep(0.25)


@contextmanager
def slow_calendar() -> Iterator[str]:
    """The address of a calendar that takes longer than callers like."""

    class Calendar(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            time.sleep(SLOW_TOOL_SECONDS)
            body = b'{"booked": true, "at": "Tuesday, 10:00"}'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Requests of tests are nobody's news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Calendar)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/book"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
