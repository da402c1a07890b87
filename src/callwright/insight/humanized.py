"""Times in words, as the hosted service shows them."""

from __future__ import annotations

from datetime import datetime

_STEPS = (("year", 31_536_000), ("month", 2_592_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def ago(then: datetime, now: datetime) -> str:
    """How long ago ``then`` was: ``5 minutes ago``; ``just now`` within a second, and for what is still to come."""
    seconds = int((now - then).total_seconds())
    for unit, length in _STEPS:
        count = seconds // length
        if count > 0:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
