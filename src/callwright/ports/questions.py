"""Port of the questions about a call that are asked outside of its own post-call work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

EXTRACTION_JOB = "extraction"
"""The background job that asks past calls again. Its payload is :class:`AskAgain` as JSON."""


@dataclass(frozen=True, slots=True)
class Examination:
    """A transcript to ask dispositions of. ``bodies``: the dispositions; ``agent``: the agent's stored body, whose model is asked where a
    disposition's own is not installed; ``moment``: when the call was, in its own time zone; ``tenant_id``: whose provider keys are used."""

    tenant_id: str
    transcript: str
    moment: datetime
    agent: Mapping[str, Any]
    bodies: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of it. ``cost_nano``: nano-cents; ``failures``: what could not be asked and why."""

    extracted_data: dict[str, Any]
    usage: list[dict[str, Any]] = field(default_factory=list)
    cost_nano: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)


class Questions(Protocol):
    """Asks models about a transcript."""

    async def examine(self, asked: Examination) -> Examined:
        """Ask, and store nothing. Raises RateLimitedError when too many are asked in this process already."""
        ...
