"""Rate limits: how often each organisation may ask each class of routes, counted in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from callwright.domain.errors import RateLimitedError
from callwright.domain.limits import MAX_RATE_WINDOWS
from callwright.domain.rates import Window, class_of


class RateLimits:
    """Counts requests of organisations. ``limits`` are requests a minute by class, 0 for no limit; ``seconds`` never goes back.

    What is counted is in memory: a request costs no write, and several processes count each for itself, so that an organisation may send
    each of them its limit.
    """

    def __init__(self, limits: Mapping[str, int], seconds: Callable[[], float]) -> None:
        self._limits = dict(limits)
        self._seconds = seconds
        self._windows: OrderedDict[tuple[str, str], Window] = OrderedDict()

    def check(self, organisation_id: str, path: str) -> None:
        """Count one request. Raises RateLimitedError with the seconds to wait when it is one too many."""
        name = class_of(path)
        limit = self._limits.get(name, 0)
        if limit == 0:
            return
        wait_s = self._window(organisation_id, name, limit).take(int(self._seconds()))
        if wait_s:
            raise RateLimitedError(
                f"Too many requests: {limit} a minute are allowed here; try again in {wait_s} s", retry_after_s=wait_s
            )

    def _window(self, organisation_id: str, name: str, limit: int) -> Window:
        key = (organisation_id, name)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(limit)
            if len(self._windows) > MAX_RATE_WINDOWS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(key)
        return window
