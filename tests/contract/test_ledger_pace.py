"""Limits at once and per second as the ledger keeps them, also while two processes admit at the same time."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.contract.test_ledger_batches import BATCH
from tests.database import fetch, run_sql
from tests.rows import THEN, agent_row, execution_row, place, ringing_row

from callwright.domain.limits import MAX_LANES
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.batches.rules.batch import BatchStatus
from callwright.platform.dialling.rules.policy import parse_policy
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.ledger import Ledger
from callwright.platform.pace.rules.choice import Slot, limit_keys, slots
from callwright.platform.pace.rules.outcomes import Outcomes
from callwright.platform.pace.rules.policy import NO_LIMIT, BatchPace, Limit, PacePolicy, Rest

MINE = DEFAULT_TENANT_ID
OURS, SECOND = "+14155550001", "+14155550002"
RUNNING = replace(BATCH, status=BatchStatus.RUNNING, scheduled_at=THEN)
_numbers = itertools.count(1)


async def set_policy(ledger: Ledger, **pace: Any) -> None:
    async with ledger.unit() as unit:
        await unit.calling_policies.put(MINE, parse_policy({"pace": pace}), THEN)


async def add_batch(ledger: Ledger, dsn: str, **changes: Any) -> str:
    """A running batch with an id of its own."""
    batch = replace(RUNNING, id=f"{next(_numbers):032x}", **changes)
    async with ledger.unit() as unit:
        await unit.batches.insert(batch)
    return batch.id


async def wait(ledger: Ledger, count: int, **changes: Any) -> list[str]:
    """Calls that are due."""
    names = [f"call-{next(_numbers):05}" for _ in range(count)]
    again = changes.pop("again", False)
    async with ledger.unit() as unit:
        for name in names:
            await unit.executions.insert(execution_row(name, **{"from_number": OURS, "carrier": "trunk", **changes}))
            if again:
                await unit.executions.change(name, Change(columns={"retry_count": 1}))
    return names


async def admit(ledger: Ledger, limit: int = 1000) -> list[Execution]:
    async with ledger.unit() as unit:
        found = await unit.executions.candidates(limit)
        return await unit.executions.admit([one.id for one in found])


@pytest.fixture(autouse=True)
async def account(ledger: Ledger, dsn: str) -> None:
    await place(ledger)
    await run_sql(dsn, f"update tenant set max_concurrency = 1000 where id = '{MINE}'")


async def test_limits_of_account_carrier_number_and_batch_hold(ledger: Ledger, dsn: str) -> None:
    await set_policy(ledger, carriers={"trunk": {"max_concurrency": 6}}, each_number={"max_concurrency": 4})
    batch_id = await add_batch(ledger, dsn, pace=BatchPace(Limit(2)))
    await wait(ledger, 9)
    await wait(ledger, 9, batch_id=batch_id, from_number=SECOND)
    await wait(ledger, 9, carrier="other", from_number="+14155550003")
    found = await admit(ledger)
    assert Counter((row.carrier, row.from_number) for row in found) == {
        ("trunk", OURS): 4,
        ("trunk", SECOND): 2,
        ("other", "+14155550003"): 4,
    }
    assert not await admit(ledger)
    await set_policy(ledger, account={"max_concurrency": 11})
    assert len(await admit(ledger)) == 1


async def test_a_lane_at_its_limit_holds_up_no_other(ledger: Ledger) -> None:
    await set_policy(ledger, each_number={"max_concurrency": 1})
    await wait(ledger, 50)
    (other,) = await wait(ledger, 1, from_number=SECOND)
    assert other in [row.id for row in await admit(ledger, 10)]


async def test_retries_are_found_behind_a_long_queue(ledger: Ledger) -> None:
    await set_policy(ledger, kept_for_retries=990)
    await wait(ledger, 40)
    again = await wait(ledger, 3, again=True)
    found = await admit(ledger)
    assert (len(found), {row.id for row in found} >= set(again)) == (13, True)


async def test_a_retry_goes_beside_the_calls_of_a_list_at_the_accounts_limit(ledger: Ledger) -> None:
    await set_policy(ledger, account={"max_concurrency": 4}, kept_for_inbound=1, kept_for_retries=1)
    await wait(ledger, 12)
    assert len(await admit(ledger)) == 2
    (again,) = await wait(ledger, 1, again=True)
    assert [row.id for row in await admit(ledger)] == [again]


async def test_a_paused_batch_has_no_candidates(ledger: Ledger, dsn: str) -> None:
    batch_id = await add_batch(ledger, dsn)
    await wait(ledger, 3, batch_id=batch_id)
    found = await admit(ledger, 2)
    async with ledger.unit() as unit:
        await unit.pace.hold_admission()
        await unit.pace.withdraw(batch_id)
        await unit.batches.change(batch_id, paused_at=THEN, paused_by="request", paused_reason="x")
    assert not await admit(ledger)
    async with ledger.unit() as unit:
        await unit.batches.change(batch_id, paused_at=None, paused_by=None, paused_reason=None)
    assert len(await admit(ledger)) == 3 > len(found)


async def test_no_call_that_waits_in_a_stopped_batch_is_admitted(ledger: Ledger, dsn: str) -> None:
    batch_id = await add_batch(ledger, dsn)
    await wait(ledger, 3, batch_id=batch_id)
    async with ledger.unit() as unit:
        await unit.batches.change(batch_id, BatchStatus.STOPPED)
    single = await wait(ledger, 1)
    assert [one.id for one in await admit(ledger)] == single


async def test_no_call_of_a_batch_that_is_gone_is_admitted(ledger: Ledger, dsn: str) -> None:
    batch_id = await add_batch(ledger, dsn)
    await wait(ledger, 3, batch_id=batch_id)
    async with ledger.unit() as unit:
        await unit.batches.delete(batch_id)
    single = await wait(ledger, 1)
    assert [one.id for one in await admit(ledger)] == single


async def test_of_more_lanes_than_are_looked_at_the_one_that_waits_for_the_shortest_time_is_left(
    ledger: Ledger, dsn: str
) -> None:
    await run_sql(dsn, f"update tenant set max_concurrency = {2 * MAX_LANES} where id = '{MINE}'")
    numbers = [f"+1415{number:07}" for number in range(MAX_LANES + 1)]
    async with ledger.unit() as unit:
        await unit.executions.insert(*(execution_row(number, from_number=number) for number in numbers))
    await run_sql(
        dsn, "update execution set due_at = now() - interval '1 hour' + make_interval(secs => right(id, 7)::integer)"
    )
    assert {one.id for one in await admit(ledger, 2 * MAX_LANES)} == set(numbers[:MAX_LANES])
    assert [one.id for one in await admit(ledger, 2 * MAX_LANES)] == numbers[MAX_LANES:]


async def test_no_call_of_a_batch_is_admitted_once_its_pause_is_written(ledger: Ledger, dsn: str) -> None:
    batch_id = await add_batch(ledger, dsn)
    await wait(ledger, 3, batch_id=batch_id)

    async def pause() -> None:
        async with ledger.unit() as unit:
            await unit.pace.hold_admission()
            await unit.pace.withdraw(batch_id)
            await unit.batches.change(batch_id, paused_at=THEN, paused_by="request", paused_reason="x")

    async with ledger.unit() as unit:
        found = await unit.executions.candidates(10)
        pausing = asyncio.create_task(pause())
        # Time for it to come as far as it can.
        await asyncio.wait([pausing], timeout=0.3)
        await unit.executions.admit([row.id for row in found])
    await pausing
    assert not await fetch(dsn, "select id from execution where phase <> 'waiting'")


async def test_a_number_is_chosen_and_the_choice_is_in_the_execution(ledger: Ledger, dsn: str) -> None:
    await set_policy(ledger, each_number={"max_concurrency": 1}, rotation={"rule": "least_recently_used"})
    batch_id = await add_batch(ledger, dsn, from_numbers=(OURS, SECOND))
    await wait(ledger, 3, batch_id=batch_id)
    first, second = sorted(await admit(ledger), key=lambda row: row.from_number)
    assert (first.from_number, second.from_number) == (OURS, SECOND)
    assert second.options["number_choice"] == {
        "rule": "least_recently_used",
        "numbers": 2,
        "local": False,
        "passed_over": [{"number": OURS, "because": "at_its_limit"}],
    }
    async with ledger.unit() as unit:
        (claimed, *_) = await unit.executions.claim("node-a", 2)
    (attempt,) = await fetch(dsn, f"select from_number, batch_id from attempt where execution_id = '{claimed.id}'")
    assert (attempt["from_number"], attempt["batch_id"]) == (claimed.from_number, batch_id)
    used = await fetch(dsn, "select number from caller_number where used_at is not null order by number")
    assert [row["number"] for row in used] == [OURS, SECOND]


LIMITS = {
    "account": {"max_concurrency": 9},
    "carriers": {"trunk": {"max_concurrency": 7}},
    "each_number": {"max_concurrency": 4},
}


async def test_two_processes_that_admit_at_once_exceed_no_limit(ledger: Ledger, dsn: str) -> None:
    await set_policy(ledger, **LIMITS)
    batch_id = await add_batch(ledger, dsn, pace=BatchPace(Limit(3)), from_numbers=(OURS, SECOND))
    await wait(ledger, 60, batch_id=batch_id)
    await wait(ledger, 60, from_number=SECOND)
    await wait(ledger, 60, carrier="other", from_number="+14155550003")
    other = Ledger(dsn, 6)
    await other.open()
    over = asyncio.Event()

    async def process(own: Ledger, name: str) -> int:
        """Admit, claim, dial and end calls at once."""
        admitted = 0
        while not over.is_set():
            admitted += len(await admit(own))
            async with own.unit() as unit:
                claimed = await unit.executions.claim(name, 3)
            for row in claimed:
                async with own.unit() as unit:
                    dialling = Change(Phase.DIALLING, "initiated")
                    await unit.executions.change(row.id, dialling, owner=name, attempt=1)
                async with own.unit() as unit:
                    await unit.executions.change(row.id, Change(Phase.DONE, "busy"), owner=name, attempt=1)
        return admitted

    async def watch() -> None:
        async with asyncio.timeout(60):
            while await fetch(dsn, "select id from execution where phase <> 'done' limit 1"):
                # One statement is one moment.
                busy = await fetch(
                    dsn,
                    "select carrier, from_number, batch_id from execution where phase in ('admitted', 'claimed', 'dialling', 'live')",
                )
                assert len(busy) <= 9
                assert sum(row["carrier"] == "trunk" for row in busy) <= 7
                assert sum(row["batch_id"] == batch_id for row in busy) <= 3
                assert max(Counter(row["from_number"] for row in busy).values(), default=0) <= 4
        over.set()

    try:
        *admitted, _ = await asyncio.gather(process(ledger, "node-a"), process(other, "node-b"), watch())
    finally:
        over.set()
        await other.aclose()
    assert sum(admitted) == 180
    assert all(admitted), "both admitted"


async def begin(ledger: Ledger, own: list[Slot], *, reserve: bool = True) -> datetime:
    """Begin a call as the dialling does: at once, or at the moment that is promised to it."""
    promised = False
    while True:
        async with ledger.unit() as unit:
            at, seconds = await unit.pace.take(own, promised=promised)
        if at is not None:
            return at
        if not promised and reserve:
            async with ledger.unit() as unit:
                seconds = await unit.pace.reserve(own)
            promised = True
        await asyncio.sleep(seconds)


async def test_two_processes_begin_no_more_calls_in_a_second_than_allowed(ledger: Ledger, dsn: str) -> None:
    keys = list(limit_keys(MINE, "trunk", OURS, "b"))
    policy = PacePolicy(account=Limit(None, 40), carriers={"trunk": Limit(None, 20)})
    own = slots(keys, policy, Limit(None, 50))
    alone = slots(keys[:1], policy, NO_LIMIT)
    other = Ledger(dsn, 6)
    await other.open()
    try:
        limited = [begin(process, own) for process in (ledger, other) for _ in range(15)]
        more = [begin(process, alone) for process in (ledger, other) for _ in range(5)]
        begun = await asyncio.gather(*limited, *more)
    finally:
        await other.aclose()
    trunk, account = sorted(begun[:30]), sorted(begun)
    assert min(b - a for a, b in itertools.pairwise(trunk)) >= timedelta(seconds=1 / 20)
    assert min(b - a for a, b in itertools.pairwise(account)) >= timedelta(seconds=1 / 40)
    assert trunk[-1] - trunk[0] < timedelta(seconds=6), "the limit is used"


async def test_a_moment_that_was_promised_is_not_given_to_another_call(ledger: Ledger) -> None:
    # One call a minute: on a busy machine a test of a second loses half of it between two statements.
    own = slots(limit_keys(MINE, "trunk", None, None), PacePolicy(account=Limit(None, 1 / 60)), NO_LIMIT)
    async with ledger.unit() as unit:
        assert (await unit.pace.take(own))[0] is not None
        assert 50 < await unit.pace.reserve(own) <= 60
        assert 110 < await unit.pace.reserve(own) <= 120
        at, seconds = await unit.pace.take(own)
        assert (at, 170 < seconds <= 180) == (None, True)
        at, seconds = await unit.pace.take(own, promised=True)
        assert (at, 50 < seconds <= 60) == (None, True)


async def test_what_is_kept_of_a_batchs_limit_goes_with_it(ledger: Ledger, dsn: str) -> None:
    batch_id = await add_batch(ledger, dsn)
    own = slots(limit_keys(MINE, "trunk", None, batch_id), PacePolicy(account=Limit(None, 2)), Limit(None, 5))
    async with ledger.unit() as unit:
        assert (await unit.pace.take(own))[0] is not None
        await unit.batches.delete(batch_id)
    assert [row["kind"] for row in await fetch(dsn, "select kind from dial_slot")] == ["account"]


async def test_outcomes_of_a_batch_are_counted_without_those_of_its_list(ledger: Ledger, dsn: str) -> None:
    batch_id = await add_batch(ledger, dsn)
    ends: list[tuple[str, int | None]] = [
        ("busy", 3010),
        ("failed", 3090),
        ("failed", 2000),
        ("error", None),
        ("canceled", 4000),
    ]
    await wait(ledger, len(ends), batch_id=batch_id)
    await admit(ledger)
    async with ledger.unit() as unit:
        for row, (outcome, code) in zip(await unit.executions.claim("node-a", 10), ends, strict=True):
            await unit.executions.change(row.id, Change(Phase.DIALLING, "initiated"), owner="node-a", attempt=1)
            ended = Change(Phase.DONE, outcome, columns={"hangup_code": code})
            await unit.executions.change(row.id, ended, owner="node-a", attempt=1)
    async with ledger.unit() as unit:
        assert await unit.pace.outcomes(batch_id, 60, None) == Outcomes(4, 2)
        assert await unit.pace.outcomes("other", 60, None) == Outcomes(0, 0)
        later = datetime.max.replace(tzinfo=THEN.tzinfo)
        assert await unit.pace.outcomes(batch_id, 60, later) == Outcomes(0, 0)


async def test_answers_of_a_number_are_measured_and_it_rests(ledger: Ledger, dsn: str) -> None:
    await wait(ledger, 3)
    await admit(ledger)
    async with ledger.unit() as unit:
        for nth, row in enumerate(await unit.executions.claim("node-a", 10)):
            fence: dict[str, Any] = {"owner": "node-a", "attempt": 1}
            dialled = Change(Phase.DIALLING, "initiated", columns={"initiated_at": THEN})
            await unit.executions.change(row.id, dialled, **fence)
            if nth == 0:
                await unit.executions.change(row.id, Change(Phase.LIVE, columns={"answered_at": THEN}), **fence)
                await unit.executions.change(row.id, Change(Phase.FINISHING), **fence)
                await unit.executions.change(row.id, Change(Phase.DONE, "completed"))
            else:
                await unit.executions.change(row.id, Change(Phase.DONE, "no-answer"), **fence)
    until = (await fetch(dsn, "select now() + interval '1 hour' as until"))[0]["until"]
    async with ledger.unit() as unit:
        first, second = await unit.pace.measure(MINE, [SECOND, OURS], Rest())
        assert (first.number, first.asked, first.answered) == (OURS, 3, 1)
        assert (second.number, second.asked, second.answered) == (SECOND, 0, 0)
        await unit.pace.rest(MINE, OURS, until)
        assert [row.number for row in await unit.pace.resting(MINE, [OURS, SECOND])] == [OURS]
    batch_id = await add_batch(ledger, dsn, from_numbers=(OURS, SECOND))
    await wait(ledger, 1, batch_id=batch_id)
    (row,) = await admit(ledger)
    assert row.from_number == SECOND


async def test_late_audio_in_every_process_lets_few_batch_calls_in(ledger: Ledger, dsn: str) -> None:
    batch_id = await add_batch(ledger, dsn)
    await wait(ledger, 9, batch_id=batch_id)
    await wait(ledger, 2)
    async with ledger.unit() as unit:
        await unit.nodes.beat("node-a", "a", late_ms=200)
        await unit.nodes.beat("node-b", "b", late_ms=31)
    assert Counter(row.batch_id for row in await admit(ledger)) == {batch_id: 2, None: 2}
    assert not await admit(ledger)
    async with ledger.unit() as unit:
        assert [row.batch_id for row in await unit.executions.claim("node-a", 10, 0)] == [None, None]
        assert len(await unit.executions.claim("node-b", 10, 1)) == 1
        await unit.nodes.beat("node-b", "b", late_ms=3)
    assert len(await admit(ledger)) == 7


async def test_a_call_that_comes_in_is_no_attempt_of_its_callers_number(ledger: Ledger, dsn: str) -> None:
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2"))
        assert await unit.executions.insert_owned(ringing_row(agent_id="agent-2", from_number=OURS), 10)
    (attempt,) = await fetch(dsn, "select from_number, tenant_id from attempt")
    assert (attempt["from_number"], attempt["tenant_id"]) == ("", MINE)
