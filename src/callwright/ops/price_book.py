"""Reading the price book from its JSON file.

The file holds ``{"prices": [{"kind", "provider", "model", "cents", "per", "increment"}]}``: ``cents`` (decimal text) for
every ``per`` units, billed in steps of ``increment`` units. Without ``model`` it is the price of the provider's other models,
without ``provider`` too that of every other provider. Units: milliseconds (transcriber, carrier, platform), tokens
(model_input, model_output), characters (voice).
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_PRICES
from callwright.domain.money import nano_from_cents
from callwright.domain.pricing import Price, PriceBook

KINDS = ("transcriber", "model_input", "model_output", "voice", "carrier", "platform")
FIELDS = frozenset({"kind", "provider", "model", "cents", "per", "increment"})


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
    prices: dict[tuple[str, str, str], Price] = {}
    for number, row in enumerate(rows, start=1):
        key, price = _entry(path, number, row)
        if key in prices:
            raise ConfigurationError(f"price {number} of {path}: {', '.join(key)} has a price already")
        prices[key] = price
    return PriceBook(prices)


def _entry(path: Path, number: int, row: Any) -> tuple[tuple[str, str, str], Price]:
    where = f"price {number} of {path}"
    if not isinstance(row, dict) or row.get("kind") not in KINDS:
        raise ConfigurationError(f"{where}: kind must be one of {', '.join(KINDS)}")
    unknown = sorted(set(row) - FIELDS)
    if unknown:
        raise ConfigurationError(f"{where}: unknown {', '.join(unknown)}; a price has {', '.join(sorted(FIELDS))}")
    try:
        nano = nano_from_cents(Decimal(str(row["cents"])))
    except (KeyError, ValueError, OverflowError, InvalidOperation) as error:
        raise ConfigurationError(f"{where}: cents must be a decimal number") from error
    price = Price(nano, row.get("per", 1), row.get("increment", 1))
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (price.per, price.increment))
    if nano < 0 or not whole or price.per < 1 or price.increment < 1:
        raise ConfigurationError(f"{where}: cents must not be negative; per and increment are whole numbers from 1")
    provider, model = str(row.get("provider", "*")), str(row.get("model", "*"))
    if provider == "*" and model != "*":
        raise ConfigurationError(f"{where}: a price of the model {model!r} needs its provider")
    return (row["kind"], provider, model), price
