"""Which gateways of trunks said nothing to an INVITE a short while ago, so that the next calls need not find that out again, one after the
other, in TRUNK_GATEWAY_SECONDS each.

This instead of asking them with OPTIONS: what counts is whether an INVITE is answered, some gateways answer the one and not the other, and
nothing is sent that no call needs. Pure: the time is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence

from callwright.domain.limits import MAX_SILENT_GATEWAYS, TRUNK_SILENCE_SECONDS

Gateway = tuple[str, str]
"""The trunk's id, and the gateway's address: what one account's trunk finds counts for no other."""


class SilentGateways:
    """Those of one process. Times are monotonic microseconds."""

    def __init__(self) -> None:
        self._since_us: dict[Gateway, int] = {}

    def silent(self, gateway: Gateway, now_us: int) -> None:
        """It was given up because nothing came from it."""
        self._since_us.pop(gateway, None)
        while len(self._since_us) >= MAX_SILENT_GATEWAYS:
            self._since_us.pop(next(iter(self._since_us)))
        self._since_us[gateway] = now_us

    def spoke(self, gateway: Gateway) -> None:
        """It answered something."""
        self._since_us.pop(gateway, None)

    def silent_for_s(self, gateway: Gateway, now_us: int) -> int | None:
        """How many seconds ago it was found silent; None when it was not, or when that is too long ago to count."""
        since_us = self._since_us.get(gateway)
        if since_us is None:
            return None
        ago_s = (now_us - since_us) // 1_000_000
        return ago_s if ago_s < TRUNK_SILENCE_SECONDS else None

    def in_order(self, gateways: Sequence[Gateway], now_us: int) -> list[int]:
        """Which to ask one after the other, as places in ``gateways``: as they come, but the silent ones behind all others."""
        return sorted(range(len(gateways)), key=lambda at: self.silent_for_s(gateways[at], now_us) is not None)
