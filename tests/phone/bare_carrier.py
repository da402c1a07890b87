"""The SIP carrier without the rest of the platform: a desk that answers, legs to be held in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.phone.ports import Ports
from tests.waiting import until

from callwright.ports.leg import DialRequest, InboundOffer, Leg, LegClosed
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.supervisor import GatewayState

_TRIES = 4


@dataclass
class Call:
    """A leg and everything it reported."""

    leg: Leg | None = None
    events: list[str] = field(default_factory=list)
    keys: str = ""
    frames: list[bytes] = field(default_factory=list)
    facts: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    end: LegClosed | None = None

    def ringing(self) -> None:
        self.events.append("ringing")

    def early_media(self) -> None:
        self.events.append("early_media")

    def answered(self) -> None:
        self.events.append("answered")

    def audio(self, frame: bytes) -> None:
        self.frames.append(frame)

    def key(self, key: str) -> None:
        self.keys += key

    def machine(self, kind: str) -> None:
        self.events.append(kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        self.facts.append((what, values))

    def closed(self, closed: LegClosed) -> None:
        self.end = closed

    async def until(self, event: str, seconds: float = 10) -> None:
        """Wait for an event, or for the end (``closed``)."""
        await until(lambda: event in self.events or (event == "closed" and self.end is not None), seconds)


class Desk:
    """Takes every call, and answers it when ``answers_at_once`` is set."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.offers: list[InboundOffer] = []
        self.answers_at_once = False
        self._answering: set[asyncio.Task[None]] = set()

    def offered(self, offer: InboundOffer, leg: Leg) -> Call:
        """Keep it; without ``answers_at_once`` the test answers or rejects."""
        self.offers.append(offer)
        self.calls.append(Call(leg))
        if self.answers_at_once:
            task = asyncio.ensure_future(leg.answer())
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        return self.calls[-1]


@dataclass
class BareCarrier:
    """An open carrier and its desk."""

    carrier: SipCarrier
    desk: Desk
    port: int

    async def dial(self, to: str, **options: Any) -> Call:
        """Call an address."""
        call = Call()
        call.leg = await self.carrier.dial(DialRequest("test.1", to, "+15550100", 30, options), call)
        return call

    @classmethod
    async def open(cls, ports: Ports, **settings: Any) -> BareCarrier:
        """Start a gateway on loopback, on another port when somebody took the first one in between."""
        for _ in range(_TRIES):
            port, desk = ports.sip(), Desk()
            carrier = SipCarrier(SipSettings(listen=f"127.0.0.1:{port}", rtp_ports=ports.gateway_media(), **settings))
            await carrier.open(desk)
            if carrier.health.state is GatewayState.LISTENING:
                return cls(carrier, desk, port)
            await carrier.aclose()
        raise AssertionError(f"the gateway does not listen: {carrier.health.reason}")
