"""Who may be dialled next, and who dials: what the ledger counts for the choice, and the statements every call goes through.

The choice itself, and what always holds of it, is ``rules.choice``. It runs in one process at a time (an advisory lock), over the
first due calls of each lane. A lane has the calls of one batch, or of one number and carrier; their retries have a lane of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from callwright.domain.errors import BadInputError, StaleOwnerError
from callwright.domain.limits import MAX_LANES
from callwright.platform.calling_policy.rows import policy_of_text
from callwright.platform.executions.rows.columns import COLUMNS, execution_of, qualified
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.pace.rules.choice import (
    SHARE,
    Account,
    BusyCalls,
    Organisation,
    PacedBatch,
    Queue,
    Waiting,
    choose,
)
from callwright.platform.pace.rules.numbers import NumberState
from callwright.platform.pace.rules.outcomes import batch_calls_per_second
from callwright.platform.pace.rules.policy import BatchPace, PacePolicy

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
  select coalesce(t.parent_id, t.id) as organisation_id, count(*) as number, count(*) filter (where e.direction = 'inbound') as inbound
  from execution e join tenant t on t.id = e.tenant_id
  where e.owner = $1 and e.phase in ('admitted', 'claimed', 'dialling', 'live') group by 1
)
"""


def _within_share(number: str, left: str) -> str:
    """SQL: whether an organisation may take its ``number``-th place, after which ``left`` places are free.

    Each may have one place, and more of them up to SHARE times as many as it leaves free. The first organisation thus leaves a fifth of
    all places to others, and the second one a fifth of these. A platform on which one organisation has agents keeps nothing free.
    """
    return f"({number} = 1 or {number} <= {SHARE} * ({left}) or not (select wait from others))"


# The organisations and accounts that have calls which are due, and how many calls are admitted and not taken.
_LOOK = f"""
with {_PLACES}, {_OTHERS}
select a.id, a.organisation_id, a.number, a.least_places, a.most_places, o.free::bigint, o.held::bigint,
  (select body::text from calling_policy where tenant_id = a.organisation_id) as policy,
  (select wait from others) as others_wait,
  coalesce((select sum(unclaimed) from busy), 0)::bigint as admitted,
  coalesce((select unclaimed from busy b where b.tenant_id = a.id), 0) as unclaimed
from account a join organisation o on o.id = a.organisation_id
where a.organisation_id in (select organisation_id from account where id = any ($1))
"""

_BUSY_CALLS = """
select tenant_id as account_id, carrier, from_number as number, batch_id, direction = 'inbound' as inbound, retry_count > 0 as again,
  phase in ('admitted', 'claimed') as starting, count(*) as count
from execution where tenant_id = any ($1) and phase in ('admitted', 'claimed', 'dialling', 'live')
group by 1, 2, 3, 4, 5, 6, 7
"""

# The first call of each lane, found by one descent of the index for each lane, however many calls wait in it.
_LANES = f"""
with recursive lane as (
  (
    select tenant_id, lane, due_at, batch_id from execution where phase = 'waiting' and detail <> 'prepared'
    order by tenant_id, lane, due_at, id limit 1
  )
  union all
  select following.* from lane l cross join lateral (
    select e.tenant_id, e.lane, e.due_at, e.batch_id from execution e
    where e.phase = 'waiting' and e.detail <> 'prepared' and (e.tenant_id, e.lane) > (l.tenant_id, l.lane)
    order by e.tenant_id, e.lane, e.due_at, e.id limit 1
  ) following
)
select l.tenant_id, l.lane, l.batch_id, b.pace, b.from_numbers from lane l left join batch b on b.id = l.batch_id
where l.due_at <= now() and (l.batch_id is null or b.paused_at is null and b.status <> 'stopped') order by l.due_at limit {MAX_LANES}
"""

_WAITING = """
select e.* from unnest($1::text[], $2::text[], $3::bigint[]) l(tenant_id, lane, most) cross join lateral (
  select e.id, e.tenant_id as account_id, e.due_at, e.carrier, e.from_number as number, e.to_number, e.batch_id, e.retry_count > 0 as again
  from execution e
  where e.tenant_id = l.tenant_id and e.lane = l.lane and e.phase = 'waiting' and e.detail <> 'prepared' and e.due_at <= now()
  order by e.due_at, e.id limit l.most
) e
"""

# The time, how late the audio is in the process where it is least late, and how many processes there are.
_LATENESS = """
select now() as now, count(*) as processes, coalesce(min(late_ms), 0) as late_ms from node
where stopped_at is null and dead_at is null and beat_at > now() - interval '5 seconds'
"""

# "any" of an array keeps the planner at the primary key, whatever it believes of the number of rows.
_LOCKED = f"""
select {COLUMNS} from execution where id = any ($1::text[]) and phase = 'waiting' for no key update skip locked
"""

