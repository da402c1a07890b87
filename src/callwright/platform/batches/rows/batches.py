"""Batches and the contacts that wait in them. A contact is a row here or an execution in the ledger, never both and never neither: it is
taken out and its execution written in one unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from callwright.domain.errors import NotFoundError, WrongStateError
from callwright.platform.batches.rules.batch import (
    ACTIVE,
    ENDED,
    STOPPABLE,
    WAITING_AS,
    ActiveBatch,
    Batch,
    BatchProgress,
    BatchStatus,
    Contact,
    ListFormat,
    RefusedRow,
    may_become,
)
from callwright.platform.executions.rules.execution import status_of
from callwright.platform.pace.rules.policy import BatchPace
from callwright.platform.webhooks.rows.outbox import OF_BATCHES, OutboxRows

_NAMES = tuple(field.name for field in fields(Batch))
_COLUMNS = ", ".join(_NAMES)
_QUALIFIED = ", ".join(f"b.{name}" for name in _NAMES)
_CHANGEABLE = frozenset(
    {
        "from_numbers",
        "scheduled_at",
        "bypass_call_guardrails",
        "total_contacts",
        "valid_contacts",
        "refused",
        "sandbox",
        "stand_ins",
        "list_format",
        "pace",
        "paused_at",
        "paused_by",
        "paused_reason",
        "resumed_at",
    }
)
_CONTACT = "position, line, execution_id, number, carrier, user_data, written"
_STAGED = ["batch_id", *_CONTACT.split(", ")]
_REFUSED = ["batch_id", "line", "reason", "hint", "cells"]
_ACTIVE = ", ".join(f"'{status}'" for status in ACTIVE)
_STOPPABLE = ", ".join(f"'{status}'" for status in sorted(STOPPABLE))
_ENDED = ", ".join(f"'{status}'" for status in sorted(ENDED))
# What becomes of these contacts and calls was promised when the batch was stopped, and stands nowhere else yet.
_UNWRITTEN = (
    "b.status = 'stopped' and (exists (select from batch_contact c where c.batch_id = b.id) or exists (select from execution e"
    " where e.batch_id = b.id and e.phase in ('waiting', 'admitted') and e.phase <> 'done'))"
    " and exists (select from tenant t where t.id = b.tenant_id and t.deleted_at is null)"
)

_QUEUED = "(e.phase = 'waiting' and (e.due_at <= now() or e.detail = 'queued') or e.phase = 'admitted')"
# A batch "waits" that has nothing to release or in the queue, and does not end yet: it is paused, or its last calls are under way.
_ACTIVE_BATCHES = f"""
select b.id, b.tenant_id, coalesce(t.max_concurrency, o.max_concurrency) as concurrency,
  case when b.paused then 0
    else (select count(*) from execution e where e.batch_id = b.id and {_QUEUED})
  end as waiting,
  (select count(*) from execution e where e.batch_id = b.id and e.phase <> 'done') as open,
  b.left, b.paused, b.pace, b.from_numbers, b.resumed_at
from (
  select *, row_number() over (partition by tenant_id, waits order by scheduled_at, id) as turn from (
    select b.id, b.tenant_id, b.scheduled_at, b.paused_at is not null as paused, b.pace, b.from_numbers, b.resumed_at, c.left,
      case
        when b.paused_at is null and (c.left or exists (select from execution e where e.batch_id = b.id and {_QUEUED})) then false
        else c.left or exists (select from execution e where e.batch_id = b.id and e.phase <> 'done')
      end as waits
    from batch b join tenant t on t.id = b.tenant_id
      cross join lateral (select exists (select from batch_contact c where c.batch_id = b.id) as left) c
    where b.status in ({_ACTIVE}) and t.deleted_at is null
  ) b
  order by waits, turn, scheduled_at, id limit $1
) b join tenant t on t.id = b.tenant_id left join tenant o on o.id = t.parent_id
order by b.waits, b.turn, b.scheduled_at, b.id
"""

_DUE = """
select b.id from batch b join tenant t on t.id = b.tenant_id
where b.status = 'scheduled' and b.scheduled_at <= now() and t.deleted_at is null
order by b.scheduled_at, b.id limit $1
"""

#: Answered from the index ``execution_batch_counts`` alone; a column more here has to be in it.
COUNTS = """
select batch_id, status, count(*) as number, sum(total_cost_nano)::bigint as cost, count(answered_at) as answered,
  coalesce(sum(extract(epoch from ended_at - answered_at)) * 1000000, 0)::bigint as talk_us
