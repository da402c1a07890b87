"""The worker of a process: takes admitted executions from the ledger and runs their calls."""

from __future__ import annotations

import asyncio
import logging

from callwright.call.attempt import Attempt, Office
from callwright.call.control import LocalCalls
from callwright.call.incarnation import Incarnation
from callwright.domain.errors import StaleOwnerError, UnavailableError
from callwright.domain.execution import Execution

_LOG = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
DRAIN_GRACE_SECONDS = 20.0
DRAINING = "node_draining"


class Worker:
    """Claims and runs calls, at most ``max_calls`` at once."""

    def __init__(self, office: Office, calls: LocalCalls, incarnation: Incarnation) -> None:
        self._office = office
        self._calls = calls
        self._incarnation = incarnation
        self._attempts: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._draining = False

    @property
    def live(self) -> int:
        """Calls under way."""
        return len(self._attempts)

    async def run(self) -> None:
        """Claim until cancelled or draining."""
        while not self._draining:
            room = self._office.deps.settings.max_calls - len(self._attempts)
            if room <= 0:
                self._room.clear()
                await self._room.wait()
                continue
            if not await self._claim(room):
                await self._wait()

    async def drain(self, seconds: float) -> None:
        """Take no more calls, let those under way come to their end, and end them after ``seconds``."""
        self._draining = True
        self._room.set()
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=seconds)
        if self._attempts:
            _LOG.warning("%d calls are ended: draining took longer than %g s", len(self._attempts), seconds)
            self._calls.stop_all("Error", DRAINING)
            await asyncio.wait(self._attempts, timeout=DRAIN_GRACE_SECONDS)

    async def aclose(self) -> None:
        """Cancel what is left; a process that starts later settles it."""
        self._draining = True
        for task in tuple(self._attempts):
            task.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)

    async def _claim(self, room: int) -> bool:
        """Take up to ``room`` executions. Whether there were any."""
        deps = self._office.deps
        try:
            async with deps.ledger.unit() as unit:
                claimed = await unit.executions.claim(self._incarnation.id, room)
        except UnavailableError as error:
            _LOG.warning("no calls can be taken: %s", error)
            await deps.clock.sleep(WAIT_SECONDS)
            return False
        except StaleOwnerError:
            # Declared dead by another process: the heartbeat takes a new name within a second.
            await deps.clock.sleep(WAIT_SECONDS)
            return False
        for execution in claimed:
            self._start(execution)
        return bool(claimed)

    def _start(self, execution: Execution) -> None:
        attempt = Attempt(self._office, execution)
        self._calls.add(execution.id, attempt)
        task = asyncio.get_running_loop().create_task(attempt.run())
        self._attempts.add(task)
        self._office.deps.metrics.live_calls.set(len(self._attempts))

        def done(finished: asyncio.Task[None]) -> None:
            self._attempts.discard(finished)
            self._calls.remove(execution.id)
            self._office.deps.metrics.live_calls.set(len(self._attempts))
            self._room.set()

        task.add_done_callback(done)

    async def _wait(self) -> None:
        if self._draining:
            return
        try:
            await self._office.deps.ledger.wait_for_admitted(WAIT_SECONDS)
        except UnavailableError:
            await self._office.deps.clock.sleep(WAIT_SECONDS)
