"""How far a recording holds for another agent: while it does what the recorded one did, all that came in would have come in again.

So a what-if with nothing changed is the recording, and no failure, noise or odd moment of it needs to be simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.log import Entry, canonical, event_from_wire, values_of
from callwright.conversation.plan import CallPlan
from callwright.conversation.replay import Difference
from callwright.insight.view import CallView
from callwright.lab.trace import CRASHES, Step

_ASKED_OF_THE_MODEL = frozenset({"AskModel", "AskClassifier"})
_TOLD_TO_THE_MODEL = frozenset({"messages", "tools"})
"""Fields that a recorded answer does not depend on."""


@dataclass(frozen=True, slots=True)
class Following:
    """The recorded inputs with what the agent did, as long as that was the same. ``parted`` is the first thing it did otherwise.

    ``asked_us``: when a model was asked that answers anew, with which the recording ends to hold, too. Both None: the whole call is the
    same.
    """

    steps: tuple[Step, ...]
    parted: Difference | None = None
    asked_us: int | None = None

    @property
    def until_us(self) -> int | None:
        """Until when the recording holds; None where it does to its end."""
        return self.parted.at_us if self.parted is not None else self.asked_us


def follow(
    view: CallView, cut_us: int, change: Callable[[CallPlan], CallPlan], *, answers_recorded: bool = True
) -> Following:
    """Run the recorded inputs with the plan that ``change`` makes of the recorded one, from ``cut_us`` on (0: from the beginning).

    ``answers_recorded``: the model says what it said, whatever it is told. Raises LogFormatError for an input this core does not know.
    """
    return _Follower(cut_us, change, answers_recorded).go(view)


class _Follower:
    __slots__ = (
        "_answers_recorded",
        "_as_was",
        "_change",
        "_conversation",
        "_cut_us",
        "_event",
        "_plan",
        "_revised",
        "_steps",
        "_waiting",
    )

    def __init__(self, cut_us: int, change: Callable[[CallPlan], CallPlan], answers_recorded: bool) -> None:
        self._cut_us = cut_us
        self._change = change
        self._answers_recorded = answers_recorded
        self._conversation = Conversation()
        self._as_was = Conversation()
        self._plan: CallPlan | None = None
        self._revised = cut_us == 0
        self._steps: list[Step] = []
        self._event: Entry | None = None
        self._waiting: list[str] = []

    def go(self, view: CallView) -> Following:
        for entry in view.entries:
            if entry.direction == "out":
                now, logged = self._waiting.pop(0) if self._waiting else "", self._wire(entry.type, entry.values)
                if now != logged:
                    return self._parted(logged, now)
            elif entry.direction == "in":
                if self._waiting:
                    return self._parted("", self._waiting[0])
                difference = self._acts_sooner(entry)
                if difference is not None:
                    return Following(tuple(self._steps), difference)
                self._event = entry
                difference = self._step(entry)
                if difference is not None:
                    return Following(tuple(self._steps), difference)
                if self._asks_anew():
                    return Following(tuple(self._steps[:-1]), asked_us=entry.at_us)
        # The last effects of a log that breaks off are in no log.
        if self._waiting and view.first("LegEnded") is not None:
            return self._parted("", self._waiting[0])
        return Following(tuple(self._steps))

    def _step(self, entry: Entry) -> Difference | None:
        recorded = event = event_from_wire(entry.type, entry.at_us, entry.values)
        if isinstance(event, ev.Started):
            self._plan = event.plan
            if not self._cut_us:
                event = replace(event, plan=self._change(event.plan))
        if not self._revised and entry.at_us >= self._cut_us:
            self._revised = True
            revise(self._conversation, self._plan, self._change)
        try:
            effects = self._conversation.step(event)
            self._as_was.step(recorded)
        except CRASHES as error:
            shown = self._wire(entry.type, entry.values)
            return Difference(entry.seq, entry.at_us, "", _crash(error), shown, entry.seq)
        self._steps.append((event, effects))
        self._waiting = [self._wire(type(effect).__name__, values_of(effect)) for effect in effects]
        return None

    def _acts_sooner(self, entry: Entry) -> Difference | None:
        """What is done before ``entry`` came in, at a deadline that the recorded agent had not or had later. Such a one is in no log, and
        within the step of the next input what it does would look like what the recorded agent did there."""
        while self._revised and (due_us := self._conversation.next_deadline()) is not None and due_us < entry.at_us:
            was_us = self._as_was.next_deadline()
            if was_us is not None and was_us <= due_us:
                return None
            try:
                effects = self._conversation.step(ev.DeadlineReached(due_us))
            except CRASHES as error:
                return Difference(entry.seq, due_us, "", _crash(error))
            if effects:
                return Difference(entry.seq, due_us, "", self._wire(type(effects[0]).__name__, values_of(effects[0])))
        return None

    def _asks_anew(self) -> bool:
        event, effects = self._steps[-1]
        if self._answers_recorded or event.at_us < self._cut_us:
            return False
        return any(isinstance(effect, fx.AskModel | fx.AskClassifier) for effect in effects)

    def _parted(self, logged: str, now: str) -> Following:
        """The effects of the newest input are not the recorded ones: it belongs to what is no longer as recorded."""
        event = self._event
        if event is None:
            return Following((), Difference(0, 0, logged, now))
        shown = self._wire(event.type, event.values)
        return Following(tuple(self._steps[:-1]), Difference(event.seq, event.at_us, logged, now, shown, event.seq))

    def _wire(self, name: str, values: Mapping[str, Any]) -> str:
        """An entry as text to compare."""
        if name in _ASKED_OF_THE_MODEL and self._answers_recorded and self._revised:
            values = {field: value for field, value in values.items() if field not in _TOLD_TO_THE_MODEL}
        return f"{name} {canonical(dict(values))}"


def _crash(error: Exception) -> str:
    return f"a defect: {type(error).__name__}: {error}"


def revise(conversation: Conversation, plan: CallPlan | None, change: Callable[[CallPlan], CallPlan]) -> None:
    """Go on with the changed plan. The same plan is no change: the core begins its silences anew with another."""
    if plan is not None and (changed := change(plan)) != plan:
        conversation.revise(changed)
