"""Batches: what must hold is the database's rule as well, and contacts and executions change places in one unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import THEN, agent_row

from callwright.domain.batch import BATCH_TRANSITIONS, Batch, BatchStatus, Contact, execution_of_contact
from callwright.domain.errors import NotFoundError, WrongStateError
from callwright.domain.tenant import DEFAULT_TENANT_ID
from callwright.storage.ledger import PostgresLedger

BATCH = Batch(
    id="5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d",
    tenant_id=DEFAULT_TENANT_ID,
    agent_id="agent-1",
    status=BatchStatus.PROCESSED,
    created_at=THEN,
    updated_at=THEN,
    file_name="list.csv",
)


async def stage(ledger: PostgresLedger, count: int = 3, batch: Batch = BATCH) -> list[Contact]:
    contacts = [
        Contact(n, n + 1, f"00000000-0000-4000-8000-{n:012d}", "loopback:demo", "loopback", {"n": str(n)})
        for n in range(1, count + 1)
    ]

    async def pieces() -> Any:
        yield contacts

    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
        await unit.batches.insert(batch)
        await unit.batches.contacts.stage(batch.id, pieces())
    return contacts


async def test_a_batch_comes_back_as_it_was_written(ledger: PostgresLedger) -> None:
    batch = replace(
        BATCH, from_numbers=("+15550001",), retry_config={"enabled": True}, webhook_url="https://h.example/"
    )
    contacts = await stage(ledger, batch=batch)
    async with ledger.unit() as unit:
        assert await unit.batches.get(DEFAULT_TENANT_ID, BATCH.id) == batch
        assert await unit.batches.get("somebody", BATCH.id) is None
        assert await unit.batches.contacts.after(BATCH.id, 0, 10) == contacts
        assert await unit.batches.contacts.after(BATCH.id, 2, 10) == contacts[2:]
        assert await unit.batches.contacts.find(DEFAULT_TENANT_ID, contacts[1].execution_id) == (batch, contacts[1])
        assert await unit.batches.contacts.find("somebody", contacts[1].execution_id) is None


async def test_a_batch_needs_an_agent_of_its_tenant(ledger: PostgresLedger) -> None:
    with pytest.raises(NotFoundError):
        async with ledger.unit() as unit:
            await unit.batches.insert(BATCH)


async def test_the_database_allows_the_statuses_of_the_table_and_no_others(ledger: PostgresLedger, dsn: str) -> None:
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
async def test_what_would_break_a_batch_is_refused(ledger: PostgresLedger, dsn: str, change: str) -> None:
    await stage(ledger)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await run_sql(dsn, change)


async def test_a_status_that_cannot_follow_is_a_wrong_state(ledger: PostgresLedger) -> None:
    await stage(ledger)
    with pytest.raises(WrongStateError, match="processed and cannot become running"):
        async with ledger.unit() as unit:
            await unit.batches.change(BATCH.id, BatchStatus.RUNNING)


async def test_contacts_that_are_taken_are_there_again_when_the_unit_fails(ledger: PostgresLedger) -> None:
    contacts = await stage(ledger)
    with pytest.raises(RuntimeError):
        await take_and_fail(ledger)
    async with ledger.unit() as unit:
        assert await unit.batches.contacts.after(BATCH.id, 0, 10) == contacts
        assert await unit.executions.of_batch(DEFAULT_TENANT_ID, BATCH.id, None, 10) == []


async def take_and_fail(ledger: PostgresLedger) -> None:
    async with ledger.unit() as unit:
        for contact in await unit.batches.contacts.take(BATCH.id, 2):
            await unit.executions.insert(execution_of_contact(BATCH, contact, "+1"))
        raise RuntimeError


async def test_ended_batches_are_forgotten_with_their_contacts(ledger: PostgresLedger, dsn: str) -> None:
    await stage(ledger, batch=replace(BATCH, status=BatchStatus.STOPPED, scheduled_at=THEN))
    async with ledger.unit() as unit:
        assert await unit.batches.delete_ended(THEN, 10) == 0
    async with ledger.unit() as unit:
        assert await unit.batches.delete_ended(replace(BATCH).updated_at.replace(year=THEN.year + 1), 10) == 1
    assert await fetch(dsn, "select 1 from batch_contact") == []
