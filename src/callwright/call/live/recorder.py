"""The recording of a call in progress: both sides as raw mu-law on one time axis that begins at the answer.

Sound is put where it is played. A side is appended to its file about once a second, behind a margin in which a clear may still
take back what was written ahead; appending happens on one thread for all calls, never on the event loop, and for all calls whose time
has come within APPEND_SECONDS together. What was appended survives the process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from callwright.call.live.logfile import AppendFile
from callwright.media.framing import FRAME_SAMPLES, MULAW_SILENCE
from callwright.media.mixdown import Track
from callwright.media.pacing import US_PER_BYTE

_LOG = logging.getLogger(__name__)

BATCH_SAMPLES = 8_000
MARGIN_SAMPLES = 4_000
"""Half a second: more than is ever written ahead."""
LATEST_SAMPLES = 80_000
"""Ten seconds: what a caller's side may be late (a line or a process that stalls and then delivers what it held). A side that is further
behind sent nothing: its gap is silence, so that what follows stands where it was said, and no more than this waits in memory for it."""

SETTLING_FRAMES = 25
"""Half a second, in which nothing is appended yet: a first frame that was late is noticed by the next ones, which were less so."""

APPEND_SECONDS = 0.1
"""How long sound that is to be appended waits for that of other calls."""

AppendRaw = Callable[[Path, bytes], None]


def append_raw(path: Path, data: bytes) -> None:
    """Append to a file made with mode 0600. Blocking."""
    file = AppendFile(path)
    try:
        file.append(data)
    finally:
        file.close()


@dataclass(frozen=True, slots=True)
class RawFiles:
    """Where the sides of an attempt's recording lie while they are raw."""

    caller: Path
    agent: Path


class _Side:
    """One side: what was not appended yet. ``done`` samples have been."""

    def __init__(self, path: Path) -> None:
        self.done = 0
        self._path = path
        self._rest = Track()

    @property
    def end(self) -> int:
        """Samples so far, appended or not."""
        return self.done + len(self._rest)

    def put(self, at: int, mulaw: bytes) -> None:
        """``mulaw`` sounds from sample ``at`` on; what was appended already stays as it is."""
        self._rest.put(at - self.done, mulaw)

    def pull(self, at: int, samples: int) -> None:
        """What was put from sample ``at`` on sounds ``samples`` earlier; before it there was silence."""
        self._rest.take_out(at - samples - self.done, samples)

    def cut(self, at: int) -> None:
        """What was put from sample ``at`` on was not heard."""
        self._rest.cut(at - self.done)

    def take(self, upto: int) -> tuple[Path, bytes] | None:
        """The samples up to ``upto``, silence where there were none, to be appended now."""
        size = upto - self.done
        if size <= 0:
            return None
        data = self._rest.mulaw()
        rest = Track()
        rest.append(data[size:])
        self._rest = rest
        self.done = upto
        return self._path, data[:size].ljust(size, MULAW_SILENCE[:1])


class Recorder:
    """Records one call from ``answered`` on. Times are monotonic microseconds.

    ``append`` is called on ``executor`` in order. A disk that refuses ends the recording, not the call: ``lost`` says why.
    """

    def __init__(self, files: RawFiles, executor: Executor, append: AppendRaw = append_raw) -> None:
        self._executor = executor
        self._append = append
        self._caller = _Side(files.caller)
        self._agent = _Side(files.agent)
        self._answered_us = 0
        self._caller_from: int | None = None
        self._caller_next = 0
        self._frames = 0
        self._gap_samples = 0
        self._on = False
        self.lost = ""

    @property
    def caller_from_us(self) -> int:
        """Where the caller's audio begins, in microseconds after the answer."""
        return (self._caller_from or 0) * US_PER_BYTE

    @property
    def gaps_ms(self) -> int:
        """Silence that was put where a caller's side sent nothing for long."""
        return self._gap_samples // 8

    @property
    def duration_ms(self) -> int:
        """The longer side so far."""
        return max(self._caller.end, self._agent.end) // 8

    def answered(self, now_us: int) -> None:
        """The recording's time 0."""
        self._answered_us = now_us

    def switch(self, on: bool) -> None:
        """Record, or put silence in the place of what is said."""
        self._on = on

    def caller(self, mulaw: bytes, now_us: int) -> None:
        """The caller's next frame. Frames follow one another by their number, however they arrive, until one is more than LATEST_SAMPLES
        late. Where they begin is known from the first that came, and better from whichever of the next SETTLING_FRAMES was least late."""
        arrived = self._sample(now_us) - FRAME_SAMPLES
        if self._caller_from is None:
            self._caller_from = self._caller_next = max(0, arrived, self._caller.done)
        elif arrived - self._caller_next > LATEST_SAMPLES or self._caller_next < self._caller.done:
            after_gap = max(arrived, self._caller.done)
            self._gap_samples += after_gap - self._caller_next
            self._caller_next = after_gap
        elif arrived < self._caller_next and self._frames < SETTLING_FRAMES:
            earlier = min(self._caller_next - arrived, self._caller_from - self._caller.done)
            self._caller.pull(self._caller_from, earlier)
            self._caller_from -= earlier
            self._caller_next -= earlier
        at = self._caller_next
        self._caller_next += FRAME_SAMPLES
        self._frames += 1
        self._caller.put(at, mulaw if self._on else MULAW_SILENCE)
        if self._frames % (BATCH_SAMPLES // FRAME_SAMPLES) == 0:
            # Frames that were held up and come all at once may lie ahead of the clock: what the agent says meanwhile must still fit in.
            self._flush(min(at, arrived) - MARGIN_SAMPLES)

    def agent(self, frames: Sequence[bytes], plays_at_us: int) -> None:
        """The agent's frames, the first of which is played at ``plays_at_us``."""
        if not self._on:
            return
        self._agent.put(self._sample(plays_at_us), b"".join(frames))
        if self._agent.end - self._agent.done > LATEST_SAMPLES + BATCH_SAMPLES:
            # The caller's side sends nothing, so nothing of it makes us write.
            self._flush(self._agent.end - LATEST_SAMPLES)

    def cleared(self, now_us: int) -> None:
        """What the agent would have said after ``now_us`` was taken back."""
        self._agent.cut(self._sample(now_us))

    def finish(self, now_us: int) -> None:
        """The call is over: both sides end together, at the latest now."""
        self.cleared(now_us)
        self._flush(max(self._caller.end, self._agent.end))

    def _sample(self, monotonic_us: int) -> int:
        return (monotonic_us - self._answered_us) // US_PER_BYTE

    def _flush(self, upto: int) -> None:
        taken = [side.take(upto) for side in (self._caller, self._agent)]
        pieces = [piece for piece in taken if piece is not None]
        if pieces and not self.lost:
            self._executor.submit(self._write, pieces)

    def _write(self, pieces: Sequence[tuple[Path, bytes]]) -> None:
        try:
            for path, data in pieces:
                self._append(path, data)
        except OSError as error:
            self.lost = error.strerror or type(error).__name__
            _LOG.error("the recording cannot be written: %s", error)
