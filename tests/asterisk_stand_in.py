"""A stand-in of Asterisk on loopback: ARI, its events and its media websockets, as Asterisk 22.10.1 was seen to speak them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.stream_talk import Talk
from websockets.exceptions import ConnectionClosedOK

from callwright.cli.serving import bind, http_server, url_of
from callwright.telephony.asterisk.configuration import AsteriskSettings
from callwright.telephony.loopback.far_end import FarEnd

USER, PASSWORD, APP = "callwright", "pbx-password-4711", "callwright"
Outcome = dict[str, int]
"""Fields of the ``ChannelDestroyed`` of a call that is not taken; empty for one that only rings."""
BUSY: Outcome = {"cause": 17, "tech_cause": 486}
RINGS: Outcome = {}


class ControlWire:
    """The messages of a media websocket, in lines or in JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def event(self, name: str, **values: str) -> str:
        if self.as_json:
            return json.dumps({"event": name, **values})
        return " ".join((name, *(f"{key}:{value}" for key, value in values.items())))

    def sound(self, mulaw: bytes, number: int) -> bytes:
        return mulaw

    def played(self, name: str) -> str:
        return (
            self.event("MEDIA_MARK_PROCESSED", correlation_id=name) if self.as_json else f"MEDIA_MARK_PROCESSED {name}"
        )

    def read(self, message: str | bytes) -> tuple[str, Any]:
        if isinstance(message, bytes):
            return "sound", message
        if self.as_json:
            told = json.loads(message)
            command, name = told["command"], told.get("correlation_id")
        else:
            command, _, name = message.partition(" ")
        return {"MARK_MEDIA": "mark", "FLUSH_MEDIA": "clear"}[command], name


