"""SIP trunks between calls: read again when one has changed, and given to the carrier that keeps them ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from callwright.domain.limits import TRUNK_LOOK_SECONDS
from callwright.ops.rounds import round_boundary
from callwright.ports.trunk_lines import TrunkLine, TrunkLines, TrunkState


class TrunkReadiness:
    """``ports.trunk_lines.TrunkStates`` over the carrier of trunks. ``lines`` reads the trunks; another process may change one too."""

    def __init__(self, carrier: TrunkLines, lines: Callable[[], Awaitable[Sequence[TrunkLine]]]) -> None:
        self._carrier = carrier
        self._lines = lines
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """See ``TrunkStates``."""
        self._changed.set()

    def state(self, trunk_id: str) -> TrunkState:
        """See ``TrunkStates``."""
        return self._carrier.trunk_state(trunk_id)

    async def forever(self) -> None:
        """Keep the trunks ready until cancelled."""
        while True:
            self._changed.clear()
            with round_boundary("keeping SIP trunks ready"):
                self._carrier.use(await self._lines())
            with suppress(TimeoutError):
                async with asyncio.timeout(TRUNK_LOOK_SECONDS):
                    await self._changed.wait()
