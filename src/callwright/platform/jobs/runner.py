"""Running background jobs: pgqueuer in a loop that outlives restarts of the database.

pgqueuer's own ``run()`` ends when the database restarts, so it is started again. Handlers may run twice: after a crash, and when a
finished job's completion was not yet written. A job that fails is tried again after a growing delay, at most ``MAX_JOB_TRIES``
times, and is then held (``Ledger.held_jobs``), never dropped.

An organisation has a share of a process's places. Beyond it, its jobs stay in the queue and the next organisation's job is taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import anyio
from pgqueuer.core.buffers import HeartbeatBuffer, JobStatusLogBuffer
from pgqueuer.core.listeners import (
    PGNoticeEventListener,
    default_event_router,
    initialize_notice_event_listener,
    wait_for_notice_event,
)
from pgqueuer.core.tm import TaskManager, cancel_on_exit
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.models import Context, Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from callwright.domain.limits import MAX_JOB_TRIES, MAX_JOBS, MAX_JOBS_OF_ONE
from callwright.platform.jobs.rows import ORGANISATION
from callwright.storage.pool import open_connection, open_pool

_LOG = logging.getLogger(__name__)

POOL_CONNECTIONS = 4
LOOK_AGAIN_S = 1
"""A job whose NOTIFY came while another was being handed out is found after this long (seen: a retry that waited the whole time)."""
AT_REST_AFTER_S = 10
"""Without a job for so long, the queue is looked at only as often."""
PROBE = timedelta(seconds=30)
"""Between two probes of whether the database's notices are heard; a connection that is lost is noticed without them."""
WRITE_AGAIN_S = 2
"""What became of a job is written at once, and where that failed after so long."""

Handler = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobTimings:
    """``first_retry_s`` doubles at every failure up to ``longest_retry_s``; a job whose process has not moved for ``heartbeat_s``
    is taken over by another; after an outage the queue is tried again every ``restart_s``."""

    first_retry_s: float = 1.0
    longest_retry_s: float = 600.0
    heartbeat_s: float = 30.0
    restart_s: float = 1.0


@dataclass(frozen=True, slots=True)
class JobPlaces:
    """How many jobs run at once in a process, and how many of them of one organisation."""

    of_all: int = MAX_JOBS
    of_one: int = MAX_JOBS_OF_ONE


# pgqueuer's own query, without its limits, and with two conditions more: no job of $4 (running here) and none of the organisations $5.
_TAKE = f"""
with ready as (
  select job.id, job.priority from unnest($1::text[]) as handled (name) cross join lateral (
    select q.id, q.priority from pgqueuer q
    where q.entrypoint = handled.name and q.status = 'queued' and q.execute_after < now()
      and coalesce(q.headers ->> '{ORGANISATION}', '') <> all ($5::text[])
    order by q.priority desc, q.id limit 1 for update skip locked
  ) job
  union all
  select job.id, job.priority from (
    select q.id, q.priority from pgqueuer q
    where q.status = 'picked' and q.entrypoint = any ($1::text[]) and q.execute_after < now()
      and q.heartbeat < now() - $3::interval and q.id <> all ($4::bigint[])
      and coalesce(q.headers ->> '{ORGANISATION}', '') <> all ($5::text[])
    order by q.priority desc, q.id limit 1 for update skip locked
  ) job
),
taken as (
  update pgqueuer set status = 'picked', updated = now(), heartbeat = now(), queue_manager_id = $2
  where id = any (array(select id from ready order by priority desc, id limit 1))
  returning *
),
noted as (
  insert into pgqueuer_log (job_id, status, entrypoint, priority) select id, status, entrypoint, priority from taken
)
select * from taken
"""


