"""``ports.ledger.Deliveries``: the outboxes of executions and batches as the operator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callwright.ports.ledger import Delivery, WantedDeliveries
from callwright.storage.outbox import OF_BATCHES, OF_EXECUTIONS, OutboxTable


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


def _resend(table: OutboxTable) -> str:
    """A lease is left alone: that try is under way."""
    return f"""
update {table.name} set
  tries = case when state = 'given_up' then 0 else tries end,
  passed = passed or state = 'given_up',
  failing_since = case when state = 'given_up' then null else failing_since end,
  state = 'waiting', settled_at = null, due_at = now()
where id = any ($1::text[]) and leased_by is null and (state = 'given_up' or (state = 'waiting' and due_at < 'infinity'))
returning id
"""


class DeliveryRows:
    """``ports.ledger.Deliveries``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def listed(self, wanted: WantedDeliveries) -> list[Delivery]:
        """Those that are wanted, the newest first."""
        rows = await self._connection.fetch(
            _LISTED, wanted.delivery_id, wanted.subject_id, wanted.tenant_id, wanted.state, wanted.limit
        )
        return [Delivery(**row) for row in rows]

    async def resend(self, deliveries: Sequence[Delivery]) -> list[str]:
        """Make given up ones and those that wait for their next try due now; returns the ids of those that are."""
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
