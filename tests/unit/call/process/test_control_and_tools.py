"""Stopping calls from outside, and tools."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.unit.call.world import Bench, settle

from callwright.call.live.tools import UNKNOWN_OUTCOME, NoTools, ToolOutcome, Tools
from callwright.call.process.control import LocalCalls
from callwright.conversation.effects import CallTool
from callwright.conversation.events import ToolResult
from callwright.platform.executions.rules.execution import Execution, Phase, Status

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Call:
    """A call that keeps who stopped it."""

    def __init__(self) -> None:
        self.stopped: list[tuple[str, str]] = []
        self.told: list[list[str]] = []
        self.captured: list[dict[str, Any]] = []

    def stop(self, by: str, reason: str) -> None:
        self.stopped.append((by, reason))

    def tell(self, events: Sequence[Mapping[str, Any]]) -> None:
        self.told.append([str(event["name"]) for event in events])

    def capture(self, wish: Mapping[str, Any]) -> None:
        self.captured.append(dict(wish))


def _row(execution_id: str, options: dict[str, Any]) -> Execution:
    return Execution(
        execution_id, "t", "a", Status.IN_PROGRESS, Phase.LIVE, "", 1, "outbound", "loopback", "+1", "+2", NOW, NOW,
        options=options,
    )  # fmt: skip


async def test_a_local_call_is_stopped_at_once_and_an_unknown_one_is_left_to_its_owner() -> None:
    calls, call = LocalCalls(), Call()
    calls.add("e1", call)
    await calls.request_stop("e1", "API Request", "stopped_by_api")
    await calls.request_stop("other", "API Request", "stopped_by_api")
    assert call.stopped == [("API Request", "stopped_by_api")]
    calls.remove("e1")
    await calls.request_stop("e1", "API Request", "again")
    assert len(call.stopped) == 1
    assert len(calls) == 0


async def test_a_capture_of_a_local_call_begins_at_once_and_of_another_by_its_row() -> None:
    calls, call, other = LocalCalls(), Call(), Call()
    calls.add("e1", call)
    calls.add("e2", other)
    wish = {"attempt": 1, "seconds": 60, "keep_secrets": False}
    await calls.request_capture("e1", wish)
    await calls.request_capture("elsewhere", wish)
    calls.obey([_row("e2", {"capture": wish})])
    assert call.captured == other.captured == [wish]


async def test_events_of_a_local_call_are_told_at_once_and_those_of_others_by_their_row() -> None:
    calls, call, other = LocalCalls(), Call(), Call()
    calls.add("e1", call)
    calls.add("e2", other)
    await calls.deliver_events("e1", [{"name": "paid"}])
    await calls.deliver_events("elsewhere", [{"name": "paid"}])
    calls.obey([_row("e1", {"events": [{"name": "paid"}, {"name": "shipped"}]}), _row("e2", {})])
    assert call.told == [["paid"], ["paid", "shipped"]]
    assert other.told == []


def test_it_is_known_whether_there_are_any_calls() -> None:
    calls = LocalCalls()
    calls.add("e1", Call())
    calls.add("e2", Call())
    calls.remove("e1")
    assert calls.some.is_set()
    calls.remove("e2")
    assert not calls.some.is_set()


def test_wishes_in_rows_are_obeyed() -> None:
    calls, wanted, other = LocalCalls(), Call(), Call()
    calls.add("e1", wanted)
    calls.add("e2", other)
    wish = {"by": "API Request", "reason": "stopped_by_agent"}
    calls.obey([_row("e1", {"stop_requested": wish}), _row("e2", {}), _row("e3", {"stop_requested": wish})])
    assert (wanted.stopped, other.stopped) == ([("API Request", "stopped_by_agent")], [])
    calls.obey([_row("e2", {"stop_requested": {"by": 3}})])
    assert other.stopped == [("API Request", "stopped_by_api")]
    calls.stop_all("Error", "node_draining")
    assert other.stopped[-1] == ("Error", "node_draining")


class Shed:
    """Tools: ``good`` works and is told of, ``slow`` never answers, the rest is defective."""

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        if name == "slow":
            await asyncio.Event().wait()
        if name != "good":
            raise ValueError("defect")
        return ToolOutcome(True, arguments, {"status": 200})

    async def before(self, name: str, arguments: str) -> dict[str, Any] | None:
        if name == "silent":
            await asyncio.Event().wait()
        if name == "bad":
            raise ValueError("defect")
        return {"tool": name, "ok": True} if name == "good" else None


def _entries(bench: Bench) -> list[dict[str, Any]]:
    bench.log.flush()
    return bench.paper.entries()


async def test_tools_answer_once_and_a_defect_is_an_answer_too() -> None:
    bench = Bench()
    tools = Tools(bench.runner, Shed())
    tools.call(CallTool(1, 1, "c1", "good", "{}"))
    tools.call(CallTool(2, 1, "c2", "bad", "{}"))
    await settle()
    assert [(e.request, e.ok, e.result) for e in bench.core.of(ToolResult)] == [
        (1, True, "{}"),
        (2, False, "tool bad failed: ValueError"),
    ]
    await tools.aclose(0.0)
    facts = [(entry["type"], entry["v"]) for entry in _entries(bench) if entry["dir"] == "fact"]
    assert ("pre_call_webhook", {"tool": "good", "ok": True}) in facts
    assert ("pre_call_webhook", {"tool": "bad", "ok": False, "reason": "ValueError"}) in facts
    assert ("tool_request", {"request": 1, "status": 200}) in facts


async def test_a_tool_that_has_not_answered_when_the_call_is_over_is_not_known_to_have_worked() -> None:
    bench = Bench()
    tools = Tools(bench.runner, Shed())
    tools.call(CallTool(1, 1, "c1", "slow", "{}"))
    await settle()
    await tools.aclose(0.0)
    assert [(e.ok, e.result) for e in bench.core.of(ToolResult)] == [(False, UNKNOWN_OUTCOME)]


async def test_a_receiver_that_does_not_answer_does_not_hold_the_end_of_a_call_back() -> None:
    bench = Bench()
    tools = Tools(bench.runner, Shed())
    tools.announce("silent", "{}")
    await settle()
    await tools.aclose(0.01)
    (entry,) = [entry for entry in _entries(bench) if entry["type"] == "pre_call_webhook"]
    assert entry["v"] == {"tool": "silent", "ok": False, "reason": "the call ended before there was an answer"}


async def test_without_tools_the_model_is_told_so() -> None:
    bench = Bench()
    tools = Tools(bench.runner, NoTools())
    tools.call(CallTool(1, 1, "c1", "lookup", "{}"))
    await tools.aclose(1.0)
    assert [(e.ok, e.result) for e in bench.core.of(ToolResult)] == [(False, "tool lookup is not available")]
