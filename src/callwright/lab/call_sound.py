"""What can be heard in a call without understanding a word of it: silence, and both talking at once. Pure.

The caller's sound is to be given without the noise and the echo of the line: a noise that is loud enough is no voice, and the agent's own
voice coming back is not the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from callwright.media.framing import FRAME_MS, MULAW_FRAME_BYTES
from callwright.media.g711 import loudness, pcm_of_mulaw

SOUND = 250
"""Root mean square above which a frame sounds: well below a voice. There is no noise to tell it from."""
BREATH_FRAMES = 5
"""A pause of a voice that is no longer than this (100 ms) lies within its words."""


def longest_silence_ms(caller: bytes, agent: bytes) -> int:
    """The longest stretch in which neither side sounds (raw mu-law from the answer on), up to the end of the longer side: dead air before
    somebody hangs up is silence as any other."""
    sides = zip_longest(_sounding(caller), _sounding(agent), fillvalue=False)
    return _longest(not (one or other) for one, other in sides) * FRAME_MS


def longest_overlap_ms(caller: bytes, agent: bytes) -> int:
    """The longest stretch in which both sides sound."""
    both = zip(_voiced(_sounding(caller)), _voiced(_sounding(agent)), strict=False)
    return _longest(one and other for one, other in both) * FRAME_MS


def _sounding(mulaw: bytes) -> list[bool]:
    return [
        loudness(pcm_of_mulaw(mulaw[at : at + MULAW_FRAME_BYTES])) > SOUND
        for at in range(0, len(mulaw), MULAW_FRAME_BYTES)
    ]


def _voiced(frames: list[bool]) -> list[bool]:
    """With the short pauses inside of words and between them filled."""
    filled = list(frames)
    last = -1
    for at, sounds in enumerate(frames):
        if sounds:
            if 0 <= last < at - 1 and at - last - 1 <= BREATH_FRAMES:
                filled[last + 1 : at] = [True] * (at - last - 1)
            last = at
    return filled


def _longest(frames: Iterable[bool]) -> int:
    longest = run = 0
    for holds in frames:
        run = run + 1 if holds else 0
        longest = max(longest, run)
    return longest
