"""Cutting a model's words into clauses."""

import pytest

from callwright.conversation.clauses import Segmenter, clauses_of


def streamed(text: str, size: int) -> list[str]:
    segmenter = Segmenter()
    clauses: list[str] = []
    for start in range(0, len(text), size):
        clauses += segmenter.feed(text[start : start + size])
    return clauses + segmenter.flush()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Sure, I can do that for you. When?", ["Sure,", "I can do that for you.", "When?"]),
        ("Hello.", ["Hello."]),
        ("", []),
        ("   \n ", []),
        ("I can book that table right now if you like.", ["I can book that table", "right now if you like."]),
        ("It costs 3.5 euros, so 1,000 cost more.", ["It costs 3.5 euros,", "so 1,000 cost more."]),
        ("At 10:30 p.m. we close. Bye!", ["At 10:30 p.m. we close.", "Bye!"]),
        ("Your appointment is at 10:00 AM on Friday.", ["Your appointment is at 10:00 AM", "on Friday."]),
        ("The whole thing costs $90 now, all in.", ["The whole thing costs $90 now,", "all in."]),
        ("Dr. Adams and Mr. J. Brown said hi. Yes.", ["Dr. Adams and Mr. J. Brown", "said hi.", "Yes."]),
        ("Yes. Take No. 5 please.", ["Yes.", "Take No. 5 please."]),
        ("No. I am sorry.", ["No.", "I am sorry."]),
        ("We have Jan. 5 free, okay?", ["We have Jan. 5 free,", "okay?"]),
        ("It was in Jan. We met.", ["It was in Jan.", "We met."]),
        ("It takes 10 min. or so. Yes.", ["It takes 10 min. or so.", "Yes."]),
        ("It takes 10 min. Then go.", ["It takes 10 min.", "Then go."]),
        ("It takes about 20 min. 3 slots are open.", ["It takes about 20 min.", "3 slots are open."]),
        ("It takes 1 hr. 30 min. Then go.", ["It takes 1 hr. 30 min.", "Then go."]),
        ("He is 5 ft. 3 in. now.", ["He is 5 ft. 3 in.", "now."]),
        ("We are closed Fri. 3 other days are free.", ["We are closed Fri.", "3 other days are free."]),
        ("See you Fri. 3 p.m. then.", ["See you Fri. 3 p.m. then."]),
        ("Is Fri. 3 okay?", ["Is Fri. 3 okay?"]),
        ("Come Fri. 3 please.", ["Come Fri. 3 please."]),
        ("Does Fri. 3 suit you?", ["Does Fri. 3 suit you?"]),
        ("Thu. 7 sharp.", ["Thu. 7 sharp."]),
        ("Open Mon. 9 - 5.", ["Open Mon. 9 - 5."]),
        ("Wed. 12 noon.", ["Wed. 12 noon."]),
        ("Fri. 3 was moved.", ["Fri. 3 was moved."]),
        ("Closed Fri. 3 clinics are open.", ["Closed Fri.", "3 clinics are open."]),
        ("Fri. 3 more or less.", ["Fri. 3 more or less."]),
        ("He is 6 ft. 2 tall.", ["He is 6 ft. 2 tall."]),
        ("Fri. 10:30 works.", ["Fri. 10:30 works."]),
        ("Fri. 3", ["Fri. 3"]),
        ("Just a sec. 3 slots are open.", ["Just a sec.", "3 slots are open."]),
        ("Please see sec. 3 there.", ["Please see sec. 3 there."]),
        ("On Wed. Nov. 4 we close. Bye!", ["On Wed.", "Nov. 4 we close.", "Bye!"]),
        ("On Fri. at 5 see Sgt. Lee.", ["On Fri. at 5 see", "Sgt. Lee."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("1. Open the door. 2. Go in.", ["1. Open the door.", "2. Go in."]),
        ("It is my own. I know. So do I. Good.", ["It is my own.", "I know.", "So do I.", "Good."]),
        ("你好。请问几点？", ["你好。", "请问几点？"]),
        ("नमस्ते। आप कैसे हैं?", ["नमस्ते।", "आप कैसे हैं?"]),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1_000])
def test_clauses_are_the_same_however_the_text_streams(text: str, clauses: list[str], size: int) -> None:
    assert streamed(text, size) == clauses


def test_the_first_clause_does_not_end_on_a_weak_word() -> None:
    assert clauses_of("I can put you in the room by the sea")[0] == "I can put you in the room"


def test_the_first_clause_ends_even_on_weak_words_at_last() -> None:
    assert clauses_of("I can see that the of the in the of by")[0] == "I can see that the of the in"


def test_a_later_clause_ends_at_a_comma_once_it_is_long() -> None:
    text = "Well, we have two tables. We have one and two and three and four and five, and then we have more."
    assert clauses_of(text) == [
        "Well,",
        "we have two tables.",
        "We have one and two and three and four and five,",
        "and then we have more.",
    ]


def test_what_follows_a_very_short_clause_is_short_too_or_it_would_come_too_late() -> None:
    text = "Sure, please provide your name, the day you need it, and the time."
    assert clauses_of(text) == ["Sure,", "please provide your name,", "the day you need it, and the time."]
    assert clauses_of("Sure, I will book a cleaning for Peter Stone on Tuesday.") == [
        "Sure,",
        "I will book a cleaning",
        "for Peter Stone on Tuesday.",
    ]


def test_a_clause_without_punctuation_is_cut_at_its_longest() -> None:
    clauses = clauses_of("Yes. " + "word " * 50)
    assert [len(clause.split()) for clause in clauses] == [1, 5, 24, 21]


def test_an_endless_word_is_cut() -> None:
    segmenter = Segmenter()
    for _ in range(300):
        segmenter.feed("ha")
    assert len(segmenter.flush()[0].split()) > 1


def test_all_words_come_out_once_and_in_order() -> None:
    text = "One two, three. Four five six seven eight nine ten, eleven! Twelve"
    assert " ".join(clauses_of(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "We are closed Fri. 3 other days are free.",
        "Is Fri. 3 okay?",
        "Fri. 3 more or less.",
        "It takes 20 min. 3 slots are open.",
    ],
)
def test_however_the_text_comes_a_day_and_its_hour_stay_together(text: str) -> None:
    segmenter = Segmenter()
    fed = [clause for letter in text for clause in segmenter.feed(letter)]
    assert [*fed, *segmenter.flush()] == clauses_of(text)
