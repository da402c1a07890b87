"""The writes of one attempt: what waits at the same time is one unit, and a refused change undoes no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.rows import execution_row
from tests.unit.call.world import VirtualClock, settle

from callwright.call.live.row import GATHER_SECONDS, OwnedRow
from callwright.domain.errors import StaleOwnerError, UnavailableError, WrongStateError
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, status_of

INITIATED = execution_row(
    phase=Phase.DIALLING, detail="initiated", status=status_of(Phase.DIALLING, "initiated"), owner="node-a", attempt=1
)
RINGING = Change(Phase.DIALLING, "ringing")
ANSWERED = Change(Phase.LIVE)
ENDED = Change(Phase.FINISHING)


class Ledger:
    """A ledger of one row. ``units``: the states that each committed unit brought. ``away`` units fail; ``refused`` is a state that no
    unit may bring; a unit waits for ``free``."""

    def __init__(self) -> None:
        self.row: Execution | None = INITIATED
        self.units: list[list[str]] = []
        self.away = 0
        self.refused = ""
        self.free = asyncio.Event()
        self.free.set()
        self.executions = self

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Any]:
        before, self.states = self.row, list[str]()
        if self.away:
            self.away -= 1
            raise UnavailableError("away")
        try:
            yield self
        except Exception:
            self.row = before
            raise
        self.units.append(self.states)

    async def lock_owned(self, known: Execution) -> Execution:
        if self.row is None or self.row.owner is None:
            raise StaleOwnerError("gone")
        await self.free.wait()
        return self.row

    async def move(self, locked: Execution, *changes: Change) -> list[Execution]:
        rows = []
        for change in changes:
            phase, detail = change.phase or locked.phase, change.detail or ""
            if status_of(phase, detail) == self.refused:
                raise WrongStateError(self.refused)
            owner = None if phase is Phase.FINISHING else locked.owner
            locked = replace(locked, phase=phase, detail=detail, status=status_of(phase, detail), owner=owner)
            self.states.append(str(locked.status))
            rows.append(locked)
        self.row = locked
        return rows

    def entry(self, execution: Execution) -> None:
        """Nobody listens."""


class World:
    def __init__(self) -> None:
        self.ledger, self.clock = Ledger(), VirtualClock()
        ledger: Any = self.ledger
        self.lost = 0
        self.row = OwnedRow(ledger, self.clock, ledger, INITIATED, self._lose)

    def _lose(self) -> None:
        self.lost += 1

    async def pass_ms(self, ms: float) -> None:
        await settle()
        self.clock.advance(ms)
        await settle()


async def test_changes_that_come_together_are_one_unit_in_their_order() -> None:
    world = World()
    world.row.write_soon(RINGING)
    world.row.write_soon(ANSWERED)
    await world.pass_ms(GATHER_SECONDS * 1000)
    assert world.ledger.units == [["ringing", "in-progress"]]
    assert world.row.execution.phase is Phase.LIVE


async def test_a_change_that_comes_while_another_is_written_follows_it() -> None:
    world = World()
    world.ledger.free.clear()
    world.row.write_soon(RINGING)
    await world.pass_ms(GATHER_SECONDS * 1000)
    world.row.write_soon(ANSWERED)
    world.ledger.free.set()
    await settle()
    assert world.ledger.units == [["ringing"], ["in-progress"]]


async def test_the_end_takes_with_it_what_waits() -> None:
    world = World()
    world.row.write_soon(RINGING)
    world.row.write_soon(ANSWERED)
    assert await world.row.write(ENDED)
    await world.pass_ms(GATHER_SECONDS * 1000)
    assert world.ledger.units == [["ringing", "in-progress", "call-disconnected"]]


async def test_what_waits_when_the_call_is_over_is_written_with_its_end() -> None:
    world = World()
    world.row.write_soon(RINGING)
    world.row.over()
    await world.pass_ms(GATHER_SECONDS * 1000)
    assert world.ledger.units == []
    assert await world.row.write(ENDED)
    assert world.ledger.units == [["ringing", "call-disconnected"]]


async def test_what_the_end_took_along_is_not_missed_by_the_write_that_waited_for_its_turn() -> None:
    world = World()
    world.row.write_soon(ANSWERED)
    world.ledger.free.clear()
    end = asyncio.ensure_future(world.row.write(ENDED))
    await world.pass_ms(GATHER_SECONDS * 1000)
    world.ledger.free.set()
    assert await end
    await settle()
    assert world.ledger.units == [["in-progress", "call-disconnected"]]
    assert (world.row.stale, world.lost) == (False, 0)


async def test_a_decision_is_made_after_what_waits_is_written() -> None:
    world = World()
    world.row.write_soon(RINGING)

    async def plan(unit: object, locked: Execution) -> Change:
        return ANSWERED

    assert await world.row.decide(plan)
    assert world.ledger.units == [["ringing", "in-progress"]]


async def test_a_change_that_is_refused_undoes_no_other() -> None:
    world = World()
    world.ledger.refused = "ringing"
    world.row.write_soon(RINGING)
    world.row.write_soon(ANSWERED)
    assert await world.row.write(ENDED)
    assert world.ledger.units == [["in-progress"], ["call-disconnected"]]


async def test_what_waits_waits_for_a_database_that_is_away() -> None:
    world = World()
    world.ledger.away = 1
    world.row.write_soon(RINGING)
    await world.pass_ms(GATHER_SECONDS * 1000)
    assert world.ledger.units == []
    world.row.write_soon(ANSWERED)
    await world.pass_ms(500)
    assert world.ledger.units == [["ringing", "in-progress"]]


async def test_a_row_that_is_lost_is_written_no_more() -> None:
    world = World()
    world.ledger.row = None
    world.row.write_soon(RINGING)
    await world.pass_ms(GATHER_SECONDS * 1000)
    assert not await world.row.write(ENDED)
    assert (world.lost, world.row.stale, world.ledger.units) == (1, True, [])
