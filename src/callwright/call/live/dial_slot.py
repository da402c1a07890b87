"""When a call may begin: the limits per second of its account, carrier, number and batch, which hold over all processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from callwright.platform.dialling.rules.facts import DialFacts
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger
from callwright.platform.pace.rules.choice import Slot, limit_keys, slots
from callwright.platform.unit import Unit
from callwright.ports.world import Clock

LOOK_SECONDS = 0.5
"""How often a call that waits for its moment looks whether it was stopped."""


class TooSoonError(Exception):
    """A limit per second does not let the call begin yet: undo the unit, :meth:`DialSlot.wait`, and try again."""


class BatchPausedError(Exception):
    """The batch of the call was paused after it was taken: it waits again."""


class DialSlot:
    """The moment at which one call begins. Where limits are busy, a moment is promised to it once, and it waits for that: calls come in
    order, and none asks more than two or three times."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._slots: Sequence[Slot] = ()
        self._promised = False
        self._seconds = 0.0

    async def take(self, unit: Unit, execution: Execution, facts: DialFacts) -> datetime | None:
        """Begin the call, in the unit that writes the intent to dial and has read ``facts``. Returns the moment by the database's clock,
        None without a limit. Raises TooSoonError or BatchPausedError."""
        if facts.batch_paused:
            raise BatchPausedError
        stored = facts.stored
        keys = limit_keys(stored.tenant_id, execution.carrier, execution.from_number, execution.batch_id)
        self._slots = slots(keys, stored.policy.pace, facts.batch_limit)
        if not self._slots:
            return None
        at, self._seconds = await unit.pace.take(self._slots, promised=self._promised)
        if at is None:
            raise TooSoonError
        return at

    async def wait(self, called_off: Callable[[], bool]) -> None:
        """Until the limits may let the call begin, or it is called off."""
        if not self._promised:
            async with self._ledger.unit() as unit:
                self._seconds = await unit.pace.reserve(self._slots)
            self._promised = True
        while self._seconds > 0 and not called_off():
            piece = min(self._seconds, LOOK_SECONDS)
            self._seconds -= piece
            await self._clock.sleep(piece)
