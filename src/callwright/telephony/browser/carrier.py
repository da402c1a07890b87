"""The carrier of web calls: which page may call, once, and which call a connection belongs to."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callwright.domain.errors import CapacityError
from callwright.domain.limits import (
    MAX_CALL_SECONDS,
    MAX_WEB_CALL_SESSIONS,
    MAX_WEB_CALL_SESSIONS_OF_ONE,
    WEB_CALL_SESSION_SECONDS,
)
from callwright.ops.ids import RandomIds
from callwright.ops.timers import SharedTimer
from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.door import Capability, Door, Doorkeeper, DoorRequest, DoorSocket, SocketDoor
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import ArrangedCall, DialRequest, InboundDesk, InboundOffer, Leg, LegListener
from callwright.ports.registry import PluginContext
from callwright.ports.web_call import WEB_CALL, SipWebSession, WebCall, WebProtocol, WebSession
from callwright.telephony.browser.leg import LOOK_SECONDS, BrowserLeg
from callwright.telephony.browser.sip_calls import SIP_DOOR, SUBPROTOCOL, SipCalls, WebRtcSettings
from callwright.telephony.browser.wire import BadMessageError, Close, Wire, wire_of

_DOOR = "/call"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A session that is not used yet."""

    call: WebCall
    until_s: float


@dataclass(slots=True)
class _Running:
    """A call under way, and the address at which it goes on after a break."""

    leg: BrowserLeg
    origin: str
    resume: str = ""


