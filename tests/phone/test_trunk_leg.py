"""Calls through a SIP trunk on the wire: who we say we are, how a challenge is answered, and which gateway is asked when one cannot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from tests.phone.bare_carrier import BareCarrier, Call
from tests.phone.ports import Ports
from tests.phone.rtp import RtpSocket
from tests.phone.sipp import IP, Sipp
from tests.phone.trunks import challenge, check_ended, invites, proves

from callwright.domain.limits import TRUNK_GATEWAY_SECONDS
from callwright.ports.leg import DialRequest
from callwright.telephony.sip.trunk_carrier import SipTrunkCarrier

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
OURS, THEIRS = "+15550100123", "+15550199887"


@pytest.fixture
async def carrier(ports: Ports) -> AsyncIterator[BareCarrier]:
    opened = await BareCarrier.open(ports)
    yield opened
    await opened.carrier.aclose()


async def dial(carrier: BareCarrier, *ports: int, over: SipTrunkCarrier | None = None, **trunk: Any) -> Call:
    """A call through a trunk with these gateways; calls ``over`` one trunk carrier know of each other."""
    option = {"gateways": [(IP, port) for port in ports], "leading_plus": True, "undiallable": "", **trunk}
    call = Call()
    request = DialRequest("e1.1", THEIRS, OURS, 30, {"trunk": option})
    call.leg = await (over or SipTrunkCarrier(lambda: carrier.carrier)).dial(request, call)
    return call


def failed(call: Call) -> list[str]:
    return [values["why"] for what, values in call.facts if what == "trunk_gateway_failed"]


async def test_a_number_goes_out_as_our_own_number(carrier: BareCarrier, sipp: Phones, rtp: Lines) -> None:
    phone = await sipp("answers", rtp_port=rtp().port)
    call = await dial(carrier, phone.port)
    await call.until("answered")
    assert call.leg is not None
    await call.leg.hang_up("enough")
    await phone.ended()

    (invite,) = invites(phone)
    assert invite.start.split()[1].partition(";")[0] == f"sip:{THEIRS}@{IP}:{phone.port}"
    assert f"<sip:{OURS}@{IP}:{phone.port}>" in invite.header("From")
    assert invite.header("P-Asserted-Identity") == f"<sip:{OURS}@{IP}:{phone.port}>"
    assert invite.header("X-Callwright-Call") == "e1.1"
    assert f"{IP}:{carrier.port}" in invite.header("Contact")
    assert "trying" not in [what for what, _ in call.facts]


@pytest.mark.parametrize("status", [401, 407])
async def test_a_challenge_is_answered_with_the_trunks_password(
    carrier: BareCarrier, sipp: Phones, rtp: Lines, status: int
) -> None:
    phone = await sipp("answers", rtp_port=rtp().port, challenged=challenge(status))
    call = await dial(carrier, phone.port, username="u1", password="p 1;x")
    await call.until("answered")
    assert call.leg is not None
    await call.leg.hang_up("enough")
    await phone.ended()

    first, second = invites(phone)
    assert not proves(first, "u1", "p 1;x")
    assert proves(second, "u1", "p 1;x")
    assert (call.events, failed(call)) == (["ringing", "answered"], [])


@pytest.mark.parametrize("status", ["503 Service Unavailable", "408 Request Timeout"])
async def test_a_gateway_that_cannot_is_given_up_for_the_next(
    carrier: BareCarrier, sipp: Phones, rtp: Lines, status: str
) -> None:
    first = await sipp("refuses", status=status)
    second = await sipp("answers", rtp_port=rtp().port)
    call = await dial(carrier, first.port, second.port)
    await call.until("answered")
    assert call.leg is not None
    await call.leg.hang_up("enough")
    await asyncio.gather(first.ended(), second.ended())
    await call.until("closed")
    assert [why.split()[0] for why in failed(call)] == [status[:3]]
    assert call.end is not None
    assert call.end.outcome == "answered"


async def test_a_busy_number_is_busy_and_no_other_gateway_is_asked(
    carrier: BareCarrier, sipp: Phones, rtp: Lines
) -> None:
    first = await sipp("refuses", status="486 Busy Here")
    second = await sipp("answers", rtp_port=rtp().port)
    call = await dial(carrier, first.port, second.port)
    await call.until("closed")
    assert call.end is not None
    assert (call.end.outcome, call.end.provider_code) == ("busy", "486")
    await asyncio.sleep(0.3)
    assert invites(second) == []


async def test_a_silent_gateway_is_not_waited_for_and_what_it_answers_too_late_is_ended(
    carrier: BareCarrier, sipp: Phones, rtp: Lines
) -> None:
    # The INVITE is repeated after 0.5, 1.5 and 3.5 s (RFC 3261 17.1.1.2), and no more once it is given up.
    late_ms = 1_000 * TRUNK_GATEWAY_SECONDS - 3_500 + 700
    silent = await sipp("answers_late", rtp_port=rtp().port, late_ms=late_ms)
    second = await sipp("answers", calls=2, rtp_port=rtp().port)
    trunks = SipTrunkCarrier(lambda: carrier.carrier)
    began_s = time.monotonic()
    call = await dial(carrier, silent.port, second.port, over=trunks)
    await call.until("answered", 15)
    took_s = time.monotonic() - began_s
    await silent.ended(10)
    ends_so_far = call.end
    assert call.leg is not None
    await call.leg.hang_up("enough")

    began_s = time.monotonic()
    again = await dial(carrier, silent.port, second.port, over=trunks)
    await again.until("answered", 5)
    assert time.monotonic() - began_s < 3, "what the first call found out the second one knows"
    assert again.leg is not None
    await again.leg.hang_up("enough")
    await second.ended()
    assert failed(again)[0].endswith("seconds ago and is asked last")
    assert TRUNK_GATEWAY_SECONDS - 1 < took_s < 2 * TRUNK_GATEWAY_SECONDS
    assert failed(call) == [f"no answer within {TRUNK_GATEWAY_SECONDS} seconds"]
    assert (call.events, ends_so_far) == (["ringing", "answered"], None), "the call went on at the second gateway"
    check_ended(silent)


async def test_a_wrong_password_ends_the_call(carrier: BareCarrier, sipp: Phones) -> None:
    phone = await sipp("refuses", status="403 Forbidden", more_headers='Warning: 399 carrier "bad password"')
    call = await dial(carrier, phone.port, username="u1", password="wrong")
    await call.until("closed")
    assert call.end is not None
    assert call.end.provider_code == "403"
