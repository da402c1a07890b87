"""Batches: what must hold is the database's rule as well, and contacts and executions change places in one unit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import THEN, agent_row, entry_row, execution_row, move, scheduled_row

from callwright.domain.errors import NotFoundError, WrongStateError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Tenant
from callwright.platform.batches.rows.batches import COUNTS, BatchRows
from callwright.platform.batches.rules.batch import (
    BATCH_TRANSITIONS,
    Batch,
    BatchProgress,
    BatchStatus,
    Contact,
    ListFormat,
    RefusedRow,
    execution_of_contact,
)
from callwright.platform.executions.rows.executions import ExecutionRows
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger
from callwright.platform.webhooks.rules.outbox import Answered
from callwright.storage.pool import open_connection

BATCH = Batch(
    id="5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d",
    tenant_id=DEFAULT_TENANT_ID,
    agent_id="agent-1",
    status=BatchStatus.PROCESSED,
    created_at=THEN,
    updated_at=THEN,
    file_name="list.csv",
)


async def stage(ledger: Ledger, count: int = 3, batch: Batch = BATCH) -> list[Contact]:
    contacts = [
        Contact(n, n + 1, f"00000000-0000-4000-8000-{n:012d}", "loopback:demo", "loopback", {"n": str(n)}, "demo")
        for n in range(1, count + 1)
    ]

    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
        await unit.batches.insert(batch)
        await unit.batches.contacts.stage(batch.id, contacts)
    return contacts


async def test_a_batch_comes_back_as_it_was_written(ledger: Ledger) -> None:
    batch = replace(
        BATCH,
        from_numbers=("+15550001",),
        retry_config={"enabled": True},
        webhook_url="https://h.example/",
        refused=(RefusedRow(3, "empty", "Add it."),),
        list_format=ListFormat("utf-8", ";", ("Phone", "n"), 0, "DE", "skip"),
    )
    contacts = await stage(ledger, batch=batch)
    async with ledger.unit() as unit:
        assert await unit.batches.get(DEFAULT_TENANT_ID, BATCH.id) == batch
        assert await unit.batches.get("somebody", BATCH.id) is None
        assert await unit.batches.contacts.after(BATCH.id, 0, 10) == contacts
        assert await unit.batches.contacts.after(BATCH.id, 2, 10) == contacts[2:]
        assert await unit.batches.contacts.find(DEFAULT_TENANT_ID, contacts[1].execution_id) == (batch, contacts[1])
        assert await unit.batches.contacts.find("somebody", contacts[1].execution_id) is None


async def test_refused_rows_are_read_in_order_and_go_with_their_batch(ledger: Ledger, dsn: str) -> None:
    await stage(ledger)
    rows = [RefusedRow(line, "empty", "Add the number.", ("", f"row {line}")) for line in (3, 5, 9)]
    async with ledger.unit() as unit:
        await unit.batches.refused.stage(BATCH.id, rows[:2])
        await unit.batches.refused.stage(BATCH.id, rows[2:])
    async with ledger.unit() as unit:
        assert await unit.batches.refused.after(BATCH.id, 0, 2) == rows[:2]
        assert await unit.batches.refused.after(BATCH.id, 5, 2) == rows[2:]
        await unit.batches.delete(BATCH.id)
    assert await fetch(dsn, "select 1 from batch_refused") == []


async def test_a_batch_needs_an_agent_of_its_tenant(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError):
        async with ledger.unit() as unit:
            await unit.batches.insert(BATCH)


async def test_the_database_allows_the_statuses_of_the_table_and_no_others(ledger: Ledger, dsn: str) -> None:
    await stage(ledger)
    for before in BatchStatus:
        for after in BatchStatus:
            await run_sql(
                dsn,
                "alter table batch disable trigger batch_guard",
                f"update batch set status = '{before}', scheduled_at = now()",
                "alter table batch enable trigger batch_guard",
            )
            change = f"update batch set status = '{after}'"
            if after is before or after in BATCH_TRANSITIONS[before]:
                await run_sql(dsn, change)
            else:
                with pytest.raises(asyncpg.CheckViolationError, match="cannot follow"):
                    await run_sql(dsn, change)


@pytest.mark.parametrize(
    "change",
    [
        "update batch set agent_id = 'agent-2'",
        "update batch set created_at = now()",
        "update batch set valid_contacts = 1",
        "update batch set status = 'scheduled'",
        "update batch set id = 'x'",
        "update batch_contact set position = 0",
        "insert into batch_contact select batch_id, 9, 9, execution_id, number, carrier, user_data from batch_contact limit 1",
    ],
)
async def test_what_would_break_a_batch_is_refused(ledger: Ledger, dsn: str, change: str) -> None:
    await stage(ledger)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await run_sql(dsn, change)


async def test_a_status_that_cannot_follow_is_a_wrong_state(ledger: Ledger) -> None:
    await stage(ledger)
    with pytest.raises(WrongStateError, match="processed and cannot become running"):
        async with ledger.unit() as unit:
            await unit.batches.change(BATCH.id, BatchStatus.RUNNING)


async def test_contacts_that_are_taken_are_there_again_when_the_unit_fails(ledger: Ledger) -> None:
    contacts = await stage(ledger)
    with pytest.raises(RuntimeError):
        await take_and_fail(ledger)
    async with ledger.unit() as unit:
        assert await unit.batches.contacts.after(BATCH.id, 0, 10) == contacts
        assert await unit.executions.of_batch(DEFAULT_TENANT_ID, BATCH.id, None, 10) == []


async def take_and_fail(ledger: Ledger) -> None:
    async with ledger.unit() as unit:
        for contact in await unit.batches.contacts.take(BATCH.id, 2):
            await unit.executions.insert(execution_of_contact(BATCH, contact, "+1"))
        raise RuntimeError


SOON = THEN + timedelta(days=1)
LATER = THEN.replace(year=THEN.year + 1)


async def test_ended_batches_are_forgotten_with_their_contacts(ledger: Ledger, dsn: str) -> None:
    await stage(ledger, batch=replace(BATCH, status=BatchStatus.FAILED, scheduled_at=THEN))
    async with ledger.unit() as unit:
        assert await unit.batches.delete_ended(THEN, 10) == 0
    async with ledger.unit() as unit:
        assert await unit.batches.delete_ended(LATER, 10) == 1
    assert await fetch(dsn, "select 1 from batch_contact") == []


async def test_a_stopped_batch_is_forgotten_once_its_contacts_are_written(ledger: Ledger, dsn: str) -> None:
    await stage(ledger, batch=replace(BATCH, status=BatchStatus.STOPPED, scheduled_at=THEN))
    async with ledger.unit() as unit:
        assert await unit.batches.delete_ended(LATER, 10) == 0
        assert await unit.batches.unwritten(THEN, 10) == []
        assert await unit.batches.unwritten(LATER, 10) == [(DEFAULT_TENANT_ID, BATCH.id)]
        await unit.batches.contacts.take(BATCH.id, 3)
        assert await unit.batches.unwritten(LATER, 10) == []
        assert await unit.batches.delete_ended(LATER, 10) == 1


async def test_a_stopped_batch_stays_while_calls_wait_in_it(ledger: Ledger) -> None:
    await stage(ledger, batch=replace(BATCH, status=BatchStatus.STOPPED, scheduled_at=THEN))
    async with ledger.unit() as unit:
        await unit.batches.contacts.take(BATCH.id, 3)
        await unit.executions.insert(execution_row(batch_id=BATCH.id))
        assert await unit.batches.unwritten(LATER, 10) == [(DEFAULT_TENANT_ID, BATCH.id)]
        assert await unit.batches.delete_ended(LATER, 10) == 0
    await move(ledger, "call-1", Phase.DONE, "stopped")
    async with ledger.unit() as unit:
        assert await unit.batches.unwritten(LATER, 10) == []
        assert await unit.batches.delete_ended(LATER, 10) == 1


async def test_a_stopped_batch_that_cannot_be_written_goes_with_its_contacts_when_it_is_given_up(
    ledger: Ledger, dsn: str
) -> None:
    await stage(ledger, batch=replace(BATCH, status=BatchStatus.STOPPED, scheduled_at=THEN))
    async with ledger.unit() as unit:
        assert await unit.batches.unwritten(LATER, 10, "4" * 32) == [(DEFAULT_TENANT_ID, BATCH.id)]
        assert await unit.batches.unwritten(LATER, 10, BATCH.id) == []
        assert await unit.batches.forget_failed([BATCH.id], LATER) == [], "nobody has tried"
        await unit.batches.note_failed([BATCH.id], SOON)
        await unit.batches.note_failed([BATCH.id], LATER)
        assert await unit.batches.forget_failed([BATCH.id], SOON) == []
        assert await unit.batches.forget_failed([], LATER) == []
        assert await unit.batches.forget_failed([BATCH.id], LATER) == [(DEFAULT_TENANT_ID, BATCH.id, 3)]
    assert await fetch(dsn, "select 1 from batch_contact") == []


async def test_a_failed_batch_that_was_written_since_is_not_given_up(ledger: Ledger) -> None:
    await stage(ledger, batch=replace(BATCH, status=BatchStatus.STOPPED, scheduled_at=THEN))
    async with ledger.unit() as unit:
        await unit.batches.note_failed([BATCH.id], SOON)
        await unit.batches.contacts.take(BATCH.id, 3)
        assert await unit.batches.forget_failed([BATCH.id], LATER) == []


async def test_one_that_is_being_written_is_not_given_up(ledger: Ledger) -> None:
    await stage(ledger, batch=replace(BATCH, status=BatchStatus.STOPPED, scheduled_at=THEN))
    async with ledger.unit() as unit:
        await unit.batches.note_failed([BATCH.id], SOON)
    async with ledger.unit() as writing:
        await writing.batches.lock(DEFAULT_TENANT_ID, BATCH.id)
        async with ledger.unit() as unit:
            await unit.batches.note_failed([BATCH.id], SOON)
            assert await unit.batches.forget_failed([BATCH.id], LATER) == []


async def begun(ledger: Ledger, tenant_id: str, *batch_ids: str, status: BatchStatus = BatchStatus.RUNNING) -> None:
    """Batches of a tenant's agent, each begun a minute after the one before."""
    async with ledger.unit() as unit:
        for minute, batch_id in enumerate(batch_ids):
            at = THEN + timedelta(minutes=minute)
            agent_id = "agent-1" if tenant_id == DEFAULT_TENANT_ID else f"agent-{tenant_id}"
            batch = replace(BATCH, id=batch_id * 32, tenant_id=tenant_id, agent_id=agent_id)
            await unit.batches.insert(replace(batch, status=status, scheduled_at=at))


