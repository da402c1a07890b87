"""How loopback calls end, in the words and numbers of the contract (chapter 8)."""

from __future__ import annotations

from callwright.ports.leg import LegClosed

BUSY = LegClosed("busy", "Carrier", "Call recipient was busy", 3010, "user_busy")
NO_ANSWER = LegClosed("no-answer", "Carrier", "Call unanswered", 3000, "no_answer")
# A person who declines is there and will not talk now: the published statuses have no nearer word than busy.
REFUSED = LegClosed("busy", "Callee", "Call recipient rejected", 3020, "call_rejected")
FAILED = LegClosed("failed", "Carrier", "Call recipient number invalid", 2000, "unallocated_number")
CALLEE_HUNG_UP = LegClosed("answered", "Callee", "Call recipient hung up", 4000, "normal_clearing")
CANCELED = LegClosed("canceled", "API Request", "Call canceled", 4000, "originator_cancel")
REJECTED_BY_US = LegClosed("failed", "Caller", "Carrier declined", 3020, "call_rejected")
CRASHED = LegClosed("error", "Error", "Carrier Internal Error", 3080, "crash")


def hung_up(reason: str) -> LegClosed:
    """We hung up an answered call."""
    return LegClosed("answered", "API Request", reason or "Call ended", 4000, "normal_clearing")
