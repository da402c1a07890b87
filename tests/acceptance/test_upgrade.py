"""The database of each release is served by today's code: `tests/releases/VERSION.sql`, which `make release-database` writes."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.database import database_at, fetch, run_sql

import callwright
import trial_call

ROOT = Path(__file__).resolve().parents[2]
RELEASES = sorted((ROOT / "tests/releases").glob("*.sql"))
CALLWRIGHT = str(Path(sys.executable).parent / "callwright")
COLUMNS = """
    select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
    where table_schema = 'public' order by 1, 2
"""
CONSTRAINTS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace order by 1, 2
"""


@pytest.fixture(params=RELEASES, ids=[path.stem for path in RELEASES])
async def old_dsn(request: pytest.FixtureRequest, postgres_server: str) -> AsyncIterator[str]:
    """A database as a release left it."""
    name = "cw_upgrade_" + re.sub(r"\W", "_", request.param.stem)
    await run_sql(postgres_server, f"drop database if exists {name} with (force)", f"create database {name}")
    await run_sql(database_at(postgres_server, name), request.param.read_text())
    yield database_at(postgres_server, name)
    await run_sql(postgres_server, f"drop database if exists {name} with (force)")


def test_the_version_of_today_has_its_database() -> None:
    assert callwright.__version__ in [path.stem for path in RELEASES], "run `make release-database`"


async def test_todays_server_starts_on_it_reads_its_call_and_places_another(
    old_dsn: str, dsn: str, tmp_path: Path
) -> None:
    (old,) = await fetch(old_dsn, "select id::text from execution")
    with trial_call.serving(CALLWRIGHT, tmp_path, {"DATABASE_URL": old_dsn}) as (url, key):
        execution = trial_call.asked(url, key, f"/executions/{old['id']}")
        assert execution["status"] == "completed"
        assert trial_call.GREETING in execution["transcript"]
        assert [turn["latency_ms"]["total"] > 0 for turn in execution["callwright"]["turns"] if turn["latency_ms"]]
        trial_call.place(url, key)
    for query in (COLUMNS, CONSTRAINTS):
        assert await fetch(old_dsn, query) == await fetch(dsn, query)


def test_a_server_that_ends_at_once_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(trial_call.TrialError, match="ended with"), trial_call.serving("/bin/false", tmp_path):
        pass
