"""What must hold for a whole call of the real shell, besides what must hold for its conversation (``proof.audit``).

The world's own account of a call is what the far end heard, frame by frame, and what was passed on of the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.log import event_from_wire, read_log
from callwright.insight.cost import cost_of
from callwright.insight.view import view_of
from callwright.insight.waterfall import waterfall
from callwright.lab.trace import CRASHES, Trace
from callwright.media.tonetext import SYMBOL_MS, ToneTextDecoder
from callwright.platform.prices.rules import Price, PriceBook
from proof.deeds import Deeds
from proof.random_caller import DIGITS
from proof.recording_audit import (
    FRAME_US,
    LATE_US,
    agent_recorded,
    begins_when_heard,
    caller_recorded,
    cuts_of,
    silent_when_cleared,
)

AMBIENT = "ambient"
"""The lane of what sounds under everything, which no clear silences."""
PRICES = PriceBook(
    {
        (kind, "*", "*"): Price(7, 3)
        for kind in ("transcriber", "model_input", "model_output", "voice", "carrier", "platform")
    }
)
"""Of everything, so odd that shares have to be rounded."""
_CLEAR_US = 80_000
"""A clear is heard at the latest so much later: the frame being played, and a machine that wakes up late."""
_WHOLE_WORD = re.compile(rf"\bv\d{{{DIGITS}}}\b")
_PAUSE_MS = SYMBOL_MS * 3 // 8
"""More than this beyond a letter's length is the pause between two clauses."""


@dataclass(slots=True)
class Witness:
    """What was noticed of a call outside of its log.

    ``heard``: the far end's frames (PCM) since the answer, each at its ``heard_us``; ``passed``: the caller's frames (mu-law) the session
    was given; ``agent`` and ``caller``: the recording; ``perfect_line``: nothing lay between the leg and the ear; ``late``: the machine
    wakes up late. ``deeds``: what was done to the world; ``defects``: what parts of the shell raised; ``left_over``: tasks and timers
    that outlived the call.
    """

    log: str = ""
    heard: Sequence[bytes] = ()
    heard_us: Sequence[int] = ()
    passed: Sequence[bytes] = ()
    agent: bytes = b""
    caller: bytes = b""
    perfect_line: bool = True
    late: bool = False
    log_lost: bool = False
    recording_lost: bool = False
    overdue: bool = False
    broken: str = ""
    deeds: Deeds = field(default_factory=Deeds)
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


def audit_log(log: str) -> str:
    """What is wrong with the times of a log, or nothing: an effect has the time of its event."""
    _, entries = read_log(log)
    at_us = 0
    for entry in entries:
        if entry.direction == "in":
            at_us = entry.at_us
        elif entry.direction == "out" and entry.at_us != at_us:
            return f"an effect has the time of its event: {entry.type} at {entry.at_us}, its event at {at_us}"
    return ""


def audit_record(log: str) -> str:
    """What is wrong with the sums of a record, or nothing: the parts of a wait end when the agent is heard, and turns cost what the call
    costs."""
    _, entries = read_log(log)
    heard_us: dict[int, int] = {}
    for entry in entries:
        if entry.type == "PlayoutStarted":
            heard_us.setdefault(entry.values["generation"], entry.at_us)
    view = view_of(log)
    for turn in waterfall(view):
        if turn.began_us + sum(us for _, us in turn.steps_us) != heard_us.get(turn.generation):
            return f"the parts of a latency are the whole wait: turn {turn.turn}"
    cost = cost_of(view, PRICES, "loopback")
    by_turn = sum(sum(legs.values()) for legs in cost.parts.values())
    by_leg = sum(cost.legs.values())
    return "" if by_turn == by_leg else f"turns cost what the call costs: {by_turn} of {by_leg} nano-cents"


def audit_sound(witness: Witness, trace: Trace) -> str:
    """What the recording and the record say was heard, was heard; words of a caller are in one turn."""
    recorded = any(isinstance(effect, fx.StartRecording) for _, effects in trace.steps for effect in effects)
    return (
        _said_once(trace)
        or (_recorded(witness, trace) if recorded else "")
        or _nothing_unheard(witness, trace)
        or _nothing_unreleased(witness, trace)
        or _silent_after_clear(witness, trace)
        or _played_unsaid(trace)
        or _left_untold(trace)
    )


def words_heard(frames: Iterable[bytes]) -> frozenset[str]:
    """The words in two-tone text (PCM) that left the loudspeaker whole.

    A lone silent frame inside a sound is left out. What a voice gives at the very microsecond at which it is wanted, in a world where all
    clocks tick together, is in time by our reckoning and a frame late to an ear that was asked first. Two-tone text has no such pause: a
    letter is three frames, the breath between two clauses two.
    """
    decoder, text, last_ms = ToneTextDecoder(), "", 0
    for frame in _without_holes(frames):
        for heard in decoder.feed(frame):
            if heard.end_ms - last_ms > len(heard.text.encode()) * SYMBOL_MS + _PAUSE_MS:
                text += " "
            text += heard.text
            last_ms = heard.end_ms
    return frozenset(text.split())


def _without_holes(frames: Iterable[bytes]) -> Iterator[bytes]:
    """The frames but the silent ones that stand alone between two that sound."""
    sounding, pause = False, list[bytes]()
    for frame in frames:
        if not frame.strip(b"\0"):
            pause.append(frame)
            continue
        if not (sounding and len(pause) == 1):
            yield from pause
        pause.clear()
        sounding = True
        yield frame
    yield from pause


