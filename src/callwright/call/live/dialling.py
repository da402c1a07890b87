"""How an attempt gets its leg: this is by dialling; ``call.live.answering`` is by answering a call that came in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.dial_slot import BatchPausedError, DialSlot, TooSoonError
from callwright.call.live.endings import ERROR, ERROR_CODE, NODE_LOST, waits_again
from callwright.call.live.equipment import Needs, need
from callwright.call.live.failover import ConnectedProvider
from callwright.call.live.row import OwnedRow
from callwright.call.live.runner import CallRunner
from callwright.call.live.session import CallSession
from callwright.call.live.warm_transfer import TargetCall
from callwright.domain.errors import BalanceLowError, CallwrightError, SuppressedError
from callwright.domain.limits import MAX_RING_SECONDS, MONEY_HELD_SECONDS, WARM_BEFORE_DIAL_SECONDS
from callwright.domain.number import Destination, kind_of_address
from callwright.ops.crash_points import point
from callwright.platform.agents.rules.availability import Line
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.agents.rules.transfers import target_carrier
from callwright.platform.dialling.actions import DECISION, MONEY_HELD, change_for, decision_wire, held_row
from callwright.platform.dialling.rules import STOPPED_RULE, Decision, Verdict
from callwright.platform.dialling.rules.facts import DialFacts
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.executions.rules.retry import BATCH_STOP_REASON, STOP_REQUESTED, STOPPED_BY
from callwright.platform.sip_trunks.rules import PROVIDER
from callwright.platform.unit import Unit
from callwright.platform.wallet.actions.reservations import reserve
from callwright.platform.wallet.rules import worst_price
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import Carrier, DialRequest, Leg, LegClosed, LegListener, closed_by, closed_by_failure

_CANCELED_CODE = 4000


class Connection(Protocol):
    """The way an attempt gets its leg."""

    @property
    def warm_seconds(self) -> float:
        """How long the call's parts may prepare before it goes on without them."""
        ...

    @property
    def speech_seconds(self) -> float:
        """How long in all its voice and recogniser may, without which nobody is heard; no less than ``warm_seconds``."""
        ...

    def line(self) -> Line:
        """The line of the call, as far as it is known before it is made."""
        ...

    def check(self) -> None:
        """Raises ConfigurationError when this process cannot do it."""

    def fit(self, needs: Needs) -> Needs:
        """What a call that comes this way is equipped from, given what its agent asks for."""
        ...

    async def screen(self, row: OwnedRow) -> Change | None:
        """Before anything is prepared: None, or the change that ends a call that is not taken. May write what is learnt into the row."""

    def begin(self, session: CallSession, runner: CallRunner) -> None:
        """The conversation has started and nobody was called or answered yet."""

    async def connect(self, session: CallSession, runner: CallRunner, row: OwnedRow, spec: AgentSpec) -> None:
        """Dial or answer, once. What comes of it is told by the leg to ``session``."""

    async def give_up(self) -> None:
        """The attempt ends without a conversation having started."""


