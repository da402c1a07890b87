"""Bringing a database to the present schema, once, however many processes start together.

The usual start finds everything in place with one query. ``storage.upgrade``, with the job queue's package, is loaded only when there
is something to do.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from functools import partial
from typing import Any

import asyncpg

from callwright.domain.errors import ConfigurationError
from callwright.storage import failures, rules
from callwright.storage.migrations import REVISIONS

LOCK = 0x63616C6C
"""Advisory lock of every migration of this platform (a session lock: it ends with the connection)."""

_TABLE = re.compile(r"create table (\w+)")


def head() -> str:
    """The newest revision."""
    return list(REVISIONS)[-1]


def wanted() -> dict[str, str]:
    """What a database must say of itself to be used as it is."""
    return {
        "revision": head(),
        "rules": rules.fingerprint(),
        "pgqueuer": importlib.metadata.version("pgqueuer"),
    }


async def found(connection: Any) -> dict[str, str]:
    """What the database says of itself; empty for a new one."""
    if not await connection.fetchval("select to_regclass('platform') is not null"):
        return {}
    rows = await connection.fetch("select name, value from platform where name in ('revision', 'rules', 'pgqueuer')")
    return {"revision": "", **{row["name"]: row["value"] for row in rows}}


async def migrate(dsn: str) -> bool:
    """Bring the database at ``dsn`` to the present schema; True when something had to be done.

    Several processes may do so at once: one works, the others wait and find it done. Raises UnavailableError when the database cannot be
    reached or others keep a lock. Raises ConfigurationError when a newer version of the platform, or one from before the first revision,
    made it, or when it has tables of others under our names or another encoding than UTF-8.
    """
    with failures.translated(connecting=True):
        connect = partial(asyncpg.connect, dsn, timeout=10)
        connection = await connect()
        try:
            if await found(connection) == wanted():
                return False
            await connection.execute("select pg_advisory_lock($1)", LOCK)
            state = await found(connection)
            if state == wanted():
                return False
            _refuse_others(state)
            if not state:
                _refuse_encoding(connection)
                await _refuse_tables(connection)
            # By name and only here: importing the job queue costs more than everything else at a warm start.
            upgrade = importlib.import_module("callwright.storage.upgrade")
            await upgrade.upgrade(connection, state.get("revision", ""), wanted(), connect)
            return True
        finally:
            await connection.close(timeout=5)


def _refuse_encoding(connection: Any) -> None:
    """Refuse a new database that cannot hold every character: its statements would fail one by one, later."""
    encoding = connection.get_settings().server_encoding
    if encoding != "UTF8":
        raise ConfigurationError(
            f"the database is encoded in {encoding}, which does not hold every character; make one in UTF-8: "
            "create database callwright encoding 'UTF8' locale 'C.UTF-8' template template0"
        )


async def _refuse_tables(connection: Any) -> None:
    """Refuse a database that does not say what it is and has tables under the names of ours."""
    ours = [name for statements in REVISIONS.values() for name in _TABLE.findall("\n".join(statements))]
    there = await connection.fetchval(
        "select min(name) from unnest($1::text[]) name where to_regclass(name) is not null", ours
    )
    if there is not None:
        raise ConfigurationError(
            f"the database has a table {there} that this version of Callwright did not make; "
            "start with an empty database: name another one in DATABASE_URL, or another folder in CALLWRIGHT_DATA"
        )


def _refuse_others(state: dict[str, str]) -> None:
    if not state:
        return
    revision = state["revision"]
    if revision > head():
        raise ConfigurationError(
            f"the database is at revision {revision}, newer than this version of Callwright knows ({head()}); "
            "run the newer version, or restore a backup made by this one"
        )
    if revision not in REVISIONS:
        raise ConfigurationError(
            "the database was made by a development version that this version of Callwright cannot upgrade; "
            "start with an empty database: name another one in DATABASE_URL, or another folder in CALLWRIGHT_DATA"
        )
