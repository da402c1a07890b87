"""One attempt of an execution, from its leg to the moment its record is written: get the leg once, talk, write down what happened."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from callwright.call.afterwards.callbacks import hindrance
from callwright.call.afterwards.opted_out import suppress
from callwright.call.afterwards.postcall import Finished, PostCall
from callwright.call.live import endings
from callwright.call.live.access import patiently
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.dialling import Connection, dial_target
from callwright.call.live.endings import (
    ERROR,
    FINISH_JOB,
    INTERNAL_ERROR,
    NODE_DRAINING,
    NODE_LOST,
    Ending,
    job_payload,
)
from callwright.call.live.equipment import (
    Needs,
    equip,
    fitting,
    fixed_answers_of,
    need,
    with_options,
    without_call_backs,
)
from callwright.call.live.failure_reports import FailureReports
from callwright.call.live.files import LiveFiles, live_files
from callwright.call.live.fixed_speech import FixedSpeech, SpeechFolder
from callwright.call.live.logfile import LIVE, AppendFile, LogWriter
from callwright.call.live.own_tracks import AccountSounds
from callwright.call.live.recorder import Recorder
from callwright.call.live.redaction import redacted
from callwright.call.live.row import OwnedRow
from callwright.call.live.runner import CallRunner
from callwright.call.live.session import CallSession, Equipment, Workplace
from callwright.call.live.text_voice import with_stand_in_voice
from callwright.call.live.transfer import DecideTransfer, TransferMeans
from callwright.call.live.warm_transfer import TargetCall
from callwright.call.live.warming import Warming
from callwright.call.live.watchers import LiveCalls
from callwright.call.process.shipper import LogShipper, Shipment
from callwright.conversation.core import Conversation
from callwright.conversation.events import Started
from callwright.conversation.log import Header
from callwright.conversation.plan import CORE_VERSION, CallPlan, plan_for
from callwright.domain.errors import BrokenInvariantError, CallwrightError, LackingError
from callwright.domain.limits import MAX_CAPTURE_BYTES
from callwright.insight.provision import SANDBOX, shown_provision
from callwright.insight.record import BuiltRecord
from callwright.ops.crash_points import point
from callwright.ops.rounds import round_boundary
from callwright.platform.agent_settings.rules.providers import CACHING
from callwright.platform.agents.rules.availability import VOICE, Provision
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.agents.rules.transfers import warm_handovers
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.calls.rules import call_variables
from callwright.platform.dialling.actions import transfer_decision, transfer_row
from callwright.platform.dialling.rules import Decision, Rules
from callwright.platform.executions.rules.attempts import capture_name
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase
from callwright.platform.executions.rules.retry import ENDS_AS
from callwright.platform.suppressions.rules import far_number
from callwright.platform.unit import Unit
from callwright.ports.leg import Bridges, Leg, LegClosed, LegListener, PacketCapture

_LOG = logging.getLogger(__name__)

_Used = TypeVar("_Used")


@dataclass(frozen=True, slots=True)
class Office:
    """What all attempts of a process share. ``speech``: speech of fixed sentences, which the one thread of ``speech_disk`` reads and
    writes."""

    deps: RuntimeDeps
    place: Workplace
    shipper: LogShipper
    live: LiveCalls
    post_call: PostCall
    speech: SpeechFolder
    speech_disk: Executor


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is known before anybody is called or answered."""

    spec: AgentSpec
    plan: CallPlan
    equipment: Equipment
    variables: dict[str, str]
    provision: Provision
    rules: Rules


