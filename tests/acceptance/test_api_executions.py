"""Reading executions, recordings, live events, the account and the platform's own state, on a real database."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.api_world import PUBLIC_URL, ApiWorld, create, place
from tests.database import run_sql
from tests.rows import admit, claim
from tests.unit.insight.call_log import CallLog
from tests.waiting import until

from callwright.conversation.events import ProviderFailed
from callwright.domain.errors import UnavailableError
from callwright.domain.limits import MAX_LIVE_STREAMS_OF_ONE, MAX_PAGE_SIZE, RECORDING_LINK_SECONDS, STANDING_SECONDS
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.keys.actions.keys import create_key, revoke_key


async def test_executions_come_in_pages_newest_first(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        placed = [await place(client, agent_id) for _ in range(5)]
        first = (await client.get(f"/v2/agent/{agent_id}/executions", params={"page_size": 2})).json()
        last = (await client.get(f"/v2/agent/{agent_id}/executions", params={"page_size": 2, "page_number": 3})).json()
        beyond = (await client.get(f"/v2/agent/{agent_id}/executions", params={"page_number": 9})).json()
    assert {k: v for k, v in first.items() if k != "data"} == {
        "page_number": 1,
        "page_size": 2,
        "total": 5,
        "has_more": True,
        "next_cursor": first["next_cursor"],
        "filters": {},
        "sorts": [],
    }
    assert [row["id"] for row in first["data"]] == placed[:2:-1]
    assert [row["id"] for row in last["data"]] == placed[:1]
    assert last["has_more"] is False
    assert beyond["data"] == []


async def test_a_page_holds_at_most_its_limit(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for wanted, given in ((MAX_PAGE_SIZE, MAX_PAGE_SIZE), (MAX_PAGE_SIZE + 1, MAX_PAGE_SIZE)):
            page = (await client.get(f"/v2/agent/{agent_id}/executions", params={"page_size": wanted})).json()
            assert page["page_size"] == given


async def test_lists_are_narrowed(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        stopped, queued = await place(client, agent_id), await place(client, agent_id)
        await client.post(f"/call/{stopped}/stop")
        now = world.clock.now()
        cases: list[tuple[dict[str, str], list[str]]] = [
            ({"status": "stopped"}, [stopped]),
            ({"status": "queued"}, [queued]),
            ({"status": ""}, [queued, stopped]),
            ({"call_type": "outbound"}, [queued, stopped]),
            ({"call_type": "inbound"}, []),
            ({"provider": "loopback", "status": "queued"}, [queued]),
            ({"provider": "twilio"}, []),
            ({"answered_by_voice_mail": "true"}, []),
            ({"batch_id": "0" * 32}, []),
            ({"from": (now - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}, [queued, stopped]),
            ({"to": (now - timedelta(minutes=1)).isoformat()}, []),
            ({"unknown": "ignored"}, [queued, stopped]),
        ]
        for query, expected in cases:
            page = (await client.get(f"/v2/agent/{agent_id}/executions", params=query)).json()
            assert [row["id"] for row in page["data"]] == expected, query


async def test_a_time_as_we_write_it_is_read_back_whether_its_plus_is_encoded_or_not(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        execution_id = await place(client, agent_id)
        at = (await client.get(f"/executions/{execution_id}")).json()["created_at"]
        url = f"/v2/agent/{agent_id}/executions"
        assert at.endswith("+00:00")
        for sent in (at, at.replace("+", "%2B")):
            page = (await client.get(f"{url}?from={sent}&to={sent}")).json()
            assert [row["id"] for row in page["data"]] == [execution_id]


WRONG_FILTERS: list[tuple[dict[str, str], str]] = [
    ({"page_number": "0"}, "page_number"),
    ({"page_number": "two"}, "page_number"),
    ({"page_number": "9" * 30}, "page_number"),
    ({"page_size": "-1"}, "page_size"),
    ({"status": "ended"}, "status"),
    ({"call_type": "sideways"}, "call_type"),
    ({"answered_by_voice_mail": "maybe"}, "answered_by_voice_mail"),
    ({"from": "yesterday"}, "from"),
    ({"from": "2026-02-02", "to": "2026-02-01"}, "to"),
    ({"provider": "a\x00b"}, "provider"),
]


async def test_a_wrong_filter_is_named(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for query, field in WRONG_FILTERS:
            answer = await client.get(f"/v2/agent/{agent_id}/executions", params=query)
            assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_of_several_wrong_filters_the_period_is_named_first(world: ApiWorld) -> None:
    wrong = {"page_number": "0", "page_size": "0", "status": "ended"}
    async with world.client() as client, world.client(strict=True) as strict:
        url = f"/v2/agent/{await create(client)}/executions"
        asked = [
            (client, {**wrong, "to": "tomorrow"}, "to must be an ISO 8601 time"),
            (client, {**wrong, "from": "2026-02-02", "to": "2026-02-01"}, "to must not be before from"),
            (client, wrong, "page_number must be"),
            (strict, wrong, "from and to are required"),
            (strict, {**wrong, "from": "2026-02-01", "to": "2026-02-09"}, "from and to may be at most 7 days apart"),
        ]
        for side, query, message in asked:
            answer = await side.get(url, params=query)
            assert answer.status_code == 400
            assert answer.json()["message"].startswith(message)


async def test_the_raw_log_is_empty_before_the_call(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        answer = await client.get(f"/executions/{execution_id}/log")
    assert answer.json() == {"status": "success", "data": []}


async def test_a_recording_link_ends_with_its_key_where_the_setting_says_so(world: ApiWorld) -> None:
    ending = replace(world, services=replace(world.services, links_end_with_key=True))
    in_an_hour = world.clock.now() + timedelta(hours=1)
    revoked = await create_key(world.services.actions, DEFAULT_TENANT_ID, "revoked later")
    expiring = await create_key(world.services.actions, DEFAULT_TENANT_ID, "for an hour", expires_at=in_an_hour)
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        world.recordings.write(execution_id, "call.wav", b"RIFF0123456789")
        endless = (await client.get(f"/recordings/call/{execution_id}")).headers["location"]
    links = []
    for key in (revoked.secret, expiring.secret):
        async with ending.client(key) as client:
            links.append((await client.get(f"/recordings/call/{execution_id}")).headers["location"])
    async with ending.client(None) as anybody:
        assert [(await anybody.get(link)).status_code for link in (*links, endless)] == [200, 200, 403]
        stripped = re.sub("&key=[^&]*", "", links[0])
        assert stripped != links[0]
        assert (await anybody.get(stripped)).status_code == 403
        await revoke_key(world.services.actions, DEFAULT_TENANT_ID, revoked.stored.id)
        assert [(await anybody.get(link)).status_code for link in links] == [403, 200]
        world.clock.ahead = timedelta(hours=2)
        assert [(await anybody.get(link)).status_code for link in links] == [403, 403]


async def test_a_recording_is_reached_by_a_link_that_expires(world: ApiWorld) -> None:
    async with world.client() as client, world.client(None) as anybody:
        execution_id = await place(client, await create(client))
        assert (await client.get(f"/recordings/call/{execution_id}")).status_code == 404
        world.recordings.write(execution_id, "call.wav", b"RIFF0123456789")
        answer = await client.get(f"/recordings/call/{execution_id}")
        assert answer.status_code == 302
        link = answer.headers["location"]
        assert link.startswith(f"{PUBLIC_URL}/recordings/file/{execution_id}/call.wav?expires=")
        assert world.key not in link
        file = await anybody.get(link)
        assert (file.status_code, file.headers["content-type"], file.content) == (200, "audio/wav", b"RIFF0123456789")
        part = await anybody.get(link, headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"0123")
        parts = await anybody.get(link, headers={"Range": "bytes=0-1,4-5"})
        assert (parts.status_code, parts.headers["content-type"].partition(";")[0]) == (206, "multipart/byteranges")
        behind = await anybody.get(link, headers={"Range": "bytes=99-"})
        assert (behind.status_code, behind.json()["code"]) == (416, "no_such_range")
        assert behind.headers["content-range"] == "bytes */14"
        for backwards in ("bytes=5-2", "bytes=x"):
            refused = await anybody.get(link, headers={"Range": backwards})
            assert (refused.status_code, refused.json()["field"]) == (400, "Range")
        described = (await anybody.get("/openapi.json")).json()["paths"]["/recordings/file/{execution_id}/{name}"][
            "get"
        ]
        assert {"200", "206", "400", "403", "404", "416"} <= set(described["responses"])
        for wrong in (
            link[:-1] + ("0" if link[-1] != "0" else "1"),
            link.replace("call.wav", "transfer.wav"),
            link.split("?")[0],
        ):
            assert (await anybody.get(wrong)).status_code == 403
        world.clock.ahead = timedelta(seconds=RECORDING_LINK_SECONDS - 60)
        assert (await anybody.get(link)).status_code == 200
        world.clock.ahead = timedelta(seconds=RECORDING_LINK_SECONDS + 1)
        expired = await anybody.get(link)
        assert (expired.status_code, expired.json()["code"]) == (403, "not_allowed")


async def test_the_account_of_a_key(world: ApiWorld) -> None:
    async with world.client(world.other_key) as client:
        await place(client, await create(client))
        await admit(world.ledger)
        assert (await client.get("/user/me")).json() == {
            "id": "00000000-0000-4000-8000-0000000000ff",
            "name": "Others",
            "email": "others@example.org",
            "wallet": 0,
            "concurrency": {"max": 2, "current": 1},
            "organization_id": "00000000-0000-4000-8000-0000000000ff",
        }


async def test_a_live_call_is_followed_to_its_end(world: ApiWorld) -> None:
    world.live.events = [
        {"id": "1", "event": "heard", "data": {"text": "hello\nthere"}},
        {"id": "2\nevent: forged", "event": "spoken", "data": {"text": "hi"}},
    ]
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        answer = await client.get(f"/v1/callwright/executions/{execution_id}/events", headers={"Last-Event-ID": "7"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = answer.text.split("\n\n")
    provision = '"callwright":{"sandbox":false,"stand_ins":[]}'
    assert frames[0] == f'event: execution\ndata: {{"id":"{execution_id}","status":"queued",{provision}}}'
    assert frames[1] == 'id: 1\nevent: heard\ndata: {"text":"hello\\nthere"}'
    assert frames[2] == 'id: 2 event: forged\nevent: spoken\ndata: {"text":"hi"}'
    assert frames[3] == "event: end\ndata: {}"
    assert world.live.after == ["7"]
    assert world.live.closed == 1


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ("update api_key set revoked_at = now() where name = 'watching'", "unknown_key", "revoked"),
        ("update api_key set scope = 'call' where name = 'watching'", "not_allowed", "has changed"),
        ("update api_key set role = 'member', holder = id where name = 'watching'", "not_allowed", "has changed"),
        ("update api_key set expires_at = now() where name = 'watching'", "unknown_key", "has expired"),
    ],
)
async def test_a_live_stream_ends_when_its_key_is_no_longer_what_it_was(
    world: ApiWorld, change: str, code: str, words: str
) -> None:
    world.live.hold_seconds = 60
    made = await create_key(world.services.actions, DEFAULT_TENANT_ID, "watching")
    async with world.client() as client, world.client(made.secret) as watcher:
        execution_id = await place(client, await create(client))
        url = f"/v1/callwright/executions/{execution_id}/events"
        watching = asyncio.create_task(watcher.get(url))
        # Another watcher, whose key nobody touches, goes on.
        other = asyncio.create_task(client.get(url))
        await until(lambda: len(world.live.after) == 2)
        await asyncio.sleep(1.5 * STANDING_SECONDS)
        assert not watching.done()
        await run_sql(world.dsn, change)
        before = asyncio.get_running_loop().time()
        answer = await asyncio.wait_for(watching, 10)
        took = asyncio.get_running_loop().time() - before
        assert not other.done()
        other.cancel()
    assert took < 4 * STANDING_SECONDS
    last = answer.text.strip().split("\n\n")[-1].splitlines()
    assert last[0] == "event: closed"
    said = json.loads(last[1].removeprefix("data: "))
    assert said["code"] == code
    assert words in said["message"]
    assert said["hint"]


async def test_a_live_stream_ends_when_its_key_expires(world: ApiWorld) -> None:
    world.live.hold_seconds = 60
    expiry = world.clock.now() + timedelta(hours=1)
    made = await create_key(world.services.actions, DEFAULT_TENANT_ID, "watching", expires_at=expiry)
    async with world.client() as client, world.client(made.secret) as watcher:
        execution_id = await place(client, await create(client))
        watching = asyncio.create_task(watcher.get(f"/v1/callwright/executions/{execution_id}/events"))
        await asyncio.sleep(1.5 * STANDING_SECONDS)
        assert not watching.done()
        world.clock.ahead = timedelta(hours=1)
        answer = await asyncio.wait_for(watching, 10)
    assert "event: closed" in answer.text
    assert "has expired" in answer.text


async def test_an_organisation_with_its_share_of_the_live_streams_leaves_the_others_theirs(world: ApiWorld) -> None:
    world.live.hold_seconds = 60
    async with world.client() as client, world.client(world.other_key) as others:
        ours, theirs = [
            f"/v1/callwright/executions/{await place(each, await create(each))}/events" for each in (client, others)
        ]
        streams = [asyncio.create_task(client.get(ours)) for _ in range(MAX_LIVE_STREAMS_OF_ONE)]
        await until(lambda: len(world.live.after) == MAX_LIVE_STREAMS_OF_ONE)
        refused = await client.get(ours)
        # The key of the others, to the same server.
        other = asyncio.create_task(client.get(theirs, headers={"Authorization": f"Bearer {world.other_key}"}))
        await until(lambda: len(world.live.after) == MAX_LIVE_STREAMS_OF_ONE + 1)
        assert not other.done()
        for stream in (*streams, other):
            stream.cancel()
        await asyncio.gather(*streams, other, return_exceptions=True)
    assert refused.status_code == 429
    assert f"{MAX_LIVE_STREAMS_OF_ONE} live event streams of the organisation" in refused.json()["message"]


async def test_following_a_call_that_has_ended_ends_at_once(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        await client.post(f"/call/{execution_id}/stop")
        world.live.hold_seconds = 60
        async with asyncio.timeout(5):
            answer = await client.get(f"/v1/callwright/executions/{execution_id}/events")
    assert answer.text.endswith("event: end\ndata: {}\n\n")
    assert '"status":"stopped"' in answer.text


async def test_the_cost_is_exact_decimals_as_numbers(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        await admit(world.ledger)
        await claim(world.ledger)
        async with world.ledger.unit() as unit:
            await unit.executions.change(
                execution_id, Change(columns={"total_cost_nano": 3_230_000_001}), owner="node-a", attempt=1
            )
        answer = await client.get(f"/executions/{execution_id}")
    assert b'"total_cost":3.230000001,' in answer.content


async def test_health_readiness_metrics_and_description_need_no_key(world: ApiWorld) -> None:
    async with world.client(None) as client:
        assert (await client.get("/healthz")).json()["status"] == "ok"
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        assert "callwright_requests_total" in (await client.get("/metrics")).text
        described = (await client.get("/openapi.json")).json()
    assert described["components"]["schemas"]["Error"]["required"] == ["error", "message", "detail", "code"]
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["description"] for operation in operations)
    used = set(_references(described))
    assert used <= {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for one in value.values() for ref in _references(one)]
    if isinstance(value, list):
        return [ref for one in value for ref in _references(one)]
    return []


async def test_a_database_that_is_down_is_said_to_be_down(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        await world.ledger.aclose()
        for path in ("/readyz", f"/executions/{execution_id}", "/v2/agent/all"):
            answer = await client.get(path)
            assert answer.status_code == 503, path
            assert answer.json()["code"] == "unavailable"
            assert "PostgreSQL" in answer.json()["hint"]
            assert answer.headers["retry-after"] == "1"
        assert (await client.get("/healthz")).status_code == 200


async def test_a_draining_process_is_not_ready(world: ApiWorld) -> None:
    async def draining() -> None:
        raise UnavailableError("the server is draining")

    object.__setattr__(world.services, "ready", draining)
    async with world.client() as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["message"]) == (503, "the server is draining")


async def test_finishing_calls_cannot_be_stopped(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        await admit(world.ledger)
        await claim(world.ledger)
        for phase, detail in ((Phase.DIALLING, "initiated"), (Phase.LIVE, ""), (Phase.FINISHING, "")):
            async with world.ledger.unit() as unit:
                await unit.executions.change(
                    execution_id, Change(phase=phase, detail=detail), owner="node-a", attempt=1
                )
        answer = await client.post(f"/call/{execution_id}/stop")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "the call cannot be stopped: it is call-disconnected",
    )


async def test_the_doctor_of_a_call_can_be_asked_before_while_and_after_it_lives(world: ApiWorld) -> None:
    async with world.client() as client:
        execution_id = await place(client, await create(client))
        path = f"/v1/callwright/executions/{execution_id}/doctor"
        assert (await client.get(path)).json() == {"findings": [], "left_out": 0}

        await admit(world.ledger)
        await claim(world.ledger)
        log = CallLog().at(1_000).answered().at(9_000).event(ProviderFailed, "voice", "acme", "unavailable", "down")
        async with world.ledger.unit() as unit:
            await unit.logs.append(LogChunk(execution_id, 1, "live", 0, log.text.encode()))
        (finding,) = (await client.get(path)).json()["findings"]
        assert (finding["rule"], finding["recording_ms"]) == ("provider_failed", 8_000)

        async with world.ledger.unit() as unit:
            change = Change(record={"doctor": {"findings": [], "left_out": 4}})
            await unit.executions.change(execution_id, change, owner="node-a", attempt=1)
        assert (await client.get(path)).json() == {"findings": [], "left_out": 4}
        assert (await client.get("/v1/callwright/executions/nobody/doctor")).status_code == 404
