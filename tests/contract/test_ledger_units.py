"""Units of work of the ledger, as those who share a process get them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from callwright.domain.limits import SLOW_UNITS
from callwright.platform.ledger import Ledger


async def test_one_organisation_leaves_others_places_for_work_that_takes_long(ledger: Ledger) -> None:
    async with AsyncExitStack() as held:
        for _ in range(SLOW_UNITS // 2):
            await held.enter_async_context(ledger.slow_unit("greedy"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), ledger.slow_unit("greedy"):
                pass
        async with asyncio.timeout(10), ledger.slow_unit("modest"):
            pass