_NUMBERED = """
with given as (
  select * from unnest($1::text[], $2::text[], $3::json[]) g(id, number, choice)
), numbered as (
  update execution e set from_number = g.number, options = (e.options::jsonb || jsonb_build_object('number_choice', g.choice::jsonb))::json
  from given g where e.id = g.id returning e.tenant_id, e.from_number
)
insert into caller_number (tenant_id, number, used_at) select distinct tenant_id, from_number, now() from numbered order by 1, 2
on conflict (tenant_id, number) do update set used_at = excluded.used_at
"""

_ADMIT = f"""
update execution set phase = 'admitted', detail = '', status = 'queued', updated_at = greatest(now(), updated_at)
where id = any ($1::text[]) and phase = 'waiting' returning {COLUMNS}
"""

_KNOWN = "insert into node (incarnation, name) values ($1, '') on conflict (incarnation) do nothing"
_LIVES = "not exists (select from node where incarnation = $1 and dead_at is not null)"

# A policy that was stored by an older release may have anything there.
_KEPT = (
    "case jsonb_typeof(p.body::jsonb #> '{pace,kept_for_inbound}') when 'number'"
    " then (p.body::jsonb #> '{pace,kept_for_inbound}')::int else 0 end"
)

# A process with $2 free places, and $3 for calls of batches, takes the calls of organisations that have few there before those of others.
# Rows that another process is taking count as taken by this one, which errs to the side of what is kept free until the next look.
# What an organisation keeps for incoming calls it keeps in each process, as they come to one: of its places, those free and those in use,
# it takes no more for the calls it makes. One that keeps more places than a process has still makes one call at a time.
_CLAIM = f"""
with known as ({_KNOWN}), {_HERE}, {_OTHERS},
numbered as (
  select e.id, e.due_at, e.batch_id, row_number() over (partition by e.batch_id is null order by e.due_at, e.id) as place,
    coalesce(h.number, 0) + row_number() over (partition by coalesce(t.parent_id, t.id) order by e.due_at, e.id) as number,
    coalesce(h.number - h.inbound, 0) + row_number() over (partition by coalesce(t.parent_id, t.id) order by e.due_at, e.id) as made,
    {_KEPT} as kept
  from execution e join tenant t on t.id = e.tenant_id left join here h on h.organisation_id = coalesce(t.parent_id, t.id)
    left join calling_policy p on p.tenant_id = coalesce(t.parent_id, t.id)
  where e.phase = 'admitted'
),
lined_up as (
  select id, number, row_number() over (order by number, due_at, id) as rank from numbered
  where (batch_id is null or place <= $3)
    and (kept = 0 or made <= greatest($2::bigint + coalesce((select sum(number) from here), 0) - kept, 1))
),
next as (
  select e.id from (
    select id from lined_up where {_within_share("number", "$2::bigint - rank")} and {_LIVES} order by rank
  ) l cross join lateral (
    select x.id from execution x where x.id = l.id and x.phase = 'admitted' for no key update skip locked
  ) e
  limit $2
),
taken as (
  update execution set phase = 'claimed', owner = $1, attempt = attempt + 1, updated_at = greatest(now(), updated_at)
  where execution.id = any (array(select id from next)) and execution.phase = 'admitted'
  returning {qualified("execution")}
),
opened as (
  insert into attempt (execution_id, attempt, owner, tenant_id, batch_id, from_number)
  select id, attempt, $1, tenant_id, batch_id, from_number from taken
)
select * from taken
"""

_NO_BOUND = 2**31

_ROOM = f"""
with {_PLACES}, {_HERE}, {_OTHERS}
select {_within_share("coalesce(h.number, 0) + 1", "$3::bigint - 1")} and case
  when a.number >= a.most_places then false
  when a.number < a.least_places then o.free > 0
  else o.free > o.held
end from account a join organisation o on o.id = a.organisation_id left join here h on h.organisation_id = o.id where a.id = $2
"""


async def candidates(connection: Any, node_limit: int) -> list[Execution]:
    """The due executions that may be admitted now, locked, in their order; [] when another process is at it. The lock of the admission is
    held until the unit ends, and what is admitted in it counts for the next one."""
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
        return []
    queue = await _queue(connection, node_limit)
    chosen = [] if queue is None else choose(queue)
    if not chosen:
        return []
    numbered = [(one.id, one.number) for one in chosen if one.number is not None]
    if numbered:
        await connection.execute(
            _NUMBERED,
            [execution_id for execution_id, _ in numbered],
            [choice.number for _, choice in numbered],
            [choice.why for _, choice in numbered],
        )
    rows = {row["id"]: row for row in await connection.fetch(_LOCKED, [one.id for one in chosen])}
    return [execution_of(rows[one.id]) for one in chosen if one.id in rows]


async def admit(connection: Any, execution_ids: Sequence[str]) -> list[Execution]:
    """Admit executions that :func:`candidates` returned in this unit."""
    return [execution_of(row) for row in await connection.fetch(_ADMIT, list(execution_ids))]


