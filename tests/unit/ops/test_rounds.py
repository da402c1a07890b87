"""Rounds of a loop that are kept apart."""

from __future__ import annotations

from callwright.ops.rounds import RoundsApart


def test_the_first_round_begins_at_once_and_the_next_one_its_time_later() -> None:
    rounds = RoundsApart(0.05)
    assert rounds.wait_s(1_000_000) == 0
    assert rounds.wait_s(1_010_000) == 0.04
    assert rounds.wait_s(1_050_000) == 0.05, "the one before begins at 1.05 s"


def test_a_round_that_is_late_enough_begins_at_once() -> None:
    rounds = RoundsApart(0.05)
    rounds.wait_s(1_000_000)
    assert rounds.wait_s(1_050_000) == 0


def test_a_round_that_may_be_left_out_is_due_again_its_time_after_the_last_one() -> None:
    rounds = RoundsApart(1)
    assert [rounds.is_due(at) for at in (500_000, 600_000, 1_499_999, 1_500_000, 1_600_000)] == [
        True,
        False,
        False,
        True,
        False,
    ]
