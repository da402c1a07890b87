"""After the call: recording, extraction, summary and cost, up to ``completed``.

``finish`` is a background job and may run twice: every step writes the same thing again. What could not be done is noted with its
reason and does not keep the execution from being completed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callwright.actions.transition import Publisher, transition
from callwright.call.livefiles import LiveFiles
from callwright.conversation.log import entry_line
from callwright.domain.agent import AgentSpec, PostCallTask, parse_agent
from callwright.domain.errors import CallwrightError, UnavailableError, WrongStateError
from callwright.domain.execution import Execution, Phase
from callwright.domain.limits import POST_CALL_SECONDS
from callwright.domain.pricing import PriceBook
from callwright.insight.extraction import accept, extraction_request, summary_request, wanted_by
from callwright.insight.record import build
from callwright.insight.transcript import transcript
from callwright.insight.view import CallView, view_of
from callwright.media.mixdown import mix_down
from callwright.ports.failures import ProviderError
from callwright.ports.ledger import Change, Ledger, LogChunk
from callwright.ports.model import Model, ModelRequest, ModelSettings
from callwright.ports.registry import UnknownPluginError
from callwright.ports.speech import UsageAmount
from callwright.ports.world import Clock, Recordings

_LOG = logging.getLogger(__name__)

JOB = "finish"
RECORDING = "call.wav"
_QUESTION_SECONDS = 120
_ANSWER_TOKENS = 400
_MAX_ANSWER_CHARACTERS = 16_000


def job_payload(execution_id: str, attempt: int) -> bytes:
    """The payload of the ``finish`` job."""
    return json.dumps({"execution_id": execution_id, "attempt": attempt}).encode()


@dataclass(frozen=True, slots=True)
class PostCallDeps:
    """What post-call work needs. ``plugin(kind, name)`` gives an instance; ``files(execution_id, attempt)`` the live files."""

    ledger: Ledger
    clock: Clock
    publisher: Publisher
    recordings: Recordings
    book: PriceBook
    plugin: Callable[[str, str], Any]
    files: Callable[[str, int], LiveFiles]


@dataclass(slots=True)
class _Findings:
    """Lines of the log's post section, numbered on from the live one."""

    at_us: int
    seq: int
    lines: list[str] = field(default_factory=list)

    def add(self, name: str, values: Mapping[str, Any]) -> None:
        """One fact."""
        self.seq += 1
        self.lines.append(entry_line(self.seq, self.at_us, "post", "fact", name, values))

    def failed(self, what: str, reason: str) -> None:
        """Something could not be done."""
        self.add("post_failed", {"what": what, "reason": reason})


