"""How many digits were asked for, and how many of them were said."""

from typing import Any

import pytest
from tests.unit.conversation.call_builder import Call
from tests.unit.conversation.test_patience import asked, least_ms, most_ms, says

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.dictation import UNKNOWN
from callwright.conversation.patience import answers, questions


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("en", "What is your four-digit code?", 4),
        ("en", "Please tell me your ten digit phone number.", 10),
        ("en", "Please give me your 6-digit PIN.", 6),
        ("en", "Could you read me the last four digits of your card number?", 4),
        ("en", "What is the six digit code on your card?", 6),
        ("en", "What is your code of four digits?", 4),
        ("en", "There is a four digit code on your card. What is it?", 4),
        ("en", "Please give me your four or five digit code.", 5),
        ("en", "What is your zip code?", 5),
        ("de", "Wie lautet der vierstellige Code?", 4),
        ("de", "Bitte nennen Sie mir die 4-stellige PIN.", 4),
        ("de", "Wie ist Ihre Postleitzahl?", 5),
        ("es", "¿Cuál es el código de cuatro dígitos?", 4),
        ("fr", "Quel est le code à quatre chiffres?", 4),
        ("it", "Mi dica il codice di sei cifre, per favore.", 6),
        ("pt", "Qual é o seu CPF?", 11),
        ("hi", "कृपया चार अंकों का कोड बताइए।", 4),
        ("en", "What is your phone number?", UNKNOWN),
        ("en", "What is your phone number, so that I can send you a four-digit code?", UNKNOWN),
        ("en", "I sent you a four digit code. What is your phone number?", UNKNOWN),
        ("en", "I sent you a four digit code, what's your phone number?", UNKNOWN),
        ("en", "What is your 4-digit PIN and your date of birth?", UNKNOWN),
        ("en", "Please say your account number of at least six digits.", UNKNOWN),
        ("en", "What are the first two digits of your code?", UNKNOWN),
        ("en", "Please read me your 19-digit card number.", UNKNOWN),
        ("en", "Is your four digit code 4711?", UNKNOWN),
        ("en", "Would you like four tickets?", UNKNOWN),
    ],
)
def test_the_digits_that_are_asked_for_are_read_where_nothing_else_can_be_meant(
    language: str, text: str, digits: int
) -> None:
    assert questions(language).digits_asked(text) == digits


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("4711", 4),
        ("47 1 1", 4),
        ("it is four seven one one", 4),
        ("four seven double one", 4),
        ("triple 5 1", 4),
        ("o oh seven", 3),
        ("55 dash 5", 3),
        ("4711 thank you", 0),
        ("four seven double", UNKNOWN),
        ("triple 55", UNKNOWN),
        ("four seven eleven", UNKNOWN),
        ("twenty three", UNKNOWN),
        ("a 4 7 1", UNKNOWN),
        ("one two three four five six seven eight nine one two three four five six seven", UNKNOWN),
    ],
)
def test_the_digits_that_were_said_are_counted_where_nobody_can_doubt_them(words: str, digits: int) -> None:
    assert answers("en").digits_said(words.split()) == digits


def test_whoever_has_said_as_many_digits_as_were_asked_for_has_finished() -> None:
    call = asked("What is your four-digit code?")
    says(call, "four seven one one")
    assert call.told()[-1] == "user: four seven one one"


def test_whoever_has_said_fewer_may_pause_as_ever() -> None:
    call = asked("What is your four-digit code?")
    says(call, "four seven")
    call.wait(least_ms("number") - 1)
    assert not call.all(fx.AskModel)
    says(call, "one one")
    assert call.told()[-1] == "user: four seven one one"


@pytest.mark.parametrize("said", ["four seven one one five", "+4711", "seven eleven"])
def test_another_number_than_the_one_asked_for_is_dictated_as_any(said: str) -> None:
    call = asked("What is your four-digit code?")
    says(call, said)
    assert call.answered_in(least_ms("number"))


def test_a_turn_model_that_doubts_a_whole_number_is_not_believed_for_long() -> None:
    call = asked("What is your four-digit code?")
    says(call, "4711", judged_ppm=100_000)
    assert call.answered_in(most_ms("counted"))


def test_the_next_question_asks_for_as_many_digits_as_it_says() -> None:
    call = asked("What is your four-digit code?")
    says(call, "4711")
    call.agent_replies("Thank you. And what is your phone number?")
    call.wait(500)
    before = len(call.all(fx.AskModel))
    says(call, "5551")
    call.wait(least_ms("number") - 1)
    assert len(call.all(fx.AskModel)) == before


def test_who_goes_on_behind_the_last_digit_takes_the_answer_back() -> None:
    call = asked("What is your four-digit code?")
    says(call, "4711")
    assert call.all(fx.AskModel)
    call.wait(200)
    says(call, "no wait 4712")
    assert call.last(fx.Withdrawn).reason == "caller_continued"


def test_the_recogniser_need_not_wait_behind_the_last_digit() -> None:
    plan: dict[str, Any] = {"endpointing_ms": 250}
    call: Call = asked("What is your four-digit code?", **plan)
    assert call.last(fx.SetPatience).silence_ms == least_ms("number")
    call.begins()
    call.wait(600)
    call.give(ev.TranscriptPartial, call.audio_ms, 1, "4711")
    assert call.last(fx.SetPatience).silence_ms == 250
    call.give(ev.TranscriptPartial, call.audio_ms + 100, 1, "4711 3")
    assert call.last(fx.SetPatience).silence_ms == least_ms("number")
