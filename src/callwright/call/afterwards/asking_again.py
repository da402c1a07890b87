"""The job that asks past calls again: the agent's present tasks and dispositions over the transcript that is in the log.

A process asks one call of a tenant at a time. However many are ordered, the post-call work of the calls that end meanwhile has its models
and its places in the queue. What is found and spent goes into the log of the call as a run of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from callwright.call.afterwards.call_dispositions import bodies_asked, call_facts, fix, fixed, is_fixed, variables_of
from callwright.call.afterwards.examiner import Examiner
from callwright.call.afterwards.late_work import pay_late, section_of
from callwright.call.afterwards.models import examiner_of, models_afterwards
from callwright.call.afterwards.post_log import (
    DISPOSITIONS,
    PAID,
    TASK_DONE,
    USAGE,
    PostLog,
    facts_of,
    live_part,
    post_part,
)
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.logfile import POST
from callwright.conversation.log import LogFormatError
from callwright.domain.errors import CallwrightError, UnavailableError
from callwright.domain.limits import POST_CALL_SECONDS
from callwright.insight.dispositions import questions_of
from callwright.insight.extra_cost import Extra, rated, with_extra
from callwright.insight.post_work import RUN_BEGAN, RUN_ENDED, post_work, runs_of
from callwright.insight.provision import provision_of
from callwright.insight.record import storable
from callwright.insight.transcript import transcript
from callwright.insight.usage import usage_breakdown
from callwright.insight.view import CallView, view_of
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, PostCallTask
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.dispositions.rules import StoredDisposition
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.unit import Unit
from callwright.ports.questions import EXTRACTION_JOB

_LOG = logging.getLogger(__name__)

STATE = "extraction_state"
"""Key of the record: how the last order to ask again stands."""
BUSY_SECONDS = 2
"""After this long an order that found another one under way looks again."""

_RECORD_KEYS = ("extracted_data", "extraction_rejected", "summary", "post_failures", "extraction_runs")


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be asked: calls of one tenant by id, for whom, and whether also where nothing has changed."""

    ids: tuple[str, ...]
    run: str
    by: str
    force: bool
    tenant_id: str


class _SupersededError(Exception):
    """The call was ordered anew: it is the other run's now, and this one writes no more."""


@dataclass(slots=True)
class _Case:
    """One call to ask: its row, the run that asks it, its log, and the section being written."""

    execution: Execution
    run: str
    live_log: str
    view: CallView
    post: PostLog
    dispositions: list[StoredDisposition]
    deps: RuntimeDeps

    def fact(self, name: str, values: dict[str, Any]) -> None:
        """``Notes.fact``."""
        self.post.fact(name, values)

    def failed(self, what: str, reason: str) -> None:
        """``Notes.failed``."""
        self.post.failed(what, reason)

    async def keep(self) -> None:
        """``Notes.keep``: have the section in the ledger. UnavailableError lets the job be tried again, and go on from what is kept;
        _SupersededError ends the run."""
        over = False
        async with self.deps.ledger.unit() as unit:
            row = await unit.executions.lock(self.execution.id)
            if row is not None:
                over = await self.is_over(unit, row)
                if not over:
                    await unit.logs.append(self.chunk())
        if over:
            raise _SupersededError(self.run)

    async def is_over(self, unit: Unit, row: Execution) -> bool:
        """Go on from the section as the ledger has it. Whether another process has ended this very run, or the call was ordered anew: then
        what this one spent is added to what the call cost, and nothing else."""
        if not _is_of(row, self.run) or any(
            values["run"] == self.run for values in facts_of(await section_of(unit, row), RUN_ENDED)
        ):
            await pay_late(unit, row, row.attempt, self.live_log, self.post, self.deps)
            return True
        self.post.take_in(await section_of(unit, row))
        return False

    def chunk(self) -> LogChunk:
        """The section as the ledger is about to keep it."""
        self.post.sent()
        return LogChunk(self.execution.id, self.execution.attempt, POST, 0, self.post.text.encode())


