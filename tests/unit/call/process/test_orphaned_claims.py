"""Claimed executions nobody runs: started, but not while their claim may still be on its way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

from tests.rows import execution_row

from callwright.call.live.deps import RuntimeDeps
from callwright.call.process.control import LocalCalls
from callwright.call.process.orphaned_claims import OrphanedClaims
from callwright.platform.executions.rules.execution import Execution, Phase


class Hands:
    """A worker that only notes what it is given."""

    def __init__(self) -> None:
        self.draining = False
        self.claiming = False
        self.room = 5
        self.started: list[str] = []

    def start(self, execution: Execution) -> None:
        self.started.append(execution.id)


class Running:
    """A call under way."""

    def stop(self, by: str, reason: str) -> None:
        """Nothing to stop."""

    def tell(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Nobody to tell."""

    def capture(self, wish: Mapping[str, Any]) -> None:
        """Nothing to capture."""


class Ledger:
    """One that has the rows it was given."""

    def __init__(self) -> None:
        self.ledger = self.executions = self
        self.rows: dict[str, Execution] = {}

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Ledger]:
        yield self

    async def get_any(self, execution_id: str) -> Execution | None:
        return self.rows.get(execution_id)


class Desk:
    def __init__(self) -> None:
        self.calls, self.hands, self.ledger = LocalCalls(), Hands(), Ledger()
        self.ledger.rows["lost"] = claimed()
        self.orphaned = OrphanedClaims(cast(RuntimeDeps, self.ledger), self.calls, self.hands)


def claimed(execution_id: str = "lost", **changes: Any) -> Execution:
    return execution_row(execution_id, phase=Phase.CLAIMED, detail="", owner="me", attempt=1, **changes)


async def test_a_row_seen_twice_in_a_row_is_started_once() -> None:
    desk = Desk()
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == []
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == ["lost"]
    desk.calls.add("lost", Running())
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == ["lost"]


async def test_a_row_that_is_another_by_now_is_not_started() -> None:
    desk = Desk()
    await desk.orphaned.look([claimed()])
    desk.ledger.rows["lost"] = replace(claimed(), owner="another")
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == []


async def test_a_row_that_was_run_in_between_begins_anew() -> None:
    desk = Desk()
    await desk.orphaned.look([claimed()])
    desk.calls.add("lost", Running())
    await desk.orphaned.look([claimed()])
    desk.calls.remove("lost")
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == []


async def test_another_attempt_of_the_same_execution_is_another_row() -> None:
    desk = Desk()
    await desk.orphaned.look([claimed()])
    second = execution_row("lost", phase=Phase.CLAIMED, detail="", owner="me", attempt=2)
    await desk.orphaned.look([second])
    assert desk.hands.started == []


async def test_what_a_claim_under_way_may_bring_is_left_to_it() -> None:
    desk = Desk()
    await desk.orphaned.look([claimed()])
    desk.hands.claiming = True
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == []
    desk.hands.claiming = False
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == ["lost"]


async def test_a_full_process_starts_it_when_there_is_room() -> None:
    desk = Desk()
    desk.hands.room = 0
    for _ in range(3):
        await desk.orphaned.look([claimed()])
    assert desk.hands.started == []
    desk.hands.room = 1
    await desk.orphaned.look([claimed()])
    assert desk.hands.started == ["lost"]
