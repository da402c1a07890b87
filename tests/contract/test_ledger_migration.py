"""Bringing a database to the present schema: once, together, again, and not backwards."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.database import database_at, fetch, run_sql
from tests.rows import execution_row, place
from tests.waiting import until

from callwright.domain.errors import ConfigurationError, UnavailableError
from callwright.platform.executions.rules.execution import STATUS_OF
from callwright.platform.ledger import Ledger
from callwright.storage import upgrade
from callwright.storage.migrate import head, migrate, wanted
from callwright.storage.migrations import REVISIONS


@pytest.fixture
async def empty(postgres_server: str) -> AsyncIterator[str]:
    """The address of a database with nothing in it."""
    name = f"cw_empty_{os.getpid()}"
    await run_sql(postgres_server, f"drop database if exists {name}", f"create database {name}")
    yield database_at(postgres_server, name)
    await run_sql(postgres_server, f"drop database if exists {name} with (force)")


async def test_five_starters_meet_on_an_empty_database(empty: str):
    results = await asyncio.gather(*(migrate(empty) for _ in range(5)))
    assert sorted(results) == [False, False, False, False, True], "one worked, the others found it done"
    ledger = Ledger(empty)
    await ledger.open()
    await place(ledger, execution_row())
    await ledger.aclose()


async def test_a_second_start_changes_nothing(dsn: str):
    assert not await migrate(dsn)


async def test_a_migration_that_died_half_way_is_finished(empty: str):
    await migrate(empty)
    await run_sql(
        empty,
        "delete from platform where name <> 'revision'",
        "delete from status_transition",
        "update execution_state set owned = false",
    )
    assert await migrate(empty)
    states = await fetch(empty, "select phase from execution_state where owned")
    assert len(states) == len([phase for phase, _ in STATUS_OF if phase in {"claimed", "dialling", "live"}])
    assert not await migrate(empty)


async def test_a_revision_whose_statement_fails_leaves_nothing_and_is_made_whole_by_the_next_start(
    dsn: str, monkeypatch: pytest.MonkeyPatch
):
    before, made = head(), "create table made_by_the_next_revision (id int)"
    following = f"{int(before) + 1:04}"
    monkeypatch.setitem(cast(dict[str, Any], REVISIONS), following, [made, "insert into nowhere values (1)"])
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(dsn)
    left = f"select to_regclass('made_by_the_next_revision') is not null or value <> '{before}' as it"
    assert not (await fetch(dsn, f"{left} from platform where name = 'revision'"))[0]["it"]

    monkeypatch.setitem(cast(dict[str, Any], REVISIONS), following, [made])
    assert sorted(await asyncio.gather(*(migrate(dsn) for _ in range(3)))) == [False, False, True]
    assert await fetch(dsn, "select * from made_by_the_next_revision") == []


@pytest.fixture
async def reader(dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncpg.Connection]:
    """A transaction that has read a table which the next revision changes. Waits for locks are short."""
    monkeypatch.setattr(upgrade, "LOCK_WAIT_MS", 400)
    monkeypatch.setattr(upgrade, "LOCK_TRIES", 3)
    monkeypatch.setattr(upgrade, "LOCK_PAUSE_SECONDS", 0.2)
    changed = ["alter table tenant add column of_the_next_revision int"]
    monkeypatch.setitem(cast(dict[str, Any], REVISIONS), f"{int(head()) + 1:04}", changed)
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "report"})
    await connection.execute("begin; select count(*) from tenant")
    yield connection
    await connection.close()


async def test_a_revision_behind_a_long_transaction_names_it_and_lets_others_work(dsn: str, reader: asyncpg.Connection):
    migration = asyncio.create_task(migrate(dsn))
    waits: list[float] = []
    while not migration.done():
        began = time.monotonic()
        # What the start of a call reads: it waits behind the revision, and only as long as one try takes.
        await fetch(dsn, "select max_concurrency from tenant")
        waits.append(time.monotonic() - began)
    with pytest.raises(UnavailableError) as refused:
        await migration
    assert f"held by process {reader.get_server_pid()} (report, idle in transaction" in refused.value.message
    assert "select count(*) from tenant" in refused.value.message
    assert "pg_terminate_backend" in refused.value.hint
    assert max(waits) > 0.2, "the revision did wait for the lock"
    assert max(waits) < 1.2, "less than all tries together"

    await reader.execute("commit")
    assert await migrate(dsn), "the next start makes it"
    assert not await migrate(dsn)


async def test_a_lock_that_is_let_go_between_two_tries_delays_a_revision_and_no_more(
    dsn: str, reader: asyncpg.Connection, caplog: pytest.LogCaptureFixture
):
    migration = asyncio.create_task(migrate(dsn))

    async def tried() -> bool:
        return bool(caplog.records)

    await until(tried)
    await reader.execute("commit")
    assert await migration
    assert caplog.messages[0].startswith("the upgrade of the database waits for a lock (1 of 3 tries): process ")


async def test_tables_of_the_domain_that_changed_are_written_anew_and_keep_the_rows(ledger: Ledger, dsn: str):
    await place(ledger, execution_row())
    await run_sql(
        dsn,
        "update platform set value = 'older' where name = 'rules'",
        "delete from status_transition where before = 'queued'",
        "insert into execution_state values ('done', 'vanished', 'completed', false)",
    )
    assert await migrate(dsn)
    assert await fetch(dsn, "select * from execution_state where detail = 'vanished'") == []
    assert await fetch(dsn, "select * from status_transition where before = 'queued'") != []
    assert len(await fetch(dsn, "select * from execution")) == 1


async def test_a_new_version_of_the_job_queue_upgrades_its_tables(dsn: str):
    await run_sql(
        dsn, "update platform set value = '1.0.0' where name = 'pgqueuer'", "drop index pgqueuer_picked_slot_idx"
    )
    assert await migrate(dsn)
    assert len(await fetch(dsn, "select * from pg_indexes where indexname = 'pgqueuer_picked_slot_idx'")) == 1
    (row,) = await fetch(dsn, "select value from platform where name = 'pgqueuer'")
    assert row["value"] == wanted()["pgqueuer"]


async def test_a_database_of_a_newer_version_is_left_alone(dsn: str):
    await run_sql(dsn, "update platform set value = '9999' where name = 'revision'")
    with pytest.raises(ConfigurationError, match="newer"):
        await migrate(dsn)


async def test_a_database_of_a_development_version_is_refused_with_what_to_do(dsn: str):
    await run_sql(dsn, "delete from platform where name = 'revision'")
    with pytest.raises(ConfigurationError, match=r"development version.*empty database.*DATABASE_URL.*CALLWRIGHT_DATA"):
        await migrate(dsn)
    assert await fetch(dsn, "select value from platform where name = 'revision'") == []


async def test_a_database_with_old_tables_that_says_nothing_of_itself_is_refused_with_what_to_do(dsn: str):
    await run_sql(dsn, "drop table platform")
    with pytest.raises(ConfigurationError, match=r"a table agent .*did not make.*empty database.*DATABASE_URL"):
        await migrate(dsn)
    await run_sql(
        dsn,
        "create schema other; create table other.note (id int)",
        "drop schema public cascade",
        "create schema public",
    )
    assert await migrate(dsn), "tables in another schema are nobody's business"


async def test_a_database_that_does_not_hold_every_character_is_refused_with_what_to_do(
    postgres_server: str, empty: str
):
    await run_sql(
        postgres_server,
        f"drop database {(name := urlsplit(empty).path[1:])}",
        f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0",
    )
    with pytest.raises(ConfigurationError, match=r"SQL_ASCII.*create database .*'UTF8'") as refused:
        await migrate(empty)
    await run_sql(
        postgres_server,
        f"drop database {name}",
        str(refused.value).partition("UTF-8: ")[2].replace("callwright", name),
    )
    assert await migrate(empty), "a database made as the message says is taken"


async def test_without_a_database_the_message_says_what_to_do(tmp_path: object):
    with pytest.raises(UnavailableError):
        await migrate(f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(UnavailableError):
        await migrate("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_warm_start_does_not_load_the_migration_tools(dsn: str):
    script = (
        "import asyncio, sys\n"
        "from callwright.storage.migrate import migrate\n"
        "assert not asyncio.run(migrate(sys.argv[1]))\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'pgqueuer'}, loaded\n"
    )
    subprocess.run([sys.executable, "-c", script, dsn], check=True, timeout=60)
