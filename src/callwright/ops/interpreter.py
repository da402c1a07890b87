"""How Python's interpreter is set in a process that carries calls: its garbage collector, and its threads.

A look of the collector stops every call of the process, for about 15 ms per 100,000 objects. What lives since the start is never looked
at. Young objects are looked at in portions too small to be heard. A look at everything waits until no call is under way.
"""

from __future__ import annotations

import gc
import sys

YOUNG_OBJECTS = 20_000
"""New objects, less those that are gone, after which the youngest are looked at: about 3 ms. At Python's 700, a read of the API would be
looked at in vain every second time."""
YOUNG_LOOKS = 10
"""Looks at the youngest after which those that survived are looked at: 200,000 objects at most, about 30 ms."""
MIDDLE_LOOKS = 1_000
"""Those after which Python itself looks at everything: practically never, because :class:`WholeLooks` does."""
MOST_CALLS_BETWEEN_LOOKS = 100
"""Calls that may end before a look at everything even if others are under way. A call that ended leaves some 450 objects and up to 0.4 MB
that only a look can find, so that a process that is never idle grows by some 40 MB at most."""
SWITCH_SECONDS = 0.0005
"""How long a thread that computes (it mixes a recording or makes a record) may keep the interpreter from the event loop. At Python's 5 ms,
every frame of every call would wait so long beside it."""


def set_for_calls() -> None:
    """Leave out what lives now from every look to come, and set the portions and the change of threads. Once, at the end of the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_LOOKS, MIDDLE_LOOKS)
    sys.setswitchinterval(SWITCH_SECONDS)


class WholeLooks:
    """Looks at everything: once after some calls ended, when none is under way, or after MOST_CALLS_BETWEEN_LOOKS."""

    def __init__(self) -> None:
        self._ended = 0

    def call_ended(self) -> None:
        """A call's work is over."""
        self._ended += 1

    def look(self, live: int) -> bool:
        """Look if it is time, ``live`` calls being under way. Returns whether it was."""
        if not self._ended or (live and self._ended < MOST_CALLS_BETWEEN_LOOKS):
            return False
        self._ended = 0
        gc.collect()
        return True
