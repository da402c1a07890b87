"""When keys were last used, kept in memory and written now and then: no request waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from callwright.platform.ledger import Ledger

WRITE_EVERY = timedelta(seconds=60)


class KeyUse:
    """Last uses that are not written yet. A crash loses WRITE_EVERY of them or a little more; a key not used since has
    nothing to write."""

    def __init__(self) -> None:
        self._used: dict[str, datetime] = {}
        self._written: datetime | None = None

    def note(self, key_id: str, at: datetime) -> None:
        """A request came with the key."""
        self._used[key_id] = at

    async def write(self, ledger: Ledger, now: datetime, *, all_of_them: bool = False) -> int:
        """Write what is to be written, once in WRITE_EVERY unless ``all_of_them``; how many keys that were. What could not be written is
        kept for the next time."""
        if not self._used or not (all_of_them or self._written is None or now - self._written >= WRITE_EVERY):
            return 0
        due, self._used = self._used, {}
        try:
            async with ledger.unit() as unit:
                await unit.keys.used(due)
        except BaseException:
            self._used = {**due, **self._used}
            raise
        self._written = now
        return len(due)
