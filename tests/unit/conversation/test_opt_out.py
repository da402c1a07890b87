"""A caller who asks not to be called any more."""

from __future__ import annotations

import pytest
from proof.opt_out_cases import ASKED, OTHERS
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.opt_out import MESSAGES, message_in, said
from callwright.conversation.phrases import STOPS


@pytest.mark.parametrize("text", ASKED)
def test_these_words_ask_for_no_more_calls(text: str) -> None:
    assert said(text, "en")


@pytest.mark.parametrize("text", OTHERS)
def test_these_words_do_not(text: str) -> None:
    assert not said(text, "en")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("hi", "भाई मुझे कॉल मत करो"),
        ("hi-IN", "Dobara call mat karna please"),
        ("es", "No me llame más, por favor."),
        ("es", "Quite mi número de su lista"),
        ("fr", "Ne m'appelez plus !"),
        ("fr", "Arrêtez de m'appeler s'il vous plaît"),
        ("de", "Rufen Sie mich bitte nicht mehr an."),
        ("de", "Hören Sie auf, mich anzurufen!"),
        ("pt", "Não me ligue mais."),
        ("it", "Non mi chiami più, grazie"),
        ("ta", "இனிமேல் அழைக்காதீர்கள்"),
        ("te", "నాకు కాల్ చేయొద్దు"),
        ("de", "Don't call me again"),
        ("es", "No, deje de llamarme"),
        ("es", "Borre mi número, por favor"),
        ("pt", "Não me liga mais"),
        ("fr", "S'il vous plaît ne m'appelez plus"),
        ("fr", "Ne m'appelez plus et retirez-moi de votre liste"),
        ("de", "Bitte löschen Sie meine Nummer"),
        ("de", "Ich will keine Anrufe mehr"),
        ("it", "Basta, smettetela di chiamarmi"),
        ("te", "naku call cheyoddu"),
    ],
)
def test_it_is_understood_in_the_language_of_the_call_and_in_english(language: str, text: str) -> None:
    assert said(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "No me llame más Juan"),
        ("fr", "Ne m'appelez plus madame"),
        ("it", "Non mi chiami più signora"),
        ("de", "Rufen Sie mich morgen an"),
        ("hi", "मुझे अभी कॉल मत करो"),
        ("en", "Rufen Sie mich nicht mehr an"),
        ("sv", "ring mig inte igen"),
        ("es", "Mi vecino no deja de llamarme"),
        ("es", "Dile que no me llame más"),
        ("es", "Borre mi número y use este otro"),
        ("fr", "Mon fils ne m'appelle plus"),
        ("fr", "Pourquoi vous ne m'appelez plus ?"),
        ("fr", "Supprimez mon numéro et notez celui-ci"),
        ("de", "Warum rufen Sie mich nicht mehr an?"),
        ("de", "Ich bekomme keine Anrufe mehr"),
        ("de", "Löschen Sie meine Nummer und nehmen Sie diese"),
        ("pt", "Minha filha não me liga mais"),
        ("pt", "Meu vizinho não para de me ligar"),
        ("it", "Perché non mi chiamate più?"),
        ("it", "Cancelli il mio numero e usi questo"),
        ("hi", "अभी मुझे कॉल मत करो"),
        ("hi", "mera number hata do aur yeh number likho"),
        ("ta", "ippo enakku call pannadheenga"),
        ("te", "ippudu naku call cheyoddu"),
        ("en", "..."),
    ],
)
def test_names_other_days_other_people_and_other_numbers_are_no_such_wish(language: str, text: str) -> None:
    assert not said(text, language)


def test_every_language_of_the_phrases_has_words_for_it() -> None:
    assert set(MESSAGES) == set(STOPS)
    assert message_in("de-AT") == MESSAGES["de"]
    assert message_in("sv") == MESSAGES["en"]


@pytest.mark.proves("task_config.opt_out_ends_call", "task_config.opt_out_message")
def test_the_agent_says_that_it_will_not_call_again_and_hangs_up() -> None:
    call = Call(opt_out=True, opt_out_message="We will not call {name} again.")
    call.caller_says("please stop calling me")
    assert not call.all(fx.AskModel)
    assert call.last(fx.OptedOut) == fx.OptedOut(1, "please stop calling me")
    assert call.last(fx.UserSaid).text == "please stop calling me"
    assert " ".join(clause.text for clause in call.clauses()) == "We will not call Ada again."
    call.plays()
    assert call.last(fx.HangUp).reason == "opted_out"


@pytest.mark.parametrize(
    "text",
    [
        "Don't bother me with the details, just book it for Tuesday.",
        "stop calling it a fee it's a tax",
        "stop calling so I can think",
    ],
)
def test_who_limits_it_to_something_else_is_answered_by_the_model(text: str) -> None:
    call = Call(opt_out=True)
    call.caller_says(text)
    assert call.all(fx.AskModel)
    assert not call.all(fx.OptedOut)


def test_a_reply_asked_too_early_is_withdrawn() -> None:
    call = Call(opt_out=True, opt_out_message="Goodbye.", speculate=True)
    call.begins()
    call.wait(600)
    call.pauses()
    call.finishes("stop calling me")
    assert call.all(fx.AskModel)
    call.judges()
    assert call.last(fx.Withdrawn).reason == "opted_out"
    assert call.last(fx.Speak).purpose == "goodbye"


@pytest.mark.proves("task_config.opt_out_ends_call")
def test_an_agent_that_is_not_to_end_goes_on() -> None:
    call = Call(opt_out=False)
    call.caller_says("please stop calling me")
    assert call.all(fx.AskModel)
    assert not call.all(fx.OptedOut)


def test_a_caller_who_interrupts_with_it_is_answered_once_the_agent_is_silent() -> None:
    call = Call(opt_out=True, opt_out_message="Goodbye.")
    call.caller_says("who is this")
    call.model_says("We sell windows, doors, gates and roofs.")
    call.starts_playing()
    call.caller_says("stop calling me please")
    assert not call.all(fx.OptedOut)
    call.give(ev.Cleared, call.last(fx.Clear).generation, 400)
    assert call.all(fx.OptedOut)


def test_a_caller_who_is_being_handed_over_is_handed_over() -> None:
    call = Call(opt_out=True, opt_out_message="Goodbye.")
    call.give(ev.LineHeld, True)
    call.caller_says("stop calling me")
    assert not call.all(fx.OptedOut)
    call.give(ev.LineHeld, False)
    assert call.all(fx.OptedOut)
