"""What belongs to no execution and must not grow for ever, and what a person should look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.storage.usage import SUM_UP

_PRUNE = (
    "delete from idempotency where created_at < now() - interval '24 hours'",
    (
        "delete from node where coalesce(dead_at, stopped_at) < now() - interval '7 days'"
        " and not exists (select from execution where owner = node.incarnation)"
    ),
    "delete from pgqueuer_log where created < now() - interval '7 days'",
    "delete from pgqueuer_statistics where created < now() - interval '7 days'",
)


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A background job that failed at every try."""

    id: int
    name: str
    payload: bytes
    tries: int
    failed_at: datetime


async def prune(pool: Any) -> None:
    """Sum up usage and delete what is past its time, in short statements of their own."""
    await pool.execute(SUM_UP)
    for statement in _PRUNE:
        await pool.execute(statement)


async def held_jobs(pool: Any, count: int) -> list[HeldJob]:
    """The newest jobs on hold."""
    rows = await pool.fetch(
        "select id, entrypoint as name, coalesce(payload, '') as payload, attempts as tries, updated as failed_at"
        " from pgqueuer where status = 'failed' order by updated desc, id desc limit $1",
        count,
    )
    return [HeldJob(**row) for row in rows]
