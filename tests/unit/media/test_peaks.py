"""Waveforms of recordings."""

import numpy as np
import pytest

from callwright.media.peaks import peaks_of
from callwright.media.wav import PCM16, write_wav


def recording(path, left, right):
    stereo = np.column_stack([np.array(left, dtype="<i2"), np.array(right, dtype="<i2")])
    path.write_bytes(write_wav(stereo.tobytes(), channels=2, encoding=PCM16))
    return path


def test_each_value_is_the_largest_amplitude_of_its_time(tmp_path):
    left, right = np.zeros(8_000), np.zeros(8_000)
    left[100], right[4_100] = -16_384, 32_767
    found = peaks_of(recording(tmp_path / "call.wav", left, right), 10)
    assert list(found.left) == [128, *[0] * 9]
    assert list(found.right) == [*[0] * 5, 255, *[0] * 4]
    assert found.duration_ms == 1_000


def test_what_is_left_at_the_end_is_a_value_of_its_own(tmp_path):
    found = peaks_of(recording(tmp_path / "call.wav", [0] * 850, [3_200] * 850), 10)
    assert list(found.right) == [25, 25]


def test_a_long_recording_is_read_in_pieces(tmp_path):
    left = np.zeros(8_000 * 100)
    left[-1] = 32_767
    found = peaks_of(recording(tmp_path / "call.wav", left, left), 50)
    assert len(found.left) == 5_000
    assert (found.left[-2], found.left[-1]) == (0, 255)


def test_what_is_no_sound_is_told(tmp_path):
    path = tmp_path / "call.wav"
    path.write_bytes(b"no sound")
    with pytest.raises(OSError, match="cannot be read"):
        peaks_of(path, 50)