async def branch(ledger: Ledger, tenant_id: str) -> None:
    """A sub-account with an agent, and one of the organisation's own."""
    one = Tenant(tenant_id, tenant_id, "", None, THEN, DEFAULT_TENANT_ID, 0)
    async with ledger.unit() as unit:
        await unit.accounts.insert(one)
        await unit.agents.insert(agent_row())
        await unit.agents.insert(agent_row(f"agent-{tenant_id}", tenant_id=tenant_id))


async def test_many_batches_of_one_tenant_keep_no_other_tenants_out(ledger: Ledger, dsn: str) -> None:
    await branch(ledger, "north")
    await begun(ledger, DEFAULT_TENANT_ID, "1", "2", "3", "4")
    await begun(ledger, "north", "a", "b")
    await run_sql(dsn, "update batch set scheduled_at = scheduled_at + interval '1 hour' where tenant_id = 'north'")
    async with ledger.unit() as unit:
        assert [one.id[0] for one in await unit.batches.active(3)] == ["1", "a", "2"]
        assert [one.id[0] for one in await unit.batches.active(9)] == ["1", "a", "2", "b", "3", "4"]


async def test_batches_that_are_paused_or_wait_for_retries_keep_none_out_that_has_contacts(
    ledger: Ledger, dsn: str
) -> None:
    await branch(ledger, "north")
    await begun(ledger, DEFAULT_TENANT_ID, "1", "2", "3", "4")
    await begun(ledger, "north", "a")
    await run_sql(
        dsn, "update batch set paused_at = now(), paused_by = 'request', paused_reason = '' where id like '1%'"
    )
    async with ledger.unit() as unit:
        for batch_id in ("1", "4", "a"):
            await unit.batches.contacts.stage(
                batch_id * 32, [Contact(1, 2, batch_id * 32, "loopback:demo", "loopback", {}, "demo")]
            )
        await unit.executions.insert(execution_row("call-1", batch_id="2" * 32))
        await unit.executions.insert(scheduled_row("call-2", THEN, batch_id="3" * 32))
    await run_sql(dsn, "update execution set due_at = now() + interval '1 hour' where id = 'call-2'")
    async with ledger.unit() as unit:
        # The second has a call in the queue, the third one that waits for its retry.
        assert [one.id[0] for one in await unit.batches.active(9)] == ["a", "2", "4", "1", "3"]


