"""A carrier with doors on a real server: the example of the guide carries whole calls, and nobody comes in without a proof."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib.util
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from tests.call_world import agent_body
from tests.waiting import until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from callwright.bootstrap.platform import Platform, open_platform
from callwright.cli.serving import bind, http_server, url_of
from callwright.domain.limits import (
    MAX_DOOR_BODY_BYTES,
    MAX_DOOR_SOCKET_MESSAGE_BYTES,
    MAX_HEAD_BYTES,
)
from callwright.lab.caller_scenario import scenario_of
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.keys.actions.keys import create_key
from callwright.ports.door import (
    Capability,
    Door,
    DoorAnswer,
    DoorRequest,
    DoorSocket,
    HttpDoor,
    Signed,
    SocketDoor,
)
from callwright.ports.leg import SILENCE_FRAME
from callwright.ports.registry import Plugin, PluginContext, Registry
from callwright.ports.speech import TranscriberSettings, VoiceSettings
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK
from callwright.telephony.loopback.far_end import FarEnd
from callwright.telephony.loopback.mouth import Mouth, SpokenLines

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "media_websocket.py"
SECRET = "the gateway's secret"
PATIENT: dict[str, Any] = {
    "think_ms": 200,
    "rules": [{"say": "I want to book a dentist."}, {"say": "On Monday please."}, {"say": "My name is Ann."}],
}
BOOKED = [
    "assistant: Hello, this is reception.",
    "user: I want to book a dentist.",
    "assistant: Of course. Which day suits you?",
    "user: On Monday please.",
    "assistant: Monday at nine is free. What is your name?",
    "user: My name is Ann.",
    "assistant: Thank you. You are booked.",
]


def example() -> ModuleType:
    """The example of the guide, as a module."""
    spec = importlib.util.spec_from_file_location("media_websocket", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Echo:
    """A carrier that sends back what comes to its doors. It is told what it let in."""

    name = "echo"

    def __init__(self, context: PluginContext) -> None:
        self.doorkeeper = context.doors
        self.let_in: list[DoorRequest] = []

    def doors(self) -> tuple[Door, ...]:
        return (
            SocketDoor("/socket", "Echo messages", Capability(), self._serve),
            SocketDoor("/broken", "Fail", Capability(), self._fail),
            HttpDoor("/once", "Echo a body once", Capability(), self._answer),
            HttpDoor("/signed", "Echo a signed body", Signed(self._is_signed), self._answer),
        )

    async def _serve(self, request: DoorRequest, socket: DoorSocket) -> None:
        self.let_in.append(request)
        while (message := await socket.receive()) is not None:
            socket.send(message)

    async def _fail(self, request: DoorRequest, socket: DoorSocket) -> None:
        raise LookupError("a defect of the carrier")

    async def _answer(self, request: DoorRequest) -> DoorAnswer:
        self.let_in.append(request)
        return DoorAnswer(request.body, 202, "application/xml")

    async def _is_signed(self, request: DoorRequest) -> bool:
        wanted = hmac.new(SECRET.encode(), request.url.encode() + request.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, request.headers.get("x-signature", ""))


@dataclass
class Gateway:
    """The far end: is asked to dial, connects, and holds a synthetic caller to the websocket."""

    platform: Platform
    url: str
    key: str
    wishes: list[dict[str, str]] = field(default_factory=list)
    connects: bool = True
    _calls: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def echo(self) -> Echo:
        found = self.platform.foundation.plugins("carrier", "echo")
        assert isinstance(found, Echo)
        return found

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)

    async def asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One POST of the carrier."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        wish = json.loads(await reader.readexactly(length))
        self.wishes.append(wish)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()
        if self.connects:
            self._calls.add(asyncio.create_task(self._placed(wish)))

    async def _placed(self, wish: dict[str, str]) -> None:
        far_end = await self._far_end()
        async with connect(wish["connect"]) as socket:
            await socket.send(json.dumps({"event": "start", "from": wish["from"], "to": wish["to"]}))
            await self._talk(socket, far_end)

    async def offer(self, to: str) -> None:
        """A call that comes in, to its end."""
        address = self.url.replace("http", "ws") + f"/lines/media/offered?at={time.time()}"
        far_end = await self._far_end()
        async with connect(address, additional_headers={"x-media-signature": signature(address)}) as socket:
            await socket.send(json.dumps({"event": "start", "from": "+15550123", "to": to, "call_id": "in-1"}))
            assert json.loads(await socket.recv()) == {"event": "answer"}
            await self._talk(socket, far_end)

    async def _far_end(self) -> FarEnd:
        plugins = self.platform.foundation.plugins
        caller = scenario_of({"default": "caller", "personas": {"caller": PATIENT}}).persona("", "caller")
        far_end = FarEnd(caller, Mouth(SpokenLines(), plugins("voice", "scripted"), VoiceSettings()), lambda *_: None)
        far_end.attach(await plugins("transcriber", "scripted").open(TranscriberSettings(), far_end))
        return far_end

    async def _talk(self, socket: ClientConnection, far_end: FarEnd) -> None:
        """Be the caller until the call is over."""
        far_end.answered()
        speaking = asyncio.create_task(self._speak(socket, far_end))
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    far_end.earpiece.write(message)
                elif (told := json.loads(message))["event"] == "clear":
                    far_end.earpiece.clear()
                elif told["event"] == "mark":
                    while far_end.earpiece.waiting_ms:  # noqa: ASYNC110 - the earpiece is asked, it does not tell
                        await asyncio.sleep(0.02)
                    await socket.send(json.dumps({"event": "mark"}))
        finally:
            speaking.cancel()
            await far_end.aclose()

    async def _speak(self, socket: ClientConnection, far_end: FarEnd) -> None:
        next_s = asyncio.get_running_loop().time()
        while True:
            frame, _ = far_end.tick()
            await socket.send(frame or SILENCE_FRAME)
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))


def signature(address: str) -> str:
    return hmac.new(SECRET.encode(), address.encode(), hashlib.sha256).hexdigest()


@asynccontextmanager
async def opened(dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> AsyncIterator[Gateway]:
    """A platform that serves on loopback, with the example as a plugin and a gateway beside it."""
    plugins = [*SCRIPTED, *LOOPBACK, *module.PLUGINS, Plugin("carrier", "echo", "sends back what comes", Echo)]
    listener = bind("127.0.0.1", 0)
    url = url_of(listener)
    settings = Settings(
        data=folder, database_url=dsn, sip_listen="", vad="energy", turn="none",
        transcriber="scripted", model="scripted", voice="scripted", loopback_voice="scripted", loopback_ears="scripted",
    )  # fmt: skip
    async with open_platform(settings, url, Registry(plugins)) as platform, http_server(platform.app, listener):
        key = (await create_key(platform.services, DEFAULT_TENANT_ID, "doors")).secret
        gateway = Gateway(platform, url, key)
        server = await asyncio.start_server(gateway.asked, "127.0.0.1", 0)
        monkeypatch.setenv("MEDIA_GATEWAY", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        monkeypatch.setenv("MEDIA_SECRET", SECRET)
        async with server:
            yield gateway


@pytest.fixture
async def gateway(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    async with opened(dsn, tmp_path, monkeypatch, example()) as found:
        yield found


async def agent(client: httpx.AsyncClient) -> str:
    body = agent_body()
    prompts = body.pop("agent_prompts")
    body["tasks"][0]["tools_config"]["input"] = {"provider": "media", "format": "wav"}
    body.pop("webhook_url")
    made = await client.post("/v2/agent", json={"agent_config": body, "agent_prompts": prompts})
    assert made.status_code == 201, made.text
    return str(made.json()["agent_id"])


async def completed(client: httpx.AsyncClient, agent_id: str) -> dict[str, Any]:
    """The one execution of the agent, once it is completed."""
    async with asyncio.timeout(60):
        while True:
            rows = (await client.get(f"/v2/agent/{agent_id}/executions")).json()["data"]
            if rows and rows[0]["status"] in ("completed", "error"):
                return dict(rows[0])
            await asyncio.sleep(0.1)


async def status_of(address: str, **headers: str) -> int:
    """How a websocket is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address, additional_headers=headers):
            pass
    return refused.value.response.status_code


