"""Agents, keys, tenants, logs, nodes, idempotency, audit: each repository against the real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.database import fetch, run_sql
from tests.rows import (
    OTHER_TENANT_ID,
    THEN,
    admit_candidates,
    agent_row,
    claimed_call,
    execution_row,
    key_row,
    live_call,
    move,
    place,
    seconds_after,
)

from callwright.domain.errors import ConflictError, NotFoundError, StaleOwnerError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.audit.rules import AuditEntry
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.housekeeping import AUDIT_ROUND
from callwright.platform.idempotency.rules import HeldKey, Hold, IdempotentAnswer
from callwright.platform.ledger import Ledger

# Agents


async def test_an_agent_is_stored_replaced_and_deleted(ledger: Ledger):
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row(body={"zz_unknown": [1], "agent_name": "A"}))
        assert (await unit.agents.get(DEFAULT_TENANT_ID, "agent-1")) == agent_row(
            body={"zz_unknown": [1], "agent_name": "A"}
        )
        updated = await unit.agents.update(DEFAULT_TENANT_ID, "agent-1", "B", {"agent_name": "B"})
        assert updated is not None
        assert (updated.revision, updated.name, updated.body, updated.created_at) == (2, "B", {"agent_name": "B"}, THEN)
        assert updated.updated_at > THEN
        assert await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
        assert await unit.agents.get(DEFAULT_TENANT_ID, "agent-1") is None
        assert not await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")


async def test_a_foreign_agent_is_as_missing_as_none(ledger: Ledger):
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row())
        assert await unit.agents.get(OTHER_TENANT_ID, "agent-1") is None
        assert await unit.agents.update(OTHER_TENANT_ID, "agent-1", "x", {}) is None
        assert not await unit.agents.delete(OTHER_TENANT_ID, "agent-1")
        assert await unit.agents.all(OTHER_TENANT_ID) == []
        (kept,) = await unit.agents.all(DEFAULT_TENANT_ID)
    assert kept.revision == 1


async def test_the_agents_last_saved_are_found_whoever_they_belong_to(ledger: Ledger, dsn: str):
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-1"))
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID, updated_at=THEN + timedelta(days=2)))
        await unit.agents.insert(agent_row("agent-3", updated_at=THEN + timedelta(days=1)))
        assert [agent.id for agent in await unit.agents.newest(2)] == ["agent-2", "agent-3"]


async def test_agents_are_listed_newest_first(ledger: Ledger):
    async with ledger.unit() as unit:
        for number in (1, 3, 2):
            await unit.agents.insert(agent_row(f"agent-{number}", created_at=seconds_after(number)))
        assert [row.id for row in await unit.agents.all(DEFAULT_TENANT_ID)] == ["agent-3", "agent-2", "agent-1"]


async def test_an_agent_with_calls_is_not_deleted(ledger: Ledger):
    await live_call(ledger)
    async with ledger.unit() as unit:
        with pytest.raises(ConflictError, match="1 live calls"):
            await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")
    await move(ledger, "call-1", Phase.DONE, "error", owner="node-a")
    async with ledger.unit() as unit:
        with pytest.raises(ConflictError, match="1 executions"):
            await unit.agents.delete(DEFAULT_TENANT_ID, "agent-1")


async def test_a_call_placed_while_its_agent_is_deleted_is_refused(ledger: Ledger):
    await place(ledger)
    async with ledger.unit() as deleting:
        assert await deleting.agents.delete(DEFAULT_TENANT_ID, "agent-1")

        async def call() -> None:
            async with ledger.unit() as unit:
                await unit.executions.insert(execution_row())

        placing = asyncio.create_task(call())
        await asyncio.sleep(0.2)
        assert not placing.done(), "it waits to see whether the agent stays"
    with pytest.raises(NotFoundError):
        await placing


# Keys and tenants


async def test_a_key_is_found_by_its_hash_and_revoked_once(ledger: Ledger):
    stored = key_row(expires_at=THEN + timedelta(days=1))
    async with ledger.unit() as unit:
        await unit.keys.insert(stored)
        assert await unit.keys.by_digest(stored.digest) == stored
        assert await unit.keys.by_digest(b"?" * 32) is None
        assert not await unit.keys.revoke(OTHER_TENANT_ID, "key-1", THEN)
        assert await unit.keys.revoke(DEFAULT_TENANT_ID, "key-1", seconds_after(1))
        assert await unit.keys.revoke(DEFAULT_TENANT_ID, "key-1", seconds_after(2))
        found = await unit.keys.by_digest(stored.digest)
    assert found is not None
    assert found.revoked_at == seconds_after(1)


async def test_keys_are_listed_per_tenant_newest_first(ledger: Ledger):
    async with ledger.unit() as unit:
        for number in (1, 2):
            await unit.keys.insert(key_row(f"key-{number}", created_at=seconds_after(number)))
        assert [key.id for key in await unit.keys.all(DEFAULT_TENANT_ID)] == ["key-2", "key-1"]
        assert await unit.keys.all(OTHER_TENANT_ID) == []


async def test_the_same_hash_twice_is_a_conflict(ledger: Ledger):
    async with ledger.unit() as unit:
        await unit.keys.insert(key_row())

    async def insert_again() -> None:
        async with ledger.unit() as unit:
            await unit.keys.insert(key_row("key-2", digest=key_row().digest))

    with pytest.raises(ConflictError):
        await insert_again()


async def test_the_default_tenant_is_there(ledger: Ledger):
    async with ledger.unit() as unit:
        tenant = await unit.accounts.tenant(DEFAULT_TENANT_ID)
        assert await unit.accounts.tenant("nobody") is None
    assert tenant is not None
    assert tenant.places.most


# Logs


async def test_a_log_is_read_in_order_whatever_the_order_of_writing(ledger: Ledger):
    await claimed_call(ledger)
    async with ledger.unit() as unit:
        for section, chunk, data in (
            ("post", 0, b"d"),
            ("live", 10, b"c"),
            ("live", 1, b"?"),
            ("live", 0, b"a"),
            ("live", 1, b"b"),
        ):
            await unit.logs.append(LogChunk("call-1", 1, section, chunk, data))
        assert await unit.logs.read("call-1") == b"abcd"
        assert await unit.logs.read("call-1", 1) == b"abcd"
        assert await unit.logs.read("call-1", 2) == b""
        assert await unit.logs.read("nowhere") == b""


async def test_each_attempt_has_its_own_log_and_the_present_one_is_read(ledger: Ledger):
    await claimed_call(ledger)
    async with ledger.unit() as unit:
        await unit.logs.append(LogChunk("call-1", 1, "live", 0, b"first"))
    await move(ledger, "call-1", Phase.DONE, "failed", owner="node-a")
    await run_again(ledger)
    async with ledger.unit() as unit:
        assert await unit.logs.read("call-1") == b"", "the second attempt has not written yet"
        await unit.logs.append(LogChunk("call-1", 2, "live", 0, b"second"))
        assert await unit.logs.read("call-1") == b"second"
        assert await unit.logs.read("call-1", 1) == b"first"


async def run_again(ledger: Ledger) -> None:
    """Schedule, admit and claim call-1 once more."""
    async with ledger.unit() as unit:
        await unit.executions.change("call-1", Change(Phase.WAITING, "scheduled", {"scheduled_at": THEN}))
    async with ledger.unit() as unit:
        await admit_candidates(unit, 10)
    async with ledger.unit() as unit:
        await unit.executions.claim("node-a", 1)


async def test_a_log_without_its_attempt_is_refused(ledger: Ledger):
    await place(ledger, execution_row())
    with pytest.raises(NotFoundError):
        async with ledger.unit() as unit:
            await unit.logs.append(LogChunk("call-1", 1, "live", 0, b"x"))


# Nodes


async def test_a_node_moves_while_it_beats(ledger: Ledger):
    counters = []
    for _ in range(3):
        async with ledger.unit() as unit:
            await unit.nodes.beat("node-a", "east")
            (view,) = (await unit.nodes.beat("node-b", "west")).others
            counters.append(view.counter)
    assert counters == sorted(set(counters)), "each beat is seen as movement"
    assert (view.incarnation, view.name, view.stopped) == ("node-a", "east", False)


async def test_a_dead_node_is_told_with_its_last_beat(ledger: Ledger):
    async with ledger.unit() as unit:
        await unit.nodes.beat("node-a", "east")
    async with ledger.unit() as unit:
        beaten = await unit.nodes.forget("node-a")
        assert beaten is not None
        assert await unit.nodes.forget("node-a") == beaten, "who settles it again is told the same"
        assert await unit.nodes.forget("node-b") is None


async def test_a_stopped_node_disappears_when_it_owns_nothing(ledger: Ledger):
    await live_call(ledger)
    async with ledger.unit() as unit:
        await unit.nodes.beat("node-a", "east")
        await unit.nodes.stopped("node-a")
        (view,) = (await unit.nodes.beat("node-b", "west")).others
        assert view.stopped
    await move(ledger, "call-1", Phase.DONE, "error")
    async with ledger.unit() as unit:
        assert (await unit.nodes.beat("node-b", "west")).others == ()


async def test_a_claim_registers_its_owner_so_that_a_reaper_finds_it(ledger: Ledger):
    await claimed_call(ledger, owner="never-beat")
    async with ledger.unit() as unit:
        assert [node.incarnation for node in (await unit.nodes.beat("node-b", "west")).others] == ["never-beat"]


async def test_a_beat_tells_whether_the_node_owns_executions(ledger: Ledger):
    async with ledger.unit() as unit:
        assert not (await unit.nodes.beat("node-a", "east")).owns
    await claimed_call(ledger, owner="node-a")
    async with ledger.unit() as unit:
        assert (await unit.nodes.beat("node-a", "east")).owns
        assert not (await unit.nodes.beat("node-b", "west")).owns


async def test_a_forgotten_node_learns_of_it_at_its_next_beat(ledger: Ledger):
    async with ledger.unit() as unit:
        await unit.nodes.beat("node-a", "east")
        await unit.nodes.forget("node-a")
        await unit.nodes.forget("node-a")
        assert (await unit.nodes.beat("node-b", "west")).others == ()
        with pytest.raises(StaleOwnerError):
            await unit.nodes.beat("node-a", "east")


# Idempotency

ANSWER = IdempotentAnswer("digest", 200, b'{"execution_id": "call-1"}')


async def test_the_first_answer_is_given_again(ledger: Ledger):
    async with ledger.unit() as unit:
        assert await unit.idempotency.begin(DEFAULT_TENANT_ID, "k", "digest") is None
        await unit.idempotency.store(DEFAULT_TENANT_ID, "k", ANSWER)
    async with ledger.unit() as unit:
        assert await unit.idempotency.begin(DEFAULT_TENANT_ID, "k", "other content") == ANSWER
        assert await unit.idempotency.begin(DEFAULT_TENANT_ID, "K", "digest") is None


async def test_keys_of_two_tenants_do_not_meet(ledger: Ledger, dsn: str):
    await run_sql(
        dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', 'O', '', 1)"
    )
    async with ledger.unit() as unit:
        await unit.idempotency.begin(DEFAULT_TENANT_ID, "k", "digest")
        await unit.idempotency.store(DEFAULT_TENANT_ID, "k", ANSWER)
        assert await unit.idempotency.begin(OTHER_TENANT_ID, "k", "digest") is None


async def test_the_second_of_two_at_once_waits_and_gets_the_firsts_answer(ledger: Ledger):
    async with ledger.unit() as first:
        assert await first.idempotency.begin(DEFAULT_TENANT_ID, "k", "digest") is None
        second = asyncio.create_task(begin_and_answer(ledger, "second"))
        await asyncio.sleep(0.2)
        assert not second.done()
        await first.idempotency.store(DEFAULT_TENANT_ID, "k", ANSWER)
    assert await second == ANSWER


async def test_when_the_first_is_undone_the_second_does_the_work(ledger: Ledger):
    seconds: list[asyncio.Task[IdempotentAnswer | HeldKey | None]] = []

    async def begin_and_fail() -> None:
        async with ledger.unit() as first:
            assert await first.idempotency.begin(DEFAULT_TENANT_ID, "k", "digest") is None
            seconds.append(asyncio.create_task(begin_and_answer(ledger, "second")))
            await asyncio.sleep(0.2)
            raise LookupError

    with pytest.raises(LookupError):
        await begin_and_fail()
    assert await seconds[0] is None


async def test_of_many_at_once_exactly_one_does_the_work(ledger: Ledger):
    answers = await asyncio.gather(*(begin_and_answer(ledger, str(number)) for number in range(10)))
    assert answers.count(None) == 1
    assert len({answer.body for answer in answers if isinstance(answer, IdempotentAnswer)}) == 1


async def begin_and_answer(ledger: Ledger, name: str) -> IdempotentAnswer | HeldKey | None:
    """One request: does the work, or gets the stored answer."""
    async with ledger.unit() as unit:
        stored = await unit.idempotency.begin(DEFAULT_TENANT_ID, "k", "digest")
        if stored is None:
            await asyncio.sleep(0.02)
            await unit.idempotency.store(DEFAULT_TENANT_ID, "k", IdempotentAnswer("digest", 200, name.encode()))
        return stored


async def test_a_key_is_free_after_a_day_and_when_its_work_never_ended(ledger: Ledger, dsn: str):
    async with ledger.unit() as unit:
        await unit.idempotency.begin(DEFAULT_TENANT_ID, "unfinished", "digest")
        await unit.idempotency.store(DEFAULT_TENANT_ID, "old", ANSWER)
    await run_sql(dsn, "update idempotency set created_at = now() - interval '24 hours 1 second' where key = 'old'")
    async with ledger.unit() as unit:
        assert await unit.idempotency.begin(DEFAULT_TENANT_ID, "unfinished", "digest") is None
        assert await unit.idempotency.begin(DEFAULT_TENANT_ID, "old", "digest") is None


async def test_a_key_that_is_held_is_nobody_elses_until_it_is_let_go_or_answered_or_its_time_is_over(
    ledger: Ledger, dsn: str
):
    async def hold(key: str = "k") -> Hold | IdempotentAnswer | HeldKey:
        async with ledger.unit() as unit:
            return await unit.idempotency.hold(DEFAULT_TENANT_ID, key, "digest", 60)

    first = await hold()
    assert isinstance(first, Hold)
    held = await hold()
    assert held == HeldKey("digest", first.until)
    async with ledger.unit() as unit:
        assert await unit.idempotency.find(DEFAULT_TENANT_ID, "k") == held
        assert isinstance(await unit.idempotency.begin(DEFAULT_TENANT_ID, "k", "other"), HeldKey)
        await unit.idempotency.release(DEFAULT_TENANT_ID, "k", first)
        assert await unit.idempotency.find(DEFAULT_TENANT_ID, "k") is None
    assert isinstance(await hold(), Hold)
    await run_sql(dsn, "update idempotency set held_until = now() - interval '1 second'")
    async with ledger.unit() as unit:
        assert await unit.idempotency.find(DEFAULT_TENANT_ID, "k") is None
    last = await hold()
    assert isinstance(last, Hold)
    async with ledger.unit() as unit:
        assert await unit.idempotency.keep(DEFAULT_TENANT_ID, "k", ANSWER, last)
        await unit.idempotency.release(DEFAULT_TENANT_ID, "k", last)
        assert await unit.idempotency.find(DEFAULT_TENANT_ID, "k") == ANSWER
    assert await hold() == ANSWER
    many = await asyncio.gather(*(hold("many") for _ in range(10)))
    assert len([one for one in many if isinstance(one, Hold)]) == 1


async def test_who_held_a_key_too_long_neither_lets_it_go_nor_answers_in_the_place_of_who_holds_it_now(
    ledger: Ledger, dsn: str
):
    async def hold() -> Hold:
        async with ledger.unit() as unit:
            found = await unit.idempotency.hold(DEFAULT_TENANT_ID, "k", "digest", 60)
        assert isinstance(found, Hold)
        return found

    late = await hold()
    await run_sql(dsn, "update idempotency set held_until = now() - interval '1 second'")
    present = await hold()
    theirs = IdempotentAnswer(ANSWER.request_digest, 299, b"late")
    async with ledger.unit() as unit:
        await unit.idempotency.release(DEFAULT_TENANT_ID, "k", late)
        assert not await unit.idempotency.keep(DEFAULT_TENANT_ID, "k", theirs, late)
        assert await unit.idempotency.find(DEFAULT_TENANT_ID, "k") == HeldKey("digest", present.until)
        assert await unit.idempotency.keep(DEFAULT_TENANT_ID, "k", ANSWER, present)
        assert not await unit.idempotency.keep(DEFAULT_TENANT_ID, "k", theirs, late)
        assert await unit.idempotency.find(DEFAULT_TENANT_ID, "k") == ANSWER


# Audit and housekeeping


async def test_the_audit_trail_is_pruned_from_its_oldest_end(ledger: Ledger, dsn: str):
    days = "array[400, 399, 200, 100, 31, 1]"
    await run_sql(
        dsn,
        "insert into audit (tenant_id, actor, action, object_type, object_id, at)"
        f" select '{DEFAULT_TENANT_ID}', 'key-1', 'a', 'agent', age::text, now() - age * interval '1 day'"
        f" from unnest({days}) with ordinality as t (age, n) order by n",
    )
    now = datetime.now(UTC)

    async def left() -> list[int]:
        return [int(row["object_id"]) for row in await fetch(dsn, "select object_id from audit order by id")]

    assert await ledger.prune_audit(now - timedelta(days=365)) == 2
    assert await ledger.prune_audit(now - timedelta(days=365)) == 0
    assert await left() == [200, 100, 31, 1]
    # Whatever is asked, what is younger than thirty days stays.
    assert await ledger.prune_audit(now) == 3
    assert await left() == [1]


async def test_pruning_a_long_trail_takes_a_round_at_a_time(ledger: Ledger, dsn: str):
    await run_sql(
        dsn,
        "insert into audit (tenant_id, actor, action, object_type, object_id, at)"
        f" select '{DEFAULT_TENANT_ID}', 'key-1', 'a', 'agent', 'a', now() - interval '400 days'"
        f" from generate_series(1, {AUDIT_ROUND + 5})",
    )
    before = datetime.now(UTC) - timedelta(days=365)
    assert [await ledger.prune_audit(before) for _ in range(3)] == [AUDIT_ROUND, 5, 0]


async def test_the_audit_trail_keeps_who_did_what(ledger: Ledger, dsn: str):
    async with ledger.unit() as unit:
        await unit.audit.add(
            AuditEntry(DEFAULT_TENANT_ID, "key-1", "update", "agent", "a", {"name": "A"}, {"name": "B"})
        )
        await unit.audit.add(AuditEntry(DEFAULT_TENANT_ID, "system", "delete", "agent", "a"))
    rows = await fetch(dsn, "select actor, before #>> '{name}' as before, after from audit order by id")
    assert [tuple(row) for row in rows] == [("key-1", "A", '{"name":"B"}'), ("system", None, None)]


async def test_pruning_takes_only_what_is_past_its_time(ledger: Ledger, dsn: str):
    await live_call(ledger, owner="busy")
    async with ledger.unit() as unit:
        for key in ("old", "new"):
            await unit.idempotency.store(DEFAULT_TENANT_ID, key, ANSWER)
        for name in ("gone", "busy", "here"):
            await unit.nodes.beat(name, name)
            if name != "here":
                await unit.nodes.stopped(name)
    await run_sql(
        dsn,
        "update idempotency set created_at = now() - interval '2 days' where key = 'old'",
        "update node set stopped_at = now() - interval '8 days' where stopped_at is not null",
    )
    await ledger.prune()
    assert [row["key"] for row in await fetch(dsn, "select key from idempotency")] == ["new"]
    assert sorted(row["name"] for row in await fetch(dsn, "select name from node")) == ["busy", "here"]
