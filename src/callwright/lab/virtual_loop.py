"""An event loop whose time jumps: when nothing is ready it does not wait for the next timer, it goes there.

A minute of a call passes as fast as its work can be done, and the same work in the same order always happens at the same microsecond.
Real work outside of the loop (threads, inference processes) is waited for while virtual time stands still.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.ops.clock import SystemClock

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""What a wall clock shows at the virtual time 0."""
MOST_PASSES_WITHOUT_TIME = 200_000
"""Passes of the loop at one instant of virtual time: more is work that calls for more of itself for ever."""
OUTSIDE_SECONDS = 300.0
"""Real seconds the work outside may take to answer once."""

Waiting = Callable[[float | None], list[tuple[selectors.SelectorKey, int]]]


class AtOnce(Executor):
    """Does work when it is given, in the thread of whoever gives it."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """The result, or what was raised, is there already."""
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments, **named))
        # Boundary: an executor hands whatever its work raises to whoever waits for the result.
        except Exception as error:  # noqa: BLE001
            done.set_exception(error)
        return done


class TimeStandsStillError(RuntimeError):
    """Nothing will ever happen: no timer is set, or the same instant never ends."""


class _Selector(selectors.BaseSelector):
    """A real selector that is asked through ``wait``."""

    def __init__(self, wait: Waiting) -> None:
        self.real = selectors.DefaultSelector()
        self._wait = wait

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self.real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.real.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return self._wait(timeout)

    def close(self) -> None:
        self.real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self.real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time in whole microseconds from 0. ``lateness_us`` says how much later than due each waking is (a busy machine); nothing: never.

    ``follows_real_time``: while it is true, time passes as in the world outside (processes that start and end need that).
    ``does_work_itself``: what is given to threads is done by the loop's own thread at once, so that it is done in the same order each time.
    """

    def __init__(self, lateness_us: Callable[[], int] | None = None) -> None:
        self.now_us = 0
        self.follows_real_time = False
        self.does_work_itself = False
        self._lateness_us = lateness_us
        self._passes = 0
        self._threads = 0
        self._outside: list[Callable[[], bool]] = []
        self._real_clock = SystemClock()
        self._waiting = _Selector(self._pass)
        self._timers = 0
        super().__init__(self._waiting)
        # A timer is due at its whole microsecond.
        vars(self)["_clock_resolution"] = 5e-7

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As usual; timers of the same microsecond fire in the order they were set, as on a real clock, where no two are the same."""
        self._timers += 1
        return super().call_at(when + self._timers % 10_000 * 1e-11, callback, *args, context=context)

    def time(self) -> float:
        """Virtual seconds."""
        return self.now_us / 1_000_000

    def stand_still_while(self, busy: Callable[[], bool]) -> None:
        """While ``busy()``, no virtual time passes: what is under way answers through a socket of this loop."""
        self._outside.append(busy)

    def armed_timers(self) -> list[str]:
        """The timers that are set, for people."""
        return [repr(handle) for handle in vars(self)["_scheduled"] if not handle.cancelled()]

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """As usual; no virtual time passes until it is done."""
        if self.does_work_itself:
            return asyncio.wrap_future(AtOnce().submit(func, *args), loop=self)
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self._threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(self, *seconds: Any) -> None:
        """As usual; threads end in real time."""
        now_us, self.follows_real_time = self.now_us, True
        await super().shutdown_default_executor(*seconds)
        self.now_us, self.follows_real_time = now_us, False

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._threads -= 1

    def _pass(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """What the loop asks between two passes: wait ``timeout`` seconds (None: for ever) for the world outside."""
        if self.follows_real_time:
            return self._really(timeout)
        if self._threads or any(busy() for busy in self._outside):
            found = self._waiting.real.select(0 if timeout == 0 else OUTSIDE_SECONDS)
            if timeout != 0 and not found:
                raise TimeStandsStillError(f"what was asked outside did not answer within {OUTSIDE_SECONDS:g} s")
            return found
        if timeout is None:
            raise TimeStandsStillError("nothing is left to happen: no timer is set and no work is under way")
        self._jump(timeout)
        return []

    def _jump(self, timeout: float) -> None:
        if timeout <= 0:
            self._passes += 1
            if self._passes > MOST_PASSES_WITHOUT_TIME:
                self._passes = 0
                raise TimeStandsStillError(f"no time has passed for {MOST_PASSES_WITHOUT_TIME} passes")
            return
        self._passes = 0
        self.now_us += max(1, round(timeout * 1_000_000))
        if self._lateness_us is not None:
            self.now_us += self._lateness_us()

    def _really(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        began_us = self._real_clock.monotonic_us()
        found = self._waiting.real.select(timeout)
        self.now_us += self._real_clock.monotonic_us() - began_us
        return found


class VirtualClock:
    """``ports.world.Clock`` of a :class:`VirtualLoop`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """The wall clock of the virtual world."""
        return BEGAN + timedelta(microseconds=self._loop.now_us)

    def monotonic_us(self) -> int:
        """Virtual microseconds."""
        return self._loop.now_us

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(seconds)
