"""Half and double rate in frames: pitch, level, no ghosts, and no seam between frames."""

from itertools import pairwise

import numpy as np
import pytest

from callwright.media.half_band import Doubler, Halver


def sine(rate_hz: int, hz: float, ms: int = 400) -> bytes:
    return (10_000 * np.sin(2 * np.pi * hz * np.arange(rate_hz * ms // 1000) / rate_hz)).astype("<i2").tobytes()


def in_frames(feed, pcm: bytes, frame_bytes: int) -> bytes:
    return b"".join(feed(pcm[at : at + frame_bytes]) for at in range(0, len(pcm), frame_bytes))


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, dtype="<i2").astype(float)


def level(pcm: bytes) -> float:
    return float(np.sqrt(np.mean(samples(pcm)[400:-400] ** 2)))


@pytest.mark.parametrize("hz", [200, 1_000, 3_000, 3_400])
def test_a_tone_of_a_telephone_keeps_its_pitch_and_level_both_ways(hz):
    halved = in_frames(Halver().feed, sine(16_000, hz), 640)
    doubled = in_frames(Doubler().feed, sine(8_000, hz), 320)
    # Both hold back 31 samples of the higher rate, or 16 of the lower.
    for made, wanted, late in ((halved, sine(8_000, hz), 15.5), (doubled, sine(16_000, hz), 32)):
        rate = 8_000 if made is halved else 16_000
        moved = 10_000 * np.sin(2 * np.pi * hz * (np.arange(len(wanted) // 2) - late) / rate)
        error = samples(made)[400:-400] - moved[400:-400]
        assert len(made) == len(wanted)
        assert np.sqrt(np.mean(error**2)) < 60


@pytest.mark.parametrize("hz", [4_700, 5_500, 7_500])
def test_what_8_khz_cannot_carry_does_not_come_back(hz):
    assert level(in_frames(Halver().feed, sine(16_000, hz), 640)) < 0.01 * level(sine(16_000, hz))


def test_a_doubled_tone_has_no_image_above_4_khz():
    made = samples(in_frames(Doubler().feed, sine(8_000, 3_000), 320))[400:-400]
    spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made))))
    above = spectrum[len(spectrum) * 9 // 16 :]
    assert above.max() < 0.002 * spectrum.max()


def test_full_scale_does_not_wrap():
    loud = np.where(np.arange(3_200) % 40 < 20, 32_767, -32_768).astype("<i2").tobytes()
    made = samples(in_frames(Doubler().feed, loud, 320))
    assert made.max() == 32_767
    assert made.min() == -32_768
    assert samples(in_frames(Halver().feed, loud, 640)).max() == 32_767


def test_several_frames_at_once_sound_as_one_by_one():
    pcm = sine(8_000, 1_000)
    assert in_frames(Doubler().feed, pcm, 960) == in_frames(Doubler().feed, pcm, 320)
    wide, halver = sine(16_000, 1_000), Halver()
    cuts = [0, 640, 3_200, 3_840, 4_480, 7_040, len(wide)]
    assert b"".join(halver.feed(wide[at:end]) for at, end in pairwise(cuts)) == in_frames(Halver().feed, wide, 640)
