"""The release of batches: what is due begins, contacts become executions as there is room for them, and what is over is completed.

Every process runs it. A batch's row is locked while its contacts are released, and contact and execution change places in one
unit: whatever dies at whatever instant, a contact is in the batch or in the ledger, once. From there on it is a call like any other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

from callwright.campaigns.breaker import LOOK_SECONDS, BatchBreaker
from callwright.campaigns.plan import Share, shares
from callwright.domain.errors import SuppressedError, UnavailableError
from callwright.domain.limits import AT_REST_SECONDS, MAX_BATCHES_AT_ONCE
from callwright.domain.number import Destination, kind_of_address
from callwright.ops.crash_points import point
from callwright.ops.rounds import round_boundary
from callwright.platform.agents.rules.availability import Line
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.availability import Availability, EverythingAvailable
from callwright.platform.batches.actions.transition import BatchPublisher, move_batch, record_contact
from callwright.platform.batches.rules.batch import (
    ACTIVE,
    ActiveBatch,
    Batch,
    BatchStatus,
    Contact,
    execution_of_contact,
)
from callwright.platform.dialling.actions import change_for, suppressed_row
from callwright.platform.executions.actions.transition import Publisher, insert_all
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Release:
    """What the release works with. ``from_number`` is ours where a batch names none."""

    ledger: Ledger
    clock: Clock
    publisher: Publisher
    batch_publisher: BatchPublisher
    from_number: str
    availability: Availability = field(default_factory=EverythingAvailable)

    async def forever(self) -> None:
        """Look at the batches until cancelled: often while one is active, otherwise when there is one that may begin."""
        breaker = BatchBreaker(self.ledger, self.clock, self.batch_publisher)
        looked_us = 0
        while True:
            with round_boundary("releasing batches"):
                try:
                    if await self.round():
                        if self.clock.monotonic_us() - looked_us >= LOOK_SECONDS * 1_000_000:
                            looked_us = self.clock.monotonic_us()
                            await breaker.look()
                        await self.clock.sleep(BUSY_SECONDS)
                    else:
                        await self.ledger.wait_for_batches(IDLE_SECONDS, AT_REST_SECONDS)
                    continue
                except UnavailableError as error:
                    _LOG.warning("batches wait for the database: %s", error)
            await self.clock.sleep(IDLE_SECONDS)

    async def round(self) -> bool:
        """One look. Whether any batch is active."""
        async with self.ledger.reading() as unit:
            due = await unit.batches.due(MAX_BATCHES_AT_ONCE)
        for batch_id in due:
            with round_boundary("beginning a batch"):
                await self.begin(batch_id)
        async with self.ledger.reading() as unit:
            active = await unit.batches.active(MAX_BATCHES_AT_ONCE)
        for batch_id, count in shares([_share(batch) for batch in active]).items():
            with round_boundary("releasing contacts"):
                await self.release(batch_id, count)
        for batch in active:
            if not batch.left and not batch.open:
                with round_boundary("completing a batch"):
                    await self._complete(batch.id)
        return bool(active)

    async def begin(self, batch_id: str) -> None:
        """Its time has come: the contacts wait in the queue, if it is still scheduled and its account is still there."""
        async with self.ledger.unit() as unit:
            batch = await unit.batches.lock_any(batch_id)
            # Stopped or scheduled anew in the meantime.
            if batch is None or batch.status is not BatchStatus.SCHEDULED or await _account_gone(unit, batch):
                return
            if batch.scheduled_at is not None and batch.scheduled_at <= self.clock.now():
                await move_batch(unit, batch, BatchStatus.QUEUED, self.batch_publisher)
                point("batch.queueing")

    async def release(self, batch_id: str, count: int) -> None:
        """Up to ``count`` of its contacts become executions, if it is still active and its account is still there."""
        try:
            async with self.ledger.unit() as unit:
                batch = await unit.batches.lock_any(batch_id)
                if batch is None or batch.status not in ACTIVE or batch.paused_at or await _account_gone(unit, batch):
                    return
                agent = await unit.agents.get(batch.tenant_id, batch.agent_id)
                if agent is None:
                    return
                contacts = await unit.batches.contacts.take(batch_id, count)
                if not contacts:
                    return
                await self._dial_later(unit, batch, agent, contacts)
                if batch.status is BatchStatus.QUEUED:
                    await move_batch(unit, batch, BatchStatus.RUNNING, self.batch_publisher)
                point("release.writing")
            point("release.written")
        except SuppressedError:
            # Put on the list between our look and the insert. Nothing was written; the next round sees it.
            _LOG.info("a contact of batch %s was put on the list of numbers not to be called", batch_id)

    async def _dial_later(self, unit: Unit, batch: Batch, agent: StoredAgent, contacts: list[Contact]) -> None:
        suppressed = await unit.suppressions.among(batch.tenant_id, [contact.number for contact in contacts])
        now = self.clock.now()
        begins: dict[tuple[str, str], dict[str, Any]] = {}
        released: list[Execution] = []
        for contact in contacts:
            alike = (kind_of_address(contact.number), contact.carrier)
            if alike not in begins:
                line = Line(Destination(alike[0], contact.number), contact.carrier)
                begins[alike] = await self.availability.foresee(unit, batch.tenant_id, agent.body, line)
            execution = execution_of_contact(batch, contact, self.from_number, agent=agent.body, at=now)
            execution = replace(execution, record=begins[alike])
            if contact.number in suppressed:
                row = suppressed_row(execution, now)
                await record_contact(unit, execution, change_for(row.decision, now), self.publisher)
                await unit.dial_decisions.add([row])
            else:
                released.append(execution)
        if released:
            await insert_all(unit, released, self.publisher)

    async def _complete(self, batch_id: str) -> None:
        async with self.ledger.unit() as unit:
            batch = await unit.batches.lock_any(batch_id)
            if batch is None or batch.status not in ACTIVE or await unit.batches.under_way(batch_id):
                return
            await move_batch(unit, batch, BatchStatus.COMPLETED, self.batch_publisher)
            point("batch.completing")
        point("batch.completed")


async def _account_gone(unit: Unit, batch: Batch) -> bool:
    """Whether its account was deleted since we looked."""
    tenant = await unit.accounts.tenant(batch.tenant_id)
    return tenant is None or tenant.deleted_at is not None


def _share(batch: ActiveBatch) -> Share:
    left = batch.left and not batch.paused
    return Share(batch.id, batch.tenant_id, batch.concurrency, batch.waiting, batch.open, left, batch.pace.limit)
