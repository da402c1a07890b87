"""The ledger of executions: reading, the way through the phases, fencing, admission, claiming, pages."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.database import fetch, run_sql
from tests.rows import (
    OTHER_TENANT_ID,
    THEN,
    admit,
    admit_candidates,
    agent_row,
    claim,
    claimed_call,
    entry_row,
    execution_row,
    live_call,
    move,
    place,
    ringing_row,
    scheduled_row,
    seconds_after,
)

from callwright.domain.errors import (
    BadInputError,
    ConflictError,
    NotFoundError,
    StaleOwnerError,
    WrongStateError,
)
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.changes import Change, ExecutionFilter
from callwright.platform.executions.rules.execution import Phase, Status
from callwright.platform.ledger import Ledger


async def set_concurrency(dsn: str, limit: int, tenant_id: str = DEFAULT_TENANT_ID) -> None:
    await run_sql(dsn, f"update tenant set max_concurrency = {limit} where id = '{tenant_id}'")


async def add_tenant(dsn: str, limit: int = 100) -> None:
    await run_sql(
        dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', 'Other', '', {limit})"
    )


async def test_an_execution_comes_back_as_it_was_stored(ledger: Ledger):
    stored = execution_row(
        user_data={"z": 1, "a": [1.5, None, "ü"], "half": "a\x00b"},
        options={"retry_config": {"enabled": True}},
        agent={"zeta": 1, "alpha": 2},
        record={"summary": None},
        batch_id="batch-1",
    )
    await place(ledger, stored)
    async with ledger.unit() as unit:
        read = await unit.executions.get(DEFAULT_TENANT_ID, "call-1")
    assert read == stored
    assert list(read.agent) == ["zeta", "alpha"], "key order is kept"


async def test_another_tenant_does_not_see_an_execution(ledger: Ledger):
    await place(ledger, execution_row())
    async with ledger.unit() as unit:
        assert await unit.executions.get(OTHER_TENANT_ID, "call-1") is None
        assert (await unit.executions.page(OTHER_TENANT_ID, "agent-1", ExecutionFilter(), 1, 20)).total == 0
        assert (await unit.executions.get_any("call-1")) is not None


async def test_a_whole_call_leaves_its_traces_on_execution_and_attempt(ledger: Ledger, dsn: str):
    claimed = await claimed_call(ledger)
    assert (claimed.phase, claimed.status, claimed.attempt, claimed.owner) == (
        Phase.CLAIMED,
        Status.QUEUED,
        1,
        "node-a",
    )
    fence: dict[str, Any] = {"owner": "node-a", "attempt": 1}
    async with ledger.unit() as unit:
        change = unit.executions.change
        await change(
            "call-1",
            Change(Phase.DIALLING, "initiated", {"initiated_at": seconds_after(1), "provider_call_id": "p-1"}),
            **fence,
        )
        await change("call-1", Change(Phase.DIALLING, "ringing", {"ringing_at": seconds_after(2)}), **fence)
        live = await change(
            "call-1", Change(Phase.LIVE, columns={"answered_at": seconds_after(3)}, record={"a": 1, "b": 1}), **fence
        )
        assert live.status is Status.IN_PROGRESS
        finishing = await change(
            "call-1",
            Change(
                Phase.FINISHING,
                columns={"ended_at": seconds_after(9), "hangup_by": "Caller", "hangup_code": 16},
                record={"b": 2},
            ),
            **fence,
        )
        assert (finishing.status, finishing.owner) == (Status.CALL_DISCONNECTED, None)
        done = await change(
            "call-1",
            Change(Phase.DONE, "completed", {"completed_at": seconds_after(20), "total_cost_nano": 12_345}),
        )
    assert done.record == {"a": 1, "b": 2}
    async with ledger.unit() as unit:
        assert await unit.executions.get_any("call-1") == done
    (attempt,) = await fetch(dsn, "select * from attempt")
    assert (attempt["attempt"], attempt["owner"], attempt["provider_call_id"]) == (1, "node-a", "p-1")
    assert (attempt["answered_at"], attempt["ended_at"]) == (seconds_after(3), seconds_after(9))
    assert (attempt["hangup_by"], attempt["hangup_code"], attempt["outcome"]) == ("Caller", 16, "completed")
    assert attempt["closed_at"] is not None


async def test_a_retry_keeps_each_attempt_and_starts_clean(ledger: Ledger, dsn: str):
    await claimed_call(ledger)
    fence: dict[str, Any] = {"owner": "node-a", "attempt": 1}
    await move(ledger, "call-1", Phase.DIALLING, "initiated", **fence)
    async with ledger.unit() as unit:
        await unit.executions.change(
            "call-1",
            Change(
                Phase.DONE,
                "busy",
                {"ended_at": seconds_after(5), "hangup_reason": "busy", "completed_at": seconds_after(5)},
            ),
            **fence,
        )
        again = await unit.executions.change(
            "call-1", Change(Phase.WAITING, "scheduled", {"scheduled_at": seconds_after(60), "retry_count": 1})
        )
    assert (again.status, again.retry_count, again.attempt) == (Status.SCHEDULED, 1, 1)
    assert (again.ended_at, again.completed_at, again.hangup_reason) == (None, None, None)
    assert await admit(ledger) == ["call-1"]
    (second,) = await claim(ledger, "node-b")
    assert second.attempt == 2
    attempts = await fetch(dsn, "select attempt, outcome, hangup_reason from attempt order by attempt")
    assert [tuple(row) for row in attempts] == [(1, "busy", "busy"), (2, None, None)]


async def test_the_outcome_of_an_attempt_may_differ_from_the_status(ledger: Ledger, dsn: str):
    await live_call(ledger)
    async with ledger.unit() as unit:
        await unit.nodes.forget("node-a")
        lost = await unit.executions.change(
            "call-1", Change(Phase.DONE, "error", {"hangup_reason": "node_lost", "attempt_outcome": "unknown"})
        )
    assert (lost.status, lost.owner) == (Status.ERROR, None)
    assert [row["outcome"] for row in await fetch(dsn, "select outcome from attempt")] == ["unknown"]


async def test_a_clock_that_ran_ahead_does_not_end_a_call(ledger: Ledger):
    await claimed_call(ledger)
    async with ledger.unit() as unit:
        row = await unit.executions.change(
            "call-1",
            Change(Phase.DIALLING, "initiated", {"initiated_at": THEN - timedelta(milliseconds=40)}),
            owner="node-a",
        )
    assert row.initiated_at == THEN


async def test_a_row_is_never_changed_before_a_time_in_it(ledger: Ledger):
    await live_call(ledger)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    async with ledger.unit() as unit:
        told = await unit.executions.change("call-1", Change(columns={"ended_at": ahead}), owner="node-a")
    async with ledger.unit() as unit:
        stored = await unit.executions.get_any("call-1")
    assert stored is not None
    assert stored.updated_at == told.updated_at == ahead


async def test_an_execution_that_ends_without_a_time_ends_now(ledger: Ledger):
    await place(ledger, execution_row("call-1"))
    assert (await move(ledger, "call-1", Phase.DONE, "stopped")).completed_at is not None


@pytest.mark.parametrize(
    ("phase", "detail"), [(Phase.LIVE, ""), (Phase.FINISHING, ""), (Phase.WAITING, "nonsense"), (Phase.CLAIMED, "")]
)
async def test_a_change_outside_the_tables_is_refused(ledger: Ledger, phase: Phase, detail: str):
    await place(ledger, execution_row())
    with pytest.raises(WrongStateError):
        await move(ledger, "call-1", phase, detail)


async def test_only_claiming_takes_an_admitted_execution(ledger: Ledger):
    await place(ledger, execution_row())
    await admit(ledger)
    with pytest.raises(WrongStateError, match="by being claimed"):
        await move(ledger, "call-1", Phase.CLAIMED)


async def test_a_column_that_follows_from_the_phase_cannot_be_named(ledger: Ledger):
    await place(ledger, execution_row())
    async with ledger.unit() as unit:
        with pytest.raises(ValueError, match="owner"):
            await unit.executions.change("call-1", Change(columns={"owner": "x"}))


async def test_a_new_execution_waits(ledger: Ledger):
    with pytest.raises(WrongStateError):
        await place(ledger, execution_row(phase=Phase.LIVE, status=Status.IN_PROGRESS, detail=""))


async def test_an_execution_of_an_unknown_agent_is_refused(ledger: Ledger):
    with pytest.raises(NotFoundError):
        await place(ledger, execution_row(agent_id="nobody"))


async def test_the_same_id_twice_is_a_conflict(ledger: Ledger):
    await place(ledger, execution_row())
    with pytest.raises(ConflictError):
        await place(ledger, execution_row())


async def test_text_that_cannot_be_stored_is_bad_input(ledger: Ledger):
    with pytest.raises(BadInputError):
        await place(ledger, execution_row(to_number="+1\x00"))
    with pytest.raises(BadInputError):
        await place(ledger, execution_row(user_data={"name": "\ud800"}))


async def test_a_missing_execution_cannot_change(ledger: Ledger):
    with pytest.raises(NotFoundError):
        await move(ledger, "nowhere", Phase.DONE, "stopped")
    with pytest.raises(StaleOwnerError):
        await move(ledger, "nowhere", Phase.DONE, "error", owner="node-a")


# Fencing


async def test_a_write_of_another_owner_is_stale(ledger: Ledger):
    await live_call(ledger)
    with pytest.raises(StaleOwnerError):
        await move(ledger, "call-1", Phase.FINISHING, owner="node-b", attempt=1)
    with pytest.raises(StaleOwnerError):
        await move(ledger, "call-1", Phase.FINISHING, owner="node-a", attempt=2)
    assert (await move(ledger, "call-1", Phase.FINISHING, owner="node-a", attempt=1)).phase is Phase.FINISHING


async def test_writes_of_a_forgotten_node_are_stale_before_and_after_its_calls_are_settled(ledger: Ledger):
    await live_call(ledger)
    async with ledger.unit() as unit:
        await unit.nodes.forget("node-a")
    with pytest.raises(StaleOwnerError):
        await move(ledger, "call-1", Phase.FINISHING, owner="node-a", attempt=1)
    assert (await move(ledger, "call-1", Phase.DONE, "error")).status is Status.ERROR
    with pytest.raises(StaleOwnerError):
        await move(ledger, "call-1", Phase.FINISHING, owner="node-a", attempt=1)
    with pytest.raises(StaleOwnerError):
        await claim(ledger, "node-a")


async def test_nobody_else_moves_a_call_of_a_living_process(ledger: Ledger):
    await live_call(ledger)
    with pytest.raises(WrongStateError, match="living process"):
        await move(ledger, "call-1", Phase.DONE, "error")
    async with ledger.unit() as unit:
        noted = await unit.executions.change("call-1", Change(record={"stop_requested": True}))
    assert noted.record == {"stop_requested": True}


async def test_an_owner_and_a_reaper_at_once_leave_one_end(ledger: Ledger):
    await live_call(ledger)

    async def reap() -> Status:
        async with ledger.unit() as unit:
            await unit.nodes.forget("node-a")
            return (await unit.executions.change("call-1", Change(Phase.DONE, "error"))).status

    owner = move(ledger, "call-1", Phase.FINISHING, owner="node-a", attempt=1)
    results = await asyncio.gather(owner, reap(), return_exceptions=True)
    assert results[1] is Status.ERROR, "the reaper always settles"
    # The owner either hung up just before, or came too late.
    assert isinstance(results[0], StaleOwnerError) or getattr(results[0], "phase", None) is Phase.FINISHING
    async with ledger.unit() as unit:
        row = await unit.executions.get_any("call-1")
    assert row is not None
    assert (row.status, row.owner) == (Status.ERROR, None)


# Admission


async def test_waiting_executions_are_admitted_within_the_tenants_concurrency(ledger: Ledger, dsn: str):
    await set_concurrency(dsn, 3)
    await place(ledger, *(execution_row(f"call-{n}") for n in range(5)))
    assert len(await admit(ledger)) == 3
    assert await admit(ledger) == []
    async with ledger.unit() as unit:
        assert await unit.executions.live_count(DEFAULT_TENANT_ID) == 3
    (first, *_) = await claim(ledger)
    await move(ledger, first.id, Phase.DONE, "canceled", owner="node-a", attempt=1)
    assert len(await admit(ledger)) == 1


async def test_the_limit_of_unclaimed_executions_holds_over_several_rounds(ledger: Ledger):
    await place(ledger, *(execution_row(f"call-{n}") for n in range(5)))
    assert len(await admit(ledger, 2)) == 2
    assert await admit(ledger, 2) == []
    assert len(await claim(ledger, count=1)) == 1
    assert len(await admit(ledger, 2)) == 1


async def test_each_tenant_has_its_own_room(ledger: Ledger, dsn: str):
    await set_concurrency(dsn, 1)
    await add_tenant(dsn, 2)
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))
    await place(ledger, *(execution_row(f"mine-{n}") for n in range(3)))
    await place(
        ledger, *(execution_row(f"theirs-{n}", tenant_id=OTHER_TENANT_ID, agent_id="agent-2") for n in range(3))
    )
    admitted = await admit(ledger)
    assert [name.split("-")[0] for name in admitted] == ["mine", "theirs", "theirs"]


async def test_a_scheduled_execution_waits_for_its_time_and_a_prepared_one_for_its_batch(ledger: Ledger):
    soon = datetime.now(UTC) + timedelta(milliseconds=700)
    await place(
        ledger,
        scheduled_row("later", datetime.now(UTC) + timedelta(hours=1)),
        scheduled_row("soon", soon),
        execution_row("prepared", status=Status.PREPARED, detail="prepared"),
    )
    assert await admit(ledger) == []
    await asyncio.sleep(0.8)
    assert await admit(ledger) == ["soon"]


async def test_admission_takes_what_is_due_longest_first(ledger: Ledger, dsn: str):
    await set_concurrency(dsn, 1)
    now = datetime.now(UTC)
    await place(
        ledger,
        scheduled_row("b", now - timedelta(minutes=2)),
        scheduled_row("a", now - timedelta(minutes=1)),
        scheduled_row("c", now - timedelta(minutes=3)),
    )
    assert await admit(ledger) == ["c"]


async def test_two_pacers_at_once_admit_each_execution_once_and_keep_the_limit(ledger: Ledger, dsn: str):
    await set_concurrency(dsn, 7)
    await place(ledger, *(execution_row(f"call-{n}") for n in range(30)))
    admitted = [name for names in await asyncio.gather(*(admit(ledger) for _ in range(8))) for name in names]
    assert len(admitted) == len(set(admitted)) == 7


async def test_a_pacer_does_not_wait_for_another(ledger: Ledger):
    await place(ledger, execution_row())
    async with ledger.unit() as first:
        assert len(await admit_candidates(first, 10)) == 1
        assert await asyncio.wait_for(admit(ledger), 2) == []


async def test_a_stop_that_comes_first_wins_over_the_pacer(ledger: Ledger):
    # Gotcha of the prototype: without "and phase = 'waiting'" in the update itself a stopped call was dialled.
    await place(ledger, execution_row("stopped"), execution_row("other"))
    async with ledger.unit() as unit:
        await unit.executions.change("stopped", Change(Phase.DONE, "stopped"))
        assert await asyncio.wait_for(admit(ledger), 2) == ["other"], "the pacer neither waits nor takes it"
    assert await admit(ledger) == []
    async with ledger.unit() as unit:
        row = await unit.executions.get_any("stopped")
    assert row is not None
    assert row.status is Status.STOPPED


async def test_an_admitted_execution_can_be_given_back_or_stopped(ledger: Ledger):
    await place(ledger, execution_row("back"), execution_row("stop"))
    await admit(ledger)
    assert (await move(ledger, "back", Phase.WAITING, "queued")).status is Status.QUEUED
    assert (await move(ledger, "stop", Phase.DONE, "stopped")).status is Status.STOPPED
    assert await claim(ledger) == []
    assert await admit(ledger) == ["back"]


# Claiming


async def test_concurrent_claims_never_take_the_same_execution(ledger: Ledger):
    await place(ledger, *(execution_row(f"call-{n}") for n in range(40)))
    await admit(ledger)
    taken = await asyncio.gather(*(claim(ledger, f"node-{n}", 7) for n in range(8)))
    ids = [row.id for rows in taken for row in rows]
    assert len(ids) == len(set(ids)) == 40
    assert all(row.attempt == 1 for rows in taken for row in rows)


async def test_a_claim_that_is_undone_leaves_the_execution_to_others(ledger: Ledger):
    await place(ledger, execution_row())
    await admit(ledger)

    async def claim_and_die() -> None:
        async with ledger.unit() as unit:
            assert len(await unit.executions.claim("node-a", 1)) == 1
            assert await claim(ledger, "node-b") == [], "a locked row is skipped, not waited for"
            raise LookupError("killed before it could commit")

    with pytest.raises(LookupError):
        await claim_and_die()
    (row,) = await claim(ledger, "node-b")
    assert (row.owner, row.attempt) == ("node-b", 1)


async def test_claiming_nothing_is_nothing(ledger: Ledger):
    await place(ledger, execution_row())
    await admit(ledger)
    assert await claim(ledger, count=0) == []


async def test_what_an_owner_holds_and_what_is_overdue(ledger: Ledger, dsn: str):
    await live_call(ledger)
    async with ledger.unit() as unit:
        assert [row.id for row in await unit.executions.owned_by("node-a")] == ["call-1"]
        assert await unit.executions.owned_by("node-b") == []
        await unit.executions.change("call-1", Change(Phase.FINISHING), owner="node-a")
        assert await unit.executions.owned_by("node-a") == []
        assert await unit.executions.overdue(600) == []
    await run_sql(dsn, "update execution set phase_at = now() - interval '601 seconds'")
    async with ledger.unit() as unit:
        assert [row.id for row in await unit.executions.overdue(600)] == ["call-1"]


# Pages and deletion


async def test_pages_are_newest_first_and_count_everything(ledger: Ledger):
    await place(
        ledger,
        *(execution_row(f"call-{n:02}", created_at=seconds_after(n), updated_at=seconds_after(n)) for n in range(7)),
    )
    async with ledger.unit() as unit:
        first = await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", ExecutionFilter(), 1, 3)
        third = await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", ExecutionFilter(), 3, 3)
        beyond = await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", ExecutionFilter(), 4, 3)
    assert ([row.id for row in first.rows], first.total) == (["call-06", "call-05", "call-04"], 7)
    assert [row.id for row in third.rows] == ["call-00"]
    assert (list(beyond.rows), beyond.total) == ([], 7)


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        (ExecutionFilter(status="stopped"), {"stopped"}),
        (ExecutionFilter(call_type="inbound"), {"inbound"}),
        (ExecutionFilter(provider="sip"), {"sip"}),
        (ExecutionFilter(batch_id="batch-1"), {"batch"}),
        (ExecutionFilter(answered_by_voice_mail=True), {"machine"}),
        (ExecutionFilter(answered_by_voice_mail=False), {"stopped", "inbound", "sip", "batch", "late"}),
        (ExecutionFilter(created_from=seconds_after(100)), {"late"}),
        (
            ExecutionFilter(created_from=THEN, created_to=seconds_after(99), provider="loopback", status="queued"),
            {"batch", "machine"},
        ),
    ],
)
async def test_a_list_is_narrowed(ledger: Ledger, narrow: ExecutionFilter, expected: set[str]):
    await place(
        ledger,
        execution_row("stopped"),
        execution_row("sip", carrier="sip"),
        execution_row("batch", batch_id="batch-1"),
        execution_row("machine"),
        execution_row("late", created_at=seconds_after(100), updated_at=seconds_after(100)),
    )
    async with ledger.unit() as unit:
        await unit.executions.insert_owned(ringing_row("inbound"), 1000)
        await unit.executions.change("stopped", Change(Phase.DONE, "stopped"))
        await unit.executions.change("machine", Change(record={"answered_by_voice_mail": True}))
        page = await unit.executions.page(DEFAULT_TENANT_ID, "agent-1", narrow, 1, 50)
    assert {row.id for row in page.rows} == expected
    assert page.total == len(expected)


async def test_deleting_an_agents_executions_takes_everything_with_them(ledger: Ledger, dsn: str):
    await live_call(ledger)
    await place(ledger, execution_row("call-2"))
    await place(ledger, execution_row("call-3"))
    await move(ledger, "call-3", Phase.DONE, "stopped")
    async with ledger.unit() as unit:
        await unit.outbox.add(entry_row())
        await unit.logs.append(LogChunk("call-1", 1, "live", 0, b"x\n"))
    async with ledger.unit() as unit:
        with pytest.raises(ConflictError):
            await unit.executions.delete_unfinished_of_agent(DEFAULT_TENANT_ID, "agent-1")
    await move(ledger, "call-1", Phase.FINISHING, owner="node-a")
    async with ledger.unit() as unit:
        assert await unit.executions.delete_unfinished_of_agent(OTHER_TENANT_ID, "agent-1") == []
        assert await unit.executions.delete_unfinished_of_agent(DEFAULT_TENANT_ID, "agent-1") == ["call-1", "call-2"]
        assert await unit.agents.some_executions(OTHER_TENANT_ID, "agent-1", 10) == []
        assert await unit.agents.some_executions(DEFAULT_TENANT_ID, "agent-1", 10) == ["call-3"]
        await unit.executions.delete(["call-3"])
        assert await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
    for table in ("execution", "attempt", "outbox", "call_log", "agent"):
        assert await fetch(dsn, f"select * from {table}") == [], table


async def test_retention_keeps_a_call_that_was_made_long_after_it_was_placed(ledger: Ledger):
    await place(ledger, execution_row("scheduled"))
    async with ledger.unit() as unit:
        change = Change(Phase.DONE, "stopped", columns={"completed_at": seconds_after(99)})
        await unit.executions.change("scheduled", change)
        assert await unit.executions.older_than(seconds_after(50), 10) == []
        assert await unit.executions.older_than(seconds_after(100), 10) == ["scheduled"]


async def test_retention_finds_only_ended_executions(ledger: Ledger):
    await live_call(ledger)
    await place(
        ledger, execution_row("old"), execution_row("new", created_at=seconds_after(99), updated_at=seconds_after(99))
    )
    async with ledger.unit() as unit:
        for name, at in (("old", THEN), ("new", seconds_after(99))):
            await unit.executions.change(name, Change(Phase.DONE, "stopped", columns={"completed_at": at}))
    async with ledger.unit() as unit:
        assert await unit.executions.older_than(seconds_after(50), 10) == ["old"]
        assert await unit.executions.older_than(seconds_after(200), 1) == ["old"]
        assert await unit.executions.older_than(seconds_after(200), 10, ["old"]) == ["new"]
        await unit.executions.delete(["old"])
        assert await unit.executions.get_any("old") is None


async def test_a_locked_row_is_read_by_one_unit_at_a_time(ledger: Ledger):
    await place(ledger, execution_row())
    async with ledger.unit() as first:
        await first.executions.lock("call-1")

        async def second() -> Status:
            async with ledger.unit() as unit:
                row = await unit.executions.lock("call-1")
                assert row is not None
                return row.status

        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await first.executions.change("call-1", Change(Phase.DONE, "stopped"))
    assert await waiting is Status.STOPPED
