"""Heads of requests on a real socket: as large as they may be, larger, endless and slow."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest
from tests.api_world import ApiWorld, create, place
from tests.waiting import until

from callwright.api import bodies
from callwright.api.app import build_app
from callwright.api.rates import RateLimits
from callwright.cli import bounded_http
from callwright.cli.connections import ConnectionLimits
from callwright.cli.serving import bind, http_server
from callwright.domain.limits import MAX_HEAD_BYTES, MAX_HEADERS
from callwright.platform.executions.routes import live


@pytest.fixture
async def port(world: ApiWorld) -> AsyncIterator[int]:
    listener = bind("127.0.0.1", 0)
    async with http_server(build_app(world.services), listener):
        yield listener.getsockname()[1]


async def sent(port: int, *pieces: bytes) -> tuple[int, bytes]:
    """Status and body of the answer to pieces of a request, sent one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.wait_for(writer.drain(), 10)
        await asyncio.sleep(0.02)
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(head.split()[1]), await reader.readexactly(length)
    finally:
        writer.close()


def head(*lines: str) -> bytes:
    return "\r\n".join(["GET /healthz HTTP/1.1", "Host: x", *lines, "", ""]).encode()


async def test_a_head_of_the_largest_size_is_answered_and_a_larger_one_refused(port: int) -> None:
    room = MAX_HEAD_BYTES - len("/healthzHostxX-A")
    assert (await sent(port, head(f"X-A: {'a' * room}")))[0] == 200
    status, body = await sent(port, head(f"X-A: {'a' * (room + 1)}"))
    assert (status, json.loads(body)["code"]) == (431, "head_too_large")


async def test_as_many_headers_as_allowed_and_one_more(port: int) -> None:
    assert (await sent(port, head(*(f"X-{n}: a" for n in range(MAX_HEADERS - 1)))))[0] == 200
    assert (await sent(port, head(*(f"X-{n}: a" for n in range(MAX_HEADERS)))))[0] == 431


