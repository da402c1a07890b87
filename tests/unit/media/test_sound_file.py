"""Uploaded sound files as tracks."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from callwright.media.ambient import LEVEL_RMS, LONGEST_WAV_SECONDS
from callwright.media.sound_file import track_of_sound
from callwright.media.wav import WavError, write_wav


def tone(seconds: float, rate_hz: int = 44_100, hz: int = 440) -> bytes:
    wave = np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz) * 9_000
    return bytes(wave.astype("<i2"))


def mp3(seconds: float, rate_hz: int = 44_100) -> bytes:
    """A tone as an MP3 file of two channels."""
    held = io.BytesIO()
    with av.open(held, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate_hz)
        mono = np.frombuffer(tone(seconds, rate_hz), dtype="<i2")
        frame = av.AudioFrame.from_ndarray(np.repeat(mono, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.rate = rate_hz
        resampler = av.AudioResampler(format="s16p", layout="stereo", rate=rate_hz, frame_size=1_152)
        for piece in resampler.resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
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


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (b"", "neither a WAV nor an MP3"),
        (b"OggS" + bytes(100), "neither a WAV nor an MP3"),
        (b"RIFF\x00\x00\x00\x00WAVE", "no data chunk"),
        (write_wav(bytes(8_000)), "no sound"),
        (b"ID3" + bytes(100), "MP3 file"),
        (b"\xff\xfb" + b"no mpeg at all " * 50, "MP3 file"),
        (mp3(1)[:40], "MP3 file"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(blob: bytes, why: str):
    with pytest.raises(WavError, match=why):
        track_of_sound(blob)