@pytest.mark.parametrize("status", [BatchStatus.SCHEDULED, BatchStatus.QUEUED, BatchStatus.RUNNING])
async def test_batches_of_a_deleted_account_neither_begin_nor_go_on(ledger: Ledger, status: BatchStatus) -> None:
    await branch(ledger, "north")
    await begun(ledger, DEFAULT_TENANT_ID, "1", status=status)
    await begun(ledger, "north", "a", status=status)

    async def seen() -> list[str]:
        async with ledger.unit() as unit:
            return [*await unit.batches.due(9), *(one.id for one in await unit.batches.active(9))]

    assert await seen() == ["1" * 32, "a" * 32]
    async with ledger.unit() as unit:
        await unit.accounts.delete("north")
    assert await seen() == ["1" * 32]


async def test_a_stopped_batch_of_a_deleted_account_is_forgotten_as_it_is(ledger: Ledger, dsn: str) -> None:
    await branch(ledger, "north")
    await begun(ledger, "north", "a", status=BatchStatus.STOPPED)
    contact = Contact(1, 2, f"00000000-0000-4000-8000-{1:012d}", "loopback:demo", "loopback", {})
    async with ledger.unit() as unit:
        await unit.batches.contacts.stage("a" * 32, [contact])
    async with ledger.unit() as unit:
        assert await unit.batches.unwritten(LATER, 10) == [("north", "a" * 32)]
        await unit.accounts.delete("north")
    async with ledger.unit() as unit:
        assert await unit.batches.unwritten(LATER, 10) == []
        assert await unit.batches.delete_ended(LATER, 10) == 1
    assert await fetch(dsn, "select 1 from batch_contact") == []


