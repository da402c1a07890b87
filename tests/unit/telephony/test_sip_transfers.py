"""Transfers of SIP calls: where their target is called and as whom, for calls through trunks in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.telephony.test_sip_trunks import Heard, request

from callwright.domain.errors import ConfigurationError
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, LegListener, TrunkCall
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.checks import TrunkRoute
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.exchange import Exchange
from callwright.telephony.sip.gateway_call import GatewayCall
from callwright.telephony.sip.leg import SipLeg
from callwright.telephony.sip.stack import Identity, LineEvent, StackCall
from callwright.telephony.sip.trace import DialogFacts, TracedCall
from callwright.telephony.sip.transfer import TransferredCall, Transfers
from callwright.telephony.sip.trunk_carrier import SipTrunkCarrier

NUMBER = "+15550100777"
SETTINGS = SipSettings(call_to=("any",))
OURS: dict[str, Any] = {
    "from_user": "+15550100123",
    "domain": "two.example:5080",
    "auth_user": "u1",
    "auth_password": "p1",
    "encryption": "clear",
    "headers": {"X-Callwright-Call": "e1.1", "P-Asserted-Identity": "<sip:+15550100123@two.example:5080>"},
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

    async def option() -> Mapping[str, Any]:
        if fails is not None:
            raise fails
        return cast("Mapping[str, Any]", request(**trunk).options["trunk"])

    line = Line()
    leg = answered(line, inbound=True)
    SipTrunkCarrier(lambda: cast(SipCarrier, None), settings=SETTINGS).lend(
        leg, TrunkCall("e1.1", "+15550100123", source, option)
    )
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
        assert order.pop("headers") == {**OURS["headers"], "X-Campaign": "spring"}, "as when it was dialled"
        assert order == {name: value for name, value in OURS.items() if name != "headers"}


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
        self.stack = self.trace = self
        self.traced = {
            call_id: TracedCall(DialogFacts(call_id=call_id, target=f"sip:1@{call_id}"))
            for call_id in ("first", "second")
        }
        self.second = Second()
        self.dialled: list[tuple[str, Identity, Mapping[str, str]]] = []
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def dial(self, target: str, identity: Identity, headers: Mapping[str, str]) -> Second:
        self.dialled.append((target, identity, headers))
        return self.second

    def call(self, call_id: str) -> TracedCall | None:
        return self.traced.get(call_id)

    def claim(self, call_id: str) -> TracedCall | None:
        return self.traced.get(call_id)

    def forget(self, call_id: str, call: TracedCall | None) -> None:
        """Nothing is kept."""

    def read_messages(self) -> None:
        """They are read."""

    def start(self, work: Any) -> asyncio.Task[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]

    def answered(self) -> Any:
        """The call that is transferred."""
        facts = SimpleNamespace(answered=True, we_hold=False, transferred=False, reason="")
        over = asyncio.get_running_loop().create_future()
        line = SimpleNamespace(call_id="first")
        return SimpleNamespace(number=2, user="4711", line=line, facts=facts, over=over, traced=None, send=self.send)

    def send(self, kind: str, **values: Any) -> None:
        self.told.append((kind, values))


async def transferred(gateway: Gateway, **values: Any) -> None:
    """An attended transfer that comes to nothing."""
    transfers = Transfers(cast(Exchange, gateway), cast(TransferredCall, gateway.answered()))
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


def dialogs(told: list[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, str, str]]:
    """What was told of dialogs: the kind of message, whose it is and where that is."""
    return [(kind, one["call_id"], one.get("target", "")) for kind, one in told if kind.endswith("dialog")]


async def test_the_server_is_told_how_to_end_the_call_of_the_target_until_nobody_needs_to() -> None:
    gateway = Gateway()
    await transferred(gateway)
    assert dialogs(gateway.told) == [("target_dialog", "second", "sip:1@second"), ("target_dialog", "second", "")]


class Elsewhere(Second):
    """The call to where the far end sends us, and the call that it leaves."""

    def __init__(self, call_id: str, then: LineEvent | None = None) -> None:
        super().__init__()
        self.call_id = call_id
        self._then = then

    def listen(self, listener: Callable[[LineEvent], None]) -> None:
        if self._then is not None:
            listener(self._then)

    async def accept_refer(self) -> Second:
        return Elsewhere("second", self._then)


@pytest.mark.parametrize(
    ("event", "then"),
    [
        (LineEvent("answered"), [("dialog", "second", "sip:1@second"), ("target_dialog", "second", "")]),
        (LineEvent("closed", "404 Not Found"), [("target_dialog", "second", "")]),
    ],
)
async def test_where_the_far_end_sends_us_is_told_too(event: LineEvent, then: list[tuple[str, str, str]]) -> None:
    gateway = Gateway()
    told: list[tuple[str, Mapping[str, Any]]] = []
    call = GatewayCall(cast(Exchange, gateway), 1, "4711")
    call.facts.announced = call.facts.answered = True
    call.line = cast(StackCall, Elsewhere("first", event))
    gateway.send = lambda number, kind, **values: told.append((kind, values))  # type: ignore[method-assign]
    call.transfers.asked("sip:other@second")
    call.transfers.decide({"accept": True})
    await gateway.tasks[0]
    for task in gateway.tasks[1:]:
        task.cancel()
    assert dialogs(told) == [("target_dialog", "second", "sip:1@second"), *then]


async def test_when_the_gateway_dies_the_target_is_told_too_unless_it_is_out_of_the_call() -> None:
    carrier = SipCarrier(SETTINGS)
    said: list[str] = []
    carrier.say_last_words = lambda dialog, access=None: said.append(dialog["call_id"])  # type: ignore[method-assign]
    leg = SipLeg(1, Line(), carrier, SETTINGS, inbound=False)
    leg.dialled.set_result(None)
    heard = Heard()
    leg.attach(heard)
    for kind, values in (
        ("dialog", {"call_id": "first", "cseq": 1}),
        ("target_dialog", {"call_id": "gone", "cseq": 1}),
        ("target_dialog", {"call_id": "second", "cseq": 1}),
        ("target_dialog", {"call_id": "gone"}),
    ):
        leg.control({"type": kind, **values})
    leg.lost("killed")
    assert said == ["first", "second"]
    assert heard.told == ["dialog", *["target_dialog"] * 3], "for the log"
