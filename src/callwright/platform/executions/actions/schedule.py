"""When a call may be dialled, read from ``scheduled_at`` (contract 3.2, 11.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.domain.errors import BadInputError, CallwrightError
from callwright.domain.limits import MAX_SCHEDULE_DAYS

TOO_SOON = "Scheduled time should be atleast 2 minutes in the future"
"""The hosted service's own words, spelling included."""

PASSED = "scheduled_at is in the past by more than five minutes; give a time from now on"

STRICT_DAYS = 30
_STRICT_LEAD = timedelta(minutes=2)
_LATE = timedelta(minutes=5)
_PLUS_AS_BLANK = re.compile(r"(\S+[Tt ]\S+) (\d\d:?\d\d)")
"""A time whose ``+`` was not percent-encoded in a query or a form, where it stands for a blank."""


def moment(text: Any, what: str, *, offset: bool = False) -> datetime:
    """An ISO 8601 time as aware UTC. Without an offset it means UTC, or is refused where ``offset`` is asked for. A blank before the offset
    counts as ``+``. Raises BadInputError naming ``what``."""
    try:
        given = text.strip()
        blank = _PLUS_AS_BLANK.fullmatch(given)
        found = datetime.fromisoformat("+".join(blank.groups()) if blank else given)
        if found.tzinfo or not offset:
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (AttributeError, ValueError, OverflowError):
        raise BadInputError(f"{what} must be an ISO 8601 time such as 2026-11-24T16:30:00+00:00", field=what) from None
    raise BadInputError(
        f"{what} must be an ISO 8601 time with its offset from UTC, such as 2026-11-24T16:30:00+05:30, or +00:00 for UTC",
        field=what,
    )


def due_time(given: Any, now: datetime, *, strict: bool) -> datetime | None:
    """When to dial, or None for at once. A time that passed up to five minutes ago means at once. One without an offset is in UTC. An empty
    text is refused.

    Strict as the hosted service: with an offset, at least two minutes and at most 30 days ahead, and a ``Z`` suffix is its internal error.
    """
    if given is None:
        return None
    if strict and isinstance(given, str) and given.strip().upper().endswith("Z"):
        raise CallwrightError("Internal server error", field="scheduled_at")
    at = moment(given, "scheduled_at", offset=strict)
    days = STRICT_DAYS if strict else MAX_SCHEDULE_DAYS
    if at > now + timedelta(days=days):
        raise BadInputError(f"scheduled_at is more than {days} days ahead", field="scheduled_at")
    if strict and at < now + _STRICT_LEAD:
        raise BadInputError(TOO_SOON, field="scheduled_at")
    if at < now - _LATE:
        raise BadInputError(PASSED, field="scheduled_at")
    return at if at > now else None
