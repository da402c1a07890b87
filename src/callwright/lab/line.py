"""A simulated line in both directions, for packets (a relay asks when each arrives) and for frames (the loopback carrier).

Ways are seen from us: ``in`` is from the far end to us, ``out`` from us to the far end.
"""

from __future__ import annotations

import heapq
from random import Random
from typing import Any

from callwright.lab.line_conditions import IN, OUT, LineConditions, line_of
from callwright.lab.line_sound import Echo, Sound
from callwright.lab.line_transit import JitterBuffer, PlayoutCounts, Transit, TransitCounts
from callwright.media.framing import FRAME_MS, MULAW_SILENCE
from callwright.media.g711 import mulaw_of, pcm_of_mulaw

__all__ = ["IN", "OUT", "FrameLine", "LineConditions", "PacketLine", "line_of"]

_UNHEARD_FRAMES = 150
"""Sent and not one of them heard: that is no loss but a way without sound."""
_PERFECT = LineConditions()


def _random(conditions: LineConditions, purpose: str) -> Random:
    return Random(f"{conditions.seed} {purpose}")


class PacketLine:
    """When packets arrive, and how they sound. SIP, RTP and RTCP fall to different dice, so that each is repeatable."""

    def __init__(self, conditions: LineConditions) -> None:
        self.conditions = conditions
        self._transits = {
            (way, kind): Transit(_for(conditions, way), _random(conditions, f"{way} {kind}"))
            for way in (IN, OUT)
            for kind in ("sip", "rtp", "rtcp")
        }
        self._sounds = {way: Sound(_for(conditions, way), _random(conditions, f"{way} noise")) for way in (IN, OUT)}
        self._echo = None if conditions.echo_db is None else Echo(conditions.echo_db, conditions.echo_ms)
        self._requests: dict[str, int] = {}

    @property
    def shapes_sound(self) -> bool:
        """Whether ``sound`` changes anything; if not, nobody need decode a packet."""
        return self.conditions.shapes_sound or self._echo is not None

    def media(self, way: str, at_ms: float) -> tuple[float, ...]:
        """A media packet leaves. Returns when it and its copies arrive; empty when it is lost."""
        return self._transits[way, "rtp"].send(at_ms)

    def report(self, way: str, at_ms: float) -> tuple[float, ...]:
        """A report about media (RTCP) leaves. As ``media``."""
        return self._transits[way, "rtcp"].send(at_ms)

    def signal(self, way: str, at_ms: float, request: str = "") -> tuple[float, ...]:
        """A SIP message leaves; ``request`` is its method, empty for a response."""
        if request and self._loses_request(request):
            counts = self._transits[way, "sip"].counts
            counts.packets += 1
            counts.lost += 1
            return ()
        return self._transits[way, "sip"].send(at_ms)

    def sound(self, way: str, pcm: bytes) -> bytes:
        """The sound of one media packet as it comes out."""
        pcm = self._sounds[way].through(pcm)
        if self._echo is None:
            return pcm
        if way == OUT:
            self._echo.heard(pcm)
            return pcm
        return self._echo.mixed(pcm)

    def counts(self, way: str, kind: str = "rtp") -> TransitCounts:
        """What happened to the packets so far. ``kind``: sip, rtp or rtcp."""
        return self._transits[way, kind].counts

    def _loses_request(self, method: str) -> bool:
        seen = self._requests[method] = self._requests.get(method, 0) + 1
        return seen <= max(self.conditions.lose_requests, self.conditions.lose_invites if method == "INVITE" else 0)


class FrameLine:
    """Mu-law frames of 20 ms through the line and a receiver's jitter buffer, one each way per 20 ms."""

    def __init__(self, conditions: LineConditions) -> None:
        self._conditions = conditions
        self._packets = PacketLine(conditions)
        self._ways = {way: _Way(conditions) for way in (IN, OUT)}

    @property
    def conditions(self) -> LineConditions:
        """What the line is like."""
        return self._conditions

    def out(self, frame: bytes | None) -> bytes:
        """We send ``frame`` (None: silence). Returns what the far end plays."""
        return self._pass(OUT, frame)

    def back(self, frame: bytes | None) -> bytes:
        """The far end sends ``frame`` (None: silence). Returns what we get. Call it after ``out`` of the same 20 ms."""
        return self._pass(IN, frame)

    @property
    def under_way_ms(self) -> int:
        """How long a frame that we send now takes until it is played, rounded up to frames."""
        return self._ways[OUT].under_way_ms

    def counts(self, way: str) -> tuple[TransitCounts, PlayoutCounts]:
        """What happened to one way's packets, and what its receiver made of them."""
        return self._packets.counts(way), self._ways[way].receiver.counts

    def quality(self, *, called_side: bool = False) -> dict[str, Any]:
        """The counters of both ways, as the facts of a leg name them (``quality``). ``rx``: what we get; ``tx``: what we send.

        ``called_side``: as the far end counts them, for whom the ways are the other way round.
        """
        (received, heard), (sent, played) = (self.counts(way) for way in ((OUT, IN) if called_side else (IN, OUT)))
        return {
            "rx_packets": received.packets - received.lost,
            "rx_lost": received.lost,
            "rx_jitter_ms": round(received.jitter_ms, 1),
            "tx_packets": sent.packets,
            "tx_lost": sent.lost,
            "tx_jitter_ms": round(sent.jitter_ms, 1),
            "rtt_ms": round(2 * self._conditions.delay_ms),
            "jbuf_late": heard.late,
            "jbuf_lost": heard.never_came,
            "one_way": _one_way(received, heard, sent, played),
            "simulated": self._conditions.text(),
        }

    def _pass(self, way: str, frame: bytes | None) -> bytes:
        if self._packets.shapes_sound:
            frame = mulaw_of(self._packets.sound(way, pcm_of_mulaw(frame or MULAW_SILENCE)))
        this = self._ways[way]
        return this.tick(frame or MULAW_SILENCE, self._packets.media(way, this.now_ms))


class _Way:
    """Frames on their way and the receiver at its end."""

    def __init__(self, conditions: LineConditions) -> None:
        self.receiver = JitterBuffer(conditions.buffer_ms, conditions.conceal, MULAW_SILENCE)
        self._delay_ms = conditions.delay_ms
        self._number = 0
        self._under_way: list[tuple[float, int, bytes]] = []

    @property
    def now_ms(self) -> int:
        return self._number * FRAME_MS

    @property
    def under_way_ms(self) -> int:
        frames = -(-int(self._delay_ms) // FRAME_MS)
        return frames * FRAME_MS + self.receiver.waiting_ms

    def tick(self, frame: bytes, arrivals_ms: tuple[float, ...]) -> bytes:
        for arrival_ms in arrivals_ms:
            heapq.heappush(self._under_way, (arrival_ms, self._number, frame))
        while self._under_way and self._under_way[0][0] <= self.now_ms:
            _, number, arrived = heapq.heappop(self._under_way)
            self.receiver.take(number, arrived)
        self._number += 1
        return self.receiver.play()


def _for(conditions: LineConditions, way: str) -> LineConditions:
    return conditions if conditions.applies(way) else _PERFECT


def _one_way(received: TransitCounts, heard: PlayoutCounts, sent: TransitCounts, played: PlayoutCounts) -> str:
    if received.packets > _UNHEARD_FRAMES and not heard.played:
        return "no_audio_from_caller"
    if sent.packets > _UNHEARD_FRAMES and not played.played:
        return "no_audio_to_caller"
    return ""
