"""One timer of the event loop for many works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ops.timers import SharedTimer


def run_for(seconds: float, begin: Callable[[SharedTimer, asyncio.AbstractEventLoop], None]) -> None:
    """A timer of 100 ms, from ``begin`` on."""

    loop = VirtualLoop()

    async def world() -> None:
        begin(SharedTimer(0.1), loop)
        await VirtualClock(loop).sleep(seconds)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(world())


def test_all_works_are_called_in_the_same_rounds() -> None:
    called: list[tuple[str, int]] = []

    def begin(timer: SharedTimer, loop: asyncio.AbstractEventLoop) -> None:
        def note(name: str) -> Callable[[], None]:
            return lambda: called.append((name, round(loop.time() * 1000)))

        began_ms = round(loop.time() * 1000)
        timer.add(note("first"))
        loop.call_later(0.05, timer.add, note("second"))
        loop.call_later(0.25, lambda: called.append(("began", began_ms)))

    run_for(0.26, begin)
    began_ms = called.pop()[1]
    assert [(name, at_ms - began_ms) for name, at_ms in called] == [
        ("first", 100), ("second", 100), ("first", 200), ("second", 200),
    ]  # fmt: skip


def test_a_discarded_work_is_called_no_more_and_an_added_one_again() -> None:
    calls: list[int] = []

    def begin(timer: SharedTimer, loop: asyncio.AbstractEventLoop) -> None:
        def work() -> None:
            calls.append(round(loop.time() * 1000))

        timer.add(work)
        loop.call_later(0.15, timer.discard, work)
        loop.call_later(0.16, timer.discard, work)
        loop.call_later(0.55, timer.add, work)

    run_for(0.7, begin)
    assert [after - before for before, after in pairwise(calls)] == [550]


def test_a_defect_of_one_work_is_reported_and_the_others_go_on() -> None:
    calls: list[str] = []
    reported: list[str] = []

    def begin(timer: SharedTimer, loop: asyncio.AbstractEventLoop) -> None:
        def broken() -> None:
            raise LookupError("a defect")

        loop.set_exception_handler(lambda _, context: reported.append(str(context["exception"])))
        timer.add(broken)
        timer.add(lambda: calls.append("called"))

    run_for(0.25, begin)
    assert calls == ["called"] * 2
    assert reported == ["a defect"] * 2
