"""Executions, and what changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callwright.platform.executions.rules.execution import Execution, Phase


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """What a list of executions is narrowed to; None means any."""

    status: str | None = None
    call_type: str | None = None
    provider: str | None = None
    answered_by_voice_mail: bool | None = None
    batch_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of executions, newest first. ``total`` counts all that match."""

    rows: Sequence[Execution]
    total: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an execution. Only the given columns change; ``record`` is merged into the stored record key by key."""

    phase: Phase | None = None
    detail: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    """When a call that waits may be dialled; None: at its ``scheduled_at``, or at once."""
