"""One attempt of an execution, from the claim to the moment its record is written: dial once, talk, write down what happened."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

from callwright.call.boundary import plugin_boundary
from callwright.call.deps import RuntimeDeps
from callwright.call.equipment import call_variables, equip, fitting, need, with_options
from callwright.call.files import LiveFiles, live_files
from callwright.call.live import LiveCalls
from callwright.call.logfile import AppendFile, LogWriter, redacted
from callwright.call.recorder import Recorder
from callwright.call.row import OwnedRow
from callwright.call.runner import CallRunner
from callwright.call.session import CallSession, Equipment, Workplace
from callwright.call.shipper import LogShipper, Shipment
from callwright.conversation.core import Conversation
from callwright.conversation.events import Started
from callwright.conversation.history import system_text
from callwright.conversation.log import Header
from callwright.conversation.plan import CORE_VERSION, CallPlan, plan_for
from callwright.domain.agent import parse_agent
from callwright.domain.agent_spec import AgentSpec
from callwright.domain.errors import CallwrightError
from callwright.domain.execution import Execution, Phase
from callwright.domain.limits import MAX_RING_SECONDS, WARM_BEFORE_DIAL_SECONDS
from callwright.domain.variables import render
from callwright.insight.record import BuiltRecord, build
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.ledger import Change, Unit
from callwright.ports.leg import Carrier, DialRequest, LegClosed
from callwright.ports.model import Message, ModelRequest

_LOG = logging.getLogger(__name__)

FINISH_JOB = "finish"
ERROR = "Error"
_ERROR_CODE = 5010
_CARRIER_CODE = 3080
_UNANSWERED = frozenset({"busy", "no-answer", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Office:
    """What all attempts of a process share."""

    deps: RuntimeDeps
    place: Workplace
    shipper: LogShipper
    live: LiveCalls


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is known before dialling."""

    spec: AgentSpec
    plan: CallPlan
    equipment: Equipment
    carrier: Carrier
    variables: dict[str, str]


def job_payload(execution_id: str, attempt: int) -> bytes:
    """The payload of the job that finishes an attempt."""
    return json.dumps({"execution_id": execution_id, "attempt": attempt}).encode()


