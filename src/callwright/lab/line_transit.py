"""Packets on a simulated line: which are lost, when the others arrive, and what a receiver's jitter buffer makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from statistics import NormalDist

from callwright.lab.line_conditions import NORMAL, REPEAT, STALLS, LineConditions
from callwright.media.framing import FRAME_MS

_STALL_CHANCE = 0.02
"""How often a packet meets the beginning of a stall: about once a second of sound."""
_COPY_LATER_MS = 1.0
_BELL = NormalDist(0.5, 1 / 6)
_JITTER_SHARE = 16
"""RFC 3550 6.4.1: the jitter follows a new difference by a sixteenth."""


@dataclass(slots=True)
class TransitCounts:
    """What happened to the packets of one way. ``jitter_ms`` as RFC 3550 estimates it, ``jitter_ms_max`` its greatest value."""

    packets: int = 0
    lost: int = 0
    duplicated: int = 0
    held_back: int = 0
    jitter_ms: float = 0.0
    jitter_ms_max: float = 0.0
    delay_ms_max: float = 0.0


class Transit:
    """One way of the line. The fate of packet n depends on the conditions and the seed only, never on what was sent or when."""

    def __init__(self, conditions: LineConditions, random: Random) -> None:
        self.counts = TransitCounts()
        self._conditions = conditions
        self._random = random
        self._loses = _loss(conditions)
        self._bad = False
        self._stalled_until_ms = 0.0
        self._last_ms = 0.0
        self._last_transit_ms: float | None = None

    def send(self, at_ms: float) -> tuple[float, ...]:
        """A packet leaves at ``at_ms``. Returns when it and its copies arrive; empty when it is lost."""
        counts, conditions = self.counts, self._conditions
        counts.packets += 1
        # Always the same number of draws, so that one condition more leaves the fate of packets by the others as it was.
        chance_lost, share, chance_held, chance_twice = (self._random.random() for _ in range(4))
        arrival_ms = at_ms + conditions.delay_ms + self._extra_ms(at_ms, share)
        if self._is_lost(chance_lost):
            counts.lost += 1
            return ()
        if conditions.keeps_order:
            arrival_ms = self._last_ms = max(self._last_ms, arrival_ms)
        if chance_held * 100 < conditions.reorder_percent:
            counts.held_back += 1
            arrival_ms += conditions.reorder_ms
        self._measure(arrival_ms - at_ms)
        if chance_twice * 100 < conditions.duplicate_percent:
            counts.duplicated += 1
            return arrival_ms, arrival_ms + _COPY_LATER_MS
        return (arrival_ms,)

    def _is_lost(self, chance: float) -> bool:
        to_bad, to_good = self._loses
        self._bad = chance >= to_good if self._bad else chance < to_bad
        return self._bad

    def _extra_ms(self, at_ms: float, share: float) -> float:
        jitter_ms = self._conditions.jitter_ms
        if self._conditions.jitter_kind == NORMAL:
            return jitter_ms * min(1.0, max(0.0, _BELL.inv_cdf(max(share, 1e-9))))
        if self._conditions.jitter_kind == STALLS:
            if at_ms >= self._stalled_until_ms and share < _STALL_CHANCE:
                self._stalled_until_ms = at_ms + jitter_ms * (0.5 + share / _STALL_CHANCE / 2)
            return max(0.0, self._stalled_until_ms - at_ms)
        return jitter_ms * share

    def _measure(self, transit_ms: float) -> None:
        counts = self.counts
        counts.delay_ms_max = max(counts.delay_ms_max, transit_ms)
        if self._last_transit_ms is not None:
            counts.jitter_ms += (abs(transit_ms - self._last_transit_ms) - counts.jitter_ms) / _JITTER_SHARE
            counts.jitter_ms_max = max(counts.jitter_ms_max, counts.jitter_ms)
        self._last_transit_ms = transit_ms


def _loss(conditions: LineConditions) -> tuple[float, float]:
    """Gilbert's two chances: of a loss after a packet that came, and of one that comes after a loss."""
    share = conditions.loss_percent / 100
    if not conditions.burst_packets or share >= 1:
        return share, 1 - share if share < 1 else 0.0
    to_good = 1 / conditions.burst_packets
    return to_good * share / (1 - share), to_good


@dataclass(slots=True)
class PlayoutCounts:
    """What a receiver noticed, in frames of 20 ms. ``missing`` were not there when due, of which ``late`` came afterwards.

    ``copies`` came more than once. ``depth_ms`` is what the jitter buffer grew to.
    """

    played: int = 0
    missing: int = 0
    late: int = 0
    copies: int = 0
    depth_ms: int = FRAME_MS

    @property
    def never_came(self) -> int:
        """Missing frames that did not come at all, as far as the receiver knows."""
        return self.missing - self.late


class JitterBuffer:
    """A receiver: frames by number in, one frame per 20 ms out.

    It starts one frame after the first that comes, and whenever a frame comes too late it waits as much longer, up to the most it may.
    It never shrinks: the simulated calls are short.
    """

    _MOST_REMEMBERED = 100

    def __init__(self, most_ms: int, conceal: str, silence: bytes) -> None:
        self.counts = PlayoutCounts()
        self._most_ms = most_ms
        self._repeats = conceal == REPEAT
        self._silence = silence
        self._frames: dict[int, bytes] = {}
        self._missed: list[int] = []
        self._first = 0
        self._next: int | None = None
        self._wait = 0
        self._last: bytes | None = None

    @property
    def waiting_ms(self) -> int:
        """Sound between a frame's arrival and its turn."""
        return self.counts.depth_ms

    def take(self, number: int, frame: bytes) -> None:
        """A frame has come. ``number`` counts frames of the sender from 0."""
        if self._next is None:
            self._first = self._next = number
            self._wait = 1
        if number in self._frames or (self._first <= number < self._next and number not in self._missed):
            self.counts.copies += 1
        elif number < self._next:
            if number in self._missed:
                self._missed.remove(number)
            else:
                # Overtaken by the very first one: its place in the sound is before the beginning.
                self.counts.missing += 1
            self._late(self._next - number)
        else:
            self._frames[number] = frame

    def play(self) -> bytes:
        """The next 20 ms."""
        if self._next is None:
            return self._silence
        if self._wait:
            self._wait -= 1
            return self._concealed()
        number, self._next = self._next, self._next + 1
        frame = self._frames.pop(number, None)
        if frame is None:
            self.counts.missing += 1
            self._missed = [*self._missed, number][-self._MOST_REMEMBERED :]
            return self._concealed()
        self.counts.played += 1
        self._last = frame
        return frame

    def _late(self, frames: int) -> None:
        counts = self.counts
        counts.late += 1
        growth = min(frames - self._wait, (self._most_ms - counts.depth_ms) // FRAME_MS)
        if growth > 0:
            self._wait += growth
            counts.depth_ms += growth * FRAME_MS

    def _concealed(self) -> bytes:
        repeated, self._last = self._last, None
        return repeated if self._repeats and repeated is not None else self._silence
