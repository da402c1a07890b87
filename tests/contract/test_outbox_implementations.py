"""One behaviour of every outbox: the one in PostgreSQL and the one in memory that delivery is tested with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from proof.webhooks import VirtualClock, WebhookLedger
from tests.database import run_sql
from tests.rows import OTHER_TENANT_ID, agent_row, entry_row, execution_row, place

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.webhooks.rules.outbox import Answered, OutboxEntry, WebhookShare

MANY = tuple(f"many-{number}" for number in range(8))

Unit = Callable[[], AbstractAsyncContextManager[Any]]


@pytest.fixture(params=["memory", "postgresql"])
def storage(request: pytest.FixtureRequest) -> WebhookLedger | Ledger:
    """Each implementation."""
    if request.param == "memory":
        return WebhookLedger(VirtualClock())
    opened: Ledger = request.getfixturevalue("ledger")
    return opened


@pytest.fixture
async def unit(request: pytest.FixtureRequest, storage: WebhookLedger | Ledger) -> Unit:
    """Units of the implementation, with the executions a and b, many more, and one of another organisation."""
    if isinstance(storage, Ledger):
        dsn = request.getfixturevalue("dsn")
        await run_sql(
            dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)"
        )
        await place(storage, execution_row("a"), execution_row("b"), *(execution_row(each) for each in MANY))
        async with storage.unit() as work:
            await work.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))
            await work.executions.insert(execution_row("other", tenant_id=OTHER_TENANT_ID, agent_id="agent-2"))
    return storage.unit


async def add(unit: Unit, *executions: str) -> None:
    async with unit() as work:
        for execution_id in executions:
            await work.outbox.add(entry_row(execution_id))


async def lease(unit: Unit, worker: str = "w1", count: int = 10) -> list[OutboxEntry]:
    async with unit() as work:
        return sorted(await work.outbox.lease(worker, 25, count, 180), key=lambda e: (e.execution_id, e.sequence))


def names(entries: list[OutboxEntry]) -> list[tuple[str, int, bool]]:
    return [(entry.execution_id, entry.sequence, entry.gap) for entry in entries]


async def test_only_the_oldest_of_each_execution_may_go_and_only_once(unit: Unit):
    await add(unit, "a", "b", "a")
    assert names(await lease(unit)) == [("a", 1, False), ("b", 1, False)]
    assert await lease(unit, "w2") == []


async def test_no_more_are_taken_than_asked_for(unit: Unit):
    await add(unit, "a", "b")
    assert len(await lease(unit, count=1)) == 1
    assert len(await lease(unit, count=1)) == 1


async def test_a_delivered_entry_lets_the_next_one_go(unit: Unit):
    await add(unit, "a", "a")
    (first,) = await lease(unit)
    async with unit() as work:
        assert await work.outbox.delivered("w1", Answered(first.id, 200, "ok"))
        assert not await work.outbox.delivered("w1", Answered(first.id, 200, "ok"))
    assert names(await lease(unit)) == [("a", 2, False)]


async def test_answers_that_come_together_are_settled_together(unit: Unit):
    await add(unit, "a", "b", "a", "b")
    leased = await lease(unit)
    answered = [Answered(one.id, 200, "ok") for one in leased]
    async with unit() as work:
        assert await work.outbox.delivered("w1", *answered, Answered("unknown", 200, "")) == {one.id for one in leased}
    assert names(await lease(unit)) == [("a", 2, False), ("b", 2, False)]


async def test_a_failed_entry_waits_and_holds_back_the_next(unit: Unit):
    await add(unit, "a", "a")
    (first,) = await lease(unit)
    async with unit() as work:
        assert await work.outbox.failed(first.id, "w1", 3_600, 500, "sorry")
    assert await lease(unit) == []
    async with unit() as work:
        tries = [entry.tries for entry in await work.outbox.of_execution(DEFAULT_TENANT_ID, "a")]
    assert tries == [1, 0]


async def test_an_entry_given_up_leaves_a_marked_gap(unit: Unit):
    await add(unit, "a", "a")
    (first,) = await lease(unit)
    async with unit() as work:
        assert await work.outbox.failed(first.id, "w1", None, 410, "gone")
    assert names(await lease(unit)) == [("a", 2, True)]


async def test_who_does_not_hold_the_lease_cannot_settle_it(unit: Unit):
    await add(unit, "a")
    (entry,) = await lease(unit)
    async with unit() as work:
        assert not await work.outbox.delivered("w2", Answered(entry.id, 200, "ok"))
        assert not await work.outbox.failed(entry.id, "w2", 5, 500, "no")
        assert await work.outbox.delivered("w1", Answered(entry.id, 200, "ok"))


async def take(unit: Unit, under_way: list[OutboxEntry], count: int = 6) -> list[str]:
    """Lease with a share of 4 for an organisation and 3 for a receiver of it; ``under_way`` grows by what was taken."""
    async with unit() as work:
        taken = await work.outbox.lease("w1", 25, count, 180, WebhookShare(4, 3, tuple(under_way)))
    under_way += taken
    return sorted(entry.execution_id for entry in taken)


async def test_an_organisation_with_many_has_its_share_and_the_other_one_goes_beside_it(unit: Unit):
    await add(unit, *MANY)
    under_way: list[OutboxEntry] = []
    assert await take(unit, under_way) == list(MANY[:3]), "a receiver's share"
    assert await take(unit, under_way) == []
    async with unit() as work:
        await work.outbox.add(entry_row("other", tenant_id=OTHER_TENANT_ID))
        await work.outbox.add(entry_row("a", url="https://second.example/hook?//third.example"))
        await work.outbox.add(entry_row("b", url="https://second.example:443/hook"))
    assert await take(unit, under_way) == ["a", "other"], "the organisation's share, and the other organisation's own"
    del under_way[0]
    assert await take(unit, under_way) == [MANY[3]]
    assert {entry.organisation_id for entry in under_way} == {DEFAULT_TENANT_ID, OTHER_TENANT_ID}


async def test_organisations_take_turns_in_places_that_are_not_enough(unit: Unit):
    await add(unit, *MANY)
    async with unit() as work:
        await work.outbox.add(entry_row("other", tenant_id=OTHER_TENANT_ID))
    assert await take(unit, [], count=2) == [MANY[0], "other"]