class AskingAgain:
    """Works on orders."""

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps
        self._busy: set[str] = set()

    async def run(self, payload: bytes) -> None:
        """The job EXTRACTION_JOB. Raises UnavailableError when the database is away: the job runner tries again."""
        plain = json.loads(payload)
        ids = tuple(str(one) for one in plain.get("ids", ()))
        if not ids:
            return
        order = _Order(
            ids, str(plain["run"]), str(plain.get("by", "")), bool(plain.get("force")), str(plain.get("tenant_id", ""))
        )
        if order.tenant_id in self._busy:
            await self._put(order, BUSY_SECONDS)
            return
        self._busy.add(order.tenant_id)
        try:
            await self._one(order.ids[0], order)
        except _SupersededError:
            _LOG.info("execution %s was ordered anew and is left to that order", order.ids[0])
        finally:
            self._busy.discard(order.tenant_id)
        if order.ids[1:]:
            await self._put(replace(order, ids=order.ids[1:]), 0)

    async def _put(self, order: _Order, after_seconds: int) -> None:
        async with self._deps.ledger.unit() as unit:
            await unit.jobs.put(EXTRACTION_JOB, json.dumps(asdict(order)).encode(), order.tenant_id, after_seconds)

    async def _one(self, execution_id: str, order: _Order) -> None:
        async with self._deps.ledger.unit() as unit:
            execution = await unit.executions.lock(execution_id)
            if execution is None or execution.phase is not Phase.DONE:
                return
            if not _is_of(execution, order.run):
                raise _SupersededError(order.run)
            log = await unit.logs.read(execution_id, execution.attempt)
            agent = await unit.agents.get_any(execution.agent_id)
            dispositions = await unit.dispositions.of_agent(execution.tenant_id, execution.agent_id)
        body = {} if agent is None else agent.body
        try:
            view = await asyncio.to_thread(view_of, live_part(log).decode(errors="replace"))
            spec = parse_agent(body, defaults=self._deps.settings.defaults)
        except (LogFormatError, CallwrightError) as error:
            await self._settle(execution, order, "failed", str(error))
            return
        if not _tasks(spec, dispositions) and not dispositions:
            await self._settle(execution, order, "unchanged", "the agent asks nothing after its calls")
            return
        post = PostLog(view, post_part(log), self._deps.clock.now, over=True)
        live = live_part(log).decode(errors="replace")
        case = _Case(execution, order.run, live, view, post, dispositions, self._deps)
        digest = _digest(spec, [one.body for one in dispositions])
        began = any(values["run"] == order.run for values in post.facts(RUN_BEGAN))
        if not began and not order.force and await asyncio.to_thread(self._is_same, case, digest):
            await self._settle(execution, order, "unchanged", "the same was asked before, and answered")
            return
        if not began:
            post.fact(RUN_BEGAN, {"run": order.run, "by": order.by, "digest": digest})
        if not any(values["run"] == order.run for values in post.facts(RUN_ENDED)):
            await self._ask(case, body, order.run)
        await self._close(case, order)

    def _is_same(self, case: _Case, digest: str) -> bool:
        """Whether the run that counts asked exactly this, and could ask all of it."""
        runs = runs_of(view_of(case.live_log + case.post.text))
        current = next(run for run in reversed(runs) if run.counts)
        if current.failures or (not current.run and current.extracted_data is None and current.summary is None):
            return False
        if current.run:
            return any(v["run"] == current.run and v["digest"] == digest for v in case.post.facts(RUN_BEGAN))
        try:
            first = parse_agent(case.execution.agent, defaults=self._deps.settings.defaults)
        except CallwrightError:
            return False
        return _digest(first, bodies_asked(case.post)) == digest

    async def _ask(self, case: _Case, body: Mapping[str, Any], run: str) -> None:
        post, tenant_id = case.post, case.execution.tenant_id
        try:
            async with asyncio.timeout(POST_CALL_SECONDS):
                opened = await self._deps.access.opened(tenant_id, body)
                spec = parse_agent(opened, defaults=self._deps.settings.defaults)
                asked = await models_afterwards(self._deps, tenant_id, spec)
                asked.note(case.view, post)
                await self._questions(case, asked.spec, run, examiner_of(self._deps, asked))
        except TimeoutError:
            post.failed("extraction", f"not finished {POST_CALL_SECONDS} s after it was begun")
        except asyncio.CancelledError:
            # This process ends, and whoever asks next pays for what was asked by now. One try: nobody waits for more.
            with suppress(_SupersededError, UnavailableError):
                await case.keep()
            raise
        except CallwrightError as error:
            if isinstance(error, UnavailableError):
                # The job is tried again.
                raise
            post.failed("extraction", error.message)

    async def _questions(self, case: _Case, spec: AgentSpec, run: str, examiner: Examiner) -> None:
        post, heard = case.post, transcript(case.view)
        for index, task in enumerate(_tasks(spec, case.dispositions)):
            if not post.done(what := f"{run}:{index}"):
                await examiner.task(task, heard, case)
                post.fact(TASK_DONE, {"what": what})
                await case.keep()
        if not is_fixed(post, run):
            fix(post, case.dispositions, run)
        questions = questions_of(fixed(post, run), variables_of(case.view))
        for number, group in enumerate(examiner.grouped(questions, spec.model)):
            if not post.done(what := f"{run}:{DISPOSITIONS}:{number}"):
                written = post.since(RUN_BEGAN, {"run": run}, "summary")
                summary = str(written[-1]["text"]) if written else ""
                await examiner.dispositions(group, call_facts(case.view), spec.model, case, summary)
                post.fact(TASK_DONE, {"what": what})
                await case.keep()

    async def _close(self, case: _Case, order: _Order) -> None:
        async with self._deps.ledger.unit() as unit:
            row = await unit.executions.lock(case.execution.id)
            if row is None or row.phase is not Phase.DONE or row.attempt != case.execution.attempt:
                return
            if await case.is_over(unit, row):
                return
            spent = rated(_usages(case.post), self._deps.book.at(self._deps.clock.now()))
            ended = {
                "run": order.run,
                "cost_nano": spent.cost_nano,
                "spent": spent.categories,
                "lines": _plain(spent),
            }
            case.post.fact(RUN_ENDED, ended)
            view = await asyncio.to_thread(view_of, case.live_log + case.post.text)
            work = post_work(view)
            found = storable({**{name: work[name] for name in _RECORD_KEYS}, **provision_of(view)})
            failures = runs_of(view)[-1].failures
            await unit.logs.append(case.chunk())
            state = _state(order, "failed" if failures else "done", "; ".join(one["reason"] for one in failures[:3]))
            record: dict[str, Any] = {**found, "usage_breakdown": usage_breakdown(view), STATE: state}
            columns: dict[str, Any] = {}
            if order.run not in (row.record.get("extraction_paid") or []):
                # The job may run twice: what a run cost is added once.
                record |= with_extra(row.record, spent)
                record["extraction_paid"] = [*(row.record.get("extraction_paid") or []), order.run]
                columns["total_cost_nano"] = row.total_cost_nano + spent.cost_nano
            await transition(unit, row.id, Change(columns=columns, record=record), self._deps.publisher)

    async def _settle(self, execution: Execution, order: _Order, status: str, reason: str) -> None:
        """Nothing is asked."""
        _LOG.info("execution %s is not asked again: %s", execution.id, reason)
        async with self._deps.ledger.unit() as unit:
            row = await unit.executions.lock(execution.id)
            if row is not None and row.phase is Phase.DONE and _is_of(row, order.run):
                change = Change(record={STATE: _state(order, status, reason)})
                await transition(unit, row.id, change, self._deps.publisher)


