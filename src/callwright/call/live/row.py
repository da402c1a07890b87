"""The ledger's row of a call, as its owner writes it: in order, fenced, and patient with a database that is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from callwright.actions.transition import Publisher, transition
from callwright.call.live.attempt_end import Fence, end_attempt
from callwright.domain.errors import StaleOwnerError, UnavailableError, WrongStateError
from callwright.domain.execution import Execution, Phase
from callwright.ops.crash_points import point
from callwright.ops.rounds import round_boundary
from callwright.ports.ledger import Change, Ledger, Unit
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
_SETTLED = frozenset({Phase.FINISHING, Phase.DONE})

Also = Callable[[Unit], Awaitable[None]]
Plan = Callable[[Unit, Execution], Awaitable[Change]]
"""Decides in a unit on the change of the row, which is locked."""


class OwnedRow:
    """The writes of one attempt. They are made one after the other in the order they were asked for; a database that is away is asked again
    until it is back, which may be after the call: a live call does not need it.

    ``lost`` is called once when the row turns out to belong to somebody else; then nothing is written any more.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, publisher: Publisher, execution: Execution, lost: Callable[[], None]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._publisher = publisher
        self._lost = lost
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[None]] = set()
        self.execution = execution
        self.stale = False
        self.given_back = False
        """Whether the execution waits again without having been dialled."""

    async def decide(self, plan: Plan) -> bool:
        """Apply the change that ``plan`` decides on in the same unit. One that takes the row from its owner is the last write of this
        attempt. False as for :meth:`write`."""
        return await self._in_turn(Change(), None, plan)

    async def write(self, change: Change, also: Also | None = None) -> bool:
        """Apply ``change``, and ``also`` in the same unit. False when the row is not ours any more or does not allow it. A change that ends
        the attempt is one of ``attempt_end.end_attempt``: the call may then wait for another one."""
        return await self._in_turn(change, also)

    async def _in_turn(self, change: Change, also: Also | None, plan: Plan | None = None) -> bool:
        async with self._turn:
            while not self.stale:
                try:
                    await self._write(change, also, plan)
                except UnavailableError as error:
                    _LOG.warning("execution %s waits for the database: %s", self.execution.id, error)
                    await self._clock.sleep(RETRY_SECONDS)
                except StaleOwnerError:
                    if await self._is_written(change):
                        return True
                    self._lose()
                except WrongStateError as error:
                    _LOG.error("execution %s: %s", self.execution.id, error)
                    return False
                else:
                    return True
            return False

    def write_soon(self, change: Change, also: Also | None = None) -> None:
        """Apply ``change``, and ``also`` in the same unit, in its turn, beside the call. What fails is logged; the end of the call finds
        the row as it then is."""
        task = asyncio.get_running_loop().create_task(self._write_alone(change, also))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def quiet(self) -> None:
        """Until everything that was to be written soon is."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _write_alone(self, change: Change, also: Also | None) -> None:
        with round_boundary(f"writing the row of execution {self.execution.id}"):
            await self.write(change, also)

    async def _write(self, change: Change, also: Also | None, plan: Plan | None) -> None:
        owner, attempt = self.execution.owner, self.execution.attempt
        async with self._ledger.unit() as unit:
            if plan is not None:
                before = await unit.executions.lock(self.execution.id)
                change = await plan(unit, before or self.execution)
            if change.phase in _SETTLED:
                fence = Fence(owner, attempt)
                after = await end_attempt(unit, self.execution, change, self._publisher, self._clock.now(), fence)
            else:
                after = await transition(unit, self.execution.id, change, self._publisher, owner=owner, attempt=attempt)
            if also is not None:
                await also(unit)
            point("row.writing")
        point("row.written")
        # The owner stays the one who claimed it: the row itself has none once the call is over.
        self.execution = after if after.owner is not None else self.execution
        if plan is not None and after.phase is Phase.WAITING:
            self.given_back = self.stale = True

    async def _is_written(self, change: Change) -> bool:
        """Whether the row already is what ``change`` makes of it: a commit whose answer was lost with the connection."""
        try:
            async with self._ledger.unit() as unit:
                row = await unit.executions.get_any(self.execution.id)
        except UnavailableError:
            return False
        if row is None or row.attempt != self.execution.attempt or change.phase not in _SETTLED:
            return False
        # Another attempt may follow: then the row waits for it.
        return row.phase == change.phase or row.retry_count > self.execution.retry_count

    def _lose(self) -> None:
        if not self.stale:
            self.stale = True
            _LOG.warning("execution %s was settled by another process", self.execution.id)
            self._lost()
