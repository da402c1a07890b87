"""Who may be dialled next, and who dials: the two statements every call goes through."""

from __future__ import annotations

from typing import Any

from callwright.domain.errors import StaleOwnerError
from callwright.domain.execution import Execution
from callwright.storage.columns import execution_of, qualified

LOCK = 0x61646D69
"""Advisory lock of the admission: one process at a time reads the limits and admits, or two together would exceed them."""

# A tenant's room is its concurrency less what is admitted or live; the oldest due come first, over all tenants. "phase = 'waiting'" is
# repeated in the update itself: an execution stopped between the look and the update must stay stopped (four calls were dialled after
# their stop before this was there). "any (array(...))" keeps the planner at the primary key, whatever it believes of the number of rows.
_ADMIT = f"""
with busy as materialized (
  select tenant_id, count(*) as number, count(*) filter (where phase = 'admitted') as unclaimed
  from execution where phase in ('admitted', 'claimed', 'dialling', 'live') group by tenant_id
),
room as (
  select t.id, greatest(t.max_concurrency - coalesce(b.number, 0), 0) as free
  from tenant t left join busy b on b.tenant_id = t.id
),
next as (
  select c.id from room r cross join lateral (
    select e.id, e.due_at from execution e
    where e.tenant_id = r.id and e.phase = 'waiting' and e.detail <> 'prepared' and e.due_at <= now()
    order by e.due_at, e.id
    limit least(r.free, $1)
    for no key update of e skip locked
  ) c
  order by c.due_at, c.id
  limit greatest($1::bigint - (select coalesce(sum(unclaimed), 0)::bigint from busy), 0)
)
update execution set phase = 'admitted', detail = '', status = 'queued', updated_at = greatest(now(), created_at)
where execution.id = any (array(select id from next)) and execution.phase = 'waiting'
returning {qualified("execution")}
"""

_CLAIM = f"""
with next as (
  select id from execution where phase = 'admitted' order by due_at, id limit $2 for no key update skip locked
),
taken as (
  update execution set phase = 'claimed', owner = $1, attempt = attempt + 1, updated_at = greatest(now(), created_at)
  where execution.id = any (array(select id from next)) and execution.phase = 'admitted'
  returning {qualified("execution")}
),
opened as (
  insert into attempt (execution_id, attempt, owner) select id, attempt, $1 from taken
)
select * from taken
"""

_ROOM = """
select max_concurrency > (
  select count(*) from execution where tenant_id = $1 and phase in ('admitted', 'claimed', 'dialling', 'live')
) from tenant where id = $1
"""


async def admit(connection: Any, node_limit: int) -> list[Execution]:
    """Run the admission query; [] when another process is at it."""
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
        return []
    return [execution_of(row) for row in await connection.fetch(_ADMIT, node_limit)]


async def claim(connection: Any, owner: str, count: int) -> list[Execution]:
    """Take up to ``count`` admitted executions for ``owner``, which is registered as a node if it was not."""
    if count <= 0:
        return []
    await _must_live(connection, owner)
    return [execution_of(row) for row in await connection.fetch(_CLAIM, owner, count)]


async def make_room(connection: Any, owner: str, tenant_id: str) -> bool:
    """Whether ``owner`` may take one more call of the tenant, one that comes in; nobody else admits or takes one until the unit ends."""
    # Waits for an admission under way (milliseconds): both count the same calls, and together they would exceed the limit.
    await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
    await _must_live(connection, owner)
    return bool(await connection.fetchval(_ROOM, tenant_id))


async def _must_live(connection: Any, owner: str) -> None:
    living = await connection.fetchval(
        "with known as (insert into node (incarnation, name) values ($1, '') on conflict (incarnation) do nothing)"
        " select not exists (select from node where incarnation = $1 and dead_at is not null)",
        owner,
    )
    if not living:
        raise StaleOwnerError(f"process {owner} was declared dead by another node and takes no calls")
