"""Batches: a list of contacts is read, checked and staged in one unit; scheduled, stopped and deleted as a whole (contract 3.4, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import IO, Any

from callwright.domain.errors import BadInputError, LackingError, NotFoundError, WrongStateError
from callwright.domain.limits import (
    MAX_BATCHES_LISTED,
    MAX_REFUSED_ROWS_KEPT,
)
from callwright.domain.number import E164, LOOPBACK, SIP, Destination, kind_of_address
from callwright.ops.crash_points import point
from callwright.platform.accounts.rules import Principal
from callwright.platform.agent_settings.rules.agent import TELEPHONY_PROVIDER
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.agents.rules.availability import LINE, Line, Provision
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.audit.actions.record import audit
from callwright.platform.batches.actions.stop import (
    audited,
    stop_claimed,
    stop_first_waiting,
    stop_locked,
    stop_waiting,
)
from callwright.platform.batches.actions.transition import move_batch, tell_of_batch
from callwright.platform.batches.rules.batch import (
    SCHEDULABLE,
    STOPPABLE,
    STOPPABLE_STRICT,
    Batch,
    BatchProgress,
    BatchStatus,
    Contact,
    RefusedRow,
    batch_id_in,
    execution_of_contact,
    rounded_up,
)
from callwright.platform.batches.rules.contact_list import KEEP, ContactList, ListRules, Row
from callwright.platform.calls.actions.calls import check_caller, provided
from callwright.platform.executions.actions.schedule import due_time
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.pace.rules.policy import NO_PACE, BatchPace
from callwright.platform.phone_numbers.actions.numbers import look_for_numbers, sender_number
from callwright.platform.services import Services, missing
from callwright.platform.sip_trunks.rules import PROVIDER as TRUNK_CARRIER
from callwright.platform.unit import Unit

NOT_STOPPABLE = "Batch is not queued or running"
"""The hosted service's own words."""

_PIECE = 2_000
_PIECE_BYTES = 65_536
_PAGE = 200

BatchView = tuple[Batch, BatchProgress]

