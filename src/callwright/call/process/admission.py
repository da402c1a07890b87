"""The pacer of the queue: admits waiting executions within the limits. Every process runs it; the ledger lets one at a time through."""

from __future__ import annotations

import logging

from callwright.domain.errors import UnavailableError
from callwright.ops.crash_points import point
from callwright.ops.rounds import round_boundary
from callwright.ports.ledger import Ledger
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

WAIT_SECONDS = 1.0


async def admit_forever(ledger: Ledger, clock: Clock, node_limit: int) -> None:
    """Admit whenever an execution waits, and every second, because scheduled ones become due without a notice. Until cancelled."""
    while True:
        with round_boundary("admitting calls"):
            try:
                async with ledger.unit() as unit:
                    admitted = await unit.executions.admit(node_limit)
                    if admitted:
                        point("admission.writing")
                if admitted:
                    point("admission.written")
                else:
                    await ledger.wait_for_waiting(WAIT_SECONDS)
                continue
            except UnavailableError as error:
                _LOG.warning("the queue waits for the database: %s", error)
        await clock.sleep(WAIT_SECONDS)
