"""Work after the call: the recording, extraction and summary, then the final record.

The job ``finish`` may run twice and at any later time; everything it finds and spends goes into the ``post`` section of the log, from
which the record is built again. The section is in the ledger after every question, and a later run goes on from it. Whatever cannot be
done is a fact with its reason, and the execution is ``completed`` all the same, at the latest POST_CALL_SECONDS after the call.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, replace
from typing import Any

from callwright.actions.transition import transition
from callwright.call.boundary import plugin_boundary
from callwright.call.callbacks import schedule, wanted
from callwright.call.deps import RuntimeDeps
from callwright.call.equipment import model_settings, need
from callwright.call.files import LiveFiles, live_files
from callwright.call.logfile import POST
from callwright.call.post_log import AGENT, RECORDING, TASK_DONE, PostLog, live_part, post_part
from callwright.conversation.log import LogFormatError
from callwright.domain.agent import parse_agent
from callwright.domain.agent_spec import PostCallTask
from callwright.domain.errors import CallwrightError, UnavailableError
from callwright.domain.execution import CHAT, Execution, Phase
from callwright.domain.limits import MAX_POST_ANSWER_CHARACTERS, POST_CALL_SECONDS, POST_QUESTION_SECONDS
from callwright.insight.callback import Callback
from callwright.insight.extraction import accept, extraction_request, summary_request, wanted_by
from callwright.insight.record import BuiltRecord, build
from callwright.insight.transcript import lines, transcript
from callwright.insight.view import CallView, view_of
from callwright.media.mixdown import mix_down
from callwright.ops.rounds import round_boundary
from callwright.ports.failures import RETRYABLE, FailureKind
from callwright.ports.ledger import Change, LogChunk
from callwright.ports.model import Model, ModelRequest, ModelSettings
from callwright.ports.speech import UsageAmount

_LOG = logging.getLogger(__name__)

RECORDING_NAME = "call.wav"
FINISHED = "finished_attempt"
"""Key of the record: the attempt whose post-call work is done."""
RESERVE_SECONDS = 30
"""Kept back of POST_CALL_SECONDS for writing the record."""
LEAST_SECONDS = 10
SWEEP_SECONDS = 10.0
ANSWER_TOKENS = 400
"""Least room for an answer about a call; the agent's own setting is meant for spoken replies."""
RETRY_DELAYS_S = (1.0, 4.0)
KEEP_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Case:
    """One attempt to finish: its row, its live log and the section being written."""

    execution: Execution
    live_log: str
    view: CallView
    post: PostLog


@dataclass(slots=True)
class _Failure:
    """How a question failed."""

    kind: FailureKind = FailureKind.BROKEN_STREAM
    message: str = ""

    def tell(self, kind: FailureKind, message: str) -> None:
        """It failed."""
        self.kind, self.message = kind, message


