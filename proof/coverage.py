"""Which events can meet which state of the core, and which pairs the simulation has not seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from callwright.conversation.log import EVENT_TYPES

STATES = (
    *("new", "dialling", "greeting", "welcoming", "listening", "hearing", "thinking", "speaking", "clearing"),
    *("machine", "working", "transferring", "closing", "leaving", "ended"),
)
"""The names ``Conversation.state`` has."""

_BEGINS = "an attempt begins with Started, once"
_ANSWERS = "a leg is answered once, and before it ends"
_SILENT = "nothing is said before the answer"

UNREACHABLE: Mapping[tuple[str, str], str] = {
    **{("new", event): _BEGINS for event in EVENT_TYPES if event != "Started"},
    **{(state, "Started"): _BEGINS for state in STATES if state != "new"},
    **{(state, "Answered"): _ANSWERS for state in STATES if state not in ("new", "dialling", "leaving")},
    ("dialling", "VoiceFinished"): _SILENT,
}
"""Pairs of state and event that cannot be, each with its reason."""


def reachable() -> list[tuple[str, str]]:
    """All other pairs."""
    return [(state, event) for state in STATES for event in EVENT_TYPES if (state, event) not in UNREACHABLE]


def unseen(seen: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """The reachable pairs that are not among ``seen``."""
    return [pair for pair in reachable() if pair not in seen]


def impossible(seen: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was seen although it cannot be: the table is wrong."""
    return [pair for pair in UNREACHABLE if pair in seen]
