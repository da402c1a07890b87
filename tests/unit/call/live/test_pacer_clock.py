"""The shared 20 ms clock: no drift, honest lateness, asleep when there is nothing to pace."""

from __future__ import annotations

import asyncio

from tests.unit.call.world import VirtualClock, settle

from callwright.call.live.pacer_clock import LEAST_TICKS, RECENT, Lateness, PacerClock


class Counted:
    """Something paced that leaves after ``ticks``."""

    quiet_until_us = 0

    def __init__(self, clock: VirtualClock, ticks: int) -> None:
        self.clock = clock
        self.left = ticks
        self.at_us: list[int] = []

    def tick(self, now_us: int, late_us: int) -> bool:
        self.at_us.append(now_us)
        self.left -= 1
        return self.left > 0


async def test_ticks_come_every_20_ms_without_drift_even_when_single_ones_are_late() -> None:
    clock = VirtualClock()
    pacer = PacerClock(clock)
    task = asyncio.create_task(pacer.run())
    await settle()
    begin_us = clock.us
    paced = Counted(clock, 6)
    pacer.add(paced)
    await settle()
    for step_ms in (20, 33, 7, 20, 20, 20):
        clock.advance(step_ms)
        await settle()
    task.cancel()
    assert [at - begin_us for at in paced.at_us] == [20_000, 53_000, 60_000, 80_000, 100_000, 120_000]
    assert pacer.lateness.percentile_ms(1000) == 14, "one tick was 13 ms late; it moved no other"


async def test_with_nothing_to_pace_no_timer_runs() -> None:
    clock = VirtualClock()
    pacer = PacerClock(clock)
    task = asyncio.create_task(pacer.run())
    paced = Counted(clock, 1)
    pacer.add(paced)
    await settle()
    clock.advance(20)
    await settle()
    clock.advance(5_000)
    await settle()
    task.cancel()
    assert pacer.lateness.total == 1


def test_who_is_taken_off_is_not_ticked() -> None:
    clock = VirtualClock()
    pacer = PacerClock(clock)
    paced = Counted(clock, 9)
    pacer.add(paced)
    pacer.tick(0, 0)
    pacer.discard(paced)
    pacer.tick(20_000, 0)
    assert len(paced.at_us) == 1


def test_lateness_percentiles() -> None:
    late = Lateness()
    assert late.percentile_ms(990) == 0
    for _ in range(99):
        late.add(400)
    late.add(50_500)
    late.add(-20)
    assert (late.percentile_ms(500), late.percentile_ms(1000), late.total) == (1, 51, 101)
    late.add(10_000_000)
    assert late.percentile_ms(1000) == Lateness.BINS


def test_what_needs_nothing_is_left_out_until_it_does() -> None:
    clock = VirtualClock()
    pacer = PacerClock(clock)
    quiet, other = Counted(clock, 100), Counted(clock, 100)
    quiet.quiet_until_us = clock.us + 40_000
    pacer.add(quiet)
    pacer.add(other)
    for _ in range(3):
        pacer.tick(clock.us, 0)
        clock.advance(20)
    assert (len(quiet.at_us), len(other.at_us)) == (1, 3)


class Defective:
    """Something paced that breaks at its first tick."""

    quiet_until_us = 0

    def __init__(self) -> None:
        self.ticks = 0

    def tick(self, now_us: int, late_us: int) -> bool:
        self.ticks += 1
        raise RuntimeError("a defect")


def test_a_defect_of_one_call_takes_that_one_off_the_clock_and_the_others_go_on() -> None:
    clock = VirtualClock()
    pacer = PacerClock(clock)
    broken, well = Defective(), Counted(clock, 100)
    pacer.add(broken)
    pacer.add(well)
    for _ in range(3):
        pacer.tick(clock.us, 0)
    assert (broken.ticks, len(well.at_us)) == (1, 3)


def test_lateness_is_that_of_the_last_looks_and_none_without_live_audio() -> None:
    pacer = PacerClock(VirtualClock())
    assert pacer.measure() == 0
    for _ in range(LEAST_TICKS - 1):
        pacer.tick(0, 40_000)
    assert pacer.measure() == 0, "too few"
    pacer.tick(0, 40_000)
    assert pacer.measure() == pacer.late_ms == 41
    for _ in range(RECENT):
        for _ in range(LEAST_TICKS):
            pacer.tick(0, 1_000)
        pacer.measure()
    assert pacer.measure() == 2, "what was late is past"
    for _ in range(RECENT):
        pacer.measure()
    assert pacer.measure() == 0
    assert pacer.take_lateness().total == LEAST_TICKS * (RECENT + 1), "the metric's own count"