class Attempt:
    """One attempt. ``connection`` is how it gets its leg. Also hears of its session's stages (``session.SessionObserver``)."""

    def __init__(self, office: Office, execution: Execution, connection: Connection) -> None:
        self._office = office
        self._connection = connection
        # A tie of a part to its attempt keeps the memory of both until the garbage collector looks.
        ours = weakref.proxy(self)
        self._row = OwnedRow(
            office.deps.ledger,
            office.deps.clock,
            office.deps.publisher,
            execution,
            lambda: ours._lost_row(),  # noqa: PLW0108 - the method itself holds the attempt
        )
        self._files: LiveFiles = live_files(office.deps.live_folder, execution.id, execution.attempt)
        self._session: CallSession | None = None
        self._runner: CallRunner | None = None
        self._shipment: Shipment | None = None
        self._end: LogChunk | None = None
        self._stop: tuple[str, str] | None = None
        self._over = asyncio.Event()
        self._answered = False
        self._told = 0
        self._captured = False
        self._seed = office.deps.ids.seed()
        self.refusal = ""
        """Why the call could not even be tried."""

    @property
    def execution_id(self) -> str:
        """Whose attempt it is."""
        return self._row.execution.id

    def stop(self, by: str, reason: str) -> None:
        """Somebody wants the call to end."""
        self._stop = self._stop or (by, reason)
        if self._session is not None:
            self._session.stop(by, reason)

    def tell(self, events: Sequence[Mapping[str, Any]]) -> None:
        """All events sent to the call so far. Before there is a session they wait for the next heartbeat, which tells them again."""
        if self._session is None or self._session.end is not None:
            return
        mine = [event for event in events if event["attempt"] == self._row.execution.attempt]
        for event in mine[self._told :]:
            self._told += 1
            self._session.tell(str(event["name"]), str(event["properties"]))

    def capture(self, wish: Mapping[str, Any]) -> None:
        """Somebody wants the packets of the call. Before there is a leg the wish waits for the next heartbeat, which brings it again."""
        execution = self._row.execution
        if self._captured or self._session is None or wish["attempt"] != execution.attempt:
            return
        path = self._office.deps.recordings.new_path(execution.id, capture_name(execution.attempt))
        wanted = PacketCapture(path, int(wish["seconds"]), MAX_CAPTURE_BYTES, bool(wish["keep_secrets"]))
        self._captured = self._session.capture(wanted)

    async def run(self) -> None:
        """The whole attempt. Whatever fails, the execution ends in a terminal state with a reason, unless another process settled it."""
        try:
            await self._run()
        # Boundary: a defect in one call must end that call with its reason and leave the others alone.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("the attempt of execution %s failed", self.execution_id)
            await self._fail_hard(endings.told(error))
        finally:
            self._office.live.close(self.execution_id)
            # The session holds its attempt, and so does what it is connected by.
            self._session = None
            del self._connection

    # -- session.SessionObserver -----------------------------------------------------------------------------------------------

    def ringing(self) -> None:
        """The far end rings."""
        point("leg.ringing")
        self._row.write_soon(Change(Phase.DIALLING, "ringing", columns={"ringing_at": self._office.deps.clock.now()}))

    def answered(self) -> None:
        """The call was taken."""
        point("leg.answered")
        self._answered = True
        self._row.write_soon(Change(Phase.LIVE, columns={"answered_at": self._office.deps.clock.now()}))

    def ended(self, closed: LegClosed) -> None:
        """The leg is over."""
        self._row.over()
        self._over.set()

    # -- the stages ------------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        now = self._office.deps.clock.now
        refusal = await self._connection.screen(self._row)
        if refusal is not None:
            await self._end_untried(refusal)
            return
        try:
            prepared = await self._prepare()
        except CallwrightError as error:
            _LOG.warning("execution %s cannot be tried: %s", self.execution_id, error.message)
            self.refusal = error.message
            await self._end_untried(endings.refused(error.message, now()))
            return
        if self._stop is not None:
            if self._stop[1] != NODE_DRAINING or not await self._row.give_back():
                await self._end_untried(endings.undialled(*self._stop, now(), self._row.execution.phase))
            return
        runner, shipment = self._open_log(prepared)
        recorder = Recorder(self._files.raw, self._office.deps.disk)
        deps, place = self._office.deps, self._office.place
        session = CallSession(
            runner,
            prepared.equipment,
            place,
            recorder,
            self,
            AccountSounds(place.sounds, deps.ledger, self._row.execution.tenant_id),
            _means(self._office.deps, self._row, prepared, partial(self._transfer_to, prepared.rules)),
        )
        self._session, self._runner, self._shipment = session, runner, shipment
        warming = Warming(runner, self._office.deps.clock)
        try:
            await self._talk(prepared, session, runner, warming)
        finally:
            await self._close(session, shipment, warming)
        await self._settle(runner, session, prepared.spec)

    async def _talk(self, prepared: _Prepared, session: CallSession, runner: CallRunner, warming: Warming) -> None:
        variables = tuple(sorted(prepared.variables.items()))
        runner.post(Started(runner.now_us(), prepared.plan, variables, self._seed))
        if prepared.provision.sandbox:
            runner.fact("core", SANDBOX, {"stand_ins": prepared.provision.as_wire()["stand_ins"]})
        self._connection.begin(session, runner)
        warming.start(session, prepared.equipment, prepared.plan, prepared.variables)
        await warming.wait(self._connection.warm_seconds, self._over, self._connection.speech_seconds)
        await self._connection.connect(session, runner, self._row, prepared.spec)
        await self._over.wait()

    async def _prepare(self) -> _Prepared:
        deps, execution = self._office.deps, self._row.execution
        # Only in this process: the row, its log and its webhooks have the sealed body.
        body = await deps.access.opened(execution.tenant_id, execution.agent)
        spec = with_options(parse_agent(body, defaults=deps.settings.defaults), execution.options)
        provision, rules = await self._provided(spec)
        variables = call_variables(execution, deps.clock.now())
        plugin = with_stand_in_voice(deps.plugin) if provision.stands_in(VOICE) else deps.plugin
        needs = self._connection.fit(
            Needs(provision.spec, plugin, deps.settings.ears, breakers=deps.breakers, clock=deps.clock)
        )
        spec = needs.spec
        equipment = equip(needs, variables, deps.tools_of(execution, spec, variables))
        self._connection.check()
        told = without_call_backs(spec) if hindrance(execution) else spec
        plan = fitting(plan_for(told, variables), equipment, spec.settings.speculative_replies)
        if not far_number(execution):
            # Nothing can be promised to somebody whose number is not known.
            plan = replace(plan, opt_out=False)
        if needs.sound and spec.voice.options.get(CACHING.name, CACHING.default):
            equipment = _with_fixed_speech(equipment, self._office, execution.tenant_id, plan, variables)
        return _Prepared(spec, plan, equipment, variables, provision, rules)

    def _transfer_to(self, rules: Rules, target: str) -> Decision:
        """Whether the call may be handed to an address. The decision is written beside the call."""
        now = self._office.deps.clock.now()
        decision = transfer_decision(target, now, rules)
        row = transfer_row(self._row.execution, target, now, decision)
        self._row.write_soon(Change(), lambda unit: unit.dial_decisions.add([row]))
        return decision

    async def _provided(self, spec: AgentSpec) -> tuple[Provision, Rules]:
        """What the call runs with, and in the row what of it is not known there yet. And what binds the calls of its account."""
        deps, execution, line = self._office.deps, self._row.execution, self._connection.line()
        tenant_id, body = execution.tenant_id, execution.agent

        async def read(unit: Unit) -> tuple[Provision, Rules]:
            rules = await deps.decisions.rules(unit, tenant_id)
            with_fallbacks = rules.policy.fallbacks.given_to(spec)
            return await deps.availability.provide(unit, tenant_id, with_fallbacks, line), rules

        try:
            provision, rules = await patiently(deps.ledger, deps.clock, read)
        except LackingError:
            # Since the call was placed the account was connected, or something went: what was foreseen then does not stand in.
            await self._note(
                await patiently(
                    deps.ledger, deps.clock, lambda unit: deps.availability.foresee(unit, tenant_id, body, line)
                )
            )
            raise
        await self._note(provision.as_wire())
        return provision, rules

    async def _note(self, found: dict[str, Any]) -> None:
        if found != shown_provision(self._row.execution.record):
            await self._row.write(Change(record=found))

    def _open_log(self, prepared: _Prepared) -> tuple[CallRunner, Shipment]:
        deps, execution = self._office.deps, self._row.execution
        deps.live_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        live = self._office.live.open(execution.id)
        live.listeners.append(FailureReports(execution.id, prepared.equipment.thinker, deps.metrics).take)
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

    async def _close(self, session: CallSession, shipment: Shipment, warming: Warming) -> None:
        try:
            if session.end is None:
                session.abandon(ERROR, INTERNAL_ERROR)
                await self._over.wait()
            await warming.aclose()
            await session.aclose()
        finally:
            # Also after a defect in one of the parts: what the log holds is what the record will say.
            self._office.shipper.remove(shipment)
            shipment.log.close()

    # -- the record ------------------------------------------------------------------------------------------------------------

    async def _settle(self, runner: CallRunner, session: CallSession, spec: AgentSpec) -> None:
        closed = session.end
        if closed is not None and closed.reason == NODE_DRAINING:
            await self._row.give_back()
        if self._row.given_back:
            # Nobody was called: the attempt that dials writes the record.
            self._office.deps.disk.submit(_delete, self._files, self.execution_id)
        if closed is None or self._row.stale:
            return
        ending = Ending(closed, session.hang_up_wanted, runner.broken, self._answered)
        asks = not self._answered or await self._office.post_call.asks(self._row.execution, spec)
        change, built, finished = await self._record(partial(self._outcome, ending, None if asks else spec))
        point("end.before")
        also = partial(self._also, built, None if finished is None else finished.section)
        *before, last = [change] if finished is None else [change, finished.change]
        if await self._row.write(last, also, before):
            point("end.written")
            self._count(change.detail or change.record.get(ENDS_AS) or "answered", built)
            if finished is not None or not self._answered:
                self._office.deps.disk.submit(_delete, self._files, self.execution_id)
        elif not self._row.stale:
            # A row that keeps its owner would never end: the caller of this writes the one state that may follow any other.
            raise BrokenInvariantError("the ledger does not take this end of the call; its own log says why")

    def _outcome(
        self, ending: Ending, spec: AgentSpec | None, log: bytes
    ) -> tuple[Change, BuiltRecord, Finished | None]:
        """The change that ends the attempt; with ``spec``, of which nothing is asked, also the work after the call. Both have one record.
        Blocking."""
        deps, execution, finished = self._office.deps, self._row.execution, None
        if spec is not None and ending.is_completed:
            finished = self._office.post_call.at_once(execution, spec, log)
        built = endings.record_of(log, deps.book, execution.carrier) if finished is None else finished.built
        change = self._before_post_work(endings.ended(ending, built, deps.clock.now()))
        return change, built, finished

    async def _record(self, used_of: Callable[[bytes], _Used]) -> _Used:
        """What ``used_of`` makes of the log, on one thread: a change of threads costs more than most of this does."""
        deps = self._office.deps
        # The raw files are complete when the disk's thread has done what it was given before this.
        await asyncio.wrap_future(deps.disk.submit(_nothing))
        log, used = await deps.background.run(self._of_file, used_of)
        if used is None:
            used = await deps.background.run(used_of, await self._mended(log))
        return used

    def _of_file(self, used_of: Callable[[bytes], _Used]) -> tuple[bytes, _Used | None]:
        """The log in its file, and what is made of it; None where somebody cut or removed the file. Blocking."""
        log = self._files.read_log()
        if self._shipment is not None:
            if len(log) < self._shipment.log.size_bytes:
                return log, None
            self._shipment.whole = log
        return log, used_of(log)

    async def _mended(self, log: bytes) -> bytes:
        """The log whose file somebody cut or removed: what the ledger has of it, if that is more, and its end."""
        deps, row, runner, session = self._office.deps, self._row.execution, self._runner, self._session
        shipped = await patiently(deps.ledger, deps.clock, lambda unit: unit.logs.read(row.id, row.attempt))
        if len(shipped) <= len(log) or runner is None or session is None or session.end is None:
            return log
        end = endings.end_lines(shipped, session.end, session.hang_up_wanted, runner.now_us())
        self._end = LogChunk(row.id, row.attempt, LIVE, len(shipped), end) if end else None
        return shipped + end

    async def _also(self, built: BuiltRecord, finished: LogChunk | None, unit: Unit) -> None:
        """What is written with the end: whom not to call any more, the rest of the log, and the work after the call, or its job."""
        await suppress(unit, self._row.execution, built, self._office.deps.clock.now())
        more = [one for one in (self._end, finished) if one is not None]
        if self._shipment is not None:
            await LogShipper.rest(unit, self._shipment, *more)
        if self._answered and finished is None:
            row = self._row.execution
            node = "" if row.carrier == CHAT else self._office.deps.settings.node_name
            await unit.jobs.put(FINISH_JOB, job_payload(row.id, row.attempt, node), row.tenant_id)
        point("end.writing")

    async def _end_untried(self, change: Change) -> None:
        await self._give_up()
        if await self._row.write(change):
            self._office.deps.metrics.calls.labels(change.detail).inc()

    async def _give_up(self) -> None:
        with round_boundary(f"giving up the leg of execution {self.execution_id}"):
            await self._connection.give_up()

    async def _fail_hard(self, message: str) -> None:
        """A defect of ours: end as the call of a process that died does. What cannot be written even so is found by the heartbeat
        (``call.process.orphaned_claims``)."""
        if self._session is None:
            await self._give_up()
        deps, built, written = self._office.deps, BuiltRecord({}, {}), False
        with round_boundary(f"writing the record of execution {self.execution_id}"):
            built = await self._record(
                partial(endings.record_of, prices=deps.book, carrier=self._row.execution.carrier)
            )
            end = self._cut_off(built, message)
            # A row whose answer was never written allows only the second.
            for change in (self._before_post_work(end), end):
                written = written or await self._row.write(change, partial(self._also, built, None))
        if not written and not self._row.stale:
            # Then at least that it is over.
            with round_boundary(f"ending execution {self.execution_id}"):
                now, row = self._office.deps.clock.now(), self._row.execution
                written = await self._row.write(
                    self._cut_off(BuiltRecord({}, {}), message), lambda unit: suppress(unit, row, built, now)
                )
        if written:
            self._count("error", built)

    def _cut_off(self, built: BuiltRecord, message: str) -> Change:
        return endings.cut_off(built, INTERNAL_ERROR, message, self._office.deps.clock.now())

    def _before_post_work(self, change: Change) -> Change:
        return endings.before_post_work(change) if self._answered else change

    def _count(self, outcome: str, built: BuiltRecord) -> None:
        metrics = self._office.deps.metrics
        metrics.calls.labels(outcome).inc()
        for turn in built.record.get("turns", ()):
            if turn["latency_us"] is not None:
                metrics.reply_seconds.observe(turn["latency_us"]["total"] / 1_000_000)

    def _lost_row(self) -> None:
        """Another process settled the execution: this call must not go on."""
        if self._session is not None:
            self._session.abandon(ERROR, NODE_LOST)


