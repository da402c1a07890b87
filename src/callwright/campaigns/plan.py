"""How many contacts of each batch are released now. Pure arithmetic.

A tenant's batches together keep only a few calls ahead in its queue, so that a call placed by itself never waits behind a list; and what is
released goes to the batch with the fewest calls under way, so that no batch waits for another one's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callwright.domain.limits import MAX_BATCH_AHEAD

LEAST_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Share:
    """A batch as the plan sees it. ``waiting``: its calls that nobody has taken yet; ``open``: all that have not ended; ``left``: whether
    contacts wait in it; ``concurrency``: calls its tenant may have at once."""

    batch_id: str
    tenant_id: str
    concurrency: int
    waiting: int
    open: int
    left: bool


def ahead(concurrency: int) -> int:
    """How many calls of its batches wait in a tenant's queue at most: a quarter of what it may have at once, and at least two, so that a
    place that becomes free is taken at once."""
    return max(LEAST_AHEAD, min(-(-concurrency // 4), MAX_BATCH_AHEAD))


def shares(batches: Sequence[Share]) -> dict[str, int]:
    """How many contacts to release of each batch; batches without any are left out."""
    found: dict[str, int] = {}
    for tenant_id in dict.fromkeys(batch.tenant_id for batch in batches):
        of_tenant = [batch for batch in batches if batch.tenant_id == tenant_id]
        room = ahead(of_tenant[0].concurrency) - sum(batch.waiting for batch in of_tenant)
        eager = [batch for batch in of_tenant if batch.left]
        if not eager:
            continue
        for _ in range(room):
            # The fewest under way first; among equals the one that began first.
            index = min(range(len(eager)), key=lambda i: (eager[i].open + found.get(eager[i].batch_id, 0), i))
            found[eager[index].batch_id] = found.get(eager[index].batch_id, 0) + 1
    return found
