"""The one UDP port of web calls over SIP: which call a datagram belongs to, and what is dropped."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ice_check import binding_request
from tests.unit.telephony.test_browser_leg import virtually
from tests.unit.telephony.test_web_call_sip import HELLO, PlainIdentity
from tests.unit.telephony.test_webrtc_packets import OFFER, OURS

from callwright.ops.ids import RandomIds
from callwright.telephony.browser.sip_messages import UnreadableMessageError, WrongRequestError, answer, read
from callwright.telephony.browser.webrtc.jitter_buffer import JitterBuffer
from callwright.telephony.browser.webrtc.media_line import MediaLine
from callwright.telephony.browser.webrtc.media_port import MediaPort
from callwright.telephony.browser.webrtc.rtp import Received, read_rtcp, rtp_of
from callwright.telephony.browser.webrtc.sdp import UnusableOfferError, answer_to, offer_of
from callwright.telephony.browser.webrtc.stun import Address, check_of

THEIRS = "Ab/+"
HERE, THERE = ("192.0.2.1", 5_000), ("192.0.2.2", 5_000)


class Wire(asyncio.DatagramTransport):
    """A transport whose datagrams are kept."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("192.0.2.9", 8_701)})
        self.sent: list[tuple[bytes, Any]] = []

    def sendto(self, data: Any, addr: Any = None) -> None:
        self.sent.append((bytes(data), addr))

    def close(self) -> None:
        """Nothing is open."""


class Listener:
    """What a line reports."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def connected(self) -> None:
        self.told.append("connected")

    def frame(self, frame: bytes) -> None:
        self.told.append("frame")

    def key(self, key: str) -> None:
        self.told.append(key)

    def disconnected(self, failure: str) -> None:
        self.told.append("disconnected")


class Calls:
    """A port with two calls."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.port = MediaPort(PlainIdentity(), RandomIds(), ())
        self.port.connection_made(self.wire)
        self.listeners = [Listener(), Listener()]
        self.lines = [self.port.line(offer_of(OFFER), each) for each in self.listeners]
        for line in self.lines:
            line.open()

    def check(self, line: MediaLine, source: Address, password: str = "", theirs: str = THEIRS) -> bool:
        """Whether a check from an address is answered."""
        before = len(self.wire.sent)
        given_away = line.answer.partition("a=ice-pwd:")[2].partition("\r\n")[0]
        self.port.datagram_received(binding_request(theirs, line.fragment, password or given_away), source)
        return len(self.wire.sent) > before


@virtually
async def test_a_datagram_belongs_to_the_call_whose_browser_checked_its_address():
    calls = Calls()
    first, second = calls.lines
    assert calls.check(first, HERE)
    assert calls.check(second, THERE)
    calls.port.datagram_received(HELLO, HERE)
    assert [each.told for each in calls.listeners] == [["connected"], []]
    calls.port.datagram_received(HELLO, ("192.0.2.3", 5_000))
    calls.port.datagram_received(HELLO, THERE)
    assert [each.told for each in calls.listeners] == [["connected"], ["connected"]]


@virtually
async def test_checks_of_strangers_are_dropped_unanswered():
    calls = Calls()
    line = calls.lines[0]
    assert not calls.check(line, HERE, password="guessed")
    assert not calls.check(line, HERE, theirs="another")
    calls.port.datagram_received(binding_request(THEIRS, "unknown", "x"), HERE)
    calls.port.datagram_received(b"", HERE)
    calls.port.datagram_received(b"\x00\x01", HERE)
    assert calls.wire.sent == []


@virtually
async def test_nobody_takes_the_address_of_another_call():
    calls = Calls()
    first, second = calls.lines
    assert calls.check(first, HERE)
    assert not calls.check(second, HERE)
    first.close()
    first.close()
    assert not calls.check(first, THERE)
    assert calls.check(second, HERE)


@virtually
async def test_browsers_are_told_the_addresses_that_are_set():
    port = MediaPort(PlainIdentity(), RandomIds(), ("203.0.113.5", "2001:db8::5"))
    port.connection_made(Wire())
    assert port.addresses == (("203.0.113.5", 8_701), ("2001:db8::5", 8_701))
    assert "203.0.113.5 8701 typ host" in port.line(offer_of(OFFER), Listener()).answer
    port.error_received(OSError("unreachable"))
    port.close()
    port.close()
    port.send(b"late", HERE)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_datagram_raises(data: bytes):
    check = check_of(data)
    assert check is None or not check.is_genuine(data, "password")
    packet = rtp_of(data)
    if packet is not None:
        JitterBuffer().take(packet)
    read_rtcp(data, 1, Received(), 1.0)


HEAD = (
    "Via: SIP/2.0/WS x;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["", "OPTIONS sip:x SIP/2.0\r\n", "OPTIONS sip:x SIP/2.0\r\n" + HEAD]))
def test_no_message_raises_another_error(text: str, begins: str):
    try:
        message = read(begins + text)
    except (UnreadableMessageError, WrongRequestError):
        return
    lines = answer(message, 200).partition("\r\n\r\n")[0].split("\r\n")
    assert all("\n" not in line and "\r" not in line for line in lines)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(OFFER)), st.text(max_size=20))
def test_a_spoilt_offer_is_refused_or_answered_line_by_line(at: int, text: str):
    try:
        offer = offer_of(OFFER[:at] + text + OFFER[at + len(text) :])
    except UnusableOfferError:
        return
    lines = answer_to(offer, OURS).split("\r\n")
    assert all(re.fullmatch(r"[a-z]=[^\r\n]*", line) for line in lines[:-1])


def test_a_defect_of_one_call_does_not_reach_the_port(caplog: pytest.LogCaptureFixture):
    class Broken(Listener):
        def connected(self) -> None:
            raise ZeroDivisionError

    @virtually
    async def run() -> None:
        calls = Calls()
        calls.lines.append(calls.port.line(offer_of(OFFER), Broken()))
        calls.lines[2].open()
        assert calls.check(calls.lines[2], THERE)
        calls.port.datagram_received(HELLO, THERE)
        assert calls.check(calls.lines[0], HERE)

    run()
    assert "ZeroDivisionError" in caplog.text
