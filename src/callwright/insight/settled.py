"""Whether what a call cost is all known."""

from __future__ import annotations

from callwright.domain.execution import TERMINAL, Execution
from callwright.domain.retry import RETRY_AT

_ASKING = "queued"
"""Status of ``extraction_state`` while the questions about the call are to be asked again."""


def is_settled(execution: Execution) -> bool:
    """Whether nothing is added to the cost of ``execution`` any more: it has come to its end, no other attempt follows, and no question
    about it is still asked."""
    if execution.status not in TERMINAL or execution.record.get(RETRY_AT):
        return False
    return (execution.record.get("extraction_state") or {}).get("status") != _ASKING
