"""State that the parts of the core share: plan, time, variables, timers and the effects of the present step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.conversation.effects import Effect, Note
from callwright.conversation.invariants import Watch
from callwright.conversation.plan import CallPlan
from callwright.conversation.stops import ENGLISH, phrasebook
from callwright.conversation.timers import Timers
from callwright.domain.variables import render
from callwright.platform.tools.rules.template import value_text


class SharedState:
    """State that the parts of one conversation share. Times are microseconds since the attempt began.

    - ``plan``: what the core knows of the agent.
    - ``given``: variables that the call was given.
    - ``learned``: variables from the answers of tools.
    - ``variables``: both, as text for templates.
    - ``book``: the phrases of the call's language.
    - ``now_us``: time of the present step.
    - ``phase``: a name of ``table.PHASES``.
    - ``effects``: the effects of the present step.
    - ``timers``: armed deadlines.
    - ``watch``: the invariants of effects.
    - ``generations``, ``requests``: the numbers given out so far.
    - ``answered``, ``answered_us``: whether and when the far end answered.
    - ``held``: the far end keeps the line on hold and hears nothing.
    - ``deaf``: the recogniser has failed.
    """

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
        self.book = phrasebook(ENGLISH)
        self.now_us = 0
        self.phase = "new"
        self.effects: list[Effect] = []
        self.timers = Timers()
        self.watch = Watch()
        self.generations = 0
        self.requests = 0
        self.answered = False
        self.answered_us = 0
        self.held = False
        self.deaf = False
        self._offset_us = -1

    def emit(self, effect: Effect) -> None:
        """Adds ``effect`` to this step. Raises BrokenInvariantError if it must not happen."""
        self.watch.check(effect)
        self.effects.append(effect)

    def note(self, kind: str, text: str = "") -> None:
        """Adds a note to the record."""
        self.emit(Note(kind, text))

    def learn(self, learned: dict[str, Any]) -> None:
        """Makes all answers of tools so far variables. Variables that the call was given are never replaced."""
        self.learned = learned
        self.variables = {**{name: value_text(value) for name, value in self.learned.items()}, **self.given}

    def after_ms(self, name: str, wait_ms: int) -> None:
        """Arms the deadline ``name`` in ``wait_ms``."""
        self.timers.arm(name, self.now_us + wait_ms * 1000)

    def next_request(self) -> int:
        """Returns a new request number."""
        self.requests += 1
        return self.requests

    def next_generation(self) -> int:
        """Returns a new generation number."""
        self.generations += 1
        return self.generations

    def rendered(self, template: str) -> str:
        """Returns ``template`` filled with the call's variables."""
        return render(template, self.variables)

    def observe_audio(self, audio_ms: int) -> None:
        """Relates position ``audio_ms`` in the caller's audio to now.

        No event can arrive before its audio was spoken. So position 0 lies at the latest at the smallest distance seen between arrival and
        position, and at the earliest at the answer.
        """
        offset_us = max(self.now_us - audio_ms * 1000, self.answered_us)
        if self._offset_us < 0 or offset_us < self._offset_us:
            self._offset_us = offset_us

    def audio_now_ms(self) -> int:
        """Returns the position in the caller's audio that is spoken now, as far as known."""
        offset_us = self._offset_us if self._offset_us >= 0 else self.answered_us
        return max(self.now_us - offset_us, 0) // 1000

    def call_us(self, audio_ms: int) -> int:
        """Returns when the caller's audio at ``audio_ms`` was spoken, in the call's time and never later than now."""
        offset_us = self._offset_us if self._offset_us >= 0 else self.answered_us
        return min(offset_us + audio_ms * 1000, self.now_us)
