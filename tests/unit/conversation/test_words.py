"""The caller's words that are still pending, when recognisers repeat, revise and overtake themselves."""

import pytest

from callwright.conversation.words import Words, spoken_words


def taken(text: str) -> Words:
    words = Words()
    words.hear(3, text, True, 1_000)
    words.take()
    return words


def test_words_beyond_the_taken_ones_are_new() -> None:
    words = taken("book a table")
    assert words.hear(3, "book a table for two", False, 1_400)
    assert words.text() == "for two"


def test_an_overtaken_text_of_a_revised_segment_says_nothing_twice() -> None:
    words = taken("w6 w3 w4 w5")
    assert not words.hear(3, "stop it. w3 w4 w5", False, 1_400)
    assert words.text() == ""


def test_new_words_behind_a_revised_beginning_are_kept() -> None:
    words = taken("hey can I book")
    assert words.hear(3, "Hi, can I book a table", True, 1_400)
    assert words.text() == "a table"


def test_a_revised_last_word_that_stands_earlier_too_says_nothing_twice() -> None:
    words = taken("yes w9 yes")
    assert not words.hear(3, "yes w9 w10", True, 1_400)
    assert words.text() == ""


def test_an_older_and_shorter_text_says_nothing_twice() -> None:
    words = taken("well hm, aha, w1 yes, m hm,")
    assert not words.hear(3, "well hm, aha, w1", False, 1_400)
    assert words.text() == ""


def test_where_no_taken_word_is_found_again_the_count_decides() -> None:
    words = taken("one two")
    assert words.hear(3, "won too three", True, 1_400)
    assert words.text() == "three"


def test_a_partial_that_reaches_no_further_than_the_final_came_late() -> None:
    words = Words()
    words.hear(3, "a table for", False, 900)
    assert words.hear(3, "", True, 1_000)
    assert not words.hear(3, "a table for", False, 1_000)
    assert words.text() == ""
    assert words.hear(3, "a table for two", False, 1_001)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("book a table", 3),
        ("mañana a las ocho", 4),
        ("मुझे एक टेबल चाहिए", 4),
        ("예약하고 싶어요", 2),
        ("我想问一下", 2),
        ("我", 1),
        ("我 想 问", 3),
        ("我要预订 pizza", 3),
        ("。", 1),
        ("コーヒー・ください", 4),
        ("ฉันอยากเปลี่ยน", 3),
    ],
)
def test_words_are_counted_by_spaces_or_by_letters_where_a_script_has_none(text: str, count: int) -> None:
    assert spoken_words(text, len(text.split())) == count
