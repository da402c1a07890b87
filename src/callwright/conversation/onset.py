"""Where in the caller's audio the words of the present stretch were begun: in one of the caller's sounds."""

from __future__ import annotations

from collections.abc import Callable

from callwright.conversation.bounds import MS_PER_CHARACTER

FASTEST_MS_PER_CHARACTER = 25
"""Nobody speaks faster."""

KEPT_SOUNDS = 8
"""Words are of one of the last sounds."""

SOUNDING = -1
"""The end of a sound that goes on."""


class Onset:
    """The sounds of the present turn, as (where it began, where it ended). ``_spoken_ms`` is where the first one began that has words of
    the present stretch, -1 while none has; ``_stretch_ms`` is where the stretch began. A cough before the words is not their beginning."""

    __slots__ = ("_sounds", "_spoken_ms", "_stretch_ms")

    def __init__(self) -> None:
        self._sounds: list[tuple[int, int]] = []
        self._spoken_ms = -1
        self._stretch_ms = 0

    def begin(self, audio_ms: int) -> None:
        """A sound."""
        self._sounds = [*self._sounds[1 - KEPT_SOUNDS :], (audio_ms, SOUNDING)]

    def end(self, audio_ms: int) -> None:
        """The sound was over at ``audio_ms``; of one that was not heard to begin only that is known."""
        began_ms, ended_ms = self._sounds[-1] if self._sounds else (audio_ms, audio_ms)
        if ended_ms == SOUNDING:
            self._sounds[-1] = (began_ms, audio_ms)
        else:
            self.begin(audio_ms)
            self._sounds[-1] = (audio_ms, audio_ms)

    def begin_stretch(self, audio_ms: int, words: bool) -> None:
        """A new stretch begins there. ``words``: some are known of the sounds before, which then have no part in those to come."""
        if words:
            self._sounds = []
        self._spoken_ms, self._stretch_ms = -1, audio_ms

    def hear(self, text: str, audio_ms: int, ended_ms: int, missed: bool) -> None:
        """Words known up to ``audio_ms`` are of the latest sound that is long enough for them. ``missed``: of none of them, but of a voice
        that the detector does not hear since the last one ended, at ``ended_ms``."""
        if missed:
            self.begin(max(ended_ms, audio_ms - len(text) * MS_PER_CHARACTER))
            self.end(audio_ms)
        latest_ms = audio_ms - len(text) * FASTEST_MS_PER_CHARACTER
        starts = [began_ms for began_ms, _ in self._sounds] or [ended_ms]
        enough = starts[-1:] if missed else [start for start in starts if start <= latest_ms]
        began_ms = enough[-1] if enough else starts[0]
        self._spoken_ms = began_ms if self._spoken_ms < 0 else min(self._spoken_ms, began_ms)

    def unsay(self) -> None:
        """The recogniser takes its words back."""
        self._spoken_ms = -1

    def close(self, talking: bool) -> None:
        """The turn is over. ``talking``: what sounds now is of the next one."""
        self._sounds = self._sounds[-1:] if talking else []
        self._spoken_ms, self._stretch_ms = -1, 0

    def before(self, at_us: int, call_us: Callable[[int], int]) -> bool:
        """Whether the caller spoke already at ``at_us``: the words were begun before it, or a sound of their stretch was, and not over.
        ``call_us``: the time of a position."""
        if self._spoken_ms >= 0 and call_us(self._spoken_ms) < at_us:
            return True
        return any(
            began_ms >= self._stretch_ms
            and call_us(began_ms) < at_us
            and (ended_ms == SOUNDING or call_us(ended_ms) >= at_us)
            for began_ms, ended_ms in self._sounds
        )
