"""The ledger of executions. Admission and claiming are in ``admission``, what a change may do in ``changes``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from callwright.domain.errors import (
    ConflictError,
    NotFoundError,
    StaleOwnerError,
    WrongStateError,
)
from callwright.platform.batches.rows import pages as batch_pages
from callwright.platform.batches.rules.batch import Batch, Contact
from callwright.platform.execution_list import rows as execution_list
from callwright.platform.executions.rows.changes import TIMES, Plan, writes
from callwright.platform.executions.rows.columns import COLUMNS, NAMES, SHOWN, execution_of
from callwright.platform.executions.rules.changes import Change, ExecutionFilter, Page
from callwright.platform.executions.rules.execution import PHASES, Execution, Phase, may_begin
from callwright.platform.inbound.rules.caller import spellings
from callwright.platform.pace.rows import admission
from callwright.platform.usage import rows as usage
from callwright.platform.wallet import rows as wallet

_BUSY = "phase in ('admitted', 'claimed', 'dialling', 'live')"
_NOT_FORGOTTEN = "not exists (select from node where incarnation = $2 and dead_at is not null)"
_FILTERS: Mapping[str, str] = {
    "status": "status = ",
    "call_type": "direction = ",
    "provider": "carrier = ",
    "answered_by_voice_mail": "coalesce(answered_by_voice_mail, false) = ",
    "batch_id": "batch_id = ",
    "created_from": "created_at >= ",
    "created_to": "created_at <= ",
}


#: The row of its owner, without what the owner knows. A write of a process that lost it, or was declared dead, finds no row.
_OWNED = (
    f"select {SHOWN}, now() from execution where id = $1 and owner = $2 and attempt = $3 and {_NOT_FORGOTTEN}"
    " for no key update of execution"
)
_SHOW = f"select {SHOWN}, xmin::text::bigint as version from execution where id = $1 and tenant_id = $2"
#: The total of an agent's executions, and the hour in which the one behind ``$2`` others lies: its end, and how many came after it.
_PLACE = """
with hours as (
  select hour, sum(n) as n from execution_count
  where agent_id = (select id from agent where id = $1 and tenant_id = $3) group by hour
), places as (
  select hour, n, sum(n) over (order by hour desc) as upto from hours
), here as (
  select hour + interval '1 hour' as hour, upto - n as before from places where upto > $2 order by upto limit 1
)
select (select sum(n) from hours) as total, (select hour from here) as hour, (select before from here) as before"""


#: That a number was dialled stays, without its execution, and counts as an attempt until housekeeping deletes it.
_DELETE_DECISIONS = (
    "delete from dial_decision where execution_id = any($1::text[]) and not (step = 'dialling' and verdict = 'dial')"
)
#: The figures are those of ``batches.COUNTS``.
_DELETE = """
with gone as (
  delete from execution where id = any($1::text[]) returning batch_id, status, total_cost_nano, answered_at, ended_at
), kept as (
  select id from batch where id in (select batch_id from gone) order by id for key share
)
insert into batch_pruned as p (batch_id, status, number, cost, answered, talk_us)
select g.batch_id, g.status, count(*), sum(g.total_cost_nano), count(g.answered_at),
  coalesce(sum(extract(epoch from g.ended_at - g.answered_at)) * 1000000, 0)
