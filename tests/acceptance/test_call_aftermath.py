"""What comes after the call: failures that are told, work that may run twice, overdue calls, retention."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_batch_crash import BATCH_ID, a_due_batch
from tests.call_world import CallWorld, agent_body, call_world
from tests.database import fetch, run_sql

from callwright.call.live.deps import RuntimeSettings
from callwright.call.process import retention
from callwright.call.process.retention import delete_expired
from callwright.domain.errors import UnavailableError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.batches.rules.batch import BatchStatus
from callwright.platform.executions.rules.execution import Status
from callwright.platform.jobs.rules import SPEECH_JOB

pytestmark = pytest.mark.real_time

ENDED = ("completed", "error", "failed", "busy", "no-answer", "canceled", "stopped")

SHORT: dict[str, Any] = {
    "default": "brief",
    "personas": {
        "brief": {
            "answer": {"how": "answer", "after_s": 0.05},
            "think_ms": 100,
            "rules": [{"say": "My name is Ann.", "hang_up": True, "linger_ms": 200}],
        }
    },
}


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path, scenario=SHORT) as started:
        yield started


def _with_answers(answers: list[dict[str, Any]]) -> dict[str, Any]:
    body = agent_body()
    body["tasks"][1]["tools_config"]["llm_agent"]["answers"] = {"extraction": answers}
    return body


async def test_a_model_that_fails_after_the_call_is_a_reason_and_the_call_completes(world: CallWorld) -> None:
    body = _with_answers([{"fail": "refused_credentials"}])

    row = await world.until(await world.place(body), *ENDED)

    assert row.status == "completed"
    failures = row.record["post_failures"]
    assert [failure["what"] for failure in failures] == ["extraction"]
    assert "refused_credentials" in failures[0]["reason"]
    assert row.record["extracted_data"] is None
    assert row.record["recording"]["name"] == "call.wav"


async def test_a_value_nobody_said_is_refused_and_told(world: CallWorld) -> None:
    row = await world.until(await world.place(_with_answers([{"json": {"name": "Robert"}}])), *ENDED)

    assert row.record["extracted_data"] == {"name": None}
    assert [refused["value"] for refused in row.record["extraction_rejected"]] == ["Robert"]


async def test_the_caller_who_hangs_up_is_the_one_who_ended_the_call(world: CallWorld) -> None:
    row = await world.until(await world.place(), *ENDED)
    assert (row.hangup_by, row.hangup_reason, row.record["ended_by"]) == ("Callee", "Call recipient hung up", "far_end")


async def test_finishing_twice_changes_nothing(world: CallWorld) -> None:
    execution_id = await world.place()
    before = await world.until(execution_id, *ENDED)
    log = await world.log(execution_id)

    of_calls = [handler for name, handler in world.runtime.jobs.items() if name != SPEECH_JOB]
    assert of_calls
    for handler in of_calls:
        await handler(json.dumps({"execution_id": execution_id, "attempt": 1}).encode())
        await handler(json.dumps({"execution_id": execution_id, "attempt": 2}).encode())

    assert await world.row(execution_id) == before
    assert await world.log(execution_id) == log
    assert (await world.published(execution_id)).count("completed") == 1


@pytest.mark.long
async def test_an_overdue_call_is_completed_with_its_reason_by_the_sweeper(dsn: str, world: CallWorld) -> None:
    body = _with_answers([{"json": {"name": "Ann"}}])
    body["tasks"][1]["tools_config"]["llm_agent"]["first_token_ms"] = 20_000
    execution_id = await world.place(body)
    await world.until(execution_id, "call-disconnected")
    await run_sql(dsn, "update execution set phase_at = phase_at - interval '10 minutes'")

    swept = await world.sweep()

    row = await world.until(execution_id, "completed", seconds=15)
    assert swept <= 1
    assert [failure["what"] for failure in row.record["post_failures"]] == ["post_call"]
    assert row.record["recording"]["duration_ms"] > 1_000


MOMENTS = ("created_at", "initiated_at", "ringing_at", "answered_at", "ended_at", "completed_at")


async def test_retention_writes_what_a_stopped_batch_left_unwritten_before_it_forgets_the_batch(
    dsn: str, world: CallWorld
) -> None:
    ids = await a_due_batch(world.ledger, 3, BatchStatus.STOPPED, webhook_url="https://hooks.example.org/calls")
    await _age_batches(dsn)

    await world.forget()

    assert {(await world.row(execution_id)).status for execution_id in ids} == {Status.STOPPED}
    told = await fetch(dsn, "select execution_id from outbox where status = 'stopped'")
    assert sorted(row["execution_id"] for row in told) == sorted(ids)
    await world.forget()
    assert await fetch(dsn, "select id from batch") == []
    assert {(await world.row(execution_id)).status for execution_id in ids} == {Status.STOPPED}


async def test_a_recording_that_cannot_be_deleted_keeps_its_own_call_only(dsn: str, world: CallWorld) -> None:
    first, second = [await world.place() for _ in range(2)]
    for execution_id in (first, second):
        await world.until(execution_id, "completed")
    folder = Path(world.deps.recordings.path(first, "call.wav") or "").parent
    shutil.rmtree(folder)
    # Nobody can remove a file as a folder.
    folder.write_text("in the way")
    await run_sql(
        dsn,
        "alter table execution disable trigger user",
        "update execution set " + ", ".join(f"{name} = {name} - interval '91 days'" for name in MOMENTS),
        "alter table execution enable trigger user",
    )
    assert await world.forget() == 1
    assert [row["id"] for row in await fetch(dsn, "select id from execution")] == [first]


async def _age_batches(dsn: str) -> None:
    """Make all batches as much older as calls are kept, and a day."""
    await run_sql(
        dsn,
        # The age of a batch cannot be changed: the trigger is set aside for this.
        "alter table batch disable trigger user",
        "update batch set created_at = created_at - interval '91 days', scheduled_at = scheduled_at - interval '91 days',"
        " updated_at = updated_at - interval '91 days', contacts_failed_at = contacts_failed_at - interval '91 days'",
        "alter table batch enable trigger user",
    )


@pytest.fixture
async def resting(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    """A runtime that deletes nothing of its own accord, so that every round is the test's."""
    async with call_world(dsn, tmp_path, settings=RuntimeSettings(retention_days=0)) as started:
        yield started


