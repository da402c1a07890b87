"""How organisations share the places of one process, and of the queue in front of it."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.rows import THEN, admit_candidates, agent_row, execution_row, ringing_row

from callwright.platform.accounts.rules import Tenant
from callwright.platform.dialling.rules.policy import parse_policy
from callwright.platform.ledger import Ledger

PLACES = 50
ALONE = 40
"""What one organisation may take of them while there are others."""


@pytest.fixture
async def names(ledger: Ledger) -> list[str]:
    """Organisations with an agent each; ``north`` and ``branch`` are one."""
    async with ledger.unit() as unit:
        for name, parent in (("north", None), ("branch", "north"), ("south", None), ("west", None)):
            await unit.accounts.insert(Tenant(name, name, "", 500 if parent is None else None, THEN, parent, 0))
            await unit.agents.insert(agent_row(f"agent-{name}", tenant_id=name))
    return ["north", "branch", "south", "west"]


_numbers = iter(range(1_000_000))


async def wait(ledger: Ledger, tenant_id: str, count: int) -> None:
    """Calls that wait for their admission."""
    async with ledger.unit() as unit:
        for _ in range(count):
            name = f"out-{next(_numbers):05}"
            await unit.executions.insert(execution_row(name, tenant_id=tenant_id, agent_id=f"agent-{tenant_id}"))


async def come_in(ledger: Ledger, tenant_id: str, free: int, owner: str = "node-a") -> bool:
    """A call or a chat that comes in while the process has ``free`` places."""
    name = f"in-{next(_numbers):05}"
    row = ringing_row(name, tenant_id=tenant_id, agent_id=f"agent-{tenant_id}", provider_call_id=name, owner=owner)
    async with ledger.unit() as unit:
        return await unit.executions.insert_owned(row, free)


async def fill(ledger: Ledger, tenant_id: str, free: int, owner: str = "node-a") -> int:
    """Let as many calls come in as are taken; returns how many."""
    taken = 0
    while taken < free and await come_in(ledger, tenant_id, free - taken, owner):
        taken += 1
    return taken


async def admitted(ledger: Ledger, limit: int = PLACES) -> Counter[str]:
    async with ledger.unit() as unit:
        return Counter(row.tenant_id for row in await admit_candidates(unit, limit))


async def claimed(ledger: Ledger, free: int, owner: str = "node-a") -> Counter[str]:
    async with ledger.unit() as unit:
        return Counter(row.tenant_id for row in await unit.executions.claim(owner, free))


@pytest.mark.usefixtures("names")
async def test_chats_and_calls_of_one_organisation_leave_places_for_the_next_ones(ledger: Ledger) -> None:
    taken = [await fill(ledger, "north", PLACES)]
    taken.append(await fill(ledger, "south", PLACES - taken[0]))
    assert taken == [ALONE, 8]
    assert await come_in(ledger, "west", PLACES - sum(taken))


@pytest.mark.usefixtures("names")
async def test_sub_accounts_count_to_their_organisation(ledger: Ledger) -> None:
    assert await fill(ledger, "north", PLACES) == ALONE
    assert not await come_in(ledger, "branch", PLACES - ALONE)
    assert await come_in(ledger, "south", PLACES - ALONE)


@pytest.mark.usefixtures("names")
async def test_another_process_has_its_own_places(ledger: Ledger) -> None:
    assert await fill(ledger, "north", PLACES) == ALONE
    assert await fill(ledger, "north", PLACES, "node-b") == ALONE


@pytest.mark.usefixtures("names")
async def test_the_only_place_goes_to_whoever_comes(ledger: Ledger) -> None:
    assert await fill(ledger, "north", 1) == 1


@pytest.mark.usefixtures("names")
async def test_placed_calls_of_one_organisation_leave_places_for_the_next_ones(ledger: Ledger) -> None:
    await wait(ledger, "north", 70)
    assert await admitted(ledger) == {"north": ALONE}
    assert await claimed(ledger, PLACES) == {"north": ALONE}
    assert await admitted(ledger) == {"north": 30}
    assert await claimed(ledger, PLACES - ALONE) == {}
    await wait(ledger, "south", 20)
    assert await admitted(ledger) == {"south": 16}
    assert await claimed(ledger, PLACES - ALONE) == {"south": 8}
    assert await come_in(ledger, "west", 2)


@pytest.mark.usefixtures("names")
async def test_an_organisation_that_has_little_comes_before_one_that_waits_longer(ledger: Ledger) -> None:
    await wait(ledger, "north", 20)
    await wait(ledger, "south", 2)
    assert await admitted(ledger) == {"north": 20, "south": 2}
    assert await claimed(ledger, 6) == {"north": 3, "south": 2}


async def test_an_organisation_that_is_alone_keeps_nothing_free(ledger: Ledger) -> None:
    async with ledger.unit() as unit:
        await unit.accounts.insert(Tenant("north", "north", "", 500, THEN, None, 0))
        await unit.agents.insert(agent_row("agent-north", tenant_id="north"))
        # It has no agents: nobody can call for it.
        await unit.accounts.insert(Tenant("idle", "idle", "", 500, THEN, None, 0))
    await wait(ledger, "north", 60)
    assert await admitted(ledger) == {"north": PLACES}
    assert await claimed(ledger, PLACES - 5) == {"north": PLACES - 5}
    assert await fill(ledger, "north", 5) == 5


async def keep(ledger: Ledger, tenant_id: str, places: int) -> None:
    async with ledger.unit() as unit:
        await unit.calling_policies.put(tenant_id, parse_policy({"pace": {"kept_for_inbound": places}}), THEN)


@pytest.mark.usefixtures("names")
async def test_the_places_kept_for_incoming_calls_are_kept_in_each_process(ledger: Ledger) -> None:
    await keep(ledger, "north", 20)
    assert await come_in(ledger, "branch", PLACES)
    await wait(ledger, "branch", 60)
    assert await admitted(ledger) == {"branch": 30}, "the queue has room for others"
    assert await claimed(ledger, PLACES - 1) == {"branch": 30}
    assert await fill(ledger, "north", 19) == 9
    await admitted(ledger)
    assert await claimed(ledger, 10) == {}
    assert await claimed(ledger, PLACES, "node-b") == {"branch": 30}


@pytest.mark.usefixtures("names")
async def test_places_that_one_organisation_keeps_are_not_kept_from_others(ledger: Ledger) -> None:
    await keep(ledger, "south", 490)
    await wait(ledger, "south", 40)
    await wait(ledger, "north", 60)
    assert await admitted(ledger) == {"south": 1, "north": 39}
    assert await claimed(ledger, PLACES) == {"south": 1, "north": 39}


@pytest.mark.usefixtures("names")
async def test_an_organisation_that_keeps_more_places_than_a_process_has_makes_one_call_at_a_time(
    ledger: Ledger,
) -> None:
    await keep(ledger, "south", 100)
    assert await come_in(ledger, "south", PLACES)
    await wait(ledger, "south", 3)
    assert await admitted(ledger) == {"south": 1}
    assert await claimed(ledger, PLACES - 1) == {"south": 1}
    assert await admitted(ledger) == {"south": 1}
    assert await claimed(ledger, PLACES - 2) == {}
