"""Whether the stack holds sockets that belong to no call any more, whatever the reason: then the process shall begin anew. Pure."""

from __future__ import annotations

SOCKETS_OF_A_CALL = 3
"""Sound, its reports, and ours for keys."""
MOST_LEFT_OVER = 64
LOOKS = 60
"""So many looks in a row must see them (two minutes and more): a call that is over keeps its sockets for half a minute, until its last
message is answered or given up."""


class Leftovers:
    """Fed with what is open. ``too_many``: more than ``MOST_LEFT_OVER`` sockets were nobody's at each of the last ``LOOKS`` looks."""

    def __init__(self, sockets_at_rest: int) -> None:
        self._at_rest = sockets_at_rest
        self._seen = 0

    @property
    def too_many(self) -> bool:
        """Whether no new call should begin in this process."""
        return self._seen >= LOOKS

    def look(self, sockets: int, calls: int) -> None:
        """What is open at this moment."""
        left_over = sockets - self._at_rest - SOCKETS_OF_A_CALL * calls
        self._seen = self._seen + 1 if left_over > MOST_LEFT_OVER else 0
