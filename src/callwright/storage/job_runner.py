"""Running background jobs: pgqueuer in a loop that outlives restarts of the database.

pgqueuer's own ``run()`` ends when the database restarts, so it is started again. Handlers may run twice: after a crash, and when a
finished job's completion was not yet written. A job that fails is tried again after a growing delay, at most ``MAX_JOB_TRIES``
times, and is then held (``PostgresLedger.held_jobs``), never dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from callwright.domain.limits import MAX_JOB_TRIES
from callwright.storage.pool import open_connection, open_pool

_LOG = logging.getLogger(__name__)

POOL_CONNECTIONS = 4
LOOK_AGAIN_S = 1
"""A job whose NOTIFY came while another was being handed out is found after this long (seen: a retry that waited the whole time)."""

Handler = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobTimings:
    """``first_retry_s`` doubles at every failure up to ``longest_retry_s``; a job whose process has not moved for ``heartbeat_s``
    is taken over by another; after an outage the queue is tried again every ``restart_s``."""

    first_retry_s: float = 1.0
    longest_retry_s: float = 600.0
    heartbeat_s: float = 30.0
    restart_s: float = 1.0


class JobRunner:
    """Runs the jobs of ``handlers`` (name -> handler of the payload), at most ``concurrency`` at once."""

    def __init__(
        self, dsn: str, handlers: Mapping[str, Handler], concurrency: int = 4, timings: JobTimings | None = None
    ) -> None:
        self._dsn = dsn
        self._handlers = dict(handlers)
        self._timings = timings or JobTimings()
        self._places = asyncio.Semaphore(concurrency)
        self._batch = max(1, concurrency // 2)
        self._stopping = asyncio.Event()
        self._queue: QueueManager | None = None

    async def run(self) -> None:
        """Run jobs until :meth:`stop`, then finish the ones under way. Jobs of a cancelled run are run again later."""
        while not self._stopping.is_set():
            try:
                await self._run_until_lost()
            # Boundary: whatever ends pgqueuer's loop, a restart of the database above all, only starts it again.
            except Exception as error:  # noqa: BLE001
                _LOG.warning("the job queue stopped and starts again: %s: %s", type(error).__name__, error)
            if not self._stopping.is_set():
                await self._pause()

    def stop(self) -> None:
        """Take no more jobs and let :meth:`run` end when the ones under way have."""
        self._stopping.set()
        if self._queue is not None:
            self._queue.shutdown.set()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._timings.restart_s):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _run_until_lost(self) -> None:
        # pgqueuer notices a lost database only at its next probe, up to 20 seconds later; this connection tells at once.
        sentinel = await open_connection(self._dsn)
        try:
            pool = await open_pool(self._dsn, POOL_CONNECTIONS)
            try:
                await self._run_queue(QueueManager(Queries(AsyncpgPoolDriver(pool))), sentinel)
            finally:
                pool.terminate()
        finally:
            sentinel.terminate()

    async def _run_queue(self, queue: QueueManager, sentinel: Any) -> None:
        for name, handler in self._handlers.items():
            self._register(queue, name, handler)
        self._queue = queue
        sentinel.add_termination_listener(lambda *_: queue.shutdown.set())
        try:
            if self._stopping.is_set():
                return
            # pgqueuer sends its first probe before it listens for it; where listening takes longer, the probe is lost and ten seconds
            # later it takes itself for deaf. Listening already, it hears it.
            await queue.queries.driver.add_listener(queue.channel, lambda _payload: None)
            await queue.run(
                dequeue_timeout=timedelta(seconds=LOOK_AGAIN_S),
                batch_size=self._batch,
                max_concurrent_tasks=2 * self._batch,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=timedelta(seconds=self._timings.heartbeat_s),
            )
        finally:
            self._queue = None

    def _register(self, queue: QueueManager, name: str, handler: Handler) -> None:
        async def work(job: Job) -> None:
            async with self._places:
                await handler(job.payload or b"")

        def executor(parameters: Any) -> DatabaseRetryEntrypointExecutor:
            return DatabaseRetryEntrypointExecutor(
                parameters,
                max_attempts=MAX_JOB_TRIES - 1,
                initial_delay=timedelta(seconds=self._timings.first_retry_s),
                max_delay=timedelta(seconds=self._timings.longest_retry_s),
            )

        queue.entrypoint(name, on_failure="hold", executor_factory=executor)(work)
