"""The fewest events that still break a rule."""

from __future__ import annotations

from collections.abc import Sequence

from callwright.conversation import events as ev
from callwright.lab.trace import Trace, run_core
from proof.audit import audit

MOST_RUNS = 3_000
"""Runs of the core a shrink may take."""


def shrink(trace: Trace, rule: str) -> list[ev.Event]:
    """A short sequence of the trace's events that breaks the same rule.

    The last events, when the rule is about how a call ends, or the core over these events alone does not break it.
    """
    kind = rule.split(":")[0] if not trace.broken else ":".join(rule.split(":")[:2])
    events = trace.inputs()
    runs = 0

    def breaks(candidate: Sequence[ev.Event]) -> bool:
        nonlocal runs
        runs += 1
        tried = run_core(candidate)
        tried.heard = trace.heard
        return bool(candidate) and audit(tried).startswith(kind)

    if kind.startswith("a call ends"):
        return events[-30:]
    if not breaks(events):
        return events[-30:]
    size = len(events) // 2
    while size >= 1 and runs < MOST_RUNS:
        position = 0
        while position < len(events) and runs < MOST_RUNS:
            candidate = events[:position] + events[position + size :]
            if breaks(candidate):
                events = candidate
            else:
                position += size
        size //= 2
    return events
