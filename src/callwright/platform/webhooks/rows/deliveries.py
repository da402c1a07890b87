"""``platform.webhooks.rows.deliveries.DeliveryRows``: the outboxes of executions and batches as the operator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callwright.platform.webhooks.rows.outbox import OF_BATCHES, OF_EXECUTIONS, OutboxTable
from callwright.platform.webhooks.rules.deliveries import Delivery, WantedDeliveries, WantedReplay


def _selected(table: OutboxTable) -> str:
    return (
        f"select id, tenant_id, '{table.of}' as about, {table.key} as subject_id, sequence, status, url, state, tries, created_at,"
        " case when state = 'waiting' then nullif(due_at, 'infinity') end as due_at, settled_at, http_status, answer"
        f" from {table.name}"
    )


_LISTED = f"""
select * from ({_selected(OF_EXECUTIONS)} union all {_selected(OF_BATCHES)}) as every
where ($1 = '' or id = $1) and ($2 = '' or subject_id = $2) and ($3 = '' or tenant_id = $3) and ($4 = '' or state = $4)
order by created_at desc, about, subject_id, sequence desc
limit $5
"""


def _of_range(table: OutboxTable, subject: str) -> str:
    return f"""
{_selected(table)} where tenant_id = $1 and state = any ($2::text[]) and ($3::text[] is null or status = any ($3))
  and created_at >= coalesce($4, '-infinity'::timestamptz) and created_at < coalesce($5, 'infinity'::timestamptz) and {subject}"""


_RANGE = f"""
select * from (
  {
    _of_range(
        OF_EXECUTIONS,
        "($6 = '' or execution_id = $6) and ($7 = '' or execution_id in"
        " (select id from execution where tenant_id = $1 and batch_id = $7))",
    )
}
  union all
  {_of_range(OF_BATCHES, "$6 = '' and ($7 = '' or batch_id = $7)")}
) as every order by created_at, about, subject_id, sequence limit $8
"""


def _resend(table: OutboxTable) -> str:
    """One that was over begins anew. Those of an execution go in order, each after the ones before it. A lease is left alone: that try is
    under way."""
    return f"""
with again as (
  select id, row_number() over (partition by {table.key} order by sequence) as number from {table.name}
  where id = any ($1::text[]) and leased_by is null and (state <> 'waiting' or due_at < 'infinity')
)
update {table.name} o set
  tries = case when o.state = 'waiting' then o.tries else 0 end,
  replays = o.replays + (o.state <> 'waiting')::integer,
  hurried = o.state = 'waiting',
  passed = false,
  failing_since = case when o.state = 'waiting' then o.failing_since end,
  state = 'waiting',
  settled_at = null,
  due_at = case when a.number > 1 or exists (
    select from {table.name} p
    where p.{table.key} = o.{table.key} and p.sequence < o.sequence and p.state = 'waiting' and not p.passed
  ) then 'infinity' else now() end
from again a where o.id = a.id
returning o.id
"""


class DeliveryRows:
    """Webhooks of executions and batches, whatever became of them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def listed(self, wanted: WantedDeliveries) -> list[Delivery]:
        """Those that are wanted, the newest first."""
        rows = await self._connection.fetch(
            _LISTED, wanted.delivery_id, wanted.subject_id, wanted.tenant_id, wanted.state, wanted.limit
        )
        return [Delivery(**row) for row in rows]

    async def of_range(self, wanted: WantedReplay, count: int) -> list[Delivery]:
        """Those of a range, the oldest first."""
        statuses = None if wanted.statuses is None else list(wanted.statuses)
        rows = await self._connection.fetch(
            _RANGE,
            wanted.tenant_id,
            list(wanted.states),
            statuses,
            wanted.since,
            wanted.until,
            wanted.execution_id,
            wanted.batch_id,
            count,
        )
        return [Delivery(**row) for row in rows]

    async def resend(self, deliveries: Sequence[Delivery]) -> list[str]:
        """Make those that are over and those that wait for their next try due now; returns the ids of those that are. Those that were over
        begin anew, and those of one execution go in order. The try of one that waited does not count."""
        done: list[str] = []
        for table in (OF_EXECUTIONS, OF_BATCHES):
            of_table = [one for one in deliveries if one.about == table.of]
            if not of_table:
                continue
            # The subject's row first, in order, as whoever adds to its webhooks or settles one.
            await self._connection.execute(
                f"select from {table.of} where id = any ($1::text[]) order by id for no key update",
                [one.subject_id for one in of_table],
            )
            rows = await self._connection.fetch(_resend(table), [one.id for one in of_table])
            done += [row["id"] for row in rows]
        if done:
            await self._connection.execute("select pg_notify('outbox_added', '')")
        return done
