"""The core's own deadlines: a name and a due time each, at most one per name."""

from __future__ import annotations

from collections.abc import Collection

FAR_US = 1 << 62
"""Due time of nothing."""


class Timers:
    """Named deadlines. ``next_us`` is the earliest due time (FAR_US when none is armed), ``next_name`` its name."""

    __slots__ = ("_due", "next_name", "next_us")

    def __init__(self) -> None:
        self._due: dict[str, int] = {}
        self.next_us = FAR_US
        self.next_name = ""

    def arm(self, name: str, due_us: int) -> None:
        """Set the deadline ``name``, replacing an earlier one of that name."""
        self._due[name] = due_us
        if name == self.next_name:
            self._find()
        elif due_us < self.next_us:
            self.next_us = due_us
            self.next_name = name

    def arm_sooner(self, name: str, due_us: int) -> None:
        """Like ``arm``, but an earlier deadline of that name stays."""
        if due_us < self._due.get(name, FAR_US):
            self.arm(name, due_us)

    def arm_later(self, name: str, due_us: int) -> None:
        """Like ``arm``, but a later deadline of that name stays."""
        if due_us > self._due.get(name, 0):
            self.arm(name, due_us)

    def cancel(self, name: str) -> None:
        """Forget the deadline ``name``, armed or not."""
        if self._due.pop(name, None) is not None and name == self.next_name:
            self._find()

    def cancel_all(self, but: Collection[str] = ()) -> None:
        """Forget every deadline, except those named ``but``."""
        self._due = {name: due_us for name, due_us in self._due.items() if name in but}
        self._find()

    def armed(self, name: str) -> bool:
        """Whether ``name`` is waited for."""
        return name in self._due

    def _find(self) -> None:
        # In order of first arming, so that two deadlines of the same microsecond always fire in the same order.
        best_us, best = FAR_US, ""
        for name, due_us in self._due.items():
            if due_us < best_us:
                best_us, best = due_us, name
        self.next_us = best_us
        self.next_name = best
