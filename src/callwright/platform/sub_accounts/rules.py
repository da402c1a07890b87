"""How many calls at once an organisation and its sub-accounts may have, and what these numbers must be together (contract 3.13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from callwright.domain.errors import BadInputError

PAUSED = 0
"""As a maximum: the account takes no calls."""


@dataclass(frozen=True, slots=True)
class Places:
    """Calls at once. ``least`` are guaranteed: kept free for the account whatever others do. ``most`` is never exceeded; None means
    elastic, as many as the organisation has room for; 0 means paused, and then nothing is kept free."""

    least: int
    most: int | None

    @property
    def held(self) -> int:
        """How many places are kept free for the account."""
        return self.least if self.most is None else min(self.least, self.most)


def check_places(organisation: Places, others: Iterable[Places], mine: Places) -> None:
    """Raises BadInputError, in the contract's words, when ``mine`` cannot stand beside the organisation's other sub-accounts.

    The minimums of all, paused ones included, sum to at most the organisation's minimum; the maximums of those that have one to at most its
    maximum. A minimum is not above its maximum, unless the account is paused.
    """
    if mine.most is not None and mine.most != PAUSED and mine.least > mine.most:
        raise BadInputError(
            f"min_concurrency ({mine.least}) must not exceed max_concurrency ({mine.most})", field="min_concurrency"
        )
    all_of_them = [*others, mine]
    most = organisation.most or 0
    least = sum(one.least for one in all_of_them)
    if least > organisation.least:
        raise BadInputError(
            f"Sum of account minimums ({least}) exceeds the org minimum ({organisation.least}) by {least - organisation.least};"
            " lower an account minimum first.",
            field="min_concurrency",
        )
    capped = sum(one.most for one in all_of_them if one.most is not None)
    if capped > most:
        raise BadInputError(
            f"Sum of capped account maximums ({capped}) exceeds the org maximum ({most}) by {capped - most};"
            " lower an account maximum or raise the org maximum.",
            field="max_concurrency",
        )


def check_organisation(organisation: Places, accounts: Iterable[Places]) -> None:
    """Raises BadInputError when an organisation's own numbers do not hold what its sub-accounts were promised."""
    most = organisation.most or 0
    if organisation.least > most:
        raise BadInputError(
            f"min_concurrency ({organisation.least}) must not exceed max_concurrency ({most})", field="min_concurrency"
        )
    known = list(accounts)
    least = sum(one.least for one in known)
    if least > organisation.least:
        raise BadInputError(
            f"the sub-accounts are guaranteed {least} places; lower an account minimum first", field="min_concurrency"
        )
    capped = sum(one.most for one in known if one.most is not None)
    if capped > most:
        raise BadInputError(
            f"the maximums of sub-accounts sum to {capped}; lower an account maximum first", field="max_concurrency"
        )
