"""What the ledger holds of calls that come in: owned from the first moment, within the tenant's limit, and extensions."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, THEN, admit, agent_row, execution_row, move, place, ringing_row

from callwright.domain.errors import ConflictError, NotFoundError, StaleOwnerError, WrongStateError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.extensions.rules import Extension
from callwright.platform.ledger import Ledger


async def take(ledger: Ledger, execution: Execution) -> bool:
    async with ledger.unit() as unit:
        return await unit.executions.insert_owned(execution, 1000)


async def test_a_call_that_comes_in_belongs_to_its_process_at_once(ledger: Ledger, dsn: str) -> None:
    await place(ledger)
    assert await take(ledger, ringing_row())
    async with ledger.unit() as unit:
        assert [row.id for row in await unit.executions.owned_by("node-a")] == ["in-1"]
    (attempt,) = await fetch(dsn, "select * from attempt")
    assert (attempt["attempt"], attempt["owner"], attempt["ringing_at"]) == (1, "node-a", THEN)
    assert attempt["provider_call_id"] == "p-1"
    live = await move(ledger, "in-1", Phase.LIVE, owner="node-a", attempt=1)
    assert live.status is Status.IN_PROGRESS


async def test_nobody_admits_or_claims_a_call_that_comes_in(ledger: Ledger) -> None:
    await place(ledger)
    await take(ledger, ringing_row())
    assert await admit(ledger) == []
    async with ledger.unit() as unit:
        assert await unit.executions.claim("node-b", 10) == []


async def test_the_tenants_concurrency_is_never_exceeded_however_many_call_at_once(ledger: Ledger, dsn: str) -> None:
    await place(ledger, *(execution_row(f"out-{number}") for number in range(5)))
    await run_sql(dsn, "update tenant set max_concurrency = 4")

    _, *taken = await asyncio.gather(
        admit(ledger), *(take(ledger, ringing_row(f"in-{number}")) for number in range(10))
    )

    assert len(await fetch(dsn, "select * from execution where phase in ('admitted', 'dialling')")) == 4
    assert taken.count(True) == len(await fetch(dsn, "select * from execution where direction = 'inbound'"))


async def test_a_call_of_a_carrier_comes_in_once(ledger: Ledger, dsn: str) -> None:
    """To its tenant and over its carrier; also of requests at the same moment one alone is taken."""
    await place(ledger)
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 9)")
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))

    async def once(execution: Execution) -> bool:
        async with ledger.unit() as unit:
            return await unit.executions.insert_owned(execution, 1000, once=True)

    came = await asyncio.gather(*(once(ringing_row(f"in-{number}")) for number in range(4)), return_exceptions=True)
    assert [one for one in came if not isinstance(one, ConflictError)] == [True]
    assert await once(ringing_row("another-carrier", carrier="another"))
    assert await once(ringing_row("another-call", provider_call_id="p-2"))
    assert await once(ringing_row("foreign", tenant_id=OTHER_TENANT_ID, agent_id="agent-2"))
    # A phone may name each of its calls the same.
    assert await take(ledger, ringing_row("of-a-phone"))


async def test_a_process_declared_dead_takes_no_call(ledger: Ledger) -> None:
    await place(ledger)
    async with ledger.unit() as unit:
        await unit.nodes.forget("node-a")
    with pytest.raises(StaleOwnerError):
        await take(ledger, ringing_row())


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": None},
        {"attempt": 0},
        {"attempt": 2},
        {"direction": "outbound"},
        {"detail": "initiated", "status": Status.INITIATED},
        {"phase": Phase.LIVE, "detail": "", "status": Status.IN_PROGRESS},
        {"phase": Phase.WAITING, "detail": "queued", "status": Status.QUEUED},
    ],
)
async def test_it_begins_ringing_owned_and_in_its_first_attempt_only(ledger: Ledger, changes: dict[str, Any]) -> None:
    await place(ledger)
    with pytest.raises(WrongStateError):
        await take(ledger, ringing_row(**changes))


async def test_an_inbound_call_never_waits(ledger: Ledger) -> None:
    with pytest.raises(WrongStateError, match="inbound call cannot begin waiting"):
        await place(ledger, execution_row(direction="inbound"))


async def test_the_database_itself_refuses_other_beginnings(ledger: Ledger, dsn: str) -> None:
    await place(ledger)
    await take(ledger, ringing_row())
    columns = (
        "tenant_id, agent_id, status, phase, detail, attempt, carrier, to_number, from_number, created_at, updated_at, owner,"
        " user_data, options, agent, record"
    )
    for direction, select in (
        ("outbound", columns),
        ("inbound", columns.replace("status, phase, detail", "'in-progress', 'live', ''")),
    ):
        with pytest.raises(asyncpg.CheckViolationError) as caught:
            await run_sql(
                dsn,
                f"insert into execution (id, direction, {columns}) select 'x', '{direction}', {select} from execution",
            )
        assert caught.value.constraint_name == "execution_begins"


# The calls of one caller

ANN = {"options": {"caller": "+15550123"}}


async def count_in(ledger: Ledger, row: Execution, limit: int = 1) -> bool:
    async with ledger.unit() as unit:
        return await unit.executions.count_in(row, limit)


async def test_a_call_that_began_earlier_and_was_written_later_is_counted_behind_the_other(
    ledger: Ledger,
) -> None:
    later = ringing_row("in-2", **ANN)
    earlier = ringing_row("in-1", created_at=THEN - timedelta(seconds=1), **ANN)
    await place(ledger)
    await take(ledger, later)
    assert await count_in(ledger, later)
    await take(ledger, earlier)
    assert not await count_in(ledger, earlier)
    assert await count_in(ledger, earlier, 2)


async def test_of_the_calls_of_a_caller_counted_at_the_same_moment_no_more_than_the_limit_are_taken(
    ledger: Ledger,
) -> None:
    rows = [ringing_row(f"in-{number}", **ANN) for number in range(8)]
    await place(ledger)
    for row in rows:
        await take(ledger, row)
    assert (await asyncio.gather(*(count_in(ledger, row, 3) for row in rows))).count(True) == 3


async def test_a_caller_is_one_however_the_carrier_spells_the_number(ledger: Ledger) -> None:
    """Race: also those whose numbers are spelt differently are counted one after the other."""
    spelt = ["+15550123", "15550123", "0015550123"]
    rows = [ringing_row(f"in-{number}", options={"caller": spelt[number % 3]}) for number in range(9)]
    await place(ledger)
    for row in rows:
        await take(ledger, row)
    assert (await asyncio.gather(*(count_in(ledger, row, 2) for row in rows))).count(True) == 2


async def test_who_was_refused_or_gave_up_unanswered_and_who_else_calls_does_not_count(
    ledger: Ledger,
) -> None:
    rows = [ringing_row(f"in-{number}", **ANN) for number in range(4)]
    other = ringing_row("in-9", options={"caller": "+15550124"})
    await place(ledger)
    for row in [*rows, other]:
        await take(ledger, row)
    assert await count_in(ledger, rows[0])
    assert await count_in(ledger, other)
    assert not await count_in(ledger, rows[1])
    await move(ledger, "in-0", Phase.DONE, "canceled", owner="node-a", attempt=1)
    assert await count_in(ledger, rows[2])
    async with ledger.unit() as unit:
        await unit.executions.change(
            "in-2", Change(Phase.LIVE, columns={"answered_at": THEN}), owner="node-a", attempt=1
        )
        await unit.executions.change(
            "in-2", Change(Phase.FINISHING, columns={"ended_at": THEN}), owner="node-a", attempt=1
        )
    assert not await count_in(ledger, rows[3])


# Extensions


def extension(name: str = "desk", **changes: str) -> Extension:
    return Extension(name, changes.get("tenant_id", DEFAULT_TENANT_ID), changes.get("agent_id", "agent-1"), THEN)


async def put(ledger: Ledger, wanted: Extension) -> bool:
    async with ledger.unit() as unit:
        return await unit.extensions.put(wanted)


async def test_an_extension_is_found_whoever_it_belongs_to_and_read_only_by_its_tenant(ledger: Ledger) -> None:
    await place(ledger)
    assert await put(ledger, extension())
    assert not await put(ledger, extension()), "it was there"
    async with ledger.unit() as unit:
        called = await unit.numbers.called("desk")
        assert called is not None
        assert (called.number, called.agent_id, called.tenant_id) == ("desk", "agent-1", DEFAULT_TENANT_ID)
        assert await unit.extensions.get(OTHER_TENANT_ID, "desk") is None
        assert await unit.extensions.all(OTHER_TENANT_ID) == []
        assert not await unit.extensions.delete(OTHER_TENANT_ID, "desk")
        assert await unit.extensions.delete(DEFAULT_TENANT_ID, "desk")
        assert await unit.numbers.called("desk") is None


async def test_a_name_is_one_tenants_of_the_platform(ledger: Ledger, dsn: str) -> None:
    await place(ledger)
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))
    await put(ledger, extension())
    with pytest.raises(ConflictError, match="taken"):
        await put(ledger, extension(tenant_id=OTHER_TENANT_ID, agent_id="agent-2"))


async def test_an_extension_points_at_an_agent_of_its_tenant_and_goes_with_it(ledger: Ledger) -> None:
    await place(ledger)
    with pytest.raises(NotFoundError):
        await put(ledger, extension(agent_id="agent-9"))
    await put(ledger, extension())
    async with ledger.unit() as unit:
        assert await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
        assert await unit.numbers.called("desk") is None


@pytest.mark.parametrize("name", ["", "x" * 33, "Desk", "a b"])
async def test_the_database_refuses_other_forms(ledger: Ledger, dsn: str, name: str) -> None:
    await place(ledger)
    with pytest.raises(asyncpg.CheckViolationError):
        await run_sql(
            dsn,
            "insert into phone_number (id, tenant_id, number, dialled, kind, provider, created_at, updated_at)"
            f" values ('x', '{DEFAULT_TENANT_ID}', '{name}', '{name}', 'extension', 'sip', now(), now())",
        )


async def test_agents_are_found_by_calls_whoever_they_belong_to(ledger: Ledger) -> None:
    await place(ledger)
    async with ledger.unit() as unit:
        found = await unit.agents.get_any("agent-1")
        assert found is not None
        assert found.id == "agent-1"
        assert await unit.agents.get_any("agent-2") is None
