"""Which gateways of trunks do not answer, so that calls ask them after all others instead of waiting for each.

A gateway that said nothing to an INVITE counts for TRUNK_SILENCE_SECONDS, one that does not answer OPTIONS (``trunk_upkeep``) until it
answers something. It is asked last and not left out: some gateways answer an INVITE and no OPTIONS. Pure: the time is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence

from callwright.domain.limits import MAX_SILENT_GATEWAYS, TRUNK_SILENCE_SECONDS

Gateway = tuple[str, str]
"""The trunk's id, and the gateway's ``host:port``: what one account's trunk finds counts for no other."""


class SilentGateways:
    """Those of one process. Times are monotonic microseconds."""

    def __init__(self) -> None:
        self._since_us: dict[Gateway, int] = {}
        self._unanswered: set[Gateway] = set()

    def silent(self, gateway: Gateway, now_us: int) -> None:
        """A call gave it up because nothing came from it."""
        self._since_us.pop(gateway, None)
        while len(self._since_us) >= MAX_SILENT_GATEWAYS:
            self._unanswered.discard(oldest := next(iter(self._since_us)))
            self._since_us.pop(oldest)
        self._since_us[gateway] = now_us

    def unanswered(self, gateway: Gateway, now_us: int) -> None:
        """It did not answer OPTIONS."""
        self.silent(gateway, now_us)
        self._unanswered.add(gateway)

    def spoke(self, gateway: Gateway) -> None:
        """It answered something."""
        self._since_us.pop(gateway, None)
        self._unanswered.discard(gateway)

    def silent_for_s(self, gateway: Gateway, now_us: int) -> int | None:
        """How many seconds ago it was found silent; None when it was not, or when that is too long ago to count."""
        since_us = self._since_us.get(gateway)
        if since_us is None:
            return None
        ago_s = (now_us - since_us) // 1_000_000
        return ago_s if ago_s < TRUNK_SILENCE_SECONDS or gateway in self._unanswered else None

    def in_order(self, gateways: Sequence[Gateway], now_us: int) -> list[int]:
        """Which to ask one after the other, as places in ``gateways``: as they come, but the silent ones behind all others."""
        return sorted(range(len(gateways)), key=lambda at: self.silent_for_s(gateways[at], now_us) is not None)