class BrowserCarrier:
    """Calls from pages: a ``ports.leg.Carrier``, a ``ListeningCarrier`` and a ``ports.web_call.WebCalls``. Nobody can be called by it."""

    name = WEB_CALL

    def __init__(self, doors: Doorkeeper, webrtc: WebRtcSettings | None = None) -> None:
        self._doorkeeper = doors
        self._sip = SipCalls(doors, webrtc or WebRtcSettings(), RandomIds())
        self._desk: InboundDesk | None = None
        self._waiting: dict[str, _Waiting] = {}
        self._running: dict[str, _Running] = {}
        self._looks = SharedTimer(LOOK_SECONDS)

    @classmethod
    def build(cls, context: PluginContext) -> BrowserCarrier:
        """Settings: those of WebRTC (docs/reference/settings.md)."""
        return cls(context.doors, WebRtcSettings.of_texts(context.settings))

    def doors(self) -> Sequence[Door]:
        """The websocket of a session, and of a call that goes on after a break; and that of a session over SIP."""
        return (
            SocketDoor(_DOOR, "Call an agent from a browser", Capability(), self._served),
            SocketDoor(
                SIP_DOOR,
                "Call an agent by SIP over a websocket",
                Capability(),
                self._sip.served,
                SUBPROTOCOL,
                WEB_CALL_SESSION_SECONDS,
            ),
        )

    async def open(self, desk: InboundDesk) -> None:
        """Calls of pages are offered to ``desk`` from now on."""
        self._desk = desk
        await self._sip.open(desk)

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        """Raises ProviderError: a page calls, and is not called."""
        raise ProviderError(FailureKind.BAD_REQUEST, WEB_CALL, "a browser calls, and cannot be called")

    async def aclose(self) -> None:
        """End every call, and let no session be used."""
        self._desk = None
        self._waiting.clear()
        for running in list(self._running.values()):
            running.leg.finish(CAUSES["hung_up_by_us"])
        self._sip.close()
        # The websockets have one pass of the loop to say so.
        await asyncio.sleep(0)

    # -- ports.web_call.WebCalls -----------------------------------------------------------------------------------------------

    def session(self, call: WebCall) -> WebSession:
        """See the port."""
        self._check_room(call.call.tenant_id)
        execution_id = call.call.execution_id
        url = self._doorkeeper.issue(WEB_CALL, _DOOR, execution_id, WEB_CALL_SESSION_SECONDS)
        self._waiting[execution_id] = _Waiting(call, self._now_s() + WEB_CALL_SESSION_SECONDS)
        return WebSession(url, WEB_CALL_SESSION_SECONDS)

    def sip_session(self, call: WebCall) -> SipWebSession:
        """See the port."""
        self._sip.check_enabled()
        self._check_room(call.call.tenant_id)
        return self._sip.session(call)

    async def serve(self, call: WebCall, socket: DoorSocket, protocol: WebProtocol, source: str) -> None:
        """See the port."""
        wire = wire_of(protocol)
        first = await socket.receive()
        desk = self._desk
        if first is None:
            return
        if desk is None:
            _refuse(socket, Close.UNAVAILABLE, "this process takes no web calls now")
            return
        try:
            told = wire.start(first)
        except BadMessageError as error:
            _refuse(socket, Close.BAD_MESSAGE, str(error))
            return
        arranged = call.call
        if call.takes_user_data:
            arranged = replace(arranged, user_data={**told, **arranged.user_data})
        await self._offer(desk, arranged, call.origin, socket, wire, source)

    # -- inside ----------------------------------------------------------------------------------------------------------------

    async def _served(self, request: DoorRequest, socket: DoorSocket) -> None:
        """A page came with a good address."""
        execution_id, origin = request.bound_to, request.headers.get("origin", "")
        waiting, running = self._waiting.pop(execution_id, None), self._running.get(execution_id)
        if waiting is not None:
            if waiting.call.origin not in ("", origin):
                _refuse(socket, Close.FOREIGN_ORIGIN, "this session is for another page")
                return
            await self.serve(waiting.call, socket, WebProtocol.FRAMES, request.source)
        elif running is not None and running.origin in ("", origin):
            await self._resume(running, socket)
        else:
            _refuse(socket, Close.FOREIGN_ORIGIN, "this session is over, or is for another page")

    async def _resume(self, running: _Running, socket: DoorSocket) -> None:
        wire = wire_of(WebProtocol.FRAMES)
        first = await socket.receive()
        if first is None:
            return
        try:
            wire.start(first)
        except BadMessageError as error:
            _refuse(socket, Close.BAD_MESSAGE, str(error))
            return
        if running.leg.ended:
            _refuse(socket, Close.NO_AGENT, "the call is over")
            return
        await running.leg.carry(socket, wire)

    async def _offer(
        self, desk: InboundDesk, call: ArrangedCall, origin: str, socket: DoorSocket, wire: Wire, source: str
    ) -> None:
        execution_id = call.execution_id

        def address() -> str:
            running.resume = self._doorkeeper.issue(WEB_CALL, _DOOR, execution_id, MAX_CALL_SECONDS)
            return running.resume

        def over(_: BrowserLeg) -> None:
            self._doorkeeper.revoke(running.resume)
            self._running.pop(execution_id, None)

        leg = BrowserLeg(execution_id, address, over, self._looks, piecewise=wire.piecewise)
        running = self._running[execution_id] = _Running(leg, origin)
        offer = InboundOffer(self.name, "", "", execution_id, source=source, arranged=call)
        leg.listener = desk.offered(offer, leg)
        await leg.carry(socket, wire)

    def _check_room(self, tenant_id: str) -> None:
        """Raises CapacityError when there are too many unused sessions, or no calls are taken."""
        if self._desk is None:
            raise CapacityError("this process takes no web calls now; ask another one", "global")
        self._forget_old()
        unused = Counter([*(one.call.call.tenant_id for one in self._waiting.values()), *self._sip.unused()])
        if unused.total() >= MAX_WEB_CALL_SESSIONS:
            raise CapacityError("too many sessions of web calls are unused here; try again in a minute", "global")
        if unused[tenant_id] >= MAX_WEB_CALL_SESSIONS_OF_ONE:
            message = (
                f"{MAX_WEB_CALL_SESSIONS_OF_ONE} sessions of web calls are unused; use them, or try again in a minute"
            )
            raise CapacityError(message, "customer")

    def _forget_old(self) -> None:
        now_s = self._now_s()
        self._waiting = {key: one for key, one in self._waiting.items() if one.until_s > now_s}

    def _now_s(self) -> float:
        loop = asyncio.get_running_loop()
        return loop.time()


def _refuse(socket: DoorSocket, close: Close, message: str) -> None:
    socket.send(json.dumps({"type": "error", "code": close.name.lower(), "message": message}))
    socket.end(close)
