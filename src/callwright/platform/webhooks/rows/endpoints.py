"""``platform.webhooks.rows.endpoints.EndpointRows``: an endpoint has a row from its first failed try to its next answer.

Of all locks the endpoint's row is taken last, and the lease of webhooks never waits for it.
"""

from __future__ import annotations

from typing import Any

from callwright.domain.limits import PAUSE_AFTER_FAILURES, PAUSE_AFTER_HOURS, PROBE_SECONDS
from callwright.platform.webhooks.rows.outbox import OF_BATCHES, OF_EXECUTIONS, OutboxTable
from callwright.platform.webhooks.rules.deliveries import FailingEndpoint

_FAILED = """
insert into webhook_endpoint as e (organisation_id, endpoint, failures, failing_since, failed_at, reason, paused_at)
values ($1, $2, 1, now(), now(), $3, case when $4 then now() end)
on conflict (organisation_id, endpoint) do update set
  failures = e.failures + 1,
  failed_at = now(),
  reason = excluded.reason,
  paused_at = coalesce(e.paused_at, excluded.paused_at),
  probe_at = case when not $4 then e.probe_at end
returning coalesce(paused_at = now(), false)
"""

_PAUSE = f"""
update webhook_endpoint set paused_at = now(), probe_at = now() + interval '{PROBE_SECONDS} seconds'
where (organisation_id, endpoint) in (
  select organisation_id, endpoint from webhook_endpoint
  where paused_at is null and failures >= {PAUSE_AFTER_FAILURES} and failing_since <= now() - interval '{PAUSE_AFTER_HOURS} hours'
  for update skip locked
)
returning *
"""

_TENANTS = "select id from tenant where $1 in (id, parent_id)"


def _failed_before(table: OutboxTable) -> str:
    """The executions or batches whose webhooks failed at the endpoint."""
    return f"""
select distinct {table.key} as id from {table.name}
where tenant_id = any ($1::text[]) and endpoint = $2 and state = 'waiting' and due_at < 'infinity'
  and failing_since is not null and leased_by is null
limit $3
"""


def _in_order(table: OutboxTable) -> str:
    """The first that waits may go now, and each other one after the one before it."""
    return f"""
update {table.name} o set tries = 0, failing_since = null, passed = false,
  due_at = case when exists (
    select from {table.name} p where p.{table.key} = o.{table.key} and p.sequence < o.sequence and p.state = 'waiting'
  ) then 'infinity' else now() end
where o.{table.key} = any ($1::text[]) and o.state = 'waiting' and o.leased_by is null
"""


class EndpointRows:
    """Webhook endpoints that fail."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def failed(self, organisation_id: str, endpoint: str, reason: str, *, is_gone: bool = False) -> bool:
        """Count a failed try, and pause an endpoint that ``is_gone``. True when this paused it."""
        return bool(await self._connection.fetchval(_FAILED, organisation_id, endpoint, reason, is_gone))

    async def pause(self) -> list[FailingEndpoint]:
        """Pause endpoints at which every try failed for PAUSE_AFTER_HOURS, PAUSE_AFTER_FAILURES at least; they are returned."""
        return [FailingEndpoint(**row) for row in await self._connection.fetch(_PAUSE)]

    async def answered(self, organisation_id: str, endpoint: str) -> None:
        """Forget the failures of an endpoint that is not paused."""
        await self._connection.execute(
            "delete from webhook_endpoint where organisation_id = $1 and endpoint = $2 and paused_at is null",
            organisation_id,
            endpoint,
        )

    async def order(self, organisation_id: str, endpoint: str, count: int) -> int:
        """Make webhooks that failed before the pause wait in order again, with all their tries, for up to ``count`` executions and
        batches; of how many. Call it until it is 0, then :meth:`resume`."""
        tenants = [row["id"] for row in await self._connection.fetch(_TENANTS, organisation_id)]
        done = 0
        for table in (OF_EXECUTIONS, OF_BATCHES):
            rows = await self._connection.fetch(_failed_before(table), tenants, endpoint, count)
            subjects = [row["id"] for row in rows]
            # The execution's row first, as for an addition: the two decide together what a webhook waits for.
            await self._connection.execute(
                f"select from {table.of} where id = any ($1::text[]) order by id for no key update", subjects
            )
            await self._connection.execute(_in_order(table), subjects)
            done += len(subjects)
        return done

    async def resume(self, organisation_id: str, endpoint: str) -> bool:
        """End the pause; False when there is none."""
        done = await self._connection.fetchval(
            "with gone as (delete from webhook_endpoint where organisation_id = $1 and endpoint = $2 and paused_at is not null returning 1)"
            " select pg_notify('outbox_added', '') is not null from gone",
            organisation_id,
            endpoint,
        )
        return done is not None

    async def paused(self) -> int:
        """How many endpoints of all organisations are paused."""
        return int(await self._connection.fetchval("select count(*) from webhook_endpoint where paused_at is not null"))

    async def listed(self, organisation_id: str, tenant_id: str) -> list[FailingEndpoint]:
        """Endpoints of an organisation that fail, those with webhooks of ``tenant_id`` only unless it is the organisation. Empty ids: all
        of all."""
        waiting = " + ".join(
            f"(select count(*) from {table.name} o where o.tenant_id in (select id from tenant where ($2 = '' and e.organisation_id in"
            " (id, parent_id)) or ($2 = $1 and $1 in (id, parent_id)) or id = $2)"
            " and o.endpoint = e.endpoint and o.state = 'waiting' and o.due_at < 'infinity')"
            for table in (OF_EXECUTIONS, OF_BATCHES)
        )
        rows = await self._connection.fetch(
            f"select * from (select e.*, {waiting} as waiting from webhook_endpoint e where $1 = '' or e.organisation_id = $1) f"
            " where $1 = $2 or f.waiting > 0 order by f.failing_since, f.endpoint limit 1000",
            organisation_id,
            tenant_id,
        )
        return [FailingEndpoint(**row) for row in rows]
