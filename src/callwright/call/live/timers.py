"""One timer of a call: set to a moment, moved, taken back. On the event loop in production, on a virtual clock in tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A timer that was set."""

    def cancel(self) -> None:
        """It shall not fire. Safe after it fired."""


class Timers(Protocol):
    """Sets timers."""

    def after_us(self, delay_us: int, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` once, ``delay_us`` from now (at once for 0 and less, but never within this call)."""
        ...


class LoopTimers:
    """Timers of the running event loop."""

    def after_us(self, delay_us: int, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` from the event loop."""
        return asyncio.get_running_loop().call_later(max(0, delay_us) / 1_000_000, callback)
