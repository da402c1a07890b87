"""The runner of one call: feeds the core with events, writes both sides to the log and performs the effects.

Everything here is synchronous. An event that is posted while effects are performed (``Cleared`` within ``Clear``) waits its turn
and is taken right after, so the log has one order and the core is never entered twice.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Protocol

from callwright.call.live.logfile import LogWriter
from callwright.call.live.timers import Timer, Timers
from callwright.conversation.effects import TOUCHES_WORLD, Effect, HangUp
from callwright.conversation.events import DeadlineReached, Event, KeyPressed, TranscriptFinal, TranscriptPartial
from callwright.conversation.log import EVENT_TYPES
from callwright.domain.errors import BrokenInvariantError
from callwright.domain.text import whole
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

BROKEN_INVARIANT = "broken_invariant"

FROM_CALLER: tuple[type, ...] = (TranscriptPartial, TranscriptFinal, KeyPressed)
"""What a caller said or pressed, which nobody can be asked again: it survives the process from the moment it is known."""


class Core(Protocol):
    """What the runner needs of ``conversation.core.Conversation``."""

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Take an event, return effects."""
        ...

    def next_deadline(self) -> int | None:
        """When the core wants to be woken."""
        ...

    @property
    def ended(self) -> bool:
        """Whether only facts follow."""
        ...

    def close(self) -> None:
        """No event follows."""


Performer = Callable[[Any], None]


_TEXTS: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.type not in ("int", "bool")) for kind in EVENT_TYPES.values()
}
"""The fields of an event that are, or hold, texts."""


def _whole(event: Event) -> Event:
    """``event`` with texts that can be written down. Plugins' texts come in here, and what the core makes of them goes to everybody."""
    changed: dict[str, Any] = {}
    for name in _TEXTS[type(event)]:
        value = getattr(event, name)
        if isinstance(value, str | tuple):
            mended = whole(value)
            if mended is not value:
                changed[name] = mended
    return replace(event, **changed) if changed else event


class CallRunner:
    """Owns one call's core, log and timer. Times are microseconds since the attempt began.

    ``performers`` maps effect types to what performs them; types that are missing are facts that only the log keeps. ``broken`` holds the
    message of the invariant, or of the defect of the core, that ended the call, if one did.
    """

    def __init__(self, core: Core, log: LogWriter, clock: Clock, timers: Timers) -> None:
        self._core = core
        self._log = log
        self._clock = clock
        self._timers = timers
        self._began_us = clock.monotonic_us()
        self._last_us = 0
        self._pending: deque[Event] = deque()
        self._stepping = False
        self._timer: Timer | None = None
        self._timer_due_us = 0
        self._closed = False
        self.performers: Mapping[type, Performer] = {}
        self.broken = ""

    @property
    def ended(self) -> bool:
        """Whether the conversation is over."""
        return self._core.ended

    def now_us(self) -> int:
        """The call's time now; it never goes back."""
        self._last_us = max(self._last_us, self._clock.monotonic_us() - self._began_us)
        return self._last_us

    def call_us(self, monotonic_us: int) -> int:
        """A monotonic time as the call's time."""
        return monotonic_us - self._began_us

    def fact(self, section: str, name: str, values: Mapping[str, Any]) -> None:
        """Write a fact to the log."""
        self._log.fact(self.now_us(), section, name, values)

    def flush(self) -> None:
        """Hand the log to the operating system."""
        self._log.flush()

    def post(self, event: Event) -> None:
        """Take ``event`` in, now or, while another one's effects are performed, right after it."""
        event = _whole(event)
        if event.at_us < self._last_us:
            event = replace(event, at_us=self._last_us)
        self._last_us = event.at_us
        self._pending.append(event)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._pending:
                self._step(self._pending.popleft())
        finally:
            self._stepping = False
            # Also after a defect: a call without its timer would never reach its silence or its maximum.
            self._arm()

    def close(self) -> None:
        """No timer fires any more, and nothing is performed.

        The ties of the call's parts to each other are cut: its memory is free without the garbage collector, which stops all other calls.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._closed = True
        self.performers = {}
        self._core.close()

    def _step(self, event: Event) -> None:
        self._log.event(event)
        if self.broken or self._closed:
            return
        try:
            effects = self._core.step(event)
        # Boundary: a rule that does not hold or a defect, no matter which: the step is lost, and with it what the core knew of the call.
        except Exception as error:  # noqa: BLE001
            effects = self._break(error)
        for effect in effects:
            self._log.effect(event.at_us, effect)
        if any(isinstance(effect, TOUCHES_WORLD) for effect in effects):
            self._log.flush()
        elif isinstance(event, FROM_CALLER):
            self._log.hand_over()
        for effect in effects:
            perform = self.performers.get(type(effect))
            if perform is not None:
                perform(effect)

    def _break(self, error: Exception) -> tuple[Effect, ...]:
        """The core cannot be trusted any more: hang up, which also silences the agent, and step it no further."""
        rule = isinstance(error, BrokenInvariantError)
        self.broken = whole(str(error) if rule else f"{type(error).__name__}: {error}")
        _LOG.error("the conversation broke: %s", self.broken, exc_info=error)
        self._log.fact(self._last_us, "core", BROKEN_INVARIANT, {"message": self.broken})
        return (HangUp("Error", BROKEN_INVARIANT),)

    def _arm(self) -> None:
        due_us = None if self.broken or self._closed else self._core.next_deadline()
        if self._timer is not None:
            if due_us == self._timer_due_us:
                return
            self._timer.cancel()
            self._timer = None
        if due_us is not None:
            self._timer_due_us = due_us
            self._timer = self._timers.after_us(due_us - self.now_us(), self._reach)

    def _reach(self) -> None:
        due_us = self._timer_due_us
        self._timer = None
        if self.now_us() < due_us:
            # A timer may fire a little early; the core shall not see time that has not come.
            self._timer = self._timers.after_us(due_us - self.now_us(), self._reach)
            return
        self.post(DeadlineReached(self.now_us()))
