"""Keys a phone presses, read from the packets themselves (RFC 4733): each press once, whatever happens to its packets on the way. Pure.

All packets of one press carry the time of its beginning, so packets that were repeated or that overtook each other are told from a second
press of the same key. The SIP stack does not tell that time: to it, a packet of a key that comes after the key's last one is a new press.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
MOST_REMEMBERED = 64
"""Presses whose late packets are still known; a packet is late by seconds at most."""
_HEAD = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_LONGEST_SEGMENT = 0xFFFF
"""A press that lasts longer goes on in a new segment with a time of its own (RFC 4733 2.5.1.3)."""


@dataclass(frozen=True, slots=True)
class KeyPacket:
    """One packet of a press. ``timestamp`` is the time of its beginning; ``begins`` marks its first packet, ``ends`` its last ones."""

    source: int
    timestamp: int
    event: int
    begins: bool
    ends: bool


def key_packet(data: bytes) -> KeyPacket | None:
    """Read a datagram; None when it is no RTP packet that could carry a key."""
    if len(data) < _HEAD.size or data[0] >> 6 != 2:
        return None
    first, second, _, timestamp, source = _HEAD.unpack_from(data)
    at = _HEAD.size + 4 * (first & 0x0F)
    if first & 0x10 and len(data) >= at + 4:
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
    if len(data) < at + _EVENT.size:
        return None
    event, flags, _ = _EVENT.unpack_from(data, at)
    return KeyPacket(source, timestamp, event, bool(second & 0x80), bool(flags & 0x80))


class Presses:
    """Turns the packets of one call into presses. ``packets``: how many there were."""

    def __init__(self) -> None:
        self.packets = 0
        self._known: deque[tuple[int, int]] = deque(maxlen=MOST_REMEMBERED)
        self._held: KeyPacket | None = None

    def feed(self, data: bytes) -> str:
        """One datagram. Returns the key when it is the first of a press that came, else nothing: a press counts as soon as any packet of it
        is there, because a caller waits for its effect and the packets that end it may be lost."""
        packet = key_packet(data)
        if packet is None:
            return ""
        self.packets += 1
        press = (packet.source, packet.timestamp)
        if press in self._known:
            if packet.ends and self._held is not None and press == (self._held.source, self._held.timestamp):
                self._held = None
            return ""
        self._known.append(press)
        goes_on = self._goes_on(packet)
        self._held = None if packet.ends else packet
        return "" if goes_on or packet.event >= len(KEYS) else KEYS[packet.event]

    def _goes_on(self, packet: KeyPacket) -> bool:
        """Whether this is the next segment of a key that is still held."""
        held = self._held
        return (
            held is not None
            and not packet.begins
            and (packet.source, packet.event) == (held.source, held.event)
            and packet.timestamp == held.timestamp + _LONGEST_SEGMENT & 0xFFFFFFFF
        )
