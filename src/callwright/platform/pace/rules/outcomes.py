"""What pauses or slows batches: failures of their calls, and a machine whose audio runs late."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.domain.limits import LATE_AUDIO_MS, TOO_LATE_AUDIO_MS
from callwright.platform.pace.rules.policy import Breaker

FAILED_OUTCOMES = ("failed", "error")
"""Outcomes of an attempt that the breaker counts as failures: no answer and busy say nothing of us."""

UNCOUNTED_OUTCOMES = ("canceled", "stopped", "balance-low", "queued", "rescheduled", "unknown")
"""Outcomes of attempts that it does not count at all: nobody was called, or our own process died."""

CONTACT_CODES = (2000, 3020, 3050)
"""Hang-up codes of a contact that cannot be called (``causes.CAUSES``): a wrong number, one out of service, a refusal. A poor list must not
look like a broken carrier."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Attempts of a batch that ended in the breaker's window, and how many of them failed."""

    ended: int
    failed: int


def trips(breaker: Breaker, outcomes: Outcomes) -> str | None:
    """Why the batch is paused, or None while it may go on."""
    if not breaker.enabled or outcomes.ended < breaker.min_calls:
        return None
    if outcomes.failed < breaker.failure_share * outcomes.ended:
        return None
    return (
        f"{outcomes.failed} of {outcomes.ended} attempts failed within {breaker.window_seconds} seconds;"
        f" the breaker allows less than {breaker.failure_share:.0%}"
    )


def batch_calls_per_second(late_ms: int) -> int | None:
    """How many calls of batches a process begins in a second when its live audio is ``late_ms`` late; None is no bound."""
    if late_ms < LATE_AUDIO_MS:
        return None
    return 1 if late_ms < TOO_LATE_AUDIO_MS else 0


class BatchAllowance:
    """How many calls of batches a process may begin in the present second, by the lateness of its live audio."""

    def __init__(self) -> None:
        self._second = -1
        self._begun = 0

    def left(self, late_ms: int, now_us: int) -> int | None:
        """What is left of the second at ``now_us``; None is no bound."""
        second = now_us // 1_000_000
        if second != self._second:
            self._second, self._begun = second, 0
        per_second = batch_calls_per_second(late_ms)
        return None if per_second is None else max(0, per_second - self._begun)

    def use(self, count: int) -> None:
        """So many began in the second of the last look."""
        self._begun += count
