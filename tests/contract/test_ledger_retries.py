"""The end of an attempt in the real ledger: what is retried, what forbids it, and what others see of it at any moment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.contract.test_ledger_batches import BATCH, stage
from tests.database import fetch, run_sql
from tests.rows import (
    THEN,
    admit,
    agent_row,
    claim,
    claimed_call,
    end_locked,
    execution_row,
    move,
    place,
    seconds_after,
)

from callwright.call.live.attempt_end import end_attempt, lock_ending
from callwright.call.live.endings import before_post_work
from callwright.domain.errors import StaleOwnerError
from callwright.insight.record import execution_body
from callwright.ops.ids import RandomIds
from callwright.outbox.publication import WebhookPublisher
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Tenant
from callwright.platform.batches.rules.batch import BatchStatus, execution_of_contact
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.attempts import earlier_attempts
from callwright.platform.executions.rules.changes import Change, ExecutionFilter
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.executions.rules.retry import (
    RETRIES_STOPPED,
    RETRY_CLASS,
    STOP_REASON,
    STOP_REQUESTED,
    STOPPED_BY,
)
from callwright.platform.ledger import Ledger
from callwright.platform.suppressions.rules import BY_API, Suppression

RETRY = {
    "enabled": True,
    "retry_on_statuses": ["no-answer", "busy", "failed", "error"],
    "retry_on_voicemail": True,
    "retry_intervals_minutes": [30],
}
MISSED = Change(Phase.DONE, "no-answer", {"ended_at": seconds_after(40), "total_cost_nano": 5})
MACHINE = {"answered_by_voice_mail": True, "transcript": "user: Leave a message."}
NOW = THEN + timedelta(days=10_000)
IN_HALF_AN_HOUR = NOW + timedelta(minutes=30)
LISTENED = {**agent_row().body, "webhook_url": "https://hooks.example.org/calls"}


def publisher() -> WebhookPublisher:
    return WebhookPublisher("", False, RandomIds().uuid, lambda: NOW)


async def dialled(ledger: Ledger, row: Execution | None = None) -> Execution:
    """A call with a retry policy that rings."""
    row = row or execution_row()
    row = replace(row, options={"retry_config": RETRY, **row.options}, agent=LISTENED)
    await place(ledger, row)
    await admit(ledger)
    (claimed,) = await claim(ledger)
    await move(ledger, row.id, Phase.DIALLING, "initiated", owner="node-a", attempt=1)
    return claimed


async def end(ledger: Ledger, row: Execution, change: Change = MISSED) -> Execution:
    async with ledger.unit() as unit:
        return await end_locked(unit, row, change, publisher(), NOW)


async def now_is(ledger: Ledger, execution_id: str = "call-1") -> Execution:
    async with ledger.unit() as unit:
        found = await unit.executions.get_any(execution_id)
    assert found is not None
    return found


async def told(ledger: Ledger) -> list[str]:
    async with ledger.unit() as unit:
        return [entry.status for entry in await unit.outbox.of_execution(DEFAULT_TENANT_ID, "call-1")]


async def test_a_missed_call_waits_for_its_next_attempt_and_both_changes_are_told(ledger: Ledger) -> None:
    after = await end(ledger, await dialled(ledger))
    assert after == await now_is(ledger)
    assert (after.status, after.retry_count, after.scheduled_at) == (Status.SCHEDULED, 1, IN_HALF_AN_HOUR)
    assert (after.attempt, after.owner, after.total_cost_nano, after.ended_at) == (1, None, 5, None)
    assert await told(ledger) == ["no-answer", "scheduled"]
    assert await admit(ledger) == [], "its time has not come"


async def test_who_asks_in_an_attempt_not_to_be_called_again_is_not(ledger: Ledger) -> None:
    row = await dialled(ledger)
    await move(ledger, row.id, Phase.LIVE, owner="node-a", attempt=1)
    asked = {**MACHINE, "opt_out": {"said": "Stop calling."}}
    # The work after a short call is written with its end, and before the list of numbers not to be called.
    over = Change(Phase.FINISHING, columns={"ended_at": seconds_after(40)}, record=asked)
    async with ledger.unit() as unit:
        locked = await lock_ending(unit, row, owned=True)
        after = await end_attempt(
            unit, locked or row, Change(Phase.DONE, "completed", record=asked), publisher(), NOW, [over]
        )
    assert (after.status, after.retry_count) == (Status.COMPLETED, 0)


async def test_nobody_sees_a_final_status_that_is_not_final(ledger: Ledger) -> None:
    row = await dialled(ledger)
    async with ledger.unit() as unit:
        await end_locked(unit, row, MISSED, publisher(), NOW)
        assert (await now_is(ledger)).status is Status.INITIATED
    assert (await now_is(ledger)).status is Status.SCHEDULED


async def test_what_is_undone_is_undone_as_a_whole(ledger: Ledger) -> None:
    row = await dialled(ledger)

    async def dies() -> None:
        async with ledger.unit() as unit:
            await end_locked(unit, row, MISSED, publisher(), NOW)
            raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        await dies()
    assert (await now_is(ledger)).phase is Phase.DIALLING
    assert await told(ledger) == []


async def test_the_costs_of_all_attempts_are_in_the_record(ledger: Ledger, dsn: str) -> None:
    await end(ledger, await dialled(ledger))
    await run_sql(dsn, "update execution set due_at = now()")
    await admit(ledger)
    (second,) = await claim(ledger)
    await move(ledger, "call-1", Phase.DIALLING, "initiated", owner="node-a", attempt=2)
    after = await end(ledger, second, replace(MISSED, columns={"total_cost_nano": 7}))
    assert (after.retry_count, after.total_cost_nano) == (2, 12)
    assert [(one["attempt"], one["cost"]) for one in earlier_attempts(after.record)] == [(1, 5), (2, 7)]
    assert [one["total_cost"] * 10**9 for one in execution_body(after, public_url="")["callwright"]["attempts"]] == [
        5,
        7,
    ]


@pytest.mark.parametrize("key", [STOP_REQUESTED, RETRIES_STOPPED])
async def test_a_stop_during_the_attempt_makes_its_end_final(ledger: Ledger, key: str) -> None:
    row = await dialled(ledger)
    async with ledger.unit() as unit:
        await unit.executions.change("call-1", Change(columns={"options": {**row.options, key: {}}}))
    # ``row`` is what the owner knows: it has not read of the stop.
    assert (await end(ledger, row)).status is Status.NO_ANSWER
    assert await told(ledger) == ["no-answer"]


async def test_a_call_is_stopped_between_its_attempts(ledger: Ledger) -> None:
    await end(ledger, await dialled(ledger))
    async with ledger.unit() as unit:
        await transition(unit, "call-1", Change(Phase.DONE, "stopped"), publisher())
    stopped = await now_is(ledger)
    assert (stopped.status, stopped.total_cost_nano, len(earlier_attempts(stopped.record))) == (Status.STOPPED, 5, 1)


async def test_a_number_put_on_the_list_meanwhile_is_not_called_again(ledger: Ledger) -> None:
    row = await dialled(ledger)
    async with ledger.unit() as unit:
        await unit.suppressions.add(Suppression(row.to_number, DEFAULT_TENANT_ID, BY_API, THEN))
    assert (await end(ledger, row)).status is Status.NO_ANSWER


async def test_a_deleted_account_calls_nobody_again(ledger: Ledger) -> None:
    async with ledger.unit() as unit:
        await unit.accounts.insert(Tenant("north", "north", "", 1, THEN, DEFAULT_TENANT_ID, 0))
        await unit.agents.insert(agent_row("agent-2", tenant_id="north"))
    row = await dialled(ledger, execution_row(tenant_id="north", agent_id="agent-2"))
    async with ledger.unit() as unit:
        await unit.accounts.delete("north")
    assert (await end(ledger, row)).status is Status.NO_ANSWER


async def test_a_process_that_lost_the_call_schedules_nothing(ledger: Ledger) -> None:
    row = await dialled(ledger)
    async with ledger.unit() as unit:
        await unit.nodes.forget("node-a")
    with pytest.raises(StaleOwnerError):
        await end(ledger, row)
    assert await told(ledger) == []


async def test_a_cause_that_never_ends_otherwise_is_final(ledger: Ledger) -> None:
    never = Change(Phase.DONE, "failed", record={RETRY_CLASS: "never"})
    assert (await end(ledger, await dialled(ledger), never)).status is Status.FAILED


async def answered(ledger: Ledger, change: Change) -> Execution:
    """A call whose answered attempt has ended so, with its post-call work to come."""
    row = await dialled(ledger)
    await move(ledger, "call-1", Phase.LIVE, owner="node-a", attempt=1)
    await end(ledger, row, before_post_work(change))
    return await now_is(ledger)


async def test_after_a_machine_completed_is_never_said(ledger: Ledger, dsn: str) -> None:
    finishing = await answered(ledger, Change(Phase.FINISHING, columns={"ended_at": seconds_after(40)}, record=MACHINE))
    assert finishing.status is Status.CALL_DISCONNECTED
    done = Change(Phase.DONE, "completed", {"completed_at": NOW, "total_cost_nano": 9}, MACHINE)
    after = await end(ledger, finishing, done)
    assert (after.status, after.total_cost_nano) == (Status.SCHEDULED, 9)
    assert await told(ledger) == ["call-disconnected", "scheduled"]
    body = execution_body(after, public_url="")
    assert (body["answered_by_voice_mail"], body["transcript"]) == (None, None)
    (attempt,) = body["callwright"]["attempts"]
    assert (attempt["status"], attempt["answered_by_voice_mail"]) == ("completed", True)
    assert [one["status"] for one in body["retry_history"]] == ["completed"]
    assert [row["outcome"] for row in await fetch(dsn, "select outcome from attempt")] == ["completed"]
    async with ledger.unit() as unit:
        found = await unit.executions.page(
            DEFAULT_TENANT_ID, "agent-1", ExecutionFilter(answered_by_voice_mail=True), 1, 10
        )
    assert found.total == 0, "the filter is about the attempt that is shown"


async def test_a_broken_conversation_is_made_again_after_its_post_call_work(ledger: Ledger) -> None:
    broken = Change(Phase.DONE, "error", {"error_message": "the model failed", "completed_at": NOW})
    finishing = await answered(ledger, broken)
    assert (finishing.status, finishing.completed_at) == (Status.CALL_DISCONNECTED, None)
    after = await end(ledger, finishing, Change(Phase.DONE, "error", {"completed_at": NOW}))
    assert after.status is Status.SCHEDULED
    assert await told(ledger) == ["call-disconnected", "error", "scheduled"]
    assert earlier_attempts(after.record)[0]["error_message"] == "the model failed"


async def contact_dialled(ledger: Ledger) -> Execution:
    """The call of a running batch's contact."""
    batch = replace(BATCH, status=BatchStatus.RUNNING, scheduled_at=THEN, retry_config=RETRY)
    (contact,) = await stage(ledger, 1, batch)
    async with ledger.unit() as unit:
        await unit.batches.contacts.take(BATCH.id, 1)
    return await dialled(ledger, replace(execution_of_contact(batch, contact, "+15550100"), id="call-1"))


