"""Batches: many calls of one agent from one list of contacts. Their states are a table, like those of executions.

A contact waits in the batch until it is released: then it becomes an execution, once, with the id it had from the beginning. What a
contact that still waits looks like to the outside follows from the batch's state (:data:`WAITING_AS`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from callwright.platform.executions.rules.execution import Execution, Phase, status_of
from callwright.platform.pace.rules.policy import NO_PACE, BatchPace

_HEX = frozenset("0123456789abcdef")


class BatchStatus(StrEnum):
    """The published statuses of a batch (contract 10.2)."""

    CREATED = "created"
    PROCESSED = "processed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


#: status -> statuses that may follow; the database holds the same rows.
BATCH_TRANSITIONS: dict[BatchStatus, frozenset[BatchStatus]] = {
    BatchStatus.CREATED: frozenset({BatchStatus.PROCESSED, BatchStatus.FAILED}),
    BatchStatus.PROCESSED: frozenset({BatchStatus.SCHEDULED}),
    BatchStatus.SCHEDULED: frozenset({BatchStatus.QUEUED, BatchStatus.STOPPED}),
    BatchStatus.QUEUED: frozenset({BatchStatus.RUNNING, BatchStatus.COMPLETED, BatchStatus.STOPPED}),
    BatchStatus.RUNNING: frozenset({BatchStatus.COMPLETED, BatchStatus.STOPPED}),
    BatchStatus.COMPLETED: frozenset(),
    BatchStatus.STOPPED: frozenset(),
    BatchStatus.FAILED: frozenset(),
}

#: What a contact is while it waits, by the state of its batch: phase and detail of the execution it will be.
WAITING_AS: dict[BatchStatus, tuple[Phase, str]] = {
    BatchStatus.CREATED: (Phase.WAITING, "prepared"),
    BatchStatus.PROCESSED: (Phase.WAITING, "prepared"),
    BatchStatus.SCHEDULED: (Phase.WAITING, "scheduled"),
    BatchStatus.QUEUED: (Phase.WAITING, "queued"),
    BatchStatus.RUNNING: (Phase.WAITING, "queued"),
    BatchStatus.COMPLETED: (Phase.DONE, "stopped"),
    BatchStatus.STOPPED: (Phase.DONE, "stopped"),
    BatchStatus.FAILED: (Phase.DONE, "stopped"),
}

ACTIVE = (BatchStatus.QUEUED, BatchStatus.RUNNING)
"""In these states contacts are released."""

STOPPABLE = frozenset({BatchStatus.SCHEDULED, *ACTIVE})
STOPPABLE_STRICT = frozenset(ACTIVE)
"""The hosted service stops only what is queued or running; a scheduled batch can be stopped here as well, unless strict."""

PAUSED_BY = ("request", "breaker")

SCHEDULABLE = frozenset({BatchStatus.PROCESSED, BatchStatus.SCHEDULED})
ENDED = frozenset(status for status, after in BATCH_TRANSITIONS.items() if not after)

ROUND_TO = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of a list that can be called. ``position`` counts the accepted rows from 1; ``line`` is where the row begins in the file.
    ``written``: the cell of the number, if it is not in its normal form there."""

    position: int
    line: int
    execution_id: str
    number: str
    carrier: str
    user_data: Mapping[str, Any]
    written: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row of a list that is not called, why, and what can be done. ``cells``: the row as it came, in the order of
    ``ListFormat.columns``; surplus cells follow. Empty where only line and reason are kept."""

    line: int
    reason: str
    hint: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListFormat:
    """How a list was read. ``columns``: their names, in the order of the file; ``number_at``: which of them has the numbers."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    number_at: int
    default_country: str | None = None
    duplicates: str = "keep"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as stored. ``refused`` holds the first refused rows; how many there were is ``total_contacts - valid_contacts``.
    ``sandbox`` and ``stand_ins`` (``availability.StandIn.as_wire``): what its calls were to run with when its list was read.
    ``list_format``: how its list was read; None where there was none. ``paused_at``: while it is set no call of the batch begins;
    ``paused_by`` is one of :data:`PAUSED_BY`. The status stays what it is. ``deleted_at``: of one that was stopped and deleted, and stays
    until the executions of its contacts are written."""

    id: str
    tenant_id: str
    agent_id: str
    status: BatchStatus
    created_at: datetime
    updated_at: datetime
    file_name: str
    from_numbers: tuple[str, ...] = ()
    webhook_url: str | None = None
    retry_config: Mapping[str, Any] | None = None
    bypass_call_guardrails: bool = False
    scheduled_at: datetime | None = None
    total_contacts: int = 0
    valid_contacts: int = 0
    refused: tuple[RefusedRow, ...] = ()
    sandbox: bool = False
    stand_ins: tuple[Mapping[str, Any], ...] = ()
    list_format: ListFormat | None = None
    pace: BatchPace = NO_PACE
    paused_at: datetime | None = None
    paused_by: str | None = None
    paused_reason: str | None = None
    resumed_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch is: executions by status (its contacts included), what they cost and how long was spoken together. ``waiting``:
    contacts that are still to become calls, none in a batch that has ended."""

    execution_status: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    total_cost_nano: int = 0
    talk_ms: int = 0
    answered: int = 0


