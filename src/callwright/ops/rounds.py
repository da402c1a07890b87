"""Loops that must go on: whatever one round of them meets is logged, and the next round comes."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

_LOG = logging.getLogger(__name__)


class round_boundary:  # noqa: N801 - used like a function in a with statement
    """One round of a background loop: a defect met in it is logged and must not end the loop, nor the work on other rows.

    Boundary: takes every Exception; cancellation and other ends of the process pass through. A loop that would fail again at once pauses
    after the block, which ``continue`` at its end leaves out. ``error`` is what was met, for whoever must know after the block.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.error = error
        _LOG.error("%s failed and goes on", self._what, exc_info=error)
        return True


class RoundsApart:
    """Keeps the rounds of a loop ``seconds`` apart: what comes at the same time is done in one round, which costs less. A round that comes
    later than that begins at once."""

    def __init__(self, seconds: float) -> None:
        self._least_us = round(seconds * 1_000_000)
        self._next_us = 0

    def wait_s(self, now_us: int) -> float:
        """Begin a round: the seconds that it must wait, none for one that is late enough. ``now_us`` is monotonic."""
        at_us = max(now_us, self._next_us)
        self._next_us = at_us + self._least_us
        return (at_us - now_us) / 1_000_000

    def is_due(self, now_us: int) -> bool:
        """Whether a round may begin now; if so, it begins."""
        if now_us < self._next_us:
            return False
        self._next_us = now_us + self._least_us
        return True
