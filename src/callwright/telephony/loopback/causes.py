"""How loopback calls end: rows of the one table of causes."""

from __future__ import annotations

from dataclasses import replace

from callwright.platform.executions.rules.causes import CAUSES
from callwright.ports.leg import LegClosed, TransferFailedError, closed_by

BUSY = closed_by(CAUSES["user_busy"])
NO_ANSWER = closed_by(CAUSES["no_answer"])
REFUSED = closed_by(CAUSES["call_rejected"])
FAILED = closed_by(CAUSES["unallocated_number"])
CALLEE_HUNG_UP = closed_by(CAUSES["normal_clearing"])
CANCELED = closed_by(CAUSES["originator_cancel"])
REJECTED_BY_US = closed_by(CAUSES["declined_by_us"])
CRASHED = closed_by(CAUSES["crash"])
TRANSFERRED = closed_by(CAUSES["transferred"])
BY_HOW = {"busy": BUSY, "refuse": REFUSED, "failed": FAILED}
"""How a call to a persona ends that does not take it (``AnswerPlan.how``)."""


def not_taken(closed: LegClosed, target: str) -> TransferFailedError:
    """Why a transfer to ``target`` came to nothing: as a call to it would have ended."""
    return TransferFailedError(
        "loopback", f"{target} did not take the call: {closed.reason}", closed.outcome, closed.code
    )


def hung_up(reason: str) -> LegClosed:
    """We hung up an answered call."""
    closed = closed_by(CAUSES["hung_up_by_us"], "normal_clearing")
    return replace(closed, reason=reason) if reason else closed
