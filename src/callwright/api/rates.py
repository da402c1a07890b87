"""Rate limits: how often each organisation may ask each class of routes, and each address without a good key; counted in this process."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from callwright.domain.errors import RateLimitedError
from callwright.domain.limits import (
    MAX_RATE_WINDOWS,
    MAX_SUSPECT_LOOKUPS,
    MAX_SUSPECTS_WAITING,
    MAX_SUSPECTS_WAITING_OF_ADDRESS,
)
from callwright.domain.rates import BAD_KEY, Window, caller_of, class_of


class _Windows:
    """Counters by name; the one used longest ago is forgotten first."""

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, str], Window] = OrderedDict()

    def of(self, key: tuple[str, str], limit: int) -> Window:
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(limit)
            if len(self._windows) > MAX_RATE_WINDOWS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(key)
        return window

    def __len__(self) -> int:
        return len(self._windows)

    def known(self, key: tuple[str, str]) -> Window | None:
        return self._windows.get(key)


class RateLimits:
    """Counts requests of organisations. ``limits`` are requests a minute by class, 0 for no limit; ``seconds`` never goes back.

    What is counted is in memory: a request costs no write, and several processes count each for itself, so that an organisation may send
    each of them its limit.
    """

    def __init__(self, limits: Mapping[str, int], seconds: Callable[[], float]) -> None:
        self._limits = dict(limits)
        self._seconds = seconds
        self._windows = _Windows()
        # Apart, so that no crowd of addresses makes us forget what organisations have asked.
        self._addresses = _Windows()
        self._lookups = asyncio.Semaphore(MAX_SUSPECT_LOOKUPS)
        # Requests that wait or are looked up, by caller; none is 0.
        self._waiting: Counter[str] = Counter()

    def check(self, organisation_id: str, path: str) -> None:
        """Count one request. Raises RateLimitedError with the seconds to wait when it is one too many."""
        name = class_of(path)
        limit = self._limits.get(name, 0)
        if limit == 0:
            return
        wait_s = self._windows.of((organisation_id, name), limit).take(int(self._seconds()))
        if wait_s:
            raise RateLimitedError(
                f"Too many requests: {limit} a minute are allowed here; try again in {wait_s} s", retry_after_s=wait_s
            )

    def bad_key(self, address: str) -> None:
        """Count one request that came without a good key. Raises RateLimitedError when the address sent too many of them."""
        limit = self._limits.get(BAD_KEY, 0)
        if limit == 0:
            return
        wait_s = self._addresses.of((caller_of(address), BAD_KEY), limit).take(int(self._seconds()))
        if wait_s:
            raise _too_many(limit, wait_s)

    def is_suspect(self, address: str) -> bool:
        """Whether an address sent too many requests without a good key: then its keys are looked up with :meth:`look_up`."""
        return bool(self._addresses) and self._wait_of(address) > 0

    @asynccontextmanager
    async def look_up(self, address: str) -> AsyncIterator[None]:
        """Look up a key that is not in memory and came from a suspect address within the block. A good one is served, as somebody else may
        be behind the same proxy; but only MAX_SUSPECT_LOOKUPS are looked up at once. Raises RateLimitedError when too many wait, of this
        address or of all."""
        caller = caller_of(address)
        if self._waiting[caller] >= MAX_SUSPECTS_WAITING_OF_ADDRESS or self._waiting.total() >= MAX_SUSPECTS_WAITING:
            raise _too_many(self._limits.get(BAD_KEY, 0), max(1, self._wait_of(address)))
        self._waiting[caller] += 1
        try:
            async with self._lookups:
                yield
        finally:
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]

    def _wait_of(self, address: str) -> int:
        window = self._addresses.known((caller_of(address), BAD_KEY))
        return window.full(int(self._seconds())) if window is not None else 0


def _too_many(limit: int, wait_s: int) -> RateLimitedError:
    return RateLimitedError(
        f"Too many requests without a good key: {limit} a minute are allowed from one address; try again in {wait_s} s",
        retry_after_s=wait_s,
    )
