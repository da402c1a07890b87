"""Executions: the published statuses, the internal phases, and the tables that connect them.

A *phase* says where an execution is in its life and who may touch it; the *outcome* says how it ended. The published status is
a function of both (:func:`status_of`), so that the wire vocabulary can never drift from what happens. All rules are tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The published statuses of the hosted API (contract chapter 6)."""

    SCHEDULED = "scheduled"
    PREPARED = "prepared"
    QUEUED = "queued"
    RESCHEDULED = "rescheduled"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    CALL_DISCONNECTED = "call-disconnected"
    COMPLETED = "completed"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"
    ERROR = "error"
    CANCELED = "canceled"
    STOPPED = "stopped"
    BALANCE_LOW = "balance-low"


TERMINAL: frozenset[Status] = frozenset(
    {
        Status.COMPLETED,
        Status.NO_ANSWER,
        Status.BUSY,
        Status.FAILED,
        Status.ERROR,
        Status.CANCELED,
        Status.STOPPED,
        Status.BALANCE_LOW,
    }
)

LIVE: frozenset[Status] = frozenset({Status.INITIATED, Status.RINGING, Status.IN_PROGRESS})

#: status -> statuses that may follow. Anything else is refused in code and, for terminal rows, by a constraint trigger.
#: Every non-terminal state may end in error (node lost, broken invariant).
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.SCHEDULED: frozenset({Status.QUEUED, Status.RESCHEDULED, Status.STOPPED, Status.CANCELED, Status.ERROR}),
    Status.PREPARED: frozenset({Status.QUEUED, Status.SCHEDULED, Status.STOPPED, Status.CANCELED, Status.ERROR}),
    Status.QUEUED: frozenset(
        {
            Status.INITIATED,
            Status.RESCHEDULED,
            Status.BALANCE_LOW,
            Status.STOPPED,
            Status.CANCELED,
            Status.FAILED,
            Status.ERROR,
        }
    ),
    Status.RESCHEDULED: frozenset({Status.QUEUED, Status.STOPPED, Status.CANCELED, Status.ERROR}),
    Status.INITIATED: frozenset(
        {
            Status.RINGING,
            Status.IN_PROGRESS,
            Status.FAILED,
            Status.BUSY,
            Status.NO_ANSWER,
            Status.CANCELED,
            Status.ERROR,
        }
    ),
    Status.RINGING: frozenset(
        {Status.IN_PROGRESS, Status.BUSY, Status.NO_ANSWER, Status.FAILED, Status.CANCELED, Status.ERROR}
    ),
    Status.IN_PROGRESS: frozenset({Status.CALL_DISCONNECTED, Status.COMPLETED, Status.ERROR}),
    Status.CALL_DISCONNECTED: frozenset({Status.COMPLETED, Status.SCHEDULED, Status.ERROR}),
    Status.COMPLETED: frozenset(),
    Status.NO_ANSWER: frozenset({Status.SCHEDULED}),
    Status.BUSY: frozenset({Status.SCHEDULED}),
    Status.FAILED: frozenset({Status.SCHEDULED}),
    Status.ERROR: frozenset({Status.SCHEDULED}),
    Status.CANCELED: frozenset(),
    Status.STOPPED: frozenset(),
    Status.BALANCE_LOW: frozenset(),
}


