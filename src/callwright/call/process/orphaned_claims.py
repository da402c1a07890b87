"""Executions that this process owns and does not run: a claim that was committed while its answer was lost, an end that could not be
written. The heartbeat finds them; without that they would be owned for as long as the process lives."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from callwright.call.live.deps import RuntimeDeps
from callwright.call.process.control import LocalCalls
from callwright.call.process.settle import settle_orphaned
from callwright.ops.rounds import round_boundary
from callwright.platform.executions.rules.execution import Execution, Phase

_LOG = logging.getLogger(__name__)


class Starter(Protocol):
    """The worker, as far as orphaned claims need it."""

    draining: bool
    claiming: bool

    @property
    def room(self) -> int:
        """How many calls more this process takes."""
        ...

    def start(self, execution: Execution) -> None:
        """Run the call of a claimed execution."""


class OrphanedClaims:
    """Looks at what the heartbeat reads. Only what is seen twice in a row counts: between a claim and its answer, and between the end of a
    call and its last write, a row is rightly in nobody's hands for a moment."""

    def __init__(self, deps: RuntimeDeps, calls: LocalCalls, worker: Starter) -> None:
        self._deps = deps
        self._calls = calls
        self._worker = worker
        self._seen: frozenset[tuple[str, int]] = frozenset()

    async def look(self, owned: Sequence[Execution]) -> None:
        """``owned`` are the executions this process owns by the ledger, without their agents. Start or settle those nobody runs."""
        loose = [row for row in owned if row.id not in self._calls]
        before, self._seen = self._seen, frozenset((row.id, row.attempt) for row in loose)
        for row in loose:
            if (row.id, row.attempt) in before:
                with round_boundary(f"taking up execution {row.id}"):
                    await self._take_up(row)

    async def _take_up(self, row: Execution) -> None:
        if row.phase is not Phase.CLAIMED:
            # Somebody may have been called: never a second time.
            await settle_orphaned(self._deps, row)
        elif self._worker.draining:
            # It waits for another process.
            await settle_orphaned(self._deps, row)
        elif not self._worker.claiming and self._worker.room > 0:
            async with self._deps.ledger.reading() as unit:
                whole = await unit.executions.get_any(row.id)
            if whole is not None and (whole.phase, whole.attempt, whole.owner) == (row.phase, row.attempt, row.owner):
                _LOG.warning("execution %s was claimed and its answer lost: it is started now", row.id)
                self._worker.start(whole)
