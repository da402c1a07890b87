"""The reports of a batch as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.insight.batch_table import ResultTable, flattened, refused_header, refused_row
from callwright.platform.batches.rules.batch import (
    Batch,
    BatchStatus,
    Contact,
    ListFormat,
    RefusedRow,
    execution_of_contact,
)

NOW = datetime(2026, 9, 14, 5, 0, tzinfo=UTC)
FORMAT = ListFormat("utf-8", ";", ("name", "Phone", "", "city"), 1)
BATCH = Batch("5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d", "t", "a", BatchStatus.RUNNING, NOW, NOW, "list.csv")
CONTACT = Contact(1, 2, "e-1", "+4930901820", "twilio", {"name": "Ada", "city": "Oslo"}, "030 901820")
EXECUTION = execution_of_contact(BATCH, CONTACT, "+15550100")


def row_of(table: ResultTable, **columns: Any) -> dict[str, Any]:
    return dict(zip(table.header, table.row(replace(EXECUTION, **columns)), strict=True))


def test_the_columns_of_the_list_come_first_as_they_were() -> None:
    table = ResultTable(FORMAT, [], transcript=False)
    assert table.header[:4] == ["name", "Phone", "city", "callwright_line"]
    found = row_of(table)
    assert [found[name] for name in ("name", "Phone", "city")] == ["Ada", "030 901820", "Oslo"]
    assert (found["callwright_line"], found["callwright_number"]) == (2, "+4930901820")
    assert (found["callwright_status"], found["callwright_retries"]) == ("queued", 0)


def test_a_number_in_its_normal_form_is_not_kept_twice() -> None:
    plain = execution_of_contact(BATCH, replace(CONTACT, written=""), "+15550100")
    assert "batch_number" not in plain.options
    assert row_of(ResultTable(FORMAT, [], transcript=False), options=plain.options)["Phone"] == "+4930901820"


def test_a_batch_of_an_unknown_format_has_our_columns() -> None:
    assert ResultTable(None, [], transcript=False).header[0] == "callwright_line"
    assert refused_header(None)[0] == "callwright_line"
    assert refused_row(None, RefusedRow(3, "empty", "Add it.")) == [3, "empty", "Add it.", ""]


def test_what_became_of_the_call_is_told() -> None:
    found = row_of(
        ResultTable(FORMAT, [], transcript=True),
        total_cost_nano=3_230_000_000,
        answered_at=NOW + timedelta(seconds=9),
        hangup_by="Callee",
        hangup_reason="Call recipient hungup",
        error_message="none",
        retry_count=2,
        record={
            "conversation_ms": 41_260,
            "summary": "Fine.",
            "transcript": "user: hi",
            "answered_by_voice_mail": False,
        },
    )
    told = {name.removeprefix("callwright_"): value for name, value in found.items()}
    assert (told["cost_cents"], told["duration_seconds"], told["retries"]) == ("3.23", 41.3, 2)
    assert (told["hangup_by"], told["hangup_reason"], told["error"]) == ("Callee", "Call recipient hungup", "none")
    assert (told["summary"], told["transcript"], told["voicemail"]) == ("Fine.", "user: hi", False)
    assert told["answered_at"] == "2026-09-14T05:00:09.000000+00:00"


def test_extracted_data_is_flat_and_what_has_no_column_is_not_lost() -> None:
    extracted = {
        "day": "Friday",
        "General": {"Confirmed": {"objective": "yes", "subjective": None, "confidence": 0.9, "evidence": "Yes."}},
        "more": {"deep": {"er": 1}, "tags": [1, "a"]},
    }
    assert dict(flattened(extracted)) == {
        "day": "Friday",
        "General.Confirmed.objective": "yes",
        "General.Confirmed.subjective": None,
        "General.Confirmed.confidence": 0.9,
        "more.deep.er": 1,
        "more.tags": '[1,"a"]',
    }
    table = ResultTable(FORMAT, ["day", "missing", "more.deep.er"], transcript=False)
    found = row_of(table, record={"extracted_data": extracted})
    assert found["callwright_extracted.day"] == "Friday"
    assert found["callwright_extracted.missing"] is None
    assert found["callwright_extracted_more"] == (
        '{"General.Confirmed.objective":"yes","General.Confirmed.subjective":null,"General.Confirmed.confidence":0.9,'
        '"more.tags":"[1,\\"a\\"]"}'
    )


def test_a_refused_row_stands_as_it_came_with_its_surplus_together() -> None:
    assert refused_header(FORMAT) == [
        "name",
        "Phone",
        "",
        "city",
        "callwright_line",
        "callwright_reason",
        "callwright_hint",
        "callwright_surplus_cells",
    ]
    long = RefusedRow(3, "too many", "Quote it.", ("Ada", "+1", "", "Oslo", "x", "y"))
    assert refused_row(FORMAT, long) == ["Ada", "+1", "", "Oslo", 3, "too many", "Quote it.", "x;y"]
    assert refused_row(FORMAT, RefusedRow(4, "r", "h")) == ["", "", "", "", 4, "r", "h", ""]
