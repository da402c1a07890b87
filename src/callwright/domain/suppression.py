"""Numbers that are not called any more, because whoever is there asked for it or an organisation wants it so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callwright.domain.execution import Execution

SAID = "said"
BY_API = "api"
REASONS = (SAID, BY_API)
"""``said``: by the person in a call; ``api``: put on the list by a request."""

NOBODY = frozenset({"", "anonymous", "unknown"})
"""What stands for a number where there is none."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A number that an organisation does not call. ``said``: the person's words in the call ``execution_id``; both None when it was put on
    the list by a request."""

    number: str
    tenant_id: str
    reason: str
    created_at: datetime
    execution_id: str | None = None
    said: str | None = None
    note: str | None = None


def far_number(execution: Execution) -> str:
    """The number of whoever is at the other end, as it came; empty where there is none (a chat, a caller who hides it)."""
    number = execution.to_number if execution.direction == "outbound" else execution.from_number
    return "" if number.strip().lower() in NOBODY else number.strip()
