"""Webhooks to deliver, head of line per execution; those of batches likewise, in a table of their own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from callwright.domain.limits import MAX_WEBHOOK_ENDPOINTS, PROBE_SECONDS
from callwright.platform.webhooks.rules.address import endpoint_of
from callwright.platform.webhooks.rules.outbox import Answered, OutboxEntry, WebhookShare

_WAITS = "state = 'waiting' and due_at < 'infinity'"


def _receiver(url: str) -> str:
    """SQL for the host and port of a URL."""
    return f"coalesce(substring({url} from '//([^/?#]*)'), '')"


# Which candidates go: a part of ``OutboxTable.lease``, whose parameters it has.
_TURNS = f"""
sendable as (
  select c.*, row_number() over (partition by c.organisation_id, c.receiver order by c.is_failing, c.due_at, c.id)
    + coalesce((select b.number from busy b where b.organisation_id = c.organisation_id and b.receiver = c.receiver), 0) as place,
    row_number() over (partition by c.organisation_id, c.is_failing order by c.due_at, c.id) + c.failing as failing_place
  from candidate c
),
turn as (
  select s.*, row_number() over (partition by s.organisation_id order by s.is_failing, s.due_at, s.id) - s.places as turn_place
  from sendable s where s.place <= $7 and (not s.is_failing or s.failing_place <= greatest(1, $6 / 2))
),
due as materialized (
  select id, organisation_id, endpoint, is_failing, is_probe from (
    select t.*, row_number() over (partition by t.is_failing order by t.turn_place, t.due_at, t.id) as number from turn t
    where t.turn_place <= 0
  ) n where not is_failing or number <= $9 order by turn_place, due_at, id limit $3
),
probed as (
  update webhook_endpoint e set probe_at = now() + interval '{PROBE_SECONDS} seconds'
  from due d where d.is_probe and e.organisation_id = d.organisation_id and e.endpoint = d.endpoint
)
"""


@dataclass(frozen=True, slots=True)
class OutboxTable:
    """Where webhooks lie: their table, the table of what they tell of, and the column with that one's id (``execution_id`` of an entry)."""

    name: str
    of: str
    key: str

    @property
    def columns(self) -> str:
        """The columns of an entry."""
        return (
            f"id, tenant_id, {self.key} as execution_id, sequence, status, url, headers, body, tries, created_at, gap, endpoint,"
            " replays, hurried"
        )

    @property
    def add(self) -> str:
        """Entries from lists of their columns, in their order."""
        return (
            f"insert into {self.name} (id, tenant_id, {self.key}, sequence, status, url, headers, body, created_at, endpoint)"
            " select id, tenant_id, subject_id, 1, status, url, headers, body, created_at, endpoint from unnest("
            "$1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::json[], $7::bytea[], $8::timestamptz[], $9::text[]"
            ") as u (id, tenant_id, subject_id, status, url, headers, body, created_at, endpoint)"
        )

    @property
    def add_event(self) -> str:
        """Events without a webhook likewise."""
        return (
            f"insert into event (id, tenant_id, {self.key}, status, created_at, body)"
            " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[])"
        )

    @property
    def lease(self) -> str:
        """What may go now: entries that wait behind another one have an infinite due_at, and a lease moves due_at to its own end. A lease
        that ran out without a word from its worker counts as a failed try. Rows are locked for this statement's unit only, never while HTTP
        is under way; "skip locked" lets two workers take different entries at once.

        $4, $5, $10 and $8 are the organisations, URLs and endpoints of what the worker sends already, and whether these fail; $6 the places
        of an organisation, $7 those of one of its receivers, $9 those left for endpoints that fail. Each endpoint of a tenant with webhooks
        that wait is one step in the index, whatever else waits behind its first ones. The organisation with the fewest under way is first,
        and within it endpoints that answer. A paused endpoint gets one webhook when it is time for a probe."""
        return f"""
with recursive waiting (tenant_id, endpoint, number) as (
  (select tenant_id, endpoint, 1 from {self.name} where {_WAITS} order by tenant_id, endpoint limit 1)
  union all
  select n.tenant_id, n.endpoint, case when n.tenant_id = w.tenant_id then w.number + 1 else 1 end
  from waiting w cross join lateral (
    select tenant_id, endpoint from {self.name} where {_WAITS}
      and (tenant_id, endpoint) > (w.tenant_id, case when w.number < {MAX_WEBHOOK_ENDPOINTS} then w.endpoint else chr(1114111) end)
    order by tenant_id, endpoint limit 1
  ) n
),
sent as materialized (
  select * from unnest($4::text[], $5::text[], $8::boolean[], $10::text[]) as u (organisation_id, url, is_failing, endpoint)
),
busy as materialized (
  select organisation_id, {_receiver("url")} as receiver, count(*) as number, count(*) filter (where is_failing) as failing
  from sent group by 1, 2
),
probe as materialized (
  select organisation_id, endpoint from webhook_endpoint where paused_at is not null and probe_at <= now() for update skip locked
),
account as materialized (
  select t.id, w.endpoint, o.id as organisation_id, $6 - o.number as places, o.failing, e.endpoint is not null as is_failing,
    p.endpoint is not null as is_probe
  from waiting w join tenant t on t.id = w.tenant_id cross join lateral (
    select coalesce(t.parent_id, t.id) as id, coalesce(sum(b.number), 0) as number, coalesce(sum(b.failing), 0) as failing
    from busy b where b.organisation_id = coalesce(t.parent_id, t.id)
  ) o
  left join webhook_endpoint e on e.organisation_id = o.id and e.endpoint = w.endpoint
  left join probe p on p.organisation_id = o.id and p.endpoint = w.endpoint
  where o.number < $6 and (e.paused_at is null or p.endpoint is not null)
    and (e.endpoint is null or not exists (select from sent s where s.organisation_id = o.id and s.endpoint = w.endpoint))
),
candidate as materialized (
  select a.organisation_id, a.endpoint, a.places, a.failing, a.is_failing, a.is_probe, c.id, c.due_at, c.receiver
  from account a cross join lateral (
    select o.id, o.due_at, {_receiver("o.url")} as receiver from {self.name} o
    where o.tenant_id = a.id and o.endpoint = a.endpoint and o.state = 'waiting' and o.due_at < 'infinity'
      and case when a.is_probe then (o.leased_by is null or o.due_at <= now()) and not exists (
          select from {self.name} p where p.{self.key} = o.{self.key} and p.sequence < o.sequence and p.state = 'waiting')
        else o.due_at <= now() end
    order by o.due_at, o.id limit case when a.is_failing then 1 else $7 end
    for update of o skip locked
  ) c
),
{_TURNS}
update {self.name} o set
  leased_by = $1,
  leased_until = now() + make_interval(secs => $2),
  due_at = now() + make_interval(secs => $2),
  tries = o.tries + (o.leased_by is not null)::integer,
  failing_since = case when o.leased_by is not null then coalesce(o.failing_since, o.leased_until) else o.failing_since end,
  hurried = o.hurried or d.is_probe,
  gap = exists (
    select from {self.name} f
    where f.{self.key} = o.{self.key} and f.sequence < o.sequence and f.state <> 'delivered' and f.replays = 0)
from due d
where o.id = any (array(select id from due)) and o.id = d.id
returning o.id, o.tenant_id, o.{self.key} as execution_id, o.sequence, o.status, o.url, o.headers, o.body, o.tries, o.created_at, o.gap,
  o.endpoint, o.replays, o.hurried, d.organisation_id, d.is_failing, d.is_probe
"""

    @property
    def stuck(self) -> str:
        """What has been failing for too long to hold anything up."""
        return f"""
select distinct {self.key} as id from {self.name}
where state = 'waiting' and not passed and failing_since <= now() - make_interval(secs => $1)
limit 100
"""

    @property
    def pass_by(self) -> str:
        """It holds up nothing any more."""
        return f"""
update {self.name} set passed = true
where {self.key} = any ($1::text[]) and state = 'waiting' and not passed and failing_since <= now() - make_interval(secs => $2)
"""

    def settle(self, change: str, answers: str = "") -> str:
        """``change`` of the entries $1 that the worker $2 has leased, and the ids of those that were changed. ``answers``: what the change
        reads, a row ``a`` for each id. Where an entry is over, what it held up may go. A lease is lost when another worker took the
        entry, not already when its time is over: then the result still counts."""
        source, of_entry = (f" from {answers}", " and o.id = a.id") if answers else ("", "")
        return f"""
with settled as (
  update {self.name} o set {change}, leased_by = null, leased_until = null{source}
  where o.id = any ($1::text[]) and o.leased_by = $2 and o.state = 'waiting'{of_entry} returning o.id, o.{self.key}, o.state
),
released as (
  update {self.name} n set due_at = now()
  where n.{self.key} in (select {self.key} from settled where state <> 'waiting') and n.state = 'waiting' and n.due_at = 'infinity'
    and not exists (
      select from {self.name} p
      where p.{self.key} = n.{self.key} and p.sequence < n.sequence and p.state = 'waiting' and not p.passed
        and p.id not in (select id from settled where state <> 'waiting'))
  returning 1
)
select array(select id from settled), (select pg_notify('outbox_added', '') from released limit 1)
"""

    @property
    def release(self) -> str:
        """Entries that nothing before them holds up any more."""
        return f"""
with released as (
  update {self.name} n set due_at = now()
  where n.{self.key} = any ($1::text[]) and n.state = 'waiting' and n.due_at = 'infinity'
    and not exists (
      select from {self.name} p
      where p.{self.key} = n.{self.key} and p.sequence < n.sequence and p.state = 'waiting' and not p.passed)
  returning 1
)
select pg_notify('outbox_added', '') from released limit 1
"""


