"""The desk: takes the calls that come in, finds their agents and gives each to an attempt, or refuses it."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from callwright.call.live.answering import BUSY, HEADERS, UNAVAILABLE, Answering, OfferedLeg, unwatched
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.screening import CALLER, Screening
from callwright.call.process.attempt import Attempt, Office
from callwright.call.process.incarnation import Incarnation
from callwright.call.process.worker import Worker
from callwright.domain.errors import BalanceLowError, ConflictError, StaleOwnerError, UnavailableError
from callwright.domain.limits import (
    INBOUND_LOOKUP_SECONDS,
    MAX_HEADER_VARIABLES,
    MAX_NAME_CHARACTERS,
    MAX_NUMBER_CHARACTERS,
    MAX_SIP_HEADER_CHARACTERS,
    MAX_SIP_HEADERS_KEPT,
)
from callwright.ops.rounds import round_boundary
from callwright.platform.agents.rules.availability import Line
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.executions.actions.transition import insert_owned
from callwright.platform.executions.rules.execution import Execution, Phase, status_of
from callwright.platform.inbound.rules.caller import caller_number
from callwright.platform.pace.rules.inbound import InboundAllowance
from callwright.platform.phone_numbers.rules import TRUNK, PhoneNumber, dialled_form
from callwright.platform.unit import Unit
from callwright.platform.wallet.actions.reservations import reserve
from callwright.ports.failures import FailureKind
from callwright.ports.leg import InboundOffer, Leg, LegListener, LendsTrunk, TrunkCall

_LOG = logging.getLogger(__name__)

NOT_FOUND = 404
LOOP_DETECTED = 482
NOT_ACCEPTABLE = 488
ANONYMOUS = "anonymous"
_NOT_OF_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a call is not taken: the word of the metric, and the SIP status the caller gets."""

    why: str
    code: int


_UNKNOWN = _Refusal("unknown", NOT_FOUND)
_IN_CLEAR = _Refusal("not encrypted", NOT_ACCEPTABLE)
_PROCESS_BUSY = _Refusal("busy", BUSY)
_TOO_MANY_AT_ONCE = _Refusal("rate", BUSY)
_DRAINING = _Refusal("draining", BUSY)
_TENANT_BUSY = _Refusal("concurrency", BUSY)
_BALANCE_LOW = _Refusal("balance", BUSY)
_REPEATED = _Refusal("repeated", LOOP_DETECTED)
_DATABASE = _Refusal("database", UNAVAILABLE)
_DEFECT = _Refusal("error", UNAVAILABLE)


