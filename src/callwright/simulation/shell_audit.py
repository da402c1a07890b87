"""What must hold for a whole call of the real shell, besides what must hold for its conversation (``simulation.trace``).

The world's own account of a call is what the far end heard, frame by frame, and what was passed on of the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.log import event_from_wire, read_log
from callwright.media.framing import MULAW_FRAME_BYTES
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.tonetext import SYMBOL_MS, ToneTextDecoder
from callwright.simulation.random_caller import DIGITS
from callwright.simulation.trace import CRASHES, Trace

_SILENCE = b"\xff\x7f"
_CUTS = frozenset({"Clear", "StopAsset"})
"""Effects that silence what is heard."""
_CUT_BYTES = 4 * MULAW_FRAME_BYTES
"""How far the record and the ear may differ where the agent was cut: a frame being played, and what was on its way to the loudspeaker."""
AMBIENT = "ambient"
"""The lane of what sounds under everything, which no clear silences."""
_FRAME_US = 20_000
_CLEAR_US = 80_000
"""A clear is heard at the latest so much later: the frame being played, and a machine that wakes up late."""
_WHOLE_WORD = re.compile(rf"\bv\d{{{DIGITS}}}\b")
_PAUSE_MS = SYMBOL_MS * 3 // 8
"""More than this beyond a letter's length is the pause between two clauses."""


@dataclass(slots=True)
class Witness:
    """What was noticed of a call outside of its log.

    ``heard``: the far end's frames (PCM) since the answer; ``passed``: the caller's frames (mu-law) the session was given;
    ``agent`` and ``caller``: the recording; ``perfect_line``: nothing lay between the leg and the ear. ``defects``: what parts of the
    shell raised; ``left_over``: tasks and timers that outlived the call.
    """

    log: str = ""
    heard: Sequence[bytes] = ()
    passed: Sequence[bytes] = ()
    agent: bytes = b""
    caller: bytes = b""
    perfect_line: bool = True
    log_lost: bool = False
    recording_lost: bool = False
    overdue: bool = False
    broken: str = ""
    defects: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)


def trace_of_log(log: str) -> Trace:
    """The conversation of a log: its events, with the effects that today's core has on them."""
    _, entries = read_log(log)
    conversation, trace = Conversation(), Trace()
    for entry in entries:
        if entry.direction != "in":
            continue
        event = event_from_wire(entry.type, entry.at_us, entry.values)
        trace.coverage[conversation.state, entry.type] += 1
        effects: tuple[fx.Effect, ...] = ()
        try:
            effects = conversation.step(event)
        except CRASHES as error:
            trace.broken = f"{type(error).__name__}: {error}"
        trace.steps.append((event, effects))
        if trace.broken:
            break
    trace.ended = conversation.ended
    return trace


def audit_shell(witness: Witness) -> str:
    """The first rule of the shell that the call breaks, or nothing. A rule's text has no numbers before its colon."""
    if witness.broken:
        return f"invariants hold in production: {witness.broken}"
    if witness.defects:
        return f"no part of the shell raises: {witness.defects[0]}"
    if witness.overdue:
        return "a call ends: it had to be ended by force"
    if witness.left_over:
        return f"nothing of a call is left: {witness.left_over[0]}"
    return ""


def audit_sound(witness: Witness, trace: Trace) -> str:
    """What the recording and the record say was heard, was heard; words of a caller are in one turn."""
    recorded = any(isinstance(effect, fx.StartRecording) for _, effects in trace.steps for effect in effects)
    return (
        _said_once(trace)
        or (_caller_recorded(witness) if recorded else "")
        or (_agent_recorded(witness, trace) if recorded else "")
        or _nothing_unheard(witness, trace)
        or _silent_after_clear(witness, trace)
    )


def words_heard(frames: Iterable[bytes]) -> frozenset[str]:
    """The words in two-tone text (PCM) that left the loudspeaker whole."""
    decoder, text, last_ms = ToneTextDecoder(), "", 0
    for frame in frames:
        for heard in decoder.feed(frame):
            if heard.end_ms - last_ms > len(heard.text.encode()) * SYMBOL_MS + _PAUSE_MS:
                text += " "
            text += heard.text
            last_ms = heard.end_ms
    return frozenset(text.split())


def _said_once(trace: Trace) -> str:
    turns: dict[str, int] = {}
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.UserSaid):
                for word in _WHOLE_WORD.findall(effect.text):
                    if turns.setdefault(word, effect.turn) != effect.turn:
                        return f"a caller's words are in one turn: {word} again in turn {effect.turn}"
    return ""


