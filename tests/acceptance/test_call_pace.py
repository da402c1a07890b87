"""Limits per second as the runtime keeps them when it dials."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world
from tests.database import fetch
from tests.rows import execution_row
from tests.waiting import until

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.batches.actions.stop import stop_undialled
from callwright.platform.dialling.rules.policy import parse_policy
from callwright.platform.executions.actions.transition import insert
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.executions.rules.retry import STOP_REASON, STOP_REQUESTED, STOPPED_BY

RATE = 4


async def set_account(world: CallWorld, **limit: Any) -> None:
    async with world.ledger.unit() as unit:
        policy = parse_policy({"pace": {"account": limit}})
        await unit.calling_policies.put(DEFAULT_TENANT_ID, policy, world.clock.now())


async def last_decision(world: CallWorld, row: Execution) -> tuple[str, str, str]:
    """Step, verdict and rule of the last decision about a call, which its record shows."""
    async with world.ledger.unit() as unit:
        (last,) = await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, row.id, 1)
    shown = world.body(row)["callwright"]["decision"]
    assert (shown["verdict"], shown["rule"]) == (last.decision.verdict, last.decision.rule)
    return last.step, last.decision.verdict.value, last.decision.rule


async def test_calls_begin_no_faster_than_a_limit_per_second_allows(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path) as world:
        await set_account(world, calls_per_second=RATE)
        calls = [await world.place(persona="busy") for _ in range(8)]
        rows = [await world.until(one, "busy") for one in calls]
    begun = sorted(row.initiated_at for row in rows if row.initiated_at is not None)
    assert len(begun) == len(calls)
    assert min(b - a for a, b in itertools.pairwise(begun)) >= timedelta(seconds=1 / RATE)


async def a_moment_is_promised(dsn: str) -> bool:
    """Whether one in a minute or so is promised to a call."""
    return bool(await fetch(dsn, "select name from dial_slot where reserved_at > now() + interval '50 seconds'"))


async def test_a_call_that_waits_for_its_moment_can_be_stopped(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path) as world:
        await set_account(world, calls_per_second=0.01)
        await world.until(await world.place(persona="busy"), "busy")
        second = await world.place(persona="busy")
        await until(lambda: a_moment_is_promised(dsn), 30)
        assert (await world.row(second)).phase is Phase.CLAIMED
        async with world.ledger.unit() as unit:
            row = await unit.executions.lock(second)
            assert row is not None
            assert await stop_undialled(unit, world.publisher, row, world.clock.now())
        await world.runtime.control.request_stop(second, STOPPED_BY, STOP_REASON)
        row = await world.until(second, "stopped", seconds=30)
        assert row.initiated_at is None
        assert await last_decision(world, row) == ("dialling", "never", "stopped")


async def test_a_call_that_waits_for_its_moment_when_its_process_drains_is_dialled_by_another(
    dsn: str, tmp_path: Path
) -> None:
    async with call_world(dsn, tmp_path / "first") as world:
        await set_account(world, calls_per_second=0.01)
        await world.until(await world.place(persona="busy"), "busy")
        second = await world.place(persona="busy")
        await until(lambda: a_moment_is_promised(dsn), 30)
        await world.runtime.drain(0)
        row = await world.row(second)
        assert (row.status, row.owner, row.attempt) == ("queued", None, 1)
        assert await fetch(dsn, f"select outcome from attempt where execution_id = '{second}'") == [("queued",)]
        await until(lambda: not any((tmp_path / "first" / "live").iterdir()))
        await set_account(world)
    async with call_world(dsn, tmp_path / "second") as world:
        row = await world.until(second, "busy", "error", seconds=30)
        assert (row.status, row.attempt, row.retry_count) == ("busy", 2, 0)
        dialled = "select attempt from attempt where execution_id = '{}' and initiated_at is not null"
        assert await fetch(dsn, dialled.format(second)) == [(2,)]


async def test_a_call_whose_stop_this_process_has_not_heard_of_is_not_dialled(dsn: str, tmp_path: Path) -> None:
    """The stop was committed by another process; its notice comes later than the moment to dial."""
    async with call_world(dsn, tmp_path) as world:
        now = world.clock.now()
        row = execution_row(
            world.ids.uuid(),
            agent_id=AGENT_ID,
            agent=agent_body(),
            created_at=now,
            updated_at=now,
            user_data={"persona": "busy"},
            options={STOP_REQUESTED: {"by": STOPPED_BY, "reason": STOP_REASON}},
        )
        async with world.ledger.unit() as unit:
            await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", agent_body(), 1, now, now))
            await insert(unit, row, world.publisher)
        ended = await world.until(row.id, "stopped", "busy", seconds=30)
        assert (ended.status, ended.initiated_at, ended.hangup_reason) == ("stopped", None, STOP_REASON)
        assert await last_decision(world, ended) == ("dialling", "never", "stopped")
