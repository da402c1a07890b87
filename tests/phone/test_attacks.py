"""Two organisations on one server: one attacks with all it has, and strangers with it; the other's callers, chats and jobs hardly notice.

Apart from the machine's own noise: the same server's figures before the attack stand beside those under it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.http_server import Exchange, serving
from tests.phone.agents import agent
from tests.phone.length import only_in_full
from tests.phone.load import SPEECH, percentile
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.server import ENDED, Server
from tests.phone.sipp import Sipp
from tests.phone.summary import FIGURE
from tests.waiting import until

pytestmark = only_in_full

CALLS = 5
QUIET_S = 10.0
LARGEST_GAP_MS = 40.0
LARGEST_DELAY_S = 2.0
IDLE_CONNECTIONS = 1_000
UNACKNOWLEDGED = 60
HUNG_JOBS = 6
HUNG_WEBHOOKS = 120
STREAMS = 300
CHATS = 60
SLOW_PATTERN = [{"when": "(a+)+$", "say": "\\1" * 2_000}]


@pytest.fixture
def own_server(phone_database: Callable[[str], str], tmp_path: Path, ports: Ports) -> Iterator[Server]:
    """A server with few places that may call our own receivers on loopback."""
    more = {"CALLWRIGHT_MAX_CALLS": "50", "CALLWRIGHT_ALLOW_PRIVATE_URLS": "1", "CALLWRIGHT_SANDBOX": "never"}
    server = Server(tmp_path, phone_database(f"attacked_{time.time_ns()}"), ports.sip(), ports.gateway_media(), **more)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def organisation(server: Server, name: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new organisation."""
    account = server.run("accounts", "create", "--name", name).strip().splitlines()[-1].split()[-1]
    key = server.run("keys", "create", "--account", account, "--name", name).strip().splitlines()[-1]
    headers = {"Authorization": f"Bearer {key}"}
    # As many connections as it wants: a pool would hold an attacker back.
    wide = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, timeout=30, limits=wide, trust_env=False
    ) as client:
        yield client


async def agent_of(client: httpx.AsyncClient, rules: list[dict[str, Any]], *, welcome: str, **config: Any) -> str:
    body = agent(rules, welcome=welcome)
    summary = config.pop("summary_model", None)
    body["agent_config"].update(config)
    if summary:
        tools = {"llm_agent": {"provider": "custom", "model": "m", "base_url": summary}}
        body["agent_config"]["tasks"].append({"task_type": "summarization", "tools_config": tools})
    answer = await client.post("/v2/agent", json=body)
    assert answer.status_code < 300, answer.text
    return str(answer.json()["agent_id"])


async def chat(client: httpx.AsyncClient, agent_id: str, text: str) -> tuple[str, float]:
    """A chat of one message: its execution, and how long the answer took."""
    opened = await client.post(f"/v1/callwright/agents/{agent_id}/chats", json={})
    assert opened.status_code == 201, opened.text
    execution_id = str(opened.json()["execution_id"])
    began_s = time.monotonic()
    said = await client.post(f"/v1/callwright/chats/{execution_id}/messages", json={"text": text})
    assert said.status_code == 200, said.text
    return execution_id, time.monotonic() - began_s


async def finished(client: httpx.AsyncClient, execution_id: str) -> float:
    """End a chat; how long it takes until its record is complete."""
    began_s = time.monotonic()
    await client.delete(f"/v1/callwright/chats/{execution_id}")

    async def complete() -> bool:
        return bool((await client.get(f"/executions/{execution_id}")).json()["status"] in ENDED)

    await until(complete, 60)
    return time.monotonic() - began_s


class Victim:
    """An organisation with calls under way, whose chats and their ends are timed again and again."""

    def __init__(self, client: httpx.AsyncClient, agent_id: str, line: RtpSocket) -> None:
        self._client = client
        self._agent_id = agent_id
        self._line = line

    async def watch(self, seconds: float) -> tuple[float, float, float]:
        """The calls' gaps, the slowest answer of a chat, the slowest end of one: p99 in ms, and seconds."""
        began_s, answers, ends = time.time(), [0.0], [0.0]
        while time.time() < began_s + seconds:
            execution_id, took_s = await chat(self._client, self._agent_id, "monday")
            answers.append(took_s)
            ends.append(await finished(self._client, execution_id))
            await asyncio.sleep(0.2)
        return percentile(self._line.gaps_ms(since_s=began_s, until_s=time.time()), 99), max(answers), max(ends)


def connections(url: str) -> list[socket.socket]:
    """Connections that say nothing, from several addresses."""
    host, _, port = url.removeprefix("http://").partition(":")
    held: list[socket.socket] = []
    for number in range(IDLE_CONNECTIONS):
        with contextlib.suppress(OSError):
            held.append(socket.create_connection((host, int(port)), 5, (f"127.0.0.{2 + number // 250}", 0)))
    return held


