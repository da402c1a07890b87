"""How Python's interpreter is set in a process that carries calls: its garbage collector, and its threads.

A look of the collector stops every call of the process, for about 15 ms per 100,000 objects. What lives since the start is never looked
at. Young objects are looked at in portions too small to be heard, and those that survive not again while calls are live.
"""

from __future__ import annotations

import gc
import sys

YOUNG_OBJECTS = 5_000
"""New objects, less those that are gone, after which the youngest are looked at: 2 to 14 ms. At Python's 700, a read of the API would be
looked at in vain every second time."""
NEVER = 1_000_000
"""Looks at the youngest after which Python itself looks at those that survived one. :class:`WholeLooks` does: 300 calls hold 250,000
objects, a pause of 100 ms."""
YOUNG_LOOKS_AT_REST = 40
"""Looks at the youngest after which a process without calls looks at everything."""
CALLS_ENDED_FOR_EACH_LIVE = 20
"""Calls that may end, for each that is live, before a look at everything under live calls. It pauses them for about 0.4 ms for each live
call. An ended call over Twilio leaves nothing that only a look can find: its own end cuts what ties its parts."""
MOST_CALLS_BETWEEN_LOOKS = 500
"""Calls that may end before a look at everything, whatever is live. On other lines an ended call may leave 0.4 MB that only a look can
find: a process that is never idle then grows by 200 MB at most."""
SWITCH_SECONDS = 0.0005
"""How long a thread that computes (it mixes a recording or makes a record) may keep the interpreter from the event loop. At Python's 5 ms,
every frame of every call would wait so long beside it."""


def set_for_calls() -> None:
    """Leave out what lives now from every look to come, and set the portions and the change of threads. Once, at the end of the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, NEVER, NEVER)
    sys.setswitchinterval(SWITCH_SECONDS)


class WholeLooks:
    """Looks at everything when no call is live, or after CALLS_ENDED_FOR_EACH_LIVE or MOST_CALLS_BETWEEN_LOOKS."""

    def __init__(self) -> None:
        self._ended = 0

    def call_ended(self) -> None:
        """A call's work is over."""
        self._ended += 1

    def look(self, live: int) -> bool:
        """Look if it is time, ``live`` calls being under way. Returns whether it was."""
        if live:
            due = self._ended >= min(CALLS_ENDED_FOR_EACH_LIVE * live, MOST_CALLS_BETWEEN_LOOKS)
        else:
            due = self._ended > 0 or gc.get_count()[1] >= YOUNG_LOOKS_AT_REST
        if due:
            self._ended = 0
            gc.collect()
        return due
