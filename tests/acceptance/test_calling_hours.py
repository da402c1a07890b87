"""Calls outside the hours: they wait for the next opening, are dialled then, and every decision can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.call_world import AGENT_ID, CallWorld, MovedClock, agent_body, call_world
from tests.database import run_sql
from tests.examples import check_example
from tests.rows import execution_row

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.dialling.rules.facts import DialDecision
from callwright.platform.dialling.rules.policy import CallingPolicy, parse_policy
from callwright.platform.executions.actions.transition import insert
from callwright.platform.suppressions.rules import BY_API, Suppression

pytestmark = pytest.mark.real_time

NIGHT = datetime(2027, 1, 12, 21, 14, 7, tzinfo=UTC)
"""22:14 in Berlin."""
MORNING = datetime(2027, 1, 13, 8, 0, tzinfo=UTC)
BERLIN = "+4930901820"


async def placed(world: CallWorld, body: dict[str, Any], **changes: Any) -> str:
    now = world.clock.now()
    execution = execution_row(
        world.ids.uuid(), agent_id=AGENT_ID, agent=body, created_at=now, updated_at=now, to_number=BERLIN
    )
    async with world.ledger.unit() as unit:
        if await unit.agents.get(DEFAULT_TENANT_ID, AGENT_ID) is None:
            await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", body, 1, now, now))
        await insert(unit, replace(execution, **changes), world.publisher)
    return execution.id


async def decisions(world: CallWorld, execution_id: str) -> list[DialDecision]:
    async with world.ledger.unit() as unit:
        return await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, execution_id, 100)


async def put_policy(world: CallWorld, policy: CallingPolicy) -> None:
    async with world.ledger.unit() as unit:
        await unit.calling_policies.put(DEFAULT_TENANT_ID, policy, world.clock.now())


def guarded(start: int = 9, end: int = 21) -> dict[str, Any]:
    return {**agent_body(), "calling_guardrails": {"call_start_hour": start, "call_end_hour": end}}


async def test_a_call_placed_at_night_is_dialled_in_the_morning(dsn: str, tmp_path: Path) -> None:
    clock = MovedClock(NIGHT)
    async with call_world(dsn, tmp_path, clock=clock) as world:
        execution_id = await placed(world, guarded())
        waiting = await world.until(execution_id, "rescheduled")
        assert (waiting.scheduled_at, waiting.attempt) == (MORNING, 0)
        assert waiting.rescheduled_at is not None
        assert NIGHT <= waiting.rescheduled_at < NIGHT + timedelta(seconds=30)
        assert await world.published(execution_id) == ["rescheduled"]

        clock.move(MORNING)
        await run_sql(dsn, "update execution set due_at = now()")
        done = await world.until(execution_id, "completed")
        assert done.initiated_at is not None
        assert done.initiated_at >= MORNING
        statuses = await world.published(execution_id)
        assert (statuses[0], statuses[1], statuses[-1]) == ("rescheduled", "initiated", "completed")
        assert [
            (row.step, row.decision.verdict, row.decision.rule) for row in await decisions(world, execution_id)
        ] == [
            ("admission", "wait", "agent_hours"),
            ("admission", "dial", "allowed"),
            ("dialling", "dial", "allowed"),
        ]
        body = world.body(done)
        assert body["rescheduled_at"].startswith("2027-01-12T21:14")
        assert body["callwright"]["decision"]["verdict"] == "dial"
        check_example("rescheduled", body)


@pytest.mark.long
async def test_a_call_that_bypasses_the_guardrails_is_dialled_at_night(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, clock=MovedClock(NIGHT)) as world:
        execution_id = await placed(world, guarded(), options={"bypass_call_guardrails": True})
        await world.until(execution_id, "completed")
        assert "rescheduled" not in await world.published(execution_id)


async def test_the_policy_of_the_organisation_holds_also_where_the_guardrails_are_bypassed(
    dsn: str, tmp_path: Path
) -> None:
    async with call_world(dsn, tmp_path, clock=MovedClock(NIGHT)) as world:
        await put_policy(world, parse_policy({"hours": {"start_hour": 8, "end_hour": 20}}))
        execution_id = await placed(world, agent_body(), options={"bypass_call_guardrails": True})
        assert (await world.until(execution_id, "rescheduled")).scheduled_at == MORNING - timedelta(hours=1)


async def test_a_call_whose_hours_are_opened_was_scheduled_for_when_it_is_dialled(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, clock=MovedClock(NIGHT)) as world:
        await put_policy(world, parse_policy({"hours": {"start_hour": 8, "end_hour": 20}}))
        execution_id = await placed(world, agent_body())
        await world.until(execution_id, "rescheduled")
        await put_policy(world, CallingPolicy())
        async with world.ledger.unit() as unit:
            await unit.calling_policies.decide_anew(DEFAULT_TENANT_ID)
        dialled = await world.until(execution_id, "in-progress", "completed")
        assert dialled.initiated_at is not None
        assert dialled.scheduled_at == dialled.initiated_at < MORNING - timedelta(hours=1)


async def test_a_number_that_may_never_be_dialled_ends_without_an_attempt(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path) as world:
        execution_id = await placed(world, agent_body(), to_number="+19002345678")
        ended = await world.until(execution_id, "canceled")
        assert (ended.attempt, ended.hangup_reason, ended.initiated_at) == (0, "call_not_permitted", None)
        assert ended.error_message == "the calling policy refuses premium numbers"
        assert [row.decision.rule for row in await decisions(world, execution_id)] == ["number_kind"]
        assert world.body(ended)["callwright"]["decision"]["rule"] == "number_kind"


async def test_a_number_suppressed_while_its_call_waited_is_not_dialled(dsn: str, tmp_path: Path) -> None:
    clock = MovedClock(NIGHT)
    async with call_world(dsn, tmp_path, clock=clock) as world:
        execution_id = await placed(world, guarded())
        await world.until(execution_id, "rescheduled")
        async with world.ledger.unit() as unit:
            await unit.suppressions.add(Suppression(BERLIN, DEFAULT_TENANT_ID, BY_API, clock.now()))
        clock.move(MORNING)
        await run_sql(dsn, "update execution set due_at = now()")
        ended = await world.until(execution_id, "canceled")
        assert (ended.attempt, ended.hangup_reason) == (0, "recipient_suppressed")
        assert [row.decision.rule for row in await decisions(world, execution_id)] == ["agent_hours", "suppressed"]


@pytest.mark.long
async def test_one_number_is_dialled_only_so_often_in_a_period(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path) as world:
        await put_policy(world, parse_policy({"attempts": {"per_number": 1, "period_hours": 24}}))
        first = await placed(world, agent_body())
        done = await world.until(first, "completed")
        assert done.initiated_at is not None
        for user in ("+49-30-901820", "%2331%23+4930901820", "0114930901820*1"):
            second = await placed(world, agent_body(), to_number=f"sip:{user}@pbx.example")
            waiting = await world.until(second, "rescheduled")
            assert waiting.scheduled_at == done.initiated_at + timedelta(hours=24)
        other = await placed(world, agent_body(), to_number="+4930901821")
        await world.until(other, "completed")


@pytest.mark.long
async def test_of_two_calls_to_one_number_at_once_the_second_waits_again(dsn: str, tmp_path: Path) -> None:
    """Both are admitted before either is dialled: the unit that writes the intent asks again."""
    async with call_world(dsn, tmp_path) as world:
        await put_policy(world, parse_policy({"attempts": {"per_number": 1, "period_hours": 24}}))
        now = world.clock.now()
        rows = [
            execution_row(
                world.ids.uuid(),
                agent_id=AGENT_ID,
                agent=agent_body(),
                created_at=now,
                updated_at=now,
                to_number=BERLIN,
            )
            for _ in range(2)
        ]
        async with world.ledger.unit() as unit:
            await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", agent_body(), 1, now, now))
            for row in rows:
                await insert(unit, row, world.publisher)
        ends = [await world.until(row.id, "rescheduled", "completed") for row in rows]
        assert sorted(row.status for row in ends) == ["completed", "rescheduled"]
        (waits,) = (row for row in ends if row.status == "rescheduled")
        assert (waits.attempt, waits.owner, waits.initiated_at) == (1, None, None)
        told = [(row.step, row.decision.verdict) for row in await decisions(world, waits.id)]
        assert told == [("admission", "dial"), ("dialling", "wait")]
        assert not [path for path in world.deps.live_folder.iterdir() if waits.id in path.name]
