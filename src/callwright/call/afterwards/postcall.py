"""Work after the call: the recording, extraction and summary, then the final record.

The job ``finish`` may run twice and at any later time; everything it finds and spends goes into the ``post`` section of the log, from
which the record is built again. The section is in the ledger after every question, and a later run goes on from it. Whatever cannot be
done is a fact with its reason, and the execution is ``completed`` all the same, at the latest POST_CALL_SECONDS after the call.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from callwright.call.afterwards.call_dispositions import call_facts, fix, fixed, is_fixed, summary_in, variables_of
from callwright.call.afterwards.callbacks import schedule, wanted
from callwright.call.afterwards.examiner import Examiner, note_unanswered
from callwright.call.afterwards.late_work import pay_late, section_of
from callwright.call.afterwards.models import examiner_of, models_afterwards
from callwright.call.afterwards.post_log import (
    AGENT,
    CUSTOM,
    DISPOSITIONS,
    RECORDED,
    RECORDING,
    TASK_DONE,
    PostLog,
    live_part,
    post_part,
)
from callwright.call.live.attempt_end import end_attempt, lock_ending
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.endings import FINISH_JOB
from callwright.call.live.files import LiveFiles, delete_files, live_files
from callwright.call.live.logfile import POST
from callwright.conversation.log import LogFormatError
from callwright.domain.errors import CallwrightError, UnavailableError
from callwright.domain.limits import POST_CALL_SECONDS
from callwright.insight.callback import Callback
from callwright.insight.dispositions import questions_of
from callwright.insight.record import BuiltRecord, build
from callwright.insight.target_calls import target_calls
from callwright.insight.transcript import transcript
from callwright.insight.transfers import TRANSFER_MS
from callwright.insight.view import CallView, view_of
from callwright.media.mixdown import mix_down
from callwright.ops.crash_points import point
from callwright.ops.rounds import round_boundary
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.dispositions.rules import Disposition, StoredDisposition
from callwright.platform.executions.rules.attempts import TRANSFER_RECORDING, is_earlier, recording_name
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase
from callwright.platform.executions.rules.retry import ENDS_AS
from callwright.platform.unit import Unit

_LOG = logging.getLogger(__name__)

RESERVE_SECONDS = 30
"""Kept back of POST_CALL_SECONDS for writing the record."""
LEAST_SECONDS = 10
AT_ONCE_SECONDS = 120
"""Longest call whose recording is mixed down before its end is written: that takes some milliseconds."""
SWEEP_SECONDS = 10.0
HOPELESS_SECONDS = 2 * POST_CALL_SECONDS
"""After this long a call whose record cannot be built or written is completed without it."""
KEEP_RETRY_SECONDS = 0.5
OTHER_NODE_SECONDS = 60
PUT_BACK_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Finished:
    """The post-call work of an attempt that is written together with its end: the section of the log, the whole record, and the change to
    ``completed``."""

    section: LogChunk
    built: BuiltRecord
    change: Change


@dataclass(frozen=True, slots=True)
class _Case:
    """One attempt to finish: its row, its live log and the section being written."""

    execution: Execution
    live_log: str
    view: CallView
    post: PostLog


class _OvertakenError(Exception):
    """Another run has finished the call: a job was taken over from a process that only looked dead, or the time was over."""


class _Notes:
    """The post-call section of a case, as whoever asks the models writes it."""

    def __init__(self, post: PostLog, keep: Callable[[], Awaitable[None]]) -> None:
        self.fact = post.fact
        self.failed = post.failed
        self._keep = keep

    async def keep(self) -> None:
        """Have the section so far in the ledger."""
        await self._keep()


class PostCall:
    """Finishes attempts."""

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps

    async def finish(self, payload: bytes) -> None:
        """The job ``finish``. Raises UnavailableError when the database is away: the job runner tries again."""
        plain = json.loads(payload)
        case = await self._open(str(plain["execution_id"]), int(plain["attempt"]))
        if case is None:
            await self._forget_deleted(str(plain["execution_id"]))
            return
        if plain.get("node", "") not in ("", self._deps.settings.node_name) and await self._left_to_node(case, payload):
            return
        point("post_call.before")
        passed = self._passed_seconds(case.execution)
        seconds = max(LEAST_SECONDS, POST_CALL_SECONDS - RESERVE_SECONDS - passed)
        try:
            async with asyncio.timeout(seconds):
                await self._work(case)
        except TimeoutError:
            await self._close(case, late_seconds=POST_CALL_SECONDS - RESERVE_SECONDS)
            return
        except _OvertakenError:
            _LOG.info("execution %s was finished by another run", case.execution.id)
        else:
            await self._close(case)
        await self._forget_deleted(case.execution.id)

    async def _left_to_node(self, case: _Case, payload: bytes) -> bool:
        """Whether the job is put back for the node that has the sound of the call. After OTHER_NODE_SECONDS it is worked on without."""
        execution = case.execution
        sides = await asyncio.to_thread(self._files(execution).audio_ms)
        if sides or self._passed_seconds(execution) > OTHER_NODE_SECONDS:
            return False
        async with self._deps.ledger.unit() as unit:
            await unit.jobs.put(FINISH_JOB, payload, execution.tenant_id, PUT_BACK_SECONDS)
        return True

    async def _forget_deleted(self, execution_id: str) -> None:
        """Of an execution that was deleted while it was finished nothing stays here: its row, by which others find files, is gone."""
        async with self._deps.ledger.reading() as unit:
            if await unit.executions.get_any(execution_id) is not None:
                return
        await asyncio.to_thread(delete_files, self._deps.recordings, self._deps.live_folder, execution_id)

    async def asks(self, execution: Execution, spec: AgentSpec) -> bool:
        """Whether anything is asked about a call that has just ended here. True while the database is away: its job looks again."""
        if spec.post_call or spec.custom_questions is not None:
            return True
        with round_boundary(f"looking what is asked about execution {execution.id}"):
            try:
                async with self._deps.ledger.reading() as unit:
                    return bool(await unit.dispositions.of_agent(execution.tenant_id, execution.agent_id))
            except UnavailableError as error:
                _LOG.warning("the work after execution %s is left to its job: %s", execution.id, error)
        return True

    def at_once(self, execution: Execution, spec: AgentSpec, log: bytes) -> Finished | None:
        """The whole work after an answered attempt of which nothing is asked, to be written in the unit of its end. None where it is left
        to the job: the caller is called back, the call was long, or something of this fails. Blocking."""
        with round_boundary(f"finishing execution {execution.id} with its end"):
            try:
                return self._at_once(execution, spec, log.decode(errors="replace"))
            except LogFormatError as error:
                _LOG.warning("the work after execution %s is left to its job: %s", execution.id, error)
        return None

    def _at_once(self, execution: Execution, spec: AgentSpec, text: str) -> Finished | None:
        view = view_of(text)
        if view.ended_us > AT_ONCE_SECONDS * 1_000_000 or wanted(execution, spec, view) is not None:
            return None
        case = _Case(execution, text, view, PostLog(view, b"", self._deps.clock.now))
        self._record_now(case)
        built = build(text + case.post.text, self._deps.book, execution.carrier)
        return Finished(_chunk(case), built, self._change(replace(execution, phase=Phase.FINISHING), built))

    async def sweep(self) -> int:
        """Complete what is overdue, whatever its job is doing. Returns how many executions that were."""
        async with self._deps.ledger.reading() as unit:
            overdue = await unit.executions.overdue(POST_CALL_SECONDS - int(SWEEP_SECONDS))
        for execution in overdue:
            with round_boundary(f"completing execution {execution.id}") as tried:
                await self._give_up(execution)
            hopeless = tried.error is not None and not isinstance(tried.error, UnavailableError)
            if hopeless and self._passed_seconds(execution) > HOPELESS_SECONDS:
                # Whoever waits for this call's end would wait for ever. Its log stays, with what was said and spent.
                with round_boundary(f"completing execution {execution.id} without its record"):
                    await self._complete_bare(execution, f"the record could not be built: {type(tried.error).__name__}")
        return len(overdue)

    async def _give_up(self, execution: Execution) -> None:
        case = await self._open(execution.id, execution.attempt)
        if case is not None:
            # The recording costs no model and may be the one thing still to be had.
            await self._record(case)
            await self._close(case, late_seconds=POST_CALL_SECONDS)

    def _too_late(self, case: _Case, seconds: int) -> None:
        """What was asked and not answered by now says so."""
        why = f"not finished {seconds} s after the call"
        case.post.failed("post_call", why)
        note_unanswered(case.post, questions_of(fixed(case.post), variables_of(case.view)), why)

    async def sweep_forever(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self._deps.clock.sleep(SWEEP_SECONDS)
            with round_boundary("completing overdue executions"):
                await self.sweep()

    async def _open(self, execution_id: str, attempt: int) -> _Case | None:
        """What there is to finish; None when it is gone, another attempt runs, or it was finished before."""
        async with self._deps.ledger.reading() as unit:
            execution = await unit.executions.get_any(execution_id)
            data = await unit.logs.read(execution_id, attempt)
        if execution is None or not _to_finish(execution, attempt):
            return None
        local = live_part(await asyncio.to_thread(self._files(execution).read_log))
        # Whole lines with whole lines: a line that was cut off here makes the file no longer than what was added to it there.
        text = max(live_part(data), local, key=len).decode(errors="replace")
        try:
            view = await self._deps.background.run(view_of, text)
        except LogFormatError as error:
            _LOG.error("execution %s has no readable log: %s", execution_id, error)
            await self._complete_bare(execution, "the call's log is missing or damaged")
            return None
        return _Case(execution, text, view, PostLog(view, post_part(data), self._deps.clock.now))

    async def _work(self, case: _Case) -> None:
        await self._record(case)
        try:
            body = await self._deps.access.opened(case.execution.tenant_id, case.execution.agent)
            spec = parse_agent(body, defaults=self._deps.settings.defaults)
            if not await self._asks(case, spec):
                return
            asked = await models_afterwards(self._deps, case.execution.tenant_id, spec)
        except UnavailableError:
            # The job is tried again.
            raise
        except CallwrightError as error:
            case.post.failed(AGENT, error.message)
            return
        asked.note(case.view, case.post)
        try:
            await self._ask(case, asked.spec, examiner_of(self._deps, asked))
        except asyncio.CancelledError:
            # This process ends, or the time is over. One try: nobody waits for more.
            with suppress(_OvertakenError):
                await self._kept(case)
            raise

    async def _asks(self, case: _Case, spec: AgentSpec) -> bool:
        """Whether there is anything to ask about the call. Most calls have nothing, and no model is looked for."""
        return bool(spec.post_call) or spec.custom_questions is not None or bool(await self._dispositions(case))

    async def _ask(self, case: _Case, spec: AgentSpec, examiner: Examiner) -> None:
        heard = transcript(case.view)
        notes = _Notes(case.post, lambda: self._keep(case))
        for index, task in enumerate(spec.post_call):
            if not case.post.done(str(index)):
                await examiner.task(task, heard, notes)
                case.post.fact(TASK_DONE, {"index": index})
                await self._keep(case)
        dispositions = await self._dispositions(case)
        if not dispositions and spec.custom_questions is not None and not case.post.done(CUSTOM):
            await examiner.task(spec.custom_questions, heard, notes)
            case.post.fact(TASK_DONE, {"what": CUSTOM})
            await self._keep(case)
        questions = questions_of(dispositions, variables_of(case.view))
        for number, group in enumerate(examiner.grouped(questions, spec.model)):
            what = f"{DISPOSITIONS}:{number}"
            if not case.post.done(what):
                await examiner.dispositions(group, call_facts(case.view), spec.model, notes, summary_in(case.post))
                case.post.fact(TASK_DONE, {"what": what})
                await self._keep(case)

    async def _dispositions(self, case: _Case) -> list[Disposition]:
        """What is asked of this call: the agent's dispositions when this work first began, whatever becomes of them meanwhile."""
        if not is_fixed(case.post):
            while (found := await self._present(case)) is None:
                await self._deps.clock.sleep(KEEP_RETRY_SECONDS)
            fix(case.post, found)
            if not found:
                return []
            # Before the first is asked: two runs at once ask the same.
            await self._keep(case)
        return fixed(case.post)

    async def _present(self, case: _Case) -> list[StoredDisposition] | None:
        try:
            async with self._deps.ledger.reading() as unit:
                return await unit.dispositions.of_agent(case.execution.tenant_id, case.execution.agent_id)
        except UnavailableError as error:
            _LOG.warning("post-call work waits for the database: %s", error)
            return None

    async def _keep(self, case: _Case) -> None:
        """Have the section so far in the ledger. Waits for a database that is away, as long as there is time for this work."""
        while not await self._kept(case):
            await self._deps.clock.sleep(KEEP_RETRY_SECONDS)

    async def _kept(self, case: _Case) -> bool:
        """Whether the section so far is in the ledger now: what was spent is spent, whatever becomes of this run. _OvertakenError when the
        call was finished meanwhile, or is gone: there is nothing left to ask."""
        try:
            async with self._deps.ledger.unit() as unit:
                row = await unit.executions.lock(case.execution.id)
                if row is not None and _to_finish(row, case.execution.attempt):
                    case.post.take_in(await section_of(unit, row))
                    await unit.logs.append(_chunk(case))
                    point("post_call.keeping")
                    return True
                if row is not None:
                    await self._spent_too_late(unit, row, case)
        except UnavailableError as error:
            _LOG.warning("post-call work waits for the database: %s", error)
            return False
        raise _OvertakenError(case.execution.id)

    async def _spent_too_late(self, unit: Unit, row: Execution, case: _Case) -> None:
        """Another run has finished the call while this one asked: what it found stands, and what this one spent is added to the record."""
        attempt = case.execution.attempt
        if (row.attempt == attempt and row.phase is Phase.DONE) or is_earlier(row, attempt):
            await pay_late(unit, row, attempt, case.live_log, case.post, self._deps)

    # -- recording -------------------------------------------------------------------------------------------------------------

    async def _record(self, case: _Case) -> None:
        await self._deps.background.run(self._record_now, case)

    def _record_now(self, case: _Case) -> None:
        """Blocking."""
        if case.execution.carrier == CHAT:
            return
        try:
            made = self._mix_down(case)
        except OSError as error:
            case.post.failed(RECORDING, f"{type(error).__name__}: {error.strerror or error}")
            return
        if made is None:
            case.post.failed(RECORDING, "this process has no audio of the call")
        else:
            case.post.fact(RECORDED, made)
        point("post_call.recorded")

    def _mix_down(self, case: _Case) -> dict[str, Any] | None:
        """Raw sides to a stereo file, and one of what was said after a warm transfer. A second run without the raw sides finds the file of
        the first. Blocking."""
        execution = case.execution
        sides = self._files(execution).read_raw()
        recordings, name = self._deps.recordings, recording_name(execution.attempt)
        if sides is None:
            ready = execution.record.get("recording")
            return dict(ready) if ready and recordings.path(execution.id, name) else None
        caller, agent = sides
        wav = mix_down(caller, agent)
        recordings.write(execution.id, name, wav)
        made = {"name": name, "duration_ms": max(len(caller), len(agent)) // 8, "size_bytes": len(wav)}
        calls = target_calls(case.view).values()
        joined_us = [call.joined_us for call in calls if call.joined_us is not None and not call.handover]
        if joined_us:
            begins = 8 * max(0, joined_us[-1] - (case.view.answered_us or 0)) // 1000
            recordings.write(execution.id, TRANSFER_RECORDING, mix_down(caller[begins:], agent[begins:]))
            made[TRANSFER_MS] = max(0, max(len(caller), len(agent)) - begins) // 8
        return made

    # -- the end ---------------------------------------------------------------------------------------------------------------

    async def _close(self, case: _Case, late_seconds: int = 0) -> None:
        """Write the final record. ``late_seconds``: the time after the call by which this run did not finish, 0 when it did."""
        execution = case.execution
        text = case.live_log + case.post.text
        built = await self._deps.background.run(build, text, self._deps.book, execution.carrier)
        wish = None if built.record.get("opt_out") else self._callback(case)
        async with self._deps.ledger.unit() as unit:
            row = await lock_ending(unit, execution)
            if row is None:
                return
            if not _to_finish(row, execution.attempt):
                await self._spent_too_late(unit, row, case)
                return
            case.post.take_in(await section_of(unit, row))
            if late_seconds:
                # Only now: what another run has answered meanwhile is answered.
                self._too_late(case, late_seconds)
            if case.live_log + case.post.text != text:
                text = case.live_log + case.post.text
                built = await asyncio.to_thread(build, text, self._deps.book, execution.carrier)
            await unit.logs.append(_chunk(case))
            change = self._change(row, built)
            if wish is not None:
                told = await schedule(unit, row, wish, self._deps.publisher, self._deps.clock.now())
                change = replace(change, record={**change.record, "callback": told})
            await end_attempt(unit, row, change, self._deps.publisher, self._deps.clock.now())
            point("post_call.writing")
        point("post_call.written")
        # Only now: a run that was repeated would have had nothing left to mix down.
        await asyncio.to_thread(self._files(execution).delete)

    def _callback(self, case: _Case) -> Callback | None:
        """The call back the caller asked for. An agent that cannot be read any more makes none."""
        try:
            spec = parse_agent(case.execution.agent, defaults=self._deps.settings.defaults)
        except CallwrightError:
            return None
        return wanted(case.execution, spec, case.view)

    def _change(self, row: Execution, built: BuiltRecord) -> Change:
        # Who hung up and when was written when the call ended, by whoever saw it end.
        columns = {"total_cost_nano": built.columns["total_cost_nano"], "completed_at": self._deps.clock.now()}
        status = "error" if built.is_unanswered else _final(row)
        return Change(Phase.DONE, status, columns=columns, record=built.record)

    async def _complete_bare(self, execution: Execution, reason: str) -> None:
        """Complete it with what its row has."""
        record = {"post_failures": [{"what": "log", "reason": reason}]}
        async with self._deps.ledger.unit() as unit:
            row = await lock_ending(unit, execution)
            if row is None or not _to_finish(row, execution.attempt):
                return
            now = self._deps.clock.now()
            change = Change(Phase.DONE, _final(row), columns={"completed_at": now}, record=record)
            await end_attempt(unit, row, change, self._deps.publisher, now)

    def _files(self, execution: Execution) -> LiveFiles:
        return live_files(self._deps.live_folder, execution.id, execution.attempt)

    def _passed_seconds(self, execution: Execution) -> float:
        ended_at = execution.ended_at
        return 0.0 if ended_at is None else max(0.0, (self._deps.clock.now() - ended_at).total_seconds())


def _to_finish(execution: Execution, attempt: int) -> bool:
    return execution.attempt == attempt and execution.phase is Phase.FINISHING


def _final(row: Execution) -> str:
    """The status of an answered attempt after its post-call work, by the row as the end of the call left it."""
    return str(row.record.get(ENDS_AS) or "completed")


def _chunk(case: _Case) -> LogChunk:
    case.post.sent()
    return LogChunk(case.execution.id, case.execution.attempt, POST, 0, case.post.text.encode())
