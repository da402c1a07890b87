"""The simulator is good: it finds bugs that are planted in the core. `make test-planted` plants all of them and takes longer."""

import pytest
from tests.simulation.planted.bugs import BUGS, SLOW
from tests.simulation.planted.planting import Bug, Constant, Line, Move, ShapeChangedError, planted
from tests.simulation.planted.run import find

pytestmark = pytest.mark.long

FAST = 400
"""Conversations within which a bug that is not among SLOW is found, nearly always."""

MISSED = 4
"""How many of them may be missed: every change of the simulated world draws other conversations."""


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_fits_the_code(bug: Bug) -> None:
    with planted(bug.patches):
        pass


def test_planted_bugs_are_found() -> None:
    missed = [bug.name for bug in BUGS if bug.name not in SLOW and not find(bug, FAST).conversations]
    assert len(missed) <= MISSED, f"not found within {FAST} conversations: {', '.join(missed)}"


def test_nothing_is_found_where_nothing_is_planted() -> None:
    assert find(Bug("none", "nothing", ()), 100).conversations == 0


def test_names_are_names() -> None:
    names = [bug.name for bug in BUGS]
    assert len(set(names)) == len(names) >= 40
    assert set(names) >= SLOW


@pytest.mark.parametrize(
    "patch",
    [
        Line("stage:Stage.speak", "words that are not there", ""),
        Line("stage:Stage.no_such_method", "pass", ""),
        Constant("bounds:RESUME_MS", -1, 1),
        Move("turn:MOVES", "quiet", "began", "finished", "quiet"),
    ],
)
def test_a_bug_that_does_not_fit_any_more_says_so(patch: Line | Constant | Move) -> None:
    with pytest.raises(ShapeChangedError), planted([patch]):
        pass


def test_the_core_is_whole_again_afterwards() -> None:
    before = find(Bug("none", "nothing", ()), 20)
    for bug in BUGS:
        with planted(bug.patches):
            pass
    assert find(Bug("none", "nothing", ()), 20) == before
