"""Where in the caller's audio the words of the present stretch were begun: in one of the caller's sounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from callwright.conversation.bounds import MS_PER_CHARACTER, STRETCH_GAP_MS

FASTEST_MS_PER_CHARACTER = 25
"""Nobody speaks faster."""

BRISK_MS_PER_CHARACTER = 60
"""Who speaks faster than this over several words hurries: more likely a sound just before held some of them."""

UTTERANCE_PAUSE_MS = 450
"""Sounds less apart are one utterance: a breath between two words, or the stop of a consonant."""

KEPT_SOUNDS = 8
"""Words are of one of the last sounds."""

SOUNDING = -1
"""The end of a sound that goes on."""


class Sound(NamedTuple):
    """Where it began and ended, and where its utterance began, of which the sounds just before it are a part."""

    began_ms: int
    ended_ms: int
    uttered_ms: int


class Onset:
    """The sounds of the present turn. ``_spoken_ms`` is where the first utterance began that has words of the present stretch, -1 while
    none has; ``_stretch_ms`` is where the stretch began. A cough before the words is not their beginning."""

    __slots__ = ("_sounds", "_spoken_ms", "_stretch_ms")

    def __init__(self) -> None:
        self._sounds: list[Sound] = []
        self._spoken_ms = -1
        self._stretch_ms = 0

    def begin(self, audio_ms: int) -> None:
        """A sound."""
        uttered_ms = audio_ms
        for last in self._sounds[-1:]:
            if last.ended_ms != SOUNDING and audio_ms - last.ended_ms < UTTERANCE_PAUSE_MS:
                uttered_ms = last.uttered_ms
        self._add(Sound(audio_ms, SOUNDING, uttered_ms))

    def end(self, audio_ms: int) -> None:
        """The sound was over at ``audio_ms``; of one that was not heard to begin only that is known."""
        if not self._sounds or self._sounds[-1].ended_ms != SOUNDING:
            self.begin(audio_ms)
        self._sounds[-1] = self._sounds[-1]._replace(ended_ms=audio_ms)

    def begin_stretch(self, audio_ms: int, words: bool) -> None:
        """A new stretch begins there. ``words``: some are known of the sounds before, which then have no part in those to come."""
        if words:
            self._sounds = []
        self._spoken_ms, self._stretch_ms = -1, audio_ms

    def hear(self, text: str, audio_ms: int, ended_ms: int, missed: bool) -> None:
        """Words known up to ``audio_ms`` are of the latest utterance that is long enough for them. ``missed``: of none of them, but of a
        voice that the detector does not hear since the last one ended, at ``ended_ms``."""
        if missed:
            began_ms = max(ended_ms, audio_ms - len(text) * MS_PER_CHARACTER)
            # Where it began is not known well enough to join it to a sound before.
            self._add(Sound(began_ms, audio_ms, began_ms))
        else:
            began_ms = self._begun_ms(text, audio_ms) if self._sounds else ended_ms
        self._spoken_ms = began_ms if self._spoken_ms < 0 else min(self._spoken_ms, began_ms)

    def _begun_ms(self, text: str, audio_ms: int) -> int:
        """Where the utterance began that has these words. An earlier one has some of them if all of them are more than anybody says in the
        rest, or several are more than most do and it was just before, and long enough for what is too much: a cough is not."""
        least_ms = len(text) * FASTEST_MS_PER_CHARACTER
        brisk_ms = len(text) * BRISK_MS_PER_CHARACTER if " " in text.strip() else least_ms
        later = self._sounds[-1]
        for sound in reversed(self._sounds[:-1]):
            held_ms = audio_ms - later.uttered_ms
            if sound.uttered_ms != later.uttered_ms:
                ended_ms = later.uttered_ms if sound.ended_ms == SOUNDING else sound.ended_ms
                near = later.uttered_ms - ended_ms <= STRETCH_GAP_MS
                shares = held_ms < brisk_ms <= held_ms + ended_ms - sound.uttered_ms
                if held_ms >= least_ms and not (near and shares):
                    break
            later = sound
        return later.uttered_ms

    def unsay(self) -> None:
        """The recogniser takes its words back."""
        self._spoken_ms = -1

    def close(self, talking: bool) -> None:
        """The turn is over. ``talking``: what sounds now is of the next one."""
        self._sounds = [sound._replace(uttered_ms=sound.began_ms) for sound in self._sounds[-1:] if talking]
        self._spoken_ms, self._stretch_ms = -1, 0

    def before(self, at_us: int, call_us: Callable[[int], int]) -> bool:
        """Whether the caller spoke already at ``at_us``: the words were begun before it, or a sound of their stretch was, and not over.
        ``call_us``: the time of a position."""
        if self._spoken_ms >= 0 and call_us(self._spoken_ms) < at_us:
            return True
        return any(
            sound.began_ms >= self._stretch_ms
            and call_us(sound.began_ms) < at_us
            and (sound.ended_ms == SOUNDING or call_us(sound.ended_ms) >= at_us)
            for sound in self._sounds
        )

    def _add(self, sound: Sound) -> None:
        self._sounds = [*self._sounds[1 - KEPT_SOUNDS :], sound]
