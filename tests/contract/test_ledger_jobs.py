"""Background jobs: enqueued with the change, run at least once, tried again, held at last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.database import fetch, run_sql
from tests.rows import OTHER_TENANT_ID, agent_row
from tests.waiting import until

from callwright.domain.limits import MAX_JOB_TRIES
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.jobs.rules import SPEECH_JOB, SpeechOrder
from callwright.platform.jobs.runner import Handler, JobPlaces, JobRunner, JobTimings
from callwright.platform.ledger import Ledger

FAST = JobTimings(first_retry_s=0.01, longest_retry_s=0.02, heartbeat_s=5, restart_s=0.1)


@asynccontextmanager
async def running(dsn: str, handlers: dict[str, Handler], places: JobPlaces | None = None) -> AsyncIterator[JobRunner]:
    runner = JobRunner(dsn, handlers, places, FAST)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await asyncio.wait_for(task, 10)


async def put(
    ledger: Ledger, name: str, *payloads: bytes, tenant_id: str = DEFAULT_TENANT_ID, after_seconds: int = 0
) -> None:
    async with ledger.unit() as unit:
        for payload in payloads:
            await unit.jobs.put(name, payload, tenant_id, after_seconds)


async def test_jobs_reach_the_handler_of_their_name(ledger: Ledger, dsn: str):
    seen: list[tuple[str, bytes]] = []

    async def post(payload: bytes) -> None:
        seen.append(("post", payload))

    async def prune(payload: bytes) -> None:
        seen.append(("prune", payload))

    await put(ledger, "post", b"before \x00\xff")
    async with running(dsn, {"post": post, "prune": prune}):
        await put(ledger, "prune", b"")
        await put(ledger, "post", b"while running")
        await until(lambda: len(seen) == 3)
    assert sorted(seen) == [("post", b"before \x00\xff"), ("post", b"while running"), ("prune", b"")]
    assert await fetch(dsn, "select * from pgqueuer") == []


async def test_a_job_of_a_unit_that_was_undone_does_not_exist(ledger: Ledger, dsn: str):
    async def undone() -> None:
        async with ledger.unit() as unit:
            await unit.jobs.put("post", b"x", DEFAULT_TENANT_ID)
            raise LookupError

    with pytest.raises(LookupError):
        await undone()
    assert await fetch(dsn, "select * from pgqueuer") == []


async def test_a_queue_without_jobs_does_not_wake_ten_times_a_second(dsn: str, monkeypatch: pytest.MonkeyPatch):
    loop = asyncio.get_running_loop()
    short: list[float] = []
    call_at = loop.call_at

    def counted(when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        if when - loop.time() < 0.2:
            short.append(when)
        return call_at(when, callback, *args, context=context)

    async with running(dsn, {}):
        await asyncio.sleep(1.0)
        monkeypatch.setattr(loop, "call_at", counted)
        await asyncio.sleep(1.0)
        monkeypatch.undo()
    assert len(short) <= 2


async def test_a_job_waits_for_its_time(ledger: Ledger, dsn: str):
    seen: list[float] = []
    loop = asyncio.get_running_loop()

    async def post(_: bytes) -> None:
        seen.append(loop.time())

    async with running(dsn, {"post": post}):
        placed = loop.time()
        await put(ledger, "post", b"", after_seconds=1)
        await until(lambda: len(seen) == 1)
    assert 0.9 < seen[0] - placed < 4


async def test_an_agent_is_seeding_until_the_job_of_its_last_revision_is_over(ledger: Ledger, dsn: str):
    agent_id, seen, may_end = "agent-1", list[bytes](), asyncio.Event()
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row(agent_id))

    async def speak(payload: bytes) -> None:
        seen.append(payload)
        await may_end.wait()

    async def is_seeding() -> bool:
        async with ledger.unit() as unit:
            agent = await unit.agents.get(DEFAULT_TENANT_ID, agent_id)
            (listed,) = await unit.agents.all(DEFAULT_TENANT_ID)
        assert agent is not None
        assert listed.seeding is agent.seeding
        return agent.seeding

    async def is_processed() -> bool:
        return not await is_seeding()

    async def order(revision: int) -> None:
        async with ledger.unit() as unit:
            await unit.jobs.put_speech(SpeechOrder(agent_id, DEFAULT_TENANT_ID, revision))

    await order(2)
    assert await is_processed(), "only its present revision counts"
    await order(1)
    assert await is_seeding()
    async with running(dsn, {SPEECH_JOB: speak}):
        await until(lambda: len(seen) == 2)
        assert await is_seeding()
        may_end.set()
        await until(is_processed)


async def test_a_second_try_of_speech_waits_once_and_leaves_the_agent_processed(ledger: Ledger, dsn: str):
    order = SpeechOrder("agent-1", DEFAULT_TENANT_ID, 1, tries=1)
    seen: list[SpeechOrder] = []

    async def speak(payload: bytes) -> None:
        seen.append(SpeechOrder(**json.loads(payload)))

    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row(order.agent_id))
    for _twice in range(2):
        async with ledger.unit() as unit:
            await unit.jobs.put_speech(order, 1)
    async with ledger.unit() as unit:
        agent = await unit.agents.get(DEFAULT_TENANT_ID, order.agent_id)
    assert agent is not None
    assert not agent.seeding
    async with running(dsn, {SPEECH_JOB: speak}):
        await until(lambda: bool(seen))
        async with ledger.unit() as unit:
            await unit.jobs.put_speech(replace(order, tries=2))
        await until(lambda: len(seen) > 1)
    assert seen == [order, replace(order, tries=2)]


async def test_speech_is_rendered_after_the_jobs_of_calls(ledger: Ledger, dsn: str):
    seen: list[str] = []

    async def speak(_: bytes) -> None:
        seen.append("speech")

    async def post(_: bytes) -> None:
        seen.append("post")

    async with ledger.unit() as unit:
        await unit.jobs.put_speech(SpeechOrder("0", DEFAULT_TENANT_ID, 1))
        await unit.jobs.put("post", b"", DEFAULT_TENANT_ID)
    async with running(dsn, {SPEECH_JOB: speak, "post": post}, JobPlaces(1, 1)):
        await until(lambda: len(seen) == 2)
    assert seen == ["post", "speech"]


async def test_a_failing_job_is_tried_again(ledger: Ledger, dsn: str):
    tries: list[bytes] = []

    async def post(payload: bytes) -> None:
        tries.append(payload)
        if len(tries) < 3:
            raise ConnectionError("not yet")

    async with running(dsn, {"post": post}):
        await put(ledger, "post", b"x")
        await until(lambda: len(tries) == 3)
    assert await ledger.held_jobs() == []


async def test_a_job_that_fails_at_every_try_is_held_for_a_person(ledger: Ledger, dsn: str):
    tries: list[bytes] = []

    async def post(payload: bytes) -> None:
        tries.append(payload)
        raise ValueError("a defect")

    async def held() -> bool:
        return bool(await ledger.held_jobs())

    async with running(dsn, {"post": post}):
        await put(ledger, "post", b"x")
        await until(lambda: len(tries) == MAX_JOB_TRIES, 60)
        await until(held)
    assert len(tries) == MAX_JOB_TRIES
    (job,) = await ledger.held_jobs()
    assert (job.name, job.payload) == ("post", b"x")


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_no_more_jobs_run_at_once_than_allowed(ledger: Ledger, dsn: str, concurrency: int):
    now = most = done = 0

    async def post(_: bytes) -> None:
        nonlocal now, most, done
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1
        done += 1

    await put(ledger, "post", *(b"x" for _ in range(8)))
    async with running(dsn, {"post": post}, JobPlaces(concurrency, concurrency)):
        await until(lambda: done == 8)
    assert most <= concurrency


async def test_stopping_lets_the_job_under_way_finish(ledger: Ledger, dsn: str):
    events: list[str] = []

    async def post(_: bytes) -> None:
        events.append("begun")
        await asyncio.sleep(0.5)
        events.append("finished")

    await put(ledger, "post", b"x")
    async with running(dsn, {"post": post}):
        await until(lambda: bool(events))
    assert events == ["begun", "finished"]
    assert await fetch(dsn, "select * from pgqueuer") == []


async def test_two_runners_share_the_work(ledger: Ledger, dsn: str):
    seen: list[bytes] = []

    async def post(payload: bytes) -> None:
        seen.append(payload)
        await asyncio.sleep(0.01)

    async with running(dsn, {"post": post}), running(dsn, {"post": post}):
        await put(ledger, "post", *(str(number).encode() for number in range(30)))
        await until(lambda: len(seen) >= 30)
    assert sorted(seen) == sorted(str(number).encode() for number in range(30))


async def test_jobs_that_hang_take_no_place_of_another_organisation(ledger: Ledger, dsn: str):
    hang, begun, done = asyncio.Event(), list[bytes](), list[bytes]()

    async def post(payload: bytes) -> None:
        begun.append(payload)
        if payload == b"hangs":
            await hang.wait()
        done.append(payload)

    await put(ledger, "post", *(b"hangs" for _ in range(12)))
    async with running(dsn, {"post": post}, JobPlaces(4, 2)):
        await until(lambda: len(begun) == 2)
        await put(ledger, "post", b"other", tenant_id=OTHER_TENANT_ID)
        await until(lambda: done == [b"other"], 2)
        assert begun == [b"hangs", b"hangs", b"other"], "no more of the first one than its share"
        hang.set()
        await until(lambda: len(done) == 13)


async def test_the_jobs_of_a_sub_account_take_the_places_of_its_organisation(ledger: Ledger, dsn: str):
    hang, begun = asyncio.Event(), list[bytes]()
    await run_sql(
        dsn,
        "insert into tenant (id, name, email, parent_id, min_concurrency)"
        f" values ('sub', 'Sub', '', '{DEFAULT_TENANT_ID}', 0)",
    )

    async def post(payload: bytes) -> None:
        begun.append(payload)
        await hang.wait()

    await put(ledger, "post", b"own", b"own")
    async with running(dsn, {"post": post}, JobPlaces(4, 2)):
        await until(lambda: len(begun) == 2)
        await put(ledger, "post", b"sub", tenant_id="sub")
        await put(ledger, "post", b"other", tenant_id=OTHER_TENANT_ID)
        await until(lambda: len(begun) == 3)
        assert begun == [b"own", b"own", b"other"]
        hang.set()
        await until(lambda: begun[3:] == [b"sub"])