async def test_a_batch_is_under_way_until_its_last_contact_has_ended(ledger: Ledger, dsn: str) -> None:
    await stage(ledger, 1)

    async def under_way() -> bool:
        async with ledger.unit() as unit:
            return await unit.batches.under_way(BATCH.id)

    assert await under_way(), "a contact waits"
    async with ledger.unit() as unit:
        (contact,) = await unit.batches.contacts.take(BATCH.id, 1)
        await unit.executions.insert(execution_of_contact(BATCH, contact, "+1"))
    assert await under_way(), "a call waits"
    await run_sql(dsn, "update execution set phase = 'done', detail = 'stopped', status = 'stopped'")
    assert not await under_way()


async def test_the_counts_of_batches_are_read_from_an_index_alone(ledger: Ledger, dsn: str) -> None:
    await stage(ledger)
    async with ledger.unit() as unit:
        for n in range(40):
            await unit.executions.insert(execution_row(f"call-{n}", batch_id=BATCH.id))
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("vacuum analyze execution")
        # Of a table this small every plan is as good as another: only whether the index suffices is the question.
        await connection.execute("set enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {COUNTS}", [BATCH.id]))
    finally:
        await connection.close()
    assert "Index Only Scan using execution_batch_counts" in plan, plan


async def progress(ledger: Ledger) -> BatchProgress:
    async with ledger.unit() as unit:
        return (await unit.batches.progress([BATCH]))[BATCH.id]


