"""Signing in to the dashboard: sessions through the real application, and everything that must not become one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api_world import AGENT, OTHER_TENANT_ID, PUBLIC_URL, ApiWorld, create
from tests.database import fetch, run_sql

from callwright.api.app import build_app
from callwright.api.rates import RateLimits
from callwright.cli.serving import bind, http_server
from callwright.domain.limits import MAX_SIGN_IN_BYTES
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.keys.actions.keys import create_key, revoke_key
from callwright.platform.sub_accounts.actions.sub_accounts import delete_sub_account

SESSION = "/v1/callwright/session"
SESSIONS = "/v1/callwright/sessions"
CSRF = {"X-Callwright-Csrf": "1"}
OURS = {**CSRF, "Origin": PUBLIC_URL}


@asynccontextmanager
async def signed_in(world: ApiWorld, key: str = "", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has signed in with a key (ours by default); its requests come from our page."""
    async with world.client(None) as client:
        client.headers.update({**OURS, **headers})
        answer = await client.post(SESSION, json={"key": key or world.key})
        assert answer.status_code == 201, answer.text
        yield client


async def test_a_key_signs_in_and_the_session_may_do_what_the_key_may(world: ApiWorld) -> None:
    async with signed_in(world) as client:
        agent_id = await create(client)
        assert [one["id"] for one in (await client.get("/v2/agent/all")).json()] == [agent_id]
        found = (await client.get(SESSION)).json()
    assert found["account"] == {"id": DEFAULT_TENANT_ID, "name": "Default", "kind": "organization"}
    assert (found["key"]["name"], found["key"]["role"], found["key"]["scope"]) == ("ours", "admin", "full")
    assert found["csrf"] == {"header": "X-Callwright-Csrf", "value": "1"}
    (row,) = await fetch(world.dsn, "select id, used_at from dashboard_session")
    assert found["id"] == row["id"]
    assert found["expires_at"] == (row["used_at"] + timedelta(hours=12)).isoformat(timespec="microseconds")


async def test_a_visitor_without_a_session_is_told_so_and_is_nothing_for_the_security_log(
    world: ApiWorld, caplog: pytest.LogCaptureFixture
) -> None:
    services = replace(world.services, rates=RateLimits({"bad_key": 1}, lambda: 0))
    async with replace(world, services=services).client(None) as client:
        for headers in ({}, {"Cookie": "other=1"}, OURS):
            answer = await client.get(SESSION, headers=headers)
            assert (answer.status_code, answer.content) == (204, b"")
        assert not caplog.records
        # A key that is not good is refused as anywhere.
        assert (await client.get(SESSION, headers={"Authorization": "Bearer bn-nothing"})).status_code == 401
    assert caplog.records


