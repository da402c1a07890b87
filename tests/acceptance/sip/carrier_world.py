"""The SIP carrier over a scripted gateway process: dials scripts, keeps what the legs report, listens as a phone for last words."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from callwright.ops.metrics import Metrics
from callwright.ports.leg import DialRequest, InboundOffer, Leg, LegClosed, LegListener
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.leg import SipLeg

COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("scripted_gateway.py")))

DIALLED: list[Any] = ["dialled", {"call_id": "abc@127.0.0.1"}]
ANSWERED: list[list[Any]] = [DIALLED, ["ringing"], ["answered", {"codec": "pcmu"}]]


def dialog(port: int, **changes: Any) -> list[Any]:
    """A dialog with a phone on a loopback port, as a step."""
    values = {
        "call_id": "abc@127.0.0.1",
        "local_tag": "ours",
        "remote_tag": "theirs",
        "local_uri": "sip:agent@127.0.0.1:15100",
        "remote_uri": f"sip:phone@127.0.0.1:{port}",
        "target": f"sip:phone@127.0.0.1:{port}",
        "routes": [],
        "cseq": 1,
        "transport": "udp",
        "peer": f"127.0.0.1:{port}",
    }
    return ["dialog", values | changes]


@dataclass
class Listener:
    """A ``LegListener`` that keeps everything."""

    events: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    facts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    commands: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: str = ""
    closed_as: LegClosed | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def _note(self, event: str) -> None:
        self.events.append(event)
        self.news.set()

    def ringing(self) -> None:
        self._note("ringing")

    def early_media(self) -> None:
        self._note("early_media")

    def answered(self) -> None:
        self._note("answered")

    def audio(self, frame: bytes) -> None:
        self.frames.append(frame)
        self.news.set()

    def key(self, key: str) -> None:
        self.keys += key
        self.news.set()

    def machine(self, kind: str) -> None:
        self._note(f"machine {kind}")

    def noted(self, what: str, values: Any) -> None:
        if what == "media" and values["codec"] == "command":
            kind, given = json.loads(values["why"])
            self.commands.append((kind, given))
        else:
            self.facts.append((what, dict(values)))
        self.news.set()

    def closed(self, closed: LegClosed) -> None:
        self.closed_as = closed
        self._note("closed")

    async def until(self, told: Callable[[], Any], seconds: float = 5) -> None:
        """Wait until something was reported."""
        async with asyncio.timeout(seconds):
            while not told():
                self.news.clear()
                await self.news.wait()

    async def ended(self, seconds: float = 5) -> LegClosed:
        """Wait for the end."""
        await self.until(lambda: self.closed_as, seconds)
        assert self.closed_as is not None
        return self.closed_as

    def told(self, what: str) -> list[dict[str, Any]]:
        """The facts of one name."""
        return [values for name, values in self.facts if name == what]


@dataclass
class Desk:
    """An ``InboundDesk`` that keeps what was offered."""

    offers: list[InboundOffer] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    listener: Listener = field(default_factory=Listener)
    broken: bool = False

    def offered(self, offer: InboundOffer, leg: Leg) -> LegListener:
        if self.broken:
            raise RuntimeError("defect")
        self.offers.append(offer)
        self.legs.append(leg)
        return self.listener


class Phone(asyncio.DatagramProtocol):
    """A UDP port that keeps what it is sent and answers BYEs with ``status``; not before the ``deaf_to`` first ones."""

    def __init__(self, status: int, deaf_to: int) -> None:
        self._status = status
        self._deaf_to = deaf_to
        self._transport: asyncio.DatagramTransport | None = None
        self.heard: list[bytes] = []
        self.news = asyncio.Event()
        self.port = 0

    @classmethod
    async def open(cls, status: int = 200, deaf_to: int = 0) -> Phone:
        """On a free loopback port."""
        loop = asyncio.get_running_loop()
        _, phone = await loop.create_datagram_endpoint(lambda: cls(status, deaf_to), local_addr=("127.0.0.1", 0))
        return phone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        self.news.set()
        if len(self.heard) > self._deaf_to and self._transport is not None:
            lines = data.decode().split("\r\n")
            kept = [line for line in lines[1:] if line.partition(":")[0] in ("Via", "To", "From", "Call-ID", "CSeq")]
            answer = "\r\n".join((f"SIP/2.0 {self._status} x", *kept, "Content-Length: 0", "", ""))
            self._transport.sendto(answer.encode(), addr)

    async def hears(self, seconds: float = 5) -> bytes:
        """The first datagram."""
        async with asyncio.timeout(seconds):
            await self.news.wait()
        return self.heard[0]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass
class CarrierWorld:
    """A carrier and what belongs to it."""

    carrier: SipCarrier
    desk: Desk
    metrics: Metrics

    async def dial(self, *steps: list[Any], to: str = "sip:phone@127.0.0.1:15101", **options: Any) -> Call:
        """Place a call that goes as ``steps`` say."""
        listener = Listener()
        headers = {"X-Script": json.dumps(steps), **options}
        request = DialRequest("execution-1.1", to, "+15550100", 20, {"sip_headers": headers})
        leg = await self.carrier.dial(request, listener)
        assert isinstance(leg, SipLeg)
        return Call(leg, listener)

    async def talking(self, *more: list[Any]) -> Call:
        """A call that was answered."""
        call = await self.dial(*ANSWERED, *more)
        await call.listener.until(lambda: "answered" in call.listener.events)
        return call


@dataclass
class Call:
    """A dialled call."""

    leg: SipLeg
    listener: Listener


def make_world(listen: str = "127.0.0.1:15100", **settings: Any) -> CarrierWorld:
    """A carrier that is not open yet."""
    metrics = Metrics()
    return CarrierWorld(SipCarrier(SipSettings(listen, **settings), metrics, COMMAND), Desk(), metrics)
