"""Call logs in pieces."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A piece of a call's log as stored: whole lines, in order of ``chunk`` within section file ``section`` (live or post)."""

    execution_id: str
    attempt: int
    section: str
    chunk: int
    data: bytes
