"""Reading the price book from its JSON file.

The file holds ``{"prices": [{"kind", "provider", "model", "cents", "per", "increment"}]}``: ``cents`` (decimal text) for
every ``per`` units, billed in steps of ``increment`` units. Units: milliseconds (transcriber, carrier, platform), tokens
(model_input, model_output), characters (voice).
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from callwright.domain.errors import ConfigurationError
from callwright.domain.money import nano_from_cents
from callwright.domain.pricing import Price, PriceBook

KINDS = ("transcriber", "model_input", "model_output", "voice", "carrier", "platform")
MAX_PRICES = 10_000


def load_price_book(path: Path | None) -> PriceBook:
    """The price book of a file; without a file everything is free. Raises ConfigurationError naming the entry that is wrong."""
    if path is None:
        return PriceBook()
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the price book {path} cannot be read: {error}") from error
    rows = document.get("prices") if isinstance(document, dict) else None
    if not isinstance(rows, list) or len(rows) > MAX_PRICES:
        raise ConfigurationError(f'the price book {path} must be {{"prices": [...]}} with at most {MAX_PRICES} entries')
    return PriceBook(dict(_entry(path, number, row) for number, row in enumerate(rows, start=1)))


def _entry(path: Path, number: int, row: Any) -> tuple[tuple[str, str, str], Price]:
    where = f"price {number} of {path}"
    if not isinstance(row, dict) or row.get("kind") not in KINDS:
        raise ConfigurationError(f"{where}: kind must be one of {', '.join(KINDS)}")
    try:
        nano = nano_from_cents(Decimal(str(row["cents"])))
        price = Price(nano, int(row.get("per", 1)), int(row.get("increment", 1)))
    except (KeyError, ValueError, TypeError, InvalidOperation) as error:
        raise ConfigurationError(f"{where}: cents, per and increment must be numbers ({error})") from error
    if nano < 0 or price.per < 1 or price.increment < 1:
        raise ConfigurationError(f"{where}: cents must not be negative; per and increment must be at least 1")
    return (row["kind"], str(row.get("provider", "*")), str(row.get("model", "*"))), price
