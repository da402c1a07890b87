"""Requests that are under way when their key is revoked or expires, or their account is deleted: nothing comes of what is not whole yet."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from tests.api_world import AGENT, ApiWorld, create
from tests.database import fetch, run_sql

from callwright.api.app import build_app
from callwright.cli.serving import bind, http_server
from callwright.domain.errors import UnknownKeyError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.keys.actions.keys import KeyWish, create_key, insert_key, revoke_key

KEYS = "/v1/callwright/keys"
FORM = "multipart/form-data; boundary=x"


class HalfSent:
    """A request whose last byte is sent when the test says so."""

    def __init__(
        self,
        world: ApiWorld,
        key: str,
        path: str,
        body: bytes,
        content_type: str = "application/json",
        method: str = "POST",
    ) -> None:
        self._go = asyncio.Event()
        self._begun = asyncio.Event()
        self._task = asyncio.create_task(self._ask(world, key, method, path, body, content_type))

    async def _ask(
        self, world: ApiWorld, key: str, method: str, path: str, body: bytes, content_type: str
    ) -> httpx.Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield body[:-1]
            self._begun.set()
            await self._go.wait()
            yield body[-1:]

        async with world.client(key) as client:
            return await client.request(method, path, content=pieces(), headers={"Content-Type": content_type})

    async def begun(self) -> HalfSent:
        """When all but the last byte was taken."""
        await asyncio.wait_for(self._begun.wait(), 10)
        return self

    async def rest(self) -> httpx.Response:
        """Send the rest; the answer."""
        self._go.set()
        return await asyncio.wait_for(self._task, 10)


def form(fields: Mapping[str, str], file: bytes) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    return (
        "".join(parts).encode()
        + b'--x\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\n'
        + file
        + b"\r\n--x--"
    )


async def test_nothing_comes_of_a_request_whose_key_is_revoked_while_its_body_is_sent(world: ApiWorld) -> None:
    async with world.client() as client:
        agent_id = await create(client)
        made = (await client.post(KEYS, json={"name": "stolen"})).json()
        call = {"agent_id": agent_id, "recipient_phone_number": "loopback:x"}
        contacts = b"contact_number\nloopback:x\n"
        asked = [
            HalfSent(world, made["key"], KEYS, json.dumps({"name": "successor"}).encode()),
            HalfSent(world, made["key"], "/v2/agent", json.dumps(AGENT).encode()),
            HalfSent(world, made["key"], "/call", json.dumps(call).encode()),
            HalfSent(world, made["key"], "/batches", form({"agent_id": agent_id}, contacts), FORM),
            HalfSent(world, made["key"], "/v1/callwright/contact-files/f", contacts, "text/csv", "PUT"),
        ]
        for one in asked:
            await one.begun()
        await client.delete(f"{KEYS}/{made['id']}")
        answers = [await one.rest() for one in asked]
    assert [(one.status_code, one.json()["message"]) for one in answers] == [(401, "Access denied")] * 5
    assert len(await fetch(world.dsn, "select from agent")) == 1
    assert await fetch(world.dsn, "select id from execution union all select id from batch") == []
    assert await fetch(world.dsn, "select from api_key where name = 'successor'") == []


async def test_a_key_that_expires_or_may_do_less_while_a_body_is_sent_is_refused_as_for_a_new_request(
    world: ApiWorld,
) -> None:
    actions = world.services.actions
    for change, status in (("expires", 401), ("rights", 403)):
        at = world.clock.now() + timedelta(hours=1)
        made = await create_key(actions, DEFAULT_TENANT_ID, change, expires_at=at)
        body = json.dumps({"name": "late"}).encode()
        asked = await HalfSent(world, made.secret, KEYS, body).begun()
        if change == "expires":
            world.clock.ahead = timedelta(hours=2)
        else:
            await run_sql(world.dsn, f"update api_key set scope = 'read' where id = '{made.stored.id}'")
            # The news of it.
            await asyncio.sleep(0.2)
        assert (await asked.rest()).status_code == status
        world.clock.ahead = timedelta()
    assert await fetch(world.dsn, "select from api_key where name = 'late'") == []


async def test_the_answer_is_that_of_the_setting(world: ApiWorld) -> None:
    made = await create_key(world.services.actions, DEFAULT_TENANT_ID, "stolen")
    hosted = replace(world, services=replace(world.services, bad_key_status=403))
    asked = await HalfSent(hosted, made.secret, "/v2/agent", json.dumps(AGENT).encode()).begun()
    await revoke_key(world.services.actions, DEFAULT_TENANT_ID, made.stored.id)
    answer = await asked.rest()
    assert (answer.status_code, answer.json()["message"]) == (403, "Unrecognized access token")


async def test_a_body_that_comes_in_pieces_is_taken_while_its_key_is_good(world: ApiWorld) -> None:
    asked = await HalfSent(world, world.key, "/v2/agent", json.dumps(AGENT).encode()).begun()
    assert (await asked.rest()).status_code == 201


async def test_a_key_that_was_revoked_meanwhile_makes_no_other(world: ApiWorld) -> None:
    actions = world.services.actions
    made = await create_key(actions, DEFAULT_TENANT_ID, "stolen")
    by = Principal(DEFAULT_TENANT_ID, made.stored.id, "stolen")
    wish = KeyWish(DEFAULT_TENANT_ID, "successor")
    async with world.ledger.unit() as unit:
        await insert_key(actions, unit, by, wish)
        # Nobody revokes it before what it makes can be seen.
        revoking = asyncio.create_task(revoke_key(actions, DEFAULT_TENANT_ID, made.stored.id))
        done, _ = await asyncio.wait({revoking}, timeout=0.3)
        assert not done
    await revoking
    with pytest.raises(UnknownKeyError):
        async with world.ledger.unit() as unit:
            await insert_key(actions, unit, by, wish)


async def test_a_long_list_is_cut_within_a_second_when_its_key_is_revoked(world: ApiWorld) -> None:
    contacts = b"contact_number,p\n" + b"loopback:x,a secret of a contact\n" * 5_000
    async with world.client() as client:
        agent_id = await create(client)
        made = await client.post("/batches", data={"agent_id": agent_id}, files={"file": ("l.csv", contacts)})
        path = f"/batches/{made.json()['batch_id']}/executions"
    key = await create_key(world.services.actions, DEFAULT_TENANT_ID, "reading", scope="read")
    listener = bind("127.0.0.1", 0)
    async with http_server(build_app(world.services), listener):
        # One that reads as slowly as it can.
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        connection.connect(listener.getsockname()[:2])
        reader, writer = await asyncio.open_connection(sock=connection, limit=4_096)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key.secret}\r\n\r\n".encode())
        read = await asyncio.wait_for(reader.readuntil(b"execution_id"), 10)
        await revoke_key(world.services.actions, DEFAULT_TENANT_ID, key.stored.id)
        await asyncio.sleep(1)
        rest = await asyncio.wait_for(reader.read(-1), 20)
        writer.close()
    assert read.startswith(b"HTTP/1.1 200")
    assert (read + rest).count(b'"execution_id"') < 2_500
    assert not rest.endswith(b"0\r\n\r\n"), "nobody takes it for all of the list"
