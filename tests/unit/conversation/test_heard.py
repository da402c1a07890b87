"""Played milliseconds to words."""

import pytest

from callwright.conversation.heard import Clause, Heard, heard_of, most_played_ms

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


def clause(text: str, audio_ms: int = 900, sounded_ms: int = 0, ended_ms: int = -1) -> Clause:
    ended_us = ended_ms * 1000 if ended_ms >= 0 else -1
    return Clause(text, audio_ms, (), False, ended_us, sounded_ms * 1000 if sounded_ms >= 0 else -1)


@pytest.mark.parametrize(
    ("clauses", "marked", "until_ms", "played_ms"),
    [
        ([clause("one two three"), clause("four five six")], 0, 1_500, 1_500),
        ([clause("one two three"), clause("four five six")], 0, 9_000, 1_800),
        ([clause("one two three", ended_ms=900), clause("four five six", sounded_ms=4_000)], 1, 4_200, 1_100),
        ([clause("one two three", ended_ms=3_000), clause("four five six")], 1, 3_200, 1_100),
        ([clause("one two three"), clause("four five six", sounded_ms=4_000)], 0, 4_200, 1_100),
        ([clause("one two three", ended_ms=900), clause("four", audio_ms=0, sounded_ms=-1)], 1, 9_000, 900),
        ([clause("one two three", sounded_ms=-1), clause("four five six")], 0, 9_000, 0),
        ([clause("four", audio_ms=0), clause("five six")], 0, 9_000, 280),
        ([clause("one two three", sounded_ms=500)], 0, 200, 0),
        ([], 0, 900, 0),
    ],
)
def test_where_nobody_tells_no_pause_and_no_clause_without_sound_counts(
    clauses: list[Clause], marked: int, until_ms: int, played_ms: int
) -> None:
    assert most_played_ms(clauses, 0, until_ms * 1000, marked) == played_ms


def test_nothing_was_played_of_what_never_began() -> None:
    assert most_played_ms([clause("one two three")], -1, 5_000_000, 0) == 0
