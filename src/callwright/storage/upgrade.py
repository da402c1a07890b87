"""The work of a migration: revisions, the job queue's own tables, the rule rows and the default tenant.

Loaded by ``storage.migrate`` only when needed, because the job queue is slow to import.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import asyncpg
from pgqueuer.queries import Queries

from callwright.domain.errors import UnavailableError
from callwright.platform.accounts.rules import DEFAULT_CONCURRENCY, DEFAULT_TENANT_ID
from callwright.storage import rules
from callwright.storage.migrations import REVISIONS

_LOG = logging.getLogger(__name__)

LOCK_WAIT_MS = 2_000
"""The longest wait for a lock. Whatever else wants the table waits behind us, calls too."""
LOCK_TRIES = 10
LOCK_PAUSE_SECONDS = 4.0
"""Between two tries, so that whatever waited behind us gets on."""
_LOOKS_IN_A_WAIT = 4

_HOLDERS = r"""
select format(
  'process %s (%s, %s, transaction since %s UTC): %s', pid, coalesce(nullif(application_name, ''), usename), state,
  to_char(xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), left(regexp_replace(query, '\s+', ' ', 'g'), 100)
)
from pg_stat_activity where pid = any(pg_blocking_pids($1)) order by xact_start
"""

Connect = Callable[[], Awaitable[Any]]
"""Makes a connection to the database."""


async def upgrade(connection: Any, present: str, wanted: Mapping[str, str], connect: Connect) -> None:
    """Do everything that is missing.

    ``connection`` (asyncpg) holds the migration lock. ``present`` is the revision of the database, empty for a new one. ``wanted`` is what
    the database says of itself afterwards (``storage.migrate.wanted``). ``connect`` makes another connection. Raises UnavailableError,
    which names the holder, where others keep a lock; the next start goes on from what is done.
    """
    # For all of it, also for the job queue's statements, which are in no transaction of ours. The connection is of no other use.
    await connection.execute(f"set lock_timeout = {LOCK_WAIT_MS}")
    for revision, statements in REVISIONS.items():
        if revision > present:
            await _tried(connection, connect, partial(_revise, connection, revision, statements))
    await _tried(connection, connect, partial(_prepare_queue, connection))
    await _tried(connection, connect, partial(_finish, connection, wanted))


async def _tried(connection: Any, connect: Connect, step: Callable[[], Awaitable[None]]) -> None:
    """Run a step, and run it again where it waited too long for a lock. A step that failed can be run again."""
    pid, seen = connection.get_server_pid(), ["a transaction that was not seen"]
    for tried in range(1, LOCK_TRIES + 1):
        watch = asyncio.create_task(_watch(pid, connect, seen))
        try:
            await step()
            return
        except asyncpg.LockNotAvailableError:
            _LOG.warning(
                "the upgrade of the database waits for a lock (%d of %d tries): %s", tried, LOCK_TRIES, seen[0]
            )
        finally:
            watch.cancel()
            # Without what it saw, the upgrade goes on.
            await asyncio.gather(watch, return_exceptions=True)
        if tried < LOCK_TRIES:
            await asyncio.sleep(LOCK_PAUSE_SECONDS)
    raise UnavailableError(
        f"the database cannot be upgraded: a lock was not free in {LOCK_TRIES} tries of {LOCK_WAIT_MS} ms; it is held by {seen[0]}",
        hint="End that transaction, with `select pg_terminate_backend(PROCESS)` if need be, and start again.",
    )


async def _watch(pid: int, connect: Connect, seen: list[str]) -> None:
    """Keep in ``seen`` who last blocked the database's process ``pid``. A step that is over at once opens no connection."""
    seconds = LOCK_WAIT_MS / 1000 / _LOOKS_IN_A_WAIT
    await asyncio.sleep(seconds)
    observer = await connect()
    try:
        while True:
            holders = await observer.fetch(_HOLDERS, pid)
            if holders:
                seen[0] = "; ".join(holder[0] for holder in holders)
            await asyncio.sleep(seconds)
    finally:
        observer.terminate()


async def _revise(connection: Any, revision: str, statements: Sequence[str]) -> None:
    async with connection.transaction():
        for statement in statements:
            await connection.execute(statement)
        await _note(connection, {"revision": revision})


async def _finish(connection: Any, wanted: Mapping[str, str]) -> None:
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
