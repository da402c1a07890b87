"""A sample of the outage grid, and that what it judges by can fail. `python -m proof outages` runs the whole grid."""

from __future__ import annotations

import os

import pytest
from proof.outages import CELLS, Cell, Outcome, Report, percentile, silence_ms

from proof import outages

FIRST_SEED = int(os.environ.get("CALLWRIGHT_SIMULATION_SEED", "1"))
SHARE = 4
"""One cell in so many is in the sample."""


@pytest.mark.parametrize(
    ("each", "cells"), [(1, CELLS[FIRST_SEED % SHARE :: SHARE]), pytest.param(3, CELLS, marks=pytest.mark.long)]
)
def test_a_vendor_dies_and_the_caller_hardly_notices(each: int, cells: tuple[Cell, ...]) -> None:
    report = outages.run(each, FIRST_SEED, jobs=2, cells=cells)
    assert not report.broken, "\n".join(report.lines())
    assert len(report.outcomes) == each * len(cells)
    # Nothing was judged of a call in which nothing failed.
    assert sum(one.struck for one in report.outcomes) == len(report.outcomes)


def test_a_grid_has_every_way_to_die_at_every_moment() -> None:
    assert len(set(CELLS)) == 3 * 8 * 3


def frames(*stretches: tuple[int, bool]) -> list[bool]:
    """Frames of 20 ms from stretches in milliseconds."""
    return [sounds for ms, sounds in stretches for _ in range(ms // 20)]


@pytest.mark.parametrize(
    ("agent", "caller", "fault_ms", "silence"),
    [
        (frames((1_000, True), (600, False), (400, True)), frames((2_000, False)), 1_000, 600),
        (frames((1_000, True), (600, False), (400, True)), frames((2_000, False)), 500, 600),
        (frames((1_000, True), (60, False), (400, True), (200, False)), frames((1_660, False)), 500, None),
        (frames((1_000, False), (400, True)), frames((200, False), (500, True), (700, False)), 0, 300),
        (frames((1_000, False), (400, True), (600, False), (20, True)), frames((2_020, False)), 920, 600),
        (frames((1_000, True), (400, False)), frames((1_400, False)), 0, None),
    ],
    ids=[
        "silent",
        "sound on its way counts",
        "a breath is none",
        "the caller speaks",
        "it begins at once",
        "never again",
    ],
)
def test_silence_is_what_the_caller_waits(
    agent: list[bool], caller: list[bool], fault_ms: int, silence: int | None
) -> None:
    assert silence_ms(agent, caller, fault_ms) == silence


def outcome(**changes: object) -> Outcome:
    found = Outcome(CELLS[0], 7, heard_ms=400, switch_us=900, struck=True, survived=True, switches=1)
    for name, value in changes.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"heard_ms": 1_501}, "95th percentile of the silence is 1501 ms"),
        ({"survived": False}, "0 of 1 calls survived; lost: recogniser, refuse, start (seed 7)"),
        ({"said_twice": 1}, "seed 7: a sentence was said twice"),
        ({"switches": 0}, "seed 7: nobody took over"),
        ({"switch_us": 50_001}, "a switch takes 50.0 ms"),
        ({"rule": "a call ends: it had to be ended by force"}, "ended by force"),
    ],
)
def test_a_goal_that_is_missed_is_told(changes: dict[str, object], told: str) -> None:
    assert not Report([outcome()]).broken
    (line,) = Report([outcome(**changes)]).broken
    assert told in line


def test_percentiles() -> None:
    assert [percentile(range(1, 101), share) for share in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert (percentile([5], 95), percentile([], 95)) == (5, 0)
