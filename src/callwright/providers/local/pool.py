"""Inference processes as the platform sees them: bounded queues with priorities, cancellation, restart after a crash.

Live turns come before warming and partial transcripts, those before post-call work. A job that does not fit in the queue is refused
at once (limit reached): the caller of a full machine hears that rather than silence. A post-call job that is running steps back for
a live one.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any

import msgspec

from callwright.domain.limits import MAX_QUEUED_JOBS, MAX_STEPS_BACK
from callwright.ops.child_environment import child_environment
from callwright.ports.failures import FailureKind, ProviderError
from callwright.providers.local.wire import LENGTH, Order, Report, length_of, pack

logger = logging.getLogger(__name__)

START_SECONDS = 90
_BACKOFF_S = (0.2, 1.0, 3.0, 10.0, 30.0)
_NAME = "local"


class Priority(IntEnum):
    """What goes first."""

    TURN = 0
    LIVE = 1
    SOON = 2
    PARTIAL = 3
    POST_CALL = 4


@dataclass(frozen=True, slots=True)
class ProcessPlan:
    """How to run one inference process. ``configure`` is its first order; ``lanes`` jobs run at once; ``load`` what to load at start."""

    name: str
    configure: Mapping[str, Any]
    lanes: int = 1
    threads: int = 1
    load: tuple[str, ...] = ()
    niceness: int = 0


@dataclass(slots=True)
class _Job:
    number: int
    kind: str
    body: dict[str, Any]
    priority: Priority
    answers: asyncio.Queue[Report | ProviderError] = field(default_factory=asyncio.Queue)
    steps_back: int = 0
    pieces: int = 0
    held: list[Report] = field(default_factory=list)
    closed: bool = False
    stepping_back: bool = False


class InferenceProcess:
    """One inference process. Bound to the event loop that first uses it; :meth:`aclose` ends it."""

    def __init__(self, plan: ProcessPlan, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.plan = plan
        self._sleep = sleep
        self._numbers = count(1)
        self._waiting: list[tuple[int, int, _Job]] = []
        self._running: dict[int, _Job] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._failure = ""
        self._closing = False
        self._ready = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def is_idle(self) -> bool:
        """Whether a job would start at once with nothing beside it."""
        return not self._waiting and not self._running

    @property
    def load(self) -> int:
        """Jobs running and waiting."""
        return len(self._waiting) + len(self._running)

    async def ready(self) -> None:
        """Start the process if need be and wait until it takes jobs. Raises ProviderError(UNAVAILABLE)."""
        self._keep()
        try:
            await asyncio.wait_for(self._ready.wait(), START_SECONDS)
        except TimeoutError:
            reason = self._failure or f"did not start within {START_SECONDS} s"
            raise ProviderError(FailureKind.UNAVAILABLE, _NAME, f"the {self.plan.name} process: {reason}") from None
        if self._failure:
            raise ProviderError(FailureKind.UNAVAILABLE, _NAME, f"the {self.plan.name} process: {self._failure}")

    async def ask(self, kind: str, body: dict[str, Any], priority: Priority = Priority.LIVE) -> dict[str, Any]:
        """One job with one result. Cancelling the caller cancels the job. Raises ProviderError."""
        result: dict[str, Any] = {}
        stream = self.stream(kind, body, priority)
        try:
            async for report in stream:
                result = report.body
        finally:
            await stream.aclose()
        return result

    async def stream(
        self, kind: str, body: dict[str, Any], priority: Priority = Priority.LIVE
    ) -> AsyncGenerator[Report, None]:
        """One job's reports: pieces, then ``done``. Closing the iterator cancels it. Raises ProviderError."""
        job = self._submit(kind, body, priority)
        try:
            while True:
                answer = await job.answers.get()
                if isinstance(answer, ProviderError):
                    raise answer
                yield answer
                if answer.kind == "done":
                    return
        finally:
            self._drop(job)

    async def aclose(self) -> None:
        """End the process; open jobs fail as unavailable."""
        self._closing = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._fail_all("the platform is shutting down")

    # Jobs -----------------------------------------------------------------------------------------------------------

    def _submit(self, kind: str, body: dict[str, Any], priority: Priority) -> _Job:
        if self._closing:
            raise ProviderError(FailureKind.UNAVAILABLE, _NAME, "the platform is shutting down")
        if len(self._waiting) >= MAX_QUEUED_JOBS:
            raise ProviderError(
                FailureKind.LIMIT,
                _NAME,
                f"{MAX_QUEUED_JOBS} jobs wait for the {self.plan.name} process; take fewer calls at once",
            )
        if self._failure:
            raise ProviderError(FailureKind.UNAVAILABLE, _NAME, f"the {self.plan.name} process: {self._failure}")
        job = _Job(next(self._numbers), kind, body, priority)
        self._push(job)
        self._keep()
        self._make_room(priority)
        self._start_jobs()
        return job

    def _push(self, job: _Job) -> None:
        heapq.heappush(self._waiting, (job.priority, job.number, job))

    def _make_room(self, priority: Priority) -> None:
        """Let running post-call jobs step back for a live one."""
        if priority > Priority.LIVE:
            return
        for job in list(self._running.values()):
            if job.priority == Priority.POST_CALL and job.pieces == 0 and job.steps_back < MAX_STEPS_BACK:
                job.steps_back += 1
                job.stepping_back = True
                self._send(Order(job.number, "cancel"))

    def _start_jobs(self) -> None:
        while (
            self._ready.is_set() and self._writer is not None and self._waiting and len(self._running) < self.plan.lanes
        ):
            if self._waiting[0][0] == Priority.POST_CALL and any(
                j.priority <= Priority.LIVE for j in self._running.values()
            ):
                return  # two at once slow the live one down
            job = heapq.heappop(self._waiting)[2]
            if job.closed:
                continue
            self._running[job.number] = job
            self._send(Order(job.number, job.kind, job.body))

    def _drop(self, job: _Job) -> None:
        """The asker is gone."""
        job.closed = True
        if job.number in self._running:
            self._send(Order(job.number, "cancel"))
        else:
            self._waiting = [entry for entry in self._waiting if entry[2] is not job]
            heapq.heapify(self._waiting)

    def _send(self, order: Order) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pack(order))

    def _take(self, report: Report) -> None:
        job = self._running.get(report.job)
        if job is None:
            return
        if report.kind == "piece":
            if job.priority != Priority.POST_CALL:
                job.pieces += 1
                job.answers.put_nowait(report)
            elif not job.stepping_back:
                # Held back until the end, so that the job can step back and start again unseen.
                job.held.append(report)
            return
        del self._running[job.number]
        held, job.held = job.held, []
        if job.stepping_back and not job.closed:
            job.stepping_back = False
            self._renumber(job)
        elif report.kind == "done":
            for piece in held:
                job.answers.put_nowait(piece)
            job.answers.put_nowait(report)
        else:
            kind = FailureKind(report.body.get("kind", "unavailable"))
            job.answers.put_nowait(ProviderError(kind, _NAME, str(report.body.get("message", "the job failed"))))
        self._start_jobs()

    def _renumber(self, job: _Job) -> None:
        """Queue a job that stepped back under a fresh number: late reports of its first run must not reach it."""
        job.number = next(self._numbers)
        self._push(job)

    def _fail_all(self, reason: str) -> None:
        error = ProviderError(FailureKind.UNAVAILABLE, _NAME, f"the {self.plan.name} process: {reason}")
        for job in [*self._running.values(), *(entry[2] for entry in self._waiting)]:
            job.answers.put_nowait(error)
        self._running.clear()
        self._waiting.clear()

    # The process ----------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        if self._keeper is None and not self._closing:
            self._keeper = asyncio.create_task(self._keep_running(), name=f"inference-{self.plan.name}")

    async def _keep_running(self) -> None:
        """Run the process; start it again after a crash, waiting longer each time it fails in a row."""
        failures = 0
        while True:
            started = await self._run_once()
            failures = 0 if started else failures + 1
            pause = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
            logger.warning(
                "inference process ended", extra={"inference": self.plan.name, "retry_s": pause, "why": self._failure}
            )
            self._fail_all(self._failure or "it ended while working; it is being started again")
            await self._sleep(pause)
            self._failure = ""

    async def _run_once(self) -> bool:
        """One life of the process; returns whether it ever took jobs."""
        ours, theirs = socket.socketpair()
        try:
            environment = {
                **child_environment(),
                "OMP_NUM_THREADS": str(self.plan.threads),
                "OMP_WAIT_POLICY": "passive",
            }
            command = [
                sys.executable,
                "-P",
                "-m",
                "callwright.providers.local.worker",
                "--socket",
                str(theirs.fileno()),
            ]
            if self.plan.niceness:
                command = ["nice", "-n", str(self.plan.niceness), *command]
            self._process = await asyncio.create_subprocess_exec(
                *command,
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                env=environment,
            )
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            return await self._converse(reader, writer)
        finally:
            self._ready.clear()
            self._writer = None
            writer.close()
            await self._end_process()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Configure, load, then hand reports to their jobs until the process is gone."""
        self._writer = writer
        self._send(
            Order(0, "configure", {**self.plan.configure, "lanes": self.plan.lanes, "threads": self.plan.threads})
        )
        if not await self._confirmed(reader):
            return False
        if self.plan.load:
            self._send(Order(0, "load", {"names": list(self.plan.load)}))
            if not await self._confirmed(reader):
                return False
        self._failure = ""
        self._ready.set()
        self._start_jobs()
        while (report := await _next_report(reader)) is not None:
            self._take(report)
        return True

    async def _confirmed(self, reader: asyncio.StreamReader) -> bool:
        report = await _next_report(reader)
        if report is not None and report.kind == "done":
            return True
        self._failure = (
            "it ended while starting" if report is None else str(report.body.get("message", "it failed to start"))
        )
        self._ready.set()  # whoever waits learns of the failure
        return False

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            await asyncio.wait_for(process.wait(), 2)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _next_report(reader: asyncio.StreamReader) -> Report | None:
    """The next message, or None when the process is gone or speaks nonsense."""
    try:
        body = await reader.readexactly(length_of(await reader.readexactly(LENGTH.size)))
        return msgspec.msgpack.decode(body, type=Report)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None
