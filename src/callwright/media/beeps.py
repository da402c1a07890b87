"""The beep of an answering machine: one steady tone of its own, followed by the quiet in which the machine records.

What it must not be taken for: speech, music, keys (two tones), ringing and busy (two tones that beat, or 425 Hz that comes again), the
three tones of an intercept, a modem's long tone.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from callwright.media.framing import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ

LEAST_MS = 100
"""As heard: a window that a tone fills only in part is none, so a tone is some 40 ms longer than this."""
MOST_MS = 2_500
LOWEST_HZ, HIGHEST_HZ = 385.0, 2_060.0
"""A fax answers with 2,100 Hz."""
SETTLE_MS = 600
"""So long after a tone nothing may follow it: busy tones come again after 500 ms, melodies and intercepts at once."""

_WINDOW = 2 * FRAME_SAMPLES
_BIN_HZ = SAMPLE_RATE_HZ / _WINDOW
_LOWEST_BIN, _HIGHEST_BIN = 14, 90
_FIRST_HEARD_BIN = 4
_PURE = 0.88
"""Share of the window's power that must lie in one tone."""
_SAME_HZ = 22.0
_BEATS = 2.2
"""Two tones close to each other beat: quarters of a window differ by more than this in power, those of one tone do not."""
_QUIETEST_POWER = 150.0**2
_MOST_GAP_FRAMES = 4
"""A packet or two that were lost do not end a tone; each spoils the windows of two frames."""
_SHORT_MS = 180
"""A tone shorter than this must come out of quiet: it may be a vowel."""
_LOUD_SHARE = 0.06
"""What is this much of the tone's power, or more, is no quiet."""
_LOUD_FRAMES = 4
_RINGING_HZ, _RINGING_LEAST_MS = (412.0, 438.0), 850
"""The ringing tone of most countries is one tone of 425 Hz, one second long."""

_HANN = np.hanning(_WINDOW).astype(np.float32)


class BeepDetector:
    """Feed it 20 ms at a time. About 15 microseconds for a frame that sounds, 2 for silence."""

    def __init__(self) -> None:
        self._before = np.zeros(FRAME_SAMPLES, dtype=np.float32)
        self._hz = 0.0
        self._power = 0.0
        self._tone_ms = 0
        self._gap_frames = 0
        self._ended_ms = 0  # length of a tone that ended and may be a beep
        self._since_ms = SETTLE_MS  # since the last tone ended
        self._melody = False  # tones follow each other: none of them is a beep
        self._loud_frames = 0
        self._powers: deque[float] = deque(maxlen=7)  # of the last frames
        self._from_quiet = False

    def push(self, pcm: bytes) -> int:
        """The next 20 ms of PCM. Returns the length in ms of a beep that is certain now, SETTLE_MS after its end; else 0."""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
        window = np.concatenate((self._before, samples))
        self._before = samples
        power = float(samples.dot(samples)) / FRAME_SAMPLES
        self._powers.append(power)
        hz = _tone_of(window) if power >= _QUIETEST_POWER else 0.0
        if hz and self._tone_ms and abs(hz - self._hz) <= _SAME_HZ:
            self._hz += 0.3 * (hz - self._hz)
            self._tone_ms += FRAME_MS * (1 + self._gap_frames)
            self._gap_frames = 0
            self._power = max(self._power, power)
            return 0
        if self._tone_ms:
            self._gap_frames += 1
            if hz or self._gap_frames > _MOST_GAP_FRAMES:
                self._end_tone()
        if hz:
            self._begin_tone(hz, power)
            return 0
        return 0 if self._tone_ms else self._wait(power)

    def _begin_tone(self, hz: float, power: float) -> None:
        # Sound that is no tone in between: what went before was a vowel.
        self._melody = self._since_ms < SETTLE_MS and self._loud_frames <= _LOUD_FRAMES
        self._ended_ms = 0
        # The three last frames may hold its beginning already.
        before = list(self._powers)[:-3]
        self._from_quiet = all(one <= _LOUD_SHARE * power for one in before)
        self._hz, self._power, self._tone_ms, self._gap_frames = hz, power, FRAME_MS, 0

    def _end_tone(self) -> None:
        length_ms, self._tone_ms = self._tone_ms, 0
        if length_ms < LEAST_MS:
            return  # a vowel: no part of a melody either
        self._since_ms = self._gap_frames * FRAME_MS
        self._loud_frames = 0
        rings = _RINGING_HZ[0] <= self._hz <= _RINGING_HZ[1] and length_ms >= _RINGING_LEAST_MS
        vowel = length_ms < _SHORT_MS and not self._from_quiet
        if length_ms <= MOST_MS and not (rings or vowel or self._melody):
            self._ended_ms = length_ms

    def _wait(self, power: float) -> int:
        """Quiet after a tone; returns its length once the quiet has lasted."""
        self._since_ms += FRAME_MS
        self._loud_frames += power > _LOUD_SHARE * self._power
        if not self._ended_ms:
            return 0
        if self._loud_frames > _LOUD_FRAMES:
            self._ended_ms = 0
        if self._since_ms < SETTLE_MS:
            return 0
        length_ms, self._ended_ms = self._ended_ms, 0
        return length_ms


def _tone_of(window: NDArray[np.float32]) -> float:
    """The frequency of the one tone that fills the window, 0 when there is none."""
    quarters = np.square(window).reshape(4, -1).sum(axis=1)
    if float(quarters.max()) > _BEATS * float(quarters.min()):
        return 0.0
    spectrum = np.fft.rfft(window * _HANN)
    power = spectrum.real**2 + spectrum.imag**2
    peak = int(power[_LOWEST_BIN:_HIGHEST_BIN].argmax()) + _LOWEST_BIN
    if float(power[peak - 2 : peak + 3].sum()) < _PURE * float(power[_FIRST_HEARD_BIN:].sum()):
        return 0.0
    left, here, right = (float(np.log(power[at] + 1e-9)) for at in (peak - 1, peak, peak + 1))
    bend = left - 2 * here + right
    hz = (peak + (0.5 * (left - right) / bend if bend else 0.0)) * _BIN_HZ
    return hz if LOWEST_HZ <= hz <= HIGHEST_HZ else 0.0
