"""Reading the price book from its JSON file: ``{"prices": [...]}``, with rows as ``platform.prices.rules.read_price`` reads them."""

from __future__ import annotations

import json
from pathlib import Path

from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.domain.limits import MAX_PRICES
from callwright.platform.prices.rules import DatedPrices, PriceRow, read_price


def load_price_book(path: Path | None) -> DatedPrices:
    """The prices of a file; without a file everything is free. Raises ConfigurationError naming the entry that is wrong."""
    if path is None:
        return DatedPrices()
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the price book {path} cannot be read: {error}") from error
    entries = document.get("prices") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_PRICES:
        raise ConfigurationError(f'the price book {path} must be {{"prices": [...]}} with at most {MAX_PRICES} entries')
    rows: dict[object, PriceRow] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            row = read_price(entry)
        except BadInputError as error:
            raise ConfigurationError(f"price {number} of {path}: {error.message}") from error
        if (row.key, row.valid_from) in rows:
            when = f" from {row.valid_from.isoformat()} on" if row.valid_from else ""
            raise ConfigurationError(f"price {number} of {path}: {', '.join(row.key)} has a price already{when}")
        rows[row.key, row.valid_from] = row
    return DatedPrices(rows.values())
