"""Whether what a call cost is all known."""

from __future__ import annotations

from callwright.domain.execution import TERMINAL, Execution
from callwright.domain.retry import RETRY_AT

FINISHED = "finished_attempt"
"""Key of the record: the attempt whose post-call work is done."""
POST_DUE = "post_due_attempt"
"""Key of the record: the attempt that ended at once, with the call itself, and whose post-call work is still done behind that end."""
_ASKING = "queued"
"""Status of ``extraction_state`` while the questions about the call are to be asked again."""


def is_settled(execution: Execution) -> bool:
    """Whether nothing is added to the cost of ``execution`` any more: it has come to its end, no other attempt
    follows, and no question about it is still asked."""
    record = execution.record
    if execution.status not in TERMINAL or record.get(RETRY_AT):
        return False
    if record.get(POST_DUE) == execution.attempt and record.get(FINISHED) != execution.attempt:
        return False
    return (record.get("extraction_state") or {}).get("status") != _ASKING
