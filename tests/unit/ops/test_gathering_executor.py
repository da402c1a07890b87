"""Works handed to another executor together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from callwright.lab.virtual_loop import AtOnce, VirtualClock, VirtualLoop
from callwright.ops.gathering_executor import GatheringExecutor


class Counting(AtOnce):
    """Does work at once and counts how often it was given some. ``over``: it was shut down."""

    def __init__(self) -> None:
        self.handed = 0
        self.over = False

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        self.handed += 1
        return super().submit(work, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.over = True


def virtually(world: Callable[[Counting, Executor, VirtualClock], Any]) -> None:
    """Run ``world`` on a clock that jumps, with works gathered for 100 ms."""
    loop, inner = VirtualLoop(), Counting()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(world(inner, GatheringExecutor(inner, 0.1), VirtualClock(loop)))


def test_works_of_a_tenth_of_a_second_are_handed_over_together_and_in_order() -> None:
    async def world(inner: Counting, gathering: Executor, clock: VirtualClock) -> None:
        done: list[int] = []
        for number in range(5):
            gathering.submit(done.append, number)
            await clock.sleep(0.04)
        assert (inner.handed, done) == (1, [0, 1, 2])
        await asyncio.wrap_future(gathering.submit(done.append, 5))
        assert (inner.handed, done) == (2, [0, 1, 2, 3, 4, 5])

    virtually(world)


def test_results_and_errors_reach_whoever_gave_the_work() -> None:
    async def world(_: Counting, gathering: Executor, __: VirtualClock) -> None:
        def fail() -> None:
            raise LookupError("no")

        failed, worked = gathering.submit(fail), gathering.submit(max, 1, 7)
        cancelled = gathering.submit(fail)
        cancelled.cancel()
        with pytest.raises(LookupError):
            await asyncio.wrap_future(failed)
        assert await asyncio.wrap_future(worked) == 7

    virtually(world)


def test_a_shutdown_hands_over_what_waits() -> None:
    async def world(inner: Counting, gathering: Executor, clock: VirtualClock) -> None:
        done: list[int] = []
        gathering.submit(done.append, 1)
        gathering.shutdown()
        assert (done, inner.over) == ([1], True)
        await clock.sleep(0.2)
        assert inner.handed == 1

    virtually(world)
