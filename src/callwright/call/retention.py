"""Retention: ended executions older than the setting are deleted with their logs, webhooks and recordings."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from callwright.domain.errors import UnavailableError
from callwright.ports.ledger import Ledger
from callwright.ports.world import Clock, Recordings

_LOG = logging.getLogger(__name__)

BATCH = 200
TICK_SECONDS = 3_600.0


class Retention:
    """Deletes what is past its time. ``days`` 0 keeps everything."""

    def __init__(self, ledger: Ledger, clock: Clock, recordings: Recordings, days: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._recordings = recordings
        self._days = days

    async def run(self) -> None:
        """Look once an hour until cancelled."""
        while True:
            try:
                await self.delete_due()
            except UnavailableError as error:
                _LOG.warning("retention waits for the database: %s", error.message)
            await self._clock.sleep(TICK_SECONDS)

    async def delete_due(self) -> int:
        """Delete everything that is due now, in batches. Rows go first: a file without a row is harmless and goes at once after."""
        if self._days == 0:
            return 0
        before = self._clock.now() - timedelta(days=self._days)
        deleted = 0
        while True:
            async with self._ledger.unit() as unit:
                due = await unit.executions.older_than(before, BATCH)
                if due:
                    await unit.executions.delete(due)
            for execution_id in due:
                await asyncio.to_thread(self._recordings.delete, execution_id)
            deleted += len(due)
            if len(due) < BATCH:
                return deleted
