"""Clients that poll: tags instead of bodies, cursors instead of depth, and keys that are forgotten the moment they are revoked."""

from __future__ import annotations

import base64

import pytest
from tests.api_world import ApiWorld, create, place
from tests.database import run_sql

from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key, revoke_key


async def test_an_execution_that_has_not_changed_is_not_sent_again(world: ApiWorld) -> None:
    async with world.client() as client:
        url = f"/executions/{await place(client, await create(client))}"
        first = await client.get(url)
        tag = first.headers["etag"]
        again = await client.get(url)
        assert (again.content, again.headers["etag"]) == (first.content, tag)
        for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            same = await client.get(url, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        for both in ((tag, '"x"'), ('"x"', tag)):
            same = await client.get(url, headers=[("If-None-Match", one) for one in both])
            assert (same.status_code, same.content) == (304, b""), both
        await client.post(f"/call/{url.rpartition('/')[2]}/stop")
        changed = await client.get(url, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["status"]) == (200, "stopped")
    assert changed.headers["etag"] != tag


async def test_both_reads_of_an_execution_give_the_same_bytes_and_tag(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id, other_agent_id = await create(client), await create(client)
        execution_id = await place(client, agent_id)
        for wanted in (execution_id, execution_id.upper()):
            read = await client.get(f"/executions/{wanted}")
            older = await client.get(f"/agent/{agent_id}/execution/{wanted}")
            assert (older.content, older.headers["etag"]) == (read.content, read.headers["etag"])
            same = await client.get(
                f"/agent/{agent_id}/execution/{wanted}", headers={"If-None-Match": read.headers["etag"]}
            )
            assert (same.status_code, same.content) == (304, b"")
            assert (await client.get(f"/agent/{other_agent_id}/execution/{wanted}")).status_code == 404


async def test_head_answers_as_get_does_but_without_a_body(world: ApiWorld) -> None:
    async with world.client() as client, world.client(None) as nobody:
        agent_id = await create(client)
        execution_id = await place(client, agent_id)
        for url in (f"/executions/{execution_id}", f"/v2/agent/{agent_id}", "/v2/agent/all", "/user/me", "/metrics"):
            read = await client.get(url)
            head = await client.head(url)
            assert (head.status_code, head.content) == (200, b""), url
            if url != "/metrics":
                kept = ("content-type", "content-length", "etag", "cache-control", "x-content-type-options")
                assert {name: head.headers[name] for name in kept} == {name: read.headers[name] for name in kept}, url
        tag = (await client.get("/v2/agent/all")).headers["etag"]
        assert (await client.head("/v2/agent/all", headers={"If-None-Match": tag})).status_code == 304
        assert (await client.head(f"/executions/{agent_id}")).status_code == 404
        assert (await nobody.head(f"/executions/{execution_id}")).status_code == 401
        assert (await nobody.head("/healthz")).status_code == 200
        wrong = await client.head("/call")
        assert (wrong.status_code, wrong.content, wrong.headers["allow"]) == (405, b"", "POST")


async def test_head_of_an_answer_without_end_ends(world: ApiWorld) -> None:
    """The live stream of a call, and a list that is sent as it is read: nothing more of them is made than what was asked for."""
    async with world.client() as client:
        agent_id = await create(client)
        execution_id = await place(client, agent_id)
        made = await client.post(
            "/batches", data={"agent_id": agent_id}, files={"file": ("list.csv", b"contact_number\nloopback:a\n")}
        )
        for url, kind in (
            (f"/v1/callwright/executions/{execution_id}/events", "text/event-stream"),
            (f"/batches/{made.json()['batch_id']}/executions", "application/json"),
        ):
            head = await client.head(url)
            assert (head.status_code, head.content) == (200, b""), url
            assert head.headers["content-type"].startswith(kind)


async def test_lists_have_tags_too(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        for url in ("/v2/agent/all", f"/v2/agent/{agent_id}/executions", "/user/me"):
            tag = (await client.get(url)).headers["etag"]
            same = await client.get(url, headers={"If-None-Match": tag})
            assert (same.status_code, same.content) == (304, b""), url
            assert "content-type" not in same.headers
        await place(client, agent_id)
        assert (await client.get(f"/v2/agent/{agent_id}/executions", headers={"If-None-Match": tag})).status_code == 200


async def test_what_is_described_with_a_tag_has_one(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        contacts = {"file": ("list.csv", b"contact_number\nloopback:demo\n")}
        made = await client.post("/batches", data={"agent_id": agent_id}, files=contacts)
        batch_id = made.json()["batch_id"]
        paths = (await client.get("/openapi.json")).json()["paths"]
        for path in ("/batches/{batch_id}", "/batches/{agent_id}/all", "/batches/{batch_id}/executions", "/user/me"):
            answer = await client.get(path.format(batch_id=batch_id, agent_id=agent_id))
            described = paths[path]["get"]["responses"]
            assert answer.status_code == 200, path
            assert ("ETag" in described["200"].get("headers", {})) == ("etag" in answer.headers), path
            assert ("304" in described) == ("etag" in answer.headers), path


async def test_errors_and_changes_have_no_tag(world: ApiWorld) -> None:
    async with world.client() as client:
        assert "etag" not in (await client.get("/executions/x")).headers
        assert "etag" not in (await client.post("/v2/agent", json={})).headers


async def test_a_walk_by_cursor_meets_every_call_once(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        placed = [await place(client, agent_id) for _ in range(7)]
        url, seen, query = f"/v2/agent/{agent_id}/executions", [], {"page_size": "3"}
        while True:
            page = (await client.get(url, params=query)).json()
            seen += [row["id"] for row in page["data"]]
            assert page["total"] == 7
            if not page["has_more"]:
                break
            query["cursor"] = page["next_cursor"]
            # What comes in between does not move what is behind the cursor.
            if len(seen) == 3:
                await world.ledger.ping()
    assert seen == placed[::-1]
    assert page["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "Ω", "====", base64.urlsafe_b64encode(b"now|x").decode(), "a" * 3000])
async def test_a_wrong_cursor_is_named(world: ApiWorld, cursor: str) -> None:
    async with world.client() as client:
        answer = await client.get(f"/v2/agent/{await create(client)}/executions", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["field"]) == (400, "cursor")


async def test_a_foreign_execution_is_not_found_by_whoever_polls(world: ApiWorld) -> None:
    async with world.client() as client, world.client(world.other_key) as other:
        execution_id = await place(client, await create(client))
        tag = (await client.get(f"/executions/{execution_id}")).headers["etag"]
        answer = await other.get(f"/executions/{execution_id}", headers={"If-None-Match": tag})
    assert answer.status_code == 404


async def test_a_key_revoked_here_is_refused_by_the_next_request(world: ApiWorld) -> None:
    actions = world.services.actions
    for _ in range(20):
        made = await create_key(actions, DEFAULT_TENANT_ID, "short")
        async with world.client(made.secret) as client:
            assert (await client.get("/user/me")).status_code == 200
            await revoke_key(actions, DEFAULT_TENANT_ID, made.stored.id)
            assert (await client.get("/user/me")).status_code in (401, 403)


async def test_a_key_revoked_elsewhere_is_refused_as_soon_as_the_news_is_here(world: ApiWorld) -> None:
    async with world.client() as client:
        assert (await client.get("/user/me")).status_code == 200
        await run_sql(world.dsn, "update api_key set revoked_at = now()")
        for _ in range(50):
            if (await client.get("/user/me")).status_code != 200:
                return
    raise AssertionError("the key still works")
