"""When the agent's words were played, what is an echo of them, and when a question is open."""

import pytest

from callwright.conversation.heard import Clause
from callwright.conversation.spoken import SpokenWord, is_echo, question_open, timeline

MS = 1_000


def said(*clauses: str, word_ms: int = 300, from_ms: int = 0) -> list[SpokenWord]:
    """Clauses played one after the other, each word as long as the others."""
    return timeline([Clause(text, len(text.split()) * word_ms) for text in clauses], from_ms * MS)


def echo(text: str, began_ms: int, ended_ms: int, *clauses: str) -> bool:
    return is_echo(text, said(*clauses), began_ms * MS, ended_ms * MS)


def test_words_are_played_by_their_times_or_in_equal_parts() -> None:
    timed = Clause("Hello there", 700, (("Hello", 0, 500), ("there", 500, 700)))
    words = timeline([timed, Clause("How are you", 900)], 1_000 * MS)
    assert [(word.text, word.from_us // MS, word.to_us // MS) for word in words] == [
        ("Hello", 1_000, 1_500),
        ("there", 1_500, 1_700),
        ("How", 1_700, 2_000),
        ("are", 2_000, 2_300),
        ("you", 2_300, 2_600),
    ]
    assert [word.text for word in words if word.last] == ["there", "you"]


def test_a_clause_begins_when_the_one_before_it_ended() -> None:
    first = Clause("Hello", 300, ended_us=900 * MS)
    assert timeline([first, Clause("there", 300)], 0)[1].from_us == 900 * MS


def test_a_clause_that_has_ended_began_its_length_before_however_late_that_was_told() -> None:
    late = [Clause("Good evening", 1_400), Clause("We are open", 900, ended_us=2_300 * MS)]
    words = timeline(late, 1_500 * MS)
    assert [word.from_us // MS for word in words[2:]] == [1_400, 1_700, 2_000]


STATEMENT = "We are open from Monday to Friday."


def test_the_agents_words_a_moment_later_are_an_echo() -> None:
    assert echo("we are open from", 150, 1_400, STATEMENT)
    assert echo("We are open, from MONDAY", 150, 1_700, STATEMENT)


def test_an_echo_may_be_misheard() -> None:
    assert echo("we are opened from Monday", 150, 1_700, STATEMENT)
    assert not echo("we were opened for Monday", 150, 1_700, STATEMENT)


def test_words_that_were_not_played_yet_are_the_callers() -> None:
    assert not echo("from Monday to Friday", 0, 600, STATEMENT)


def test_words_that_were_played_long_before_are_the_callers() -> None:
    assert not echo("open from", 1_500, 2_100, STATEMENT)


def test_a_single_word_is_an_echo_only_just_then() -> None:
    assert echo("Monday", 1_300, 1_700, STATEMENT)
    assert not echo("Monday", 500, 1_700, STATEMENT)


def test_one_or_two_words_over_a_question_are_a_choice() -> None:
    question = "Do you come on Monday or on Friday?"
    assert not echo("on Monday", 950, 1_700, question)
    assert not echo("Monday", 1_250, 1_700, question)
    assert echo("you come on Monday", 350, 1_700, question)


def test_no_words_are_no_echo() -> None:
    assert not echo("...", 0, 600, STATEMENT)


@pytest.mark.parametrize(
    ("at_ms", "open_then"),
    [(0, False), (700, True), (1_300, True), (2_600, True), (4_900, False)],
)
def test_a_question_is_open_from_its_beginning_until_a_while_after(at_ms: int, open_then: bool) -> None:
    words = said("One moment.", "Is it five?", "I only ask because the form wants to know it before it lets me go on.")
    assert question_open(words, at_ms * MS, True) is open_then


def test_a_sentence_whose_end_may_still_come_is_open_to_both() -> None:
    words = said("Shall I book")
    assert question_open(words, 0, False) is None
    assert question_open(words, 0, True) is False


def test_a_full_stop_within_a_clause_is_an_abbreviations() -> None:
    assert question_open(said("Is Dr. Smith your doctor?"), 0, True) is True


def test_marks_of_other_scripts_and_closing_quotes_count() -> None:
    assert question_open(said("क्या यह सही है？"), 0, True) is True
    assert question_open(said("(Is it?)"), 0, True) is True
