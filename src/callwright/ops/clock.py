"""The process's clock: the one place that reads time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """``ports.world.Clock`` on the operating system's clocks."""

    def now(self) -> datetime:
        """Wall clock, aware UTC."""
        return datetime.now(UTC)

    def monotonic_us(self) -> int:
        """Monotonic microseconds since an arbitrary origin."""
        return time.monotonic_ns() // 1000

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
