"""Trunks between calls: which are registered, which gateways answer OPTIONS, and what is told of both."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from tests.unit.telephony.test_browser_leg import passed, virtually

from callwright.domain.limits import MAX_SIP_REGISTRATIONS, MIN_QUALIFY_SECONDS, TRUNK_SILENCE_SECONDS
from callwright.domain.sip_message import Traced, parsed
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ops.ids import RandomIds
from callwright.ports.trunk_lines import TrunkLine
from callwright.telephony.sip.qualify import AskedGateway, GatewayQuestion
from callwright.telephony.sip.registration import Registrations
from callwright.telephony.sip.silent_gateways import SilentGateways
from callwright.telephony.sip.stack import Registration, SipStack, StackCall, StackError
from callwright.telephony.sip.trunk_registrations import TrunkRegistrations
from callwright.telephony.sip.trunk_upkeep import TrunkUpkeep

LINE = TrunkLine(
    "t1", (("10.0.0.1", 5060), ("10.0.0.2", 5061)), "tls", "required", 60, registers=True, username="u1", password="p1"
)
VALUES = {
    "domain": "10.0.0.1:5060",
    "user": "u1",
    "password": "p1",
    "transport": "tls",
    "encryption": "required",
    "seconds": 300,
}


class Link:
    """Keeps what the gateway process is told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send(self, call: int, kind: str, **values: Any) -> None:
        assert call == 0
        self.sent.append((kind, values))


class Count:
    """A gauge."""

    value = 0.0

    def set(self, value: float) -> None:
        self.value = value


class World:
    """An upkeep whose gateways answer as the test says: ``failures`` by host."""

    def __init__(self, places: Sequence[str] = ("10.0.0.0/8",)) -> None:
        loop = cast(VirtualLoop, asyncio.get_running_loop())
        self.clock = VirtualClock(loop)
        self.link = Link()
        self.failed, self.unreachable = Count(), Count()
        self.registrations = TrunkRegistrations(self.clock, self.failed)
        self.silent = SilentGateways()
        self.failures: dict[str, str] = {}
        self.asked: list[AskedGateway] = []
        self.upkeep = TrunkUpkeep(places, self.registrations, self.silent, self.ask, self.clock, self.unreachable)

    async def ask(self, gateway: AskedGateway) -> str:
        self.asked.append(gateway)
        return self.failures.get(gateway.host, "")

    def order(self) -> list[int]:
        return self.silent.in_order([("t1", "10.0.0.1:5060"), ("t1", "10.0.0.2:5061")], self.clock.monotonic_us())


@virtually
async def test_a_trunk_is_registered_at_its_first_gateway_and_says_how_that_went() -> None:
    world = World()
    world.registrations.listening(world.link)
    world.upkeep.use([LINE])
    assert world.link.sent == [("register", {"id": "t1", **VALUES})]
    state = world.upkeep.trunk_state("t1").registration
    assert state is not None
    assert (state.state, state.since) == ("registering", world.clock.now())
    await passed(5)
    world.registrations.told({"id": "t1", "state": "failed", "reason": "403 Forbidden"})
    failed = world.upkeep.trunk_state("t1").registration
    assert failed is not None
    assert (failed.state, failed.reason, failed.since) == ("failed", "403 Forbidden", world.clock.now())
    assert world.failed.value == 1
    await passed(5)
    world.registrations.told({"id": "t1", "state": "failed", "reason": "503 Busy"})
    again = world.upkeep.trunk_state("t1").registration
    assert again is not None
    assert (again.reason, again.since) == ("503 Busy", failed.since), "since when it fails"
    world.registrations.told({"id": "t1", "state": "registered", "reason": ""})
    registered = world.upkeep.trunk_state("t1").registration
    assert registered is not None
    assert (registered.state, registered.reason) == ("registered", "")
    assert world.failed.value == 0
    await world.upkeep.aclose()


@virtually
async def test_a_changed_trunk_registers_anew_and_one_that_is_gone_is_unregistered() -> None:
    world = World()
    world.registrations.listening(world.link)
    world.upkeep.use([LINE])
    world.upkeep.use([LINE])
    assert len(world.link.sent) == 1, "the same again changes nothing"
    world.upkeep.use([replace(LINE, password="p2")])
    assert world.link.sent[1:] == [("register", {"id": "t1", **VALUES, "password": "p2"})]
    world.upkeep.use([replace(LINE, registers=False)])
    assert world.link.sent[2:] == [("unregister", {"id": "t1"})]
    assert world.upkeep.trunk_state("t1").registration is None
    world.registrations.told({"id": "t1", "state": "registered"})
    assert world.upkeep.trunk_state("t1").registration is None
    await world.upkeep.aclose()


@virtually
async def test_every_gateway_process_that_comes_to_listen_registers_again() -> None:
    world = World()
    world.upkeep.use([LINE])
    state = world.upkeep.trunk_state("t1").registration
    assert state is not None
    assert (state.state, "gateway" in state.reason) == ("failed", True)
    for _ in range(2):
        link = Link()
        world.registrations.listening(link)
        world.registrations.listening(link)
        assert link.sent == [("register", {"id": "t1", **VALUES})]
        world.registrations.listening(None)
    await world.upkeep.aclose()


