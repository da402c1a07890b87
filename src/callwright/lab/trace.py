"""What happened in one simulated conversation: the events the core got, and the effects it returned for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.log import Header, entry_line, header_line, values_of
from callwright.conversation.plan import CORE_VERSION
from callwright.domain.errors import BrokenInvariantError

CRASHES = (
    *(BrokenInvariantError, ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError),
    *(TypeError, ValueError),
)
"""What a defect of the core raises."""

Step = tuple[ev.Event, tuple[fx.Effect, ...]]


@dataclass(slots=True)
class Trace:
    """Inputs and the effects of each. ``heard`` is the world's own account: generation -> words that left the loudspeaker."""

    steps: list[Step] = field(default_factory=list)
    coverage: Counter[tuple[str, str]] = field(default_factory=Counter)
    heard: dict[int, frozenset[str]] = field(default_factory=dict)
    broken: str = ""
    ended: bool = False

    def inputs(self) -> list[ev.Event]:
        """The events alone."""
        return [event for event, _ in self.steps]

    def ending(self) -> str:
        """Why the call ended: the reason of the hang-up, or who left."""
        for event, effects in self.steps:
            for effect in effects:
                if isinstance(effect, fx.HangUp):
                    return effect.reason
            if isinstance(event, ev.LegEnded):
                return f"{event.outcome} {event.by}"
        return "none"

    def log(self) -> str:
        """The trace as the log of a call."""
        header = Header("00000000-0000-4000-8000-000000000000", 1, "2026-01-01T00:00:00+00:00", {}, 0, {}, CORE_VERSION)
        lines = [header_line(header)]
        for event, effects in self.steps:
            for item, direction in ((event, "in"), *((effect, "out") for effect in effects)):
                lines.append(
                    entry_line(len(lines), event.at_us, "core", direction, type(item).__name__, values_of(item))
                )
        return "".join(lines)


def run_core(events: Sequence[ev.Event]) -> Trace:
    """The core over given events; stops at a broken invariant or a crash, which the trace then names."""
    conversation = Conversation()
    trace = Trace()
    for event in events:
        try:
            effects = conversation.step(event)
        except CRASHES as error:
            trace.broken = f"{type(error).__name__}: {error}"
            effects = ()
        trace.steps.append((event, effects))
        if trace.broken:
            break
    trace.ended = conversation.ended
    return trace
