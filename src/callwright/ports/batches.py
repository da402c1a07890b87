"""Port of storage: batches and the contacts that wait in them. What a contact becomes when it is released is an execution of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from callwright.domain.batch import Batch, BatchProgress, BatchStatus, Contact, RefusedRow
from callwright.domain.pace.policy import NO_PACE, BatchPace


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


class Batches(Protocol):
    """Batches. Every read of a request takes the tenant; a foreign batch is as missing as one that never was, and so is one that is
    marked as deleted."""

    async def insert(self, batch: Batch) -> None:
        """A new batch. NotFoundError when its agent is not one of its tenant."""
        ...

    async def get(self, tenant_id: str, batch_id: str, *, also_deleted: bool = False) -> Batch | None:
        """One batch of the tenant, or None. ``also_deleted``: also one that is marked as deleted."""
        ...

    async def lock(self, tenant_id: str, batch_id: str, *, also_deleted: bool = False) -> Batch | None:
        """The row, locked until the unit ends: no contact of it is released meanwhile."""
        ...

    async def lock_any(self, batch_id: str) -> Batch | None:
        """The row whoever owns it, locked, or None when another process is at it: for the platform's own work, never for a request."""
        ...

    async def lock_shared(self, batch_id: str) -> Batch | None:
        """The row whoever owns it, a deleted one too. Nobody changes or deletes it until the unit ends, and several may hold it so: for the
        platform's own work, never for a request."""
        ...

    async def of_agent(self, tenant_id: str, agent_id: str, count: int) -> list[Batch]:
        """An agent's newest batches, newest first."""
        ...

    async def stoppable(self, tenant_id: str, agent_id: str) -> list[str]:
        """Ids of an agent's batches that are to begin or have begun."""
        ...

    async def change(self, batch_id: str, status: BatchStatus | None = None, **columns: Any) -> Batch:
        """Apply a change and return the row after it. WrongStateError when the table of the domain does not allow the status."""
        ...

    async def progress(self, batches: Sequence[Batch]) -> dict[str, BatchProgress]:
        """How far each of them is."""
        ...

    async def extracted(
        self, tenant_id: str, batch_id: str, after: tuple[datetime, str] | None, count: int
    ) -> list[tuple[datetime, str, Any]]:
        """Creation, id and extracted data of up to ``count`` executions of a batch, in the order of its file, from behind ``after``
        (creation, id) on."""
        ...

    async def under_way(self, batch_id: str) -> bool:
        """Whether contacts wait in it or executions of it have not ended."""
        ...

    async def delete(self, batch_id: str) -> None:
        """Delete a batch with the contacts that wait in it and its webhooks. Its executions stay."""
        ...

    async def mark_deleted(self, batch_id: str) -> None:
        """Hide a batch and delete its webhooks; the contacts that wait in it stay, to be written by the job of its stop."""
        ...

    async def delete_ended(self, before: datetime, count: int) -> int:
        """Delete up to ``count`` batches that ended before ``before``; returns how many. Not one that ``unwritten`` names."""
        ...

    async def unwritten(self, before: datetime, count: int, after: str = "") -> list[tuple[str, str]]:
        """Tenant and id of up to ``count`` batches that were stopped before ``before`` and whose contacts and calls are not all written, by
        their ids from behind ``after`` on; none of a deleted account, whose contacts go with it."""
        ...

    async def note_failed(self, batch_ids: Sequence[str], at: datetime) -> None:
        """The contacts of these could not be written. Kept is the first such moment of each. It needs no taking back: who is written has
        no contacts left to be given up."""
        ...

    async def forget_failed(self, batch_ids: Sequence[str], before: datetime) -> list[tuple[str, str, int]]:
        """Delete those of them, as they are, whose contacts could not be written for the first time before ``before`` and are not all
        written since. Returns tenant, id and how many contacts went with each."""
        ...

    async def due(self, count: int) -> list[str]:
        """Ids of scheduled batches whose time has come, the earliest first; none of a deleted account."""
        ...

    async def active(self, count: int) -> list[ActiveBatch]:
        """Up to ``count`` queued or running batches: of every tenant the one that began first, then the second ones, and so on, so that
        no tenant's batches keep another's out. Those that have nothing to release come last. None of a deleted account."""
        ...


class BatchContacts(Protocol):
    """Contacts that wait in batches."""

    async def stage(self, batch_id: str, contacts: Sequence[Contact]) -> None:
        """Write contacts of a new batch."""
        ...

    async def after(self, batch_id: str, position: int, count: int) -> list[Contact]:
        """Up to ``count`` contacts that wait, from behind ``position`` on."""
        ...

    async def ids(self, batch_id: str, count: int) -> list[str]:
        """Ids of the executions that up to ``count`` contacts wait to become, in their order."""
        ...

    async def find(self, tenant_id: str, execution_id: str) -> tuple[Batch, Contact] | None:
        """The contact that waits to become this execution, with its batch, or None."""
        ...

    async def take(self, batch_id: str, count: int) -> list[Contact]:
        """Take up to ``count`` contacts out of a batch, in their order: the same unit must make executions of them."""
        ...

    async def take_one(self, execution_id: str) -> Contact | None:
        """Take one contact out of its batch."""
        ...


class RefusedRows(Protocol):
    """Rows of lists that are not called. They are deleted with their batch."""

    async def stage(self, batch_id: str, rows: Sequence[RefusedRow]) -> None:
        """Write refused rows of a new batch."""
        ...

    async def after(self, batch_id: str, line: int, count: int) -> list[RefusedRow]:
        """Up to ``count`` refused rows after ``line``, in the order of the file."""
        ...
