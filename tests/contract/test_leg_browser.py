"""What every leg owes the call, of a leg that a page opens: the suite dials, and a page in memory calls in its stead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from tests.door_socket import PageSocket

from callwright.ports.door import NoDoors
from callwright.ports.leg import ArrangedCall, Carrier, DialRequest, InboundOffer, Leg, LegListener
from callwright.ports.registry import Plugin
from callwright.ports.web_call import WEB_CALL, WebCall, WebProtocol
from callwright.telephony.browser import PLUGINS
from callwright.telephony.browser.carrier import BrowserCarrier
from callwright.testing import CarrierContract

_FRAME = b"\x01\x02" * 320


class Doorkeeper(NoDoors):
    """Gives addresses that lead nowhere."""

    def issue(self, carrier: str, path: str, bound_to: str, seconds: float, uses: int = 1) -> str:
        return f"wss://nowhere/{bound_to}"


class PagesThatCall:
    """A ``Carrier`` whose calls come in: for each that is dialled a page calls the desk, which answers, refuses or lets it ring."""

    name = WEB_CALL

    def __init__(self) -> None:
        self.carrier = BrowserCarrier(Doorkeeper())
        self._listeners: dict[str, LegListener] = {}
        self._legs: dict[str, Leg] = {}
        self._calls = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def offered(self, offer: InboundOffer, leg: Leg) -> LegListener:
        assert offer.arranged is not None
        to, listener = offer.arranged.user_data["to"], self._listeners[offer.provider_call_id]
        self._legs[offer.provider_call_id] = leg
        if to == "talks":
            asyncio.get_running_loop().call_soon(lambda: self._start(leg.answer()))
        elif to == "busy":
            asyncio.get_running_loop().call_soon(lambda: self._start(leg.reject(486)))
        return listener

    async def dial(self, request: DialRequest, listener: LegListener) -> Leg:
        if not self._calls:
            await self.carrier.open(self)
        if request.to_number == "+15550199":
            return await self.carrier.dial(request, listener)
        self._calls += 1
        call_id = f"call-{self._calls}"
        self._listeners[call_id] = listener
        socket = PageSocket()
        socket.say({"type": "start"})
        call = WebCall(ArrangedCall(call_id, "t", "a", {"to": request.to_number}))
        self._start(self.carrier.serve(call, socket, WebProtocol.FRAMES, ""))
        self._start(self._talk(socket))
        while call_id not in self._legs:  # noqa: ASYNC110 - the carrier offers the call in its own time
            await asyncio.sleep(0)
        return self._legs[call_id]

    async def aclose(self) -> None:
        await self.carrier.aclose()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in tuple(self._tasks):
            with suppress(asyncio.CancelledError):
                await task

    async def _talk(self, socket: PageSocket) -> None:
        """Speak, and play what comes, by the page's clock."""
        next_s = asyncio.get_running_loop().time()
        played = 0
        while socket.closed_with is None:
            if "ready" in socket.kinds():
                socket.say(_FRAME)
                if played < len(socket.frames):
                    played += 1
                    socket.say({"type": "played", "frames": played})
            next_s += 0.02
            await asyncio.sleep(max(0.0, next_s - asyncio.get_running_loop().time()))

    def _start(self, work) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class TestBrowserLeg(CarrierContract):
    plugin: Plugin = PLUGINS[0]
    answers = DialRequest("e", "talks", "", 5)
    refused = DialRequest("e", "busy", "", 5)
    impossible = DialRequest("e", "+15550199", "", 5)

    def opened(self) -> AbstractAsyncContextManager[Carrier]:
        return self._pages()

    @asynccontextmanager
    async def _pages(self) -> AsyncIterator[Carrier]:
        pages = PagesThatCall()
        try:
            yield pages
        finally:
            await pages.aclose()
            await pages.stop()
