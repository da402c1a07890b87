"""What an evaluator of ``detection`` found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_SHOWN = 3
_Z = 1.96
"""Of the normal distribution, 95 % lie within so many deviations."""


@dataclass(frozen=True, slots=True)
class Measured:
    """``cases`` decided, so many of them ``wrong``; ``detail``: the first wrong ones, for people.

    ``kinds``: the cases are so many things (greetings, sentences) each tried in many ways, and more ways make no more of them; 0: each case
    is one of its own. ``by_seed``: the wrong ones of each seed, where there was more than one.
    """

    name: str
    cases: int
    wrong: int
    detail: str = ""
    kinds: int = 0
    by_seed: tuple[int, ...] = ()

    @property
    def rate(self) -> float:
        """Wrong cases per case."""
        return self.wrong / self.cases if self.cases else 0.0

    @property
    def independent(self) -> int:
        """How many cases count where it matters how many there are."""
        return min(self.kinds or self.cases, self.cases)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the rate of all such cases lies, with 95 % confidence: Wilson's interval, of the independent cases."""
        count, rate = self.independent, self.rate
        if not count:
            return 0.0, 1.0
        middle = rate + _Z**2 / (2 * count)
        spread = _Z * math.sqrt(rate * (1 - rate) / count + (_Z / (2 * count)) ** 2)
        whole = 1 + _Z**2 / count
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def measured(name: str, verdicts: Iterable[str], kinds: int = 0) -> Measured:
    """From one verdict per case: nothing for a right one, what was wrong for another."""
    found = list(verdicts)
    wrong = [verdict for verdict in found if verdict]
    return Measured(name, len(found), len(wrong), _shown(wrong), kinds)


def pooled(of_seeds: Sequence[Measured]) -> Measured:
    """The same evaluator's findings of several seeds as one. At least one."""
    first = of_seeds[0]
    details = _shown([one.detail.partition("; ")[0] for one in of_seeds if one.detail])
    return Measured(
        first.name,
        sum(one.cases for one in of_seeds),
        sum(one.wrong for one in of_seeds),
        details if len(of_seeds) > 1 else first.detail,
        first.kinds,
        tuple(one.wrong for one in of_seeds) if len(of_seeds) > 1 else (),
    )


def _shown(wrong: Sequence[str]) -> str:
    return "; ".join(wrong[:MOST_SHOWN])
