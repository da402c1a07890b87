"""The pacer of the queue: admits waiting executions within the limits. Every process runs it; the ledger lets one at a time through."""

from __future__ import annotations

import logging

from callwright.call.live.deps import RuntimeDeps
from callwright.domain.errors import UnavailableError
from callwright.domain.limits import AT_REST_SECONDS
from callwright.ops.crash_points import point
from callwright.ops.rounds import RoundsApart, round_boundary
from callwright.platform.dialling.actions import change_for
from callwright.platform.executions.actions.transition import transition

_LOG = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
APART_SECONDS = 0.2


async def admit_forever(deps: RuntimeDeps) -> None:
    """Admit whenever an execution waits, and every second while one does: it becomes due without a notice. Until cancelled."""
    rounds = RoundsApart(APART_SECONDS)
    while True:
        with round_boundary("admitting calls"):
            try:
                await deps.clock.sleep(rounds.wait_s(deps.clock.monotonic_us()))
                if not await admit_once(deps):
                    await deps.ledger.wait_for_waiting(WAIT_SECONDS, AT_REST_SECONDS)
                continue
            except UnavailableError as error:
                _LOG.warning("the queue waits for the database: %s", error)
        await deps.clock.sleep(WAIT_SECONDS)


async def admit_once(deps: RuntimeDeps) -> int:
    """Decide about the executions that the limits allow next: admit them, or have them wait or end. Returns how many were decided."""
    async with deps.ledger.unit() as unit:
        candidates = await unit.executions.candidates(deps.settings.max_calls)
        if not candidates:
            return 0
        now = deps.clock.now()
        decided = await deps.decisions.of_candidates(unit, candidates, now)
        for execution_id, row in decided.items():
            if not row.decision.dials:
                await transition(unit, execution_id, change_for(row.decision, now), deps.publisher)
        await unit.executions.admit([execution_id for execution_id, row in decided.items() if row.decision.dials])
        point("admission.writing")
    point("admission.written")
    return len(decided)
