"""Stopping batches, and single contacts that wait in one. Live calls come to their end.

A batch is stopped by its status: from then on none of its calls is admitted, and every contact that waits in it is shown as stopped. As
many calls may wait for a retry as there are contacts. So calls that wait, and the executions of contacts, with the webhook and the usage of
each, become ``stopped`` afterwards, a piece at a time: what still waits in a stopped batch is what is left to do. A batch that is deleted
before that is marked, hidden from everybody, and goes with the last of its contacts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.domain.errors import UnavailableError, WrongStateError
from callwright.domain.limits import MAX_STOPPED_AT_ONCE
from callwright.ops.crash_points import point
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.batches.actions.transition import move_batch, record_contact
from callwright.platform.batches.rules.batch import STOPPABLE, Batch, BatchStatus, execution_of_contact
from callwright.platform.dialling.actions import DECISION, decision_wire, stopped_row
from callwright.platform.dialling.rules import Decision
from callwright.platform.executions.actions.transition import Publisher, transitions
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.executions.rules.retry import BATCH_STOP_REASON, STOP_REASON, STOP_REQUESTED, STOPPED_BY
from callwright.platform.ledger import Ledger
from callwright.platform.services import Services
from callwright.platform.unit import Unit
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

STOPPED_CONTACTS_JOB = "write_stopped_contacts"
PIECE = 200
"""Executions that become stopped in one unit."""
PIECES_AT_ONCE = 5
"""Pieces of waiting calls that a request stops before it is answered; the job stops the others."""


def audited(batch: Batch) -> dict[str, Any]:
    """What the audit trail keeps of a batch."""
    return {
        "agent_id": batch.agent_id,
        "status": batch.status.value,
        "file_name": batch.file_name,
        "valid_contacts": batch.valid_contacts,
        "total_contacts": batch.total_contacts,
        "scheduled_at": None if batch.scheduled_at is None else batch.scheduled_at.isoformat(),
        "bypass_call_guardrails": batch.bypass_call_guardrails,
        "pace": batch.pace.as_wire(),
        "paused_by": batch.paused_by,
        "paused_reason": batch.paused_reason,
    }


async def stop_locked(unit: Unit, services: Services, batch: Batch) -> tuple[Batch, list[str]]:
    """Stop a batch whose row this unit has locked, after ``unit.pace.hold_admission``. From the commit on none of its calls is dialled.
    Those that are taken and a piece of those that wait are stopped here, and their ids are returned; the others, and its contacts, are
    written by STOPPED_CONTACTS_JOB."""
    # Nobody admits one until the commit, and nobody does in a batch that is stopped. A call that a process is taking is found taken.
    await unit.pace.withdraw(batch.id)
    now = services.clock.now()
    stopped = await stop_claimed(unit, services.publisher, batch.id, now)
    waited, _ = await stop_waiting(unit, services.publisher, batch.id, now)
    await unit.jobs.put(STOPPED_CONTACTS_JOB, f"{batch.tenant_id} {batch.id}".encode(), batch.tenant_id)
    return await move_batch(unit, batch, BatchStatus.STOPPED, services.batch_publisher), [*stopped, *waited]


async def stop_claimed(unit: Unit, publisher: Publisher, batch_id: str, now: datetime) -> list[str]:
    """Stop the calls of a batch that processes have taken and not dialled: as many as there are places. Their ids."""
    return await _stop_some(unit, publisher, await unit.executions.claimed_of_batch(batch_id), now)


async def stop_waiting(unit: Unit, publisher: Publisher, batch_id: str, now: datetime) -> tuple[list[str], bool]:
    """Stop a piece of the executions of a batch that wait for their first or next attempt. Their ids, and whether there may be more."""
    listed = await unit.executions.undialled_of_batch(batch_id, PIECE)
    # Others may have stopped or taken some of the listed ones meanwhile, which says nothing of those behind them.
    return await _stop_some(unit, publisher, listed, now), len(listed) == PIECE


async def stop_first_waiting(services: Services, batch_id: str) -> None:
    """Stop what waits in a stopped batch, a piece in each unit, but no more than a request should wait for."""
    for _ in range(PIECES_AT_ONCE):
        try:
            async with services.ledger.unit() as unit:
                _, more = await stop_waiting(unit, services.publisher, batch_id, services.clock.now())
            if not more:
                return
        except UnavailableError as error:
            # The batch is stopped, and the job writes the rest.
            _LOG.warning("calls of a stopped batch wait for the database: %s", error.message)
            return


async def _stop_some(unit: Unit, publisher: Publisher, execution_ids: Iterable[str], now: datetime) -> list[str]:
    """Which this stopped."""
    # In one order, as everybody who locks many of them.
    stopped = []
    for execution_id in sorted(execution_ids):
        row = await unit.executions.lock(execution_id)
        if row is not None and await stop_undialled(unit, publisher, row, now, BATCH_STOP_REASON):
            stopped.append(execution_id)
    return stopped


async def stop_undialled(
    unit: Unit, publisher: Publisher, row: Execution, now: datetime, reason: str = STOP_REASON
) -> bool:
    """Stop an execution whose row this unit has locked, if its first or next attempt was not dialled. Whether this stopped it.

    One that a process has taken is forbidden to dial: the unit that writes the intent reads the wish. It becomes ``stopped`` when
    that process ends it. ``reason`` is its ``hangup_reason``."""
    if row.phase in (Phase.WAITING, Phase.ADMITTED):
        await end_undialled(unit, publisher, row, now, reason)
        return True
    if row.phase is Phase.CLAIMED and STOP_REQUESTED not in row.options:
        wish = {"by": STOPPED_BY, "reason": reason}
        wished = Change(columns={"options": {**row.options, STOP_REQUESTED: wish}})
        await transitions(unit, row, [wished], publisher)
        return True
    return False


async def end_undialled(
    unit: Unit, publisher: Publisher, row: Execution, now: datetime, reason: str = STOP_REASON
) -> Execution:
    """Stop an execution whose row this unit has locked and that waits or is admitted, with the decision. Returns it as it is then."""
    decided = stopped_row(row, now)
    change = _stopped(decided.decision, reason, now)
    # Deferred, as the writes of the change: they go together.
    await unit.dial_decisions.add([decided])
    return await transitions(unit, row, [change], publisher)


def _stopped(decision: Decision, reason: str, now: datetime) -> Change:
    """The change of a call that is stopped before it is dialled, or dialled again. It says by whom and why, as one that is stopped while it
    rings."""
    columns = {
        "hangup_by": STOPPED_BY,
        "hangup_reason": reason,
        "hangup_code": CAUSES["hung_up_by_us"].code,
        "ended_at": now,
        "completed_at": now,
    }
    record = {DECISION: decision_wire(decision, now)}
    return Change(phase=Phase.DONE, detail="stopped", columns=columns, record=record)


async def stop_batches_of_agent(
    unit: Unit, services: Services, principal: Principal, agent_id: str
) -> tuple[list[str], list[str]]:
    """Stop every batch of an agent that is to begin or has begun, after ``unit.pace.hold_admission``. Returns the ids of the batches, and
    those of contacts that waited in them, at most MAX_STOPPED_AT_ONCE, with the calls that were stopped at once."""
    batches: list[str] = []
    stopped: list[str] = []
    for batch_id in await unit.batches.stoppable(principal.tenant_id, agent_id):
        batch = await unit.batches.lock(principal.tenant_id, batch_id)
        if batch is not None and batch.status in STOPPABLE:
            stopped += await unit.batches.contacts.ids(batch.id, max(0, MAX_STOPPED_AT_ONCE - len(stopped)))
            after, calls = await stop_locked(unit, services, batch)
            stopped += calls
            await audit(unit, principal, "batch.stopped", batch.id, before=audited(batch), after=audited(after))
            batches.append(batch_id)
    return batches, stopped


@dataclass(frozen=True, slots=True)
class StoppedContacts:
    """The job ``STOPPED_CONTACTS_JOB``, and what retention does where that never ran. Calls that wait in a stopped batch become stopped,
    and then its contacts. ``from_number`` is ours where a batch names none."""

    ledger: Ledger
    clock: Clock
    publisher: Publisher
    from_number: str

    async def run(self, payload: bytes) -> None:
        """Write a piece; the same unit puts the job for the next piece, so that a long list keeps no other job waiting. May run twice:
        contact and execution change places in one unit."""
        tenant_id, batch_id = payload.decode().split()
        async with self.ledger.unit() as unit:
            if await self._write_piece(unit, tenant_id, batch_id):
                await unit.jobs.put(STOPPED_CONTACTS_JOB, payload, tenant_id)

    async def write(self, tenant_id: str, batch_id: str) -> None:
        """Write them all now, a piece in each unit."""
        more = True
        while more:
            async with self.ledger.unit() as unit:
                more = await self._write_piece(unit, tenant_id, batch_id)

    async def _write_piece(self, unit: Unit, tenant_id: str, batch_id: str) -> bool:
        """Whether there may be more."""
        batch = await unit.batches.lock(tenant_id, batch_id, also_deleted=True)
        tenant = await unit.accounts.tenant(tenant_id)
        # Its account or agent was deleted in the meantime, and the contacts go with it.
        if batch is None or tenant is None or tenant.deleted_at is not None:
            return False
        agent = await unit.agents.get(tenant_id, batch.agent_id)
        if agent is None or batch.status is not BatchStatus.STOPPED:
            return False
        now = self.clock.now()
        _, more = await stop_waiting(unit, self.publisher, batch_id, now)
        if more:
            return True
        contacts = await unit.batches.contacts.take(batch_id, PIECE)
        executions = [execution_of_contact(batch, one, self.from_number, agent=agent.body, at=now) for one in contacts]
        await _record_stopped(unit, executions, self.publisher, now, BATCH_STOP_REASON)
        point("stopped_contacts.writing")
        more = len(contacts) == PIECE
        if batch.deleted_at is not None and not more:
            await unit.batches.delete(batch_id)
        return more


async def stop_contact(unit: Unit, services: Services, principal: Principal, execution_id: str) -> Execution | None:
    """Stop a contact that waits in its batch: its execution is written as ``stopped``. None when there is none, or it was released
    just now. WrongStateError when its batch was stopped."""
    found = await unit.batches.contacts.find(principal.tenant_id, execution_id)
    if found is None:
        return None
    # The lock keeps the contact from being released meanwhile.
    batch = await unit.batches.lock(principal.tenant_id, found[0].id, also_deleted=True)
    if batch is None:
        return None
    if batch.status in (BatchStatus.STOPPED, BatchStatus.FAILED):
        raise WrongStateError("the call cannot be stopped: it is stopped")
    contact = await unit.batches.contacts.take_one(execution_id)
    agent = await unit.agents.get(batch.tenant_id, batch.agent_id)
    if contact is None or agent is None:
        return None
    now = services.clock.now()
    execution = execution_of_contact(batch, contact, services.policy.from_number, agent=agent.body, at=now)
    (stopped,) = await _record_stopped(unit, [execution], services.publisher, now, STOP_REASON)
    was, now_is = ({"status": str(one.status)} for one in (execution, stopped))
    await audit(unit, principal, "execution.stopped", execution_id, before=was, after=now_is)
    return stopped


async def _record_stopped(
    unit: Unit, executions: Sequence[Execution], publisher: Publisher, now: datetime, reason: str
) -> list[Execution]:
    """Write the executions of contacts that were stopped before they were released, with the decisions."""
    decided = [stopped_row(one, now) for one in executions]
    stopped = []
    for execution, row in zip(executions, decided, strict=True):
        change = _stopped(row.decision, reason, now)
        stopped.append(await record_contact(unit, execution, change, publisher))
    await unit.dial_decisions.add(decided)
    return stopped
