"""Usage of accounts: lines that are appended when calls are done, summed up into quarters of an hour, and added up for a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from callwright.platform.executions.rules.execution import Execution
from callwright.platform.usage.rules import UsageKey, Used, change_of_usage, quarter_of

_COLUMNS = "tenant_id, quarter, kind, provider, model, records, amount, amount_output, cost_nano"
SUMMED_AT_ONCE = 10_000

# Several processes may do this at once: each takes entries nobody else has, and both write the sums in the same order.
SUM_UP = f"""
with taken as (
  delete from usage_entry where id in (
    select id from usage_entry order by id limit {SUMMED_AT_ONCE} for update skip locked
  ) returning *
)
insert into usage_quarter as q ({_COLUMNS})
select tenant_id, quarter, kind, provider, model, sum(records), sum(amount), sum(amount_output), sum(cost_nano)
from taken group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
on conflict (tenant_id, quarter, kind, provider, model) do update set
  records = q.records + excluded.records, amount = q.amount + excluded.amount,
  amount_output = q.amount_output + excluded.amount_output, cost_nano = q.cost_nano + excluded.cost_nano
"""


async def count(connection: Any, before: Execution, after: Execution) -> None:
    """Append what a change of an execution adds to the usage, in the unit of the change."""
    changed = change_of_usage(before, after)
    if not changed:
        return
    await connection.defer(
        f"insert into usage_entry ({_COLUMNS}) select $1, $2, u.*"
        " from unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]) u",
        after.tenant_id,
        quarter_of(after.created_at),
        [key.kind for key in changed],
        [key.provider for key in changed],
        [key.model for key in changed],
        [used.records for used in changed.values()],
        [used.amount for used in changed.values()],
        [used.amount_output for used in changed.values()],
        [used.cost_nano for used in changed.values()],
    )


class UsageRows:
    """What accounts used. It is counted by ``Executions.change``, in the unit in which a call is done or its record changes after that."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def total(
        self, tenant_ids: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Mapping[UsageKey, Used]]:
        """What calls of each tenant that were created from ``since`` to before ``until``, both at quarters of an hour, have added."""
        # One statement, one moment: an entry is in one of the two tables, never in both or in none.
        rows = await self._connection.fetch(
            "select tenant_id, kind, provider, model, sum(records)::bigint as records, sum(amount)::bigint as amount,"
            " sum(amount_output)::bigint as amount_output, sum(cost_nano)::bigint as cost_nano from ("
            f"select {_COLUMNS} from usage_quarter where tenant_id = any($1::text[]) and quarter >= $2 and quarter < $3"
            f" union all select {_COLUMNS} from usage_entry where tenant_id = any($1::text[]) and quarter >= $2 and quarter < $3"
            ") u group by 1, 2, 3, 4 order by 1, 2, 3, 4",
            list(tenant_ids),
            since,
            until,
        )
        found: dict[str, dict[UsageKey, Used]] = {tenant_id: {} for tenant_id in tenant_ids}
        for row in rows:
            used = Used(row["records"], row["amount"], row["amount_output"], row["cost_nano"])
            found[row["tenant_id"]][UsageKey(row["kind"], row["provider"], row["model"])] = used
        return found

    async def unfinished(
        self, tenant_ids: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Mapping[str, int]]:
        """How many of each tenant's calls of that time are not done, by status."""
        rows = await self._connection.fetch(
            "select tenant_id, status, count(*) as number from execution where tenant_id = any($1::text[]) and phase <> 'done'"
            " and created_at >= $2 and created_at < $3 group by 1, 2 order by 1, 2",
            list(tenant_ids),
            since,
            until,
        )
        found: dict[str, dict[str, int]] = {tenant_id: {} for tenant_id in tenant_ids}
        for row in rows:
            found[row["tenant_id"]][row["status"]] = int(row["number"])
        return found

    async def captured(self, tenant_id: str) -> tuple[int, int]:
        """How many calls under way have a capture asked for: the tenant's, and all. Counted one after the other, until the unit ends."""
        await self._connection.execute("select pg_advisory_xact_lock(hashtextextended('captures', 0))")
        row = await self._connection.fetchrow(
            "select count(*) filter (where tenant_id = $1) as of_one, count(*) as of_all from execution"
            " where owner is not null and options -> 'capture' is not null",
            tenant_id,
        )
        return int(row["of_one"]), int(row["of_all"])
