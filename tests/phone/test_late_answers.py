"""Answers nobody waits for any more: every 2xx gets its ACK, and one that is not wanted a BYE (RFC 3261 13.2.2.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.phone.bare_carrier import BareCarrier
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.sipp import IP, Sipp
from tests.phone.trunks import check_ended

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]


@pytest.fixture
async def carrier(ports: Ports) -> AsyncIterator[BareCarrier]:
    opened = await BareCarrier.open(ports)
    yield opened
    await opened.carrier.aclose()


@pytest.mark.parametrize("late_ms", [1, 800], ids=["it rang before", "nothing came before"])
async def test_a_phone_that_is_taken_while_it_is_cancelled_is_told_that_the_call_is_over(
    carrier: BareCarrier, sipp: Phones, rtp: Lines, late_ms: int
) -> None:
    """Where nothing came before the call was given up, the CANCEL too must wait until the phone rings (RFC 3261 9.1)."""
    phone = await sipp("answers_despite_cancel", rtp_port=rtp().port, late_ms=late_ms)
    call = await carrier.dial(f"sip:bob@{IP}:{phone.port}")
    if late_ms > 1:
        await phone.saw("INVITE")
    else:
        await call.until("ringing")
    assert call.leg is not None
    await call.leg.hang_up("enough")
    await phone.ended(10)

    assert call.end is not None
    assert (call.end.outcome, "answered" in call.events) == ("canceled", False)
    assert len(phone.messages("CANCEL", sent=False)) == 1
    check_ended(phone)


async def test_the_second_answer_of_a_forked_call_is_ended_and_the_first_goes_on(
    carrier: BareCarrier, sipp: Phones, rtp: Lines
) -> None:
    phone = await sipp("answers_twice", rtp_port=rtp().port)
    call = await carrier.dial(f"sip:bob@{IP}:{phone.port}")
    await call.until("answered")
    bye = await phone.saw("BYE")
    assert bye.header("To").endswith("tag=second")
    assert bye.start.split()[1] == f"sip:second@{IP}:{phone.port}"
    ends_so_far = call.end
    assert call.leg is not None
    await call.leg.hang_up("enough")
    await phone.ended(10)
    assert (call.events, ends_so_far) == (["answered"], None), "the call went on with the first"
    last = phone.messages("BYE", sent=False)[-1]
    assert not last.header("To").endswith("tag=second")
