"""What a leg can do that no agent asks for yet, and what only the leg shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.phone.bare_carrier import BareCarrier
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.sipp import IP, Sipp
from tests.waiting import until

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]


@pytest.fixture
async def carrier(ports: Ports) -> AsyncIterator[BareCarrier]:
    opened = await BareCarrier.open(ports, headers=("X-Campaign",))
    yield opened
    await opened.carrier.aclose()


async def test_keys_we_press_reach_the_phone(carrier: BareCarrier, sipp: Phones, rtp: Lines) -> None:
    line = rtp()
    phone = await sipp("answers", rtp_port=line.port)
    call = await carrier.dial(f"sip:bob@{IP}:{phone.port}")
    await call.until("answered")
    assert call.leg is not None
    await asyncio.sleep(0.3)
    await call.leg.send_keys("12#")
    await until(lambda: line.keys() == "12#", 5)
    await call.leg.hang_up("enough")
    await phone.ended()

    events = [p for p in line.packets if len(p.payload) == 4 and p.kind != 0]
    assert {p.kind for p in events} == {101}, "with the payload type of the phone's own SDP"


@pytest.mark.parametrize("status", [486, 603, 404, 480])
async def test_a_call_that_comes_in_is_refused_as_wanted(
    carrier: BareCarrier, sipp: Phones, rtp: Lines, status: int
) -> None:
    """The binding of this SIP stack can only say 486 (reference 1.2, 13 of 14); the gateway's own answer comes before it."""
    words = {"called": "1800", "rtp_port": rtp().port, "more_headers": "X-Campaign: 9", "status_code": status}
    phone = await sipp("is_refused", target=carrier.port, **words)
    await until(lambda: bool(carrier.desk.calls))
    call = carrier.desk.calls[-1]
    assert call.leg is not None
    assert carrier.desk.offers[-1].headers == {"X-Campaign": "9"}
    await call.leg.reject(status)
    await phone.ended(10)
    await call.until("closed")

    assert call.end is not None
    assert call.events == []
