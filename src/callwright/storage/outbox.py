"""Webhooks to deliver, head of line per execution."""

from __future__ import annotations

from typing import Any

from callwright.ports.ledger import OutboxEntry

_COLUMNS = "id, tenant_id, execution_id, sequence, status, url, headers, body, tries, created_at, gap"

# What may go now: entries that wait behind another one have an infinite due_at, and a lease moves due_at to its own end. A lease that
# ran out without a word from its worker counts as a failed try. Rows are locked for this statement's unit only, never while HTTP is
# under way; "skip locked" lets two workers take different entries at once.
_LEASE = """
with due as (
  select id from outbox where state = 'waiting' and due_at <= now() and due_at < 'infinity'
  order by due_at, id limit $3 for update skip locked
)
update outbox o set
  leased_by = $1,
  leased_until = now() + make_interval(secs => $2),
  due_at = now() + make_interval(secs => $2),
  tries = o.tries + (o.leased_by is not null)::integer,
  failing_since = case when o.leased_by is not null then coalesce(o.failing_since, o.leased_until) else o.failing_since end,
  gap = exists (
    select from outbox f where f.execution_id = o.execution_id and f.sequence < o.sequence and f.state <> 'delivered')
where o.id = any (array(select id from due))
returning o.id, o.tenant_id, o.execution_id, o.sequence, o.status, o.url, o.headers, o.body, o.tries, o.created_at, o.gap
"""

_STUCK = """
select distinct execution_id from outbox
where state = 'waiting' and not passed and failing_since <= now() - make_interval(secs => $1)
limit 100
"""

_PASS = """
update outbox set passed = true
where execution_id = any ($1::text[]) and state = 'waiting' and not passed and failing_since <= now() - make_interval(secs => $2)
"""

# Entries that nothing before them holds up any more.
_RELEASE = """
with released as (
  update outbox n set due_at = now()
  where n.execution_id = any ($1::text[]) and n.state = 'waiting' and n.due_at = 'infinity'
    and not exists (
      select from outbox p
      where p.execution_id = n.execution_id and p.sequence < n.sequence and p.state = 'waiting' and not p.passed)
  returning 1
)
select pg_notify('outbox_added', '') from released limit 1
"""


class OutboxRows:
    """``ports.ledger.Outbox``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def add(self, entry: OutboxEntry) -> None:
        """Append; ``sequence`` is assigned by the database as the next of the execution, under the lock of its row."""
        await self._connection.execute(
            "insert into outbox (id, tenant_id, execution_id, sequence, status, url, headers, body, created_at)"
            " values ($1, $2, $3, 1, $4, $5, $6, $7, $8)",
            entry.id,
            entry.tenant_id,
            entry.execution_id,
            entry.status,
            entry.url,
            dict(entry.headers),
            entry.body,
            entry.created_at,
        )

    async def lease(self, worker: str, seconds: int, count: int, gap_after_seconds: int) -> list[OutboxEntry]:
        """Take due entries for ``worker``. ``tries`` of each counts the failed tries before this one."""
        stuck = await self._connection.fetch(_STUCK, gap_after_seconds)
        if stuck:
            held = await self._lock([row["execution_id"] for row in stuck])
            await self._connection.execute(_PASS, held, gap_after_seconds)
            await self._connection.execute(_RELEASE, held)
        rows = await self._connection.fetch(_LEASE, worker, seconds, count)
        return [OutboxEntry(**row) for row in rows]

    async def delivered(self, entry_id: str, worker: str, http_status: int, answer: str) -> bool:
        """Mark as delivered. False when the lease was lost."""
        return await self._settle(
            "state = 'delivered', settled_at = now(), http_status = $3, answer = $4",
            entry_id,
            worker,
            http_status,
            answer,
        )

    async def failed(
        self, entry_id: str, worker: str, retry_in_seconds: int | None, http_status: int | None, answer: str
    ) -> bool:
        """Give the lease back for a later try, or for good with None. False when the lease was lost."""
        failure = "tries = tries + 1, failing_since = coalesce(failing_since, now()), http_status = $3, answer = $4"
        if retry_in_seconds is None:
            change = f"{failure}, state = 'given_up', settled_at = now()"
            return await self._settle(change, entry_id, worker, http_status, answer)
        change = f"{failure}, due_at = now() + make_interval(secs => $5)"
        return await self._settle(change, entry_id, worker, http_status, answer, retry_in_seconds)

    async def of_execution(self, tenant_id: str, execution_id: str) -> list[OutboxEntry]:
        """All entries of one execution in order, delivered or not."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from outbox where tenant_id = $1 and execution_id = $2 order by sequence",
            tenant_id,
            execution_id,
        )
        return [OutboxEntry(**row) for row in rows]

    async def _settle(self, change: str, entry_id: str, worker: str, *arguments: object) -> bool:
        # The execution's row first, as for an addition: the two decide together what an entry still has to wait for.
        execution_id = await self._connection.fetchval("select execution_id from outbox where id = $1", entry_id)
        if execution_id is None:
            return False
        await self._connection.execute("select from execution where id = $1 for no key update", execution_id)
        # A lease is lost when another worker took the entry, not already when its time is over: then the result still counts.
        state = await self._connection.fetchval(
            f"update outbox set {change}, leased_by = null, leased_until = null"
            " where id = $1 and leased_by = $2 and state = 'waiting' returning state",
            entry_id,
            worker,
            *arguments,
        )
        if state in ("delivered", "given_up"):
            await self._connection.execute(_RELEASE, [execution_id])
        return state is not None

    async def _lock(self, execution_ids: list[str]) -> list[str]:
        # Always in the same order, and never waiting: what is busy just now is looked at the next time.
        rows = await self._connection.fetch(
            "select id from execution where id = any ($1::text[]) order by id for no key update skip locked",
            execution_ids,
        )
        return [str(row["id"]) for row in rows]
