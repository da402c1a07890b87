"""Whether what a call cost is all known."""

from __future__ import annotations

from callwright.insight.transfers import talk_goes_on
from callwright.platform.executions.rules.execution import TERMINAL, Execution
from callwright.platform.executions.rules.retry import RETRY_AT

_ASKING = "queued"
"""Status of ``extraction_state`` while the questions about the call are to be asked again."""


def is_settled(execution: Execution) -> bool:
    """Whether nothing is added to the cost of ``execution`` any more: it has come to its end, no other attempt follows, no question
    about it is still asked, and nobody talks on after its transfer."""
    if execution.status not in TERMINAL or execution.record.get(RETRY_AT) or talk_goes_on(execution.record):
        return False
    return (execution.record.get("extraction_state") or {}).get("status") != _ASKING
