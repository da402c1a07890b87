"""Waiting for something that happens elsewhere (another process, a server, a background task)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

STEP_S = 0.02


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 30) -> None:
    """Until ``condition`` holds. TimeoutError when it does not within ``seconds``."""
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if await holds if inspect.isawaitable(holds) else holds:
                return
            await asyncio.sleep(STEP_S)
