"""Numbers that are not called any more, because whoever is there asked for it or an organisation wants it so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from callwright.platform.executions.rules.execution import Execution

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


_HIDDEN = re.compile(r"(?i)sips?:(?:anonymous|unknown)@")
"""How an address hides who it is of (RFC 3323)."""


def is_nobody(number: str) -> bool:
    """Whether a number or an address stands for somebody who hides theirs."""
    text = number.strip()
    return text.lower() in NOBODY or _HIDDEN.match(text) is not None


def far_number(execution: Execution) -> str:
    """The number of whoever is at the other end, as it came; empty where there is none (a chat, a caller who hides it)."""
    number = execution.to_number if execution.direction == "outbound" else execution.from_number
    return "" if is_nobody(number) else number.strip()