class PostCall:
    """Finishes attempts."""

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps

    async def finish(self, payload: bytes) -> None:
        """The job ``finish``. Raises UnavailableError when the database is away: the job runner tries again."""
        plain = json.loads(payload)
        case = await self._open(str(plain["execution_id"]), int(plain["attempt"]))
        if case is None:
            return
        passed = self._passed_seconds(case.execution)
        seconds = max(LEAST_SECONDS, POST_CALL_SECONDS - RESERVE_SECONDS - passed)
        try:
            async with asyncio.timeout(seconds):
                await self._work(case)
        except TimeoutError:
            case.post.failed("post_call", f"not finished {POST_CALL_SECONDS - RESERVE_SECONDS} s after the call")
        await self._close(case)

    async def sweep(self) -> int:
        """Complete what is overdue, whatever its job is doing. Returns how many executions that were."""
        async with self._deps.ledger.unit() as unit:
            overdue = await unit.executions.overdue(POST_CALL_SECONDS - int(SWEEP_SECONDS))
        for execution in overdue:
            with round_boundary(f"completing execution {execution.id}"):
                await self._give_up(execution)
        return len(overdue)

    async def _give_up(self, execution: Execution) -> None:
        case = await self._open(execution.id, execution.attempt)
        if case is not None:
            # The recording costs no model and may be the one thing still to be had.
            await self._record(case)
            case.post.failed("post_call", f"not finished {POST_CALL_SECONDS} s after the call")
            await self._close(case)

    async def sweep_forever(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self._deps.clock.sleep(SWEEP_SECONDS)
            with round_boundary("completing overdue executions"):
                await self.sweep()

    async def _open(self, execution_id: str, attempt: int) -> _Case | None:
        """What there is to finish; None when it is gone, another attempt runs, or it was finished before."""
        async with self._deps.ledger.unit() as unit:
            execution = await unit.executions.get_any(execution_id)
            data = await unit.logs.read(execution_id, attempt)
        if execution is None or not _to_finish(execution, attempt):
            return None
        local = await asyncio.to_thread(self._files(execution).read_log)
        shipped = live_part(data)
        live = live_part(local) if len(local) > len(shipped) else shipped
        text = live.decode(errors="replace")
        try:
            view = await asyncio.to_thread(view_of, text)
        except LogFormatError as error:
            _LOG.error("execution %s has no readable log: %s", execution_id, error)
            await self._complete_without_log(execution)
            return None
        return _Case(execution, text, view, PostLog(view, post_part(data), self._deps.clock.now))

    async def _work(self, case: _Case) -> None:
        await self._record(case)
        try:
            spec = parse_agent(case.execution.agent, defaults=self._deps.settings.defaults)
        except CallwrightError as error:
            case.post.failed(AGENT, error.message)
            return
        for index, task in enumerate(spec.post_call):
            if not case.post.done(index):
                await self._task(case, task)
                case.post.fact(TASK_DONE, {"index": index})
                await self._keep(case)

    async def _keep(self, case: _Case) -> None:
        """Have the section so far in the ledger. Waits for a database that is away, as long as there is time for this work."""
        while not await self._kept(case):
            await self._deps.clock.sleep(KEEP_RETRY_SECONDS)

    async def _kept(self, case: _Case) -> bool:
        """Whether the section so far is in the ledger now: what was spent is spent, whatever becomes of this run."""
        try:
            async with self._deps.ledger.unit() as unit:
                row = await unit.executions.lock(case.execution.id)
                if row is not None and _to_finish(row, case.execution.attempt):
                    await unit.logs.append(_chunk(case))
        except UnavailableError as error:
            _LOG.warning("post-call work waits for the database: %s", error)
            return False
        return True

    # -- recording -------------------------------------------------------------------------------------------------------------

    async def _record(self, case: _Case) -> None:
        if case.execution.carrier == CHAT:
            return
        try:
            made = await asyncio.to_thread(self._mix_down, case.execution)
        except OSError as error:
            case.post.failed(RECORDING, f"{type(error).__name__}: {error.strerror or error}")
            return
        if made is None:
            case.post.failed(RECORDING, "this process has no audio of the call")
        else:
            case.post.fact("recording_ready", made)

    def _mix_down(self, execution: Execution) -> dict[str, Any] | None:
        """Raw sides to a stereo file. A second run without the raw sides finds the file of the first. Blocking."""
        sides = self._files(execution).read_raw()
        recordings = self._deps.recordings
        if sides is None:
            ready = execution.record.get("recording")
            return dict(ready) if ready and recordings.path(execution.id, RECORDING_NAME) else None
        caller, agent = sides
        wav = mix_down(caller, agent)
        recordings.write(execution.id, RECORDING_NAME, wav)
        return {"name": RECORDING_NAME, "duration_ms": max(len(caller), len(agent)) // 8, "size_bytes": len(wav)}

    # -- models ----------------------------------------------------------------------------------------------------------------

    async def _task(self, case: _Case, task: PostCallTask) -> None:
        extraction = task.kind == "extraction"
        purpose = "extraction" if extraction else "summary"
        spoken = lines(case.view)
        wanted = wanted_by(task) if extraction else []
        if not spoken or (extraction and not wanted):
            # Nobody said anything, or nothing is asked for: there is nothing a model could add.
            if extraction:
                empty = dict.fromkeys(one.key for one in wanted)
                case.post.fact("extraction", {"task": task.kind, "data": empty, "rejected": [], "raw": ""})
            return
        heard = transcript(case.view)
        settings = _settings(task)
        request = extraction_request(task, heard, settings) if extraction else summary_request(task, heard, settings)
        try:
            model: Model = need(self._deps.plugin, "model", task.model.provider)
        except CallwrightError as error:
            case.post.failed(purpose, error.message)
            return
        answer = await self._ask(case, model, task.model.provider, request)
        if answer is None:
            return
        if not extraction and not answer.strip():
            case.post.failed(purpose, "the model gave no answer")
        if not extraction:
            case.post.fact("summary", {"text": answer.strip()})
            return
        data, rejected = accept(answer, wanted, heard)
        refused = [{"key": one.key, "value": one.value, "reason": one.reason} for one in rejected]
        case.post.fact("extraction", {"task": task.kind, "data": data, "rejected": refused, "raw": answer})

    async def _ask(self, case: _Case, model: Model, provider: str, request: ModelRequest) -> str | None:
        """The whole answer. What may pass is tried again; a failure for good is a fact, and None."""
        for delay_s in (*RETRY_DELAYS_S, None):
            failure = _Failure()
            answer: str | None = None
            try:
                with plugin_boundary(provider, failure.tell):
                    async with asyncio.timeout(POST_QUESTION_SECONDS):
                        answer = await self._ask_once(case, model, request)
            except asyncio.CancelledError:
                # This process ends. One try: nobody waits for more.
                await self._kept(case)
                raise
            await self._keep(case)
            if answer is not None:
                return answer
            if delay_s is None or failure.kind not in RETRYABLE:
                case.post.failed(request.purpose, failure.message)
                return None
            await self._deps.clock.sleep(delay_s)
        return None

    async def _ask_once(self, case: _Case, model: Model, request: ModelRequest) -> str:
        text = ""
        async for delta in model.answer(request):
            if len(text) < MAX_POST_ANSWER_CHARACTERS:
                text += delta.text
            if delta.usage is not None:
                case.post.fact("usage", _usage(delta.usage, request.purpose))
        return text

    # -- the end ---------------------------------------------------------------------------------------------------------------

    async def _close(self, case: _Case) -> None:
        execution = case.execution
        text = case.live_log + case.post.text
        built = await asyncio.to_thread(build, text, self._deps.book, execution.carrier)
        wish = None if built.record.get("opt_out") else self._callback(case)
        async with self._deps.ledger.unit() as unit:
            row = await unit.executions.lock(execution.id)
            if row is None or not _to_finish(row, execution.attempt):
                return
            await unit.logs.append(_chunk(case))
            change = self._change(row, built)
            if wish is not None:
                told = await schedule(unit, row, wish, self._deps.publisher, self._deps.clock.now())
                change = replace(change, record={**change.record, "callback": told})
            await transition(unit, execution.id, change, self._deps.publisher)
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
        record = {**built.record, FINISHED: row.attempt}
        # Who hung up and when was written when the call ended, by whoever saw it end.
        columns: dict[str, Any] = {"total_cost_nano": built.columns["total_cost_nano"]}
        if row.phase is Phase.DONE:
            return Change(columns=columns, record=record)
        columns["completed_at"] = self._deps.clock.now()
        return Change(Phase.DONE, "completed", columns=columns, record=record)

    async def _complete_without_log(self, execution: Execution) -> None:
        failures = [{"what": "log", "reason": "the call's log is missing or damaged"}]
        record = {"post_failures": failures, FINISHED: execution.attempt}
        async with self._deps.ledger.unit() as unit:
            row = await unit.executions.lock(execution.id)
            if row is None or row.phase is not Phase.FINISHING:
                return
            change = Change(Phase.DONE, "completed", columns={"completed_at": self._deps.clock.now()}, record=record)
            await transition(unit, execution.id, change, self._deps.publisher)

    def _files(self, execution: Execution) -> LiveFiles:
        return live_files(self._deps.live_folder, execution.id, execution.attempt)

    def _passed_seconds(self, execution: Execution) -> float:
        ended_at = execution.ended_at
        return 0.0 if ended_at is None else max(0.0, (self._deps.clock.now() - ended_at).total_seconds())


def _to_finish(execution: Execution, attempt: int) -> bool:
    if execution.attempt != attempt or execution.phase not in (Phase.FINISHING, Phase.DONE):
        return False
    return execution.record.get(FINISHED) != attempt


def _chunk(case: _Case) -> LogChunk:
    return LogChunk(case.execution.id, case.execution.attempt, POST, 0, case.post.text.encode())


def _settings(task: PostCallTask) -> ModelSettings:
    settings = model_settings(task.model)
    return replace(settings, max_tokens=max(ANSWER_TOKENS, settings.max_tokens), temperature_milli=0)


def _usage(amount: UsageAmount, purpose: str) -> dict[str, Any]:
    return {
        "kind": amount.kind,
        "provider": amount.provider,
        "model": amount.model,
        "purpose": purpose,
        "amount": amount.amount,
        "amount_output": amount.amount_output,
        "amount_cached": amount.amount_cached,
    }