async def test_contacts_that_can_never_be_written_are_kept_for_a_second_period_and_then_forgotten(
    dsn: str, resting: CallWorld, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(tenant_id: str, batch_id: str) -> None:
        raise ValueError(f"a contact of {tenant_id} {batch_id} cannot be read")

    deps = replace(resting.deps, write_contacts=fail, settings=RuntimeSettings())
    await a_due_batch(resting.ledger, 3, BatchStatus.STOPPED)
    await _age_batches(dsn)

    await delete_expired(deps)

    assert len(await fetch(dsn, "select 1 from batch_contact")) == 3
    assert "is deleted with" not in caplog.text
    await _age_batches(dsn)
    await delete_expired(deps)
    assert await fetch(dsn, "select 1 from batch union all select 1 from batch_contact") == []
    (told,) = [record for record in caplog.records if "is deleted with" in record.getMessage()]
    assert told.levelname == "ERROR"
    assert f"batch {BATCH_ID} of the account {DEFAULT_TENANT_ID} is deleted with 3 contacts" in told.getMessage()


async def test_contacts_are_given_up_a_period_after_a_defect_first_kept_them_and_never_because_the_database_was_away(
    dsn: str, resting: CallWorld
) -> None:
    met: list[Exception] = []

    async def fail(tenant_id: str, batch_id: str) -> None:
        raise met[-1]

    deps = replace(resting.deps, write_contacts=fail, settings=RuntimeSettings())
    await a_due_batch(resting.ledger, 3, BatchStatus.STOPPED)

    async def left_after(error: Exception) -> int:
        """How many contacts are left when a period has gone by and the round after it meets ``error``."""
        await _age_batches(dsn)
        met.append(error)
        await delete_expired(deps)
        return len(await fetch(dsn, "select 1 from batch_contact"))

    await _age_batches(dsn)
    away, defect = UnavailableError("the database cannot be reached"), ValueError("a contact cannot be read")
    assert await left_after(away) == 3, "stopped two periods ago, and tried for the first time"
    assert await left_after(away) == 3
    assert await left_after(defect) == 3, "the first defect"
    assert await left_after(away) == 3, "a period after the defect, and nobody knows whether it is still there"
    await delete_expired(replace(deps, write_contacts=None))
    assert len(await fetch(dsn, "select 1 from batch_contact")) == 3, "nobody tries"
    assert await left_after(defect) == 0


async def test_batches_that_cannot_be_written_keep_no_others_from_it(
    dsn: str, resting: CallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    later = BATCH_ID[:-1] + "f"
    asked: list[str] = []

    async def fail_at_the_first(tenant_id: str, batch_id: str) -> None:
        asked.append(batch_id)
        if batch_id == BATCH_ID:
            raise ValueError

    await a_due_batch(resting.ledger, 1, BatchStatus.STOPPED)
    await run_sql(
        dsn,
        "insert into batch select (jsonb_populate_record(batch, jsonb_build_object("
        f"'id', '{later}', 'updated_at', updated_at + interval '1 second'))).* from batch",
        "insert into batch_contact select (jsonb_populate_record(batch_contact, jsonb_build_object("
        f"'batch_id', '{later}', 'execution_id', gen_random_uuid()))).* from batch_contact",
    )
    await _age_batches(dsn)

    deps = replace(resting.deps, write_contacts=fail_at_the_first, settings=RuntimeSettings())
    await delete_expired(deps)

    assert asked == [BATCH_ID, later]


async def test_retention_deletes_ended_calls_with_their_files_and_no_others(dsn: str, world: CallWorld) -> None:
    old, young = await world.place(), await world.place()
    for execution_id in (old, young):
        await world.until(execution_id, *ENDED)
    assert (world.folder / "recordings" / old / "call.wav").exists()
    longer_ago = ", ".join(f"{moment} = {moment} - interval '91 days'" for moment in MOMENTS)
    # The identity of an execution cannot be changed, not even its age: the trigger is set aside for this.
    await run_sql(
        dsn,
        "alter table execution disable trigger user",
        f"update execution set {longer_ago} where id = '{old}'",
        "alter table execution enable trigger user",
    )

    assert await world.forget() == 1

    async with world.ledger.unit() as unit:
        assert await unit.executions.get_any(old) is None
        assert await unit.executions.get_any(young) is not None
    assert not (world.folder / "recordings" / old).exists()
    assert (world.folder / "recordings" / young / "call.wav").exists()
