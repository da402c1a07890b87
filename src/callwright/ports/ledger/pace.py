"""Port of storage: limits per second, and how attempts ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from callwright.domain.pace.choice import Slot
from callwright.domain.pace.numbers import NumberState
from callwright.domain.pace.outcomes import Outcomes
from callwright.domain.pace.policy import Limit, Rest


class Pace(Protocol):
    """Limits per second: the moments at which calls begin are kept here, so they hold over all processes. ``slots`` come in the order of
    ``domain.pace.choice.slots``."""

    async def hold_admission(self) -> None:
        """Wait for an admission under way; no call is admitted until the unit ends."""

    async def withdraw(self, batch_id: str) -> None:
        """Let the admitted calls of a batch that no process has taken wait again. Their status does not change."""

    async def take(self, slots: Sequence[Slot], *, promised: bool = False) -> tuple[datetime | None, float]:
        """Begin a call now: the moment, or None and the seconds until every limit may allow it. ``promised``: the moment was reserved, so
        only calls that have begun count. It holds when the unit commits, and no other call begins before that."""
        ...

    async def reserve(self, slots: Sequence[Slot]) -> float:
        """Promise a call the next moment that every limit allows: the seconds until then."""
        ...

    async def of_batch(self, batch_id: str) -> tuple[Limit, bool]:
        """The limit that a batch sets, and whether it is paused; neither of one that was deleted."""
        ...

    async def outcomes(self, batch_id: str, window_seconds: int, since: datetime | None) -> Outcomes:
        """How the newest attempts of a batch ended, of the last ``window_seconds`` and after ``since``; at most MAX_BREAKER_CALLS."""
        ...

    async def measure(self, tenant_id: str, numbers: Sequence[str], rest: Rest) -> list[NumberState]:
        """Count the newest attempts from each number in the window of ``rest``, at most MAX_REST_CALLS; those before its last rest count no
        more. Numbers that were measured within 15 seconds are left out."""
        ...

    async def rest(self, tenant_id: str, number: str, until: datetime) -> None:
        """Let a number rest: batches with another one do not call from it until then."""

    async def resting(self, tenant_id: str, numbers: Sequence[str]) -> list[NumberState]:
        """Those of the numbers that rest now."""
        ...
