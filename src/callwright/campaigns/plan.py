"""How many contacts of each batch are released now. Pure arithmetic.

A tenant's batches together keep only a few calls ahead in its queue, so that a call placed by itself never waits behind a list; and what is
released goes to the batch with the fewest calls under way, so that no batch waits for another one's end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from callwright.domain.limits import MAX_BATCH_AHEAD
from callwright.platform.pace.rules.choice import AHEAD_SECONDS
from callwright.platform.pace.rules.policy import NO_LIMIT, Limit

LEAST_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Share:
    """A batch as the plan sees it. ``waiting``: its calls that nobody has taken yet; ``open``: all that have not ended; ``left``: whether
    contacts wait in it and may be released; ``concurrency``: calls its tenant may have at once; ``limit``: the batch's own."""

    batch_id: str
    tenant_id: str
    concurrency: int
    waiting: int
    open: int
    left: bool
    limit: Limit = NO_LIMIT

    @property
    def most_waiting(self) -> int | None:
        """How many of its calls may wait by its own limit: those that could begin soon, and a few more. None without a limit."""
        bounds = []
        if self.limit.at_once is not None:
            bounds.append(max(0, self.limit.at_once - (self.open - self.waiting)))
        if self.limit.per_second is not None:
            bounds.append(math.ceil(self.limit.per_second * AHEAD_SECONDS))
        return min(bounds) + LEAST_AHEAD if bounds else None


def ahead(concurrency: int) -> int:
    """How many calls of its batches wait in a tenant's queue at most: a quarter of what it may have at once, and at least two, so that a
    place that becomes free is taken at once."""
    return max(LEAST_AHEAD, min(-(-concurrency // 4), MAX_BATCH_AHEAD))


def shares(batches: Sequence[Share]) -> dict[str, int]:
    """How many contacts to release of each batch; batches without any are left out.

    What waits for a batch's own limit takes nothing from the other batches. A batch without a call is given one whatever waits for other
    limits, so that a number at its limit stops only the batches that call from it.
    """
    found: dict[str, int] = {}
    for tenant_id in dict.fromkeys(batch.tenant_id for batch in batches):
        _share(found, [batch for batch in batches if batch.tenant_id == tenant_id])
    return found


def _share(found: dict[str, int], batches: Sequence[Share]) -> None:
    """Add what the batches of one tenant release."""
    most = ahead(batches[0].concurrency)
    room = most - sum(batch.waiting for batch in batches if batch.most_waiting is None)
    eager = [batch for batch in batches if batch.left]
    for batch in eager:
        if batch.most_waiting is not None and min(batch.most_waiting, most) > batch.waiting:
            found[batch.batch_id] = min(batch.most_waiting, most) - batch.waiting
    eager = [batch for batch in eager if batch.most_waiting is None]
    for _ in range(room if eager else 0):
        # The fewest under way first; among equals the one that began first.
        index = min(range(len(eager)), key=lambda i: (eager[i].open + found.get(eager[i].batch_id, 0), i))
        found[eager[index].batch_id] = found.get(eager[index].batch_id, 0) + 1
    found.update({batch.batch_id: 1 for batch in eager if not batch.open and batch.batch_id not in found})