def test_the_guide_shows_the_doors_of_the_example_which_has_under_150_lines():
    text, guide = EXAMPLE.read_text(), (EXAMPLE.parent / "write-a-plugin.md").read_text()
    shown = re.search(r"```python\n(    def doors.*?)```", guide, re.DOTALL)
    assert shown is not None
    assert shown[1] in text
    assert "[media_websocket.py](media_websocket.py)" in guide
    assert len(text.splitlines()) < 150


@pytest.mark.real_time
@pytest.mark.long
async def test_the_example_places_a_whole_call(gateway: Gateway) -> None:
    async with gateway.client() as client:
        agent_id = await agent(client)
        await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "+15550199"})
        row = await completed(client, agent_id)
    assert row["transcript"].splitlines() == BOOKED
    assert (row["telephony_data"]["provider"], row["telephony_data"]["call_type"]) == ("media", "outbound")
    (wish,) = gateway.wishes
    assert (wish["to"], wish["connect"].startswith(gateway.url.replace("http", "ws"))) == ("+15550199", True)
    assert await status_of(wish["connect"]) == 403


@pytest.mark.real_time
async def test_the_example_takes_a_whole_call(gateway: Gateway) -> None:
    async with gateway.client() as client:
        agent_id = await agent(client)
        await gateway.offer(agent_id)
        row = await completed(client, agent_id)
    assert row["transcript"].splitlines() == BOOKED
    assert (row["telephony_data"]["provider"], row["telephony_data"]["call_type"]) == ("media", "inbound")
    assert (row["telephony_data"]["hangup_by"], row["user_number"]) == ("API Request", "+15550123")


