"""The ledger on PostgreSQL: what ``bootstrap`` opens and the use cases receive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from callwright.domain.errors import UnavailableError
from callwright.domain.limits import DATABASE_CONNECTIONS, SLOW_UNITS
from callwright.ops.clock import SystemClock
from callwright.platform import housekeeping
from callwright.platform.accounts.rules import ApiKey
from callwright.platform.known_keys import KnownKeys
from callwright.platform.unit import Reading, Unit, transaction
from callwright.storage import failures
from callwright.storage.listener import ADMITTED, BATCH_OUTBOX, BATCHES, EVENTS, OUTBOX, WAITING, Listener
from callwright.storage.pool import open_pool

PING_SECONDS = 3
CLOSE_SECONDS = 5


class Ledger:
    """The storage as the use cases see it. The database must have been brought to the present schema by ``storage.migrate`` before."""

    def __init__(self, dsn: str, connections: int = DATABASE_CONNECTIONS) -> None:
        self._dsn = dsn
        self._connections = connections
        self._pool: Any = None
        self._slow = asyncio.Semaphore(SLOW_UNITS)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        clock = SystemClock()
        self._known_keys = KnownKeys(lambda: self._listener.listening, lambda: clock.monotonic_us() / 1_000_000)
        self._listener = Listener(dsn, self._known_keys.forget)

    async def open(self) -> None:
        """Connect. Raises UnavailableError when the database cannot be reached."""
        self._pool = await open_pool(self._dsn, self._connections)
        self._listener.start()

    async def aclose(self) -> None:
        """Close all connections; units that are under way get five seconds to end."""
        await self._listener.aclose()
        if self._pool is not None:
            pool, self._pool = self._pool, None
            with failures.ignored():
                await _close(pool)

    def unit(self) -> AbstractAsyncContextManager[Unit]:
        """A transaction."""
        return transaction(self._opened(), self._known_keys.forget)

    def slow_unit(self, organisation_id: str) -> AbstractAsyncContextManager[Unit]:
        """A transaction that may stay open while a body is read or another service asked; only so many of a process at once, and half as
        many of one organisation."""
        return self._slow_unit(organisation_id)

    @asynccontextmanager
    async def _slow_unit(self, organisation_id: str) -> AsyncIterator[Unit]:
        share = self._shares.get(organisation_id)
        if share is None:
            share = self._shares[organisation_id] = asyncio.Semaphore(SLOW_UNITS // 2)
        async with share, self._slow, self.unit() as unit:
            yield unit

    def reading(self) -> AbstractAsyncContextManager[Unit]:
        """A connection for single statements, without a transaction: cheaper than a unit, and each statement is one of its own."""
        return Reading(self._opened())

    def joined(self, unit: Unit) -> Ledger:
        """This ledger, but each of its units is ``unit``: one transaction that the caller commits."""
        return _JoinedLedger(self, unit)

    async def key_of(self, digest: bytes) -> ApiKey | None:
        """The key with that keyed hash, revoked and expired ones included; from memory while changes of it would be heard of."""

        async def look_up() -> ApiKey | None:
            async with self.reading() as unit:
                return await unit.keys.by_digest(digest)

        return await self._known_keys.find(digest, look_up)

    def known_key(self, digest: bytes) -> ApiKey | None:
        """What :meth:`key_of` would return from memory; None when it would have to ask."""
        return self._known_keys.known(digest)

    async def ping(self) -> None:
        """Raises UnavailableError when the database does not answer within PING_SECONDS."""
        pool, loop = self._opened(), asyncio.get_running_loop()
        with failures.translated(connecting=True):
            async with asyncio.timeout(PING_SECONDS) as limit:
                connection = await pool.acquire()
            # Cancelling a statement asks the server for it, and one that stands still answers nothing: the connection is given up.
            late = loop.call_at(limit.when() or loop.time(), connection.terminate)
            try:
                await connection.fetchval("select 1")
            finally:
                late.cancel()
                await pool.release(connection)

    async def wait_for_loss(self, timeout_seconds: float) -> bool:
        """Sleep until the connection that hears news is lost, or the time is over; True when it was lost. One waiter for each process."""
        return await self._listener.lost(timeout_seconds)

    async def wait_for_admitted(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until some execution was admitted (NOTIFY) or the time is over; True when woken. The time is ``at_rest_seconds``, if given,
        while the process's own looks at the database, one every few seconds for all of these, find nothing to do."""
        return await self._listener.wait(ADMITTED, timeout_seconds, at_rest_seconds)

    async def wait_for_waiting(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a new execution waits or a place became free (NOTIFY), or the time is over."""
        return await self._listener.wait(WAITING, timeout_seconds, at_rest_seconds)

    async def wait_for_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a webhook was added (NOTIFY) or the time is over."""
        return await self._listener.wait(OUTBOX, timeout_seconds, at_rest_seconds)

    async def wait_for_events(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until an event was added (NOTIFY) or the time is over."""
        return await self._listener.wait(EVENTS, timeout_seconds, at_rest_seconds)

    async def wait_for_batches(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a batch may have something to do, or the time is over."""
        return await self._listener.wait(BATCHES, timeout_seconds, at_rest_seconds)

    async def wait_for_batch_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a webhook of a batch may wait, or the time is over."""
        return await self._listener.wait(BATCH_OUTBOX, timeout_seconds, at_rest_seconds)

    def new_events(self, tenant_id: str, heartbeat_seconds: float) -> AsyncGenerator[bool, None]:
        """True at once and whenever an account has new events to read, so that reading after each True misses none; False after
        ``heartbeat_seconds`` without one. Close it when done."""
        return self._listener.changes(tenant_id, heartbeat_seconds)

    def changes(self, execution_id: str, heartbeat_seconds: float = 15.0) -> AsyncGenerator[bool, None]:
        """For live event streams: True at once and whenever the execution changed, so that reading it after each True misses nothing
        (several changes may come as one); False after ``heartbeat_seconds`` without one. Close it when done."""
        return self._listener.changes(execution_id, heartbeat_seconds)

    async def prune(self) -> bool:
        """Delete what is past its time and belongs to no execution: idempotency keys, settled nodes, old entries of the job queue's log.
        Returns whether there is more to be done at once."""
        with failures.translated(connecting=True):
            return await housekeeping.prune(self._opened())

    async def prune_audit(self, before: datetime) -> int:
        """Delete what is older than ``before`` from the audit trail, a round of it; how many entries that were."""
        with failures.translated(connecting=True):
            return await housekeeping.prune_audit(self._opened(), before)

    async def held_jobs(self, count: int = 50) -> list[housekeeping.HeldJob]:
        """Background jobs that failed at every try and wait for a person, newest first."""
        with failures.translated(connecting=True):
            return await housekeeping.held_jobs(self._opened(), count)

    def _opened(self) -> Any:
        if self._pool is None:
            raise UnavailableError("the ledger is not open")
        return self._pool


async def _close(pool: Any) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()


class _JoinedLedger(Ledger):
    def __init__(self, ledger: Ledger, unit: Unit) -> None:
        vars(self).update(vars(ledger))
        self._unit = unit

    def unit(self) -> AbstractAsyncContextManager[Unit]:
        return nullcontext(self._unit)

    def slow_unit(self, organisation_id: str) -> AbstractAsyncContextManager[Unit]:
        return self.unit()

    def reading(self) -> AbstractAsyncContextManager[Unit]:
        return self.unit()