@asynccontextmanager
async def _other_unit(ledger: Ledger) -> AsyncIterator[Any]:
    """A unit of another process."""
    async with ledger.unit() as unit:
        yield unit


@pytest.mark.parametrize("status", [BatchStatus.STOPPED, BatchStatus.COMPLETED])
async def test_a_batch_that_is_over_calls_nobody_again(ledger: Ledger, status: BatchStatus) -> None:
    row = await contact_dialled(ledger)
    async with ledger.unit() as unit:
        await unit.batches.change(BATCH.id, status)
    assert (await end(ledger, row)).status is Status.NO_ANSWER


@pytest.mark.parametrize("marked", [True, False])
async def test_a_deleted_batch_calls_nobody_again(ledger: Ledger, marked: bool) -> None:
    row = await contact_dialled(ledger)
    async with ledger.unit() as unit:
        await (unit.batches.mark_deleted(BATCH.id) if marked else unit.batches.delete(BATCH.id))
    assert (await end(ledger, row)).status is Status.NO_ANSWER


async def test_a_stop_of_the_batch_under_way_is_waited_for(ledger: Ledger) -> None:
    """The race of two to three calls that slipped back into a stopped batch."""
    row = await contact_dialled(ledger)
    async with _other_unit(ledger) as stopping:
        await stopping.batches.lock(DEFAULT_TENANT_ID, BATCH.id)
        ending = asyncio.create_task(end(ledger, row))
        await stopping.batches.change(BATCH.id, BatchStatus.STOPPED)
        assert not ending.done()
    assert (await ending).status is Status.NO_ANSWER