class Attempt:
    """One attempt. Also hears of its session's stages (``session.SessionObserver``)."""

    def __init__(self, office: Office, execution: Execution) -> None:
        self._office = office
        self._row = OwnedRow(office.deps.ledger, office.deps.clock, office.deps.publisher, execution, self._lost_row)
        self._files: LiveFiles = live_files(office.deps.live_folder, execution.id, execution.attempt)
        self._session: CallSession | None = None
        self._stop: tuple[str, str] | None = None
        self._over = asyncio.Event()
        self._writes: set[asyncio.Task[bool]] = set()
        self._warming: set[asyncio.Task[None]] = set()
        self._answered = False
        self._seed = office.deps.ids.seed()

    @property
    def execution_id(self) -> str:
        """Whose attempt it is."""
        return self._row.execution.id

    def stop(self, by: str, reason: str) -> None:
        """Somebody wants the call to end."""
        self._stop = self._stop or (by, reason)
        if self._session is not None:
            self._session.stop(by, reason)

    async def run(self) -> None:
        """The whole attempt. Whatever fails, the execution ends in a terminal state with a reason, unless another process settled it."""
        try:
            await self._run()
        # Boundary: a defect in one call must end that call with its reason and leave the others alone.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("the attempt of execution %s failed", self.execution_id)
            await self._fail_hard(f"{type(error).__name__}: {error}")
        finally:
            self._office.live.close(self.execution_id)

    # -- session.SessionObserver -----------------------------------------------------------------------------------------------

    def ringing(self) -> None:
        """The far end rings."""
        self._write(Change(Phase.DIALLING, "ringing", columns={"ringing_at": self._office.deps.clock.now()}))

    def answered(self) -> None:
        """The far end took the call."""
        self._answered = True
        self._write(Change(Phase.LIVE, columns={"answered_at": self._office.deps.clock.now()}))

    def ended(self, closed: LegClosed) -> None:
        """The leg is over."""
        self._over.set()

    # -- the stages ------------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            prepared = self._prepare()
        except CallwrightError as error:
            await self._refuse(error.message)
            return
        if self._stop is not None:
            await self._end_undialled(*self._stop)
            return
        runner, shipment = self._open_log(prepared)
        deps = self._office.deps
        recorder = Recorder(self._files.raw, deps.disk)
        session = CallSession(runner, prepared.equipment, self._office.place, recorder, self)
        self._session = session
        try:
            variables = tuple(sorted(prepared.variables.items()))
            runner.post(Started(runner.now_us(), prepared.plan, variables, self._seed))
            self._warm(prepared, session, runner)
            await self._warmed()
            # The intent is in the ledger before the carrier is asked: a process that dies in between never dials twice. And after our own
            # preparations: ``initiated`` is when somebody else is asked, from which the delay until it rings is counted.
            if not await self._row.write(
                Change(Phase.DIALLING, "initiated", columns={"initiated_at": deps.clock.now()})
            ):
                session.closed(LegClosed("error", ERROR, "node_lost", _ERROR_CODE))
                return
            await self._dial(prepared, session, runner)
            await self._over.wait()
        finally:
            await self._close(session, shipment)
        await self._settle(runner, session, shipment)

    def _prepare(self) -> _Prepared:
        deps, execution = self._office.deps, self._row.execution
        spec = with_options(parse_agent(execution.agent, defaults=deps.settings.defaults), execution.options)
        variables = call_variables(execution, deps.clock.now())
        equipment = equip(deps.plugin, spec, deps.settings.ears, variables, deps.tools_of(execution, spec))
        carrier: Carrier = need(deps.plugin, "carrier", execution.carrier)
        return _Prepared(spec, fitting(plan_for(spec), equipment), equipment, carrier, variables)

    def _open_log(self, prepared: _Prepared) -> tuple[CallRunner, Shipment]:
        deps, execution = self._office.deps, self._row.execution
        deps.live_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        live = self._office.live.open(execution.id)
        log = LogWriter(AppendFile(self._files.log), sync=deps.settings.sync_logs, listener=live.publish)
        runner = CallRunner(Conversation(), log, deps.clock, self._office.place.timers)
        log.header(
            Header(
                execution_id=execution.id,
                attempt=execution.attempt,
                started_at=deps.clock.now().isoformat(),
                variables=prepared.variables,
                seed=self._seed,
                agent=redacted(execution.agent),
                core_version=CORE_VERSION,
            )
        )
        log.flush()
        shipment = Shipment(execution.id, execution.attempt, self._files.log, log)
        self._office.shipper.add(shipment)
        return runner, shipment

    async def _dial(self, prepared: _Prepared, session: CallSession, runner: CallRunner) -> None:
        execution, clock = self._row.execution, self._office.deps.clock
        request = DialRequest(
            callback_id=f"{execution.id}.{execution.attempt}",
            to_number=execution.to_number,
            from_number=execution.from_number,
            ring_seconds=MAX_RING_SECONDS,
            options={
                "user_data": execution.user_data,
                "language": prepared.spec.transcriber.language,
                "agent_voice": prepared.spec.voice.provider,
                "agent_transcriber": prepared.spec.transcriber.provider,
            },
        )
        runner.fact("leg", "dialling", {"carrier": execution.carrier, "callback_id": request.callback_id})
        runner.flush()
        if self._stop is not None:
            session.stop(*self._stop)
            if session.hang_up_wanted is not None:
                session.closed(LegClosed("canceled", self._stop[0], self._stop[1], 4000))
                return
        began_us = clock.monotonic_us()
        try:
            leg = await prepared.carrier.dial(request, session)
        except ProviderError as error:
            outcome = "error" if error.kind is FailureKind.REFUSED else "failed"
            session.closed(LegClosed(outcome, "Carrier", error.message, _CARRIER_CODE, error.kind.value))
            return
        session.take_leg(leg)
        ms = (clock.monotonic_us() - began_us) // 1000
        runner.fact(
            "leg",
            "dialled",
            {
                "carrier": execution.carrier,
                "to_number": execution.to_number,
                "from_number": execution.from_number,
                "provider_call_id": leg.provider_call_id,
            },
        )
        runner.fact("core", "provider_connected", _connected("carrier", execution.carrier, "", "", "", ms))
        self._write(Change(columns={"provider_call_id": leg.provider_call_id}))

    def _warm(self, prepared: _Prepared, session: CallSession, runner: CallRunner) -> None:
        """Open the recogniser and prepare model and voice while the phone rings."""
        thinker, speaker = prepared.equipment.thinker, prepared.equipment.speaker
        plan, variables = prepared.plan, prepared.variables
        # As the first question of the call will begin: the prompt with its variables, and the welcome message.
        begins = [
            Message("system", system_text(plan, variables)),
            Message("assistant", render(plan.welcome_message, variables)),
        ]
        request = ModelRequest(
            tuple(message for message in begins if message.content),
            thinker.settings,
            "warm",
            plan.tools,
            context=thinker.variables,
        )
        language = speaker.settings.language
        for work, fact in (
            (
                thinker.model.warm(request),
                partial(_connected, "model", thinker.provider, thinker.settings.model, "", language),
            ),
            (
                speaker.voice.warm(speaker.settings),
                partial(
                    _connected, "voice", speaker.provider, speaker.settings.model, speaker.settings.voice, language
                ),
            ),
        ):
            self._start_warming(self._time(runner, work, fact))
        self._start_warming(session.open_ears())

    async def _time(self, runner: CallRunner, work: Any, fact: Any) -> None:
        clock = self._office.deps.clock
        began_us = clock.monotonic_us()
        # Preparing is an optimisation; what is really wrong shows at the first use.
        with plugin_boundary("warm", self._cold):
            await work
        runner.fact("core", "provider_connected", fact((clock.monotonic_us() - began_us) // 1000))

    def _cold(self, kind: FailureKind, message: str) -> None:
        _LOG.warning("a plugin could not prepare for execution %s: %s", self.execution_id, message)

    async def _warmed(self) -> None:
        """Wait a bounded time before anybody is called: a person who answers must not wait for a model to load. On a warm process this
        takes milliseconds; what is not ready by then goes on while the phone rings."""
        if self._warming:
            await asyncio.wait(tuple(self._warming), timeout=WARM_BEFORE_DIAL_SECONDS)

    def _start_warming(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._warming.add(task)
        task.add_done_callback(self._warming.discard)

    async def _close(self, session: CallSession, shipment: Shipment) -> None:
        if session.end is None:
            session.abandon(ERROR, "internal_error")
            await self._over.wait()
        for task in tuple(self._warming):
            task.cancel()
        await asyncio.gather(*self._warming, return_exceptions=True)
        await session.aclose()
        self._office.shipper.remove(shipment)
        shipment.log.close()
        # The raw files are complete when the disk's thread has done what it was given before this.
        await asyncio.get_running_loop().run_in_executor(self._office.deps.disk, _nothing)

    # -- the record ------------------------------------------------------------------------------------------------------------

    async def _settle(self, runner: CallRunner, session: CallSession, shipment: Shipment) -> None:
        if self._writes:
            await asyncio.wait(self._writes)
        closed = session.end
        if closed is None or self._row.stale:
            return
        built = await self._build()
        change = self._change(runner, session, closed, built)
        payload = job_payload(self.execution_id, self._row.execution.attempt)

        async def also(unit: Unit) -> None:
            await LogShipper.rest(unit, shipment)
            if self._answered:
                await unit.jobs.put(FINISH_JOB, payload)

        if await self._row.write(change, also):
            self._count(change.detail or "answered", built)
            if not self._answered:
                await asyncio.to_thread(self._files.delete)

    async def _build(self) -> BuiltRecord:
        deps = self._office.deps
        data = await asyncio.to_thread(self._files.read_log)
        return await asyncio.to_thread(build, data.decode(), deps.book, self._row.execution.carrier)

    def _change(self, runner: CallRunner, session: CallSession, closed: LegClosed, built: BuiltRecord) -> Change:
        now = self._office.deps.clock.now()
        columns = {name: value for name, value in built.columns.items() if value is not None}
        columns.setdefault("ended_at", now)
        outcome, message = self._outcome(runner, session, closed)
        if outcome == "answered":
            return Change(Phase.FINISHING, columns=columns, record=built.record)
        columns["completed_at"] = now
        if message:
            columns["error_message"] = message
        if outcome == "error":
            columns.setdefault("hangup_by", ERROR)
        return Change(Phase.DONE, outcome, columns=columns, record=built.record)

    def _outcome(self, runner: CallRunner, session: CallSession, closed: LegClosed) -> tuple[str, str]:
        """How the attempt ended, and the error message if it has one."""
        wanted = session.hang_up_wanted
        if runner.broken:
            return "error", f"broken invariant: {runner.broken}"
        if closed.outcome == "error":
            return "error", closed.reason
        if self._answered:
            return "answered", ""
        if wanted is not None and wanted.by == ERROR:
            return "error", wanted.reason
        if wanted is not None and wanted.reason == "not_answered":
            return "no-answer", ""
        if closed.outcome in _UNANSWERED:
            return closed.outcome, closed.reason if closed.outcome == "failed" else ""
        return "error", closed.reason

    def _count(self, outcome: str, built: BuiltRecord) -> None:
        metrics = self._office.deps.metrics
        metrics.calls.labels(outcome).inc()
        for turn in built.record["turns"]:
            if turn["latency_us"] is not None:
                metrics.reply_seconds.observe(turn["latency_us"]["total"] / 1_000_000)

    # -- ends without a call ---------------------------------------------------------------------------------------------------

    async def _refuse(self, message: str) -> None:
        """The call cannot even be tried."""
        now = self._office.deps.clock.now()
        columns = {
            "error_message": message,
            "hangup_by": ERROR,
            "hangup_reason": "configuration",
            "hangup_code": _ERROR_CODE,
            "ended_at": now,
            "completed_at": now,
        }
        _LOG.warning("execution %s cannot be dialled: %s", self.execution_id, message)
        if await self._row.write(Change(Phase.DONE, "error", columns=columns)):
            self._office.deps.metrics.calls.labels("error").inc()

    async def _end_undialled(self, by: str, reason: str) -> None:
        """Stopped between the claim and the dial."""
        now = self._office.deps.clock.now()
        columns = {"hangup_by": by, "hangup_reason": reason, "ended_at": now, "completed_at": now}
        detail = "error" if by == ERROR else "canceled"
        if detail == "error":
            columns["error_message"] = reason
        await self._row.write(Change(Phase.DONE, detail, columns=columns))

    async def _fail_hard(self, message: str) -> None:
        now = self._office.deps.clock.now()
        columns = {
            "error_message": message[:500],
            "hangup_by": ERROR,
            "hangup_reason": "internal_error",
            "hangup_code": _ERROR_CODE,
            "ended_at": now,
            "completed_at": now,
        }
        if await self._row.write(Change(Phase.DONE, "error", columns=columns)):
            self._office.deps.metrics.calls.labels("error").inc()

    def _lost_row(self) -> None:
        """Another process settled the execution: this call must not go on."""
        if self._session is not None:
            self._session.abandon(ERROR, "node_lost")

    def _write(self, change: Change) -> None:
        task = asyncio.get_running_loop().create_task(self._row.write(change))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)


def _connected(kind: str, provider: str, model: str, voice: str, language: str, ms: int) -> dict[str, Any]:
    return {"kind": kind, "provider": provider, "model": model, "voice": voice, "language": language, "ms": ms}


def _nothing() -> None:
    """Work for a thread that only shall have reached this point."""
