"""What an evaluator of ``detection`` found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """``cases`` decided, so many of them ``wrong``; ``detail``: the first wrong ones, for people."""

    name: str
    cases: int
    wrong: int
    detail: str = ""

    @property
    def rate(self) -> float:
        """Wrong cases per case."""
        return self.wrong / self.cases if self.cases else 0.0


def measured(name: str, verdicts: Iterable[str]) -> Measured:
    """From one verdict per case: nothing for a right one, what was wrong for another."""
    found = list(verdicts)
    wrong = [verdict for verdict in found if verdict]
    return Measured(name, len(found), len(wrong), "; ".join(wrong[:MOST_SHOWN]))
