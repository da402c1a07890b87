"""The call runtime of a process: everything that admits, dials, runs, finishes and forgets calls, started and stopped together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from callwright.call.afterwards.asking_again import AskingAgain
from callwright.call.afterwards.examinations import Examinations
from callwright.call.afterwards.handed_over import TalkReports
from callwright.call.afterwards.postcall import PostCall
from callwright.call.afterwards.talk_recordings import TalkRecordings
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.endings import FINISH_JOB, RECORDING_JOB, TALK_JOB
from callwright.call.live.fixed_speech import SpeechFolder
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.session import Workplace
from callwright.call.live.sounds import SoundLibrary
from callwright.call.live.timers import LoopTimers
from callwright.call.live.tool_trials import ToolTrials
from callwright.call.live.watchers import LiveCalls
from callwright.call.process.admission import admit_forever
from callwright.call.process.attempt import Office
from callwright.call.process.chat_desk import ChatDesk
from callwright.call.process.control import LocalCalls
from callwright.call.process.inbound import Desk
from callwright.call.process.nodes import Node
from callwright.call.process.orphaned_claims import OrphanedClaims
from callwright.call.process.preparing import MOST_AT_ONCE, Preparer
from callwright.call.process.retention import delete_leftovers, retain_forever
from callwright.call.process.seeding import Seeding
from callwright.call.process.shipper import LogShipper
from callwright.call.process.worker import Worker
from callwright.platform.jobs.rules import SPEECH_JOB
from callwright.ports.questions import EXTRACTION_JOB

_LOG = logging.getLogger(__name__)

METRICS_SECONDS = 60.0

Handler = Callable[[bytes], Awaitable[None]]


class CallRuntime:
    """Runs calls. ``start`` it once the plugins can be used; ``drain`` before ``aclose`` lets calls come to their end.

    ``control`` is the ``CallControl`` of the use cases, ``live`` the API's live events, ``jobs`` the handlers for the job runner, ``desk``
    takes calls that come in, ``chats`` holds those that are written, ``questions`` asks about transcripts, and ``tool_trials`` calls single
    tools. ``ended_loops`` names what should run for ever and does not any more: this process needs a restart.
    """

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps
        self._pacer = PacerClock(deps.clock)
        self._shipper = LogShipper(deps.ledger, deps.clock)
        self._post_call = PostCall(deps)
        self._asking_again = AskingAgain(deps)
        self.questions = Examinations(deps)
        self.tool_trials = ToolTrials(deps)
        self.preparer = Preparer(deps.plugin, deps.settings.defaults)
        self.control = LocalCalls()
        self.live = LiveCalls(deps.ledger, deps.clock)
        self._node = Node(deps, self.control, self._pacer)
        self._sounds = SoundLibrary(deps.settings.ambient_folder, deps.settings.ringing_tone)
        place = Workplace(deps.clock, LoopTimers(), self._pacer, self._sounds)
        # A thread of its own: recordings do not wait for it.
        self._speech_disk = ThreadPoolExecutor(1, "kept speech")
        speech = SpeechFolder(deps.data_folder / "speech")
        office = Office(deps, place, self._shipper, self.live, self._post_call, speech, self._speech_disk)
        self._seeding = Seeding(deps, speech, self._speech_disk)
        self._worker = Worker(office, self.control, self._node.incarnation)
        self.desk = Desk(office, self._worker, self._node.incarnation)
        self.chats = ChatDesk(office, self._worker, self._node.incarnation)
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended_loops: list[str] = []

    @property
    def jobs(self) -> Mapping[str, Handler]:
        """Background jobs by name, for the job runner."""
        return {
            FINISH_JOB: self._post_call.finish,
            EXTRACTION_JOB: self._asking_again.run,
            TALK_JOB: TalkReports(self._deps).take,
            RECORDING_JOB: TalkRecordings(self._deps).take,
            SPEECH_JOB: self._seeding.run,
        }

    @property
    def live_calls(self) -> int:
        """Calls under way in this process."""
        return self._worker.live

    @property
    def incarnation(self) -> str:
        """The name under which this process owns executions."""
        return self._node.incarnation.id

    async def start(self) -> None:
        """Settle what a predecessor left, then begin to take calls. Raises UnavailableError without a database."""
        deps = self._deps
        deps.live_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._node.start()
        await delete_leftovers(deps)
        self._begin("pacer clock", self._pacer.run())
        self._begin("log shipper", self._shipper.run())
        self._begin("node", self._node.run(OrphanedClaims(deps, self.control, self._worker)))
        self._begin("admission", admit_forever(deps))
        self._begin("worker", self._worker.run())
        self._begin("sweeper", self._post_call.sweep_forever())
        if deps.settings.retention_days > 0:
            self._begin("retention", retain_forever(deps))
        # The first call after a start must not wait for models to load: it may come in, and then somebody listens to the silence.
        async with deps.ledger.unit() as unit:
            for agent in await unit.agents.newest(MOST_AT_ONCE):
                self.preparer.agent_saved(agent.body)
        self._begin("metrics", self._measure())

    async def drain(self, seconds: float) -> None:
        """Take no more calls; those under way go on to their end, or for ``seconds`` at most."""
        await self._worker.drain(seconds)

    async def aclose(self) -> None:
        """Stop. Calls still under way are cut off and settled by the next process."""
        await self._worker.aclose()
        await self.desk.aclose()
        await self.preparer.aclose()
        await self._sounds.aclose()
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._node.stop()
        await asyncio.to_thread(self._speech_disk.shutdown)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if task not in self._tasks or (error is None and self._worker.draining):
            return
        self._tasks.discard(task)
        self.ended_loops.append(task.get_name())
        _LOG.critical("the %s ended", task.get_name(), exc_info=error)

    async def _measure(self) -> None:
        while True:
            await self._deps.clock.sleep(METRICS_SECONDS)
            self._worker.whole_looks.look(self._worker.live)
            self._deps.metrics.pacing_late_ms.set(self._pacer.take_lateness().percentile_ms(990))
