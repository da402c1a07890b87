"""Batches over the API: a list is read and checked, scheduled, released into calls, stopped and deleted."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.api_world import ApiWorld, create, place
from tests.database import fetch, run_sql
from tests.rows import admit_candidates
from tests.typed_answers import typed
from tests.waiting import until

from callwright.campaigns.release import Release
from callwright.domain.limits import MAX_BATCH_FILE_BYTES, MAX_REFUSED_ROWS_KEPT, MAX_STOPPED_AT_ONCE
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.batches.actions import batches
from callwright.platform.batches.actions import stop as batch_stop
from callwright.platform.batches.actions.batches import executions_of_batch
from callwright.platform.batches.actions.stop import PIECE, STOPPED_CONTACTS_JOB, StoppedContacts
from callwright.platform.batches.rules.batch import execution_of_contact, rounded_up
from callwright.platform.executions.actions.transition import Publisher
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.executions.rules.retry import is_stopped
from callwright.platform.phone_numbers.rules import CARRIER, PhoneNumber
from callwright.platform.unit import Unit
from callwright.platform.webhooks.rules.outbox import Answered

LIST = "contact_number,customer_name,city\nloopback:demo,Ada,Turin\nloopback:demo,Bea,Oslo\nloopback:demo,Cy,Rome\n"
HOOK = "https://hooks.example.org/batches"


def release_of(world: ApiWorld) -> Release:
    actions = world.services.actions
    return Release(
        ledger=world.ledger,
        clock=world.clock,
        publisher=actions.publisher,
        batch_publisher=actions.batch_publisher,
        from_number="+15550100",
    )


async def upload(client: httpx.AsyncClient, agent_id: str, text: str | bytes = LIST, **fields: Any) -> httpx.Response:
    headers = {"Idempotency-Key": fields.pop("key")} if "key" in fields else {}
    return await client.post(
        "/batches",
        data={"agent_id": agent_id, **fields},
        files={"file": ("list.csv", text, "text/csv")},
        headers=headers,
    )


async def batch_id_of(client: httpx.AsyncClient, agent_id: str, text: str | bytes = LIST, **fields: Any) -> str:
    answer = await upload(client, agent_id, text, **fields)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "created"
    return str(answer.json()["batch_id"])


async def begin(world: ApiWorld, client: httpx.AsyncClient, batch_id: str) -> None:
    """Schedule for now, and let the release look once."""
    answer = await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": datetime.now(UTC).isoformat()})
    assert answer.status_code == 200, answer.text
    await release_of(world).round()


async def own_numbers(world: ApiWorld, *numbers: str) -> None:
    """Give our organisation phone numbers."""
    now = world.clock.now()
    async with world.ledger.unit() as unit:
        for number in numbers:
            number_id = str(uuid.uuid4())
            await unit.numbers.add(PhoneNumber(number_id, DEFAULT_TENANT_ID, number, CARRIER, "acme", now, now))


async def read(client: httpx.AsyncClient, batch_id: str) -> dict[str, Any]:
    return dict((await client.get(f"/batches/{batch_id}")).json())


async def rows(client: httpx.AsyncClient, batch_id: str) -> list[dict[str, Any]]:
    found = list((await client.get(f"/batches/{batch_id}/executions")).json())
    assert all(typed(one).batch_run_details is not None for one in found)
    return found


async def end_calls(world: ApiWorld) -> int:
    """Admit, claim and end what waits, as calls that nobody answers."""
    async with world.ledger.unit() as unit:
        await admit_candidates(unit, 100)
    async with world.ledger.unit() as unit:
        claimed = await unit.executions.claim("node-a", 100)
        for row in claimed:
            for change in (Change(Phase.DIALLING, "initiated"), Change(Phase.DONE, "no-answer")):
                await unit.executions.change(row.id, change, owner="node-a", attempt=1)
    return len(claimed)


async def run_out(world: ApiWorld) -> None:
    """Until no batch is active any more."""
    async with asyncio.timeout(30):
        while await release_of(world).round():
            await end_calls(world)


async def test_a_list_becomes_a_batch_whose_contacts_can_be_read(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await own_numbers(world, "+15550001", "+15550002")
        batch_id = await batch_id_of(client, agent_id, from_phone_numbers=["+15550001", "+15550002"], webhook_url=HOOK)

        batch = await read(client, batch_id)
        assert len(batch_id) == 32
        assert batch["status"] == "processed"
        assert batch["humanized_created_at"] == "just now"
        assert (batch["file_name"], batch["valid_contacts"], batch["total_contacts"]) == ("list.csv", 3, 3)
        assert batch["execution_status"] == {"prepared": 3}
        assert (batch["from_phone_number"], batch["from_phone_numbers"]) == ("+15550001", ["+15550001", "+15550002"])
        assert batch["scheduled_at"] is None
        assert await read(client, str(uuid.UUID(batch_id))) == batch
        assert [each["batch_id"] for each in (await client.get(f"/batches/{agent_id}/all")).json()] == [batch_id]

        contacts = await rows(client, batch_id)
        assert [each["status"] for each in contacts] == ["prepared"] * 3
        assert [each["agent_number"] for each in contacts] == ["+15550001", "+15550002", "+15550001"]
        assert contacts[1]["context_details"]["recipient_data"] == {"customer_name": "Bea", "city": "Oslo"}
        assert contacts[1]["callwright"]["batch_line"] == 3
        assert contacts[1]["batch_run_details"]["status"] == "prepared"
        assert (await client.get(f"/batch/{batch_id}/executions")).json() == contacts
        one = (await client.get(f"/executions/{contacts[1]['id']}")).json()
        assert one == contacts[1]
        assert (await client.get(f"/executions/{contacts[1]['id']}/log")).json()["data"] == []


async def test_a_batch_runs_to_its_end(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        retry = {"enabled": True, "max_retries": 2}
        batch_id = await batch_id_of(client, agent_id, retry_config=json.dumps(retry), agent_version_id="")
        before = [each["id"] for each in await rows(client, batch_id)]
        await place(client, agent_id)

        await begin(world, client, batch_id)
        running = await read(client, batch_id)
        assert running["status"] == "running"
        assert running["execution_status"] == {"queued": 3}
        await run_out(world)

        ended = await read(client, batch_id)
        assert (ended["status"], ended["execution_status"]) == ("completed", {"no-answer": 3})
        assert ended["callwright"]["waiting"] == 0
        after = await rows(client, batch_id)
        assert [each["id"] for each in after] == before
        assert {each["batch_id"] for each in after} == {batch_id}
        assert after[0]["retry_config"]["max_retries"] == 2
        assert after[0]["batch_run_details"]["status"] == "no-answer"
        page = (await client.get(f"/v2/agent/{agent_id}/executions", params={"batch_id": batch_id})).json()
        assert page["total"] == 3
        assert [each["id"] for each in page["data"]] == before[::-1]


async def test_the_list_of_an_agent_has_the_contacts_that_wait_in_a_batch_asked_for(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await batch_id_of(client, agent_id)
        batch_id = await batch_id_of(client, agent_id, LIST + "loopback:demo,x,y\n" * 4)
        contacts = await rows(client, batch_id)
        # One in the middle is an execution before its turn, the first ones are released.
        assert (await client.post(f"/call/{contacts[4]['id']}/stop")).status_code == 200
        await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": datetime.now(UTC).isoformat()})
        await release_of(world).begin(batch_id)
        await release_of(world).release(batch_id, 2)
        newest_first = (await rows(client, batch_id))[::-1]
        assert len(await fetch(world.dsn, "select id from execution")) == 3

        async def page(**query: Any) -> dict[str, Any]:
            return dict(
                (await client.get(f"/v2/agent/{agent_id}/executions", params={"batch_id": batch_id, **query})).json()
            )

        pages = [await page(page_number=number, page_size=3) for number in (1, 2, 3, 4)]
        assert [one for each in pages for one in each["data"]] == newest_first
        assert [(each["total"], each["has_more"]) for each in pages] == [(7, True), (7, True), (7, False), (7, False)]
        assert [len(each["data"]) for each in pages] == [3, 3, 1, 0]
        walked = [pages[0]]
        while cursor := walked[-1]["next_cursor"]:
            walked.append(await page(cursor=cursor, page_size=3))
        assert [one for each in walked for one in each["data"]] == newest_first

        since, to = newest_first[5]["created_at"], newest_first[1]["created_at"]
        for query, found in (
            ({"status": "queued"}, [one for one in newest_first if one["id"] != contacts[4]["id"]]),
            ({"status": "stopped"}, [one for one in newest_first if one["id"] == contacts[4]["id"]]),
            ({"from": since, "to": to}, newest_first[1:6]),
            ({"provider": "loopback", "call_type": "outbound", "answered_by_voice_mail": "false"}, newest_first),
            ({"provider": "sip-trunk"}, []),
            ({"call_type": "inbound"}, []),
            ({"answered_by_voice_mail": "true"}, []),
        ):
            answer = await page(**query)
            assert (answer["data"], answer["total"]) == (found, len(found)), query
        other = await create(client, agent_name="B")
        assert (await client.get(f"/v2/agent/{other}/executions", params={"batch_id": batch_id})).json()["total"] == 0


async def test_every_status_of_a_batch_is_told(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), webhook_url=HOOK)
        await begin(world, client, batch_id)
        await run_out(world)
    async with world.ledger.unit() as unit:
        told = await unit.batches.outbox.of_execution(DEFAULT_TENANT_ID, batch_id)
        assert [entry.status for entry in told] == ["processed", "scheduled", "queued", "running", "completed"]
        assert [entry.sequence for entry in told] == [1, 2, 3, 4, 5]
        assert json.loads(told[-1].body)["execution_status"] == {"no-answer": 3}
        leased = await unit.batches.outbox.lease("w", 60, 10, 180)
        assert [entry.id for entry in leased] == [told[0].id], "the next one waits for the first"
        assert await unit.batches.outbox.delivered("w", Answered(told[0].id, 200, "ok"))
        assert [entry.status for entry in await unit.batches.outbox.lease("w", 60, 10, 180)] == ["scheduled"]


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://example.org/", "http://", "http://[", "https://example.org:0x/"]
)
async def test_a_webhook_address_that_is_none_is_left_out(world: ApiWorld, url: str) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), webhook_url=url)
        assert (await read(client, batch_id))["webhook_url"] is None


async def test_rows_that_cannot_be_called_are_left_out_with_their_lines(world: ApiWorld) -> None:
    text = (
        "contact_number,name\nloopback:demo,Ada\n,Bea\n12345,Cy\n112,Dee\nsip:ann@example.org,Ed\nloopback:demo,F,G\n"
    )
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), text)
        batch = await read(client, batch_id)
        assert (batch["valid_contacts"], batch["total_contacts"]) == (2, 6)
        own = batch["callwright"]
        assert own["refused_contacts"] == 4
        assert [row["line"] for row in own["refused_rows"]] == [3, 4, 5, 7]
        assert own["refused_rows"][0]["reason"] == "contact_number is empty"
        assert "emergency" in own["refused_rows"][2]["reason"]
        assert [row["provider"] for row in await rows(client, batch_id)] == ["loopback", "sip"]


async def test_a_row_with_an_unknown_synthetic_caller_is_refused(world: ApiWorld) -> None:
    text = "contact_number,persona\nloopback:demo,\nloopback:nobody,\nloopback:desk,demo\n"
    async with world.client(callers=frozenset({"demo"})) as client:
        batch_id = await batch_id_of(client, await create(client), text)
        own = (await client.get(f"/batches/{batch_id}")).json()["callwright"]
    ((line, reason),) = [(row["line"], row["reason"]) for row in own["refused_rows"]]
    assert (line, reason) == (
        3,
        "recipient_phone_number: there is no synthetic caller 'nobody'; known: demo",
    )


async def test_of_many_refused_rows_the_first_are_kept(world: ApiWorld) -> None:
    text = "contact_number\nloopback:demo\n" + "nobody\n" * (MAX_REFUSED_ROWS_KEPT + 5)
    async with world.client() as client:
        own = (await read(client, await batch_id_of(client, await create(client), text)))["callwright"]
    assert (own["refused_contacts"], len(own["refused_rows"])) == (MAX_REFUSED_ROWS_KEPT + 5, MAX_REFUSED_ROWS_KEPT)


async def test_a_phone_number_is_refused_by_row_where_a_call_would_refuse_it(world: ApiWorld) -> None:
    async with world.client(carrier="sip") as client:
        agent_id = await create(client)
        answer = await upload(client, agent_id, "contact_number\n+15550123\n+15550124\n")
        assert answer.status_code == 400
        single = await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "+15550123"})
        assert single.json()["message"] in answer.json()["message"]
        assert (await client.get(f"/batches/{agent_id}/all")).json() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs a column contact_number; it has nothing"),
        ("name,city\nAda,Turin\n", "needs a column contact_number; it has name, city"),
        ("contact_number\n", "a header and no contacts"),
        ("contact_number\nnobody\n", "line 2: contact_number is not a valid phone number"),
        ("contact_number,name\nloopback:demo,Иван\n".encode("cp1251"), "line 2: this is not UTF-8"),
        ("contact_number\nloopback:demo\n".encode("utf-32"), "UTF-32"),
        (
            'contact_number,name\nloopback:demo,Ada\nloopback:demo,"Bea\nloopback:demo,Cy\n',
            "line 3: the row that begins here",
        ),
        ("contact_number,name,name\nloopback:demo,a,b\n", "two columns 'name'"),
    ],
)
async def test_a_file_that_cannot_be_read_leaves_nothing(world: ApiWorld, text: str | bytes, message: str) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        answer = await upload(client, agent_id, text)
        assert (answer.status_code, answer.json()["field"]) == (400, "file")
        assert message in answer.json()["message"]
        assert (await client.get(f"/batches/{agent_id}/all")).json() == []
    assert await fetch(world.dsn, "select 1 from batch_contact") == []


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"agent_id": ""}, 400, "agent_id is required"),
        ({"agent_id": str(uuid.uuid4())}, 404, "no such agent"),
        ({"agent_id": "x"}, 404, "no such agent"),
        ({"agent_version_id": "v2"}, 400, "calls are made with the agent as it is"),
        ({"from_phone_numbers": "nobody"}, 400, "from_phone_numbers"),
        ({"from_phone_numbers": "+15550009"}, 400, "from_phone_numbers must be a number of the account"),
        ({"from_phone_numbers": "[1]"}, 400, "repeat the field"),
        ({"from_phone_numbers": ["+15550001"] * 101}, 400, "more than 100"),
        ({"retry_config": "{"}, 400, "retry_config must be the JSON text"),
        ({"retry_config": "[]"}, 400, "retry_config must be the JSON text"),
        ({"retry_config": '{"max_retries": 9}'}, 400, "retry_config.max_retries"),
    ],
)
async def test_wrong_fields_are_named(world: ApiWorld, fields: dict[str, Any], status: int, message: str) -> None:
    async with world.client() as client:
        answer = await upload(client, **{"agent_id": await create(client), **fields})
        assert (answer.status_code, message in answer.json()["message"]) == (status, True), answer.text


async def test_a_missing_file_and_a_file_too_large_say_so(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        missing = await client.post("/batches", data={"agent_id": agent_id}, files={"other": ("a", b"b")})
        assert "file is required" in missing.json()["message"]
        assert (await client.post("/batches", json={"agent_id": agent_id})).json()["code"] == "invalid_form"
        large = await upload(client, agent_id, b"contact_number\n".ljust(MAX_BATCH_FILE_BYTES + 1))
        assert (large.status_code, large.json()["code"]) == (413, "too_large")


async def test_a_list_that_needs_a_trunk_says_so(world: ApiWorld) -> None:
    actions = replace(world.services.actions, names=lambda kind: {"loopback", "sip-trunk"})
    async with replace(world, services=replace(world.services, actions=actions)).client() as client:
        agent_id = await create(client, telephony_provider="sip-trunk")
        answer = await upload(client, agent_id, "contact_number\n+15550123\n")
        assert (answer.status_code, "no active SIP trunk" in answer.json()["message"]) == (400, True)
        given = await upload(client, agent_id, "contact_number\n+15550123\n", from_phone_numbers="+15550001")
        assert "from_phone_number must be a number of an active SIP trunk" in given.json()["message"]
        assert (await client.get(f"/batches/{agent_id}/all")).json() == []


async def test_the_same_key_and_list_give_one_batch(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        first = await upload(client, agent_id, key="k-1")
        assert (await upload(client, agent_id, key="k-1")).content == first.content
        assert (await upload(client, agent_id, LIST + "loopback:demo,D,E\n", key="k-1")).status_code == 409
        assert len((await client.get(f"/batches/{agent_id}/all")).json()) == 1


async def test_a_start_is_any_time_from_now_unless_strict(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))

        async def schedule(at: str, **more: str) -> httpx.Response:
            return await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": at, **more})

        later = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
        answer = await schedule(later.isoformat().replace("+00:00", "Z"), bypass_call_guardrails="true")
        assert answer.json() == {"message": "success", "state": f"scheduled at {later.isoformat()}"}
        batch = await read(client, batch_id)
        assert (batch["status"], batch["scheduled_at"]) == ("scheduled", later.isoformat())
        assert batch["bypass_call_guardrails"] is True
        assert batch["execution_status"] == {"scheduled": 3}
        assert (await rows(client, batch_id))[0]["status"] == "scheduled"
        # As curl -d sends it.
        urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
        body = f' {{"scheduled_at": "{later.isoformat()}", "bypass_call_guardrails": true}}'
        given = await client.post(f"/batches/{batch_id}/schedule", content=body, headers=urlencoded)
        assert given.json() == answer.json()
        broken = await client.post(f"/batches/{batch_id}/schedule", content=body[:-1], headers=urlencoded)
        assert (broken.status_code, broken.json()["code"]) == (400, "invalid_json")
        moved = await client.post(f"/batches/{batch_id}/schedule", json={"scheduled_at": "2999-01-01T00:00:00Z"})
        assert "366 days ahead" in moved.json()["message"]
        assert (await schedule("")).json()["message"] == "scheduled_at is required"
        assert "ISO 8601" in (await schedule("tomorrow")).json()["message"]
        naive = await schedule((later + timedelta(hours=1)).replace(tzinfo=None).isoformat())
        assert naive.json()["state"] == f"scheduled at {(later + timedelta(hours=1)).isoformat()}"
        assert (await schedule(later.isoformat(), bypass_call_guardrails="perhaps")).status_code == 400
        await begin(world, client, batch_id)
        assert (await schedule(later.isoformat())).json()["code"] == "wrong_state"


async def test_strict_keeps_the_rules_of_the_hosted_service(world: ApiWorld) -> None:
    async with world.client(strict=True) as client:
        batch_id = await batch_id_of(client, await create(client))

        async def schedule(ahead: timedelta) -> httpx.Response:
            at = datetime.now(UTC) + ahead
            return await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": at.isoformat()})

        assert (await schedule(timedelta(seconds=90))).json()["message"] == (
            "Scheduled time should be atleast 2 minutes in the future"
        )
        assert (await schedule(timedelta(days=31))).status_code == 400
        naive = (datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None).isoformat()
        refused = await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": naive})
        assert (refused.status_code, refused.json()["field"]) == (400, "scheduled_at")
        z = await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": "2027-01-01T00:00:00Z"})
        assert z.status_code == 500
        at = datetime.now(UTC) + timedelta(minutes=3)
        wanted = {rounded_up(at + timedelta(seconds=each)).isoformat() for each in (0, 2)}
        assert (await schedule(timedelta(minutes=3))).json()["state"].removeprefix("scheduled at ") in wanted
        assert (await client.post(f"/batches/{batch_id}/stop")).status_code == 404, "only queued or running ones"


async def test_stopping_ends_what_waits_and_lets_live_calls_go_on(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), LIST + "loopback:demo,x,y\n" * 100, webhook_url=HOOK)
        refused = await client.post(f"/batches/{batch_id}/stop")
        assert (refused.status_code, refused.json()["message"]) == (404, "Batch is not queued or running")
        assert refused.json()["hint"] == "Its status is processed."
        await begin(world, client, batch_id)
        async with world.ledger.unit() as unit:
            await admit_candidates(unit, 2)
        async with world.ledger.unit() as unit:
            live = await unit.executions.claim("node-a", 2)
            for row in live:
                await unit.executions.change(row.id, Change(Phase.DIALLING, "initiated"), owner="node-a", attempt=1)

        assert (await client.post(f"/batches/{batch_id}/stop")).json() == {"message": "success", "state": "stopped"}
        batch = await read(client, batch_id)
        assert (batch["status"], batch["execution_status"]) == ("stopped", {"initiated": 2, "stopped": 101})
        assert not await release_of(world).round()
        assert len(await rows(client, batch_id)) == 103
        assert (await client.post(f"/batches/{batch_id}/stop")).status_code == 404
        waiting = [row for row in await rows(client, batch_id) if row["status"] == "stopped"][-1]
        assert (await client.post(f"/call/{waiting['id']}/stop")).json()["code"] == "wrong_state"
    async with world.ledger.unit() as unit:
        told = [entry.status for entry in await unit.batches.outbox.of_execution(DEFAULT_TENANT_ID, batch_id)]
    assert told == ["processed", "scheduled", "queued", "running", "stopped"]


def why_ended(body: Mapping[str, Any]) -> tuple[str, str]:
    """Who ended a call and why, and that it says when."""
    assert body["callwright"]["ended_at"] is not None
    assert (body["callwright"]["ended_by"], body["telephony_data"]["hangup_provider_code"]) == ("platform", 4000)
    return body["telephony_data"]["hangup_by"], body["telephony_data"]["hangup_reason"]


async def test_what_a_stop_leaves_waiting_is_never_admitted_and_stopped_by_the_job(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_stop, "PIECE", 5)
    monkeypatch.setattr(batch_stop, "PIECES_AT_ONCE", 1)
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), "contact_number\n" + "loopback:demo\n" * 18)
        await begin(world, client, batch_id)
        async with world.ledger.unit() as unit:
            assert await admit_candidates(unit, 3)
        assert (await client.post(f"/batches/{batch_id}/stop")).status_code == 200
        assert (await read(client, batch_id))["execution_status"] == {"stopped": 10, "queued": 8}
        assert await end_calls(world) == 0
        await write_stopped(world)
        after = await read(client, batch_id)
        assert after["execution_status"] == {"stopped": 18}
        assert {why_ended(row) for row in await rows(client, batch_id)} == {("API Request", "batch_stopped_by_api")}
        assert after["callwright"]["decisions"]["stopped"] == 18


async def test_a_batch_with_more_waiting_calls_than_one_unit_stops_is_deleted_whole(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_stop, "PIECE", 5)
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * 18)
        await begin(world, client, batch_id)
        assert (await client.delete(f"/batches/{batch_id}")).status_code == 200
        stopped = await client.get(f"/v2/agent/{agent_id}/executions", params={"status": "stopped"})
        assert stopped.json()["total"] == 18
    assert await fetch(world.dsn, "select 1 from batch") == []


async def waits_for_a_row(world: ApiWorld) -> bool:
    """Whether some unit waits for a row that another one has locked."""
    waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return bool(await fetch(world.dsn, waiting))


async def of_phase(world: ApiWorld, *phases: str) -> list[dict[str, Any]]:
    found = await fetch(world.dsn, "select id, phase, options from execution")
    return [dict(row) for row in found if row["phase"] in phases]


async def test_a_batch_is_deleted_whole_while_a_process_takes_one_of_its_calls(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_stop, "PIECE", 5)
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), "contact_number\n" + "loopback:demo\n" * 18)
        await begin(world, client, batch_id)
        async with world.ledger.unit() as unit:
            assert await admit_candidates(unit, 3)
        async with world.ledger.unit() as unit:
            (taken,) = await unit.executions.claim("node-a", 1)
            deleting = asyncio.create_task(client.delete(f"/batches/{batch_id}"))
            await until(lambda: waits_for_a_row(world))
        assert (await deleting).status_code == 200
    assert await of_phase(world, "waiting", "admitted") == []
    (claimed,) = await of_phase(world, "claimed")
    assert (claimed["id"], "stop_requested" in claimed["options"]) == (taken.id, True)


async def test_no_call_is_taken_between_the_looks_of_a_deletion(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def then_take(unit: Unit, publisher: Publisher, batch_id: str, now: datetime) -> list[str]:
        stopped = await batch_stop.stop_claimed(unit, publisher, batch_id, now)
        async with world.ledger.unit() as other:
            await other.executions.claim("node-a", 1)
        return stopped

    monkeypatch.setattr(batches, "stop_claimed", then_take)
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))
        await begin(world, client, batch_id)
        async with world.ledger.unit() as unit:
            assert await admit_candidates(unit, 3)
        assert (await client.delete(f"/batches/{batch_id}")).status_code == 200
    assert len(await of_phase(world, "done")) == 3


async def test_what_a_stop_leaves_is_written_although_another_unit_stops_the_same_piece(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_stop, "PIECE", 5)
    monkeypatch.setattr(batch_stop, "PIECES_AT_ONCE", 1)
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), "contact_number\n" + "loopback:demo\n" * 18)
        await begin(world, client, batch_id)
        assert (await client.post(f"/batches/{batch_id}/stop")).status_code == 200
        async with world.ledger.unit() as unit:
            publisher, now = world.services.actions.publisher, world.clock.now()
            assert len((await batch_stop.stop_waiting(unit, publisher, batch_id, now))[0]) == 5
            writing = asyncio.create_task(write_stopped(world))
            await until(lambda: waits_for_a_row(world))
        await writing
        assert (await read(client, batch_id))["execution_status"] == {"stopped": 18}


async def test_a_call_of_a_batch_was_created_once_and_keeps_its_place_in_the_file(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, LIST + "loopback:demo,x,y\n" * 400)
        before = await rows(client, batch_id)
        assert [row["created_at"] for row in before] == sorted({row["created_at"] for row in before})
        assert (await client.post(f"/call/{before[2]['id']}/stop")).status_code == 200
        await begin(world, client, batch_id)
        ended = await end_calls(world)
        # A stop in the middle and the release of some come much later than the list.
        world.clock.ahead = timedelta(hours=3)
        assert (await client.post(f"/call/{before[250]['id']}/stop")).status_code == 200
        await release_of(world).round()
        after = await rows(client, batch_id)
        for key in ("id", "created_at"):
            assert [row[key] for row in after] == [row[key] for row in before], key
        made = [row["batch_run_details"]["created_at"] for row in after]
        assert made == [row["created_at"] for row in before]
        assert {after[2]["status"], after[250]["status"]} == {"stopped"}
        assert [after[place]["status"] for place in (0, ended + 1, -1)] == ["no-answer", "queued", "queued"]
        single = (await client.get(f"/executions/{before[250]['id']}")).json()
        assert single["created_at"] == before[250]["created_at"]
        assert single["updated_at"] > single["created_at"]
        narrow = {"batch_id": batch_id, "to": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
        listed = (await client.get(f"/v2/agent/{agent_id}/executions", params=narrow)).json()
        assert listed["total"] == len(before), "contacts that wait are among them"


async def write_stopped(world: ApiWorld) -> None:
    """Do the jobs that stopping batches has put, and those that they put."""
    actions = world.services.actions
    job = StoppedContacts(world.ledger, world.clock, actions.publisher, "+15550100")
    query = f"delete from pgqueuer where entrypoint = '{STOPPED_CONTACTS_JOB}' returning payload"
    while found := await fetch(world.dsn, query):
        for row in found:
            await job.run(bytes(row["payload"]))


async def test_every_contact_of_a_stopped_batch_is_told_listed_and_counted(world: ApiWorld) -> None:
    count = 2 * PIECE + 3
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * count)
        ids = [row["id"] for row in await rows(client, batch_id)]
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": later})
        for one in ids[:2]:
            assert (await client.post(f"/call/{one}/stop")).status_code == 200
        assert (await read(client, batch_id))["callwright"]["waiting"] == count - 2
        stopped = (await client.post(f"/v2/agent/{agent_id}/stop")).json()["stopped_executions"]
        assert stopped == ids[2:]
        at_once = await read(client, batch_id)
        assert (at_once["execution_status"], at_once["callwright"]["waiting"]) == ({"stopped": count}, 0)
        shown = (await client.get(f"/executions/{ids[-1]}")).json()

        await write_stopped(world)
        written = (await client.get(f"/executions/{ids[-1]}")).json()
        assert (shown["status"], written["status"]) == ("stopped", "stopped")
        listed = await client.get(f"/v2/agent/{agent_id}/executions", params={"status": "stopped"})
        assert listed.json()["total"] == count
        assert (await client.get("/v1/callwright/usage")).json()["status_map"] == {"stopped": count}
        after = await read(client, batch_id)
        assert after["callwright"].pop("decisions") == {"stopped": count}
        assert at_once["callwright"].pop("decisions") == {"stopped": 2}, "the others are written by the job"
        assert (after["execution_status"], after["callwright"]) == (at_once["execution_status"], at_once["callwright"])
        assert written["callwright"]["decision"]["rule"] == "stopped"
        decided = await client.get(f"/v1/callwright/executions/{ids[-1]}/decisions")
        told_so = [(one["step"], one["verdict"], one["rule"]) for one in decided.json()["data"]]
        assert told_so == [("admission", "never", "stopped")]
    told = await fetch(world.dsn, "select execution_id, status from outbox")
    assert sorted(row["execution_id"] for row in told) == sorted(ids)
    assert {row["status"] for row in told} == {"stopped"}
    assert await fetch(world.dsn, "select 1 from batch_contact") == []


async def test_an_answer_names_a_bounded_number_of_stopped_calls(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        await place(client, agent_id)
        for count in (MAX_STOPPED_AT_ONCE - 2, 3):
            batch_id = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * count)
            later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": later})
        stopped = (await client.post(f"/v2/agent/{agent_id}/stop")).json()["stopped_executions"]
        assert len(set(stopped)) == MAX_STOPPED_AT_ONCE
        assert (await client.post(f"/v2/agent/{agent_id}/stop")).json()["stopped_executions"] == []


async def test_stopping_one_batch_tells_of_every_contact(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), LIST + "loopback:demo,x,y\n" * 100)
        await begin(world, client, batch_id)
        assert (await client.post(f"/batches/{batch_id}/stop")).status_code == 200
        await write_stopped(world)
        assert len(await rows(client, batch_id)) == 103
    told = await fetch(world.dsn, "select count(distinct execution_id) as number from outbox where status = 'stopped'")
    assert told[0]["number"] == 103


@pytest.mark.parametrize("gone", ["agent", "account"])
async def test_what_was_deleted_after_its_stop_leaves_nothing_to_write(world: ApiWorld, gone: str) -> None:
    async with world.client() as client:
        made = (await client.post("/sub-accounts/create", json={"name": "east", "min_concurrency": 0})).json()
        async with world.client(made["api_key"]) as own:
            agent_id = await create(own)
            batch_id = await batch_id_of(own, agent_id)
            later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            await own.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": later})
            assert (await own.post(f"/batches/{batch_id}/stop")).status_code == 200
            if gone == "account":
                assert (await client.delete(f"/sub-accounts/{made['id']}")).status_code == 200
            else:
                assert (await own.delete(f"/v2/agent/{agent_id}")).status_code == 200
    await write_stopped(world)
    assert await fetch(world.dsn, "select 1 from execution") == []


@pytest.mark.parametrize("count", [PIECE, PIECE + 3])
async def test_a_batch_that_is_deleted_after_its_stop_is_gone_and_its_contacts_are_told(
    world: ApiWorld, count: int
) -> None:
    principal, actions = Principal(DEFAULT_TENANT_ID, "key-1", "ours"), world.services.actions
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * count, webhook_url=HOOK)
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": later})
        listed = executions_of_batch(actions, principal, batch_id)
        seen = [row.id for row in await anext(listed)]
        stopped = (await client.post(f"/v2/agent/{agent_id}/stop")).json()["stopped_executions"]
        assert (await client.delete(f"/batches/{batch_id}")).status_code == 200

        for method, path in (("GET", ""), ("GET", "/executions"), ("DELETE", ""), ("POST", "/stop")):
            answer = await client.request(method, f"/batches/{batch_id}{path}")
            assert (answer.status_code, answer.json()["message"]) == (404, "there is no such batch"), (method, path)
        again = await client.post(f"/batches/{batch_id}/schedule", data={"scheduled_at": later})
        assert again.status_code == 404
        assert (await client.get(f"/batches/{agent_id}/all")).json() == []
        assert (await client.get(f"/executions/{stopped[-1]}")).json()["status"] == "stopped"
        assert (await client.post(f"/call/{stopped[-1]}/stop")).status_code == 400
        seen += [row.id async for page in listed for row in page]
        assert seen == stopped

        await write_stopped(world)
        kept = await client.get(f"/v2/agent/{agent_id}/executions", params={"status": "stopped"})
        assert kept.json()["total"] == count
        assert (await client.get("/v1/callwright/usage")).json()["status_map"] == {"stopped": count}
    told = await fetch(world.dsn, "select execution_id from outbox where status = 'stopped'")
    assert sorted(row["execution_id"] for row in told) == sorted(stopped)
    left = (
        "select id from batch union all select batch_id from batch_contact union all select batch_id from batch_outbox"
    )
    assert await fetch(world.dsn, left) == []


async def test_a_batch_that_is_deleted_while_its_executions_are_read_leaves_those_that_stay(world: ApiWorld) -> None:
    principal, actions = Principal(DEFAULT_TENANT_ID, "key-1", "ours"), world.services.actions
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), "contact_number\n" + "loopback:demo\n" * 450)
        await begin(world, client, batch_id)
        assert (await client.post(f"/batches/{batch_id}/stop")).status_code == 200
        await write_stopped(world)
        ids = [row["id"] for row in await rows(client, batch_id)]
        listed = executions_of_batch(actions, principal, batch_id)
        seen = [row.id for row in await anext(listed)]
        assert len(seen) < len(ids)
        assert (await client.delete(f"/batches/{batch_id}")).status_code == 200
        seen += [row.id async for page in listed for row in page]
    assert seen == ids


async def test_one_contact_can_be_stopped_before_its_turn(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))
        second = (await rows(client, batch_id))[1]["id"]
        assert (await client.post(f"/call/{second}/stop")).json()["status"] == "stopped"
        body = (await client.get(f"/executions/{second}")).json()
        assert (body["status"], why_ended(body)) == ("stopped", ("API Request", "stopped_by_api"))
        assert (await client.post(f"/call/{second}/stop")).status_code == 400
        await begin(world, client, batch_id)
        await run_out(world)
        assert (await read(client, batch_id))["execution_status"] == {"no-answer": 2, "stopped": 1}


async def test_who_is_not_to_be_called_is_not(world: ApiWorld) -> None:
    text = "contact_number\nloopback:demo\nloopback:gone\nloopback:late\n"
    async with world.client() as client:
        await client.post("/v1/callwright/suppressions", json={"number": "loopback:gone"})
        batch_id = await batch_id_of(client, await create(client), text)
        await begin(world, client, batch_id)
        found = {row["user_number"]: row for row in await rows(client, batch_id)}
        assert found["loopback:gone"]["status"] == "canceled"
        assert found["loopback:gone"]["telephony_data"]["hangup_reason"] == "recipient_suppressed"
        assert found["loopback:gone"]["error_message"] == "the number is on the list of numbers not to be called"
        assert found["loopback:late"]["status"] == "queued"
        await run_out(world)
        batch = await read(client, batch_id)
        assert (batch["status"], batch["execution_status"]) == ("completed", {"canceled": 1, "no-answer": 2})


async def test_a_single_call_waits_behind_a_few_of_a_batch_only(world: ApiWorld) -> None:
    await run_sql(world.dsn, f"update tenant set max_concurrency = 8 where id = '{DEFAULT_TENANT_ID}'")
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * 500)
        await begin(world, client, batch_id)
        await release_of(world).round()
        queued = [
            row for row in await rows(client, batch_id) if row["created_at"] != row["batch_run_details"]["created_at"]
        ]
        assert queued == []
        assert (await read(client, batch_id))["callwright"]["waiting"] == 498
        single = await place(client, agent_id)
        for _ in range(3):
            await release_of(world).round()
        assert await end_calls(world) == 3
        assert (await client.get(f"/executions/{single}")).json()["status"] == "no-answer"


async def test_batches_go_on_side_by_side(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        first = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * 200)
        second = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * 20)
        await begin(world, client, first)
        await begin(world, client, second)
        for _ in range(3):
            await end_calls(world)
            await release_of(world).round()
        waiting = [(await read(client, each))["callwright"]["waiting"] for each in (first, second)]
        assert waiting[1] == 0, "the short one does not wait for the end of the long one"
        assert waiting[0] > 100


async def test_deleting_a_batch_keeps_what_was_dialled(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, "contact_number\n" + "loopback:demo\n" * 200, webhook_url=HOOK)
        await begin(world, client, batch_id)
        dialled = await end_calls(world)
        await release_of(world).round()
        assert (await client.delete(f"/batches/{batch_id}")).json() == {"message": "success", "state": "deleted"}
        for path in ("", "/executions"):
            assert (await client.get(f"/batches/{batch_id}{path}")).status_code == 404
        for call in (client.delete(f"/batches/{batch_id}"), client.post(f"/batches/{batch_id}/stop")):
            assert (await call).json()["message"] == "there is no such batch"
        assert not await release_of(world).round()
        kept = await client.get(
            f"/v2/agent/{agent_id}/executions", params={"batch_id": batch_id, "status": "no-answer"}
        )
        assert kept.json()["total"] == dialled
        stopped = await client.get(f"/v2/agent/{agent_id}/executions", params={"status": "stopped"})
        assert stopped.json()["total"] == 25
    assert await fetch(world.dsn, "select 1 from batch_contact union all select 1 from batch_outbox") == []


async def test_stopping_an_agent_stops_its_batches_and_deleting_it_deletes_them(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        running = await batch_id_of(client, agent_id)
        prepared = await batch_id_of(client, agent_id)
        await begin(world, client, running)
        ids = {row["id"] for row in await rows(client, running)}
        stopped = (await client.post(f"/v2/agent/{agent_id}/stop")).json()["stopped_executions"]
        assert set(stopped) == ids
        assert (await read(client, running))["status"] == "stopped"
        assert (await read(client, prepared))["status"] == "processed"
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 200
        assert (await client.get(f"/batches/{prepared}")).status_code == 404
    assert await fetch(world.dsn, "select 1 from batch") == []


async def test_the_end_of_a_batch_whose_agent_is_deleted_is_told(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, webhook_url=HOOK)
        await begin(world, client, batch_id)
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 200
        assert (await client.get(f"/batches/{batch_id}")).status_code == 404
    told = []
    for _ in range(9):
        async with world.ledger.unit() as unit:
            for entry in await unit.batches.outbox.lease("w", 60, 10, 180):
                told.append((entry.status, json.loads(entry.body)["execution_status"]))
                assert await unit.batches.outbox.delivered("w", Answered(entry.id, 200, "ok"))
    assert [status for status, _ in told][-2:] == ["running", "stopped"]
    assert told[-1][1] == {"stopped": 3}


async def test_an_agent_is_deleted_while_a_contact_of_its_batch_is_released(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, LIST + "loopback:demo,x,y\n" * 100)
        await begin(world, client, batch_id)
        async with world.ledger.unit() as unit:
            batch = await unit.batches.lock_any(batch_id)
            assert batch is not None
            deletion = asyncio.create_task(client.delete(f"/v2/agent/{agent_id}"))
            # Time for it to come as far as it can.
            await asyncio.wait([deletion], timeout=0.5)
            for contact in await unit.batches.contacts.take(batch_id, 2):
                await unit.executions.insert(execution_of_contact(batch, contact, "+15550100"))
        answer = await asyncio.wait_for(deletion, 30)
        assert answer.status_code == 200, answer.text
    assert await fetch(world.dsn, "select id from execution union all select id from batch") == []
    found = await fetch(world.dsn, f"select action from audit where object_id = '{batch_id}' order by id")
    assert [row["action"] for row in found] == ["batch.created", "batch.scheduled", "batch.stopped"]
    assert not await release_of(world).round()


async def test_an_agent_that_cannot_be_deleted_keeps_its_batches_running(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, LIST + "loopback:demo,x,y\n" * 100)
        await begin(world, client, batch_id)
        async with world.ledger.unit() as unit:
            await admit_candidates(unit, 1)
        async with world.ledger.unit() as unit:
            assert await unit.executions.claim("node-a", 1)
        assert (await client.delete(f"/v2/agent/{agent_id}")).status_code == 409
        assert (await read(client, batch_id))["status"] == "running"
        assert "stopped" not in {row["status"] for row in await rows(client, batch_id)}


@pytest.mark.parametrize("way", ["batch", "agent", "delete"])
async def test_a_stop_forbids_the_calls_that_a_process_has_taken_and_not_dialled(world: ApiWorld, way: str) -> None:
    """They may wait for their limit per second for long, and would be dialled after the stop."""
    async with world.client() as client:
        agent_id = await create(client)
        batch_id = await batch_id_of(client, agent_id, LIST)
        await begin(world, client, batch_id)
        async with world.ledger.unit() as unit:
            await admit_candidates(unit, 1)
        async with world.ledger.unit() as unit:
            (taken,) = await unit.executions.claim("node-a", 1)
        if way == "delete":
            answer = await client.delete(f"/batches/{batch_id}")
        else:
            answer = await client.post(f"/batches/{batch_id}/stop" if way == "batch" else f"/v2/agent/{agent_id}/stop")
        assert answer.status_code == 200
    async with world.ledger.unit() as unit:
        row = await unit.executions.get_any(taken.id)
    assert row is not None
    assert (row.phase, is_stopped(row)) == (Phase.CLAIMED, True)


async def test_no_contact_of_a_deleted_account_is_called(world: ApiWorld) -> None:
    async with world.client() as client:
        made = (await client.post("/sub-accounts/create", json={"name": "east", "min_concurrency": 0})).json()
        async with world.client(made["api_key"]) as own:
            batch_id = await batch_id_of(own, await create(own), LIST + "loopback:demo,x,y\n" * 100)
            await begin(world, own, batch_id)
        released = len(await fetch(world.dsn, "select id from execution"))
        assert (await client.delete(f"/sub-accounts/{made['id']}")).status_code == 200
    assert not await release_of(world).round()
    assert len(await fetch(world.dsn, "select id from execution where status = 'stopped'")) == released > 0


@pytest.mark.parametrize("status", ["scheduled", "running"])
async def test_a_look_from_before_an_accounts_deletion_moves_no_batch_of_it(world: ApiWorld, status: str) -> None:
    async with world.client() as client:
        made = (await client.post("/sub-accounts/create", json={"name": "east", "min_concurrency": 0})).json()
    async with world.client(made["api_key"]) as own:
        batch_id = await batch_id_of(own, await create(own))
    await run_sql(world.dsn, "alter table batch disable trigger batch_guard")
    await run_sql(world.dsn, f"update batch set status = '{status}', scheduled_at = now() - interval '1 minute'")
    await run_sql(world.dsn, "alter table batch enable trigger batch_guard")
    async with world.ledger.unit() as unit:
        seen = [*await unit.batches.due(9), *(one.id for one in await unit.batches.active(9))]
    assert seen == [batch_id]
    release = release_of(world)
    await run_sql(world.dsn, f"update tenant set deleted_at = now() where id = '{made['id']}'")
    await release.begin(batch_id)
    await release.release(batch_id, 2)
    left = await fetch(world.dsn, "select b.status, (select count(*) from batch_contact) as waiting from batch b")
    assert [(row["status"], row["waiting"]) for row in left] == [(status, 3)]


@pytest.mark.parametrize("started", [False, True])
async def test_the_audit_trail_says_as_what_a_stopped_contact_was_shown(world: ApiWorld, started: bool) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client), LIST + "loopback:demo,x,y\n" * 100)
        if started:
            await begin(world, client, batch_id)
        (waiting,) = await fetch(
            world.dsn, "select execution_id::text from batch_contact order by position desc limit 1"
        )
        contact_id = waiting["execution_id"]
        shown = (await client.get(f"/executions/{contact_id}")).json()["status"]
        assert (await client.post(f"/call/{contact_id}/stop")).status_code == 200
    (found,) = await fetch(world.dsn, f"select before from audit where object_id = '{contact_id}'")
    before = found["before"] if isinstance(found["before"], dict) else json.loads(found["before"])
    assert before == {"status": shown}
    assert (shown == "queued") is started


async def test_what_was_done_with_a_batch_is_in_the_audit_trail(world: ApiWorld) -> None:
    async with world.client() as client:
        batch_id = await batch_id_of(client, await create(client))
        await begin(world, client, batch_id)
        await client.post(f"/batches/{batch_id}/stop")
        await client.delete(f"/batches/{batch_id}")
    found = await fetch(world.dsn, "select action, object_id from audit where object_type = 'batch' order by id")
    assert [row["action"] for row in found] == ["batch.created", "batch.scheduled", "batch.stopped", "batch.deleted"]
    assert {row["object_id"] for row in found} == {batch_id}


@pytest.mark.parametrize("batch_id", ["x", "0" * 32, "ü" * 32, "00000000-0000-4000-8000-00000000dead", "0" * 31])
async def test_a_batch_that_is_not_there_is_404(world: ApiWorld, batch_id: str) -> None:
    async with world.client() as client:
        for method, path in (
            ("GET", ""),
            ("GET", "/executions"),
            ("DELETE", ""),
            ("POST", "/stop"),
            ("POST", "/schedule"),
        ):
            body = {"scheduled_at": "x"} if path == "/schedule" else None
            answer = await client.request(method, f"/batches/{batch_id}{path}", json=body)
            assert (answer.status_code, answer.json()["message"]) == (404, "there is no such batch"), (method, path)
        assert (await client.get(f"/batches/{batch_id}/all")).json()["message"] == "there is no such agent"
