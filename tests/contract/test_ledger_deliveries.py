"""How deliveries are listed, and which can be made due again."""

from __future__ import annotations

from typing import Any

from tests.database import run_sql
from tests.rows import OTHER_TENANT_ID, entry_row, execution_row, place

from callwright.domain.tenant import DEFAULT_TENANT_ID
from callwright.ports.ledger import Delivery, OutboxEntry, WantedDeliveries
from callwright.storage.ledger import PostgresLedger


async def listed(ledger: PostgresLedger, **wanted: Any) -> list[Delivery]:
    async with ledger.unit() as unit:
        return await unit.deliveries.listed(WantedDeliveries(**wanted))


async def taken(ledger: PostgresLedger) -> list[OutboxEntry]:
    async with ledger.unit() as unit:
        return await unit.outbox.lease("w", 25, 10, 180)


async def add(ledger: PostgresLedger, *executions: str) -> None:
    async with ledger.unit() as unit:
        for execution_id in executions:
            await unit.outbox.add(entry_row(execution_id, url="https://hooks.example/secret"))


async def fails(ledger: PostgresLedger, entry: OutboxEntry, retry_s: int | None) -> None:
    async with ledger.unit() as unit:
        assert await unit.outbox.failed(entry.id, "w", retry_s, None, "no answer within 10 seconds")


async def resend(ledger: PostgresLedger, deliveries: list[Delivery]) -> list[str]:
    async with ledger.unit() as unit:
        return await unit.deliveries.resend(deliveries)


async def test_a_delivery_is_listed_with_its_last_result_and_next_try(ledger: PostgresLedger) -> None:
    await place(ledger, execution_row("a"), execution_row("b"))
    await add(ledger, "a", "a", "b")
    first, other = sorted(await taken(ledger), key=lambda entry: entry.execution_id)
    await fails(ledger, first, 600)
    async with ledger.unit() as unit:
        await unit.outbox.delivered(other.id, "w", 204, "thanks")
    held, head = await listed(ledger, subject_id="a")
    assert (head.about, head.tries, head.place, head.state) == ("execution", 1, "hooks.example", "waiting")
    assert head.reason == "no answer within 10 seconds"
    assert head.due_at is not None
    assert (held.reason, held.due_at, held.tries) == ("", None, 0)
    (done,) = await listed(ledger, state="delivered")
    assert (done.id, done.reason, done.due_at) == (other.id, "HTTP 204", None)
    assert done.settled_at is not None
    assert len(await listed(ledger, tenant_id=DEFAULT_TENANT_ID)) == 3
    assert await listed(ledger, tenant_id=OTHER_TENANT_ID) == []
    assert [one.id for one in await listed(ledger, delivery_id=first.id)] == [first.id]


async def test_a_given_up_webhook_is_sent_again_with_its_id_and_body(ledger: PostgresLedger) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", "a")
    (entry,) = await taken(ledger)
    await fails(ledger, entry, None)
    (after,) = await taken(ledger)
    await fails(ledger, after, 3_600)
    assert await resend(ledger, await listed(ledger, state="given_up")) == [entry.id]
    (again,) = await taken(ledger)
    assert (again.id, again.body, again.sequence, again.tries) == (entry.id, entry.body, 1, 0)
    # The next one does not wait for it: it had passed before.
    assert [one.due_at is None for one in await listed(ledger, delivery_id=after.id)] == [False]


async def test_one_that_waits_for_its_next_try_is_hurried(ledger: PostgresLedger) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", "a")
    (entry,) = await taken(ledger)
    await fails(ledger, entry, 3_600)
    assert await taken(ledger) == []
    assert await resend(ledger, await listed(ledger, subject_id="a")) == [entry.id], "the second waits for the first"
    (again,) = await taken(ledger)
    assert (again.id, again.tries) == (entry.id, 1)


async def test_one_that_was_delivered_or_is_under_way_is_left_alone(ledger: PostgresLedger) -> None:
    await place(ledger, execution_row("a"), execution_row("b"))
    await add(ledger, "a", "b")
    entries = await taken(ledger)
    async with ledger.unit() as unit:
        await unit.outbox.delivered(entries[0].id, "w", 200, "")
    assert await resend(ledger, await listed(ledger)) == []


async def test_webhooks_of_batches_are_listed_and_sent_again(ledger: PostgresLedger, dsn: str) -> None:
    await run_sql(
        dsn,
        "insert into batch_outbox (id, tenant_id, batch_id, sequence, status, url, headers, body, state, created_at, settled_at, tries)"
        f" values ('e', '{DEFAULT_TENANT_ID}', 'gone', 1, 'executed', 'https://b.example', '{{}}', 'x', 'given_up', now(), now(), 10)",
    )
    (found,) = await listed(ledger, subject_id="gone")
    assert (found.about, found.state) == ("batch", "given_up")
    assert await resend(ledger, [found]) == ["e"]
    assert (await listed(ledger, delivery_id="e"))[0].state == "waiting"
