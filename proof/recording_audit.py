"""What must hold for the recording of a simulated call: it is what each side's ear was given, to the byte, and where it was.

Where the agent was cut, the ear and the recording may end at different places of the same sound: the recording ends at the moment of the
cut, the ear at the frame it was playing. Nothing else may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.trace import Trace
from callwright.media.framing import FRAME_MS, MULAW_FRAME_BYTES
from callwright.media.g711 import mulaw_of
from callwright.media.pacing import US_PER_BYTE

_SILENCE = b"\xff\x7f"
FRAME_US = FRAME_MS * 1000
LATE_US = 30_000
"""A machine that wakes up late is hardly ever later (the chance of more is one in five hundred million)."""


def sound_of(mulaw: bytes) -> bytes:
    """Without its silence: what is left does not depend on when it was played."""
    return mulaw.translate(None, _SILENCE)


def same_bytes(left: bytes, right: bytes) -> int:
    """How long the two begin alike."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def caller_recorded(passed: Sequence[bytes], recording: bytes) -> str:
    """The caller's side holds the frames that were passed on, all of them and nothing else."""
    given, recorded = sound_of(b"".join(passed)), sound_of(recording)
    if given == recorded:
        return ""
    same = same_bytes(given, recorded)
    return f"the recording holds what the caller said: {len(recorded)} of {len(given)} bytes, the same up to {same}"


def agent_recorded(heard: Sequence[bytes], recording: bytes, cuts_us: Sequence[int], late_us: int) -> str:
    """The agent's side holds what the far end heard (PCM frames).

    ``cuts_us``: when the agent was cut, in microseconds after the answer; ``late_us``: how late the machine may wake up. Between two
    cuts both hold the same sound; at each cut, and where the call ends, one of them may go on for the frame being played.
    """
    ear = sound_of(mulaw_of(b"".join(heard)))
    pieces = _between(recording, cuts_us)
    most = MULAW_FRAME_BYTES + late_us // US_PER_BYTE
    at = 0
    for number, piece in enumerate(pieces):
        at = _goes_on(ear, at, most, piece) if number else 0
        same = same_bytes(ear[at:], piece)
        at += same
        unheard = len(piece) - same
        if unheard > most:
            return f"the recording holds what was heard: {unheard} bytes after byte {at} were not heard, piece {number} of {len(pieces)}"
    missing = len(ear) - at
    if missing > most:
        return f"the recording holds what was heard: {missing} bytes heard last are not in it"
    return ""


def silent_when_cleared(recording: bytes, trace: Trace) -> str:
    """From a clear until something else is played, the agent's side of the recording is silent: exactly, it is our own reckoning."""
    answered_us = cleared_us = -1
    for event, effects in trace.steps:
        if isinstance(event, ev.Answered) and answered_us < 0:
            answered_us = event.at_us
        ends = isinstance(event, ev.PlayoutStarted) or any(isinstance(effect, fx.PlayAsset) for effect in effects)
        if cleared_us >= 0 and ends:
            if _sounds(recording, cleared_us - answered_us, event.at_us - answered_us):
                return f"a clear is taken out of the recording: it sounds after the one at {cleared_us}"
            cleared_us = -1
        if any(isinstance(effect, fx.Clear) for effect in effects) and cleared_us < 0:
            cleared_us = event.at_us
    if cleared_us >= 0 and _sounds(recording, cleared_us - answered_us, len(recording) * US_PER_BYTE):
        return f"a clear is taken out of the recording: it sounds after the last one at {cleared_us}"
    return ""


def begins_when_heard(heard: Sequence[bytes], heard_us: Sequence[int], recording: bytes, late_us: int) -> str:
    """The first and the last sound of the agent stand where they were heard. ``heard_us``: of each frame, after the answer.

    A frame that was cut while it played may be in one of them only, so what stands next to it is looked at too.
    """
    ear = [at_us for frame, at_us in zip(heard, heard_us, strict=False) if sound_of(mulaw_of(frame))]
    first, end = _edges(recording)
    if not ear or first == end:
        return ""
    # Counted in samples: the recording is not cut into frames where the agent's sound was.
    most = MULAW_FRAME_BYTES + late_us // US_PER_BYTE
    begins = [first, first + most + _edges(recording[first + most :])[0]]
    ends = [end, _edges(recording[: max(0, end - most)])[1]]
    beginnings_us = [at * US_PER_BYTE for at in begins if at < end]
    last_frames_us = [at * US_PER_BYTE - FRAME_US for at in ends if at > first]
    for ours, theirs in ((beginnings_us, ear[:2]), (last_frames_us, ear[-2:])):
        apart_us = min((one - other for one in ours for other in theirs), key=abs)
        if abs(apart_us) > 2 * FRAME_US + late_us:
            return f"the recording stands where it was heard: {apart_us // 1000} ms apart"
    return ""


def cuts_of(trace: Trace) -> list[int]:
    """When the agent may have been cut, in microseconds after the answer."""
    answered_us = next((event.at_us for event, _ in trace.steps if isinstance(event, ev.Answered)), 0)
    return [
        event.at_us - answered_us
        for event, effects in trace.steps
        if any(isinstance(effect, fx.Clear | fx.StopAsset) for effect in effects)
    ]


def _between(recording: bytes, cuts_us: Sequence[int]) -> list[bytes]:
    """The sound of the recording between the cuts."""
    marks = [0, *(max(0, us // US_PER_BYTE) for us in cuts_us), len(recording)]
    return [sound_of(recording[start:end]) for start, end in pairwise(marks)]


def _goes_on(ear: bytes, at: int, most: int, piece: bytes) -> int:
    """Where in the ear's sound, about ``at``, the piece after a cut begins.

    The ear may have heard more than the recording of the piece before; or less, and what seemed to be its end was the beginning of this
    one: two words that begin with the same letter sound alike.
    """
    best, best_same = at, same_bytes(ear[at:], piece)
    for start in range(max(0, at - most), min(len(ear), at + most) + 1):
        if best_same == len(piece):
            break
        same = same_bytes(ear[start:], piece)
        if same > best_same:
            best, best_same = start, same
    return best


def _edges(recording: bytes) -> tuple[int, int]:
    """Where its sound begins and ends, in samples; the same twice where it is silent."""
    end = len(recording.rstrip(_SILENCE))
    return len(recording) - len(recording.lstrip(_SILENCE)) if end else 0, end


def _sounds(recording: bytes, from_us: int, to_us: int) -> bool:
    return bool(sound_of(recording[max(0, from_us) // US_PER_BYTE : max(0, to_us) // US_PER_BYTE]))
