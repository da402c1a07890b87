"""Decisions in the ledger: kept as they were made, counted by number and by batch; and calls that wait for later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, THEN, admit, claim, execution_row, move, place, scheduled_row

from callwright.call.live.endings import waits_again
from callwright.domain.limits import MAX_ATTEMPT_PERIOD_HOURS
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.batches.rules.batch import Batch, BatchStatus
from callwright.platform.dialling.actions import Decisions, called_number, change_for
from callwright.platform.dialling.rules import Decision, Verdict
from callwright.platform.dialling.rules.facts import ADMISSION, DIALLING, DialDecision, DialFacts
from callwright.platform.executions.rows.changes import plan
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import STATUS_OF, Phase, Status
from callwright.platform.housekeeping import FORGOTTEN_AT_ONCE
from callwright.platform.ledger import Ledger

BATCH_ID = "5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d"
DIAL = Decision(Verdict.DIAL, "allowed", "no rule forbids the call", "policy 0", inputs={"country": "DE"})


def row(execution_id: str = "call-1", at: datetime = THEN, **changes: object) -> DialDecision:
    made = DialDecision(DEFAULT_TENANT_ID, execution_id, None, 1, DIALLING, at, "+4930901820", DIAL)
    return replace(made, **changes)  # type: ignore[arg-type]


async def add(ledger: Ledger, *rows: DialDecision) -> None:
    async with ledger.unit() as unit:
        await unit.dial_decisions.add(rows)


async def test_decisions_are_read_as_they_were_made_the_newest_of_them(ledger: Ledger):
    await place(ledger, execution_row(), execution_row("call-2"))
    waits = Decision(Verdict.WAIT, "agent_hours", "later", "policy 3", until=THEN + timedelta(hours=1))
    made = [row(step=ADMISSION, attempt=0, decision=waits), row(at=THEN + timedelta(hours=1)), row()]
    await add(ledger, *made, row("call-2"))
    async with ledger.unit() as unit:
        assert await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, "call-1", 10) == made
        assert await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, "call-1", 1) == made[-1:]
        assert await unit.dial_decisions.of_execution(OTHER_TENANT_ID, "call-1", 10) == []


@pytest.mark.parametrize("change", ["rule = 'other'", "execution_id = 'call-2'", "execution_id = null, called = 'x'"])
async def test_a_decision_cannot_be_changed(ledger: Ledger, dsn: str, change: str):
    await place(ledger, execution_row(), execution_row("call-2"))
    await add(ledger, row())
    with pytest.raises(asyncpg.CheckViolationError, match="cannot change"):
        await run_sql(dsn, f"update dial_decision set {change}")


async def test_a_number_stays_dialled_when_its_agent_and_its_calls_are_deleted(ledger: Ledger, dsn: str):
    await place(ledger, execution_row(), execution_row("call-2"))
    await add(
        ledger, row(step=ADMISSION, attempt=0), row(batch_id=BATCH_ID), row("call-2", at=THEN + timedelta(hours=1))
    )
    async with ledger.unit() as unit:
        await unit.executions.delete(["call-2"])
        await unit.executions.delete(await unit.agents.some_executions(DEFAULT_TENANT_ID, "agent-1", 10))
        await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
    before = THEN - timedelta(hours=1)
    async with ledger.unit() as unit:
        dialled = await unit.dial_decisions.attempts(DEFAULT_TENANT_ID, ["+4930901820"], before)
        assert dialled == {"+4930901820": [THEN, THEN + timedelta(hours=1)]}
        assert await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, "call-1", 10) == []
        assert await unit.dial_decisions.rules_of_batch(BATCH_ID) == {}
    assert len(await fetch(dsn, "select * from dial_decision")) == 2, "what was not dialled goes with its call"


async def test_what_a_deleted_call_dialled_is_forgotten_after_the_longest_period(ledger: Ledger, dsn: str):
    await place(ledger, execution_row(), execution_row("call-2"))
    period, hour = timedelta(hours=MAX_ATTEMPT_PERIOD_HOURS), timedelta(hours=1)
    now = datetime.now(UTC)
    old, counts = row(at=now - period - hour), row(at=now - period + hour)
    await add(ledger, old, counts, replace(old, execution_id="call-2"))
    async with ledger.unit() as unit:
        await unit.executions.delete(["call-1"])
    await ledger.prune()
    left = await fetch(dsn, "select execution_id, at from dial_decision order by at")
    assert [(one["execution_id"], one["at"]) for one in left] == [("call-2", old.at), (None, counts.at)]


async def test_more_dials_than_one_statement_deletes_are_forgotten(ledger: Ledger, dsn: str):
    await run_sql(
        dsn,
        "insert into dial_decision (tenant_id, attempt, step, at, verdict, rule, reason, called, inputs, version)"
        f" select '{DEFAULT_TENANT_ID}', 1, 'dialling', now() - interval '{MAX_ATTEMPT_PERIOD_HOURS + 1} hours', 'dial', 'allowed', '',"
        f" '+4930901820', '{{}}', '' from generate_series(1, {FORGOTTEN_AT_ONCE + 1})",
    )
    await ledger.prune()
    assert await fetch(dsn, "select * from dial_decision") == []


async def test_only_dials_count_as_attempts(ledger: Ledger):
    await place(ledger, execution_row())
    never = replace(DIAL, verdict=Verdict.NEVER, rule="country")
    later = THEN + timedelta(hours=2)
    await add(ledger, row(at=later), row(), row(step=ADMISSION), row(decision=never), row(called="+4930901821"))
    async with ledger.unit() as unit:
        found = unit.dial_decisions
        assert await found.attempts(DEFAULT_TENANT_ID, ["+4930901820"], THEN - timedelta(hours=1)) == {
            "+4930901820": [THEN, later]
        }
        assert await found.attempts(DEFAULT_TENANT_ID, ["+4930901820"], THEN) == {"+4930901820": [later]}
        assert await found.attempts(OTHER_TENANT_ID, ["+4930901820"], THEN - timedelta(hours=1)) == {}


def test_a_number_is_counted_in_every_spelling():
    spellings = ("+4930901820", "sip:+4930901820@one.example", "sip:0049-30-901820@two.example")
    assert {called_number(one) for one in spellings} == {"+4930901820"}
    assert called_number("sip:1001@pbx.example") == "sip:1001@pbx.example"


async def test_a_claimed_call_waits_again_without_its_owner(ledger: Ledger):
    await place(ledger, execution_row())
    await admit(ledger)
    await claim(ledger)
    until = datetime.now(UTC) + timedelta(hours=8)
    async with ledger.unit() as unit:
        change = Change(Phase.WAITING, "rescheduled", columns={"scheduled_at": until, "rescheduled_at": THEN})
        after = await unit.executions.change("call-1", change, owner="node-a", attempt=1)
    assert (after.status, after.owner, after.scheduled_at, after.rescheduled_at) == (
        Status.RESCHEDULED,
        None,
        until,
        THEN,
    )
    assert await admit(ledger) == [], "not before the opening"


async def test_calls_that_wait_for_later_take_no_room_in_the_release_of_their_batch(ledger: Ledger):
    await place(ledger)
    batch = Batch(BATCH_ID, DEFAULT_TENANT_ID, "agent-1", BatchStatus.RUNNING, THEN, THEN, "a.csv", scheduled_at=THEN)
    until = datetime.now(UTC) + timedelta(hours=8)
    async with ledger.unit() as unit:
        await unit.batches.insert(batch)
        for name in ("call-1", "call-2", "call-3"):
            await unit.executions.insert(execution_row(name, batch_id=BATCH_ID))
    await move(ledger, "call-1", Phase.DONE, "stopped")
    async with ledger.unit() as unit:
        change = Change(Phase.WAITING, "rescheduled", columns={"scheduled_at": until})
        await unit.executions.change("call-2", change)
        (active,) = await unit.batches.active(10)
    assert (active.waiting, active.open) == (1, 2)


async def test_a_call_that_waits_for_money_keeps_its_room_in_the_release(ledger: Ledger):
    """Else a list would be released call by call, and each of them would try again every half minute."""
    await place(ledger)
    batch = Batch(BATCH_ID, DEFAULT_TENANT_ID, "agent-1", BatchStatus.RUNNING, THEN, THEN, "a.csv", scheduled_at=THEN)
    async with ledger.unit() as unit:
        await unit.batches.insert(batch)
        await unit.executions.insert(execution_row("call-1", batch_id=BATCH_ID))
    await admit(ledger)
    await claim(ledger)
    async with ledger.unit() as unit:
        change = Change(Phase.WAITING, "queued", due_at=datetime.now(UTC) + timedelta(seconds=30))
        after = await unit.executions.change("call-1", change, owner="node-a", attempt=1)
        (active,) = await unit.batches.active(10)
    assert (after.status, active.waiting, active.open) == (Status.QUEUED, 1, 1)
    assert after.scheduled_at is None, "that is when somebody wanted it"
    assert await admit(ledger) == []


async def test_a_call_that_was_scheduled_for_later_can_wait_again_for_now(ledger: Ledger):
    later = datetime.now(UTC) + timedelta(hours=8)
    await place(ledger, scheduled_row("call-1", later))
    assert await admit(ledger) == []
    # As where the hours were changed that it waited for.
    async with ledger.unit() as unit:
        await unit.executions.change("call-1", Change(due_at=THEN))
    await admit(ledger)
    (taken,) = await claim(ledger)
    async with ledger.unit() as unit:
        change = waits_again(taken, datetime.now(UTC))
        after = await unit.executions.change("call-1", change, owner="node-a", attempt=1)
    assert (after.status, after.scheduled_at) == (Status.QUEUED, later)
    assert await admit(ledger) == ["call-1"]


@pytest.mark.parametrize("batch", ["running", "stopped", "deleted"])
async def test_no_call_of_a_batch_that_is_over_may_be_dialled(ledger: Ledger, batch: str):
    await place(ledger, execution_row())
    status = BatchStatus.STOPPED if batch == "stopped" else BatchStatus.RUNNING
    taken: list[DialFacts] = []

    async def commit(facts: DialFacts) -> None:
        taken.append(facts)

    async with ledger.unit() as unit:
        if batch != "deleted":
            await unit.batches.insert(
                Batch(BATCH_ID, DEFAULT_TENANT_ID, "agent-1", status, THEN, THEN, "a.csv", scheduled_at=THEN)
            )
        execution = execution_row(batch_id=BATCH_ID)
        decision = await Decisions({}).of_intent(unit, execution, THEN, commit)
        single = await Decisions({}).of_intent(unit, execution_row(), THEN, commit)
    assert (decision.verdict, decision.rule) == (
        (Verdict.DIAL, "allowed") if batch == "running" else (Verdict.NEVER, "stopped")
    )
    assert single.dials
    assert len(taken) == (2 if batch == "running" else 1)


async def test_a_batch_counts_its_executions_by_rule(ledger: Ledger):
    await place(ledger, execution_row(), execution_row("call-2"))
    never = replace(DIAL, verdict=Verdict.NEVER, rule="country")
    await add(
        ledger,
        row(batch_id=BATCH_ID),
        row(batch_id=BATCH_ID),
        row("call-2", batch_id=BATCH_ID, decision=never),
        row("call-2"),
    )
    async with ledger.unit() as unit:
        assert await unit.dial_decisions.rules_of_batch(BATCH_ID) == {"allowed": 1, "country": 1}


async def test_candidates_of_several_tenants_are_decided_by_their_own_policies(ledger: Ledger):
    await place(ledger, execution_row(to_number="+4930901820"), execution_row("call-2", to_number="+19002345678"))
    async with ledger.unit() as unit:
        candidates = await unit.executions.candidates(10)
        found = await Decisions({}).of_candidates(unit, candidates, datetime.now(UTC))
        told = {name: one.decision.rule for name, one in found.items()}
        assert told == {"call-1": "allowed", "call-2": "number_kind"}
        assert [one.step for one in await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, "call-2", 10)] == [
            ADMISSION
        ]


async def test_a_call_that_cannot_be_decided_keeps_nobody_else_waiting(ledger: Ledger, dsn: str):
    await place(ledger, execution_row(), execution_row("call-2"))
    await run_sql(dsn, "update execution set user_data = '[]' where id = 'call-1'")
    async with ledger.unit() as unit:
        candidates = await unit.executions.candidates(10)
        assert list(await Decisions({}).of_candidates(unit, candidates, datetime.now(UTC))) == ["call-2"]


async def test_under_a_policy_that_cannot_be_read_nothing_is_dialled(ledger: Ledger, dsn: str):
    await place(ledger, execution_row())
    body = '{"hours": {"start_hour": 99}}'
    await run_sql(dsn, f"insert into calling_policy values ('{DEFAULT_TENANT_ID}', '{body}', 1, now())")
    async with ledger.unit() as unit:
        candidates = await unit.executions.candidates(10)
        assert await Decisions({}).of_candidates(unit, candidates, datetime.now(UTC)) == {}


@pytest.mark.parametrize("detail", ["queued", "scheduled", "rescheduled"])
@pytest.mark.parametrize("verdict", [Verdict.WAIT, Verdict.NEVER])
def test_whatever_waits_may_wait_for_later_or_end(detail: str, verdict: Verdict):
    until = THEN + timedelta(hours=1)
    waits = verdict is Verdict.WAIT
    decision = replace(DIAL, verdict=verdict, until=until if waits else None, cause="" if waits else "not_permitted")
    before = execution_row(detail=detail, status=STATUS_OF[(Phase.WAITING, detail)], scheduled_at=THEN)
    values = plan(before, change_for(decision, THEN)).values
    assert (values["scheduled_at"] if waits else values["status"]) == (until if waits else "canceled")
