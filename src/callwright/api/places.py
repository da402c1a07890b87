"""Places of a process that organisations share: requests that last, such as uploads and live event streams."""

from __future__ import annotations

from collections import Counter

from callwright.domain.errors import RateLimitedError


class Places:
    """``of_all`` places for ``what``, at most ``of_one`` of them for an organisation."""

    def __init__(self, what: str, of_all: int, of_one: int) -> None:
        self._what = what
        self._of_all = of_all
        self._of_one = of_one
        self._taken: Counter[str] = Counter()

    def enter(self, organisation_id: str) -> None:
        """Take a place. Raises RateLimitedError when the organisation, or the process, has none left."""
        if self._taken[organisation_id] >= self._of_one:
            raise RateLimitedError(
                f"{self._of_one} {self._what} of the organisation are under way; wait for one to end"
            )
        if self._taken.total() >= self._of_all:
            raise RateLimitedError(f"{self._of_all} {self._what} are under way already; try later")
        self._taken[organisation_id] += 1

    def leave(self, organisation_id: str) -> None:
        """Give a place back."""
        self._taken[organisation_id] -= 1
        # Nothing is kept of organisations that have none.
        self._taken += Counter()
