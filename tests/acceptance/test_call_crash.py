"""A process that runs calls is killed with kill -9: the calls end with a reason, and their record is what the log holds."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.call_world import agent_body, call_world, place
from tests.database import fetch, run_sql

from callwright.insight.view import view_of
from callwright.insight.wholeness import Wholeness, wholeness
from callwright.media.wav import read_wav
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.outbox.publication import WebhookPublisher
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger

pytestmark = pytest.mark.real_time

ROOT = Path(__file__).resolve().parents[2]
PUBLISHER = WebhookPublisher("", False, RandomIds().uuid, SystemClock().now)


@asynccontextmanager
async def running(
    dsn: str, folder: Path, module: str = "tests.call_process", *more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that runs calls; killed at the latest when the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, dsn, str(folder), *more, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _row(ledger: Ledger, execution_id: str) -> Execution:
    async with ledger.unit() as unit:
        row = await unit.executions.get_any(execution_id)
    assert row is not None
    return row


async def _lacks(ledger: Ledger, execution_id: str) -> Wholeness:
    async with ledger.unit() as unit:
        return wholeness(view_of((await unit.logs.read(execution_id)).decode()))


async def _until(ledger: Ledger, execution_id: str, status: str, seconds: float) -> Execution:
    async with asyncio.timeout(seconds):
        while True:
            row = await _row(ledger, execution_id)
            if row.status == status:
                return row
            await asyncio.sleep(0.1)


async def _kill_in_mid_call(dsn: str, folder: Path, ledger: Ledger) -> str:
    """Place a call in a process of its own and kill that once the first turn was spoken; returns the execution's id."""
    async with running(dsn, folder) as process:
        execution_id = (await place(ledger, PUBLISHER, agent_body())).id
        await _until(ledger, execution_id, "in-progress", 20)
        await asyncio.sleep(6.0)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert (await _row(ledger, execution_id)).status == "in-progress"
    return execution_id


async def test_a_restart_settles_a_killed_call_at_once_with_the_record_of_its_log(
    dsn: str, ledger: Ledger, tmp_path: Path
) -> None:
    execution_id = await _kill_in_mid_call(dsn, tmp_path, ledger)

    async with call_world(dsn, tmp_path) as world:
        row = await world.until(execution_id, "error", seconds=30)

        assert (row.hangup_by, row.hangup_reason) == ("Error", "node_lost")
        assert world.body(row)["callwright"]["ended_by"] == "platform"
        assert row.error_message is not None
        assert "user: I want to book a dentist." in row.record["transcript"]
        wav = read_wav((tmp_path / "recordings" / execution_id / "call.wav").read_bytes())
        assert wav.duration_ms > 3_000, "what was recorded before the kill can be heard"
        assert row.record["conversation_ms"] >= wav.duration_ms, "and the call was not shorter than that"
        assert (await world.published(execution_id))[-3:] == ["in-progress", "call-disconnected", "error"]
        async with ledger.unit() as unit:
            *_, entry = await unit.outbox.of_execution(DEFAULT_TENANT_ID, execution_id)
        last = json.loads(entry.body)
        assert (last["status"], last["billing_settled"]) == ("error", True), "nothing is added after the last webhook"
        assert last["telephony_data"]["recording_url"]
        assert not list((tmp_path / "live").iterdir())
        outcomes = await fetch(dsn, "select outcome from attempt")
        assert [each["outcome"] for each in outcomes] == ["unknown"]
        lacks = await _lacks(ledger, execution_id)
        assert lacks.has_all, f"what was written behind the kill is numbered on: {lacks.missing()}"
        assert lacks.breaks_off_us is not None
        assert "broken_log" in [finding["rule"] for finding in row.record["doctor"]["findings"]]


async def test_a_start_deletes_the_files_of_calls_that_are_over_and_no_others(
    dsn: str, ledger: Ledger, tmp_path: Path
) -> None:
    """A process that is killed between the last write of a call and the deletion of its files leaves them."""
    async with call_world(dsn, tmp_path) as world:
        over = await world.place(persona="busy")
        await world.until(over, "busy")
    gone = "00000000-0000-4000-8000-00000000dead"
    waiting = (await place(ledger, PUBLISHER, agent_body())).id
    await run_sql(dsn, f"update execution set due_at = now() + interval '1 hour' where id = '{waiting}'")
    names = [f"{over}.1.log", f"{over}.1.agent.ulaw", f"{gone}.2.log", f"{waiting}.1.log"]
    for name in names:
        (tmp_path / "live" / name).write_bytes(b"")

    async with call_world(dsn, tmp_path):
        assert [path.name for path in (tmp_path / "live").iterdir()] == [f"{waiting}.1.log"]


@pytest.mark.long
async def test_the_next_call_of_a_restarted_process_completes(dsn: str, ledger: Ledger, tmp_path: Path) -> None:
    await _kill_in_mid_call(dsn, tmp_path, ledger)

    async with call_world(dsn, tmp_path) as world:
        assert (await world.until(await world.place(), "completed", "error")).status == "completed"


@pytest.mark.long
async def test_another_node_settles_a_killed_one_from_what_was_shipped(
    dsn: str, ledger: Ledger, tmp_path: Path
) -> None:
    execution_id = await _kill_in_mid_call(dsn, tmp_path / "first", ledger)

    async with call_world(dsn, tmp_path / "second") as world:
        row = await world.until(execution_id, "error", seconds=45)

        assert row.hangup_reason == "node_lost"
        assert "user: I want to book a dentist." in row.record["transcript"]
        assert (await _lacks(ledger, execution_id)).has_all
        assert not await _revived(world.ledger, execution_id), "a lost call is not dialled again"


async def test_a_live_call_outlives_an_outage_of_the_database(dsn: str, ledger: Ledger, tmp_path: Path) -> None:
    """Every connection is cut again and again while the call goes on; it is heard to its end and completes."""
    async with call_world(dsn, tmp_path) as world:
        execution_id = await world.place()
        await world.until(execution_id, "in-progress")
        for _ in range(8):
            await fetch(
                dsn,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()",
            )
            await asyncio.sleep(0.5)

        async with asyncio.timeout(60):
            while True:
                rows = await fetch(dsn, f"select status, record from execution where id = '{execution_id}'")
                if rows[0]["status"] in ("completed", "error"):
                    break
                await asyncio.sleep(0.2)

        assert rows[0]["status"] == "completed"
        assert "user: My name is Ann." in rows[0]["record"]


async def _revived(ledger: Ledger, execution_id: str) -> bool:
    await asyncio.sleep(2)
    return (await _row(ledger, execution_id)).attempt != 1
