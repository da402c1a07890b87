"""Lists of executions are found without counting, and say the same as counting would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.database import fetch
from tests.rows import THEN, admit_candidates, agent_row, execution_row, place

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.ledger import Ledger

ALL = ExecutionFilter()


async def fill(ledger: Ledger, count: int, minutes: int) -> list[str]:
    """Executions of agent-1, one every so many minutes, and one of another agent; their ids newest first."""
    rows = [execution_row(f"call-{n:03}", created_at=THEN + timedelta(minutes=n * minutes)) for n in range(count)]
    rows = [execution_row(row.id, created_at=row.created_at, updated_at=row.created_at) for row in rows]
    await place(ledger, *rows)
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2"))
        await unit.executions.insert(execution_row("other", agent_id="agent-2"))
    return [row.id for row in reversed(rows)]


@pytest.mark.parametrize("minutes", [0, 1, 25, 61])
async def test_pages_at_every_depth_are_those_of_the_whole_list(ledger: Ledger, minutes: int) -> None:
    wanted = await fill(ledger, 47, minutes)
    async with ledger.reading() as unit:
        for size in (1, 7, 50):
            for number in range(1, 47 // size + 3):
                page = await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", ALL, number, size)
                assert [row.id for row in page.rows] == wanted[(number - 1) * size : number * size], (size, number)
                assert page.total == 47


async def test_a_walk_by_cursor_meets_every_execution_once(ledger: Ledger) -> None:
    wanted = await fill(ledger, 23, 0)
    async with ledger.reading() as unit:
        first = await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", ALL, 1, 5)
        seen = list(first.rows)
        while True:
            after = (seen[-1].created_at, seen[-1].id)
            page = await unit.executions.page_after(DEFAULT_TENANT_ID, "agent-1", ALL, after, 5)
            if not page.rows:
                break
            assert page.total == 23
            seen += page.rows
    assert [row.id for row in seen] == wanted


async def test_the_counts_follow_what_is_added_and_deleted(ledger: Ledger, dsn: str) -> None:
    ids = await fill(ledger, 30, 13)
    async with ledger.unit() as unit:
        await unit.executions.delete(ids[3:20])
    (counted,) = await fetch(dsn, "select count(*) from execution where agent_id = 'agent-1'")
    (kept,) = await fetch(dsn, "select sum(n) from execution_count where agent_id = 'agent-1'")
    assert kept[0] == counted[0] == 13
    async with ledger.reading() as unit:
        page = await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", ALL, 2, 5)
    assert ([row.id for row in page.rows], page.total) == ([*ids[:3], *ids[20:]][5:10], 13)


async def test_what_was_undone_is_not_counted(ledger: Ledger) -> None:
    await fill(ledger, 2, 1)

    async def undone() -> None:
        async with ledger.unit() as unit:
            await unit.executions.insert(execution_row("undone"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    async with ledger.reading() as unit:
        assert (await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", ALL, 1, 5)).total == 2


async def test_the_counts_go_with_the_agent(ledger: Ledger, dsn: str) -> None:
    await fill(ledger, 3, 1)
    async with ledger.unit() as unit:
        await unit.executions.delete(await unit.agents.some_executions(DEFAULT_TENANT_ID, "agent-1", 10))
        assert await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
    assert await fetch(dsn, "select 1 from execution_count where agent_id = 'agent-1'") == []


async def test_the_version_of_a_row_is_another_one_after_a_change(ledger: Ledger) -> None:
    await fill(ledger, 1, 1)
    async with ledger.reading() as unit:
        before = await unit.executions.version(DEFAULT_TENANT_ID, "call-000")
        shown = await unit.executions.get_shown(DEFAULT_TENANT_ID, "call-000")
        assert shown is not None
        assert (shown[0].id, shown[1]) == ("call-000", before)
        assert await unit.executions.version(DEFAULT_TENANT_ID, "nothing") is None
        assert await unit.executions.get_shown("another", "call-000") is None
    async with ledger.unit() as unit:
        await admit_candidates(unit, 1000)
    async with ledger.reading() as unit:
        assert await unit.executions.version(DEFAULT_TENANT_ID, "call-000") != before
