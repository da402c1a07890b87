"""Calls through a real Asterisk. ``make asterisk`` runs this file; its name keeps it out of every other run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.contract.line import Agent
from tests.phone import sound
from tests.phone.asterisk_pbx import APP, PASSWORD, USER, RealAsterisk, number_of
from tests.phone.bare_carrier import Call, Desk
from tests.phone.calls import hears
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.sipp import Sipp
from tests.waiting import until

from callwright.media.g711 import pcm_of_mulaw
from callwright.ports.failures import ProviderError
from callwright.ports.leg import DialRequest, TransferFailedError
from callwright.telephony.asterisk.carrier import AsteriskCarrier
from callwright.telephony.asterisk.configuration import AsteriskSettings

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]


@dataclass
class Office:
    """A carrier at an Asterisk, and its desk."""

    carrier: AsteriskCarrier
    desk: Desk
    pbx: RealAsterisk

    async def dial(self, to: str, ring_seconds: int = 30, **options: Any) -> Call:
        call = Call()
        call.leg = await self.carrier.dial(DialRequest("test.1", to, "+15550100", ring_seconds, options), call)
        return call


@pytest.fixture(scope="module")
def phone_ports(ports: Ports) -> list[int]:
    return sorted({ports.sip() for _ in range(24)})


@pytest.fixture(scope="module", params=["lines", "json"])
def pbx(request: pytest.FixtureRequest, phone_ports: list[int]) -> Iterator[RealAsterisk]:
    pbx = RealAsterisk(phone_ports, phone_ports[-1], json=request.param == "json")
    try:
        pbx.start()
        yield pbx
    finally:
        pbx.remove()


@pytest.fixture
async def office(pbx: RealAsterisk) -> AsyncIterator[Office]:
    settings = AsteriskSettings(pbx.url, USER, PASSWORD, APP, "PJSIP/{number}")
    office = Office(AsteriskCarrier(settings), Desk(), pbx)
    await office.carrier.open(office.desk)
    yield office
    await office.carrier.aclose()


async def test_a_call_goes_out_and_both_hear_each_other(office: Office, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port, ring_ms=500)
    call = await office.dial(number_of(phone.port), sip_headers={"X-Campaign": "spring-8"})
    await call.until("answered")
    agent = Agent(call.leg)
    agent.say("good day to you")
    await hears(line, "good day to you")
    line.say("hello agent")
    await until(lambda: "hello agent" in sound.words(pcm_of_mulaw(b"".join(call.frames))), 10)
    await call.leg.hang_up("the test is over")
    await phone.ended()
    print(call)
    print([f for f in call.facts], call.events, call.end)
    print(phone.messages("INVITE")[0].text)
