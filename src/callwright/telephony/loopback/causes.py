"""How loopback calls end: rows of the one table of causes."""

from __future__ import annotations

from dataclasses import replace

from callwright.domain.causes import CAUSES
from callwright.ports.leg import LegClosed, closed_by

BUSY = closed_by(CAUSES["user_busy"])
NO_ANSWER = closed_by(CAUSES["no_answer"])
REFUSED = closed_by(CAUSES["call_rejected"])
FAILED = closed_by(CAUSES["unallocated_number"])
CALLEE_HUNG_UP = closed_by(CAUSES["normal_clearing"])
CANCELED = closed_by(CAUSES["originator_cancel"])
REJECTED_BY_US = closed_by(CAUSES["declined_by_us"])
CRASHED = closed_by(CAUSES["crash"])


def hung_up(reason: str) -> LegClosed:
    """We hung up an answered call."""
    closed = closed_by(CAUSES["hung_up_by_us"], "normal_clearing")
    return replace(closed, reason=reason) if reason else closed
