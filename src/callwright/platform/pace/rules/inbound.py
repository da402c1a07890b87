"""How many calls that come in may begin: a flood of them must not make the audio of the calls under way late."""

from __future__ import annotations

from callwright.domain.limits import INBOUND_BURST_SECONDS, LATE_AUDIO_MS

_SECOND_US = 1_000_000


class InboundAllowance:
    """A bucket of calls that fills at ``per_second`` and holds those of INBOUND_BURST_SECONDS; at one a second while live audio is late.

    The lower half is kept for accounts that began no call within the last second. So one account empties half of it, goes on at the full
    rate, and leaves the others room.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._most = self._left = float(per_second * INBOUND_BURST_SECONDS)
        self._at_us = 0
        self._began: dict[str, int] = {}

    def take(self, account: str, late_ms: int, now_us: int) -> bool:
        """Whether a call of an account may begin at ``now_us``. One that may is counted. ``late_ms``: how late live audio is."""
        per_second = 1 if late_ms >= LATE_AUDIO_MS else self._per_second
        self._left = min(self._most, self._left + per_second * (now_us - self._at_us) / _SECOND_US)
        self._at_us = now_us
        self._began = {one: at_us for one, at_us in self._began.items() if now_us - at_us < _SECOND_US}
        if self._left < 1 or (self._left - 1 < self._most / 2 and account in self._began):
            return False
        self._left -= 1
        self._began[account] = now_us
        return True
