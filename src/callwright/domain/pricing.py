"""The price book: what one unit of each leg costs. Pure data; the file it is read from belongs to the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Price:
    """``nano_cents`` for every ``per`` units, billed in steps of ``increment`` units.

    Units: ``ms`` of audio for transcribers and carriers, ``tokens`` for models, ``characters`` for voices.
    """

    nano_cents: int = 0
    per: int = 1
    increment: int = 1


FREE = Price()

PLATFORM = "callwright"
"""The provider of the kind ``platform``."""


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices by ``(kind, provider, model)``; ``model``, or both, may be ``*``. What is not listed costs nothing.

    Kinds: ``transcriber``, ``model_input``, ``model_output``, ``voice``, ``carrier``, ``platform``.
    """

    prices: Mapping[tuple[str, str, str], Price] = field(default_factory=dict)

    def price(self, kind: str, provider: str, model: str) -> Price:
        """The price of one kind of usage: of the exact model, else the provider's ``*``, else everybody's, else free."""
        for key in ((kind, provider, model), (kind, provider, "*"), (kind, "*", "*")):
            found = self.prices.get(key)
            if found is not None:
                return found
        return FREE
