"""A sound file somebody uploads, WAV or MP3, as a track at our rate and level."""

from __future__ import annotations

import io

import av
import numpy as np

from callwright.media.ambient import LONGEST_WAV_SECONDS, track_of_wav
from callwright.media.framing import SAMPLE_RATE_HZ
from callwright.media.wav import WavError, write_wav

_MOST_BYTES = 2 * SAMPLE_RATE_HZ * LONGEST_WAV_SECONDS


def track_of_sound(blob: bytes) -> bytes:
    """The first two minutes of a WAV or MP3 file as a track (``media.ambient``). Raises WavError saying why it is none."""
    if blob[:4] == b"RIFF":
        return track_of_wav(blob)
    if blob[:3] == b"ID3" or (len(blob) > 1 and blob[0] == 0xFF and blob[1] & 0xE0 == 0xE0):
        return track_of_wav(write_wav(_decoded(blob), rate_hz=SAMPLE_RATE_HZ))
    raise WavError("this is neither a WAV nor an MP3 file")


def _decoded(blob: bytes) -> bytes:
    """An MP3 file as PCM at our rate, one channel. No other format is tried, whatever the bytes look like."""
    pcm = bytearray()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    try:
        with av.open(io.BytesIO(blob), mode="r", format="mp3") as container:
            if not container.streams.audio:
                raise WavError("the MP3 file holds no sound")
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    pcm += np.ascontiguousarray(piece.to_ndarray(), dtype="<i2").tobytes()
                if len(pcm) >= _MOST_BYTES:
                    break
    except (av.FFmpegError, ValueError, OSError) as error:
        if isinstance(error, WavError):
            raise
        raise WavError(f"the MP3 file cannot be read: {type(error).__name__}") from None
    return bytes(pcm[:_MOST_BYTES])