async def test_a_gateway_that_talks_nonsense_ends_its_call(gateway: Gateway) -> None:
    gateway.connects = False
    async with gateway.client() as client:
        agent_id = await agent(client)
        await client.post("/call", json={"agent_id": agent_id, "recipient_phone_number": "+15550199"})
        await until(lambda: bool(gateway.wishes))
        async with connect(gateway.wishes[0]["connect"]) as socket:
            await socket.send(json.dumps({"event": "start"}))
            await socket.send("nonsense")
            row = await completed(client, agent_id)
    assert (row["status"], row["telephony_data"]["hangup_by"]) == ("completed", "Callee")


async def test_no_websocket_comes_in_without_a_proof_or_a_key(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    base = gateway.url.replace("http", "ws")
    assert await status_of(f"{base}/lines/media/offered") == 403
    assert await status_of(f"{base}/lines/media/offered", **{"x-media-signature": signature("another address")}) == 403
    assert await status_of(f"{base}/lines/media/offered", **{"x-media-signature": "\xff"}) == 403
    now = time.time()
    for query in ("", f"?at={now - 31}", f"?at={now + 40}"):
        late = f"{base}/lines/media/offered{query}"
        assert await status_of(late, **{"x-media-signature": signature(late)}) == 403, query
    assert await status_of(f"{base}/lines/media/placed/{'0' * 64}") == 403
    for path in ("/lines/media/placed", "/lines/media/other", "/lines/other/placed", "/executions/x", "/healthz"):
        assert await status_of(base + path) == 401, path
    assert await status_of(f"{base}/lines/media/other", Authorization=f"Bearer {gateway.key}") in (403, 404)
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_the_doors_are_described(gateway: Gateway) -> None:
    async with gateway.client() as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert (await client.get("/lines/media/placed/x")).status_code == 404
    placed, offered = (paths[f"/lines/media/{path}"]["get"] for path in ("placed/{capability}", "offered"))
    assert (placed["x-websocket"], placed["security"], placed["parameters"][0]["name"]) == (True, [], "capability")
    assert offered["responses"]["101"]["description"] == "A websocket."
    assert "parameters" not in offered


async def test_a_message_at_the_limit_comes_through_and_a_larger_one_ends_the_websocket(gateway: Gateway) -> None:
    async with connect(gateway.echo.doorkeeper.issue("echo", "/socket", "a call", 30), compression=None) as socket:
        largest = "x" * MAX_DOOR_SOCKET_MESSAGE_BYTES
        await socket.send(largest)
        assert await socket.recv() == largest
        await socket.send(largest + "x")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert (closed.value.rcvd and closed.value.rcvd.code, gateway.echo.let_in[0].bound_to) == (1009, "a call")


async def test_a_defect_of_a_carrier_ends_its_websocket_and_nothing_else(gateway: Gateway) -> None:
    async with connect(gateway.echo.doorkeeper.issue("echo", "/broken", "", 30)) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    async with gateway.client() as client:
        assert (await client.get("/readyz")).status_code == 200


async def test_a_signed_request_is_answered_and_any_other_is_refused(gateway: Gateway) -> None:
    address = gateway.echo.doorkeeper.address("echo", "/signed") + "?call=1"
    largest = b"x" * MAX_DOOR_BODY_BYTES

    def signed(body: bytes) -> dict[str, str]:
        return {"X-Signature": hmac.new(SECRET.encode(), address.encode() + body, hashlib.sha256).hexdigest()}

    async with httpx.AsyncClient(timeout=30) as client:
        good = await client.post(address, content=largest, headers=signed(largest))
        assert (good.status_code, good.content, good.headers["content-type"]) == (202, largest, "application/xml")
        assert "x-request-id" in good.headers
        assert (await client.post(address, content=b"other", headers=signed(largest))).status_code == 403
        assert (await client.post(address, content=largest)).status_code == 403
        larger = largest + b"x"
        assert (await client.post(address, content=larger, headers=signed(larger))).status_code == 413
        assert (await client.get(address, headers=signed(b""))).status_code == 401
    assert [one.url for one in gateway.echo.let_in] == [address]


async def test_a_capability_is_good_once_and_at_its_own_door(gateway: Gateway) -> None:
    doorkeeper = gateway.echo.doorkeeper
    async with httpx.AsyncClient(timeout=30) as client:
        address = doorkeeper.issue("echo", "/once", "execution 7", 30)
        answers = await asyncio.gather(*(client.post(address, content=b"{}") for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [202, 403, 403, 403, 403]
        of_another_door = doorkeeper.issue("echo", "/socket", "execution 8", 30).rpartition("/")[2]
        assert (await client.post(f"{gateway.url}/lines/echo/once/{of_another_door}")).status_code == 403
        late = doorkeeper.issue("echo", "/once", "execution 9", 0)
        assert (await client.post(late)).status_code == 403
        revoked = doorkeeper.issue("echo", "/once", "execution 10", 30)
        doorkeeper.revoke(revoked)
        assert (await client.post(revoked)).status_code == 403
    assert [one.bound_to for one in gateway.echo.let_in] == ["execution 7"]


async def test_headers_over_the_limit_are_refused_before_the_websocket(gateway: Gateway) -> None:
    address = gateway.url.replace("http", "ws") + "/lines/media/offered"
    assert await status_of(address, big="x" * MAX_HEAD_BYTES) == 431