async def test_a_stop_that_comes_later_finds_the_call_waiting(ledger: Ledger) -> None:
    row = await contact_dialled(ledger)

    async def stop() -> list[str]:
        async with ledger.unit() as unit:
            await unit.batches.lock(DEFAULT_TENANT_ID, BATCH.id)
            ids = await unit.executions.undialled_of_batch(BATCH.id, 10)
            for execution_id in ids:
                await transition(unit, execution_id, Change(Phase.DONE, "stopped"), publisher())
            return ids

    async with _other_unit(ledger) as ending:
        await end_locked(ending, row, MISSED, publisher(), NOW)
        stopping = asyncio.create_task(stop())
    assert await stopping == ["call-1"]
    assert (await now_is(ledger)).status is Status.STOPPED


async def test_a_batch_is_open_and_makes_room_while_its_calls_wait_for_a_retry(ledger: Ledger) -> None:
    await end(ledger, await contact_dialled(ledger))
    async with ledger.unit() as unit:
        (active,) = await unit.batches.active(10)
        assert (active.open, active.waiting) == (1, 0)
        assert await unit.batches.under_way(BATCH.id)


async def test_the_webhook_of_the_outcome_says_when_the_call_is_made_again(ledger: Ledger) -> None:
    await end(ledger, await dialled(ledger))
    async with ledger.unit() as unit:
        outcome, again = [json.loads(one.body) for one in await unit.outbox.of_execution(DEFAULT_TENANT_ID, "call-1")]
    assert outcome["callwright"]["retry_at"] == again["scheduled_at"] == "2053-07-17T12:30:00.000000+00:00"
    assert (outcome["billing_settled"], outcome["retry_count"], again["retry_count"]) == (False, 0, 1)
    assert again["retry_history"] == [{"attempt": 1, "status": "no-answer", "at": "2026-03-01T12:00:40.000000+00:00"}]
    assert again["callwright"]["retry_at"] is None


