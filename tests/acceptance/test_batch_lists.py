"""Lists as people have them, the report of their refused rows, and the results as a table."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.acceptance.test_api_batches import batch_id_of, begin, read, rows, run_out, upload
from tests.api_world import ApiWorld, create
from tests.database import fetch, run_sql

from callwright.domain.limits import MAX_RESULT_COLUMNS

SPREADSHEET = (
    "sep=;\r\nName;Straße;Handy;Phone\r\n"
    "Zoë;=1+1;030/1;loopback:demo\r\n"
    "Ada;;x;loopback:demo\r\n"
    "Bea;+49;y;9.19E+11\r\n"
    "Cy;a;b;loopback:desk;surplus;=2\r\n"
)


async def table(client: httpx.AsyncClient, path: str, **query: str) -> list[dict[str, str]]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


async def test_a_spreadsheets_list_is_read_and_says_how(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(
            client, await create(client), SPREADSHEET.encode("cp1252"), duplicates="skip", default_country="de"
        )
        batch = await read(client, batch_id)
        assert (batch["valid_contacts"], batch["total_contacts"]) == (1, 4)
        assert batch["callwright"]["file"] == {
            "encoding": "windows-1252",
            "delimiter": ";",
            "number_column": "Phone",
            "default_country": "DE",
            "duplicates": "skip",
        }
        [contact] = await rows(client, batch_id)
        assert contact["context_details"]["recipient_data"] == {"Name": "Zoë", "Straße": "=1+1", "Handy": "030/1"}


async def test_a_list_is_read_in_the_encoding_of_the_request(world: ApiWorld) -> None:
    raw = "contact_number,name\nloopback:demo,Łukasz\n".encode("cp1250")
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, raw, encoding="windows-1250")
        assert (await read(client, batch_id))["callwright"]["file"]["encoding"] == "windows-1250"
        [contact] = await rows(client, batch_id)
        assert contact["context_details"]["recipient_data"] == {"name": "Łukasz"}
        refused = await upload(client, agent_id, raw, encoding="utf-8")
        assert (refused.status_code, refused.json()["field"]) == (400, "file")
        assert refused.json()["message"].startswith("file, line 2: this is not utf-8")
        utf_8 = "contact_number,name\nloopback:demo,Łukasz\n".encode()
        refused = await upload(client, agent_id, utf_8, encoding="iso-8859-2")
        assert (refused.status_code, refused.json()["field"]) == (400, "file")
        assert refused.json()["message"] == "file, line 2: the file is utf-8 and not iso-8859-2; leave out encoding"
    async with world.client(strict=True) as client:
        assert (await upload(client, agent_id, raw, encoding="windows-1250")).status_code == 400, "UTF-8 only"


async def test_national_numbers_need_a_country(world: ApiWorld) -> None:
    text = "contact_number\n030 901820\n+49 (0)30 901821\n"
    async with world.client() as client:
        agent_id = await create(client)
        without = await read(client, await batch_id_of(client, agent_id, text))
        assert [row["line"] for row in without["callwright"]["refused_rows"]] == [2]
        assert "send default_country" in without["callwright"]["refused_rows"][0]["hint"]
        batch_id = await batch_id_of(client, agent_id, text, default_country="DE")
        assert [row["user_number"] for row in await rows(client, batch_id)] == ["+4930901820", "+4930901821"]
        found = await table(client, f"/batches/{batch_id}/download")
        assert [(row["contact_number"], row["callwright_number"]) for row in found] == [
            ("030 901820", "+4930901820"),
            ("'+49 (0)30 901821", "+4930901821"),
        ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"default_country": "Germany"}, "default_country must be an ISO 3166 code"),
        ({"default_country": "UK"}, "default_country must be an ISO 3166 code"),
        ({"duplicates": "drop"}, "duplicates must be"),
        ({"encoding": "latin"}, "encoding must be one of big5, euc-kr, gbk, iso-8859-1"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at must be an ISO 8601 time"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled_at is in the past"),
    ],
)
async def test_wrong_fields_leave_nothing(world: ApiWorld, fields: dict[str, str], message: str) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        answer = await upload(client, agent_id, **fields)
        assert (answer.status_code, message in answer.json()["message"]) == (400, True), answer.text
        assert (await client.get(f"/batches/{agent_id}/all")).json() == []


async def test_a_list_may_be_uploaded_with_its_start(world: ApiWorld) -> None:
    at = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0).isoformat()
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), scheduled_at=at, bypass_call_guardrails="true")
        batch = await read(client, batch_id)
        assert (batch["status"], batch["scheduled_at"]) == ("scheduled", at)
        assert batch["bypass_call_guardrails"] is True
    found = await fetch(world.dsn, "select action from audit where object_type = 'batch' order by id")
    assert [row["action"] for row in found] == ["batch.created", "batch.scheduled"]


async def test_strict_takes_no_start_with_the_list(world: ApiWorld) -> None:
    async with world.client(strict=True) as client:
        batch_id = await batch_id_of(client, await create(client), scheduled_at="2020-01-01T00:00:00Z")
        assert (await read(client, batch_id))["status"] == "processed"


async def test_one_key_stands_for_one_way_of_reading(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        first = await upload(client, agent_id, key="k", duplicates="keep")
        assert (await upload(client, agent_id, key="k", duplicates="keep")).content == first.content
        assert (await upload(client, agent_id, key="k", duplicates="skip")).status_code == 409


async def test_every_refused_row_is_reported_and_the_report_can_be_uploaded(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, SPREADSHEET.encode("cp1252"), duplicates="skip")
        path = f"/v1/callwright/batches/{batch_id}/refused.csv"
        found = await table(client, path)
        assert [row["callwright_line"] for row in found] == ["4", "5", "6"]
        assert "same as in line 3" in found[0]["callwright_reason"]
        assert "its last digits are lost" in found[1]["callwright_reason"]
        assert all(row["callwright_hint"] for row in found)
        assert found[1]["Straße"] == "'+49"
        assert [row["callwright_surplus_cells"] for row in found] == ["", "", "surplus;=2"]

        corrected = (await client.get(path, params={"spreadsheet": "true", "delimiter": "semicolon"})).content
        assert corrected.startswith(b"\xef\xbb\xbfName;")
        corrected = corrected.replace(b"9.19E+11", b"loopback:bea")
        again = await batch_id_of(client, agent_id, corrected)
        bea = {"Name": "Bea", "Straße": "+49", "Handy": "y"}
        assert [row["context_details"]["recipient_data"] for row in await rows(client, again)] == [bea]
        path = f"/v1/callwright/batches/{again}/refused.csv"
        left = await table(client, path)
        assert left[0]["callwright_reason"] == found[0]["callwright_reason"], "its first row was called"
        assert "callwright_surplus_cells" in left[1]["callwright_reason"]
        assert [row["callwright_surplus_cells"] for row in left] == ["", "surplus;=2"]

        emptied = "Name,Phone,callwright_reason,callwright_surplus_cells\nAda,loopback:demo,,\nCy,loopback:desk,,"
        last = await batch_id_of(client, agent_id, emptied)
        assert [row["context_details"]["recipient_data"] for row in await rows(client, last)] == [
            {"Name": "Ada"},
            {"Name": "Cy"},
        ]


async def test_all_of_many_refused_rows_are_reported(world: ApiWorld) -> None:
    text = "contact_number\nloopback:demo\n" + "".join(f"nobody {n}\n" for n in range(2_500))
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), text)
        found = await table(client, f"/v1/callwright/batches/{batch_id}/refused.csv")
        assert [row["contact_number"] for row in found] == [f"nobody {n}" for n in range(2_500)]
        await client.delete(f"/batches/{batch_id}")
        assert (await client.get(f"/v1/callwright/batches/{batch_id}/refused.csv")).status_code == 404
    assert await fetch(world.dsn, "select 1 from batch_refused") == []


RECORD = {
    "conversation_ms": 12_340,
    "transcript": 'assistant: =Hello\nuser: Hi, "you"',
    "summary": "-2 days",
    "extracted_data": {
        "day": "@Friday",
        "General": {"Confirmed": {"objective": "yes", "subjective": None, "confidence": 0.9, "validation": {}}},
        "tags": ["a", "b"],
    },
}


async def test_results_are_a_row_for_each_contact_in_the_order_of_the_file(world: ApiWorld) -> None:
    text = 'status,Phone,note\nnew,loopback:demo,=cmd\nold,loopback:demo,"a, ""b""\nc"\nno,,x\n,\'loopback:desk,+4930901820\n'
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), text)
        await begin(world, client, batch_id)
        await run_out(world)
        first = (await rows(client, batch_id))[0]["id"]
        await run_sql(
            world.dsn,
            f"update execution set record = '{json.dumps(RECORD)}', total_cost_nano = 1250000000, hangup_reason = '=x'"
            f" where id = '{first}'",
        )
        path = f"/v1/callwright/batches/{batch_id}/results.csv"
        found = await table(client, path, transcript="true")
        assert [[row["status"], row["Phone"], row["note"]] for row in found] == [
            ["new", "loopback:demo", "'=cmd"],
            ["old", "loopback:demo", 'a, "b"\nc'],
            ["", "'loopback:desk", "+4930901820"],
        ]
        assert [row["callwright_line"] for row in found] == ["2", "3", "6"]
        assert [row["callwright_number"] for row in found] == ["loopback:demo", "loopback:demo", "loopback:desk"]
        assert {key: value for key, value in found[0].items() if key.startswith("callwright_")} == {
            "callwright_line": "2",
            "callwright_execution_id": first,
            "callwright_number": "loopback:demo",
            "callwright_status": "no-answer",
            "callwright_retries": "0",
            "callwright_answered_at": "",
            "callwright_duration_seconds": "12.3",
            "callwright_cost_cents": "1.25",
            "callwright_voicemail": "",
            "callwright_hangup_by": "",
            "callwright_hangup_reason": "'=x",
            "callwright_error": "",
            "callwright_summary": "'-2 days",
            "callwright_extracted.General.Confirmed.confidence": "0.9",
            "callwright_extracted.General.Confirmed.objective": "yes",
            "callwright_extracted.General.Confirmed.subjective": "",
            "callwright_extracted.day": "'@Friday",
            "callwright_extracted.tags": '["a","b"]',
            "callwright_extracted_more": "",
            "callwright_transcript": 'assistant: =Hello\nuser: Hi, "you"',
        }
        assert (await table(client, f"/batches/{batch_id}/download"))[0]["callwright_summary"] == "'-2 days"
        assert "callwright_transcript" not in (await table(client, path))[0]
        marked = await client.get(path, params={"spreadsheet": "1", "delimiter": "semicolon"})
        assert marked.content.startswith(b"\xef\xbb\xbfstatus;Phone;note;")
        assert ";'+4930901820;" in marked.text


@pytest.mark.parametrize("more", [0, 1])
async def test_so_many_extracted_values_have_a_column_and_others_share_one(world: ApiWorld, more: int) -> None:
    keys = [f"key_{n:03d}" for n in range(MAX_RESULT_COLUMNS + more)]
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))
        await begin(world, client, batch_id)
        record = json.dumps({"extracted_data": dict.fromkeys(keys, "x")})
        await run_sql(world.dsn, f"update execution set record = '{record}'")
        found = (await table(client, f"/batches/{batch_id}/download"))[0]
    assert sum(name.startswith("callwright_extracted.") for name in found) == MAX_RESULT_COLUMNS
    assert found["callwright_extracted_more"] == (f'{{"{keys[-1]}":"x"}}' if more else "")


async def test_a_list_in_which_nobody_can_be_called_says_what_to_do(world: ApiWorld) -> None:
    async with world.client() as client:
        answer = await upload(client, await create(client), "contact_number\n030 901820\n")
    assert (answer.status_code, "send default_country" in answer.json()["hint"]) == (400, True)


async def test_results_of_contacts_that_wait_are_there_too(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), "contact_number\n" + "loopback:demo\n" * 450)
        found = await table(client, f"/batches/{batch_id}/download")
        assert [int(row["callwright_line"]) for row in found] == list(range(2, 452))
        assert {row["callwright_status"] for row in found} == {"prepared"}


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("list.csv", "list-results.csv"),
        ('a"; filename="x.exe', "a-filename-x-results.csv"),
        ("Häuser 2026.tar.csv", "H-user-2026-tar-results.csv"),
        ("..", "batch-results.csv"),
        ("x" * 300 + ".csv", "x" * 60 + "-results.csv"),
    ],
)
async def test_a_report_has_a_safe_file_name(world: ApiWorld, name: str, saved: str) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))
        escaped = name.replace("'", "''")
        await run_sql(world.dsn, f"update batch set file_name = '{escaped}'")
        answer = await client.get(f"/batches/{batch_id}/download")
        assert answer.headers["content-disposition"] == f'attachment; filename="{saved}"'


async def test_a_report_of_no_batch_and_with_a_wrong_query_says_so(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))
        paths: list[Any] = [
            "/batches/{}/download",
            "/v1/callwright/batches/{}/results.csv",
            "/v1/callwright/batches/{}/refused.csv",
        ]
        for path in paths:
            missing = await client.get(path.format("0" * 32))
            assert (missing.status_code, missing.json()["message"]) == (404, "there is no such batch")
            wrong = await client.get(path.format(batch_id), params={"delimiter": "colon"})
            assert (wrong.status_code, wrong.json()["field"]) == (400, "delimiter")