@virtually
async def test_registrations_are_bounded_and_only_where_we_may_call() -> None:
    world = World()
    world.registrations.listening(world.link)
    lines = [replace(LINE, id=str(number), qualify_seconds=0) for number in range(MAX_SIP_REGISTRATIONS + 1)]
    world.upkeep.use([replace(LINE, id="elsewhere", gateways=(("192.0.2.1", 5060),)), *lines])
    await passed(1)
    assert [values["id"] for _, values in world.link.sent] == [line.id for line in lines[:-1]]
    assert world.asked == []
    elsewhere = world.upkeep.trunk_state("elsewhere").registration
    assert elsewhere is not None
    assert (elsewhere.state, "CALLWRIGHT_SIP_CALL_TO" in elsewhere.reason) == ("failed", True)
    assert world.upkeep.trunk_state("0").registration is not None
    assert world.upkeep.trunk_state(str(MAX_SIP_REGISTRATIONS)).registration is None


@virtually
async def test_a_gateway_that_does_not_answer_is_unreachable_and_asked_last_until_it_does() -> None:
    world = World()
    world.failures["10.0.0.1"] = "no answer"
    world.upkeep.use([LINE])
    await passed(1)
    assert sorted(world.asked, key=lambda one: one.host) == [
        AskedGateway("10.0.0.1", 5060, "tls"),
        AskedGateway("10.0.0.2", 5061, "tls"),
    ]
    first, second = world.upkeep.trunk_state("t1").gateways.items()
    assert (first[0], first[1].state, first[1].reason) == ("10.0.0.1:5060", "unreachable", "no answer")
    assert (second[0], second[1].state, second[1].reason) == ("10.0.0.2:5061", "reachable", "")
    assert (world.order(), world.unreachable.value) == ([1, 0], 1)
    await passed(2 * TRUNK_SILENCE_SECONDS)
    assert world.order() == [1, 0], "for as long as it does not answer"
    assert world.upkeep.trunk_state("t1").gateways["10.0.0.1:5060"].since == first[1].since
    world.failures.clear()
    await passed(60)
    assert (world.order(), world.unreachable.value) == ([0, 1], 0)
    assert world.upkeep.trunk_state("t1").gateways["10.0.0.1:5060"].state == "reachable"
    await world.upkeep.aclose()


@virtually
async def test_gateways_are_asked_at_the_trunks_own_interval_within_bounds() -> None:
    world = World()
    world.upkeep.use([replace(LINE, gateways=LINE.gateways[:1], qualify_seconds=1)])
    await passed(MIN_QUALIFY_SECONDS * 2 + 1)
    assert len(world.asked) == 3
    world.failures["10.0.0.1"] = "no answer"
    await passed(MIN_QUALIFY_SECONDS)
    assert world.order() == [1, 0]
    world.upkeep.use([replace(LINE, qualify_seconds=0)])
    await passed(MIN_QUALIFY_SECONDS * 5)
    assert len(world.asked) == 4
    assert world.order() == [0, 1], "what nobody looks at is not held against it"
    assert world.upkeep.trunk_state("t1").gateways == {}


@virtually
async def test_a_gateway_without_an_address_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_datagram_endpoint", unknown)
    question = GatewayQuestion("127.0.0.1:5060", "", RandomIds())
    assert await question.failure(AskedGateway("nowhere.invalid", 5060)) == "Name or service not known"


class FakeStack:
    """Keeps what is to be registered; ``refuses`` raises."""

    def __init__(self) -> None:
        self.registered: dict[str, Registration] = {}
        self.told: Any = None
        self.refuses = ""

    async def register(self, registration_id: str, wanted: Registration, told: Any) -> None:
        if self.refuses:
            raise StackError(self.refuses)
        self.registered[registration_id] = wanted
        self.told = told

    async def unregister(self, registration_id: str) -> None:
        self.registered.pop(registration_id)


class FakeLine:
    registration = "t1"


class FakeGateway(Link):
    """Runs what is started."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, work: Any) -> object:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]


def traced_request(text: str, *, sent: bool) -> Traced:
    message = parsed(text)
    assert message is not None
    return Traced(sent, "udp", "a:1", "b:2", message)


@virtually
async def test_the_gateway_registers_and_knows_the_calls_that_come_over_it() -> None:
    stack, gateway = FakeStack(), FakeGateway()
    registrations = Registrations(cast(SipStack, stack), gateway)
    registrations.ask({"id": "t1", **VALUES})
    await passed(0.01)
    assert stack.registered["t1"] == Registration("u1", "10.0.0.1:5060", "p1", "tls", "required", 300)
    assert "p1" not in repr(stack.registered["t1"])
    stack.told("")
    stack.told("503 Busy")
    assert gateway.sent == [
        ("registration", {"id": "t1", "state": "registered", "reason": ""}),
        ("registration", {"id": "t1", "state": "failed", "reason": "503 Busy"}),
    ]

    register = "REGISTER sip:10.0.0.1 SIP/2.0\r\nContact: <sip:u1-8fJ2@127.0.0.1:5060>\r\n\r\n"
    registrations.feed(traced_request(register.replace("8fJ2", "forged"), sent=False))
    registrations.feed(traced_request(register, sent=True))
    line = cast(StackCall, FakeLine())
    for user, known in (("u1-8fJ2", "t1"), ("u1", ""), ("u1-forged", "")):
        invite = parsed(f"INVITE sip:{user}@127.0.0.1 SIP/2.0\r\n\r\n")
        assert registrations.of(line, invite) == known, "the account's own name is anybody's to call"
    assert registrations.of(line, None) == ""

    registrations.end({"id": "t1"})
    stack.refuses = "no such transport"
    registrations.ask({"id": "t2", **VALUES, "encryption": "?"})
    await passed(0.01)
    assert stack.registered == {}
    assert gateway.sent[-1] == ("registration", {"id": "t2", "state": "failed", "reason": "no such transport"})
