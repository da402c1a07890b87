"""Golden traces: recorded logs of simulated calls that today's core must replay exactly, so that no behaviour changes unseen.

A trace is a log as a call leaves it, without what replays nothing and only takes room, packed. Which conversations are kept is chosen by
what happens in them: the fewest that show everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callwright.conversation.core import Conversation
from callwright.conversation.log import Entry, LogFormatError, event_from_wire, read_log
from callwright.conversation.replay import replay
from callwright.insight.difference import report

_TELLING = ("reason", "kind", "purpose", "cut", "estimated", "outcome", "failure", "state", "ok")
"""Fields of an entry whose value is a behaviour of its own."""
_FREE_TEXT = 40
"""A value longer than this is words, not a behaviour."""
UNDECLARED = (
    "today's core has the version that wrote this and decides otherwise: mend it, or, when it shall,"
    " raise CORE_VERSION (conversation/plan.py)"
)
"""Replay of a call promises the same effects for the same version: calls recorded yesterday would count as defects."""


def features(log: str) -> frozenset[str]:
    """What happens in a call: events by the state they meet, effects and events by the fields that tell them apart."""
    _, entries = read_log(log)
    conversation = Conversation()
    found: set[str] = set()
    for entry in entries:
        if entry.direction == "fact":
            continue
        found.update(_kinds(entry))
        if entry.direction == "in":
            found.add(f"{conversation.state} meets {entry.type}")
            conversation.step(event_from_wire(entry.type, entry.at_us, entry.values))
    return frozenset(found)


def _kinds(entry: Entry) -> list[str]:
    telling = [(name, entry.values[name]) for name in _TELLING if name in entry.values]
    return [entry.type, *(f"{entry.type} {name} {value}" for name, value in telling if len(str(value)) <= _FREE_TEXT)]


def choose(found: Mapping[str, frozenset[str]], count: int) -> list[str]:
    """At most ``count`` names whose calls together show the most; each next one adds the most that is new."""
    left = dict(sorted(found.items()))
    chosen: list[str] = []
    seen: frozenset[str] = frozenset()
    while left and len(chosen) < count:
        best = max(left, key=lambda name: (len(left[name] - seen), -len(left[name])))
        new = left.pop(best) - seen
        if not new:
            break
        chosen.append(best)
        seen |= new
    return sorted(chosen)


def differs(log: str) -> list[str]:
    """In which way today's core does not replay a recorded log, in lines; none when it does."""
    try:
        result = replay(log)
    except LogFormatError as error:
        return [f"this version cannot read it: {error}"]
    if result.difference is not None:
        return [*report(result.difference), *([UNDECLARED] if result.same_core else [])]
    return [] if result.same_core else ["it was written by another version of the core or of the log"]


def changed(before: str, after: str) -> list[str]:
    """How a trace that was made anew differs from the one before, in lines; none when it does not."""
    if before == after:
        return []
    lines = differs(before)
    world = _first_input(before, after)
    if lines and not (world and lines[0].startswith("it was written by")):
        return lines
    return ["the core does the same on what was recorded; the simulated world around it changed", *world]


def _first_input(before: str, after: str) -> list[str]:
    one, other = _inputs(before), _inputs(after)
    for position, (old, new) in enumerate(zip(one, other, strict=False)):
        if old != new:
            return [f"  input {position} was {old}", f"  and is now   {new}"]
    return [] if len(one) == len(other) else [f"  {len(one)} inputs became {len(other)}"]


def _inputs(log: str) -> Sequence[str]:
    _, entries = read_log(log)
    return [f"{e.at_us} {e.type} {dict(e.values)}"[:200] for e in entries if e.direction == "in"]