async def test_answers_of_one_connection_each_have_the_date_of_their_second(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        dates = []
        for pause_s in (0, 1.1):
            await asyncio.sleep(pause_s)
            answer = await client.get(f"http://127.0.0.1:{port}/healthz")
            dates.append(parsedate_to_datetime(answer.headers["date"]))
            assert abs(datetime.now(UTC) - dates[-1]) < timedelta(seconds=2)
    assert dates[0] < dates[1]


async def test_a_long_line_is_refused(port: int) -> None:
    assert (await sent(port, b"GET /" + b"a" * MAX_HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 431


async def test_a_header_without_an_end_is_refused_while_it_comes(port: int) -> None:
    pieces = [b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", *[b"a" * 16_384] * 3]
    assert (await sent(port, *pieces))[0] == 431


async def test_what_is_no_http_is_400(port: int) -> None:
    assert (await sent(port, b"\x00\x01\x02\r\n\r\n"))[0] == 400


async def test_who_never_finishes_a_head_is_disconnected(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.2)
    for beginning in (b"", b"GET /healthz HTTP/1.1\r\nX-A: "):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()


async def test_a_connection_that_is_kept_open_goes_on(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(head())
        answer = await asyncio.wait_for(reader.readuntil(b"}"), 10)
        assert answer.startswith(b"HTTP/1.1 200")
    writer.close()


def post(path: str, world: ApiWorld, length: int) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {world.key}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_body_that_stops_coming_is_408_and_the_connection_ends(
    port: int, world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    for path in ("/v2/agent", "/knowledgebase"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        kind = b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        writer.write(post(path, world, 1_000)[:-2] + kind + b"--x")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in answer.lower()
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "body_too_slow"


async def test_a_client_that_leaves_in_its_body_is_no_error(
    port: int, world: ApiWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "callwright.api.gate")
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post("/v1/callwright/agents/validate", world, 1_000) + b"{")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await until(lambda: "callwright.api.gate" in {record.name for record in caplog.records})
    assert [(record.levelname, record.exc_info) for record in caplog.records if "gate" in record.name] == [
        ("DEBUG", None)
    ]


async def test_a_large_body_may_take_its_time_as_long_as_it_comes(
    port: int, world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(bodies, "BODY_BYTES_A_SECOND", 1_000)
    body = json.dumps({"agent_config": {"agent_name": "x" * 1_500}}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post("/v2/agent", world, len(body)))
    for at in range(0, len(body), 200):
        await asyncio.sleep(0.1)
        writer.write(body[at : at + 200])
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
    writer.close()
    # Read to its end, which took longer than the first allowance, and refused for what it says.
    assert int(answer.split()[1]) in (400, 413)


async def test_a_body_that_nobody_reads_does_not_hold_the_connection_for_ever(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_http, "BODY_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v2/agent HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    answer = await asyncio.wait_for(reader.readuntil(b"}"), 10)
    assert answer.startswith(b"HTTP/1.1 401")

    async def drip() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.05)

    dripping = asyncio.ensure_future(drip())
    assert await asyncio.wait_for(reader.read(), 5) == b""
    dripping.cancel()
    writer.close()


@pytest.mark.parametrize(("trusted", "statuses"), [((), [401, 429]), (("127.0.0.0/8",), [401, 401])])
async def test_only_a_trusted_proxy_says_for_whom_it_asks(
    world: ApiWorld, trusted: tuple[str, ...], statuses: list[int]
) -> None:
    services = replace(world.services, rates=RateLimits({"bad_key": 1}, lambda: 0.0))
    listener = bind("127.0.0.1", 0)
    async with http_server(build_app(services), listener, trusted):
        port = listener.getsockname()[1]
        lines = [f"GET /me HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.{n}\r\n\r\n" for n in range(2)]
        assert [(await sent(port, line.encode()))[0] for line in lines] == statuses


async def test_a_watcher_that_does_not_read_loses_its_place(
    port: int, world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LIVE_SEND_SECONDS", 0.3)
    world.live.events = [{"event": "heard", "data": "x" * 65_536}] * 400
    async with world.client() as client:
        execution_id = await place(client, await create(client))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4_096)
    path = f"/v1/callwright/executions/{execution_id}/events"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.key}\r\n\r\n".encode())
    await asyncio.wait_for(reader.readuntil(b"event: heard"), 10)
    await until(lambda: world.live.closed == 1, 10)
    writer.close()
    # Others watch as before, and who reads sees everything.
    status, read = await watched(port, path, world.key)
    assert status == 200
    assert read.count(b"event: heard") == 400
    assert read.endswith(b"event: end\ndata: {}\n\n")


async def silent(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that sends nothing."""
    return await asyncio.open_connection("127.0.0.1", port)


async def closed_at_once(reader: asyncio.StreamReader) -> bool:
    """Whether the server ends a connection on which nothing was sent."""
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


async def test_one_address_has_so_many_connections_and_gets_them_back(world: ApiWorld) -> None:
    listener = bind("127.0.0.1", 0)
    async with http_server(build_app(world.services), listener, (), ConnectionLimits(9, 2)):
        port = listener.getsockname()[1]
        kept = [await silent(port) for _ in range(2)]
        assert await closed_at_once((await silent(port))[0])
        for _, writer in kept:
            writer.close()
            await writer.wait_closed()
        await asyncio.sleep(0.05)
        assert (await sent(port, head()))[0] == 200


async def test_a_table_full_of_idle_strangers_keeps_nobody_out(world: ApiWorld) -> None:
    listener = bind("127.0.0.1", 0)
    async with http_server(build_app(world.services), listener, ("127.0.0.0/8",), ConnectionLimits(3, 1)):
        port = listener.getsockname()[1]
        strangers = [await silent(port) for _ in range(3)]
        assert (await sent(port, head()))[0] == 200
        assert await closed_at_once(strangers[0][0])
        for _, writer in strangers:
            writer.close()


async def watched(port: int, path: str, key: str) -> tuple[int, bytes]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        answer = await client.get(path, headers={"Authorization": f"Bearer {key}"})
        return answer.status_code, answer.content