async def _queue(connection: Any, node_limit: int) -> Queue | None:
    """What the choice depends on; None when nothing is due, or nothing may be admitted."""
    lanes = await connection.fetch(_LANES)
    if not lanes:
        return None
    places = await connection.fetch(_LOOK, list({lane["tenant_id"] for lane in lanes}))
    free = node_limit - (places[0]["admitted"] if places else 0)
    room = {
        row["id"]: max(
            0, min(free, row["free"], free if row["most_places"] is None else row["most_places"] - row["number"])
        )
        for row in places
    }
    lanes = [lane for lane in lanes if room.get(lane["tenant_id"])]
    if not lanes:
        return None
    waiting = await connection.fetch(
        _WAITING,
        [lane["tenant_id"] for lane in lanes],
        [lane["lane"] for lane in lanes],
        [room[lane["tenant_id"]] for lane in lanes],
    )
    busy = [BusyCalls(**row) for row in await connection.fetch(_BUSY_CALLS, [row["id"] for row in places])]
    batches = {
        lane["batch_id"]: PacedBatch(BatchPace.stored(lane["pace"]).limit, tuple(lane["from_numbers"]))
        for lane in lanes
        if lane["pace"] is not None
    }
    lateness = await connection.fetchrow(_LATENESS)
    policies = {row["organisation_id"]: row["policy"] for row in places}
    unclaimed: Counter[str] = Counter()
    for row in places:
        unclaimed[row["organisation_id"]] += row["unclaimed"]
    return Queue(
        now=lateness["now"],
        free=free,
        places=node_limit,
        others_wait=places[0]["others_wait"],
        organisations=[
            Organisation(own, row["free"], row["held"], unclaimed[own], _pace_of(policies[own]))
            for own, row in {row["organisation_id"]: row for row in places}.items()
        ],
        accounts=[
            Account(row["id"], row["organisation_id"], row["number"], row["least_places"], row["most_places"])
            for row in places
        ],
        busy=busy,
        waiting=[Waiting(**row) for row in waiting],
        batches=batches,
        numbers=await _numbers(connection, lanes),
        batch_calls=_batch_calls(lateness["processes"], lateness["late_ms"], busy),
    )


def _pace_of(body: str | None) -> PacePolicy:
    """The pace of a stored policy. Under one that cannot be read nothing is dialled: that is decided about each call."""
    try:
        return PacePolicy() if body is None else policy_of_text(body).pace
    except BadInputError:
        return PacePolicy()


async def _numbers(connection: Any, lanes: Sequence[Any]) -> dict[tuple[str, str], NumberState]:
    """What is known of the numbers of batches that have a choice of them."""
    several = [lane for lane in lanes if lane["pace"] is not None and len(lane["from_numbers"]) > 1]
    if not several:
        return {}
    rows = await connection.fetch(
        "select tenant_id, number, used_at, asked, answered, rests_until from caller_number"
        " where tenant_id = any ($1) and number = any ($2)",
        list({lane["tenant_id"] for lane in several}),
        list({number for lane in several for number in lane["from_numbers"]}),
    )
    return {
        (row["tenant_id"], row["number"]): NumberState(
            row["number"], row["used_at"], row["asked"], row["answered"], row["rests_until"]
        )
        for row in rows
    }


def _batch_calls(processes: int, late_ms: int, busy: Iterable[BusyCalls]) -> int | None:
    """How many calls of batches may be admitted where the audio of every process is late."""
    per_second = batch_calls_per_second(late_ms)
    if per_second is None:
        return None
    starting = sum(group.count for group in busy if group.batch_id is not None and group.starting)
    return max(0, processes * per_second - starting)


async def claim(connection: Any, owner: str, count: int, batch_calls: int | None = None) -> list[Execution]:
    """Take up to ``count`` admitted executions, the free places of ``owner``, which is registered as a node if it was not. Of batches up to
    ``batch_calls``, None without a bound."""
    if count <= 0:
        return []
    most = _NO_BOUND if batch_calls is None else batch_calls
    claimed = [execution_of(row) for row in await connection.fetch(_CLAIM, owner, count, most)]
    if not claimed:
        await _must_live(connection, owner)
    return claimed


async def hold(connection: Any) -> None:
    """Wait for an admission under way (milliseconds), and keep others from beginning until the unit ends."""
    await connection.execute("select pg_advisory_xact_lock($1)", LOCK)


async def withdraw(connection: Any, batch_id: str) -> None:
    """Take the admission of a batch's calls back. A call that a process is taking stays with it: the update finds it claimed."""
    await connection.execute(
        "update execution set phase = 'waiting', detail = 'queued', updated_at = greatest(now(), updated_at)"
        " where batch_id = $1 and phase = 'admitted' and phase <> 'done'",
        batch_id,
    )


async def make_room(connection: Any, owner: str, tenant_id: str, free: int) -> bool:
    """Whether ``owner``, a process with ``free`` places, may take one more call of the tenant, one that comes in; nobody else admits or
    takes one until the unit ends."""
    # Both count the same calls, and together they would exceed the limit.
    await hold(connection)
    await _must_live(connection, owner)
    return bool(await connection.fetchval(_ROOM, owner, tenant_id, free))


async def _must_live(connection: Any, owner: str) -> None:
    if not await connection.fetchval(f"with known as ({_KNOWN}) select {_LIVES}", owner):
        raise StaleOwnerError(f"process {owner} was declared dead by another node and takes no calls")