def _caller_recorded(witness: Witness) -> str:
    if witness.recording_lost:
        return ""
    # What comes after an end that the carrier never confirmed is not part of the call.
    taken = _line_facts(witness).get("frames_in", 0)
    passed, recorded = _sound(b"".join(witness.passed[:taken])), _sound(witness.caller)
    if passed == recorded:
        return ""
    same = _same_bytes(passed, recorded)
    return f"the recording holds what the caller said: {len(recorded)} of {len(passed)} bytes, the same up to {same}"


def _agent_recorded(witness: Witness, trace: Trace) -> str:
    """Without a cut the recording is what was heard, to the byte; each cut may take a few frames from either."""
    if witness.recording_lost or not witness.perfect_line:
        return ""
    heard, recorded = _sound(mulaw_of(b"".join(witness.heard))), _sound(witness.agent)
    cuts = sum(type(effect).__name__ in _CUTS for _, effects in trace.steps for effect in effects)
    if abs(len(heard) - len(recorded)) > _CUT_BYTES * (cuts + 1):
        return f"the recording holds what was heard: {len(recorded)} bytes, heard {len(heard)}, {cuts} cuts"
    same = _same_bytes(heard, recorded)
    if not cuts and same < min(len(heard), len(recorded)):
        return f"the recording holds what was heard: the same only up to byte {same}"
    if cuts and _smooth(witness):
        differ = words_heard(witness.heard) ^ words_heard(_frames(witness.agent))
        # A word that was cut is whole in neither, or in one of them.
        if len(differ) > 2 * (cuts + 1):
            return f"the recording holds what was heard: {sorted(differ)[:5]} are in one only"
    return ""


def _nothing_unheard(witness: Witness, trace: Trace) -> str:
    if not (witness.perfect_line and _smooth(witness)):
        return ""
    heard: frozenset[str] | None = None
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.AgentSaid) and not effect.estimated and effect.text:
                heard = words_heard(witness.heard) if heard is None else heard
                # The ear may be a frame behind the reckoning: of a reply that was cut, the last letter may be missing.
                said = effect.text.split()[: -1 if effect.cut else None]
                missing = [word for word in said if not _sounded(word, heard)]
                if missing:
                    return f"nobody is said to have heard what never sounded: {missing[:5]} of {effect.generation}"
    return ""


def _silent_after_clear(witness: Witness, trace: Trace) -> str:
    """From a clear until something else is played, the far end hears nothing."""
    if not witness.perfect_line or f'"lane":"{AMBIENT}"' in witness.log:
        return ""
    answered_us = cleared_us = -1
    for event, effects in trace.steps:
        if isinstance(event, ev.Answered) and answered_us < 0:
            answered_us = event.at_us
        ends = isinstance(event, ev.PlayoutStarted | ev.LegEnded) or any(isinstance(e, fx.PlayAsset) for e in effects)
        if cleared_us >= 0 and ends:
            heard_us = _first_sound(
                witness.heard, cleared_us + _CLEAR_US - answered_us, event.at_us - _FRAME_US - answered_us
            )
            if heard_us >= 0:
                return f"a clear silences the agent: heard {(answered_us + heard_us - cleared_us) // 1000} ms after the one at {cleared_us}"
            cleared_us = -1
        if any(isinstance(effect, fx.Clear) for effect in effects) and cleared_us < 0:
            cleared_us = event.at_us
    return ""


def _first_sound(frames: Sequence[bytes], from_us: int, to_us: int) -> int:
    """When the first frame sounds between two moments of the far end's time, in microseconds; -1: none does."""
    for number in range(-(-from_us // _FRAME_US), min(to_us // _FRAME_US, len(frames))):
        if frames[number].strip(b"\0"):
            return number * _FRAME_US
    return -1


def _sounded(word: str, heard: frozenset[str]) -> bool:
    """Whether it was heard; after a cut the next sentence follows without a pause."""
    return word in heard or any(piece.endswith(word) for piece in heard)


def _smooth(witness: Witness) -> bool:
    """Whether the agent's sound had no holes and nothing lay under it: a letter with a hole in it is no letter any more."""
    if f'"lane":"{AMBIENT}"' in witness.log:
        return False
    line = _line_facts(witness)
    return not line.get("starved_frames") and not line.get("late_frames")


def _line_facts(witness: Witness) -> Mapping[str, Any]:
    """What the shell counted on the line."""
    _, entries = read_log(witness.log)
    return next((entry.values for entry in entries if entry.type == "line" and entry.direction == "fact"), {})


def _sound(mulaw: bytes) -> bytes:
    """Without its silence: what is left does not depend on when it was played."""
    return mulaw.translate(None, _SILENCE)


def _same_bytes(left: bytes, right: bytes) -> int:
    """How long the two begin alike."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _frames(mulaw: bytes) -> Iterable[bytes]:
    for at in range(0, len(mulaw), MULAW_FRAME_BYTES):
        yield pcm_of_mulaw(mulaw[at : at + MULAW_FRAME_BYTES])