class Dialling:
    """A call that is placed."""

    warm_seconds: float = WARM_BEFORE_DIAL_SECONDS
    speech_seconds: float = WARM_BEFORE_DIAL_SECONDS

    def __init__(self, deps: RuntimeDeps, execution: Execution) -> None:
        self._deps = deps
        self._execution = execution

    def line(self) -> Line:
        """The carrier and the address the call was placed with."""
        to = self._execution.to_number
        return Line(Destination(kind_of_address(to), to), self._execution.carrier)

    def check(self) -> None:
        """Raises ConfigurationError when the carrier is not installed."""
        self._carrier()

    def fit(self, needs: Needs) -> Needs:
        """As the agent has it."""
        return needs

    async def screen(self, row: OwnedRow) -> Change | None:
        """Whoever is called was checked when the call was placed."""
        return None

    def begin(self, session: CallSession, runner: CallRunner) -> None:
        """Nothing yet: a person who answers must not wait for a model to load."""

    async def give_up(self) -> None:
        """Nobody was called."""

    async def connect(self, session: CallSession, runner: CallRunner, row: OwnedRow, spec: AgentSpec) -> None:
        """Write the intent, then ask the carrier once."""
        if _called_off(session):
            return
        clock, carrier = self._deps.clock, self._execution.carrier
        point("intent.before")
        # The intent is in the ledger before the carrier is asked: a process that dies in between never dials twice. And after our own
        # preparations: ``initiated`` is when somebody else is asked, from which the delay until it rings is counted.
        decision = await self._intent(session, row, spec)
        if decision is None:
            return
        try:
            request = await self._request(spec, decision)
        except CallwrightError as error:
            session.closed(replace(closed_by(CAUSES["trunk_unusable"]), reason=error.message))
            return
        runner.fact("leg", "dialling", {"carrier": carrier, "callback_id": request.callback_id})
        runner.flush()
        if _called_off(session):
            return
        began_us = clock.monotonic_us()
        point("intent.written")
        try:
            leg = await self._carrier().dial(request, session)
        except ProviderError as error:
            session.closed(closed_by_failure(error))
            return
        point("carrier.asked")
        session.take_leg(leg)
        ms = (clock.monotonic_us() - began_us) // 1000
        values = {
            "carrier": carrier,
            "to_number": request.to_number,
            "from_number": request.from_number,
            "provider_call_id": leg.provider_call_id,
        }
        runner.fact("leg", "dialled", values)
        runner.fact("core", "provider_connected", ConnectedProvider("carrier", carrier).fact(ms))
        row.write_soon(Change(columns={"provider_call_id": leg.provider_call_id}))

    async def _intent(self, session: CallSession, row: OwnedRow, spec: AgentSpec) -> Decision | None:
        """Ask whether the number may be dialled, and write the intent in the same unit. None where the call was closed instead."""
        intent = _Intent(self._deps, spec)
        try:
            written = await self._decide(session, row, intent)
        except SuppressedError:
            # Put on the list after we looked. Nothing was written: the second look sees it.
            written = await self._decide(session, row, intent)
        if session.end is not None:
            return None
        decision = intent.decision
        if row.given_back:
            rule = "batch_paused" if decision is None or decision.dials else decision.rule
            rule = rule if intent.money_held is None else MONEY_HELD
            session.closed(LegClosed("canceled", "API Request", rule, _CANCELED_CODE))
        elif not written or decision is None:
            session.closed(LegClosed("error", ERROR, NODE_LOST, ERROR_CODE))
        elif decision.rule == STOPPED_RULE:
            session.closed(LegClosed("canceled", STOPPED_BY, BATCH_STOP_REASON, _CANCELED_CODE))
        elif not decision.dials:
            closed = closed_by(CAUSES[decision.cause])
            session.closed(replace(closed, reason=decision.reason) if closed.outcome == Status.BALANCE_LOW else closed)
        else:
            return decision
        return None

    async def _decide(self, session: CallSession, row: OwnedRow, intent: _Intent) -> bool:
        """Write what ``intent`` plans, once the limits per second let the call begin or it is called off. Whether it was written."""
        while True:
            try:
                return await row.decide(intent.plan)
            except _StoppedError as stop:
                session.closed(LegClosed("canceled", stop.by, stop.reason, _CANCELED_CODE))
                return False
            except _MoneyHeldError as held:
                # The unit is undone, so that no moment of a limit is used up.
                intent.money_held = held.why
            except TooSoonError:
                await intent.slot.wait(lambda: session.hang_up_wanted is not None or session.end is not None)
            if _called_off(session):
                return False

    def _carrier(self) -> Carrier:
        carrier: Carrier = need(self._deps.plugin, "carrier", self._execution.carrier)
        return carrier

    async def _request(self, spec: AgentSpec, decision: Decision) -> DialRequest:
        execution, trunks = self._execution, self._deps.trunks
        trunk = await trunks.route(execution) if execution.carrier == PROVIDER and trunks is not None else None
        return DialRequest(
            callback_id=f"{execution.id}.{execution.attempt}",
            to_number=execution.to_number,
            from_number=execution.from_number,
            ring_seconds=MAX_RING_SECONDS,
            options={
                "user_data": execution.user_data,
                "sip_headers": execution.options.get("sip_headers"),
                "trunk": trunk,
                **_sound_options(execution, spec),
            },
            decision=decision,
            access=await self._deps.access.of_carrier(execution.tenant_id, execution.carrier),
            detect_machine=spec.settings.voicemail.enabled,
        )


def _sound_options(execution: Execution, spec: AgentSpec) -> dict[str, Any]:
    """What a synthetic person at the other end has to know of the call's sound."""
    return {
        "language": spec.transcriber.language,
        "agent_voice": spec.voice.provider,
        "agent_transcriber": spec.transcriber.provider,
        "line": execution.options.get("line"),
    }