from execution where batch_id = any ($1::text[]) group by batch_id, status
"""
_PRUNED = "select batch_id, status, number, cost, answered, talk_us from batch_pruned where batch_id = any ($1::text[])"
_WAITING = (
    "select batch_id, null, count(*), 0, 0, 0 from batch_contact where batch_id = any ($1::text[]) group by batch_id"
)


class BatchRows:
    """Batches. Every read of a request takes the tenant; a foreign batch is as missing as one that never was, and so is one that is
    marked as deleted."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.contacts = BatchContactRows(connection)
        self.refused = RefusedRows(connection)
        self.outbox = OutboxRows(connection, OF_BATCHES)

    async def insert(self, batch: Batch) -> None:
        """A new batch. NotFoundError when its agent is not one of its tenant."""
        numbers = ", ".join(f"${number}" for number in range(1, len(_NAMES) + 1))
        values = {name: getattr(batch, name) for name in _NAMES}
        await self._connection.execute(
            f"insert into batch ({_COLUMNS}) values ({numbers})",
            *(_stored(name, value) for name, value in values.items()),
        )

    async def get(self, tenant_id: str, batch_id: str, *, also_deleted: bool = False) -> Batch | None:
        """One batch of the tenant, or None. ``also_deleted``: also one that is marked as deleted."""
        return await self._one(_of_tenant(also_deleted), batch_id, tenant_id)

    async def lock(self, tenant_id: str, batch_id: str, *, also_deleted: bool = False) -> Batch | None:
        """The row, locked until the unit ends: no contact of it is released meanwhile."""
        return await self._one(f"{_of_tenant(also_deleted)} for no key update", batch_id, tenant_id)

    async def lock_any(self, batch_id: str) -> Batch | None:
        """The row whoever owns it, locked, or None when another process is at it: for the platform's own work, never for a request."""
        return await self._one("id = $1 for no key update skip locked", batch_id)

    async def lock_shared(self, batch_id: str) -> Batch | None:
        """The row whoever owns it, a deleted one too. Nobody changes or deletes it until the unit ends, and several may hold it so: for the
        platform's own work, never for a request."""
        return await self._one("id = $1 for share", batch_id)

    async def of_agent(self, tenant_id: str, agent_id: str, count: int) -> list[Batch]:
        """An agent's newest batches, newest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from batch where tenant_id = $1 and agent_id = $2 and deleted_at is null"
            " order by created_at desc, id desc limit $3",
            tenant_id,
            agent_id,
            count,
        )
        return [_batch_of(row) for row in rows]

    async def stoppable(self, tenant_id: str, agent_id: str) -> list[str]:
        """Ids of an agent's batches that are to begin or have begun, in the order in which they are locked."""
        rows = await self._connection.fetch(
            f"select id from batch where tenant_id = $1 and agent_id = $2 and status in ({_STOPPABLE}) order by id",
            tenant_id,
            agent_id,
        )
        return [str(row["id"]) for row in rows]

    async def change(self, batch_id: str, status: BatchStatus | None = None, **columns: Any) -> Batch:
        """Apply a change and return the row after it. WrongStateError when the table of the domain does not allow the status, ValueError
        for a column that cannot be changed."""
        unknown = columns.keys() - _CHANGEABLE
        if unknown:
            raise ValueError(f"a change of a batch cannot name these columns: {', '.join(sorted(unknown))}")
        before = await self._one("id = $1 for no key update", batch_id)
        if before is None:
            raise NotFoundError(f"there is no batch {batch_id}")
        values = {name: _stored(name, value) for name, value in columns.items()}
        if status is not None and status is not before.status:
            if not may_become(before.status, status):
                raise WrongStateError(f"the batch is {before.status.value} and cannot become {status.value}")
            values["status"] = status.value
        assigned = [f"{name} = ${number}" for number, name in enumerate(values, start=2)]
        row = await self._connection.fetchrow(
            f"update batch set {', '.join([*assigned, 'updated_at = greatest(now(), updated_at)'])}"
            f" where id = $1 returning {_COLUMNS}",
            batch_id,
            *values.values(),
        )
        return _batch_of(row)

    async def progress(self, batches: Sequence[Batch]) -> dict[str, BatchProgress]:
        """How far each of them is, those of its executions included that retention has deleted."""
        ids = [batch.id for batch in batches]
        counted: dict[str, list[Any]] = {}
        # One statement, one moment: a contact or an execution is counted in one of the three, never in two or in none.
        for row in await self._connection.fetch(f"{COUNTS} union all {_PRUNED} union all {_WAITING}", ids):
            counted.setdefault(row["batch_id"], []).append(row)
        return {batch.id: _progress(batch, counted.get(batch.id, [])) for batch in batches}

    async def extracted(
        self, tenant_id: str, batch_id: str, after: tuple[datetime, str] | None, count: int
    ) -> list[tuple[datetime, str, Any]]:
        """Creation, id and extracted data of up to ``count`` executions of a batch, in the order of its file, from behind ``after``
        (creation, id) on."""
        behind = "" if after is None else " and (created_at, id) > ($4, $5)"
        rows = await self._connection.fetch(
            f"select created_at, id, record -> 'extracted_data' as found from execution where batch_id = $1 and tenant_id = $2{behind}"
            " order by created_at, id limit $3",
            batch_id,
            tenant_id,
            count,
            *(after or ()),
        )
        return [(row["created_at"], str(row["id"]), row["found"]) for row in rows]

    async def under_way(self, batch_id: str) -> bool:
        """Whether contacts wait in it or executions of it have not ended."""
        return bool(
            await self._connection.fetchval(
                "select exists (select from batch_contact where batch_id = $1)"
                " or exists (select from execution where batch_id = $1 and phase <> 'done')",
                batch_id,
            )
        )

    async def delete(self, batch_id: str) -> None:
        """Delete a batch with the contacts that wait in it and its webhooks. Its executions stay."""
        await self._connection.execute("delete from batch where id = $1", batch_id)
        await self._forget_webhooks(batch_id)

    async def mark_deleted(self, batch_id: str) -> None:
        """Hide a batch and delete its webhooks; the contacts that wait in it stay, to be written by the job of its stop."""
        await self._connection.execute("update batch set deleted_at = now() where id = $1", batch_id)
        await self._forget_webhooks(batch_id)

    async def _forget_webhooks(self, batch_id: str) -> None:
        # Whoever deletes a batch wants to hear no more of it. When its agent is deleted, what waits to be told is still told.
        await self._connection.execute("delete from batch_outbox where batch_id = $1", batch_id)
        await self._connection.execute("delete from event where batch_id = $1", batch_id)

    async def delete_ended(self, before: datetime, count: int) -> int:
        """Delete up to ``count`` batches that ended before ``before``; returns how many. Not one that ``unwritten`` names."""
        gone = await self._connection.fetch(
            f"delete from batch where id = any (array(select id from batch b where status in ({_ENDED}) and updated_at < $1"
            f" and not ({_UNWRITTEN}) order by updated_at limit $2 for update skip locked)) returning id",
            before,
            count,
        )
        return len(gone)

    async def unwritten(self, before: datetime, count: int, after: str = "") -> list[tuple[str, str]]:
        """Tenant and id of up to ``count`` batches that were stopped before ``before`` and whose contacts and calls are not all written, by
        their ids from behind ``after`` on; none of a deleted account, whose contacts go with it."""
        rows = await self._connection.fetch(
            f"select tenant_id, id from batch b where {_UNWRITTEN} and updated_at < $1 and id > $3 order by id limit $2",
            before,
            count,
            after,
        )
        return [(str(row["tenant_id"]), str(row["id"])) for row in rows]

    async def note_failed(self, batch_ids: Sequence[str], at: datetime) -> None:
        """The contacts of these could not be written. Kept is the first such moment of each. It needs no taking back: who is written has
        no contacts left to be given up."""
        # A batch that is being written is locked, and whoever writes it sees what comes of it. Without waiting there is no deadlock either.
        await self._connection.execute(
            "update batch set contacts_failed_at = $2 where id = any (array(select id from batch b where id = any ($1::text[])"
            f" and contacts_failed_at is null and {_UNWRITTEN} for no key update of b skip locked))",
            batch_ids,
            at,
        )

    async def forget_failed(self, batch_ids: Sequence[str], before: datetime) -> list[tuple[str, str, int]]:
        """Delete those of them, as they are, whose contacts could not be written for the first time before ``before`` and are not all
        written since. Returns tenant, id and how many contacts went with each."""
        # A batch that is being written is locked, and left to whoever writes it.
        rows = await self._connection.fetch(
            "with old as (select id, (select count(*) from batch_contact c where c.batch_id = b.id) as contacts from batch b"
            f" where id = any ($1::text[]) and contacts_failed_at < $2 and {_UNWRITTEN} for update of b skip locked)"
            " delete from batch using old where batch.id = old.id returning batch.tenant_id, batch.id, old.contacts",
            batch_ids,
            before,
        )
        return [(str(row["tenant_id"]), str(row["id"]), int(row["contacts"])) for row in rows]

    async def due(self, count: int) -> list[str]:
        """Ids of scheduled batches whose time has come, the earliest first; none of a deleted account."""
        rows = await self._connection.fetch(_DUE, count)
        return [str(row["id"]) for row in rows]

    async def active(self, count: int) -> list[ActiveBatch]:
        """Up to ``count`` queued or running batches: of every tenant the one that began first, then the second ones, and so on, so that
        no tenant's batches keep another's out. Those that have nothing to release come last. None of a deleted account."""
        rows = [dict(row) for row in await self._connection.fetch(_ACTIVE_BATCHES, count)]
        return [ActiveBatch(pace=BatchPace.stored(row.pop("pace")), **row) for row in rows]

    async def _one(self, where: str, *arguments: object) -> Batch | None:
        row = await self._connection.fetchrow(f"select {_COLUMNS} from batch where {where}", *arguments)
        return _batch_of(row) if row else None


