"""When spoken and written words are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.insight.wording import occurs, words_of


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Thursday at three p.m.", "thursday 3 pm"),
        ("Thursday at three p.m.", "Thursday, 3pm"),
        ("twenty five", "25"),
        ("twenty-five", "25"),
        ("two hundred and fifty", "250"),
        ("two hundred thousand", "200,000"),
        ("one thousand two hundred", "1200"),
        ("one thousand and five", "1005"),
        ("five five five one two three four", "555-1234"),
        ("five five five, oh one, double nothing", "5550 1"),
        ("it is 555 12 34", "5551234"),
        ("March third", "March 3rd"),
        ("the twenty first of May", "21st May"),
        ("ten o'clock", "10 o’clock"),
        ("10 o'clock in the morning", "10:00 AM"),
        ("tomorrow at 10:00 a.m.", "ten in the morning"),
        ("tomorrow at 10.00 a.m.", "10 AM"),
        ("tomorrow at 10 00 am", "10 AM"),
        ("at ten thirty in the morning, or ten tomorrow morning", "10 am"),
        ("at 10:30 in the morning", "10:30 am"),
        ("jane dot doe at example dot com", "jane.doe@example.com"),
        ("It is John's car", "john"),
        ("मेरा नाम प्रिया है", "प्रिया"),
        ("我明天三点来", "明天"),
        ("twenty", "20"),
        ("a hundred and one", "hundred"),
    ],
)
def test_the_same_thing_in_other_words_occurs(said: str, written: str):
    assert occurs(words_of(written), [words_of(said)])


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Thursday at three", "Friday at three"),
        ("Thursday at three", "three thursday"),
        ("room fifteen", "5"),
        ("10 o'clock in the morning", "10:30 AM"),
        ("10:30 in the morning", "10:00 AM"),
        ("ten thirty in the morning", "10 AM"),
        ("100 in the morning", "10:00 AM"),
        ("five five five one two three", "5551234"),
        ("five, no wait, six", "56"),
        ("twenty", "25"),
        ("hello there", "there hello there"),
        ("hello", ""),
        ("the", "the"),
        ("प्रिया", "प्र"),
    ],
)
def test_other_words_do_not_occur(said: str, written: str):
    assert not occurs(words_of(written), [words_of(said)])


def test_words_must_come_from_one_line():
    lines = [words_of("My name is John"), words_of("Smith is my friend")]
    assert not occurs(words_of("John Smith"), lines)
    assert occurs(words_of("John"), lines)


@given(st.text(max_size=60))
def test_whatever_was_said_occurs_in_itself(text: str):
    words = words_of(text)
    assert occurs(words, [words]) == bool(words)


@given(st.integers(1, 999_999))
def test_a_number_is_its_spelling(number: int):
    assert words_of(spelt(number)) == [str(number)]


UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen""".split()  # noqa: SIM905 - shorter to read than a list
TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spelt(number: int) -> str:
    for scale, name in ((1_000, "thousand"), (100, "hundred")):
        if number >= scale:
            rest = number % scale
            return f"{spelt(number // scale)} {name}" + (f" and {spelt(rest)}" if rest else "")
    if number < 20:
        return UNITS[number]
    return TENS[number // 10] + (f"-{UNITS[number % 10]}" if number % 10 else "")
