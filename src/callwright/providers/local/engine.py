"""What an inference process runs: jobs of an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Emit = Callable[[dict[str, Any]], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Work:
    """One job: its kind and what it needs."""

    kind: str
    body: dict[str, Any]


class Engine(Protocol):
    """Does jobs, several at once from different threads. ``emit`` sends a piece; ``cancelled`` is asked now and then."""

    def run(self, work: Work, emit: Emit, cancelled: Cancelled) -> dict[str, Any]:
        """Do one job and return its result. ValueError and LookupError mean the job was wrong; all else, that the engine failed."""
        ...
