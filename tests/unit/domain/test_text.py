"""Text that can be encoded, whatever other people's code made of it."""

import pytest

from callwright.domain.text import whole, whole_text


@pytest.mark.parametrize(
    ("given", "whole_one"),
    [
        ("", ""),
        ("plain", "plain"),
        ("größe 😀", "größe 😀"),
        ("half \ud83d", "half \ufffd"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
    ],
)
def test_halves_of_pairs_are_replaced_and_nothing_else(given: str, whole_one: str):
    assert whole_text(given) == whole_one
    assert whole_text(given).encode().decode() == whole_one


def test_texts_within_values_are_made_whole():
    given = {"a\ud800": ["x", ("y\udfff", 1, None)], "b": {"c": 2.5}}
    assert whole(given) == {"a\ufffd": ["x", ("y\ufffd", 1, None)], "b": {"c": 2.5}}


@pytest.mark.parametrize("value", [{"a": ["x"]}, ["x", 1], ("x",), 7, None, b"\xff"])
def test_what_is_whole_stays_the_same_object(value: object):
    assert whole(value) is value