async def dial_target(
    deps: RuntimeDeps, execution: Execution, spec: AgentSpec, call: TargetCall, listener: LegListener
) -> Leg:
    """Call the target of a transfer for ``execution``: over the carrier of its call, and a SIP address over SIP. Raises ProviderError."""
    carrier = target_carrier(call.target, execution.carrier)
    # The number the target sees is ours, whoever called whom.
    own = execution.from_number if execution.direction == "outbound" else execution.to_number
    try:
        plugin: Carrier = need(deps.plugin, "carrier", carrier)
        trunk = None
        if carrier == PROVIDER and deps.trunks is not None:
            trunk = await deps.trunks.route(replace(execution, from_number=own))
        access = await deps.access.of_carrier(execution.tenant_id, carrier)
    except CallwrightError as error:
        raise ProviderError(FailureKind.UNAVAILABLE, carrier, error.message) from error
    request = DialRequest(
        callback_id=f"{execution.id}.{execution.attempt}.{call.request}",
        to_number=call.target,
        from_number=own,
        ring_seconds=call.ring_seconds,
        options={"trunk": trunk, **_sound_options(execution, spec)},
        decision=call.decision,
        access=access,
    )
    return await plugin.dial(request, listener)


class _StoppedError(Exception):
    """The row says that the call is not to be dialled: undo the unit and end the call."""

    def __init__(self, by: str, reason: str) -> None:
        super().__init__(reason)
        self.by = by
        self.reason = reason


class _MoneyHeldError(Exception):
    """Calls under way have reserved what a batch's call lacks: undo the unit, and let it wait."""

    def __init__(self, why: BalanceLowError) -> None:
        super().__init__(why.message)
        self.why = why


async def _again_later(unit: Unit, execution: Execution, why: BalanceLowError, now: datetime) -> Change:
    """Write the decision that a call waits until others have given back what they reserved. Returns the change of its row."""
    until = now + timedelta(seconds=MONEY_HELD_SECONDS)
    reason = f"{why.message}; calls under way have reserved it and may give it back"
    held = held_row(execution, reason, now, until)
    await unit.dial_decisions.add([held])
    record = {DECISION: decision_wire(held.decision, now)}
    return Change(Phase.WAITING, "queued", record=record, due_at=until)


class _Intent:
    """The intent to dial, with the decision that it was written by, and the money that is set aside for the call."""

    def __init__(self, deps: RuntimeDeps, spec: AgentSpec) -> None:
        self._deps = deps
        self._spec = spec
        self.slot = DialSlot(deps.ledger, deps.clock)
        self.decision: Decision | None = None
        self.money_held: BalanceLowError | None = None
        """Why the call waits again: other calls have reserved the money that it needs."""

    async def plan(self, unit: Unit, execution: Execution) -> Change:
        """Decides, and returns the change of the row: dialled, waiting again, or only the decision where the call is to end."""
        now = at = self._deps.clock.now()
        _obey_stop(execution)

        async def commit(facts: DialFacts) -> None:
            nonlocal at
            at = await self.slot.take(unit, execution, facts) or now
            # Last: every reservation of the organisation waits for it.
            book = self._deps.book.at(now)
            price = partial(worst_price, self._spec, execution.carrier, book, self._deps.billed_as)
            try:
                await reserve(unit, execution, price, now, facts=facts)
            except BalanceLowError as error:
                if error.is_held:
                    raise _MoneyHeldError(error) from error
                raise

        if self.money_held is not None:
            return await _again_later(unit, execution, self.money_held, now)
        if self.decision is None or execution.phase is not Phase.DIALLING:
            try:
                self.decision = await self._deps.decisions.of_intent(unit, execution, now, commit)
            except BatchPausedError:
                return waits_again(execution, now)
        # Else the intent was written before the connection to the database was lost.
        decision = self.decision
        if decision.verdict is Verdict.WAIT:
            return change_for(decision, now)
        record = {DECISION: decision_wire(decision, now)}
        if not decision.dials:
            return Change(record=record)
        columns = {"initiated_at": at}
        if execution.rescheduled_at is not None and execution.scheduled_at is not None and execution.scheduled_at > at:
            # The hours that it waited for were changed, and it is dialled before them.
            columns["scheduled_at"] = at
        return Change(Phase.DIALLING, "initiated", columns=columns, record=record)


def _obey_stop(execution: Execution) -> None:
    """Raises _StoppedError where a stop was committed that this process has not heard of yet. The row is locked: one that comes later finds
    the call dialled."""
    wish = execution.options.get(STOP_REQUESTED)
    if wish is not None and execution.phase is not Phase.DIALLING:
        raise _StoppedError(str(wish["by"]), str(wish["reason"]))


def _called_off(session: CallSession) -> bool:
    """Whether the call is over before anybody was asked: stopped, or one of its parts failed for good."""
    wanted = session.hang_up_wanted
    if wanted is not None:
        session.closed(LegClosed("canceled", wanted.by, wanted.reason, _CANCELED_CODE))
    return session.end is not None