def _played_unsaid(trace: Trace) -> str:
    """The pacer says of every clause when it was played."""
    for event, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.Note) and effect.kind == "mark_missing":
                return f"what was played is told: {effect.text} at {event.at_us}"
    return ""


def _left_untold(trace: Trace) -> str:
    """The end of a leg tells how far the agent got with what it said last."""
    released = 0
    for event, effects in trace.steps:
        if isinstance(event, ev.LegEnded) and (event.generation != released or event.played_ms < 0):
            return f"the end of a leg tells what was heard: {event.played_ms} ms of {event.generation} after {released}"
        for effect in effects:
            if isinstance(effect, fx.Release):
                released = effect.generation
    return ""


def _said_once(trace: Trace) -> str:
    turns: dict[str, int] = {}
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.UserSaid):
                for word in _WHOLE_WORD.findall(effect.text):
                    if turns.setdefault(word, effect.turn) != effect.turn:
                        return f"a caller's words are in one turn: {word} again in turn {effect.turn}"
    return ""


def _recorded(witness: Witness, trace: Trace) -> str:
    """The recording is what was heard, and where."""
    if witness.recording_lost:
        return ""
    # What comes after an end that the carrier never confirmed is not part of the call.
    taken = _line_facts(witness).get("frames_in", 0)
    ambient = _ambient(witness)
    rule = caller_recorded(witness.passed[:taken], witness.caller)
    if rule or not witness.perfect_line:
        return rule
    late_us = LATE_US if witness.late else 0
    rule = agent_recorded(witness.heard, witness.agent, cuts_of(trace), late_us)
    if rule or ambient:
        return rule
    return silent_when_cleared(witness.agent, trace) or begins_when_heard(
        witness.heard, witness.heard_us, witness.agent, late_us
    )


def _nothing_unheard(witness: Witness, trace: Trace) -> str:
    if not (witness.perfect_line and _smooth(witness)):
        return ""
    heard: frozenset[str] | None = None
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.AgentSaid) and effect.text:
                heard = words_heard(witness.heard) if heard is None else heard
                # The ear may be a frame behind the reckoning: of a reply that was cut, the last letter may be missing.
                said = effect.text.split()[: -1 if effect.cut else None]
                missing = [word for word in said if not _sounded(word, heard)]
                if missing:
                    return f"nobody is said to have heard what never sounded: {missing[:5]} of {effect.generation}"
    return ""


def _nothing_unreleased(witness: Witness, trace: Trace) -> str:
    """What the far end hears of the agent was released: no word of a guess sounds before it is certain, and none that was dropped."""
    effects = [effect for _, made in trace.steps for effect in made]
    released = {effect.generation for effect in effects if isinstance(effect, fx.Release)}
    spoken = [effect for effect in effects if isinstance(effect, fx.Speak)]
    may = {word for effect in spoken if effect.generation in released for word in effect.text.split()}
    never = {word for effect in spoken if effect.generation not in released for word in effect.text.split()} - may
    if not never or not witness.perfect_line:
        return ""
    heard = sorted(words_heard(witness.heard) & never)
    # A word that was cut may look like a shorter one.
    unreleased = [word for word in heard if not any(whole.startswith(word) for whole in may)]
    return f"only what was released sounds: {unreleased[:5]}" if unreleased else ""


def _silent_after_clear(witness: Witness, trace: Trace) -> str:
    """From a clear until something else is played, the far end hears nothing."""
    if not witness.perfect_line or _ambient(witness):
        return ""
    answered_us = cleared_us = -1
    for event, effects in trace.steps:
        if isinstance(event, ev.Answered) and answered_us < 0:
            answered_us = event.at_us
        ends = isinstance(event, ev.PlayoutStarted | ev.LegEnded) or any(isinstance(e, fx.PlayAsset) for e in effects)
        if cleared_us >= 0 and ends:
            heard_us = _first_sound(
                witness.heard, cleared_us + _CLEAR_US - answered_us, event.at_us - FRAME_US - answered_us
            )
            if heard_us >= 0:
                return f"a clear silences the agent: heard {(answered_us + heard_us - cleared_us) // 1000} ms after the one at {cleared_us}"
            cleared_us = -1
        if any(isinstance(effect, fx.Clear) for effect in effects) and cleared_us < 0:
            cleared_us = event.at_us
    return ""


def _first_sound(frames: Sequence[bytes], from_us: int, to_us: int) -> int:
    """When the first frame sounds between two moments of the far end's time, in microseconds; -1: none does."""
    for number in range(-(-from_us // FRAME_US), min(to_us // FRAME_US, len(frames))):
        if frames[number].strip(b"\0"):
            return number * FRAME_US
    return -1


def _sounded(word: str, heard: frozenset[str]) -> bool:
    """Whether it was heard; after a cut the next sentence follows without a pause."""
    return word in heard or any(piece.endswith(word) for piece in heard)


def _smooth(witness: Witness) -> bool:
    """Whether the agent's sound had no holes and nothing lay under it: a letter with a hole in it is no letter any more."""
    if _ambient(witness):
        return False
    line = _line_facts(witness)
    return not line.get("starved_frames") and not line.get("late_frames")


def _ambient(witness: Witness) -> bool:
    return f'"lane":"{AMBIENT}"' in witness.log


def _line_facts(witness: Witness) -> Mapping[str, Any]:
    """What the shell counted on the line."""
    _, entries = read_log(witness.log)
    return next((entry.values for entry in entries if entry.type == "line" and entry.direction == "fact"), {})
