"""How deliveries are listed, and which can be made due again."""

from __future__ import annotations

from typing import Any

from tests.database import run_sql
from tests.rows import OTHER_TENANT_ID, entry_row, execution_row, place, seconds_after

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.webhooks.rules.deliveries import Delivery, WantedDeliveries, WantedReplay
from callwright.platform.webhooks.rules.outbox import Answered, OutboxEntry


async def listed(ledger: Ledger, **wanted: Any) -> list[Delivery]:
    async with ledger.unit() as unit:
        return await unit.deliveries.listed(WantedDeliveries(**wanted))


async def taken(ledger: Ledger) -> list[OutboxEntry]:
    async with ledger.unit() as unit:
        return await unit.outbox.lease("w", 25, 10, 180)


async def add(ledger: Ledger, *executions: str) -> None:
    async with ledger.unit() as unit:
        for execution_id in executions:
            await unit.outbox.add(entry_row(execution_id, url="https://hooks.example/secret"))


async def fails(ledger: Ledger, entry: OutboxEntry, retry_s: int | None) -> None:
    async with ledger.unit() as unit:
        assert await unit.outbox.failed(entry.id, "w", retry_s, None, "no answer within 10 seconds")


async def resend(ledger: Ledger, deliveries: list[Delivery]) -> list[str]:
    async with ledger.unit() as unit:
        return await unit.deliveries.resend(deliveries)


async def test_a_delivery_is_listed_with_its_last_result_and_next_try(ledger: Ledger) -> None:
    await place(ledger, execution_row("a"), execution_row("b"))
    await add(ledger, "a", "a", "b")
    first, other = sorted(await taken(ledger), key=lambda entry: entry.execution_id)
    await fails(ledger, first, 600)
    async with ledger.unit() as unit:
        await unit.outbox.delivered("w", Answered(other.id, 204, "thanks"))
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


async def test_a_given_up_webhook_is_sent_again_with_its_id_and_body(ledger: Ledger) -> None:
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


async def test_one_that_waits_for_its_next_try_is_hurried(ledger: Ledger) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", "a")
    (entry,) = await taken(ledger)
    await fails(ledger, entry, 3_600)
    assert await taken(ledger) == []
    assert await resend(ledger, await listed(ledger, subject_id="a")) == [entry.id], "the second waits for the first"
    (again,) = await taken(ledger)
    assert (again.id, again.tries) == (entry.id, 1)


async def test_a_try_that_was_asked_for_does_not_count(ledger: Ledger) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a")
    (entry,) = await taken(ledger)
    await fails(ledger, entry, 3_600)
    await resend(ledger, await listed(ledger))
    (asked,) = await taken(ledger)
    assert (asked.tries, asked.hurried, asked.replays) == (1, True, 0)
    await fails(ledger, asked, 0)
    (counted,) = await taken(ledger)
    assert (counted.tries, counted.hurried) == (1, False)
    await fails(ledger, counted, 0)
    assert [one.tries for one in await listed(ledger)] == [2]


async def test_one_that_is_under_way_is_left_alone(ledger: Ledger) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a")
    await taken(ledger)
    assert await resend(ledger, await listed(ledger)) == []


async def delivered(ledger: Ledger, count: int) -> list[str]:
    """Deliver so many, and say in which order they went."""
    sent: list[str] = []
    while len(sent) < count:
        (entry, *_) = await taken(ledger)
        sent.append(entry.id)
        async with ledger.unit() as unit:
            await unit.outbox.delivered("w", Answered(entry.id, 200, ""))
    return sent


async def test_delivered_ones_are_sent_again_with_a_mark_in_the_order_of_their_execution(
    ledger: Ledger,
) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", "a", "a")
    first = await delivered(ledger, 3)
    assert len(await resend(ledger, await listed(ledger))) == 3
    await add(ledger, "a")
    (again,) = await taken(ledger)
    assert (again.id, again.replays, again.tries, again.gap) == (first[0], 1, 0, False)
    async with ledger.unit() as unit:
        await unit.outbox.delivered("w", Answered(again.id, 200, ""))
    rest = await delivered(ledger, 3)
    assert rest[:2] == first[1:]
    assert rest[2] not in first, "what happened meanwhile comes after them"


async def test_one_replayed_event_makes_no_gap_before_the_next(ledger: Ledger) -> None:
    await place(ledger, execution_row("a"))
    await add(ledger, "a", "a")
    first = await delivered(ledger, 2)
    await resend(ledger, await listed(ledger, delivery_id=first[0]))
    await add(ledger, "a")
    entries = {entry.sequence: entry for entry in await taken(ledger)}
    assert {number: (one.replays, one.gap) for number, one in entries.items()} == {1: (1, False), 3: (0, False)}


async def of_range(ledger: Ledger, count: int = 100, **wanted: Any) -> list[str]:
    async with ledger.unit() as unit:
        found = await unit.deliveries.of_range(WantedReplay(**{"tenant_id": DEFAULT_TENANT_ID, **wanted}), count)
    return [one.id for one in found]


async def test_a_range_is_found_by_time_batch_execution_status_and_state(ledger: Ledger, dsn: str) -> None:
    await place(ledger, execution_row("a", batch_id="batch-1"), execution_row("b"))
    async with ledger.unit() as unit:
        for number, (call, status) in enumerate([("a", "ringing"), ("a", "completed"), ("b", "completed")]):
            await unit.outbox.add(
                entry_row(call, id=f"{call}-{status}", status=status, created_at=seconds_after(number))
            )
    assert await of_range(ledger) == [], "nothing is over"
    first, last = sorted(await taken(ledger), key=lambda entry: entry.execution_id)
    async with ledger.unit() as unit:
        await unit.outbox.delivered("w", Answered(first.id, 200, ""))
    await delivered(ledger, 1)
    await fails(ledger, last, None)
    everything = await of_range(ledger)
    assert everything == ["a-ringing", "a-completed", "b-completed"]
    assert await of_range(ledger, count=2) == everything[:2]
    assert await of_range(ledger, since=seconds_after(1)) == everything[1:]
    assert await of_range(ledger, until=seconds_after(1)) == everything[:1]
    assert await of_range(ledger, execution_id="b") == ["b-completed"]
    assert await of_range(ledger, batch_id="batch-1") == everything[:2]
    assert await of_range(ledger, statuses=["completed"]) == everything[1:]
    assert await of_range(ledger, states=["given_up"]) == [last.id]
    assert await of_range(ledger, tenant_id=OTHER_TENANT_ID) == []


async def test_webhooks_of_batches_are_listed_and_sent_again(ledger: Ledger, dsn: str) -> None:
    await run_sql(
        dsn,
        "insert into batch_outbox (id, tenant_id, batch_id, sequence, status, url, headers, body, state, created_at, settled_at, tries)"
        f" values ('e', '{DEFAULT_TENANT_ID}', 'gone', 1, 'executed', 'https://b.example', '{{}}', 'x', 'given_up', now(), now(), 10)",
    )
    (found,) = await listed(ledger, subject_id="gone")
    assert (found.about, found.state) == ("batch", "given_up")
    assert await resend(ledger, [found]) == ["e"]
    assert (await listed(ledger, delivery_id="e"))[0].state == "waiting"
