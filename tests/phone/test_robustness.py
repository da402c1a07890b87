"""What strangers on a network do to a SIP port, and many calls one after the other: nothing breaks, nothing is kept."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.phone import malformed, sound
from tests.phone.bare_carrier import BareCarrier, Call
from tests.phone.calls import said
from tests.phone.length import sized
from tests.phone.ports import Ports
from tests.phone.process import holding
from tests.phone.rtp import RtpSocket
from tests.phone.sipp import IP, Sipp
from tests.phone.summary import FIGURE
from tests.waiting import until

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.telephony.sip.baresip_stack import CLEANED_AFTER_US
from callwright.telephony.sip.supervisor import GatewayState

Phones = Callable[..., Awaitable[Sipp]]
Lines = Callable[..., RtpSocket]
SEED = 20_261_124
MALFORMED = sized(10_000, 1_000)
CHURN = sized(100, 40)
UNCONFIRMED_ANSWER_S = 45 + CLEANED_AFTER_US // 1_000_000
"""An answer that is never confirmed is given up after 32 s (RFC 3261 13.3.1.4), and the call with it; then the gateway begins anew if the
stack has left a call behind."""
STACK_ERROR = b"SIP/2.0 500 Call Error"
_A_SECOND = 1_000
_BURST = 20
_A_RENEWAL_S = 5
"""Longer than the gateway takes to see that it should begin anew, and to do so."""


@pytest.fixture
async def carrier(ports: Ports) -> AsyncIterator[BareCarrier]:
    opened = await BareCarrier.open(ports, max_calls=100, max_unacknowledged=100)
    yield opened
    await opened.carrier.aclose()


def gateway(carrier: BareCarrier) -> int:
    """The gateway's process."""
    pid = carrier.carrier.health.pid
    assert pid is not None
    return pid