class Phase(StrEnum):
    """Where an execution is in its life inside the platform."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    CLAIMED = "claimed"
    DIALLING = "dialling"
    LIVE = "live"
    FINISHING = "finishing"
    DONE = "done"


#: phase -> (phases that may follow, must the writer own the row).
PHASES: dict[Phase, tuple[frozenset[Phase], bool]] = {
    Phase.WAITING: (frozenset({Phase.ADMITTED, Phase.DONE}), False),
    Phase.ADMITTED: (frozenset({Phase.CLAIMED, Phase.WAITING, Phase.DONE}), False),
    Phase.CLAIMED: (frozenset({Phase.DIALLING, Phase.WAITING, Phase.DONE}), True),
    Phase.DIALLING: (frozenset({Phase.LIVE, Phase.DONE}), True),
    Phase.LIVE: (frozenset({Phase.FINISHING, Phase.DONE}), True),
    Phase.FINISHING: (frozenset({Phase.DONE, Phase.WAITING}), False),
    Phase.DONE: (frozenset({Phase.WAITING}), False),
}

#: (phase, detail) -> status. ``detail`` is the finer fact within the phase; for DONE it is the outcome.
STATUS_OF: dict[tuple[Phase, str], Status] = {
    (Phase.WAITING, "queued"): Status.QUEUED,
    (Phase.WAITING, "scheduled"): Status.SCHEDULED,
    (Phase.WAITING, "rescheduled"): Status.RESCHEDULED,
    (Phase.WAITING, "prepared"): Status.PREPARED,
    (Phase.ADMITTED, ""): Status.QUEUED,
    (Phase.CLAIMED, ""): Status.QUEUED,
    (Phase.DIALLING, "initiated"): Status.INITIATED,
    (Phase.DIALLING, "ringing"): Status.RINGING,
    (Phase.LIVE, ""): Status.IN_PROGRESS,
    (Phase.FINISHING, ""): Status.CALL_DISCONNECTED,
    (Phase.DONE, "completed"): Status.COMPLETED,
    (Phase.DONE, "no-answer"): Status.NO_ANSWER,
    (Phase.DONE, "busy"): Status.BUSY,
    (Phase.DONE, "failed"): Status.FAILED,
    (Phase.DONE, "error"): Status.ERROR,
    (Phase.DONE, "canceled"): Status.CANCELED,
    (Phase.DONE, "stopped"): Status.STOPPED,
    (Phase.DONE, "balance-low"): Status.BALANCE_LOW,
}

#: direction -> the states in which a new execution may begin. An outbound call waits to be admitted; an inbound one rings already in the
#: process that will answer it, so it is written with its owner and its first attempt.
BEGINNINGS: dict[str, frozenset[tuple[Phase, str]]] = {
    "outbound": frozenset((phase, detail) for phase, detail in STATUS_OF if phase is Phase.WAITING),
    "inbound": frozenset({(Phase.DIALLING, "ringing")}),
}

#: Changes to these statuses are published as webhooks by default; a setting adds the rest.
PUBLISHED_BY_DEFAULT: frozenset[Status] = frozenset(set(Status) - {Status.QUEUED, Status.SCHEDULED, Status.PREPARED})


CHAT = "chat"
"""The carrier of an execution that is written instead of spoken: it has no numbers, no line and no recording."""


def status_of(phase: Phase, detail: str) -> Status:
    """The published status of an execution in ``phase`` with ``detail``. KeyError for a pair that cannot exist."""
    return STATUS_OF[(phase, detail)]


def may_begin(direction: str, phase: Phase, detail: str) -> bool:
    """Whether a new execution of ``direction`` may begin in that state."""
    return (phase, detail) in BEGINNINGS.get(direction, frozenset())


def may_follow(before: Status, after: Status) -> bool:
    """Whether the table of transitions allows ``after`` to follow ``before``."""
    return after in TRANSITIONS[before]


@dataclass(frozen=True, slots=True)
class Execution:
    """One row of the ledger: an execution as stored. Times are aware UTC datetimes; money is nano-cents.

    ``agent`` is the agent's stored body frozen when the call was placed. ``record`` holds what the views of the log computed
    (see ``insight.record``): transcript, summary, extracted_data, cost and usage breakdowns, latency, telephony facts.
    ``attempt`` counts dialled attempts, from 1. ``owner`` is the incarnation id of the process that runs the call.
    """

    id: str
    tenant_id: str
    agent_id: str
    status: Status
    phase: Phase
    detail: str
    attempt: int
    direction: str
    carrier: str
    to_number: str
    from_number: str
    created_at: datetime
    updated_at: datetime
    owner: str | None = None
    batch_id: str | None = None
    error_message: str | None = None
    scheduled_at: datetime | None = None
    rescheduled_at: datetime | None = None
    initiated_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    completed_at: datetime | None = None
    provider_call_id: str | None = None
    hangup_by: str | None = None
    hangup_reason: str | None = None
    hangup_code: int | None = None
    total_cost_nano: int = 0
    retry_count: int = 0
    user_data: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    agent: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
