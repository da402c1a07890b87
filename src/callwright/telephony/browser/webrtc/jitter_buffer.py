"""Puts the packets of the caller into their order and cuts them into frames of 20 ms. Pure.

A packet in order is passed on at once, so that a good line adds no delay. Packets behind a missing one wait until it comes or MOST_HELD
wait; then silence takes its place. Silence also fills what the stamps of the packets skip.
"""

from __future__ import annotations

from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME
from callwright.telephony.browser.webrtc.rtp import MOST_MISORDERED, RtpPacket

MOST_HELD = 4
"""Packets that wait for a missing one: 80 ms of them."""
MOST_FILLED_FRAMES = 250
"""A longer gap of stamps is a new stream: 5 s."""
MAX_PAYLOAD_BYTES = 960
"""120 ms, the longest packet that is played."""
_WRAP = 1 << 16
_STAMPS = 1 << 32


class JitterBuffer:
    """Of one call. ``late``: packets that came when their place was filled, or twice."""

    def __init__(self) -> None:
        self.late = 0
        self._source = -1
        self._next = 0
        self._stamp = 0
        self._held: dict[int, RtpPacket] = {}
        self._rest = b""

    def take(self, packet: RtpPacket) -> list[bytes]:
        """A packet came. Returns the frames (mu-law, LEG_FRAME_BYTES) that are due now. One without a payload only counts: keys are sent
        between the packets of audio."""
        if len(packet.payload) > MAX_PAYLOAD_BYTES:
            return []
        step = (packet.sequence - self._next + _WRAP // 2) % _WRAP - _WRAP // 2
        frames: list[bytes] = []
        if packet.source != self._source or abs(step) > MOST_MISORDERED:
            frames += self._passed(everything=True)
            self._source, self._next, self._stamp, step = packet.source, packet.sequence, packet.timestamp, 0
        number = self._next + step
        if step < 0 or number in self._held:
            self.late += 1
            return frames
        self._held[number] = packet
        return frames + self._passed(everything=False)

    def _passed(self, *, everything: bool) -> list[bytes]:
        """What can be passed on; with ``everything`` also what waits for others."""
        frames: list[bytes] = []
        while self._held:
            if self._next not in self._held:
                if not everything and len(self._held) < MOST_HELD:
                    break
                self._next = min(self._held)
            frames += self._frames_of(self._held.pop(self._next))
            self._next += 1
        return frames

    def _frames_of(self, packet: RtpPacket) -> list[bytes]:
        if not packet.payload:
            return []
        skipped = (packet.timestamp - self._stamp + _STAMPS // 2) % _STAMPS - _STAMPS // 2
        self._stamp = (packet.timestamp + len(packet.payload)) % _STAMPS
        sound = self._rest
        if 0 < skipped <= MOST_FILLED_FRAMES * LEG_FRAME_BYTES:
            sound += SILENCE_FRAME[:1] * skipped
        sound += packet.payload
        whole = len(sound) - len(sound) % LEG_FRAME_BYTES
        self._rest = sound[whole:]
        return [sound[at : at + LEG_FRAME_BYTES] for at in range(0, whole, LEG_FRAME_BYTES)]
