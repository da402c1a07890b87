"""Shapes of the price book for the API description."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from callwright.api.reading import Asked, reads
from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.settings.kinds import choice, number, text, whole
from callwright.platform.prices.rules import ANY, KINDS, LARGEST_CENTS, LARGEST_UNITS

_UNITS = (
    "`transcriber`, `carrier`, `platform`: milliseconds. `voice`: characters. `model_input`, `model_output`: tokens; of these"
    " `model_cached_input`, `model_cache_write` and `model_reasoning` are priced apart where they have a price."
)
EXAMPLE: dict[str, Any] = {
    "kind": "model_input",
    "provider": "openai",
    "model": "gpt-4.1-mini",
    "cents": 12.5,
    "per": 1_000_000,
    "valid_from": "2026-12-01T00:00:00Z",
    "source": "our contract of November 2026",
}
_SHOWN: dict[str, Any] = {
    "id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    **EXAMPLE,
    "increment": 1,
    "valid_from": "2026-12-01T00:00:00+00:00",
    "origin": "api",
}


class PriceBody(Asked):
    """A price."""

    model_config = ConfigDict(json_schema_extra={"required": ["kind", "cents"]})

    kind: Annotated[str | None, reads(choice(KINDS))] = Field(default=None, description=_UNITS)
    provider: Annotated[str | None, reads(text(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="The provider or carrier. Left out: every provider without a price of its own."
    )
    model: Annotated[str | None, reads(text(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="One of the provider's models. Left out: those without a price of their own."
    )
    cents: Annotated[float | None, reads(number(0, LARGEST_CENTS))] = Field(
        default=None, description="The price of `per` units."
    )
    per: Annotated[int, reads(whole(1, LARGEST_UNITS))] = Field(default=1, description="Units the price is for.")
    increment: Annotated[int, reads(whole(1, LARGEST_UNITS))] = Field(
        default=1, description="The provider bills in steps of so many units."
    )
    valid_from: str | None = Field(
        default=None,
        description="Calls that begin from this time on are rated at the price; now where it is left out.",
    )
    source: Annotated[str | None, reads(text(MAX_NAME_CHARACTERS))] = Field(
        default=None, description="Where the price is from: an address, or a contract's name."
    )


class PriceView(Open):
    """A row of the price book."""

    model_config = example(_SHOWN)

    id: str | None = Field(description="null for a row of the file.")
    kind: str
    provider: str = Field(description=f"`{ANY}`: every provider without a price of its own.")
    model: str = Field(description=f"`{ANY}`: every model without a price of its own.")
    cents: float
    per: int
    increment: int
    valid_from: Timestamp | None = Field(description="null: always valid.")
    source: str = Field(description="Where the price is from. Empty for every key but the operator's.")
    origin: str = Field(description="`file` (CALLWRIGHT_PRICE_BOOK) or `api`.")


class PricesView(Open):
    """The price book, in the form of its file."""

    model_config = example({"prices": [_SHOWN]})

    prices: list[PriceView]