from gone g join kept k on k.id = g.batch_id group by 1, 2 order by 1, 2
on conflict (batch_id, status) do update set number = p.number + excluded.number, cost = p.cost + excluded.cost,
  answered = p.answered + excluded.answered, talk_us = p.talk_us + excluded.talk_us"""


_DELETED_AT_ONCE = 5_000

_CAME_IN = """
select exists (
  select from execution where direction = 'inbound' and tenant_id = $1 and carrier = $2 and provider_call_id = $3
)"""


class ExecutionRows:
    """The ledger of executions."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._now: datetime | None = None
        """When the unit began, once a row was locked."""
        self._moved: set[str] = set()
        self.summaries = execution_list.SummaryRows(connection)

    async def insert(self, *executions: Execution) -> None:
        """New executions in phase waiting. NotFoundError when an agent is not one of the tenant, ConflictError when an id exists."""
        if any(one.phase is not Phase.WAITING or one.owner is not None or one.attempt != 0 for one in executions):
            raise WrongStateError("a new execution starts in phase waiting, without an owner or an attempt")
        await _insert(self._connection, *executions)

    async def insert_owned(self, execution: Execution, free: int, *, once: bool = False) -> bool:
        """A call that comes in: a new execution that already belongs to its owner, in its first attempt (the attempt row is opened
        too). ``free``: the owner's free places, this call's included. False, and nothing is written, when the tenant's concurrency or its
        organisation's share of the owner's places is used up. StaleOwnerError when the owner was declared dead. ``once``: ConflictError
        when a call of the tenant with this ``provider_call_id`` came in over the carrier before."""
        if execution.owner is None or execution.attempt != 1 or not PHASES[execution.phase][1]:
            raise WrongStateError("a call that comes in begins with its owner and its first attempt")
        if not await admission.make_room(self._connection, execution.owner, execution.tenant_id, free):
            return False
        # Nobody else takes a call until the unit ends.
        names = (execution.tenant_id, execution.carrier, execution.provider_call_id)
        if once and await self._connection.fetchval(_CAME_IN, *names):
            raise ConflictError("this call came in before")
        await _insert(self._connection, execution)
        await self._connection.execute(
            "insert into attempt (execution_id, attempt, owner, ringing_at, provider_call_id, tenant_id)"
            " values ($1, 1, $2, $3, $4, $5)",
            execution.id,
            execution.owner,
            execution.ringing_at,
            execution.provider_call_id,
            execution.tenant_id,
        )
        return True

    async def get(self, tenant_id: str, execution_id: str) -> Execution | None:
        """One execution of the tenant, or None."""
        return await self._one("id = $1 and tenant_id = $2", execution_id, tenant_id)

    async def get_any(self, execution_id: str) -> Execution | None:
        """One execution whoever owns it: for the platform's own work, never for a request."""
        return await self._one("id = $1", execution_id)

    async def came_in(self, carrier: str, provider_call_id: str) -> list[Execution]:
        """The calls, of all accounts, that came in over a carrier under its id, the earliest first."""
        rows = await self._connection.fetch(
            f"select {COLUMNS} from execution where direction = 'inbound' and carrier = $1 and provider_call_id = $2"
            " order by created_at, id limit 10",
            carrier,
            provider_call_id,
        )
        return [execution_of(row) for row in rows]

    async def lock(self, execution_id: str) -> Execution | None:
        """The row, locked until the unit ends (select for update)."""
        return await self._one("id = $1 for no key update", execution_id)

    async def get_shown(self, tenant_id: str, execution_id: str) -> tuple[Execution, int] | None:
        """One execution of the tenant without its agent, and the version of its row; or None."""
        row = await self._connection.fetchrow(_SHOW, execution_id, tenant_id)
        return None if row is None else (execution_of(row), int(row["version"]))

    async def version(self, tenant_id: str, execution_id: str) -> int | None:
        """The version of an execution's row, another one after every change; None when there is no such execution."""
        found = await self._connection.fetchval(
            "select xmin::text::bigint from execution where id = $1 and tenant_id = $2", execution_id, tenant_id
        )
        return None if found is None else int(found)

    async def page(self, tenant_id: str, agent_id: str, narrow: ExecutionFilter, number: int, size: int) -> Page:
        """Page ``number`` (from 1) of an agent's executions, newest first, without their agents. Without a filter nothing is counted: the
        hours before the page are skipped by their counts."""
        skip = (number - 1) * size
        if narrow != ExecutionFilter():
            where, arguments = _conditions(tenant_id, agent_id, narrow)
            total = await self._connection.fetchval(f"select count(*) from execution where {where}", *arguments)
            return Page(await _rows(self._connection, where, arguments, size, skip), total)
        place = await self._connection.fetchrow(_PLACE, agent_id, skip, tenant_id)
        total = int(place["total"] or 0)
        if place["hour"] is None:
            return Page([], total)
        where = "tenant_id = $1 and agent_id = $2 and created_at < $3"
        rows = await _rows(
            self._connection, where, [tenant_id, agent_id, place["hour"]], size, int(skip - place["before"])
        )
        return Page(rows, total)

    async def page_after(
        self, tenant_id: str, agent_id: str, narrow: ExecutionFilter, after: tuple[datetime, str], size: int
    ) -> Page:
        """The executions behind one of them, by its time of creation and id, newest first, without their agents."""
        where, arguments = _conditions(tenant_id, agent_id, narrow)
        if narrow == ExecutionFilter():
            total = (await self._connection.fetchrow(_PLACE, agent_id, 0, tenant_id))["total"]
        else:
            total = await self._connection.fetchval(f"select count(*) from execution where {where}", *arguments)
        where += f" and (created_at, id) < (${len(arguments) + 1}, ${len(arguments) + 2})"
        return Page(await _rows(self._connection, where, [*arguments, *after], size, 0), int(total or 0))

    async def page_of_batch(
        self, batch: Batch, narrow: ExecutionFilter, skip: int, after: tuple[datetime, str] | None, size: int
    ) -> tuple[list[Execution | Contact], int]:
        """Executions of a batch, newest first, and how many match in all. They come behind ``skip`` others, or behind ``after``, as in
        ``page_after``. A contact that waits stands for the execution that it becomes."""
        where, arguments = _conditions(batch.tenant_id, batch.agent_id, narrow)
        return await batch_pages.page_of_batch(self._connection, where, arguments, batch, narrow, (skip, after, size))

    async def candidates(self, node_limit: int) -> list[Execution]:
        """The executions that may be admitted next: waiting, due, and within their tenant's concurrency. Their rows are locked until
        the unit ends, and no other process gets candidates meanwhile (advisory lock inside; returns [] when another holds it)."""
        return await admission.candidates(self._connection, node_limit)

    async def admit(self, execution_ids: Sequence[str]) -> list[Execution]:
        """Candidates of this unit become ``admitted``. Returns those that did."""
        return await admission.admit(self._connection, execution_ids)

    async def claim(self, owner: str, count: int, batch_calls: int | None = None) -> list[Execution]:
        """Take up to ``count`` admitted executions for ``owner`` (skip locked): phase claimed, attempt + 1. Also opens the attempt row. Of
        batches up to ``batch_calls``, None without a bound."""
        return await admission.claim(self._connection, owner, count, batch_calls)

    async def change(
        self, execution_id: str, change: Change, *, owner: str | None = None, attempt: int | None = None
    ) -> Execution:
        """Apply a change and return the row after it.

        With ``owner`` only while that incarnation lives and owns that attempt: StaleOwnerError otherwise. Without, a change of phase is
        refused (WrongStateError) while a living process owns the row. WrongStateError when the domain's tables do not allow it,
        ValueError for a column that cannot be changed.
        """
        before = await self._locked_for(execution_id, change, owner, attempt)
        return (await self.move(before, change))[-1]

    async def lock_owned(self, known: Execution) -> Execution:
        """The row of an execution that its owner knows as ``known``, as it is now, locked until the unit ends. StaleOwnerError when it is
        not the owner's any more. What never changes is not read again."""
        row = await self._connection.fetchrow(_OWNED, known.id, known.owner, known.attempt)
        if row is None:
            raise _stale(known.id)
        self._now = row[-1]
        return replace(execution_of(row), agent=known.agent)

    async def move(self, locked: Execution, *changes: Change) -> list[Execution]:
        """Apply changes, one after the other, to a row that this unit has locked, and return the row after each. Whoever locked it has
        checked that it may change the row. WrongStateError as for :meth:`change`."""
        now = self._now or await self._connection.fetchval("select now()")
        rows: list[Execution] = []
        latest = locked.updated_at
        for write in writes(locked, [_dated(change, now) for change in changes]):
            # What an earlier change of the row deferred comes before this one.
            if locked.id in self._moved:
                await self._connection.flush()
            self._moved.add(locked.id)
            for row in write.rows:
                latest = max(latest, _updated_at(row, now))
                rows.append(replace(row, updated_at=latest))
            is_charged = await wallet.is_charged(self._connection, rows[-1])
            await _write(self._connection, write.before, write.plan, rows[-1].updated_at)
            await usage.count(self._connection, write.before, rows[-1])
            await self.summaries.note(write.before, rows[-1])
            if is_charged:
                await wallet.settle(self._connection, rows[-1])
        return rows

    async def owned_by(self, owner: str) -> list[Execution]:
        """Executions in phases claimed, dialling or live that ``owner`` holds, without their agents: every second the heartbeat asks."""
        rows = await self._connection.fetch(
            f"select {SHOWN} from execution where owner = $1 order by created_at, id", owner
        )
        return [execution_of(row) for row in rows]

    async def overdue(self, seconds: int) -> list[Execution]:
        """Executions in phase finishing since more than ``seconds``, the oldest first."""
        rows = await self._connection.fetch(
            f"select {COLUMNS} from execution where phase = 'finishing' and phase_at < now() - make_interval(secs => $1)"
            " order by phase_at, id",
            seconds,
        )
        return [execution_of(row) for row in rows]

    async def live_count(self, tenant_id: str) -> int:
        """The tenant's executions in phases admitted to live."""
        return int(
            await self._connection.fetchval(
                f"select count(*) from execution where tenant_id = $1 and {_BUSY}", tenant_id
            )
        )

    async def count_in(self, execution: Execution, limit: int) -> bool:
        """Count this call among its caller's (``options["caller"]``) to its agent. False, and not counted, when ``limit`` others were
        answered or are counted and go on. One caller's calls are counted one after the other, in whatever order they were written and
        however the carrier spelt the number."""
        # As they were known in each of their calls, which tells the carrier's spelling.
        callers = spellings(execution.options.get("caller", ""))
        await self._connection.execute(
            "select pg_advisory_xact_lock(hashtextextended('caller ' || $1 || ' ' || $2, 0))",
            execution.agent_id,
            callers[0],
        )
        others = await self._connection.fetchval(
            "select count(*) from execution where agent_id = $1 and options ->> 'caller' = any($2) and direction = 'inbound' and id <> $3"
            " and (answered_at is not null or owner is not null and options ->> 'counted' = 'true')",
            execution.agent_id,
            callers,
            execution.id,
        )
        if others >= limit:
            return False
        options = await self._connection.fetchval(
            "select options from execution where id = $1 for update", execution.id
        )
        await self._connection.execute(
            "update execution set options = $2 where id = $1", execution.id, {**(options or {}), "counted": True}
        )
        return True

    async def undialled_of_batch(self, batch_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions of a batch that are waiting or admitted."""
        return await _ids_of_batch(self._connection, batch_id, ("waiting", "admitted"), count)

    async def claimed_of_batch(self, batch_id: str) -> list[str]:
        """Ids of the executions of a batch that processes have taken and not dialled yet."""
        return await _ids_of_batch(self._connection, batch_id, ("claimed",))

    async def of_batch(
        self, tenant_id: str, batch_id: str, after: tuple[datetime, str] | None, count: int
    ) -> list[Execution]:
        """Up to ``count`` executions of a batch, in the order of its file, from behind ``after`` (creation, id) on."""
        behind = "" if after is None else " and (created_at, id) > ($4, $5)"
        rows = await self._connection.fetch(
            f"select {SHOWN} from execution where batch_id = $1 and tenant_id = $2{behind}"
            " order by created_at, id limit $3",
            batch_id,
            tenant_id,
            count,
            *(after or ()),
        )
        return [execution_of(row) for row in rows]

    async def delete_unfinished_of_agent(self, tenant_id: str, agent_id: str) -> list[str]:
        """Delete an agent's executions that have not ended; returns their ids. ConflictError while one of them is being dialled or spoken
        on. Lock the agent before (``agents.lock_whole``), so that none is added meanwhile."""
        rows = await self._connection.fetch(
            "select id from execution where tenant_id = $1 and agent_id = $2 and phase <> 'done' order by id",
            tenant_id,
            agent_id,
        )
        ids = [str(row["id"]) for row in rows]
        # As many may wait for a retry as a list has contacts, and no statement may take a minute.
        for at in range(0, len(ids), _DELETED_AT_ONCE):
            await self.delete(ids[at : at + _DELETED_AT_ONCE])
        return ids

    async def older_than(self, before: datetime, count: int, without: Sequence[str] = ()) -> list[str]:
        """Ids of terminal executions that were created and ended before ``before``, oldest first, for retention; those in ``without``
        are left out."""
        rows = await self._connection.fetch(
            "select id from execution where phase = 'done' and created_at < $1 and coalesce(completed_at, created_at) < $1"
            " and id <> all ($3::text[]) order by created_at, id limit $2",
            before,
            count,
            list(without),
        )
        return [str(row["id"]) for row in rows]

    async def delete(self, execution_ids: Sequence[str]) -> None:
        """Delete executions with logs, attempts and outbox rows; their batches keep what they counted and cost, and their numbers stay
        dialled. ConflictError, and nothing deleted, while a process owns one of them."""
        # Locked in one order by all who delete or stop many of them.
        rows = await self._connection.fetch(
            "select id, owner from execution where id = any($1::text[]) order by id for update", list(execution_ids)
        )
        live = [row["id"] for row in rows if row["owner"] is not None]
        if live:
            raise ConflictError(f"a call is going on: {', '.join(live[:3])}; stop it or wait for its end")
        await wallet.settle_deleted(self._connection, execution_ids)
        await self._connection.execute(_DELETE_DECISIONS, list(execution_ids))
        await self._connection.execute(_DELETE, list(execution_ids))

    async def _one(self, where: str, *arguments: object) -> Execution | None:
        row = await self._connection.fetchrow(f"select {COLUMNS}, now() from execution where {where}", *arguments)
        self._now = row[-1] if row else None
        return execution_of(row) if row else None

    async def _locked_for(self, execution_id: str, change: Change, owner: str | None, attempt: int | None) -> Execution:
        if owner is None:
            before = await self.lock(execution_id)
            if before is None:
                raise NotFoundError(f"there is no execution {execution_id}")
            moves = change.phase is not None or change.detail is not None
            if moves and before.owner is not None and await _lives(self._connection, before.owner):
                raise WrongStateError(
                    f"execution {execution_id} is {before.phase.value} in a living process; only that one moves it on"
                )
            return before
        # The fence: a write of a process that lost this execution, or was declared dead, finds no row.
        fenced = await self._one(
            f"id = $1 and owner = $2 and attempt = coalesce($3, attempt) and {_NOT_FORGOTTEN} for no key update of execution",
            execution_id,
            owner,
            attempt,
        )
        if fenced is None:
            raise _stale(execution_id)
        return fenced


def _conditions(tenant_id: str, agent_id: str, narrow: ExecutionFilter) -> tuple[str, list[Any]]:
    arguments: list[Any] = [tenant_id, agent_id]
    conditions = ["tenant_id = $1", "agent_id = $2"]
    for field in fields(narrow):
        wanted = getattr(narrow, field.name)
        if wanted is not None:
            arguments.append(wanted)
            conditions.append(f"{_FILTERS[field.name]}${len(arguments)}")
    return " and ".join(conditions), arguments


async def _rows(connection: Any, where: str, arguments: list[Any], size: int, skip: int) -> list[Execution]:
    """Rows in the order of lists. Those before them are passed over in the index alone."""
    order = "order by created_at desc, id desc"
    rows = await connection.fetch(
        f"select {SHOWN} from execution where id in (select id from execution where {where} {order}"
        f" limit ${len(arguments) + 1} offset ${len(arguments) + 2}) {order}",
        *arguments,
        size,
        skip,
    )
    return [execution_of(row) for row in rows]


def _stale(execution_id: str) -> StaleOwnerError:
    return StaleOwnerError(f"execution {execution_id} is no longer this process's; hang up its call")


async def _ids_of_batch(connection: Any, batch_id: str, phases: Sequence[str], count: int | None = None) -> list[str]:
    rows = await connection.fetch(
        "select id from execution where batch_id = $1 and phase = any ($2::text[]) and phase <> 'done' limit $3",
        batch_id,
        list(phases),
        count,
    )
    return [str(row["id"]) for row in rows]


def _dated(change: Change, now: datetime) -> Change:
    """An execution that ends without a time given for it ends now."""
    if change.phase is not Phase.DONE or "completed_at" in change.columns:
        return change
    return replace(change, columns={**change.columns, "completed_at": now})


def _updated_at(row: Execution, now: datetime) -> datetime:
    """When the unit began, but never before a time in the row: those are given during the unit, or by the clock of another machine."""
    times: list[datetime | None] = [row.rescheduled_at, *(getattr(row, name) for name in TIMES)]
    return max([now, *filter(None, times)])


async def _insert(connection: Any, *executions: Execution) -> None:
    for one in executions:
        if not may_begin(one.direction, one.phase, one.detail):
            raise WrongStateError(f"an {one.direction} call cannot begin {one.phase.value}/{one.detail}")
    numbers = ", ".join(f"${number}" for number in range(1, len(NAMES) + 1))
    await connection.executemany(
        f"insert into execution ({COLUMNS}, due_at) values ({numbers}, coalesce(${len(NAMES) + 1}, now()))",
        # A call of a batch waits from its release on: the batch's start would put it before every single call placed since.
        [
            (*(getattr(one, name) for name in NAMES), one.scheduled_at if one.batch_id is None else None)
            for one in executions
        ],
    )


async def _write(connection: Any, before: Execution, planned: Plan, updated_at: datetime) -> None:
    """Update the row, and its attempt where that changes."""
    values: list[Any] = [before.id]
    assigned = [*_assigned(planned.values, values)]
    for name, value in planned.stored.items():
        values.append(value)
        assigned.append(f"{name} = coalesce(${len(values)}, now())" if name == "due_at" else f"{name} = ${len(values)}")
    assigned += _assigned({"updated_at": updated_at}, values)
    await connection.defer(f"update execution set {', '.join(assigned)} where id = $1", *values)
    if before.attempt and (planned.attempt_values or planned.outcome):
        values = [before.id, before.attempt]
        attempted = _assigned(planned.attempt_values, values)
        if planned.outcome is not None:
            values.append(planned.outcome)
            # How an attempt of a lost process ended stays unknown after its post-call work.
            kept = f"case when outcome = 'unknown' then outcome else ${len(values)} end"
            attempted += ["closed_at = coalesce(closed_at, now())", f"outcome = {kept}"]
        changed = ", ".join(attempted)
        await connection.defer(f"update attempt set {changed} where execution_id = $1 and attempt = $2", *values)


def _assigned(values: Mapping[str, Any], arguments: list[Any]) -> list[str]:
    """Assignments of SQL, whose values are added to ``arguments``."""
    assigned = []
    for name, value in values.items():
        arguments.append(value)
        assigned.append(f"{name} = ${len(arguments)}")
    return assigned


async def _lives(connection: Any, incarnation: str) -> bool:
    return bool(
        await connection.fetchval(
            "select true from node where incarnation = $1 and dead_at is null and stopped_at is null", incarnation
        )
    )
