"""The agent's side of a call over a websocket: what was written, and what of it the far end reports as played.

The call's runtime takes a frame for played as if the far end had no delay. The reports of the far end say how much later it really was:
the way there, its buffer, and the way back. Somebody who interrupts does so on hearing what was written that much earlier.
"""

from __future__ import annotations

from callwright.media.framing import FRAME_MS

MOST_DELAY_MS = 2_000
_FRAME_S = FRAME_MS / 1000
_WEIGHT = 0.25
"""Of a new report: one late message does not move the cut by a word."""


class Playback:
    """Positions are frames of this connection, from 0. Times are seconds that never go back.

    ``gap_s``: how long a far end that plays pieces waits between two of them. Its delay grows with each piece, so the newest report is the
    whole truth, and a run after a pause begins with one gap.
    """

    __slots__ = ("_delay_s", "_gap_s", "_next_s", "_run_from", "_run_s", "played", "written")

    def __init__(self, delay_ms: int = 0, gap_s: float = 0.0) -> None:
        self._gap_s = gap_s
        self.written = 0
        self.played = 0
        self._run_from = 0
        self._run_s = 0.0
        self._next_s = 0.0
        self._delay_s: float = delay_ms / 1000

    @property
    def delay_ms(self) -> int:
        """How much later than it was written the far end plays a frame, lately."""
        return round(self._delay_s * 1000)

    @property
    def waiting(self) -> int:
        """Frames written and, for all we know, not played."""
        return self.written - self.played

    def rest_s(self, now_s: float) -> float:
        """How long what was written takes to be played, by all we know."""
        return max(0.0, self._next_s - now_s) + self._delay_s

    def wrote(self, now_s: float, frames: int = 1) -> bool:
        """Frames are sent, and played after those before them. Returns whether nothing was: the far end waits for these."""
        dry = self._next_s < now_s
        if dry:
            # A new run begins.
            if self._gap_s:
                # The pause has taken up what the pieces before it were late.
                self._delay_s = max(self._gap_s, self._delay_s - (now_s - self._next_s))
            self._run_from, self._run_s, self._next_s = self.written, now_s, now_s
        self.written += frames
        self._next_s += frames * _FRAME_S
        return dry

    def clear(self, now_s: float, unsent: int) -> None:
        """The far end is told to drop what it has not played, and ``unsent`` frames are not sent at all. The next one begins a new run."""
        self.written -= unsent
        self._next_s = min(self._next_s, now_s)

    def report(self, played: int, now_s: float) -> bool:
        """The far end has played ``played`` frames. False when that cannot be."""
        if not self.played <= played <= self.written:
            return False
        if played > max(self._run_from, self.played):
            late_s = now_s - self._run_s - (played - self._run_from) * _FRAME_S + self._gap_s
            late_s = min(max(0.0, late_s), MOST_DELAY_MS / 1000)
            self._delay_s += (late_s - self._delay_s) * (_WEIGHT if self._delay_s and not self._gap_s else 1)
        self.played = played
        return True

    def dropped(self, upto: int) -> bool:
        """The far end has dropped what it had of the first ``upto`` frames. False when that cannot be."""
        if not self.played <= upto <= self.written:
            return False
        self.played = upto
        return True
