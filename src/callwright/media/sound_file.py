"""A sound file that somebody uploads, WAV or MP3, as a track at our rate and level."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from callwright.media.ambient import LONGEST_WAV_SECONDS, track_of_wav
from callwright.media.wav import WavError, write_wav

_TAG_HEADER_BYTES = 10
_MAX_RATE_HZ = 48_000
"""MPEG audio has no higher one."""


def track_of_sound(blob: bytes) -> bytes:
    """The first two minutes of a WAV or MP3 file as a track (``media.ambient``). Raises WavError saying why it is none."""
    if blob[:4] == b"RIFF":
        return track_of_wav(blob)
    if blob[:3] == b"ID3" or _begins_with_mpeg(blob):
        return track_of_wav(_decoded(_without_tag(blob)))
    raise WavError("this is neither a WAV nor an MP3 file")


def _begins_with_mpeg(blob: bytes) -> bool:
    return len(blob) > 1 and blob[0] == 0xFF and blob[1] & 0xE0 == 0xE0


def _without_tag(blob: bytes) -> bytes:
    """An MP3 file from its first frame on. The decoder would look for many other formats behind a tag."""
    while blob[:3] == b"ID3" and len(blob) > _TAG_HEADER_BYTES:
        size = 0
        for byte in blob[6:_TAG_HEADER_BYTES]:
            size = size << 7 | byte & 0x7F
        blob = blob[_TAG_HEADER_BYTES + size :].lstrip(b"\0")
    if not _begins_with_mpeg(blob):
        raise WavError("the MP3 file holds no sound")
    return blob


def _decoded(blob: bytes) -> bytes:
    """The first two minutes of an MP3 file as a WAV of one channel. What is cut short is read as far as it goes."""
    try:
        with soundfile.SoundFile(io.BytesIO(blob)) as file:
            if file.format != "MP3" or not 1 <= file.samplerate <= _MAX_RATE_HZ:
                raise WavError("the MP3 file cannot be read: it is of another format")
            rate_hz = file.samplerate
            samples = file.read(rate_hz * LONGEST_WAV_SECONDS, dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise WavError(f"the MP3 file cannot be read: {error.error_string}") from None
    if not len(samples):
        raise WavError("the MP3 file holds no sound")
    mono = samples.astype(np.int32).sum(axis=1) // samples.shape[1]
    return write_wav(bytes(mono.astype("<i2")), rate_hz=rate_hz)