Begins = dict[tuple[str, str], dict[str, Any]]
"""Kind of address and carrier -> how the record of such a call begins (``platform.availability.Availability.foresee``)."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """The checked fields of ``POST /batches``, beside the file."""

    agent_id: str
    from_numbers: tuple[str, ...] = ()
    retry_config: Mapping[str, Any] | None = None
    webhook_url: str | None = None
    default_country: str | None = None
    duplicates: str = KEEP
    scheduled_at: str | None = None
    bypass_call_guardrails: bool = False
    pace: BatchPace = NO_PACE
    encoding: str | None = None


async def create_batch(
    services: Services, principal: Principal, request: BatchRequest, file_name: str, content: IO[bytes]
) -> Batch:
    """Read the list and stage it, and schedule it where ``scheduled_at`` is given (unless strict: the hosted service ignores it, and the
    ``encoding``). One unit: either the whole batch is there or nothing is. Reading happens on a thread, in pieces, so memory does not grow
    with the list. Raises NotFoundError for an unknown agent, BadInputError for a start that :func:`schedule_batch` refuses, for a file that
    cannot be read, or for one in which nobody can be called."""
    now, strict = services.clock.now(), services.policy.strict
    start = None if strict or request.scheduled_at is None else _start(request.scheduled_at, now, strict=False)
    await look_for_numbers(services, principal, request.from_numbers)
    async with services.ledger.slow_unit(principal.organisation_id) as unit:
        agent = await agent_of(unit, principal, request.agent_id)
        batch = Batch(
            id=services.ids.uuid().replace("-", ""),
            tenant_id=principal.tenant_id,
            agent_id=agent.id,
            status=BatchStatus.PROCESSED,
            created_at=now,
            updated_at=now,
            file_name=file_name,
            from_numbers=request.from_numbers,
            webhook_url=request.webhook_url,
            retry_config=request.retry_config,
            pace=request.pace,
        )
        senders = await _senders(services, unit, principal, agent, request.from_numbers)
        await unit.batches.insert(batch)
        choice = await _carriers(services, unit, principal.tenant_id, agent)
        reading = _Reading(services, choice)
        encoding = None if strict else request.encoding
        rules = ListRules(request.default_country, request.duplicates, strict, encoding)
        contact_list = await asyncio.to_thread(ContactList, lambda: _pieces(content), rules)
        rows = contact_list.rows(choice.check)
        while piece := await asyncio.to_thread(reading.piece, rows):
            await unit.batches.contacts.stage(batch.id, piece.contacts)
            if piece.refused:
                await unit.batches.refused.stage(batch.id, piece.refused)
        reading.check()
        batch = await unit.batches.change(
            batch.id,
            from_numbers=senders or await _numbers_for(services, unit, principal, agent, reading.carriers),
            total_contacts=reading.total,
            valid_contacts=reading.valid,
            refused=tuple(reading.refused),
            list_format=contact_list.format,
            **reading.choice.told(),
        )
        await audit(unit, principal, "batch.created", batch.id, after=audited(batch))
        await tell_of_batch(unit, batch, services.batch_publisher)
        if start is not None:
            batch = await _scheduled(services, unit, principal, batch, start, request.bypass_call_guardrails)
        point("batch.staging")
    return batch


async def _senders(
    services: Services, unit: Unit, principal: Principal, agent: StoredAgent, numbers: Sequence[str]
) -> tuple[str, ...]:
    """The numbers as calls show them. Raises BadInputError for one that ``POST /call`` would not call from."""
    provider = parse_agent(agent.body, defaults=services.policy.defaults).telephony_provider
    carrier = services.policy.carrier if provider == TELEPHONY_PROVIDER.default else provider
    what = "from_phone_numbers"
    return tuple(
        [await sender_number(services, unit, principal, agent.id, carrier, number, what) for number in numbers]
    )


async def _numbers_for(
    services: Services, unit: Unit, principal: Principal, agent: StoredAgent, carriers: Mapping[str, str]
) -> tuple[str, ...]:
    """The numbers of a batch that names none: that of its carrier, where it has one."""
    used = carriers.values()
    carrier = TRUNK_CARRIER if TRUNK_CARRIER in used else carriers.get(E164, "")
    sender = await sender_number(services, unit, principal, agent.id, carrier, None, "from_phone_numbers")
    return () if sender == services.policy.from_number else (sender,)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some rows of a list in a row."""

    contacts: list[Contact] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """A list being read: how many rows there were, and the first that cannot be called."""

    services: Services
    choice: _Carriers
    total: int = 0
    valid: int = 0
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def carriers(self) -> Mapping[str, str]:
        """The carriers of those kinds of addresses that were found."""
        return {kind: found.carrier for kind, found in self.choice.used.items()}

    def piece(self, rows: Iterator[Row]) -> _Piece | None:
        """The next rows, or None when there are no more."""
        found = _Piece()
        before = self.total
        for row in islice(rows, _PIECE):
            self.total += 1
            if isinstance(row, RefusedRow):
                found.refused.append(row)
                if len(self.refused) < MAX_REFUSED_ROWS_KEPT:
                    self.refused.append(replace(row, cells=()))
                continue
            self.valid += 1
            to = row.destination
            contact_id = self.services.ids.uuid()
            carrier = self.choice.used[to.kind].carrier
            found.contacts.append(
                Contact(self.valid, row.line, contact_id, to.value, carrier, row.variables, row.written)
            )
        return found if self.total > before else None

    def check(self) -> None:
        """Raise when there is nobody to call."""
        if self.total == 0:
            raise BadInputError("file has a header and no contacts", field="file")
        if self.valid == 0:
            lacking = self.choice.chosen[E164]
            if isinstance(lacking, LackingError) and self.refused[0].reason == lacking.message:
                raise lacking
            first = self.refused[0]
            raise BadInputError(
                f"file: none of its {self.total} contacts can be called; line {first.line}: {first.reason}",
                field="file",
                hint=first.hint,
            )


@dataclass(slots=True)
class _Carriers:
    """The carrier of each kind of address, decided once for a whole list, or why there is none. ``used``: of the kinds that were found."""

    services: Services
    chosen: Mapping[str, Provision | BadInputError]
    used: dict[str, Provision] = field(default_factory=dict)

    def check(self, destination: Destination, variables: Mapping[str, str]) -> None:
        """Raise the error of ``POST /call`` for an address that cannot be called from here."""
        check_caller(self.services, destination, variables)
        found = self.chosen[destination.kind]
        if isinstance(found, BadInputError):
            raise found
        self.used[destination.kind] = found

    def told(self) -> dict[str, Any]:
        """What the calls to the addresses that were found run with: ``sandbox`` and ``stand_ins`` of the batch."""
        stand_ins = dict.fromkeys(one for found in self.used.values() for one in found.stand_ins)
        return {
            "sandbox": any(found.sandbox for found in self.used.values()),
            "stand_ins": tuple(one.as_wire() for one in stand_ins),
        }