async def test_the_cookie_is_for_no_script_and_no_other_site_and_nothing_else_holds_its_token(
    world: ApiWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with world.client(None) as client:
        answer = await client.post(SESSION, json={"key": world.key}, headers=OURS)
        token = client.cookies["callwright_session"]
        cookie = f"callwright_session={token}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"
        assert answer.headers.get_list("set-cookie") == [cookie]
        listed = await client.get(SESSIONS)
        (await client.post("/v2/agent", json={})).json()
    assert token not in answer.text + listed.text + caplog.text
    assert world.key not in answer.text + listed.text + caplog.text
    tables = await fetch(world.dsn, "select row_to_json(s)::text as it from dashboard_session s")
    assert token not in str(tables)
    audited = await fetch(world.dsn, "select actor, action, after::text from audit where action = 'session.opened'")
    assert len(audited) == 1
    assert token not in str(audited)


async def test_under_https_the_cookie_belongs_to_this_host_alone(world: ApiWorld) -> None:
    transport = httpx.ASGITransport(build_app(world.services))
    async with httpx.AsyncClient(transport=transport, base_url="https://voice.test") as client:
        answer = await client.post(SESSION, json={"key": world.key}, headers={**CSRF, "Origin": "https://voice.test"})
        assert answer.headers["set-cookie"].startswith("__Host-callwright_session=")
        assert answer.headers["set-cookie"].endswith("; Secure")
        assert (await client.get(SESSION)).status_code == 200


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_not_good_signs_nobody_in(world: ApiWorld, status: int) -> None:
    services = replace(world.services, bad_key_status=status)
    async with replace(world, services=services).client(None) as client:
        answers = [
            await client.post(SESSION, json={"key": key}, headers=OURS)
            for key in ("bn-nothing", world.revoked_key, world.expired_key, world.deleted_key)
        ]
    assert {answer.status_code for answer in answers} == {status}
    assert all("set-cookie" not in answer.headers for answer in answers)
    assert await fetch(world.dsn, "select from dashboard_session") == []


async def test_keys_guessed_at_the_sign_in_count_as_bad_keys(world: ApiWorld) -> None:
    services = replace(world.services, rates=RateLimits({"bad_key": 3}, lambda: 0))
    async with replace(world, services=services).client(None) as client:
        statuses = [
            (await client.post(SESSION, json={"key": f"bn-{number}"}, headers=OURS)).status_code for number in range(5)
        ]
        assert statuses == [401, 401, 401, 429, 429]
        client.cookies["callwright_session"] = "0" * 64
        assert (await client.get(SESSION)).status_code == 429


async def test_an_operators_key_signs_nobody_in_and_lesser_keys_open_lesser_sessions(world: ApiWorld) -> None:
    async with world.client(None) as client:
        answer = await client.post(SESSION, json={"key": world.operator_key}, headers=OURS)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    for key, scope, role in ((world.read_key, "read-only", "admin"), (world.member_key, "full", "member")):
        async with signed_in(world, key) as client:
            found = (await client.get(SESSION)).json()["key"]
            assert (found["scope"], found["role"]) == (scope, role)
            assert (await client.post("/v2/agent", json=AGENT)).status_code == 403
            assert (await client.get("/v2/agent/all")).status_code == 200
            assert (await client.delete(SESSION)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": PUBLIC_URL},
        CSRF,
        {**CSRF, "Origin": "http://evil.example"},
        {**CSRF, "Origin": "null"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
        {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_a_page_of_another_site_changes_nothing(world: ApiWorld, headers: dict[str, str]) -> None:
    async with signed_in(world) as client:
        own = await create(client)
        for name in OURS:
            del client.headers[name]
        client.headers.update(headers)
        for method, path in (
            ("POST", "/v2/agent"),
            ("PUT", f"/v2/agent/{own}"),
            ("PATCH", f"/v2/agent/{own}"),
            ("DELETE", f"/v2/agent/{own}"),
            ("DELETE", SESSION),
            ("POST", "/call"),
        ):
            answer = await client.request(method, path, json=AGENT)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), (method, path)
    assert len(await fetch(world.dsn, "select from agent where revision = 1")) == 1
    assert len(await fetch(world.dsn, "select from dashboard_session")) == 1


@pytest.mark.parametrize("headers", [{}, {**CSRF, "Origin": "http://evil.example"}, {"Origin": PUBLIC_URL}])
async def test_a_page_of_another_site_signs_nobody_in(world: ApiWorld, headers: dict[str, str]) -> None:
    async with world.client(None) as client:
        answer = await client.post(SESSION, json={"key": world.key}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_of_another_site_reads_nothing(world: ApiWorld, site: str) -> None:
    async with signed_in(world) as client:
        answer = await client.get("/v2/agent/all", headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_a_key_needs_none_of_this_and_goes_before_the_cookie(world: ApiWorld) -> None:
    async with signed_in(world) as client:
        for name in OURS:
            del client.headers[name]
        theirs = {"Authorization": f"Bearer {world.other_key}"}
        assert (await client.post("/v2/agent", json=AGENT, headers=theirs)).status_code == 201
        assert (await client.get(SESSION, headers=theirs)).json()["account"]["id"] == OTHER_TENANT_ID
        # A wrong key is not saved by a good cookie.
        assert (await client.get(SESSION, headers={"Authorization": "Bearer bn-x"})).status_code == 401
        assert (await client.get(SESSION, headers={"Authorization": "Basic x"})).status_code == 401


@pytest.mark.parametrize("token", ["0" * 64, "", "x", "../..", "' or 1=1 --", "0" * 5000])
async def test_a_guessed_session_is_none(world: ApiWorld, token: str) -> None:
    async with world.client(None) as client:
        answer = await client.get("/v2/agent/all", headers={**OURS, "Cookie": f"callwright_session={token}"})
    assert answer.status_code == 401
    assert answer.json()["message"] == "Access denied"
    assert answer.json()["code"] == ("session_ended" if token == "0" * 64 else "missing_key")


async def test_the_stored_hash_is_no_token(world: ApiWorld) -> None:
    async with signed_in(world) as client:
        (row,) = await fetch(world.dsn, "select digest from dashboard_session")
        client.cookies["callwright_session"] = row["digest"].hex()
        assert (await client.get(SESSION)).status_code == 401


async def test_signing_out_ends_the_session_for_whoever_has_the_cookie(world: ApiWorld) -> None:
    async with signed_in(world) as client:
        stolen = client.cookies["callwright_session"]
        answer = await client.delete(SESSION)
        assert answer.json() == {"message": "success", "state": "ended"}
        assert "callwright_session" not in client.cookies
        again = await client.get(SESSION, headers={"Cookie": f"callwright_session={stolen}"})
        assert (again.status_code, again.json()["code"]) == (401, "session_ended")
        assert "dashboard" in again.json()["hint"]
    trail = await fetch(world.dsn, "select action from audit where object_type = 'session' order by id")
    assert [row["action"] for row in trail] == ["session.opened", "session.ended"]


@pytest.mark.parametrize("how", ["revoked", "expired", "idle", "old", "deleted account"])
async def test_a_session_ends_with_its_key_and_with_time(world: ApiWorld, how: str) -> None:
    actions = world.services.actions
    key = await create_key(actions, DEFAULT_TENANT_ID, "k", expires_at=world.clock.now() + timedelta(days=30))
    if how == "expired":
        key = await create_key(actions, DEFAULT_TENANT_ID, "k", expires_at=world.clock.now() + timedelta(hours=1))
    secret = world.other_sub_key if how == "deleted account" else key.secret
    async with signed_in(world, secret) as client:
        if how == "revoked":
            await revoke_key(actions, DEFAULT_TENANT_ID, key.stored.id)
        elif how == "deleted account":
            account = (await client.get(SESSION)).json()["account"]
            assert account["kind"] == "sub_account"
            await delete_sub_account(actions, Principal(OTHER_TENANT_ID, "cli", ""), account["id"])
        elif how == "old":
            for hour in range(0, 7 * 24, 11):
                world.clock.ahead = timedelta(hours=hour)
                assert (await client.get(SESSION)).status_code == 200
            world.clock.ahead = timedelta(days=7)
        else:
            world.clock.ahead = timedelta(hours=12 if how == "idle" else 1)
        answer = await client.get(SESSION)
        assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_use_keeps_a_session_and_is_stored_once_a_minute(world: ApiWorld) -> None:
    async with signed_in(world) as client:
        seen = []
        for minutes in (0.5, 11 * 60, 11 * 60 + 0.5, 22 * 60):
            world.clock.ahead = timedelta(minutes=minutes)
            assert (await client.get(SESSION)).status_code == 200
            (row,) = await fetch(world.dsn, "select used_at - created_at as used from dashboard_session")
            seen.append(round(row["used"] / timedelta(minutes=1)))
    assert seen == [0, 660, 660, 1320]


async def test_a_key_that_may_do_less_leaves_its_session_less(world: ApiWorld) -> None:
    async with signed_in(world) as client:
        await run_sql(world.dsn, "update api_key set scope = 'read' where name = 'ours'")
        assert (await client.post("/v2/agent", json=AGENT)).status_code == 403


async def test_sessions_are_listed_and_ended_one_by_one(world: ApiWorld) -> None:
    async with signed_in(world, **{"User-Agent": "Laptop"}) as mine:
        async with signed_in(world, **{"User-Agent": "Phone\x7f" + "x" * 300}) as phone:
            listed = (await mine.get(SESSIONS)).json()
            assert [one["client"][:5] for one in listed] == ["Phone", "Lapto"]
            assert len(listed[0]["client"]) == 200
            assert [one["is_current"] for one in listed] == [False, True]
            assert listed[0]["key"]["name"] == "ours"
            assert (await mine.delete(f"{SESSIONS}/{listed[0]['id']}")).status_code == 200
            assert (await mine.delete(f"{SESSIONS}/{listed[0]['id']}")).status_code == 404
            assert (await phone.get(SESSION)).status_code == 401
        assert len((await mine.get(SESSIONS)).json()) == 1


async def test_other_accounts_see_and_end_none_of_ours(world: ApiWorld) -> None:
    async with signed_in(world) as mine:
        own_id = (await mine.get(SESSION)).json()["id"]
        for key in (world.other_key, world.sub_key, world.other_sub_key, world.member_key):
            async with signed_in(world, key) as theirs:
                seen = [one["id"] for one in (await theirs.get(SESSIONS)).json()]
                assert own_id not in seen
                assert len(seen) == 1
                foreign = await theirs.delete(f"{SESSIONS}/{own_id}")
                missing = await theirs.delete(f"{SESSIONS}/00000000-0000-4000-8000-00000000dead")
                assert foreign.status_code == missing.status_code == 404
                assert foreign.json()["message"] == missing.json()["message"]
        assert (await mine.get(SESSION)).status_code == 200


async def test_a_program_reads_whose_its_key_is_and_has_no_session_to_end(world: ApiWorld) -> None:
    async with world.client(world.call_key) as client:
        found = (await client.get(SESSION)).json()
        assert (found["id"], found["expires_at"], found["key"]["scope"]) == (None, None, "call-only")
        assert (await client.delete(SESSION)).status_code == 404


async def test_a_body_that_is_too_large_for_a_key_is_refused(world: ApiWorld) -> None:
    async with world.client(None) as client:
        for spare, status in ((0, 401), (1, 413)):
            body = b'{"key": "bn-x"}'
            sent = body + b" " * (MAX_SIGN_IN_BYTES - len(body) + spare)
            answer = await client.post(SESSION, content=sent, headers=OURS)
            assert answer.status_code == status
        for wrong in ({}, {"key": ""}, {"key": 7}, {"key": "x" * 201}):
            assert (await client.post(SESSION, json=wrong, headers=OURS)).status_code == 400


async def test_a_body_under_way_is_refused_when_its_session_ends(world: ApiWorld) -> None:
    async with signed_in(world) as client:

        async def pieces() -> AsyncIterator[bytes]:
            yield b'{"agent_config": '
            await run_sql(world.dsn, "delete from dashboard_session")
            yield b"{}}"

        answer = await client.post("/v2/agent", content=pieces())
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_an_event_stream_takes_the_cookie_and_closes_when_the_session_ends(world: ApiWorld) -> None:
    world.live.hold_seconds = 30
    async with signed_in(world) as client:
        agent_id = await create(client)
        order = {"agent_id": agent_id, "recipient_phone_number": "loopback:demo"}
        execution_id = (await client.post("/call", json=order)).json()["execution_id"]
        cookie = f"callwright_session={client.cookies['callwright_session']}"
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    async with (
        http_server(build_app(world.services), listener),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Cookie": cookie}) as browser,
        browser.stream("GET", f"/v1/callwright/executions/{execution_id}/events") as stream,
    ):
        assert stream.status_code == 200
        lines = stream.aiter_lines()
        await run_sql(world.dsn, "delete from dashboard_session")
        async with asyncio.timeout(10):
            seen = [line async for line in lines]
    assert "event: closed" in seen
    assert any('"code":"session_ended"' in line for line in seen)


@pytest.mark.parametrize(
    ("origin", "session", "refused"),
    [
        ("http://127.0.0.1", True, 403),
        ("http://evil.example", True, 403),
        (None, True, 403),
        ("own", False, 401),
        ("own", True, 404),
    ],
)
async def test_a_websocket_with_a_cookie_names_a_page_of_ours(
    world: ApiWorld, origin: str | None, session: bool, refused: int
) -> None:
    """There is no such websocket: 404 says that the gate let it through."""
    async with signed_in(world) as client:
        token = client.cookies["callwright_session"]
    headers: list[tuple[bytes, bytes]] = [(b"host", b"127.0.0.1:8700")]
    if origin is not None:
        headers.append((b"origin", b"http://127.0.0.1:8700" if origin == "own" else origin.encode()))
    if session:
        headers.append((b"cookie", f"callwright_session={token}".encode()))
    scope: dict[str, Any] = {
        "type": "websocket",
        "scheme": "ws",
        "path": "/v1/nothing",
        "raw_path": b"/v1/nothing",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8700),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await build_app(world.services)(scope, receive, send)
    if refused == 404:
        assert sent[0]["type"] == "websocket.close"
    else:
        assert sent[0]["status"] == refused
