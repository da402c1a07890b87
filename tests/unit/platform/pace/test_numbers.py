"""Which number a batch calls from, and when a number rests."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from callwright.platform.pace.rules.numbers import NumberState, choose_number, rest_until
from callwright.platform.pace.rules.policy import Rest, Rotation

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SAN_FRANCISCO, NEW_YORK, LONDON = "+14155550001", "+12125550002", "+442055550003"
NUMBERS = (SAN_FRANCISCO, NEW_YORK, LONDON)


def chosen(
    rotation: Rotation,
    *states: NumberState,
    planned: str = SAN_FRANCISCO,
    to: str = "sip:somebody@example.org",
    full: Collection[str] = (),
) -> str | None:
    known = {state.number: state for state in states}
    numbers = [known.get(number, NumberState(number)) for number in NUMBERS]
    found = choose_number(rotation, numbers, planned, to, NOW, is_full=lambda number: number in full)
    return None if found is None else found.number


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_round_robin_keeps_to_the_turn_and_then_to_the_next_number() -> None:
    rule = Rotation()
    assert chosen(rule, planned=NEW_YORK) == NEW_YORK
    assert chosen(rule, planned=NEW_YORK, full=[NEW_YORK]) == LONDON
    assert chosen(rule, planned=LONDON, full=[LONDON]) == SAN_FRANCISCO
    assert chosen(rule, planned="+15550000") == SAN_FRANCISCO, "the number was taken off the batch"


def test_the_number_that_was_used_longest_ago_or_never_comes_first() -> None:
    rule = Rotation("least_recently_used")
    used = [NumberState(SAN_FRANCISCO, ago(9)), NumberState(NEW_YORK, ago(20)), NumberState(LONDON, ago(1))]
    assert chosen(rule, *used) == NEW_YORK
    assert chosen(rule, *used[:2]) == LONDON
    assert chosen(rule) == SAN_FRANCISCO


def test_the_number_that_is_answered_most_comes_first_and_a_new_one_is_tried() -> None:
    rule = Rotation("answer_rate")
    rates = [NumberState(number, None, 100, answered) for number, answered in zip(NUMBERS, (20, 30, 10), strict=True)]
    assert chosen(rule, *rates) == NEW_YORK
    assert chosen(rule, *rates[:2]) == LONDON, "nothing is known of it"
    assert chosen(rule, *rates, full=[NEW_YORK]) == SAN_FRANCISCO


def test_a_number_of_the_callees_area_comes_first_where_that_is_wished() -> None:
    local, plain = Rotation(prefer_local=True), Rotation()
    assert chosen(local, to="+12125559999") == NEW_YORK
    assert chosen(plain, to="+12125559999") == SAN_FRANCISCO
    assert chosen(local, to="+442055559999") == LONDON
    assert chosen(local, to="+49305559999") == SAN_FRANCISCO, "none is local"
    assert chosen(local, to="+12125559999", full=[NEW_YORK]) == SAN_FRANCISCO
    assert chosen(local) == SAN_FRANCISCO


def test_a_number_that_rests_is_passed_over_and_none_is_left_when_all_do() -> None:
    rests = [NumberState(number, rests_until=NOW + timedelta(minutes=1)) for number in NUMBERS]
    assert chosen(Rotation(), rests[0]) == NEW_YORK
    assert chosen(Rotation(), NumberState(SAN_FRANCISCO, rests_until=NOW)) == SAN_FRANCISCO, "it has rested"
    assert chosen(Rotation(), *rests) is None
    assert chosen(Rotation(), *rests[:2], full=[LONDON]) is None


def test_the_choice_says_how_it_came_about() -> None:
    states = [NumberState(SAN_FRANCISCO, rests_until=NOW + timedelta(hours=1)), *map(NumberState, NUMBERS[1:])]
    found = choose_number(
        Rotation(prefer_local=True), states, SAN_FRANCISCO, "+12125559999", NOW, is_full=LONDON.__eq__
    )
    assert found is not None
    assert (found.number, found.why) == (
        NEW_YORK,
        {
            "rule": "round_robin",
            "numbers": 3,
            "local": True,
            "passed_over": [
                {"number": SAN_FRANCISCO, "because": "resting"},
                {"number": LONDON, "because": "at_its_limit"},
            ],
        },
    )


@pytest.mark.parametrize(
    ("asked", "answered", "rests"),
    [(49, 0, False), (50, 0, True), (50, 2, True), (50, 3, False), (100, 5, False), (100, 4, True)],
)
def test_a_number_rests_when_it_is_answered_too_seldom(asked: int, answered: int, rests: bool) -> None:
    until = rest_until(Rest(), NumberState(LONDON, None, asked, answered), NOW)
    assert until == (NOW + timedelta(minutes=120) if rests else None)
