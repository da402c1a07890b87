"""The breaker of batches, and the rest of the numbers they call from: both by how the latest attempts ended. Every process looks."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from callwright.domain.limits import MAX_BATCHES_AT_ONCE
from callwright.ops.rounds import round_boundary
from callwright.platform.audit.rules import AuditEntry
from callwright.platform.batches.actions.transition import BatchPublisher, pause
from callwright.platform.batches.rules.batch import ACTIVE, ActiveBatch
from callwright.platform.ledger import Ledger
from callwright.platform.pace.rules.numbers import rest_until
from callwright.platform.pace.rules.outcomes import trips
from callwright.platform.pace.rules.policy import ANSWER_RATE, Breaker, Rest
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class BatchBreaker:
    """What the look works with."""

    ledger: Ledger
    clock: Clock
    publisher: BatchPublisher

    async def look(self) -> None:
        """Look once at every batch that has calls under way and is not paused."""
        async with self.ledger.unit() as unit:
            active = await unit.batches.active(MAX_BATCHES_AT_ONCE)
            policies = {
                tenant_id: (await unit.calling_policies.binding(tenant_id)).policy.pace
                for tenant_id in {batch.tenant_id for batch in active}
            }
        for batch in active:
            if batch.paused or not batch.open:
                continue
            policy = policies[batch.tenant_id]
            with round_boundary("looking at the failures of a batch"):
                await self._break(batch, batch.pace.breaker or policy.breaker)
            rotation = policy.rotation
            if len(batch.from_numbers) > 1 and (rotation.rest is not None or rotation.rule == ANSWER_RATE):
                with round_boundary("looking at the answers of a batch's numbers"):
                    await self._measure(batch, rotation.rest)

    async def _break(self, batch: ActiveBatch, breaker: Breaker) -> None:
        """Pause the batch if too many of its attempts failed."""
        if not breaker.enabled:
            return
        async with self.ledger.unit() as unit:
            outcomes = await unit.pace.outcomes(batch.id, breaker.window_seconds, batch.resumed_at)
            why = trips(breaker, outcomes)
            if why is None:
                return
            await unit.pace.hold_admission()
            row = await unit.batches.lock_any(batch.id)
            # Stopped, paused or resumed since the look: whoever did it knows better.
            if row is None or row.status not in ACTIVE or row.paused_at or row.resumed_at != batch.resumed_at:
                return
            after = await pause(unit, row, "breaker", why, self.clock.now(), self.publisher)
            told = {"paused_by": after.paused_by, "paused_reason": after.paused_reason}
            await unit.audit.add(AuditEntry(batch.tenant_id, "system", "batch.paused", "batch", batch.id, None, told))
        _LOG.warning("batch %s is paused: %s", batch.id, why)

    async def _measure(self, batch: ActiveBatch, rest: Rest | None) -> None:
        """Count the answers of its numbers, and let those rest that are answered too seldom."""
        async with self.ledger.unit() as unit:
            now = self.clock.now()
            for state in await unit.pace.measure(batch.tenant_id, batch.from_numbers, rest or Rest()):
                until = None if rest is None or state.rests(now) else rest_until(rest, state, now)
                if until is not None:
                    await unit.pace.rest(batch.tenant_id, state.number, until)
                    _LOG.warning(
                        "number %s rests until %s: %d of its last %d calls were answered",
                        state.number,
                        until.isoformat(timespec="minutes"),
                        state.answered,
                        state.asked,
                    )
