"""API keys this process has seen lately: a request with one of them asks the database nothing.

They are believed only while the database can tell us of changes (NOTIFY from triggers on keys and organisations), and no longer than
KNOWN_KEY_SECONDS even then, so that a revoked key is refused at once, and soon if the news is lost on the way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from callwright.domain.limits import KNOWN_KEY_SECONDS, MAX_KNOWN_KEYS
from callwright.platform.accounts.rules import ApiKey


class KnownKeys:
    """Keys by digest. ``hears`` tells whether changes would be heard of now; ``seconds`` never goes back."""

    def __init__(self, hears: Callable[[], bool], seconds: Callable[[], float]) -> None:
        self._hears = hears
        self._seconds = seconds
        self._known: OrderedDict[bytes, tuple[float, ApiKey]] = OrderedDict()
        self._age = 0

    def forget(self) -> None:
        """Some key or organisation may have changed."""
        self._known.clear()
        self._age += 1

    def known(self, digest: bytes) -> ApiKey | None:
        """The key with a digest, if it is in memory and may be believed."""
        known = self._known.get(digest)
        return known[1] if known is not None and self._hears() and known[0] > self._seconds() else None

    async def find(self, digest: bytes, look_up: Callable[[], Awaitable[ApiKey | None]]) -> ApiKey | None:
        """The key with a digest, from memory or by ``look_up``. Keys that do not exist are always looked up."""
        known = self.known(digest)
        if known is not None:
            return known
        now = self._seconds()
        age, heard = self._age, self._hears()
        found = await look_up()
        # What was read before news came, or while none could come, may be out of date already.
        if found is not None and heard and age == self._age:
            self._known[digest] = (now + KNOWN_KEY_SECONDS, found)
            self._known.move_to_end(digest)
            if len(self._known) > MAX_KNOWN_KEYS:
                self._known.popitem(last=False)
        return found
