"""The carrier of SIP trunks: how a number becomes an address at each gateway, and which gateway is asked when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from callwright.domain.limits import MAX_SILENT_GATEWAYS, TRUNK_SILENCE_SECONDS
from callwright.platform.executions.rules.causes import CAUSES, cause_of_sip
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import DialRequest, LegClosed, LegListener, closed_by
from callwright.telephony.sip import trunk_carrier
from callwright.telephony.sip.carrier import SipCarrier
from callwright.telephony.sip.checks import TrunkRoute, address_of, trunk_route
from callwright.telephony.sip.leg import Way
from callwright.telephony.sip.silent_gateways import SilentGateways
from callwright.telephony.sip.trunk_carrier import SipTrunkCarrier

GATEWAYS = [("one.example", 5060), ("two.example", 5080)]


def request(to: str = "+15550199887", sender: str = "+15550100123", **trunk: Any) -> DialRequest:
    option = {
        "gateways": GATEWAYS,
        "username": "u1",
        "password": "p1",
        "leading_plus": True,
        "undiallable": "",
        **trunk,
    }
    return DialRequest("e1.1", to, sender, 60, {"trunk": option, "sip_headers": {"X-Campaign": "spring"}})


def test_who_we_are_is_ours_to_say() -> None:
    identity = {"P-Asserted-Identity": "<sip:somebody@else>"}
    given = request()
    given = replace(given, options={**given.options, "sip_headers": {"X-Campaign": "spring", **identity}})
    with pytest.raises(ProviderError, match="P-Asserted-Identity cannot be set"):
        trunk_route(given)
    assert trunk_route(given, list(identity)).headers == {"X-Campaign": "spring"}, (
        "ours is sent, whoever allowed others"
    )


def test_a_number_is_called_at_each_gateway_as_our_own_number() -> None:
    route = trunk_route(request())
    assert route.addresses == ("sip:+15550199887@one.example:5060", "sip:+15550199887@two.example:5080")
    assert route.domains == ("one.example", "two.example:5080")
    assert (route.user, route.auth_user, route.auth_password) == ("+15550100123", "u1", "p1")
    assert route.headers == {"X-Campaign": "spring"}
    assert "p1" not in repr(route)


def test_a_trunk_names_its_transport_and_its_encryption() -> None:
    route = trunk_route(request(transport="tls", encryption="required"))
    assert route.addresses[1] == "sip:+15550199887@two.example:5080;transport=tls"
    assert (route.domains[1], route.encryption) == ("two.example:5080", "required")
    assert trunk_route(request()).encryption == "clear"


def test_a_trunk_may_want_numbers_without_a_plus_and_a_number_may_have_none() -> None:
    route = trunk_route(request(leading_plus=False))
    assert (route.addresses[0], route.user) == ("sip:15550199887@one.example:5060", "15550100123")
    assert trunk_route(request(sender="15550100123")).user == "+15550100123"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (DialRequest("e1.1", "+15550199887", "+15550100123", 60), "no SIP trunk"),
        (request(undiallable="the trunk wants TLS"), "wants TLS"),
        (request(gateways=[]), "no gateway"),
        (request("sip:bob@host"), "E.164"),
        (request("911"), "emergency"),
    ],
)
def test_what_cannot_be_called_is_refused_with_the_reason(given: DialRequest, says: str) -> None:
    with pytest.raises(ProviderError, match=says) as caught:
        trunk_route(given)
    assert caught.value.kind is FailureKind.BAD_REQUEST


@pytest.mark.parametrize(
    ("peer", "address"), [("192.0.2.7:5060", "192.0.2.7"), ("", ""), (None, ""), ("[::1]:5060", "")]
)
def test_the_address_a_call_comes_from(peer: Any, address: str) -> None:
    assert address_of(peer) == address


class FakeLeg:
    """A leg of one gateway, moved by the test."""

    ahead_ms = 60

    def __init__(self, at: int, listener: LegListener) -> None:
        self.provider_call_id = f"call-{at}"
        self.listener = listener
        self.hung_up: list[str] = []
        self.did: list[str] = []
        self.way: Way | None = None

    async def hang_up(self, reason: str) -> None:
        self.hung_up.append(reason)

    async def transfer(self, target: str, *, attended: bool = False) -> None:
        assert self.way is not None
        self.did.append(f"transfer {(await self.way(target))[0]}")

    async def send_keys(self, keys: str) -> None:
        self.did.append(f"keys {keys}")

    def write(self, frame: bytes) -> None:
        self.did.append("write")

    def clear(self) -> None:
        self.did.append("clear")


class FakeSip:
    """The carrier below; ``refuses`` names gateways that it does not even try, ``slow`` those whose INVITE takes until ``out`` is set."""

    def __init__(self) -> None:
        self.legs: dict[int, FakeLeg] = {}
        self.refuses: dict[int, ProviderError] = {}
        self.slow: set[int] = set()
        self.out = asyncio.Event()
        self.asked = [asyncio.Event() for _ in range(3)]
        self.said: list[Mapping[str, Any]] = []

    async def dial_through(self, request: DialRequest, route: TrunkRoute, at: int, listener: LegListener) -> FakeLeg:
        if at in self.slow:
            await self.out.wait()
        if at in self.refuses:
            raise self.refuses[at]
        self.legs[at] = FakeLeg(at, listener)
        self.asked[at].set()
        return self.legs[at]

    def say_last_words(self, dialog: Mapping[str, Any], access: Access) -> None:
        self.said.append(dialog)


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.end: LegClosed | None = None

    def ringing(self) -> None:
        self.told.append("ringing")

    def early_media(self) -> None:
        self.told.append("early_media")

    def answered(self) -> None:
        self.told.append("answered")

    def audio(self, frame: bytes) -> None:
        self.told.append("audio")

    def key(self, key: str) -> None:
        self.told.append(f"key {key}")

    def machine(self, kind: str) -> None:
        self.told.append(kind)

    def noted(self, what: str, values: Mapping[str, Any]) -> None:
        self.told.append(f"{what} {values['gateway']}" if what == "trunk_gateway_failed" else what)

    def closed(self, closed: LegClosed) -> None:
        self.end = closed


def ended(status: int) -> LegClosed:
    return closed_by(cause_of_sip(status), str(status))


class Watch:
    """A clock that the test moves (``ports.world.Clock``)."""

    def __init__(self) -> None:
        self.us = 1_000_000_000

    def monotonic_us(self) -> int:
        return self.us

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Trunk:
    """A carrier that places one call after the other through the same trunk."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.sip = FakeSip()
        self.leg: Any = None
        self._carrier = SipTrunkCarrier(lambda: cast(SipCarrier, self.sip), self.watch)

    async def call(self, **trunk: Any) -> Heard:
        self.sip.legs.clear()
        heard = Heard()
        self.leg = await self._carrier.dial(request(**{"id": "t1", **trunk}), heard)
        return heard

    async def says_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A call finds the first gateway silent; the second takes it."""
        monkeypatch.setattr(trunk_carrier, "TRUNK_GATEWAY_SECONDS", 0)
        await self.call()
        await settle()
        assert sorted(self.sip.legs) == [0, 1]
        monkeypatch.undo()
        self.sip.legs[1].listener.answered()


async def test_a_gateway_that_said_nothing_is_asked_behind_the_others_for_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trunk = Trunk()
    await trunk.says_nothing(monkeypatch)
    trunk.watch.us += 12_000_000
    heard = await trunk.call()
    assert list(trunk.sip.legs) == [1]
    assert heard.told == ["trunk_gateway_failed sip:+15550199887@one.example:5060"], "and the record says why"
    trunk.sip.legs[1].listener.closed(ended(503))
    await settle()
    trunk.sip.legs[0].listener.answered()
    assert heard.told[-1] == "answered", "it is asked all the same where the others cannot"
    assert (await trunk.call()).told == []
    assert list(trunk.sip.legs) == [0], "it answered, so it is the first again"

    await trunk.says_nothing(monkeypatch)
    trunk.watch.us += TRUNK_SILENCE_SECONDS * 1_000_000 - 1
    await trunk.call()
    assert list(trunk.sip.legs) == [1]
    trunk.watch.us += 1
    await trunk.call()
    assert list(trunk.sip.legs) == [0]


async def test_what_one_trunk_finds_counts_for_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    trunk = Trunk()
    await trunk.says_nothing(monkeypatch)
    await trunk.call(id="t2")
    assert list(trunk.sip.legs) == [0]


async def test_a_number_is_reached_at_the_gateway_that_carries_the_call_whatever_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trunk = Trunk()
    await trunk.says_nothing(monkeypatch)
    await trunk.call()
    trunk.sip.legs[1].listener.answered()
    await trunk.leg.transfer("+15550100777")
    assert trunk.sip.legs[1].did == ["transfer sip:+15550100777@two.example:5080"]


def test_only_so_many_silent_gateways_are_remembered() -> None:
    found = SilentGateways()
    for number in range(MAX_SILENT_GATEWAYS + 1):
        found.silent(("t1", f"gw{number}"), 0)
    assert found.silent_for_s(("t1", "gw0"), 0) is None
    assert found.silent_for_s(("t1", "gw1"), 2_500_000) == 2
    assert found.in_order([("t1", "gw2"), ("t1", "gw1"), ("t1", "new")], 1) == [2, 0, 1]


async def dialled(sip: FakeSip, **trunk: Any) -> tuple[Any, Heard]:
    heard = Heard()
    carrier = SipTrunkCarrier(lambda: cast(SipCarrier, sip))
    return await carrier.dial(request(**trunk), heard), heard


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("end", [ended(503), ended(408), closed_by(CAUSES["request_timeout"])])
async def test_a_gateway_that_cannot_is_given_up_for_the_next(end: LegClosed) -> None:
    sip = FakeSip()
    leg, heard = await dialled(sip)
    sip.legs[0].listener.closed(end)
    await settle()

    sip.legs[1].listener.ringing()
    sip.legs[1].listener.answered()

    assert heard.told == ["trunk_gateway_failed sip:+15550199887@one.example:5060", "ringing", "answered"]
    assert (heard.end, leg.provider_call_id) == (None, "call-1")


@pytest.mark.parametrize("status", [486, 404, 403, 603, 487])
async def test_any_other_answer_is_the_end_of_the_call(status: int) -> None:
    sip = FakeSip()
    _, heard = await dialled(sip)
    sip.legs[0].listener.closed(ended(status))
    await settle()
    assert heard.end == ended(status)
    assert list(sip.legs) == [0]


async def test_a_gateway_that_rang_is_not_given_up_whatever_it_says_then() -> None:
    sip = FakeSip()
    _, heard = await dialled(sip)
    sip.legs[0].listener.ringing()
    sip.legs[0].listener.closed(ended(503))
    await settle()
    assert heard.end == ended(503)


async def test_the_last_gateways_answer_is_the_end() -> None:
    sip = FakeSip()
    _, heard = await dialled(sip)
    for at in (0, 1):
        sip.legs[at].listener.closed(ended(503))
        await settle()
    assert heard.end == ended(503)


async def test_a_silent_gateway_is_given_up_after_its_time_and_its_end_is_not_the_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trunk_carrier, "TRUNK_GATEWAY_SECONDS", 0)
    sip = FakeSip()
    _, heard = await dialled(sip)
    await settle()
    assert sip.legs[0].hung_up == [""]
    sip.legs[0].listener.closed(ended(487))
    sip.legs[1].listener.answered()
    assert (heard.told[-1], heard.end) == ("answered", None)


async def test_a_gateway_that_tries_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk_carrier, "TRUNK_GATEWAY_SECONDS", 0)
    sip = FakeSip()
    _, heard = await dialled(sip)
    sip.legs[0].listener.noted("trying", {})
    await settle()
    assert (list(sip.legs), heard.told) == ([0], [])


async def test_a_gateway_that_may_not_be_called_is_passed_over() -> None:
    sip = FakeSip()
    sip.refuses[0] = ProviderError(FailureKind.BAD_REQUEST, "sip", "one.example may not be called")
    _, heard = await dialled(sip)
    assert list(sip.legs) == [1]
    assert heard.told == ["trunk_gateway_failed sip:+15550199887@one.example:5060"]


async def test_when_no_gateway_can_be_asked_the_reason_is_told() -> None:
    sip = FakeSip()
    sip.refuses = {at: ProviderError(FailureKind.BAD_REQUEST, "sip", f"not {at}") for at in (0, 1)}
    with pytest.raises(ProviderError, match="not 1"):
        await dialled(sip)
    sip.refuses = {1: ProviderError(FailureKind.UNAVAILABLE, "sip", "the gateway is gone")}
    _, heard = await dialled(sip)
    sip.legs[0].listener.closed(ended(503))
    await settle()
    assert heard.end is not None
    assert (heard.end.outcome, heard.end.reason) == ("failed", "the gateway is gone")


async def test_a_call_that_is_hung_up_asks_nobody_any_more() -> None:
    sip = FakeSip()
    leg, heard = await dialled(sip)
    await leg.hang_up("not_answered")
    sip.legs[0].listener.closed(ended(503))
    await settle()
    assert (list(sip.legs), sip.legs[0].hung_up) == ([0], ["not_answered"])
    assert heard.end == ended(503)


async def test_a_call_that_is_hung_up_while_the_next_gateway_is_being_asked_does_not_ring_there() -> None:
    sip = FakeSip()
    sip.slow = {1}
    leg, heard = await dialled(sip)
    sip.legs[0].listener.closed(ended(503))
    await settle()

    await leg.hang_up("stopped")
    sip.out.set()
    await settle()

    assert sip.legs[1].hung_up == ["stopped"]
    sip.legs[1].listener.closed(ended(487))
    assert heard.end == ended(487)


async def test_a_call_that_is_hung_up_while_the_next_gateway_cannot_be_asked_was_canceled() -> None:
    sip = FakeSip()
    sip.slow, sip.refuses = {1}, {1: ProviderError(FailureKind.UNAVAILABLE, "sip", "the gateway is gone")}
    leg, heard = await dialled(sip)
    sip.legs[0].listener.closed(ended(503))
    await settle()

    await leg.hang_up("stopped")
    sip.out.set()
    await settle()

    assert heard.end is not None
    assert heard.end.outcome == "canceled"


async def test_a_gateway_that_was_given_up_cannot_take_the_call_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk_carrier, "TRUNK_GATEWAY_SECONDS", 0)
    sip = FakeSip()
    _, heard = await dialled(sip, gateways=[*GATEWAYS, ("three.example", 5060)])
    sip.slow = {2}
    await settle()
    late = sip.legs[0].listener

    late.noted("trying", {})
    late.ringing()
    late.early_media()
    late.answered()
    late.audio(b"x")
    late.key("1")
    late.machine("human")
    late.closed(ended(200))

    assert sip.legs[0].hung_up == [""]
    assert {what.split()[0] for what in heard.told} == {"trunk_gateway_failed"}
    assert heard.end is None


async def test_what_a_given_up_gateway_tells_does_not_make_the_next_one_be_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trunk_carrier, "TRUNK_GATEWAY_SECONDS", 0)
    sip = FakeSip()
    sip.slow = {1}
    _, heard = await dialled(sip, gateways=[*GATEWAYS, ("three.example", 5060)])
    await settle()
    sip.out.set()
    monkeypatch.setattr(trunk_carrier, "TRUNK_GATEWAY_SECONDS", 0.02)
    await asyncio.wait_for(sip.asked[1].wait(), 5)

    sip.legs[0].listener.answered()
    sip.legs[0].listener.closed(ended(487))
    await asyncio.wait_for(sip.asked[2].wait(), 5)

    sip.legs[2].listener.answered()
    assert (heard.told[-1], heard.end) == ("answered", None)


async def test_what_is_said_goes_to_the_gateway_that_carries_the_call_and_back() -> None:
    sip = FakeSip()
    leg, heard = await dialled(sip)
    listener = sip.legs[0].listener
    listener.early_media()
    listener.answered()
    listener.audio(b"x")
    listener.key("1")
    listener.machine("human")
    listener.noted("media", {"gateway": ""})
    leg.write(b"y")
    leg.clear()
    await leg.send_keys("1")
    await leg.transfer("sip:bob@host")
    await leg.transfer("+15550100777")
    await leg.answer()
    await leg.reject(486)
    assert heard.told == ["early_media", "answered", "audio", "key 1", "human", "media"]
    assert sip.legs[0].did == [
        "write",
        "clear",
        "keys 1",
        "transfer sip:bob@host",
        "transfer sip:+15550100777@one.example:5060",
    ]


async def test_last_words_are_those_of_the_carrier_below() -> None:
    sip = FakeSip()
    carrier = SipTrunkCarrier(lambda: cast(SipCarrier, sip))
    carrier.say_last_words({"call_id": "c"}, Access())
    await carrier.aclose()
    assert sip.said == [{"call_id": "c"}]