async def never_acknowledge(sip_port: int, extension: str) -> None:
    """INVITEs that nobody ever acknowledges, twenty a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.9", 0))
        own = phone.getsockname()[1]
        sdp = f"v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio {own} RTP/AVP 0\r\n"
        for number in range(UNACKNOWLEDGED):
            head = (
                f"INVITE sip:{extension}@127.0.0.1:{sip_port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:{own};branch=z9hG4bK{number}\r\n"
                f"From: <sip:a@127.0.0.9>;tag=t{number}\r\nTo: <sip:{extension}@127.0.0.1>\r\nCall-ID: never-{number}\r\nCSeq: 1 INVITE\r\n"
                f"Contact: <sip:a@127.0.0.9:{own}>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(sdp)}\r\n\r\n"
            )
            phone.sendto((head + sdp).encode(), ("127.0.0.1", sip_port))
            await asyncio.sleep(0.05)


async def attack(server: Server, attacker: httpx.AsyncClient, hanging_url: str, answers: Counter[int]) -> list[Any]:
    """Everything at once. Returns what is held until the end of the test; counts the answers by their status."""
    slow = await agent_of(attacker, SLOW_PATTERN, welcome="Hello.", webhook_url=f"{hanging_url}/hook")
    jobs = await agent_of(attacker, [], welcome="Hello.", summary_model=f"{hanging_url}/v1")
    held: list[Any] = await asyncio.to_thread(connections, server.url)

    async def quietly(method: str, path: str, **more: Any) -> httpx.Response | None:
        with contextlib.suppress(httpx.HTTPError):
            answer = await attacker.request(method, path, **more)
            answers[answer.status_code] += 1
            return answer
        return None

    async def talks(agent_id: str, text: str, *, ends: bool) -> None:
        opened = await quietly("POST", f"/v1/callwright/agents/{agent_id}/chats", json={})
        if opened is None or opened.status_code != 201:
            return
        one = opened.json()["execution_id"]
        if text:
            await quietly("POST", f"/v1/callwright/chats/{one}/messages", json={"text": text})
        if ends:
            await quietly("DELETE", f"/v1/callwright/chats/{one}")

    async def streams() -> None:
        opened = await attacker.post(f"/v1/callwright/agents/{slow}/chats", json={})
        execution = opened.json()["execution_id"]
        for _ in range(STREAMS):
            request = attacker.build_request("GET", f"/v1/callwright/executions/{execution}/events")
            with contextlib.suppress(httpx.HTTPError):
                stream = await attacker.send(request, stream=True)
                answers[stream.status_code] += 1
                held.append(stream)

    watching = asyncio.create_task(streams())
    await asyncio.sleep(0.5)
    await asyncio.gather(
        watching,
        never_acknowledge(server.sip_port, slow),
        *[talks(jobs, "hello", ends=True) for _ in range(HUNG_JOBS)],
        *[talks(slow, "a" * 28 + "!", ends=True) for _ in range(HUNG_WEBHOOKS // 4)],
        *[talks(slow, "a" * 3_900, ends=False) for _ in range(CHATS)],
    )
    return held


async def hangs(exchange: Exchange) -> None:
    """Never answers."""
    await asyncio.sleep(300)


async def test_an_attacker_hardly_disturbs_a_neighbour(
    own_server: Server, ports: Ports, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The neighbour's 99th percentile of packet gaps stays under 40 ms, its chats answer, its records are complete within two seconds of
    their usual time."""
    server, line = own_server, RtpSocket()
    answers: Counter[int] = Counter()
    phone = Sipp(tmp_path, "calls", ports.sip(), ports.media())
    async with (
        serving(hangs) as hanging,
        organisation(server, "Neighbour") as client,
        organisation(server, "Attacker") as attacker,
    ):
        speaker = await agent_of(client, [], welcome=SPEECH)
        writer = await agent_of(client, [{"when": "monday", "say": "Monday it is."}], welcome="Hello.")
        try:
            await phone.start(
                target=server.sip_port, called=speaker, calls=CALLS, rate=5, rtp_port=line.port, hold_ms=80_000
            )
            await until(lambda: len(line.peers) >= CALLS, 20)
            victim = Victim(client, writer, line)
            before = await victim.watch(QUIET_S)
            attacking = asyncio.create_task(attack(server, attacker, hanging.url, answers))
            under = await victim.watch(QUIET_S)
            while not attacking.done():
                under = tuple(map(max, under, await victim.watch(2.0)))  # type: ignore[assignment]
            after = await victim.watch(QUIET_S)
        finally:
            await phone.stop()
            line.close()
        under = tuple(map(max, under, after))  # type: ignore[assignment]
        held = attacking.result()
        for one in held:
            if isinstance(one, socket.socket):
                one.close()
            else:
                await one.aclose()
    words = [f"gap p99 {gap:.1f} ms, chat {answer:.2f} s, end {end:.2f} s" for gap, answer, end in (before, under)]
    record_property(
        FIGURE, f"a neighbour before: {words[0]}; under attack: {words[1]} ({len(held)} held, answers {dict(answers)})"
    )
    assert len(held) > IDLE_CONNECTIONS, "this was no attack"
    assert {200, 201, 429} <= answers.keys() <= {200, 201, 429, 503}, answers
    assert under[0] < LARGEST_GAP_MS, words
    assert under[1] < before[1] + LARGEST_DELAY_S, words
    assert under[2] < before[2] + LARGEST_DELAY_S, words
