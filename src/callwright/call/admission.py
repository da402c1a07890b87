"""Admission: waiting executions become admitted as their tenant's limits allow. Every process runs it; one at a time has the lock."""

from __future__ import annotations

import logging

from callwright.domain.errors import UnavailableError
from callwright.ports.ledger import Ledger
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)
TICK_SECONDS = 1.0


class Admission:
    """Runs the admission query when something waits, and once a second for what became due."""

    def __init__(self, ledger: Ledger, clock: Clock, at_once: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._at_once = at_once

    async def run(self) -> None:
        """Admit until cancelled; a database out of reach is waited for."""
        while True:
            try:
                async with self._ledger.unit() as unit:
                    await unit.executions.admit(self._at_once)
                await self._ledger.wait_for_waiting(TICK_SECONDS)
            except UnavailableError as error:
                _LOG.warning("admission waits for the database: %s", error.message)
                await self._clock.sleep(TICK_SECONDS)
