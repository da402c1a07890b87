"""Time that jumps: the loop itself, without sleeping for real."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from callwright.lab.virtual_loop import BEGAN, TimeStandsStillError, VirtualClock, VirtualLoop


def run_in(loop: VirtualLoop, work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work)


def test_an_hour_passes_at_once_and_to_the_microsecond() -> None:
    loop = VirtualLoop()
    clock = VirtualClock(loop)

    async def wait() -> list[int]:
        seen = []
        for _ in range(3):
            await clock.sleep(1_200)
            seen.append(clock.monotonic_us())
        return seen

    assert run_in(loop, wait()) == [1_200_000_000, 2_400_000_000, 3_600_000_000]
    assert (clock.now() - BEGAN).total_seconds() == 3_600


def test_a_twenty_millisecond_clock_does_not_drift() -> None:
    loop = VirtualLoop()

    async def tick() -> None:
        next_s = loop.time()
        for _ in range(5_000):
            next_s += 0.02
            await VirtualClock(loop).sleep(max(0.0, next_s - loop.time()))

    run_in(loop, tick())
    assert loop.now_us == 100_000_000


def test_what_is_ready_comes_before_what_is_due_and_timers_in_their_order() -> None:
    loop = VirtualLoop()
    seen: list[str] = []

    async def work() -> None:
        loop.call_later(0.2, seen.append, "later")
        loop.call_later(0.1, seen.append, "sooner")
        loop.call_soon(seen.append, "at once")
        await VirtualClock(loop).sleep(0.3)

    run_in(loop, work())
    assert seen == ["at once", "sooner", "later"]


def test_a_late_machine_wakes_up_late() -> None:
    loop = VirtualLoop(lambda: 700)
    run_in(loop, VirtualClock(loop).sleep(1))
    assert loop.now_us == 1_000_700


def test_what_waits_for_ever_is_an_error_and_not_a_hanging_test() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeStandsStillError, match="nothing is left to happen"):
        run_in(VirtualLoop(), wait())


def test_work_that_calls_for_more_of_itself_at_one_instant_is_an_error() -> None:
    loop = VirtualLoop()

    async def spin() -> None:
        def once_more() -> None:
            if not loop.is_closed():
                loop.call_soon(once_more)

        once_more()
        await VirtualClock(loop).sleep(1)

    with pytest.raises(TimeStandsStillError, match="no time has passed"):
        run_in(loop, spin())


def test_virtual_time_stands_still_while_a_thread_works() -> None:
    loop = VirtualLoop()
    go_on = threading.Event()

    async def work() -> int:
        asyncio.get_running_loop().call_later(5, go_on.set)
        loop.call_soon(go_on.set)
        await asyncio.to_thread(go_on.wait, 10)
        return loop.now_us

    assert run_in(loop, work()) == 0


def test_virtual_time_stands_still_while_somebody_outside_is_busy() -> None:
    loop = VirtualLoop()
    answers = [True, True, False]
    loop.stand_still_while(lambda: answers.pop(0) if answers else False)

    async def work() -> int:
        # The answer from outside comes through the loop's own sockets.
        loop.call_soon_threadsafe(lambda: None)
        threading.Thread(target=loop.call_soon_threadsafe, args=(lambda: None,)).start()
        await asyncio.sleep(0)
        return loop.now_us

    assert run_in(loop, work()) == 0


def test_time_may_follow_the_real_clock() -> None:
    loop = VirtualLoop()
    loop.follows_real_time = True
    run_in(loop, VirtualClock(loop).sleep(0.002))
    assert loop.now_us >= 2_000


def test_timers_that_are_set_can_be_listed() -> None:
    loop = VirtualLoop()

    async def work() -> list[str]:
        handle = loop.call_later(5, print)
        loop.call_later(6, print).cancel()
        armed = loop.armed_timers()
        handle.cancel()
        return armed + loop.armed_timers()

    armed = run_in(loop, work())
    assert len(armed) == 1
    assert "print" in armed[0]


def test_a_loop_that_does_work_itself_has_it_done_at_once_failures_too() -> None:
    loop = VirtualLoop()
    loop.does_work_itself = True

    async def work() -> tuple[int, str]:
        try:
            await asyncio.to_thread(int, "x")
        except ValueError as error:
            return await asyncio.to_thread(threading.get_ident), str(error)
        return 0, ""

    ident, reason = run_in(loop, work())
    assert ident == threading.get_ident()
    assert "invalid literal" in reason
