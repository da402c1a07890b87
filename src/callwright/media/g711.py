"""G.711: 16-bit PCM to mu-law and A-law bytes, and back. One byte per sample."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # The module left the standard library with Python 3.13; from there on audioop-lts provides it under the same name.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

PCM_WIDTH_BYTES = 2


def mulaw_of(pcm: bytes) -> bytes:
    """PCM as mu-law."""
    return audioop.lin2ulaw(pcm, PCM_WIDTH_BYTES)


def pcm_of_mulaw(mulaw: bytes) -> bytes:
    """Mu-law as PCM."""
    return audioop.ulaw2lin(mulaw, PCM_WIDTH_BYTES)


def alaw_of(pcm: bytes) -> bytes:
    """PCM as A-law."""
    return audioop.lin2alaw(pcm, PCM_WIDTH_BYTES)


def pcm_of_alaw(alaw: bytes) -> bytes:
    """A-law as PCM."""
    return audioop.alaw2lin(alaw, PCM_WIDTH_BYTES)


def loudness(pcm: bytes) -> int:
    """Root mean square of the samples, 0..32768. 0 for no samples."""
    return audioop.rms(pcm, PCM_WIDTH_BYTES) if pcm else 0


def mixed_under(mulaw: bytes, pcm: bytes) -> bytes:
    """Mu-law with as much PCM under it; sums beyond full scale stay at full scale."""
    return audioop.lin2ulaw(
        audioop.add(audioop.ulaw2lin(mulaw, PCM_WIDTH_BYTES), pcm, PCM_WIDTH_BYTES), PCM_WIDTH_BYTES
    )


def fainter(pcm: bytes, per_thousand: int) -> bytes:
    """PCM at ``per_thousand`` of its amplitude."""
    return audioop.mul(pcm, PCM_WIDTH_BYTES, per_thousand / 1000)
