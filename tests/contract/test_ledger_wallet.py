"""Wallets on a real database: what holds whoever writes, and in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, cast

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import THEN, admit, agent_row, claim, claimed_call, execution_row, place

from callwright.domain.errors import BalanceLowError
from callwright.domain.money import NANO_PER_CENT
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Tenant
from callwright.platform.batches.rules.batch import Batch, BatchStatus
from callwright.platform.dialling.rules.policy import parse_policy
from callwright.platform.executions.actions.transition import insert, transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.platform.wallet.actions.reservations import reserve
from callwright.platform.wallet.rows import WalletRows
from callwright.platform.wallet.rules import AVAILABLE, POSTPAID, RESERVED, SPENT, TOPPED_UP, Committed, Wallet, top_up
from callwright.platform.webhooks.rules.outbox import OutboxEntry

ORG = DEFAULT_TENANT_ID
INTENT = Change(Phase.DIALLING, "initiated", columns={"initiated_at": THEN})


class Silent:
    """Nobody listens."""

    def entry(self, execution: Execution) -> OutboxEntry | None:
        return None


async def funded(ledger: Ledger, nano: int) -> None:
    async with ledger.unit() as unit:
        await unit.wallets.put(ORG, enabled=True)
        if nano:
            await unit.wallets.add(ORG, top_up(nano, None))


async def dial(ledger: Ledger, row: Execution, price: int) -> bool:
    """Write the intent to dial and what it reserves. Whether the wallet allowed it."""
    try:
        async with ledger.unit() as unit:
            await transition(unit, row.id, INTENT, Silent(), owner=row.owner, attempt=row.attempt)
            await reserve(unit, row, lambda: price, THEN)
    except BalanceLowError:
        return False
    return True


async def end(ledger: Ledger, row: Execution, cost: int) -> None:
    change = Change(Phase.DONE, "busy", columns={"total_cost_nano": cost})
    async with ledger.unit() as unit:
        await transition(unit, row.id, change, Silent(), owner=row.owner, attempt=row.attempt)


async def disconnect(ledger: Ledger, row: Execution, cost: int) -> None:
    """The call was answered and is over; its post-call work is still to come."""
    async with ledger.unit() as unit:
        for change in (Change(Phase.LIVE), Change(Phase.FINISHING, columns={"total_cost_nano": cost})):
            await transition(unit, row.id, change, Silent(), owner=row.owner, attempt=row.attempt)


async def change(ledger: Ledger, execution_id: str, cost: int) -> None:
    async with ledger.unit() as unit:
        await transition(unit, execution_id, Change(columns={"total_cost_nano": cost}), Silent())


async def balances(ledger: Ledger) -> Mapping[str, int]:
    async with ledger.unit() as unit:
        assert await unit.wallets.contradictions(ORG) == []
        found = await unit.wallets.balances(ORG)
    assert sum(found.values()) == 0
    return found


async def test_a_call_reserves_its_price_and_is_charged_what_it_cost(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    assert await dial(ledger, row, 60)
    assert await balances(ledger) == {AVAILABLE: 40, RESERVED: 60, TOPPED_UP: -100}
    await end(ledger, row, 25)
    assert await balances(ledger) == {AVAILABLE: 75, RESERVED: 0, SPENT: 25, TOPPED_UP: -100}


async def test_without_a_wallet_nothing_is_written(ledger: Ledger) -> None:
    row = await claimed_call(ledger)
    assert await dial(ledger, row, 60)
    await end(ledger, row, 25)
    assert await balances(ledger) == {}


async def test_what_is_not_covered_leaves_no_intent(ledger: Ledger) -> None:
    await funded(ledger, 59)
    row = await claimed_call(ledger)
    assert not await dial(ledger, row, 60)
    async with ledger.unit() as unit:
        after = await unit.executions.get_any(row.id)
        assert after is not None
        assert after.phase is Phase.CLAIMED
        assert await unit.wallets.attempts(row.id) == []


async def test_an_intent_that_is_written_again_reserves_once(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    assert await dial(ledger, row, 60)
    # 40 are left, and the attempt's own 60 count for it.
    assert await dial(ledger, row, 60)
    assert (await balances(ledger))[RESERVED] == 60


async def test_the_work_after_the_call_is_charged_with_it(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 60)
    await disconnect(ledger, row, 20)
    assert (await balances(ledger))[RESERVED] == 60
    async with ledger.unit() as unit:
        await transition(unit, row.id, Change(Phase.DONE, "completed", columns={"total_cost_nano": 33}), Silent())
    assert await balances(ledger) == {AVAILABLE: 67, RESERVED: 0, SPENT: 33, TOPPED_UP: -100}
    # Questions asked again later on.
    await change(ledger, row.id, 35)
    await change(ledger, row.id, 35)
    assert await balances(ledger) == {AVAILABLE: 65, RESERVED: 0, SPENT: 35, TOPPED_UP: -100}


async def test_a_call_that_costs_more_than_it_reserved_takes_the_balance_below_zero(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 100)
    await end(ledger, row, 130)
    assert await balances(ledger) == {AVAILABLE: -30, RESERVED: 0, SPENT: 130, TOPPED_UP: -100}


async def test_every_attempt_reserves_and_is_charged_for_itself(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 60)
    await end(ledger, row, 20)
    async with ledger.unit() as unit:
        again = Change(Phase.WAITING, "scheduled", columns={"scheduled_at": THEN, "retry_count": 1})
        await transition(unit, row.id, again, Silent())
    assert await balances(ledger) == {AVAILABLE: 80, RESERVED: 0, SPENT: 20, TOPPED_UP: -100}
    await admit(ledger)
    (second,) = await claim(ledger)
    assert await dial(ledger, second, 60)
    # The row has what all attempts cost.
    await end(ledger, second, 27)
    assert await balances(ledger) == {AVAILABLE: 73, RESERVED: 0, SPENT: 27, TOPPED_UP: -100}


async def test_a_switched_off_wallet_still_settles_what_it_reserved(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 60)
    async with ledger.unit() as unit:
        await unit.wallets.put(ORG, enabled=False)
    await end(ledger, row, 25)
    assert (await balances(ledger))[AVAILABLE] == 75


async def test_executions_that_are_deleted_leave_nothing_reserved(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 60)
    await disconnect(ledger, row, 20)
    async with ledger.unit() as unit:
        await unit.executions.delete([row.id])
    assert await balances(ledger) == {AVAILABLE: 80, RESERVED: 0, SPENT: 20, TOPPED_UP: -100}


async def test_racing_calls_never_reserve_more_than_there_is(ledger: Ledger, dsn: str) -> None:
    await funded(ledger, 55)
    await run_sql(dsn, "update tenant set max_concurrency = 200")
    await place(ledger, *(execution_row(f"call-{number}") for number in range(200)))
    await admit(ledger)
    rows = await claim(ledger)
    allowed = await asyncio.gather(*(dial(ledger, row, 10) for row in rows))
    assert (len(rows), sum(allowed)) == (200, 5)
    assert await balances(ledger) == {AVAILABLE: 5, RESERVED: 50, TOPPED_UP: -55}


@pytest.mark.parametrize("cap", [{"batch_cents": 5}, {"day_cents": 5}, {"account_cents": 5}], ids=str)
async def test_racing_calls_never_exceed_a_cap(ledger: Ledger, dsn: str, cap: dict[str, int]) -> None:
    """Without a wallet that is on: the caps alone are counted."""
    await capped(ledger, cap)
    await run_sql(dsn, "update tenant set max_concurrency = 40")
    await place(ledger)
    batch = Batch(
        "5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d",
        ORG,
        "agent-1",
        BatchStatus.RUNNING,
        THEN,
        THEN,
        "list.csv",
        scheduled_at=THEN,
    )
    async with ledger.unit() as unit:
        await unit.batches.insert(batch)
    await place(ledger, *(execution_row(f"call-{number}", batch_id=batch.id) for number in range(40)))
    await admit(ledger)
    allowed = await asyncio.gather(*(dial(ledger, row, NANO_PER_CENT) for row in await claim(ledger)))
    assert (len(allowed), sum(allowed)) == (40, 5)
    assert await balances(ledger) == {POSTPAID: -5 * NANO_PER_CENT, RESERVED: 5 * NANO_PER_CENT}


async def capped(ledger: Ledger, caps: dict[str, int]) -> None:
    async with ledger.unit() as unit:
        await unit.calling_policies.put(ORG, parse_policy({"caps": caps}), THEN)


async def test_a_cap_of_a_call_is_that_of_all_its_attempts(ledger: Ledger) -> None:
    await capped(ledger, {"call_cents": 5})
    row = await claimed_call(ledger)
    assert not await dial(ledger, row, 6 * NANO_PER_CENT)
    assert await dial(ledger, row, 5 * NANO_PER_CENT)
    await end(ledger, row, 2 * NANO_PER_CENT)
    async with ledger.unit() as unit:
        again = Change(Phase.WAITING, "scheduled", columns={"scheduled_at": THEN, "retry_count": 1})
        await transition(unit, row.id, again, Silent())
    await admit(ledger)
    (second,) = await claim(ledger)
    assert not await dial(ledger, second, 4 * NANO_PER_CENT)
    assert await dial(ledger, second, 3 * NANO_PER_CENT)


async def test_what_a_call_did_not_use_is_free_for_the_next_under_a_cap(ledger: Ledger) -> None:
    await capped(ledger, {"day_cents": 5})
    row = await claimed_call(ledger)
    assert await dial(ledger, row, 5 * NANO_PER_CENT)
    other = await claimed_call(ledger, "call-2")
    assert not await dial(ledger, other, NANO_PER_CENT)
    await end(ledger, row, 2 * NANO_PER_CENT)
    assert await dial(ledger, other, 3 * NANO_PER_CENT)


async def two_calls_of_a_batch(ledger: Ledger) -> list[Execution]:
    batch = Batch("5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d", ORG, "agent-1", BatchStatus.PROCESSED, THEN, THEN, "list.csv")
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
        await unit.batches.insert(batch)
        for name in ("call-1", "call-2"):
            await insert(unit, execution_row(name, batch_id=batch.id), Silent())
    await admit(ledger)
    return await claim(ledger)


@pytest.mark.parametrize("caps", [{}, {"batch_cents": 5}, {"day_cents": 5}, {"account_cents": 5}])
async def test_a_batch_s_call_is_told_whether_the_money_is_only_held(ledger: Ledger, caps: dict[str, int]) -> None:
    if caps:
        await capped(ledger, caps)
    else:
        await funded(ledger, 5 * NANO_PER_CENT)
    first, second = await two_calls_of_a_batch(ledger)
    assert await dial(ledger, first, 4 * NANO_PER_CENT)

    async def held(row: Execution, price: int) -> bool:
        async with ledger.unit() as unit:
            with pytest.raises(BalanceLowError) as refused:
                await reserve(unit, row, lambda: price * NANO_PER_CENT, THEN)
        return refused.value.is_held

    assert await held(second, 5)
    assert not await held(second, 6), "more than there is without the calls under way"
    if "batch_cents" not in caps:
        assert not await held(replace(second, batch_id=None), 5), "a single call ends at once"
    await end(ledger, first, 4 * NANO_PER_CENT)
    assert not await held(second, 5), "it is spent"


class _ThenWallets:
    """The wallets of a unit; after the first look at what is committed something happens outside of the unit."""

    def __init__(self, wallets: WalletRows, happens: Callable[[], Awaitable[None]]) -> None:
        self._wallets = wallets
        self._happens: Callable[[], Awaitable[None]] | None = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wallets, name)

    async def committed(self, wallet: Wallet, execution: Execution, day: date) -> Committed:
        found = await self._wallets.committed(wallet, execution, day)
        if self._happens is not None:
            await self._happens()
            self._happens = None
        return found


@pytest.mark.parametrize("caps", [{}, {"batch_cents": 5}, {"day_cents": 5}, {"account_cents": 5}])
async def test_a_call_that_ends_while_another_is_refused_gives_it_the_money(
    ledger: Ledger, caps: dict[str, int]
) -> None:
    if caps:
        await capped(ledger, caps)
    else:
        await funded(ledger, 5 * NANO_PER_CENT)
    first, second = await two_calls_of_a_batch(ledger)
    assert await dial(ledger, first, 4 * NANO_PER_CENT)
    async with ledger.unit() as unit:
        cast(Any, unit).wallets = _ThenWallets(unit.wallets, lambda: end(ledger, first, NANO_PER_CENT))
        await reserve(unit, second, lambda: 4 * NANO_PER_CENT, THEN)
    found = await balances(ledger)
    assert (found[RESERVED], found[SPENT]) == (4 * NANO_PER_CENT, NANO_PER_CENT)


async def test_a_call_that_is_refused_by_another_rule_at_the_second_look_is_told_what_that_one_holds(
    ledger: Ledger,
) -> None:
    await capped(ledger, {"call_cents": 3})
    await funded(ledger, 5 * NANO_PER_CENT)
    first, second = await two_calls_of_a_batch(ledger)
    assert await dial(ledger, first, 3 * NANO_PER_CENT)

    async def money_comes() -> None:
        async with ledger.unit() as other:
            await other.wallets.add(ORG, top_up(9 * NANO_PER_CENT, None))

    async with ledger.unit() as unit:
        cast(Any, unit).wallets = _ThenWallets(unit.wallets, money_comes)
        with pytest.raises(BalanceLowError) as refused:
            await reserve(unit, second, lambda: 4 * NANO_PER_CENT, THEN)
    assert (refused.value.field, refused.value.is_held) == ("cap.call", False)


async def test_sub_accounts_spend_their_organisations_money_each_under_its_own_cap(ledger: Ledger, dsn: str) -> None:
    await funded(ledger, 9 * NANO_PER_CENT)
    await capped(ledger, {"account_cents": 5})
    async with ledger.unit() as unit:
        await unit.accounts.insert(Tenant("north", "north", "", None, THEN, ORG, 0))
        await unit.agents.insert(agent_row("agent-n", tenant_id="north"))
    own = await claimed_call(ledger)
    await place(ledger, execution_row("call-n", tenant_id="north", agent_id="agent-n"))
    await admit(ledger)
    (theirs,) = await claim(ledger)
    assert await dial(ledger, own, 5 * NANO_PER_CENT)
    # Its own 5 cents are free, and 4 are in the wallet.
    assert not await dial(ledger, theirs, 5 * NANO_PER_CENT)
    assert await dial(ledger, theirs, 4 * NANO_PER_CENT)
    async with ledger.unit() as unit:
        (entry,) = await unit.wallets.entries(ORG, "north", 0, 10)
        assert entry.charge is not None
        assert (entry.charge.account_id, entry.charge.execution_id) == ("north", "call-n")


class _KilledError(Exception):
    """The process died here."""


@pytest.mark.parametrize("step", ["reserving", "settling"])
async def test_what_dies_in_between_leaves_the_ledger_as_it_was(ledger: Ledger, step: str) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    if step == "settling":
        await dial(ledger, row, 60)
    before = await balances(ledger)

    async def die(unit: Unit) -> None:
        if step == "reserving":
            await transition(unit, row.id, INTENT, Silent(), owner=row.owner, attempt=1)
            await reserve(unit, row, lambda: 60, THEN)
        else:
            ended = Change(Phase.DONE, "busy", columns={"total_cost_nano": 25})
            await transition(unit, row.id, ended, Silent(), owner=row.owner, attempt=1)
        raise _KilledError

    with pytest.raises(_KilledError):
        async with ledger.unit() as unit:
            await die(unit)
    assert await balances(ledger) == before
    # Whoever comes afterwards does it, once.
    if step == "reserving":
        assert await dial(ledger, row, 60)
    await end(ledger, row, 25)
    assert (await balances(ledger))[AVAILABLE] == 75


ENTRY = (
    "insert into wallet_entry (tenant_id, kind, account_id, execution_id, attempt, day, before_nano)"
    f" values ('{ORG}', '{{}}', '{ORG}', 'call-1', 1, '2026-03-01', 0)"
)
POSTING = "insert into wallet_posting (tenant_id, entry_id, account, amount_nano) values ('{}', {}, '{}', {})"


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("wallet_append_only", "update wallet_entry set note = 'x'"),
        ("wallet_append_only", "delete from wallet_posting"),
        ("wallet_append_only", "truncate wallet_posting, wallet_entry"),
        ("wallet_sum_derived", "update wallet_balance set amount_nano = 1000"),
        ("wallet_sum_derived", "delete from wallet_total"),
        ("wallet_sum_derived", f"insert into wallet_balance values ('{ORG}', 'x', 5)"),
        ("wallet_entry_balanced", POSTING.format(ORG, 1, "spent", 5)),
        ("wallet_entry_moves", ENTRY.format("extra")),
        ("wallet_entry_once", ENTRY.format("reserve")),
        ("wallet_entry_of_an_attempt", f"insert into wallet_entry (tenant_id, kind) values ('{ORG}', 'settle')"),
        ("wallet_correction_explained", f"insert into wallet_entry (tenant_id, kind) values ('{ORG}', 'correction')"),
        ("wallet_entry_kind_known", f"insert into wallet_entry (tenant_id, kind) values ('{ORG}', 'gift')"),
        ("wallet_account_known", POSTING.format(ORG, 1, "pocket", 5)),
        ("wallet_posting_moves", POSTING.format(ORG, 1, "spent", 0)),
    ],
)
async def test_rules_that_no_statement_breaks(ledger: Ledger, dsn: str, rule: str, statement: str) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 60)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await run_sql(dsn, statement)
    assert caught.value.constraint_name == rule
    assert (await balances(ledger))[RESERVED] == 60


async def test_entries_are_read_in_order_and_by_account(ledger: Ledger) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 60)
    await end(ledger, row, 25)
    async with ledger.unit() as unit:
        every = await unit.wallets.entries(ORG, None, 0, 10)
        assert [one.kind for one in every] == ["top-up", "reserve", "settle"]
        assert [one.kind for one in await unit.wallets.entries(ORG, ORG, 0, 10)] == ["reserve", "settle"]
        assert await unit.wallets.entries(ORG, None, every[1].id, 10) == every[2:]
        assert await unit.wallets.entries("nobody", None, 0, 10) == []
    assert [one.account for one in every[2].postings] == [AVAILABLE, RESERVED, SPENT]


async def test_doubtful_executions_are_those_open_or_with_another_cost(ledger: Ledger, dsn: str) -> None:
    await funded(ledger, 100)
    row = await claimed_call(ledger)
    await dial(ledger, row, 60)
    async with ledger.unit() as unit:
        assert [one.reserved_nano for one in await unit.wallets.doubtful(ORG)] == [60]
    await end(ledger, row, 25)
    async with ledger.unit() as unit:
        assert await unit.wallets.doubtful(ORG) == []
    await run_sql(dsn, "update execution set total_cost_nano = 26")
    async with ledger.unit() as unit:
        assert [one.spent_nano for one in await unit.wallets.doubtful(ORG)] == [25]
    assert await fetch(dsn, "select 1 from wallet_entry where kind = 'settle'")
