"""Who may be dialled next, and who dials: the two statements every call goes through.

What holds whatever the accounts do: an organisation never has more calls than its maximum, an account never more than its own, and a place
that an account is guaranteed is free for it, as long as the guarantees fit into the maximum (``domain.concurrency`` sees to that) and were
there before the calls that are in the way. Where several organisations have agents, none takes all places of a process or of the queue in
front of it (:func:`_within_share`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callwright.domain.errors import StaleOwnerError
from callwright.domain.execution import Execution
from callwright.storage.columns import execution_of, qualified

LOCK = 0x61646D69
"""Advisory lock of the admission: one process at a time reads the limits and admits, or two together would exceed them."""

# Places. An account is an organisation's own calls (nothing guaranteed, no maximum of its own) or a sub-account. Of the places of an
# organisation that nobody is in ("free"), those that sub-accounts are guaranteed and not in themselves are "held" for them.
_PLACES = """
busy as materialized (
  select tenant_id, count(*) as number, count(*) filter (where phase = 'admitted') as unclaimed
  from execution where phase in ('admitted', 'claimed', 'dialling', 'live') group by tenant_id
),
account as materialized (
  select t.id, coalesce(t.parent_id, t.id) as organisation_id, coalesce(b.number, 0) as number,
    case when t.parent_id is null then 0 else least(t.min_concurrency, t.max_concurrency) end as least_places,
    case when t.parent_id is not null then t.max_concurrency end as most_places
  from tenant t left join busy b on b.tenant_id = t.id
),
organisation as materialized (
  select o.id, o.max_concurrency - sum(a.number) as free, sum(greatest(a.least_places - a.number, 0)) as held
  from tenant o join account a on a.organisation_id = o.id where o.parent_id is null group by o.id
)
"""

# "others.wait": whether a second organisation has agents, for which places of a process are kept. The look at the agents is a scalar
# subquery, so that the planner asks the index for one tenant at a time and stops early.
_OTHERS = """
first as materialized (
  select coalesce(t.parent_id, t.id) as id from tenant t
  where t.deleted_at is null and (select true from agent a where a.tenant_id = t.id limit 1) limit 1
),
others as materialized (
  select exists (
    select from tenant t where t.deleted_at is null and coalesce(t.parent_id, t.id) <> (select id from first)
      and (select true from agent a where a.tenant_id = t.id limit 1)
  ) as wait
)
"""

# What each organisation has in the process of the owner $1.
_HERE = """
here as materialized (
  select coalesce(t.parent_id, t.id) as organisation_id, count(*) as number
  from execution e join tenant t on t.id = e.tenant_id
  where e.owner = $1 and e.phase in ('admitted', 'claimed', 'dialling', 'live') group by 1
)
"""

_SHARE = 4


def _within_share(number: str, left: str) -> str:
    """SQL: whether an organisation may take its ``number``-th place, after which ``left`` places are free.

    Each may have one place, and more of them up to _SHARE times as many as it leaves free. The first organisation thus leaves a fifth of
    all places to others, and the second one a fifth of these. A platform on which one organisation has agents keeps nothing free.
    """
    return f"({number} = 1 or {number} <= {_SHARE} * ({left}) or not (select wait from others))"


# A guaranteed call takes a free place, any other one a place that is free and not held. Those others share in proportion to what their
# accounts are guaranteed (contract 11.4): "turn" is how far above its guarantee the call would bring its account, by that weight. Within an
# account, and between accounts of equal turn, the oldest due come first. The outer query locks again and repeats "phase = 'waiting'": it
# then returns the row as it is now, not as it was when the statement began. "any (array(...))" keeps the planner at the primary key,
# whatever it believes of the number of rows.
_CANDIDATES = f"""
with {_PLACES}, {_OTHERS},
queue as materialized (
  select greatest($1::bigint - coalesce(sum(unclaimed), 0)::bigint, 0) as free from busy
),
queued as materialized (
  select a.organisation_id, sum(b.unclaimed)::bigint as number from busy b join account a on a.id = b.tenant_id group by 1
),
candidate as materialized (
  select a.organisation_id, a.number, a.least_places, c.id, c.due_at,
    row_number() over (partition by a.id order by c.due_at, c.id) as place
  from account a join organisation o on o.id = a.organisation_id cross join lateral (
    select e.id, e.due_at from execution e
    where e.tenant_id = a.id and e.phase = 'waiting' and e.detail <> 'prepared' and e.due_at <= now()
    order by e.due_at, e.id
    limit greatest(least(o.free, a.most_places - a.number, $1), 0)
    for no key update of e skip locked
  ) c
),
weighed as (
  select organisation_id, id, due_at, number + place <= least_places as guaranteed,
    (number + place - least_places)::numeric / greatest(least_places, 1) as turn
  from candidate
),
ranked as (
  select organisation_id, id, due_at, guaranteed,
    row_number() over (partition by organisation_id, guaranteed order by turn, due_at, id) as rank
  from weighed
),
numbered as (
  select r.id, r.guaranteed, r.due_at, coalesce(q.number, 0)
    + row_number() over (partition by r.organisation_id order by r.guaranteed desc, r.due_at, r.id) as number
  from ranked r join organisation o on o.id = r.organisation_id left join queued q on q.organisation_id = r.organisation_id
  where r.rank <= case when r.guaranteed then o.free else o.free - o.held end
),
lined_up as (
  select id, number, row_number() over (order by number, guaranteed desc, due_at, id) as rank from numbered
),
next as (
  select l.id from lined_up l cross join queue where l.rank <= queue.free and {_within_share("l.number", "queue.free - l.rank")}
)
select {qualified("execution")} from execution
where execution.id = any (array(select id from next)) and execution.phase = 'waiting'
order by execution.due_at, execution.id
for no key update of execution
"""

# "phase = 'waiting'" is repeated in the update itself: an execution stopped between the look and the update must stay stopped (four calls
# were dialled after their stop before this was there).
_ADMIT = f"""
update execution set phase = 'admitted', detail = '', status = 'queued', updated_at = greatest(now(), created_at)
where execution.id = any ($1::text[]) and execution.phase = 'waiting'
returning {qualified("execution")}
"""

# A process with $2 free places takes the calls of organisations that have few there before those of others. Rows that another process is
# taking count as taken by this one, which errs to the side of what is kept free until the next look.
_CLAIM = f"""
with {_HERE}, {_OTHERS},
numbered as (
  select e.id, e.due_at, coalesce(h.number, 0)
    + row_number() over (partition by coalesce(t.parent_id, t.id) order by e.due_at, e.id) as number
  from execution e join tenant t on t.id = e.tenant_id left join here h on h.organisation_id = coalesce(t.parent_id, t.id)
  where e.phase = 'admitted'
),
lined_up as (
  select id, number, row_number() over (order by number, due_at, id) as rank from numbered
),
next as (
  select e.id from (
    select id from lined_up where {_within_share("number", "$2::bigint - rank")} order by rank
  ) l cross join lateral (
    select x.id from execution x where x.id = l.id and x.phase = 'admitted' for no key update skip locked
  ) e
  limit $2
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

_ROOM = f"""
with {_PLACES}, {_HERE}, {_OTHERS}
select {_within_share("coalesce(h.number, 0) + 1", "$3::bigint - 1")} and case
  when a.number >= a.most_places then false
  when a.number < a.least_places then o.free > 0
  else o.free > o.held
end from account a join organisation o on o.id = a.organisation_id left join here h on h.organisation_id = o.id where a.id = $2
"""


async def candidates(connection: Any, node_limit: int) -> list[Execution]:
    """Lock and return the executions that the limits allow to be dialled next; [] when another process is at it."""
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
        return []
    return [execution_of(row) for row in await connection.fetch(_CANDIDATES, node_limit)]


async def admit(connection: Any, execution_ids: Sequence[str]) -> list[Execution]:
    """Admit those of them that still wait, and return them."""
    return [execution_of(row) for row in await connection.fetch(_ADMIT, list(execution_ids))]


async def claim(connection: Any, owner: str, count: int) -> list[Execution]:
    """Take up to ``count`` admitted executions, the free places of ``owner``, which is registered as a node if it was not."""
    if count <= 0:
        return []
    await _must_live(connection, owner)
    return [execution_of(row) for row in await connection.fetch(_CLAIM, owner, count)]


async def make_room(connection: Any, owner: str, tenant_id: str, free: int) -> bool:
    """Whether ``owner``, a process with ``free`` places, may take one more call of the tenant, one that comes in; nobody else admits or
    takes one until the unit ends."""
    # Waits for an admission under way (milliseconds): both count the same calls, and together they would exceed the limit.
    await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
    await _must_live(connection, owner)
    return bool(await connection.fetchval(_ROOM, owner, tenant_id, free))


async def _must_live(connection: Any, owner: str) -> None:
    living = await connection.fetchval(
        "with known as (insert into node (incarnation, name) values ($1, '') on conflict (incarnation) do nothing)"
        " select not exists (select from node where incarnation = $1 and dead_at is not null)",
        owner,
    )
    if not living:
        raise StaleOwnerError(f"process {owner} was declared dead by another node and takes no calls")