async def a_call_works(carrier: BareCarrier, sipp: Phones, line: RtpSocket) -> None:
    """A whole call with sound both ways: what it takes for the gateway to be well."""
    before = len(carrier.desk.calls)
    phone = await sipp("calls", target=carrier.port, called="well", rtp_port=line.port)
    await until(lambda: len(carrier.desk.calls) > before)
    call = carrier.desk.calls[-1]
    assert call.leg is not None
    await call.leg.answer()
    await call.until("answered")
    line.play(sound.tone(440, 1_500))
    ours = mulaw_of(sound.tone(1_000, 1_500))
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for number in range(len(ours) // 160):
        # As our pacer does: by the clock, three frames ahead.
        await asyncio.sleep(max(0.0, began_s + 0.02 * (number - 3) - loop.time()))
        call.leg.write(ours[160 * number : 160 * (number + 1)])
    await said(line)
    await phone.goes_on()
    await phone.ended()
    await call.until("closed")
    assert sound.level(line.heard(), 1_000) > 0.8
    assert sound.level(pcm_of_mulaw(b"".join(call.frames)), 440) > 0.8


async def _undecided(carrier: BareCarrier) -> None:
    """Take every second call that comes, refuse the others, as they come."""
    seen = 0
    while True:
        for call in carrier.desk.calls[seen:]:
            seen += 1
            if call.leg is not None:
                await (call.leg.answer() if seen % 2 else call.leg.reject(404))
        await asyncio.sleep(0.02)


class Stranger:
    """Sends datagrams from one port and keeps what is said to it there."""

    def __init__(self, target_port: int) -> None:
        self._target = (IP, target_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((IP, 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.answers: list[bytes] = []
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    async def send(self, seed: int, count: int) -> None:
        """``count`` seeded datagrams, a thousand a second."""
        called = ("nobody", "1800", "%00", "a" * 300)
        for number, datagram in enumerate(malformed.datagrams(seed, count, called, self._target[1], self.port)):
            self._socket.sendto(datagram, self._target)
            if number % _BURST == _BURST - 1:
                await asyncio.sleep(_BURST / _A_SECOND)

    def calls_left_behind(self) -> int:
        """How many requests the stack answered with an error of its own, repetitions apart: each leaves a call behind, for ever;
        with enough of them the gateway begins anew."""
        branches = (re.search(rb"branch=([^;\r\n]*)", each) for each in self.answers if each.startswith(STACK_ERROR))
        return len({found[1] for found in branches if found})

    def close(self) -> None:
        """Free the port."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            while True:
                self.answers.append(self._socket.recv(65_535))


async def _all_over(calls: list[Call]) -> None:
    """Hang up what is left, and what a busy gateway reads only meanwhile. Nobody answers a BYE: of a confirmed call it takes 32 s."""
    asked: list[Call] = []
    async with asyncio.timeout(60):
        while left := [call for call in calls if call.end is None]:
            new = [call for call in left if call.leg and call not in asked]
            asked += new
            await asyncio.gather(*[call.leg.hang_up("test") for call in new if call.leg])
            await asyncio.sleep(0.02)


async def test_malformed_datagrams_neither_end_the_gateway_nor_stay_in_it(
    carrier: BareCarrier,
    sipp: Phones,
    rtp: Lines,
    record_property: Callable[[str, object], None],
) -> None:
    """10,000 with ``make test-phone``, 1,000 in CI. Replay one by its number with ``malformed.datagrams``. What the stack leaves behind is
    gone when the gateway has begun anew, which it does between calls."""
    await a_call_works(carrier, sipp, rtp())
    deciding = asyncio.create_task(_undecided(carrier))
    stranger = Stranger(carrier.port)
    await stranger.send(SEED, MALFORMED // 5)
    await _all_over(carrier.desk.calls)
    await asyncio.sleep(_A_RENEWAL_S)
    before = holding(await _gateway(carrier))
    await stranger.send(SEED + 1, MALFORMED)
    await _all_over(carrier.desk.calls)
    deciding.cancel()
    await asyncio.sleep(_A_RENEWAL_S)
    await _gateway(carrier)
    await a_call_works(carrier, sipp, rtp())
    allowed = before.descriptors + 4
    with contextlib.suppress(TimeoutError):
        await until(lambda: _is_clean(carrier, allowed), UNCONFIRMED_ANSWER_S)
    stranger.close()

    after = holding(await _gateway(carrier))
    health = carrier.carrier.health
    record_property(
        FIGURE,
        f"{MALFORMED} malformed datagrams: {stranger.calls_left_behind()} answered by the stack itself, begun anew {health.renewals} times,"
        f" ended otherwise {health.restarts} times; {before} -> {after}",
    )
    assert health.restarts == 0, "it ended for no other reason"
    assert health.renewals == 0 or stranger.calls_left_behind() > 0
    assert len(carrier.desk.calls) > 10, "some of them were calls"
    assert after.descriptors <= allowed, f"{before} -> {after}"
    assert after.rss_mb - before.rss_mb < 24, f"{before} -> {after}"
    assert after.threads <= before.threads


def _is_clean(carrier: BareCarrier, descriptors: int) -> bool:
    """Whether the gateway holds no more than that; while it begins anew it is not known."""
    if carrier.carrier.health.state is not GatewayState.LISTENING:
        return False
    try:
        return holding(gateway(carrier)).descriptors <= descriptors
    except FileNotFoundError:
        return False


async def _gateway(carrier: BareCarrier) -> int:
    """The gateway's process once it listens."""
    await until(lambda: carrier.carrier.health.state is GatewayState.LISTENING, 20)
    return gateway(carrier)


async def _churn(carrier: BareCarrier, sipp: Phones, calls: int) -> None:
    """``calls`` calls, 25 a second, each answered and hung up by the phone once the platform has offered its codecs again (after 100 ms).

    Not by a timer of SIPp's: it breaks a call off when a request arrives in the moment between its own timer and its BYE.
    """
    phone = await sipp("calls_briefly", target=carrier.port, called="1800", rtp_port=9, calls=calls, rate=25)
    await phone.ended(60)


async def test_calls_one_after_the_other_all_succeed_and_leave_nothing(
    carrier: BareCarrier, sipp: Phones, rtp: Lines, record_property: Callable[[str, object], None]
) -> None:
    """100 of 100 with ``make test-phone``, 40 of 40 in CI."""
    carrier.desk.answers_at_once = True
    pid = gateway(carrier)
    await _churn(carrier, sipp, CHURN // 2)
    await until(lambda: all(call.end is not None for call in carrier.desk.calls), 10)
    before = holding(pid)
    await _churn(carrier, sipp, CHURN)
    await until(lambda: all(call.end is not None for call in carrier.desk.calls), 10)
    after = holding(pid)

    ended_well = sum(call.end is not None and call.end.outcome == "answered" for call in carrier.desk.calls)
    record_property(FIGURE, f"churn: {ended_well - CHURN // 2} of {CHURN} calls; {before} -> {after}")
    assert len(carrier.desk.calls) == CHURN + CHURN // 2
    assert {(call.end.by, call.end.outcome) for call in carrier.desk.calls if call.end} == {("Caller", "answered")}
    assert after.rss_mb - before.rss_mb < 16, f"{before} -> {after}"
    assert after.descriptors <= before.descriptors, f"{before} -> {after}"
    assert after.threads <= before.threads
