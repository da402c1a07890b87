"""Connections: the pool of a process, and how JSON travels through it."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from callwright.domain.limits import DATABASE_CONNECTIONS, DATABASE_STATEMENT_SECONDS
from callwright.storage import failures

CONNECT_SECONDS = 10
ACQUIRE_SECONDS = 15

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


async def prepare(connection: Any) -> None:
    """Make JSON columns take and give plain Python objects, as bytes on the wire."""
    await connection.set_type_codec("json", schema="pg_catalog", encoder=_encode, decoder=_decode, format="binary")


async def open_pool(dsn: str, size: int = DATABASE_CONNECTIONS) -> Any:
    """An asyncpg pool of at most ``size`` connections. Raises UnavailableError or ConfigurationError when there is no way to connect."""
    with failures.translated(connecting=True):
        return await asyncpg.create_pool(
            dsn,
            min_size=min(2, size),
            max_size=size,
            init=prepare,
            reset=_leave_as_it_is,
            timeout=CONNECT_SECONDS,
            command_timeout=DATABASE_STATEMENT_SECONDS,
            server_settings={"application_name": "callwright", "timezone": "UTC"},
        )


async def _leave_as_it_is(_connection: Any) -> None:
    """Nothing of ours changes a session outside a transaction, so a connection goes back without another round trip to reset it. What a
    transaction left open is rolled back before this."""


async def open_connection(dsn: str) -> Any:
    """One connection beside the pool. Raises like :func:`open_pool`."""
    with failures.translated(connecting=True):
        return await asyncpg.connect(
            dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=DATABASE_STATEMENT_SECONDS,
            server_settings={"application_name": "callwright"},
        )