def may_become(before: BatchStatus, after: BatchStatus) -> bool:
    """Whether the table allows ``after`` to follow ``before``."""
    return after in BATCH_TRANSITIONS[before]


def batch_id_in(text: str) -> str | None:
    """The 32 hex digits of a batch's id, also where they are written as a UUID; None for anything else."""
    key = text.strip().lower().replace("-", "")
    return key if len(key) == 32 and _HEX.issuperset(key) else None


def rounded_up(at: datetime) -> datetime:
    """The next ten-minute mark (12:02 becomes 12:10; a mark stays), as the hosted service starts its batches."""
    past = timedelta(minutes=at.minute % 10, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + ROUND_TO


def from_number(batch: Batch, position: int, default: str) -> str:
    """Whose number calls the contact: the batch's numbers in turn."""
    return batch.from_numbers[(position - 1) % len(batch.from_numbers)] if batch.from_numbers else default


def execution_of_contact(
    batch: Batch,
    contact: Contact,
    default_from: str,
    *,
    agent: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Execution:
    """The execution a contact is, or becomes at ``at`` with the agent it will speak to. Its state is what the batch's state says.

    It was created with its batch, a microsecond after the contact before it: so the order of times is that of the file, and the time is the
    same before and after it becomes an execution.
    """
    created_at = batch.created_at + timedelta(microseconds=contact.position)
    phase, detail = WAITING_AS[batch.status]
    options: dict[str, Any] = {"batch_line": contact.line}
    if contact.written:
        options["batch_number"] = contact.written
    if batch.bypass_call_guardrails:
        options["bypass_call_guardrails"] = True
    if batch.retry_config:
        options["retry_config"] = dict(batch.retry_config)
    return Execution(
        id=contact.execution_id,
        tenant_id=batch.tenant_id,
        agent_id=batch.agent_id,
        status=status_of(phase, detail),
        phase=phase,
        detail=detail,
        attempt=0,
        direction="outbound",
        carrier=contact.carrier,
        to_number=contact.number,
        from_number=from_number(batch, contact.position, default_from),
        created_at=created_at,
        updated_at=max(at or batch.updated_at, created_at),
        batch_id=batch.id,
        scheduled_at=batch.scheduled_at,
        user_data=dict(contact.user_data),
        options=options,
        agent=dict(agent or {}),
    )


@dataclass(frozen=True, slots=True)
class ActiveBatch:
    """A batch that is queued or running, as the release looks at it. ``waiting``: its due executions that are not claimed yet, none while
    it is paused; ``open``: all that have not ended; ``left``: whether contacts wait in it. ``concurrency`` is its tenant's."""

    id: str
    tenant_id: str
    concurrency: int
    waiting: int
    open: int
    left: bool
    paused: bool
    pace: BatchPace = NO_PACE
    from_numbers: Sequence[str] = ()
    resumed_at: datetime | None = None
