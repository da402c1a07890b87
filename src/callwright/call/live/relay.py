"""Sound to the target of a warm transfer, and between the target and the caller once the two are joined. The pacer clock drives it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.say import Line
from callwright.domain.limits import MAX_RELAY_FRAMES, RELAY_PREFILL_FRAMES
from callwright.ports.leg import LEG_FRAME_BYTES, SILENCE_FRAME


class Ear(Protocol):
    """Who hears what is relayed: the target's leg."""

    def write(self, frame: bytes) -> None:
        """The next 20 ms."""


class FrameQueue:
    """Frames on their way from one leg to another. RELAY_PREFILL_FRAMES wait before the first is taken, and again after the queue ran dry;
    beyond MAX_RELAY_FRAMES the oldest are dropped, so that the delay stays small."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=MAX_RELAY_FRAMES)
        self._flows = False

    def put(self, frame: bytes) -> None:
        """The next frame."""
        self._frames.append(frame)

    def take(self) -> bytes | None:
        """The frame of this tick, None where there is none."""
        self._flows = bool(self._frames) and (self._flows or len(self._frames) >= RELAY_PREFILL_FRAMES)
        return self._frames.popleft() if self._flows else None


class Relay:
    """Writes to ``target`` what is said to it, and after ``join`` what the caller says; and to the caller's ``line`` what the target says.
    ``spoken`` is called when the last of what was said to the target was written."""

    quiet_until_us = 0

    def __init__(self, pacer: PacerClock, line: Line, target: Ear, spoken: Callable[[], None]) -> None:
        self._pacer = pacer
        self._line = line
        self._target = target
        self._spoken = spoken
        self._speech: deque[bytes] = deque()
        self._rest = b""
        self._to_target = FrameQueue()
        self._to_caller = FrameQueue()
        self._joined = False
        self._skip = 0
        self._over = False
        pacer.add(self)

    @property
    def silent(self) -> bool:
        """Whether everything said to the target was written."""
        return not self._speech and not self._rest

    def say(self, mulaw: bytes) -> None:
        """Sound for the target, after what was said before."""
        sound = self._rest + mulaw
        whole = len(sound) - len(sound) % LEG_FRAME_BYTES
        self._speech.extend(sound[at : at + LEG_FRAME_BYTES] for at in range(0, whole, LEG_FRAME_BYTES))
        self._rest = sound[whole:]

    def end_speech(self) -> None:
        """Nothing is said after this: the last frame is filled with silence."""
        if self._rest:
            self._speech.append(self._rest.ljust(LEG_FRAME_BYTES, SILENCE_FRAME[:1]))
            self._rest = b""

    def join(self) -> None:
        """From now on the two hear each other."""
        self._speech.clear()
        self._rest = b""
        self._joined = True

    def caller_said(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        self._to_target.put(frame)

    def target_said(self, frame: bytes) -> None:
        """The target's next 20 ms. Before the two are joined nobody hears it."""
        if self._joined:
            self._to_caller.put(frame)

    def replace(self, frames: int) -> None:
        """So many frames went to the target in place of what the caller says next: else the caller would be heard later from now on."""
        if self._joined:
            self._skip += frames

    def end(self) -> None:
        """Nothing is relayed any more."""
        self._over = True
        self._pacer.discard(self)

    def tick(self, now_us: int, late_us: int) -> bool:
        """20 ms passed (see ``pacer_clock.Paced``)."""
        if self._over:
            return False
        if self._speech:
            self._target.write(self._speech.popleft())
            if not self._speech:
                self._spoken()
        outward = self._to_target.take() if self._joined else None
        if outward is not None and self._skip:
            self._skip -= 1
        elif outward is not None:
            self._target.write(outward)
        inward = self._to_caller.take()
        if inward is not None:
            # The recording has frames where they were due, not where a late clock has written them.
            self._line.write([inward], now_us - late_us + self._line.delay_ms * 1000)
        return True
