"""The worker of a process: takes admitted executions from the ledger, runs their calls, and makes room for those that come in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from callwright.call.live.dialling import Dialling
from callwright.call.live.endings import ERROR, NODE_DRAINING
from callwright.call.process.attempt import Attempt, Office
from callwright.call.process.control import LocalCalls
from callwright.call.process.incarnation import Incarnation
from callwright.domain.errors import StaleOwnerError, UnavailableError
from callwright.domain.limits import AT_REST_SECONDS
from callwright.ops.crash_points import point
from callwright.ops.interpreter import WholeLooks
from callwright.ops.rounds import RoundsApart, round_boundary
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.pace.rules.outcomes import BatchAllowance

_LOG = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
APART_SECONDS = 0.2
DRAIN_GRACE_SECONDS = 20.0


class Worker:
    """Claims and runs calls, at most ``max_calls`` at once. ``claiming`` is true while a claim is under way, of which nobody knows what it
    will bring. ``whole_looks`` counts the calls that ended."""

    def __init__(self, office: Office, calls: LocalCalls, incarnation: Incarnation) -> None:
        self._office = office
        self._calls = calls
        self._incarnation = incarnation
        self._held: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._batch_calls = BatchAllowance()
        self.whole_looks = WholeLooks()
        self.draining = False
        self.claiming = False

    @property
    def live(self) -> int:
        """Calls under way."""
        return len(self._held)

    @property
    def room(self) -> int:
        """How many calls more this process takes."""
        return 0 if self.draining else self.free

    @property
    def free(self) -> int:
        """How many places nobody is in."""
        return max(0, self._office.deps.settings.max_calls - len(self._held))

    async def run(self) -> None:
        """Claim until cancelled or draining."""
        clock, rounds = self._office.deps.clock, RoundsApart(APART_SECONDS)
        while not self.draining:
            with round_boundary("taking calls"):
                try:
                    await clock.sleep(rounds.wait_s(clock.monotonic_us()))
                    await self._round()
                    continue
                except (UnavailableError, StaleOwnerError) as error:
                    # Declared dead by another process: the heartbeat takes a new name within seconds.
                    _LOG.warning("no calls can be taken: %s", error)
            await clock.sleep(WAIT_SECONDS)

    async def drain(self, seconds: float) -> None:
        """Take no more calls, let those under way come to their end, and end them after ``seconds``. Those not dialled wait again then."""
        self.draining = True
        self._freed.set()
        if self._held:
            await asyncio.wait(self._held, timeout=seconds)
        if self._held:
            _LOG.warning("%d calls are ended: draining took longer than %g s", len(self._held), seconds)
            self._calls.stop_all(ERROR, NODE_DRAINING)
            await asyncio.wait(self._held, timeout=DRAIN_GRACE_SECONDS)

    async def aclose(self) -> None:
        """Cancel what is left; a process that starts later settles it."""
        self.draining = True
        for task in tuple(self._held):
            task.cancel()
        await asyncio.gather(*self._held, return_exceptions=True)

    def hold(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a call's work to its end; it counts among the calls under way."""
        task = asyncio.get_running_loop().create_task(work)
        self._held.add(task)
        self._office.deps.metrics.live_calls.set(len(self._held))

        def done(finished: asyncio.Task[None]) -> None:
            self._held.discard(finished)
            self.whole_looks.call_ended()
            self._office.deps.metrics.live_calls.set(len(self._held))
            self._freed.set()

        task.add_done_callback(done)

    @contextmanager
    def knows(self, attempt: Attempt) -> Iterator[None]:
        """While the block runs the attempt can be stopped from outside, and counts as run by this process."""
        self._calls.add(attempt.execution_id, attempt)
        try:
            yield
        finally:
            self._calls.remove(attempt.execution_id)

    def start(self, execution: Execution) -> None:
        """Run the call of a claimed execution."""
        if execution.id not in self._calls:
            attempt = Attempt(self._office, execution, Dialling(self._office.deps, execution))
            self._calls.add(execution.id, attempt)
            self.hold(self._run(attempt))

    async def _run(self, attempt: Attempt) -> None:
        with self.knows(attempt):
            await attempt.run()

    async def _round(self) -> None:
        """Claim as many as there is room for, and wait for more."""
        room = self.room
        if room <= 0:
            self._freed.clear()
            await self._freed.wait()
        elif not await self._claim(room) and not self.draining:
            await self._office.deps.ledger.wait_for_admitted(WAIT_SECONDS, AT_REST_SECONDS)

    async def _claim(self, room: int) -> bool:
        """Take up to ``room`` executions. Whether there were any."""
        self.claiming = True
        place = self._office.place
        allowed = self._batch_calls.left(place.pacer.late_ms, place.clock.monotonic_us())
        try:
            async with self._office.deps.ledger.unit() as unit:
                claimed = await unit.executions.claim(self._incarnation.id, room, allowed)
                if claimed:
                    point("claim.writing")
            if claimed:
                point("claim.written")
            self._batch_calls.use(sum(execution.batch_id is not None for execution in claimed))
            for execution in claimed:
                self.start(execution)
        finally:
            self.claiming = False
        return bool(claimed)
