"""The work of a migration: revisions, the job queue's own tables, the rule rows and the default tenant.

Loaded by ``storage.migrate`` only when needed, because the job queue is slow to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgqueuer.queries import Queries

from callwright.platform.accounts.rules import DEFAULT_CONCURRENCY, DEFAULT_TENANT_ID
from callwright.storage import rules
from callwright.storage.migrations import REVISIONS


async def upgrade(connection: Any, present: str, wanted: Mapping[str, str]) -> None:
    """Do everything that is missing.

    ``connection`` (asyncpg) holds the migration lock. ``present`` is the revision of the database, empty for a new one. ``wanted`` is what
    the database says of itself afterwards (``storage.migrate.wanted``).
    """
    for revision, statements in REVISIONS.items():
        if revision > present:
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement)
                await _note(connection, {"revision": revision})
    await _prepare_queue(connection)
    async with connection.transaction():
        await rules.write_rules(connection)
        await connection.execute(
            "insert into tenant (id, name, email, max_concurrency) values ($1, 'Default', '', $2) on conflict do nothing",
            DEFAULT_TENANT_ID,
            DEFAULT_CONCURRENCY,
        )
        await _note(connection, wanted)


async def _note(connection: Any, values: Mapping[str, str]) -> None:
    """Let the database say this of itself."""
    await connection.executemany(
        "insert into platform (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
        list(values.items()),
    )


async def _prepare_queue(connection: Any) -> None:
    queries = Queries.from_asyncpg_connection(connection)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
