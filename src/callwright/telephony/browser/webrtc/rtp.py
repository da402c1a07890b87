"""Packets of RTP and RTCP (RFC 3550), as one call with one codec needs them. Pure.

Times are seconds of a clock that never goes back: NTP stamps of our reports count from its beginning, which RFC 3550 6.4.1 allows, and the
far end only gives them back.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

RATE_HZ = 8_000
_HEAD = struct.Struct("!BBHII")
_REPORT = struct.Struct("!IIIIII")
_SENDER = struct.Struct("!IIIII")
_SENDER_REPORT, _RECEIVER_REPORT, _DESCRIPTION = 200, 201, 202
_CNAME = 1
_VERSION = 0x80
MAX_RTCP_PARTS = 16
_WRAP = 1 << 16
MOST_MISORDERED = 3_000
"""A packet this much older than the newest belongs to a stream that began anew."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet. ``sequence`` has 16 bits, ``timestamp`` 32."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marker: bool = False

    def packed(self) -> bytes:
        """As it is sent, without extensions."""
        second = self.payload_type | (0x80 if self.marker else 0)
        return _HEAD.pack(_VERSION, second, self.sequence, self.timestamp, self.source) + self.payload


def is_rtcp(datagram: bytes) -> bool:
    """Whether a datagram of a port that RTP and RTCP share is RTCP (RFC 5761 4)."""
    return len(datagram) > 1 and 192 <= datagram[1] <= 223


