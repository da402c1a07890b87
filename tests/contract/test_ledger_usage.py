"""Usage on the real database: exact, whatever is summed up when, and the same for calls from before it was counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.database import fetch, run_sql
from tests.rows import THEN, admit, claim, execution_row, live_call, move, place
from tests.unit.insight.call_log import CallLog

from callwright.insight.record import build
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import Price, PriceBook
from callwright.platform.usage.rows import SUM_UP
from callwright.platform.usage.rules import CALLS, LLM, SYNTHESIZER, TRANSCRIBER, UsageKey, Used, quarter_of

BOOK = PriceBook(
    {
        ("transcriber", "p", "*"): Price(7_000_001, 60_000),
        ("model_input", "p", "*"): Price(3_000_007, 1_000),
        ("model_output", "p", "*"): Price(11_000_013, 1_000),
        ("voice", "p", "*"): Price(5_000_003, 1_000),
        ("carrier", "loopback", "*"): Price(900_000_001, 60_000, 60_000),
        ("platform", "callwright", "*"): Price(2_000_000_000, 60_000, 60_000),
    }
)
LATER = THEN + timedelta(days=1)


def record_of(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns and record of a call that used different amounts for each ``number``."""
    log = CallLog().at(700).answered().speaks(0, 1, "Hello.", "welcome").audible(1)
    log.asked(1, 2).caller_said(1, "Well.", 1_000, 2_000).audible(2)
    log.used("transcriber", 0, "hearing", 4_000 + 13 * number)
    log.used("model", 2, "reply", 100 + number, 7 + number)
    log.used("voice", 2, "reply", 17 * number)
    log.at(5_000 + 1_001 * number).leg_ended()
    built = build(log.text, BOOK, "loopback")
    columns = {name: built.columns[name] for name in ("total_cost_nano",)}
    return columns, built.record


async def complete(ledger: Ledger, number: int) -> Execution:
    """A call from its placing to its end."""
    name = f"call-{number}"
    await live_call(ledger, name)
    await move(ledger, name, Phase.FINISHING, owner="node-a", attempt=1)
    columns, record = record_of(number)
    async with ledger.unit() as unit:
        return await unit.executions.change(name, Change(Phase.DONE, "completed", columns, record))


async def used(ledger: Ledger) -> dict[UsageKey, Used]:
    async with ledger.unit() as unit:
        found = await unit.usage.total([DEFAULT_TENANT_ID, "nobody"], quarter_of(THEN), quarter_of(LATER))
    assert found["nobody"] == {}
    return dict(found[DEFAULT_TENANT_ID])


async def test_usage_is_the_sum_of_the_calls_leg_by_leg(ledger: Ledger, dsn: str) -> None:
    rows = [await complete(ledger, number) for number in range(1, 6)]
    found = await used(ledger)
    assert found[UsageKey(CALLS, model="completed")] == Used(
        records=5,
        amount=sum(row.record["conversation_ms"] for row in rows),
        cost_nano=sum(row.total_cost_nano for row in rows),
    )
    for leg in ("transcriber", "llm", "synthesizer", "network", "platform"):
        by_hand = sum(row.record["cost_nano"]["legs"][leg] for row in rows)
        assert by_hand > 0
        assert sum(one.cost_nano for key, one in found.items() if key.kind == leg) == by_hand, leg
    assert sum(one.amount for key, one in found.items() if key.kind == SYNTHESIZER) == 17 * sum(range(1, 6))
    assert sum(one.amount_output for key, one in found.items() if key.kind == LLM) == 5 * 7 + sum(range(1, 6))
    assert sum(one.amount for key, one in found.items() if key.kind == TRANSCRIBER) == 5 * 4_000 + 13 * sum(range(1, 6))


async def test_summing_up_changes_nothing_and_leaves_one_row_for_each_line(ledger: Ledger, dsn: str) -> None:
    for number in range(1, 4):
        await complete(ledger, number)
    before = await used(ledger)
    await asyncio.gather(*(run_sql(dsn, SUM_UP) for _ in range(4)))
    assert await fetch(dsn, "select * from usage_entry") == []
    assert len(await fetch(dsn, "select * from usage_quarter")) == len(before)
    assert await used(ledger) == before
    await complete(ledger, 4)
    await ledger.prune()
    assert await fetch(dsn, "select * from usage_entry") == []
    assert (await used(ledger))[UsageKey(CALLS, model="completed")].records == 4