class PostCall:
    """Finishes disconnected calls."""

    def __init__(self, deps: PostCallDeps) -> None:
        self._deps = deps

    async def finish(self, payload: bytes) -> None:
        """The job: bring the execution named by the payload to ``completed``. Nothing happens when it is there already."""
        wanted = json.loads(payload)
        execution = await self._load(wanted["execution_id"])
        if execution is None or execution.phase is not Phase.FINISHING:
            return
        text = await self._live_log(execution)
        view = view_of(text)
        findings = _Findings(view.ended_us, view.entries[-1].seq if view.entries else 0)
        await self._recording(execution, findings)
        try:
            async with asyncio.timeout(POST_CALL_SECONDS // 2):
                await self._questions(execution, view, findings)
        except TimeoutError:
            findings.failed("post-call tasks", f"not done within {POST_CALL_SECONDS // 2} seconds")
        await self._complete(execution, text, findings)

    async def sweep(self) -> int:
        """Complete what has been finishing for too long (its job was lost), without further questions. Returns how many."""
        async with self._deps.ledger.unit() as unit:
            overdue = await unit.executions.overdue(POST_CALL_SECONDS)
        for execution in overdue:
            text = await self._live_log(execution)
            view = view_of(text)
            findings = _Findings(view.ended_us, view.entries[-1].seq if view.entries else 0)
            await self._recording(execution, findings)
            findings.failed("post-call work", f"not done within {POST_CALL_SECONDS} seconds of the end of the call")
            await self._complete(execution, text, findings)
        return len(overdue)

    async def _load(self, execution_id: str) -> Execution | None:
        async with self._deps.ledger.unit() as unit:
            return await unit.executions.get_any(execution_id)

    async def _live_log(self, execution: Execution) -> str:
        files = self._deps.files(execution.id, execution.attempt)
        local = await asyncio.to_thread(files.read_log)
        async with self._deps.ledger.unit() as unit:
            shipped = await unit.logs.read(execution.id, execution.attempt)
        # A job that ran before may have stored its findings; they are made anew.
        live = b"".join(line for line in shipped.splitlines(keepends=True) if b'"sec":"post"' not in line)
        data = local if len(local) >= len(live) else live
        if not data:
            raise UnavailableError(f"the log of execution {execution.id} is not here yet")
        return data.decode()

    async def _recording(self, execution: Execution, findings: _Findings) -> None:
        files = self._deps.files(execution.id, execution.attempt)
        try:
            size, duration_ms = await asyncio.to_thread(self._mix, files, execution.id)
        except OSError as error:
            findings.failed("recording", f"the file could not be written: {error.strerror}")
            return
        if size:
            findings.add("recording_ready", {"name": RECORDING, "duration_ms": duration_ms, "size_bytes": size})
        elif self._deps.recordings.path(execution.id, RECORDING) is None:
            findings.failed("recording", "no audio was found on this machine")

    def _mix(self, files: LiveFiles, execution_id: str) -> tuple[int, int]:
        tracks = files.read_audio()
        if tracks is None:
            return 0, 0
        wav = mix_down(*tracks)
        self._deps.recordings.write(execution_id, RECORDING, wav)
        return len(wav), max(len(track) for track in tracks) // 8

    async def _questions(self, execution: Execution, view: CallView, findings: _Findings) -> None:
        try:
            spec: AgentSpec = parse_agent(execution.agent)
        except CallwrightError as error:
            findings.failed("post-call tasks", error.message)
            return
        said = transcript(view)
        for task in spec.post_call:
            if not said:
                findings.failed(task.kind, "nothing was said")
            elif task.kind == "extraction":
                await self._extract(task, said, findings)
            else:
                await self._summarise(task, said, findings)

    async def _extract(self, task: PostCallTask, said: str, findings: _Findings) -> None:
        wanted = wanted_by(task)
        if not wanted:
            findings.failed(
                "extraction", "the task names no values; write `key : description` lines in extraction_details"
            )
            return
        answer = await self._ask("extraction", task, extraction_request(task, said, _settings(task)), findings)
        if answer is None:
            return
        data, rejected = accept(answer, wanted, said)
        refused = [{"key": r.key, "value": r.value, "reason": r.reason} for r in rejected]
        findings.add("extraction", {"task": task.kind, "data": data, "rejected": refused, "raw": answer})

    async def _summarise(self, task: PostCallTask, said: str, findings: _Findings) -> None:
        answer = await self._ask("summary", task, summary_request(task, said, _settings(task)), findings)
        if answer is None:
            return
        if answer.strip():
            findings.add("summary", {"text": answer.strip()})
        else:
            findings.failed("summary", "the model gave no answer")

    async def _ask(self, what: str, task: PostCallTask, request: ModelRequest, findings: _Findings) -> str | None:
        try:
            model: Model = self._deps.plugin("model", task.model.provider)
            answer, usage = await _whole_answer(model, request)
        except (ProviderError, UnknownPluginError) as error:
            findings.failed(what, str(error))
            return None
        except TimeoutError:
            findings.failed(what, f"the model took longer than {_QUESTION_SECONDS} seconds")
            return None
        # Boundary: a defect of a plugin must not keep the call from its record.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("the model plugin %s failed", task.model.provider)
            findings.failed(what, f"the model plugin failed: {type(error).__name__}")
            return None
        if usage is not None:
            findings.add(
                "usage",
                {
                    "kind": usage.kind,
                    "provider": usage.provider,
                    "model": usage.model,
                    "purpose": what,
                    "amount": usage.amount,
                    "amount_output": usage.amount_output,
                    "amount_cached": usage.amount_cached,
                },
            )
        return answer

    async def _complete(self, execution: Execution, live: str, findings: _Findings) -> None:
        deps = self._deps
        post = "".join(findings.lines)
        built = build(live + post, deps.book, execution.carrier)
        columns = {**built.columns, "completed_at": deps.clock.now()}
        if execution.ended_at is not None:
            columns.pop("ended_at", None)
        try:
            async with deps.ledger.unit() as unit:
                await unit.logs.append(LogChunk(execution.id, execution.attempt, "post", 0, post.encode()))
                change = Change(phase=Phase.DONE, detail="completed", columns=columns, record=built.record)
                await transition(unit, execution.id, change, deps.publisher)
        except WrongStateError:
            # The job ran twice at once and the other one was first.
            _LOG.info("execution %s was completed by another run of its job", execution.id)
        await asyncio.to_thread(deps.files(execution.id, execution.attempt).remove)


def _settings(task: PostCallTask) -> ModelSettings:
    tokens = task.model.options.get("max_tokens")
    wanted = max(_ANSWER_TOKENS, tokens) if isinstance(tokens, int) else _ANSWER_TOKENS
    return ModelSettings(task.model.model, wanted, 0, task.model.options)


async def _whole_answer(model: Model, request: ModelRequest) -> tuple[str, UsageAmount | None]:
    pieces: list[str] = []
    usage: UsageAmount | None = None
    size = 0
    async with asyncio.timeout(_QUESTION_SECONDS):
        async for delta in model.answer(request):
            size += len(delta.text)
            if size <= _MAX_ANSWER_CHARACTERS:
                pieces.append(delta.text)
            usage = delta.usage or usage
    return "".join(pieces), usage