def _delete(files: LiveFiles, execution_id: str) -> None:
    """Nobody waits for it. What is left by a process that dies before, the next start removes. Blocking."""
    with round_boundary(f"deleting the files of execution {execution_id}"):
        files.delete()


def _nothing() -> None:
    """Work for a thread that only shall have reached this point."""


def _means(deps: RuntimeDeps, row: OwnedRow, prepared: _Prepared, decide: DecideTransfer) -> TransferMeans:
    spec = prepared.spec

    async def dial(call: TargetCall, listener: LegListener) -> Leg:
        return await dial_target(deps, row.execution, spec, call, listener)

    def bridge(caller: Leg, target: Leg) -> Coroutine[Any, Any, None] | None:
        carrier = need(deps.plugin, "carrier", row.execution.carrier)
        can = isinstance(carrier, Bridges) and carrier.can_bridge(caller, target)
        return carrier.bridge(caller, target) if can else None

    # A chat has nobody who could be joined with a telephone.
    return TransferMeans(decide, dial if prepared.equipment.sound else None, warm_handovers(spec.tools), bridge)


def _with_fixed_speech(
    equipment: Equipment, office: Office, tenant_id: str, plan: CallPlan, variables: Mapping[str, str]
) -> Equipment:
    speaker = equipment.speaker
    voice = speaker.provider, speaker.settings
    answers = fixed_answers_of(equipment.thinker.model, equipment.thinker.settings)
    fixed = FixedSpeech(office.speech, office.speech_disk, tenant_id, voice, plan, variables, answers)
    return replace(equipment, speaker=replace(speaker, fixed=fixed))
