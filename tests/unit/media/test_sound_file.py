"""Uploaded sound files as tracks."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from callwright.media.ambient import LEVEL_RMS, LONGEST_WAV_SECONDS
from callwright.media.sound_file import track_of_sound
from callwright.media.wav import WavError, write_wav


def tone(seconds: float, rate_hz: int = 44_100, hz: int = 440) -> bytes:
    wave = np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz) * 9_000
    return bytes(wave.astype("<i2"))


def mp3(seconds: float, rate_hz: int = 44_100) -> bytes:
    """A tone as an MP3 file of two channels."""
    held = io.BytesIO()
    mono = np.frombuffer(tone(seconds, rate_hz), dtype="<i2")
    soundfile.write(held, np.stack([mono, mono], axis=1), rate_hz, format="MP3")
    return held.getvalue()


def flac(seconds: float) -> bytes:
    """A tone in another format that the decoder's library knows."""
    held = io.BytesIO()
    soundfile.write(held, np.frombuffer(tone(seconds), dtype="<i2"), 44_100, format="FLAC")
    return held.getvalue()


def loudest_hz(track: bytes) -> int:
    samples = np.frombuffer(track, dtype="<i2").astype(np.float64)
    return int(np.argmax(np.abs(np.fft.rfft(samples))) * 8_000 / len(samples) + 0.5)


@pytest.mark.parametrize("blob", [write_wav(tone(2), rate_hz=44_100), mp3(2)], ids=["wav", "mp3"])
def test_a_file_becomes_a_track_at_our_rate_and_level(blob: bytes):
    track = track_of_sound(blob)
    assert 1_900 <= len(track) // 16 <= 2_200
    assert abs(loudest_hz(track) - 440) <= 2
    samples = np.frombuffer(track, dtype="<i2").astype(np.float64)
    assert float(np.sqrt(np.mean(np.square(samples)))) == pytest.approx(LEVEL_RMS, rel=0.02)


def test_of_a_long_file_the_first_two_minutes_are_kept():
    assert len(track_of_sound(mp3(LONGEST_WAV_SECONDS + 5, 8_000))) == 2 * 8_000 * LONGEST_WAV_SECONDS


def test_an_mp3_file_is_read_behind_its_tag_and_as_far_as_it_goes():
    tagged = b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + mp3(4)
    assert len(track_of_sound(tagged[: len(tagged) // 2])) // 16 == pytest.approx(2_000, abs=150)


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (b"", "neither a WAV nor an MP3"),
        (b"OggS" + bytes(100), "neither a WAV nor an MP3"),
        (b"RIFF\x00\x00\x00\x00WAVE", "no data chunk"),
        (write_wav(bytes(8_000)), "no sound"),
        (
            write_wav(bytes(8_000), rate_hz=2_000_000_000),
            "a sample rate of 2000000000 Hz is not read; use 4000 to 192000",
        ),
        (write_wav(bytes(8_000), rate_hz=192_001), "a sample rate of 192001 Hz is not read"),
        (write_wav(bytes(8_000), rate_hz=3_999), "a sample rate of 3999 Hz is not read"),
        (b"ID3" + bytes(100), "MP3 file"),
        (b"\xff\xfb" + b"no mpeg at all " * 50, "MP3 file"),
        (mp3(1)[:40], "MP3 file"),
        (b"ID3\x04\0\0\0\0\0\0" + flac(1), "the MP3 file holds no sound"),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + mp3(1), "the MP3 file holds no sound"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(blob: bytes, why: str):
    with pytest.raises(WavError, match=why):
        track_of_sound(blob)
