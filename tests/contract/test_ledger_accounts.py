"""Places of sub-accounts as the admission gives them, and what is left of an account that was deleted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import THEN, admit_candidates, agent_row, execution_row, key_row, place, ringing_row

from callwright.platform.accounts.rows import children_first
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Tenant
from callwright.platform.dialling.rules import Decision, Verdict
from callwright.platform.dialling.rules.facts import DIALLING, DialDecision
from callwright.platform.ledger import Ledger
from callwright.platform.sub_accounts.rules import Places

MINE = DEFAULT_TENANT_ID
BUSY = "('admitted', 'claimed', 'dialling', 'live')"


def account(name: str, least: int, most: int | None, parent: str | None = MINE) -> Tenant:
    """A sub-account, or an organisation with ``parent`` None."""
    return Tenant(name, name, "", most, THEN, parent, least)


async def add(ledger: Ledger, dsn: str, total: int, *accounts: Tenant) -> None:
    """Sub-accounts with an agent each, in an organisation with ``total`` places."""
    await place(ledger)
    await run_sql(dsn, f"update tenant set max_concurrency = {total} where id = '{MINE}'")
    async with ledger.unit() as unit:
        for one in accounts:
            await unit.accounts.insert(one)
            await unit.agents.insert(agent_row(f"agent-{one.id}", tenant_id=one.id))


def agent_of(tenant_id: str) -> str:
    return "agent-1" if tenant_id == MINE else f"agent-{tenant_id}"


_numbers = iter(range(1_000_000))


async def wait_for_calls(ledger: Ledger, tenant_id: str, count: int) -> None:
    """Calls of an account that wait."""
    async with ledger.unit() as unit:
        for _ in range(count):
            name = f"{tenant_id[:8]}-{next(_numbers):05}"
            await unit.executions.insert(execution_row(name, tenant_id=tenant_id, agent_id=agent_of(tenant_id)))


async def take_inbound(ledger: Ledger, tenant_id: str) -> bool:
    name = f"in-{next(_numbers):05}"
    async with ledger.unit() as unit:
        return await unit.executions.insert_owned(
            ringing_row(name, tenant_id=tenant_id, agent_id=agent_of(tenant_id), provider_call_id=name), 1000
        )


async def admit(ledger: Ledger, limit: int = 1000) -> Counter[str]:
    """Run the pacer once: how many of each account it admitted."""
    async with ledger.unit() as unit:
        return Counter(row.tenant_id for row in await admit_candidates(unit, limit))


async def counted(dsn: str, phases: str) -> Counter[str]:
    rows = await fetch(dsn, f"select tenant_id, count(*) from execution where phase in {phases} group by 1")
    return Counter({row["tenant_id"]: row["count"] for row in rows})


async def end(dsn: str, tenant_id: str, count: int) -> None:
    """End some busy calls of an account."""
    await run_sql(
        dsn,
        "update execution set phase = 'done', detail = 'stopped', status = 'stopped' where id in"
        f" (select id from execution where tenant_id = '{tenant_id}' and phase = 'admitted' order by id limit {count})",
    )


async def test_a_guaranteed_place_stays_free_for_its_account(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 10, account("north", 4, None), account("south", 0, None))
    await wait_for_calls(ledger, "south", 20)
    await wait_for_calls(ledger, MINE, 20)
    assert await admit(ledger) == {"south": 3, MINE: 3}
    assert not await admit(ledger)
    await wait_for_calls(ledger, "north", 9)
    assert await admit(ledger) == {"north": 4}
    assert not await admit(ledger)


async def test_what_is_not_guaranteed_is_shared_by_the_weight_of_the_guarantees(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 20, account("north", 6, None), account("south", 2, None))
    for name in ("north", "south"):
        await wait_for_calls(ledger, name, 40)
    assert await admit(ledger) == {"north": 15, "south": 5}


async def test_a_maximum_holds_and_an_elastic_account_takes_what_there_is(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 10, account("capped", 1, 3), account("elastic", 0, None))
    await wait_for_calls(ledger, "capped", 9)
    assert await admit(ledger) == {"capped": 3}
    await wait_for_calls(ledger, "elastic", 20)
    assert await admit(ledger) == {"elastic": 7}


async def test_a_paused_account_waits_and_holds_nothing(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 4, account("paused", 3, 0), account("other", 0, None))
    await wait_for_calls(ledger, "paused", 3)
    await wait_for_calls(ledger, "other", 9)
    assert await admit(ledger) == {"other": 4}
    assert not await take_inbound(ledger, "paused")


async def test_calls_that_come_in_keep_to_the_same_places(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 4, account("north", 2, 3))
    assert [await take_inbound(ledger, MINE) for _ in range(3)] == [True, True, False]
    assert [await take_inbound(ledger, "north") for _ in range(3)] == [True, True, False]


async def test_the_maximum_of_the_organisation_holds_against_guarantees(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 5)
    await wait_for_calls(ledger, MINE, 5)
    assert await admit(ledger) == {MINE: 5}
    async with ledger.unit() as unit:
        await unit.accounts.insert(account("late", 3, None))
        await unit.agents.insert(agent_row("agent-late", tenant_id="late"))
    await wait_for_calls(ledger, "late", 3)
    assert not await admit(ledger)
    assert not await take_inbound(ledger, "late")
    await end(dsn, MINE, 1)
    assert await admit(ledger) == {"late": 1}


async def test_the_guaranteed_go_first_where_a_process_can_take_few(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 50, account("north", 2, None))
    await wait_for_calls(ledger, MINE, 9)
    await wait_for_calls(ledger, "north", 2)
    assert await admit(ledger, 3) == {"north": 2, MINE: 1}


async def test_another_organisation_has_its_own_places(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 2, account("theirs", 0, 3, parent=None), account("branch", 2, None, parent="theirs"))
    for name in (MINE, "theirs", "branch"):
        await wait_for_calls(ledger, name, 5)
    assert await admit(ledger) == {MINE: 2, "branch": 3}


@dataclass
class Chance:
    """An organisation with accounts and what happens to it, by a seed."""

    seed: int
    total: int = 0
    accounts: dict[str, Places] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.total = self.random.randint(3, 14)
        left = self.total
        self.accounts[MINE] = Places(0, None)
        for name in ("north", "south", "west")[: self.random.randint(1, 3)]:
            least = self.random.randint(0, left)
            left -= least
            most = self.random.choice([None, None, least, least + self.random.randint(0, 4)])
            self.accounts[name] = Places(least, most)

    def check(self, busy: Counter[str], waiting: Counter[str]) -> None:
        """What holds after every admission."""
        held = {name: max(0, one.held - busy[name]) for name, one in self.accounts.items()}
        assert sum(busy.values()) + sum(held.values()) <= self.total, "a guaranteed place was taken"
        room = self.total - sum(busy.values()) - sum(held.values())
        for name, one in self.accounts.items():
            assert one.most is None or busy[name] <= one.most
            if waiting[name]:
                assert held[name] == 0, "a guaranteed call waits"
                assert room == 0 or busy[name] == one.most, "a call waits although there is room"


@pytest.mark.parametrize("seed", range(8))
async def test_no_arrivals_break_a_promise(ledger: Ledger, dsn: str, seed: int) -> None:
    chance = Chance(seed)
    own = [account(name, one.least, one.most) for name, one in chance.accounts.items() if name != MINE]
    await add(ledger, dsn, chance.total, *own)
    for _ in range(14):
        name = chance.random.choice(list(chance.accounts))
        match chance.random.randrange(4):
            case 0 | 1:
                await wait_for_calls(ledger, name, chance.random.randint(1, chance.total))
            case 2:
                await end(dsn, name, chance.random.randint(1, 4))
            case _:
                await take_inbound(ledger, name)
        await admit(ledger)
        chance.check(await counted(dsn, BUSY), await counted(dsn, "('waiting')"))


async def test_two_processes_that_admit_at_once_break_no_promise(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 9, account("north", 3, 5), account("south", 2, None))
    other = Ledger(dsn, 6)
    await other.open()
    over = asyncio.Event()

    async def pacer(process: Ledger) -> int:
        admitted = 0
        while not over.is_set():
            admitted += sum((await admit(process)).values())
            await take_inbound(process, random.choice([MINE, "north", "south"]))
        return admitted

    async def watch() -> None:
        chance = Chance(0)
        chance.total = 9
        chance.accounts = {MINE: Places(0, None), "north": Places(3, 5), "south": Places(2, None)}
        for turn in range(40):
            for name in (MINE, "north", "south"):
                await wait_for_calls(ledger, name, 1)
            await end(dsn, random.choice([MINE, "north", "south"]), 2)
            # One statement is one moment; what waits at that moment may be on its way.
            chance.check(await counted(dsn, BUSY), Counter())
            if turn % 5 == 0:
                await run_sql(
                    dsn,
                    "update execution set phase = 'done', detail = 'canceled', status = 'canceled', owner = null where phase = 'dialling'",
                )
        over.set()

    try:
        *admitted, _ = await asyncio.gather(pacer(ledger), pacer(other), watch())
    finally:
        await other.aclose()
    assert all(admitted), "both admitted"


async def test_a_deleted_account_takes_no_calls_and_its_keys_are_refused(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 5, account("north", 3, 4))
    async with ledger.unit() as unit:
        await unit.keys.insert(key_row("key-north", tenant_id="north"))
    await wait_for_calls(ledger, "north", 2)
    async with ledger.unit() as unit:
        await unit.accounts.delete("north")
        await unit.keys.revoke_all("north")
        await unit.accounts.delete(MINE)
        assert await unit.accounts.sub_account(MINE, "north") is None
        assert await unit.accounts.sub_accounts(MINE) == []
        gone = await unit.accounts.tenant("north")
        kept = await unit.accounts.tenant(MINE)
        key = await unit.keys.by_digest(key_row("key-north").digest)
        assert await unit.keys.of_organisation(MINE) == []
    assert gone is not None
    assert gone.deleted_at is not None
    assert kept is not None
    assert kept.deleted_at is None
    assert key is None
    (stored,) = await fetch(dsn, "select revoked_at from api_key where id = 'key-north'")
    assert stored["revoked_at"] is not None
    assert not await admit(ledger)


async def test_nothing_of_an_account_is_left_but_what_it_did_and_cost(ledger: Ledger, dsn: str) -> None:
    await add(ledger, dsn, 5, account("north", 0, None))
    async with ledger.unit() as unit:
        await unit.keys.insert(key_row("key-north", tenant_id="north"))
        await unit.idempotency.begin("north", "k", "d")
    await wait_for_calls(ledger, "north", 3)
    await wait_for_calls(ledger, MINE, 1)
    async with ledger.unit() as unit:
        assert len(await unit.accounts.unfinished("north", 2)) == 2
        (called, *_) = await unit.accounts.some_executions("north", 10)
        dialled = Decision(Verdict.DIAL, "allowed", "no rule forbids the call", "policy 0")
        await unit.dial_decisions.add([DialDecision("north", called, None, 1, DIALLING, THEN, "+4930901820", dialled)])
        await unit.executions.delete(await unit.accounts.some_executions("north", 10))
        await unit.accounts.purge("north")
        dialled_by_all = await unit.dial_decisions.attempts(MINE, ["+4930901820"], THEN - timedelta(hours=1))
        assert dialled_by_all == {"+4930901820": [THEN]}, "its organisation does not dial the number once more"
    tables = await fetch(
        dsn,
        "select table_name from information_schema.columns where column_name = 'tenant_id' and table_schema = 'public'",
    )
    await ledger.prune()
    for table in {row["table_name"] for row in tables} - {"audit"}:
        (left,) = await fetch(dsn, f"select count(*) from \"{table}\" where tenant_id = 'north'")
        assert left["count"] == 0, table
    assert len(await fetch(dsn, "select * from agent")) == 1
    assert len(await fetch(dsn, "select * from execution")) == 1


def test_tables_are_emptied_before_those_they_refer_to() -> None:
    assert children_first(["a", "b", "c"], [("a", "c"), ("c", "b")]) == ["a", "c", "b"]
    assert children_first(["a", "b", "c"], [("a", "b"), ("b", "a")]) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("insert into tenant (id, name, email, parent_id, min_concurrency) values ('x', '', '', 'north', 0)", "tenant_one_level"),
        (f"update tenant set parent_id = 'other', min_concurrency = 0 where id = '{MINE}'", "tenant_one_level"),
        ("update tenant set parent_id = 'other' where id = 'north'", "tenant_identity"),
        ("update tenant set min_concurrency = null where id = 'north'", "tenant_places_of_a_sub_account"),
        ("update tenant set max_concurrency = null where parent_id is null", "tenant_places_of_an_organisation"),
        ("update tenant set deleted_at = now() where parent_id is null", "tenant_only_sub_accounts_go"),
        ("update tenant set min_concurrency = -1 where id = 'north'", "tenant_minimum_not_negative"),
    ],
)  # fmt: skip
async def test_the_database_knows_what_an_account_is(ledger: Ledger, dsn: str, statement: str, constraint: str) -> None:
    await add(ledger, dsn, 5, account("north", 0, None), account("other", 0, 1, parent=None))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await run_sql(dsn, statement)
    assert refused.value.constraint_name == constraint
