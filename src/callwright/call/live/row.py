"""The ledger's row of a call, as its owner writes it: in order, fenced, and patient with a database that is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from callwright.call.live.attempt_end import end_attempt, lock_ending
from callwright.call.live.endings import given_back
from callwright.domain.errors import StaleOwnerError, UnavailableError, WrongStateError
from callwright.ops.crash_points import point
from callwright.ops.rounds import round_boundary
from callwright.platform.executions.actions.transition import Publisher, transitions
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
GATHER_SECONDS = 0.3
"""Changes beside the call come in groups (dialled, ringing, answered), and cost less together."""
_SETTLED = frozenset({Phase.FINISHING, Phase.DONE})

Also = Callable[[Unit], Awaitable[None]]
Plan = Callable[[Unit, Execution], Awaitable[Change]]
"""Decides in a unit on the change of the row, which is locked."""


@dataclass(frozen=True, slots=True)
class _Soon:
    """A change that is made beside the call, and what is written with it."""

    change: Change
    also: Also | None


class OwnedRow:
    """The writes of one attempt. They are made one after the other in the order they were asked for; a database that is away is asked again
    until it is back, which may be after the call: a live call does not need it. Changes that wait at the same time are one unit.

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
        self._soon: list[_Soon] = []
        self._writer: asyncio.Task[None] | None = None
        self._is_over = False
        self.execution = execution
        self.stale = False
        self.given_back = False
        """Whether the execution waits again without having been dialled."""

    async def decide(self, plan: Plan) -> bool:
        """Apply the change that ``plan`` decides on in the same unit. One that takes the row from its owner is the last write of this
        attempt. False as for :meth:`write`."""
        return await self._in_turn(None, None, plan)

    async def give_back(self) -> bool:
        """Let the call wait for another process, if this one dialled nobody and nobody stopped it. Whether it waits again."""

        async def plan(_: Unit, execution: Execution) -> Change:
            return given_back(execution, self._clock.now()) or Change()

        if self.execution.phase is Phase.CLAIMED:
            await self.decide(plan)
        return self.given_back

    async def write(self, change: Change, also: Also | None = None, before: Sequence[Change] = ()) -> bool:
        """Apply ``before`` and ``change``, and ``also`` in the same unit, after what was to be written soon. False when the row is not ours
        any more or does not allow it. A change that ends the attempt is one of ``attempt_end.end_attempt``: the call may then wait for
        another one."""
        return await self._in_turn(change, also, before=before)

    def write_soon(self, change: Change, also: Also | None = None) -> None:
        """Apply ``change``, and ``also`` in the same unit, in its turn, beside the call. What fails is logged; the end of the call finds
        the row as it then is."""
        self._soon.append(_Soon(change, also))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write_what_waits())

    def over(self) -> None:
        """The call is over: what waits to be written soon is written with its end."""
        self._is_over = True

    async def _write_what_waits(self) -> None:
        await self._clock.sleep(GATHER_SECONDS)
        if self._is_over:
            return
        with round_boundary(f"writing the row of execution {self.execution.id}"):
            # What was asked for while the first ones were being written waits as well.
            while self._soon and not self.stale:
                await self._in_turn(None, None)

    async def _in_turn(
        self, change: Change | None, also: Also | None, plan: Plan | None = None, before: Sequence[Change] = ()
    ) -> bool:
        """Write what waits, and then ``change`` or what ``plan`` decides on."""
        async with self._turn:
            while not self.stale:
                soon = tuple(self._soon)
                if not soon and change is None and plan is None:
                    # The write before took it along, maybe the one that ended the attempt: the row is not ours any more.
                    return True
                try:
                    await self._write(soon, change, also, plan, before)
                except UnavailableError as error:
                    _LOG.warning("execution %s waits for the database: %s", self.execution.id, error)
                    await self._clock.sleep(RETRY_SECONDS)
                except StaleOwnerError:
                    if change is not None and await self._is_written(change):
                        return True
                    self._lose()
                except WrongStateError as error:
                    if soon and (change is not None or plan is not None or len(soon) > 1):
                        # One of several is refused, and undid them all: each by itself.
                        await self._write_each(soon)
                        continue
                    self._forget(soon)
                    _LOG.error("execution %s: %s", self.execution.id, error)
                    return False
                else:
                    self._forget(soon)
                    return True
            return False

    async def _write_each(self, soon: Sequence[_Soon]) -> None:
        for one in soon:
            with round_boundary(f"writing the row of execution {self.execution.id}"):
                try:
                    await self._write((one,), None, None, None)
                except WrongStateError as error:
                    _LOG.error("execution %s: %s", self.execution.id, error)
            self._forget((one,))

    def _forget(self, soon: Sequence[_Soon]) -> None:
        """They are written, or are not going to be."""
        del self._soon[: len(soon)]

    async def _write(
        self,
        soon: Sequence[_Soon],
        change: Change | None,
        also: Also | None,
        plan: Plan | None,
        before: Sequence[Change] = (),
    ) -> None:
        async with self._ledger.unit() as unit:
            changes = [*(one.change for one in soon), *before]
            if change is not None and change.phase in _SETTLED:
                locked = await lock_ending(unit, self.execution, owned=True) or self.execution
                after = await end_attempt(unit, locked, change, self._publisher, self._clock.now(), changes)
            else:
                locked = await unit.executions.lock_owned(self.execution)
                changes += [change] if plan is None and change is not None else []
                changes += [await plan(unit, locked)] if plan is not None else []
                after = await transitions(unit, locked, changes, self._publisher)
            for each in (*(one.also for one in soon), also):
                if each is not None:
                    await each(unit)
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
