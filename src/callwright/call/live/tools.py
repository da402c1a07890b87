"""Tools the model calls: each once, its result posted as an event whatever the conversation has done meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.runner import CallRunner
from callwright.conversation.effects import CallTool
from callwright.conversation.events import ToolResult
from callwright.domain.limits import TOOL_SECONDS
from callwright.platform.tools.rules.answer import remembered
from callwright.ports.failures import FailureKind

TOOL_REQUEST = "tool_request"
"""Fact of the log: what an HTTP tool sent and how it was answered."""

PRE_CALL_WEBHOOK = "pre_call_webhook"
"""Fact of the log: a webhook sent before a tool, and what became of it."""

TELLING_SECONDS = 1.0

UNKNOWN_OUTCOME = "the call ended before the tool answered; whether it did its work is not known"


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a tool answered, or why it could not. ``text`` goes to the model; ``facts`` of the request, if any, go into the log."""

    ok: bool
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class ToolRunner(Protocol):
    """Runs the tools of a call."""

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        """Call the tool once. ``arguments`` is the text of a JSON object that fits the tool's schema."""
        ...

    async def before(self, name: str, arguments: str) -> Mapping[str, Any] | None:
        """Tell whoever the agent names that the tool is about to run; returns a fact for the log, None when nobody is told."""
        ...


class NoTools:
    """The tool runner of a platform without tools: says so."""

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        """Answer that the tool is not available."""
        return ToolOutcome(False, f"tool {name} is not available")

    async def before(self, name: str, arguments: str) -> None:
        """Nobody is told."""


class Tools:
    """Calls tools and reports their results to the runner. ``learned``: what their answers have taught by now."""

    def __init__(self, runner: CallRunner, tools: ToolRunner) -> None:
        self._runner = runner
        self._tools = tools
        self._running: set[asyncio.Task[None]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self.learned: dict[str, Any] = {}

    def call(self, effect: CallTool) -> None:
        """Start a tool. It is not cancelled when nobody waits for it any more: what it did has happened."""
        self.announce(effect.name, effect.arguments)
        _start(self._call(effect), self._running)

    def announce(self, name: str, arguments: str) -> None:
        """Tell of a tool before it runs, where its agent wants that. Nothing waits for it."""
        _start(self._before(name, arguments), self._telling)

    async def aclose(self, seconds: float) -> None:
        """Wait up to ``seconds`` for results, then stop waiting: what is not known then is told so. Whoever is told of a tool is given
        TELLING_SECONDS: a slow receiver must not hold the end of the call back."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        if self._telling:
            await asyncio.wait(self._telling, timeout=min(seconds, TELLING_SECONDS))
        left = (*self._running, *self._telling)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _call(self, effect: CallTool) -> None:
        outcome = ToolOutcome(False, UNKNOWN_OUTCOME)

        def failed(kind: FailureKind, message: str) -> None:
            nonlocal outcome
            outcome = ToolOutcome(False, f"tool {effect.name} failed: {message}")

        runner = self._runner
        try:
            with plugin_boundary(f"tool {effect.name}", failed):
                async with asyncio.timeout(TOOL_SECONDS):
                    outcome = await self._tools.run(effect.name, effect.arguments)
        finally:
            # Also when it is cancelled: the log never holds a request without saying what is known of it.
            if outcome.facts:
                runner.fact("core", TOOL_REQUEST, {"request": effect.request, **outcome.facts})
            if outcome.ok:
                self.learned = remembered(self.learned, outcome.text)
            runner.post(ToolResult(runner.now_us(), effect.request, outcome.ok, outcome.text))

    async def _before(self, name: str, arguments: str) -> None:
        told: Mapping[str, Any] | None = {
            "tool": name,
            "ok": False,
            "reason": "the call ended before there was an answer",
        }

        def failed(kind: FailureKind, message: str) -> None:
            nonlocal told
            told = {"tool": name, "ok": False, "reason": message}

        try:
            with plugin_boundary(f"webhook of the tool {name}", failed):
                async with asyncio.timeout(TOOL_SECONDS):
                    told = await self._tools.before(name, arguments)
        finally:
            if told is not None:
                self._runner.fact("core", PRE_CALL_WEBHOOK, told)


def _start(work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
