"""Tools the model calls: each once, its result posted as an event whatever the conversation has done meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from callwright.call.boundary import plugin_boundary
from callwright.call.runner import CallRunner
from callwright.conversation.effects import CallTool
from callwright.conversation.events import ToolResult
from callwright.domain.limits import TOOL_SECONDS
from callwright.ports.failures import FailureKind


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a tool answered, or why it could not. ``text`` goes to the model."""

    ok: bool
    text: str


class ToolRunner(Protocol):
    """Runs the tools of a call."""

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        """Call the tool once. ``arguments`` is JSON text as the model wrote it."""
        ...


class NoTools:
    """The tool runner of a platform without tools: says so."""

    async def run(self, name: str, arguments: str) -> ToolOutcome:
        """Answer that the tool is not available."""
        return ToolOutcome(False, f"tool {name} is not available")


class Tools:
    """Calls tools and reports their results to the runner."""

    def __init__(self, runner: CallRunner, tools: ToolRunner) -> None:
        self._runner = runner
        self._tools = tools
        self._running: set[asyncio.Task[None]] = set()

    def call(self, effect: CallTool) -> None:
        """Start a tool. It is not cancelled when nobody waits for it any more: what it did has happened."""
        task = asyncio.get_running_loop().create_task(self._call(effect))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def aclose(self, seconds: float) -> None:
        """Wait up to ``seconds`` for results, then stop waiting."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _call(self, effect: CallTool) -> None:
        outcome = ToolOutcome(False, "")

        def failed(kind: FailureKind, message: str) -> None:
            nonlocal outcome
            outcome = ToolOutcome(False, f"tool {effect.name} failed: {message}")

        with plugin_boundary(f"tool {effect.name}", failed):
            async with asyncio.timeout(TOOL_SECONDS):
                outcome = await self._tools.run(effect.name, effect.arguments)
        self._runner.post(ToolResult(self._runner.now_us(), effect.request, outcome.ok, outcome.text))
