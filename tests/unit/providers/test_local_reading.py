"""How a local voice reads figures and signs."""

from __future__ import annotations

import pytest

from callwright.providers.local.reading import readings
from callwright.providers.local.speaking import Lexicon


def read(text: str) -> str:
    return " ".join(word for word in readings(text.split()) if word)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("at 10:00 AM.", "at 10 a.m."),
        ("at 10:00.", "at 10 o'clock."),
        ("10:05 a.m., okay?", "10 oh 5 a.m., okay?"),
        ("3:30 PM", "3 30 p.m."),
        ("8:00AM or 7pm", "8 a.m. or 7 p.m."),
        ("14:00 to 14:45", "14 hundred to 14 45"),
        ("at 0:00", "at midnight"),
        ("10:00–11:30", "10 to 11 30"),
        ("9:00-5:00 PM", "9 to 5 p.m."),
        ("10:00 o'clock", "10 o'clock"),
        ("the score is 3:1", "the score is 3 to 1"),
        ("I am 10", "I am 10"),
    ],
)
def test_times_of_day(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Mon, Nov 26", "Monday, November 26"),
        ("on Wed.", "on Wednesday."),
        ("I sat, and May came", "I sat, and May came"),
        ("2026-11-26", "November 26, 2026"),
        ("in 2026", "in 2026"),
        ("the 21st", "the 21st"),
    ],
)
def test_days(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("555-0123", "5 5 5, 0 1 2 3"),
        ("call (555) 010-1234 now", "call 5 5 5, 0 1 0, 1 2 3 4 now"),
        ("+1 555 0123", "plus 1 5 5 5 0 1 2 3"),
        ("5550123456", "5 5 5, 0 1 2, 3 4 5 6"),
        ("07700 900123", "0 7 7 0 0 9 0 0 1 2 3"),
        ("room 007", "room 0 0 7"),
        ("zip 90210", "zip 9 0 2 1 0"),
        ("1000000 people", "1000000 people"),
        ("1,250.50", "1,250.50"),
        ("3.5", "3.5"),
        ("1234567.89", "1234567.89"),
        ("in 2026 100 people", "in 2026 100 people"),
        ("10-12 people", "10 to 12 people"),
        ("in 2019-2020", "in 2019 to 2020"),
        ("1000-1500 dollars", "1000 to 1500 dollars"),
        ("12345 patients", "12345 patients"),
        ("code 12345 please", "code 1 2 3 4 5 please"),
        ("on 5-10-2024", "on 5 10 2024"),
        ("options 1,2,3", "options 1, 2, 3"),
    ],
)
def test_numbers_and_telephone_numbers(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$90", "$90"),
        ("$5.5", "$5.50"),
        ("$1M or $2 million", "1 million dollars or 2 million dollars"),
        ("₹500", "500 rupees"),
        ("60°F", "60 degrees Fahrenheit"),
        ("2½ hrs", "2 and a half hrs"),
        ("1/2 off", "one half off"),
        ("20 min, 1 hr, 5kg", "20 minutes, 1 hour, 5 kilograms"),
        ("5 %", "5 percent"),
        ("#5", "number 5"),
        ("press # or *.", "press pound or star."),
        ("* item", "item"),
    ],
)
def test_money_measures_and_signs(written: str, said: str) -> None:
    assert read(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ava@example.com.", "ava at example dot com."),
        ("https://www.example.com/a", "w w w dot example dot com slash a"),
        ("Okay.In", "Okay.In"),
        ("B-E-L-L", "B, E, L, L"),
        ("an x-ray", "an x-ray"),
        ("A12-B7", "ay 12 B 7"),
        ("AB1234", "ay B 1 2 3 4"),
        ("COVID-19", "COVID-19"),
        ("St. Mary on Main St.", "saint Mary on Main street."),
        ("Mr. St. John", "Mr. saint John"),
        ("Dr. Smith, 12 Oak Dr. please", "Dr. Smith, 12 Oak drive please"),
        ("vs. w/ us", "versus with us"),
        ("“Hi,” she said (ok)", "Hi, she said ok,"),
        ("**bold** café it’s", "bold cafe it's"),
        ("Sure — ten", "Sure , ten"),
        ("Sure–ten…", "Sure, ten,"),
    ],
)
def test_addresses_spelling_and_marks(written: str, said: str) -> None:
    assert read(written) == said


def test_every_word_has_one_reading() -> None:
    for text in ("", "—", "hello 😀 — (you) *", "+1 (555) 010-1234, 10:00 AM. ₹5"):
        assert len(readings(text.split())) == len(text.split())


def look_up(text: str) -> str:
    """A lexicon that reads lower-case words and single letters only."""
    sounds = " ".join(word for word in text.split() if word.islower() or len(word) == 1)
    if not sounds:
        raise RuntimeError("nothing to say")
    return sounds


def test_each_word_has_a_length_also_one_that_is_not_said() -> None:
    sounds, weights = Lexicon(look_up).sounds("hello 😀 there")
    assert sounds == "hello there"
    assert weights == [5, 1, 5]


def test_what_the_lexicon_has_no_sounds_for_is_spelled() -> None:
    assert Lexicon(look_up).sounds("the XQZW")[0] == "the X Q Z W"


@pytest.mark.parametrize("text", ["नमस्ते", "日本", "…"])
def test_a_clause_without_a_word_of_the_language_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="reads English"):
        Lexicon(look_up).sounds(text)
