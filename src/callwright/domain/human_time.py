"""How long ago something was, in words, as the hosted service's lists have it."""

from __future__ import annotations

from datetime import datetime

_UNITS = (
    ("year", 31_536_000),
    ("month", 2_592_000),
    ("week", 604_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)


def ago(then: datetime, now: datetime) -> str:
    """``5 minutes ago``, ``a day ago``, ``just now``. A moment in the future is just now: clocks differ a little."""
    seconds = int((now - then).total_seconds())
    for unit, size in _UNITS:
        count = seconds // size
        if count > 1:
            return f"{count} {unit}s ago"
        if count == 1:
            return f"{'an' if unit == 'hour' else 'a'} {unit} ago"
    return "just now"
