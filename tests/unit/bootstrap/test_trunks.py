"""Trunks are read at the start, when one has changed, and from time to time, and given to the carrier that keeps them ready."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.unit.telephony.test_browser_leg import passed, virtually

from callwright.bootstrap.trunks import TrunkReadiness
from callwright.domain.errors import UnavailableError
from callwright.domain.limits import TRUNK_LOOK_SECONDS
from callwright.ports.trunk_lines import LineState, NoTrunkStates, TrunkLine, TrunkState

LINE = TrunkLine("t1", (("10.0.0.1", 5060),), "udp", "clear", 60)
STATE = TrunkState(LineState("registered", datetime(2026, 11, 29, tzinfo=UTC)))


class Carrier:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.used: list[Sequence[TrunkLine]] = []

    def use(self, lines: Sequence[TrunkLine]) -> None:
        self.used.append(lines)

    def trunk_state(self, trunk_id: str) -> TrunkState:
        return STATE


@virtually
async def test_trunks_are_read_when_one_has_changed_and_from_time_to_time() -> None:
    carrier, fails = Carrier(), [False]

    async def lines() -> Sequence[TrunkLine]:
        if fails[0]:
            raise UnavailableError("no database")
        return [LINE]

    readiness = TrunkReadiness(carrier, lines)
    task = asyncio.get_running_loop().create_task(readiness.forever())
    await passed(0.01)
    assert carrier.used == [[LINE]]
    readiness.changed()
    await passed(0.01)
    assert len(carrier.used) == 2
    fails[0] = True
    await passed(TRUNK_LOOK_SECONDS)
    assert len(carrier.used) == 2, "what was read last goes on"
    fails[0] = False
    await passed(TRUNK_LOOK_SECONDS)
    assert len(carrier.used) == 3
    assert readiness.state("t1") is STATE
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_process_that_keeps_none_ready_knows_nothing() -> None:
    none = NoTrunkStates()
    none.changed()
    assert none.state("t1") == TrunkState()
