"""Violations: complaints about calls that the operator puts before an account, and the account answers (contract 3.14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import WrongStateError

PENDING, SUBMITTED, ACCEPTED, REJECTED = "pending", "submitted", "accepted", "rejected"
STATUSES = (PENDING, ACCEPTED, REJECTED, SUBMITTED)

#: What may become of a violation: the account answers, as often as it likes until the operator has decided.
_NEXT: dict[str, frozenset[str]] = {
    PENDING: frozenset({SUBMITTED, ACCEPTED, REJECTED}),
    SUBMITTED: frozenset({SUBMITTED, ACCEPTED, REJECTED}),
    ACCEPTED: frozenset(),
    REJECTED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A complaint. ``note``: the operator's words; ``file_name`` names the account's answer, which is kept apart."""

    id: str
    tenant_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    execution_id: str | None = None
    agent_id: str | None = None
    from_number: str = ""
    to_number: str = ""
    date_of_call: datetime | None = None
    email: str = ""
    note: str | None = None
    file_name: str | None = None


def check_step(violation: Violation, status: str) -> None:
    """Raises WrongStateError when a violation cannot become that."""
    if status not in _NEXT[violation.status]:
        raise WrongStateError(f"the violation is {violation.status}: it cannot become {status} any more")
