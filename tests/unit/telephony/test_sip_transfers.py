"""Transfers of SIP calls: where their target is called and as whom, for calls through trunks in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.telephony.test_sip_trunks import Heard, request

from callwright.domain.errors import ConfigurationError
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, LegListener
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.checks import TrunkRoute
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.exchange import Exchange
from callwright.telephony.sip.leg import SipLeg
from callwright.telephony.sip.stack import Identity, LineEvent
from callwright.telephony.sip.transfer import TransferredCall, Transfers
from callwright.telephony.sip.trunk_carrier import SipTrunkCarrier

NUMBER = "+15550100777"
SETTINGS = SipSettings(call_to=("any",))
OURS = {
    "from_user": "+15550100123",
    "domain": "two.example:5080",
    "auth_user": "u1",
    "auth_password": "p1",
    "encryption": "clear",
    "headers": {
        "X-Callwright-Call": "e1.1",
        "X-Campaign": "spring",
        "P-Asserted-Identity": "<sip:+15550100123@two.example:5080>",
    },
}


class Line:
    """The way to the gateway: keeps what it is sent, and takes every transfer."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, Any]]] = []
        self.leg: SipLeg | None = None

    def send(self, call: int, kind: str, **values: Any) -> None:
        self.sent.append((kind, values))
        if kind == "transfer":
            assert self.leg is not None
            self.leg.control({"type": "transferred", "request": values["request"], "ok": True})

    def write(self, call: int, frame: bytes) -> None:
        """Nobody hears it."""

    def order(self) -> dict[str, Any]:
        """The values of the last transfer, without those that each has."""
        kind, values = self.sent[-1]
        assert kind == "transfer"
        return {name: value for name, value in values.items() if name not in ("request", "seconds", "attended")}


class Legs:
    """Who keeps the legs."""

    def over(self, leg: SipLeg, *, cut_off: bool) -> None:
        """Nothing is kept."""


def answered(line: Line, *, inbound: bool) -> SipLeg:
    """A leg of SIP in an answered call."""
    leg = line.leg = SipLeg(2 if inbound else 1, line, Legs(), SETTINGS, inbound=inbound)
    leg.attach(Heard())
    leg.control({"type": "answered", "codec": "pcmu"})
    return leg


def came_in(source: str = "", fails: Exception | None = None, **trunk: Any) -> tuple[SipLeg, Line]:
    """A call that came in from ``source``, of a trunk."""

    async def asked() -> DialRequest:
        if fails is not None:
            raise fails
        return replace(request(**trunk), to_number="")

    line = Line()
    leg = answered(line, inbound=True)
    SipTrunkCarrier(lambda: cast(SipCarrier, None), settings=SETTINGS).lend(leg, source, asked)
    return leg, line


async def test_a_number_is_none_for_a_call_that_came_in_without_a_trunk() -> None:
    with pytest.raises(ProviderError, match="SIP trunk"):
        await answered(Line(), inbound=True).transfer(NUMBER)


async def test_a_call_that_came_in_through_a_trunk_is_transferred_to_a_number_at_its_gateway() -> None:
    leg, line = came_in()
    await leg.transfer(NUMBER)
    assert line.order() == {"target": f"sip:{NUMBER}@one.example:5060"}
    leg, line = came_in(transport="tls", leading_plus=False)
    await leg.transfer(NUMBER)
    assert line.order() == {"target": f"sip:{NUMBER[1:]}@one.example:5060;transport=tls"}


async def test_the_target_is_called_as_the_trunk_has_it_at_the_gateway_that_the_call_came_from() -> None:
    leg, line = came_in("two.example")
    await leg.transfer(NUMBER, attended=True)
    assert line.order() == {"target": f"sip:{NUMBER}@two.example:5080", **OURS}


@pytest.mark.parametrize(
    ("target", "is_known"),
    [
        ("sip:200@two.example:5080", True),
        ("sip:200@TWO.example:5080;user=phone", True),
        ("sip:200@two.example", False),
        ("sip:200@two.example:5080;transport=tcp", False),
        ("sip:bob@elsewhere.example", False),
    ],
)
async def test_only_a_gateway_of_the_trunk_is_told_who_we_are(target: str, is_known: bool) -> None:
    leg, line = came_in()
    await leg.transfer(target, attended=True)
    assert line.order() == {"target": target, **(OURS if is_known else {})}
    await leg.transfer(target)
    assert line.order() == {"target": target}


