"""Batches: their states as a table, the start, and what a contact is while it waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callwright.platform.batches.rules.batch import (
    BATCH_TRANSITIONS,
    ENDED,
    STOPPABLE,
    WAITING_AS,
    Batch,
    BatchStatus,
    Contact,
    execution_of_contact,
    from_number,
    may_become,
    rounded_up,
)
from callwright.platform.executions.rules.execution import STATUS_OF, Phase, Status

NOW = datetime(2026, 9, 14, 5, 2, 40, tzinfo=UTC)
BATCH = Batch(
    id="5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d",
    tenant_id="t",
    agent_id="a",
    status=BatchStatus.RUNNING,
    created_at=NOW,
    updated_at=NOW,
    file_name="list.csv",
    from_numbers=("+15550001", "+15550002"),
)
CONTACT = Contact(3, 4, "e-3", "loopback:demo", "loopback", {"name": "Ada"})


@pytest.mark.parametrize("before", list(BatchStatus))
@pytest.mark.parametrize("after", list(BatchStatus))
def test_a_batch_only_goes_where_the_table_says(before: BatchStatus, after: BatchStatus) -> None:
    assert may_become(before, after) == (after in BATCH_TRANSITIONS[before])
    if before in ENDED:
        assert not may_become(before, after)


def test_every_state_that_can_be_stopped_can_become_stopped() -> None:
    assert all(may_become(status, BatchStatus.STOPPED) for status in STOPPABLE)
    assert {BatchStatus.COMPLETED, BatchStatus.STOPPED, BatchStatus.FAILED} == ENDED


def test_a_waiting_contact_has_a_state_that_executions_have() -> None:
    assert set(WAITING_AS) == set(BatchStatus)
    assert all(state in STATUS_OF for state in WAITING_AS.values())


@pytest.mark.parametrize(
    ("given", "start"),
    [
        ("05:02:00", "05:10"),
        ("05:10:00", "05:10"),
        ("05:10:00.000001", "05:20"),
        ("05:59:59", "06:00"),
        ("23:51:00", "00:00"),
    ],
)
def test_a_start_is_rounded_up_to_the_next_ten_minutes(given: str, start: str) -> None:
    assert f"{rounded_up(datetime.fromisoformat(f'2026-09-14T{given}+00:00')):%H:%M}" == start


def test_numbers_take_turns() -> None:
    assert [from_number(BATCH, position, "+1") for position in (1, 2, 3)] == ["+15550001", "+15550002", "+15550001"]
    assert from_number(replace(BATCH, from_numbers=()), 1, "+15550100") == "+15550100"


def test_a_contact_in_a_running_batch_is_a_queued_call() -> None:
    call = execution_of_contact(BATCH, CONTACT, "+1")
    assert (call.id, call.batch_id, call.status, call.phase) == ("e-3", BATCH.id, Status.QUEUED, Phase.WAITING)
    assert (call.to_number, call.from_number, call.user_data) == ("loopback:demo", "+15550001", {"name": "Ada"})
    assert (call.options, call.agent) == ({"batch_line": 4}, {})


def test_a_released_contact_has_its_agent_and_the_settings_of_its_batch() -> None:
    later = datetime(2026, 9, 14, 6, tzinfo=UTC)
    batch = replace(BATCH, bypass_call_guardrails=True, retry_config={"enabled": True})
    call = execution_of_contact(batch, CONTACT, "+1", agent={"agent_name": "Ann"}, at=later)
    assert (call.updated_at, call.agent) == (later, {"agent_name": "Ann"})
    assert call.options == {"batch_line": 4, "bypass_call_guardrails": True, "retry_config": {"enabled": True}}


def test_a_call_was_created_with_its_batch_in_the_order_of_the_file_whenever_it_is_released() -> None:
    later = datetime(2026, 9, 14, 6, tzinfo=UTC)
    for at in (None, later):
        calls = [execution_of_contact(BATCH, replace(CONTACT, position=each), "+1", at=at) for each in (1, 2, 3)]
        assert [call.created_at for call in calls] == [NOW + timedelta(microseconds=each) for each in (1, 2, 3)]
    assert execution_of_contact(BATCH, CONTACT, "+1", at=NOW).updated_at == NOW + timedelta(microseconds=3)
