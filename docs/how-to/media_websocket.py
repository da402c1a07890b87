"""A carrier over websockets: a media gateway connects for each call and exchanges 20 ms of mu-law as binary messages, 160 bytes each.

The other messages are JSON. The gateway sends start (from, to, call_id), key, mark (all before it was played) and stop. We send
answer, clear, keys, mark and stop (refused). MEDIA_GATEWAY is asked to dial. MEDIA_SECRET signs the address that calls are offered at;
?at= in it is the time, in Unix seconds, and an older address than 30 s is refused."""

import asyncio
import hashlib
import hmac
import json
import os
import time
import urllib.request
from dataclasses import replace
from weakref import WeakValueDictionary

from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.door import Capability, Door, DoorRequest, DoorSocket, Signed, SocketDoor
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, InboundDesk, InboundOffer, LegClosed, LegListener, closed_by
from callwright.ports.registry import Plugin, PluginContext

NAME = "media"


class MediaLeg:
    """One call; ``socket`` is None until the gateway has connected."""

    ahead_ms = 100
    listener: LegListener

    def __init__(self, call_id: str, socket: DoorSocket | None = None) -> None:
        self.provider_call_id, self.socket, self.over = call_id, socket, False
        self.dialled, self.played = asyncio.Event(), asyncio.Event()

    async def answer(self) -> None:
        self.tell("answer")
        self.listener.answered()

    async def reject(self, code: int) -> None:
        self.tell("stop", code=code)
        await self.end(closed_by(CAUSES["declined_by_us"]))

    async def hang_up(self, reason: str) -> None:
        if self.socket is None:
            await self.end(closed_by(CAUSES["originator_cancel"]))
            return
        self.tell("mark")
        await asyncio.wait([asyncio.create_task(self.played.wait())], timeout=5)
        await self.end(replace(closed_by(CAUSES["hung_up_by_us"]), reason=reason))

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        raise ProviderError(FailureKind.BAD_REQUEST, NAME, "this carrier cannot transfer calls")

    async def send_keys(self, keys: str) -> None:
        self.tell("keys", keys=keys)

    def write(self, frame: bytes) -> None:
        if self.socket is not None:
            self.socket.send(frame)

    def clear(self) -> None:
        self.tell("clear")

    def tell(self, event: str, **more: object) -> None:
        if self.socket is not None:
            self.socket.send(json.dumps({"event": event, **more}))

    async def serve(self, socket: DoorSocket) -> None:
        """Report what the gateway sends until one side ends the call."""
        try:
            while (message := await socket.receive()) is not None:
                if isinstance(message, bytes):
                    self.listener.audio(message)
                elif (told := json.loads(message))["event"] == "key":
                    self.listener.key(told["key"])
                elif told["event"] == "mark":
                    self.played.set()
                elif told["event"] == "stop":
                    break
        finally:
            await self.end(closed_by(CAUSES["normal_clearing"]))

    async def end(self, closed: LegClosed) -> None:
        if not self.over:
            self.over = True
            self.played.set()
            self.listener.closed(closed)
        if self.socket is not None:
            await self.socket.close()


class MediaCarrier:
    name = NAME

    def __init__(self, context: PluginContext) -> None:
        self._doorkeeper = context.doors
        self._desk: InboundDesk | None = None
        self._legs: WeakValueDictionary[str, MediaLeg] = WeakValueDictionary()

    def doors(self) -> tuple[Door, ...]:
        placed = SocketDoor("/placed", "Carry a call that was placed", Capability(), self._placed)
        return placed, SocketDoor("/offered", "Offer a call that comes in", Signed(self._is_signed), self._offered)

    async def open(self, desk: InboundDesk) -> None:
        self._desk = desk

    async def dial(self, request: DialRequest, listener: LegListener) -> MediaLeg:
        address = self._doorkeeper.issue(NAME, "/placed", request.callback_id, request.ring_seconds)
        leg = self._legs[request.callback_id] = MediaLeg(request.callback_id)
        leg.listener = listener
        try:
            wish = json.dumps({"to": request.to_number, "from": request.from_number, "connect": address}).encode()
            (await asyncio.to_thread(urllib.request.urlopen, os.environ["MEDIA_GATEWAY"], wish, 10)).close()
        except OSError as error:
            self._doorkeeper.revoke(address)
            raise ProviderError(FailureKind.UNAVAILABLE, NAME, "the media gateway cannot be reached") from error
        # Later: the caller of dial must have its leg before the leg reports anything.
        asyncio.get_running_loop().call_soon(leg.dialled.set)
        return leg

    async def aclose(self) -> None:
        for leg in list(self._legs.values()):
            await leg.end(closed_by(CAUSES["hung_up_by_us"]))

    async def _placed(self, request: DoorRequest, socket: DoorSocket) -> None:
        leg = self._legs.get(request.bound_to)
        if leg is not None and await socket.receive() is not None:
            await leg.dialled.wait()
            if not leg.over:
                leg.socket = socket
                leg.listener.answered()
                await leg.serve(socket)

    async def _offered(self, request: DoorRequest, socket: DoorSocket) -> None:
        start = json.loads(await socket.receive() or "null")
        if start is not None and self._desk is not None:
            leg = self._legs[start["call_id"]] = MediaLeg(start["call_id"], socket)
            offer = InboundOffer(NAME, start["to"], start["from"], start["call_id"], source=request.source)
            leg.listener = self._desk.offered(offer, leg)
            await leg.serve(socket)

    async def _is_signed(self, request: DoorRequest) -> bool:
        wanted = hmac.new(os.environ["MEDIA_SECRET"].encode(), request.url.encode(), hashlib.sha256).hexdigest()
        given, sent_s = request.headers.get("x-media-signature", ""), request.url.partition("?at=")[2]
        return hmac.compare_digest(wanted.encode(), given.encode()) and abs(time.time() - float(sent_s or 0)) < 30


PLUGINS = (Plugin("carrier", NAME, "calls through a media gateway over websockets", MediaCarrier),)
