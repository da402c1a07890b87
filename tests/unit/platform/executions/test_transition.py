"""A change and its webhook are one: every published status is told, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.rows import entry_row, execution_row

from callwright.domain.errors import NotFoundError, StaleOwnerError, WrongStateError
from callwright.platform.executions.actions.transition import insert, transition, transitions
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, status_of
from callwright.platform.unit import Unit
from callwright.platform.webhooks.rules.outbox import OutboxEntry


class OneExecution:
    """A ledger of one row, without a database."""

    def __init__(self, row: Execution | None) -> None:
        self.row = row
        self.fences: list[tuple[str | None, int | None]] = []

    async def lock(self, execution_id: str) -> Execution | None:
        return self.row

    async def insert(self, execution: Execution) -> None:
        self.row = execution

    async def move(self, locked: Execution, *changes: Change) -> list[Execution]:
        rows = [locked]
        for change in changes:
            phase, detail = change.phase or rows[-1].phase, change.detail or ""
            rows.append(replace(rows[-1], phase=phase, detail=detail, status=status_of(phase, detail)))
        return rows[1:]

    async def change(
        self, execution_id: str, change: Change, *, owner: str | None = None, attempt: int | None = None
    ) -> Execution:
        assert self.row is not None
        self.fences.append((owner, attempt))
        if change.detail == "impossible":
            raise WrongStateError("no")
        if change.phase is not None:
            detail = change.detail or ""
            self.row = replace(self.row, phase=change.phase, detail=detail, status=status_of(change.phase, detail))
        return self.row


class Letters:
    """An outbox that keeps what was added."""

    def __init__(self) -> None:
        self.added: list[OutboxEntry] = []

    async def add(self, *entries: OutboxEntry) -> None:
        self.added += entries


class EveryStatusBut:
    """A publisher that publishes all statuses but some."""

    def __init__(self, *silent: str) -> None:
        self.silent = silent

    def entry(self, execution: Execution) -> OutboxEntry | None:
        status = str(execution.status)
        return None if status in self.silent else entry_row(execution.id, status=status)


def unit_of(row: Execution | None) -> tuple[Unit, OneExecution, Letters]:
    executions, letters = OneExecution(row), Letters()
    return cast(Unit, cast(Any, SimpleNamespace(executions=executions, outbox=letters))), executions, letters


async def test_a_changed_status_is_published_once_with_the_row_after_it() -> None:
    unit, _, letters = unit_of(execution_row(phase=Phase.CLAIMED, detail=""))
    after = await transition(unit, "call-1", Change(phase=Phase.DIALLING, detail="initiated"), EveryStatusBut())
    assert str(after.status) == "initiated"
    assert [entry.status for entry in letters.added] == ["initiated"]


async def test_a_change_within_a_status_is_not_published() -> None:
    unit, _, letters = unit_of(execution_row())
    await transition(unit, "call-1", Change(phase=Phase.ADMITTED), EveryStatusBut())
    await transition(unit, "call-1", Change(columns={"options": {}}), EveryStatusBut())
    assert letters.added == []


async def test_a_status_nobody_wants_is_not_published() -> None:
    unit, _, letters = unit_of(execution_row())
    await transition(unit, "call-1", Change(phase=Phase.DONE, detail="stopped"), EveryStatusBut("stopped"))
    assert letters.added == []


async def test_the_owners_fence_is_passed_on() -> None:
    unit, executions, _ = unit_of(execution_row())
    await transition(unit, "call-1", Change(phase=Phase.ADMITTED), EveryStatusBut(), owner="node", attempt=2)
    assert executions.fences == [("node", 2)]


async def test_an_execution_that_is_gone_hangs_up_its_owner_and_is_not_found_by_others() -> None:
    unit, _, _ = unit_of(None)
    with pytest.raises(StaleOwnerError, match="hang up"):
        await transition(unit, "call-1", Change(), EveryStatusBut(), owner="node", attempt=1)
    with pytest.raises(NotFoundError):
        await transition(unit, "call-1", Change(), EveryStatusBut())


async def test_a_refused_change_is_not_published() -> None:
    unit, _, letters = unit_of(execution_row())
    with pytest.raises(WrongStateError):
        await transition(unit, "call-1", Change(detail="impossible"), EveryStatusBut())
    assert letters.added == []


async def test_each_of_several_changes_is_published_in_order_and_a_silent_one_is_not() -> None:
    row = execution_row(phase=Phase.DIALLING, detail="initiated", status=status_of(Phase.DIALLING, "initiated"))
    unit, _, letters = unit_of(row)
    changes = [Change(Phase.DIALLING, "ringing"), Change(Phase.LIVE), Change(Phase.LIVE), Change(Phase.FINISHING)]
    after = await transitions(unit, row, changes, EveryStatusBut("in-progress"))
    assert after.phase is Phase.FINISHING
    assert [entry.status for entry in letters.added] == ["ringing", "call-disconnected"]


@pytest.mark.parametrize(("silent", "told"), [((), ["queued"]), (("queued",), [])])
async def test_a_new_execution_is_published_where_its_first_status_is(silent: tuple[str, ...], told: list[str]) -> None:
    unit, executions, letters = unit_of(None)
    await insert(unit, execution_row(), EveryStatusBut(*silent))
    assert executions.row == execution_row()
    assert [entry.status for entry in letters.added] == told
