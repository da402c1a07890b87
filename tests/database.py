"""A real PostgreSQL for tests: ``DATABASE_URL`` when it is set, else the embedded one, started once for the test session.

Every test gets a database of its own, copied from a migrated template: about 0.1 s each, and no test sees another's rows. The driver is
imported when a test asks for a database: tests of the pure packages need none.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from asyncpg import Connection

    from callwright.platform.ledger import Ledger

# Nothing of it outlives the tests, and a copy of a database is made ten times faster.
_NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    "max_wal_size": "256MB",
    "autovacuum": "off",
}


def database_at(dsn: str, name: str) -> str:
    """The address of another database of the same server."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{name}"))


def make_data_folder(data: Path) -> None:
    """Make the embedded database of a data folder, as a first start of the server leaves it."""
    from callwright.bootstrap.foundation import open_foundation
    from callwright.ops.settings import load_settings

    async def start() -> None:
        async with open_foundation(load_settings({}, data=data), may_make=True):
            pass

    asyncio.run(start())


async def run_sql(dsn: str, *statements: str) -> None:
    """Run statements one after the other on a connection of their own."""
    import asyncpg

    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def fetch(dsn: str, query: str) -> list[Any]:
    """The rows of one query."""
    import asyncpg

    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running server."""
    from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement

    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="cw-test-"))
    server = EmbeddedPostgres(folder, placement=ServerPlacement(elsewhere=folder / "elsewhere", settings=_NOT_DURABLE))
    try:
        yield server.acquire()
    finally:
        server.release()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated database nobody is connected to."""
    from callwright.storage.migrate import migrate

    name = f"cw_template_{os.getpid()}"
    asyncio.run(run_sql(postgres_server, f"drop database if exists {name}", f"create database {name}"))
    asyncio.run(migrate(database_at(postgres_server, name)))
    yield name
    asyncio.run(run_sql(postgres_server, f"drop database if exists {name}"))


_COUNTER = iter(range(1_000_000))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_maker(postgres_server: str) -> AsyncIterator[Connection]:
    """A connection that makes and drops databases. One of its own for each would take longer than most tests."""
    import asyncpg

    connection = await asyncpg.connect(postgres_server)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def dsn(
    request: pytest.FixtureRequest, postgres_server: str, database_template: str, database_maker: Connection
) -> AsyncIterator[str]:
    """The address of a fresh migrated database of this test, with the organisations of ``tests.api_world`` where its world is used."""
    template = database_template
    if "world_template" in request.fixturenames:
        template = request.getfixturevalue("world_template").name
    name = f"cw_test_{os.getpid()}_{next(_COUNTER)}"
    await database_maker.execute(f"create database {name} template {template} strategy file_copy")
    yield database_at(postgres_server, name)
    await database_maker.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
async def ledger(dsn: str) -> AsyncIterator[Ledger]:
    """An open ledger on a fresh database."""
    from callwright.platform.ledger import Ledger

    opened = Ledger(dsn)
    await opened.open()
    yield opened
    await opened.aclose()
