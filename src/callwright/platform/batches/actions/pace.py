"""Pausing and resuming batches by request, and changing their limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import BadInputError, WrongStateError
from callwright.domain.fields import Fields
from callwright.ops.crash_points import point
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.batches.actions.batches import BatchView, batch_key
from callwright.platform.batches.actions.stop import audited
from callwright.platform.batches.actions.transition import pause, tell_of_batch
from callwright.platform.batches.rules.batch import ENDED, STOPPABLE, Batch
from callwright.platform.pace.rules.policy import BatchPace
from callwright.platform.services import Services, missing
from callwright.platform.unit import Unit

REQUESTED = "paused by a request"


async def pause_batch(services: Services, principal: Principal, batch_id: str, reason: str | None) -> BatchView:
    """Pause a batch: no call of it begins until it is resumed, and calls under way go on. One that is paused stays as it is. Raises
    NotFoundError, and WrongStateError for one that is not scheduled or has ended."""
    async with services.ledger.unit() as unit:
        await unit.pace.hold_admission()
        batch = await _locked(unit, principal, batch_id)
        if batch.status not in STOPPABLE:
            raise WrongStateError(f"the batch cannot be paused: it is {batch.status.value}")
        after = batch
        if batch.paused_at is None:
            after = await pause(
                unit, batch, "request", reason or REQUESTED, services.clock.now(), services.batch_publisher
            )
            await audit(unit, principal, "batch.paused", batch.id, before=audited(batch), after=audited(after))
            point("batch_pause.writing")
        return after, (await unit.batches.progress([after]))[after.id]


async def resume_batch(services: Services, principal: Principal, batch_id: str) -> BatchView:
    """Let a paused batch go on; the breaker looks at attempts that end from now on. One that is not paused stays as it is. Raises
    NotFoundError, and WrongStateError for one that has ended."""
    async with services.ledger.unit() as unit:
        batch = await _locked(unit, principal, batch_id)
        if batch.status in ENDED:
            raise WrongStateError(f"the batch cannot be resumed: it is {batch.status.value}")
        after = batch
        if batch.paused_at is not None:
            columns = {"paused_at": None, "paused_by": None, "paused_reason": None}
            after = await unit.batches.change(batch.id, **columns, resumed_at=services.clock.now())
            await tell_of_batch(unit, after, services.batch_publisher)
            await audit(unit, principal, "batch.resumed", batch.id, before=audited(batch), after=audited(after))
            point("batch_resume.writing")
        return after, (await unit.batches.progress([after]))[after.id]


async def change_pace(services: Services, principal: Principal, batch_id: str, wire: Mapping[str, Any]) -> BatchView:
    """Change the limits of a batch that has not ended: fields that are not named stay, null removes a limit. Calls under way go on. Raises
    NotFoundError, BadInputError or WrongStateError."""
    async with services.ledger.unit() as unit:
        batch = await _locked(unit, principal, batch_id)
        asked = {**batch.pace.as_wire(), **wire}
        pace = BatchPace.asked(Fields(asked, "", BadInputError))
        if batch.status in ENDED:
            raise WrongStateError(f"the limits of the batch cannot be changed: it is {batch.status.value}")
        after = await unit.batches.change(batch.id, pace=pace)
        await audit(unit, principal, "batch.updated", batch.id, before=audited(batch), after=audited(after))
        return after, (await unit.batches.progress([after]))[after.id]


async def _locked(unit: Unit, principal: Principal, batch_id: str) -> Batch:
    found = await unit.batches.lock(principal.tenant_id, batch_key(batch_id))
    if found is None:
        raise missing("batch")
    return found