async def test_a_call_that_is_tried_again_is_counted_once(ledger: Ledger) -> None:
    await live_call(ledger)
    await move(ledger, "call-1", Phase.DONE, "error", owner="node-a")
    assert (await used(ledger))[UsageKey(CALLS, model="error")].records == 1
    async with ledger.unit() as unit:
        again = Change(Phase.WAITING, "scheduled", {"scheduled_at": LATER})
        await unit.executions.change("call-1", again)
    assert (await used(ledger)).get(UsageKey(CALLS, model="error"), Used()).records == 0


async def test_calls_that_are_not_done_are_counted_by_their_status(ledger: Ledger) -> None:
    await place(ledger, *(execution_row(f"call-{number}") for number in range(3)))
    await place(ledger, execution_row("late", created_at=LATER, updated_at=LATER))
    await move(ledger, "call-0", Phase.DONE, "stopped")
    async with ledger.unit() as unit:
        found = await unit.usage.unfinished([DEFAULT_TENANT_ID, "nobody"], quarter_of(THEN), quarter_of(LATER))
    assert found == {DEFAULT_TENANT_ID: {Status.QUEUED: 2}, "nobody": {}}


async def test_what_was_used_stays_when_the_calls_are_deleted(ledger: Ledger) -> None:
    await complete(ledger, 1)
    before = await used(ledger)
    async with ledger.unit() as unit:
        await unit.executions.delete(["call-1"])
    assert await used(ledger) == before


def by_kind(found: dict[UsageKey, Used]) -> dict[str, tuple[int, int, int, int]]:
    """Sums of every kind, whichever provider and model a line names."""
    sums: dict[str, Used] = {}
    for key, one in found.items():
        sums[key.kind] = sums.get(key.kind, Used()).plus(one)
    return {kind: (one.records, one.amount, one.amount_output, one.cost_nano) for kind, one in sums.items()}


async def test_what_every_attempt_of_a_call_used_counts_and_the_call_once(ledger: Ledger) -> None:
    first, second = record_of(1), record_of(2)
    await live_call(ledger)
    async with ledger.unit() as unit:
        await unit.executions.change("call-1", Change(Phase.DONE, "error", *first), owner="node-a", attempt=1)
    async with ledger.unit() as unit:
        again = await unit.executions.change("call-1", Change(Phase.WAITING, "scheduled", {"scheduled_at": LATER}))
    assert again.total_cost_nano == first[0]["total_cost_nano"], "what the first attempt cost stays"
    assert by_kind(await used(ledger)).get(CALLS, (0, 0, 0, 0)) == (0, 0, 0, 0), "nothing until it is done"
    await admit(ledger)
    await claim(ledger)
    for phase, detail in ((Phase.DIALLING, "initiated"), (Phase.LIVE, ""), (Phase.FINISHING, "")):
        await move(ledger, "call-1", phase, detail, owner="node-a", attempt=2)
    async with ledger.unit() as unit:
        whole = {"total_cost_nano": sum(columns["total_cost_nano"] for columns, _ in (first, second))}
        await unit.executions.change("call-1", Change(Phase.DONE, "completed", whole, second[1]))
    found = await used(ledger)
    both = [record for _, record in (first, second)]
    assert {key.model for key, one in found.items() if key.kind == CALLS and one.records} == {"completed"}
    assert found[UsageKey(CALLS, model="completed")] == Used(
        records=1,
        amount=sum(record["conversation_ms"] for record in both),
        cost_nano=sum(columns["total_cost_nano"] for columns, _ in (first, second)),
    )
    for leg in ("transcriber", "llm", "synthesizer", "network", "platform"):
        by_hand = sum(record["cost_nano"]["legs"][leg] for record in both)
        assert sum(one.cost_nano for key, one in found.items() if key.kind == leg) == by_hand, leg
    assert by_kind(found)[SYNTHESIZER][1] == 17 + 34
