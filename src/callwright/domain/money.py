"""Money as integer nano-cents (10**-9 of a US cent), so that sums are exact and storage is a bigint.

Amounts leave the platform as exact decimals in cents, never as binary floats. A leg of a call is rated once on its whole
usage; its parts (welcome, turns, waste, post-call) are then *allocated* by cumulative rounding, so the parts always sum to
the leg, whatever the weights are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

NANO_PER_CENT = 1_000_000_000
_NANO_PER_CENT = Decimal(NANO_PER_CENT)


def nano_from_cents(cents: Decimal | str | int) -> int:
    """Cents (a decimal number or its text) as nano-cents, rounded half to even beyond nine decimals."""
    scaled = Decimal(cents) * NANO_PER_CENT
    return int(scaled.to_integral_value(rounding=ROUND_HALF_EVEN))


def cents_from_nano(nano_cents: int) -> Decimal:
    """Nano-cents as an exact decimal number of cents without trailing zeros (``Decimal('0.23')``)."""
    # An exact quotient has no trailing zeros; one operation, because a record holds some fifty amounts.
    return nano_cents / _NANO_PER_CENT


def cents_of(nano_cents: Mapping[str, int], names: Iterable[str]) -> dict[str, Decimal]:
    """The amounts of ``names`` as :func:`cents_from_nano` gives them, 0 for one that is not there."""
    return {name: nano_cents.get(name, 0) / _NANO_PER_CENT for name in names}


def rate(quantity: int, price_nano_cents: int, per: int, *, round_up_to: int = 1) -> int:
    """Price of ``quantity`` units at ``price_nano_cents`` for every ``per`` units.

    ``round_up_to`` is the vendor's billing increment in the same unit (60_000 for whole minutes counted in milliseconds).
    The result is rounded half up to a whole nano-cent. Raises ValueError for negative input or a non-positive ``per``.
    """
    if quantity < 0 or price_nano_cents < 0 or per <= 0 or round_up_to <= 0:
        raise ValueError("quantity and price must not be negative; per and round_up_to must be positive")
    billed = -(-quantity // round_up_to) * round_up_to
    return (2 * billed * price_nano_cents + per) // (2 * per)


def allocate(total_nano_cents: int, weights: Sequence[int]) -> list[int]:
    """Split an amount over ``weights`` by cumulative rounding: the parts sum to the amount exactly.

    Weights must not be negative. With no positive weight the whole amount goes to the last part; with no part at all the
    amount must be 0 (ValueError otherwise).
    """
    if any(w < 0 for w in weights):
        raise ValueError("weights must not be negative")
    if not weights:
        if total_nano_cents:
            raise ValueError("an amount cannot be allocated to no parts")
        return []
    whole = sum(weights)
    if whole == 0:
        return [0] * (len(weights) - 1) + [total_nano_cents]
    parts: list[int] = []
    seen = given = 0
    for weight in weights:
        seen += weight
        due = total_nano_cents * seen // whole
        parts.append(due - given)
        given = due
    return parts
