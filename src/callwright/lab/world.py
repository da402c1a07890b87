"""A seeded world around the core: a caller, a recogniser, a model, a voice, a loudspeaker and a leg, under a virtual clock.

Everything that happens is in one heap of timed actions; nothing sleeps. The same seed gives the same conversation to the byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Any

from callwright.conversation import events as ev
from callwright.conversation.core import Conversation
from callwright.conversation.effects import Effect
from callwright.lab.trace import CRASHES, Trace

NOT_TOLD = -1
"""``played_ms`` of a leg's end that says nothing of how far the agent got."""

MOST_STEPS = 20_000
"""A conversation with more events than this does not come to an end."""

NEVER_LOST: frozenset[type] = frozenset({ev.Started, ev.Answered, ev.LegEnded})
"""The runtime's own: these do not travel."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances in thousandths. ``late_ms`` is the most a late event is late."""

    name: str
    lost: int = 0
    repeated: int = 0
    late: int = 0
    late_ms: int = 0
    failing: int = 0
    silent: int = 0
    junk: int = 0


class World:
    """Clock, heap and the core. Actors put actions into the heap with ``after_ms`` and events with ``send``."""

    __slots__ = (
        "_actors",
        "_count",
        "_heap",
        "conversation",
        "now_us",
        "position",
        "random",
        "segments",
        "trace",
        "weather",
    )

    def __init__(self, random: Random, weather: Weather) -> None:
        self.random = random
        self.weather = weather
        self.position: Callable[[], tuple[int, int]] = lambda: (0, NOT_TOLD)
        self.now_us = 0
        self.segments = 0
        self.conversation = Conversation()
        self.trace = Trace()
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._actors: dict[type, list[Callable[[Any], None]]] = {}

    def cast(self, actor: Callable[[Any], None], *effects: type) -> None:
        """``actor`` performs these effects, or takes notice of them."""
        for effect in effects:
            self._actors.setdefault(effect, []).append(actor)

    def next_segment(self) -> int:
        """The number of a segment that begins now: the recogniser numbers all that is said on the line, whoever says it."""
        self.segments += 1
        return self.segments

    def after_ms(self, wait_ms: int, action: Callable[..., None], *arguments: Any) -> None:
        """Do ``action`` in ``wait_ms``."""
        self._count += 1
        heappush(self._heap, (self.now_us + wait_ms * 1000 + self._count % 1000, self._count, action, arguments))

    def send(self, wait_ms: int, event: type, *fields: Any) -> None:
        """The core gets ``event`` in ``wait_ms``, if the weather lets it through."""
        weather, chance = self.weather, self.random.random() * 1000
        if weather.late and event not in NEVER_LOST:
            if chance < weather.lost:
                return
            if chance < weather.lost + weather.repeated:
                self.after_ms(wait_ms + self.random.randint(0, 1 + weather.late_ms), self.deliver, event, *fields)
            elif chance < weather.lost + weather.repeated + weather.late:
                wait_ms += self.random.randint(0, weather.late_ms)
        self.after_ms(wait_ms, self.deliver, event, *fields)

    def deliver(self, event: type, *fields: Any) -> None:
        """The core gets ``event`` now."""
        self._step(event(self.now_us, *fields))

    def end_leg(self, outcome: str, by: str, reason: str, code: int) -> None:
        """The leg is over now; the core gets how far the loudspeaker got with it (``position``)."""
        self._step(ev.LegEnded(self.now_us, outcome, by, reason, code, *self.position()))

    def take(self, event: ev.Event) -> None:
        """The core gets a ready-made event."""
        self._step(event)

    def chance(self, thousandths: int) -> bool:
        """True so many times in a thousand."""
        return self.random.random() * 1000 < thousandths

    def run(self) -> Trace:
        """Until the conversation has ended and what was under way has arrived, or a rule is broken."""
        heap, trace, conversation = self._heap, self.trace, self.conversation
        try:
            while len(trace.steps) < MOST_STEPS:
                due_us = conversation.next_deadline()
                if due_us is not None and (not heap or due_us <= heap[0][0]):
                    # A runner wakes up a little late, as runners do.
                    self.now_us = max(self.now_us, due_us)
                    self._step(ev.DeadlineReached(due_us + self.random.randrange(3_000)))
                elif heap and not (conversation.ended and len(trace.steps) > MOST_STEPS // 2):
                    due_us, _, action, arguments = heappop(heap)
                    # A runner's clock never goes back: what came while it slept comes when it wakes.
                    self.now_us = max(self.now_us, due_us)
                    action(*arguments)
                else:
                    break
        except CRASHES as error:
            trace.broken = f"{type(error).__name__}: {error}"
        trace.ended = conversation.ended
        return trace

    def _step(self, event: ev.Event) -> None:
        trace, conversation = self.trace, self.conversation
        if event.at_us > self.now_us:
            self.now_us = event.at_us
        trace.coverage[conversation.state, type(event).__name__] += 1
        trace.steps.append((event, ()))
        effects = conversation.step(event)
        trace.steps[-1] = (event, effects)
        for effect in effects:
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        for actor in self._actors.get(type(effect), ()):
            actor(effect)