OF_EXECUTIONS = OutboxTable("outbox", "execution", "execution_id")
OF_BATCHES = OutboxTable("batch_outbox", "batch", "batch_id")


class OutboxRows:
    """Webhooks to deliver, head of line per execution."""

    def __init__(self, connection: Any, table: OutboxTable = OF_EXECUTIONS) -> None:
        self._connection = connection
        self._table = table

    async def add(self, *entries: OutboxEntry) -> None:
        """Append in this order; ``sequence`` is assigned by the database as the next of the execution, under the lock of its row. The
        database adds the event of a webhook itself."""
        for has_url, alike in groupby(entries, lambda entry: bool(entry.url)):
            statement = self._table.add if has_url else self._table.add_event
            # Events are numbered as they are written, and the database writes that of a webhook at the end of the statement.
            if self._connection.is_deferred(self._table.add):
                await self._connection.flush()
            rows = [_webhook(one) if has_url else _event(one) for one in alike]
            await self._connection.defer(statement, *map(list, zip(*rows, strict=True)))

    async def lease(
        self, worker: str, seconds: int, count: int, gap_after_seconds: int | None, share: WebhookShare | None = None
    ) -> list[OutboxEntry]:
        """Take due entries for ``worker``: only the oldest undelivered one of each execution, or the next one when the oldest has been
        failing for ``gap_after_seconds`` (then ``gap`` is True; None: this call looks for no such). No row stays locked; the lease ends by
        time. With ``share``, no more than each organisation and receiver may have, and the organisations take turns."""
        stuck = [] if gap_after_seconds is None else await self._connection.fetch(self._table.stuck, gap_after_seconds)
        if stuck:
            held = await self._lock([row["id"] for row in stuck])
            await self._connection.execute(self._table.pass_by, held, gap_after_seconds)
            await self._connection.execute(self._table.release, held)
        share = share or WebhookShare(count, count)
        rows = await self._connection.fetch(
            self._table.lease,
            worker,
            seconds,
            count,
            [entry.organisation_id for entry in share.under_way],
            [entry.url for entry in share.under_way],
            share.of_organisation,
            share.of_receiver,
            [entry.is_failing for entry in share.under_way],
            count
            if share.of_failing is None
            else max(0, share.of_failing - sum(e.is_failing for e in share.under_way)),
            [entry.endpoint for entry in share.under_way],
        )
        return [OutboxEntry(**row) for row in rows]

    async def delivered(self, worker: str, *answered: Answered) -> set[str]:
        """Mark as delivered. Returns the ids without those whose lease was lost."""
        return await self._settle(
            "state = 'delivered', settled_at = now(), http_status = a.http_status, answer = a.answer",
            [one.entry_id for one in answered],
            worker,
            [one.http_status for one in answered],
            [one.answer for one in answered],
            answers="unnest($1::text[], $3::integer[], $4::text[]) a (id, http_status, answer)",
        )

    async def failed(
        self, entry_id: str, worker: str, retry_in_seconds: int | None, http_status: int | None, answer: str
    ) -> bool:
        """Give the lease back for a later try, or for good with None. A try that was asked for does not count. False when the lease was
        lost."""
        failure = (
            "tries = tries + (not hurried)::integer, hurried = false,"
            " failing_since = case when hurried then failing_since else coalesce(failing_since, now()) end,"
            " http_status = $3, answer = $4"
        )
        if retry_in_seconds is None:
            change = f"{failure}, state = 'given_up', settled_at = now()"
            return bool(await self._settle(change, [entry_id], worker, http_status, answer))
        change = f"{failure}, due_at = now() + make_interval(secs => $5)"
        return bool(await self._settle(change, [entry_id], worker, http_status, answer, retry_in_seconds))

    async def of_execution(self, tenant_id: str, execution_id: str) -> list[OutboxEntry]:
        """All entries of one execution in order, delivered or not."""
        rows = await self._connection.fetch(
            f"select {self._table.columns} from {self._table.name} where tenant_id = $1 and {self._table.key} = $2"
            " order by sequence",
            tenant_id,
            execution_id,
        )
        return [OutboxEntry(**row) for row in rows]

    async def _settle(
        self, change: str, entry_ids: list[str], worker: str, *arguments: object, answers: str = ""
    ) -> set[str]:
        # The executions' rows first, as for an addition: the two decide together what an entry still has to wait for. In one order.
        await self._connection.execute(
            f"select from {self._table.of} where id in (select {self._table.key} from {self._table.name} where id = any ($1::text[]))"
            " order by id for no key update",
            entry_ids,
        )
        settled, _ = await self._connection.fetchrow(self._table.settle(change, answers), entry_ids, worker, *arguments)
        return set(settled)

    async def _lock(self, execution_ids: list[str]) -> list[str]:
        # Always in the same order, and never waiting: what is busy just now is looked at the next time.
        rows = await self._connection.fetch(
            f"select id from {self._table.of} where id = any ($1::text[]) order by id for no key update skip locked",
            execution_ids,
        )
        # A batch may be gone before its last webhook is delivered: nobody adds to it any more, so there is nothing to lock.
        gone = await self._connection.fetch(
            f"select id from unnest($1::text[]) as u (id) where not exists (select from {self._table.of} t where t.id = u.id)",
            execution_ids,
        )
        return [str(row["id"]) for row in (*rows, *gone)]


def _event(entry: OutboxEntry) -> tuple[object, ...]:
    return (entry.id, entry.tenant_id, entry.execution_id, entry.status, entry.created_at, entry.body)


def _webhook(entry: OutboxEntry) -> tuple[object, ...]:
    return (
        entry.id,
        entry.tenant_id,
        entry.execution_id,
        entry.status,
        entry.url,
        dict(entry.headers),
        entry.body,
        entry.created_at,
        entry.endpoint or endpoint_of(entry.url),
    )
