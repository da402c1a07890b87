"""A caller who asks not to be called any more."""

from __future__ import annotations

import pytest
from tests.unit.conversation.call_builder import Call

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.opt_out import MESSAGES, message_in, said
from callwright.conversation.phrases import STOPS

ASKED = """
Don't call me again. | Please don't call me anymore | stop calling me | Stop calling! | please stop calling this number
Take me off your list. | Remove my number from your list please | remove my number | Put me on your do not call list
I want to opt out | I don't want you to call me anymore | don't ever call here again | Never call me again.
Do not call this number again | I don't want any more calls from you | Look, I'm not interested, don't call me.
Don't call me, thanks. | Lose my number. | I said don't call me again | Make sure you never call me again | quit calling me
unsubscribe me | Delete my number from your database | I do not want to be called again | stop calling me every day
Would you please stop calling me | can you take me off the calling list | I'm on the do not call registry
Do not contact me anymore | don't you ever call me again | no more calls please | opt me out | don't bother me again
please do not call me any more | opt out | I'd like to opt out of these calls | Don’t call me again
"""

NOT_ASKED = """
Don't call me Bob. | don't call me before nine | Don't call me at work | why don't you call me again tomorrow
if you don't call me again by Friday I'll cancel | You don't call me again | don't call me back today
Don't call me again until Monday | stop calling me Bob | he told me they never call again | I don't want to be called Bob
can I opt out of the insurance | remove my name tag | take me off hold | They don't call me anymore | don't call me tomorrow
Call me again | please call me back | I want to stop | stop | Delete my appointment | don't call an ambulance
No, don't call it that | You never called me again | don't call me, I'll call you tomorrow | you can call me any time
Don't text me the address, email it | don't call me Sir please | My daughter doesn't call me anymore
why did you stop calling me | don't hang up | I wish she'd stop calling me | tell her to stop calling me | 42
I don't want you to call me tomorrow | remove my number one choice | don't call me again today
"""


def cases(text: str) -> list[str]:
    return [one.strip() for line in text.strip().splitlines() for one in line.split("|")]


@pytest.mark.parametrize("text", cases(ASKED))
def test_these_words_ask_for_no_more_calls(text: str) -> None:
    assert said(text, "en")


@pytest.mark.parametrize("text", cases(NOT_ASKED))
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
        ("en", "..."),
    ],
)
def test_names_and_other_days_are_no_such_wish(language: str, text: str) -> None:
    assert not said(text, language)


def test_every_language_of_the_phrases_has_words_for_it() -> None:
    assert set(MESSAGES) == set(STOPS)
    assert message_in("de-AT") == MESSAGES["de"]
    assert message_in("sv") == MESSAGES["en"]


def test_the_agent_says_that_it_will_not_call_again_and_hangs_up() -> None:
    call = Call(opt_out=True, opt_out_message="We will not call {name} again.")
    call.caller_says("please stop calling me")
    assert not call.all(fx.AskModel)
    assert call.last(fx.OptedOut) == fx.OptedOut(1, "please stop calling me")
    assert call.last(fx.UserSaid).text == "please stop calling me"
    assert " ".join(clause.text for clause in call.clauses()) == "We will not call Ada again."
    call.plays()
    assert call.last(fx.HangUp).reason == "opted_out"


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
