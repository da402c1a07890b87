"""Stopping calls from outside: those of this process at once, those of others through their row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from callwright.domain.execution import Execution


class Stoppable(Protocol):
    """A call that can be told to end."""

    def stop(self, by: str, reason: str) -> None:
        """End; safe to call twice."""


class LocalCalls:
    """The calls this process runs, by execution. ``actions.services.CallControl``."""

    def __init__(self) -> None:
        self._calls: dict[str, Stoppable] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, execution_id: str) -> bool:
        return execution_id in self._calls

    def add(self, execution_id: str, call: Stoppable) -> None:
        """A call begins."""
        self._calls[execution_id] = call

    def remove(self, execution_id: str) -> None:
        """The call is over."""
        self._calls.pop(execution_id, None)

    async def request_stop(self, execution_id: str, by: str, reason: str) -> None:
        """End the call if it is one of this process's; the owner of any other reads the wish from its row."""
        call = self._calls.get(execution_id)
        if call is not None:
            call.stop(by, reason)

    def stop_all(self, by: str, reason: str) -> None:
        """End every call."""
        for call in tuple(self._calls.values()):
            call.stop(by, reason)

    def obey(self, rows: Iterable[Execution]) -> None:
        """Look for wishes in the rows of this process's executions."""
        for row in rows:
            wish = row.options.get("stop_requested")
            call = self._calls.get(row.id)
            if call is not None and isinstance(wish, Mapping):
                call.stop(_text(wish.get("by"), "API Request"), _text(wish.get("reason"), "stopped_by_api"))


def _text(value: Any, default: str) -> str:
    return value if isinstance(value, str) and value else default
