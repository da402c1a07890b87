"""Stopping calls from outside and telling them what happened there: those of this process at once, those of others through their row."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from callwright.platform.executions.rules.execution import Execution


class Reachable(Protocol):
    """A call that can be told to end, and what happened outside."""

    def stop(self, by: str, reason: str) -> None:
        """End; safe to call twice."""

    def tell(self, events: Sequence[Mapping[str, Any]]) -> None:
        """All events sent to the call so far; those it has taken already are passed over."""

    def capture(self, wish: Mapping[str, Any]) -> None:
        """Write the call's packets; safe to call twice."""


class LocalCalls:
    """The calls this process runs, by execution. ``platform.services.CallControl``. ``some`` is set while there are any."""

    def __init__(self) -> None:
        self._calls: dict[str, Reachable] = {}
        self.some = asyncio.Event()

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, execution_id: str) -> bool:
        return execution_id in self._calls

    def add(self, execution_id: str, call: Reachable) -> None:
        """A call begins."""
        self._calls[execution_id] = call
        self.some.set()

    def remove(self, execution_id: str) -> None:
        """The call is over."""
        self._calls.pop(execution_id, None)
        if not self._calls:
            self.some.clear()

    async def request_stop(self, execution_id: str, by: str, reason: str) -> None:
        """End the call if it is one of this process's; the owner of any other reads the wish from its row."""
        call = self._calls.get(execution_id)
        if call is not None:
            call.stop(by, reason)

    async def deliver_events(self, execution_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Tell the call if it is one of this process's; the owner of any other reads the events from its row."""
        call = self._calls.get(execution_id)
        if call is not None:
            call.tell(events)

    async def request_capture(self, execution_id: str, wish: Mapping[str, Any]) -> None:
        """Capture the call if it is one of this process's; the owner of any other reads the wish from its row."""
        call = self._calls.get(execution_id)
        if call is not None:
            call.capture(wish)

    def stop_all(self, by: str, reason: str) -> None:
        """End every call."""
        for call in tuple(self._calls.values()):
            call.stop(by, reason)

    def obey(self, rows: Iterable[Execution]) -> None:
        """Look for wishes and events in the rows of this process's executions."""
        for row in rows:
            wish = row.options.get("stop_requested")
            call = self._calls.get(row.id)
            if call is not None and row.options.get("events"):
                call.tell(row.options["events"])
            if call is not None and row.options.get("capture"):
                call.capture(row.options["capture"])
            if call is not None and isinstance(wish, Mapping):
                call.stop(_text(wish.get("by"), "API Request"), _text(wish.get("reason"), "stopped_by_api"))


def _text(value: Any, default: str) -> str:
    return value if isinstance(value, str) and value else default
