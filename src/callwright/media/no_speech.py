"""Audio that is none: what a broken voice sends in place of speech."""

from __future__ import annotations

import numpy as np

_MARKS = (b"<!doctype", b"<html", b"<?xml", b'{"', b"id3")
_TEXT_BYTES = 256
_NOISE_BYTES = 320
_LOUD = 12_000
_CROSSINGS = 0.35
_PRINTABLE = frozenset({9, 10, 13, *range(32, 127)})


def no_speech(pcm: bytes) -> str:
    """Returns what the first piece of a clause's PCM is where it is no speech ("a page", "text", "noise"), else nothing.

    Text has bytes that no sound of this length has. Compressed audio and random bytes are louder than any voice, and change their sign with
    every other sample.
    """
    if pcm[:16].lstrip().lower().startswith(_MARKS):
        return "a page"
    if len(pcm) >= _TEXT_BYTES and _PRINTABLE.issuperset(pcm[:_TEXT_BYTES]):
        return "text"
    if len(pcm) < _NOISE_BYTES:
        return ""
    samples = np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2").astype(np.int32)
    loud = float(np.abs(samples).mean()) > _LOUD
    crossings = float(np.count_nonzero((samples[1:] < 0) != (samples[:-1] < 0))) / max(1, len(samples) - 1)
    return "noise" if loud and crossings > _CROSSINGS else ""
