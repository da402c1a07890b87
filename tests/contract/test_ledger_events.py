"""Events: what is written at a change, the order in which accounts read it, and what is deleted."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, THEN, agent_row, entry_row, execution_row, place, seconds_after

from callwright.ops.ids import RandomIds
from callwright.outbox.publication import WebhookPublisher
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.events.rules import EventPage, WantedEvents
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger


async def order(ledger: Ledger) -> int:
    async with ledger.unit() as unit:
        return await unit.events.order(100)


async def page(
    ledger: Ledger,
    after: int = 0,
    limit: int = 10,
    *,
    tenant_id: str = DEFAULT_TENANT_ID,
    max_bytes: int = 1_000_000,
    scanned: int = 1_000,
    types: list[str] | None = None,
) -> EventPage:
    async with ledger.reading() as unit:
        return await unit.events.page(WantedEvents(tenant_id, after, limit, max_bytes, scanned, types))


def ids(found: EventPage) -> list[str]:
    return [event.id for event in found.events]


async def add(ledger: Ledger, *names: str, execution_id: str = "call-1", **changes: object) -> None:
    async with ledger.unit() as unit:
        for name in names:
            await unit.outbox.add(entry_row(execution_id, id=name, **changes))


async def test_an_event_that_commits_late_is_not_passed_by_a_cursor(ledger: Ledger) -> None:
    await place(ledger, execution_row("a"), execution_row("b"))
    async with ledger.unit() as slow:
        await slow.outbox.add(entry_row("a", id="slow"))
        await slow.connection.flush()
        await add(ledger, "quick", execution_id="b")
        assert await order(ledger) == 1
        first = await page(ledger)
        assert ids(first) == ["quick"]
    assert await order(ledger) == 1
    assert ids(await page(ledger, first.next)) == ["slow"]
    assert ids(await page(ledger)) == ["quick", "slow"], "a second reader gets the same order"


async def test_many_units_that_commit_in_any_order_lose_nothing_to_a_reader(ledger: Ledger) -> None:
    await place(ledger, *(execution_row(f"call-{n}") for n in range(12)))
    read: list[str] = []
    over = asyncio.Event()

    async def write(number: int) -> None:
        for step in range(4):
            try:
                async with ledger.unit() as unit:
                    await unit.outbox.add(entry_row(f"call-{number}", id=f"{number}-{step}"))
                    await unit.connection.flush()
                    await asyncio.sleep(0.001 * (number * 7 % 5))
                    if step == 2:
                        raise LookupError("undone")
            except LookupError:
                continue

    async def follow() -> None:
        after = 0
        while not over.is_set() or await order(ledger):
            await order(ledger)
            found = await page(ledger, after, 3)
            read.extend(ids(found))
            after = found.next
        while (found := await page(ledger, after, 3)).events:
            read.extend(ids(found))
            after = found.next

    following = asyncio.ensure_future(follow())
    await asyncio.gather(*(write(number) for number in range(12)))
    over.set()
    await following
    assert sorted(read) == sorted(f"{number}-{step}" for number in range(12) for step in (0, 1, 3))
    for number in range(12):
        assert [one for one in read if one.startswith(f"{number}-")] == [f"{number}-0", f"{number}-1", f"{number}-3"]


async def test_a_webhook_is_an_event_with_its_id_and_body_which_is_kept_once(ledger: Ledger, dsn: str) -> None:
    await place(ledger, execution_row())
    await add(ledger, "hook", body=b'{"status": "ringing"}', status="ringing")
    await add(ledger, "silent", body=b'{"status": "busy"}', status="busy", url="")
    await order(ledger)
    hook, silent = (await page(ledger)).events
    assert (hook.id, hook.about, hook.subject_id, hook.status) == ("hook", "execution", "call-1", "ringing")
    assert (hook.body, silent.body, hook.created_at) == (b'{"status": "ringing"}', b'{"status": "busy"}', THEN)
    assert [row["body"] for row in await fetch(dsn, "select body from event order by written")] == [None, silent.body]
    assert [row["id"] for row in await fetch(dsn, "select id from outbox")] == ["hook"], "no webhook without an address"
    assert (await fetch(dsn, "select sequence from outbox"))[0]["sequence"] == 1


async def test_a_page_ends_at_its_limit_and_at_its_bytes(ledger: Ledger) -> None:
    await place(ledger, execution_row())
    await add(ledger, *"abcde", body=b"x" * 100)
    await order(ledger)
    two = await page(ledger, limit=2)
    assert (ids(two), two.next, two.last) == (["a", "b"], 2, 5)
    assert ids(await page(ledger, two.next, limit=3)) == ["c", "d", "e"]
    for most, expected in ((1, "a"), (100, "a"), (101, "ab"), (200, "ab"), (201, "abc")):
        small = await page(ledger, max_bytes=most)
        assert (ids(small), small.next) == (list(expected), len(expected)), "one body at least, then no more than asked"


async def test_types_are_looked_for_in_bounded_steps(ledger: Ledger) -> None:
    await place(ledger, execution_row())
    await add(ledger, *"abcdef", status="ringing")
    await add(ledger, "g", status="completed")
    await order(ledger)
    completed = ["execution.completed"]
    first = await page(ledger, scanned=4, types=completed)
    assert (ids(first), first.next, first.last) == ([], 4, 7)
    assert ids(await page(ledger, first.next, scanned=4, types=completed)) == ["g"]
    assert (await page(ledger, types=["batch.completed"])).next == 7


async def test_an_account_reads_its_own_events_only(ledger: Ledger, dsn: str) -> None:
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    await place(ledger, execution_row())
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))
        await unit.executions.insert(execution_row("other", tenant_id=OTHER_TENANT_ID, agent_id="agent-2"))
    await add(ledger, "ours")
    await add(ledger, "theirs", execution_id="other", tenant_id=OTHER_TENANT_ID)
    await add(ledger, "ours too")
    assert await order(ledger) == 3
    assert ids(await page(ledger)) == ["ours", "ours too"]
    theirs = await page(ledger, tenant_id=OTHER_TENANT_ID)
    assert (ids(theirs), theirs.last) == (["theirs"], 1), "its positions say nothing of how many events others have"


async def test_old_events_are_deleted_and_a_mark_says_up_to_where(ledger: Ledger, dsn: str) -> None:
    await place(ledger, execution_row())
    await add(ledger, "a", "b", created_at=seconds_after(0))
    await add(ledger, "c", created_at=seconds_after(60))
    await order(ledger)
    async with ledger.unit() as unit:
        assert await unit.events.prune(seconds_after(60), 100) == 2
    found = await page(ledger)
    assert (ids(found), found.pruned, found.last) == (["c"], 2, 3)
    assert len(await fetch(dsn, "select from outbox")) == 3, "the delivery is not over for that"
    async with ledger.unit() as unit:
        assert await unit.events.prune(THEN + timedelta(days=1), 100) == 1
    gone = await page(ledger)
    assert (ids(gone), gone.next, gone.pruned) == ([], 3, 3)


async def test_events_go_with_their_execution_and_their_places_stay_empty(ledger: Ledger, dsn: str) -> None:
    await place(ledger, execution_row("a"), execution_row("b"))
    await add(ledger, "of a", execution_id="a")
    await add(ledger, "of b", execution_id="b")
    await order(ledger)
    await run_sql(dsn, "delete from execution where id = 'b'")
    found = await page(ledger)
    assert (ids(found), found.next, found.pruned) == (["of a"], 2, 0)
    await add(ledger, "next", execution_id="a")
    await order(ledger)
    assert [event.position for event in (await page(ledger, found.next)).events] == [3]


async def test_events_of_one_unit_keep_their_order_with_and_without_webhooks(ledger: Ledger) -> None:
    await place(ledger, execution_row())
    async with ledger.unit() as unit:
        for name, url in (("a", ""), ("b", "http://r"), ("c", ""), ("d", ""), ("e", "http://r"), ("f", "http://r")):
            await unit.outbox.add(entry_row(id=name, url=url))
    await order(ledger)
    assert ids(await page(ledger)) == ["a", "b", "c", "d", "e", "f"]


async def test_an_event_that_is_being_deleted_holds_up_its_own_execution_alone(ledger: Ledger, dsn: str) -> None:
    await place(ledger, execution_row("a"), execution_row("b"))
    await add(ledger, "a1", "a2", execution_id="a")
    await add(ledger, "b1", execution_id="b")
    async with ledger.unit() as unit:
        await unit.connection.execute("select from event where id = 'a1' for update")
        assert await order(ledger) == 1
        assert ids(await page(ledger)) == ["b1"]
    await order(ledger)
    assert ids(await page(ledger)) == ["b1", "a1", "a2"]


async def test_one_process_orders_at_a_time(ledger: Ledger) -> None:
    await place(ledger, execution_row())
    await add(ledger, "a", "b")
    async with ledger.unit() as unit:
        assert await unit.events.order(1) == 1
        assert await order(ledger) == 0
    assert await order(ledger) == 1


@pytest.mark.parametrize("change", ["status = 'x'", "body = 'x'", "id = 'x'", "position = 9", "created_at = now()"])
async def test_an_event_is_frozen(ledger: Ledger, dsn: str, change: str) -> None:
    await place(ledger, execution_row())
    await add(ledger, "a")
    await order(ledger)
    with pytest.raises(Exception, match="was frozen"):
        await run_sql(dsn, f"update event set {change}")


async def statements(ledger: Ledger, execution_id: str, publisher: WebhookPublisher) -> int:
    """Statements that one change of the status needs."""
    seen: list[str] = []
    async with ledger.unit() as unit:
        with unit.connection.query_logger(lambda record: seen.append(record.query)):
            await transition(unit, execution_id, Change(Phase.DONE, "canceled"), publisher)
            await unit.connection.flush()
    return len(seen)


async def test_an_event_needs_no_statement_beside_its_webhook_and_one_without(ledger: Ledger) -> None:
    publisher = WebhookPublisher("https://calls.example", False, RandomIds().uuid, lambda: THEN)
    hook = {"webhook_url": "https://receiver.example"}
    await place(ledger, *(execution_row(name, agent=hook) for name in ("first", "told")), execution_row("silent"))
    # The first ones on a connection also look up its types.
    await statements(ledger, "first", publisher)
    told, silent = [await statements(ledger, one, publisher) for one in ("told", "silent")]
    assert (told, silent) == (3, 3), "the row is locked and looked at, and all that changes is written at once"
