"""What nobody ran, what the ledger refused, and what was our own defect: every call still ends, with the record of its log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world
from tests.database import fetch, run_sql
from tests.rows import admit_candidates, execution_row, ringing_row
from tests.waiting import until

from callwright.media.wav import read_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.ports.leg import DialRequest, Leg, LegListener
from callwright.ports.registry import Plugin
from callwright.telephony.loopback.carrier import LoopbackCarrier

pytestmark = pytest.mark.real_time

ENDED = ("completed", "error", "failed", "busy", "no-answer", "canceled")


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path) as started:
        yield started


async def claimed_behind_its_back(world: CallWorld, *changes: Change) -> str:
    """An execution that this process has claimed by the ledger, of which it was never told: the answer was lost with the connection."""
    now = world.clock.now()
    execution: Execution = execution_row(
        world.ids.uuid(), agent_id=AGENT_ID, agent=agent_body(), to_number="+15550199", created_at=now, updated_at=now
    )
    owner = world.runtime.incarnation
    async with world.ledger.unit() as unit:
        await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", agent_body(), 1, now, now))
        await unit.executions.insert(execution)

        async def admitted() -> bool:
            """Once: another admission under way lets nobody beside it."""
            return [row.id for row in await admit_candidates(unit, 10)] == [execution.id]

        await until(admitted)
        assert [row.id for row in await unit.executions.claim(owner, 10)] == [execution.id]
        for change in changes:
            await unit.executions.change(execution.id, change, owner=owner, attempt=1)
    return execution.id


@pytest.mark.long
async def test_a_claim_whose_answer_was_lost_is_run_all_the_same(world: CallWorld) -> None:
    execution_id = await claimed_behind_its_back(world)

    row = await world.until(execution_id, *ENDED, seconds=40)

    assert (row.status, row.attempt) == ("completed", 1)
    assert "user: My name is Ann." in row.record["transcript"]


@pytest.mark.parametrize(
    "changes",
    [
        (Change(Phase.DIALLING, "initiated"),),
        (Change(Phase.DIALLING, "initiated"), Change(Phase.LIVE)),
    ],
    ids=["dialling", "live"],
)
async def test_a_call_nobody_runs_is_settled_and_never_dialled_again(
    world: CallWorld, dsn: str, changes: tuple[Change, ...]
) -> None:
    execution_id = await claimed_behind_its_back(world, *changes)

    row = await world.until(execution_id, *ENDED, seconds=8)

    assert (row.status, row.hangup_by, row.hangup_reason) == ("error", "Error", "internal_error")
    assert row.owner is None
    assert (await world.published(execution_id))[-1] == "error"
    assert [tuple(each) for each in await fetch(dsn, "select attempt, outcome from attempt")] == [(1, "unknown")]


async def test_a_call_that_came_in_and_whose_row_was_written_while_the_answer_was_lost_is_settled(
    world: CallWorld,
) -> None:
    await world.telephone()
    now = world.clock.now()
    row = ringing_row(
        world.ids.uuid(),
        agent_id=AGENT_ID,
        agent=agent_body(),
        owner=world.runtime.incarnation,
        created_at=now,
        updated_at=now,
        ringing_at=now,
    )
    async with world.ledger.unit() as unit:
        assert await unit.executions.insert_owned(row, 1000)

    row = await world.until(row.id, *ENDED, seconds=8)

    assert (row.status, row.hangup_reason, row.owner) == ("error", "internal_error", None)


async def test_a_draining_process_gives_back_what_it_claimed_and_never_began(world: CallWorld, dsn: str) -> None:
    await world.runtime.drain(0)
    execution_id = await claimed_behind_its_back(world)

    async def is_given_back() -> bool:
        return (await world.row(execution_id)).owner is None

    await until(is_given_back, 8)
    row = await world.row(execution_id)
    assert (row.status, row.attempt, row.options) == ("queued", 1, {})
    attempts = await fetch(dsn, "select outcome, closed_at is null as is_open from attempt")
    assert [tuple(each) for each in attempts] == [("queued", False)]


async def test_an_end_the_ledger_refuses_still_ends_the_call_with_its_record(world: CallWorld, dsn: str) -> None:
    execution_id = await world.place()
    await world.until(execution_id, "in-progress")
    await asyncio.sleep(5)
    # As if the answer had never been written: from dialling there is no way to call-disconnected.
    await run_sql(
        dsn,
        "alter table execution disable trigger user",
        "update execution set phase = 'dialling', detail = 'ringing', status = 'ringing'",
        "alter table execution enable trigger user",
    )
    await world.runtime.control.request_stop(execution_id, "API Request", "stopped_by_api")

    row = await world.until(execution_id, *ENDED, seconds=15)

    assert (row.status, row.hangup_reason, row.owner) == ("error", "internal_error", None)
    assert "assistant: Hello, this is reception." in row.record["transcript"]


@pytest.mark.parametrize("damage", [pytest.param("cut", marks=pytest.mark.long), "removed"])
async def test_a_call_whose_log_is_cut_or_removed_ends_with_its_reason(world: CallWorld, damage: str) -> None:
    execution_id = await world.place(persona="waiting")
    await world.until_logged(execution_id, "Answered")
    path = world.folder / "live" / f"{execution_id}.1.log"
    if damage == "cut":
        path.write_bytes(b"")
    else:
        path.unlink()

    await world.runtime.control.request_stop(execution_id, "API Request", "stopped_by_api")

    row = await world.until(execution_id, "completed", seconds=15)
    assert (row.hangup_by, row.hangup_reason, row.error_message) == ("API Request", "stopped_by_api", None)
    assert "LegEnded" in await world.log(execution_id)


class BreakingCarrier(LoopbackCarrier):
    """The loopback carrier with a defect: it fails in the middle of a call, with words no column of a database can hold."""

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        await super().dial(request, listener)
        await asyncio.sleep(7)
        raise RuntimeError("a defect\x00 with \ud800 half a character " + "and many words " * 100)


BREAKING = (Plugin("carrier", "loopback", "breaks in the middle of a call", BreakingCarrier.build),)


async def test_a_defect_after_the_answer_ends_the_call_with_the_record_of_its_log(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, loopback=BREAKING) as world:
        execution_id = await world.place()

        row = await world.until(execution_id, *ENDED, seconds=40)

        assert (row.status, row.hangup_by, row.hangup_reason) == ("error", "Error", "internal_error")
        assert row.error_message is not None
        assert row.error_message.startswith("RuntimeError: a defect with ? half a character")
        # The carrier never gave its leg away, so the agent had nothing to speak into: what the log has is what the caller said.
        assert row.record["transcript"].startswith("user: ")
        assert "assistant: " not in row.record["transcript"]
        assert "LegEnded" in await world.log(execution_id), "the rest of the log was sent too"

        async def mixed() -> bool:
            return (await world.row(execution_id)).record.get("recording") is not None

        await until(mixed, 20)
        wav = read_wav((world.folder / "recordings" / execution_id / "call.wav").read_bytes())
        assert wav.duration_ms > 3_000
        assert (await world.row(execution_id)).status == "error"


@pytest.mark.long
async def test_loops_outlive_a_database_that_answers_nonsense(world: CallWorld, dsn: str) -> None:
    # Not an outage: an error nobody expects, as a schema that does not fit gives.
    await run_sql(dsn, "alter table execution rename to elsewhere")
    await asyncio.sleep(2.5)
    await run_sql(dsn, "alter table elsewhere rename to execution")

    row = await world.until(await world.place(), *ENDED)

    assert row.status == "completed"
    assert world.runtime.ended_loops == []
