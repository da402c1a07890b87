"""Port of storage: executions, and what changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from callwright.domain.batch import Batch, Contact
from callwright.domain.execution import Execution, Phase
from callwright.ports.ledger.summaries import Summaries


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


class Executions(Protocol):
    """The ledger of executions."""

    @property
    def summaries(self) -> Summaries:
        """Executions as lists over all agents show them."""
        ...

    async def insert(self, *executions: Execution) -> None:
        """New executions (phase waiting)."""

    async def insert_owned(self, execution: Execution, free: int, *, once: bool = False) -> bool:
        """A call that comes in: a new execution that already belongs to its owner, in its first attempt (the attempt row is opened
        too). ``free``: the owner's free places, this call's included. False, and nothing is written, when the tenant's concurrency or its
        organisation's share of the owner's places is used up. StaleOwnerError when the owner was declared dead. ``once``: ConflictError
        when a call of the tenant with this ``provider_call_id`` came in over the carrier before."""
        ...

    async def get(self, tenant_id: str, execution_id: str) -> Execution | None:
        """One execution of the tenant, or None."""

    async def get_any(self, execution_id: str) -> Execution | None:
        """One execution whoever owns it: for the platform's own work, never for a request."""

    async def came_in(self, carrier: str, provider_call_id: str) -> list[Execution]:
        """The calls, of all accounts, that came in over a carrier under its id, the earliest first."""
        ...

    async def lock(self, execution_id: str) -> Execution | None:
        """The row, locked until the unit ends (select for update)."""

    async def page(self, tenant_id: str, agent_id: str, narrow: ExecutionFilter, number: int, size: int) -> Page:
        """Page ``number`` (from 1) of an agent's executions, newest first."""

    async def page_after(
        self, tenant_id: str, agent_id: str, narrow: ExecutionFilter, after: tuple[datetime, str], size: int
    ) -> Page:
        """The executions behind one of them, given by its time of creation and its id."""
        ...

    async def page_of_batch(
        self, batch: Batch, narrow: ExecutionFilter, skip: int, after: tuple[datetime, str] | None, size: int
    ) -> tuple[list[Execution | Contact], int]:
        """Executions of a batch, newest first, and how many match in all. They come behind ``skip`` others, or behind ``after``, as in
        ``page_after``. A contact that waits stands for the execution that it becomes."""
        ...

    async def get_shown(self, tenant_id: str, execution_id: str) -> tuple[Execution, int] | None:
        """One execution of the tenant without its agent, and the version of its row; or None."""
        ...

    async def version(self, tenant_id: str, execution_id: str) -> int | None:
        """The version of an execution's row, another one after every change; None when there is no such execution."""
        ...

    async def candidates(self, node_limit: int) -> list[Execution]:
        """The executions that may be admitted next: waiting, due, and within their tenant's concurrency. Their rows are locked until
        the unit ends, and no other process gets candidates meanwhile (advisory lock inside; returns [] when another holds it)."""
        ...

    async def admit(self, execution_ids: Sequence[str]) -> list[Execution]:
        """Candidates of this unit become ``admitted``. Returns those that did."""
        ...

    async def claim(self, owner: str, count: int, batch_calls: int | None = None) -> list[Execution]:
        """Take up to ``count`` admitted executions for ``owner`` (skip locked): phase claimed, attempt + 1. Also opens the attempt row. Of
        batches up to ``batch_calls``, None without a bound."""

    async def change(
        self, execution_id: str, change: Change, *, owner: str | None = None, attempt: int | None = None
    ) -> Execution:
        """Apply a change and return the row after it. Follows the phase and status tables (domain WrongStateError
        otherwise). With ``owner``: only
        while that incarnation owns that attempt (StaleOwnerError otherwise). Sets updated_at. NOTIFYs listeners of the execution."""

    async def lock_owned(self, known: Execution) -> Execution:
        """The row of an execution that its owner knows as ``known``, as it is now, locked until the unit ends. StaleOwnerError when it is
        not the owner's any more, or the owner was declared dead."""
        ...

    async def move(self, locked: Execution, *changes: Change) -> list[Execution]:
        """Apply changes, one after the other, to a row that this unit has locked, and return the row after each. Whoever locked it has
        checked that it may change the row. WrongStateError as for :meth:`change`."""
        ...

    async def owned_by(self, owner: str) -> list[Execution]:
        """Executions in phases claimed, dialling or live that ``owner`` holds, without their agents."""

    async def overdue(self, seconds: int) -> list[Execution]:
        """Executions in phase finishing since more than ``seconds``."""

    async def live_count(self, tenant_id: str) -> int:
        """The tenant's executions in phases admitted to live."""

    async def count_in(self, execution: Execution, limit: int) -> bool:
        """Count this call among its caller's (``options["caller"]``) to its agent. False, and not counted, when ``limit`` others were
        answered or are counted and go on. One caller's calls are counted one after the other."""
        ...

    async def undialled_of_batch(self, batch_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions of a batch that are waiting or admitted."""
        ...

    async def claimed_of_batch(self, batch_id: str) -> list[str]:
        """Ids of the executions of a batch that processes have taken and not dialled yet."""
        ...

    async def of_batch(
        self, tenant_id: str, batch_id: str, after: tuple[datetime, str] | None, count: int
    ) -> list[Execution]:
        """Up to ``count`` executions of a batch, in the order of its file, from behind ``after`` (creation, id) on."""
        ...

    async def delete_unfinished_of_agent(self, tenant_id: str, agent_id: str) -> list[str]:
        """Delete an agent's executions that have not ended; returns their ids (for the files). ConflictError while one of them is being
        dialled or spoken on."""
        ...

    async def older_than(self, before: datetime, count: int, without: Sequence[str] = ()) -> list[str]:
        """Ids of terminal executions that were created and ended before ``before``, oldest first, for retention."""

    async def delete(self, execution_ids: Sequence[str]) -> None:
        """Delete executions with logs, attempts and outbox rows. That their numbers were dialled stays."""
