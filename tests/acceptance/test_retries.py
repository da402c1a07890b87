"""Calls that are made again: whole calls over the loopback carrier, each attempt with another person at the other end.

The intervals of a ``retry_config`` are whole minutes. The tests do not wait for them: :func:`the_time_comes` moves the clock on to the time
at which the next attempt is due.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_call_crash import PUBLISHER, running
from tests.acceptance.test_calling_hours import BERLIN, MORNING
from tests.call_world import AGENT_ID, SCENARIO, CallWorld, MovedClock, agent_body, call_world, place
from tests.database import fetch, run_sql
from tests.examples import check_example
from tests.waiting import until

from callwright.campaigns.release import Release
from callwright.conversation.replay import replay
from callwright.domain.settings.setting import wire_of
from callwright.insight.wire import encode
from callwright.ops.clock import SystemClock
from callwright.outbox.publication import BatchWebhookPublisher
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.batches.actions.stop import stop_undialled
from callwright.platform.batches.rules.batch import Batch, BatchStatus, Contact
from callwright.platform.executions.rules.execution import Execution, Status
from callwright.platform.executions.rules.retry import RetryConfig
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import Price, PriceBook
from callwright.platform.webhooks.rules.outbox import OutboxEntry
from callwright.ports.leg import DialRequest, Leg, LegListener
from callwright.ports.registry import Plugin
from callwright.ports.world import Clock
from callwright.telephony.loopback.carrier import LoopbackCarrier

pytestmark = pytest.mark.real_time

BATCH_ID = "5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d"
RETRY = wire_of(RetryConfig(enabled=True, max_retries=3, retry_intervals_minutes=(30, 60)))
"""As the API stores it: whole."""
BOOK = PriceBook(
    {
        ("carrier", "loopback", "*"): Price(900_000_000, 60_000, 60_000),
        ("platform", "callwright", "*"): Price(2_000_000_000, 60_000, 60_000),
        ("voice", "scripted", "*"): Price(1_500_000_000, 1_000),
    }
)


class OneAfterTheOther(LoopbackCarrier):
    """The n-th attempt of a call reaches the n-th persona that its user data names; the last one repeats."""

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        data = dict(request.options["user_data"])
        personas = str(data.get("persona") or "patient").split()
        attempt = int(request.callback_id.rpartition(".")[2])
        data["persona"] = personas[min(attempt, len(personas)) - 1]
        options = {**request.options, "user_data": data}
        # It rings for a second, not for a minute.
        return await super().dial(replace(request, ring_seconds=1, options=options), listener)


CARRIER = (Plugin("carrier", "loopback", "another person at each attempt", OneAfterTheOther.build),)


@asynccontextmanager
async def the_world(dsn: str, folder: Path, clock: Clock | None = None) -> AsyncIterator[CallWorld]:
    clock = clock or MovedClock(SystemClock().now())
    async with call_world(dsn, folder, loopback=CARRIER, book=BOOK, scenario=SCENARIO, clock=clock) as world:
        yield world


async def the_time_comes(world: CallWorld, dsn: str, execution_id: str) -> None:
    """The time of the next attempt is now."""
    row = await world.row(execution_id)
    assert isinstance(world.clock, MovedClock)
    assert row.scheduled_at is not None
    world.clock.move(row.scheduled_at)
    await run_sql(dsn, f"update execution set due_at = now() where id = '{execution_id}' and detail = 'scheduled'")


async def until_retry(world: CallWorld, execution_id: str, retries: int) -> Execution:
    """Until the call waits for that retry."""

    async def waits() -> bool:
        row = await world.row(execution_id)
        return (row.status, row.retry_count) == (Status.SCHEDULED, retries)

    await until(waits, 30)
    return await world.row(execution_id)


def release_of(world: CallWorld) -> Release:
    told = BatchWebhookPublisher(world.ids.uuid, world.clock.now)
    return Release(world.ledger, world.clock, world.publisher, told, "+15550100")


async def a_batch_of_one(world: CallWorld, persona: str, retry: dict[str, Any]) -> str:
    """A batch whose time has come, of one contact; the id of its execution."""
    now = world.clock.now() - timedelta(seconds=5)
    contact = Contact(1, 2, world.ids.uuid(), "+15550200001", "loopback", {"customer_name": "Ada", "persona": persona})

    batch = Batch(
        BATCH_ID,
        DEFAULT_TENANT_ID,
        AGENT_ID,
        BatchStatus.SCHEDULED,
        now,
        now,
        "list.csv",
        retry_config=retry,
        scheduled_at=now,
        total_contacts=1,
        valid_contacts=1,
    )
    async with world.ledger.unit() as unit:
        await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", agent_body(), 1, now, now))
        await unit.batches.insert(batch)
        await unit.batches.contacts.stage(BATCH_ID, [contact])
    release = release_of(world)
    await release.round()
    await release.round()
    return contact.execution_id


async def batch_status(world: CallWorld) -> str:
    await release_of(world).round()
    async with world.ledger.unit() as unit:
        batch = await unit.batches.get(DEFAULT_TENANT_ID, BATCH_ID)
    assert batch is not None
    return batch.status.value


async def webhooks(world: CallWorld, execution_id: str) -> list[OutboxEntry]:
    async with world.ledger.unit() as unit:
        return await unit.outbox.of_execution(DEFAULT_TENANT_ID, execution_id)


async def log_of(world: CallWorld, execution_id: str, attempt: int) -> str:
    async with world.ledger.unit() as unit:
        return (await unit.logs.read(execution_id, attempt)).decode()


def shown(world: CallWorld, row: Execution) -> dict[str, Any]:
    """The execution as ``GET`` answers it."""
    found = json.loads(encode(world.body(row)))
    assert isinstance(found, dict)
    return found


async def missed_then_busy_then_answered(world: CallWorld, dsn: str) -> Execution:
    """A contact of a batch that is reached at the third attempt."""
    execution_id = await a_batch_of_one(world, "absent busy patient", RETRY)
    for retries, status in enumerate(("no-answer", "busy"), start=1):
        waiting = await until_retry(world, execution_id, retries)
        assert shown(world, waiting)["retry_history"][-1]["status"] == status
        assert await batch_status(world) == "running", "a batch is open until its last retry"
        await the_time_comes(world, dsn, execution_id)
    return await world.until(execution_id, "completed")


async def test_a_stop_between_two_attempts_says_that_the_call_was_dialled(dsn: str, tmp_path: Path) -> None:
    async with the_world(dsn, tmp_path) as world:
        placed = await place(
            world.ledger, world.publisher, agent_body(), persona="absent", options={"retry_config": RETRY}
        )
        await until_retry(world, placed.id, 1)
        async with world.ledger.unit() as unit:
            row = await unit.executions.lock(placed.id)
            assert row is not None
            assert await stop_undialled(unit, world.publisher, row, world.clock.now())
        stopped = shown(world, await world.row(placed.id))
    (first,) = stopped["callwright"]["attempts"]
    assert (first["status"], first["decision"]["verdict"], first["decision"]["rule"]) == (
        "no-answer",
        "dial",
        "allowed",
    )
    last = stopped["callwright"]["decision"]
    assert (stopped["status"], last["rule"]) == ("stopped", "stopped")
    assert last["reason"] == "the call was stopped before it was dialled again"
    told = [stopped["telephony_data"][f"hangup_{name}"] for name in ("by", "reason", "provider_code")]
    assert (*told, stopped["callwright"]["ended_by"]) == ("API Request", "stopped_by_api", 4000, "platform")
    assert first["hangup_reason"] == "Call unanswered", "the attempt before ended as it did"


async def test_a_machine_is_called_again_and_completed_is_said_once(dsn: str, tmp_path: Path) -> None:
    async with the_world(dsn, tmp_path) as world:
        body = agent_body(check_if_user_online=False, voicemail=True)
        again = {"retry_config": {**RETRY, "retry_on_voicemail": True}}
        placed = await place(world.ledger, world.publisher, body, persona="machine patient", options=again)
        waiting = shown(world, await until_retry(world, placed.id, 1))
        assert (waiting["status"], waiting["transcript"], waiting["answered_by_voice_mail"]) == (
            "scheduled",
            None,
            None,
        )
        (first,) = waiting["callwright"]["attempts"]
        assert (first["status"], first["answered_by_voice_mail"]) == ("completed", True)
        assert first["total_cost"] == waiting["total_cost"] > 0
        assert first["extracted_data"] == {"name": None}, "the post-call work of the attempt is done"
        await the_time_comes(world, dsn, placed.id)
        done = shown(world, await world.until(placed.id, "completed"))

        both = done["callwright"]["attempts"]
        assert sum(one["total_cost"] for one in both) == pytest.approx(done["total_cost"])
        assert "You have reached the voicemail." in both[0]["transcript"]
        assert "You have reached the voicemail." not in done["transcript"] == both[1]["transcript"]
        files = [tmp_path / "recordings" / placed.id / name for name in ("call.wav", "call-2.wav")]
        assert all(file.exists() for file in files)
        statuses = [hook.status for hook in await webhooks(world, placed.id)]
        assert (statuses.count("completed"), statuses.count("call-disconnected")) == (1, 2)


async def test_a_retry_keeps_the_agent_as_it_was_except_for_its_hours(dsn: str, tmp_path: Path) -> None:
    clock = MovedClock(MORNING)
    async with the_world(dsn, tmp_path, clock) as world:
        options = {"retry_config": RETRY}
        body = {**agent_body(), "calling_guardrails": {"call_start_hour": 9, "call_end_hour": 10}}
        placed = await place(world.ledger, world.publisher, body, persona="absent patient", to=BERLIN, options=options)
        assert (await until_retry(world, placed.id, 1)).retry_count == 1

        evening = {"call_start_hour": 20, "call_end_hour": 21}
        changed = {**body, "calling_guardrails": evening, "agent_welcome_message": "Good evening, this is sales."}
        async with world.ledger.unit() as unit:
            await unit.agents.update(DEFAULT_TENANT_ID, AGENT_ID, "Reception", changed)
        await the_time_comes(world, dsn, placed.id)
        waiting = await world.until(placed.id, "rescheduled")
        assert waiting.scheduled_at == MORNING + timedelta(hours=11)

        clock.move(MORNING + timedelta(hours=11))
        await run_sql(dsn, "update execution set due_at = now()")
        done = shown(world, await world.until(placed.id, "completed"))
        assert (done["retry_count"], [one["status"] for one in done["callwright"]["attempts"]]) == (
            1,
            ["no-answer", "completed"],
        )
        assert "assistant: Hello, this is reception." in done["transcript"]


@pytest.mark.long
async def test_a_call_whose_process_dies_is_made_again(dsn: str, ledger: Ledger, tmp_path: Path) -> None:
    options = {"retry_config": {**RETRY, "retry_on_statuses": ["error"]}}
    async with running(dsn, tmp_path) as process:
        execution_id = (await place(ledger, PUBLISHER, agent_body(), options=options)).id
        await until(lambda: is_live(ledger, execution_id), 20)
        await asyncio.sleep(4)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async with the_world(dsn, tmp_path) as world:
        (lost,) = shown(world, await until_retry(world, execution_id, 1))["callwright"]["attempts"]
        assert (lost["status"], lost["hangup_reason"]) == ("error", "node_lost")
        assert "user: I want to book a dentist." in lost["transcript"]
        assert lost["recording_url"] == f"/recordings/call/{execution_id}?attempt=1"
        statuses = await world.published(execution_id)
        assert statuses[-4:] == ["in-progress", "call-disconnected", "error", "scheduled"]
        await the_time_comes(world, dsn, execution_id)
        assert (await world.until(execution_id, "completed", "error")).status == "completed"
        assert not list((tmp_path / "live").glob(f"{execution_id}.*"))


async def is_live(ledger: Ledger, execution_id: str) -> bool:
    async with ledger.unit() as unit:
        row = await unit.executions.get_any(execution_id)
    return row is not None and row.status is Status.IN_PROGRESS


@pytest.mark.long
async def test_a_contact_is_called_until_it_answers(dsn: str, tmp_path: Path) -> None:
    async with the_world(dsn, tmp_path) as world:
        row = await missed_then_busy_then_answered(world, dsn)
        body = shown(world, row)

        check_example("retried", body)
        assert (body["status"], body["retry_count"], body["batch_run_details"]["retried"]) == ("completed", 2, 2)
        assert [(one["attempt"], one["status"]) for one in body["retry_history"]] == [(1, "no-answer"), (2, "busy")]
        attempts = body["callwright"]["attempts"]
        assert [one["status"] for one in attempts] == ["no-answer", "busy", "completed"]
        assert [one["hangup_reason"] for one in attempts[:2]] == ["Call unanswered", "Call recipient was busy"]
        assert [one["total_cost"] > 0 for one in attempts] == [False, False, True]
        assert sum(one["total_cost"] for one in attempts) == pytest.approx(body["total_cost"])
        legs = ("transcriber", "llm", "synthesizer", "network", "platform")
        assert sum(body["cost_breakdown"][leg] for leg in legs) == pytest.approx(body["total_cost"])
        assert "assistant: Hello, this is reception." in attempts[2]["transcript"] == body["transcript"]
        assert [one["recording_url"] for one in attempts] == [None, None, f"/recordings/call/{row.id}?attempt=3"]
        assert (tmp_path / "recordings" / row.id / "call-3.wav").exists()

        hooks = await webhooks(world, row.id)
        statuses = [hook.status for hook in hooks if hook.status != "ringing"]
        assert statuses == [
            *("initiated", "no-answer", "scheduled"),
            *("initiated", "busy", "scheduled"),
            *("initiated", "in-progress", "call-disconnected", "completed"),
        ]
        bodies = [json.loads(hook.body) for hook in hooks]
        (missed,) = [one for one in bodies if one["status"] == "no-answer"]
        first, second = [one for one in bodies if one["status"] == "scheduled"]
        assert missed["callwright"]["retry_at"] == first["scheduled_at"], (
            "the first status says that it is not the last"
        )
        assert (missed["billing_settled"], bodies[-1]["billing_settled"]) == (False, True)
        assert (first["retry_count"], second["retry_count"]) == (1, 2)
        assert first["retry_config"] == RETRY
        assert [len(one["retry_history"]) for one in (missed, first, second, bodies[-1])] == [0, 1, 2, 2]

        for attempt in (1, 2, 3):
            replayed = replay(await log_of(world, row.id, attempt))
            assert replayed.exact, replayed.difference
        assert await batch_status(world) == "completed"
        assert not list((tmp_path / "live").glob(f"{row.id}.*"))
        outcomes = await fetch(dsn, "select outcome from attempt order by attempt")
        assert [one["outcome"] for one in outcomes] == ["no-answer", "busy", "completed"]