class BatchContactRows:
    """Contacts that wait in batches."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def stage(self, batch_id: str, contacts: Sequence[Contact]) -> None:
        """Write contacts of a new batch."""
        records = (
            (batch_id, c.position, c.line, c.execution_id, c.number, c.carrier, c.user_data, c.written)
            for c in contacts
        )
        await self._connection.copy_records_to_table("batch_contact", records=records, columns=_STAGED)

    async def after(self, batch_id: str, position: int, count: int) -> list[Contact]:
        """Up to ``count`` contacts that wait, from behind ``position`` on."""
        rows = await self._connection.fetch(
            f"select {_CONTACT} from batch_contact where batch_id = $1 and position > $2 order by position limit $3",
            batch_id,
            position,
            count,
        )
        return [_contact_of(row) for row in rows]

    async def at(self, batch_id: str, positions: Sequence[int]) -> list[Contact]:
        """The contacts that wait at these positions."""
        rows = await self._connection.fetch(
            f"select {_CONTACT} from batch_contact where batch_id = $1 and position = any ($2::integer[])",
            batch_id,
            positions,
        )
        return [_contact_of(row) for row in rows]

    async def ids(self, batch_id: str, count: int) -> list[str]:
        """Ids of the executions that up to ``count`` contacts wait to become, in their order."""
        rows = await self._connection.fetch(
            "select execution_id from batch_contact where batch_id = $1 order by position limit $2", batch_id, count
        )
        return [str(row["execution_id"]) for row in rows]

    async def find(self, tenant_id: str, execution_id: str) -> tuple[Batch, Contact] | None:
        """The contact that waits to become this execution, with its batch, or None."""
        contact = ", ".join(f"c.{name}" for name in _CONTACT.split(", "))
        row = await self._connection.fetchrow(
            f"select {contact}, {_QUALIFIED} from batch_contact c join batch b on b.id = c.batch_id"
            " where c.execution_id = $1::uuid and b.tenant_id = $2",
            execution_id,
            tenant_id,
        )
        if row is None:
            return None
        values = dict(row)
        found = Contact(**{**{name: values.pop(name) for name in _CONTACT.split(", ")}, "execution_id": execution_id})
        return _batch_of(values), found

    async def take(self, batch_id: str, count: int) -> list[Contact]:
        """Take up to ``count`` contacts out of a batch, in their order: the same unit must make executions of them."""
        rows = await self._connection.fetch(
            "delete from batch_contact where batch_id = $1 and position = any (array("
            "select position from batch_contact where batch_id = $1 order by position limit $2 for update))"
            f" returning {_CONTACT}",
            batch_id,
            count,
        )
        return sorted((_contact_of(row) for row in rows), key=lambda contact: contact.position)

    async def take_one(self, execution_id: str) -> Contact | None:
        """Take one contact out of its batch."""
        row = await self._connection.fetchrow(
            f"delete from batch_contact where execution_id = $1::uuid returning {_CONTACT}", execution_id
        )
        return _contact_of(row) if row else None


class RefusedRows:
    """Rows of lists that are not called. They are deleted with their batch."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def stage(self, batch_id: str, rows: Sequence[RefusedRow]) -> None:
        """Write refused rows of a new batch."""
        records = ((batch_id, row.line, row.reason, row.hint, row.cells) for row in rows)
        await self._connection.copy_records_to_table("batch_refused", records=records, columns=_REFUSED)

    async def after(self, batch_id: str, line: int, count: int) -> list[RefusedRow]:
        """Up to ``count`` refused rows after ``line``, in the order of the file."""
        rows = await self._connection.fetch(
            "select line, reason, hint, cells from batch_refused where batch_id = $1 and line > $2 order by line limit $3",
            batch_id,
            line,
            count,
        )
        return [RefusedRow(row["line"], row["reason"], row["hint"], tuple(row["cells"])) for row in rows]


