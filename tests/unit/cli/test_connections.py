"""Bounds on HTTP connections and file descriptors."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from typing import Any

import pytest
from tests.unit.cli.test_joined_writes import Line, protocol

from callwright.cli.connections import ConnectionLimits, Connections, fitted
from callwright.domain.limits import CALL_DESCRIPTORS, MIN_CONNECTIONS, PROCESS_DESCRIPTORS

HERE, THERE, PROXY = "192.0.2.1", "192.0.2.2", "10.1.2.3"


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def table(total: int, of_address: int, *trusted: str, clock: Clock | None = None) -> Connections:
    return Connections(ConnectionLimits(total, of_address), trusted, clock or Clock())


def test_one_address_has_so_many_connections_and_another_one_its_own() -> None:
    connections = table(9, 2)
    first, second, third = Line(), Line(), Line()
    assert [connections.enter(line, HERE) for line in (first, second, third)] == [True, True, False]
    assert connections.enter(Line(), THERE)
    connections.leave(third)
    assert not connections.enter(third, HERE)
    connections.leave(first)
    assert connections.enter(third, HERE)


def test_addresses_of_one_ipv6_network_count_together() -> None:
    connections = table(9, 1)
    assert connections.enter(Line(), "2001:db8::1")
    assert not connections.enter(Line(), "2001:db8::2")
    assert connections.enter(Line(), "2001:db8:0:1::1")


def test_a_trusted_proxy_has_no_limit_of_its_own() -> None:
    connections = table(9, 1, "10.0.0.0/8")
    assert all(connections.enter(Line(), proxy) for proxy in (PROXY, f"::ffff:{PROXY}") * 2)
    assert [connections.enter(Line(), HERE) for _ in range(2)] == [True, False]


def test_a_full_table_closes_whoever_has_waited_longest_for_a_first_request() -> None:
    connections = table(3, 9)
    served, oldest, newer, latest = Line(), Line(), Line(), Line()
    for line in (served, oldest, newer):
        connections.enter(line, HERE)
    connections.asked(served)
    assert connections.enter(latest, THERE)
    assert [line.aborted for line in (served, oldest, newer, latest)] == [False, True, False, False]
    connections.leave(oldest)
    assert len(connections) == 3


def test_a_table_full_of_requests_closes_nobody_and_refuses_the_next() -> None:
    connections = table(1, 9)
    served = Line()
    assert connections.enter(served, HERE)
    connections.asked(served)
    assert not connections.enter(Line(), THERE)
    assert not served.aborted


def test_a_full_table_closes_waiting_strangers_before_waiting_clients_and_both_before_it_refuses() -> None:
    connections = table(2, 9)
    client, stranger, *more = (Line() for _ in range(5))
    for line, has_key in ((client, True), (stranger, False)):
        connections.enter(line, HERE)
        connections.asked(line)
        connections.waits(line, has_key=has_key)
    for line in more:
        assert connections.enter(line, THERE)
        connections.asked(line)
        if stranger.aborted and client.aborted:
            break
        assert (stranger.aborted, client.aborted) == (True, False)
    assert (stranger.aborted, client.aborted) == (True, True)
    assert not connections.enter(Line(), THERE)
    connections.waits(client, has_key=True)
    assert not connections.enter(Line(), THERE)


@pytest.mark.parametrize(
    ("key", "sent", "is_closed"),
    [
        pytest.param("", b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n", True, id="a stranger whose request was answered"),
        pytest.param(
            "", b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nslow", True, id="a stranger's slow body"
        ),
        pytest.param(
            "k", b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nslow", False, id="a client's slow body"
        ),
        pytest.param(
            "",
            b"GET /slow HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
            b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            False,
            id="a websocket, as carriers open",
        ),
        pytest.param("", b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n", False, id="a request under way"),
    ],
)
async def test_a_full_table_closes_what_has_no_request_of_a_client_under_way(
    key: str, sent: bytes, is_closed: bool
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if key:
            scope["state"]["principal"] = key
        if scope["path"] == "/slow":
            await asyncio.Event().wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    connections = table(1, 9)
    line = Line()
    first = protocol(connections, app)
    first.connection_made(line)
    first.data_received(sent)
    for _ in range(5):
        await asyncio.sleep(0)
    if b"content-length" in sent:
        first.data_received(b"er")
    assert connections.enter(Line(), THERE) is is_closed
    assert line.aborted is is_closed
    for task in first.tasks:
        task.cancel()
    first.connection_lost(None)


def test_refusals_are_logged_once_a_minute_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    connections = table(9, 1, clock=clock)
    for second in (0, 1, 30, 60):
        clock.now = second
        connections.enter(Line(), HERE)
        connections.enter(Line(), HERE)
    assert [message.split(" ", 1)[0] for message in caplog.messages] == ["1", "5"]


async def test_a_connection_too_many_is_closed_before_it_is_read() -> None:
    connections = table(9, 1)
    welcome, refused = Line(), Line()
    first, second = protocol(connections), protocol(connections)
    first.connection_made(welcome)
    second.connection_made(refused)
    assert (welcome.aborted, refused.aborted) == (False, True)
    second.connection_lost(None)
    first.connection_lost(None)
    assert len(connections) == 0


def test_descriptors_are_kept_for_calls(caplog: pytest.LogCaptureFixture) -> None:
    kept = PROCESS_DESCRIPTORS + 50 * CALL_DESCRIPTORS
    wanted = ConnectionLimits(500, 100)
    assert fitted(wanted, 50, kept + 500) == wanted
    assert not caplog.messages
    assert fitted(wanted, 50, kept + 499) == ConnectionLimits(499, 100)
    assert "ulimit" in caplog.text
    assert fitted(wanted, 50, 10) == ConnectionLimits(MIN_CONNECTIONS, MIN_CONNECTIONS)


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one() -> None:
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 4_096)
    code = (
        "import resource\n"
        "from callwright.cli.connections import raise_descriptor_limit\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))\n"
        "told = raise_descriptor_limit()\n"
        "print(told, *resource.getrlimit(resource.RLIMIT_NOFILE), raise_descriptor_limit())"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [int(number) for number in child.stdout.split()] == [hard] * 4
