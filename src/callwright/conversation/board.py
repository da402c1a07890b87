"""What the parts of the core share: the plan, the call's time, and the effects of the present step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.conversation.effects import Effect, Note
from callwright.conversation.invariants import Watch
from callwright.conversation.plan import CallPlan
from callwright.conversation.stops import ENGLISH, phrasebook
from callwright.conversation.timers import Timers
from callwright.domain.tools.template import value_text
from callwright.domain.variables import render


class Board:
    """Shared by the parts of one conversation. ``phase`` is a name of ``table.PHASES``; times in microseconds since the attempt."""

    __slots__ = (
        "_offset_us",
        "answered",
        "answered_us",
        "book",
        "deaf",
        "effects",
        "generations",
        "given",
        "held",
        "learned",
        "now_us",
        "phase",
        "plan",
        "requests",
        "timers",
        "variables",
        "watch",
    )

    def __init__(self) -> None:
        self.plan = CallPlan()
        self.given: Mapping[str, str] = {}
        self.variables: Mapping[str, str] = {}
        self.learned: dict[str, Any] = {}
        self.book = phrasebook(ENGLISH)  # what words mean by themselves in the call's language
        self.now_us = 0
        self.phase = "new"
        self.effects: list[Effect] = []
        self.timers = Timers()
        self.watch = Watch()
        self.generations = 0
        self.requests = 0
        self.answered = False
        self.answered_us = 0
        self.held = False  # the far end keeps the line on hold and hears nothing
        self.deaf = False  # the recogniser has failed
        self._offset_us = -1

    def emit(self, effect: Effect) -> None:
        """Return ``effect`` from this step. Raises BrokenInvariantError when it must not happen."""
        self.watch.check(effect)
        self.effects.append(effect)

    def note(self, kind: str, text: str = "") -> None:
        """A fact for the record."""
        self.emit(Note(kind, text))

    def learn(self, learned: dict[str, Any]) -> None:
        """All that tools have answered so far: variables from now on. What the call was given is never replaced."""
        self.learned = learned
        self.variables = {**{name: value_text(value) for name, value in self.learned.items()}, **self.given}

    def after_ms(self, name: str, wait_ms: int) -> None:
        """Arm the deadline ``name`` in ``wait_ms``."""
        self.timers.arm(name, self.now_us + wait_ms * 1000)

    def next_request(self) -> int:
        """A fresh request number."""
        self.requests += 1
        return self.requests

    def next_generation(self) -> int:
        """A fresh generation number."""
        self.generations += 1
        return self.generations

    def rendered(self, template: str) -> str:
        """``template`` with the call's variables."""
        return render(template, self.variables)

    def observe_audio(self, audio_ms: int) -> None:
        """An event about the caller's audio at ``audio_ms`` arrives now.

        Audio cannot be known before it was spoken, so the smallest distance ever seen between arrival and position is where
        position 0 lies at the latest; the answer is where it lies at the earliest.
        """
        offset_us = max(self.now_us - audio_ms * 1000, self.answered_us)
        if self._offset_us < 0 or offset_us < self._offset_us:
            self._offset_us = offset_us

    def audio_now_ms(self) -> int:
        """The position in the caller's audio that is spoken now, as far as known."""
        offset_us = self._offset_us if self._offset_us >= 0 else self.answered_us
        return max(self.now_us - offset_us, 0) // 1000

    def call_us(self, audio_ms: int) -> int:
        """When the caller's audio at ``audio_ms`` was spoken, in the call's time; never later than now."""
        offset_us = self._offset_us if self._offset_us >= 0 else self.answered_us
        return min(offset_us + audio_ms * 1000, self.now_us)
