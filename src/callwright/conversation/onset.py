"""Finds where in the caller's audio the words of the present stretch began."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from callwright.conversation.bounds import MS_PER_CHARACTER, STRETCH_GAP_MS

FASTEST_MS_PER_CHARACTER = 25
"""Nobody speaks faster."""

BRISK_MS_PER_CHARACTER = 60
"""Several words faster than this are unlikely: a sound just before probably held some of them."""

UTTERANCE_PAUSE_MS = 450
"""Sounds closer than this are one utterance: a breath between two words, or the stop of a consonant."""

KEPT_SOUNDS = 8
"""Words belong to one of so many last sounds."""

SOUNDING = -1
"""The end of a sound that goes on."""


class Sound(NamedTuple):
    """One sound of the caller, in milliseconds of the caller's audio."""

    began_ms: int
    """Start of the sound."""
    ended_ms: int
    """End of the sound, or SOUNDING."""
    uttered_ms: int
    """Start of its utterance, which includes the sounds just before it."""


class Onset:
    """Keeps the sounds of the present turn. A cough before the words is not their beginning.

    - ``_spoken_ms``: start of the first utterance that has words of the present stretch; -1: none has.
    - ``_stretch_ms``: start of the stretch.
    """

    __slots__ = ("_sounds", "_spoken_ms", "_stretch_ms")

    def __init__(self) -> None:
        self._sounds: list[Sound] = []
        self._spoken_ms = -1
        self._stretch_ms = 0

    def begin(self, audio_ms: int) -> None:
        """Handles the start of a sound."""
        uttered_ms = audio_ms
        for last in self._sounds[-1:]:
            if last.ended_ms != SOUNDING and audio_ms - last.ended_ms < UTTERANCE_PAUSE_MS:
                uttered_ms = last.uttered_ms
        self._add(Sound(audio_ms, SOUNDING, uttered_ms))

    def end(self, audio_ms: int) -> None:
        """Handles the end of a sound at ``audio_ms``. If its start was missed, only the end is known."""
        if not self._sounds or self._sounds[-1].ended_ms != SOUNDING:
            self.begin(audio_ms)
        self._sounds[-1] = self._sounds[-1]._replace(ended_ms=audio_ms)

    def begin_stretch(self, audio_ms: int, words: bool) -> None:
        """Begins a new stretch. ``words``: words of the earlier sounds are known, so these sounds hold none of the words to come."""
        if words:
            self._sounds = []
        self._spoken_ms, self._stretch_ms = -1, audio_ms

    def hear(self, text: str, audio_ms: int, ended_ms: int, missed: bool) -> None:
        """Assigns words known up to ``audio_ms`` to the latest utterance that is long enough for them.

        ``missed``: the detector has heard nothing since the voice ended at ``ended_ms``, and the words belong to none of its sounds.
        """
        if missed:
            began_ms = max(ended_ms, audio_ms - len(text) * MS_PER_CHARACTER)
            # Its start is too uncertain to join it to a sound before.
            self._add(Sound(began_ms, audio_ms, began_ms))
        else:
            began_ms = self._begun_ms(text, audio_ms) if self._sounds else ended_ms
        self._spoken_ms = began_ms if self._spoken_ms < 0 else min(self._spoken_ms, began_ms)

    def _begun_ms(self, text: str, audio_ms: int) -> int:
        """Returns where the utterance with these words began.

        An earlier utterance holds some of the words if nobody could say all of them in the rest, or if most people would not and the
        earlier utterance is near and long enough for the surplus. A cough is not.
        """
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
        """Handles words that the recogniser withdraws."""
        self._spoken_ms = -1

    def close(self, talking: bool) -> None:
        """Ends the turn. ``talking``: the present sound belongs to the next turn."""
        self._sounds = [sound._replace(uttered_ms=sound.began_ms) for sound in self._sounds[-1:] if talking]
        self._spoken_ms, self._stretch_ms = -1, 0

    def before(self, at_us: int, call_us: Callable[[int], int]) -> bool:
        """Returns whether the caller was already speaking at ``at_us``.

        The words began before it, or a sound of their stretch began before it and was not over. ``call_us`` converts a position to time.
        """
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
