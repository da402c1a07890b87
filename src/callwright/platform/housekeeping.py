"""What belongs to no execution and must not grow for ever, and what a person should look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.domain.limits import MAX_ATTEMPT_PERIOD_HOURS, SESSION_IDLE_SECONDS
from callwright.platform.execution_list import rows as execution_list
from callwright.platform.usage.rows import SUM_UP

CATCH_UP_ROUNDS = 20
"""Rounds of writing the list's rows of older executions, each time what is past its time is deleted."""

AUDIT_ROUND = 1_000
"""Entries of the audit trail that are looked at in one transaction."""

_NOTHING_WAITS = " and ".join(
    f"not exists (select from {table} o join tenant t on t.id = o.tenant_id where o.endpoint = e.endpoint and o.state = 'waiting'"
    " and e.organisation_id in (t.id, t.parent_id))"
    for table in ("outbox", "batch_outbox")
)

_PRUNE = (
    # Nobody asks it any more: it may be a batch's own, or of an account that is gone.
    f"delete from webhook_endpoint e where e.failed_at < now() - interval '7 days' and {_NOTHING_WAITS}",
    "delete from idempotency where created_at < now() - interval '24 hours'",
    (
        "delete from node where coalesce(dead_at, stopped_at) < now() - interval '7 days'"
        " and not exists (select from execution where owner = node.incarnation)"
    ),
    (
        "delete from batch_outbox o where o.state <> 'waiting' and not exists (select from batch b where b.id = o.batch_id)"
    ),
    f"delete from dashboard_session where least(expires_at, used_at + interval '{SESSION_IDLE_SECONDS} seconds') < now()",
    "delete from sign_in_code where expires_at < now()",
    "delete from pgqueuer_log where created < now() - interval '7 days'",
    "delete from pgqueuer_statistics where created < now() - interval '7 days'",
)

FORGOTTEN_AT_ONCE = 10_000
"""Dials of deleted executions that are deleted in one statement."""

_FORGET_DIALS = (
    "delete from dial_decision where number in (select number from dial_decision where execution_id is null"
    f" and at < now() - interval '{MAX_ATTEMPT_PERIOD_HOURS} hours' order by at limit $1)"
)


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A background job that failed at every try."""

    id: int
    name: str
    payload: bytes
    tries: int
    failed_at: datetime


async def prune(pool: Any) -> bool:
    """Sum up usage and delete what is past its time, in short statements of their own. Returns whether rows of the list are left to be
    written."""
    await pool.execute(SUM_UP)
    await execution_list.fold(pool)
    is_behind = True
    for _ in range(CATCH_UP_ROUNDS):
        is_behind = await execution_list.catch_up(pool)
        if not is_behind:
            break
    for statement in _PRUNE:
        await pool.execute(statement)
    while await pool.execute(_FORGET_DIALS, FORGOTTEN_AT_ONCE) == f"DELETE {FORGOTTEN_AT_ONCE}":
        pass
    return is_behind


async def prune_audit(pool: Any, before: datetime) -> int:
    """Delete the oldest entries of the audit trail as far as they are older than ``before``, AUDIT_ROUND of them at most; how many they
    were. A trigger keeps what is younger than 30 days whatever ``before`` says."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('callwright.audit_deleted_before', $1, true)", before.isoformat())
        # Ids grow with time, so the oldest are found without an index of times; a few may stand in another order, and go the next time.
        done = await connection.execute(
            "delete from audit a using (select id from audit order by id limit $1) oldest"
            " where a.id = oldest.id and a.at < $2 and a.at < now() - interval '30 days'",
            AUDIT_ROUND,
            before,
        )
    return int(done.split()[-1])


async def held_jobs(pool: Any, count: int) -> list[HeldJob]:
    """The newest jobs on hold."""
    rows = await pool.fetch(
        "select id, entrypoint as name, coalesce(payload, '') as payload, attempts as tries, updated as failed_at"
        " from pgqueuer where status = 'failed' order by updated desc, id desc limit $1",
        count,
    )
    return [HeldJob(**row) for row in rows]