class BetweenStatements:
    """A connection that lets something happen after its first statement."""

    def __init__(self, connection: asyncpg.Connection, happens: Callable[[], Awaitable[None]]) -> None:
        self._connection = connection
        self._happens: Callable[[], Awaitable[None]] | None = happens

    async def fetch(self, *arguments: object) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self._connection.fetch(*arguments)
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()
        return rows

    async def fetchval(self, *arguments: object) -> object:
        return await self._connection.fetchval(*arguments)


async def test_a_contact_that_becomes_an_execution_is_counted_once(ledger: Ledger, dsn: str) -> None:
    await stage(ledger)

    async def release() -> None:
        async with ledger.unit() as unit:
            for contact in await unit.batches.contacts.take(BATCH.id, 3):
                await unit.executions.insert(execution_row(id=contact.execution_id, batch_id=BATCH.id))

    connection = await open_connection(dsn)
    try:
        counted = await BatchRows(BetweenStatements(connection, release)).progress([BATCH])
    finally:
        await connection.close()
    assert sum(counted[BATCH.id].execution_status.values()) == 3
    assert sum((await progress(ledger)).execution_status.values()) == 3


async def test_a_batch_keeps_the_figures_of_executions_that_retention_deletes(ledger: Ledger, dsn: str) -> None:
    await stage(ledger)
    async with ledger.unit() as unit:
        for n in range(6):
            await unit.executions.insert(execution_row(f"call-{n}", batch_id=BATCH.id))
        await unit.executions.insert(execution_row("single"))
    await run_sql(
        dsn,
        "update execution set phase = 'done', detail = 'stopped', status = 'stopped' where id in ('call-4', 'call-5', 'single')",
        # Past the rules for what may follow what: only the figures matter here.
        "alter table execution disable trigger user",
        "update execution set phase = 'done', detail = 'completed', status = 'completed', total_cost_nano = 1000 + right(id, 1)::int,"
        " initiated_at = created_at, answered_at = created_at + interval '1 s', ended_at = created_at + interval '2.000501 s',"
        " completed_at = created_at + interval '3 s' where id in ('call-0', 'call-1', 'call-2')",
        "alter table execution enable trigger user",
    )
    before = await progress(ledger)
    assert before.execution_status == {"completed": 3, "prepared": 3, "queued": 1, "stopped": 2}
    assert (before.total_cost_nano, before.answered, before.talk_ms) == (3_003, 3, 3_002)
    for ids in (["call-0", "call-4", "single"], ["call-1"], ["call-2", "call-5"]):
        async with ledger.unit() as unit:
            await unit.executions.delete(ids)
        assert await progress(ledger) == before
    assert [row["id"] for row in await fetch(dsn, "select id from execution")] == ["call-3"]
    async with ledger.unit() as unit:
        await unit.batches.delete(BATCH.id)
    assert await fetch(dsn, "select * from batch_pruned") == []
    async with ledger.unit() as unit:
        await unit.executions.delete(["call-3"])
    assert await fetch(dsn, "select * from batch_pruned") == [], "a batch that is gone keeps nothing"