async def test_a_target_over_tls_is_the_gateways_where_its_port_is() -> None:
    leg, line = came_in(gateways=[("one.example", 5061)], transport="tls", encryption="required")
    await leg.transfer("sip:200@one.example;transport=tls", attended=True)
    assert (line.order()["encryption"], line.order()["domain"]) == ("required", "one.example:5061")


async def test_a_trunk_that_cannot_be_used_refuses_numbers_only() -> None:
    leg, line = came_in(fails=ConfigurationError("no active SIP trunk any more"))
    with pytest.raises(ProviderError, match="no active SIP trunk") as caught:
        await leg.transfer(NUMBER)
    assert (caught.value.kind, line.sent) == (FailureKind.BAD_REQUEST, [])
    await leg.transfer("sip:bob@elsewhere.example", attended=True)
    assert line.order() == {"target": "sip:bob@elsewhere.example"}
    with pytest.raises(ProviderError, match="allows g729"):
        await came_in(undiallable="it allows g729")[0].transfer(NUMBER)
    with pytest.raises(ProviderError, match="loopback:desk cannot"):
        await came_in()[0].transfer("loopback:desk")


class Through:
    """The carrier below: the first gateway takes the call."""

    def __init__(self) -> None:
        self.line = Line()

    async def dial_through(self, request: DialRequest, route: TrunkRoute, at: int, listener: LegListener) -> SipLeg:
        return answered(self.line, inbound=False)


@pytest.mark.parametrize(("leading_plus", "number"), [(True, NUMBER), (False, NUMBER[1:])])
@pytest.mark.parametrize("attended", [True, False])
async def test_a_call_that_was_placed_is_transferred_likewise(leading_plus: bool, number: str, attended: bool) -> None:
    below = Through()
    carrier = SipTrunkCarrier(lambda: cast(SipCarrier, below), settings=SETTINGS)
    dialled = request(gateways=[("two.example", 5080)], leading_plus=leading_plus)
    leg = await carrier.dial(dialled, Heard())
    await leg.transfer(NUMBER, attended=attended)
    order = below.line.order()
    assert order.pop("target") == f"sip:{number}@two.example:5080"
    assert order.get("auth_password") == ("p1" if attended else None)
    if leading_plus and attended:
        assert order == OURS


class Second:
    """The second call of an attended transfer: nobody takes it."""

    call_id = "second"

    def __init__(self) -> None:
        self.hung_up = False

    def listen(self, listener: Callable[[LineEvent], None]) -> None:
        listener(LineEvent("closed", "486 Busy Here"))

    async def hang_up(self) -> None:
        self.hung_up = True


class Gateway:
    """The gateway as a transfer sees it, and its stack."""

    def __init__(self) -> None:
        self.stack = self
        self.second = Second()
        self.dialled: list[tuple[str, Identity, Mapping[str, str]]] = []
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def dial(self, target: str, identity: Identity, headers: Mapping[str, str]) -> Second:
        self.dialled.append((target, identity, headers))
        return self.second

    def start(self, work: Any) -> asyncio.Task[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]

    def call(self, call_id: str = "first") -> Any:
        """The call that is transferred."""
        facts = SimpleNamespace(answered=True, we_hold=False, transferred=False, reason="")
        over = asyncio.get_running_loop().create_future()
        line = SimpleNamespace(call_id=call_id)
        return SimpleNamespace(number=2, user="4711", line=line, facts=facts, over=over, traced=None, send=self.send)

    def send(self, kind: str, **values: Any) -> None:
        self.told.append((kind, values))


async def transferred(gateway: Gateway, **values: Any) -> None:
    """An attended transfer that comes to nothing."""
    transfers = Transfers(cast(Exchange, gateway), cast(TransferredCall, gateway.call()))
    transfers.ask({"type": "transfer", "request": 1, "target": "sip:1@gw", "attended": True, "seconds": 5, **values})
    await gateway.tasks[0]


async def test_the_gateway_calls_the_target_as_it_is_told() -> None:
    gateway = Gateway()
    await transferred(gateway, **OURS)
    target, identity, headers = gateway.dialled[0]
    assert (target, headers) == ("sip:1@gw", OURS["headers"])
    assert identity == Identity("+15550100123", "", "two.example:5080", "u1", "p1")
    assert gateway.second.hung_up
    assert "p1" not in repr((identity, gateway.told))

    gateway = Gateway()
    await transferred(gateway)
    assert gateway.dialled == [("sip:1@gw", Identity("4711"), {})]
