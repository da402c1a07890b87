"""A process that runs a batch is killed with kill -9, again and again: no contact is lost and nobody is dialled twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.acceptance.test_api_agents import ended_calls
from tests.acceptance.test_call_crash import running
from tests.call_world import AGENT_ID, agent_body
from tests.database import fetch, run_sql
from tests.rows import agent_row
from tests.waiting import until

from callwright.ops.clock import SystemClock
from callwright.ops.folders import RecordingFiles
from callwright.ops.ids import RandomIds
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.actions.end import PIECE as AGENT_PIECE
from callwright.platform.agents.actions.end import PURGE_AGENT_JOB
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.batches.actions.stop import PIECE, STOPPED_CONTACTS_JOB
from callwright.platform.batches.rules.batch import Batch, BatchStatus, Contact
from callwright.platform.ledger import Ledger

pytestmark = pytest.mark.real_time

CONTACTS = 48
BATCH_ID = "5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d"
KILLS_AFTER_CALLS = (3, 11, 20, 33)


async def a_due_batch(
    ledger: Ledger, count: int = CONTACTS, status: BatchStatus = BatchStatus.SCHEDULED, **agent: str
) -> list[str]:
    """A batch whose time has come, of people who are busy or talk; the ids of its executions."""
    now, ids = SystemClock().now() - timedelta(seconds=5), RandomIds()
    contacts = [
        Contact(
            position=index + 1,
            line=index + 2,
            execution_id=ids.uuid(),
            number=f"+1555020{index:04d}",
            carrier="loopback",
            user_data={"persona": "patient" if index % 12 == 0 else "busy"},
        )
        for index in range(count)
    ]

    batch = Batch(
        BATCH_ID,
        DEFAULT_TENANT_ID,
        AGENT_ID,
        status,
        now,
        now,
        "list.csv",
        scheduled_at=now,
        total_contacts=count,
        valid_contacts=count,
    )
    body = {**agent_body(), **agent}
    async with ledger.unit() as unit:
        await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", body, 1, now, now))
        await unit.batches.insert(batch)
        await unit.batches.contacts.stage(BATCH_ID, contacts)
    return [contact.execution_id for contact in contacts]


async def number_of(dsn: str, query: str) -> int:
    return int((await fetch(dsn, f"select count(*) as number from {query}"))[0]["number"])


@pytest.mark.long
async def test_a_batch_survives_kills_without_a_contact_lost_or_dialled_twice(
    dsn: str, ledger: Ledger, tmp_path: Path
) -> None:
    await run_sql(dsn, f"update tenant set max_concurrency = 6 where id = '{DEFAULT_TENANT_ID}'")
    ids = await a_due_batch(ledger)
    for wanted in KILLS_AFTER_CALLS:

        async def dialled(count: int = wanted) -> bool:
            return await number_of(dsn, "attempt") >= count

        async with running(dsn, tmp_path, "tests.batch_process"):
            await until(dialled, 60)
        left, made = await number_of(dsn, "batch_contact"), await number_of(dsn, "execution")
        assert left + made == CONTACTS

    async def over() -> bool:
        return bool((await fetch(dsn, "select status from batch"))[0]["status"] == "completed")

    async with running(dsn, tmp_path, "tests.batch_process"):
        await until(over, 90)

    rows = await fetch(dsn, "select id, status, attempt, hangup_reason from execution order by created_at, id")
    assert [row["id"] for row in rows] == ids, "every contact is one execution, in the order of the list"
    dials = "select 1 from attempt where initiated_at is not null group by execution_id having count(*) > 1"
    assert await number_of(dsn, f"({dials}) twice") == 0
    lost = [row for row in rows if row["status"] == "error"]
    assert {row["hangup_reason"] for row in lost} <= {"node_lost"}
    assert len(lost) <= 6 * len(KILLS_AFTER_CALLS), "only calls under way at a kill are lost"
    assert {row["status"] for row in rows} - {"error"} <= {"busy", "completed"}


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.long
async def test_what_was_stopped_is_told_of_once_however_often_its_writing_is_killed(
    dsn: str, ledger: Ledger, tmp_path: Path, deleted: bool
) -> None:
    count = 12 * PIECE
    ids = await a_due_batch(ledger, count, BatchStatus.STOPPED, webhook_url="https://hooks.example.org/calls")
    async with ledger.unit() as unit:
        await unit.jobs.put(STOPPED_CONTACTS_JOB, f"{DEFAULT_TENANT_ID} {BATCH_ID}".encode(), DEFAULT_TENANT_ID)
        if deleted:
            await unit.batches.mark_deleted(BATCH_ID)
    for wanted in (1, 3 * PIECE, 6 * PIECE):

        async def written(number: int = wanted) -> bool:
            return await number_of(dsn, "execution") >= number

        async with running(dsn, tmp_path, "tests.batch_stop_process"):
            await until(written, 60)
        left, made = await number_of(dsn, "batch_contact"), await number_of(dsn, "execution")
        assert left + made == count
        assert left > 0, "killed in the middle"

    async def over() -> bool:
        return await number_of(dsn, "batch" if deleted else "batch_contact") == 0

    async with running(dsn, tmp_path, "tests.batch_stop_process"):
        await until(over, 60)
    rows = await fetch(dsn, "select id from execution where status = 'stopped' order by created_at, id")
    assert [row["id"] for row in rows] == ids
    told = await fetch(dsn, "select execution_id, status from outbox")
    assert sorted(row["execution_id"] for row in told) == sorted(ids)


@pytest.mark.long
async def test_an_agents_deletion_goes_on_however_often_it_is_killed(dsn: str, ledger: Ledger, tmp_path: Path) -> None:
    count = 12 * AGENT_PIECE
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
    await ended_calls(dsn, "agent-1", count)
    recordings = RecordingFiles(tmp_path / "recordings")
    for number in (1, count):
        recordings.write(f"ended-{number}", "call.wav", b"RIFF")
    async with ledger.unit() as unit:
        assert await unit.agents.lock_whole(DEFAULT_TENANT_ID, "agent-1")
        await unit.agents.mark_deleted(DEFAULT_TENANT_ID, "agent-1")
        await unit.jobs.put(PURGE_AGENT_JOB, f"{DEFAULT_TENANT_ID} agent-1".encode(), DEFAULT_TENANT_ID)
    for wanted in (count - 1, count - 4 * AGENT_PIECE, count - 8 * AGENT_PIECE):

        async def fewer(number: int = wanted) -> bool:
            return await number_of(dsn, "execution") <= number

        async with running(dsn, tmp_path, "tests.batch_stop_process"):
            await until(fewer, 60)
        assert await number_of(dsn, "execution") > 0, "killed in the middle"
        async with ledger.unit() as unit:
            assert await unit.agents.get_any("agent-1") is None

    async def over() -> bool:
        return await number_of(dsn, "agent") == 0

    async with running(dsn, tmp_path, "tests.batch_stop_process"):
        await until(over, 60)
    assert await number_of(dsn, "execution") == 0
    assert list((tmp_path / "recordings").iterdir()) == []