async def _carriers(services: Services, unit: Unit, tenant_id: str, agent: StoredAgent) -> _Carriers:
    """Raises LackingError when the agent can call nobody."""
    spec = parse_agent(agent.body, defaults=services.policy.defaults)
    chosen: dict[str, Provision | BadInputError] = {}
    for kind in (E164, SIP, LOOPBACK):
        try:
            chosen[kind] = await provided(services, unit, tenant_id, spec, Destination(kind, ""))
        except BadInputError as error:
            if isinstance(error, LackingError) and error.leg != LINE:
                raise
            chosen[kind] = error
    return _Carriers(services, chosen)


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    """A file from its beginning, so many bytes at a time."""
    content.seek(0)
    while piece := content.read(_PIECE_BYTES):
        yield piece


async def get_batch(services: Services, principal: Principal, batch_id: str) -> BatchView:
    """One batch and how far it is. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        batch = await batch_of(unit, principal, batch_id)
        return batch, (await unit.batches.progress([batch]))[batch.id]


async def decisions_of_batch(services: Services, batch_id: str) -> Mapping[str, int]:
    """By rule, how many executions of a batch that was read it has decided."""
    async with services.ledger.reading() as unit:
        return await unit.dial_decisions.rules_of_batch(batch_id)


async def list_batches(services: Services, principal: Principal, agent_id: str) -> list[BatchView]:
    """An agent's batches, newest first, at most MAX_BATCHES_LISTED of them. Raises NotFoundError for an unknown agent."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        batches = await unit.batches.of_agent(principal.tenant_id, agent.id, MAX_BATCHES_LISTED)
        progress = await unit.batches.progress(batches)
        return [(batch, progress[batch.id]) for batch in batches]


async def batch_of(unit: Unit, principal: Principal, batch_id: str) -> Batch:
    """A batch of the tenant. Raises NotFoundError."""
    found = await unit.batches.get(principal.tenant_id, batch_key(batch_id))
    if found is None:
        raise missing("batch")
    return found


async def _locked(unit: Unit, principal: Principal, batch_id: str) -> Batch:
    found = await unit.batches.lock(principal.tenant_id, batch_key(batch_id))
    if found is None:
        raise missing("batch")
    return found


def batch_key(text: str) -> str:
    """A batch's id as the ledger holds it: 32 hex digits; the form of a UUID is the same. Anything else is a NotFoundError."""
    key = batch_id_in(text)
    if key is None:
        raise missing("batch")
    return key


async def executions_of_batch(
    services: Services, principal: Principal, batch_id: str
) -> AsyncIterator[list[Execution]]:
    """The executions of a batch, one for each accepted row, in the order of the file, so many at a time, contacts that still wait among
    them. One that is released meanwhile comes once, as the one or the other; of a batch that is deleted meanwhile the executions that stay
    come to the last. Check the batch with :func:`get_batch` first.
    """
    key = batch_key(batch_id)
    after: tuple[datetime, str] | None = None
    position = 0
    known: Begins = {}
    while True:
        async with services.ledger.unit() as unit:
            # Deleted meanwhile: what was stopped in it is still to be written, and stays.
            batch = await unit.batches.get(principal.tenant_id, key, also_deleted=True)
            # Contacts first: one that is released between the two looks is seen twice, and kept once.
            contacts = [] if batch is None else await unit.batches.contacts.after(key, position, _PAGE)
            rows = await unit.executions.of_batch(principal.tenant_id, key, after, _PAGE)
            waiting = (
                []
                if batch is None
                else [await execution_that_waits(services, unit, batch, one, known) for one in contacts]
            )
        found = {one.id: one for one in waiting} | {row.id: row for row in rows}
        page = sorted(found.values(), key=_place)[:_PAGE]
        if not page:
            return
        yield page
        after, ids = _place(page[-1]), {row.id for row in page}
        position = max((one.position for one in contacts if one.execution_id in ids), default=position)


async def execution_that_waits(
    services: Services, unit: Unit, batch: Batch, contact: Contact, known: Begins
) -> Execution:
    """The execution a contact of a batch is. ``known``: how the records of such begin, as far as it was looked up before."""
    alike = (kind_of_address(contact.number), contact.carrier)
    if alike not in known:
        agent = await unit.agents.get(batch.tenant_id, batch.agent_id)
        line = Line(Destination(alike[0], contact.number), contact.carrier)
        body = {} if agent is None else agent.body
        known[alike] = await services.availability.foresee(unit, batch.tenant_id, body, line)
    return replace(execution_of_contact(batch, contact, services.policy.from_number), record=known[alike])


def _place(execution: Execution) -> tuple[datetime, str]:
    return execution.created_at, execution.id


