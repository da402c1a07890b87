"""WAV files as bytes: PCM16 and G.711, any number of channels. Reading takes what writing makes, and other tools' plain files."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from callwright.media.g711 import pcm_of_alaw, pcm_of_mulaw

PCM16, ALAW, MULAW = 1, 6, 7
_BYTES_PER_SAMPLE = {PCM16: 2, ALAW: 1, MULAW: 1}
_EXTENSIBLE = 0xFFFE


class WavError(ValueError):
    """The bytes are no WAV file this module reads. The message says why."""


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file's content. ``data`` is interleaved samples in ``encoding`` (PCM16, ALAW or MULAW)."""

    rate_hz: int
    channels: int
    encoding: int
    data: bytes

    @property
    def frames(self) -> int:
        """Samples per channel."""
        return len(self.data) // (self.channels * _BYTES_PER_SAMPLE[self.encoding])

    @property
    def duration_ms(self) -> int:
        """Length, rounded down."""
        return self.frames * 1000 // self.rate_hz

    def channel(self, number: int) -> bytes:
        """One channel as PCM16."""
        if not 0 <= number < self.channels:
            raise WavError(f"there is no channel {number}; the file has {self.channels}")
        pcm = self.data
        if self.encoding != PCM16:
            pcm = (pcm_of_mulaw if self.encoding == MULAW else pcm_of_alaw)(pcm)
        whole = np.frombuffer(pcm[: self.frames * self.channels * 2], dtype="<i2")
        return whole[number :: self.channels].tobytes()


def write_wav(data: bytes, channels: int = 1, encoding: int = PCM16, rate_hz: int = 8_000) -> bytes:
    """A WAV file of interleaved samples."""
    if encoding not in _BYTES_PER_SAMPLE:
        raise WavError(f"encoding {encoding} is not written; use PCM16, ALAW or MULAW")
    width = _BYTES_PER_SAMPLE[encoding]
    block = channels * width
    if channels < 1 or len(data) % block:
        raise WavError(f"{len(data)} bytes are no whole number of frames of {block} bytes")
    frames = len(data) // block
    form = struct.pack("<HHIIHH", encoding, channels, rate_hz, rate_hz * block, block, 8 * width)
    if encoding != PCM16:
        form += struct.pack("<H", 0)
    chunks = _chunk(b"fmt ", form)
    if encoding != PCM16:
        chunks += _chunk(b"fact", struct.pack("<I", frames))
    chunks += _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def read_wav(blob: bytes) -> Wav:
    """Raises WavError when ``blob`` is not a WAV file in PCM16, A-law or mu-law. A data chunk cut short is read as far as it goes."""
    if blob[:4] != b"RIFF" or blob[8:12] != b"WAVE":
        raise WavError("this is no WAV file: it does not begin with RIFF and WAVE")
    form: bytes | None = None
    at = 12
    while at + 8 <= len(blob):
        name, (size,) = blob[at : at + 4], struct.unpack_from("<I", blob, at + 4)
        body = blob[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = body
        elif name == b"data":
            return _wav(form, body)
        at += 8 + size + (size & 1)
    raise WavError("the WAV file has no data chunk")


def _wav(form: bytes | None, data: bytes) -> Wav:
    if form is None or len(form) < 16:
        raise WavError("the WAV file has no format chunk before its data")
    encoding, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if encoding == _EXTENSIBLE and len(form) >= 26:
        (encoding,) = struct.unpack_from("<H", form, 24)
    width = _BYTES_PER_SAMPLE.get(encoding)
    if width is None or bits != 8 * width or channels < 1 or rate_hz < 1:
        raise WavError(
            f"encoding {encoding} with {bits} bits and {channels} channels is not read; use PCM16, A-law or mu-law"
        )
    return Wav(rate_hz, channels, encoding, data[: len(data) - len(data) % (channels * width)])


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + (b"\x00" if len(body) & 1 else b"")