class Desk:
    """``ports.leg.InboundDesk``. A call counts among the worker's from the moment it is offered."""

    def __init__(self, office: Office, worker: Worker, incarnation: Incarnation) -> None:
        self._office = office
        self._worker = worker
        self._incarnation = incarnation
        self._refusing: set[asyncio.Task[None]] = set()
        self._allowance = InboundAllowance(office.deps.settings.inbound_per_second)

    def offered(self, offer: InboundOffer, leg: Leg) -> LegListener:
        """A call comes in. Returns at once with its listener; what happens is kept until the call's own listener is there."""
        offered = OfferedLeg(leg)
        cleaned = _cleaned(offer)
        refusal = self._refusal(cleaned)
        if refusal is None:
            self._worker.hold(self._serve(cleaned, offered))
        else:
            task = asyncio.get_running_loop().create_task(self._refuse(cleaned, offered, refusal))
            self._refusing.add(task)
            task.add_done_callback(self._refusing.discard)
        return offered

    def _refusal(self, offer: InboundOffer) -> _Refusal | None:
        """Why a call is not even looked at."""
        if self._worker.draining:
            return _DRAINING
        if self._worker.room <= 0:
            return _PROCESS_BUSY
        place = self._office.place
        may = self._allowance.take(offer.counted_as, place.pacer.late_ms, place.clock.monotonic_us())
        return None if may else _TOO_MANY_AT_ONCE

    async def aclose(self) -> None:
        """Wait until those that were to be refused are."""
        await asyncio.gather(*self._refusing, return_exceptions=True)

    async def _serve(self, offer: InboundOffer, offered: OfferedLeg) -> None:
        refusal: _Refusal | None = _DEFECT
        with round_boundary("taking a call that came in"):
            try:
                refusal = await self._take(offer, offered)
            except (UnavailableError, StaleOwnerError, TimeoutError) as error:
                _LOG.warning("a call that came in cannot be written: %s", error)
                refusal = _DATABASE
        if refusal is not None:
            await self._refuse(offer, offered, refusal)

    async def _refuse(self, offer: InboundOffer, offered: OfferedLeg, refusal: _Refusal) -> None:
        self._office.deps.metrics.inbound_refused.labels(reason=refusal.why).inc()
        _LOG.info("a call of %s to %s is refused with %d: %s", offer.caller, offer.called, refusal.code, refusal.why)
        with plugin_boundary(offer.carrier, _not_refused):
            await offered.refuse(refusal.code)

    async def _take(self, offer: InboundOffer, offered: OfferedLeg) -> _Refusal | None:
        """Find the agent, write the execution and run the call to its end; or the reason why not."""
        deps = self._office.deps
        async with self._unit() as unit:
            number, agent = await _answering(unit, offer)
            if agent is None:
                return _UNKNOWN
            if not offer.encrypted and await _must_encrypt(unit, number):
                return _IN_CLEAR
            begins = await deps.availability.foresee(unit, agent.tenant_id, agent.body, Line())
        offer = _with_wanted_headers(offer, agent.body)
        execution = replace(self._execution(offer, number, agent), record=begins)
        lend_trunk(deps, offer, execution, offered.leg)
        # Who arranged a call has a key, or an agent that says which pages may call it.
        screening = Screening(deps, offer.headers) if offer.arranged is None else None
        answering = Answering(offer, offered, deps.clock, screening)
        attempt = Attempt(self._office, execution, answering)
        # Known before it is written: otherwise the heartbeat could take it for a call that was lost.
        with self._worker.knows(attempt):
            try:
                async with self._unit() as unit:
                    # What a vendor asks may be sent again, also to another life of the server.
                    free, once = self._worker.free + 1, bool(offer.account)
                    taken = await insert_owned(unit, execution, deps.publisher, free, once=once)
                    if taken:
                        await self._reserve(unit, execution)
            except BalanceLowError:
                return _BALANCE_LOW
            except ConflictError:
                return _REPEATED
            if not taken:
                return _TENANT_BUSY
            await attempt.run()
        return None

    async def _reserve(self, unit: Unit, execution: Execution) -> None:
        """Nobody who rings pays for an empty wallet, unless the operator says so."""
        deps = self._office.deps
        refuse = deps.settings.refuse_unfunded
        await reserve(unit, execution, lambda: deps.price_of(execution, unwatched), deps.clock.now(), refuse=refuse)

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[Unit]:
        """A transaction that may not take long: the caller waits."""
        async with asyncio.timeout(INBOUND_LOOKUP_SECONDS), self._office.deps.ledger.unit() as unit:
            yield unit

    def _execution(self, offer: InboundOffer, number: PhoneNumber | None, agent: StoredAgent) -> Execution:
        now = self._office.deps.clock.now()
        arranged = offer.arranged
        by_trunk = number is not None and number.kind == TRUNK
        return Execution(
            id=self._office.deps.ids.uuid() if arranged is None else arranged.execution_id,
            tenant_id=agent.tenant_id,
            agent_id=agent.id,
            status=status_of(Phase.DIALLING, "ringing"),
            phase=Phase.DIALLING,
            detail="ringing",
            attempt=1,
            direction="inbound",
            carrier=number.provider if number is not None and by_trunk else offer.carrier,
            to_number=number.number if number is not None and by_trunk else offer.called,
            from_number=caller_number(offer.caller) if by_trunk else offer.caller,
            created_at=now,
            updated_at=now,
            owner=self._incarnation.id,
            ringing_at=now,
            provider_call_id=offer.provider_call_id,
            user_data=header_variables(offer.headers, agent.body.get("sip_header_variables"))
            if arranged is None
            else dict(arranged.user_data),
            options=_options(offer) if arranged is None else {},
            agent=dict(agent.body),
        )