class _Socket:
    """A websocket of Starlette with the manners of a client of ``websockets``."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            yield message["bytes"] if message.get("bytes") is not None else message["text"]

    async def send(self, message: str | bytes) -> None:
        try:
            await (self.socket.send_bytes(message) if isinstance(message, bytes) else self.socket.send_text(message))
        except (WebSocketDisconnect, RuntimeError):
            raise ConnectionClosedOK(None, None) from None


@dataclass
class Channel:
    """A channel: of a call, or of its audio. ``asked`` is what it was made with."""

    id: str
    number: str = ""
    caller: str = ""
    exten: str = ""
    state: str = "Down"
    asked: dict[str, Any] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ended_by: int = 16
    keys: str = ""
    socket: _Socket | None = None
    talk: Talk | None = None

    def told(self) -> dict[str, Any]:
        dialplan = {"context": "in", "exten": self.exten, "priority": 1, "app_name": "Stasis", "app_data": APP}
        return {"id": self.id, "state": self.state, "caller": {"name": "", "number": self.caller}, "dialplan": dialplan}


@dataclass
class StandIn:
    """``outcomes``: what becomes of a call to a number, which is answered unless it has one. ``failures``: the status with which a
    request is answered, by its method and the last word of its path. ``as_json``: how media websockets speak. ``names_media``: whether a
    media channel says where its websocket is."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failures: dict[tuple[str, str], int] = field(default_factory=dict)
    far_end: Callable[[], Awaitable[FarEnd]] | None = None
    as_json: bool = False
    names_media: bool = True
    not_entered: int = 0
    """How many more requests find a channel that has not entered the application yet."""
    vanishes: bool = False
    """Whether a channel that is added to the others is gone at once, unheard."""
    url: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)
    bridges: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    listeners: list[WebSocket] = field(default_factory=list)
    tries: int = 0
    """Of a websocket for events."""
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def settings(self) -> AsteriskSettings:
        return AsteriskSettings(self.url, USER, PASSWORD, APP)

    @property
    def calls(self) -> list[Channel]:
        """The channels of calls."""
        return [one for one in self.channels.values() if not one.id.endswith(".media")]

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # -- the hands of a test ---------------------------------------------------------------------------------------------------

    async def tell(self, kind: str, channel: Channel, **values: Any) -> None:
        """An event of a channel."""
        named = "peer" if kind == "Dial" else "channel"
        await self.say(json.dumps({"type": kind, named: channel.told(), "application": APP, **values}))

    async def say(self, text: str) -> None:
        """Any event, as it is, to whoever has the application."""
        for socket in self.listeners[-1:]:
            await socket.send_text(text)

    async def stop_events(self) -> None:
        """Close the websocket of the events."""
        for socket in self.listeners:
            await socket.close()
        self.listeners.clear()

    def call(self, exten: str, caller: str = "+15550123") -> Channel:
        """Somebody calls."""
        channel = Channel(f"1796079600.{next(self.numbers)}", caller=caller, exten=exten, state="Ring")
        self.channels[channel.id] = channel
        self.start(self._came_in(channel))
        return channel

    def left_over(self, name: str, bridge: str = "") -> Channel:
        """A channel that an earlier process has left."""
        channel = self.channels[name] = Channel(name, state="Up")
        if bridge:
            self.bridges.setdefault(bridge, []).append(name)
        self.start(self._left_over(channel))
        return channel

    async def control(self, call: Channel, text: str) -> None:
        """A text on the media websocket of a call."""
        await self._media_of(call).send(text)

    async def break_media(self, call: Channel) -> None:
        """The media websocket of a call ends without a reason."""
        await self._media_of(call).socket.close(1011)

    def wire(self) -> ControlWire:
        return ControlWire(as_json=self.as_json)

    def _media_of(self, call: Channel) -> _Socket:
        bridge = next(channels for channels in self.bridges.values() if call.id in channels)
        socket = next(self.channels[one].socket for one in bridge if one.endswith(".media"))
        assert socket is not None
        return socket

    # -- calls -----------------------------------------------------------------------------------------------------------------

    async def _left_over(self, channel: Channel) -> None:
        await channel.over.wait()
        await self._gone(channel, "StasisEnd")

    async def _came_in(self, channel: Channel) -> None:
        await self.tell("StasisStart", channel, args=[])
        await self._left_over(channel)

    async def _placed(self, channel: Channel) -> None:
        await self.tell("Dial", channel, dialstatus="")
        channel.state = "Ringing"
        await self.tell("ChannelStateChange", channel)
        outcome = self.outcomes.get(channel.number)
        if outcome == {}:
            await channel.over.wait()
        elif outcome is not None:
            channel.over.set()
            await self._gone(channel, "ChannelDestroyed", **outcome)
            return
        else:
            channel.state = "Up"
            await self.tell("ChannelStateChange", channel)
            await self.tell("StasisStart", channel, args=[])
            await channel.over.wait()
            await self._gone(channel, "StasisEnd")
        await self._gone(channel, "ChannelDestroyed", cause=channel.ended_by, cause_txt="Normal Clearing")

    async def _gone(self, channel: Channel, kind: str, **values: Any) -> None:
        self.channels.pop(channel.id, None)
        for bridge, channels in self.bridges.items():
            if channel.id in channels:
                channels.remove(channel.id)
                told = {"id": bridge, "channels": list(channels)}
                await self.tell("ChannelLeftBridge", channel, bridge=told)
        await self.tell(kind, channel, **values)

    # -- ARI -------------------------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """One request."""
        path = request.url.path.removeprefix("/ari")
        self.requests.append((request.method, path))
        if request.headers.get("authorization") != _AUTHORIZATION:
            return JSONResponse({"message": "Authentication required"}, 401)
        failure = self.failures.get((request.method, path.rpartition("/")[2]))
        if failure is not None:
            return JSONResponse({"message": "no"}, failure)
        body = await request.body()
        asked = json.loads(body) if body else dict(request.query_params)
        kind, *rest = path.strip("/").split("/")
        if kind == "channels":
            return await self._channel(request.method, rest, asked, dict(request.query_params))
        return self._bridge(request.method, rest, asked) if kind == "bridges" else Response(status_code=204)

    async def _channel(self, method: str, rest: list[str], asked: dict[str, Any], query: dict[str, str]) -> Response:
        if not rest:
            if "invalid" in asked["endpoint"]:
                return JSONResponse({"error": "Allocation failed"}, 500)
            number = asked["endpoint"].removeprefix("PJSIP/").partition("@")[0]
            channel = Channel(asked["channelId"], number, asked["callerId"], asked=asked)
            self.channels[channel.id] = channel
            self.start(self._placed(channel))
            return JSONResponse(channel.told())
        if rest == ["externalMedia"]:
            assert {name: asked[name] for name in _MEDIA} == _MEDIA
            media = self.channels[asked["channelId"]] = Channel(asked["channelId"])
            variables = {"MEDIA_WEBSOCKET_CONNECTION_ID": f"c-{media.id}".replace(".", "-")} if self.names_media else {}
            return JSONResponse({**media.told(), "channelvars": variables})
        found = self.channels.get(rest[0])
        if found is None:
            return JSONResponse({"message": "Channel not found"}, 404)
        if method == "GET":
            return JSONResponse(found.told())
        if method == "DELETE":
            found.ended_by = int(query.get("reason_code", 16))
            await self.hang_up(found)
        elif rest[1] == "answer":
            found.state = "Up"
        elif rest[1] == "dtmf":
            found.keys += asked["dtmf"]
        return Response(status_code=204)

    async def hang_up(self, channel: Channel) -> None:
        """A channel ends, whoever wants it."""
        channel.over.set()
        if channel.id.endswith(".media"):
            await self._gone(channel, "StasisEnd")
            if channel.socket is not None:
                await channel.socket.socket.close()

    def _bridge(self, method: str, rest: list[str], asked: dict[str, Any]) -> Response:
        if method == "GET" and rest:
            found = self.bridges.get(rest[0])
            return JSONResponse({"channels": found} if found is not None else {}, 200 if found is not None else 404)
        if method == "GET":
            return JSONResponse([{"id": name, "channels": channels} for name, channels in self.bridges.items()])
        if not rest:
            assert asked["type"] == "mixing,proxy_media"
            self.bridges[asked["bridgeId"]] = []
            return JSONResponse({"id": asked["bridgeId"], "channels": []})
        if rest[0] not in self.bridges:
            return JSONResponse({"message": "Bridge not found"}, 404)
        if method == "DELETE":
            del self.bridges[rest[0]]
        else:
            if not set(asked["channel"]) <= self.channels.keys():
                return JSONResponse({"message": "Channel not found"}, 400)
            if self.not_entered:
                self.not_entered -= 1
                return JSONResponse({"message": "Channel not in Stasis application"}, 422)
            if self.vanishes:
                self.channels.pop(asked["channel"][0])
            else:
                self.bridges[rest[0]] += asked["channel"]
        return Response(status_code=204)

    # -- websockets ------------------------------------------------------------------------------------------------------------

    async def events(self, socket: WebSocket) -> None:
        """The events of the application, which the latest has."""
        self.tries += 1
        failure = self.failures.get(("GET", "events"))
        if failure is not None or socket.headers.get("authorization") != _AUTHORIZATION:
            await socket.send_denial_response(Response(status_code=failure or 401))
            return
        assert socket.query_params["app"] == APP
        await socket.accept()
        await self.say(json.dumps({"type": "ApplicationReplaced", "application": APP}))
        self.listeners.append(socket)
        with suppress(RuntimeError):
            await socket.receive()
        if socket in self.listeners:
            self.listeners.remove(socket)

    async def media(self, socket: WebSocket) -> None:
        """The audio of a media channel."""
        connection = socket.path_params["connection"]
        channel = next((one for one in self.channels.values() if f"c-{one.id}".replace(".", "-") == connection), None)
        if channel is None or "media" not in socket.scope["subprotocols"]:
            await socket.send_denial_response(Response(status_code=404))
            return
        await socket.accept("media")
        channel.socket, channel.state, wire = _Socket(socket), "Up", self.wire()
        start = {"connection_id": connection, "channel": "WebSocket/x", "channel_id": channel.id, "format": "ulaw"}
        await channel.socket.send(wire.event("MEDIA_START", **start))
        await self.tell("StasisStart", channel, args=[])
        far_end = await self.far_end() if self.far_end is not None else None
        channel.talk = Talk(wire, channel.socket, far_end)  # type: ignore[arg-type]
        await channel.talk.run()
        if channel.id in self.channels:
            await self._gone(channel, "StasisEnd")


_AUTHORIZATION = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
_MEDIA = {
    "external_host": "INCOMING", "transport": "websocket", "encapsulation": "none", "connection_type": "server",
    "format": "ulaw", "app": APP,
}  # fmt: skip


@asynccontextmanager
async def stand_in(pbx: StandIn) -> AsyncIterator[StandIn]:
    """The stand-in, served."""
    listener = bind("127.0.0.1", 0)
    pbx.url = url_of(listener)
    routes = [
        WebSocketRoute("/ari/events", pbx.events),
        WebSocketRoute("/media/{connection}", pbx.media),
        Route("/ari/{path:path}", pbx.answer, methods=["GET", "POST", "DELETE"]),
    ]
    async with http_server(Starlette(routes=routes), listener):
        yield pbx
        await pbx.stop_events()
        for task in list(pbx.tasks):
            task.cancel()
        await asyncio.gather(*pbx.tasks, return_exceptions=True)