async def schedule_batch(
    services: Services, principal: Principal, batch_id: str, scheduled_at: str | None, bypass: bool
) -> Batch:
    """Give a batch its start; a scheduled one can be moved. Raises NotFoundError, BadInputError, or WrongStateError for one that has begun.

    Strict as the hosted service: at least two minutes and at most 30 days ahead, rounded up to the next ten minutes. Otherwise any
    time from now on, as it is.
    """
    now = services.clock.now()
    async with services.ledger.unit() as unit:
        batch = await _locked(unit, principal, batch_id)
        if scheduled_at is None:
            raise BadInputError("scheduled_at is required", field="scheduled_at")
        at = _start(scheduled_at, now, strict=services.policy.strict)
        if batch.status not in SCHEDULABLE:
            raise WrongStateError(f"the batch cannot be scheduled: it is {batch.status.value}")
        return await _scheduled(services, unit, principal, batch, at, bypass)


def _start(scheduled_at: str, now: datetime, *, strict: bool) -> datetime:
    at = due_time(scheduled_at, now, strict=strict) or now
    return rounded_up(at.astimezone(UTC)) if strict else at


async def _scheduled(
    services: Services, unit: Unit, principal: Principal, batch: Batch, at: datetime, bypass: bool
) -> Batch:
    columns = {"scheduled_at": at, "bypass_call_guardrails": bypass}
    after = await move_batch(unit, batch, BatchStatus.SCHEDULED, services.batch_publisher, **columns)
    await audit(unit, principal, "batch.scheduled", batch.id, before=audited(batch), after=audited(after))
    point("batch.scheduling")
    return after


async def stop_batch(services: Services, principal: Principal, batch_id: str) -> Batch:
    """Stop a batch: what waits becomes ``stopped``, live calls come to their end. NotFoundError also for one that has not begun or is over,
    as the hosted service answers."""
    async with services.ledger.unit() as unit:
        await unit.pace.hold_admission()
        batch = await _locked(unit, principal, batch_id)
        stoppable = STOPPABLE_STRICT if services.policy.strict else STOPPABLE
        if batch.status not in stoppable:
            raise NotFoundError(NOT_STOPPABLE, hint=f"Its status is {batch.status.value}.")
        after, _ = await stop_locked(unit, services, batch)
        await audit(unit, principal, "batch.stopped", batch.id, before=audited(batch), after=audited(after))
        point("batch_stop.writing")
    point("batch_stop.written")
    await stop_first_waiting(services, after.id)
    return after


async def delete_batch(services: Services, principal: Principal, batch_id: str) -> None:
    """Delete a batch and the contacts that wait in it. What waits in the queue is stopped; calls that were dialled, or are, stay
    as records, and so do contacts that were stopped with the batch before. Raises NotFoundError."""
    # It is deleted when no more than a piece waits. No other organisation's calls wait for the admission meanwhile.
    is_gone, holds = False, True
    while not is_gone:
        is_gone, holds = await _delete_stopped(services, principal, batch_id, holds_admission=holds)


DELETION = "the batch is being deleted"


async def _delete_stopped(
    services: Services, principal: Principal, batch_id: str, *, holds_admission: bool
) -> tuple[bool, bool]:
    """Stop a piece of the calls that wait in a batch, and delete it unless there are more. Whether it is gone, and else whether the next
    piece must hold the admission: while the batch is paused or stopped nobody takes its calls."""
    async with services.ledger.unit() as unit:
        if holds_admission:
            await unit.pace.hold_admission()
        batch = await _locked(unit, principal, batch_id)
        now = services.clock.now()
        if holds_admission:
            # Otherwise a call could be taken between the look at those that are taken and the look at those that wait.
            await unit.pace.withdraw(batch.id)
            await stop_claimed(unit, services.publisher, batch.id, now)
        elif batch.status in STOPPABLE and batch.paused_at is None:
            # Somebody has resumed it.
            return False, True
        _, more = await stop_waiting(unit, services.publisher, batch.id, now)
        if more:
            if batch.status in STOPPABLE and batch.paused_at is None:
                # Nothing of it begins until it is gone.
                await unit.batches.change(batch.id, paused_at=now, paused_by="request", paused_reason=DELETION)
            return False, False
        # The stop was promised to each of its contacts: STOPPED_CONTACTS_JOB writes what is left, and deletes the batch then.
        if batch.status is BatchStatus.STOPPED and await unit.batches.contacts.ids(batch.id, 1):
            await unit.batches.mark_deleted(batch.id)
        else:
            await unit.batches.delete(batch.id)
        await audit(unit, principal, "batch.deleted", batch.id, before=audited(batch))
    return True, False
