"""A call of the core's that the accounts read afterwards, as it was or with something of it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from proof.accounts.reading import contradiction
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev


class AuditedCall(Call):
    """A call that keeps its steps."""

    def __init__(self, **plan: Any) -> None:
        self.steps: list[tuple[ev.Event, tuple[fx.Effect, ...]]] = []
        super().__init__(**plan)

    def step(self, event: ev.Event) -> tuple[fx.Effect, ...]:
        effects = super().step(event)
        self.steps.append((event, effects))
        return effects

    def tells(self, text: str) -> None:
        """A partial transcript of a new segment."""
        self.give(ev.TranscriptPartial, self.audio_ms, self.segment + 1, text)

    def audit(self) -> str:
        """The rule that the call breaks, or nothing."""
        return contradiction(self.steps, {}, False)

    def audit_with(self, change: Callable[[ev.Event, fx.Effect], Iterable[fx.Effect]]) -> str:
        """The rule that it would break if each effect of an event were what ``change`` makes of it."""
        changed = [
            (event, tuple(other for effect in effects for other in change(event, effect)))
            for event, effects in self.steps
        ]
        return contradiction(changed, {}, False)