def rtp_of(datagram: bytes) -> RtpPacket | None:
    """The packet in a datagram; None when it is none."""
    if len(datagram) < _HEAD.size or datagram[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, source = _HEAD.unpack_from(datagram)
    at, end = _HEAD.size + 4 * (first & 0x0F), len(datagram)
    if first & 0x10:
        if end < at + 4:
            return None
        at += 4 + 4 * int.from_bytes(datagram[at + 2 : at + 4], "big")
    if first & 0x20:
        end -= datagram[-1]
    if at > end:
        return None
    return RtpPacket(second & 0x7F, sequence, timestamp, source, datagram[at:end], bool(second & 0x80))


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """What the far end got of a stream of ours: packets lost so far, jitter, and the round trip (None: it had no report of ours yet)."""

    lost: int
    jitter_ms: float
    round_trip_ms: float | None


@dataclass(slots=True)
class Received:
    """What came of the far end's stream: what a receiver reports (RFC 3550 A.1, A.3 and A.8)."""

    packets: int = 0
    jitter: float = 0.0
    """In timestamp units."""
    source: int = -1
    _first: int = 0
    _highest: int = 0
    _transit: float | None = None
    _reported: tuple[int, int] = (0, 0)
    _before: tuple[int, int] = (0, 0)
    """Packets expected and come of earlier streams of this call."""
    _heard: tuple[int, float] = (0, 0.0)

    @property
    def expected(self) -> int:
        """Packets that were sent, as far as their numbers tell."""
        return self._before[0] + (self._highest - self._first + 1 if self.packets > self._before[1] else 0)

    @property
    def lost(self) -> int:
        """Packets that did not come. A packet that came twice makes up for one."""
        return max(0, self.expected - self.packets)

    @property
    def jitter_ms(self) -> float:
        """The jitter of their arrival."""
        return self.jitter * 1000 / RATE_HZ

    def took(self, packet: RtpPacket, now_s: float, *, timed: bool = True) -> None:
        """A packet came. ``timed``: its stamp is when it was sent; those of a key have that of its beginning."""
        step = (packet.sequence - self._highest + _WRAP // 2) % _WRAP - _WRAP // 2
        if packet.source != self.source or abs(step) > MOST_MISORDERED:
            self._before = (self.expected, self.packets)
            self.source, self._transit = packet.source, None
            self._first = self._highest = packet.sequence
        else:
            self._highest = max(self._highest, self._highest + step)
        self.packets += 1
        if not timed:
            return
        transit = now_s * RATE_HZ - packet.timestamp
        if self._transit is not None and abs(transit - self._transit) < RATE_HZ:
            self.jitter += (abs(transit - self._transit) - self.jitter) / 16
        self._transit = transit

    def heard_report(self, stamp: int, now_s: float) -> None:
        """A sender report of the far end came; ``stamp``: the middle 32 bits of its time."""
        self._heard = (stamp, now_s)

    def report(self, now_s: float) -> bytes:
        """The block about this stream for a report of ours."""
        expected, packets = self.expected, self.packets
        lately = expected - self._reported[0]
        missed = max(0, lately - (packets - self._reported[1]))
        self._reported = (expected, packets)
        fraction = min(255, missed * 256 // lately) if lately > 0 else 0
        stamp, heard_s = self._heard
        since = int((now_s - heard_s) * 65_536) if stamp else 0
        lost = fraction << 24 | min(self.lost, 0x7FFFFF)
        highest, jitter = self._highest & 0xFFFFFFFF, min(int(self.jitter), 0xFFFFFFFF)
        return _REPORT.pack(self.source & 0xFFFFFFFF, lost, highest, jitter, stamp, since & 0xFFFFFFFF)


@dataclass(slots=True)
class Sent:
    """Our stream: numbers and stamps its packets, and reports about it. ``source``, ``sequence`` and ``timestamp`` begin at random."""

    source: int
    sequence: int
    timestamp: int
    payload_type: int
    began_s: float
    packets: int = 0
    octets: int = 0
    _next_s: float = field(default=0.0)

    def packet(self, payload: bytes, now_s: float) -> RtpPacket:
        """The next packet. One that comes after a pause is stamped with the time that has passed, and marked."""
        seconds = len(payload) / RATE_HZ
        begins = not self.packets or now_s > self._next_s + seconds
        if begins:
            self._next_s = max(self._next_s, now_s)
        stamp = self.timestamp + round((self._next_s - self.began_s) * RATE_HZ)
        self._next_s += seconds
        number = self.sequence + self.packets
        self.packets += 1
        self.octets += len(payload)
        return RtpPacket(self.payload_type, number % _WRAP, stamp & 0xFFFFFFFF, self.source, payload, begins)

    def rest_s(self, now_s: float) -> float:
        """How long what was sent takes to be played, the way to the far end apart."""
        return max(0.0, self._next_s - now_s)

    def report(self, now_s: float, received: Received, name: str) -> bytes:
        """A compound of sender report, what was received, and our canonical name."""
        blocks = received.report(now_s) if received.packets else b""
        seconds = int(now_s)
        stamp = self.timestamp + round((now_s - self.began_s) * RATE_HZ)
        sender = _SENDER.pack(
            seconds & 0xFFFFFFFF, int((now_s - seconds) * 2**32), stamp & 0xFFFFFFFF, self.packets, self.octets
        )
        report = _rtcp(_SENDER_REPORT, len(blocks) // _REPORT.size, struct.pack("!I", self.source) + sender + blocks)
        text = name.encode()
        chunk = struct.pack("!IBB", self.source, _CNAME, len(text)) + text
        return report + _rtcp(_DESCRIPTION, 1, chunk + bytes(4 - len(chunk) % 4))


def _rtcp(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", _VERSION | count, kind, len(body) // 4) + body


def rtcp_parts(datagram: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, count and body of each part of a compound. Ends at the first that is none."""
    at = 0
    for _ in range(MAX_RTCP_PARTS):
        if len(datagram) < at + 4 or datagram[at] >> 6 != 2:
            return
        size = 4 * int.from_bytes(datagram[at + 2 : at + 4], "big")
        body = datagram[at + 4 : at + 4 + size]
        if len(body) < size:
            return
        yield datagram[at + 1], datagram[at] & 0x1F, body
        at += 4 + size


def read_rtcp(datagram: bytes, ours: int, received: Received, now_s: float) -> ReceptionReport | None:
    """What a compound says of our stream ``ours``; a sender report in it is noted in ``received``."""
    found = None
    for kind, count, body in rtcp_parts(datagram):
        at = 4
        if kind == _SENDER_REPORT and len(body) >= 4 + _SENDER.size:
            received.heard_report(int.from_bytes(body[6:10], "big"), now_s)
            at += _SENDER.size
        elif kind != _RECEIVER_REPORT:
            continue
        for _ in range(count):
            if len(body) < at + _REPORT.size:
                break
            source, lost, _, jitter, stamp, since = _REPORT.unpack_from(body, at)
            at += _REPORT.size
            if source == ours:
                found = ReceptionReport(_signed24(lost), jitter * 1000 / RATE_HZ, _round_trip_ms(stamp, since, now_s))
    return found


def _signed24(lost: int) -> int:
    value = lost & 0xFFFFFF
    return max(0, value - (1 << 24) if value & 0x800000 else value)


def _round_trip_ms(stamp: int, since: int, now_s: float) -> float | None:
    if not stamp:
        return None
    passed = (int(now_s * 65_536) - stamp - since) & 0xFFFFFFFF
    return passed * 1000 / 65_536 if passed < 0x80000000 else 0.0
