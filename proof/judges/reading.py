"""What judges share: the plan of a call, who is audible, and which words a simulated caller or agent says once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.plan import CallPlan
from callwright.lab.trace import Trace

_NUMBERED = re.compile(r"\bw\d+\b")


def numbered(text: str) -> list[str]:
    """The words of a simulated caller's in ``text`` that are said once in a call (w17)."""
    return _NUMBERED.findall(text)


def new_words(event: ev.Event, seen: set[str]) -> list[str]:
    """The numbered words that ``event`` tells for the first time; they are added to ``seen``."""
    if not isinstance(event, ev.TranscriptPartial | ev.TranscriptFinal):
        return []
    new = [word for word in numbered(event.text) if word not in seen]
    seen.update(new)
    return new


def plan_of(trace: Trace) -> CallPlan:
    """The settings of the call."""
    return next((event.plan for event, _ in trace.steps if isinstance(event, ev.Started)), CallPlan())


@dataclass(slots=True)
class Line:
    """What is on the line after a step. Times of steps, -1 for none.

    ``audible``: the generation that is released and not over; ``purpose``: why it speaks. ``active_us``: since when the caller makes a
    sound; ``held_us``: since when the line is on hold. ``working``: requests of tools that run. ``ending``: a goodbye, a stop, a transfer
    that was made, the hang-up, or a recogniser that is gone.
    """

    at_us: int = 0
    answered_us: int = -1
    audible: int = 0
    purpose: str = ""
    playing_us: int = -1
    active_us: int = -1
    held_us: int = -1
    working: frozenset[int] = frozenset()
    transferring: bool = False
    ending: bool = False
    machine: bool = False


def follow(trace: Trace) -> Iterator[tuple[ev.Event, tuple[fx.Effect, ...], Line, Line]]:
    """Each step with the line as it was before it and as it is after it."""
    before, purposes = Line(), dict[int, str]()
    for event, effects in trace.steps:
        after = replace(before, at_us=event.at_us)
        _event(after, event)
        for effect in effects:
            _effect(after, effect, purposes)
        yield event, effects, before, after
        before = after


def _event(line: Line, event: ev.Event) -> None:
    match event:
        case ev.Answered() if line.answered_us < 0:
            line.answered_us = event.at_us
        case ev.ActivityBegan() if line.active_us < 0:
            line.active_us = event.at_us
        case ev.ActivityEnded():
            line.active_us = -1
        case ev.LineHeld() if line.answered_us >= 0:
            line.held_us = (event.at_us if line.held_us < 0 else line.held_us) if event.on else -1
        case ev.PlayoutStarted() if event.generation == line.audible and line.playing_us < 0:
            line.playing_us = event.at_us
        case ev.ToolResult():
            line.working -= {event.request}
        case ev.ProviderFailed(kind="tool"):
            line.working -= {event.request}
        case ev.StopRequested() | ev.LegEnded() | ev.ProviderFailed(kind="transcriber"):
            line.ending = True
        case _:
            pass


def _effect(line: Line, effect: fx.Effect, purposes: dict[int, str]) -> None:
    match effect:
        case fx.Speak():
            purposes[effect.generation] = effect.purpose
            line.ending = line.ending or effect.purpose == "goodbye"
        case fx.Release():
            line.audible, line.purpose, line.playing_us = effect.generation, purposes[effect.generation], -1
        case fx.Clear() | fx.AgentSaid() | fx.Withdrawn() if effect.generation == line.audible:
            line.audible = 0
        case fx.CallTool() | fx.SendKeys():
            line.working |= {effect.request}
        case fx.CancelTool():
            line.working -= {effect.request}
        case fx.Transfer():
            line.transferring = True
        case fx.TransferSettled():
            line.transferring = False
            line.ending = line.ending or effect.transferred
        case fx.HangUp() | fx.OptedOut():
            line.ending = True
        case fx.Note(kind="goodbye_taken_back"):
            line.ending = False
        case fx.Note(kind="voicemail_found" | "voicemail_taken_back"):
            line.machine = effect.kind == "voicemail_found"
        case _:
            pass
