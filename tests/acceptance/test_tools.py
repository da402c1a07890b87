"""Whole calls whose model calls HTTP tools of a real web server, over loopback with a synthetic caller."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.call_world import CallWorld, agent_body, call_world
from tests.http_server import Exchange, Handler, LocalServer, serving

from callwright.conversation.log import read_log
from callwright.conversation.replay import replay
from callwright.insight.rawlog import raw_log
from callwright.insight.view import view_of
from callwright.net.client import GuardedClient

pytestmark = pytest.mark.real_time

ENDED = ("completed", "error", "failed", "busy", "no-answer", "canceled", "stopped")
TOKEN = "Bearer s3cret-token"
MESSAGE = "I look that up for you."

SCENARIO: dict[str, Any] = {
    "default": "asking",
    "personas": {
        "asking": {
            "answer": {"after_s": 0.1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"heard": "reception", "say": 'Is Monday free for Ann "quote" O\'Hara?'},
                {"heard": "free at", "say": "Thank you, goodbye.", "hang_up": True, "linger_ms": 2_000},
                {"heard": "sorry", "say": "Never mind, goodbye.", "hang_up": True, "linger_ms": 2_000},
            ],
        },
        "impatient": {
            "extends": "asking",
            "rules": [
                {"heard": "reception", "say": "Is Monday free?"},
                {"heard": "look that", "interrupt_after_words": 3, "say": "And is parking free, too?"},
                {"heard": "free at", "say": "Goodbye.", "hang_up": True, "linger_ms": 2_000},
            ],
        },
        "leaving": {
            "extends": "asking",
            "rules": [
                {"heard": "reception", "say": "Is Monday free?"},
                {"heard": "look that", "wait_ms": 300, "hang_up": True},
            ],
        },
        "menu": {
            "answer": {"after_s": 0.1},
            "think_ms": 100,
            "patience_s": 0,
            "fallback": [],
            "rules": [
                {"heard": "reception", "say": "Press two for appointments."},
                {"silence_s": 2, "say": "You have reached appointments, goodbye.", "hang_up": True, "linger_ms": 2_000},
            ],
        },
    },
}

RULES = [
    {"when": r'"slot": ?"(\w+)"', "say": r"Monday is free at \1."},
    {"when": "tool failed|not called", "say": "I am sorry, that does not work now."},
    {"when": "press two", "say": "One moment.", "tool": {"name": "press_keys", "arguments": {"keys": "2"}}},
    {"when": r"is (monday) free(?: for (.*))?\?", "tool": {"name": "check_slots", "arguments": {"day": r"\1", "name": r"\2"}}},
    {"when": "goodbye", "say": "Goodbye."},
]  # fmt: skip


def asking(url: str, *, message: str | None = MESSAGE, **params: Any) -> dict[str, Any]:
    """An agent that looks Mondays up at ``url``."""
    body = agent_body(check_if_user_online=False)
    body["agent_prompts"]["task_1"]["system_prompt"] = "Book appointments. Last slot: {slot}."
    config = body["tasks"][0]["tools_config"]
    config["llm_agent"]["rules"] = RULES
    config["api_tools"] = {
        "tools": [
            {
                "name": "check_slots",
                "key": "custom_task",
                "description": "Look up free appointments.",
                "pre_call_message": message,
                "parameters": {
                    "type": "object",
                    "properties": {"day": {"type": "string", "enum": ["Monday"]}, "name": {"type": "string"}},
                    "required": ["day"],
                },
            },
            {"name": "press_keys", "key": "press_keys", "description": "Press a key of a menu."},
        ],
        "tools_params": {
            "check_slots": {
                "method": "POST",
                "url": f"{url}/slots",
                "api_token": TOKEN,
                "param": {
                    "day": "%(day)s",
                    "for": "%(name)s",
                    "execution_id": "%(execution_id)s",
                    "sid": "%(call_sid)s",
                },
                **params,
            }
        },
    }
    return body


@asynccontextmanager
async def calls(dsn: str, folder: Path, handler: Handler) -> AsyncIterator[tuple[CallWorld, LocalServer]]:
    async with (
        GuardedClient(allow_private=True) as client,
        serving(handler) as server,
        call_world(dsn, folder, scenario=SCENARIO, client=client) as world,
    ):
        yield world, server


async def finished(world: CallWorld, body: Mapping[str, Any], persona: str = "") -> tuple[dict[str, Any], str]:
    """The execution of a call and its log, which replays exactly and holds no secret."""
    execution_id = await world.place(body, persona=persona)
    found = world.body(await world.until(execution_id, *ENDED))
    log = await world.log(execution_id)
    replayed = replay(log)
    assert replayed.exact, replayed.difference
    assert TOKEN not in log
    return found, log


async def free_at_nine(exchange: Exchange) -> None:
    await exchange.answer(200, b'{"slot": "nine", "doctor": {"name": "Lee"}}', content_type="application/json")


async def test_the_model_calls_a_tool_and_speaks_its_answer(dsn: str, tmp_path: Path) -> None:
    async with calls(dsn, tmp_path, free_at_nine) as (world, server):
        webhook: dict[str, Any] = {
            "pre_call_webhook_url": f"{server.url}/hook",
            "pre_call_webhook_param": {"why": "%(day)s"},
        }
        body, log = await finished(world, asking(server.url, **webhook))
        requests = {request.target: request for request in server.requests}
    row = tool_row(body)
    assert requests["/slots"].json() == {
        "day": "Monday", "for": "Ann \"quote\" O'Hara", "execution_id": body["id"], "sid": body["telephony_data"]["provider_call_id"],
    }  # fmt: skip
    assert requests["/slots"].headers["authorization"] == TOKEN
    told = requests["/hook"].json()
    assert (told["id"], told["status"], told["why"]) == (body["id"], "in-progress", "Monday")
    assert body["transcript"].splitlines()[-4:] == [
        f"assistant: {MESSAGE}",
        "assistant: Monday is free at nine.",
        "user: Thank you, goodbye.",
        "assistant: Goodbye.",
    ]
    assert (row["tool"], row["status"], row["http"]["status"]) == ("check_slots", "answered", 200)
    assert body["context_details"]["doctor.name"] == "Lee"
    entries = [(one["type"], one["data"]) for one in raw_log(view_of(log)) if one["component"] == "function_call"]
    assert entries[0][0] == "request"
    assert ("response", '{"slot": "nine", "doctor": {"name": "Lee"}}') in entries
    assert ("response", "webhook before check_slots: sent, 200") in entries
    asks = [entry for entry in read_log(log)[1] if entry.type == "AskModel"]
    assert len(asks) >= 3


def tool_row(body: Mapping[str, Any]) -> Mapping[str, Any]:
    (row,) = body["callwright"]["tools"]
    found: Mapping[str, Any] = row
    return found


async def test_a_tool_that_fails_is_told_to_the_caller_and_shows_in_the_record(dsn: str, tmp_path: Path) -> None:
    async def broken(exchange: Exchange) -> None:
        await exchange.answer(500, b"oops")

    async with calls(dsn, tmp_path, broken) as (world, server):
        body, _ = await finished(world, asking(server.url, message=""))
    assert "assistant: I am sorry, that does not work now." in body["transcript"]
    assert tool_row(body)["status"] == "failed"
    assert tool_row(body)["result"] == "ERROR CALLING API: the API answered 500: oops"
    (turn,) = [part for part in body["callwright"]["turns"] if part["turn"] == 1]
    assert turn["latency_ms"]["tool"] > 0
    parts = [value for name, value in turn["latency_ms"].items() if name != "total"]
    assert sum(parts) == turn["latency_ms"]["total"]


@pytest.mark.long
async def test_a_caller_who_interrupts_the_message_is_answered_with_the_result(dsn: str, tmp_path: Path) -> None:
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(3)
        await free_at_nine(exchange)

    async with calls(dsn, tmp_path, slow) as (world, server):
        body, _ = await finished(world, asking(server.url), "impatient")
        assert len(server.requests) == 1
    lines = body["transcript"].splitlines()
    assert "user: And is parking free, too?" in lines
    assert tool_row(body)["status"] == "answered"
    assert json.dumps(body["context_details"]).count("nine") == 1


async def test_the_model_finds_its_way_through_a_menu_by_keys(dsn: str, tmp_path: Path) -> None:
    async with calls(dsn, tmp_path, free_at_nine) as (world, _):
        body, _ = await finished(world, asking("http://127.0.0.1:1"), "menu")
    assert "assistant: One moment.\nuser: You have reached appointments, goodbye." in body["transcript"]
    assert [(row["tool"], row["arguments"], row["status"]) for row in body["callwright"]["tools"]] == [
        ("press_keys", "2", "answered")
    ]


@pytest.mark.long
async def test_a_service_is_asked_to_transfer_and_its_refusal_is_told_to_the_caller(dsn: str, tmp_path: Path) -> None:
    async def refusing(exchange: Exchange) -> None:
        await exchange.answer(503, b"no agents")

    async with calls(dsn, tmp_path, refusing) as (world, server):
        body = asking(server.url)
        config = body["tasks"][0]["tools_config"]
        call = {"url": f"{server.url}/transfer", "param": {"call_transfer_number": "+15550177"}}
        config["api_tools"]["tools"].append(
            {
                "name": "transfer_call_desk",
                "description": "To the desk.",
                "pre_call_message": "I connect you.",
                "value": call,
            }
        )
        config["llm_agent"]["rules"] = [
            {"when": '"transferred": false', "say": "I am sorry, nobody is there."},
            {"when": "monday", "tool": {"name": "transfer_call_desk", "arguments": {}}},
        ]
        found, _ = await finished(world, body)
        (request,) = server.requests
    asked = request.json()
    assert (asked["call_transfer_number"], asked["execution_id"], asked["provider"]) == (
        "+15550177",
        found["id"],
        "loopback",
    )
    lines = found["transcript"].splitlines()
    assert "assistant: I connect you." in lines
    assert "assistant: I am sorry, nobody is there." in lines
    assert tool_row(found)["status"] == "failed"
    assert found["transfer_call_data"] is None


@pytest.mark.long
async def test_a_caller_who_hangs_up_while_a_tool_runs_leaves_its_answer_in_the_record(
    dsn: str, tmp_path: Path
) -> None:
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(5)
        await free_at_nine(exchange)

    async with calls(dsn, tmp_path, slow) as (world, server):
        found, _ = await finished(world, asking(server.url), "leaving")
    assert found["telephony_data"]["hangup_reason"] == "Call recipient hung up"
    assert (tool_row(found)["status"], "nine" in tool_row(found)["result"]) == ("answered", True)
