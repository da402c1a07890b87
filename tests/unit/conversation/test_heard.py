"""Played milliseconds to words."""

import pytest

from callwright.conversation.heard import Clause, Heard, heard_of

TIMED = Clause("one two three", 900, (("one", 0, 300), ("two", 300, 600), ("three", 600, 900)), False)


@pytest.mark.parametrize(
    ("played_ms", "text", "whole"),
    [(0, "", False), (299, "", False), (300, "one", False), (899, "one two", False), (900, "one two three", True)],
)
def test_only_whole_words_count(played_ms: int, text: str, whole: bool) -> None:
    assert heard_of([TIMED], played_ms, 0) == Heard(text, whole, False)


def test_clauses_follow_each_other() -> None:
    assert heard_of([TIMED, TIMED], 1_250, 0) == Heard("one two three one", False, False)


def test_a_played_mark_is_certain_whatever_the_time_says() -> None:
    assert heard_of([TIMED, TIMED], 100, 1) == Heard("one two three", False, False)


def test_the_words_after_a_clause_of_unknown_length_are_a_guess() -> None:
    assert heard_of([Clause("hello"), TIMED], 650, 1) == Heard("hello one", False, True)


def test_a_clause_still_in_the_voice_is_guessed_by_its_letters() -> None:
    assert heard_of([Clause("four letters each word")], 770, 0) == Heard("four letters", False, True)


def test_a_voice_that_counts_words_differently_gives_a_proportion() -> None:
    clause = Clause("in 1984 then", 1_000, tuple((str(i), i * 200, (i + 1) * 200) for i in range(5)), False)
    assert heard_of([clause], 700, 0) == Heard("in", False, True)


def test_nothing_said_is_wholly_heard() -> None:
    assert heard_of([], 0, 0) == Heard("", True, False)


def test_a_clause_that_seems_covered_behind_one_of_unknown_length_is_a_guess() -> None:
    first = Clause("Yes?")
    last = Clause("one two", audio_ms=700, words=(("one", 0, 350), ("two", 350, 700)), estimated=False)
    heard = heard_of([first, last], played_ms=5_000, marked=1)
    assert heard.whole
    assert heard.estimated
