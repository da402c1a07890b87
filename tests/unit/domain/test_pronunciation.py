"""Words that a voice says otherwise, and whose times are whose."""

from __future__ import annotations

import pytest

from callwright.domain.pronunciation import said

RULES = (("SQL", "sequel"), ("New Delhi", "noo delly"), ("Dr.", "doctor"), ("New", "noo"))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("SQL and sql.", "sequel and sequel."),
        ("MySQL stays.", "MySQL stays."),
        ("From New Delhi to New York.", "From noo delly to noo York."),
        ("Dr. Who", "doctor Who"),
        ("SQL's name", "sequel's name"),
        ("", ""),
        ("nothing", "nothing"),
    ],
)
def test_whole_words_are_said_otherwise_whatever_their_case(written: str, spoken: str) -> None:
    assert said(written, RULES).text == spoken


def test_without_rules_a_text_is_as_it_is() -> None:
    assert said("SQL", ()).text == "SQL"


def test_a_letter_that_is_like_another_in_one_direction_only_stays() -> None:
    assert said("\u0131 i", (("i", "eye"),)).text == "\u0131 eye"


def timed(text: str) -> list[tuple[str, int, int]]:
    return [(word, at * 100, at * 100 + 100) for at, word in enumerate(text.split())]


def test_the_times_of_what_was_said_belong_to_the_words_that_were_written() -> None:
    one = said("Ask New Delhi, then SQL.", (("New Delhi", "the noo delly office"), ("SQL", "sequel")))
    assert one.text == "Ask the noo delly office, then sequel."
    assert one.written_words(timed(one.text)) == [
        ("Ask", 0, 100),
        ("New", 100, 500),
        ("Delhi,", 100, 500),
        ("then", 500, 600),
        ("SQL.", 600, 700),
    ]


def test_words_that_the_voice_counts_otherwise_stay_as_they_are() -> None:
    one = said("Ask SQL.", RULES)
    words = [("Ask", 0, 100), ("se", 100, 150), ("quel", 150, 200)]
    assert one.written_words(words) == words
    assert said("Ask me.", RULES).written_words(words) == words
