"""The list of executions over all agents on the real database: its rows and sums are those of the executions, however summed up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from statistics import quantiles
from typing import Any

import pytest
from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, THEN, agent_row, execution_row, move, place

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.execution_list import rows as execution_list
from callwright.platform.execution_list.rules import (
    COST,
    NEWEST,
    OLDEST,
    TALK,
    WAIT,
    AgentFigures,
    ExecutionSummary,
    SummaryFilter,
    SummaryPage,
    SummaryTotals,
    order_value,
    summary_of,
)
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger

RULES = ("slow_reply", "early_cut", "dead_air")
DETAILS = ("stopped", "failed", "error", "canceled")
MIDNIGHT = THEN.replace(hour=0)


def record_of(random: Random) -> dict[str, Any]:
    """What a view of a log may have found."""
    waits = [random.randrange(200, 4_000) for _ in range(random.randrange(5))]
    rules = random.sample(RULES, random.choice((0, 0, 1, 2)))
    return {
        "conversation_ms": random.randrange(1_000, 90_000),
        "turns": [
            {"part": "welcome", "turn": 0, "latency_us": None},
            *({"part": "turn", "turn": n, "latency_us": {"total": ms * 1_000}} for n, ms in enumerate(waits, 1)),
        ],
        "doctor": {
            "findings": [{"rule": rule, "severity": random.choice(("bad", "note"))} for rule in rules],
            "left_out": 0,
        },
        "summary": random.choice((None, "The caller booked a table.", "Nobody wanted anything.")),
        "extracted_data": {"Outcome": {"booked": {"objective": random.choice(("yes", "no")), "subjective": None}}},
    }


async def filled(ledger: Ledger, count: int, seed: int = 1) -> list[ExecutionSummary]:
    """Executions of two agents over several days, most of them done."""
    random = Random(seed)
    async with ledger.unit() as unit:
        if await unit.agents.get(DEFAULT_TENANT_ID, "agent-2") is None:
            await unit.agents.insert(agent_row("agent-2", name="Second"))
    found = []
    for number in range(count):
        at = THEN + timedelta(minutes=random.randrange(4 * 24 * 60))
        row = execution_row(
            f"call-{seed}-{number:03}",
            created_at=at,
            updated_at=at,
            agent_id=random.choice(("agent-1", "agent-2")),
            to_number=f"+1555{random.randrange(10**7):07}",
            batch_id=random.choice((None, "b" * 32)),
        )
        await place(ledger, row)
        if random.random() < 0.2:
            found.append(summary_of(row))
            continue
        columns = {
            "total_cost_nano": random.choice((0, random.randrange(10**10), random.randrange(10**10))),
            "hangup_by": "Callee",
            "hangup_reason": "Call recipient hung up",
        }
        if random.random() < 0.7:
            columns |= {"initiated_at": at, "answered_at": at, "ended_at": at}
        change = Change(Phase.DONE, random.choice(DETAILS), columns, record_of(random))
        async with ledger.unit() as unit:
            found.append(summary_of(await unit.executions.change(row.id, change)))
    return found


FILTERS: Sequence[SummaryFilter] = (
    SummaryFilter(),
    SummaryFilter(agent_id="agent-2"),
    SummaryFilter(statuses=("failed", "error")),
    SummaryFilter(statuses=("queued",)),
    SummaryFilter(direction="inbound"),
    SummaryFilter(findings=True),
    SummaryFilter(findings=False, agent_id="agent-1"),
    SummaryFilter(rule="early_cut"),
    SummaryFilter(disposition="booked=yes"),
    SummaryFilter(disposition="booked"),
    SummaryFilter(min_wait_ms=2_000),
    SummaryFilter(min_cost_nano=5 * 10**9),
    SummaryFilter(batch_id="b" * 32),
    SummaryFilter(created_from=THEN + timedelta(hours=30)),
    SummaryFilter(created_to=THEN + timedelta(hours=50)),
    SummaryFilter(created_from=THEN + timedelta(hours=5), created_to=THEN + timedelta(hours=61), findings=True),
    SummaryFilter(created_from=THEN + timedelta(hours=1), created_to=THEN + timedelta(hours=9)),
    SummaryFilter(created_from=MIDNIGHT + timedelta(days=1), created_to=MIDNIGHT + timedelta(days=2)),
)


def fits(one: ExecutionSummary, narrow: SummaryFilter, *, any_status: bool = False) -> bool:
    """The filter by hand."""
    done = one.status not in ("queued",)
    return (
        narrow.agent_id in (None, one.agent_id)
        and (any_status or not narrow.statuses or one.status in narrow.statuses)
        and narrow.direction in (None, one.direction)
        and narrow.batch_id in (None, one.batch_id)
        and (narrow.created_from is None or one.created_at >= narrow.created_from)
        and (narrow.created_to is None or one.created_at <= narrow.created_to)
        and (narrow.findings is None or (done and bool(one.rules) == narrow.findings))
        and (narrow.rule is None or narrow.rule in one.rules)
        and (
            narrow.disposition is None
            or narrow.disposition in one.dispositions
            or f"{narrow.disposition}=" in one.dispositions
        )
        and (narrow.min_wait_ms is None or (one.wait_max_ms or 0) >= narrow.min_wait_ms)
        and (narrow.min_cost_nano is None or one.cost_nano >= narrow.min_cost_nano)
    )


def by_hand(rows: Iterable[ExecutionSummary], narrow: SummaryFilter) -> SummaryTotals:
    """The totals without the waits."""
    wanted = [one for one in rows if fits(one, narrow)]
    counted = [one.status for one in rows if fits(one, narrow, any_status=True)]
    return SummaryTotals(
        calls=len(wanted),
        answered=sum(one.answered for one in wanted),
        talk_ms=sum(one.talk_ms or 0 for one in wanted),
        cost_nano=sum(one.cost_nano for one in wanted),
        with_findings=sum(bool(one.rules) for one in wanted),
        by_status={status: counted.count(status) for status in sorted(set(counted))},
    )


async def totals(ledger: Ledger, narrow: SummaryFilter) -> SummaryTotals:
    async with ledger.reading() as unit:
        return await unit.executions.summaries.totals(DEFAULT_TENANT_ID, narrow)


async def listed(
    ledger: Ledger, narrow: SummaryFilter, order: str = NEWEST, size: int = 1_000, after: Any = None
) -> list[ExecutionSummary]:
    async with ledger.reading() as unit:
        return list(await unit.executions.summaries.page(SummaryPage(DEFAULT_TENANT_ID, narrow, order, after, size)))


async def check(ledger: Ledger, rows: Sequence[ExecutionSummary]) -> None:
    """Every filter lists and sums what it should."""
    for narrow in FILTERS:
        found = await totals(ledger, narrow)
        assert replace(found, wait_p50_ms=None, wait_p95_ms=None) == by_hand(rows, narrow), narrow
        waits = [ms for one in rows if one.answered and fits(one, narrow) for ms in one.waits_ms]
        if len(waits) > 1:
            assert found.wait_p50_ms in waits
            assert found.wait_p95_ms == pytest.approx(quantiles(waits, n=20, method="inclusive")[-1], rel=0.2)
        expected = sorted(
            (one for one in rows if fits(one, narrow)), key=lambda one: (one.created_at, one.execution_id)
        )
        assert await listed(ledger, narrow) == expected[::-1], narrow
        assert await listed(ledger, narrow, OLDEST) == expected, narrow


async def test_rows_and_sums_are_those_of_the_executions(ledger: Ledger, dsn: str) -> None:
    rows = await filled(ledger, 60)
    await check(ledger, rows)
    await asyncio.gather(*(ledger.prune() for _ in range(3)))
    assert await fetch(dsn, "select * from execution_day_entry") == []
    await check(ledger, rows)
    # A part is summed up, and a part is not.
    rows += await filled(ledger, 15, seed=2)
    await check(ledger, rows)


async def test_what_changes_is_counted_once(ledger: Ledger) -> None:
    rows = await filled(ledger, 8)
    done = next(one for one in rows if one.status == "failed" or one.status == "error")
    await ledger.prune()
    async with ledger.unit() as unit:
        change = Change(columns={"total_cost_nano": 77}, record={"summary": "Asked again."})
        row = await unit.executions.change(done.execution_id, change)
    rows = [summary_of(row) if one is done else one for one in rows]
    await check(ledger, rows)
    assert [one.summary for one in await listed(ledger, SummaryFilter(text="asked"))] == ["Asked again."]
    async with ledger.unit() as unit:
        again = Change(Phase.WAITING, "scheduled", {"scheduled_at": THEN + timedelta(days=9)})
        row = await unit.executions.change(done.execution_id, again)
    left = [one for one in rows if one.execution_id != done.execution_id]
    found = await totals(ledger, SummaryFilter(findings=None, min_cost_nano=0))
    assert found.calls == len([one for one in left if one.status != "queued"])
    await ledger.prune()
    by_status = (await totals(ledger, SummaryFilter())).by_status
    assert by_status["scheduled"] == 1
    assert sum(by_status.values()) == len(rows)


async def test_what_is_deleted_is_counted_no_more(ledger: Ledger) -> None:
    rows = await filled(ledger, 10)
    await ledger.prune()
    gone = [one.execution_id for one in rows[::2]]
    async with ledger.unit() as unit:
        await unit.executions.delete(gone)
    await check(ledger, rows[1::2])
    await ledger.prune()
    await check(ledger, rows[1::2])


VALUES: dict[str, Any] = {
    WAIT: lambda one: one.wait_max_ms,
    TALK: lambda one: one.talk_ms,
    COST: lambda one: one.cost_nano,
}


def in_order(rows: Iterable[ExecutionSummary], order: str) -> list[ExecutionSummary]:
    """An order by hand."""
    by_age = sorted(rows, key=lambda one: (one.created_at, one.execution_id), reverse=order != OLDEST)
    value = VALUES.get(order)
    if value is None:
        return by_age
    valued = [one for one in by_age if one.status != "queued" and value(one)]
    bare = [one for one in by_age if one not in valued]
    return [*sorted(valued, key=lambda one: (value(one), one.execution_id), reverse=True), *bare]


async def test_pages_follow_each_other_in_every_order_and_leave_nothing_out(ledger: Ledger) -> None:
    rows = await filled(ledger, 25)
    for order in (NEWEST, OLDEST, *VALUES):
        whole = await listed(ledger, SummaryFilter(), order)
        assert whole == in_order(rows, order), order
        for size in (1, 4):
            paged: list[ExecutionSummary] = []
            after: tuple[datetime | int, str] | None = None
            while page := await listed(ledger, SummaryFilter(), order, size, after):
                paged += page
                after = order_value(page[-1], order), page[-1].execution_id
            assert paged == whole, order


async def test_every_filter_has_the_same_calls_in_every_order(ledger: Ledger) -> None:
    rows = await filled(ledger, 30)
    for narrow in FILTERS:
        fitting = [one for one in rows if fits(one, narrow)]
        for order in VALUES:
            assert await listed(ledger, narrow, order) == in_order(fitting, order), (narrow, order)


async def test_text_is_found_in_numbers_ids_and_words(ledger: Ledger) -> None:
    await place(
        ledger, execution_row("call-1", to_number="+15559109330"), execution_row("call-2", to_number="+441632960011")
    )
    await place(ledger, execution_row("in-1", direction="outbound", to_number="sip:desk_1@example.org"))
    async with ledger.unit() as unit:
        change = Change(
            Phase.DONE, "failed", {"hangup_reason": "Call recipient number invalid"}, {"summary": "Wants a refund."}
        )
        await unit.executions.change("call-1", change)
    for text, found in (
        ("9330", ["call-1"]),
        ("+1 555 910", ["call-1"]),
        ("1555", ["call-1"]),
        ("2960011", ["call-2"]),
        ("CALL-", ["call-1", "call-2"]),
        ("refund want", ["call-1"]),
        ("want refund", []),
        ("invalid", ["call-1"]),
        ("sip:desk_1", ["in-1"]),
        ("sip:desk%", []),
        ("'; drop table execution; --", []),
    ):
        assert sorted(one.execution_id for one in await listed(ledger, SummaryFilter(text=text))) == found, text
        assert (await totals(ledger, SummaryFilter(text=text))).calls == len(found), text


async def found_by(ledger: Ledger, text: str, tenant_id: str = DEFAULT_TENANT_ID) -> list[str]:
    async with ledger.reading() as unit:
        rows = await unit.executions.summaries.page(
            SummaryPage(tenant_id, SummaryFilter(text=text), NEWEST, None, 1_000)
        )
    return [one.execution_id for one in rows]


SAID = (
    "assistant: How can I help?\nuser: I paid twice: 40 euro back, please.\n"
    "assistant: SCH\u00d6N, a refund. \u0412\u043e\u0437\u0432\u0440\u0430\u0442."
)


async def spoken(ledger: Ledger, count: int = 1) -> None:
    """Calls that end with a conversation."""
    for number in range(1, count + 1):
        at = THEN + timedelta(minutes=number)
        await place(ledger, execution_row(f"call-{number}", created_at=at, updated_at=at))
        async with ledger.unit() as unit:
            change = Change(Phase.DONE, "failed", {}, {"transcript": SAID, "summary": "An angry caller."})
            await unit.executions.change(f"call-{number}", change)


async def test_words_of_the_conversation_are_found(ledger: Ledger) -> None:
    await spoken(ledger)
    for text in (
        "refund",
        "REFUND",
        "refu",
        "angry refund",
        "paid twice",
        "sch\u00f6n",
        "\u0412\u041e\u0417\u0412\u0420\u0410\u0422",
        "40 euro",
        "40",
    ):
        assert await found_by(ledger, text) == ["call-1"], text
    for text in ("refunds", "ref refund", "re", "assistant", "user", "refund nothing"):
        assert await found_by(ledger, text) == [], text
    assert await found_by(ledger, "refund", OTHER_TENANT_ID) == []


async def test_a_word_of_too_many_calls_is_found_in_the_newest(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    await spoken(ledger, 4)
    monkeypatch.setattr(execution_list, "MAX_EXECUTIONS_SEARCHED", 2)
    assert await found_by(ledger, "refund") == ["call-4", "call-3"]


async def test_words_go_with_the_conversation(ledger: Ledger, dsn: str) -> None:
    await spoken(ledger, 3)
    async with ledger.unit() as unit:
        await unit.executions.change("call-1", Change(record={"transcript": "user: Nothing."}))
        again = Change(Phase.WAITING, "scheduled", {"scheduled_at": THEN + timedelta(days=9)})
        await unit.executions.change("call-2", again)
        await unit.executions.delete(["call-3"])
    assert await found_by(ledger, "refund") == []
    assert await found_by(ledger, "nothing") == ["call-1"]
    assert [row["execution_id"] for row in await fetch(dsn, "select execution_id from execution_words")] == ["call-1"]


async def test_conversations_from_before_are_found_after_an_upgrade(ledger: Ledger, dsn: str) -> None:
    await spoken(ledger, 2)
    await run_sql(dsn, "delete from execution_words")
    await run_sql(dsn, "insert into execution_summary_missing select execution_id, true from execution_summary")
    assert await found_by(ledger, "refund") == []
    assert not (await totals(ledger, SummaryFilter(text="refund"))).complete
    assert (await totals(ledger, SummaryFilter())).complete, "the list itself is whole"
    await ledger.prune()
    assert await found_by(ledger, "refund") == ["call-2", "call-1"]
    assert (await totals(ledger, SummaryFilter(text="refund"))).complete
    assert (await totals(ledger, SummaryFilter())).calls == 2


async def test_many_waits_are_counted_in_steps(ledger: Ledger, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = await filled(ledger, 40)
    waits = sorted(ms for one in rows for ms in one.waits_ms if one.answered)
    answered = sum(one.answered for one in rows)
    monkeypatch.setattr(execution_list, "MAX_WAITS_SORTED", answered - 1)
    for narrow in (
        SummaryFilter(),
        SummaryFilter(min_cost_nano=0),
        SummaryFilter(created_from=THEN - timedelta(hours=1)),
    ):
        found = await totals(ledger, narrow)
        assert found.exact is False
        assert found.wait_p50_ms == pytest.approx(waits[len(waits) // 2], rel=0.2)
    # Only parts of days are wanted.
    part = SummaryFilter(created_from=THEN, created_to=THEN + timedelta(hours=35))
    few = sorted(ms for one in rows if one.answered and fits(one, part) for ms in one.waits_ms)
    monkeypatch.setattr(execution_list, "MAX_WAITS_SORTED", 1)
    assert (await totals(ledger, part)).wait_p50_ms == pytest.approx(few[(len(few) - 1) // 2], rel=0.06)
    await ledger.prune()
    assert (await totals(ledger, SummaryFilter())).wait_p50_ms == pytest.approx(waits[len(waits) // 2], rel=0.2)


async def test_more_than_can_be_looked_at_is_said_to_be_incomplete(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = await filled(ledger, 12)
    done = [one for one in rows if one.status != "queued"]
    monkeypatch.setattr(execution_list, "MAX_EXECUTIONS_SEARCHED", len(done))
    assert (await totals(ledger, SummaryFilter(min_cost_nano=0))).complete
    monkeypatch.setattr(execution_list, "MAX_EXECUTIONS_SEARCHED", len(done) - 1)
    assert not (await totals(ledger, SummaryFilter(min_cost_nano=0))).complete
    assert (await totals(ledger, SummaryFilter())).complete
    monkeypatch.setattr(execution_list, "MAX_EXECUTIONS_SUMMED", 0)
    assert not (await totals(ledger, SummaryFilter(rule="early_cut"))).complete


async def test_executions_from_before_get_their_rows_in_the_background(ledger: Ledger, dsn: str) -> None:
    rows = await filled(ledger, 50)
    await run_sql(dsn, "delete from execution_summary")
    await run_sql(dsn, "insert into execution_summary_missing select id from execution where phase = 'done'")
    assert not (await totals(ledger, SummaryFilter())).complete
    # One of them changes meanwhile, and one waits again: both are as they are now.
    done = [one for one in rows if one.status in ("failed", "error")]
    async with ledger.unit() as unit:
        await unit.executions.change(done[0].execution_id, Change(record={"summary": "Newer."}))
        again = Change(Phase.WAITING, "scheduled", {"scheduled_at": THEN + timedelta(days=9)})
        await unit.executions.change(done[1].execution_id, again)
    await asyncio.gather(*(ledger.prune() for _ in range(2)))
    rows = [replace(one, summary="Newer.") if one is done[0] else one for one in rows if one is not done[1]]
    found = [one for one in await listed(ledger, SummaryFilter()) if one.status != "scheduled"]
    assert sorted(found, key=lambda one: one.execution_id) == rows
    assert (await totals(ledger, SummaryFilter())).complete


async def test_an_account_sees_only_its_own(ledger: Ledger, dsn: str) -> None:
    await filled(ledger, 6)
    await run_sql(
        dsn,
        "insert into tenant (id, name, email, max_concurrency, created_at)"
        f" values ('{OTHER_TENANT_ID}', 'Others', 'others@example.org', 2, now())",
    )
    async with ledger.reading() as unit:
        for narrow in (SummaryFilter(), SummaryFilter(min_cost_nano=0), SummaryFilter(agent_id="agent-1")):
            assert (await unit.executions.summaries.totals(OTHER_TENANT_ID, narrow)).calls == 0
            assert await unit.executions.summaries.page(SummaryPage(OTHER_TENANT_ID, narrow, NEWEST, None, 9)) == []
        assert await unit.executions.summaries.names(OTHER_TENANT_ID, ["agent-1"]) == {}
        assert await unit.executions.summaries.names(DEFAULT_TENANT_ID, ["agent-1", "agent-2"]) == {
            "agent-1": "Reception",
            "agent-2": "Second",
        }


async def test_a_change_that_is_undone_leaves_no_row(ledger: Ledger) -> None:
    await place(ledger, execution_row())
    with suppress(RuntimeError):
        async with ledger.unit() as unit:
            await unit.executions.change("call-1", Change(Phase.DONE, "stopped"))
            raise RuntimeError("undone")
    assert (await totals(ledger, SummaryFilter())).by_status == {"queued": 1}
    await move(ledger, "call-1", Phase.DONE, "stopped")
    assert (await totals(ledger, SummaryFilter())).by_status == {"stopped": 1}


@pytest.mark.parametrize("days", [0, 2, 9])
async def test_figures_of_agents_are_those_of_their_executions(ledger: Ledger, days: int) -> None:
    since = MIDNIGHT + timedelta(days=days)
    rows = [one for one in await filled(ledger, 120) if one.status != "queued" and one.created_at >= since]

    async def read() -> dict[str, AgentFigures]:
        async with ledger.reading() as unit:
            return dict(await unit.executions.summaries.of_agents(DEFAULT_TENANT_ID, since.date()))

    found = await read()
    assert set(found) == {one.agent_id for one in rows}
    for agent_id, figures in found.items():
        own = [one for one in rows if one.agent_id == agent_id]
        waits = sorted(ms for one in own for ms in one.waits_ms)
        assert (figures.calls, figures.answered) == (len(own), sum(one.answered for one in own))
        assert figures.cost_nano == sum(one.cost_nano for one in own)
        assert figures.with_findings == sum(bool(one.rules) for one in own)
        assert figures.wait_p50_ms == pytest.approx(waits[(len(waits) - 1) // 2], rel=0.05)
    await ledger.prune()
    assert await read() == found, "summed up, they are the same"
    async with ledger.reading() as unit:
        assert await unit.executions.summaries.of_agents(OTHER_TENANT_ID, since.date()) == {}
