"""``platform.events.rows.EventRows``.

A cursor must never pass an event that is written but not committed yet. So an event has no position when it is written. One process at a
time gives positions to committed events, in short transactions that follow each other. A reader therefore sees a prefix of the account's
positions, and an event that commits late gets a later position. Events of one execution keep their order: they are written under the lock
of its row.

The other ways were rejected. Reading up to ``pg_snapshot_xmin`` stands still while any transaction of the database server is open, is wrong
after a restore into another server, and can swap two events of one execution. A sequence taken under a lock of the account makes its calls
wait for each other's commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callwright.platform.events.rules import Event, EventPage, WantedEvents

_LOCK = "select pg_try_advisory_xact_lock(hashtext('callwright.events'))"

# A row that somebody is deleting is passed over, and with it what its subject wrote later. Nothing here waits for a lock, so no deadlock.
_ORDER = """
with candidate as materialized (
  select written, tenant_id, coalesce(execution_id, batch_id) as subject_id from event where position is null order by written limit $1
),
held as materialized (
  select e.written from event e where e.written in (select written from candidate) and e.position is null for no key update skip locked
),
free as (
  select c.written, c.tenant_id,
    bool_and(h.written is not null) over (partition by c.subject_id order by c.written) as is_free
  from candidate c left join held h on h.written = c.written
),
ordered as (
  select f.written, f.tenant_id,
    coalesce(h.last, 0) + row_number() over (partition by f.tenant_id order by f.written) as position
  from free f left join event_head h on h.tenant_id = f.tenant_id where f.is_free
),
head as (
  insert into event_head (tenant_id, last) select tenant_id, max(position) from ordered group by tenant_id
  on conflict (tenant_id) do update set last = excluded.last
),
done as (
  update event e set position = o.position from ordered o where e.written = o.written returning e.tenant_id
)
select count(*) as number, pg_notify('event_ordered', tenant_id) from done group by tenant_id
"""

_BOUNDS = """
select h.last, h.pruned, (select min(e.position) from event e where e.tenant_id = $1 and e.position > $2) as first
from event_head h where h.tenant_id = $1
"""

_PAGE = """
with found as (
  select e.position, e.id, case when e.execution_id is null then 'batch' else 'execution' end as about,
    coalesce(e.execution_id, e.batch_id) as subject_id, e.status, e.created_at, coalesce(e.body, o.body, b.body) as body
  from event e
  left join outbox o on o.id = e.id and o.execution_id = e.execution_id
  left join batch_outbox b on b.id = e.id and b.batch_id = e.batch_id
  where e.tenant_id = $1 and e.position > $2 and e.position <= $3
    and ($4::text[] is null or case when e.execution_id is null then 'batch.' else 'execution.' end || e.status = any ($4))
  order by e.position limit $5
),
summed as (select f.*, sum(octet_length(f.body)) over (order by f.position) - octet_length(f.body) as before from found f)
select position, id, about, subject_id, status, created_at, body from summed where before < $6 order by position
"""

_PRUNE = """
with old as materialized (
  select e.written from event e where e.written in (select written from event where position is not null order by written limit $2)
    and e.created_at < $1 for update skip locked
),
gone as (delete from event e using old o where e.written = o.written returning e.tenant_id, e.position),
mark as (
  update event_head h set pruned = greatest(h.pruned, g.position)
  from (select tenant_id, max(position) as position from gone group by tenant_id) g where h.tenant_id = g.tenant_id
)
select count(*) from gone
"""


class EventRows:
    """Published changes."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def page(self, wanted: WantedEvents) -> EventPage:
        """Events that are wanted."""
        bounds = await self._connection.fetchrow(_BOUNDS, wanted.tenant_id, wanted.after)
        if bounds is None:
            return EventPage((), wanted.after, 0, 0)
        last, pruned, first = bounds["last"], bounds["pruned"], bounds["first"]
        if first is None:
            return EventPage((), max(wanted.after, last), last, pruned)
        end = min(last, first - 1 + wanted.scanned)
        types = None if wanted.types is None else list(wanted.types)
        rows = await self._connection.fetch(
            _PAGE, wanted.tenant_id, wanted.after, end, types, wanted.limit + 1, wanted.max_bytes
        )
        events = [Event(**row) for row in rows[: wanted.limit]]
        return EventPage(events, events[-1].position if self._is_cut(rows, wanted) else end, last, pruned)

    def _is_cut(self, rows: Any, wanted: WantedEvents) -> bool:
        """Whether a limit ended the page, so that there may be more within the positions that were looked at."""
        return len(rows) > wanted.limit or sum(len(row["body"]) for row in rows) >= wanted.max_bytes

    async def order(self, count: int) -> int:
        """Give the next positions to up to ``count`` events that were committed without one; how many got one. 0 while another process
        does it."""
        if not await self._connection.fetchval(_LOCK):
            return 0
        return sum(row["number"] for row in await self._connection.fetch(_ORDER, count))

    async def prune(self, before: datetime, count: int) -> int:
        """Delete up to ``count`` of the oldest events as far as they are older than ``before``; how many that were."""
        if not await self._connection.fetchval(_LOCK):
            return 0
        return int(await self._connection.fetchval(_PRUNE, before, count))
