"""Logs of calls with little in them, for what-if runs to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import Header, entry_line, header_line, values_of
from callwright.conversation.plan import CORE_VERSION, CallPlan
from callwright.insight.view import CallView, view_of


def header(agent: Mapping[str, Any] | None = None) -> str:
    """The first line of a log."""
    return header_line(Header("call-1", 1, "2026-01-01T00:00:00+00:00", {"name": "Ada"}, 3, agent or {}, CORE_VERSION))


def bare(plan: CallPlan, words: Sequence[str], booked: Sequence[str] = ()) -> CallView:
    """The answer and the caller's turns alone, six seconds apart, and what the tool ``book`` answered in each."""
    lines = [header()]

    def put(at_ms: int, item: ev.Event | fx.Effect, direction: str) -> None:
        lines.append(entry_line(len(lines), at_ms * 1000, "core", direction, type(item).__name__, values_of(item)))

    put(0, ev.Started(0, plan, (), 3), "in")
    put(500, ev.Ringing(0), "in")
    put(1_000, ev.Answered(0), "in")
    for number, said in enumerate(words):
        from_ms = 4_000 + 6_000 * number
        put(from_ms + 3_000, fx.UserSaid(number + 1, said, from_ms, from_ms + 1_500), "out")
        if booked:
            put(from_ms + 3_000, fx.CallTool(number, number + 1, f"c{number}", "book", "{}"), "out")
            put(from_ms + 3_500, ev.ToolResult(0, number, True, booked[number]), "in")
    return view_of("".join(lines))
