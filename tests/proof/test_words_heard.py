"""Which words left the loudspeaker: a frame that came a moment too late breaks none, what is missing does."""

from __future__ import annotations

import pytest
from proof.shell_audit import words_heard

from callwright.media.framing import PCM_FRAME_BYTES, PCM_SILENCE
from callwright.media.tonetext import spoken

LETTER_FRAMES = 3


def frames_of(text: str) -> list[bytes]:
    """``text`` as it is written to a line."""
    pcm = spoken(text)
    return [pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm), PCM_FRAME_BYTES)]


@pytest.mark.parametrize("at", range(1, 9 * LETTER_FRAMES))
def test_a_frame_late_breaks_no_word(at: int) -> None:
    frames = frames_of("Hello Ada,")
    assert words_heard([*frames[:at], PCM_SILENCE, *frames[at:]]) == {"Hello", "Ada,"}


@pytest.mark.parametrize("silent", [2, 3, 10])
def test_a_longer_hole_in_a_word_does(silent: int) -> None:
    frames = frames_of("Hello Ada,")
    at = 8 * LETTER_FRAMES
    assert "Ada," not in words_heard([*frames[:at], *[PCM_SILENCE] * silent, *frames[at:]])


@pytest.mark.parametrize("letter", [0, 1, 2, 3, 4, 6, 7, 8, 9])
def test_a_letter_that_never_sounded_is_in_no_word(letter: int) -> None:
    frames = frames_of("Hello Ada,")
    at = letter * LETTER_FRAMES
    assert words_heard([*frames[:at], *frames[at + LETTER_FRAMES :]]) != {"Hello", "Ada,"}
    frames[at : at + LETTER_FRAMES] = [PCM_SILENCE] * LETTER_FRAMES
    assert words_heard(frames) != {"Hello", "Ada,"}


def test_two_clauses_stay_two_with_the_breath_between_them() -> None:
    assert words_heard([*frames_of("one"), *frames_of("two")]) == {"one", "two"}
