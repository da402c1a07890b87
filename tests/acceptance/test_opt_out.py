"""A caller says "do not call me again": the agent says it will not, and it will not."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.acceptance.test_call_crash import running
from tests.acceptance.test_chats import api, opened, said, services
from tests.api_world import ApiWorld, create
from tests.call_world import AGENT_ID, agent_body, call_world, place
from tests.database import fetch
from tests.number_spellings import users_of
from tests.waiting import until

from callwright.domain.errors import SuppressedError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.calls.actions.calls import place_call
from callwright.platform.ledger import Ledger

pytestmark = pytest.mark.real_time

NUMBER = "+15550199"
SCENARIO: dict[str, Any] = {
    "default": "angry",
    "personas": {
        "angry": {
            "answer": {"how": "answer", "after_s": 0.1},
            "think_ms": 200,
            "rules": [{"say": "Stop calling me."}],
            "patience_s": 0,
        },
        "parting": {
            "answer": {"how": "answer", "after_s": 0.1},
            "think_ms": 200,
            "rules": [{"say": "Take me off your list."}, {"say": "Bye.", "hang_up": True}],
            "patience_s": 0,
        },
    },
}


def ours() -> Principal:
    return Principal(DEFAULT_TENANT_ID, "key", "full")


async def test_a_caller_who_says_stop_is_stopped(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, scenario=SCENARIO) as world:
        later = await place(world.ledger, world.publisher, agent_body(), to="loopback:somebody")
        execution_id = await world.place()
        row = await world.until(execution_id, "completed")
        body = world.body(row)
        assert body["callwright"]["opt_out"] == {"turn": 1, "said": "Stop calling me.", "number": NUMBER}
        assert (row.hangup_reason, body["callwright"]["ended_by"]) == ("opted_out", "agent")
        assert body["transcript"].splitlines()[-2:] == [
            "user: Stop calling me.",
            "assistant: Understood. We will not call this number again. Goodbye.",
        ]
        with pytest.raises(SuppressedError, match=f"asked in the call {execution_id} not to be called any more"):
            await place_call(
                services(world), ours(), {"agent_id": AGENT_ID, "recipient_phone_number": NUMBER}, lambda _: b""
            )
        assert later.id != execution_id


@pytest.mark.parametrize(
    "caller", ["sip:15550100999@trunk.example", "sip:%2B1-555-0100999;phone-context=x@trunk.example"]
)
async def test_who_calls_and_says_stop_is_not_called_however_the_carrier_writes_the_number(
    dsn: str, tmp_path: Path, caller: str
) -> None:
    async with call_world(dsn, tmp_path) as world:
        telephone = await world.telephone(agent_body())
        call = telephone.ring(AGENT_ID, SCENARIO["personas"]["angry"], caller=caller)
        await call.over(20)
        await until(lambda: world.runtime.live_calls == 0)
        for number in ("+15550100999", "sip:+15550100999@gw.example", "sip:0015550100999@gw.example"):
            with pytest.raises(SuppressedError):
                await place_call(
                    services(world), ours(), {"agent_id": AGENT_ID, "recipient_phone_number": number}, lambda _: b""
                )


@pytest.mark.long
async def test_an_agent_that_may_not_end_the_call_goes_on_and_the_number_is_suppressed(
    dsn: str, tmp_path: Path
) -> None:
    async with call_world(dsn, tmp_path, scenario=SCENARIO) as world:
        execution_id = await world.place(
            agent_body(opt_out_ends_call=False, hangup_after_silence=1, check_if_user_online=False), persona="angry"
        )
        row = await world.until(execution_id, "completed")
        assert row.hangup_reason != "opted_out"
        assert world.body(row)["callwright"]["opt_out"]["said"] == "Stop calling me."
        async with world.ledger.unit() as unit:
            assert (await unit.suppressions.get(DEFAULT_TENANT_ID, NUMBER)) is not None


@pytest.mark.long
async def test_a_call_that_waits_for_its_time_is_not_dialled_any_more(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, scenario=SCENARIO) as world:
        first = await world.place()
        await world.until(first, "in-progress")
        actions = services(world)
        soon = (world.clock.now() + timedelta(seconds=12)).isoformat()
        wire = {"agent_id": AGENT_ID, "recipient_phone_number": NUMBER, "scheduled_at": soon}
        await place_call(actions, ours(), wire, lambda execution: execution.id.encode())
        await world.until(first, "completed")
        (second,) = [row["id"] for row in await fetch(dsn, "select id from execution where scheduled_at is not null")]
        row = await world.until(second, "canceled", seconds=30)
        assert (row.hangup_reason, row.initiated_at) == ("recipient_suppressed", None)


async def test_said_stop_is_stopped_also_when_the_process_is_killed(dsn: str, ledger: Ledger, tmp_path: Path) -> None:
    async with running(dsn, tmp_path, "tests.stopped_process") as process:
        assert process.stdout is not None
        execution_id = (await process.stdout.readline()).decode().strip()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with ledger.unit() as unit:
        assert await unit.suppressions.get(DEFAULT_TENANT_ID, NUMBER) is None
    async with call_world(dsn, tmp_path) as world:
        row = await world.until(execution_id, "error", seconds=10)
        assert row.hangup_reason == "node_lost"
        async with world.ledger.unit() as unit:
            listed = await unit.suppressions.get(DEFAULT_TENANT_ID, NUMBER)
    assert listed is not None
    assert (listed.reason, listed.execution_id, listed.said) == ("said", execution_id, "Stop calling me.")


async def test_nobody_is_promised_anything_in_a_chat(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path) as world, api(world) as client:
        chat = await opened(client)
        reply = await said(client, chat, "Stop calling me.", wait_s=5)
        assert "will not call" not in reply["reply"]
        assert not reply["ended"]


async def test_the_list_is_read_and_changed_over_the_api(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        route = "/v1/callwright/suppressions"
        made = await client.post(route, json={"number": "+1 (555) 012-3456", "note": "by letter"})
        assert made.status_code == 201
        entry = made.json()
        assert (entry["number"], entry["reason"], entry["note"], entry["said"]) == (
            "+15550123456",
            "api",
            "by letter",
            None,
        )
        assert (await client.post(route, json={"number": "+15550123456"})).status_code == 200
        page = (await client.get(route, params={"page_size": 1})).json()
        assert (page["total"], page["has_more"], page["data"]) == (1, False, [entry])
        assert (await client.get(f"{route}/+15550123456")).json() == entry
        await _is_refused(client, agent_id, "+15550123456")
        async with world.client(world.other_key) as other:
            assert (await other.get(route)).json()["total"] == 0
            assert (await other.delete(f"{route}/+15550123456")).status_code == 404
        assert (await client.delete(f"{route}/+15550123456")).status_code == 200
        assert (await client.get(f"{route}/+15550123456")).status_code == 404
        for body, field in (({}, "number"), ({"number": "12"}, "number"), ({"number": 7}, "number")):
            refused = await client.post(route, json=body)
            assert (refused.status_code, refused.json()["field"]) == (400, field)
        assert (await client.get(route, params={"page_number": "x"})).status_code == 400


@pytest.mark.parametrize("written", ["+49 (0)30 901820", "+49 030 901820"])
async def test_a_number_that_is_listed_is_called_in_no_spelling(world: ApiWorld, written: str) -> None:
    route = "/v1/callwright/suppressions"
    async with world.client() as client:
        agent_id = await create(client)
        entry = (await client.post(route, json={"number": written})).json()
        assert entry["number"] == "+4930901820"
        assert (await client.get(f"{route}/{quote(written, safe='')}")).json() == entry
        for user in (*users_of("+4930901820"), "+49030901820", "0049030901820"):
            await _is_refused(client, agent_id, user)
        refused = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": written})
        assert refused.json()["code"] == "suppressed"
        assert (await client.delete(f"{route}/{quote('sip:%2331%23+4930901820@gw', safe='')}")).status_code == 200
        assert (await client.get(route)).json()["total"] == 0


async def test_a_number_that_is_listed_in_an_address_with_the_zero_is_not_called_without_it(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await client.post("/v1/callwright/suppressions", json={"number": "sip:+49030901820@gw.example"})
        for written in ("+49030901820", "+4930901820"):
            refused = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": written})
            assert refused.json()["code"] == "suppressed", written


async def test_an_entry_that_is_kept_with_the_zero_is_read_and_taken_off_as_it_is_listed(world: ApiWorld) -> None:
    route = "/v1/callwright/suppressions"
    async with world.client() as client:
        await client.post(route, json={"number": "sip:+490301234567@gw.example"})
        (await client.delete(f"{route}/+49301234567")).raise_for_status()
        listed = [entry["number"] for entry in (await client.get(route)).json()["data"]]
        assert "+490301234567" in listed
        assert (await client.get(f"{route}/+490301234567")).json()["number"] in listed
        assert (await client.delete(f"{route}/+490301234567")).status_code == 200
        assert (await client.get(route)).json()["total"] == 0


async def _is_refused(client: httpx.AsyncClient, agent_id: str, number: str) -> None:
    refused = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "loopback:demo"})
    assert refused.status_code == 200
    refused = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": f"sip:{number}@trunk"})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
        400,
        "suppressed",
        "recipient_phone_number",
    )
    assert "put on the list" in refused.json()["message"]


async def test_a_call_placed_while_the_number_is_suppressed_is_refused_or_never_dialled(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for attempt in range(15):
            number = f"sip:{attempt}@desk.example"
            order = {"agent_id": agent_id, "recipient_phone_number": number}
            placed, listed = await asyncio.gather(
                client.post("/call", json=order), client.post("/v1/callwright/suppressions", json={"number": number})
            )
            assert listed.status_code == 201
            assert placed.status_code == 200 or placed.json()["code"] == "suppressed"
            again = await client.post("/call", json=order)
            assert (again.status_code, again.json()["code"]) == (400, "suppressed")
