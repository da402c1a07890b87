"""Whether anything is heard of the caller: one-way audio is found here too, whatever the carrier says or does not say."""

from __future__ import annotations

from callwright.call.runner import CallRunner
from callwright.call.timers import Timer, Timers
from callwright.domain.limits import ONE_WAY_SECONDS

NO_AUDIO_FROM_CALLER = "no_audio_from_caller"

#: Mu-law of digital silence: both zeros, and the smallest steps, which A-law's silence becomes. Even a muffled microphone is louder.
_DIGITAL_SILENCE = b"\xff\x7f\xfe\x7e"


class CallerSound:
    """Counts the caller's frames and notes when the first one came that is not digital silence.

    When there was none ONE_WAY_SECONDS after the answer, the fact ``one_way`` is written once. Sound that comes later does not unsay it:
    for that long the call was one-way.
    """

    def __init__(self, runner: CallRunner, timers: Timers) -> None:
        self._runner = runner
        self._timers = timers
        self._timer: Timer | None = None
        self._answered_us = 0
        self.frames = 0
        self.from_ms: int | None = None

    def answered(self) -> None:
        """From now on the caller should be heard."""
        self._answered_us = self._runner.now_us()
        self._timer = self._timers.after_us(ONE_WAY_SECONDS * 1_000_000, self._nothing_heard)

    def frame(self, mulaw: bytes) -> None:
        """The caller's next frame."""
        self.frames += 1
        if self.from_ms is None and mulaw.strip(_DIGITAL_SILENCE):
            self.from_ms = (self._runner.now_us() - self._answered_us) // 1000
            self.over()

    def over(self) -> None:
        """Nothing is to be noticed any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _nothing_heard(self) -> None:
        self._runner.fact("leg", "one_way", {"what": NO_AUDIO_FROM_CALLER, "frames": self.frames})
