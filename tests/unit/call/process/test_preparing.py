"""Preparing for calls to come: who waits for it does not end it."""

from __future__ import annotations

import asyncio
from typing import Any

from callwright.call.process.preparing import Preparer
from callwright.platform.agents.rules.spec import ProviderDefaults

AGENT = {"agent_name": "Reception", "tasks": [{"task_type": "conversation"}]}


class Slow:
    """A voice and a model that are loaded when they are let."""

    def __init__(self) -> None:
        self.loaded = 0
        self.may_load = asyncio.Event()

    async def warm(self, _what: Any) -> None:
        await self.may_load.wait()
        self.loaded += 1


async def test_who_does_not_wait_to_the_end_leaves_the_loading_alone() -> None:
    slow = Slow()
    whatever: Any = slow
    preparer = Preparer(lambda kind, name: whatever, ProviderDefaults())
    assert await preparer.settled(0.01), "nothing was begun"
    preparer.agent_saved(AGENT)
    assert not await preparer.settled(0.01)
    slow.may_load.set()
    assert await preparer.settled(10)
    assert slow.loaded == 2
    await preparer.aclose()
