"""The audit of recordings: what the far end heard is what is in them, to the byte."""

from __future__ import annotations

from proof.recording_audit import agent_recorded, begins_when_heard, caller_recorded

from callwright.media.framing import MULAW_FRAME_BYTES
from callwright.media.g711 import pcm_of_mulaw
from callwright.media.pacing import US_PER_BYTE

FRAME_US = MULAW_FRAME_BYTES * US_PER_BYTE
QUIET = b"\xff" * MULAW_FRAME_BYTES


def sounds(first: int, count: int) -> list[bytes]:
    """Frames that sound, each unlike the others."""
    return [bytes([1 + number]) * MULAW_FRAME_BYTES for number in range(first, first + count)]


def heard(frames: list[bytes]) -> list[bytes]:
    """What a far end that plays them hears."""
    return [pcm_of_mulaw(frame) for frame in frames]


def test_the_same_sound_is_right_whenever_it_was_heard() -> None:
    frames = sounds(0, 5)
    assert agent_recorded(heard([QUIET, *frames]), b"".join(frames), [], 0) == ""


def test_a_frame_that_was_cut_while_it_played_may_be_in_one_of_them_only() -> None:
    frames, later = sounds(0, 5), sounds(20, 5)
    recording = b"".join([*frames, QUIET, *later])
    assert agent_recorded(heard([*frames[:-1], QUIET, QUIET, *later]), recording, [5 * FRAME_US], 0) == ""
    recording = b"".join([*frames[:-1], QUIET, QUIET, *later])
    assert agent_recorded(heard([*frames, QUIET, *later]), recording, [4 * FRAME_US], 0) == ""


def test_what_was_on_its_way_at_a_cut_may_not_stay_in_the_recording() -> None:
    frames, later = sounds(0, 5), sounds(20, 5)
    recording = b"".join([*frames, QUIET, *later])
    assert "were not heard" in agent_recorded(heard([*frames[:2], QUIET, *later]), recording, [2 * FRAME_US], 0)


def test_sound_that_is_missing_in_the_middle_is_found() -> None:
    frames = sounds(0, 9)
    assert "were not heard" in agent_recorded(heard(frames), b"".join([*frames[:3], *frames[4:]]), [], 0)


def test_sound_that_is_missing_at_the_end_is_found() -> None:
    frames = sounds(0, 9)
    assert "heard last" in agent_recorded(heard(frames), b"".join(frames[:6]), [], 0)


def test_two_words_that_begin_alike_are_told_apart_after_a_cut() -> None:
    first, second = sounds(0, 3), [sounds(0, 1)[0], *sounds(30, 4)]
    # The beginning of the first word was recorded and not heard: the ear's next sound begins like it.
    recording = b"".join([*first, sounds(0, 1)[0], QUIET, *second])
    cut_us = 4 * FRAME_US
    assert agent_recorded(heard([*first, QUIET, *second]), recording, [cut_us], 0) == ""


def test_a_callers_frame_that_is_recorded_twice_is_found() -> None:
    frames = sounds(0, 4)
    assert caller_recorded(frames, b"".join(frames)) == ""
    assert "the same up to" in caller_recorded(frames, b"".join([*frames[:2], *frames[1:]]))


def test_a_recording_that_stands_somewhere_else_is_found() -> None:
    frames = sounds(0, 4)
    heard_us = [(number + 1) * FRAME_US for number in range(4)]
    assert begins_when_heard(heard(frames), heard_us, b"".join(frames), 0) == ""
    assert "ms apart" in begins_when_heard(heard(frames), heard_us, QUIET * 9 + b"".join(frames), 0)


def test_a_frame_that_was_cut_stands_beside_the_grid_of_frames_as_on_it() -> None:
    frames = sounds(0, 4)
    heard_us = [(number + 1) * FRAME_US for number in range(4)]
    unheard = QUIET * 20 + QUIET[:100] + sounds(9, 1)[0]
    assert begins_when_heard(heard(frames), heard_us, b"".join(frames) + unheard, 0) == ""
    late_us = [at_us + (len(unheard) // MULAW_FRAME_BYTES) * FRAME_US for at_us in heard_us]
    before = sounds(9, 1)[0] + QUIET[:60] + QUIET * 20
    assert begins_when_heard(heard(frames), late_us, QUIET[:100] + before + b"".join(frames), 0) == ""


def test_more_than_a_frame_that_nobody_heard_stands_somewhere_else() -> None:
    frames = sounds(0, 4)
    heard_us = [(number + 1) * FRAME_US for number in range(4)]
    unheard = QUIET * 20 + QUIET[:100] + b"".join(sounds(9, 2))
    assert "ms apart" in begins_when_heard(heard(frames), heard_us, b"".join(frames) + unheard, 0)
