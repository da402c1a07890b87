"""Whether what a call cost is all known."""

from __future__ import annotations

from callwright.domain.execution import TERMINAL, Execution, work_is_over

_ASKING = "queued"
"""Status of ``extraction_state`` while the questions about the call are to be asked again."""


def is_settled(execution: Execution) -> bool:
    """Whether nothing is added to the cost of ``execution`` any more: it has come to its end, and no question about it is still asked."""
    if execution.status not in TERMINAL or not work_is_over(execution):
        return False
    return (execution.record.get("extraction_state") or {}).get("status") != _ASKING
