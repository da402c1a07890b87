"""Port of storage: call logs in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A piece of a call's log as stored: whole lines, in order of ``chunk`` within section file ``section`` (live or post)."""

    execution_id: str
    attempt: int
    section: str
    chunk: int
    data: bytes


class Logs(Protocol):
    """Call logs in pieces."""

    async def append(self, *chunks: LogChunk) -> None:
        """Store a piece; the same (execution, attempt, section, chunk) again replaces it."""

    async def read(self, execution_id: str, attempt: int | None = None, section: str | None = None) -> bytes:
        """The log of an attempt (the newest one by default): live section, then post section, or one of them. Empty when there is none."""