def _of_tenant(also_deleted: bool) -> str:
    return "id = $1 and tenant_id = $2" + ("" if also_deleted else " and deleted_at is null")


def _progress(batch: Batch, rows: Sequence[Any]) -> BatchProgress:
    counts: Counter[str] = Counter()
    waiting = 0
    for row in rows:
        number = int(row["number"])
        if row["status"] is None:
            # Contacts that are no executions yet.
            waiting = number
        counts[str(row["status"] or status_of(*WAITING_AS[batch.status]))] += number
    return BatchProgress(
        execution_status=dict(sorted(counts.items())),
        waiting=0 if batch.status in ENDED else waiting,
        total_cost_nano=sum(int(row["cost"]) for row in rows),
        talk_ms=round(sum(int(row["talk_us"]) for row in rows) / 1000),
        answered=sum(int(row["answered"]) for row in rows),
    )


def _stored(name: str, value: Any) -> Any:
    if name == "refused":
        return [{"line": row.line, "reason": row.reason, "hint": row.hint} for row in value]
    if name == "list_format" and value is not None:
        return asdict(value)
    if name == "pace":
        return value.as_wire()
    return list(value) if name in {"from_numbers", "stand_ins"} else value


def _batch_of(row: Any) -> Batch:
    values = dict(row)
    values["status"] = BatchStatus(values["status"])
    values["from_numbers"] = tuple(values["from_numbers"])
    values["stand_ins"] = tuple(values["stand_ins"])
    values["refused"] = tuple(RefusedRow(**each) for each in values["refused"])
    if (found := values["list_format"]) is not None:
        values["list_format"] = ListFormat(**{**found, "columns": tuple(found["columns"])})
    values["pace"] = BatchPace.stored(values["pace"])
    return Batch(**values)


def _contact_of(row: Any) -> Contact:
    return Contact(**{**row, "execution_id": str(row["execution_id"])})
