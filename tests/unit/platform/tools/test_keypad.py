"""Keys on the line."""

import pytest

from callwright.domain.limits import MAX_KEYS_SENT
from callwright.platform.tools.rules.arguments import UnfitArgumentsError
from callwright.platform.tools.rules.keypad import keys_of, runs_of


def test_keys_have_a_normal_form() -> None:
    assert keys_of("1 2-3 # *aWpD") == "123#*AwpD"
    assert keys_of("1" * MAX_KEYS_SENT) == "1" * MAX_KEYS_SENT


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no keys"),
        (" ww ", "no keys"),
        ("1x", "keys are 0-9"),
        ("\u0661", "keys are 0-9"),
        ("1" * (MAX_KEYS_SENT + 1), "at most 32"),
        ("1pppppp", "pauses are longer"),
    ],
)
def test_what_are_no_keys_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UnfitArgumentsError, match=problem):
        keys_of(text)


def test_keys_are_pressed_in_runs_with_pauses_between_them() -> None:
    assert list(runs_of("12w3p")) == [("12", 0), ("", 500), ("3", 0), ("", 2_000)]