async def test_webhooks_that_wait_outlive_their_batch_and_are_forgotten_once_they_are_settled(
    ledger: Ledger, dsn: str
) -> None:
    await stage(ledger)
    async with ledger.unit() as unit:
        for status in ("queued", "running", "stopped"):
            await unit.batches.outbox.add(entry_row(BATCH.id, id=status, status=status))
        assert len(await unit.batches.outbox.lease("w", 60, 10, 180)) == 1
        assert await unit.batches.outbox.delivered("w", Answered("queued", 200, "ok"))
    async with ledger.unit() as unit:
        assert await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
    assert [row["id"] for row in await fetch(dsn, "select id from batch_outbox order by sequence")] == [
        "running",
        "stopped",
    ]
    async with ledger.unit() as unit:
        assert [each.id for each in await unit.batches.outbox.lease("w", 60, 10, 180)] == ["running"], "in their order"
        assert await unit.batches.outbox.failed("running", "w", 600, 503, "busy")
    await run_sql(dsn, "update batch_outbox set failing_since = now() - interval '1 hour' where id = 'running'")
    async with ledger.unit() as unit:
        (last,) = await unit.batches.outbox.lease("w", 60, 10, 180)
        assert (last.id, last.gap) == ("stopped", True), "one that fails for too long holds up no other"
        assert await unit.batches.outbox.delivered("w", Answered("stopped", 200, "ok"))
    await ledger.prune()
    assert [row["id"] for row in await fetch(dsn, "select id from batch_outbox")] == ["running"]


async def drained(wait: Callable[[float], Awaitable[bool]]) -> None:
    while await wait(0.3):
        pass


@pytest.mark.real_time
async def test_a_scheduled_batch_wakes_whoever_releases_it_when_it_is_written_and_at_its_time(
    ledger: Ledger,
) -> None:
    await stage(ledger)
    await drained(ledger.wait_for_batches)
    due = datetime.now(UTC) + timedelta(seconds=3)
    async with ledger.unit() as unit:
        await unit.batches.change(BATCH.id, BatchStatus.SCHEDULED, scheduled_at=due)
    assert await ledger.wait_for_batches(2)
    assert await ledger.wait_for_batches(0.1, 30), "no notice comes then"
    assert timedelta() <= datetime.now(UTC) - due < timedelta(seconds=2)


async def test_a_webhook_of_a_batch_wakes_its_sender_when_it_may_go(ledger: Ledger) -> None:
    await stage(ledger)
    await drained(ledger.wait_for_batch_outbox)
    async with ledger.unit() as unit:
        await unit.batches.outbox.add(entry_row(BATCH.id, id="first"))
    assert await ledger.wait_for_batch_outbox(2)
    async with ledger.unit() as unit:
        await unit.batches.outbox.add(entry_row(BATCH.id, id="second"))
        await unit.batches.outbox.lease("w", 60, 10, 180)
    assert not await ledger.wait_for_batch_outbox(0.5), "the first holds it up"
    async with ledger.unit() as unit:
        await unit.batches.outbox.delivered("w", Answered("first", 200, "ok"))
    assert await ledger.wait_for_batch_outbox(2)


async def test_a_contact_that_becomes_an_execution_is_on_a_page_once(ledger: Ledger, dsn: str) -> None:
    contacts = await stage(ledger)

    async def release() -> None:
        async with ledger.unit() as unit:
            for contact in await unit.batches.contacts.take(BATCH.id, 2):
                await unit.executions.insert(execution_of_contact(BATCH, contact, "+1"))

    connection = await open_connection(dsn)
    try:
        rows = ExecutionRows(BetweenStatements(connection, release))
        found, total = await rows.page_of_batch(BATCH, ExecutionFilter(batch_id=BATCH.id), 0, None, 10)
    finally:
        await connection.close()
    assert total == 3
    assert [isinstance(one, Contact) for one in found] == [True, False, False]
    assert [one.execution_id if isinstance(one, Contact) else one.id for one in found] == [
        contact.execution_id for contact in contacts[::-1]
    ]