async def _answering(unit: Unit, offer: InboundOffer) -> tuple[PhoneNumber | None, StoredAgent | None]:
    """The number that was called and the agent of the call: by its id, or by a number it answers, however either is spelt. A call that was
    arranged has the agent it was arranged with, unless that is gone. Over a trunk's registration only its numbers are called."""
    if offer.arranged is not None:
        agent = await unit.agents.get(offer.arranged.tenant_id, offer.arranged.agent_id)
        if agent is not None and offer.arranged.agent is not None:
            agent = replace(agent, body=offer.arranged.agent)
        return None, agent
    dialled = dialled_form(offer.called)
    if offer.trunk:
        number = await unit.numbers.called_over(offer.trunk, dialled)
    else:
        try:
            return None, await unit.agents.get_any(str(uuid.UUID(offer.called)))
        except ValueError:
            number = await unit.numbers.called_at(offer.carrier, dialled)
            if number is None:
                number = await unit.numbers.called(dialled, offer.source)
    if number is None or number.agent_id is None:
        return number, None
    return number, await unit.agents.get_any(number.agent_id)


def lend_trunk(deps: RuntimeDeps, offer: InboundOffer, execution: Execution, leg: Leg) -> None:
    """A call of a trunk is transferred through that trunk."""
    if deps.trunks is not None and execution.carrier != offer.carrier:
        carrier = deps.plugin("carrier", execution.carrier)
        if isinstance(carrier, LendsTrunk):
            own = execution.to_number
            # Read when there is a target.
            trunk = partial(deps.trunks.route, replace(execution, from_number=own))
            carrier.lend(leg, TrunkCall(f"{execution.id}.{execution.attempt}", own, offer.source, trunk))


async def _must_encrypt(unit: Unit, number: PhoneNumber | None) -> bool:
    """Whether a call to a number may not be in clear: its trunk says so."""
    if number is None or number.trunk_id is None:
        return False
    trunk = await unit.trunks.get(number.tenant_id, number.trunk_id)
    return trunk is not None and trunk.settings.must_encrypt


def _options(offer: InboundOffer) -> dict[str, Any]:
    return {CALLER: caller_number(offer.caller), **({HEADERS: dict(offer.headers)} if offer.headers else {})}


def header_variables(headers: Mapping[str, str], wanted: Any) -> dict[str, str]:
    """Variables of the prompt from the call's headers: each as ``sip_<name>``, and those that the agent names in ``sip_header_variables``
    (header -> variable, contract 12.3; a missing header is empty there). Names of headers have no case."""
    variables = {f"sip_{_NOT_OF_A_NAME.sub('_', name.lower()).strip('_')}": value for name, value in headers.items()}
    if isinstance(wanted, Mapping):
        by_name = {name.lower(): value for name, value in headers.items()}
        variables.update((str(variable), by_name.get(str(name).lower(), "")) for name, variable in wanted.items())
    return variables


def _with_wanted_headers(offer: InboundOffer, body: Mapping[str, Any]) -> InboundOffer:
    """The offer with those of its other headers that the agent names, each as the agent writes its name."""
    named = body.get("sip_header_variables")
    wanted = [*(named if isinstance(named, Mapping) else ()), body.get("ingest_lookup_key")]
    kept, headers = {name.lower() for name in offer.headers}, dict(offer.headers)
    for name in wanted[: MAX_HEADER_VARIABLES + 1]:
        key = name.strip().lower() if isinstance(name, str) else ""
        if key in offer.others and key not in kept:
            kept.add(key)
            headers[name.strip()] = _text(offer.others[key], MAX_SIP_HEADER_CHARACTERS)
    return replace(offer, headers=headers)


def _cleaned(offer: InboundOffer) -> InboundOffer:
    """The offer without what cannot be shown or stored: strangers write these texts."""
    kept = list(offer.headers.items())[:MAX_SIP_HEADERS_KEPT]
    return replace(
        offer,
        called=_text(offer.called, MAX_NUMBER_CHARACTERS),
        caller=_text(offer.caller, MAX_NUMBER_CHARACTERS) or ("" if offer.arranged is not None else ANONYMOUS),
        provider_call_id=_text(offer.provider_call_id, MAX_NAME_CHARACTERS),
        headers={_text(name, MAX_NAME_CHARACTERS): _text(value, MAX_SIP_HEADER_CHARACTERS) for name, value in kept},
    )


def _text(text: str, most: int) -> str:
    return "".join(character for character in text if character.isprintable())[:most].strip()


def _not_refused(kind: FailureKind, message: str) -> None:
    _LOG.warning("a call that came in could not be refused: %s", message)