def _state(order: _Order, status: str, reason: str) -> dict[str, Any]:
    return {"run": order.run, "status": status, "reason": reason or None}


def _is_of(row: Execution, run: str) -> bool:
    """Whether the last order for a call is that of ``run``."""
    return (row.record.get(STATE) or {}).get("run") == run


def _plain(spent: Extra) -> list[dict[str, Any]]:
    return [asdict(line) for line in spent.lines]


def _usages(post: PostLog) -> list[dict[str, Any]]:
    """What was spent since the last run that ended, also by one that was begun and left to a later order: nobody else pays for that."""
    ended = post.facts(RUN_ENDED)
    found = post.since(RUN_ENDED, ended[-1], USAGE) if ended else post.since(RUN_BEGAN, {}, USAGE)
    return [values for values in found if not values.get(PAID)]


def _tasks(spec: AgentSpec, dispositions: Sequence[Any]) -> list[PostCallTask]:
    """The agent's tasks after a call; an older agent's questions among them when it has no dispositions."""
    older = [] if dispositions or spec.custom_questions is None else [spec.custom_questions]
    return [*spec.post_call, *older]


def _digest(spec: AgentSpec, bodies: Sequence[Mapping[str, Any]]) -> str:
    """What an agent asks, as a short text: the same questions of the same models have the same one."""
    told = json.dumps(
        [[repr(task) for task in _tasks(spec, bodies)], [dict(body) for body in bodies], repr(spec.model)],
        sort_keys=True,
    )
    return hashlib.sha256(told.encode()).hexdigest()
