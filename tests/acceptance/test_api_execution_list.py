"""Executions over all agents over HTTP: filters, cursors, totals and the table."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from tests.api_world import ApiWorld, create, place

from callwright.domain.limits import MAX_EXECUTIONS_LISTED
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase

PATH = "/v1/callwright/executions"


async def done(world: ApiWorld, execution_id: str, detail: str = "failed", **record: Any) -> None:
    """The end of a call that waits."""
    now = world.clock.now()
    columns: dict[str, Any] = {"total_cost_nano": 2_500_000_000, "hangup_by": "Carrier", "hangup_reason": "=cmd"}
    columns |= {"initiated_at": now, "answered_at": now, "ended_at": now}
    async with world.ledger.unit() as unit:
        await unit.executions.change(execution_id, Change(Phase.DONE, detail, columns, record))


async def read(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_calls_of_all_agents_are_listed_with_their_facts(world: ApiWorld) -> None:
    async with world.client() as client:
        first = await place(client, await create(client, agent_name="First"))
        second = await place(client, await create(client, agent_name="Second"))
        finding = {"rule": "slow_tool", "severity": "warning"}
        turns = [{"part": "turn", "turn": 1, "latency_us": {"total": 748_000}}]
        await done(
            world,
            first,
            turns=turns,
            doctor={"findings": [finding, finding]},
            summary="Booked.",
            conversation_ms=61_400,
        )
        body = await read(client)
    newest, oldest = body["items"]
    assert (newest["id"], newest["agent_name"], newest["status"], newest["cost"]) == (second, "Second", "queued", 0)
    assert (oldest["id"], oldest["agent_name"], oldest["status"], oldest["cost"]) == (first, "First", "failed", 2.5)
    assert (oldest["waits_ms"], oldest["wait_p50_ms"], oldest["wait_max_ms"]) == ([748], 748, 748)
    assert (oldest["findings"], oldest["summary"], oldest["number"]) == ([finding], "Booked.", "loopback:demo")
    assert body["totals"] == {
        "calls": 2,
        "answered": 1,
        "talk_ms": 61_400,
        "wait_p50_ms": 748,
        "wait_p95_ms": 748,
        "cost": 2.5,
        "with_findings": 1,
        "by_status": {"failed": 1, "queued": 1},
        "exact": True,
        "complete": True,
    }


async def test_a_cursor_leads_through_a_filter(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        ids = [await place(client, agent_id) for _ in range(5)]
        for execution_id in ids[1:]:
            await done(world, execution_id)
        query = {"status": "failed,error", "limit": 3}
        first = await read(client, **query)
        rest = await read(client, **query, cursor=first["next_cursor"], totals="false")
        assert [one["id"] for one in (*first["items"], *rest["items"])] == ids[:0:-1]
        assert (first["totals"]["calls"], first["totals"]["by_status"]) == (4, {"failed": 4, "queued": 1})
        assert (rest["totals"], rest["next_cursor"]) == (None, None)
        assert (await client.get(PATH, params={"cursor": first["next_cursor"], "sort": "cost"})).status_code == 400
        assert len((await read(client, limit=MAX_EXECUTIONS_LISTED + 1))["items"]) == 5


@pytest.mark.parametrize("order", ["cost", "wait", "talk"])
async def test_a_sorted_list_leaves_no_call_out(world: ApiWorld, order: str) -> None:
    turns = [{"part": "turn", "turn": 1, "latency_us": {"total": 748_000}}]
    async with world.client() as client:
        agent_id = await create(client)
        ids = [await place(client, agent_id) for _ in range(4)]
        assert [one["id"] for one in (await read(client, sort=order))["items"]] == ids[::-1], "without any value"
        await done(world, ids[1], turns=turns, conversation_ms=61_400)
        async with world.ledger.unit() as unit:
            await unit.executions.change(ids[2], Change(Phase.DONE, "failed"))
        found: list[str] = []
        query: dict[str, Any] = {"sort": order, "limit": 1}
        for _ in ids:
            body = await read(client, **query)
            found += [one["id"] for one in body["items"]]
            query["cursor"] = body["next_cursor"]
        assert (found, query["cursor"]) == ([ids[1], ids[3], ids[2], ids[0]], None)


async def test_words_that_were_said_find_the_call(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        ids = [await place(client, agent_id) for _ in range(3)]
        await done(world, ids[0], transcript="assistant: Hello.\nuser: I want a refund.", summary="A complaint.")
        await done(world, ids[1], transcript="assistant: Hello.\nuser: Goodbye.")
        for words, found in (("refund", ids[:1]), ("complaint refu", ids[:1]), ("hello", ids[1::-1]), ("user", [])):
            body = await read(client, q=words)
            assert ([one["id"] for one in body["items"]], body["totals"]["calls"]) == (found, len(found)), words


@pytest.mark.parametrize(
    "query",
    [
        {"status": "over"},
        {"direction": "sideways"},
        {"sort": "random"},
        {"cursor": "x"},
        {"cursor": "bmV3ZXN0fHh8eA"},
        {"cursor": "Y29zdHx4fHg", "sort": "cost"},
        {"from": "2026-11-24", "to": "2026-11-23"},
        {"min_wait_ms": "-1"},
        {"findings": "some"},
        {"q": "x" * 101},
    ],
)
async def test_what_no_list_has_is_refused(world: ApiWorld, query: dict[str, str]) -> None:
    async with world.client() as client:
        answer = await client.get(PATH, params=query)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


async def test_the_list_is_a_table_that_no_spreadsheet_takes_for_formulas(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client, agent_name="Desk")
        ids = [await place(client, agent_id) for _ in range(3)]
        await done(world, ids[0], summary="Booked; paid")
        answer = await client.get(f"{PATH}.csv", params={"agent_id": agent_id})
        some = await client.get(f"{PATH}.csv", params={"status": "failed", "delimiter": "semicolon"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = list(csv.reader(io.StringIO(answer.text)))
    assert [row[0] for row in rows] == ids[::-1]
    table = dict(zip(header, rows[-1], strict=True))
    assert (table["agent_name"], table["cost_cents"], table["ended_reason"]) == ("Desk", "2.5", "'=cmd")
    (row,) = list(csv.reader(io.StringIO(some.text), delimiter=";"))[1:]
    assert "Booked; paid" in row
