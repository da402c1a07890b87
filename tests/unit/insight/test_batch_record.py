"""A batch on the wire."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from callwright.insight.batch_record import batch_body, offset_time
from callwright.platform.batches.rules.batch import Batch, BatchProgress, BatchStatus, ListFormat, RefusedRow

CREATED = datetime(2026, 9, 14, 5, 0, 12, 100200, tzinfo=UTC)
NOW = CREATED + timedelta(minutes=8)
BATCH = Batch(
    id="5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d",
    tenant_id="t",
    agent_id="a",
    status=BatchStatus.RUNNING,
    created_at=CREATED,
    updated_at=CREATED,
    file_name="reminders.csv",
    from_numbers=("+918000000002", "+918000000003"),
    webhook_url="https://hooks.example.org/",
    scheduled_at=datetime(2026, 9, 14, 5, 10, tzinfo=UTC),
    total_contacts=3,
    valid_contacts=2,
    refused=(RefusedRow(4, "contact_number is empty", "Add the number."),),
    list_format=ListFormat("windows-1252", ";", ("name", "Phone"), 1, "DE"),
)
PROGRESS = BatchProgress({"completed": 1, "ringing": 1}, 0, 3_230_000_000, 41_260, 1)


def test_a_batch_has_every_documented_key() -> None:
    body = batch_body(BATCH, PROGRESS, NOW)
    assert body["batch_id"] == BATCH.id
    assert (body["created_at"], body["humanized_created_at"]) == ("2026-09-14T05:00:12.100200+00:00", "8 minutes ago")
    assert (body["status"], body["scheduled_at"]) == ("running", "2026-09-14T05:10:00+00:00")
    assert (body["from_phone_number"], body["from_phone_numbers"][1]) == ("+918000000002", "+918000000003")
    assert (body["file_name"], body["valid_contacts"], body["total_contacts"]) == ("reminders.csv", 2, 3)
    assert body["execution_status"] == {"completed": 1, "ringing": 1}


def test_sums_and_refused_rows_are_our_own() -> None:
    own = batch_body(replace(BATCH, retry_config={"enabled": True}), PROGRESS, NOW)["callwright"]
    assert (float(own["total_cost"]), own["conversation_duration"], own["answered"]) == (3.23, 41.3, 1)
    assert own["refused_contacts"] == 1
    assert own["refused_rows"] == [{"line": 4, "reason": "contact_number is empty", "hint": "Add the number."}]


def test_how_the_list_was_read_is_told() -> None:
    assert batch_body(BATCH, PROGRESS, NOW)["callwright"]["file"] == {
        "encoding": "windows-1252",
        "delimiter": ";",
        "number_column": "Phone",
        "default_country": "DE",
        "duplicates": "keep",
    }
    assert batch_body(replace(BATCH, list_format=None), PROGRESS, NOW)["callwright"]["file"] is None


def test_what_is_not_there_is_null() -> None:
    body = batch_body(
        replace(BATCH, from_numbers=(), scheduled_at=None, retry_config={"enabled": True}), BatchProgress(), NOW
    )
    assert (body["from_phone_number"], body["from_phone_numbers"], body["scheduled_at"]) == (None, [], None)
    assert body["retry_config"] == {"enabled": True}


def test_a_start_is_written_in_utc_with_its_offset() -> None:
    at = datetime(2026, 9, 14, 10, 40, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert offset_time(at) == "2026-09-14T05:10:00+00:00"