async def test_the_webhooks_of_one_unit_are_never_updated_before_one_another(ledger: Ledger) -> None:
    await end(ledger, await dialled(ledger), replace(MISSED, columns={**MISSED.columns, "ended_at": NOW}))
    async with ledger.unit() as unit:
        outcome, again = [json.loads(one.body) for one in await unit.outbox.of_execution(DEFAULT_TENANT_ID, "call-1")]
    assert outcome["callwright"]["ended_at"] == outcome["updated_at"] == again["updated_at"]
    later = {"scheduled_at": NOW, "rescheduled_at": NOW + timedelta(seconds=1)}
    async with ledger.unit() as unit:
        moved = await transition(unit, "call-1", Change(Phase.WAITING, "rescheduled", later), publisher())
    assert moved.updated_at == moved.rescheduled_at


@pytest.mark.parametrize("refused", [True, False])
async def test_the_end_of_a_taken_call_has_the_decision_that_kept_it_from_being_dialled(
    ledger: Ledger, refused: bool
) -> None:
    row = await claimed_call(ledger)
    rule = {"decision": {"verdict": "never", "rule": "suppressed"}} if refused else {}
    async with ledger.unit() as unit:
        options = {STOP_REQUESTED: {"by": STOPPED_BY, "reason": STOP_REASON}}
        await unit.executions.change("call-1", Change(columns={"options": options}, record=rule))
    ended = await end(ledger, row, Change(Phase.DONE, "canceled"))
    assert (ended.status, ended.record["decision"]["rule"]) == (
        Status.STOPPED,
        "suppressed" if refused else "stopped",
    )
    async with ledger.unit() as unit:
        made = await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, "call-1", 10)
    assert [(one.step, one.decision.rule) for one in made] == ([] if refused else [("dialling", "stopped")])
