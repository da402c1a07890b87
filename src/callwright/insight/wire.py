"""Values on the wire: JSON with exact decimals as numbers, and times. API answers and webhook bodies are encoded here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """``value`` as compact JSON. Decimals become JSON numbers with all their digits."""
    return _ENCODER.encode(value)


def wire_time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with microseconds and ``+00:00``; None stays None."""
    if moment is None:
        return None
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


def kept_time(text: str | None) -> str | None:
    """A time that a record keeps as ISO 8601 text, as :func:`wire_time` writes it."""
    return None if text is None else wire_time(datetime.fromisoformat(text))
