"""Processes that run calls, and whether they still move."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callwright.domain.errors import StaleOwnerError
from callwright.platform.nodes.rules import Beat, NodeView

# One statement, every second or three in every process, idle ones too.
_BEAT = """
with beaten as (
  insert into node (incarnation, name, late_ms) values ($1, $2, $3)
  on conflict (incarnation) do update
    set counter = node.counter + 1, name = excluded.name, beat_at = now(), late_ms = excluded.late_ms
    where node.dead_at is null
  returning true
)
select
  exists (select from beaten) as moved,
  exists (select from execution where owner = $1) as owns,
  (
    select coalesce(json_agg(json_build_object(
      'incarnation', incarnation, 'name', name, 'counter', counter, 'stopped', stopped_at is not null or dead_at is not null
    ) order by started_at, incarnation), '[]')
    from node
    where incarnation <> $1
      and ((stopped_at is null and dead_at is null) or exists (select from execution where owner = node.incarnation))
  ) as others
"""


class NodeRows:
    """Processes that run calls, and whether they still move."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def beat(self, incarnation: str, name: str, late_ms: int = 0) -> Beat:
        """Register or advance the counter of this incarnation, whose live audio is ``late_ms`` late, and look at the others.
        StaleOwnerError when it was declared dead: its calls were settled by another node, and it must go on under a new incarnation."""
        row = await self._connection.fetchrow(_BEAT, incarnation, name, late_ms)
        if not row["moved"]:
            raise StaleOwnerError(f"process {incarnation} was declared dead by another node")
        return Beat(row["owns"], tuple(NodeView(**other) for other in row["others"]))

    async def stopped(self, incarnation: str) -> None:
        """This incarnation ended in order."""
        await self._connection.execute("update node set stopped_at = now() where incarnation = $1", incarnation)

    async def forget(self, incarnation: str) -> datetime | None:
        """Mark as dead: its writes are refused from now on (owned rows are settled by the caller). Returns when it beat last by the clock
        of the database, None for one that never did."""
        beat_at: datetime | None = await self._connection.fetchval(
            "with before as (select beat_at from node where incarnation = $1)"
            " insert into node (incarnation, name, dead_at) values ($1, '', now())"
            " on conflict (incarnation) do update set dead_at = coalesce(node.dead_at, now())"
            " returning (select beat_at from before)",
            incarnation,
        )
        return beat_at
