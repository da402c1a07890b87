"""The work of a migration: alembic's revisions, the job queue's own tables, the rule rows and the default tenant.

Loaded by ``storage.migrate`` only when needed, because alembic and SQLAlchemy are slow to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from pgqueuer.queries import Queries
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from callwright.domain.tenant import DEFAULT_TENANT_ID
from callwright.storage import rules
from callwright.storage.migrations import VERSIONS

DEFAULT_TENANT_CONCURRENCY = 100


async def upgrade(connection: Any, dsn: str, wanted: Mapping[str, str]) -> None:
    """Do everything that is missing. ``connection`` (asyncpg) holds the migration lock; ``wanted`` is what the database says of itself
    then (``storage.migrate.wanted``)."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
    )
    try:
        async with engine.connect() as alembic_connection:
            await alembic_connection.run_sync(_run_revisions)
    finally:
        await engine.dispose()
    await _prepare_queue(connection)
    async with connection.transaction():
        await rules.write_rules(connection)
        await connection.execute(
            "insert into tenant (id, name, email, max_concurrency) values ($1, 'Default', '', $2) on conflict do nothing",
            DEFAULT_TENANT_ID,
            DEFAULT_TENANT_CONCURRENCY,
        )
        await connection.executemany(
            "insert into platform (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
            [(name, value) for name, value in wanted.items() if name != "revision"],
        )


def scripts() -> ScriptDirectory:
    """The revisions of this package."""
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _run_revisions(connection: Connection) -> None:
    """Apply what is missing, each revision in a transaction of its own together with its entry in ``alembic_version``."""
    directory = scripts()
    context = MigrationContext.configure(connection)
    present = context.get_current_revision()
    connection.rollback()
    missing = list(directory.iterate_revisions("head", present or "base"))
    for revision in reversed(missing):
        with connection.begin(), Operations.context(context):
            revision.module.upgrade()
            context.stamp(directory, revision.revision)


async def _prepare_queue(connection: Any) -> None:
    queries = Queries.from_asyncpg_connection(connection)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
