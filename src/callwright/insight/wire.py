"""Bytes on the wire: JSON with exact decimals as numbers. The one encoder of API answers and webhook bodies."""

from __future__ import annotations

from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """``value`` as compact JSON. Decimals become JSON numbers with all their digits."""
    return _ENCODER.encode(value)