class _SharedQueue(QueueManager):
    """pgqueuer's manager, which takes one job at a time and none of an organisation that has its share of the places.

    Its own ``run`` wakes ten times a second to write what became of jobs; :meth:`serve` writes it when there is something to write.
    """

    def __init__(self, queries: Queries, places: JobPlaces) -> None:
        super().__init__(queries)
        self._places = places
        self._organisations: dict[int, str] = {}
        self._empty_looks = 0

    async def serve(self, heartbeat_timeout: timedelta) -> None:
        """Run jobs until shutdown, then wait for those under way. Raises FailingListenerError when the database no longer tells of jobs."""
        await self.verify_structure()
        retry = timedelta(seconds=WRITE_AGAIN_S)
        async with (
            JobStatusLogBuffer(max_size=1, timeout=retry, repository=self.queries) as outcomes,
            HeartbeatBuffer(
                max_size=self._places.of_all, timeout=heartbeat_timeout / 8, repository=self.queries
            ) as beats,
            self.queries.driver,
            TaskManager() as tasks,
            cancel_on_exit(asyncio.create_task(self._run_periodic_health_check(PROBE))) as health,
            cancel_on_exit(asyncio.create_task(self.shutdown.wait())) as ending,
        ):
            news = PGNoticeEventListener()
            router = default_event_router(
                notice_event_queue=news, canceled=self.job_context, pending_health_check=self.pending_health_check
            )
            await initialize_notice_event_listener(self.queries.driver, self.channel, router)
            while not self.shutdown.is_set():
                async for job in self.fetch_jobs(1, None, heartbeat_timeout):
                    if job.id not in self.job_context:
                        context = self.job_context[job.id] = Context(cancellation=anyio.CancelScope())
                        task = asyncio.create_task(self._dispatch(job, outcomes, beats, heartbeat_timeout))
                        task.add_done_callback(partial(self.forget_job, job.id, context))
                        tasks.add(task)
                if health.done():
                    await health
                wait = await self._effective_dequeue_timeout(timedelta(seconds=LOOK_AGAIN_S))
                async with cancel_on_exit(wait_for_notice_event(news, wait)) as heard:
                    await asyncio.wait((ending, health, heard), return_when=asyncio.FIRST_COMPLETED)

    async def _effective_dequeue_timeout(self, dequeue_timeout: timedelta) -> timedelta:
        """pgqueuer asks this how long to wait for news: never longer than until a job becomes due."""
        self._empty_looks = 0 if self.job_context else self._empty_looks + 1
        is_at_rest = self._empty_looks > AT_REST_AFTER_S / LOOK_AGAIN_S
        return await super()._effective_dequeue_timeout(
            timedelta(seconds=AT_REST_AFTER_S) if is_at_rest else dequeue_timeout
        )

    async def fetch_jobs(
        self, batch_size: int, global_concurrency_limit: int | None, heartbeat_timeout: timedelta
    ) -> AsyncGenerator[Job, None]:
        """Yield what may run now, the oldest first, until no job or no place is left."""
        while not self.shutdown.is_set():
            job = await self._take(heartbeat_timeout)
            if job is None:
                return
            yield job

    async def _take(self, heartbeat_timeout: timedelta) -> Job | None:
        # A job has a context of pgqueuer's from the moment it is handed out until it is over.
        running = {id_: name for id_, name in self._organisations.items() if id_ in self.job_context}
        self._organisations = running
        if len(running) >= self._places.of_all:
            return None
        full = [name for name, count in Counter(running.values()).items() if count >= self._places.of_one]
        rows = await self.queries.driver.fetch(
            _TAKE, list(self.entrypoint_registry), self.queue_manager_id, heartbeat_timeout, list(running), full
        )
        if not rows:
            return None
        job = Job.model_validate(rows[0])
        running[job.id] = str((job.headers or {}).get(ORGANISATION, ""))
        return job


class JobRunner:
    """Runs the jobs of ``handlers`` (name -> handler of the payload) in ``places``."""

    def __init__(
        self,
        dsn: str,
        handlers: Mapping[str, Handler],
        places: JobPlaces | None = None,
        timings: JobTimings | None = None,
    ) -> None:
        self._dsn = dsn
        self._handlers = dict(handlers)
        self._timings = timings or JobTimings()
        self._places = places or JobPlaces()
        self._stopping = asyncio.Event()
        self._queue: _SharedQueue | None = None

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
        # pgqueuer notices a lost database only at its next probe; this connection tells at once.
        sentinel = await open_connection(self._dsn)
        try:
            pool = await open_pool(self._dsn, POOL_CONNECTIONS)
            try:
                await self._run_queue(_SharedQueue(Queries(AsyncpgPoolDriver(pool)), self._places), sentinel)
            finally:
                pool.terminate()
        finally:
            sentinel.terminate()

    async def _run_queue(self, queue: _SharedQueue, sentinel: Any) -> None:
        for name, handler in self._handlers.items():
            self._register(queue, name, handler)
        self._queue = queue
        sentinel.add_termination_listener(lambda *_: queue.shutdown.set())
        try:
            if self._stopping.is_set():
                return
            # pgqueuer sends its first probe before it listens for it; where listening takes longer, the probe is lost and PROBE
            # later it takes itself for deaf. Listening already, it hears it.
            await queue.queries.driver.add_listener(queue.channel, lambda _payload: None)
            await queue.serve(timedelta(seconds=self._timings.heartbeat_s))
        finally:
            self._queue = None

    def _register(self, queue: QueueManager, name: str, handler: Handler) -> None:
        async def work(job: Job) -> None:
            await handler(job.payload or b"")

        def executor(parameters: Any) -> DatabaseRetryEntrypointExecutor:
            return DatabaseRetryEntrypointExecutor(
                parameters,
                max_attempts=MAX_JOB_TRIES - 1,
                initial_delay=timedelta(seconds=self._timings.first_retry_s),
                max_delay=timedelta(seconds=self._timings.longest_retry_s),
            )

        queue.entrypoint(name, on_failure="hold", executor_factory=executor)(work)
