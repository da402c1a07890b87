"""A server whose strangers hold connections open: calls, chats and clients go on."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from tests.conformance.server import AGENT, served
from tests.waiting import until

from callwright.domain.limits import MAX_CONNECTIONS, MAX_CONNECTIONS_OF_ADDRESS

FEW_DESCRIPTORS = 256
STRANGERS = 5


@contextmanager
def few_descriptors() -> Iterator[None]:
    """Processes that start within the block have a low soft limit of file descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def silent_connections(address: str, source: str, count: int) -> list[socket.socket]:
    """Connections from ``source`` on which nothing is sent."""
    host, _, port = address.removeprefix("http://").partition(":")
    return [socket.create_connection((host, int(port)), 10, (source, 0)) for _ in range(count)]


def logged(folder: Path) -> str:
    """What the server wrote."""
    return "".join(path.read_text() for path in folder.glob("server-*.log"))


async def test_idle_connections_keep_no_call_chat_or_client_out(tmp_path: Path) -> None:
    assert STRANGERS * MAX_CONNECTIONS_OF_ADDRESS > MAX_CONNECTIONS
    with ExitStack() as stack:
        with few_descriptors():
            address, key = stack.enter_context(served(tmp_path))
        for number in range(STRANGERS):
            for connection in silent_connections(address, f"127.0.0.{number + 2}", MAX_CONNECTIONS_OF_ADDRESS):
                stack.callback(connection.close)
        async with httpx.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client:
            assert (await client.get("/healthz")).status_code == 200
            agent_id = (await client.post("/v2/agent", json=AGENT)).json()["agent_id"]
            chat = await client.post(f"/v1/callwright/agents/{agent_id}/chats", json={})
            assert chat.status_code == 201
            wire = {"agent_id": agent_id, "recipient_phone_number": "loopback:x", "user_data": {"persona": "short"}}
            placed = await client.post("/call", json=wire)
            assert placed.status_code == 200, placed.text
            call = placed.json()["execution_id"]

            async def completed() -> bool:
                return bool((await client.get(f"/executions/{call}")).json()["status"] == "completed")

            await until(completed, 60)
    log = logged(tmp_path)
    assert f"raised from {FEW_DESCRIPTORS}" in log
    assert "HTTP connections were closed as too many" in log
    assert "Too many open files" not in log
