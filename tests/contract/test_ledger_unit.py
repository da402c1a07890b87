"""Units and news: all or nothing, and waking up."""

from __future__ import annotations

import asyncio

import pytest
from tests.database import fetch
from tests.rows import admit, agent_row, entry_row, execution_row, move, place

from callwright.domain.errors import UnavailableError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit


async def test_the_ledger_is_the_ports_ledger(ledger: Ledger):
    port: Ledger = ledger
    await port.ping()
    async with port.unit() as unit:
        used: Unit = unit
        assert await used.agents.all(DEFAULT_TENANT_ID) == []


async def test_a_unit_that_fails_leaves_nothing(ledger: Ledger, dsn: str):
    async def fail() -> None:
        async with ledger.unit() as unit:
            await unit.agents.insert(agent_row())
            await unit.executions.insert(execution_row())
            await unit.outbox.add(entry_row())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    for table in ("agent", "execution", "outbox"):
        assert await fetch(dsn, f"select * from {table}") == []


async def test_a_cancelled_unit_leaves_nothing_and_gives_its_connection_back(ledger: Ledger):
    async def hang() -> None:
        async with ledger.unit() as unit:
            await unit.agents.insert(agent_row())
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hang()) for _ in range(1)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    async with ledger.unit() as unit:
        assert await unit.agents.get(DEFAULT_TENANT_ID, "agent-1") is None


async def test_a_unit_that_is_cancelled_while_it_begins_is_undone_and_complains_of_nothing(ledger: Ledger):
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
    begun = 0

    async def add(number: int) -> None:
        nonlocal begun
        async with ledger.unit() as unit:
            begun += 1
            await unit.agents.insert(agent_row(f"agent-{number}"))
            await asyncio.Event().wait()

    # Every step of the way in is met by some of them: the connection's wait, its BEGIN, the first statement.
    for steps in range(60):
        task = asyncio.create_task(add(steps))
        for _ in range(steps):
            await asyncio.sleep(0 if steps % 2 else 0.0001)
        task.cancel()
        await asyncio.wait([task])
    assert 0 < begun < 60
    assert complaints == []
    async with ledger.unit() as unit:
        assert await unit.agents.all(DEFAULT_TENANT_ID) == []


async def test_more_units_than_connections_wait_for_their_turn(ledger: Ledger):
    async def one() -> None:
        async with ledger.unit() as unit:
            await unit.accounts.tenant(DEFAULT_TENANT_ID)
            await asyncio.sleep(0.02)

    await asyncio.gather(*(one() for _ in range(60)))


async def test_a_ledger_that_is_closed_says_so(dsn: str):
    ledger = Ledger(dsn)
    with pytest.raises(UnavailableError):
        await ledger.ping()
    await ledger.open()
    await ledger.aclose()
    with pytest.raises(UnavailableError):
        async with ledger.unit():
            pass


async def test_a_database_out_of_reach_is_unavailable():
    with pytest.raises(UnavailableError):
        await Ledger("postgresql://nobody@127.0.0.1:1/nothing").open()


# News


async def drained(ledger: Ledger) -> None:
    """Until nothing rings any more (the listener rings once when it has connected)."""
    for wait in (
        ledger.wait_for_waiting,
        ledger.wait_for_admitted,
        ledger.wait_for_outbox,
        ledger.wait_for_batches,
        ledger.wait_for_batch_outbox,
    ):
        while await wait(0.3):
            pass


async def test_each_kind_of_news_wakes_who_waits_for_it(ledger: Ledger):
    await place(ledger)
    await drained(ledger)
    await place(ledger, execution_row())
    assert await ledger.wait_for_waiting(2)
    assert not await ledger.wait_for_admitted(0.1)
    await admit(ledger)
    assert await ledger.wait_for_admitted(2)
    assert not await ledger.wait_for_outbox(0.1)
    async with ledger.unit() as unit:
        await unit.outbox.add(entry_row())
    assert await ledger.wait_for_outbox(2)
    assert not await ledger.wait_for_outbox(0.1)


async def test_a_place_that_becomes_free_wakes_the_pacer(ledger: Ledger):
    await place(ledger, execution_row())
    await admit(ledger)
    async with ledger.unit() as unit:
        await unit.executions.claim("node-a", 1)
    await drained(ledger)
    await move(ledger, "call-1", Phase.DONE, "error", owner="node-a")
    assert await ledger.wait_for_waiting(2)


async def test_an_undone_unit_wakes_nobody(ledger: Ledger):
    await place(ledger)
    await drained(ledger)

    async def fail() -> None:
        async with ledger.unit() as unit:
            await unit.executions.insert(execution_row())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert not await ledger.wait_for_waiting(0.2)


async def test_who_rests_is_woken_by_what_nobody_told_of(ledger: Ledger, dsn: str):
    await place(ledger)
    await drained(ledger)
    resting = {
        "waiting": asyncio.create_task(ledger.wait_for_waiting(0.1, 30)),
        "admitted": asyncio.create_task(ledger.wait_for_admitted(0.1, 30)),
        "batch outbox": asyncio.create_task(ledger.wait_for_batch_outbox(0.1, 30)),
    }
    done, _ = await asyncio.wait(resting.values(), timeout=2.5)
    assert not done, "nothing is there to be done, whatever the shorter time"

    # Behind the back of the triggers, as after a notice that was lost.
    await fetch(dsn, "alter table execution disable trigger all")
    await place(ledger, execution_row())
    assert await asyncio.wait_for(resting["waiting"], 5)
    assert not resting["admitted"].done()
    for task in resting.values():
        task.cancel()
    await asyncio.wait(resting.values())


async def test_without_a_look_at_the_database_nobody_rests():
    alone = Ledger("postgresql://nobody@127.0.0.1:1/nothing")
    async with asyncio.timeout(5):
        assert not await alone.wait_for_waiting(0.05, 30)
        assert not await alone.wait_for_batches(0.05, 30)


async def test_who_rests_is_woken_when_the_connection_is_lost(ledger: Ledger, dsn: str):
    await drained(ledger)
    resting = asyncio.create_task(ledger.wait_for_batches(0.1, 30))
    await asyncio.wait([resting], timeout=0.3)
    others = "pid <> pg_backend_pid() and datname = current_database()"
    await fetch(dsn, f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")
    assert await asyncio.wait_for(resting, 5)


async def test_followers_hear_of_their_own_execution(ledger: Ledger):
    await place(ledger, execution_row("mine"), execution_row("other"))
    await drained(ledger)
    changes = ledger.changes("mine", heartbeat_seconds=0.2)
    assert await anext(changes) is True, "from here on nothing is missed"
    assert await anext(changes) is False, "silence is a heartbeat"
    async with ledger.unit() as unit:
        await unit.executions.change("mine", Change(record={"x": 1}))
    assert await anext(changes) is True
    async with ledger.unit() as unit:
        await unit.executions.change("other", Change(record={"x": 1}))
    assert await anext(changes) is False
    await changes.aclose()
